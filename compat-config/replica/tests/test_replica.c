/* The replica and the methods of the configuration daemon, over a file. */
#include "config.h"

#include "compat-config/replica/replica.h"

#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "compat-config/store/store.h"
#include "facts/codec.h"
#include "facts/errors.h"

static char *path;
static struct client_id *self;
static struct wconfd_client *client;

static void copy_data(void)
{
    g_autoptr(GError) error = NULL;
    size_t len;
    g_autofree char *text =
        fs_read_file(TEST_DATA "/cluster-3.0.json", 64 * 1024 * 1024, &len, &error);

    ck_assert_msg(text != NULL, "%s", error == NULL ? "" : error->message);
    ck_assert(fs_write_atomic(path, text, len, NULL, &error));
}

static void setup(void)
{
    g_autoptr(GError) error = NULL;

    path = g_build_filename(g_getenv("TEST_TMPDIR"), "config.data", NULL);
    copy_data();
    self = wconfd_identity(7, NULL, "/nowhere/job_7");
    client = wconfd_client_local(path, NULL, self, &error);
    ck_assert_msg(client != NULL, "%s", error == NULL ? "" : error->message);
}

static void teardown(void)
{
    fault_set(NULL);
    wconfd_client_free(client);
    fact_object_free(&fact_object_client_id, self);
    g_free(path);
}

static const struct cfg *load(void)
{
    g_autoptr(GError) error = NULL;
    const struct cfg *cfg = cfg_load(path, &error);

    ck_assert_msg(cfg != NULL, "%s", error == NULL ? "" : error->message);
    return cfg;
}

START_TEST(a_commit_is_on_disk)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(cfg_replica_freep) struct cfg_replica *replica = cfg_replica_new(NULL, client, &error);
    CLEANUP(cfg_unrefp) const struct cfg *before = cfg_ref(cfg_replica_get(replica));
    CLEANUP(cfg_unrefp) const struct cfg *disk = NULL;
    const struct node *node = cfg_node_at(before, 0);
    struct cfg_txn *txn = cfg_replica_begin(replica, &error);

    cfg_txn_edit_node(txn, node->uuid)->offline = true;
    ck_assert_msg(cfg_replica_commit(replica, txn, &error), "%s", error ? error->message : "");
    ck_assert(cfg_node_get(cfg_replica_get(replica), node->uuid)->offline);
    ck_assert_int_eq(cfg_node_get(cfg_replica_get(replica), node->uuid)->serial_no,
                     node->serial_no + 1);
    ck_assert_int_eq(cfg_serial(cfg_replica_get(replica)), cfg_serial(before) + 1);
    disk = load();
    ck_assert(cfg_equal(disk, cfg_replica_get(replica)));
    /* What was not edited is the same object still. */
    ck_assert_ptr_eq(cfg_cluster(before), cfg_cluster(cfg_replica_get(replica)));
    ck_assert_ptr_eq(cfg_instance_at(before, 0), cfg_instance_at(cfg_replica_get(replica), 0));
}
END_TEST

START_TEST(adding_and_removing)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(cfg_replica_freep) struct cfg_replica *replica = cfg_replica_new(NULL, client, &error);
    const struct cfg *cfg = cfg_replica_get(replica);
    int64_t cluster_serial = cfg_cluster(cfg)->serial_no;
    struct node_group *group = fact_object_copy(&fact_object_node_group, cfg_group_at(cfg, 0));
    struct cfg_txn *txn = cfg_replica_begin(replica, &error);

    g_free(group->uuid);
    g_free(group->name);
    group->uuid = g_strdup("99999999-0000-0000-0000-000000000001");
    group->name = g_strdup("made");
    ck_assert(cfg_txn_add_group(txn, group));
    ck_assert_msg(cfg_replica_commit(replica, txn, &error), "%s", error ? error->message : "");
    cfg = cfg_replica_get(replica);
    ck_assert_int_eq(cfg_group_named(cfg, "made")->serial_no, 1);
    ck_assert_int_eq(cfg_cluster(cfg)->serial_no, cluster_serial + 1);
    txn = cfg_replica_begin(replica, &error);
    ck_assert(cfg_txn_remove(txn, CFG_KIND_group, "99999999-0000-0000-0000-000000000001"));
    ck_assert(cfg_replica_commit(replica, txn, &error));
    ck_assert_ptr_null(cfg_group_named(cfg_replica_get(replica), "made"));
}
END_TEST

