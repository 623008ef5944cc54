#include "config.h"

#include "noded/hypervisor/cpu-mask.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"
#include "facts/constants.h"
#include "noded/hypervisor/hv-common.h"

/* The kernel knows at most 8192 processors. */
enum { MAX_CPUS = 8192 };

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static bool add_range(GArray *mask, const char *text, GError **errp)
{
    g_auto(GStrv) ends = g_strsplit(text, "-", 0);
    guint n = g_strv_length(ends);
    int low, high;

    if (n < 1 || n > 2 || !parse_int(ends[0], 0, MAX_CPUS - 1, &low, NULL) ||
        !parse_int(ends[n - 1], 0, MAX_CPUS - 1, &high, NULL) || low > high) {
        return hv_fail(errp, "'%s' is no range of processors", text);
    }
    for (int64_t cpu = low; cpu <= high; cpu++) {
        g_array_append_val(mask, cpu);
    }
    return true;
}

static void make_unique(GArray *mask)
{
    guint n = 0;

    g_array_sort(mask, compare);
    for (guint i = 0; i < mask->len; i++) {
        int64_t cpu = g_array_index(mask, int64_t, i);

        if (n == 0 || g_array_index(mask, int64_t, n - 1) != cpu) {
            g_array_index(mask, int64_t, n++) = cpu;
        }
    }
    g_array_set_size(mask, n);
}

static GArray *parse_one(const char *text, GError **errp)
{
    g_autoptr(GArray) mask = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_auto(GStrv) ranges = g_strsplit(text, ",", 0);

    if (strcmp(text, C_CPU_PINNING_ALL) == 0) {
        return g_steal_pointer(&mask);
    }
    if (*text == '\0') {
        hv_fail(errp, "an empty part");
        return NULL;
    }
    for (char **range = ranges; *range != NULL; range++) {
        if (!add_range(mask, *range, errp)) {
            return NULL;
        }
    }
    make_unique(mask);
    return g_steal_pointer(&mask);
}

static void unref_array(void *array)
{
    g_array_unref(array);
}

GPtrArray *cpu_masks_parse(const char *text, GError **errp)
{
    g_autoptr(GPtrArray) masks = g_ptr_array_new_with_free_func(unref_array);
    g_auto(GStrv) parts = g_strsplit(text, C_CPU_PINNING_SEP, 0);

    if (*text == '\0') {
        hv_fail(errp, "The CPU mask is empty");
        return NULL;
    }
    for (char **part = parts; *part != NULL; part++) {
        g_autoptr(GError) error = NULL;
        GArray *mask = parse_one(*part, &error);

        if (mask == NULL) {
            hv_fail(errp, "Invalid CPU mask '%s': %s", text, error->message);
            return NULL;
        }
        g_ptr_array_add(masks, mask);
    }
    return g_steal_pointer(&masks);
}

bool cpu_mask_is_set(const char *text)
{
    return *text != '\0' && strcmp(text, C_CPU_PINNING_ALL) != 0;
}

char *cpu_mask_join(const GArray *mask)
{
    GString *text = g_string_new(NULL);

    if (mask->len == 0) {
        g_string_assign(text, C_CPU_PINNING_ALL_XEN);
    }
    for (guint i = 0; i < mask->len; i++) {
        g_string_append_printf(text, "%s%" G_GINT64_FORMAT, i > 0 ? "," : "",
                               g_array_index(mask, int64_t, i));
    }
    return g_string_free(text, FALSE);
}

bool cpu_mask_apply(int thread, const GArray *mask, GError **errp)
{
    size_t size = CPU_ALLOC_SIZE(MAX_CPUS);
    cpu_set_t *set = CPU_ALLOC(MAX_CPUS);
    int failed;

    CPU_ZERO_S(size, set);
    for (int64_t cpu = 0; mask->len == 0 && cpu < sysconf(_SC_NPROCESSORS_CONF); cpu++) {
        CPU_SET_S((size_t)cpu, size, set);
    }
    for (guint i = 0; i < mask->len; i++) {
        CPU_SET_S((size_t)g_array_index(mask, int64_t, i), size, set);
    }
    failed = sched_setaffinity(thread, size, set) != 0 ? errno : 0;
    CPU_FREE(set);
    if (failed != 0) {
        g_autofree char *text = cpu_mask_join(mask);

        return hv_fail(errp, "cannot bind thread %d to processors %s: %s", thread, text,
                       g_strerror(failed));
    }
    return true;
}
