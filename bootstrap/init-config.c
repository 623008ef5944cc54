/* The configuration of a cluster that consists of its master (bootstrap.py InitConfig). */
#include "config.h"

#include "base/json-writer.h"
#include "base/json.h"
#include "bootstrap/init-private.h"
#include "compat-config/store/store.h"
#include "compat-config/verify/verify.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "facts/params.h"

enum { US_PER_S = 1000000 };

static void set_text(char **slot, const char *text)
{
    g_free(*slot);
    *slot = g_strdup(text);
}

/* What every object of its kind has. */
static void finish(const struct fact_object *object, void *value)
{
    for (size_t i = 0; i < object->n_members; i++) {
        if (object->members[i].spec->presence == FACT_REQUIRED) {
            fact_member_mark_set(object, value, &object->members[i], true);
        }
    }
    fact_object_set_defaults(object, value);
}

static void add_collectors(struct cluster *cluster)
{
    for (size_t i = 0; C_DATA_COLLECTOR_NAMES[i] != NULL; i++) {
        struct data_collector *one = fact_dict_add(
            &type_data_collector_map, &cluster->data_collectors, C_DATA_COLLECTOR_NAMES[i]);

        *one = (struct data_collector){.active = true,
                                       .interval = (int64_t)C_MOND_TIME_INTERVAL * US_PER_S,
                                       .has = {.active = true, .interval = true}};
    }
}

static void finish_cluster(struct cluster *cluster, const char *master_uuid, const char *digest,
                           double now)
{
    g_autofree char *uuid = g_uuid_string_random();

    set_text(&cluster->uuid, uuid);
    set_text(&cluster->master_node, master_uuid);
    cluster->highest_used_port = C_FIRST_DRBD_PORT - 1;
    cluster->ctime = cluster->mtime = now;
    cluster->has.ctime = cluster->has.mtime = true;
    cluster->serial_no = 1;
    set_text(fact_dict_add(&type_str_map, &cluster->candidate_certs, master_uuid), digest);
    cluster->has.candidate_certs = true;
    add_collectors(cluster);
    cluster->has.data_collectors = true;
    finish(&fact_object_cluster, cluster);
}

static struct node *make_node(const struct init_state *state, const char *uuid,
                              const char *group_uuid, double now)
{
    struct node *node = fact_object_new(&fact_object_node);

    node->name = g_strdup(state->host_name);
    node->primary_ip = g_strdup(state->host_ip);
    node->secondary_ip = g_strdup(state->secondary_ip);
    node->group = g_strdup(group_uuid);
    node->master_candidate = true;
    node->uuid = g_strdup(uuid);
    node->ctime = node->mtime = now;
    node->has.ctime = node->has.mtime = true;
    node->serial_no = 1;
    finish(&fact_object_node, node);
    return node;
}

static struct node_group *make_group(const char *uuid, double now)
{
    struct node_group *group = fact_object_new(&fact_object_node_group);

    group->name = g_strdup(C_INITIAL_NODE_GROUP_NAME);
    group->uuid = g_strdup(uuid);
    group->ctime = group->mtime = now;
    group->has.ctime = group->has.mtime = true;
    finish(&fact_object_node_group, group);
    return group;
}

/* Takes over the object. */
static void write_only(struct json_writer *w, const char *member, const char *uuid,
                       const struct fact_object *object, void *value)
{
    json_write_key(w, member);
    json_write_object_begin(w);
    if (value != NULL) {
        json_write_key(w, uuid);
        fact_object_encode(object, value, w);
        fact_object_free(object, value);
    }
    json_write_object_end(w);
}

static bool verify(const struct cfg *cfg, GError **errp)
{
    g_autoptr(GPtrArray) problems = cfg_verify(cfg);

    return problems->len == 0 || err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                                          "The cluster would have a faulty configuration: %s",
                                          (const char *)problems->pdata[0]);
}

const struct cfg *init_config(struct cluster *cluster, const struct init_state *state,
                              const char *master_uuid, const char *digest, GError **errp)
{
    double now = (double)g_get_real_time() / G_USEC_PER_SEC;
    g_autofree char *group = g_uuid_string_random();
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    CLEANUP(cfg_unrefp) const struct cfg *plain = NULL;
    CLEANUP(cfg_unrefp) const struct cfg *whole = NULL;

    finish_cluster(cluster, master_uuid, digest, now);
    json_write_object_begin(&w);
    json_write_key(&w, "version");
    json_write_int(&w, C_CONFIG_VERSION());
    json_write_key(&w, "cluster");
    fact_object_encode(&fact_object_cluster, cluster, &w);
    write_only(&w, "nodes", master_uuid, &fact_object_node,
               make_node(state, master_uuid, group, now));
    write_only(&w, "nodegroups", group, &fact_object_node_group, make_group(group, now));
    write_only(&w, "instances", NULL, NULL, NULL);
    write_only(&w, "networks", NULL, NULL, NULL);
    write_only(&w, "disks", NULL, NULL, NULL);
    write_only(&w, "filters", NULL, NULL, NULL);
    json_write_key(&w, "ctime");
    json_write_double(&w, now);
    json_write_key(&w, "mtime");
    json_write_double(&w, now);
    json_write_key(&w, "serial_no");
    json_write_int(&w, 1);
    json_write_object_end(&w);
    plain = cfg_parse(text->str, text->len, errp);
    if (plain == NULL) {
        return NULL;
    }
    whole = cfg_upgrade(plain);
    return verify(whole, errp) ? cfg_ref(whole) : NULL;
}
