/* The core of the configuration daemon: what is answered when. */
#include "config.h"

#include "compat-config/wconfd/core/core.h"

#include <string.h>

#include "base/json.h"
#include "base/tests/unit.h"
#include "compat-config/store/store.h"
#include "compat-config/wconfd/core/reservations.h"
#include "facts/codec.h"
#include "facts/errors.h"

/* A call and what came of it. */
struct probe {
    struct wconfd_call call; /* first */
    GString *text;
    struct json_writer w;
    bool finished, failed;
};

static struct wconfd_core *core;
static struct {
    int config_writes, lock_writes, reservation_writes, rounds, woken;
    bool disk_full;
    uint64_t ticket;
    char *group;
    char *locks, *reservations;
} seen;
static GPtrArray *probes;

static bool save_config(const struct cfg *cfg, void *user, GError **errp)
{
    (void)cfg;
    (void)user;
    if (seen.disk_full) {
        return err_fail(errp, ERR_GENERIC, ECODE_NONE, "no space");
    }
    seen.config_writes++;
    return true;
}

static void save_locks(const GString *text, void *user)
{
    (void)user;
    seen.lock_writes++;
    g_free(seen.locks);
    seen.locks = g_strdup(text->str);
}

static void save_reservations(const GString *text, void *user)
{
    (void)user;
    seen.reservation_writes++;
    g_free(seen.reservations);
    seen.reservations = g_strdup(text->str);
}

static void distribute(const struct cfg *cfg, const char *group, uint64_t ticket, void *user)
{
    (void)cfg;
    (void)user;
    seen.rounds++;
    seen.ticket = ticket;
    g_free(seen.group);
    seen.group = g_strdup(group);
}

static void wake(const struct client_id *client, void *user)
{
    (void)client;
    (void)user;
    seen.woken++;
}

static const struct wconfd_host host = {.save_config = save_config,
                                        .save_locks = save_locks,
                                        .save_reservations = save_reservations,
                                        .distribute = distribute,
                                        .wake = wake};

static void setup(void)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_load(TEST_DATA "/cluster-3.0.json", &error);

    ck_assert_ptr_nonnull(cfg);
    memset(&seen, 0, sizeof seen);
    core = wconfd_core_new(cfg, "/own", &host);
    probes = g_ptr_array_new();
}

static void teardown(void)
{
    wconfd_core_free(core);
    for (guint i = 0; i < probes->len; i++) {
        struct probe *probe = g_ptr_array_index(probes, i);

        g_string_free(probe->text, TRUE);
        g_free(probe);
    }
    g_ptr_array_free(probes, TRUE);
    g_free(seen.group);
    g_free(seen.locks);
    g_free(seen.reservations);
}

static void finish(struct wconfd_call *call, const GError *error)
{
    struct probe *probe = (struct probe *)call;

    ck_assert(!probe->finished);
    probe->finished = true;
    probe->failed = error != NULL;
    if (error != NULL) {
        g_string_assign(probe->text, error->message);
    }
}

static struct probe *begin(const char *method, const char *args)
{
    struct probe *probe = g_new0(struct probe, 1);
    CLEANUP(json_unrefp) struct json *json = NULL;
    g_autofree char *list = g_strdelimit(g_strdup(args), "'", '"');

    ck_assert(json_parse(list, -1, &json, NULL));
    probe->text = g_string_new(NULL);
    probe->w = json_writer_init(probe->text, JSON_COMPACT);
    probe->call.result = &probe->w;
    probe->call.finish = finish;
    g_ptr_array_add(probes, probe);
    wconfd_core_begin(core, &probe->call, method, json);
    return probe;
}

static const char *ask(const char *method, const char *args)
{
    struct probe *probe = begin(method, args);

    wconfd_core_settle(core);
    ck_assert_msg(probe->finished, "%s is not answered", method);
    return probe->text->str;
}

#define JOB_7 "[7,'/l/7',70]"
#define JOB_8 "[8,'/l/8',80]"
#define JOB_9 "[9,'/l/9',90]"

START_TEST(one_write_for_many)
{
    struct probe *ports[3];

    for (size_t i = 0; i < 3; i++) {
        ports[i] = begin("allocatePort", "[]");
        ck_assert(!ports[i]->finished);
    }
    ck_assert_int_eq(seen.config_writes, 0);
    wconfd_core_settle(core);
    ck_assert_int_eq(seen.config_writes, 1);
    for (size_t i = 0; i < 3; i++) {
        ck_assert(ports[i]->finished && !ports[i]->failed);
    }
    ck_assert_str_ne(ports[0]->text->str, ports[1]->text->str);
    ck_assert_int_eq(seen.rounds, 1);
    wconfd_core_settle(core);
    ck_assert_int_eq(seen.config_writes, 1);
}
END_TEST

