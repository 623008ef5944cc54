#include "config.h"

#include <string.h>

#include "base/tests/unit.h"
#include "compat-config/store/store.h"
#include "compat-config/verify/verify.h"

static char *read_text(const char *name)
{
    g_autofree char *path = g_build_filename(TEST_DATA, name, NULL);
    char *text = NULL;

    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

/* All problems of a configuration, one per line. */
static char *verify_text(const char *text)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_parse(text, strlen(text), &error);
    g_autoptr(GPtrArray) problems = NULL;
    GString *out = g_string_new(NULL);

    ck_assert_msg(cfg != NULL, "%s", error != NULL ? error->message : "");
    problems = cfg_verify(cfg);
    for (guint i = 0; i < problems->len; i++) {
        g_string_append_printf(out, "%s\n", (const char *)g_ptr_array_index(problems, i));
    }
    return g_string_free(out, FALSE);
}

START_TEST(good_configurations_have_no_problem)
{
    static const char *const names[] = {"cluster-3.0.json", "cluster-drbd.json"};

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *text = read_text(names[i]);
        g_autofree char *problems = verify_text(text);

        ck_assert_str_eq(problems, "");
    }
}
END_TEST

START_TEST(each_problem_is_found)
{
    /* The first `part` becomes `other`. */
    static const struct {
        const char *part, *other, *problems;
    } cases[] = {
        {"\"enabled_hypervisors\":[\"kvm\"]", "\"enabled_hypervisors\":[]",
         "cluster: no hypervisor is enabled\n"},
        {"\"enabled_disk_templates\":[\"drbd\",\"plain\"]", "\"enabled_disk_templates\":[]",
         "cluster: no disk template is enabled\n"},
        {"\"hvparams\":{\"kvm\":{", "\"hvparams\":{\"lxc\":{",
         "cluster: hypervisor kvm is enabled but has no parameters\n"},
        {"\"master_node\":\"00000001-", "\"master_node\":\"00000009-",
         "cluster: the master 00000009-0000-4000-8000-000000000000 is no node\n"},
        {"\"drained\":false,\"group\":\"00000000-0000-4000-8000-00000000000a\"",
         "\"drained\":false,\"group\":\"x\"", "node n1.example: the group x does not exist\n"},
        {"\"primary_node\":\"00000001", "\"primary_node\":\"00000009",
         "instance web.a.example: the primary node 00000009-0000-4000-8000-000000000000 does not "
         "exist\n"},
        {"\"disks\":[\"d0000001-0000-4000-8000-000000000000\",", "\"disks\":[\"lost\",",
         "instance web.a.example: disk 0, lost, does not exist\n"
         "instance web.a.example: disk 0 is named disk/1 instead of disk/0\n"},
        {"\"logical_id\":[\"00000001-", "\"logical_id\":[\"00000009-",
         "instance web.a.example: node 00000009-0000-4000-8000-000000000000 of disk 0 does not "
         "exist\n"},
        {"\"nics\":[{\"mac\":\"aa:00:00:00:00:01\",",
         "\"nics\":[{\"mac\":\"aa:00:00:00:00:01\",\"network\":\"gone\",",
         "instance web.a.example: network gone of NIC 0 does not exist\n"},
        {"\"master_candidate\":true", "\"master_candidate\":false",
         "node n1.example: the master is not a master candidate\n"
         "cluster: 2 master candidates instead of 3\n"},
        {"\"offline\":false", "\"offline\":true",
         "node n1.example: may be one of these only: master candidate (yes), drained (no), offline "
         "(yes)\n"},
        {"\"iv_name\":\"disk/1\"", "\"iv_name\":\"disk/7\"",
         "instance web.a.example: disk 1 is named disk/7 instead of disk/1\n"},
        {"\"tags\":[]},\"nodes\"", "\"tags\":[\"a b\"]},\"nodes\"",
         "cluster c.example: \"a b\" cannot be a tag\n"},
        {"\"name\":\"default\"", "\"name\":\"00000000-0000-4000-8000-00000000000b\"",
         "node group 00000000-0000-4000-8000-00000000000b: the name looks like a UUID\n"},
        {"\"name\":\"n2.example\"", "\"name\":\"n1.example\"",
         "node n1.example: the name is used more than once, by "
         "00000001-0000-4000-8000-000000000000, 00000002-0000-4000-8000-000000000000\n"},
        {"aa:00:00:00:00:02", "aa:00:00:00:00:01",
         "MAC address aa:00:00:00:00:01 is used more than once: instance web.a.example NIC 0, "
         "instance web.b.example NIC 0\n"},
        {"\"primary_ip\":\"192.0.2.2\"", "\"primary_ip\":\"192.0.2.1\"",
         "IP address 192.0.2.1 is used more than once: node n1.example, node n2.example\n"},
        {"\"network_port\":11012", "\"network_port\":11000",
         "TCP/UDP port 11000 is used more than once: instance web.a.example disk 0, instance "
         "web.b.example console\n"},
        {"\"tcpudp_port_pool\":[]", "\"tcpudp_port_pool\":[11001]",
         "TCP/UDP port 11001 is used more than once: instance web.a.example disk 1, pool of free "
         "ports\n"},
        {"\"highest_used_port\":11012", "\"highest_used_port\":11011",
         "cluster: port 11012 is in use, but the highest one given away is said to be 11011\n"},
        {",11001,6,7,", ",11001,5,7,",
         "DRBD minor 5 of node n2.example is used more than once: disk "
         "d0000001-0000-4000-8000-000000000000, disk d0000002-0000-4000-8000-000000000000\n"},
        {"\"x2_data\"", "\"x1_data\"",
         "logical volume xenvg/x1_data of node 00000002-0000-4000-8000-000000000000 is used more "
         "than once: disk d0000001-0000-4000-8000-000000000000, disk "
         "d0000002-0000-4000-8000-000000000000\n"
         "logical volume xenvg/x1_data of node 00000001-0000-4000-8000-000000000000 is used more "
         "than once: disk d0000001-0000-4000-8000-000000000000, disk "
         "d0000002-0000-4000-8000-000000000000\n"},
        {"\"beparams\":{\"maxmem\":512}", "\"beparams\":{\"maxmem\":512,\"memory\":7}",
         "instance web.b.example: unknown parameter memory in beparams\n"},
        {"\"beparams\":{\"maxmem\":512}", "\"beparams\":{\"maxmem\":-5}",
         "instance web.b.example: maxmem is below zero\n"},
        {"\"ndparams\":{},\"powered\"", "\"ndparams\":{\"exclusive_storage\":true},\"powered\"",
         "node n1.example: exclusive_storage cannot be set for a single node\n"},
        {"\"link\":\"br0\"", "\"link\":\"\"",
         "cluster: bridged NIC without a link\n"
         "instance web.a.example: bridged NIC without a link\n"
         "instance web.b.example: bridged NIC without a link\n"},
        {"\"access\":\"kernelspace\"", "\"access\":\"outer space\"",
         "cluster: ext:access must be kernelspace or userspace\n"},
        {"\"memory-size\":4,", "\"memory-size\":40000,",
         "cluster: instance policy has a smallest memory-size of 40000 and a largest of 32768\n"
         "cluster: the usual instance fits into no range of the instance policy\n"
         "node group default: instance policy has a smallest memory-size of 40000 and a largest of "
         "32768\n"},
        {"\"std\":{\"memory-size\":128,", "\"std\":{",
         "cluster: instance policy has no memory-size in std\n"},
        {"\"alloc_policy\":\"preferred\",\"ipolicy\":{}",
         "\"alloc_policy\":\"preferred\",\"ipolicy\":{\"minmax\":[]}",
         "node group default: instance policy has no range of sizes\n"},
    };
    g_autofree char *text = read_text("cluster-drbd.json");

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *at = strstr(text, cases[i].part);
        g_autofree char *before = NULL;
        g_autofree char *broken = NULL;
        g_autofree char *problems = NULL;

        ck_assert_msg(at != NULL, "%s", cases[i].part);
        before = g_strndup(text, (gsize)(at - text));
        broken = g_strconcat(before, cases[i].other, at + strlen(cases[i].part), NULL);
        problems = verify_text(broken);
        ck_assert_str_eq(problems, cases[i].problems);
    }
}
END_TEST

