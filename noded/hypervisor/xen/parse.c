#include "config.h"

#include "noded/hypervisor/xen/parse.h"

#include <math.h>
#include <string.h>

#include "base/parse.h"
#include "facts/codec.h"
#include "facts/errors.h"
#include "noded/hypervisor/hv-common.h"

enum {
    N_COLUMNS = 6,
    N_FLAGS = 6,
};

static const double max_time_s = 1e15;

/* --- States -------------------------------------------------------------------------------------
 */

/* "p" may come with every state: a domain is paused while Xen works on it. */
static void ignore_paused(char *state)
{
    for (; *state != '\0'; state++) {
        if (*state == 'p') {
            *state = '-';
        }
    }
}

static bool is_running(const char *state)
{
    /* A domain in the queue of the scheduler has no flag at all; "ss" and "sr" come while it is
     * suspended for a migration or restarts. */
    static const char *const heads[] = {"r--", "rb-", "-b-", "---"};
    static const char *const tails[] = {"---", "ss-", "sr-"};

    for (size_t i = 0; i < G_N_ELEMENTS(heads); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(tails); j++) {
            if (strncmp(state, heads[i], 3) == 0 && strcmp(state + 3, tails[j]) == 0) {
                return true;
            }
        }
    }
    /* A dying one still takes memory. */
    return strcmp(state, "-----d") == 0;
}

static bool is_shutdown(const char *state)
{
    return strcmp(state, "---s--") == 0 || strcmp(state, "---s-d") == 0;
}

bool xen_parse_state(const char *word, enum hv_state *ret_state, bool *ret_crashed, GError **errp)
{
    g_autofree char *state = g_strdup(word);

    ignore_paused(state);
    *ret_crashed = strchr(state, 'c') != NULL;
    *ret_state = HV_STATE_RUNNING;
    if (*ret_crashed || (strlen(state) == N_FLAGS && is_running(state))) {
        return true;
    }
    *ret_state = HV_STATE_SHUTDOWN;
    return is_shutdown(state) || hv_fail(errp, "xl tells a state that is not known: '%s'", word);
}

/* --- List ---------------------------------------------------------------------------------------
 */

/* The words of a line; blanks come in any number. */
static GPtrArray *split_words(const char *line)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);

    while (*(line += strspn(line, " \t\r")) != '\0') {
        size_t len = strcspn(line, " \t\r");

        g_ptr_array_add(words, g_strndup(line, len));
        line += len;
    }
    return words;
}

/* *ret stays NULL for a crashed domain. */
static bool parse_columns(const GPtrArray *words, struct hv_guest **ret, GError **errp)
{
    g_autofree struct hv_guest *guest = g_new0(struct hv_guest, 1);
    int64_t id;
    bool crashed;

    if (words->len != N_COLUMNS) {
        return hv_fail(errp, "%u columns instead of %d", words->len, N_COLUMNS);
    }
    if (!parse_int64(words->pdata[1], 0, INT64_MAX, &id, errp) ||
        !parse_int64(words->pdata[2], 0, INT64_MAX, &guest->memory, errp) ||
        !parse_int64(words->pdata[3], 0, INT64_MAX, &guest->vcpus, errp) ||
        !xen_parse_state(words->pdata[4], &guest->state, &crashed, errp) ||
        !parse_double(words->pdata[5], 0, max_time_s, &guest->cpu_time, errp)) {
        return false;
    }
    if (!crashed) {
        guest->name = g_strdup(words->pdata[0]);
        guest->id = g_strdup(words->pdata[1]);
        *ret = g_steal_pointer(&guest);
    }
    return true;
}

static void free_guest(void *guest)
{
    hv_guest_free(guest);
}

GPtrArray *xen_parse_list(const char *text, GError **errp)
{
    g_autoptr(GPtrArray) guests = g_ptr_array_new_with_free_func(free_guest);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    /* The first line is the heading. */
    for (char **line = lines + (*lines != NULL); *line != NULL; line++) {
        g_autoptr(GPtrArray) words = split_words(*line);
        g_autoptr(GError) error = NULL;
        struct hv_guest *guest = NULL;

        if (words->len == 0) {
            continue;
        }
        if (!parse_columns(words, &guest, &error)) {
            hv_fail(errp, "cannot read the list of xl: '%s': %s", *line, error->message);
            return NULL;
        }
        if (guest != NULL) {
            g_ptr_array_add(guests, guest);
        }
    }
    return g_steal_pointer(&guests);
}

