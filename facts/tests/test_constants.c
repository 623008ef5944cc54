#include "config.h"

#include <string.h>

#include "base/tests/unit.h"
#include "facts/cli.h"
#include "facts/constants.h"
#include "facts/paths.h"

START_TEST(names_are_in_order_and_their_own)
{
    for (size_t i = 1; i < n_const_rows; i++) {
        ck_assert_msg(strcmp(const_rows[i - 1].name, const_rows[i].name) < 0, "%s",
                      const_rows[i].name);
    }
}
END_TEST

START_TEST(levels_have_their_own_versions)
{
    fact_level_set(LEVEL_3_0);
    ck_assert_int_eq(C_CONFIG_VERSION(), 3000000);
    ck_assert_str_eq(C_RELEASE_VERSION(), "3.0.2");
    fact_level_set(LEVEL_3_1);
    ck_assert_int_eq(C_CONFIG_VERSION(), 3010000);
    ck_assert_str_eq(C_RELEASE_VERSION(), "3.1.1");
    ck_assert_int_eq(C_CONFIG_VERSION(),
                     C_CONFIG_MAJOR * 1000000 + C_CONFIG_MINOR() * 10000 + C_CONFIG_REVISION);
}
END_TEST

START_TEST(sets_know_their_members)
{
    ck_assert(const_has(C_DTS_INT_MIRROR, DISK_TEMPLATE_DRBD));
    ck_assert(!const_has(C_DTS_INT_MIRROR, DISK_TEMPLATE_PLAIN));
    ck_assert_int_eq(C_DTS_LVM & C_DTS_NOT_LVM, 0);
    ck_assert_int_eq(C_DTS_LVM | C_DTS_NOT_LVM, (1 << fact_enum_disk_template.n) - 1);
    ck_assert_int_eq(C_DTS_INT_MIRROR | C_DTS_EXT_MIRROR, C_DTS_MIRRORED);
    ck_assert_uint_eq(C_DISK_TEMPLATE_PREFERENCE_N, fact_enum_disk_template.n);
    ck_assert_int_eq(C_DISK_TEMPLATE_PREFERENCE[0], DISK_TEMPLATE_BLOCKDEV);
}
END_TEST

START_TEST(lists_end_with_null)
{
    size_t n = 0;

    while (C_OS_SCRIPTS[n] != NULL) {
        n++;
    }
    ck_assert_uint_eq(n, 6);
    ck_assert_str_eq(C_OS_SCRIPTS[0], C_OS_SCRIPT_CREATE);
}
END_TEST

static void check_default(enum cli_option_id id, const char *expected)
{
    ck_assert_msg(strcmp(cli_options[id].default_json, expected) == 0, "%s: %s, not %s",
                  cli_options[id].flags, cli_options[id].default_json, expected);
}

/* Rows of options hold JSON texts, so they cannot name the constants that they stand for. */
START_TEST(defaults_of_options_are_the_constants)
{
    g_autofree char *shutdown = g_strdup_printf("%d", C_DEFAULT_SHUTDOWN_TIMEOUT);
    g_autofree char *oob = g_strdup_printf("%d", C_OOB_TIMEOUT);
    g_autofree char *delay = g_strdup_printf("%.1f", C_OOB_POWER_DELAY);
    g_autofree char *gluster =
        g_strdup_printf("\"%s\"", path_plain(PATH_DEFAULT_GLUSTER_STORAGE_DIR));
    g_autofree char *compress = g_strdup_printf("\"%s\"", C_IEC_NONE);

    check_default(CLI_OPT_shutdown_timeout, shutdown);
    check_default(CLI_OPT_oob_timeout, oob);
    check_default(CLI_OPT_power_delay, delay);
    check_default(CLI_OPT_global_gluster_filedir, gluster);
    check_default(CLI_OPT_compress, compress);
    check_default(CLI_OPT_transport_compression, compress);
}
END_TEST

UNIT_MAIN("constants", names_are_in_order_and_their_own, levels_have_their_own_versions,
          sets_know_their_members, lists_end_with_null, defaults_of_options_are_the_constants)
