#include "config.h"

#include <stdlib.h>

#include "base/tests/unit.h"
#include "compat-config/paths/paths.h"

/* Check runs each test in a process of its own, so the environment is read anew. */
static bool init(const char *root, const char *name, GError **errp)
{
    g_unsetenv("GANETI_ROOTDIR");
    g_unsetenv("GANETI_HOSTNAME");
    if (root != NULL) {
        g_setenv("GANETI_ROOTDIR", root, TRUE);
    }
    if (name != NULL) {
        g_setenv("GANETI_HOSTNAME", name, TRUE);
    }
    return paths_init(errp);
}

START_TEST(without_a_virtual_cluster_paths_are_plain)
{
    g_autofree char *wire = NULL;
    g_autofree char *local = NULL;
    g_autofree char *other = NULL;
    g_auto(GStrv) env = NULL;

    ck_assert(init(NULL, "", NULL));
    ck_assert_str_eq(path_get(PATH_DATA_DIR), path_plain(PATH_DATA_DIR));
    ck_assert_ptr_null(vcluster_hostname());
    wire = vcluster_path_to_wire("/var/x", NULL);
    local = vcluster_path_from_wire("/var/x", NULL);
    other = vcluster_path_on("node2", "/var//x", NULL);
    env = vcluster_environment("node2", NULL);
    ck_assert_str_eq(wire, "/var/x");
    ck_assert_str_eq(local, "/var/x");
    ck_assert_str_eq(other, "/var/x");
    ck_assert_ptr_null(env[0]);
}
END_TEST

START_TEST(the_nodes_own_paths_move_below_its_folder)
{
    g_autofree char *log = NULL;
    g_autofree char *ssconf = NULL;

    ck_assert(init("/tmp/vc//node1/", "node1", NULL));
    ck_assert_str_eq(vcluster_node_root(), "/tmp/vc/node1");
    ck_assert_str_eq(vcluster_hostname(), "node1");
    ck_assert_str_eq(path_get(PATH_CLUSTER_CONF_FILE),
                     "/tmp/vc/node1" GANTRY_CFG_LOCALSTATEDIR "/lib/ganeti/config.data");
    ck_assert_str_eq(path_get(PATH_DAEMON_UTIL), path_plain(PATH_DAEMON_UTIL));
    ck_assert_str_eq(path_get(PATH_ETC_HOSTS), "/etc/hosts");
    log = path_of_log(DAEMON_noded, DAEMON_LOG_MAIN);
    ck_assert_str_eq(log, "/tmp/vc/node1" GANTRY_CFG_LOCALSTATEDIR "/log/ganeti/node-daemon.log");
    ssconf = path_format(PATH_SSCONF_FILE, "master_ip");
    ck_assert_str_eq(ssconf,
                     "/tmp/vc/node1" GANTRY_CFG_LOCALSTATEDIR "/lib/ganeti/ssconf_master_ip");
}
END_TEST

START_TEST(words_of_paths_are_names)
{
    static const char *const bad[] = {"", ".", "..", "a/b", "../x", "/"};

    ck_assert(init(NULL, NULL, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        ck_assert_ptr_null(path_format(PATH_SSCONF_FILE, bad[i]));
    }
}
END_TEST

START_TEST(paths_travel_between_nodes)
{
    g_autofree char *wire = NULL;
    g_autofree char *local = NULL;
    g_autofree char *other = NULL;
    g_autofree char *hosts = NULL;
    g_auto(GStrv) env = NULL;

    ck_assert(init("/tmp/vc/node1", "node1", NULL));
    wire = vcluster_path_to_wire("/tmp/vc/node1/var/lib/x", NULL);
    ck_assert_str_eq(wire, "/###-VIRTUAL-PATH-###,/var/lib/x");
    local = vcluster_path_from_wire(wire, NULL);
    ck_assert_str_eq(local, "/tmp/vc/node1/var/lib/x");
    other = vcluster_path_on("node3", local, NULL);
    ck_assert_str_eq(other, "/tmp/vc/node3/var/lib/x");
    hosts = vcluster_path_to_wire("/etc/hosts", NULL);
    ck_assert_str_eq(hosts, "/etc/hosts");
    env = vcluster_environment("node3", NULL);
    ck_assert_str_eq(env[0], "GANETI_ROOTDIR=/tmp/vc/node3");
    ck_assert_str_eq(env[1], "GANETI_HOSTNAME=node3");
    ck_assert_ptr_null(env[2]);
}
END_TEST

START_TEST(foreign_paths_are_refused)
{
    static const char *const outside[] = {"/tmp/vc/node1", "/tmp/vc/node10/x", "/tmp/vc/node1/../x",
                                          "/var/lib/x", "var/x"};
    static const char *const not_virtual[] = {"/var/lib/x", "", "/###-VIRTUAL-PATH-###,x"};

    ck_assert(init("/tmp/vc/node1", "node1", NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(outside); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_msg(vcluster_path_to_wire(outside[i], &error) == NULL, "%s", outside[i]);
        ck_assert_ptr_nonnull(error);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(not_virtual); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_msg(vcluster_path_from_wire(not_virtual[i], &error) == NULL, "%s",
                      not_virtual[i]);
        ck_assert_ptr_nonnull(error);
    }
    ck_assert_ptr_null(vcluster_path_on("../node3", "/tmp/vc/node1/x", NULL));
    ck_assert_ptr_null(vcluster_environment("a/b", NULL));
}
END_TEST

START_TEST(a_wire_path_cannot_climb_out_of_the_folder)
{
    g_autofree char *local = NULL;
    g_autoptr(GError) error = NULL;

    ck_assert(init("/tmp/vc/node1", "node1", NULL));
    local = vcluster_path_from_wire("/###-VIRTUAL-PATH-###,/../node2/x", &error);
    ck_assert_ptr_null(local);
    ck_assert_ptr_nonnull(error);
}
END_TEST

START_TEST(bad_environments_are_refused)
{
    static const struct {
        const char *root, *name, *error;
    } cases[] = {
        {"/tmp/vc/node1", NULL,
         "a virtual cluster needs both GANETI_ROOTDIR and GANETI_HOSTNAME in the environment"},
        {NULL, "node1",
         "a virtual cluster needs both GANETI_ROOTDIR and GANETI_HOSTNAME in the environment"},
        {"tmp/node1", "node1", "root folder in GANETI_ROOTDIR must be absolute: tmp/node1"},
        {"/tmp/node1", "a/node1", "host name \"a/node1\" cannot be part of a path"},
        {"/tmp/node1", "node2", "root folder \"/tmp/node1\" must end with the host name \"node2\""},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert(!init(cases[i].root, cases[i].name, &error));
        ck_assert_str_eq(error->message, cases[i].error);
    }
}
END_TEST

UNIT_MAIN("vcluster", without_a_virtual_cluster_paths_are_plain,
          the_nodes_own_paths_move_below_its_folder, words_of_paths_are_names,
          paths_travel_between_nodes, foreign_paths_are_refused,
          a_wire_path_cannot_climb_out_of_the_folder, bad_environments_are_refused)
