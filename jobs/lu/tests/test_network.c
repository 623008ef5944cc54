/* Networks and their connections to node groups. */
#include "config.h"

#include <string.h>

#include "base/tests/unit.h"
#include "facts/codec.h"
#include "facts/objects.h"
#include "jobs/lu/tests/lu-harness.h"

#define NET_A   "cc145069-bf33-4e9c-9f9c-b8373c341ac7"
#define NET_B   "f25ab838-009c-4c2d-aaca-f6e8d4d1a67b"
#define DEFAULT "82ab96d0-e378-4039-9682-23f11f479a37"
#define RACK2   "4196b613-6fd4-472f-9c9c-477e18336e22"

static struct lu_harness *h;

/* The level of a process is that of its first configuration, so each test chooses. */
static void use(const char *config)
{
    h = lu_harness_new(config);
    lu_harness_answer(h, "hooks_runner", NULL, "[]");
}

static void tear_down(void)
{
    g_clear_pointer(&h, lu_harness_free);
}

static const struct network *network(const char *name)
{
    return cfg_network_named(lu_harness_cfg(h), name);
}

static const struct nicparams *connection(const char *group, const char *network_uuid)
{
    return fact_dict_get(&type_nicparams_map, &cfg_group_named(lu_harness_cfg(h), group)->networks,
                         network_uuid);
}

#define ADD(rest) "{\"OP_ID\": \"OP_NETWORK_ADD\", " rest "}"
#define SET(name, rest)                                                                            \
    "{\"OP_ID\": \"OP_NETWORK_SET_PARAMS\", \"network_name\": \"" name "\", " rest "}"
#define CONNECT(net, group, rest)                                                                  \
    "{\"OP_ID\": \"OP_NETWORK_CONNECT\", \"network_name\": \"" net "\", \"group_name\": \"" group  \
    "\", \"network_mode\": \"routed\", \"network_link\": \"main\"" rest "}"
#define DISCONNECT(net, group)                                                                     \
    "{\"OP_ID\": \"OP_NETWORK_DISCONNECT\", \"network_name\": \"" net                              \
    "\", \"group_name\": \"" group "\"}"

START_TEST(add)
{
    use("cluster-3.0.json");
    lu_harness_ok(h, ADD("\"network_name\": \"new\", \"network\": \"192.0.2.0/29\", \"gateway\": "
                         "\"192.0.2.6\", \"mac_prefix\": \"AA:BB:0C\", \"tags\": [\"t1\"], "
                         "\"add_reserved_ips\": [\"192.0.2.5\"]"));
    const struct network *made = network("new");
    ck_assert_ptr_nonnull(made);
    ck_assert_str_eq(made->mac_prefix, "aa:bb:0c");
    /* Network, nodes 1 to 3, the reserved one, gateway, broadcast. */
    ck_assert_str_eq(made->ext_reservations, "11110111");
    ck_assert_str_eq(made->reservations, "00000000");
    ck_assert_int_eq(made->serial_no, 1);
    ck_assert_uint_eq(made->tags.n, 1);
    ck_assert_ptr_null(made->network6);
    ck_assert_ptr_nonnull(strstr(lu_harness_locks(h), "node/[lockset] shared\n"));
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "192.0.2.2"));
    ck_assert_ptr_nonnull(
        strstr(lu_harness_calls(h), "\"GANETI_NETWORK_MAC_PREFIX\": \"aa:bb:0c\""));
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "\"GANETI_NETWORK_TAGS\": \"t1\""));

    lu_harness_ok(h, ADD("\"network_name\": \"free\", \"network\": \"192.0.2.0/30\", "
                         "\"conflicts_check\": false"));
    ck_assert_str_eq(network("free")->ext_reservations, "1001");
    ck_assert_ptr_null(strstr(lu_harness_locks(h), "node/"));
}
END_TEST

START_TEST(add_refused)
{
    use("cluster-3.0.json");
    lu_harness_fails(h, ADD("\"network_name\": \"netA\", \"network\": \"10.0.0.0/24\""),
                     ERR_OP_PREREQ, ECODE_EXISTS);
    lu_harness_fails(
        h, ADD("\"network_name\": \"n\", \"network\": \"10.0.0.0/24\", \"mac_prefix\": \"x\""),
        ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(
        h, ADD("\"network_name\": \"n\", \"network\": \"10.0.0.0/24\", \"tags\": [\"a b\"]"),
        ERR_TAG, ECODE_NONE);
    lu_harness_fails(h, ADD("\"network_name\": \"n\", \"network\": \"10.0.0.0/8\""), ERR_OP_EXEC,
                     ECODE_NONE);
    lu_harness_fails(h,
                     ADD("\"network_name\": \"n\", \"network\": \"10.0.0.0/24\", "
                         "\"add_reserved_ips\": [\"10.0.1.1\"]"),
                     ERR_OP_EXEC, ECODE_NONE);
    ck_assert_ptr_null(network("n"));
}
END_TEST

START_TEST(removing)
{
    use("cluster-3.0.json");
    lu_harness_fails(h, "{\"OP_ID\": \"OP_NETWORK_REMOVE\", \"network_name\": \"netA\"}",
                     ERR_OP_PREREQ, ECODE_STATE);
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "default"));
    lu_harness_fails(h, "{\"OP_ID\": \"OP_NETWORK_REMOVE\", \"network_name\": \"none\"}",
                     ERR_OP_PREREQ, ECODE_NOENT);
    lu_harness_ok(h, "{\"OP_ID\": \"OP_NETWORK_REMOVE\", \"network_name\": \"netB\"}");
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\nnetwork/" NET_B
                                          " exclusive\nnodegroup/[lockset] shared\n");
    ck_assert_ptr_null(network("netB"));
}
END_TEST

