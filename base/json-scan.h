/* Walks the members of a large JSON object, or the elements of a large array, without making a tree
 * of it: for texts of which only one part at a time is wanted as a tree.
 *
 *     struct json_scan scan;
 *     if (!json_scan_begin(&scan, text, len, errp)) ...
 *     while (json_scan_next(&scan, errp)) { use scan.key, scan.value, scan.value_len }
 *     if (!scan.complete) ... the error is in errp
 *
 * Values are found, not checked: whoever takes one gives it to json_parse(), or scans it in turn.
 */
#ifndef GANTRY_BASE_JSON_SCAN_H
#define GANTRY_BASE_JSON_SCAN_H

#include <glib.h>
#include <stdbool.h>

struct json_scan {
    const char *text;
    size_t len;
    size_t at;
    /* What was found last; key is owned by the scan (NULL in an array), value points into text. */
    char *key;
    const char *value;
    size_t value_len;
    char close;
    bool first;
    bool complete; /* the end of the object or array was reached and nothing stands behind it */
};

/* text must outlive the scan. Errors are JSON_ERROR. */
bool json_scan_begin(struct json_scan *scan, const char *text, size_t len, GError **errp);
bool json_scan_begin_array(struct json_scan *scan, const char *text, size_t len, GError **errp);
/* False at the end and on errors; the scan then holds nothing any more. */
bool json_scan_next(struct json_scan *scan, GError **errp);
/* Only needed if the scan is left before its end. */
void json_scan_end(struct json_scan *scan);

/* Whether what stands between two quotes is printable ASCII without escapes, and so is its own
 * value. */
bool json_scan_is_plain(const char *text, size_t len);

#endif
