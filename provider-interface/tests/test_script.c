/* Scripts that succeed, fail, hang and print garbage. */
#include <string.h>
#include <sys/stat.h>

#include <glib/gstdio.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "facts/codec.h"
#include "provider-interface/provider.h"
#include "provider-interface/script.h"

static char *dir;

static void setup(void)
{
    dir = g_build_filename(g_getenv("TEST_TMPDIR"), "provider", NULL);
    ck_assert_int_eq(g_mkdir_with_parents(dir, 0755), 0);
}

static void teardown(void)
{
    g_clear_pointer(&dir, g_free);
}

static char *write_file(const char *name, const char *text, mode_t mode)
{
    const struct fs_write_opts opts = {.mode = mode};
    char *path = g_build_filename(dir, name, NULL);

    ck_assert(fs_write_atomic(path, text, strlen(text), &opts, NULL));
    return path;
}

/* The output, or the error in brackets. */
static char *run(const char *text, const struct script_env *env, const char *log, unsigned timeout)
{
    g_autofree char *path = write_file("script", text, 0755);
    g_autoptr(GError) error = NULL;
    char *out = NULL;
    bool ok = script_run(&(struct script){.what = "script 'x'",
                                          .path = path,
                                          .dir = dir,
                                          .env = env,
                                          .log = log,
                                          .timeout = timeout},
                         &out, &error);

    ck_assert(ok == (error == NULL));
    return ok ? out : g_strdup_printf("[%s]", error->message);
}

START_TEST(environment_is_all_there_is)
{
    CLEANUP(script_env_freep) struct script_env *env = script_env_new();
    g_autofree char *out = NULL, *expected = g_strdup_printf("A=1\nB=zwei\n%s\n", dir);

    script_env_set(env, "B", "zwei");
    script_env_set(env, "A", "0");
    script_env_set(env, "A", "1");
    script_env_set(env, "C", NULL);
    g_setenv("LEAK", "yes", TRUE);
    out = run("#!/bin/sh\n/usr/bin/env | /usr/bin/grep -E '^(A|B|C|LEAK|LC_ALL)=' | "
              "/usr/bin/sort\npwd\n",
              env, NULL, 0);
    ck_assert_str_eq(out, expected);
}
END_TEST

START_TEST(failure_shows_the_end_of_the_log)
{
    CLEANUP(script_env_freep) struct script_env *env = script_env_new();
    g_autofree char *log = g_build_filename(dir, "log", NULL);
    g_autofree char *out = NULL, *expected = NULL;

    script_env_set(env, "OSP_SECRET", "geheim");
    out = run("#!/bin/sh\ni=0; while [ $i -lt 40 ]; do echo line $i; i=$((i+1)); done\n"
              "printf 'bell \\007\\n' >&2; exit 3\n",
              env, log, 0);
    expected =
        g_strdup_printf("[script 'x' failed with exit code 3, last lines of %s:\nline 21\n", log);
    ck_assert_msg(g_str_has_prefix(out, expected), "%s", out);
    ck_assert_msg(g_str_has_suffix(out, "line 39\nbell \\x07]"), "%s", out);
    ck_assert_ptr_null(strstr(out, "geheim"));
}
END_TEST

START_TEST(failure_without_output_says_so)
{
    CLEANUP(script_env_freep) struct script_env *env = script_env_new();
    g_autofree char *out = run("#!/bin/sh\nexit 1\n", env, NULL, 0);
    g_autofree char *text = run("#!/bin/sh\necho why\nexit 1\n", env, NULL, 0);

    ck_assert_str_eq(out, "[script 'x' failed with exit code 1, without output]");
    ck_assert_str_eq(text, "[script 'x' failed with exit code 1, last lines of its output:\nwhy]");
}
END_TEST

START_TEST(hanging_script_ends_with_all_it_started)
{
    CLEANUP(script_env_freep) struct script_env *env = script_env_new();
    g_autofree char *pid_file = g_build_filename(dir, "pid", NULL);
    g_autofree char *out = NULL, *pid = NULL, *proc = NULL, *alive = NULL;

    out = run("#!/bin/sh\n/bin/sleep 1000 & echo $! > pid; echo waiting; wait\n", env, NULL, 1);
    ck_assert_str_eq(out, "[script 'x' was ended after the timeout of 1.00 seconds, last lines of "
                          "its output:\nwaiting]");
    pid = fs_read_file(pid_file, 100, NULL, NULL);
    ck_assert_ptr_nonnull(pid);
    proc = g_strdup_printf("/proc/%s/cmdline", g_strstrip(pid));
    ck_assert_msg(!g_file_get_contents(proc, &alive, NULL, NULL) || *alive == '\0', "%s", alive);
}
END_TEST

