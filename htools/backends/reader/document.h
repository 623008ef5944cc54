/* A JSON document read for good: strict, in one pass, and many times faster than a tree of
 * base/json.h, since it can neither change nor be taken apart. A request of the iallocator protocol
 * for 1,000 nodes is 3 MB of small objects; a tree of them takes four times the time of the answer.
 *
 * All values belong to the document and live as long as it does. A member that an object has twice
 * counts as the first one says, as with the reference's Text.JSON. Texts with a NUL character are
 * refused; half of a surrogate pair reads as U+FFFD. Limits of base/json.h hold. */
#ifndef GANTRY_HTOOLS_BACKENDS_READER_DOCUMENT_H
#define GANTRY_HTOOLS_BACKENDS_READER_DOCUMENT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/json.h"

struct doc_member;

struct doc_value {
    enum json_kind kind;
    uint32_t n; /* bytes of a string, elements of an array, members of an object */
    union {
        bool boolean;
        int64_t integer;
        double real;
        const char *text; /* UTF-8; ends with NUL */
        const struct doc_value *elements;
        const struct doc_member *members;
    };
};

struct doc_member {
    const char *key;
    uint32_t key_len;
    struct doc_value value;
};

struct document;

/* Takes over text (of g_malloc(), with a NUL behind its len bytes), also on failure. Errors are
 * JSON_ERROR and tell the byte. */
struct document *document_take(char *text, size_t len, GError **errp)
    __attribute__((warn_unused_result));
/* The same of a copy. len -1: up to the NUL. */
struct document *document_parse(const char *text, gssize len, GError **errp)
    __attribute__((warn_unused_result));
/* One object of the texts as members; keys are borrowed. Errors name the key. */
struct document *document_join(const char *const *keys, const char *const *texts, size_t n,
                               GError **errp) __attribute__((warn_unused_result));
/* A copy of a tree. */
struct document *document_from_json(const struct json *value);
void document_free(struct document *document);
DEFINE_CLEANUP(struct document *, document_free)
const struct doc_value *document_root(const struct document *document);

/* The member of an object; NULL if it is null or missing. */
const struct doc_value *doc_get(const struct doc_value *object, const char *key);
/* Any number; false for other kinds and for NULL. */
bool doc_number(const struct doc_value *value, double *ret);

#endif
