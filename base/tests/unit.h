/* The main function of every unit test program: UNIT_MAIN("name", test, test, ...), tests made with
 * START_TEST. UNIT_MAIN_FIXTURE("name", setup, teardown, test, ...) runs both around each test. */
#ifndef GANTRY_BASE_TESTS_UNIT_H
#define GANTRY_BASE_TESTS_UNIT_H

#include <check.h>
#include <glib.h>

/* A test may take this many seconds before Check ends it. */
enum { UNIT_TIMEOUT = 60 };

static inline int unit_run(const char *name, SFun setup, SFun teardown, const TTest *const *tests,
                           size_t n)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, UNIT_TIMEOUT);
    tcase_add_checked_fixture(tcase, setup, teardown);
    for (size_t i = 0; i < n; i++) {
        tcase_add_test(tcase, tests[i]);
    }
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}

#define UNIT_MAIN_FIXTURE(name, setup, teardown, ...)                                              \
    int main(void)                                                                                 \
    {                                                                                              \
        const TTest *const tests[] = {__VA_ARGS__};                                                \
                                                                                                   \
        return unit_run(name, setup, teardown, tests, G_N_ELEMENTS(tests));                        \
    }

#define UNIT_MAIN(name, ...) UNIT_MAIN_FIXTURE(name, NULL, NULL, __VA_ARGS__)

#endif
