/* ReplaceFilter and DeleteFilter: changes of the configuration, made through the daemon that owns
 * it (reference: handleCall in src/Ganeti/Query/Server.hs, withLockedConfig in
 * src/Ganeti/WConfd/Client.hs). The methods used are those that every wconfd has: the lock of the
 * configuration, which comes with its content, and the whole configuration back. */
#include "config.h"

#include <stddef.h>
#include <unistd.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "compat-config/model/filter-rule.h"
#include "facts/codec.h"
#include "facts/errors.h"
#include "facts/wconfdcalls.h"
#include "jobs/queue/store.h"
#include "luxi/client/async.h"
#include "luxi/query/filter.h"
#include "luxi/server/methods.h"

enum {
    /* Seconds for one call to the daemon; it writes to disk and may have others before us. */
    CALL_SECONDS = 60,
    /* Milliseconds between tries to get the lock, and how many. */
    RETRY_MS = 100,
    MAX_TRIES = 300,
    NANOSECONDS_PER_MICROSECOND = 1000,
};

/* Who acted, in the trail of the rule. */
static const char own_source[] = "luxid";

struct change {
    struct luxid *luxid;
    struct luxi_call *call; /* NULL: the client is gone, the change goes on */
    struct client_id *client;
    char *uuid;
    struct filter_rule *rule; /* NULL: the rule is removed */
    guint n_tries;
};

static void change_free(struct change *change)
{
    fact_object_free(&fact_object_client_id, change->client);
    fact_object_free(&fact_object_filter_rule, change->rule);
    g_free(change->uuid);
    g_free(change);
}

static void client_is_gone(void *data)
{
    ((struct change *)data)->call = NULL;
}

static void fail(struct change *change, const GError *error)
{
    if (change->call != NULL) {
        luxi_call_on_cancel(change->call, NULL, NULL);
        luxi_call_fail(change->call, error);
    }
    change_free(change);
}

static void call_wconfd(struct change *change, enum method_id method, const void *args,
                        luxi_async_fn *then)
{
    const struct method_row *row = &method_rows[method];

    (void)luxi_async_call(change->luxid->env.wconfd_socket, row->wire, row->args, args,
                          CALL_SECONDS, then, change);
}

/* ---- giving the lock back after a failure ---- */

static void is_unlocked(struct json *result, const GError *error, void *data)
{
    (void)result;
    if (error != NULL) {
        g_warning("the lock of the configuration is not given back: %s", error->message);
    }
    change_free(data);
}

static void unlock_and_fail(struct change *change, const GError *error)
{
    const struct method_wconfd_unlock_config args = {.client = *change->client, .has.client = true};

    if (change->call != NULL) {
        luxi_call_on_cancel(change->call, NULL, NULL);
        luxi_call_fail(change->call, error);
        change->call = NULL;
    }
    call_wconfd(change, METHOD_wconfd_unlock_config, &args, is_unlocked);
}

/* ---- the change ---- */

static void answer(struct change *change)
{
    if (change->call != NULL) {
        luxi_call_on_cancel(change->call, NULL, NULL);
        json_write_string(luxi_call_result(change->call),
                          change->rule != NULL ? change->uuid : NULL);
        luxi_call_answer(change->call);
    }
    change_free(change);
}

static void is_written(struct json *result, const GError *error, void *data)
{
    struct change *change = data;
    g_autoptr(GError) lost = NULL;

    if (error != NULL) {
        unlock_and_fail(change, error);
    } else if (json_kind(result) != JSON_BOOL || !json_boolean(result)) {
        err_set(&lost, ERR_CONFIGURATION, ECODE_NONE,
                "the lock of the configuration was lost before the filter rule was written; try "
                "again");
        fail(change, lost);
    } else {
        answer(change);
    }
}

static struct json *rule_as_json(const struct filter_rule *rule)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    struct json *json = NULL;

    fact_object_encode(&fact_object_filter_rule, rule, &w);
    if (!json_parse(text->str, (gssize)text->len, &json, NULL)) {
        g_assert_not_reached(); /* written right here */
    }
    return json;
}

/* The rules in the file; NULL if it has none. */
static struct json *find_rules(const struct json *config)
{
    const struct fact_object *object = &fact_object_config_data;

    for (size_t i = 0; json_kind(config) == JSON_OBJECT && i < object->n_members; i++) {
        if (object->members[i].offset == offsetof(struct config_data, filters)) {
            return json_get(config, object->members[i].name);
        }
    }
    return NULL;
}

/* Puts the rule into the configuration, which is ours while we hold its lock, or takes it out. */
static bool edit(struct change *change, struct json *config, GError **errp)
{
    struct json *filters = find_rules(config);
    int64_t watermark;

    if (json_kind(filters) != JSON_OBJECT) {
        return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE,
                        "the configuration has no filter rules");
    }
    if (change->rule == NULL) {
        json_remove(filters, change->uuid);
        return true;
    }
    /* Read under the lock: the newest number there is. */
    if (!job_store_last_id(change->luxid->env.queue_dir, &watermark, errp)) {
        return false;
    }
    change->rule->watermark = watermark;
    json_set(filters, change->uuid, rule_as_json(change->rule));
    return true;
}

static void try_to_lock(struct change *change);

