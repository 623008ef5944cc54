/* Small questions about the node. */
#include "config.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/json.h"
#include "base/log.h"
#include "base/parse.h"
#include "compat-config/paths/paths.h"
#include "compat-config/ssconf/ssconf.h"
#include "facts/constants.h"
#include "noded/backend/common.h"

enum {
    MAX_PAUSE_FILE = 1024,
    /* A pause that was over this long ago is forgotten (utils/io.py ReadWatcherPauseFile). */
    PAUSE_REMOVE_AFTER_S = 3600,
    MS = 1000,
};

/* A day: longer waits than any test makes, and no overflow. */
static const double max_delay_s = 86400.0;

/* No clock shows later times; and it fits an integer. */
static const double max_time_s = 1e15;

NODED_CALL(version, NODED_QUICK)
{
    json_write_int(result, C_PROTOCOL_VERSION());
    return true;
}

NODED_CALL(master_node_name, NODED_QUICK)
{
    g_autofree char *name = ssconf_read(path_get(PATH_DATA_DIR), SSCONF_master_node, NULL, errp);

    if (name == NULL) {
        g_prefix_error(errp, "the cluster's configuration is incomplete: ");
        return false;
    }
    json_write_string(result, name);
    return true;
}

static bool is_number(const struct json *value)
{
    return json_kind(value) == JSON_INT || json_kind(value) == JSON_FLOAT;
}

NODED_CALL(test_delay, NODED_WORKER)
{
    double duration;

    if (!is_number(args->duration)) {
        return noded_fail(errp, "a delay must be a number of seconds");
    }
    duration = json_double(args->duration);
    if (duration < 0 || duration > max_delay_s) {
        return noded_fail(errp, "a delay must be between 0 and %.0f seconds", max_delay_s);
    }
    (void)poll(NULL, 0, (int)(duration * MS));
    json_write_null(result);
    return true;
}

/* --- Network ------------------------------------------------------------------------------------
 */

static bool has_address(const struct ifaddrs *item, int family, const void *address, size_t len)
{
    const void *own;

    if (item->ifa_addr == NULL || item->ifa_addr->sa_family != family) {
        return false;
    }
    own = family == AF_INET ? (const void *)&((struct sockaddr_in *)item->ifa_addr)->sin_addr
                            : (const void *)&((struct sockaddr_in6 *)item->ifa_addr)->sin6_addr;
    return memcmp(own, address, len) == 0;
}

bool backend_has_address(const char *text, bool *ret_has, GError **errp)
{
    struct in6_addr address;
    struct ifaddrs *list;
    int family = AF_INET;
    size_t len = sizeof(struct in_addr);

    if (inet_pton(AF_INET, text, &address) != 1) {
        family = AF_INET6;
        len = sizeof(struct in6_addr);
        if (inet_pton(AF_INET6, text, &address) != 1) {
            return noded_fail(errp, "'%s' is not an IP address", text);
        }
    }
    if (getifaddrs(&list) != 0) {
        return noded_fail(errp, "cannot list the node's addresses: %s", g_strerror(errno));
    }
    *ret_has = false;
    for (const struct ifaddrs *item = list; item != NULL; item = item->ifa_next) {
        *ret_has = *ret_has || has_address(item, family, &address, len);
    }
    freeifaddrs(list);
    return true;
}

NODED_CALL(node_has_ip_address, NODED_QUICK)
{
    bool has;

    if (!backend_has_address(args->address, &has, errp)) {
        return false;
    }
    json_write_bool(result, has);
    return true;
}

bool backend_bridge_exists(const char *name)
{
    g_autofree char *path = NULL;

    if (*name == '\0' || strchr(name, '/') != NULL) {
        return false;
    }
    path = g_strdup_printf("/sys/class/net/%s/bridge", name);
    return g_file_test(path, G_FILE_TEST_IS_DIR);
}

