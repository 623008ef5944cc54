#include "htools/core/repair.h"

#include <inttypes.h>

#include "htools/core/loader.h"
#include "htools/core/print.h"

struct ht_repair *ht_repair_new(enum ht_repair_type type, int64_t time)
{
    struct ht_repair *repair = g_new0(struct ht_repair, 1);

    repair->type = type;
    repair->uuid = g_uuid_string_random();
    repair->time = time;
    repair->jobs = g_array_new(FALSE, FALSE, sizeof(int64_t));
    return repair;
}

void ht_repair_free(struct ht_repair *repair)
{
    if (repair != NULL) {
        g_free(repair->uuid);
        g_array_unref(repair->jobs);
        g_free(repair);
    }
}

char *ht_repair_tag(const struct ht_repair *repair)
{
    GString *tag =
        g_string_new(ht_tag_prefixes[repair->ended ? HT_TAG_AR_RESULT : HT_TAG_AR_PENDING]);

    g_string_append_printf(tag, "%s:%s:%" PRId64 ":", ht_repair_rows[repair->type].word,
                           repair->uuid, repair->time);
    if (repair->ended) {
        g_string_append_printf(tag, "%s:", ht_repair_result_words[repair->result]);
    }
    for (guint i = 0; i < repair->jobs->len; i++) {
        g_string_append_printf(tag, "%s%" PRId64, i > 0 ? "+" : "",
                               g_array_index(repair->jobs, int64_t, i));
    }
    return g_string_free(tag, FALSE);
}

static bool parse_number(const char *text, int64_t *ret)
{
    return g_ascii_string_to_signed(text, 10, 0, G_MAXINT64, ret, NULL);
}

static bool parse_jobs(const char *text, GArray *jobs)
{
    g_auto(GStrv) words = g_strsplit(text, "+", -1);

    for (char **word = words; *text != '\0' && *word != NULL; word++) {
        int64_t id;

        if (!parse_number(*word, &id)) {
            return false;
        }
        g_array_append_val(jobs, id);
    }
    return true;
}

struct ht_repair *ht_repair_parse(const char *tag)
{
    const char *pending = ht_tag_prefixes[HT_TAG_AR_PENDING];
    const char *result = ht_tag_prefixes[HT_TAG_AR_RESULT];
    bool ended = g_str_has_prefix(tag, result);
    struct ht_repair *repair;
    g_auto(GStrv) words = NULL;
    enum ht_repair_type type;
    int64_t time;
    unsigned n;

    if (!ended && !g_str_has_prefix(tag, pending)) {
        return NULL;
    }
    words = g_strsplit(tag + strlen(ended ? result : pending), ":", -1);
    n = g_strv_length(words);
    if (n != (ended ? 5 : 4) || !ht_repair_type_parse(words[0], &type) ||
        !parse_number(words[2], &time)) {
        return NULL;
    }
    repair = ht_repair_new(type, time);
    g_free(repair->uuid);
    repair->uuid = g_strdup(words[1]);
    repair->ended = ended;
    if ((ended && !ht_repair_result_parse(words[3], &repair->result)) ||
        !parse_jobs(words[n - 1], repair->jobs)) {
        ht_repair_free(repair);
        return NULL;
    }
    return repair;
}

const char *ht_repair_progress_name(enum ht_repair_progress progress)
{
    static const char *const names[HT_PROGRESS_COUNT] = {
        [HT_PROGRESS_HEALTHY] = "Healthy",
        [HT_PROGRESS_FAILED] = "Failure",
        [HT_PROGRESS_PENDING] = "Pending repair",
        [HT_PROGRESS_NEEDED] = "Needs repair",
    };

    return names[progress];
}

void ht_repair_record_clear(struct ht_repair_record *record)
{
    g_clear_pointer(&record->repair, ht_repair_free);
    g_clear_pointer(&record->tag, g_free);
    g_clear_pointer(&record->outdated, g_ptr_array_unref);
}

/* Matches delCurTag: the tag of the repair that counted so far comes first. */
static void outdate(struct ht_repair_record *record)
{
    if (record->tag != NULL) {
        g_ptr_array_insert(record->outdated, 0, g_steal_pointer(&record->tag));
    }
    g_clear_pointer(&record->repair, ht_repair_free);
}

