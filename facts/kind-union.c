#include "config.h"

#include "base/json.h"
#include "facts/kind.h"
#include "facts/type-text.h"

/* Kinds whose values are checked and kept as JSON. */

static bool fits(const struct fact_type *type, struct json *json)
{
    void *scratch = g_malloc0(type->size);
    bool good = fact_decode(type, json, scratch, NULL, NULL);

    if (good) {
        fact_clear(type, scratch);
    }
    g_free(scratch);
    return good;
}

static bool union_decode(const struct fact_type *type, struct json *json, void *value,
                         const struct fact_path *path, GError **errp)
{
    if (!fits(type->either, json) && !fits(type->other, json)) {
        g_autofree char *text = fact_type_text(type);

        return fact_fail(errp, FACT_ERROR_VALUE, path, "expected %s", text);
    }
    *(struct json **)value = json_ref(json);
    return true;
}

static void union_encode(const struct fact_type *type, const void *value, struct json_writer *w)
{
    fact_kind_any.encode(type, value, w);
}

static void union_clear(const struct fact_type *type, void *value)
{
    fact_kind_any.clear(type, value);
}

static void union_copy(const struct fact_type *type, void *dst, const void *src)
{
    fact_kind_any.copy(type, dst, src);
}

static bool union_equal(const struct fact_type *type, const void *a, const void *b)
{
    return fact_kind_any.equal(type, a, b);
}

/* One of two types, checked and kept as JSON. */
const struct fact_kind fact_kind_union = {
    .name = "union",
    .decode = union_decode,
    .encode = union_encode,
    .clear = union_clear,
    .copy = union_copy,
    .equal = union_equal,
};

static bool none_decode(const struct fact_type *type, struct json *json, void *value,
                        const struct fact_path *path, GError **errp)
{
    (void)type;
    *(struct json **)value = NULL;
    return json == NULL || fact_wrong_kind("null", json, path, errp);
}

/* null, the only value of the reference's () */
const struct fact_kind fact_kind_none = {
    .name = "none",
    .decode = none_decode,
    .encode = union_encode,
    .clear = union_clear,
    .copy = union_copy,
    .equal = union_equal,
};
