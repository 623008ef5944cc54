#include "config.h"

#include "noded/impexp/status.h"

#include "base/fs.h"
#include "base/json-writer.h"
#include "base/log.h"
#include "facts/codec.h"

enum {
    MAX_LINES = 20,
    INTERVAL_S = 5,
    STATUS_MODE = 0400,
};

static double now_s(void)
{
    return (double)g_get_real_time() / G_USEC_PER_SEC;
}

struct status *status_new(const char *path)
{
    struct status *status = g_new0(struct status, 1);

    status->path = g_strdup(path);
    status->data.ctime = now_s();
    status->data.has.ctime = true;
    status->data.has.recent_output = true;
    return status;
}

void status_free(struct status *status)
{
    if (status != NULL) {
        fact_object_clear(&fact_object_import_export_status, &status->data);
        g_free(status->path);
        g_free(status);
    }
}

void status_add_output(struct status *status, const char *line)
{
    struct str_list *lines = &status->data.recent_output;
    char **slot;

    while (lines->n >= MAX_LINES) {
        fact_list_remove(&type_str_list, lines, 0);
    }
    slot = fact_list_add(&type_str_list, lines);
    *slot = g_utf8_make_valid(line, -1);
}

void status_write(struct status *status, bool now)
{
    const struct fs_write_opts opts = {.mode = STATUS_MODE, .flags = FS_WRITE_VOLATILE};
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_PYTHON);
    g_autoptr(GError) error = NULL;

    if (!now && status->data.has.mtime && now_s() < status->data.mtime + INTERVAL_S) {
        return;
    }
    status->data.mtime = now_s();
    status->data.has.mtime = true;
    fact_object_encode(&fact_object_import_export_status, &status->data, &w);
    g_string_append_c(text, '\n');
    if (!fs_write_atomic(status->path, text->str, text->len, &opts, &error)) {
        log_error("%s", error->message);
    }
}

void status_set_exit(struct status *status, int exit_status, const char *message)
{
    status->data.exit_status = exit_status;
    status->data.has.exit_status = true;
    g_free(status->data.error_message);
    status->data.error_message = g_strdup(message);
    status->data.has.error_message = message != NULL;
}
