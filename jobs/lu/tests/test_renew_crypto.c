/* Certificates and SSH keys of all nodes. */
#include "config.h"

#include <string.h>

#include "base/tests/unit.h"
#include "facts/codec.h"
#include "jobs/lu/tests/lu-harness.h"

#define N1 "00000001-0000-4000-8000-000000000000"
#define N2 "00000002-0000-4000-8000-000000000000"
#define N3 "00000003-0000-4000-8000-000000000000"

static struct lu_harness *h;

static void set_up(void)
{
    h = lu_harness_new("cluster-drbd.json");
    lu_harness_answer(h, "hooks_runner", NULL, "[]");
}

static void tear_down(void)
{
    g_clear_pointer(&h, lu_harness_free);
}

static const struct cluster *cluster(void)
{
    return cfg_cluster(lu_harness_cfg(h));
}

#define RENEW(rest) "{\"OP_ID\": \"OP_CLUSTER_RENEW_CRYPTO\"" rest "}"

START_TEST(certificates)
{
    lu_harness_answer(h, "node_crypto_tokens", "n1.example", "[[\"ssl\", \"01\"]]");
    lu_harness_answer(h, "node_crypto_tokens", "n2.example", "[[\"ssl\", \"02\"]]");
    lu_harness_failure(h, "node_crypto_tokens", "n3.example", "down");
    lu_harness_ok(h, RENEW(", \"node_certificates\": true"));
    ck_assert_uint_eq(cluster()->candidate_certs.n, 2);
    char *const *digest = fact_dict_get(&type_str_map, &cluster()->candidate_certs, N2);
    ck_assert_str_eq(*digest, "02");
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "node n3.example: "));
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\nnode/[lockset] exclusive\n");
    /* Three tries for the one that fails. */
    const char *at = lu_harness_calls(h);
    for (int i = 0; i < 3; i++) {
        at = strstr(at, "node_crypto_tokens n3.example");
        ck_assert_ptr_nonnull(at);
        at++;
    }
    ck_assert_ptr_null(strstr(at, "node_crypto_tokens n3.example"));
    lu_harness_failure(h, "node_crypto_tokens", "n1.example", "down");
    lu_harness_fails(h, RENEW(", \"node_certificates\": true"), ERR_OP_EXEC, ECODE_NONE);
    ck_assert_uint_eq(cluster()->candidate_certs.n, 2);
}
END_TEST

START_TEST(ssh_not_ours)
{
    lu_harness_ok(h, RENEW(", \"renew_ssh_keys\": true"));
    ck_assert_str_eq(lu_harness_calls(h), "");
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "does not care"));
    lu_harness_fails(h, RENEW(", \"ssh_key_type\": \"dsa\", \"ssh_key_bits\": 2048"), ERR_OP_PREREQ,
                     ECODE_INVAL);
    lu_harness_fails(h, RENEW(", \"ssh_key_type\": \"ecdsa\", \"ssh_key_bits\": 400"),
                     ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, RENEW(", \"ssh_key_bits\": 512"), ERR_OP_PREREQ, ECODE_INVAL);
}
END_TEST

static void care_for_ssh(struct cluster *edited)
{
    edited->modify_ssh_setup = true;
}

START_TEST(ssh_keys)
{
    lu_harness_edit_cluster(h, care_for_ssh);
    lu_harness_answer(h, "node_ssh_keys_renew", NULL, "null");
    lu_harness_ok(h, RENEW(", \"renew_ssh_keys\": true, \"ssh_key_type\": \"ecdsa\""));
    ck_assert_int_eq(cluster()->ssh_key_type, SSH_KEY_TYPE_ECDSA);
    ck_assert_int_eq(cluster()->ssh_key_bits, 384);
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "\"ecdsa\", 384]\n"));
    lu_harness_failure(h, "node_ssh_keys_renew", NULL, "no");
    lu_harness_fails(h, RENEW(", \"renew_ssh_keys\": true, \"ssh_key_bits\": 521"), ERR_OP_EXEC,
                     ECODE_NONE);
    ck_assert_int_eq(cluster()->ssh_key_bits, 384);
}
END_TEST

UNIT_MAIN_FIXTURE("renew_crypto", set_up, tear_down, certificates, ssh_not_ours, ssh_keys)
