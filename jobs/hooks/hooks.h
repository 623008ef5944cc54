/* Hooks: programs that administrators put on nodes, run before and after operations (reference:
 * lib/hooksmaster.py; doc/hooks.rst is the contract with their authors).
 *
 * This module makes the environment and judges the answers; jobs/lu calls the nodes. */
#ifndef GANTRY_JOBS_HOOKS_HOOKS_H
#define GANTRY_JOBS_HOOKS_HOOKS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "facts/constants.h"
#include "facts/objects.h"

struct json;
struct json_writer;

enum hooks_phase {
    HOOKS_PRE,
    HOOKS_POST,
};
/* "pre", "post". */
const char *hooks_phase_word(enum hooks_phase phase);

/* --- The environment ----------------------------------------------------------------------------
 *
 * Variables by name; setting one again replaces it. */
struct hooks_env;
struct hooks_env *hooks_env_new(void);
void hooks_env_free(struct hooks_env *env);
DEFINE_CLEANUP(struct hooks_env *, hooks_env_free)

/* The name without "GANETI_". Texts; truth values and "nothing" as Python prints them (True, False,
 * None), because that is what hooks get to see. value NULL: "None". */
void hooks_env_set(struct hooks_env *env, const char *name, const char *value);
void hooks_env_setf(struct hooks_env *env, const char *name, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
void hooks_env_set_bool(struct hooks_env *env, const char *name, bool value);
void hooks_env_set_int(struct hooks_env *env, const char *name, int64_t value);
/* Words with blanks between. */
void hooks_env_set_words(struct hooks_env *env, const char *name, const char *const *words,
                         size_t n);
void hooks_env_set_value(struct hooks_env *env, const char *name, const struct fact_value *value);
/* NULL if it is not set. */
const char *hooks_env_get(const struct hooks_env *env, const char *name);

/* What all hooks of an opcode are told (hooksmaster.py _RunWrapper). */
struct hooks_about {
    const char *opcode;       /* wire id */
    const char *path;         /* "instance-start", or that of the configuration's update */
    const char *object;       /* kind of object; NULL: none */
    const char *cluster_name; /* NULL: none */
    const char *master_name;  /* NULL: none */
};
/* The variables with their whole names, as the call takes them: those of `pre` as GANETI_..., those
 * of `post` (NULL in the pre phase) as GANETI_POST_..., and what `about` has. A new JSON object,
 * owned by the caller. */
struct json *hooks_env_finish(const struct hooks_about *about, enum hooks_phase phase,
                              const struct hooks_env *pre, const struct hooks_env *post);

/* --- Answers ------------------------------------------------------------------------------------
 */
struct hooks_script {
    char *name;
    int64_t status; /* C_HKR_... */
    char *output;
};
/* Of one node. */
struct hooks_result {
    char *node_name;
    char *node_uuid;
    bool offline;
    char *fail_msg; /* NULL: the node answered */
    struct hooks_script *scripts;
    size_t n_scripts;
};
struct hooks_results {
    struct hooks_result *v;
    size_t n;
};
void hooks_results_clear(struct hooks_results *results);

/* Reads what a node answered, [[script, status, output], ...], into result (zeroed but for the
 * names); a payload of another shape becomes its fail_msg. */
void hooks_result_read(struct hooks_result *result, struct json *payload);

typedef void hooks_warn_fn(void *data, const char *text);
/* Pre phase: a script that failed is a HooksAbort with [[node, script, output], ...]. Post phase:
 * it is told to warn. Nodes that did not answer are told to warn in both (RunPhase). */
bool hooks_results_judge(const struct hooks_results *results, enum hooks_phase phase,
                         hooks_warn_fn *warn, void *data, GError **errp);

#endif
