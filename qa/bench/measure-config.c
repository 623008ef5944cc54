/* The stop watch of qa/bench for what daemons do with config.data inside one process.
 *
 *     measure-config load COUNT FILE       from the file to a snapshot
 *     measure-config commit COUNT FILE     one instance changed, durably, and once more...
 *     measure-config write COUNT FILE      the same bytes put in place, durably
 *
 * Prints "MEDIAN P99 MIN MAX" in microseconds. `commit` replaces FILE each time as the daemon
 * would: give it a copy. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/parse.h"
#include "compat-config/model/txn.h"
#include "compat-config/store/store.h"

static int64_t now_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int compare_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void print_times(int64_t *times, size_t count)
{
    qsort(times, count, sizeof(times[0]), compare_times);
    printf("%.1f %.1f %.1f %.1f\n", (double)times[count / 2] / 1e3,
           (double)times[(count * 99 - 1) / 100] / 1e3, (double)times[0] / 1e3,
           (double)times[count - 1] / 1e3);
}

static bool measure_load(int64_t *times, size_t count, const char *path, GError **errp)
{
    for (size_t i = 0; i < count; i++) {
        int64_t start = now_ns();
        const struct cfg *cfg = cfg_load(path, errp);

        times[i] = now_ns() - start;
        if (cfg == NULL) {
            return false;
        }
        cfg_unref(cfg);
    }
    return true;
}

/* Another instance each time, so that nothing is warm that would not be in a daemon. */
static const struct cfg *change(const struct cfg *cfg, size_t round)
{
    const size_t step = 7919;
    struct cfg_txn *txn = cfg_txn_begin(cfg);
    size_t at = round * step % cfg_instance_count(cfg);
    struct instance *instance = cfg_txn_edit_instance(txn, cfg_instance_at(cfg, at)->uuid);

    instance->disks_active = !instance->disks_active;
    return cfg_txn_commit(txn, (double)g_get_real_time() / G_USEC_PER_SEC);
}

static bool measure_commit(int64_t *times, size_t count, const char *path, GError **errp)
{
    const struct cfg *cfg = cfg_load(path, errp);
    bool good = cfg != NULL && cfg_save(cfg, path, NULL, errp);

    if (cfg != NULL && cfg_instance_count(cfg) == 0) {
        g_printerr("measure-config: %s has no instance to change\n", path);
        exit(1);
    }
    for (size_t i = 0; i < count && good; i++) {
        int64_t start = now_ns();
        const struct cfg *next = change(cfg, i);

        good = cfg_save(next, path, NULL, errp);
        cfg_unref(cfg);
        cfg = next;
        times[i] = now_ns() - start;
    }
    cfg_unref(cfg);
    return good;
}

/* What the disk alone takes for it. */
static bool measure_write(int64_t *times, size_t count, const char *path, GError **errp)
{
    size_t len = 0;
    g_autofree char *text = fs_read_file(path, JSON_MAX_TEXT, &len, errp);

    for (size_t i = 0; i < count && text != NULL; i++) {
        int64_t start = now_ns();

        if (!fs_write_atomic(path, text, len, NULL, errp)) {
            return false;
        }
        times[i] = now_ns() - start;
    }
    return text != NULL;
}

typedef bool measure_fn(int64_t *times, size_t count, const char *path, GError **errp);

static measure_fn *find_measure(const char *name)
{
    static const struct {
        const char *name;
        measure_fn *fn;
    } rows[] = {{"load", measure_load}, {"commit", measure_commit}, {"write", measure_write}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (g_str_equal(name, rows[i].name)) {
            return rows[i].fn;
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autofree int64_t *times = NULL;
    measure_fn *measure = argc == 4 ? find_measure(argv[1]) : NULL;
    int count;

    if (measure == NULL || !parse_int(argv[2], 1, 1000000, &count, NULL)) {
        fprintf(stderr, "usage: measure-config load|commit|write COUNT FILE\n");
        return 2;
    }
    times = g_new0(int64_t, (size_t)count);
    if (!measure(times, (size_t)count, argv[3], &error)) {
        fprintf(stderr, "measure-config: %s\n", error->message);
        return 1;
    }
    print_times(times, (size_t)count);
    return 0;
}