START_TEST(wrong_names_of_variables_are_refused)
{
    CLEANUP(script_env_freep) struct script_env *env = script_env_new();
    g_autofree char *out = NULL;

    script_env_set(env, "A=B", "x");
    out = run("#!/bin/sh\n", env, NULL, 0);
    ck_assert_msg(strstr(out, "'A=B'") != NULL, "%s", out);
}
END_TEST

START_TEST(logs_have_names)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = script_log_path(dir, &error, "add", "noop+default", "inst1", NULL);

    ck_assert_msg(g_str_has_prefix(path + strlen(dir), "/add-noop+default-inst1-20"), "%s", path);
    ck_assert(g_str_has_suffix(path, ".log"));
    ck_assert_ptr_null(script_log_path("/nonexistent", NULL, "add", NULL));
    ck_assert_ptr_null(script_log_path(dir, &error, "add", "../x", NULL));
    ck_assert_ptr_nonnull(strstr(error->message, "../x"));
}
END_TEST

START_TEST(values_are_what_python_prints)
{
    static const struct {
        const char *json, *text;
    } rows[] = {{"null", "None"},
                {"true", "True"},
                {"false", "False"},
                {"12", "12"},
                {"1795210226.984469", "1795210226.984469"},
                {"1.0", "1.0"},
                {"\"\"", ""},
                {"\"a b\"", "a b"}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        CLEANUP(json_unrefp) struct json *tree = NULL;
        g_autofree char *text = NULL;

        ck_assert(json_parse(rows[i].json, -1, &tree, NULL));
        text = script_json_text(tree);
        ck_assert_str_eq(text, rows[i].text);
    }
}
END_TEST

START_TEST(files_are_checked)
{
    g_autofree char *plain = write_file("plain", "a first\n\n  b\n", 0644);
    g_autofree char *found = NULL, *none = NULL, *problem = NULL;
    struct provider_parameters parameters = {NULL, 0};

    ck_assert(provider_check_file(dir, "plain", PROVIDER_FILE_REQUIRED, &found, &problem));
    ck_assert_str_eq(found, plain);
    ck_assert(!provider_check_file(dir, "plain", PROVIDER_FILE_SCRIPT, &none, &problem));
    ck_assert_ptr_nonnull(strstr(problem, "not executable"));
    g_clear_pointer(&problem, g_free);
    ck_assert(provider_check_file(dir, "other", 0, &none, &problem) && none == NULL);
    ck_assert(!provider_check_file(dir, "other", PROVIDER_FILE_REQUIRED, &none, &problem));
    g_clear_pointer(&problem, g_free);
    ck_assert(!provider_check_file(dir, ".", 0, &none, &problem));
    g_clear_pointer(&problem, g_free);
    ck_assert(provider_read_parameters(dir, "plain", &parameters, &problem));
    ck_assert_uint_eq(parameters.n, 3);
    ck_assert_str_eq(parameters.v[0].name, "a");
    ck_assert_str_eq(parameters.v[0].help, "first");
    ck_assert_ptr_null(parameters.v[1].name);
    ck_assert(provider_has_parameter(&parameters, "b"));
    ck_assert(!provider_has_parameter(&parameters, "first"));
    provider_parameters_clear(&parameters);
}
END_TEST

START_TEST(folders_are_found_by_plain_names)
{
    g_autofree char *parent = g_path_get_dirname(dir);
    const char *const dirs[] = {"/nonexistent", parent, NULL};
    g_autofree char *found = provider_find_dir("provider", dirs);

    ck_assert_str_eq(found, dir);
    ck_assert_ptr_null(provider_find_dir("../provider", dirs));
    ck_assert_ptr_null(provider_find_dir("", dirs));
    ck_assert_ptr_null(provider_find_dir("none", dirs));
}
END_TEST

UNIT_MAIN_FIXTURE("script", setup, teardown, environment_is_all_there_is,
                  failure_shows_the_end_of_the_log, failure_without_output_says_so,
                  hanging_script_ends_with_all_it_started, wrong_names_of_variables_are_refused,
                  logs_have_names, values_are_what_python_prints, files_are_checked,
                  folders_are_found_by_plain_names)
