/* Whether an instance fits an instance policy. */
#include "config.h"

#include "jobs/lu/ipolicy-fit.h"

#include "facts/codec.h"

static void add(GPtrArray *out, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void add(GPtrArray *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(out, g_strdup_vprintf(format, args));
    va_end(args);
}

/* A member of a range that is not set allows everything. */
static void check(GPtrArray *out, const char *name, int64_t value, bool has_min, int64_t min,
                  bool has_max, int64_t max)
{
    if (value >= 0 && ((has_min && value < min) || (has_max && value > max))) {
        add(out,
            "%s value %" G_GINT64_FORMAT " is not in range [%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT
            "]",
            name, (gint64)value, (gint64)min, (gint64)max);
    }
}

#define CHECK(out, range, member, name, value)                                                     \
    check(out, name, value, (range)->min.has.member, (range)->min.member, (range)->max.has.member, \
          (range)->max.member)

static GPtrArray *check_range(const struct minmax_ispecs *range, const struct lu_ispec *spec)
{
    GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
    CHECK(out, range, memory_size, "memory-size", spec->memory);
    CHECK(out, range, cpu_count, "cpu-count", spec->vcpus);
    CHECK(out, range, nic_count, "nic-count", spec->nics);
    CHECK(out, range, spindle_use, "spindle-use", spec->spindle_use);
    for (size_t i = 0; i < spec->n_disks; i++) {
        g_autofree char *name = g_strdup_printf("disk-size/%zu", i);
        CHECK(out, range, disk_size, name, spec->disk_sizes[i]);
    }
    if (spec->n_disks > 0) {
        CHECK(out, range, disk_count, "disk-count", (int64_t)spec->n_disks);
    }
    return out;
}

static void check_template(GPtrArray *out, const struct ipolicy *filled, enum disk_template one)
{
    for (size_t i = 0; i < filled->disk_templates.n; i++) {
        if (filled->disk_templates.v[i] == one) {
            return;
        }
    }
    add(out, "Disk template %s is not allowed", fact_enum_disk_template.words[one]);
}

char *lu_ipolicy_violations(const struct ipolicy *filled, const struct lu_ispec *spec)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) least = NULL;
    if (spec->n_disks == 0) {
        check_template(all, filled, DISK_TEMPLATE_DISKLESS);
    }
    for (size_t i = 0; i < spec->n_disks; i++) {
        if (i == 0 || spec->disk_templates[i] != spec->disk_templates[i - 1]) {
            check_template(all, filled, spec->disk_templates[i]);
        }
    }
    /* The range that fits best counts. */
    for (size_t i = 0; i < filled->minmax.n; i++) {
        GPtrArray *one = check_range(&filled->minmax.v[i], spec);
        if (least == NULL || one->len < least->len) {
            g_clear_pointer(&least, g_ptr_array_unref);
            least = one;
        } else {
            g_ptr_array_unref(one);
        }
    }
    for (guint i = 0; least != NULL && i < least->len; i++) {
        g_ptr_array_add(all, g_strdup(least->pdata[i]));
    }
    if (all->len == 0) {
        return NULL;
    }
    g_ptr_array_add(all, NULL);
    return g_strjoinv(", ", (char **)all->pdata);
}
