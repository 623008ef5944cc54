#include "config.h"

#include "noded/storage/drbd/build.h"

#include <string.h>

#include "base/text.h"
#include "facts/constants.h"
#include "facts/params.h"
#include "noded/storage/bdev-common.h"

static const char setup[] = "drbdsetup";

static GPtrArray *argv_new(const char *program, const char *word)
{
    GPtrArray *argv = g_ptr_array_new();

    g_ptr_array_add(argv, g_strdup(program));
    g_ptr_array_add(argv, g_strdup(word));
    return argv;
}

static void add(GPtrArray *argv, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void add(GPtrArray *argv, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(argv, g_strdup_vprintf(format, args));
    va_end(args);
}

static char **finish(GPtrArray *argv)
{
    g_ptr_array_add(argv, NULL);
    return (char **)g_ptr_array_free(argv, FALSE);
}

static void drop(GPtrArray *argv)
{
    g_strfreev(finish(argv));
}

/* How a command names the device: by minor, or by the resource that it is. */
static const struct {
    const char *word;
    bool resource;
    const char *option;
} actions[] = {
    [DRBD_SHOW] = {"show", false, NULL},
    [DRBD_PAUSE_SYNC] = {"pause-sync", false, NULL},
    [DRBD_RESUME_SYNC] = {"resume-sync", false, NULL},
    [DRBD_PRIMARY] = {"primary", false, NULL},
    [DRBD_PRIMARY_FORCED] = {"primary", false, "--force"},
    [DRBD_SECONDARY] = {"secondary", false, NULL},
    [DRBD_DETACH] = {"detach", false, NULL},
    [DRBD_DOWN] = {"down", true, NULL},
};

char **drbd_build_action(enum drbd_action action, int minor)
{
    GPtrArray *argv = argv_new(setup, actions[action].word);

    add(argv, "%s%d", actions[action].resource ? "resource" : "", minor);
    if (actions[action].option != NULL) {
        add(argv, "%s", actions[action].option);
    }
    return finish(argv);
}

char **drbd_build_init_meta(int minor, const char *meta_device)
{
    GPtrArray *argv = argv_new("drbdmeta", "--force");

    add(argv, "/dev/drbd%d", minor);
    add(argv, "v08");
    add(argv, "%s", meta_device);
    add(argv, "flex-external");
    add(argv, "create-md");
    return finish(argv);
}

char **drbd_build_resize(int minor, int64_t size)
{
    GPtrArray *argv = argv_new(setup, "resize");

    add(argv, "%d", minor);
    add(argv, "--size");
    add(argv, "%" G_GINT64_FORMAT "m", size);
    return finish(argv);
}

static int64_t number(const struct value_map *params, enum ld_param_id id)
{
    const struct fact_value *value = ld_value(params, id);

    return value != NULL && value->kind == JSON_INT ? value->integer : 0;
}

static const char *text(const struct value_map *params, enum ld_param_id id)
{
    const char *found = fact_value_text(ld_value(params, id));

    return found != NULL ? found : "";
}

char **drbd_build_sync_params(int minor, const struct value_map *params, GError **errp)
{
    static const enum ld_param_id controller[] = {LD_drbd_c_plan_ahead, LD_drbd_c_fill_target,
                                                  LD_drbd_c_delay_target, LD_drbd_c_max_rate,
                                                  LD_drbd_c_min_rate};
    static const enum ld_param_id fixed[] = {LD_drbd_resync_rate};
    bool dynamic = fact_value_is_true(ld_value(params, LD_drbd_dynamic_resync));
    const enum ld_param_id *ids = dynamic ? controller : fixed;
    size_t n = dynamic ? G_N_ELEMENTS(controller) : G_N_ELEMENTS(fixed);
    GPtrArray *argv;

    if (dynamic && number(params, LD_drbd_c_plan_ahead) == 0) {
        bdev_fail(errp, "%s 0 switches the dynamic resync off inside DRBD; set %s to false instead",
                  ld_params[LD_drbd_c_plan_ahead].name, ld_params[LD_drbd_dynamic_resync].name);
        return NULL;
    }
    argv = argv_new(setup, "disk-options");
    add(argv, "%d", minor);
    /* The parameters are named after DRBD's options. */
    for (size_t i = 0; i < n; i++) {
        add(argv, "--%s", ld_params[ids[i]].name);
        add(argv, "%" G_GINT64_FORMAT, number(params, ids[i]));
    }
    return finish(argv);
}

static void free_argv(void *argv)
{
    g_strfreev(argv);
}

/* The resource and the minor, which either half of a device needs first. */
static GPtrArray *commands_new(int minor)
{
    GPtrArray *commands = g_ptr_array_new_with_free_func(free_argv);
    GPtrArray *resource = argv_new(setup, "new-resource");
    GPtrArray *device = argv_new(setup, "new-minor");

    add(resource, "resource%d", minor);
    g_ptr_array_add(commands, finish(resource));
    add(device, "resource%d", minor);
    add(device, "%d", minor);
    add(device, "0");
    g_ptr_array_add(commands, finish(device));
    return commands;
}

static bool add_custom(GPtrArray *argv, const struct value_map *params, enum ld_param_id id,
                       GError **errp)
{
    g_auto(GStrv) words = text_shell_split(text(params, id));

    if (words == NULL) {
        return bdev_fail(errp, "disk parameter %s has a quote that is not closed: %s",
                         ld_params[id].name, text(params, id));
    }
    for (char **word = words; *word != NULL; word++) {
        add(argv, "%s", *word);
    }
    return true;
}

/* _ComputeDiskBarrierArgs; the valid sets are "n" alone, or any of the others. */
static bool add_barriers(GPtrArray *argv, const struct value_map *params, GError **errp)
{
    const char *off = text(params, LD_drbd_disabled_barriers);
    const struct {
        const char *letter, *option;
    } rows[] = {{C_DRBD_B_DISK_FLUSH, "--disk-flushes=no"},
                {C_DRBD_B_DISK_DRAIN, "--disk-drain=no"},
                {C_DRBD_B_DISK_BARRIERS, "--disk-barrier=no"}};

    if (off[0] == '\0' || (strcmp(off, C_DRBD_B_NONE) != 0 && strspn(off, "bdf") != strlen(off))) {
        return bdev_fail(errp, "'%s' is not a valid set of DRBD barriers", off);
    }
    if (fact_value_is_true(ld_value(params, LD_drbd_disable_meta_flush))) {
        add(argv, "--md-flushes=no");
    }
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (strstr(off, rows[i].letter) != NULL) {
            add(argv, "%s", rows[i].option);
        }
    }
    return true;
}

