#include "config.h"

#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/tests/unit.h"
#include "compat-config/model/txn.h"
#include "compat-config/store/store.h"
#include "facts/codec.h"

#define CLUSTER TEST_DATA "/cluster-3.0.json"
#define NODE2   "40eeb2cf-b682-45b3-9a33-cc80759e3e20"

static char *read_cluster(void)
{
    char *text = NULL;

    ck_assert(g_file_get_contents(CLUSTER, &text, NULL, NULL));
    return text;
}

static const struct cfg *load_cluster(void)
{
    g_autoptr(GError) error = NULL;
    const struct cfg *cfg = cfg_load(CLUSTER, &error);

    ck_assert_msg(cfg != NULL, "%s", error != NULL ? error->message : "");
    return cfg;
}

static char *encode(const struct cfg *cfg)
{
    GString *out = g_string_new(NULL);

    cfg_encode(cfg, out);
    return g_string_free(out, FALSE);
}

/* The cluster's text with one part replaced. */
static char *with(const char *part, const char *other)
{
    g_autofree char *text = read_cluster();
    char *at = strstr(text, part);

    ck_assert_msg(at != NULL, "%s", part);
    *at = '\0';
    return g_strconcat(text, other, at + strlen(part), NULL);
}

START_TEST(what_wconfd_wrote_comes_out_byte_for_byte)
{
    CLEANUP(cfg_unrefp) const struct cfg *cfg = load_cluster();
    g_autofree char *before = read_cluster();
    g_autofree char *after = encode(cfg);

    ck_assert_str_eq(before, after);
}
END_TEST

START_TEST(nested_disks_come_out_byte_for_byte)
{
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_load(TEST_DATA "/cluster-drbd.json", NULL);

    ck_assert(g_file_get_contents(TEST_DATA "/cluster-drbd.json", &before, NULL, NULL));
    after = encode(cfg);
    ck_assert_str_eq(before, after);
}
END_TEST

