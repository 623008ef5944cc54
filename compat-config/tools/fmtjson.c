/* fmtjson: JSON from standard input, indented and with sorted names, on standard output
 * (the reference's tools/fmtjson: Python's json.dump with indent 2 and sort_keys). */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/about.h"
#include "base/fs.h"
#include "base/json-writer.h"
#include "base/json.h"
#include "compat-config/tools/pretty.h"

static const char usage[] = "Usage: fmtjson < FILE\n\nReads JSON from standard input and writes "
                            "it, indented and sorted, to "
                            "standard output.\n";

int main(int argc, char **argv)
{
    CLEANUP(json_unrefp) struct json *value = NULL;
    g_autofree char *text = NULL;
    g_autoptr(GString) out = NULL;
    g_autoptr(GError) error = NULL;
    size_t len = 0;

    if (about_answer(argc, argv, "fmtjson", usage)) {
        return 0;
    }
    if (argc > 1) {
        fputs(usage, stderr);
        return 1;
    }
    text = fs_read_fd(STDIN_FILENO, "standard input", JSON_MAX_TEXT, &len, &error);
    if (text == NULL || !json_parse(text, (gssize)len, &value, &error)) {
        fprintf(stderr, "fmtjson: %s\n", error->message);
        return 1;
    }
    out = json_pretty(value);
    g_string_append_c(out, '\n');
    if (!fs_write_fd(STDOUT_FILENO, "standard output", out->str, out->len, &error)) {
        fprintf(stderr, "fmtjson: %s\n", error->message);
        return 1;
    }
    return 0;
}
