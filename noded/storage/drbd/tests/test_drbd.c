#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/tests/golden.h"
#include "base/tests/unit.h"
#include "facts/codec.h"
#include "facts/params.h"
#include "noded/storage/drbd/build.h"
#include "noded/storage/drbd/proc.h"
#include "noded/storage/drbd/show.h"

enum { MINOR = 3 };

static GString *text;

static void set_up(void)
{
    text = g_string_new(NULL);
}

static void tear_down(void)
{
    g_string_free(text, TRUE);
}

static void emit(const char *title)
{
    g_string_append_printf(text, "# %s\n", title);
}

static void emit_argv(char **argv)
{
    g_autofree char *line = argv != NULL ? g_strjoinv("|", argv) : g_strdup("refused");

    g_string_append_printf(text, "%s\n", line);
    g_strfreev(argv);
}

static void emit_commands(const char *title, GPtrArray *commands)
{
    emit(title);
    if (commands == NULL) {
        g_string_append(text, "refused\n");
        return;
    }
    for (guint i = 0; i < commands->len; i++) {
        g_autofree char *line = g_strjoinv("|", commands->pdata[i]);

        g_string_append_printf(text, "%s\n", line);
    }
    g_ptr_array_unref(commands);
}

static void set_param(struct value_map *params, const char *name, const char *json_text)
{
    CLEANUP(json_unrefp) struct json *json = NULL;

    ck_assert(json_parse(json_text, -1, &json, NULL));
    fact_value_set(fact_dict_add(&type_value_map, params, name), json);
}

/* Defaults of the device; name and value of one parameter that is otherwise, or NULL. */
static struct value_map params_with(const char *name, const char *json_text)
{
    struct value_map params = {0};

    for (size_t i = 0; i < ld_params_n; i++) {
        if (ld_params[i].device == DISK_TEMPLATE_DRBD) {
            set_param(&params, ld_params[i].name,
                      disk_param_find(DISK_TEMPLATE_DRBD, ld_params[i].source)->default_json);
        }
    }
    if (name != NULL) {
        set_param(&params, name, json_text);
    }
    return params;
}

static void emit_attach(const char *title, int64_t size, struct value_map params)
{
    emit_commands(
        title, drbd_build_attach(MINOR, "/dev/xenvg/data", "/dev/xenvg/meta", size, &params, NULL));
    fact_clear(&type_value_map, &params);
}

static void emit_connect(const char *title, const struct drbd_net *net, struct value_map params)
{
    emit_commands(title, drbd_build_connect(MINOR, net, &params, NULL));
    fact_clear(&type_value_map, &params);
}

static void emit_sync(const char *title, struct value_map params)
{
    emit(title);
    emit_argv(drbd_build_sync_params(MINOR, &params, NULL));
    fact_clear(&type_value_map, &params);
}

static void emit_actions(void)
{
    static const char *const titles[] = {
        "show", "pause", "resume", "primary", "primary, forced", "secondary", "detach", "down"};

    for (size_t i = 0; i < G_N_ELEMENTS(titles); i++) {
        emit(titles[i]);
        emit_argv(drbd_build_action((enum drbd_action)i, MINOR));
    }
    emit("init meta");
    emit_argv(drbd_build_init_meta(MINOR, "/dev/xenvg/meta"));
    emit("resize");
    emit_argv(drbd_build_resize(MINOR, 4096));
    emit_sync("sync", params_with(NULL, NULL));
    emit_sync("sync, dynamic", params_with("dynamic-resync", "true"));
}

