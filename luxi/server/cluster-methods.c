/* The methods that tell about the cluster as a whole, and about tags. */
#include "config.h"

#include <string.h>

#include "base/fs.h"
#include "base/json-writer.h"
#include "base/parse.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "luxi/query/cluster-info.h"
#include "luxi/server/methods.h"

enum {
    PAUSE_FILE_MAX = 4096,
};

/* Writes one value out of the configuration. */
typedef void cfg_writer(const struct cfg *cfg, struct json_writer *w);

/* ---- QueryClusterInfo ---- */

void luxi_do_query_cluster_info(struct luxid *luxid, struct luxi_call *call, const void *args)
{
    CLEANUP(cfg_unrefp) const struct cfg *cfg = luxid_config(luxid, call);
    g_autoptr(GError) error = NULL;

    (void)args;
    if (cfg == NULL) {
        return;
    }
    if (cfg_master(cfg) == NULL) {
        err_set(&error, ERR_OP_PREREQ, ECODE_NOENT,
                "the configuration names no master that exists");
        luxi_call_fail(call, error);
        return;
    }
    cluster_info_write(cfg, false, luxi_call_result(call));
    luxi_call_answer(call);
}

/* ---- QueryConfigValues ---- */

#define CONFIG_VALUE(wire, getter) static cfg_writer config_value_##getter;
#include "facts/configvalues.def"
#undef CONFIG_VALUE

static const struct config_value_row {
    const char *wire;
    cfg_writer *write;
} config_value_rows[] = {
#define CONFIG_VALUE(wire_, getter) {.wire = wire_, .write = config_value_##getter},
#include "facts/configvalues.def"
#undef CONFIG_VALUE
};

static void config_value_cluster_name(const struct cfg *cfg, struct json_writer *w)
{
    json_write_string(w, cfg_cluster(cfg)->cluster_name);
}

/* Until when the watcher pauses; null if that is over, or if the file says nothing
 * (isWatcherPaused). */
static void config_value_watcher_pause(const struct cfg *cfg, struct json_writer *w)
{
    g_autofree char *text =
        fs_read_file(path_get(PATH_WATCHER_PAUSEFILE), PAUSE_FILE_MAX, NULL, NULL);
    double until;

    (void)cfg;
    if (text == NULL || !parse_double(g_strstrip(text), 0, G_MAXDOUBLE, &until, NULL) ||
        until <= (double)g_get_real_time() / G_USEC_PER_SEC) {
        json_write_null(w);
    } else {
        json_write_double(w, until);
    }
}

static void config_value_master_node(const struct cfg *cfg, struct json_writer *w)
{
    (void)cluster_info_write_one(cfg, "master", w);
}

/* True if the queue takes no new jobs. */
static void config_value_drain_flag(const struct cfg *cfg, struct json_writer *w)
{
    (void)cfg;
    json_write_bool(w, g_file_test(path_get(PATH_JOB_QUEUE_DRAIN_FILE), G_FILE_TEST_EXISTS));
}

static void config_value_modify_ssh_setup(const struct cfg *cfg, struct json_writer *w)
{
    json_write_bool(w, cfg_cluster(cfg)->modify_ssh_setup);
}

static void config_value_ssh_key_type(const struct cfg *cfg, struct json_writer *w)
{
    json_write_string(w, fact_enum_ssh_key_type.words[cfg_cluster(cfg)->ssh_key_type]);
}

static void config_value_ssh_key_bits(const struct cfg *cfg, struct json_writer *w)
{
    json_write_int(w, cfg_cluster(cfg)->ssh_key_bits);
}

static cfg_writer *find_config_value(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(config_value_rows); i++) {
        if (strcmp(config_value_rows[i].wire, name) == 0) {
            return config_value_rows[i].write;
        }
    }
    return NULL;
}

void luxi_do_query_config_values(struct luxid *luxid, struct luxi_call *call, const void *args)
{
    const struct luxi_args_query_config_values *wanted = args;
    CLEANUP(cfg_unrefp) const struct cfg *cfg = luxid_config(luxid, call);
    struct json_writer *w = luxi_call_result(call);

    if (cfg == NULL) {
        return;
    }
    json_write_array_begin(w);
    for (size_t i = 0; i < wanted->fields.n; i++) {
        cfg_writer *write = find_config_value(wanted->fields.v[i]);

        if (write != NULL) {
            write(cfg, w);
        } else {
            json_write_null(w);
        }
    }
    json_write_array_end(w);
    luxi_call_answer(call);
}

/* ---- QueryTags ---- */

/* The tags of the named object; NULL with an error if there is none. */
static const struct tag_set *find_tags(const struct cfg *cfg, enum tag_kind kind, const char *name,
                                       GError **errp)
{
    static const struct {
        enum cfg_kind kind;
        size_t offset;
    } places[] = {
        [TAG_INSTANCE] = {CFG_KIND_instance, offsetof(struct instance, tags)},
        [TAG_NODE] = {CFG_KIND_node, offsetof(struct node, tags)},
        [TAG_NODEGROUP] = {CFG_KIND_group, offsetof(struct node_group, tags)},
        [TAG_NETWORK] = {CFG_KIND_network, offsetof(struct network, tags)},
    };
    const void *object;

    if (kind == TAG_CLUSTER) {
        return &cfg_cluster(cfg)->tags;
    }
    object = cfg_find(cfg, places[kind].kind, name, errp);
    return object == NULL ? NULL : (const void *)((const char *)object + places[kind].offset);
}

void luxi_do_query_tags(struct luxid *luxid, struct luxi_call *call, const void *args)
{
    const struct luxi_args_query_tags *wanted = args;
    CLEANUP(cfg_unrefp) const struct cfg *cfg = luxid_config(luxid, call);
    g_autoptr(GError) error = NULL;
    const struct tag_set *tags;

    if (cfg == NULL) {
        return;
    }
    tags = find_tags(cfg, wanted->kind, wanted->name, &error);
    if (tags == NULL) {
        luxi_call_fail(call, error);
        return;
    }
    fact_encode(&type_tag_set, tags, luxi_call_result(call));
    luxi_call_answer(call);
}
