/* What is on disks: overwrite, fill from an image, copy. The work is done by programs made for it,
 * with large blocks and around the page cache, so that guests on the node keep theirs. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cmd.h"
#include "base/json.h"
#include "facts/constants.h"
#include "noded/backend/common.h"
#include "noded/backend/disks.h"

/* --- Two programs in a row ----------------------------------------------------------------------
 */

/* Ends of a pipe: programs that run at the same time. */
struct pipeline {
    struct cmd_result *results[2];
    unsigned running;
};

struct stage {
    struct pipeline *pipeline;
    unsigned index;
};

static void stage_done(struct cmd_result *result, void *user)
{
    struct stage *stage = user;

    stage->pipeline->results[stage->index] = result;
    stage->pipeline->running--;
}

static struct cmd_job *start_stage(const char *const *argv, int in, int out, struct stage *stage,
                                   GError **errp)
{
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new_argv(argv);

    cmd_set_input_fd(cmd, in);
    if (out >= 0) {
        cmd_set_output_fds(cmd, out, -1);
    }
    return cmd_start(cmd, NULL, stage_done, stage, errp);
}

/* Runs both to the end. False only if one could not be started. */
static bool run_pipeline(const char *const *from, const char *const *to, struct pipeline *pipeline,
                         GError **errp)
{
    struct stage stages[] = {{pipeline, 0}, {pipeline, 1}};
    struct cmd_job *first, *second = NULL;
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) != 0) {
        return noded_fail(errp, "cannot make a pipe: %s", g_strerror(errno));
    }
    first = start_stage(from, -1, fds[1], &stages[0], errp);
    if (first != NULL) {
        pipeline->running++;
        second = start_stage(to, fds[0], -1, &stages[1], errp);
        if (second != NULL) {
            pipeline->running++;
        } else {
            cmd_job_cancel(first);
        }
    }
    (void)close(fds[0]);
    (void)close(fds[1]);
    while (pipeline->running > 0) {
        (void)g_main_context_iteration(NULL, TRUE);
    }
    return second != NULL;
}

static void pipeline_clear(struct pipeline *pipeline)
{
    for (size_t i = 0; i < G_N_ELEMENTS(pipeline->results); i++) {
        if (pipeline->results[i] != NULL) {
            cmd_result_free(pipeline->results[i]);
        }
    }
}

/* --- Calls --------------------------------------------------------------------------------------
 */

NODED_CALL(blockdev_convert, NODED_WORKER)
{
    CLEANUP(backend_disk_freep) struct disk *from = backend_disk(args->bdev_src, errp);
    CLEANUP(backend_disk_freep)
    struct disk *to = from != NULL ? backend_disk(args->bdev_dest, errp) : NULL;
    CLEANUP(bdev_freep)
    struct bdev *source = to != NULL ? backend_disk_find(from, errp) : NULL;
    CLEANUP(bdev_freep)
    struct bdev *target = source != NULL ? backend_disk_find(to, errp) : NULL;
    g_auto(GStrv) reader = target != NULL ? source->ops->export_argv(source, errp) : NULL;
    g_auto(GStrv) writer = reader != NULL ? target->ops->import_argv(target, errp) : NULL;
    struct pipeline pipeline = {0};
    bool ok;

    if (writer == NULL) {
        return false;
    }
    json_write_null(result);
    ok = run_pipeline((const char *const *)reader, (const char *const *)writer, &pipeline, errp);
    /* The reader of a pipe that broke has only noticed what the writer knows. */
    for (size_t i = G_N_ELEMENTS(pipeline.results); ok && i > 0; i--) {
        ok = cmd_result_ok(pipeline.results[i - 1]) ||
             cmd_result_fail(pipeline.results[i - 1], errp);
    }
    pipeline_clear(&pipeline);
    return ok;
}

/* size: MiB. The end of a disk that is a file is kept, which the reference cuts off and writes
 * again. */
