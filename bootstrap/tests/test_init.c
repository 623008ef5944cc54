/* The configuration and the secrets of a new cluster. */
#include "config.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/tests/unit.h"
#include "base/tls.h"
#include "bootstrap/init-private.h"
#include "bootstrap/secrets.h"
#include "compat-config/model/fill.h"
#include "compat-config/paths/paths.h"
#include "compat-config/store/store.h"
#include "facts/codec.h"
#include "facts/constants.h"

#define UUID "339d45bc-1a9f-47d1-bde3-e547c29980d3"

static void be_node(const char *test)
{
    g_autofree char *root =
        g_build_filename(g_getenv("TEST_TMPDIR"), test, "node1.example.com", NULL);
    g_autofree char *data = g_strconcat(root, "/var/lib/ganeti", NULL);

    g_setenv("GANETI_ROOTDIR", root, TRUE);
    g_setenv("GANETI_HOSTNAME", "node1.example.com", TRUE);
    ck_assert_int_eq(g_mkdir_with_parents(data, 0755), 0);
}

/* What the command makes of no options but the network. */
static struct cluster *usual(void)
{
    struct cluster *cluster = fact_object_new(&fact_object_cluster);

    cluster->cluster_name = g_strdup("cluster.example.com");
    cluster->master_ip = g_strdup("192.0.2.100");
    cluster->master_netmask = 32;
    cluster->master_netdev = g_strdup("br0");
    cluster->mac_prefix = g_strdup("aa:00:00");
    cluster->rsahostkeypub = g_strdup("AAAA");
    cluster->file_storage_dir = g_strdup("/srv/ganeti/file-storage");
    cluster->candidate_pool_size = 10;
    cluster->primary_ip_family = AF_INET;
    cluster->has.primary_ip_family = true;
    cluster->ssh_key_type = SSH_KEY_TYPE_RSA;
    cluster->has.ssh_key_type = true;
    *(enum hypervisor *)fact_list_add(&type_hypervisor_list, &cluster->enabled_hypervisors) =
        HYPERVISOR_FAKE;
    *(enum disk_template *)fact_list_add(&type_disk_template_list,
                                         &cluster->enabled_disk_templates) = DISK_TEMPLATE_FILE;
    cluster->has.enabled_disk_templates = true;
    (void)fact_dict_add(&type_beparams_map, &cluster->beparams, CFG_PARAMS_DEFAULT);
    struct nicparams *nic =
        fact_dict_add(&type_nicparams_map, &cluster->nicparams, CFG_PARAMS_DEFAULT);
    nic->link = g_strdup(C_DEFAULT_BRIDGE);
    nic->has.link = true;
    cluster->has.beparams = cluster->has.nicparams = true;
    return cluster;
}

static const struct init_state state = {
    .host_name = (char *)"node1.example.com",
    .host_ip = (char *)"192.0.2.1",
    .secondary_ip = (char *)"192.0.2.1",
};

START_TEST(a_configuration_of_defaults)
{
    struct cluster *cluster = usual();
    g_autoptr(GError) error = NULL;
    CLEANUP(cfg_unrefp)
    const struct cfg *cfg = init_check_values(cluster, &error)
                                ? init_config(cluster, &state, UUID, "AA:BB", &error)
                                : NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    CLEANUP(cfg_unrefp) const struct cfg *again = NULL;
    const struct cluster *made;
    const struct node *node;

    ck_assert_msg(cfg != NULL, "%s", error != NULL ? error->message : "");
    made = cfg_cluster(cfg);
    node = cfg_master(cfg);
    ck_assert_int_eq(cfg_version(cfg), C_CONFIG_VERSION());
    ck_assert_str_eq(node->name, "node1.example.com");
    ck_assert(node->master_candidate && node->vm_capable && !node->offline);
    ck_assert_str_eq(cfg_node_group(cfg, node)->name, C_INITIAL_NODE_GROUP_NAME);
    ck_assert_str_eq(*(char **)fact_dict_get(&type_str_map, &made->candidate_certs, UUID), "AA:BB");
    ck_assert_int_eq(made->beparams.v[0].value.maxmem, 128);
    ck_assert_str_eq(made->nicparams.v[0].value.link, C_DEFAULT_BRIDGE);
    ck_assert_uint_eq(made->ipolicy.disk_templates.n, 1);
    ck_assert_uint_eq(made->data_collectors.n, 6);
    ck_assert_int_eq(made->highest_used_port, C_FIRST_DRBD_PORT - 1);
    ck_assert_int_eq(made->ssh_key_bits, 2048);
    /* What is written can be read, and is whole. */
    cfg_encode(cfg, text);
    again = cfg_parse(text->str, text->len, &error);
    ck_assert_msg(again != NULL, "%s", error != NULL ? error->message : "");
    ck_assert(cfg_equal(cfg, again));
    fact_object_free(&fact_object_cluster, cluster);
}
END_TEST