/* Two copies, as two jobs have them. */
START_TEST(conflicts)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(cfg_replica_freep) struct cfg_replica *one = cfg_replica_new(NULL, client, &error);
    CLEANUP(cfg_replica_freep) struct cfg_replica *two = cfg_replica_new(NULL, client, &error);
    g_autofree char *uuid = g_strdup(cfg_node_at(cfg_replica_get(one), 0)->uuid);
    g_autofree char *other = g_strdup(cfg_node_at(cfg_replica_get(one), 1)->uuid);
    struct cfg_txn *first = cfg_replica_begin(one, &error);
    struct cfg_txn *second = cfg_replica_begin(two, &error);
    struct cfg_txn *third = cfg_replica_begin(two, &error);
    int64_t serial;

    cfg_txn_edit_node(first, uuid)->drained = true;
    cfg_txn_edit_node(second, uuid)->offline = true;
    cfg_txn_edit_node(third, other)->offline = true;
    ck_assert(cfg_replica_commit(one, first, &error));
    serial = cfg_serial(cfg_replica_get(one));
    ck_assert(!cfg_replica_commit(two, second, &error));
    ck_assert_msg(cfg_replica_is_conflict(error), "%s", error->message);
    ck_assert_ptr_nonnull(strstr(error->message, uuid));
    g_clear_error(&error);
    ck_assert(cfg_replica_refresh(two, &error));
    ck_assert_int_eq(cfg_serial(cfg_replica_get(two)), serial);
    ck_assert(!cfg_node_get(cfg_replica_get(two), uuid)->offline);
    /* What another changed elsewhere is no conflict. */
    ck_assert(cfg_replica_commit(two, third, &error));
    ck_assert(cfg_node_get(cfg_replica_get(two), uuid)->drained);
    ck_assert(cfg_node_get(cfg_replica_get(two), other)->offline);
}
END_TEST

START_TEST(broken_changes_are_refused)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(cfg_replica_freep) struct cfg_replica *replica = cfg_replica_new(NULL, client, &error);
    struct cfg_txn *txn = cfg_replica_begin(replica, &error);
    struct node *node = cfg_txn_edit_node(txn, cfg_node_at(cfg_replica_get(replica), 0)->uuid);
    int64_t serial = cfg_serial(cfg_replica_get(replica));

    g_free(node->group);
    node->group = g_strdup("no-such-group");
    ck_assert(!cfg_replica_commit(replica, txn, &error));
    ck_assert(!cfg_replica_is_conflict(error));
    ck_assert_int_eq(cfg_serial(cfg_replica_get(replica)), serial);
}
END_TEST

/* Nothing is acknowledged that is not on disk, and nothing stays that was not acknowledged. */
START_TEST(a_full_disk)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(cfg_replica_freep) struct cfg_replica *replica = cfg_replica_new(NULL, client, &error);
    CLEANUP(cfg_unrefp) const struct cfg *before = cfg_ref(cfg_replica_get(replica));
    CLEANUP(cfg_unrefp) const struct cfg *disk = NULL;
    struct cfg_txn *txn = cfg_replica_begin(replica, &error);

    cfg_txn_edit_node(txn, cfg_node_at(before, 0)->uuid)->offline = true;
    fault_set("fs-write-data=ENOSPC");
    ck_assert(!cfg_replica_commit(replica, txn, &error));
    ck_assert_msg(strstr(error->message, "nothing was changed") != NULL, "%s", error->message);
    fault_set(NULL);
    disk = load();
    ck_assert(cfg_equal(disk, before));
    ck_assert(cfg_replica_refresh(replica, NULL));
    ck_assert(cfg_equal(cfg_replica_get(replica), before));
}
END_TEST

START_TEST(locks)
{
    static const struct lock_request wanted[] = {{"cluster/BGL", LOCK_SHARED},
                                                 {"node/a", LOCK_EXCLUSIVE}};
    static const struct lock_request more[] = {{"node/b", LOCK_SHARED}, {"node/c", LOCK_SHARED}};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) taken = NULL;
    struct wconfd_held held;

    ck_assert_int_eq(wconfd_wait_locks(client, 0, wanted, 2, NULL, &error), WCONFD_GRANTED);
    ck_assert(wconfd_take_opportunistically(client, more, 2, 1, &taken, &error));
    ck_assert_uint_eq(taken->len, 2);
    ck_assert(wconfd_list_locks(client, &held, &error));
    ck_assert_uint_eq(held.n, 4);
    ck_assert_str_eq(held.v[1].lock, "node/a");
    ck_assert_int_eq(held.v[1].mode, LOCK_EXCLUSIVE);
    wconfd_held_free(&held);
}
END_TEST

/* "no" is tried again, an error is not. */
START_TEST(errors_keep_their_class)
{
    struct method_wconfd_reserve_mac args = {.has = {.client = true, .mac = true},
                                             .mac = (char *)"a"};
    g_autoptr(GError) error = NULL;

    args.client = *self;
    ck_assert(wconfd_call(client, METHOD_wconfd_reserve_mac, &args, NULL, &error));
    ck_assert(!wconfd_call(client, METHOD_wconfd_reserve_mac, &args, NULL, &error));
    ck_assert_int_eq(err_class(error), ERR_RESERVATION);
}
END_TEST

UNIT_MAIN_FIXTURE("replica", setup, teardown, a_commit_is_on_disk, adding_and_removing, conflicts,
                  broken_changes_are_refused, a_full_disk, locks, errors_keep_their_class)
