/* Programs that the site or a third party provides: allocators, out-of-band helpers. */
#include "config.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "noded/backend/common.h"

enum { MS = 1000 };

/* --- Allocators ---------------------------------------------------------------------------------
 */

static char *find_allocator(const char *name, GError **errp)
{
    const char *const *dirs = path_list(PATH_IALLOCATOR_SEARCH_PATH);

    for (size_t i = 0; backend_is_plugin_name(name) && dirs[i] != NULL; i++) {
        g_autofree char *path = g_build_filename(dirs[i], name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
            return g_steal_pointer(&path);
        }
    }
    noded_error_set(errp, "the allocator '%s' is not in the search path of %s", name,
                    backend_node_name());
    return NULL;
}

static bool add_options(struct cmd *cmd, const struct json *options, GError **errp)
{
    struct json_iter it;

    if (options == NULL) {
        return true;
    }
    if (json_kind(options) != JSON_OBJECT) {
        return noded_fail(errp, "parameters of an allocator must be a dictionary");
    }
    it = json_iter_begin(options);
    while (json_iter_next(&it)) {
        if (it.value == NULL) {
            cmd_addf(cmd, "--%s", it.key);
        } else if (json_kind(it.value) == JSON_STRING) {
            cmd_addf(cmd, "--%s=%s", it.key, json_string(it.value));
        } else {
            return noded_fail(errp, "parameter %s of an allocator must be a text", it.key);
        }
    }
    return true;
}

static bool run_allocator(const char *program, const char *file, const struct json *options,
                          struct json_writer *result, GError **errp)
{
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new(program, file, NULL);
    CLEANUP(cmd_result_freep) struct cmd_result *done = NULL;

    cmd_inherit_env(cmd);
    if (!add_options(cmd, options, errp)) {
        return false;
    }
    done = cmd_run(cmd, errp);
    if (done == NULL) {
        return false;
    }
    if (!cmd_result_ok(done)) {
        return cmd_result_fail(done, errp);
    }
    json_write_string_len(result, done->out, done->out_len);
    return true;
}

NODED_CALL(iallocator_runner, NODED_WORKER)
{
    g_autofree char *program = find_allocator(args->name, errp);
    g_autofree char *file = NULL;
    bool ok;
    int fd;

    if (program == NULL) {
        return false;
    }
    fd = g_file_open_tmp("ganeti-iallocator.XXXXXX", &file, errp);
    if (fd < 0) {
        return false;
    }
    ok = fs_write_fd(fd, file, args->idata, strlen(args->idata), errp);
    (void)close(fd);
    ok = ok && run_allocator(program, file, args->default_iallocator_params, result, errp);
    (void)g_unlink(file);
    return ok;
}

/* --- Out of band --------------------------------------------------------------------------------
 */

NODED_CALL(run_oob, NODED_WORKER)
{
    CLEANUP(cmd_freep)
    struct cmd *cmd = cmd_new(args->oob_program, args->command, args->remote_node, NULL);
    CLEANUP(json_unrefp) struct json *value = NULL;
    g_autofree char *text = NULL;

    if (!g_path_is_absolute(args->oob_program)) {
        return noded_fail(errp, "'%s' is not the full path of a program", args->oob_program);
    }
    if (args->timeout != NULL && json_kind(args->timeout) != JSON_INT) {
        return noded_fail(errp, "a timeout must be a number of seconds");
    }
    cmd_inherit_env(cmd);
    if (args->timeout != NULL) {
        cmd_set_timeout(cmd, (guint)CLAMP(json_int(args->timeout), 0, G_MAXINT / MS) * MS);
    }
    if (!cmd_check(cmd, &text, errp)) {
        return false;
    }
    if (*text != '\0' && !json_parse(text, -1, &value, errp)) {
        g_prefix_error(errp, "%s printed no JSON: ", args->oob_program);
        return false;
    }
    json_write_value(result, value);
    return true;
}
