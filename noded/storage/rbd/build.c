#include "config.h"

#include "noded/storage/rbd/build.h"

#include "facts/constants.h"
#include "noded/storage/bdev-common.h"

/* The pool stands behind the word, then what comes before and behind the volume. */
static const struct {
    const char *word, *before, *behind;
} actions[] = {
    [RBD_MAP] = {"map", NULL, NULL},
    [RBD_REMOVE] = {"rm", NULL, NULL},
    [RBD_EXPORT] = {"export", NULL, "-"},
    [RBD_IMPORT] = {"import", "-", NULL},
};

char **rbd_build_action(enum rbd_action action, const char *pool, const char *name)
{
    const char *first = actions[action].before != NULL ? actions[action].before : name;
    const char *second = actions[action].before != NULL ? name : actions[action].behind;

    return bdev_argv(C_RBD_CMD, actions[action].word, "-p", pool, first, second, NULL);
}

static char **build_sized(const char *word, const char *pool, const char *name, int64_t size)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, size);

    return bdev_argv(C_RBD_CMD, word, "-p", pool, name, "--size", text, NULL);
}

char **rbd_build_create(const char *pool, const char *name, int64_t size)
{
    return build_sized("create", pool, name, size);
}

char **rbd_build_resize(const char *pool, const char *name, int64_t size)
{
    return build_sized("resize", pool, name, size);
}

char **rbd_build_show_mapped(void)
{
    return bdev_argv(C_RBD_CMD, "showmapped", "--format", "json", NULL);
}

char **rbd_build_unmap(const char *device)
{
    return bdev_argv(C_RBD_CMD, "unmap", device, NULL);
}
