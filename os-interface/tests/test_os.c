/* Definitions and the environment of their scripts. The golden file was compared with the
 * environment that lib/backend.py OSEnvironment makes of the same instance (tests/from-reference).
 */
#include <string.h>
#include <sys/stat.h>

#include <glib/gstdio.h>

#include "base/fs-tree.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/tests/golden.h"
#include "base/tests/unit.h"
#include "facts/codec.h"
#include "os-interface/environment.h"

static char *top, *dir;

static void write_file(const char *name, const char *text, mode_t mode)
{
    const struct fs_write_opts opts = {.mode = mode};
    g_autofree char *path = g_build_filename(dir, name, NULL);

    ck_assert(fs_write_atomic(path, text, strlen(text), &opts, NULL));
}

/* A good definition of API 20 with two variants and two parameters. */
static void setup(void)
{
    static const char *const scripts[] = {"create", "import", "export", "rename", "verify"};

    top = g_build_filename(g_getenv("TEST_TMPDIR"), "os", NULL);
    dir = g_build_filename(top, "sample", NULL);
    ck_assert_int_eq(g_mkdir_with_parents(dir, 0755), 0);
    write_file("ganeti_api_version", "15\n20\n", 0644);
    write_file("variants.list", "# comment\nfirst\n\n second\n", 0644);
    write_file("parameters.list", "size How large\ntoken A secret\n", 0644);
    for (size_t i = 0; i < G_N_ELEMENTS(scripts); i++) {
        write_file(scripts[i], "#!/bin/sh\n", 0755);
    }
}

static void teardown(void)
{
    ck_assert(fs_remove_tree(top, NULL));
    g_clear_pointer(&top, g_free);
    g_clear_pointer(&dir, g_free);
}

static struct os_definition *find(void)
{
    const char *const dirs[] = {"/nonexistent", top, NULL};

    return os_definition_find("sample", dirs);
}

static void expect_problem(const char *part)
{
    CLEANUP(os_definition_freep) struct os_definition *os = find();

    ck_assert_msg(os->problem != NULL && strstr(os->problem, part) != NULL, "%s: %s", part,
                  os->problem);
}

static void remove_file(const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);

    ck_assert_int_eq(g_unlink(path), 0);
}

START_TEST(good_definition)
{
    CLEANUP(os_definition_freep) struct os_definition *os = find();

    ck_assert_msg(os->problem == NULL, "%s", os->problem);
    ck_assert_int_eq(os_definition_api(os), 20);
    ck_assert_uint_eq(g_strv_length(os->variants), 2);
    ck_assert_str_eq(os->variants[1], "second");
    ck_assert_uint_eq(os->parameters.n, 2);
    ck_assert_ptr_nonnull(os->scripts[OS_VERIFY]);
    ck_assert_ptr_null(os->scripts[OS_CREATE_UNTRUSTED]);
    ck_assert(os_definition_check_variant(os, "sample+second", NULL));
    ck_assert(!os_definition_check_variant(os, "sample+third", NULL));
    ck_assert(!os_definition_check_variant(os, "sample", NULL));
}
END_TEST

START_TEST(bad_definitions_say_why)
{
    write_file("ganeti_api_version", "x\n", 0644);
    expect_problem("'x'");
    write_file("ganeti_api_version", "5\n", 0644);
    expect_problem("10, 15, 20");
    write_file("ganeti_api_version", "20\n", 0644);
    write_file("import", "", 0644);
    expect_problem("not executable");
    remove_file("import");
    expect_problem("'import' is missing");
    write_file("import", "", 0755);
    remove_file("verify");
    expect_problem("'verify' is missing");
    /* Older interfaces need neither. */
    write_file("ganeti_api_version", "10\n", 0644);
    remove_file("parameters.list");
    {
        CLEANUP(os_definition_freep) struct os_definition *os = find();

        ck_assert_msg(os->problem == NULL, "%s", os->problem);
        ck_assert_ptr_null(os->variants[0]);
    }
    remove_file("create");
    expect_problem("no script 'create'");
    write_file("create_untrusted", "", 0755);
    {
        CLEANUP(os_definition_freep) struct os_definition *os = find();

        ck_assert_msg(os->problem == NULL, "%s", os->problem);
        ck_assert_ptr_null(os->scripts[OS_CREATE]);
    }
}
END_TEST

static char *dump(const struct script_env *env)
{
    g_autofree const char **names = script_env_names(env);
    GString *text = g_string_new(NULL);

    for (const char **name = names; *name != NULL; name++) {
        g_string_append_printf(text, "%s=%s\n", *name, script_env_get(env, *name));
    }
    return g_string_free(text, FALSE);
}

static void *decode(const struct fact_object *object, struct json *tree)
{
    g_autoptr(GError) error = NULL;
    void *value = fact_object_decode(object, tree, NULL, &error);

    ck_assert_msg(value != NULL, "%s", error != NULL ? error->message : "");
    return value;
}

/* The instance of the golden file, as a master of 3.0.2 sends it. */
START_TEST(environment_equals_the_reference)
{
    CLEANUP(os_definition_freep) struct os_definition *os = find();
    g_autofree char *path = golden_path("os-interface/tests/data/instance.json");
    g_autofree char *text = fs_read_file(path, 1024 * 1024, NULL, NULL);
    CLEANUP(json_unrefp) struct json *tree = NULL;
    CLEANUP(script_env_freep) struct script_env *env = NULL;
    struct instance *instance;
    struct disk_list disks = {NULL, 0};
    struct os_disk views[2];
    g_autofree char *found = NULL;
    g_autoptr(GError) error = NULL;

    ck_assert(json_parse(text, -1, &tree, &error));
    instance = decode(&fact_object_instance, tree);
    ck_assert(fact_decode(&type_disk_list, json_get(tree, "disks_info"), &disks, NULL, &error));
    ck_assert_uint_eq(disks.n, 2);
    views[0] = (struct os_disk){.disk = &disks.v[0], .path = "/srv/disk0"};
    views[1] = (struct os_disk){.disk = &disks.v[1], .path = "/dev/rbd1", .uri = "rbd:rbd/x"};
    env = os_env_new(&(struct os_target){.os = os,
                                         .full_name = instance->os,
                                         .debug = 1,
                                         .params = &instance->osparams,
                                         .private_params = &instance->osparams_private,
                                         .instance = instance,
                                         .disks = views,
                                         .n_disks = 2},
                     &error);
    ck_assert_msg(env != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_str_eq(os_env_disk_path(env, 0), "/srv/disk0");
    ck_assert_str_eq(os_env_disk_uri(env, 1), "rbd:rbd/x");
    ck_assert_ptr_null(os_env_disk_uri(env, 0));
    found = dump(env);
    golden_check("os-interface/tests/golden/environment.txt", found);
    fact_clear(&type_disk_list, &disks);
    fact_object_free(&fact_object_instance, instance);
}
END_TEST

START_TEST(core_environment_alone)
{
    CLEANUP(os_definition_freep) struct os_definition *os = find();
    CLEANUP(script_env_freep)
    struct script_env *env = os_env_new(&(struct os_target){.os = os, .full_name = "sample"}, NULL);
    g_autofree char *found = dump(env);

    ck_assert_str_eq(found, "DEBUG_LEVEL=0\nOS_API_VERSION=20\nOS_NAME=sample\n"
                            "OS_VARIANT=first\nPATH=/sbin:/bin:/usr/sbin:/usr/bin\n");
}
END_TEST

UNIT_MAIN_FIXTURE("os", setup, teardown, good_definition, bad_definitions_say_why,
                  environment_equals_the_reference, core_environment_alone)
