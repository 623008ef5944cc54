#include "config.h"

#include <string.h>

#include "base/tests/unit.h"
#include "compat-config/model/disk.h"
#include "compat-config/model/fill.h"
#include "compat-config/model/pool.h"
#include "compat-config/store/store.h"
#include "facts/codec.h"
#include "facts/errors.h"

#define NODE1     "339d45bc-1a9f-47d1-bde3-e547c29980d3"
#define NODE2     "40eeb2cf-b682-45b3-9a33-cc80759e3e20"
#define NODE3     "7567f5c7-c01b-4b25-a523-a52717681c80"
#define NETWORK_A "cc145069-bf33-4e9c-9f9c-b8373c341ac7"

static const struct cfg *load(const char *name)
{
    g_autofree char *path = g_build_filename(TEST_DATA, name, NULL);
    g_autoptr(GError) error = NULL;
    const struct cfg *cfg = cfg_load(path, &error);

    ck_assert_msg(cfg != NULL, "%s", error != NULL ? error->message : "");
    return cfg;
}

START_TEST(objects_are_found_by_uuid_name_and_short_name)
{
    CLEANUP(cfg_unrefp) const struct cfg *cfg = load("cluster-3.0.json");

    ck_assert_str_eq(cfg_node_get(cfg, NODE2)->name, "node2.lab.example");
    ck_assert_ptr_null(cfg_node_get(cfg, "node2.lab.example"));
    ck_assert_ptr_null(cfg_node_get(cfg, NULL));
    ck_assert_str_eq(cfg_node_named(cfg, "node2.lab.example")->uuid, NODE2);
    ck_assert_ptr_null(cfg_node_named(cfg, "node2"));
    ck_assert_str_eq(cfg_node_find(cfg, NODE2, NULL)->uuid, NODE2);
    ck_assert_str_eq(cfg_node_find(cfg, "node2", NULL)->uuid, NODE2);
    ck_assert_str_eq(cfg_node_find(cfg, "node2.lab", NULL)->uuid, NODE2);
    ck_assert_str_eq(cfg_group_find(cfg, "rack2", NULL)->name, "rack2");
    ck_assert_str_eq(cfg_network_find(cfg, "netA", NULL)->uuid, NETWORK_A);
    ck_assert_str_eq(cfg_instance_find(cfg, "inst3", NULL)->name, "inst3.lab.example");
}
END_TEST

