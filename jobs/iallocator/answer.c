/* The answer of an allocator. */
#include "config.h"

#include "jobs/iallocator/iallocator.h"

#include <string.h>

#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "facts/opcodes.h"

void ia_answer_clear(struct ia_answer *answer)
{
    g_clear_pointer(&answer->info, g_free);
    json_unref(answer->result);
    answer->result = NULL;
}

static bool wrong(GError **errp, const char *what)
{
    return err_fail(errp, ERR_RESULT_VALIDATION, ECODE_NONE,
                    "The allocator gave a wrong answer: %s", what);
}

/* --- Shapes -------------------------------------------------------------------------------------
 */
static bool is_text(const struct json *value)
{
    return json_kind(value) == JSON_STRING && json_string_len(value) > 0;
}

static bool is_text_list(const struct json *value)
{
    if (json_kind(value) != JSON_ARRAY) {
        return false;
    }
    for (size_t i = 0; i < json_len(value); i++) {
        if (!is_text(json_at(value, i))) {
            return false;
        }
    }
    return true;
}

static bool is_tuple(const struct json *value, size_t n)
{
    return json_kind(value) == JSON_ARRAY && json_len(value) == n;
}

static bool is_list_of(const struct json *value, bool (*is_element)(const struct json *element))
{
    if (json_kind(value) != JSON_ARRAY) {
        return false;
    }
    for (size_t i = 0; i < json_len(value); i++) {
        if (!is_element(json_at(value, i))) {
            return false;
        }
    }
    return true;
}

/* [name, group, [nodes]] */
static bool is_moved(const struct json *value)
{
    return is_tuple(value, 3) && is_text(json_at(value, 0)) && is_text(json_at(value, 1)) &&
           is_text_list(json_at(value, 2));
}

/* [name, reason] */
static bool is_failed(const struct json *value)
{
    return is_tuple(value, 2) && is_text(json_at(value, 0)) &&
           (json_at(value, 1) == NULL || json_kind(json_at(value, 1)) == JSON_STRING);
}

