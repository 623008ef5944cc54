#include "config.h"

#include "facts/codec.h"

#include <string.h>

#include "base/json-scan.h"
#include "base/json-writer.h"
#include "base/json.h"
#include "facts/kind.h"

G_DEFINE_QUARK(gantry_fact_error, fact_error)

static void append_path(GString *text, const struct fact_path *path)
{
    if (path == NULL) {
        return;
    }
    append_path(text, path->up);
    if (path->member == NULL) {
        g_string_append_printf(text, "[%zu]", path->index);
        return;
    }
    if (text->len > 0) {
        g_string_append_c(text, '.');
    }
    g_string_append(text, path->member);
}

bool fact_fail(GError **errp, enum fact_error code, const struct fact_path *path,
               const char *format, ...)
{
    g_autoptr(GString) position = g_string_new(NULL);
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    append_path(position, path);
    g_set_error(errp, FACT_ERROR, (int)code, "%s%s%s", position->str, position->len > 0 ? ": " : "",
                text);
    return false;
}

bool fact_decode(const struct fact_type *type, struct json *json, void *value,
                 const struct fact_path *path, GError **errp)
{
    return type->kind->decode(type, json, value, path, errp);
}

void fact_encode(const struct fact_type *type, const void *value, struct json_writer *w)
{
    type->kind->encode(type, value, w);
}

void fact_clear(const struct fact_type *type, void *value)
{
    if (type->kind->clear != NULL) {
        type->kind->clear(type, value);
    }
    memset(value, 0, type->size);
}

void fact_copy(const struct fact_type *type, void *dst, const void *src)
{
    if (type->kind->copy != NULL) {
        type->kind->copy(type, dst, src);
    } else {
        memcpy(dst, src, type->size);
    }
}

bool fact_equal(const struct fact_type *type, const void *a, const void *b)
{
    return type->kind->equal(type, a, b);
}

/* ---- members ---- */

bool fact_member_is_current(const struct fact_member *member)
{
    enum fact_level level = fact_level();

    return member->spec->since <= level && level <= member->spec->until;
}

const char *fact_member_default(const struct fact_member *member)
{
    if (fact_level() == LEVEL_3_0 && member->spec->default_30 != NULL) {
        return member->spec->default_30;
    }
    return member->spec->default_json;
}

static bool *has_slot(const struct fact_object *object, const void *value,
                      const struct fact_member *member)
{
    struct fact_head *head = (struct fact_head *)value;

    return &head->has[1 + (member - object->members)];
}

static void *slot(const void *value, const struct fact_member *member)
{
    return (char *)value + member->offset;
}

bool fact_member_is_set(const struct fact_object *object, const void *value,
                        const struct fact_member *member)
{
    return *has_slot(object, value, member);
}

void fact_member_mark_set(const struct fact_object *object, void *value,
                          const struct fact_member *member, bool set)
{
    *has_slot(object, value, member) = set;
}

const struct fact_member *fact_object_find(const struct fact_object *object, const char *name)
{
    for (size_t i = 0; i < object->n_members; i++) {
        const struct fact_member *member = &object->members[i];

        if (fact_member_is_current(member) && strcmp(member->name, name) == 0) {
            return member;
        }
    }
    return NULL;
}

/* The default of a row is JSON text of our own: that it parses under its own type is a unit test.
 */
static void set_default(const struct fact_object *object, void *value,
                        const struct fact_member *member)
{
    CLEANUP(json_unrefp) struct json *json = NULL;
    g_autoptr(GError) error = NULL;
    const char *text = fact_member_default(member);

    if (text == NULL) {
        return;
    }
    if (!json_parse(text, -1, &json, &error)) {
        g_error("default of %s.%s: %s", object->name, member->name, error->message);
    }
    if (json == NULL) {
        return;
    }
    if (!fact_decode(member->spec->type, json, slot(value, member), NULL, &error)) {
        g_error("default of %s.%s: %s", object->name, member->name, error->message);
    }
    *has_slot(object, value, member) = true;
}