static void emit_attaches(void)
{
    static const char *const sets[] = {"n", "b", "bd", "bf", "bdf", "d", "df", "f", "", "x", "nb"};
    struct value_map params = params_with("disable-meta-flush", "true");

    emit_attach("attach", 1024, params_with(NULL, NULL));
    emit_attach("attach, whole device", 0, params_with(NULL, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(sets); i++) {
        g_autofree char *title = g_strdup_printf("attach, barriers '%s'", sets[i]);
        g_autofree char *value = g_strdup_printf("\"%s\"", sets[i]);

        emit_attach(title, 1024, params_with("disabled-barriers", value));
    }
    set_param(&params, "disabled-barriers", "\"bdf\"");
    emit_attach("attach, meta flush", 1024, params);
    emit_attach("attach, custom", 1024,
                params_with("disk-custom", "\"--resync-after 2 '--x=a b'\""));
}

START_TEST(commands_are_the_reference_s)
{
    struct drbd_net net = {.local = "192.0.2.1",
                           .remote = "192.0.2.2",
                           .local_port = 11000,
                           .remote_port = 11001,
                           .protocol = "C",
                           .hmac = "md5",
                           .secret = "s3cret"};
    const struct drbd_net plain = net;

    emit_actions();
    emit_attaches();
    emit_connect("connect", &net, params_with(NULL, NULL));
    net.ipv6 = true;
    net.local = "2001:db8::1";
    net.remote = "2001:db8::2";
    emit_connect("connect, IPv6", &net, params_with(NULL, NULL));
    net = plain;
    net.two_primaries = true;
    net.protocol = "A";
    emit_connect("connect, two primaries", &net, params_with(NULL, NULL));
    net = plain;
    net.hmac = net.secret = NULL;
    emit_connect("connect, no secret", &net, params_with(NULL, NULL));
    emit_connect("connect, custom", &plain,
                 params_with("net-custom", "\"--max-buffers 8000 --sndbuf-size='1 M'\""));
    emit("disconnect");
    emit_argv(drbd_build_disconnect(&plain));
    golden_check("noded/storage/drbd/golden/commands.txt", text->str);
}
END_TEST

START_TEST(contradictions_are_refused)
{
    struct value_map params = params_with("dynamic-resync", "true");
    g_autoptr(GError) error = NULL;

    set_param(&params, "c-plan-ahead", "0");
    ck_assert_ptr_null(drbd_build_sync_params(MINOR, &params, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "dynamic-resync"));
    g_clear_error(&error);
    set_param(&params, "disk-custom", "\"'open\"");
    ck_assert_ptr_null(drbd_build_attach(MINOR, "/d", "/m", 0, &params, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "disk-custom"));
    fact_clear(&type_value_map, &params);
}
END_TEST

static const char proc_text[] =
    "version: 8.4.10-1 (api:1/proto:86-101)\n"
    "srcversion: 0123456789ABCDEF\n"
    " 0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----\n"
    "    ns:0 nr:0 dw:8 dr:16 al:1 bm:0 lo:0 pe:0 ua:0 ap:0 ep:1 wo:f oos:0\n"
    " 1: cs:Unconfigured\n"
    "\n"
    " 5: cs:SyncTarget ro:Secondary/Primary ds:Inconsistent/UpToDate C r-----\n"
    "    ns:0 nr:1 dw:2 dr:0 al:8 bm:0 lo:0 pe:0 ua:0 ap:0 ep:1 wo:f oos:9\n"
    "\t[===>................] sync'ed: 22.5% (811412/1048576)K\n"
    "\tfinish: 0:02:05 speed: 6,480 (6,480) want: 6,400 K/sec\n"
    "11: cs:WFBitMapS ro:Primary/Secondary ds:UpToDate/Consistent C r-----\n"
    "12: cs:WFConnection ro:Primary/Unknown ds:Diskless/DUnknown C r-----\n"
    "13: cs:StandAlone st:Secondary/Unknown ds:UpToDate/DUnknown   r-----\n";

START_TEST(state_is_read)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(drbd_proc_freep) struct drbd_proc *proc = drbd_proc_parse(proc_text, &error);
    const struct drbd_minor *minor;

    ck_assert_msg(proc != NULL, "%s", error != NULL ? error->message : "");
    ck_assert(proc->major == 8 && proc->minor == 4 && proc->point == 10);
    ck_assert_str_eq(proc->version, "8.4.10-1 (api:1/proto:86-101)");
    ck_assert_uint_eq(proc->n_minors, 6);

    minor = drbd_proc_find(proc, 0);
    ck_assert(drbd_minor_is_connected(minor) && drbd_minor_is_primary(minor));
    ck_assert(drbd_minor_is_up_to_date(minor) && drbd_minor_peer_is_up_to_date(minor));
    ck_assert(!drbd_minor_is_in_resync(minor) && minor->sync_percent < 0);
    ck_assert(!drbd_minor_in_use(drbd_proc_find(proc, 1)));
    ck_assert_ptr_null(drbd_proc_find(proc, 2));

    minor = drbd_proc_find(proc, 5);
    ck_assert(drbd_minor_is_in_resync(minor) && !drbd_minor_is_primary(minor));
    ck_assert(minor->sync_percent > 22.4 && minor->sync_percent < 22.6);
    ck_assert_int_eq(minor->estimated_time, 125);
    ck_assert_str_eq(minor->peer_role, "Primary");

    minor = drbd_proc_find(proc, 11);
    ck_assert(drbd_minor_is_in_resync(minor) && minor->sync_percent >= 0);
    ck_assert_int_eq(minor->estimated_time, -1);
    ck_assert(drbd_minor_waits(drbd_proc_find(proc, 12)));
    ck_assert(drbd_minor_is_diskless(drbd_proc_find(proc, 12)));
    ck_assert(drbd_minor_is_standalone(drbd_proc_find(proc, 13)));
    ck_assert_str_eq(drbd_proc_find(proc, 13)->role, "Secondary");
}
END_TEST

