/* What the quick reader of JSON takes, the reader of base/ takes, too, and both see the same. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "htools/backends/reader/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const struct doc_value *value, const struct json *tree);

static bool has_doubles(const struct doc_value *value)
{
    for (uint32_t i = 0; i < value->n; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (strcmp(value->members[j].key, value->members[i].key) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool same_object(const struct doc_value *value, const struct json *tree)
{
    if (has_doubles(value)) {
        return true; /* the tree keeps the last one */
    }
    for (uint32_t i = 0; i < value->n; i++) {
        const struct doc_member *member = &value->members[i];

        if (strlen(member->key) != member->key_len || !json_has(tree, member->key) ||
            !same(&member->value, json_get(tree, member->key))) {
            return false;
        }
    }
    return json_len(tree) == value->n;
}

static bool same(const struct doc_value *value, const struct json *tree)
{
    if (value->kind != json_kind(tree)) {
        return false;
    }
    switch (value->kind) {
    case JSON_NULL:
        return true;
    case JSON_BOOL:
        return value->boolean == json_boolean(tree);
    case JSON_INT:
        return value->integer == json_int(tree);
    case JSON_FLOAT:
        return value->real == json_double(tree);
    case JSON_STRING:
        return value->n == json_string_len(tree) && strcmp(value->text, json_string(tree)) == 0;
    case JSON_ARRAY:
        for (uint32_t i = 0; i < value->n; i++) {
            if (i >= json_len(tree) || !same(&value->elements[i], json_at(tree, i))) {
                return false;
            }
        }
        return json_len(tree) == value->n;
    case JSON_OBJECT:
        return same_object(value, tree);
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(document_freep)
    struct document *document = document_parse((const char *)data, (gssize)size, NULL);
    CLEANUP(json_unrefp) struct json *tree = NULL;

    if (document == NULL) {
        return 0;
    }
    if (!json_parse((const char *)data, (gssize)size, &tree, NULL) ||
        !same(document_root(document), tree)) {
        abort();
    }
    return 0;
}