START_TEST(unknown_members_survive)
{
    static const struct {
        const char *part, *other;
    } cases[] = {
        {"\"serial_no\":44}", "\"serial_no\":44,\"later\":{\"a\":[1,null]}}"},
        {"\"tags\":[\"disk:ssd\"]}", "\"tags\":[\"disk:ssd\"],\"rack\":7}"},
        {"\"tags\":[\"htools:iextags:svc\",\"site:lab\"]}",
         "\"tags\":[\"htools:iextags:svc\",\"site:lab\"],\"x\":1.5}"},
        {"\"nicparams\":{\"mode\":\"routed\",\"link\":\"0\"}",
         "\"nicparams\":{\"mode\":\"routed\",\"link\":\"0\",\"speed\":\"10g\"}"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *before = with(cases[i].part, cases[i].other);
        g_autofree char *after = NULL;
        CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_parse(before, strlen(before), NULL);

        ck_assert_ptr_nonnull(cfg);
        after = encode(cfg);
        ck_assert_str_eq(before, after);
    }
}
END_TEST

START_TEST(errors_name_the_place)
{
    static const struct {
        const char *part, *other, *error;
    } cases[] = {
        {"\"version\":3000000", "\"version\":2160000",
         "configuration version 2.16.0 is not one that can be used as it is; upgrade the cluster "
         "first"},
        {"\"name\":\"node2.lab.example\"", "\"name\":2",
         "nodes." NODE2 ".name: expected a string, found integer"},
        {"{\"name\":\"node2.lab.example\"", "{\"nam\":\"node2.lab.example\"",
         "nodes." NODE2 ": member \"name\" is missing"},
        {"\"" NODE2 "\":{", "\"40eeb2cf\":{", "nodes.40eeb2cf: has the UUID " NODE2},
        {"\"dev_type\":\"sharedfile\"", "\"dev_type\":\"drbd\"",
         "disks.65ff56e2-47f5-41ed-be13-55c2ba2edf50.logical_id: expected two node UUIDs, port, "
         "two "
         "minors and secret of a DRBD disk"},
        {"\"hypervisor\":\"fake\"", "\"hypervisor\":\"vmware\"",
         "instances.83f7e33d-8f81-4775-b130-4ce6a8ae4a7c.hypervisor: \"vmware\" is none of: kvm, "
         "xen-pvm, chroot, xen-hvm, lxc, fake"},
        {"\"nodes\":{", "\"nodez\":{", "not a configuration: member \"nodes\" is missing"},
        {"\"cluster\":{", "\"cluster\":[{", NULL},
        {"\"nodes\":{", "\"nodes\":[],\"n\":{",
         "not a configuration: nodes: expected an object, found list"},
        {"\"powered\":true", "\"powered\":tru",
         "nodes.339d45bc-1a9f-47d1-bde3-e547c29980d3.powered: "},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = with(cases[i].part, cases[i].other);
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(cfg_parse(text, strlen(text), &error));
        ck_assert_ptr_nonnull(error);
        if (cases[i].error != NULL) {
            size_t len = strlen(cases[i].error);

            /* What ends in ": " goes on with words of the JSON parser. */
            ck_assert_msg(strncmp(error->message, cases[i].error,
                                  g_str_has_suffix(cases[i].error, ": ") ? len : len + 1) == 0,
                          "%s", error->message);
        }
    }
}
END_TEST

START_TEST(a_commit_changes_what_it_edits_and_no_more)
{
    CLEANUP(cfg_unrefp) const struct cfg *cfg = load_cluster();
    struct cfg_txn *txn = cfg_txn_begin(cfg);
    struct node *node = cfg_txn_edit_node(txn, NODE2);
    const struct node *before = cfg_node_get(cfg, NODE2);
    const struct cfg *next;
    g_autofree char *old_text = encode(cfg);
    g_autofree char *same = NULL, *text = NULL, *again = NULL;

    node->offline = true;
    next = cfg_txn_commit(txn, 1800000000.5);
    ck_assert(!before->offline);
    ck_assert(cfg_node_get(next, NODE2)->offline);
    ck_assert_int_eq(cfg_node_get(next, NODE2)->serial_no, before->serial_no + 1);
    ck_assert(cfg_node_get(next, NODE2)->mtime == 1800000000.5);
    ck_assert_int_eq(cfg_serial(next), cfg_serial(cfg) + 1);
    ck_assert_ptr_eq(cfg_cluster(next), cfg_cluster(cfg));
    ck_assert_ptr_eq(cfg_node_at(next, 0), cfg_node_at(cfg, 0));
    ck_assert_ptr_eq(cfg_instance_at(next, 0), cfg_instance_at(cfg, 0));
    same = encode(cfg);
    ck_assert_str_eq(old_text, same);
    text = encode(next);
    cfg_unref(next);
    next = cfg_parse(text, strlen(text), NULL);
    again = encode(next);
    ck_assert_str_eq(text, again);
    ck_assert(cfg_node_get(next, NODE2)->offline);
    cfg_unref(next);
}
END_TEST

static struct filter_rule *new_filter(const char *uuid)
{
    struct filter_rule *rule = fact_object_new(&fact_object_filter_rule);

    rule->uuid = g_strdup(uuid);
    rule->has.uuid = rule->has.watermark = rule->has.priority = rule->has.predicates = true;
    rule->has.reason_trail = rule->has.action = true;
    return rule;
}

START_TEST(objects_come_and_go)
{
    CLEANUP(cfg_unrefp) const struct cfg *cfg = load_cluster();
    CLEANUP(cfg_unrefp) const struct cfg *next = NULL;
    CLEANUP(cfg_unrefp) const struct cfg *last = NULL;
    struct cfg_txn *txn = cfg_txn_begin(cfg);
    struct filter_rule *twice = new_filter("50000000");

    ck_assert(cfg_txn_add_filter(txn, new_filter("50000000")));
    ck_assert(!cfg_txn_add_filter(txn, twice));
    fact_object_free(&fact_object_filter_rule, twice);
    ck_assert(cfg_txn_remove(txn, CFG_KIND_node, NODE2));
    ck_assert(!cfg_txn_remove(txn, CFG_KIND_node, NODE2));
    ck_assert_ptr_null(cfg_txn_edit_node(txn, NODE2));
    next = cfg_txn_commit(txn, 1800000000);
    ck_assert_uint_eq(cfg_filter_count(next), 3);
    ck_assert_str_eq(cfg_filter_at(next, 1)->uuid, "50000000");
    ck_assert_uint_eq(cfg_node_count(next), 2);
    ck_assert_int_eq(cfg_cluster(next)->serial_no, cfg_cluster(cfg)->serial_no + 1);
    ck_assert_uint_eq(cfg_node_count(cfg), 3);

    txn = cfg_txn_begin(next);
    ck_assert(cfg_txn_remove(txn, CFG_KIND_filter, "50000000"));
    last = cfg_txn_commit(txn, 1800000001);
    ck_assert_uint_eq(cfg_filter_count(last), 2);
    ck_assert_ptr_eq(cfg_cluster(next), cfg_cluster(last));
}
END_TEST

/* In no order. */
static struct filter_rule *filter_number(unsigned number, int64_t priority)
{
    g_autofree char *uuid = g_strdup_printf("%08x", number * 2654435761u);
    struct filter_rule *filter = new_filter(uuid);

    filter->priority = priority;
    filter->action = json_new_string("ACCEPT");
    return filter;
}

/* What is saved piece by piece, with what is left from earlier saves, is what would be saved if it
 * had just been read. */
static void assert_fresh(const struct cfg *cfg, size_t count)
{
    g_autofree char *text = encode(cfg);
    g_autoptr(GError) error = NULL;
    CLEANUP(cfg_unrefp) const struct cfg *again = cfg_parse(text, strlen(text), &error);
    g_autofree char *text_again = NULL;

    ck_assert_msg(again != NULL, "%s", error != NULL ? error->message : "");
    text_again = encode(again);
    ck_assert_str_eq(text, text_again);
    ck_assert_uint_eq(cfg_filter_count(cfg), count);
    for (size_t i = 1; i < count; i++) {
        ck_assert_str_lt(cfg_filter_at(cfg, i - 1)->uuid, cfg_filter_at(cfg, i)->uuid);
    }
}

START_TEST(many_objects_come_change_and_go)
{
    enum { ROUNDS = 40, PER_ROUND = 25 };
    const struct cfg *cfg = load_cluster();
    size_t count = cfg_filter_count(cfg);

    for (unsigned round = 0; round < 2 * ROUNDS; round++) {
        struct cfg_txn *txn = cfg_txn_begin(cfg);
        const struct cfg *next;

        for (unsigned i = 0; i < PER_ROUND && round < ROUNDS; i++) {
            ck_assert(cfg_txn_add_filter(txn, filter_number(round * PER_ROUND + i, 1)));
            count++;
        }
        for (unsigned i = 0; i < PER_ROUND && round >= ROUNDS; i++) {
            struct filter_rule *named = filter_number((round - ROUNDS) * PER_ROUND + i, 0);

            ck_assert(cfg_txn_remove(txn, CFG_KIND_filter, named->uuid));
            fact_object_free(&fact_object_filter_rule, named);
            count--;
        }
        if (round % 3 == 1 && round < ROUNDS) {
            cfg_txn_replace(txn, CFG_KIND_filter, filter_number(round, 7));
        }
        next = cfg_txn_commit(txn, 1e9);
        cfg_unref(cfg);
        cfg = next;
        if (round % 4 == 0) {
            assert_fresh(cfg, count);
        }
    }
    assert_fresh(cfg, count);
    cfg_unref(cfg);
}
END_TEST

START_TEST(nothing_changed_is_the_same_snapshot)
{
    CLEANUP(cfg_unrefp) const struct cfg *cfg = load_cluster();
    CLEANUP(cfg_unrefp) const struct cfg *same = cfg_txn_commit(cfg_txn_begin(cfg), 1);
    struct cfg_txn *txn = cfg_txn_begin(cfg);

    ck_assert_ptr_eq(cfg, same);
    ck_assert_ptr_nonnull(cfg_txn_edit_node(txn, NODE2));
    ck_assert(cfg_txn_is_changed(txn));
    cfg_txn_abort(txn);
}
END_TEST

START_TEST(a_file_that_is_no_configuration_stays_as_it_is)
{
    g_autofree char *dir = g_dir_make_tmp("cfg-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "config.data", NULL);
    g_autofree char *expected = g_strdup_printf("%s: not a configuration: ", path);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    ck_assert(g_file_set_contents(path, "{\"version\":", -1, NULL));
    ck_assert_ptr_null(cfg_load(path, &error));
    ck_assert_msg(g_str_has_prefix(error->message, expected), "%s", error->message);
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    ck_assert_str_eq(text, "{\"version\":");
    ck_assert_int_eq(unlink(path), 0);
    g_clear_error(&error);
    ck_assert_ptr_null(cfg_load(path, &error));
    ck_assert(g_error_matches(error, FS_ERROR, ENOENT));
    ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

START_TEST(an_upgrade_fills_what_is_missing_and_only_once)
{
    g_autofree char *text = with("\"blockdev\":{},\"diskless\":{},", "");
    CLEANUP(cfg_unrefp) const struct cfg *cfg = NULL;
    CLEANUP(cfg_unrefp) const struct cfg *full = NULL;
    CLEANUP(cfg_unrefp) const struct cfg *again = NULL;

    fact_level_set(LEVEL_3_0);
    cfg = cfg_parse(text, strlen(text), NULL);
    ck_assert_ptr_null(
        fact_dict_get(&type_value_map_map, &cfg_cluster(cfg)->diskparams, "blockdev"));
    full = cfg_upgrade(cfg);
    ck_assert_ptr_nonnull(
        fact_dict_get(&type_value_map_map, &cfg_cluster(full)->diskparams, "blockdev"));
    ck_assert_int_eq(cfg_serial(full), cfg_serial(cfg));
    again = cfg_upgrade(full);
    ck_assert_ptr_eq(again, full);
    fact_level_set(LEVEL_LAST);
}
END_TEST

struct told {
    unsigned good, bad;
};

static void on_change(const struct cfg *cfg, const GError *error, void *data)
{
    struct told *told = data;

    ck_assert_int_eq(cfg == NULL, error != NULL);
    told->good += cfg != NULL ? 1 : 0;
    told->bad += cfg == NULL ? 1 : 0;
}

START_TEST(a_watch_keeps_up_with_the_file)
{
    g_autofree char *dir = g_dir_make_tmp("cfg-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "config.data", NULL);
    g_autofree char *changed = with("\"serial_no\":44}", "\"serial_no\":45}");
    g_autofree char *changed_again = with("\"serial_no\":44}", "\"serial_no\":46}");
    CLEANUP(cfg_unrefp) const struct cfg *first = load_cluster();
    CLEANUP(cfg_unrefp) const struct cfg *second = NULL;
    CLEANUP(cfg_unrefp) const struct cfg *third = NULL;
    struct told told = {0};
    struct cfg_watch *watch;

    ck_assert(cfg_save(first, path, NULL, NULL));
    watch = cfg_watch_new(path, on_change, &told, NULL);
    ck_assert_ptr_nonnull(watch);
    ck_assert(fs_write_atomic(path, changed, strlen(changed), NULL, NULL));
    while (told.good == 0) {
        g_main_context_iteration(NULL, TRUE);
    }
    second = cfg_watch_get(watch);
    ck_assert_int_eq(cfg_serial(second), 45);
    ck_assert(fs_write_atomic(path, "{", 1, NULL, NULL));
    while (told.bad == 0) {
        g_main_context_iteration(NULL, TRUE);
    }
    ck_assert(fs_write_atomic(path, changed_again, strlen(changed_again), NULL, NULL));
    third = cfg_watch_get(watch);
    ck_assert_int_eq(cfg_serial(third), 46);
    ck_assert_uint_eq(told.good, 2);
    cfg_watch_free(watch);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

/* What became of the reference's own sample configurations (test/data/cluster_config_*.json) when
 * they were given to wconfd 3.0.2 as they are, and here: none loads. Those of 2.x lack what
 * cfgupgrade adds, those of 3.x have DRBD disks whose children lack UUIDs. Once the children have
 * them, those of 3.x load in both with equal values. Here the same faults in a cluster of our own.
 */
START_TEST(older_samples_load_where_wconfd_loads_them)
{
    static const char child_uuid[] = ",\"uuid\":\"d0000001-0000-4000-8000-000000000001\"";
    static const struct {
        const char *version;
        bool uuids, loads;
    } samples[] = {
        {"2070000", true, false}, {"2080000", true, false},  {"2090000", true, false},
        {"2100000", true, false}, {"2110000", true, false},  {"2120000", true, false},
        {"2130000", true, false}, {"2140000", true, false},  {"2150000", true, false},
        {"2160000", true, false}, {"3000000", false, false}, {"3010000", false, false},
        {"3000000", true, true},  {"3010000", true, true},
    };
    g_autofree char *text = NULL;

    ck_assert(g_file_get_contents(TEST_DATA "/cluster-drbd.json", &text, NULL, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
        g_auto(GStrv) halves = g_strsplit(text, "\"version\":3000000", 2);
        g_auto(GStrv) parts = g_strsplit(halves[1], child_uuid, 2);
        g_autofree char *sample =
            g_strconcat(halves[0], "\"version\":", samples[i].version, parts[0],
                        samples[i].uuids ? child_uuid : "", parts[1], NULL);
        CLEANUP(cfg_unrefp) const struct cfg *cfg = NULL;
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_nonnull(parts[1]);
        cfg = cfg_parse(sample, strlen(sample), &error);
        ck_assert_msg((cfg != NULL) == samples[i].loads, "%s: %s", samples[i].version,
                      error != NULL ? error->message : "loads");
        if (samples[i].version[0] == '2') {
            ck_assert(g_error_matches(error, CFG_STORE_ERROR, CFG_STORE_ERROR_VERSION));
        } else if (cfg == NULL) {
            ck_assert_ptr_nonnull(strstr(error->message, "children[0]: member \"uuid\""));
        }
    }
}
END_TEST

UNIT_MAIN("store", what_wconfd_wrote_comes_out_byte_for_byte, nested_disks_come_out_byte_for_byte,
          unknown_members_survive, errors_name_the_place,
          older_samples_load_where_wconfd_loads_them, a_commit_changes_what_it_edits_and_no_more,
          objects_come_and_go, many_objects_come_change_and_go,
          nothing_changed_is_the_same_snapshot, a_file_that_is_no_configuration_stays_as_it_is,
          an_upgrade_fills_what_is_missing_and_only_once, a_watch_keeps_up_with_the_file)
