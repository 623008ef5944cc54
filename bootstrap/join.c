#include "config.h"

#include "bootstrap/join.h"

#include <sys/socket.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/parse.h"
#include "base/tls.h"
#include "bootstrap/daemons.h"
#include "compat-config/paths/paths.h"
#include "compat-config/ssconf/ssconf.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "noded/ssh/files.h"
#include "noded/ssh/public-keys.h"
#include "noded/ssh/remote.h"

enum {
    MAX_KEY = 64 * 1024,
    MAX_WORDS = 4,
};

static struct ssh_host host_of(const struct join_target *target)
{
    g_autofree char *family =
        ssconf_read(path_get(PATH_DATA_DIR), SSCONF_primary_ip_family, "", NULL);
    int number = AF_INET;

    (void)!parse_int(family != NULL ? family : "", 0, G_MAXINT, &number, NULL);
    return (struct ssh_host){.cluster = target->cluster,
                             .node = target->node,
                             .port = target->ssh_port,
                             .ipv6 = number == AF_INET6};
}

/* Program and options; words: MAX_WORDS of them. */
static void tool_words(const struct join_target *target, enum path_id tool, const char **words)
{
    size_t n = 0;

    words[n++] = path_get(tool);
    if (target->debug) {
        words[n++] = "--debug";
    }
    if (target->verbose) {
        words[n++] = "--verbose";
    }
    words[n] = NULL;
}

static unsigned key_flags(const struct join_target *target)
{
    return target->check_key ? SSH_ASK_KEY | SSH_STRICT : 0;
}

static bool failed(const struct join_target *target, const char *what, GError **errp)
{
    g_prefix_error(errp, "Setting up %s on %s: ", what, target->node);
    if (errp != NULL && (*errp)->domain != ERR) {
        err_wrap(errp, ERR_OP_EXEC, ECODE_NONE);
    }
    return false;
}

/* --- SSH ----------------------------------------------------------------------------------------
 */
static const struct {
    enum ssh_key_type type;
    enum path_id private_key, public_key;
} host_keys[] = {
    {SSH_KEY_TYPE_RSA, PATH_SSH_HOST_RSA_PRIV, PATH_SSH_HOST_RSA_PUB},
    {SSH_KEY_TYPE_DSA, PATH_SSH_HOST_DSA_PRIV, PATH_SSH_HOST_DSA_PUB},
    {SSH_KEY_TYPE_ECDSA, PATH_SSH_HOST_ECDSA_PRIV, PATH_SSH_HOST_ECDSA_PUB},
};

