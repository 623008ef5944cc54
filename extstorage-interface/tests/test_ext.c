/* Storage providers that are good, broken, that fail and print garbage. */
#include <string.h>
#include <sys/stat.h>

#include <glib/gstdio.h>

#include "base/fs-tree.h"
#include "base/fs.h"
#include "base/tests/unit.h"
#include "compat-config/paths/paths.h"
#include "extstorage-interface/ext.h"
#include "facts/constants.h"
#include "facts/errors.h"

static char *top, *dir;

static void write_script(const char *name, const char *text, mode_t mode)
{
    const struct fs_write_opts opts = {.mode = mode};
    g_autofree char *path = g_build_filename(dir, name, NULL);

    ck_assert(fs_write_atomic(path, text, strlen(text), &opts, NULL));
}

static void setup(void)
{
    g_autofree char *root = g_build_filename(g_getenv("TEST_TMPDIR"), "node1.example.com", NULL);

    g_setenv(C_V_CLUSTER_ROOTDIR_ENVNAME, root, TRUE);
    g_setenv(C_V_CLUSTER_HOSTNAME_ENVNAME, "node1.example.com", TRUE);
    top = g_build_filename(g_getenv("TEST_TMPDIR"), "ext", NULL);
    dir = g_build_filename(top, "shelf", NULL);
    ck_assert_int_eq(g_mkdir_with_parents(dir, 0755), 0);
    ck_assert_int_eq(g_mkdir_with_parents(path_get(PATH_LOG_ES_DIR), 0755), 0);
    for (int i = 0; i < EXT_SCRIPT_COUNT; i++) {
        if (i != EXT_SCRIPT_SNAPSHOT) {
            write_script(ext_script_word(i), "#!/bin/sh\nenv | grep -E '^(VOL|EXTP)_' | sort\n",
                         0755);
        }
    }
    write_script("parameters.list", "pool Where\n", 0644);
}

static void teardown(void)
{
    ck_assert(fs_remove_tree(top, NULL));
    ck_assert(fs_remove_tree(path_get(PATH_LOG_ES_DIR), NULL));
    g_clear_pointer(&top, g_free);
    g_clear_pointer(&dir, g_free);
}

static struct ext_provider *find(void)
{
    const char *const dirs[] = {top, NULL};

    return ext_provider_find("shelf", dirs);
}

static const struct ext_call call = {.vars = {[EXT_VAR_NAME] = "vol0", [EXT_VAR_SIZE] = "12"}};

/* The only log file of a script. */
static char *read_log(const char *prefix)
{
    g_autoptr(GPtrArray) names = fs_list_dir(path_get(PATH_LOG_ES_DIR), 10, NULL);
    g_autofree char *path = NULL;

    ck_assert_ptr_nonnull(names);
    ck_assert_uint_eq(names->len, 1);
    ck_assert(g_str_has_prefix(g_ptr_array_index(names, 0), prefix));
    path = g_build_filename(path_get(PATH_LOG_ES_DIR), g_ptr_array_index(names, 0), NULL);
    return fs_read_file(path, 1024 * 1024, NULL, NULL);
}

START_TEST(scripts_find_their_variables)
{
    CLEANUP(ext_provider_freep) struct ext_provider *provider = find();
    char pool[] = "pool", fast[] = "fast", two[] = "two_words";
    struct value_map_entry params[] = {{.key = pool, .value = {.kind = JSON_STRING, .text = fast}},
                                       {.key = two, .value = {.kind = JSON_INT, .integer = 7}}};
    const struct value_map map = {params, 2};
    struct ext_call with = call;
    g_autofree char *out = NULL, *log = NULL;
    g_autoptr(GError) error = NULL;

    ck_assert_msg(provider->problem == NULL, "%s", provider->problem);
    ck_assert(provider_has_parameter(&provider->parameters, "pool"));
    with.params = &map;
    ck_assert(ext_provider_run(provider, EXT_SCRIPT_ATTACH, &with, &out, &error));
    ck_assert_str_eq(out, "EXTP_POOL=fast\nEXTP_TWO_WORDS=7\nVOL_NAME=vol0\nVOL_SIZE=12\n");
    ck_assert(ext_provider_run(provider, EXT_SCRIPT_CREATE, &with, NULL, &error));
    log = read_log("create-shelf-vol0-");
    ck_assert_str_eq(log, out);
}
END_TEST

