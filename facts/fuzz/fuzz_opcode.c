#include "config.h"

#include <stdlib.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "facts/opcode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read is written, in either dialect, such that it reads again as the same. */
static void round_trip(const struct opcode *op, enum opcode_dialect dialect)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_PYTHON);
    CLEANUP(json_unrefp) struct json *json = NULL;
    CLEANUP(opcode_freep) struct opcode *again = NULL;

    opcode_encode(op, dialect, &w);
    if (json_parse(text->str, -1, &json, NULL)) {
        again = opcode_decode(json, NULL, NULL);
    }
    if (again == NULL || !opcode_equal(op, again)) {
        g_printerr("reads back otherwise: %s\n", text->str);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(json_unrefp) struct json *json = NULL;
    CLEANUP(opcode_freep) struct opcode *op = NULL;

    if (!json_parse((const char *)data, (gssize)size, &json, NULL)) {
        return 0;
    }
    op = opcode_decode(json, NULL, NULL);
    if (op != NULL) {
        g_free(opcode_summary(op));
        round_trip(op, OPCODE_SUBMITTED);
        round_trip(op, OPCODE_PROCESSED);
        opcode_redact(op);
        round_trip(op, OPCODE_SUBMITTED);
    } else {
        g_free(opcode_summary_of_json(json));
    }
    return 0;
}