/* Who reads what is not on disk yet waits for that too, and fails with it. */
START_TEST(a_write_that_fails)
{
    int64_t serial = cfg_serial(wconfd_core_config(core));
    struct probe *port, *reader, *lock;

    seen.disk_full = true;
    port = begin("allocatePort", "[]");
    reader = begin("readConfig", "[]");
    lock = begin("tryUpdateLocks", "[" JOB_7 ",[['node/a','shared']]]");
    ck_assert(!reader->finished);
    wconfd_core_settle(core);
    ck_assert(port->failed && reader->failed);
    ck_assert_ptr_nonnull(strstr(port->text->str, "no space"));
    ck_assert(lock->finished && !lock->failed);
    ck_assert_int_eq(cfg_serial(wconfd_core_config(core)), serial);
    seen.disk_full = false;
    (void)ask("allocatePort", "[]");
    ck_assert_int_eq(cfg_serial(wconfd_core_config(core)), serial + 1);
}
END_TEST

START_TEST(flushing_waits_for_the_nodes)
{
    struct probe *flush = begin("flushConfigGroup", "['some-group']");

    wconfd_core_settle(core);
    ck_assert(!flush->finished);
    ck_assert_int_eq(seen.config_writes, 1);
    ck_assert_str_eq(seen.group, "some-group");
    wconfd_core_distributed(core, seen.ticket);
    ck_assert(flush->finished);
    /* Two groups at once: everywhere. */
    (void)begin("flushConfigGroup", "['a']");
    (void)begin("flushConfigGroup", "['b']");
    wconfd_core_settle(core);
    ck_assert_ptr_null(seen.group);
    wconfd_core_distributed(core, seen.ticket);
}
END_TEST

START_TEST(late_answers)
{
    struct probe *second, *third, *stop;

    ck_assert_str_eq(ask("gantryWaitLocks", "[" JOB_7 ",0,[['node/a','exclusive']],null]"), "true");
    second = begin("gantryWaitLocks", "[" JOB_8 ",0,[['node/a','exclusive']],null]");
    third = begin("gantryWaitLocks", "[" JOB_9 ",0,[['node/a','shared']],null]");
    wconfd_core_settle(core);
    ck_assert(!second->finished && !third->finished);
    ck_assert_str_eq(ask("freeLocks", "[" JOB_7 "]"), "[]");
    ck_assert(second->finished && !third->finished);
    ck_assert_str_eq(second->text->str, "true");
    stop = begin("gantryStopWaiting", "[" JOB_9 "]");
    wconfd_core_settle(core);
    ck_assert_str_eq(stop->text->str, "true");
    ck_assert_str_eq(third->text->str, "false");
    ck_assert_str_eq(ask("gantryStopWaiting", "[" JOB_8 "]"), "false");
    ck_assert_int_eq(seen.woken, 0);
}
END_TEST

/* A granted lock is on disk before its owner hears of it. */
START_TEST(grants_are_written_first)
{
    struct probe *waiter;

    (void)ask("tryUpdateLocks", "[" JOB_7 ",[['node/a','exclusive']]]");
    waiter = begin("gantryWaitLocks", "[" JOB_8 ",0,[['node/a','shared']],null]");
    wconfd_core_settle(core);
    (void)begin("freeLocks", "[" JOB_7 "]");
    ck_assert(!waiter->finished);
    wconfd_core_settle(core);
    ck_assert(waiter->finished);
    ck_assert_str_eq(seen.locks, "[[[[8,\"/l/8\",80],[[\"node/a\",\"shared\"]]]],[]]");
}
END_TEST

START_TEST(the_reference_s_jobs_are_woken)
{
    (void)ask("tryUpdateLocks", "[" JOB_7 ",[['node/a','exclusive']]]");
    ck_assert_str_eq(ask("updateLocksWaiting", "[" JOB_8 ",0,[['node/a','shared']]]"),
                     "[[7,\"/l/7\",70]]");
    (void)ask("freeLocks", "[" JOB_7 "]");
    ck_assert_int_eq(seen.woken, 1);
}
END_TEST