START_TEST(what_is_not_found_says_so_as_the_reference)
{
    CLEANUP(cfg_unrefp) const struct cfg *cfg = load("cluster-3.0.json");
    static const struct {
        enum cfg_kind kind;
        const char *text, *error;
    } cases[] = {
        {CFG_KIND_node, "node", "Node name node not found"},
        {CFG_KIND_node, "NODE2", "Node name NODE2 not found"},
        {CFG_KIND_instance, "", "Instance name  not found"},
        {CFG_KIND_group, "rack", "NodeGroup name rack not found"},
        {CFG_KIND_disk, "root", "Disk uuid root not found"},
        {CFG_KIND_filter, "x", "Filter uuid x not found"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(cfg_find(cfg, cases[i].kind, cases[i].text, &error));
        ck_assert_str_eq(error->message, cases[i].error);
        ck_assert_int_eq(err_class(error), ERR_OP_PREREQ);
        ck_assert_int_eq(err_ecode(error), ECODE_NOENT);
    }
}
END_TEST

START_TEST(an_ambiguous_short_name_is_refused)
{
    CLEANUP(cfg_unrefp) const struct cfg *cfg = load("cluster-drbd.json");
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(cfg_instance_find(cfg, "web", &error));
    ck_assert_str_eq(error->message, "Instance name web has multiple matches");
    ck_assert_str_eq(cfg_instance_find(cfg, "web.a", NULL)->name, "web.a.example");
}
END_TEST

START_TEST(links_follow_the_references)
{
    CLEANUP(cfg_unrefp) const struct cfg *cfg = load("cluster-3.0.json");
    const struct instance *instance = cfg_instance_find(cfg, "inst3", NULL);
    struct cfg_disks disks = cfg_instance_disks(cfg, instance);
    const struct network *network = cfg_network_get(cfg, NETWORK_A);
    size_t total = 0;

    ck_assert_uint_eq(disks.n, 2);
    ck_assert_str_eq(disks.v[0]->uuid, instance->disks.v[0]);
    ck_assert_str_eq(disks.v[1]->uuid, instance->disks.v[1]);
    ck_assert_ptr_eq(cfg_disk_instance(cfg, disks.v[1]), instance);
    ck_assert_str_eq(cfg_instance_primary(cfg, instance)->uuid, NODE1);
    ck_assert_uint_eq(cfg_instance_secondaries(cfg, instance).n, 0);
    ck_assert_int_eq(cfg_instance_disk_template(cfg, instance, NULL), DISK_TEMPLATE_SHAREDFILE);
    for (size_t i = 0; i < cfg_node_count(cfg); i++) {
        total += cfg_node_primaries(cfg, cfg_node_at(cfg, i)).n;
        ck_assert_uint_eq(cfg_node_secondaries(cfg, cfg_node_at(cfg, i)).n, 0);
    }
    ck_assert_uint_eq(total, cfg_instance_count(cfg));
    ck_assert_uint_eq(cfg_group_nodes(cfg, cfg_group_find(cfg, "default", NULL)).n, 2);
    ck_assert_str_eq(cfg_node_group(cfg, cfg_node_get(cfg, NODE3))->name, "rack2");
    ck_assert_uint_ge(cfg_network_instances(cfg, network).n, 1);
    ck_assert_str_eq(cfg_master(cfg)->uuid, NODE1);
    ck_assert_int_eq(cfg_node_role(cfg, cfg_node_get(cfg, NODE1)), CFG_NODE_MASTER);
    ck_assert_int_eq(cfg_node_role(cfg, cfg_node_get(cfg, NODE2)), CFG_NODE_CANDIDATE);
}
END_TEST

START_TEST(drbd_disks_have_secondaries_and_minors)
{
    CLEANUP(cfg_unrefp) const struct cfg *cfg = load("cluster-drbd.json");
    const struct instance *instance = cfg_instance_named(cfg, "web.a.example");
    const struct node *first = cfg_node_named(cfg, "n1.example");
    const struct node *second = cfg_node_named(cfg, "n2.example");
    struct cfg_minors minors = cfg_node_minors(cfg, second);
    struct cfg_drbd drbd;

    ck_assert_uint_eq(cfg_instance_secondaries(cfg, instance).n, 1);
    ck_assert_ptr_eq(cfg_instance_secondaries(cfg, instance).v[0], second);
    ck_assert_uint_eq(cfg_node_secondaries(cfg, second).n, 1);
    ck_assert_ptr_eq(cfg_node_secondaries(cfg, second).v[0], instance);
    ck_assert_uint_eq(minors.n, 2);
    ck_assert_int_eq(minors.v[0].minor, 5);
    ck_assert_uint_eq(minors.v[1].disk_index, 1);
    ck_assert_ptr_eq(minors.v[0].instance, instance);
    ck_assert_ptr_eq(minors.v[0].peer, first);
    ck_assert(!minors.v[0].primary);
    ck_assert(cfg_node_minors(cfg, first).v[0].primary);
    ck_assert(cfg_disk_drbd(minors.v[0].disk, &drbd));
    ck_assert_int_eq(drbd.port, 11000);
    ck_assert_str_eq(drbd.secret, "s3cret");
}
END_TEST

START_TEST(parameters_are_filled_by_layers)
{
    CLEANUP(cfg_unrefp) const struct cfg *cfg = load("cluster-3.0.json");
    const struct instance *instance = cfg_instance_find(cfg, "inst5", NULL);
    struct beparams be = cfg_beparams(cfg, instance);
    struct ndparams nd = cfg_node_ndparams(cfg, cfg_node_get(cfg, NODE2));
    struct nicparams nic = cfg_nicparams(cfg, &instance->nics.v[0]);
    struct ipolicy policy = cfg_group_ipolicy(cfg, cfg_group_at(cfg, 0));
    struct value_map hv = cfg_hvparams(cfg, instance, 0);
    struct value_map local = cfg_hvparams(cfg, instance, CFG_FILL_NO_GLOBALS);
    struct value_map drbd = cfg_diskparams(cfg, cfg_group_at(cfg, 0), "drbd");

    ck_assert_int_eq(be.maxmem, 256);
    ck_assert_int_eq(be.vcpus, 2);
    ck_assert(be.always_failover);
    ck_assert(be.auto_balance);
    ck_assert_str_eq(nd.oob_program, "/bin/true");
    ck_assert_int_eq(nd.ssh_port, 22);
    ck_assert_int_eq(nic.mode, NIC_MODE_BRIDGED);
    ck_assert_str_eq(nic.link, "br0");
    ck_assert_uint_eq(policy.minmax.n, 1);
    ck_assert_int_eq(policy.std.memory_size, 128);
    ck_assert(policy.vcpu_ratio == 4);
    ck_assert_uint_eq(hv.n, 1);
    ck_assert_str_eq(fact_value_text(cfg_hvparam(cfg, instance, "migration_mode")), "live");
    ck_assert_ptr_null(cfg_hvparam(cfg, instance, "acpi"));
    ck_assert_uint_eq(local.n, 0);
    ck_assert_uint_eq(drbd.n, 15);
    cfg_filled_free(&hv);
    cfg_filled_free(&local);
    cfg_filled_free(&drbd);
}
END_TEST

START_TEST(pools_count_and_map)
{
    CLEANUP(cfg_unrefp) const struct cfg *cfg = load("cluster-3.0.json");
    struct network *network =
        fact_object_copy(&fact_object_network, cfg_network_get(cfg, NETWORK_A));
    g_autofree char *map = cfg_pool_map(network);
    g_autofree char *external = cfg_pool_external(network);
    g_autofree char *taken = NULL;
    g_autoptr(GError) error = NULL;
    uint32_t index;

    ck_assert_uint_eq(cfg_pool_size(network), 16);
    ck_assert_uint_eq(cfg_pool_reserved(network), 5);
    ck_assert_uint_eq(cfg_pool_free(network), 11);
    ck_assert_uint_eq(strlen(map), cfg_pool_size(network));
    for (index = 0; map[index] != '\0'; index++) {
        bool reserved = index <= 2 || index == 5 || index == 15;

        ck_assert_int_eq(map[index], reserved ? 'X' : '.');
    }
    ck_assert_str_eq(external, "198.51.100.0, 198.51.100.1, 198.51.100.5, 198.51.100.15");
    ck_assert(cfg_pool_index(network, "198.51.100.15", &index));
    ck_assert_uint_eq(index, 15);
    ck_assert(!cfg_pool_index(network, "198.51.100.16", &index));
    taken = cfg_pool_take(network, NULL);
    ck_assert_str_eq(taken, "198.51.100.3");
    ck_assert(!cfg_pool_reserve(network, taken, false, &error));
    ck_assert_str_eq(error->message, "IP 198.51.100.3 is already used by an instance");
    g_clear_error(&error);
    ck_assert(cfg_pool_release(network, taken, false, NULL));
    ck_assert(!cfg_pool_release(network, taken, true, &error));
    ck_assert_str_eq(error->message, "IP 198.51.100.3 is not externally reserved");
    g_clear_error(&error);
    ck_assert(!cfg_pool_reserve(network, "192.0.2.1", true, &error));
    ck_assert_str_eq(error->message, "198.51.100.0/28 does not contain 192.0.2.1");
    ck_assert_int_eq(err_class(error), ERR_ADDRESS_POOL);
    fact_object_free(&fact_object_network, network);
}
END_TEST

START_TEST(a_new_pool_keeps_its_ends_and_its_gateway)
{
    struct network network = {0};
    g_autofree char *map = NULL;
    g_autofree char *address = NULL;
    g_autoptr(GError) error = NULL;

    network.network = g_strdup("192.0.2.8/30");
    network.gateway = g_strdup("192.0.2.9");
    ck_assert(cfg_pool_init(&network, NULL));
    map = cfg_pool_map(&network);
    ck_assert_str_eq(map, "XX.X");
    address = cfg_pool_take(&network, NULL);
    ck_assert_str_eq(address, "192.0.2.10");
    ck_assert_ptr_null(cfg_pool_take(&network, &error));
    ck_assert_str_eq(error->message, "192.0.2.8/30 is full");
    fact_object_clear(&fact_object_network, &network);
}
END_TEST

UNIT_MAIN("model", objects_are_found_by_uuid_name_and_short_name,
          what_is_not_found_says_so_as_the_reference, an_ambiguous_short_name_is_refused,
          links_follow_the_references, drbd_disks_have_secondaries_and_minors,
          parameters_are_filled_by_layers, pools_count_and_map,
          a_new_pool_keeps_its_ends_and_its_gateway)