GPtrArray *drbd_build_attach(int minor, const char *data_device, const char *meta_device,
                             int64_t size, const struct value_map *params, GError **errp)
{
    g_autoptr(GPtrArray) commands = commands_new(minor);
    GPtrArray *log = argv_new("drbdmeta", NULL);
    GPtrArray *attach = argv_new(setup, "attach");

    g_ptr_array_set_size(log, 1);
    add(log, "/dev/drbd%d", minor);
    add(log, "v08");
    add(log, "%s", meta_device);
    add(log, "flex-external");
    add(log, "apply-al");
    g_ptr_array_add(commands, finish(log));
    add(attach, "%d", minor);
    add(attach, "%s", data_device);
    add(attach, "%s", meta_device);
    add(attach, "flexible");
    add(attach, "--on-io-error=detach");
    if (size != 0) {
        add(attach, "--size");
        add(attach, "%" G_GINT64_FORMAT "m", size);
    }
    if (!add_barriers(attach, params, errp) ||
        !add_custom(attach, params, LD_drbd_disk_custom, errp)) {
        drop(attach);
        return NULL;
    }
    g_ptr_array_add(commands, finish(attach));
    return g_steal_pointer(&commands);
}

static void add_addresses(GPtrArray *argv, const struct drbd_net *net)
{
    const char *family = net->ipv6 ? "ipv6" : "ipv4";

    add(argv, "%s:%s:%d", family, net->local, net->local_port);
    add(argv, "%s:%s:%d", family, net->remote, net->remote_port);
}

GPtrArray *drbd_build_connect(int minor, const struct drbd_net *net, const struct value_map *params,
                              GError **errp)
{
    g_autoptr(GPtrArray) commands = commands_new(minor);
    GPtrArray *connect = argv_new(setup, "connect");

    add(connect, "resource%d", minor);
    add_addresses(connect, net);
    add(connect, "--protocol");
    add(connect, "%s", net->protocol);
    add(connect, "--after-sb-0pri");
    add(connect, "discard-zero-changes");
    add(connect, "--after-sb-1pri");
    add(connect, "consensus");
    if (net->two_primaries) {
        add(connect, "--allow-two-primaries");
    }
    if (net->hmac != NULL && net->secret != NULL) {
        add(connect, "--cram-hmac-alg");
        add(connect, "%s", net->hmac);
        add(connect, "--shared-secret");
        add(connect, "%s", net->secret);
    }
    if (!add_custom(connect, params, LD_drbd_net_custom, errp)) {
        drop(connect);
        return NULL;
    }
    g_ptr_array_add(commands, finish(connect));
    return g_steal_pointer(&commands);
}

char **drbd_build_disconnect(const struct drbd_net *net)
{
    GPtrArray *argv = argv_new(setup, "disconnect");

    add_addresses(argv, net);
    return finish(argv);
}
