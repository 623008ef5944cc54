#include "config.h"

#include "noded/backend/guests.h"

#include "base/json.h"
#include "facts/codec.h"
#include "noded/backend/common.h"

bool backend_hv_open(const char *word, struct json *params, struct backend_hv *hv, GError **errp)
{
    int id = fact_enum_find(&fact_enum_hypervisor, word);

    *hv = (struct backend_hv){.ops = id < 0 ? NULL : hv_find((enum hypervisor)id)};
    if (hv->ops == NULL) {
        return noded_fail(errp, "%s has no driver for the hypervisor '%s'", backend_node_name(),
                          word);
    }
    if (params != NULL && !fact_decode(&type_value_map, params, &hv->params, NULL, errp)) {
        g_prefix_error(errp, "parameters of %s: ", word);
        return false;
    }
    if (!hv->ops->prepare(errp)) {
        backend_hv_close(hv);
        return false;
    }
    return true;
}

void backend_hv_close(struct backend_hv *hv)
{
    fact_clear(&type_value_map, &hv->params);
}

struct json *backend_member(const struct json *all, const char *name)
{
    return json_kind(all) == JSON_OBJECT ? json_get(all, name) : NULL;
}

/* Calls fn for each hypervisor of the list in turn. */
static bool for_each_hv(const struct any_list *words, const struct json *all_params,
                        bool (*fn)(struct backend_hv *hv, void *user, GError **errp), void *user,
                        GError **errp)
{
    for (size_t i = 0; i < words->n; i++) {
        const struct json *word = words->v[i];
        struct backend_hv hv;
        bool ok;

        if (json_kind(word) != JSON_STRING) {
            return noded_fail(errp, "names of hypervisors must be texts");
        }
        if (!backend_hv_open(json_string(word), backend_member(all_params, json_string(word)), &hv,
                             errp)) {
            return false;
        }
        ok = fn(&hv, user, errp);
        backend_hv_close(&hv);
        if (!ok) {
            g_prefix_error(errp, "%s: ", json_string(word));
            return false;
        }
    }
    return true;
}

static bool write_names(struct backend_hv *hv, void *user, GError **errp)
{
    g_autoptr(GPtrArray) names = hv->ops->list(&hv->params, errp);

    for (guint i = 0; names != NULL && i < names->len; i++) {
        json_write_string(user, g_ptr_array_index(names, i));
    }
    return names != NULL;
}

bool backend_write_guest_names(const struct any_list *hypervisors, const struct json *all_params,
                               struct json_writer *result, GError **errp)
{
    json_write_array_begin(result);
    if (!for_each_hv(hypervisors, all_params, write_names, result, errp)) {
        return false;
    }
    json_write_array_end(result);
    return true;
}

NODED_CALL(instance_list, NODED_WORKER)
{
    return backend_write_guest_names(&args->hypervisor_list, args->hvparams, result, errp);
}

/* --- State --------------------------------------------------------------------------------------
 */

static void write_guest(struct json_writer *result, const struct hv_guest *guest)
{
    json_write_object_begin(result);
    if (guest != NULL) {
        json_write_key(result, "memory");
        json_write_int(result, guest->memory);
        json_write_key(result, "vcpus");
        json_write_int(result, guest->vcpus);
        json_write_key(result, "state");
        json_write_int(result, guest->state);
        json_write_key(result, "time");
        json_write_double(result, guest->cpu_time);
    }
    json_write_object_end(result);
}

NODED_CALL(instance_info, NODED_WORKER)
{
    CLEANUP(hv_guest_freep) struct hv_guest *guest = NULL;
    struct backend_hv hv;
    bool ok;

    if (!backend_hv_open(args->hname, args->hvparams, &hv, errp)) {
        return false;
    }
    ok = hv.ops->info(args->instance, &hv.params, &guest, errp);
    backend_hv_close(&hv);
    write_guest(result, guest);
    return ok;
}

struct all_guests {
    GHashTable *seen; /* name -> struct hv_guest, which the lists own */
    GPtrArray *lists;
    struct json_writer *result;
};

static bool collect_guests(struct backend_hv *hv, void *user, GError **errp)
{
    struct all_guests *all = user;
    GPtrArray *guests = hv->ops->info_all(&hv->params, errp);

    if (guests == NULL) {
        return false;
    }
    g_ptr_array_add(all->lists, guests);
    for (guint i = 0; i < guests->len; i++) {
        struct hv_guest *guest = g_ptr_array_index(guests, i);
        const struct hv_guest *twin = g_hash_table_lookup(all->seen, guest->name);

        if (twin == NULL) {
            g_hash_table_insert(all->seen, guest->name, guest);
            json_write_key(all->result, guest->name);
            write_guest(all->result, guest);
        } else if (twin->memory != guest->memory || twin->vcpus != guest->vcpus) {
            return noded_fail(errp, "instance %s runs twice on %s, with different parameters",
                              guest->name, backend_node_name());
        }
    }
    return true;
}

NODED_CALL(all_instances_info, NODED_WORKER)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) lists = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    struct all_guests all = {.seen = seen, .lists = lists, .result = result};

    json_write_object_begin(result);
    if (!for_each_hv(&args->hypervisor_list, args->all_hvparams, collect_guests, &all, errp)) {
        return false;
    }
    json_write_object_end(result);
    return true;
}

NODED_CALL(hypervisor_validate_params, NODED_WORKER)
{
    struct backend_hv hv;
    bool ok;

    if (!backend_hv_open(args->hvname, args->hvfull, &hv, errp)) {
        return false;
    }
    json_write_null(result);
    ok = hv.ops->validate(&hv.params, errp);
    backend_hv_close(&hv);
    return ok;
}
