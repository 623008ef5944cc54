#include "config.h"

#include "luxi/query/cluster-info.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include "compat-config/model/cfg.h"
#include "facts/codec.h"
#include "facts/constants.h"

/* Writes one value out of the configuration. */
typedef void cfg_writer(const struct cfg *cfg, struct json_writer *w);

#define INFO_MEMBER(wire, member)
#define INFO_CODE(wire, getter) static cfg_writer cluster_info_##getter;
#include "facts/clusterinfo.def"
#undef INFO_MEMBER
#undef INFO_CODE

static const struct info_row {
    const char *wire;
    const char *member; /* NULL: write() */
    cfg_writer *write;
} info_rows[] = {
#define INFO_MEMBER(wire_, member_) {.wire = wire_, .member = #member_},
#define INFO_CODE(wire_, getter)    {.wire = wire_, .write = cluster_info_##getter},
#include "facts/clusterinfo.def"
#undef INFO_MEMBER
#undef INFO_CODE
};

static void cluster_info_software_version(const struct cfg *cfg, struct json_writer *w)
{
    (void)cfg;
    json_write_string(w, C_RELEASE_VERSION());
}

static void cluster_info_protocol_version(const struct cfg *cfg, struct json_writer *w)
{
    (void)cfg;
    json_write_int(w, C_PROTOCOL_VERSION());
}

static void cluster_info_config_version(const struct cfg *cfg, struct json_writer *w)
{
    (void)cfg;
    json_write_int(w, C_CONFIG_VERSION());
}

static void cluster_info_os_api_version(const struct cfg *cfg, struct json_writer *w)
{
    int newest = 0;

    (void)cfg;
    for (size_t i = 0; i < C_OS_API_VERSIONS_N; i++) {
        newest = MAX(newest, C_OS_API_VERSIONS[i]);
    }
    json_write_int(w, newest);
}

static void cluster_info_export_version(const struct cfg *cfg, struct json_writer *w)
{
    (void)cfg;
    json_write_int(w, C_EXPORT_VERSION);
}

static void cluster_info_vcs_version(const struct cfg *cfg, struct json_writer *w)
{
    (void)cfg;
    json_write_string(w, PACKAGE_NAME " " PACKAGE_VERSION);
}

/* [word size, machine type] of the master. */
static void cluster_info_architecture(const struct cfg *cfg, struct json_writer *w)
{
    struct utsname name;
    g_autofree char *bits = g_strdup_printf("%zubits", sizeof(void *) * 8);

    (void)cfg;
    json_write_array_begin(w);
    json_write_string(w, bits);
    json_write_string(w, uname(&name) == 0 ? name.machine : "");
    json_write_array_end(w);
}

static void cluster_info_master(const struct cfg *cfg, struct json_writer *w)
{
    const struct node *master = cfg_master(cfg);

    json_write_string(w, master != NULL ? master->name : NULL);
}

static void cluster_info_default_hypervisor(const struct cfg *cfg, struct json_writer *w)
{
    const struct cluster *cluster = cfg_cluster(cfg);

    json_write_string(w, cluster->enabled_hypervisors.n > 0
                             ? fact_enum_hypervisor.words[cluster->enabled_hypervisors.v[0]]
                             : NULL);
}

/* 4 or 6. */
static void cluster_info_primary_ip_version(const struct cfg *cfg, struct json_writer *w)
{
    json_write_int(w, cfg_cluster(cfg)->primary_ip_family == AF_INET6 ? 6 : 4);
}

static void cluster_info_enabled_data_collectors(const struct cfg *cfg, struct json_writer *w)
{
    const struct data_collector_map *collectors = &cfg_cluster(cfg)->data_collectors;

    json_write_object_begin(w);
    for (size_t i = 0; i < collectors->n; i++) {
        json_write_key(w, collectors->v[i].key);
        json_write_bool(w, collectors->v[i].value.active);
    }
    json_write_object_end(w);
}

static void cluster_info_data_collector_interval(const struct cfg *cfg, struct json_writer *w)
{
    const struct data_collector_map *collectors = &cfg_cluster(cfg)->data_collectors;

    json_write_object_begin(w);
    for (size_t i = 0; i < collectors->n; i++) {
        json_write_key(w, collectors->v[i].key);
        json_write_int(w, collectors->v[i].value.interval);
    }
    json_write_object_end(w);
}

static void write_cluster_member(const struct cluster *cluster, const char *name,
                                 struct json_writer *w)
{
    const struct fact_member *member = fact_object_find(&fact_object_cluster, name);

    g_assert(member != NULL);
    if (fact_member_is_set(&fact_object_cluster, cluster, member)) {
        fact_encode(member->spec->type, (const char *)cluster + member->offset, w);
    } else {
        json_write_null(w);
    }
}

/* ---- only what is enabled ---- */

static bool is_enabled(const struct cluster *cluster, const char *hypervisor)
{
    for (size_t i = 0; i < cluster->enabled_hypervisors.n; i++) {
        if (strcmp(fact_enum_hypervisor.words[cluster->enabled_hypervisors.v[i]], hypervisor) ==
            0) {
            return true;
        }
    }
    return false;
}

static void write_enabled(const struct cluster *cluster, const struct hv_map *map,
                          struct json_writer *w)
{
    json_write_object_begin(w);
    for (size_t i = 0; i < map->n; i++) {
        if (is_enabled(cluster, map->v[i].key)) {
            json_write_key(w, map->v[i].key);
            fact_encode(&type_value_map, &map->v[i].value, w);
        }
    }
    json_write_object_end(w);
}

/* False: the member has no parameters of hypervisors, and nothing is written. */
static bool write_filtered(const struct cluster *cluster, const char *member, struct json_writer *w)
{
    if (strcmp(member, "hvparams") == 0) {
        write_enabled(cluster, &cluster->hvparams, w);
        return true;
    }
    if (strcmp(member, "os_hvp") != 0) {
        return false;
    }
    json_write_object_begin(w);
    for (size_t i = 0; i < cluster->os_hvp.n; i++) {
        json_write_key(w, cluster->os_hvp.v[i].key);
        write_enabled(cluster, &cluster->os_hvp.v[i].value, w);
    }
    json_write_object_end(w);
    return true;
}

/* ---- rows ---- */

static void write_row(const struct cfg *cfg, const struct info_row *row, bool only_enabled,
                      struct json_writer *w)
{
    if (row->member == NULL) {
        row->write(cfg, w);
    } else if (!only_enabled || !write_filtered(cfg_cluster(cfg), row->member, w)) {
        write_cluster_member(cfg_cluster(cfg), row->member, w);
    }
}

void cluster_info_write(const struct cfg *cfg, bool only_enabled, struct json_writer *w)
{
    json_write_object_begin(w);
    for (size_t i = 0; i < G_N_ELEMENTS(info_rows); i++) {
        json_write_key(w, info_rows[i].wire);
        write_row(cfg, &info_rows[i], only_enabled, w);
    }
    json_write_object_end(w);
}

bool cluster_info_write_one(const struct cfg *cfg, const char *wire, struct json_writer *w)
{
    for (size_t i = 0; i < G_N_ELEMENTS(info_rows); i++) {
        if (strcmp(info_rows[i].wire, wire) == 0) {
            write_row(cfg, &info_rows[i], false, w);
            return true;
        }
    }
    return false;
}
