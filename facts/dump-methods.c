#include "config.h"

#include "base/json-writer.h"
#include "facts/factdump.h"
#include "facts/luximethods.h"
#include "facts/wconfdcalls.h"

static void dump_args(struct json_writer *w, const char *method, const struct fact_object *args)
{
    json_write_key(w, method);
    json_write_array_begin(w);
    for (size_t i = 0; i < args->n_members; i++) {
        dump_member(w, &args->members[i]);
    }
    json_write_array_end(w);
}

static void dump_luxi(struct json_writer *w)
{
    json_write_object_begin(w);
    for (size_t i = 0; i < LUXI_METHOD_COUNT; i++) {
        dump_args(w, luxi_method_rows[i].name, luxi_method_rows[i].args);
    }
    json_write_object_end(w);
}

static void dump_server(struct json_writer *w, enum method_server server)
{
    json_write_object_begin(w);
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        if (method_rows[i].server == server) {
            dump_args(w, method_rows[i].wire, method_rows[i].args);
        }
    }
    json_write_object_end(w);
}

void dump_methods(struct json_writer *w)
{
    json_write_object_begin(w);
    json_write_key(w, "luxi");
    dump_luxi(w);
    json_write_key(w, "wconfd");
    dump_server(w, METHOD_SERVER_WCONFD);
    json_write_key(w, "metad");
    dump_server(w, METHOD_SERVER_METAD);
    json_write_object_end(w);
}