/* --- Node ---------------------------------------------------------------------------------------
 */

/* Numbers of "xl info"; -1: not told. */
struct numbers {
    int64_t memory_total, memory_free, nr_cpus, nr_nodes, cores_per_socket, threads_per_core;
    int64_t major, minor;
};

static bool take_number(const char *key, const char *text, struct numbers *numbers, GError **errp)
{
    const struct {
        const char *key;
        int64_t *slot;
    } rows[] = {{"memory", &numbers->memory_total},
                {"total_memory", &numbers->memory_total},
                {"free_memory", &numbers->memory_free},
                {"nr_cpus", &numbers->nr_cpus},
                {"nr_nodes", &numbers->nr_nodes},
                {"cores_per_socket", &numbers->cores_per_socket},
                {"threads_per_core", &numbers->threads_per_core},
                {"xen_major", &numbers->major},
                {"xen_minor", &numbers->minor}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (strcmp(rows[i].key, key) == 0 && !parse_int64(text, 0, INT32_MAX, rows[i].slot, errp)) {
            g_prefix_error(errp, "xl info: %s: ", key);
            err_wrap(errp, ERR_HYPERVISOR, ECODE_NONE);
            return false;
        }
    }
    return true;
}

static void set(int64_t value, int64_t *slot, bool *has)
{
    if (value >= 0) {
        *slot = value;
        *has = true;
    }
}

static void use_numbers(const struct numbers *numbers, struct node_hv_info *ret)
{
    set(numbers->memory_total, &ret->memory_total, &ret->has.memory_total);
    set(numbers->memory_free, &ret->memory_free, &ret->has.memory_free);
    set(numbers->nr_cpus, &ret->cpu_total, &ret->has.cpu_total);
    set(numbers->nr_nodes, &ret->cpu_nodes, &ret->has.cpu_nodes);
    if (numbers->nr_cpus >= 0 && numbers->cores_per_socket > 0 && numbers->threads_per_core > 0) {
        set(numbers->nr_cpus / (numbers->cores_per_socket * numbers->threads_per_core),
            &ret->cpu_sockets, &ret->has.cpu_sockets);
    }
    if (numbers->major >= 0 && numbers->minor >= 0) {
        *(int64_t *)fact_list_add(&type_int_list, &ret->hv_version) = numbers->major;
        *(int64_t *)fact_list_add(&type_int_list, &ret->hv_version) = numbers->minor;
        ret->has.hv_version = true;
    }
}

static void use_guests(const GPtrArray *guests, struct node_hv_info *ret)
{
    int64_t used = 0;

    for (guint i = 0; i < guests->len; i++) {
        const struct hv_guest *guest = guests->pdata[i];

        if (strcmp(guest->name, XEN_DOM0) == 0) {
            set(guest->memory, &ret->memory_dom0, &ret->has.memory_dom0);
            set(guest->vcpus, &ret->cpu_dom0, &ret->has.cpu_dom0);
        }
        used += guest->memory;
    }
    if (ret->has.memory_total && ret->has.memory_free) {
        ret->memory_hv = ret->memory_total - ret->memory_free - used;
        ret->has.memory_hv = true;
    }
}

bool xen_parse_info(const char *text, const GPtrArray *guests, struct node_hv_info *ret,
                    GError **errp)
{
    struct numbers numbers = {-1, -1, -1, -1, -1, -1, -1, -1};
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        char *value = strchr(*line, ':');

        if (value == NULL) {
            continue;
        }
        *value++ = '\0';
        if (!take_number(g_strstrip(*line), g_strstrip(value), &numbers, errp)) {
            return false;
        }
    }
    use_numbers(&numbers, ret);
    use_guests(guests, ret);
    return true;
}
