/* One opcode as it travels: its row, what every opcode has, and its own parameters.
 *
 *     struct opcode *op = opcode_new(OP_ID_instance_startup);
 *     struct op_instance_startup *params = op->params;
 *
 * Two dialects are on the wire. What clients submit and luxid writes has OP_ID behind the common
 * members and omits what is absent; what job processes write into job files has OP_ID at the end
 * and null for what is absent (src/Ganeti/THH.hs saveConstructor, lib/opcodes_base.py). Reading
 * takes both. */
#ifndef GANTRY_FACTS_OPCODE_H
#define GANTRY_FACTS_OPCODE_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "facts/opcodes.h"

struct fact_path;
struct json;
struct json_writer;

/* Sets a parameter: OP_SET(params, force, true). Texts and containers belong to the opcode then. */
#define OP_SET(params, member, value)                                                              \
    ((void)((params)->member = (value)), (void)((params)->has.member = true))
/* The same for a text, which is copied; NULL sets nothing. */
#define OP_SET_TEXT(params, member, text)                                                          \
    do {                                                                                           \
        if ((text) != NULL) {                                                                      \
            OP_SET(params, member, g_strdup(text));                                                \
        }                                                                                          \
    } while (0)

struct opcode {
    const struct op_row *row;
    struct op_common *common;
    void *params; /* struct op_<name> */
};

enum opcode_dialect {
    OPCODE_SUBMITTED,
    OPCODE_PROCESSED,
    OPCODE_PLAIN, /* OP_ID and its own parameters only: what planning tools answer */
};

/* What is secret is written as this word (FACT_SECRET). */
#define OPCODE_REDACTED "<redacted>"

/* With the defaults of the current level; parameters that are required are not set. The caller owns
 * the result. */
struct opcode *opcode_new(enum op_id id);
/* The caller owns the result. Unknown opcodes, unknown members and missing ones are errors; an old
 * job file can hold such an opcode, so its reader keeps the JSON beside it. */
struct opcode *opcode_decode(struct json *json, const struct fact_path *path, GError **errp);
void opcode_encode(const struct opcode *op, enum opcode_dialect dialect, struct json_writer *w);
struct opcode *opcode_copy(const struct opcode *op);
void opcode_free(struct opcode *op);
DEFINE_CLEANUP(struct opcode *, opcode_free)
bool opcode_equal(const struct opcode *a, const struct opcode *b);

/* Replaces each secret value by OPCODE_REDACTED, as everything that luxid writes into files has it.
 */
void opcode_redact(struct opcode *op);

/* "INSTANCE_STARTUP(web1)"; the caller frees it (opSummary in src/Ganeti/OpCodes.hs). */
char *opcode_summary(const struct opcode *op);
/* The summary of JSON that opcode_decode() refuses: its name, or INVALID_OP; the caller frees it.
 */
char *opcode_summary_of_json(struct json *json);
/* "gnt:opcode:instance_startup", the source of the step that the queue adds to a reason trail; the
 * caller frees it. */
char *opcode_reason_source(const struct op_row *row);

#endif
