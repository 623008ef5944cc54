#include "config.h"

#include "noded/server/tests/virtual-node.h"

#include <string.h>

#include "base/fs-tree.h"
#include "base/fs.h"
#include "base/tests/unit.h"
#include "compat-config/paths/paths.h"
#include "noded/server/dispatch.h"

enum { MAX_FILE = 1024 * 1024 };

static char *top;

void node_make(const enum path_id *folders)
{
    g_autofree char *root = NULL;

    /* Short: sockets are below it. */
    top = g_dir_make_tmp("gn-XXXXXX", NULL);
    root = g_build_filename(top, "node1.lab.example", NULL);
    g_setenv("GANETI_ROOTDIR", root, TRUE);
    g_setenv("GANETI_HOSTNAME", "node1.lab.example", TRUE);
    ck_assert(paths_init(NULL));
    for (; *folders != PATH_COUNT; folders++) {
        ck_assert_int_eq(g_mkdir_with_parents(path_get(*folders), 0755), 0);
    }
}

void node_remove(void)
{
    ck_assert(fs_remove_tree(top, NULL));
    g_clear_pointer(&top, g_free);
}

void node_write(const char *path, const char *text)
{
    const struct fs_write_opts opts = {.mode = 0644};
    g_autofree char *dir = g_path_get_dirname(path);

    ck_assert_int_eq(g_mkdir_with_parents(dir, 0755), 0);
    ck_assert(fs_write_atomic(path, text, strlen(text), &opts, NULL));
}

char *node_read(const char *path)
{
    return fs_read_file(path, MAX_FILE, NULL, NULL);
}

char *node_call(enum rpc_id id, const char *text)
{
    GString *answer = g_string_new(NULL);

    noded_answer(id, text, strlen(text), answer);
    return g_string_free(answer, FALSE);
}

void node_expect(enum rpc_id id, const char *text, const char *expected)
{
    g_autofree char *answer = node_call(id, text);

    ck_assert_str_eq(answer, expected);
}

void node_refuse(enum rpc_id id, const char *text, const char *part)
{
    g_autofree char *answer = node_call(id, text);

    ck_assert_msg(g_str_has_prefix(answer, "[false, "), "%s", answer);
    ck_assert_msg(strstr(answer, part) != NULL, "%s: %s", part, answer);
}