void fact_object_set_defaults(const struct fact_object *object, void *value)
{
    for (size_t i = 0; i < object->n_members; i++) {
        const struct fact_member *member = &object->members[i];

        if (fact_member_is_current(member) && !*has_slot(object, value, member)) {
            set_default(object, value, member);
        }
    }
}

void fact_object_fill(const struct fact_object *object, void *dst, const void *parent)
{
    for (size_t i = 0; i < object->n_members; i++) {
        const struct fact_member *member = &object->members[i];

        if (*has_slot(object, dst, member) || !*has_slot(object, parent, member)) {
            continue;
        }
        fact_copy(member->spec->type, slot(dst, member), slot(parent, member));
        *has_slot(object, dst, member) = true;
    }
}

void fact_object_overlay(const struct fact_object *object, void *dst, const void *src)
{
    for (size_t i = 0; i < object->n_members; i++) {
        const struct fact_member *member = &object->members[i];

        if (*has_slot(object, src, member)) {
            memcpy(slot(dst, member), slot(src, member), member->spec->type->size);
            *has_slot(object, dst, member) = true;
        }
    }
}

/* ---- objects ---- */

void *fact_object_new(const struct fact_object *object)
{
    return g_malloc0(object->size);
}

void fact_object_clear(const struct fact_object *object, void *value)
{
    struct fact_head *head = value;

    for (size_t i = 0; i < object->n_members; i++) {
        fact_clear(object->members[i].spec->type, slot(value, &object->members[i]));
    }
    json_unref(head->extra);
    memset(value, 0, object->size);
}

void fact_object_free(const struct fact_object *object, void *value)
{
    if (value != NULL) {
        fact_object_clear(object, value);
        g_free(value);
    }
}

/* Only an object that does not exist yet may lack what makes it (buildObjectWithForthcoming in
 * THH.hs). Its mark stands first in the rows, so it is read before what depends on it. */
static bool must_be_there(const struct fact_object *object, const struct fact_member *member,
                          const void *value)
{
    const struct fact_member *first = &object->members[0];

    if (member->spec->presence != FACT_REAL) {
        return member->spec->presence == FACT_REQUIRED;
    }
    return first->spec->type->kind != &fact_kind_bool || !*has_slot(object, value, first) ||
           !*(const bool *)slot(value, first);
}

static bool decode_member(const struct fact_object *object, const struct fact_member *member,
                          struct json *json, void *value, const struct fact_path *path,
                          GError **errp)
{
    const struct fact_path here = {.up = path, .member = member->name};

    if (json == NULL && member->spec->type->kind != &fact_kind_any) {
        if (must_be_there(object, member, value)) {
            return fact_fail(errp, FACT_ERROR_MISSING, path, "member \"%s\" is missing",
                             member->name);
        }
        if (member->spec->presence == FACT_DEFAULT ||
            member->spec->presence == FACT_DEFAULT_HIDDEN) {
            set_default(object, value, member);
        }
        return true;
    }
    if (!fact_decode(member->spec->type, json, slot(value, member), &here, errp)) {
        return false;
    }
    *has_slot(object, value, member) = true;
    return true;
}

/* The value of a member: a tree, or JSON text of which no tree has been made yet. */
struct given {
    bool there;        /* if only as null */
    struct json *json; /* borrowed */
    const char *text;
    size_t len;
};

/* The error of the JSON reader with the position in front. */
static bool fail_json(const struct fact_path *path, GError *error, GError **errp)
{
    (void)fact_fail(errp, FACT_ERROR_KIND, path, "%s", error->message);
    g_error_free(error);
    return false;
}

static bool parse_member(const char *text, size_t len, const char *name, struct json **ret,
                         const struct fact_path *path, GError **errp)
{
    const struct fact_path here = {.up = path, .member = name};
    GError *error = NULL;

    return json_parse(text, (gssize)len, ret, &error) || fail_json(&here, error, errp);
}