START_TEST(other_texts_are_refused)
{
    static const char *const bad[] = {"", "version: 8\n", "no version\n",
                                      "version: 8.4.2 (api:1/proto:86)\n 0: cs:Connected\n",
                                      "version: 8.4.2 (api:1/proto:86)\n 0: cs:A ro:x ds:y/z\n"};

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_msg(drbd_proc_parse(bad[i], &error) == NULL, "%s", bad[i]);
        ck_assert_ptr_nonnull(error);
    }
}
END_TEST

/* --- Setup --------------------------------------------------------------------------------------
 *
 * The outputs are the corpus of the fuzz target. "nine" is the form of a module of DRBD 9, the
 * others come from drbd-utils 9.22 with DRBD 8.4.11. */

static struct drbd_show *show_of(const char *name)
{
    g_autofree char *relative = g_strdup_printf("noded/fuzz/corpus-drbd_show/%s", name);
    g_autofree char *path = golden_path(relative);
    g_autofree char *output = NULL;
    g_autoptr(GError) error = NULL;
    struct drbd_show *show;

    ck_assert(g_file_get_contents(path, &output, NULL, NULL));
    show = drbd_show_parse(output, &error);
    ck_assert_msg(show != NULL, "%s: %s", name, error != NULL ? error->message : "");
    return show;
}

START_TEST(setup_is_read)
{
    CLEANUP(drbd_show_freep) struct drbd_show *none = show_of("none");
    CLEANUP(drbd_show_freep) struct drbd_show *local = show_of("local");
    CLEANUP(drbd_show_freep) struct drbd_show *both = show_of("both");
    CLEANUP(drbd_show_freep) struct drbd_show *nine = show_of("nine");
    CLEANUP(drbd_show_freep) struct drbd_show *empty = drbd_show_parse("", NULL);

    ck_assert(none->data == NULL && none->local == NULL);
    ck_assert(empty->data == NULL && empty->local == NULL);
    ck_assert_str_eq(local->data, "/dev/xenvg/d0");
    ck_assert_str_eq(local->meta, "/dev/xenvg/m0");
    ck_assert(local->local == NULL && local->remote == NULL && local->meta_index == -1);
    ck_assert_str_eq(both->data, "/dev/xenvg/d0");
    ck_assert_str_eq(both->local, "192.0.2.1");
    ck_assert_str_eq(both->remote, "192.0.2.2");
    ck_assert(both->local_port == 11000 && both->remote_port == 11000);
    ck_assert_str_eq(nine->data, "/dev/xenvg/d0");
    ck_assert_int_eq(nine->meta_index, 0);
    ck_assert_str_eq(nine->local, "2001:db8::1");
    ck_assert_str_eq(nine->remote, "2001:db8::2");
    ck_assert_int_eq(nine->remote_port, 11000);
}
END_TEST

START_TEST(strange_setups_are_refused)
{
    static const char *const bad[] = {
        "resource r {",
        "}",
        "resource r { a; } }",
        "resource r { _this_host { address ipv4 192.0.2.1; } }",
        "resource r { _this_host { address ipv4 192.0.2.1:99999; } }",
        "resource r { _this_host { address ipv6 [::1:7; } }",
        "resource r { _this_host { volume 0 { meta-disk; } } }",
        "resource r { _this_host { volume 0 { disk \"/dev/x; } } }",
        "resource r { ; }",
        "{ }",
        "a {a {a {a {a {a {a {a {a {a {",
        "77: Failure: (127) Device minor not allocated",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_msg(drbd_show_parse(bad[i], &error) == NULL, "%s", bad[i]);
        ck_assert_ptr_nonnull(error);
    }
}
END_TEST

UNIT_MAIN_FIXTURE("drbd", set_up, tear_down, commands_are_the_reference_s,
                  contradictions_are_refused, state_is_read, other_texts_are_refused, setup_is_read,
                  strange_setups_are_refused)
