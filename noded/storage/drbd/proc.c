#include "config.h"

#include "noded/storage/drbd/proc.h"

#include <string.h>

#include "base/parse.h"
#include "noded/storage/bdev-common.h"

/* Minors are 20 bits in the kernel. */
enum { MAX_MINOR = (1 << 20) - 1, MAX_VERSION_PART = 1000 * 1000 };

static const char unconfigured[] = "Unconfigured";

/* A line "version: 8.4.10-1 (api:1/proto:86-101)"; what is in brackets is kept as it is. */
static GRegex *version_regex(void)
{
    return g_regex_new("^version: (([0-9]+)\\.([0-9]+)\\.([0-9]+)(?:[.-][0-9]+)? "
                       "\\(api:[0-9]+/proto:[0-9]+(?:-[0-9]+)?\\))",
                       0, 0, NULL);
}

static bool match_int(const GMatchInfo *match, int group, int max, int *ret)
{
    g_autofree char *text = g_match_info_fetch(match, group);

    return parse_int(text, 0, max, ret, NULL);
}

static bool parse_version(const char *line, struct drbd_proc *proc, GError **errp)
{
    g_autoptr(GRegex) regex = version_regex();
    g_autoptr(GMatchInfo) match = NULL;

    if (!g_regex_match(regex, line, 0, &match) ||
        !match_int(match, 2, MAX_VERSION_PART, &proc->major) ||
        !match_int(match, 3, MAX_VERSION_PART, &proc->minor) ||
        !match_int(match, 4, MAX_VERSION_PART, &proc->point)) {
        return bdev_fail(errp, "Can't parse DRBD version from '%.200s'", line);
    }
    proc->version = g_match_info_fetch(match, 1);
    return true;
}

/* Splits "A/B". */
static void split_pair(const char *pair, char **ret_first, char **ret_second)
{
    const char *slash = strchr(pair, '/');

    *ret_first = g_strndup(pair, slash != NULL ? (gsize)(slash - pair) : strlen(pair));
    *ret_second = g_strdup(slash != NULL ? slash + 1 : "");
}

/* The value of a word "KEY:VALUE" of a line; g_free(). */
static char *word_value(char **words, const char *key)
{
    for (; *words != NULL; words++) {
        if (g_str_has_prefix(*words, key) && (*words)[strlen(key)] == ':') {
            return g_strdup(*words + strlen(key) + 1);
        }
    }
    return NULL;
}

static bool parse_hms(const char *text, int64_t *ret)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", 4);
    int64_t seconds = 0;

    if (g_strv_length(parts) != 3) {
        return false;
    }
    for (int i = 0; i < 3; i++) {
        int64_t n;

        if (!parse_int64(parts[i], 0, INT32_MAX, &n, NULL)) {
            return false;
        }
        seconds = seconds * 60 + n;
    }
    *ret = seconds;
    return true;
}

/* "sync'ed: 68.5% (...)K finish: 0:00:05", over two lines with blanks as they come. */
static void parse_sync(const char *text, struct drbd_minor *minor)
{
    const char *synced = strstr(text, "sync'ed:");
    const char *finish = synced != NULL ? strstr(synced, "finish: ") : NULL;
    g_autofree char *percent = NULL, *time = NULL;
    double number;

    if (finish == NULL) {
        return;
    }
    synced += strlen("sync'ed:");
    synced += strspn(synced, " \t");
    finish += strlen("finish: ");
    percent = g_strndup(synced, strspn(synced, "0123456789."));
    time = g_strndup(finish, strcspn(finish, " \t"));
    if (synced[strlen(percent)] == '%' && parse_double(percent, 0, 100, &number, NULL) &&
        parse_hms(time, &minor->estimated_time)) {
        minor->sync_percent = number;
    }
}

/* All lines of one device, joined. */
static bool parse_minor(const char *text, struct drbd_minor *ret, GError **errp)
{
    g_auto(GStrv) words = g_strsplit_set(text, " \t", -1);
    g_autofree char *roles = word_value(words, "ro");
    g_autofree char *disks = word_value(words, "ds");

    ret->sync_percent = -1;
    ret->estimated_time = -1;
    ret->connection = word_value(words, "cs");
    if (g_strcmp0(ret->connection, unconfigured) == 0) {
        return true;
    }
    if (roles == NULL) {
        roles = word_value(words, "st");
    }
    if (roles == NULL || disks == NULL || strchr(roles, '/') == NULL ||
        strchr(disks, '/') == NULL) {
        return bdev_fail(errp, "Can't parse the state of a DRBD device from '%.200s'", text);
    }
    split_pair(roles, &ret->role, &ret->peer_role);
    split_pair(disks, &ret->disk, &ret->peer_disk);
    parse_sync(text, ret);
    if (ret->sync_percent < 0 && drbd_minor_is_in_resync(ret)) {
        ret->sync_percent = 0;
    }
    return true;
}