static bool decode_given(const struct fact_object *object, const struct fact_member *member,
                         const struct given *given, void *value, const struct fact_path *path,
                         GError **errp)
{
    CLEANUP(json_unrefp) struct json *parsed = NULL;

    if (!given->there && member->spec->type->kind == &fact_kind_any) {
        /* For a free-form value null and missing differ. */
        if (member->spec->presence == FACT_REQUIRED) {
            return fact_fail(errp, FACT_ERROR_MISSING, path, "member \"%s\" is missing",
                             member->name);
        }
        set_default(object, value, member);
        return true;
    }
    if (given->text != NULL && member->spec->type->kind->decode_text != NULL &&
        member->spec->type->kind->decode_text(member->spec->type, given->text, given->len,
                                              slot(value, member))) {
        *has_slot(object, value, member) = true;
        return true;
    }
    if (given->text != NULL &&
        !parse_member(given->text, given->len, member->name, &parsed, path, errp)) {
        return false;
    }
    return decode_member(object, member, given->text != NULL ? parsed : given->json, value, path,
                         errp);
}

/* In the order of the rows, whatever the order they were given in. */
static bool decode_all_given(const struct fact_object *object, const struct given *given,
                             void *value, const struct fact_path *path, GError **errp)
{
    for (size_t i = 0; i < object->n_members; i++) {
        if (fact_member_is_current(&object->members[i]) &&
            !decode_given(object, &object->members[i], &given[i], value, path, errp)) {
            return false;
        }
    }
    return true;
}

/* Index of a member's row, n_members if it has none. Members mostly come in the order of the rows,
 * so the row behind the last one is looked at first. */
static size_t find_row(const struct fact_object *object, const char *name, size_t next)
{
    const struct fact_member *member;

    if (next < object->n_members && strcmp(object->members[next].name, name) == 0 &&
        fact_member_is_current(&object->members[next])) {
        return next;
    }
    member = fact_object_find(object, name);
    return member == NULL ? object->n_members : (size_t)(member - object->members);
}

/* A member that has no row. */
static bool take_unknown(const struct fact_object *object, struct fact_head *head, const char *name,
                         struct json *json, const struct fact_path *path, GError **errp)
{
    if (object->unknown == FACT_UNKNOWN_REFUSE) {
        return fact_fail(errp, FACT_ERROR_UNKNOWN, path, "unknown member \"%s\"", name);
    }
    if (object->unknown == FACT_UNKNOWN_KEEP) {
        if (head->extra == NULL) {
            head->extra = json_new_object();
        }
        json_set(head->extra, name, json_ref(json));
    }
    return true;
}

static bool decode_named(const struct fact_object *object, struct json *json, void *value,
                         const struct fact_path *path, GError **errp)
{
    struct given *given = g_newa0(struct given, object->n_members);
    struct json_iter it;
    size_t row = 0;

    if (json_kind(json) != JSON_OBJECT) {
        return fact_fail(errp, FACT_ERROR_KIND, path, "expected an object, found %s",
                         json_kind_name(json_kind(json)));
    }
    for (it = json_iter_begin(json); json_iter_next(&it);) {
        row = find_row(object, it.key, row);
        if (row < object->n_members) {
            given[row++] = (struct given){.there = true, .json = it.value};
        } else if (!take_unknown(object, value, it.key, it.value, path, errp)) {
            return false;
        }
    }
    return decode_all_given(object, given, value, path, errp);
}