static bool is_there(const char *path)
{
    return g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

/* A pair that is there as a whole. */
static bool add_pair(struct ssh_key_pair_list *list, enum ssh_key_type type,
                     const char *private_path, const char *public_path, GError **errp)
{
    struct ssh_key_pair *pair;

    if (!is_there(private_path) || !is_there(public_path)) {
        if (is_there(private_path) || is_there(public_path)) {
            log_warning("of the keys %s and %s there is only one", private_path, public_path);
        }
        return true;
    }
    pair = fact_list_add(&type_ssh_key_pair_list, list);
    pair->type = type;
    pair->has.type = pair->has.private_key = pair->has.public_key = true;
    pair->private_key = fs_read_file(private_path, MAX_KEY, NULL, errp);
    pair->public_key =
        pair->private_key != NULL ? fs_read_file(public_path, MAX_KEY, NULL, errp) : NULL;
    return pair->public_key != NULL;
}

/* All nodes have the same host keys, so that they can be known by the cluster's name. */
static bool add_host_keys(struct node_join *join, GError **errp)
{
    for (size_t i = 0; i < G_N_ELEMENTS(host_keys); i++) {
        if (!add_pair(&join->ssh_host_key, host_keys[i].type, path_get(host_keys[i].private_key),
                      path_get(host_keys[i].public_key), errp)) {
            return false;
        }
    }
    join->has.ssh_host_key = true;
    return true;
}

/* Old nodes ask for it; only DSA keys of root's are the same everywhere (_SetupSSH). */
static bool add_root_keys(struct node_join *join, GError **errp)
{
    g_autofree char *private_path = ssh_private_key_path(SSH_KEY_TYPE_DSA);
    g_autofree char *public_path = ssh_public_key_path(SSH_KEY_TYPE_DSA);

    join->has.ssh_root_key = true;
    return add_pair(&join->ssh_root_key, SSH_KEY_TYPE_DSA, private_path, public_path, errp);
}

static bool add_candidates(struct node_join *join, const char *const *candidates, size_t n,
                           GError **errp)
{
    CLEANUP(public_keys_freep) struct public_keys *known = public_keys_load(errp);

    for (size_t i = 0; known != NULL && i < n; i++) {
        g_autoptr(GPtrArray) keys = public_keys_of(known, candidates[i]);
        struct nonempty_str_list *list =
            keys->len > 0
                ? fact_dict_add(&type_ssh_keys_dict, &join->authorized_keys, candidates[i])
                : NULL;

        for (guint k = 0; k < keys->len; k++) {
            *(char **)fact_list_add(&type_nonempty_str_list, list) = g_strdup(keys->pdata[k]);
        }
    }
    join->has.authorized_keys = true;
    return known != NULL;
}

static bool add_cert(struct node_join *join, GError **errp)
{
    CLEANUP(tls_cert_freep)
    struct tls_cert *cert = tls_cert_read(path_get(PATH_NODED_CERT_FILE), errp);

    if (cert == NULL) {
        return false;
    }
    join->node_daemon_certificate = tls_cert_pem(cert);
    join->has.node_daemon_certificate = true;
    return true;
}

/* The node has no UUID yet; its daemon puts that in the place of the name later. */
static bool fetch_key(const struct join_target *target, enum ssh_key_type type, GError **errp)
{
    const struct ssh_host host = host_of(target);
    CLEANUP(public_keys_freep) struct public_keys *known = public_keys_load(errp);
    g_autofree char *path = ssh_public_key_path(type);
    g_autofree char *key = known != NULL ? ssh_read_file(&host, path, errp) : NULL;

    if (key == NULL) {
        err_wrap(errp, ERR_OP_PREREQ, ECODE_INVAL);
        return false;
    }
    public_keys_add(known, target->node, key);
    return public_keys_save(known, errp);
}

bool join_set_up_ssh(const struct join_target *target, const char *const *candidates, size_t n,
                     enum ssh_key_type key_type, int64_t key_bits, GError **errp)
{
    struct node_join *join = fact_object_new(&fact_object_node_join);
    const struct ssh_host host = host_of(target);
    const char *words[MAX_WORDS];
    const char *const *const commands[] = {words, NULL};
    bool ok;

    tool_words(target, PATH_PREPARE_NODE_JOIN, words);
    join->cluster_name = g_strdup(target->cluster);
    join->ssh_key_type = key_type;
    join->ssh_key_bits = key_bits;
    join->has.cluster_name = join->has.ssh_key_type = join->has.ssh_key_bits = true;
    ok = add_cert(join, errp) && add_host_keys(join, errp) && add_root_keys(join, errp) &&
         add_candidates(join, candidates, n, errp) &&
         ssh_run_with(&host, key_flags(target), commands, &fact_object_node_join, join, errp) &&
         daemons_wait_for_ssh(target->node, target->ssh_port, errp) &&
         fetch_key(target, key_type, errp);
    fact_object_free(&fact_object_node_join, join);
    return ok || failed(target, "SSH", errp);
}

/* --- The node daemon ----------------------------------------------------------------------------
 */
static bool fill_setup(const struct join_target *target, struct node_daemon_setup *setup,
                       GError **errp)
{
    const char *dir = path_get(PATH_DATA_DIR);

    setup->cluster_name = g_strdup(target->cluster);
    setup->node_name = g_strdup(target->node);
    setup->start_node_daemon = true;
    setup->has.cluster_name = setup->has.node_name = setup->has.start_node_daemon = true;
    setup->has.node_daemon_certificate = setup->has.hmac_key = setup->has.ssconf = true;
    setup->node_daemon_certificate =
        fs_read_file(path_get(PATH_NODED_CERT_FILE), TLS_MAX_PEM, NULL, errp);
    setup->hmac_key = setup->node_daemon_certificate != NULL
                          ? fs_read_file(path_get(PATH_CONFD_HMAC_KEY), MAX_KEY, NULL, errp)
                          : NULL;
    for (size_t i = 0; setup->hmac_key != NULL && i < SSCONF_COUNT; i++) {
        char *value = ssconf_read(dir, (enum ssconf_id)i, "", errp);

        if (value == NULL) {
            return false;
        }
        *(char **)fact_dict_add(&type_str_text_dict, &setup->ssconf, ssconf_rows[i].key) = value;
    }
    return setup->hmac_key != NULL;
}

/* The default version of a host is where two links point to (_EnsureCorrectGanetiVersion). */
static bool run_setup(const struct join_target *target, const struct node_daemon_setup *setup,
                      GError **errp)
{
    const struct ssh_host host = host_of(target);
    unsigned flags = key_flags(target) | SSH_CLUSTER_KEY;
    const char *lib = path_get(PATH_VERSIONEDLIBDIR), *share = path_get(PATH_VERSIONEDSHAREDIR);
    g_autofree char *lib_link = g_build_filename(path_get(PATH_CONF_DIR), "lib", NULL);
    g_autofree char *share_link = g_build_filename(path_get(PATH_CONF_DIR), "share", NULL);
    const char *const test[] = {"test", "-d", lib, NULL};
    const char *const link_lib[] = {"ln", "-s", "-f", "-T", lib, lib_link, NULL};
    const char *const link_share[] = {"ln", "-s", "-f", "-T", share, share_link, NULL};
    const char *tool[MAX_WORDS];
    const char *const *const commands[] = {test, link_lib, link_share, tool, NULL};
    const char *const *const virtual_commands[] = {tool, NULL};

    tool_words(target, PATH_NODE_DAEMON_SETUP, tool);
    return ssh_run_with(&host, flags, vcluster_hostname() == NULL ? commands : virtual_commands,
                        &fact_object_node_daemon_setup, setup, errp);
}

bool join_set_up_daemon(const struct join_target *target, GError **errp)
{
    struct node_daemon_setup *setup = fact_object_new(&fact_object_node_daemon_setup);
    bool ok = fill_setup(target, setup, errp) && run_setup(target, setup, errp) &&
              daemons_wait_for_node(target->node, errp);

    fact_object_free(&fact_object_node_daemon_setup, setup);
    return ok || failed(target, "the node daemon", errp);
}