NODED_CALL(bridges_exist, NODED_QUICK)
{
    g_autoptr(GString) missing = g_string_new(NULL);

    for (size_t i = 0; i < args->bridges_list.n; i++) {
        const struct json *name = args->bridges_list.v[i];

        if (json_kind(name) != JSON_STRING) {
            return noded_fail(errp, "names of bridges must be texts");
        }
        if (!backend_bridge_exists(json_string(name))) {
            g_string_append_printf(missing, "%s%s", missing->len == 0 ? "" : ", ",
                                   json_string(name));
        }
    }
    if (missing->len > 0) {
        return noded_fail(errp, "missing bridges on %s: %s", backend_node_name(), missing->str);
    }
    json_write_null(result);
    return true;
}

/* --- Files --------------------------------------------------------------------------------------
 */

NODED_CALL(get_file_info, NODED_WORKER)
{
    struct stat st;
    bool there = stat(args->file_path, &st) == 0;

    json_write_array_begin(result);
    json_write_bool(result, there);
    json_write_object_begin(result);
    if (there) {
        json_write_key(result, C_STAT_SIZE);
        json_write_int(result, st.st_size);
    }
    json_write_object_end(result);
    json_write_array_end(result);
    return true;
}

/* --- The watcher's pause ------------------------------------------------------------------------
 */

/* False: there is no pause, or its file is of no use any more. */
static bool parse_pause(char *text, int64_t now, int64_t *ret_until, bool *ret_stale)
{
    *ret_stale = !parse_int64(g_strstrip(text), INT64_MIN, INT64_MAX, ret_until, NULL) ||
                 now - PAUSE_REMOVE_AFTER_S > *ret_until;
    return !*ret_stale && now <= *ret_until;
}

NODED_CALL(get_watcher_pause, NODED_WORKER)
{
    const char *path = path_get(PATH_WATCHER_PAUSEFILE);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = fs_read_file(path, MAX_PAUSE_FILE, NULL, &error);
    int64_t until;
    bool stale = false;

    if (text == NULL && !g_error_matches(error, FS_ERROR, ENOENT)) {
        g_propagate_error(errp, g_steal_pointer(&error));
        return false;
    }
    if (text != NULL && parse_pause(text, time(NULL), &until, &stale)) {
        json_write_int(result, until);
        return true;
    }
    json_write_null(result);
    return !stale || fs_remove_file(path, errp);
}

NODED_CALL(set_watcher_pause, NODED_WORKER)
{
    const char *path = path_get(PATH_WATCHER_PAUSEFILE);
    const struct fs_write_opts opts = {.mode = 0644};
    g_autofree char *text = NULL;

    json_write_null(result);
    if (args->until == NULL) {
        log_info("the watcher shall no longer pause");
        return fs_remove_file(path, errp);
    }
    if (!is_number(args->until)) {
        return noded_fail(errp, "the end of a pause must be a number");
    }
    if (json_double(args->until) < -max_time_s || json_double(args->until) > max_time_s) {
        return noded_fail(errp, "the end of a pause is out of range");
    }
    text = g_strdup_printf("%" G_GINT64_FORMAT "\n", (gint64)json_double(args->until));
    log_info("the watcher shall pause until %s", text);
    return fs_write_atomic(path, text, strlen(text), &opts, errp);
}

/* A switch of Open vSwitch, with the interface that leads out of it. */
NODED_CALL(node_configure_ovs, NODED_WORKER)
{
    static const char tool[] = "ovs-vsctl";
    CLEANUP(cmd_freep)
    struct cmd *add_switch = cmd_new(tool, "--may-exist", "add-br", args->ovs_name, NULL);
    bool has_link =
        json_kind(args->ovs_link) == JSON_STRING && *json_string(args->ovs_link) != '\0';
    CLEANUP(cmd_freep) struct cmd *add_link = NULL;

    json_write_null(result);
    if (!cmd_check(add_switch, NULL, errp)) {
        return false;
    }
    if (!has_link) {
        return true;
    }
    add_link =
        cmd_new(tool, "--may-exist", "add-port", args->ovs_name, json_string(args->ovs_link), NULL);
    return cmd_check(add_link, NULL, errp);
}