/* Notes where the values of the members stand. */
static bool find_members(const struct fact_object *object, struct json_scan *scan,
                         struct given *given, void *value, const struct fact_path *path,
                         GError **errp)
{
    size_t row = 0;
    GError *error = NULL;

    while (json_scan_next(scan, &error)) {
        const struct given found = {.there = true, .text = scan->value, .len = scan->value_len};
        CLEANUP(json_unrefp) struct json *json = NULL;
        const struct given *checked = &found;
        bool known;

        row = find_row(object, scan->key, row);
        known = row < object->n_members;
        if (known) {
            /* Of members of one name the last counts, but each must be JSON. */
            checked = given[row].there ? &given[row] : NULL;
        }
        if ((checked != NULL &&
             !parse_member(checked->text, checked->len, scan->key, &json, path, errp)) ||
            (!known && !take_unknown(object, value, scan->key, json, path, errp))) {
            json_scan_end(scan);
            return false;
        }
        if (known) {
            given[row++] = found;
        }
    }
    return scan->complete || fail_json(path, error, errp);
}

bool fact_object_decode_text_at(const struct fact_object *object, const char *text, size_t len,
                                void *value, const struct fact_path *path, GError **errp)
{
    struct given *given = g_newa0(struct given, object->n_members);
    CLEANUP(json_unrefp) struct json *json = NULL;
    GError *error = NULL;
    struct json_scan scan;
    bool good;

    if (object->unknown == FACT_UNKNOWN_TUPLE || !json_scan_begin(&scan, text, len, NULL)) {
        return (json_parse(text, (gssize)len, &json, &error) || fail_json(path, error, errp)) &&
               fact_object_decode_at(object, json, value, path, errp);
    }
    good = find_members(object, &scan, given, value, path, errp) &&
           decode_all_given(object, given, value, path, errp);
    if (!good) {
        fact_object_clear(object, value);
    }
    return good;
}

static bool decode_positional(const struct fact_object *object, struct json *json, void *value,
                              const struct fact_path *path, GError **errp)
{
    size_t at = 0;

    if (json_kind(json) != JSON_ARRAY) {
        return fact_fail(errp, FACT_ERROR_KIND, path, "expected a list, found %s",
                         json_kind_name(json_kind(json)));
    }
    for (size_t i = 0; i < object->n_members; i++) {
        const struct fact_member *member = &object->members[i];

        if (!fact_member_is_current(member)) {
            continue;
        }
        if (at >= json_len(json) && member->spec->presence == FACT_REQUIRED) {
            return fact_fail(errp, FACT_ERROR_MISSING, path, "member \"%s\" is missing",
                             member->name);
        }
        if (!decode_member(object, member, at < json_len(json) ? json_at(json, at) : NULL, value,
                           path, errp)) {
            return false;
        }
        at++;
    }
    if (json_len(json) > at) {
        return fact_fail(errp, FACT_ERROR_VALUE, path, "expected at most %zu values, found %zu", at,
                         json_len(json));
    }
    return true;
}

bool fact_object_decode_at(const struct fact_object *object, struct json *json, void *value,
                           const struct fact_path *path, GError **errp)
{
    bool good = object->unknown == FACT_UNKNOWN_TUPLE
                    ? decode_positional(object, json, value, path, errp)
                    : decode_named(object, json, value, path, errp);

    if (!good) {
        fact_object_clear(object, value);
    }
    return good;
}

static bool object_decode(const struct fact_type *type, struct json *json, void *value,
                          const struct fact_path *path, GError **errp)
{
    return fact_object_decode_at(type->object, json, value, path, errp);
}

void *fact_object_decode(const struct fact_object *object, struct json *json,
                         const struct fact_path *path, GError **errp)
{
    void *value = fact_object_new(object);

    if (!fact_object_decode_at(object, json, value, path, errp)) {
        g_free(value);
        return NULL;
    }
    return value;
}

/* Whether a set member equals its default and so needs no writing. */
static bool is_default(const struct fact_object *object, const void *value,
                       const struct fact_member *member)
{
    void *fresh = fact_object_new(object);
    bool same;

    set_default(object, fresh, member);
    same = *has_slot(object, fresh, member) &&
           fact_equal(member->spec->type, slot(value, member), slot(fresh, member));
    fact_object_free(object, fresh);
    return same;
}

