#include "config.h"

#include <glib.h>

#include "base/json-writer.h"
#include "facts/factdump.h"
#include "facts/rapiroutes.h"

static const char *const access_words[] = {
    [RAPI_ACCESS_ANYONE] = "",
    [RAPI_ACCESS_WRITE] = "write",
    [RAPI_ACCESS_READ_OR_WRITE] = "read,write",
};

static const char *const body_words[] = {
    [RAPI_BODY_REQUEST] = "request",
    [RAPI_BODY_IGNORED] = "ignored",
    [RAPI_BODY_HANDLER] = "handler",
};

static const char *const query_words[] = {
    [RAPI_QUERY_INT_BOOL] = "int-bool",      [RAPI_QUERY_INT] = "int",
    [RAPI_QUERY_STRING] = "string",          [RAPI_QUERY_LIST] = "list (repeatable)",
    [RAPI_QUERY_COMMAS] = "comma separated",
};

static const char *const source_words[] = {
    [RAPI_SOURCE_QUERY] = "query",         [RAPI_SOURCE_QUERY_BOOL] = "query bool",
    [RAPI_SOURCE_QUERY_ALL] = "query all", [RAPI_SOURCE_URL] = "url",
    [RAPI_SOURCE_URL_INT] = "url int",     [RAPI_SOURCE_URL_LIST] = "url list",
    [RAPI_SOURCE_TAG_KIND] = "tag kind",   [RAPI_SOURCE_TAG_NAME] = "tag name",
    [RAPI_SOURCE_FALSE] = "false",         [RAPI_SOURCE_COMPUTED] = "computed",
};

static void dump_args(struct json_writer *w, const char *key, const struct rapi_arg *args,
                      bool of_address, enum rapi_verb_id verb)
{
    json_write_key(w, key);
    json_write_object_begin(w);
    for (; args->name != NULL; args++) {
        if (args->verb != verb) {
            continue;
        }
        json_write_key(w, args->name);
        json_write_object_begin(w);
        dump_text(w, "type", of_address ? query_words[args->type] : args->kind);
        if (args->default_json != NULL) {
            dump_json(w, "default", args->default_json);
        }
        dump_bool(w, "required", args->required);
        json_write_object_end(w);
    }
    json_write_object_end(w);
}

static void dump_names(struct json_writer *w, const char *key, const struct rapi_name *names,
                       enum rapi_verb_id verb)
{
    json_write_key(w, key);
    json_write_object_begin(w);
    for (; names->name != NULL; names++) {
        if (names->verb == verb) {
            dump_text(w, names->name, names->other);
        }
    }
    json_write_object_end(w);
}

static void dump_fixed(struct json_writer *w, enum rapi_verb_id verb)
{
    json_write_key(w, "static_op_params");
    json_write_object_begin(w);
    for (const struct rapi_fixed *row = rapi_fixed; row->param != NULL; row++) {
        if (row->verb == verb) {
            json_write_key(w, row->param);
            json_write_array_begin(w);
            json_write_string(w, source_words[row->source]);
            if (row->arg != NULL) {
                json_write_string(w, row->arg);
            }
            json_write_array_end(w);
        }
    }
    json_write_object_end(w);
}

static void dump_field_lists(struct json_writer *w, enum rapi_verb_id verb)
{
    json_write_key(w, "field_lists");
    json_write_array_begin(w);
    for (const struct rapi_fields *row = rapi_verb_fields; row->verb != RAPI_VERB_COUNT; row++) {
        if (row->verb == verb) {
            json_write_string(w, rapi_list_names[row->list]);
        }
    }
    json_write_array_end(w);
}

static void dump_verb(struct json_writer *w, enum rapi_verb_id id)
{
    const struct rapi_verb *verb = &rapi_verbs[id];

    json_write_object_begin(w);
    dump_text(w, "access", access_words[verb->access]);
    dump_bool(w, "generated", verb->submits);
    dump_text(w, "opcode", verb->opcode == OP_ID_COUNT ? NULL : op_rows[verb->opcode].wire_id);
    dump_text(w, "body", body_words[verb->body]);
    dump_args(w, "query_args", rapi_query_args, true, id);
    dump_args(w, "body_args", rapi_body_args, false, id);
    dump_names(w, "rename", rapi_renames, id);
    dump_names(w, "forbidden", rapi_forbidden, id);
    dump_names(w, "aliases", rapi_aliases, id);
    dump_fixed(w, id);
    dump_field_lists(w, id);
    json_write_object_end(w);
}

static void dump_route(struct json_writer *w, enum rapi_route_id id)
{
    const struct rapi_route *route = &rapi_routes[id];

    json_write_object_begin(w);
    dump_text(w, "tag_level",
              route->tags == RAPI_NO_TAGS ? NULL : fact_enum_tag_kind.words[route->tags]);
    for (enum rapi_verb_id i = 0; i < RAPI_VERB_COUNT; i++) {
        if (rapi_verbs[i].route == id) {
            json_write_key(w, rapi_verb_word(rapi_verbs[i].verb));
            dump_verb(w, i);
        }
    }
    json_write_object_end(w);
}

static void dump_list(struct json_writer *w, enum rapi_list_id list)
{
    json_write_array_begin(w);
    for (const struct rapi_field *field = rapi_list_fields; field->name != NULL; field++) {
        if (field->list == list && field->since <= fact_level()) {
            json_write_string(w, field->name);
        }
    }
    json_write_array_end(w);
}

void dump_rapi(struct json_writer *w)
{
    json_write_object_begin(w);
    json_write_key(w, "resources");
    json_write_object_begin(w);
    for (enum rapi_route_id i = 0; i < RAPI_ROUTE_COUNT; i++) {
        if (rapi_routes[i].since <= fact_level()) {
            json_write_key(w, rapi_routes[i].path);
            dump_route(w, i);
        }
    }
    json_write_object_end(w);
    json_write_key(w, "field_lists");
    json_write_object_begin(w);
    for (enum rapi_list_id i = 0; i < RAPI_LIST_COUNT; i++) {
        json_write_key(w, rapi_list_names[i]);
        dump_list(w, i);
    }
    json_write_object_end(w);
    json_write_object_end(w);
}
