#include "config.h"

#include <string.h>

#include "base/tests/unit.h"
#include "compat-config/paths/paths.h"
#include "noded/ssh/authorized-keys.h"
#include "noded/ssh/public-keys.h"
#include "noded/ssh/remote.h"

#define KEY_A "ssh-rsa AAAA root@node1"
#define KEY_B "ssh-dss BBBB root@node2"
#define KEY_C "ecdsa-sha2-nistp256 CCCC root@node3"

static void expect_add(const char *text, const char *key, const char *expected)
{
    g_autofree char *result = authorized_keys_add(text, &key, 1);

    ck_assert_str_eq(result, expected);
}

static void expect_remove(const char *text, const char *key, const char *expected)
{
    g_autofree char *result = authorized_keys_remove(text, &key, 1);

    ck_assert_str_eq(result, expected);
}

START_TEST(keys_are_authorized_once)
{
    expect_add("", KEY_A, KEY_A "\n");
    expect_add("# mine\n" KEY_B, KEY_A "\n", "# mine\n" KEY_B "\n" KEY_A "\n");
    /* The comment does not make another key, options do. */
    expect_add("ssh-rsa  AAAA elsewhere\n", KEY_A, "ssh-rsa  AAAA elsewhere\n");
    expect_add("no-pty " KEY_A "\n", KEY_A, "no-pty " KEY_A "\n" KEY_A "\n");
}
END_TEST

START_TEST(other_peoples_lines_stay)
{
    expect_remove("# mine\n\n" KEY_B "\nssh-rsa\tAAAA x\n" KEY_C, KEY_A,
                  "# mine\n\n" KEY_B "\n" KEY_C);
    expect_remove("no-pty " KEY_A "\n", KEY_A, "no-pty " KEY_A "\n");
    expect_remove(KEY_C "\n", KEY_C, "");
    ck_assert(authorized_keys_has(KEY_B "\n" KEY_A "\n", "ssh-rsa AAAA"));
    ck_assert(!authorized_keys_has(KEY_B "\n", KEY_A));
}
END_TEST

START_TEST(the_list_of_nodes_keys)
{
    CLEANUP(public_keys_freep)
    struct public_keys *keys =
        public_keys_parse("uuid-1 " KEY_A "\n\nnode2 " KEY_B "\nuuid-1 " KEY_C "\n", NULL);
    g_autoptr(GPtrArray) of_first = NULL;
    g_autofree char *text = NULL;

    ck_assert_ptr_nonnull(keys);
    public_keys_add(keys, "uuid-1", KEY_A "\n");
    public_keys_rename(keys, "node2", "uuid-2");
    of_first = public_keys_of(keys, "uuid-1");
    ck_assert_uint_eq(of_first->len, 2);
    public_keys_remove_key(keys, "uuid-1", KEY_C);
    ck_assert(!public_keys_remove(keys, "uuid-9"));
    text = public_keys_text(keys);
    ck_assert_str_eq(text, "uuid-1 " KEY_A "\nuuid-2 " KEY_B "\n");
}
END_TEST

START_TEST(a_broken_list_is_named)
{
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(public_keys_parse("uuid-1 " KEY_A "\nbroken\n", &error));
    ck_assert_ptr_nonnull(strstr(error->message, "line 2"));
    ck_assert_ptr_nonnull(strstr(error->message, "broken"));
}
END_TEST

START_TEST(the_command_is_the_references)
{
    static const char *const program[] = {"cat", "/a b", NULL};
    const struct ssh_host host = {.cluster = "c.example.com", .node = "n1.example.com"};
    g_auto(GStrv) argv = ssh_argv(&host, SSH_BATCH | SSH_CLUSTER_KEY | SSH_QUIET, program, NULL);
    g_autofree char *text = g_strjoinv(" ", argv);
    g_autofree char *expected = g_strdup_printf(
        "ssh -oEscapeChar=none -oHashKnownHosts=no -oGlobalKnownHostsFile=%s "
        "-oUserKnownHostsFile=/dev/null -oCheckHostIp=no -oConnectTimeout=10 "
        "-oHostKeyAlias=c.example.com -q -oPort=22 -oBatchMode=yes -oStrictHostKeyChecking=no -4 "
        "root@n1.example.com cat '/a b'",
        path_get(PATH_SSH_KNOWN_HOSTS_FILE));

    ck_assert_str_eq(text, expected);
}
END_TEST

UNIT_MAIN("ssh", keys_are_authorized_once, other_peoples_lines_stay, the_list_of_nodes_keys,
          a_broken_list_is_named, the_command_is_the_references)