/* Allocators may only ask for what moves instances. */
static bool is_moving_opcode(const struct json *value)
{
    static const enum op_id allowed[] = {OP_ID_instance_failover, OP_ID_instance_migrate,
                                         OP_ID_instance_replace_disks};
    const struct json *id = json_kind(value) == JSON_OBJECT ? json_get(value, "OP_ID") : NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(allowed); i++) {
        if (json_kind(id) == JSON_STRING &&
            strcmp(json_string(id), op_rows[allowed[i]].wire_id) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_job(const struct json *value)
{
    return is_list_of(value, is_moving_opcode);
}

/* [name, [nodes]] */
static bool is_placed(const struct json *value)
{
    return is_tuple(value, 2) && is_text(json_at(value, 0)) && is_text_list(json_at(value, 1));
}

/* --- Each mode ----------------------------------------------------------------------------------
 */
static bool check_allocate(const struct ia_request *request, const struct json *result,
                           GError **errp)
{
    size_t needed = const_has(C_DTS_INT_MIRROR, (int)request->instances[0].disk_template) ? 2 : 1;
    if (!is_text_list(result)) {
        return wrong(errp, "a list of nodes was expected");
    }
    return json_len(result) == needed || wrong(errp, "it has the wrong number of nodes");
}

/* Group of a node in the question; its name where it is known. NULL: no such node. */
static const char *group_of(const struct json *input, const char *node)
{
    const struct json *one = json_get(json_get(input, "nodes"), node);
    if (one == NULL) {
        return NULL;
    }
    return json_string(json_get(one, "group"));
}

static bool add_groups(GHashTable *groups, const struct json *input, const char *node)
{
    const char *group = group_of(input, node);
    if (group != NULL) {
        g_hash_table_add(groups, (void *)group);
    }
    return group != NULL;
}

/* Relocation stays within the groups that the instance is in. */
static bool check_relocate(const struct cfg *cfg, const struct ia_request *request,
                           const struct json *input, const struct json *result, GError **errp)
{
    g_autoptr(GHashTable) before = g_hash_table_new(g_str_hash, g_str_equal);
    const struct instance *instance = cfg_instance_get(cfg, request->instance_uuid);
    const struct node *primary = instance != NULL ? cfg_instance_primary(cfg, instance) : NULL;
    if (!is_text_list(result)) {
        return wrong(errp, "a list of nodes was expected");
    }
    if (primary != NULL) {
        add_groups(before, input, primary->name);
    }
    for (size_t i = 0; i < request->n_relocate_from; i++) {
        const struct node *node = cfg_node_get(cfg, request->relocate_from[i]);
        add_groups(before, input, node != NULL ? node->name : request->relocate_from[i]);
    }
    for (size_t i = 0; i < json_len(result); i++) {
        const char *group = group_of(input, json_string(json_at(result, i)));
        if (group != NULL && !g_hash_table_contains(before, group)) {
            return wrong(errp, "it leaves the groups that the instance is in");
        }
    }
    return true;
}

static bool check(const struct cfg *cfg, const struct ia_request *request, const struct json *input,
                  const struct json *result, GError **errp)
{
    switch (request->mode) {
    case IALLOCATOR_MODE_ALLOCATE:
        return check_allocate(request, result, errp);
    case IALLOCATOR_MODE_ALLOCATE_SECONDARY:
        return json_kind(result) == JSON_STRING || wrong(errp, "a node was expected");
    case IALLOCATOR_MODE_MULTI_ALLOCATE:
        return (is_tuple(result, 2) && is_list_of(json_at(result, 0), is_placed) &&
                is_text_list(json_at(result, 1))) ||
               wrong(errp, "lists of placed instances and of others were expected");
    case IALLOCATOR_MODE_RELOCATE:
        return check_relocate(cfg, request, input, result, errp);
    case IALLOCATOR_MODE_NODE_EVACUATE:
    case IALLOCATOR_MODE_CHANGE_GROUP:
        return (is_tuple(result, 3) && is_list_of(json_at(result, 0), is_moved) &&
                is_list_of(json_at(result, 1), is_failed) &&
                is_list_of(json_at(result, 2), is_job)) ||
               wrong(errp, "lists of moved and failed instances and of jobs were expected");
    }
    g_return_val_if_reached(false);
}

static bool no_answer(GError **errp, const char *why)
{
    return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "Cannot read what the allocator said: %s", why);
}

/* Allocators of old called the result "nodes". */
static struct json *result_of(struct json *answer)
{
    return json_has(answer, "result") ? json_get(answer, "result") : json_get(answer, "nodes");
}

bool ia_answer_read(const struct cfg *cfg, const struct ia_request *request,
                    const struct json *input, const char *text, struct ia_answer *ret,
                    GError **errp)
{
    CLEANUP(json_unrefp) struct json *answer = NULL;
    g_autoptr(GError) error = NULL;
    if (!json_parse(text, -1, &answer, &error)) {
        return no_answer(errp, error->message);
    }
    if (json_kind(answer) != JSON_OBJECT) {
        return no_answer(errp, "it is no dictionary");
    }
    if (json_kind(json_get(answer, "success")) != JSON_BOOL) {
        return no_answer(errp, "success is missing, or no truth value");
    }
    if (json_kind(json_get(answer, "info")) != JSON_STRING) {
        return no_answer(errp, "info is missing, or no text");
    }
    if (!json_has(answer, "result") && !json_has(answer, "nodes")) {
        return no_answer(errp, "result is missing");
    }
    bool success = json_boolean(json_get(answer, "success"));
    if (success && !check(cfg, request, input, result_of(answer), errp)) {
        return false;
    }
    ret->success = success;
    ret->info = g_strdup(json_string(json_get(answer, "info")));
    ret->result = json_ref(result_of(answer));
    return true;
}