static gboolean try_again(gpointer data)
{
    try_to_lock(data);
    return G_SOURCE_REMOVE;
}

static void is_locked(struct json *result, const GError *error, void *data)
{
    struct change *change = data;
    g_autoptr(GError) failed = NULL;
    struct method_wconfd_write_config_and_unlock args = {
        .client = *change->client, .config = result, .has = {.client = true, .config = true}};

    if (error != NULL) {
        fail(change, error);
    } else if (result == NULL && ++change->n_tries < MAX_TRIES) {
        g_timeout_add(RETRY_MS, try_again, change);
    } else if (result == NULL) {
        err_set(&failed, ERR_TIMEOUT, ECODE_NONE,
                "somebody else holds the lock of the configuration for %d seconds; try again",
                MAX_TRIES * RETRY_MS / 1000);
        fail(change, failed);
    } else if (!edit(change, result, &failed)) {
        unlock_and_fail(change, failed);
    } else {
        call_wconfd(change, METHOD_wconfd_write_config_and_unlock, &args, is_written);
    }
}

static void try_to_lock(struct change *change)
{
    const struct method_wconfd_lock_config args = {.client = *change->client,
                                                   .has = {.client = true, .shared = true}};

    call_wconfd(change, METHOD_wconfd_lock_config, &args, is_locked);
}

/* rule: taken over. */
static void start(struct luxid *luxid, struct luxi_call *call, const char *uuid,
                  struct filter_rule *rule)
{
    static unsigned count;
    struct change *change = g_new0(struct change, 1);
    g_autofree char *name = g_strdup_printf("%s-%u", own_source, ++count);

    change->luxid = luxid;
    change->call = call;
    change->uuid = g_strdup(uuid);
    change->rule = rule;
    change->client = fact_object_new(&fact_object_client_id);
    change->client->client = json_new_string(name);
    change->client->lock_file = g_strdup(fs_lock_path(luxid->livelock));
    change->client->pid = getpid();
    change->client->has.client = change->client->has.lock_file = change->client->has.pid = true;
    luxi_call_on_cancel(call, client_is_gone, change);
    try_to_lock(change);
}

/* ---- methods ---- */

static struct json *own_reason(void)
{
    struct json *step = json_new_array();

    json_append(step, json_new_string(own_source));
    json_append(step, json_new_string(""));
    json_append(step, json_new_int(g_get_real_time() * NANOSECONDS_PER_MICROSECOND));
    return step;
}

static struct filter_rule *rule_new(const struct luxi_args_replace_filter *wanted, const char *uuid)
{
    struct filter_rule *rule = fact_object_new(&fact_object_filter_rule);

    rule->priority = wanted->priority;
    fact_copy(&type_any_list, &rule->predicates, &wanted->predicates);
    rule->action = json_ref(wanted->action);
    fact_copy(&type_any_list, &rule->reason_trail, &wanted->reason);
    *(struct json **)fact_list_add(&type_any_list, &rule->reason_trail) = own_reason();
    rule->uuid = g_strdup(uuid);
    rule->has.watermark = rule->has.priority = rule->has.predicates = rule->has.action = true;
    rule->has.reason_trail = rule->has.uuid = true;
    return rule;
}

/* The shape, and the filters of all predicates. */
static bool check_rule(const struct filter_rule *rule, GError **errp)
{
    if (!cfg_filter_rule_check(rule, NULL, errp)) {
        return false;
    }
    for (size_t i = 0; i < rule->predicates.n; i++) {
        struct query_filter *filter = NULL;

        if (!query_filter_parse(json_at(rule->predicates.v[i], 1), &filter, errp)) {
            return false;
        }
        g_clear_pointer(&filter, query_filter_free);
    }
    return true;
}

void luxi_do_replace_filter(struct luxid *luxid, struct luxi_call *call, const void *args)
{
    const struct luxi_args_replace_filter *wanted = args;
    g_autofree char *uuid = wanted->has.uuid ? g_strdup(wanted->uuid) : g_uuid_string_random();
    struct filter_rule *rule = rule_new(wanted, uuid);
    g_autoptr(GError) error = NULL;

    if (!check_rule(rule, &error)) {
        fact_object_free(&fact_object_filter_rule, rule);
        luxi_call_refuse(call, error->message);
        return;
    }
    if (!g_uuid_string_is_valid(uuid)) {
        fact_object_free(&fact_object_filter_rule, rule);
        err_set(&error, ERR_GENERIC, ECODE_NONE, "'%s' is no UUID", uuid);
        luxi_call_fail(call, error);
        return;
    }
    start(luxid, call, uuid, rule);
}

void luxi_do_delete_filter(struct luxid *luxid, struct luxi_call *call, const void *args)
{
    const struct luxi_args_delete_filter *wanted = args;
    CLEANUP(cfg_unrefp) const struct cfg *cfg = luxid_config(luxid, call);
    g_autoptr(GError) error = NULL;

    if (cfg == NULL) {
        return;
    }
    if (cfg_filter_get(cfg, wanted->uuid) == NULL) {
        err_set(&error, ERR_GENERIC, ECODE_NONE, "Filter rule with UUID %s does not exist",
                wanted->uuid);
        luxi_call_fail(call, error);
        return;
    }
    start(luxid, call, wanted->uuid, NULL);
}
