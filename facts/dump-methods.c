#include "config.h"

#include "base/json-writer.h"
#include "facts/factdump.h"
#include "facts/methods.h"

static void dump_server(struct json_writer *w, enum method_server server)
{
    json_write_object_begin(w);
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        const struct method_row *row = &method_rows[i];

        if (row->wire == NULL || row->server != server) {
            continue;
        }
        json_write_key(w, row->wire);
        json_write_array_begin(w);
        for (size_t j = 0; j < row->args->n_members; j++) {
            dump_member(w, &row->args->members[j]);
        }
        json_write_array_end(w);
    }
    json_write_object_end(w);
}

void dump_methods(struct json_writer *w)
{
    json_write_object_begin(w);
    json_write_key(w, "luxi");
    dump_server(w, METHOD_SERVER_LUXI);
    json_write_key(w, "wconfd");
    dump_server(w, METHOD_SERVER_WCONFD);
    json_write_key(w, "metad");
    dump_server(w, METHOD_SERVER_METAD);
    json_write_object_end(w);
}
