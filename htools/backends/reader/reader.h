/* Members of JSON objects that other programs sent, read strictly, with the path of what is wrong
 * in every error: "nodes.node1.free_memory: expected an integer, found a string".
 *
 * An object is read through a `struct reader`, which knows where in the document it stands:
 *
 *     struct reader node;
 *     if (!reader_object(&nodes, "node1", &node, errp)) ...
 *
 * Numbers follow the reference's Text.JSON: an integer may be written with a fraction (it is
 * rounded, half to even), a real number without. */
#ifndef GANTRY_HTOOLS_BACKENDS_READER_READER_H
#define GANTRY_HTOOLS_BACKENDS_READER_READER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "htools/backends/reader/document.h"

/* What planning can count with: sums over a whole cluster must not overflow. */
#define READER_MAX_NUMBER ((int64_t)1 << 46)

#define READER_ERROR (reader_error_quark())
GQuark reader_error_quark(void);
enum reader_error {
    READER_ERROR_MISSING,
    READER_ERROR_KIND,
    READER_ERROR_RANGE,
};

/* An object and its place. A plain value on the stack: parent must live as long. */
struct reader {
    const struct reader *parent;
    const char *key; /* in parent; NULL for the whole document */
    int index;       /* in an array of the parent under key, or -1 */
    const struct doc_value *object;
};

/* The whole document must be an object. */
bool reader_begin(const struct doc_value *document, struct reader *ret, GError **errp)
    __attribute__((warn_unused_result));
/* A member that is an object itself. */
bool reader_object(const struct reader *reader, const char *key, struct reader *ret, GError **errp)
    __attribute__((warn_unused_result));
/* The same of a member that is known already, as of one of many. */
bool reader_member(const struct reader *reader, const struct doc_member *member, struct reader *ret,
                   GError **errp) __attribute__((warn_unused_result));
/* The index-th element, which must be an object, of the array under key. */
bool reader_element(const struct reader *reader, const char *key, size_t index, struct reader *ret,
                    GError **errp) __attribute__((warn_unused_result));
/* A member that is an array; the result is borrowed. */
bool reader_array(const struct reader *reader, const char *key, const struct doc_value **ret,
                  GError **errp) __attribute__((warn_unused_result));

/* These need the member to be there and not null. Strings are borrowed from the document. */
bool reader_int(const struct reader *reader, const char *key, int64_t *ret, GError **errp)
    __attribute__((warn_unused_result));
bool reader_double(const struct reader *reader, const char *key, double *ret, GError **errp)
    __attribute__((warn_unused_result));
bool reader_bool(const struct reader *reader, const char *key, bool *ret, GError **errp)
    __attribute__((warn_unused_result));
bool reader_string(const struct reader *reader, const char *key, const char **ret, GError **errp)
    __attribute__((warn_unused_result));
/* NULL-terminated; free the array itself with g_free(). */
bool reader_strings(const struct reader *reader, const char *key, const char ***ret, GError **errp)
    __attribute__((warn_unused_result));

/* The member is there and not null; the others read the default otherwise. */
bool reader_has(const struct reader *reader, const char *key);
bool reader_maybe_string(const struct reader *reader, const char *key, const char **ret,
                         GError **errp) __attribute__((warn_unused_result));

/* An error at the place of key (NULL: of the reader itself). Returns false. */
bool reader_fail(const struct reader *reader, const char *key, GError **errp, const char *format,
                 ...) G_GNUC_PRINTF(4, 5);

#endif
