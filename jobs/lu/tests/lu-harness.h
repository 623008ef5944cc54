/* Runs logical units in milliseconds: over a configuration file, without daemons, with canned
 * answers of nodes.
 *
 *     struct lu_harness *h = lu_harness_new("cluster-3.0.json");
 *     lu_harness_answer(h, "test_delay", NULL, "null");
 *     lu_harness_ok(h, "{\"OP_ID\": \"OP_TEST_DELAY\", \"duration\": 1}");
 *     ck_assert_str_eq(lu_harness_calls(h), "test_delay node1.lab.example [1.0]\n");
 *
 * Opcodes are texts of JSON as clients submit them. */
#ifndef GANTRY_JOBS_LU_TESTS_LU_HARNESS_H
#define GANTRY_JOBS_LU_TESTS_LU_HARNESS_H

#include <glib.h>

#include "base/cleanup.h"
#include "compat-config/model/cfg.h"
#include "facts/errors.h"
#include "jobs/lu/processor.h"

struct lu_harness;

/* A file of compat-config/tests/data; the test's level is 3.0 for those that end in -3.0.json. */
struct lu_harness *lu_harness_new(const char *config);
void lu_harness_free(struct lu_harness *harness);
DEFINE_CLEANUP(struct lu_harness *, lu_harness_free)

/* The configuration as it is now; borrowed until the next run. */
const struct cfg *lu_harness_cfg(struct lu_harness *harness);

/* Changes the cluster object, also where no opcode can. */
void lu_harness_edit_cluster(struct lu_harness *harness, void (*edit)(struct cluster *cluster));

/* What a node (NULL: every node) answers to a call; payload is a text of JSON. Several lines: one
 * answer after the other, the last for good. A later answer for the same call and node replaces the
 * first. Calls without an answer fail. */
void lu_harness_answer(struct lu_harness *harness, const char *call, const char *node,
                       const char *payload);
void lu_harness_failure(struct lu_harness *harness, const char *call, const char *node,
                        const char *text);
/* Jobs are given these numbers, from 1 on, unless they are refused with a text. */
void lu_harness_refuse_jobs(struct lu_harness *harness, const char *text);

/* Runs one opcode. What it did stands in the functions below until the next run. */
enum lu_outcome lu_harness_run(struct lu_harness *harness, const char *opcode);
/* The same for one that must succeed. */
void lu_harness_ok(struct lu_harness *harness, const char *opcode);
/* The same for one that must fail with this class, and with this code unless it is ECODE_NONE. */
void lu_harness_fails(struct lu_harness *harness, const char *opcode, enum err_class error_class,
                      enum err_ecode ecode);

/* All borrowed. The result as JSON in Python's dialect. */
const char *lu_harness_result(const struct lu_harness *harness);
const GError *lu_harness_error(const struct lu_harness *harness);
/* Lines "TEXT", or "TYPE JSON" for entries that are no plain messages. */
const char *lu_harness_log(const struct lu_harness *harness);
/* Lines "CALL NODE BODY", in the order of calls. */
const char *lu_harness_calls(const struct lu_harness *harness);
/* The same without bodies and hooks, for sequences: "CALL NODE" and the separator each, of the node
 * as many bytes as wanted. but: another call that is left out; NULL: none. Owned by the caller. */
char *lu_harness_call_names(const struct lu_harness *harness, int node_len, char separator,
                            const char *but);
/* Lines "LOCK MODE", sorted, as they were held when the unit started. */
const char *lu_harness_locks(const struct lu_harness *harness);
/* The submitted jobs, lists of lists of opcodes, as JSON in Python's dialect; "" if there are none.
 */
const char *lu_harness_jobs(const struct lu_harness *harness);
/* The opcode as the job file shows it afterwards. */
const char *lu_harness_opcode(const struct lu_harness *harness);

#endif