void ht_repair_record_move(struct ht_repair_record *record, enum ht_repair_progress progress,
                           struct ht_repair *repair)
{
    outdate(record);
    record->progress = progress;
    record->repair = repair;
    record->tag = ht_repair_tag(repair);
}

/* ---- reading ---- */

/* A repair as a tag tells it. */
struct told {
    const char *tag;
    struct ht_repair *repair;
    int64_t first; /* the earliest time of its repair */
};

static void clear_told(gpointer told)
{
    ht_repair_free(((struct told *)told)->repair);
}

static int compare_numbers(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

/* By UUID, then by result (none, then in the order of their rows), then by time; what counts of a
 * repair is the last of its tags. */
static int compare_told(gconstpointer a, gconstpointer b)
{
    const struct ht_repair *left = ((const struct told *)a)->repair;
    const struct ht_repair *right = ((const struct told *)b)->repair;
    int uuids = strcmp(left->uuid, right->uuid);

    if (uuids != 0) {
        return uuids;
    }
    if (left->ended != right->ended) {
        return left->ended ? 1 : -1;
    }
    if (left->ended && left->result != right->result) {
        return left->result < right->result ? -1 : 1;
    }
    return compare_numbers(left->time, right->time);
}

static int compare_groups(gconstpointer a, gconstpointer b)
{
    return compare_numbers(((const struct told *)a)->first, ((const struct told *)b)->first);
}

/* Leaves one entry per repair: what counts of it, ordered by the time of the first. */
static void group_told(GArray *told)
{
    guint n = 0;

    g_array_sort(told, compare_told);
    for (guint i = 0; i < told->len; i++) {
        struct told *entry = &g_array_index(told, struct told, i);
        struct told *last = n > 0 ? &g_array_index(told, struct told, n - 1) : NULL;

        entry->first = entry->repair->time;
        if (last == NULL || strcmp(last->repair->uuid, entry->repair->uuid) != 0) {
            struct told swapped = g_array_index(told, struct told, n);

            g_array_index(told, struct told, n++) = *entry;
            *entry = swapped;
            continue;
        }
        entry->first = MIN(entry->first, last->first);
        {
            struct told swapped = *last;

            *last = *entry;
            *entry = swapped;
        }
    }
    g_array_set_size(told, n);
    g_array_sort(told, compare_groups);
}

static enum ht_repair_progress progress_of(const struct ht_repair *repair)
{
    if (!repair->ended) {
        return HT_PROGRESS_PENDING;
    }
    return repair->result == HT_RESULT_FAILURE ? HT_PROGRESS_FAILED : HT_PROGRESS_HEALTHY;
}

static bool fail_unfinished(const struct ht_instance *inst, const char *newer, const char *older,
                            GError **errp)
{
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_printf(text, "An unfinished repair was found in instance %s: found tag ", inst->name);
    ht_append_show_string(text, newer);
    g_string_append(text, ", but older pending tag ");
    ht_append_show_string(text, older);
    g_string_append(text, " exists.");
    g_set_error_literal(errp, HT_LOAD_ERROR, 0, text->str);
    return false;
}

/* Matches setInitialState and arStatusCmp. */
bool ht_repair_read(const struct ht_instance *inst, struct ht_repair_record *ret, GError **errp)
{
    g_autoptr(GArray) told = g_array_new(FALSE, TRUE, sizeof(struct told));

    *ret = (struct ht_repair_record){
        .progress = HT_PROGRESS_HEALTHY,
        .outdated = g_ptr_array_new_with_free_func(g_free),
    };
    g_array_set_clear_func(told, clear_told);
    for (unsigned i = 0; i < inst->n_tags; i++) {
        struct told entry = {.tag = inst->tags[i], .repair = ht_repair_parse(inst->tags[i])};

        if (entry.repair != NULL) {
            g_array_append_val(told, entry);
        }
    }
    group_told(told);
    for (guint i = 0; i < told->len; i++) {
        struct told *entry = &g_array_index(told, struct told, i);

        if (ret->progress == HT_PROGRESS_FAILED) {
            break;
        }
        if (ret->progress == HT_PROGRESS_PENDING) {
            return fail_unfinished(inst, entry->tag, ret->tag, errp);
        }
        outdate(ret);
        ret->progress = progress_of(entry->repair);
        ret->repair = g_steal_pointer(&entry->repair);
        ret->tag = g_strdup(entry->tag);
    }
    return true;
}
