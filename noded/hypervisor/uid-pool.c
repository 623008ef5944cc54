#include "config.h"

#include "noded/hypervisor/uid-pool.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/parse.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "noded/hypervisor/hv-common.h"

enum {
    MAX_PROCESSES = 4 * 1024 * 1024,
    /* Ids that are looked at before giving up: each costs a walk over the processes. */
    MAX_TRIES = 1000,
    DIR_MODE = 0755,
};

struct uid_claim {
    uint32_t id;
    struct fs_lock *lock;
};

struct range {
    uint64_t low, high;
};

static bool parse_range(const char *text, struct range *ret, GError **errp)
{
    g_auto(GStrv) ends = g_strsplit(text, "-", 0);
    guint n = g_strv_length(ends);

    if (n < 1 || n > 2 || !parse_uint64(ends[0], (uint64_t)C_UIDPOOL_UID_MAX, &ret->low, NULL) ||
        !parse_uint64(ends[n - 1], (uint64_t)C_UIDPOOL_UID_MAX, &ret->high, NULL) ||
        ret->low > ret->high) {
        return hv_fail(errp, "user id pool of the cluster: '%s' is no range", text);
    }
    return true;
}

static GArray *parse_ranges(const char *const *lines, uint64_t *ret_total, GError **errp)
{
    g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(struct range));

    *ret_total = 0;
    for (; *lines != NULL; lines++) {
        struct range range;

        if (**lines == '\0') {
            continue;
        }
        if (!parse_range(*lines, &range, errp)) {
            return NULL;
        }
        *ret_total += range.high - range.low + 1;
        g_array_append_val(ranges, range);
    }
    return g_steal_pointer(&ranges);
}

static uint32_t nth(const GArray *ranges, uint64_t n)
{
    for (guint i = 0; i < ranges->len; i++) {
        const struct range *range = &g_array_index(ranges, struct range, i);
        uint64_t size = range->high - range->low + 1;

        if (n < size) {
            return (uint32_t)(range->low + n);
        }
        n -= size;
    }
    return 0;
}

static char *lock_path(uint32_t id)
{
    return g_strdup_printf("%s/%" G_GUINT32_FORMAT, path_get(PATH_UIDPOOL_LOCKDIR), id);
}

/* Whether a process runs under the id. */
static bool is_used(uint32_t id, bool *ret_used, GError **errp)
{
    g_autoptr(GPtrArray) names = fs_list_dir("/proc", MAX_PROCESSES, errp);

    *ret_used = false;
    for (guint i = 0; names != NULL && i < names->len && !*ret_used; i++) {
        const char *name = names->pdata[i];
        g_autofree char *path = g_strconcat("/proc/", name, NULL);
        struct stat st;

        *ret_used = g_ascii_isdigit(*name) && stat(path, &st) == 0 && st.st_uid == id;
    }
    return names != NULL;
}

/* *ret_claim is NULL if somebody has the id. */
static bool try_take(uint32_t id, struct uid_claim **ret_claim, GError **errp)
{
    g_autofree char *path = lock_path(id);
    g_autoptr(GError) error = NULL;
    CLEANUP(fs_lock_freep) struct fs_lock *lock = fs_lock_take(path, FS_LOCK_FLOCK, &error);
    bool used;

    *ret_claim = NULL;
    if (lock == NULL) {
        if (g_error_matches(error, FS_ERROR, EWOULDBLOCK)) {
            return true;
        }
        g_propagate_error(errp, g_steal_pointer(&error));
        return false;
    }
    if (!is_used(id, &used, errp)) {
        return false;
    }
    if (!used) {
        *ret_claim = g_new0(struct uid_claim, 1);
        (*ret_claim)->id = id;
        (*ret_claim)->lock = g_steal_pointer(&lock);
    }
    return true;
}

/* From a random place on, so that an id is not given away again at once. */
static struct uid_claim *walk(const GArray *ranges, uint64_t total, bool marked, GError **errp)
{
    uint64_t start = ((uint64_t)g_random_int() << 32 | g_random_int()) % total;

    for (uint64_t i = 0; i < MIN(total, MAX_TRIES); i++) {
        uint32_t id = nth(ranges, (start + i) % total);
        g_autofree char *path = lock_path(id);
        struct uid_claim *claim;

        if (g_file_test(path, G_FILE_TEST_EXISTS) != marked) {
            continue;
        }
        if (!try_take(id, &claim, errp)) {
            return NULL;
        }
        if (claim != NULL) {
            return claim;
        }
    }
    return NULL;
}

struct uid_claim *uid_pool_take(const char *const *lines, GError **errp)
{
    uint64_t total;
    g_autoptr(GArray) ranges = parse_ranges(lines, &total, errp);
    g_autoptr(GError) error = NULL;
    struct uid_claim *claim;

    if (ranges == NULL ||
        !fs_make_dir(path_get(PATH_UIDPOOL_LOCKDIR), DIR_MODE, (uid_t)-1, (gid_t)-1, errp)) {
        return NULL;
    }
    if (total == 0) {
        hv_fail(errp, "the cluster's user id pool is empty: gnt-cluster modify --uid-pool");
        return NULL;
    }
    /* Those whose file a crash left come last. */
    claim = walk(ranges, total, false, &error);
    if (claim == NULL && error == NULL) {
        claim = walk(ranges, total, true, &error);
    }
    if (claim == NULL) {
        hv_fail(errp, "no user id of the cluster's pool is free%s%s", error != NULL ? ": " : "",
                error != NULL ? error->message : "");
    }
    return claim;
}

uint32_t uid_claim_id(const struct uid_claim *claim)
{
    return claim->id;
}

void uid_claim_keep(struct uid_claim *claim)
{
    fs_lock_free(claim->lock);
    g_free(claim);
}

void uid_claim_cancel(struct uid_claim *claim)
{
    fs_lock_remove(claim->lock);
    g_free(claim);
}

bool uid_pool_release(uint32_t id, GError **errp)
{
    g_autofree char *path = lock_path(id);

    return fs_remove_file(path, errp);
}