static void refused(struct cluster *cluster, const char *expected)
{
    g_autoptr(GError) error = NULL;

    ck_assert(!init_check_values(cluster, &error));
    ck_assert_msg(strstr(error->message, expected) != NULL, "%s", error->message);
    fact_object_free(&fact_object_cluster, cluster);
}

START_TEST(bad_values_are_named)
{
    struct cluster *cluster = usual();

    g_free(cluster->mac_prefix);
    cluster->mac_prefix = g_strdup("AA:00");
    refused(cluster, "AA:00");

    cluster = usual();
    cluster->ssh_key_bits = 512;
    cluster->has.ssh_key_bits = true;
    refused(cluster, "rsa keys cannot have 512 bits");

    cluster = usual();
    *(char **)fact_list_add(&type_str_list, &cluster->compression_tools) = g_strdup("lzop");
    cluster->has.compression_tools = true;
    refused(cluster, "gzip");

    cluster = usual();
    fact_clear(&type_disk_template_list, &cluster->enabled_disk_templates);
    refused(cluster, "disk template");
}
END_TEST

START_TEST(left_overs_are_in_the_way)
{
    g_autoptr(GError) error = NULL;

    be_node("left-overs");
    ck_assert(init_check_left_overs(&error));
    ck_assert(fs_write_atomic(path_get(PATH_CONFD_HMAC_KEY), "x", 1, NULL, NULL));
    ck_assert(!init_check_left_overs(&error));
    ck_assert_ptr_nonnull(strstr(error->message, "hmac.key"));
    g_clear_error(&error);
    ck_assert(fs_write_atomic(path_get(PATH_CLUSTER_CONF_FILE), "x", 1, NULL, NULL));
    ck_assert(!init_check_left_overs(&error));
    ck_assert_ptr_nonnull(strstr(error->message, "part of a cluster"));
}
END_TEST

static char *content(enum path_id id)
{
    g_autoptr(GError) error = NULL;
    char *text = fs_read_file(path_get(id), TLS_MAX_PEM, NULL, &error);

    ck_assert_msg(text != NULL, "%s", error != NULL ? error->message : "");
    return text;
}

START_TEST(secrets_are_made_once)
{
    const struct secrets_new nothing = {0};
    const struct secrets_new hmac = {.hmac_key = true};
    g_autoptr(GError) error = NULL;
    g_autofree char *server = NULL, *key = NULL, *again = NULL, *later = NULL, *digest = NULL;
    CLEANUP(tls_cert_freep) struct tls_cert *client = NULL;

    be_node("secrets");
    ck_assert_msg(secrets_make(&nothing, "node1.example.com", &error), "%s",
                  error != NULL ? error->message : "");
    server = content(PATH_NODED_CERT_FILE);
    key = content(PATH_CONFD_HMAC_KEY);
    ck_assert_uint_eq(strlen(key), 41);
    client = tls_cert_read(path_get(PATH_NODED_CLIENT_CERT_FILE), &error);
    digest = secrets_client_digest(&error);
    again = tls_cert_sha1(client);
    ck_assert_str_eq(digest, again);
    g_clear_pointer(&again, g_free);

    ck_assert(secrets_make(&hmac, "node1.example.com", &error));
    again = content(PATH_NODED_CERT_FILE);
    later = content(PATH_CONFD_HMAC_KEY);
    ck_assert_str_eq(server, again);
    ck_assert_str_ne(key, later);
}
END_TEST

UNIT_MAIN("init", a_configuration_of_defaults, bad_values_are_named, left_overs_are_in_the_way,
          secrets_are_made_once)
