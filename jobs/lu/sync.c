/* Waiting until mirrored disks are in sync. */
#include "config.h"

#include "jobs/lu/sync.h"

#include "base/json.h"
#include "facts/constants.h"
#include "jobs/lu/rpc.h"

enum {
    ASK_RETRIES = 10,    /* a node that does not answer */
    ASK_PAUSE = 6,       /* seconds between them */
    DEGRADED_TRIES = 10, /* a state that may be about to pass, one second each */
    NO_ESTIMATE = 5,     /* seconds */
    LONGEST_PAUSE = 60,
};

/* What one look at the disks said. */
struct look {
    bool syncing, degraded;
    double pause; /* seconds until the next */
};

static void read_status(struct lu *lu, const struct disk *disk, const struct json *status,
                        struct look *look)
{
    if (json_kind(status) != JSON_OBJECT) {
        lu_warn(lu, "Nothing is known of the sync of %s", disk->iv_name);
        return;
    }
    const struct json *percent = json_get(status, "sync_percent");
    const struct json *degraded = json_get(status, "is_degraded");
    const struct json *left = json_get(status, "estimated_time");
    bool syncing = json_kind(percent) == JSON_FLOAT || json_kind(percent) == JSON_INT;
    if (!syncing) {
        look->degraded =
            look->degraded || (json_kind(degraded) == JSON_BOOL && json_boolean(degraded));
        return;
    }
    look->syncing = true;
    if (json_kind(left) == JSON_FLOAT || json_kind(left) == JSON_INT) {
        look->pause = json_double(left);
        lu_info(lu, "- device %s: %5.2f%% done, %.0fs remaining (estimated)", disk->iv_name,
                json_double(percent), look->pause);
    } else {
        look->pause = NO_ESTIMATE;
        lu_info(lu, "- device %s: %5.2f%% done, no time estimate", disk->iv_name,
                json_double(percent));
    }
}

/* Tries until the node answers. */
static struct lu_answer *ask(struct lu *lu, const struct instance *instance,
                             const struct disk *const *disks, size_t n, GError **errp)
{
    for (int try = 1;; try++) {
        struct lu_answer *answer = lu_call_node(
            lu, instance->primary_node,
            LU_CALL(blockdev_getmirrorstatus, .disks = {.v = disks, .n = n, .instance = instance}));
        if (lu_answer_warn(lu, answer, "Node %s does not tell about its mirrors",
                           answer->node_name) &&
            json_kind(answer->payload) == JSON_ARRAY) {
            return answer;
        }
        if (try == ASK_RETRIES) {
            err_set(errp, ERR_REMOTE, ECODE_NONE,
                    "Node %s does not tell about its mirrors; look at its node daemon",
                    answer->node_name);
            lu_answer_free(answer);
            return NULL;
        }
        lu_answer_free(answer);
        lu_pause(lu, ASK_PAUSE);
    }
}

static GPtrArray *mirrored(const struct disk *const *disks, size_t n)
{
    GPtrArray *out = g_ptr_array_new();
    for (size_t i = 0; i < n; i++) {
        if (const_has(C_DTS_INT_MIRROR, (int)disks[i]->dev_type)) {
            g_ptr_array_add(out, (void *)disks[i]);
        }
    }
    return out;
}

bool lu_disks_wait_for_sync(struct lu *lu, const struct instance *instance,
                            const struct disk *const *disks, size_t n, bool oneshot, bool *ret_good,
                            GError **errp)
{
    *ret_good = true;
    if (n == 0) {
        return true;
    }
    g_autoptr(GPtrArray) asked = mirrored(disks, n);
    const struct disk *const *v = (const struct disk *const *)asked->pdata;
    if (!oneshot) {
        lu_info(lu, "Waiting for instance %s to sync disks", instance->name);
    }
    for (int tries = DEGRADED_TRIES;;) {
        struct look look = {0};
        CLEANUP(lu_answer_freep) struct lu_answer *answer = ask(lu, instance, v, asked->len, errp);
        if (answer == NULL) {
            return false;
        }
        for (size_t i = 0; i < json_len(answer->payload) && i < asked->len; i++) {
            read_status(lu, v[i], json_at(answer->payload, i), &look);
        }
        bool done = !look.syncing || oneshot;
        if (done && look.degraded && tries-- > 0) {
            lu_pause(lu, 1);
            continue;
        }
        if (done) {
            if (!look.syncing) {
                lu_info(lu, "Instance %s's disks are in sync", instance->name);
            }
            *ret_good = !look.degraded;
            return true;
        }
        lu_pause(lu, MIN(look.pause, LONGEST_PAUSE));
    }
}
