#include "config.h"

#include <string.h>

#include "base/tests/unit.h"
#include "facts/paths.h"

START_TEST(paths_are_built_from_configure_values)
{
    ck_assert_str_eq(path_plain(PATH_CLUSTER_CONF_FILE),
                     GANTRY_CFG_LOCALSTATEDIR "/lib/ganeti/config.data");
    ck_assert_str_eq(path_plain(PATH_QUERY_SOCKET),
                     GANTRY_CFG_LOCALSTATEDIR "/run/ganeti/socket/ganeti-query");
    ck_assert_ptr_eq(path_plain(PATH_QUERY_SOCKET), path_plain(PATH_QUERY_SOCKET));
    ck_assert_str_eq(path_plain(PATH_ETC_HOSTS), "/etc/hosts");
}
END_TEST

START_TEST(what_is_below_a_path_is_as_virtual)
{
    ck_assert(path_is_of_node(PATH_QUERY_SOCKET));
    ck_assert(path_is_of_node(PATH_HOOKS_BASE_DIR));
    ck_assert(!path_is_of_node(PATH_KVM_IFUP));
    ck_assert(!path_is_of_node(PATH_SSH_HOST_RSA_PUB));
    ck_assert(!path_is_of_node(PATH_ETC_HOSTS));
}
END_TEST

START_TEST(every_path_is_absolute_and_its_own)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (size_t i = 0; i < PATH_COUNT; i++) {
        const char *path = path_plain((enum path_id)i);

        ck_assert_msg(path[0] == '/' && strstr(path, "//") == NULL, "%s", path);
        ck_assert_msg(!g_str_has_suffix(path, "/"), "%s", path);
        /* Two names for one folder, where configure says so. */
        if (path_rows[i].base != i) {
            ck_assert_msg(g_hash_table_add(seen, (char *)path), "%s", path);
        }
    }
}
END_TEST

START_TEST(daemons_have_logs_and_ports)
{
    const struct daemon_row *noded = daemon_row_find("ganeti-noded");
    g_autofree char *log = daemon_log_base(DAEMON_mond, DAEMON_LOG_ACCESS);

    ck_assert_ptr_nonnull(noded);
    ck_assert_int_eq(noded->port, 1811);
    ck_assert_str_eq(noded->log, "node-daemon");
    ck_assert_ptr_null(daemon_row_find("noded"));
    ck_assert_str_eq(log, "monitoring-daemon-access");
    ck_assert(daemon_has_access_log(DAEMON_metad));
    fact_level_set(LEVEL_3_0);
    ck_assert(!daemon_has_access_log(DAEMON_metad));
    ck_assert(daemon_has_access_log(DAEMON_mond));
    fact_level_set(LEVEL_LAST);
}
END_TEST

START_TEST(folders_are_made_before_what_is_in_them)
{
    g_autoptr(GHashTable) made = g_hash_table_new(g_str_hash, g_str_equal);

    for (size_t i = 0; i < n_ensure_rows; i++) {
        const char *path = path_plain(ensure_rows[i].path);
        g_autofree char *folder = g_path_get_dirname(path);

        ck_assert_msg(ensure_rows[i].kind == ENSURE_DIR || g_hash_table_contains(made, folder) ||
                          g_hash_table_contains(made, path),
                      "%s", path);
        if (ensure_rows[i].kind == ENSURE_DIR) {
            g_hash_table_add(made, (char *)path);
        }
    }
    ck_assert_str_eq(group_name(GROUP_daemons), GANTRY_CFG_DAEMONS_GROUP);
    ck_assert_str_eq(group_name(GROUP_confd), GANTRY_CFG_CONFD_GROUP);
}
END_TEST

UNIT_MAIN("paths", paths_are_built_from_configure_values, what_is_below_a_path_is_as_virtual,
          every_path_is_absolute_and_its_own, daemons_have_logs_and_ports,
          folders_are_made_before_what_is_in_them)