START_TEST(renaming)
{
    use("cluster-drbd.json");
    lu_harness_ok(h, ADD("\"network_name\": \"one\", \"network\": \"10.0.0.0/24\""));
    lu_harness_ok(h, ADD("\"network_name\": \"two\", \"network\": \"10.0.1.0/24\""));
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_NETWORK_RENAME\", \"network_name\": \"one\","
                     " \"new_name\": \"two\"}",
                     ERR_OP_PREREQ, ECODE_EXISTS);
    lu_harness_ok(h, "{\"OP_ID\": \"OP_NETWORK_RENAME\", \"network_name\": \"one\","
                     " \"new_name\": \"three\"}");
    ck_assert_str_eq(lu_harness_result(h), "\"three\"");
    ck_assert_ptr_nonnull(network("three"));
    ck_assert_ptr_null(network("one"));
}
END_TEST

START_TEST(set_params)
{
    use("cluster-3.0.json");
    lu_harness_ok(h, SET("netA", "\"gateway\": \"198.51.100.9\", \"mac_prefix\": \"none\", "
                                 "\"network6\": \"2001:db8::/64\""));
    ck_assert_str_eq(network("netA")->gateway, "198.51.100.9");
    ck_assert_str_eq(network("netA")->ext_reservations, "1000010001000001");
    ck_assert_ptr_null(network("netA")->mac_prefix);
    ck_assert_str_eq(network("netA")->network6, "2001:db8::/64");
    ck_assert_ptr_nonnull(
        strstr(lu_harness_calls(h), "\"GANETI_NETWORK_GATEWAY\": \"198.51.100.9\""));

    lu_harness_ok(h, SET("netA", "\"add_reserved_ips\": [\"198.51.100.3\", \"198.51.100.5\"]"));
    ck_assert_str_eq(network("netA")->ext_reservations, "1001010001000001");
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "198.51.100.5"));
    lu_harness_ok(h, SET("netA", "\"remove_reserved_ips\": [\"198.51.100.3\", \"198.51.100.9\"]"));
    ck_assert_str_eq(network("netA")->ext_reservations, "1000010001000001");

    lu_harness_fails(h, SET("netA", "\"gateway\": \"198.51.100.2\""), ERR_OP_PREREQ, ECODE_STATE);
    lu_harness_fails(h,
                     SET("netA", "\"gateway\": \"198.51.100.9\", \"add_reserved_ips\": "
                                 "[\"198.51.100.3\"]"),
                     ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, SET("netA", "\"mac_prefix\": \"aa\""), ERR_OP_PREREQ, ECODE_INVAL);
}
END_TEST

START_TEST(connecting)
{
    use("cluster-3.0.json");
    lu_harness_ok(h, CONNECT("netA", "rack2", ""));
    ck_assert_str_eq(connection("rack2", NET_A)->link, "main");
    ck_assert_int_eq(connection("rack2", NET_A)->mode, NIC_MODE_ROUTED);
    ck_assert_str_eq(lu_harness_locks(h),
                     "cluster/BGL shared\ninstance/inst4.lab.example shared\nnetwork/" NET_A
                     " shared\nnodegroup/" RACK2 " exclusive\n");
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "hooks_runner node3.lab.example "));
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "\"GANETI_GROUP_NETWORK_MODE\": \"routed\""));
    /* Once more is no error, and changes nothing. */
    int64_t serial = cfg_group_named(lu_harness_cfg(h), "rack2")->serial_no;
    lu_harness_ok(h, CONNECT("netA", "rack2", ""));
    ck_assert_int_eq(cfg_group_named(lu_harness_cfg(h), "rack2")->serial_no, serial);

    lu_harness_ok(h, DISCONNECT("netA", "rack2"));
    ck_assert_ptr_null(connection("rack2", NET_A));
    lu_harness_ok(h, DISCONNECT("netA", "rack2"));
    /* inst3 has an interface in it. */
    lu_harness_fails(h, DISCONNECT("netA", "default"), ERR_OP_PREREQ, ECODE_STATE);
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "inst3.lab.example: nic0/198.51.100.2"));
}
END_TEST

START_TEST(connecting_refused)
{
    use("cluster-3.0.json");
    lu_harness_ok(h, ADD("\"network_name\": \"lab\", \"network\": \"192.0.2.64/26\""));
    /* inst3 has 192.0.2.77. */
    lu_harness_fails(h, CONNECT("lab", "default", ""), ERR_OP_PREREQ, ECODE_STATE);
    lu_harness_ok(h, CONNECT("lab", "default", ", \"conflicts_check\": false"));
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\nnodegroup/" DEFAULT " exclusive\n");
    lu_harness_fails(h, CONNECT("none", "default", ""), ERR_OP_PREREQ, ECODE_NOENT);
    lu_harness_fails(h, CONNECT("netA", "none", ""), ERR_OP_PREREQ, ECODE_NOENT);
}
END_TEST

UNIT_MAIN_FIXTURE("network", NULL, tear_down, add, add_refused, removing, renaming, set_params,
                  connecting, connecting_refused)