START_TEST(who_goes_gives_back)
{
    struct client_id gone = {.lock_file = (char *)"/l/7", .pid = 70};
    struct probe *waiter;

    gone.client = json_new_int(7);
    gone.has.client = gone.has.lock_file = gone.has.pid = true;
    (void)ask("tryUpdateLocks", "[" JOB_7 ",[['node/a','exclusive']]]");
    (void)ask("reserveMAC", "[" JOB_7 ",'00:00:00:00:00:01']");
    waiter = begin("gantryWaitLocks", "[" JOB_8 ",0,[['node/a','shared']],null]");
    wconfd_core_settle(core);
    ck_assert(wconfd_core_client_died(core, &gone));
    ck_assert(!wconfd_core_client_died(core, &gone));
    wconfd_core_settle(core);
    ck_assert_str_eq(waiter->text->str, "true");
    ck_assert_ptr_null(strstr(seen.reservations, "00:00:00:00:00:01"));
    json_unref(gone.client);
}
END_TEST

START_TEST(a_caller_that_goes_waits_no_more)
{
    struct probe *waiter;

    (void)ask("tryUpdateLocks", "[" JOB_7 ",[['node/a','exclusive']]]");
    waiter = begin("gantryWaitLocks", "[" JOB_8 ",0,[['node/a','shared']],null]");
    wconfd_core_settle(core);
    wconfd_core_cancel(core, &waiter->call);
    ck_assert_str_eq(ask("hasPendingRequest", "[" JOB_8 "]"), "false");
    (void)ask("freeLocks", "[" JOB_7 "]");
    ck_assert_str_eq(ask("listLocks", "[" JOB_8 "]"), "[]");
    ck_assert(!waiter->finished);
}
END_TEST

/* A job of the reference changes all of the configuration; ours wait until it is done. */
START_TEST(the_lock_of_the_configuration)
{
    struct probe *commit;
    g_autofree char *config = NULL, *args = NULL;

    config = g_strdup(ask("lockConfig", "[" JOB_7 ",false]"));
    ck_assert_int_eq(config[0], '{');
    ck_assert_str_eq(ask("lockConfig", "[" JOB_8 ",true]"), "null");
    ck_assert_str_eq(ask("allocatePort", "[]"), "null");
    ck_assert_str_eq(ask("removeInstance", "['x']"), "false");
    commit = begin("gantryCommit", "[" JOB_9 ",0,0,[]]");
    wconfd_core_settle(core);
    ck_assert(!commit->finished);
    args = g_strdup_printf("[[7,\"/l/7\",70],%s]", config);
    ck_assert_str_eq(ask("writeConfigAndUnlock", args), "true");
    wconfd_core_settle(core);
    ck_assert(commit->finished);
    ck_assert_msg(!commit->failed, "%s", commit->text->str);
}
END_TEST

START_TEST(reservations_survive)
{
    struct reservations *again = reservations_new();
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    (void)ask("reserveMAC", "[" JOB_7 ",'00:00:00:00:00:01']");
    (void)ask("reserveLV", "[" JOB_8 ",'xenvg/a']");
    (void)ask("allocateDRBDMinor", "['disk',['node-x','node-y']]");
    ck_assert(reservations_load(again, seen.reservations, strlen(seen.reservations), &error));
    reservations_save(again, text);
    ck_assert_str_eq(text->str, seen.reservations);
    ck_assert_str_eq(text->str,
                     "{\"dRBD\":[[\"node-x\",[[0,\"disk\"]]],[\"node-y\",[[0,\"disk\"]]]],"
                     "\"mACs\":[[[7,\"/l/7\",70],[\"00:00:00:00:00:01\"]]],\"dRBDSecrets\":[],"
                     "\"lVs\":[[[8,\"/l/8\",80],[\"xenvg/a\"]]],\"iPv4s\":[]}");
    ck_assert(!reservations_load(again, "{}", 2, &error));
    reservations_free(again);
}
END_TEST

START_TEST(bad_calls)
{
    ck_assert_ptr_nonnull(strstr(ask("noSuchMethod", "[]"), "No such method"));
    ck_assert_ptr_nonnull(strstr(ask("listLocks", "['x']"), "listLocks"));
    ck_assert_ptr_nonnull(strstr(ask("tryUpdateLocks", "[" JOB_7 ",[['x','shared']]]"), "'x'"));
    ck_assert_ptr_nonnull(
        strstr(ask("writeConfig", "[" JOB_7 ",{}]"), "lock on the configuration missing"));
}
END_TEST

UNIT_MAIN_FIXTURE("wconfd core", setup, teardown, one_write_for_many, a_write_that_fails,
                  flushing_waits_for_the_nodes, late_answers, grants_are_written_first,
                  the_reference_s_jobs_are_woken, who_goes_gives_back,
                  a_caller_that_goes_waits_no_more, the_lock_of_the_configuration,
                  reservations_survive, bad_calls)
