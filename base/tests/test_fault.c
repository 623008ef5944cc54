#include "base/fault.h"

#include <errno.h>
#include <signal.h>

#include <glib/gstdio.h>

#include "base/fs.h"
#include "base/tests/unit.h"

START_TEST(points_follow_the_setting)
{
    fault_set(NULL);
    ck_assert_int_eq(fault_state, FAULT_OFF);
    ck_assert_int_eq(FAULT_POINT("one"), 0);
    fault_set("one:2=ENOSPC,two:*=EIO,three=delay1");
    ck_assert_int_eq(FAULT_POINT("one"), 0);
    ck_assert_int_eq(FAULT_POINT("one"), ENOSPC);
    ck_assert_int_eq(FAULT_POINT("one"), 0);
    ck_assert_int_eq(FAULT_POINT("two"), EIO);
    ck_assert_int_eq(FAULT_POINT("two"), EIO);
    ck_assert_int_eq(FAULT_POINT("three"), 0);
    ck_assert_int_eq(FAULT_POINT("four"), 0);
}
END_TEST

START_TEST(environment_is_read_at_the_first_point)
{
    g_setenv("GANTRY_FAULT", "one=EIO", TRUE);
    ck_assert_int_eq(fault_state, FAULT_UNREAD);
    ck_assert_int_eq(FAULT_POINT("one"), EIO);
}
END_TEST

START_TEST(abort_is_a_kill)
{
    fault_set("one=abort");
    (void)FAULT_POINT("one");
}
END_TEST

START_TEST(a_wrong_setting_ends_the_process)
{
    static const char *const wrong[] = {"one", "one=EWHAT", "=EIO", "one:0=EIO", "one=delayx"};

    fault_set(wrong[_i]);
}
END_TEST

START_TEST(passed_points_are_listed)
{
    g_autofree char *dir = g_dir_make_tmp(NULL, NULL);
    g_autofree char *path = g_build_filename(dir, "list", NULL);
    g_autofree char *text = NULL;

    g_setenv("GANTRY_FAULT_LIST", path, TRUE);
    fault_set(NULL);
    (void)FAULT_POINT("one");
    (void)FAULT_POINT("two");
    (void)FAULT_POINT("one");
    text = fs_read_file(path, 100, NULL, NULL);
    ck_assert_str_eq(text, "one\ntwo\none\n");
    g_remove(path);
    g_rmdir(dir);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fault");
    TCase *tcase = tcase_create("fault");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tcase, points_follow_the_setting);
    tcase_add_test(tcase, environment_is_read_at_the_first_point);
    tcase_add_test_raise_signal(tcase, abort_is_a_kill, SIGKILL);
    tcase_add_loop_exit_test(tcase, a_wrong_setting_ends_the_process, 2, 0, 5);
    tcase_add_test(tcase, passed_points_are_listed);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
