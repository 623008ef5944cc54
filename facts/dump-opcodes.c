#include "config.h"

#include <glib.h>

#include "base/json-writer.h"
#include "facts/codec.h"
#include "facts/factdump.h"
#include "facts/opcodes.h"
#include "facts/type-text.h"

static void dump_params(struct json_writer *w, const struct fact_object *params)
{
    json_write_array_begin(w);
    for (size_t i = 0; i < params->n_members; i++) {
        if (fact_member_is_current(&params->members[i])) {
            dump_member(w, &params->members[i]);
        }
    }
    json_write_array_end(w);
}

static void dump_lu(struct json_writer *w, const struct op_row *row)
{
    dump_text(w, "hooks_path", row->hooks_path);
    dump_text(w, "hooks_type",
              row->hooks_path == NULL ? NULL : fact_enum_hook_type.words[row->object]);
    dump_bool(w, "requires_bgl", row->lock == OP_LOCK_ALONE);
}

static void dump_opcode(struct json_writer *w, const struct op_row *row)
{
    g_autofree char *result = fact_type_text(row->result);

    json_write_object_begin(w);
    dump_text(w, "dsc_field", row->dsc_field);
    json_write_key(w, "lu");
    json_write_object_begin(w);
    dump_lu(w, row);
    json_write_object_end(w);
    json_write_key(w, "params");
    dump_params(w, row->params);
    dump_text(w, "result", result);
    json_write_object_end(w);
}

void dump_opcodes(struct json_writer *w)
{
    json_write_object_begin(w);
    json_write_key(w, "common_params");
    dump_params(w, &fact_object_op_common);
    json_write_key(w, "opcodes");
    json_write_object_begin(w);
    for (size_t i = 0; i < OP_ID_COUNT; i++) {
        if (op_row_is_current(&op_rows[i])) {
            json_write_key(w, op_rows[i].wire_id);
            dump_opcode(w, &op_rows[i]);
        }
    }
    json_write_object_end(w);
    json_write_object_end(w);
}