static char **dump_argv(const char *source, const char *path, int64_t offset, int64_t size)
{
    GStrvBuilder *argv = g_strv_builder_new();
    g_autofree char *from = g_strdup_printf("if=%s", source);
    g_autofree char *to = g_strdup_printf("of=%s", path);
    g_autofree char *seek = g_strdup_printf("seek=%" G_GINT64_FORMAT, offset);
    g_autofree char *count = g_strdup_printf("count=%" G_GINT64_FORMAT, size);
    g_autofree char *block = g_strdup_printf("bs=%d", C_DD_BLOCK_SIZE);
    char **vector;

    g_strv_builder_add(argv, C_DD_CMD);
    if (source != NULL) {
        g_strv_builder_add(argv, from);
    } else {
        /* Blocks of a pipe come as they please. */
        g_strv_builder_add(argv, "iflag=fullblock");
    }
    g_strv_builder_add_many(argv, seek, block, "oflag=direct", to, count, "conv=notrunc", NULL);
    vector = g_strv_builder_end(argv);
    g_strv_builder_unref(argv);
    return vector;
}

static bool run_dump(const char *source, const char *path, int64_t offset, int64_t size,
                     GError **errp)
{
    g_auto(GStrv) argv = dump_argv(source, path, offset, size);
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new_argv((const char *const *)argv);

    return cmd_check(cmd, NULL, errp);
}

NODED_CALL(blockdev_wipe, NODED_WORKER)
{
    CLEANUP(backend_disk_freep) struct disk *disk = backend_disk(args->bdev, errp);
    CLEANUP(bdev_freep)
    struct bdev *dev = disk != NULL ? backend_disk_find(disk, errp) : NULL;

    if (dev == NULL) {
        return false;
    }
    if (args->offset < 0 || args->size < 0 || args->offset > disk->size ||
        args->size > disk->size - args->offset) {
        return noded_fail(errp,
                          "%s: cannot overwrite %" G_GINT64_FORMAT " MiB from %" G_GINT64_FORMAT
                          " on, it has %" G_GINT64_FORMAT " MiB",
                          dev->path, args->size, args->offset, disk->size);
    }
    json_write_null(result);
    return run_dump("/dev/zero", dev->path, args->offset, args->size, errp);
}

/* utils.IsUrl */
static bool is_url(const char *text)
{
    static const char *const schemes[] = {"http://", "https://", "ftp://"};

    for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++) {
        if (g_str_has_prefix(text, schemes[i])) {
            return true;
        }
    }
    return false;
}

static bool download(const char *url, const char *path, int64_t size, GError **errp)
{
    /* Exit code of curl when nobody reads on. */
    enum { CURL_WRITE_ERROR = 23 };
    const char *const curl[] = {"curl", "--fail", "--silent", "--show-error", "--", url, NULL};
    g_auto(GStrv) dd = dump_argv(NULL, path, 0, size);
    struct pipeline pipeline = {0};
    bool ok = run_pipeline(curl, (const char *const *)dd, &pipeline, errp);

    if (ok && !cmd_result_ok(pipeline.results[1])) {
        ok = cmd_result_fail(pipeline.results[1], errp);
    } else if (ok && (pipeline.results[0]->exit_code == CURL_WRITE_ERROR ||
                      pipeline.results[0]->term_signal != 0)) {
        ok = noded_fail(errp, "the image %s is larger than the disk %s", url, path);
    } else if (ok && !cmd_result_ok(pipeline.results[0])) {
        ok = cmd_result_fail(pipeline.results[0], errp);
    }
    pipeline_clear(&pipeline);
    return ok;
}

NODED_CALL(blockdev_image, NODED_WORKER)
{
    const char *image = json_kind(args->image) == JSON_STRING ? json_string(args->image) : "";
    CLEANUP(backend_disk_freep) struct disk *disk = backend_disk(args->bdev, errp);
    CLEANUP(bdev_freep) struct bdev *dev = NULL;

    if (disk == NULL) {
        return false;
    }
    if (!is_url(image) && !g_file_test(image, G_FILE_TEST_EXISTS)) {
        return noded_fail(errp, "there is no image '%s' on %s", image, backend_node_name());
    }
    dev = backend_disk_find(disk, errp);
    if (dev == NULL) {
        return false;
    }
    if (args->size < 0 || args->size > disk->size) {
        return noded_fail(errp,
                          "%s: an image of %" G_GINT64_FORMAT
                          " MiB does not fit into %" G_GINT64_FORMAT " MiB",
                          dev->path, args->size, disk->size);
    }
    json_write_null(result);
    return is_url(image) ? download(image, dev->path, args->size, errp)
                         : run_dump(image, dev->path, 0, args->size, errp);
}
