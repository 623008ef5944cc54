#include "htools/core/repair.h"

#include "base/tests/unit.h"

#define PENDING "ganeti:watcher:autorepair:pending:"
#define RESULT  "ganeti:watcher:autorepair:result:"

static const char *const good[] = {
    PENDING "fix-storage:u1:100:5",
    PENDING "reinstall:u1:100:5+6",
    RESULT "failover:u1:100:success:5",
    RESULT "migrate:u1:100:enoperm:",
};

static const char *const bad[] = {
    "service:dns",
    "ganeti:watcher:autorepair:failover",
    PENDING "fix-storage:u1:100",
    PENDING "fix-storage:u1:soon:5",
    PENDING "repaint:u1:100:5",
    PENDING "fix-storage:u1:100:5+x",
    RESULT "failover:u1:100:5",
    RESULT "failover:u1:100:maybe:5",
};

START_TEST(tags_are_read_and_written)
{
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        struct ht_repair *repair = ht_repair_parse(good[i]);
        g_autofree char *tag = NULL;

        ck_assert_msg(repair != NULL, "%s", good[i]);
        tag = ht_repair_tag(repair);
        ck_assert_str_eq(tag, good[i]);
        ht_repair_free(repair);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        ck_assert_msg(ht_repair_parse(bad[i]) == NULL, "%s", bad[i]);
    }
}
END_TEST

/* The tag that counts and those that go are what the reference makes of the same tags. */
static const struct {
    const char *tags[4];
    enum ht_repair_progress progress;
    const char *tag;         /* NULL: none */
    const char *outdated[3]; /* in order */
} states[] = {
    {{NULL}, HT_PROGRESS_HEALTHY, NULL, {NULL}},
    {{good[0], NULL}, HT_PROGRESS_PENDING, good[0], {NULL}},
    {{good[2], NULL}, HT_PROGRESS_HEALTHY, good[2], {NULL}},
    {{RESULT "failover:u2:50:failure:4", NULL},
     HT_PROGRESS_FAILED,
     RESULT "failover:u2:50:failure:4",
     {NULL}},
    /* The newest success counts, older ones go. */
    {{RESULT "failover:b:200:success:4", RESULT "failover:a:100:success:3", NULL},
     HT_PROGRESS_HEALTHY,
     RESULT "failover:b:200:success:4",
     {RESULT "failover:a:100:success:3"}},
    /* The earliest failure stays, whatever came later. */
    {{RESULT "failover:b:200:success:4", RESULT "failover:a:100:failure:3", NULL},
     HT_PROGRESS_FAILED,
     RESULT "failover:a:100:failure:3",
     {NULL}},
    /* Of one repair a result counts more than that it was pending. */
    {{PENDING "failover:a:300:4", RESULT "failover:a:100:success:4", NULL},
     HT_PROGRESS_HEALTHY,
     RESULT "failover:a:100:success:4",
     {NULL}},
};

START_TEST(states_follow_from_tags)
{
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
        struct ht_instance inst = {.name = "inst", .tags = states[i].tags};
        struct ht_repair_record record;
        guint n = 0;

        inst.n_tags = g_strv_length((char **)states[i].tags);
        ck_assert(ht_repair_read(&inst, &record, NULL));
        ck_assert_int_eq(record.progress, states[i].progress);
        ck_assert(g_strcmp0(record.tag, states[i].tag) == 0);
        for (; states[i].outdated[n] != NULL; n++) {
            ck_assert_str_eq(g_ptr_array_index(record.outdated, n), states[i].outdated[n]);
        }
        ck_assert_uint_eq(record.outdated->len, n);
        ht_repair_record_clear(&record);
    }
}
END_TEST

START_TEST(two_unfinished_repairs_are_an_error)
{
    const char *tags[] = {PENDING "failover:a:100:4", PENDING "failover:b:200:5"};
    struct ht_instance inst = {.name = "inst", .tags = tags, .n_tags = 2};
    struct ht_repair_record record;
    g_autoptr(GError) error = NULL;

    ck_assert(!ht_repair_read(&inst, &record, &error));
    ck_assert(strstr(error->message, "inst") != NULL && strstr(error->message, tags[1]) != NULL);
    ht_repair_record_clear(&record);
}
END_TEST

START_TEST(moving_on_outdates_the_old_tag)
{
    const char *tags[] = {good[0]};
    struct ht_instance inst = {.name = "inst", .tags = tags, .n_tags = 1};
    struct ht_repair_record record;
    struct ht_repair *next = ht_repair_new(HT_REPAIR_FAILOVER, 500);
    g_autofree char *expected = NULL;

    ck_assert(ht_repair_read(&inst, &record, NULL));
    next->ended = true;
    next->result = HT_RESULT_ENOPERM;
    expected = g_strdup_printf(RESULT "failover:%s:500:enoperm:", next->uuid);
    ht_repair_record_move(&record, HT_PROGRESS_NEEDED, next);
    ck_assert_str_eq(record.tag, expected);
    ck_assert_uint_eq(record.outdated->len, 1);
    ck_assert_str_eq(g_ptr_array_index(record.outdated, 0), good[0]);
    ht_repair_record_clear(&record);
}
END_TEST

UNIT_MAIN("repair", tags_are_read_and_written, states_follow_from_tags,
          two_unfinished_repairs_are_an_error, moving_on_outdates_the_old_tag)