START_TEST(address_pools_are_checked)
{
    static const struct {
        const char *part, *other, *problems;
    } cases[] = {
        {"\"reservations\":\"0010000000000000\"", "\"reservations\":\"001\"",
         "network netA: reservations of 3 addresses in a network of 16\n"},
        {"\"gateway\":\"198.51.100.1\"", "\"gateway\":\"198.51.100.77\"",
         "network netA: the gateway 198.51.100.77 is outside of 198.51.100.0/28\n"},
    };
    g_autofree char *text = read_text("cluster-3.0.json");

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) halves = g_strsplit(text, cases[i].part, 2);
        g_autofree char *broken = g_strconcat(halves[0], cases[i].other, halves[1], NULL);
        g_autofree char *problems = verify_text(broken);

        ck_assert_str_eq(problems, cases[i].problems);
    }
}
END_TEST

/* Nothing that the reference finds passes here. What only we find is passed there;
 * doc/differences.md lists it. */
static void check_case(const char *text, const char *const *row)
{
    g_auto(GStrv) halves = g_strsplit(text, row[1], 2);
    g_autofree char *broken = NULL;
    CLEANUP(cfg_unrefp) const struct cfg *cfg = NULL;
    g_autofree char *problems = NULL;

    ck_assert_msg(g_strv_length(halves) == 2, "%s", row[1]);
    broken = g_strconcat(halves[0], row[2], halves[1], NULL);
    cfg = cfg_parse(broken, strlen(broken), NULL);
    if (cfg == NULL) {
        ck_assert_msg(g_str_equal(row[0], "refused"), "%s", row[2]);
        return;
    }
    problems = verify_text(broken);
    ck_assert_msg(g_str_equal(row[0], "passed") || problems[0] != '\0', "%s", row[2]);
}

START_TEST(what_the_reference_finds_is_found)
{
    g_autofree char *text = read_text("cluster-drbd.json");
    g_autofree char *table = read_text("verify-cases.txt");
    g_auto(GStrv) lines = g_strsplit(table, "\n", -1);
    size_t n = 0;

    for (size_t i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) row = g_strsplit(lines[i], "\t", -1);

        if (lines[i][0] == '\0' || lines[i][0] == '#') {
            continue;
        }
        ck_assert_msg(g_strv_length(row) == 3, "%s", lines[i]);
        check_case(text, (const char *const *)row);
        n++;
    }
    ck_assert_uint_gt(n, 40);
}
END_TEST

UNIT_MAIN("verify", good_configurations_have_no_problem, each_problem_is_found,
          address_pools_are_checked, what_the_reference_finds_is_found)
