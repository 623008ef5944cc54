/* What drivers share: processors, user ids, what the network's script is told. */
#include "config.h"

#include <string.h>

#include <glib/gstdio.h>

#include "base/fs-tree.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "noded/hypervisor/cpu-mask.h"
#include "noded/hypervisor/nic-script.h"
#include "noded/hypervisor/uid-pool.h"

static char *root;

static void setup(void)
{
    g_autofree char *dir = g_dir_make_tmp("gh-XXXXXX", NULL);

    root = g_build_filename(dir, "n1", NULL);
    g_setenv("GANETI_ROOTDIR", root, TRUE);
    g_setenv("GANETI_HOSTNAME", "n1", TRUE);
    ck_assert(paths_init(NULL));
    ck_assert_int_eq(g_mkdir_with_parents(path_get(PATH_RUN_DIR), 0755), 0);
}

static void teardown(void)
{
    g_autofree char *dir = g_path_get_dirname(root);

    ck_assert(fs_remove_tree(dir, NULL));
    g_free(root);
}

START_TEST(masks_are_read)
{
    g_autoptr(GPtrArray) masks = cpu_masks_parse("0-2,1,5:all:7", NULL);
    g_autofree char *first = NULL, *second = NULL, *third = NULL;

    ck_assert_ptr_nonnull(masks);
    ck_assert_uint_eq(masks->len, 3);
    first = cpu_mask_join(masks->pdata[0]);
    ck_assert_str_eq(first, "0,1,2,5");
    second = cpu_mask_join(masks->pdata[1]);
    ck_assert_str_eq(second, "0-63");
    third = cpu_mask_join(masks->pdata[2]);
    ck_assert_str_eq(third, "7");
    ck_assert(!cpu_mask_is_set("all"));
    ck_assert(!cpu_mask_is_set(""));
    ck_assert(cpu_mask_is_set("0"));
}
END_TEST

START_TEST(wrong_masks_are_refused)
{
    static const char *const bad[] = {"", "x", "1-", "3-1", "1,,2", "0:", "99999", "1-2-3"};

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_msg(cpu_masks_parse(bad[i], &error) == NULL, "%s", bad[i]);
        ck_assert_ptr_nonnull(error);
    }
}
END_TEST

START_TEST(user_ids_are_given_once)
{
    static const char *const pool[] = {"4100-4101", "", NULL};
    struct uid_claim *first = uid_pool_take(pool, NULL), *second = uid_pool_take(pool, NULL);
    g_autoptr(GError) error = NULL;
    uint32_t id;

    ck_assert(first != NULL && second != NULL);
    ck_assert_uint_ne(uid_claim_id(first), uid_claim_id(second));
    ck_assert_ptr_null(uid_pool_take(pool, &error));
    ck_assert_ptr_nonnull(error);
    id = uid_claim_id(first);
    uid_claim_cancel(first);
    first = uid_pool_take(pool, NULL);
    ck_assert_uint_eq(uid_claim_id(first), id);
    /* No process has it after all, so it may be taken again though its file is there. */
    uid_claim_keep(first);
    first = uid_pool_take(pool, NULL);
    ck_assert_uint_eq(uid_claim_id(first), id);
    uid_claim_cancel(first);
    uid_claim_cancel(second);
    ck_assert(uid_pool_release(id, NULL));
}
END_TEST

START_TEST(wrong_pools_are_refused)
{
    static const char *const bad[][2] = {{NULL}, {"x", NULL}, {"3-1", NULL}, {"1-2-3", NULL}};

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        ck_assert_ptr_null(uid_pool_take(bad[i], NULL));
    }
    /* User 0 has processes. */
    ck_assert_ptr_null(uid_pool_take((const char *const[]){"0", NULL}, NULL));
}
END_TEST

START_TEST(the_script_is_told_all)
{
    CLEANUP(json_unrefp) struct json *netinfo = NULL;
    struct instance *instance = fact_object_new(&fact_object_instance);
    char bridge[] = "br0";
    struct nicparams params = {
        .mode = NIC_MODE_BRIDGED, .link = bridge, .has = {.mode = true, .link = true}};
    struct nic_script nic = {.instance = instance,
                             .index = 2,
                             .mac = "aa:00:00:00:00:01",
                             .ip = "192.0.2.9",
                             .name = "eth0",
                             .uuid = "u",
                             .params = &params,
                             .network = "n-u",
                             .interface = "tap0"};
    g_auto(GStrv) env = NULL;
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    ck_assert(json_parse("{\"name\": \"net1\", \"uuid\": \"n-u\", \"network\": \"192.0.2.0/24\", "
                         "\"gateway\": \"192.0.2.1\", \"serial_no\": 1, \"tags\": [\"blue\"]}",
                         -1, &netinfo, NULL));
    nic.netinfo = netinfo;
    instance->name = g_strdup("web1");
    ck_assert(fact_set_add((struct fact_list *)&instance->tags, "a"));
    ck_assert(fact_set_add((struct fact_list *)&instance->tags, "b"));
    g_setenv("PATH", "/bin", TRUE);
    env = nic_script_env(&nic, &error);
    ck_assert_msg(env != NULL, "%s", error != NULL ? error->message : "");
    text = g_strjoinv("\n", env);
    ck_assert_str_eq(text,
                     "PATH=/bin:/sbin:/usr/sbin\nINSTANCE=web1\nMAC=aa:00:00:00:00:01\n"
                     "MODE=bridged\nINTERFACE=tap0\nINTERFACE_INDEX=2\nINTERFACE_UUID=u\nTAGS=a b\n"
                     "IP=192.0.2.9\nINTERFACE_NAME=eth0\nLINK=br0\nNETWORK_NAME=net1\n"
                     "NETWORK_UUID=n-u\nNETWORK_TAGS=blue\nNETWORK_SUBNET=192.0.2.0/24\n"
                     "NETWORK_GATEWAY=192.0.2.1\nBRIDGE=br0");
    fact_object_free(&fact_object_instance, instance);
}
END_TEST

UNIT_MAIN_FIXTURE("hv-common", setup, teardown, masks_are_read, wrong_masks_are_refused,
                  user_ids_are_given_once, wrong_pools_are_refused, the_script_is_told_all)
