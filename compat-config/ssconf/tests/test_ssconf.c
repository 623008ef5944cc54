#include "config.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/tests/unit.h"
#include "compat-config/ssconf/ssconf.h"
#include "compat-config/store/store.h"

static const struct cfg *load(void)
{
    const struct cfg *cfg = cfg_load(TEST_DATA "/cluster-3.0.json", NULL);

    ck_assert_ptr_nonnull(cfg);
    return cfg;
}

static void remove_all(const char *dir)
{
    g_autoptr(GPtrArray) names = fs_list_dir(dir, 1000, NULL);

    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(dir, g_ptr_array_index(names, i), NULL);

        ck_assert_int_eq(unlink(path), 0);
    }
    ck_assert_int_eq(rmdir(dir), 0);
}

START_TEST(files_are_those_of_the_reference)
{
    CLEANUP(cfg_unrefp) const struct cfg *cfg = load();
    CLEANUP(ssconf_freep) struct ssconf *ssconf = ssconf_from_cfg(cfg, "3.0.2");
    g_autofree char *dir = g_dir_make_tmp("ssconf-XXXXXX", NULL);
    g_autofree char *lock = g_build_filename(dir, "lock", NULL);
    g_autoptr(GError) error = NULL;

    ck_assert_msg(ssconf_write(ssconf, dir, lock, &error), "%s",
                  error != NULL ? error->message : "");
    for (size_t i = 0; i < SSCONF_COUNT; i++) {
        g_autofree char *name = g_strconcat("ssconf_", ssconf_rows[i].key, NULL);
        g_autofree char *ours = g_build_filename(dir, name, NULL);
        g_autofree char *theirs = g_build_filename(TEST_DATA "/ssconf-3.0", name, NULL);
        g_autofree char *our_text = NULL;
        g_autofree char *their_text = NULL;
        struct stat st;

        ck_assert_msg(g_file_get_contents(ours, &our_text, NULL, NULL), "%s", name);
        ck_assert_msg(g_file_get_contents(theirs, &their_text, NULL, NULL), "%s", name);
        ck_assert_msg(strcmp(our_text, their_text) == 0, "%s: \"%s\" instead of \"%s\"", name,
                      our_text, their_text);
        ck_assert_int_eq(stat(ours, &st), 0);
        ck_assert_int_eq(st.st_mode & 07777, 0444);
    }
    remove_all(dir);
}
END_TEST

START_TEST(values_are_read_back)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) nodes = ssconf_read_lines(TEST_DATA "/ssconf-3.0", SSCONF_node_list, &error);
    g_auto(GStrv) offline =
        ssconf_read_lines(TEST_DATA "/ssconf-3.0", SSCONF_offline_nodes, &error);
    g_autofree char *master =
        ssconf_read(TEST_DATA "/ssconf-3.0", SSCONF_master_node, NULL, &error);
    g_autofree char *missing = ssconf_read("/nonexistent", SSCONF_primary_ip_family, "2", &error);
    g_autoptr(GHashTable) ports =
        ssconf_read_table(TEST_DATA "/ssconf-3.0", SSCONF_ssh_ports, '=', &error);

    ck_assert_ptr_null(error);
    ck_assert_uint_eq(g_strv_length(nodes), 3);
    ck_assert_uint_eq(g_strv_length(offline), 0);
    ck_assert_str_eq(master, "node1.lab.example");
    ck_assert_str_eq(missing, "2");
    ck_assert_str_eq(g_hash_table_lookup(ports, "node3.lab.example"), "22");
    ck_assert_ptr_null(ssconf_read("/nonexistent", SSCONF_node_list, NULL, &error));
    ck_assert(g_error_matches(error, FS_ERROR, ENOENT));
    g_clear_error(&error);
    ck_assert_ptr_null(ssconf_parse_table("a=1\nb\n", '=', &error));
    ck_assert_str_eq(error->message, "line 2 has no \"=\": \"b\"");
}
END_TEST

START_TEST(keys_are_found)
{
    ck_assert_int_eq(ssconf_find("hvparams_xen-pvm"), SSCONF_hvparams_xen_pvm);
    ck_assert_int_eq(ssconf_find("../config.data"), -1);
}
END_TEST

START_TEST(a_value_without_end_is_refused)
{
    g_autofree char *value = g_strnfill(SSCONF_MAX_SIZE, 'x');
    g_autoptr(GError) error = NULL;

    ck_assert(!ssconf_write_value("/nonexistent", SSCONF_instance_list, value, &error));
    ck_assert_str_eq(error->message,
                     "value of instance_list has 8388609 bytes, at most 8388608 are allowed");
}
END_TEST

UNIT_MAIN("ssconf", files_are_those_of_the_reference, values_are_read_back, keys_are_found,
          a_value_without_end_is_refused)