/* Whether a line " 5: cs:..." begins a device. */
static bool begins_minor(const char *line, int *ret_minor)
{
    const char *digits = line + strspn(line, " ");
    size_t n = strspn(digits, "0123456789");
    g_autofree char *number = g_strndup(digits, n);

    return n > 0 && g_str_has_prefix(digits + n, ": cs:") &&
           parse_int(number, 0, MAX_MINOR, ret_minor, NULL);
}

static bool add_minor(GArray *minors, int number, const GString *text, GError **errp)
{
    struct drbd_minor minor = {.minor = number};
    bool ok = parse_minor(text->str, &minor, errp);

    g_array_append_val(minors, minor);
    return ok;
}

static bool parse_minors(char **lines, GArray *minors, GError **errp)
{
    g_autoptr(GString) text = g_string_new(NULL);
    int current = -1, next;

    for (; *lines != NULL; lines++) {
        if (begins_minor(*lines, &next)) {
            if (current >= 0 && !add_minor(minors, current, text, errp)) {
                return false;
            }
            current = next;
            g_string_assign(text, *lines);
        } else if (current >= 0) {
            g_string_append_c(text, ' ');
            g_string_append(text, *lines);
        }
    }
    return current < 0 || add_minor(minors, current, text, errp);
}

struct drbd_proc *drbd_proc_parse(const char *text, GError **errp)
{
    CLEANUP(drbd_proc_freep) struct drbd_proc *proc = g_new0(struct drbd_proc, 1);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GArray *minors;
    bool ok;

    if (!parse_version(lines[0] != NULL ? lines[0] : "", proc, errp)) {
        return NULL;
    }
    minors = g_array_new(FALSE, TRUE, sizeof(struct drbd_minor));
    ok = parse_minors(lines, minors, errp);
    proc->n_minors = minors->len;
    proc->minors = (struct drbd_minor *)(void *)g_array_free(minors, FALSE);
    return ok ? g_steal_pointer(&proc) : NULL;
}

void drbd_proc_free(struct drbd_proc *proc)
{
    if (proc == NULL) {
        return;
    }
    for (size_t i = 0; i < proc->n_minors; i++) {
        struct drbd_minor *minor = &proc->minors[i];

        g_free(minor->connection);
        g_free(minor->role);
        g_free(minor->peer_role);
        g_free(minor->disk);
        g_free(minor->peer_disk);
    }
    g_free(proc->minors);
    g_free(proc->version);
    g_free(proc);
}

const struct drbd_minor *drbd_proc_find(const struct drbd_proc *proc, int minor)
{
    for (size_t i = 0; i < proc->n_minors; i++) {
        if (proc->minors[i].minor == minor) {
            return &proc->minors[i];
        }
    }
    return NULL;
}

bool drbd_minor_in_use(const struct drbd_minor *minor)
{
    return g_strcmp0(minor->connection, unconfigured) != 0;
}

bool drbd_minor_is_primary(const struct drbd_minor *minor)
{
    return g_strcmp0(minor->role, "Primary") == 0;
}

bool drbd_minor_is_connected(const struct drbd_minor *minor)
{
    return g_strcmp0(minor->connection, "Connected") == 0;
}

bool drbd_minor_is_standalone(const struct drbd_minor *minor)
{
    return g_strcmp0(minor->connection, "StandAlone") == 0;
}

bool drbd_minor_waits(const struct drbd_minor *minor)
{
    return g_strcmp0(minor->connection, "WFConnection") == 0;
}

bool drbd_minor_is_in_resync(const struct drbd_minor *minor)
{
    static const char *const states[] = {"WFReportParams",
                                         "StartingSyncS",
                                         "StartingSyncT",
                                         "WFBitMapS",
                                         "WFBitMapT",
                                         "WFSyncUUID",
                                         "SyncSource",
                                         "SyncTarget",
                                         "PausedSyncS",
                                         "PausedSyncT",
                                         NULL};

    return minor->connection != NULL && g_strv_contains(states, minor->connection);
}

bool drbd_minor_is_diskless(const struct drbd_minor *minor)
{
    return g_strcmp0(minor->disk, "Diskless") == 0;
}

bool drbd_minor_is_up_to_date(const struct drbd_minor *minor)
{
    return g_strcmp0(minor->disk, "UpToDate") == 0;
}

bool drbd_minor_peer_is_up_to_date(const struct drbd_minor *minor)
{
    return g_strcmp0(minor->peer_disk, "UpToDate") == 0;
}
