#include "config.h"

#include "luxi/query/value.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "facts/codec.h"

void query_value_clear(struct query_value *value)
{
    if (value->form == QUERY_FORM_JSON) {
        json_unref(value->json);
    } else if (value->form == QUERY_FORM_STRING || value->form == QUERY_FORM_RAW) {
        g_free(value->string);
    }
    *value = (struct query_value){0};
}

void query_set_status(struct query_value *value, enum qfield_status status)
{
    value->status = status;
}

void query_set_bool(struct query_value *value, bool boolean)
{
    value->form = QUERY_FORM_BOOL;
    value->boolean = boolean;
}

void query_set_int(struct query_value *value, int64_t integer)
{
    value->form = QUERY_FORM_INT;
    value->integer = integer;
}

void query_set_float(struct query_value *value, double number)
{
    value->form = QUERY_FORM_FLOAT;
    value->number = number;
}

void query_set_text(struct query_value *value, const char *text)
{
    value->form = text != NULL ? QUERY_FORM_TEXT : QUERY_FORM_NULL;
    value->text = text;
}

void query_set_fact(struct query_value *value, const struct fact_type *type, const void *fact)
{
    value->form = QUERY_FORM_FACT;
    value->fact.type = type;
    value->fact.value = fact;
}

void query_set_json(struct query_value *value, struct json *json)
{
    value->form = json != NULL ? QUERY_FORM_JSON : QUERY_FORM_NULL;
    value->json = json;
}

void query_set_string(struct query_value *value, char *string)
{
    value->form = string != NULL ? QUERY_FORM_STRING : QUERY_FORM_NULL;
    value->string = string;
}

struct json_writer query_set_begin(GString *out)
{
    return json_writer_init(out, JSON_COMPACT);
}

void query_set_end(struct query_value *value, GString *out)
{
    value->form = QUERY_FORM_RAW;
    value->string = g_string_free(out, FALSE);
}

void query_set_encoded(struct query_value *value, const struct fact_type *type, const void *fact)
{
    GString *out = g_string_new(NULL);
    struct json_writer w = query_set_begin(out);

    fact_encode(type, fact, &w);
    query_set_end(value, out);
}

void query_value_encode_bare(const struct query_value *value, struct json_writer *w)
{
    if (value->status != QF_NORMAL) {
        json_write_null(w);
        return;
    }
    switch (value->form) {
    case QUERY_FORM_NULL:
        json_write_null(w);
        break;
    case QUERY_FORM_BOOL:
        json_write_bool(w, value->boolean);
        break;
    case QUERY_FORM_INT:
        json_write_int(w, value->integer);
        break;
    case QUERY_FORM_FLOAT:
        json_write_double(w, value->number);
        break;
    case QUERY_FORM_TEXT:
        json_write_string(w, value->text);
        break;
    case QUERY_FORM_STRING:
        json_write_string(w, value->string);
        break;
    case QUERY_FORM_RAW:
        json_write_raw(w, value->string, strlen(value->string));
        break;
    case QUERY_FORM_JSON:
        json_write_value(w, value->json);
        break;
    case QUERY_FORM_FACT:
        fact_encode(value->fact.type, value->fact.value, w);
        break;
    }
}

void query_value_encode(const struct query_value *value, struct json_writer *w)
{
    json_write_array_begin(w);
    json_write_int(w, (int64_t)value->status);
    query_value_encode_bare(value, w);
    json_write_array_end(w);
}

struct json *query_value_to_json(const struct query_value *value)
{
    g_autoptr(GString) text = NULL;
    struct json_writer w;
    struct json *json = NULL;

    if (value->form == QUERY_FORM_JSON) {
        return json_ref(value->json);
    }
    text = g_string_new(NULL);
    w = json_writer_init(text, JSON_COMPACT);
    query_value_encode_bare(value, &w);
    if (!json_parse(text->str, (gssize)text->len, &json, NULL)) {
        g_assert_not_reached(); /* our own writer wrote it */
    }
    return json;
}