static void encode_members(const struct fact_object *object, const void *value, bool filled,
                           struct json_writer *w)
{
    const struct fact_head *head = value;

    for (size_t i = 0; i < object->n_members; i++) {
        const struct fact_member *member = &object->members[i];
        bool set = *has_slot(object, value, member);

        if (!fact_member_is_current(member) ||
            (!set && !filled && member->spec->presence != FACT_NULLABLE) ||
            (member->spec->presence == FACT_DEFAULT_HIDDEN && is_default(object, value, member))) {
            continue;
        }
        json_write_key(w, member->name);
        if (set) {
            fact_encode(member->spec->type, slot(value, member), w);
        } else {
            json_write_null(w);
        }
    }
    if (head->extra != NULL) {
        struct json_iter it = json_iter_begin(head->extra);

        while (json_iter_next(&it)) {
            json_write_key(w, it.key);
            json_write_value(w, it.value);
        }
    }
}

void fact_object_encode_members(const struct fact_object *object, const void *value,
                                struct json_writer *w)
{
    encode_members(object, value, false, w);
}

void fact_object_encode_filled(const struct fact_object *object, const void *value,
                               struct json_writer *w)
{
    encode_members(object, value, true, w);
}

static void encode_positional(const struct fact_object *object, const void *value,
                              struct json_writer *w)
{
    json_write_array_begin(w);
    for (size_t i = 0; i < object->n_members; i++) {
        const struct fact_member *member = &object->members[i];

        if (!fact_member_is_current(member)) {
            continue;
        }
        if (*has_slot(object, value, member)) {
            fact_encode(member->spec->type, slot(value, member), w);
        } else {
            json_write_null(w);
        }
    }
    json_write_array_end(w);
}

void fact_object_encode(const struct fact_object *object, const void *value, struct json_writer *w)
{
    if (object->unknown == FACT_UNKNOWN_TUPLE) {
        encode_positional(object, value, w);
        return;
    }
    json_write_object_begin(w);
    fact_object_encode_members(object, value, w);
    json_write_object_end(w);
}

static void object_encode(const struct fact_type *type, const void *value, struct json_writer *w)
{
    fact_object_encode(type->object, value, w);
}

static void object_clear(const struct fact_type *type, void *value)
{
    fact_object_clear(type->object, value);
}

void fact_object_copy_at(const struct fact_object *object, void *dst, const void *src)
{
    const struct fact_head *from = src;
    struct fact_head *to = dst;

    for (size_t i = 0; i < object->n_members; i++) {
        const struct fact_member *member = &object->members[i];

        if (*has_slot(object, src, member)) {
            fact_copy(member->spec->type, slot(dst, member), slot(src, member));
            *has_slot(object, dst, member) = true;
        }
    }
    to->extra = from->extra == NULL ? NULL : json_copy(from->extra);
}

static void object_copy(const struct fact_type *type, void *dst, const void *src)
{
    fact_object_copy_at(type->object, dst, src);
}

bool fact_object_equal(const struct fact_object *object, const void *a, const void *b)
{
    const struct fact_head *left = a;
    const struct fact_head *right = b;

    for (size_t i = 0; i < object->n_members; i++) {
        const struct fact_member *member = &object->members[i];
        bool set = *has_slot(object, a, member);

        if (set != *has_slot(object, b, member) ||
            (set && !fact_equal(member->spec->type, slot(a, member), slot(b, member)))) {
            return false;
        }
    }
    return json_equal(left->extra, right->extra);
}

static bool object_equal(const struct fact_type *type, const void *a, const void *b)
{
    return fact_object_equal(type->object, a, b);
}

void *fact_object_copy(const struct fact_object *object, const void *value)
{
    void *copy = fact_object_new(object);

    fact_object_copy_at(object, copy, value);
    return copy;
}

const struct fact_kind fact_kind_object = {
    .name = "object",
    .decode = object_decode,
    .encode = object_encode,
    .clear = object_clear,
    .copy = object_copy,
    .equal = object_equal,
};
