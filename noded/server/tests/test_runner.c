#include "noded/server/runner.h"

#include <signal.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/tests/unit.h"

enum {
    ECHO,
    PID,
    PARENT,
    CRASH,
    LONG, /* answers with as many bytes as the text says, more than a pipe holds */
    LONG_LEN = 300 * 1000,
    WORKERS = 2,
};

static void work(unsigned id, const char *text, size_t len, GString *answer)
{
    g_autofree char *fill = NULL;

    switch (id) {
    case ECHO:
        g_string_append_len(answer, text, (gssize)len);
        break;
    case PID:
        g_string_append_printf(answer, "%d", (int)getpid());
        break;
    case PARENT:
        g_string_append_printf(answer, "%d", (int)getppid());
        break;
    case LONG:
        fill = g_strnfill(LONG_LEN, 'x');
        g_string_append(answer, fill);
        break;
    default:
        (void)raise(SIGKILL);
    }
}

static GPtrArray *answers;
static bool lost;

static void on_lost(void *user G_GNUC_UNUSED)
{
    lost = true;
}

static void done(const char *answer, size_t len, const GError *error, void *user)
{
    ck_assert((answer == NULL) == (error != NULL));
    g_ptr_array_add(answers, answer == NULL ? g_strdup("failed") : g_strndup(answer, len));
    *(unsigned *)user += 1;
}

static struct runner *start(void)
{
    const struct runner_opts opts = {.work = work, .lost = on_lost, .max_workers = WORKERS};
    struct runner *runner = runner_new(&opts, NULL);

    ck_assert_ptr_nonnull(runner);
    answers = g_ptr_array_new_with_free_func(g_free);
    runner_attach(runner);
    return runner;
}

static void wait_for(const unsigned *n, unsigned wanted)
{
    while (*n < wanted) {
        g_main_context_iteration(NULL, TRUE);
    }
}

static void finish(struct runner *runner)
{
    runner_free(runner);
    g_ptr_array_unref(answers);
}

START_TEST(requests_and_answers_of_any_length)
{
    struct runner *runner = start();
    g_autofree char *text = g_strnfill(LONG_LEN, 'y');
    unsigned n = 0;

    runner_submit(runner, ECHO, "", 0, done, &n);
    wait_for(&n, 1);
    runner_submit(runner, ECHO, text, LONG_LEN, done, &n);
    wait_for(&n, 2);
    runner_submit(runner, LONG, "", 0, done, &n);
    wait_for(&n, 3);
    ck_assert_str_eq(g_ptr_array_index(answers, 0), "");
    ck_assert_str_eq(g_ptr_array_index(answers, 1), text);
    ck_assert_uint_eq(strlen(g_ptr_array_index(answers, 2)), LONG_LEN);
    ck_assert_uint_eq(runner_busy(runner), 0);
    finish(runner);
}
END_TEST

START_TEST(each_has_a_process_of_its_own)
{
    struct runner *runner = start();
    g_autofree char *own = g_strdup_printf("%d", (int)getpid());
    unsigned n = 0;

    runner_submit(runner, PID, "", 0, done, &n);
    wait_for(&n, 1);
    runner_submit(runner, PID, "", 0, done, &n);
    wait_for(&n, 2);
    ck_assert_str_ne(g_ptr_array_index(answers, 0), own);
    ck_assert_str_ne(g_ptr_array_index(answers, 0), g_ptr_array_index(answers, 1));
    finish(runner);
}
END_TEST

START_TEST(a_crash_costs_its_own_call)
{
    struct runner *runner = start();
    unsigned n = 0;

    runner_submit(runner, CRASH, "", 0, done, &n);
    wait_for(&n, 1);
    runner_submit(runner, ECHO, "still here", strlen("still here"), done, &n);
    wait_for(&n, 2);
    ck_assert_str_eq(g_ptr_array_index(answers, 0), "failed");
    ck_assert_str_eq(g_ptr_array_index(answers, 1), "still here");
    finish(runner);
}
END_TEST

START_TEST(more_than_may_run_wait_in_order)
{
    enum { N = 50 };
    struct runner *runner = start();
    unsigned n = 0;

    for (int i = 0; i < N; i++) {
        runner_submit(runner, ECHO, "x", 1, done, &n);
    }
    ck_assert_uint_eq(runner_busy(runner), N);
    ck_assert_uint_eq(n, 0);
    wait_for(&n, N);
    ck_assert_uint_eq(runner_busy(runner), 0);
    finish(runner);
}
END_TEST

START_TEST(the_end_of_the_runner_is_noticed)
{
    struct runner *runner = start();
    unsigned n = 0;
    gint64 parent;

    runner_submit(runner, PARENT, "", 0, done, &n);
    wait_for(&n, 1);
    parent = g_ascii_strtoll(g_ptr_array_index(answers, 0), NULL, 10);
    ck_assert_int_gt(parent, 1);
    ck_assert_int_eq(kill((pid_t)parent, SIGKILL), 0);
    while (!lost) {
        g_main_context_iteration(NULL, TRUE);
    }
    runner_submit(runner, ECHO, "", 0, done, &n);
    wait_for(&n, 2);
    ck_assert_str_eq(g_ptr_array_index(answers, 1), "failed");
    finish(runner);
}
END_TEST

UNIT_MAIN("runner", requests_and_answers_of_any_length, each_has_a_process_of_its_own,
          a_crash_costs_its_own_call, more_than_may_run_wait_in_order,
          the_end_of_the_runner_is_noticed)
