#include "config.h"

#include <string.h>

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/pyrepr.h"
#include "cli-compat/core/text-wrap.h"

enum {
    MAP_LINE = 64,
    RESERVED_WIDTH = 64,
    GROUP_PARTS = 4,
};

/* What is asked for, and in this order. */
enum field {
    NAME,
    NETWORK,
    GATEWAY,
    NETWORK6,
    GATEWAY6,
    MAC_PREFIX,
    FREE_COUNT,
    RESERVED_COUNT,
    MAP,
    GROUP_LIST,
    INST_LIST,
    EXTERNAL_RESERVATIONS,
    SERIAL_NO,
    UUID,
    N_FIELDS,
};

static const char *const field_names[] = {
    [NAME] = "name",
    [NETWORK] = "network",
    [GATEWAY] = "gateway",
    [NETWORK6] = "network6",
    [GATEWAY6] = "gateway6",
    [MAC_PREFIX] = "mac_prefix",
    [FREE_COUNT] = "free_count",
    [RESERVED_COUNT] = "reserved_count",
    [MAP] = "map",
    [GROUP_LIST] = "group_list",
    [INST_LIST] = "inst_list",
    [EXTERNAL_RESERVATIONS] = "external_reservations",
    [SERIAL_NO] = "serial_no",
    [UUID] = "uuid",
    [N_FIELDS] = NULL,
};

static int64_t number_at(const struct json *row, enum field field)
{
    const struct json *value = json_at(row, field);

    return json_kind(value) == JSON_INT ? json_int(value) : 0;
}

static const char *text_at(const struct json *row, enum field field)
{
    const struct json *value = json_at(row, field);

    return json_kind(value) == JSON_STRING ? json_string(value) : "";
}

static const struct json *list_at(const struct json *row, enum field field)
{
    const struct json *value = json_at(row, field);

    return json_kind(value) == JSON_ARRAY && json_len(value) > 0 ? value : NULL;
}

static void print_head(struct cli_run *run, const struct json *network)
{
    static const struct {
        const char *label;
        enum field field;
    } rows[] = {
        {"Network name", NAME},       {"UUID", UUID},
        {"Serial number", SERIAL_NO}, {"  Subnet", NETWORK},
        {"  Gateway", GATEWAY},       {"  IPv6 Subnet", NETWORK6},
        {"  IPv6 Gateway", GATEWAY6}, {"  Mac Prefix", MAC_PREFIX},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = pyrepr_str(json_at(network, rows[i].field));

        run_print(run, "%s: %s", rows[i].label, text);
    }
}

static void print_usage(struct cli_run *run, const struct json *network)
{
    int64_t free = number_at(network, FREE_COUNT);
    int64_t size = free + number_at(network, RESERVED_COUNT);
    const char *map = text_at(network, MAP);
    size_t length = strlen(map);

    run_print(run, "  Size: %" G_GINT64_FORMAT, (gint64)size);
    run_print(run, "  Free: %" G_GINT64_FORMAT " (%.2f%%)", (gint64)free,
              size > 0 ? 100 * (double)free / (double)size : 0);
    run_print(run, "  Usage map:");
    for (size_t i = 0; i < length; i += MAP_LINE) {
        run_print(run, "     %4zu %-*.*s %zu", i, MAP_LINE, MAP_LINE, map + i, i + MAP_LINE - 1);
    }
    run_print(run, "         (X) used    (.) free");
}

static void print_reserved(struct cli_run *run, const struct json *network)
{
    g_auto(GStrv) lines = text_wrap(text_at(network, EXTERNAL_RESERVATIONS), RESERVED_WIDTH);

    if (lines[0] != NULL) {
        run_print(run, "  externally reserved IPs:");
    }
    for (size_t i = 0; lines[i] != NULL; i++) {
        run_print(run, "    %s", lines[i]);
    }
}

static void print_groups(struct cli_run *run, const struct json *network)
{
    const struct json *groups = list_at(network, GROUP_LIST);

    if (groups == NULL) {
        run_print(run, "  not connected to any node group");
        return;
    }
    run_print(run, "  connected to node groups:");
    for (size_t i = 0; i < json_len(groups); i++) {
        static const char *const labels[] = {"    ", " (mode:", " link:", " vlan:"};
        const struct json *group = json_at(groups, i);

        for (size_t j = 0; j < GROUP_PARTS; j++) {
            bool there = json_kind(group) == JSON_ARRAY && j < json_len(group);
            g_autofree char *text = pyrepr_str(there ? json_at(group, j) : NULL);

            g_string_append_printf(run->out, "%s%s", labels[j], text);
        }
        g_string_append(run->out, ")\n");
    }
}

/* "0:ADDRESS, ..." of the instance's interfaces in this network. */
static char *addresses(const struct json *instance, const char *uuid)
{
    const struct json *ips = json_at(instance, 1), *networks = json_at(instance, 2);
    GString *out = g_string_new(NULL);

    if (json_kind(ips) != JSON_ARRAY || json_kind(networks) != JSON_ARRAY) {
        return g_string_free(out, FALSE);
    }
    for (size_t i = 0; i < MIN(json_len(ips), json_len(networks)); i++) {
        const struct json *network = json_at(networks, i);
        g_autofree char *ip = pyrepr_str(json_at(ips, i));

        if (json_kind(network) == JSON_STRING && strcmp(json_string(network), uuid) == 0) {
            g_string_append_printf(out, "%s%zu:%s", out->len > 0 ? ", " : "", i, ip);
        }
    }
    return g_string_free(out, FALSE);
}

/* All instances in one question; the reference asks for each, in the order of the network's list,
 * which the answer to one question does not keep. */
static bool print_instances(struct cli_run *run, const struct json *network, GError **errp)
{
    static const char *const fields[] = {"name", "nic.ips", "nic.networks", NULL};
    const struct json *names = list_at(network, INST_LIST);
    g_autoptr(GPtrArray) wanted = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) row_of = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    CLEANUP(json_unrefp) struct json *rows = NULL;

    if (names == NULL) {
        run_print(run, "  not used by any instances");
        return true;
    }
    for (size_t i = 0; i < json_len(names); i++) {
        g_ptr_array_add(wanted, pyrepr_str(json_at(names, i)));
    }
    g_ptr_array_add(wanted, NULL);
    if (!run_query_old(run, LUXI_query_instances, (const char *const *)wanted->pdata, fields, &rows,
                       errp)) {
        return false;
    }
    for (size_t i = 0; i < json_len(rows); i++) {
        const struct json *row = json_at(rows, i);

        g_hash_table_insert(row_of, pyrepr_str(json_at(row, 0)), (void *)row);
    }
    run_print(run, "  used by %zu instances:", json_len(rows));
    for (size_t i = 0; i < json_len(names); i++) {
        const char *name = wanted->pdata[i];
        const struct json *row = g_hash_table_lookup(row_of, name);

        if (row != NULL) {
            g_autofree char *text = addresses(row, text_at(network, UUID));

            run_print(run, "    %s: %s", name, text);
        }
    }
    return true;
}

bool cmd_network_info(struct cli_run *run, GError **errp)
{
    CLEANUP(json_unrefp) struct json *networks = NULL;

    if (!run_query_old(run, LUXI_query_networks, run->args, field_names, &networks, errp)) {
        return false;
    }
    for (size_t i = 0; i < json_len(networks); i++) {
        const struct json *network = json_at(networks, i);

        print_head(run, network);
        print_usage(run, network);
        print_reserved(run, network);
        print_groups(run, network);
        if (!print_instances(run, network, errp)) {
            return false;
        }
    }
    return true;
}