START_TEST(scripts_inherit_the_environment)
{
    CLEANUP(ext_provider_freep) struct ext_provider *provider = NULL;
    g_autofree char *out = NULL;

    g_setenv("PROVIDER_NEEDS", "this", TRUE);
    write_script("attach", "#!/bin/sh\necho $PROVIDER_NEEDS\npwd\n", 0755);
    provider = find();
    ck_assert(ext_provider_run(provider, EXT_SCRIPT_ATTACH, &call, &out, NULL));
    ck_assert(g_str_has_prefix(out, "this\n/"));
    ck_assert(g_str_has_suffix(out, "/shelf\n"));
}
END_TEST

START_TEST(optional_scripts_may_be_missing)
{
    CLEANUP(ext_provider_freep) struct ext_provider *provider = find();
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(provider->scripts[EXT_SCRIPT_SNAPSHOT]);
    ck_assert(ext_provider_run(provider, EXT_SCRIPT_SNAPSHOT, &call, NULL, &error));
}
END_TEST

START_TEST(failures_are_clear)
{
    CLEANUP(ext_provider_freep) struct ext_provider *provider = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *out = NULL;

    write_script("grow", "#!/bin/sh\necho no room >&2\nexit 1\n", 0755);
    provider = find();
    ck_assert(!ext_provider_run(provider, EXT_SCRIPT_GROW, &call, NULL, &error));
    ck_assert_int_eq(err_class(error), ERR_BLOCK_DEVICE);
    ck_assert_msg(strstr(error->message, "volume vol0: script 'grow' of storage provider 'shelf' "
                                         "failed with exit code 1") != NULL &&
                      g_str_has_suffix(error->message, "\nno room"),
                  "%s", error->message);
    g_clear_error(&error);
    ck_assert(!ext_run("nowhere", EXT_SCRIPT_GROW, &call, &out, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "'nowhere'"));
}
END_TEST

START_TEST(missing_folder_of_logs_is_told)
{
    CLEANUP(ext_provider_freep) struct ext_provider *provider = find();
    g_autoptr(GError) error = NULL;
    g_autofree char *out = NULL;

    ck_assert_int_eq(g_rmdir(path_get(PATH_LOG_ES_DIR)), 0);
    ck_assert(!ext_provider_run(provider, EXT_SCRIPT_CREATE, &call, NULL, &error));
    ck_assert_ptr_nonnull(strstr(error->message, path_get(PATH_LOG_ES_DIR)));
    ck_assert(ext_provider_run(provider, EXT_SCRIPT_ATTACH, &call, &out, NULL));
    ck_assert_int_eq(g_mkdir(path_get(PATH_LOG_ES_DIR), 0755), 0);
}
END_TEST

START_TEST(broken_providers_say_why)
{
    g_autofree char *path = g_build_filename(dir, "detach", NULL);
    CLEANUP(ext_provider_freep) struct ext_provider *provider = NULL;

    ck_assert_int_eq(g_chmod(path, 0644), 0);
    provider = find();
    ck_assert_ptr_nonnull(strstr(provider->problem, "'detach'"));
    g_clear_pointer(&provider, ext_provider_free);
    ck_assert_int_eq(g_unlink(path), 0);
    provider = find();
    ck_assert_ptr_nonnull(strstr(provider->problem, "missing"));
}
END_TEST

START_TEST(answers_of_attach)
{
    struct ext_attached attached;

    ext_attached_parse("/dev/rbd0\nkvm:rbd:pool/x\nXEN-pvm:y\n", &attached);
    ck_assert_str_eq(attached.device, "/dev/rbd0");
    ck_assert_str_eq(ext_attached_uri(&attached, "kvm"), "rbd:pool/x");
    ck_assert_str_eq(ext_attached_uri(&attached, "xen-pvm"), "y");
    ck_assert_ptr_null(ext_attached_uri(&attached, "xen"));
    ext_attached_clear(&attached);
    ext_attached_parse("\nkvm:a\n", &attached);
    ck_assert_ptr_null(attached.device);
    ck_assert_str_eq(ext_attached_uri(&attached, "kvm"), "a");
    ext_attached_clear(&attached);
    ext_attached_parse("\n", &attached);
    ck_assert(attached.device == NULL && attached.uris[0] == NULL);
    ext_attached_clear(&attached);
    ext_attached_parse("", &attached);
    ck_assert(attached.device == NULL && attached.uris[0] == NULL);
    ext_attached_clear(&attached);
}
END_TEST

UNIT_MAIN_FIXTURE("ext", setup, teardown, scripts_find_their_variables,
                  scripts_inherit_the_environment, optional_scripts_may_be_missing,
                  failures_are_clear, missing_folder_of_logs_is_told, broken_providers_say_why,
                  answers_of_attach)
