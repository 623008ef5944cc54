#include "config.h"

#include "jobs/locking/lock.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "facts/codec.h"
#include "facts/errors.h"

/* What stands behind "cluster/" of the configuration's lock. */
#define NAME_CONFIG "config"

static const char *level_word(enum lock_level level)
{
    return fact_enum_lock_level.words[level];
}

char *lock_name(enum lock_level level, const char *name)
{
    return g_strconcat(level_word(level), "/", name, NULL);
}

const char *lock_name_of_config(void)
{
    static char *name;

    if (name == NULL) {
        name = lock_name(LOCK_LEVEL_CLUSTER, NAME_CONFIG);
    }
    return name;
}

bool lock_name_parse(const char *lock, enum lock_level *ret_level, const char **ret_name)
{
    const char *slash = strchr(lock, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - lock);
    enum lock_level level = LOCK_LEVEL_CLUSTER;

    if (slash == NULL) {
        return false;
    }
    while (strncmp(level_word(level), lock, len) != 0 || level_word(level)[len] != '\0') {
        if (++level == LOCK_LEVEL_CONFIG) {
            return false;
        }
    }
    if (level == LOCK_LEVEL_CLUSTER && strcmp(slash + 1, NAME_CONFIG) == 0) {
        level = LOCK_LEVEL_CONFIG;
    } else if (level == LOCK_LEVEL_CLUSTER && strcmp(slash + 1, LOCK_NAME_BGL) != 0 &&
               strcmp(slash + 1, LOCK_NAME_ALL) != 0) {
        return false;
    }
    *ret_level = level;
    if (ret_name != NULL) {
        *ret_name = slash + 1;
    }
    return true;
}

/* Twice the level, and one more for a member of it. */
static int rank(const char *lock, const char **ret_name)
{
    enum lock_level level = LOCK_LEVEL_CLUSTER;

    if (!lock_name_parse(lock, &level, ret_name)) {
        *ret_name = lock;
    }
    return 2 * (int)level + (strcmp(*ret_name, LOCK_NAME_ALL) != 0);
}

int lock_name_compare(const char *a, const char *b)
{
    const char *name_a, *name_b;
    int difference = rank(a, &name_a) - rank(b, &name_b);

    return difference != 0 ? difference : strcmp(name_a, name_b);
}

void lock_requests_encode(const struct lock_request *v, size_t n, struct json_writer *w)
{
    json_write_array_begin(w);
    for (size_t i = 0; i < n; i++) {
        json_write_array_begin(w);
        json_write_string(w, v[i].lock);
        json_write_string(w, fact_enum_lock_mode.words[v[i].mode]);
        json_write_array_end(w);
    }
    json_write_array_end(w);
}

static bool decode_request(struct json *value, struct lock_request *request, GError **errp)
{
    enum lock_level level;
    int mode;

    if (json_kind(value) != JSON_ARRAY || json_len(value) != 2 ||
        json_kind(json_at(value, 0)) != JSON_STRING ||
        json_kind(json_at(value, 1)) != JSON_STRING) {
        return err_fail(errp, ERR_GENERIC, ECODE_NONE,
                        "a request for a lock must be a pair of its name and what to do");
    }
    request->lock = json_string(json_at(value, 0));
    if (!lock_name_parse(request->lock, &level, NULL)) {
        return err_fail(errp, ERR_GENERIC, ECODE_NONE, "there is no lock '%s'", request->lock);
    }
    mode = fact_enum_find(&fact_enum_lock_mode, json_string(json_at(value, 1)));
    if (mode < 0) {
        return err_fail(errp, ERR_GENERIC, ECODE_NONE, "lock %s: cannot do '%s' with it",
                        request->lock, json_string(json_at(value, 1)));
    }
    request->mode = (enum lock_mode)mode;
    return true;
}

struct lock_request *lock_requests_decode(struct json *const *v, size_t n, GError **errp)
{
    g_autofree struct lock_request *requests = g_new0(struct lock_request, n + 1);

    for (size_t i = 0; i < n; i++) {
        if (!decode_request(v[i], &requests[i], errp)) {
            return NULL;
        }
    }
    return g_steal_pointer(&requests);
}
