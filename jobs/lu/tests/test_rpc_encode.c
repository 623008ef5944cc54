/* Bodies of node calls against those of the reference: golden/rpc.jsonl is what from-reference
 * printed for the two configurations of compat-config/tests/data. */
#include "config.h"

#include <string.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "compat-config/store/store.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/rpc-encode.h"
#include "jobs/lu/rpc.h"

enum { GOLDEN_MAX = 4 * 1024 * 1024 };

static char *source_path(const char *name)
{
    return g_build_filename(g_getenv("GANTRY_TOP_SRCDIR"), name, NULL);
}

static const struct cfg *load(const char *name)
{
    g_autofree char *file = g_build_filename("compat-config/tests/data", name, NULL);
    g_autofree char *path = source_path(file);
    g_autoptr(GError) error = NULL;
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_load(path, &error);
    ck_assert_msg(cfg != NULL, "%s", error != NULL ? error->message : "");
    return cfg_upgrade(cfg);
}

/* What the arguments of a case are made of. */
struct about {
    const struct cfg *cfg;
    const struct node *node;
    const struct instance *instance;
    struct cfg_disks disks;
    struct lu_arg_disk each[8];
    struct json *args;
};

static struct json *parse(const char *text)
{
    struct json *value = NULL;
    ck_assert(json_parse(text, -1, &value, NULL));
    return value;
}

static struct value_map map_of(const char *text)
{
    struct value_map map = {0};
    CLEANUP(json_unrefp) struct json *value = parse(text);
    ck_assert(fact_decode(&type_value_map, value, &map, NULL, NULL));
    return map;
}

static char *encode(const struct about *about, struct lu_call call)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    struct json_writer w = json_writer_init(out, JSON_PYTHON);
    ck_assert_msg(lu_call_encode(about->cfg, about->node->uuid, call.id, call.args, &w, &error),
                  "%s", error != NULL ? error->message : "");
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static char *encode_start(const struct about *about)
{
    struct value_map hvparams = map_of("{\"kernel_path\": \"/boot/other\", \"own\": 1}");
    const struct beparams beparams = {.has.maxmem = true, .maxmem = 77};
    char *text = encode(about, LU_CALL(instance_start,
                                       .instance_hvp_bep = {.instance = about->instance,
                                                            .hvparams = &hvparams,
                                                            .beparams = &beparams},
                                       .startup_paused = true));
    fact_clear(&type_value_map, &hvparams);
    return text;
}

static char *encode_os_add(const struct about *about)
{
    struct value_map osparams = map_of("{\"dns\": \"192.0.2.1\"}");
    char *text =
        encode(about, LU_CALL(instance_os_add,
                              .instance_osp = {.instance = about->instance, .osparams = &osparams},
                              .reinstall = false, .debug = 0));
    fact_clear(&type_value_map, &osparams);
    return text;
}

static char *encode_renames(const struct about *about)
{
    CLEANUP(json_unrefp) struct json *id = parse("[\"xenvg\", \"new\"]");
    struct lu_arg_rename renames[8];
    for (size_t i = 0; i < about->disks.n; i++) {
        renames[i] = (struct lu_arg_rename){.disk = about->disks.v[i], .new_id = id};
    }
    return encode(about, LU_CALL(blockdev_rename, .devlist = {.v = renames, .n = about->disks.n}));
}

static char *encode_hotplug(const struct about *about)
{
    const struct nic *nic = &about->instance->nics.v[json_int(json_get(about->args, "nic"))];
    CLEANUP(json_unrefp) struct json *seq = json_new_int(0);
    return encode(about,
                  LU_CALL(hotplug_device, .instance = {.instance = about->instance},
                          .action = (char *)fact_enum_hotplug_action.words[HOTPLUG_ACTION_HOTADD],
                          .dev_type = (char *)fact_enum_hotplug_target.words[HOTPLUG_TARGET_NIC],
                          .device = {.nic = nic, .instance = about->instance}, .seq = seq));
}

static char *encode_multi_status(const struct about *about)
{
    const struct lu_arg_node_disks_entry entries[] = {
        {.node_uuid = "another"},
        {.node_uuid = about->node->uuid, .disks = {.v = about->each, .n = about->disks.n}},
    };
    return encode(about, LU_CALL(blockdev_getmirrorstatus_multi,
                                 .node_disks = {.v = entries, .n = G_N_ELEMENTS(entries)}));
}

static char *encode_delay(const struct about *about)
{
    return encode(about, LU_CALL(test_delay, .duration = json_get(about->args, "duration")));
}

static char *encode_shutdown(const struct about *about)
{
    CLEANUP(json_unrefp) struct json *timeout = json_new_int(120);
    return encode(about, LU_CALL(instance_shutdown, .instance = {.instance = about->instance},
                                 .timeout = timeout));
}

static char *body_of(const char *call, const struct about *about)
{
    const struct lu_arg_disks disks = {
        .v = about->disks.v, .n = about->disks.n, .instance = about->instance};
    switch (rpc_row_find(call)->id) {
    case RPC_instance_start:
        return encode_start(about);
    case RPC_instance_os_add:
        return encode_os_add(about);
    case RPC_instance_shutdown:
        return encode_shutdown(about);
    case RPC_blockdev_getmirrorstatus:
        return encode(about, LU_CALL(blockdev_getmirrorstatus, .disks = disks));
    case RPC_blockdev_assemble:
        return encode(about,
                      LU_CALL(blockdev_assemble, .disk = about->each[0],
                              .instance = {.instance = about->instance}, .on_primary = true));
    case RPC_blockdev_getdimensions:
        return encode(about, LU_CALL(blockdev_getdimensions,
                                     .disks = {.v = about->each, .n = about->disks.n}));
    case RPC_blockdev_rename:
        return encode_renames(about);
    case RPC_blockdev_getmirrorstatus_multi:
        return encode_multi_status(about);
    case RPC_hotplug_device:
        return encode_hotplug(about);
    case RPC_test_delay:
        return encode_delay(about);
    default:
        return NULL;
    }
}

/* The order of keys plays no part, nor does that of a set of tags, which Python shuffles. */
static bool same_tags(const struct json *a, const struct json *b)
{
    if (json_len(a) != json_len(b)) {
        return false;
    }
    for (size_t i = 0; i < json_len(a); i++) {
        bool found = false;
        for (size_t j = 0; j < json_len(b); j++) {
            found = found || json_equal(json_at(a, i), json_at(b, j));
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

static void check_same(const struct json *expected, const struct json *found, const char *where)
{
    if (g_str_has_suffix(where, ".tags")) {
        ck_assert_msg(same_tags(expected, found), "%s differs", where);
        return;
    }
    /* 1 and 1.0 are one number to the node daemons. */
    if (json_kind(expected) == JSON_INT && json_kind(found) == JSON_FLOAT) {
        ck_assert_msg((double)json_int(expected) == json_double(found), "%s differs", where);
        return;
    }
    ck_assert_msg(json_kind(expected) == json_kind(found), "%s: %s instead of %s", where,
                  json_kind_name(json_kind(found)), json_kind_name(json_kind(expected)));
    if (json_kind(expected) == JSON_ARRAY) {
        ck_assert_msg(json_len(expected) == json_len(found), "%s: %zu elements instead of %zu",
                      where, json_len(found), json_len(expected));
        for (size_t i = 0; i < json_len(expected); i++) {
            g_autofree char *path = g_strdup_printf("%s[%zu]", where, i);
            check_same(json_at(expected, i), json_at(found, i), path);
        }
    } else if (json_kind(expected) == JSON_OBJECT) {
        struct json_iter it = json_iter_begin(expected);
        while (json_iter_next(&it)) {
            g_autofree char *path = g_strdup_printf("%s.%s", where, it.key);
            ck_assert_msg(json_has(found, it.key), "%s is missing", path);
            check_same(it.value, json_get(found, it.key), path);
        }
        it = json_iter_begin(found);
        while (json_iter_next(&it)) {
            ck_assert_msg(json_has(expected, it.key), "%s.%s is too much", where, it.key);
        }
    } else {
        ck_assert_msg(json_equal(expected, found), "%s differs", where);
    }
}

static bool check_case(const struct cfg *cfg, struct json *one)
{
    const char *call = json_string(json_get(one, "call"));
    struct about about = {.cfg = cfg,
                          .node = cfg_node_named(cfg, json_string(json_get(one, "node"))),
                          .args = json_get(one, "args")};
    const struct json *name = json_get(about.args, "instance");
    if (name != NULL) {
        about.instance = cfg_instance_named(cfg, json_string(name));
        about.disks = cfg_instance_disks(cfg, about.instance);
        ck_assert_uint_le(about.disks.n, G_N_ELEMENTS(about.each));
    }
    for (size_t i = 0; i < about.disks.n; i++) {
        about.each[i] = (struct lu_arg_disk){.disk = about.disks.v[i], .instance = about.instance};
    }
    g_autofree char *text = body_of(call, &about);
    if (text == NULL) {
        return false;
    }
    CLEANUP(json_unrefp) struct json *body = parse(text);
    g_autofree char *where = g_strdup_printf("%s %s", json_string(json_get(one, "config")), call);
    check_same(json_get(one, "body"), body, where);
    return true;
}

START_TEST(same_as_reference)
{
    g_autofree char *path = source_path("jobs/lu/tests/golden/rpc.jsonl");
    g_autofree char *text = fs_read_file(path, GOLDEN_MAX, NULL, NULL);
    ck_assert_ptr_nonnull(text);
    CLEANUP(cfg_unrefp) const struct cfg *plain = load("cluster-3.0.json");
    CLEANUP(cfg_unrefp) const struct cfg *drbd = load("cluster-drbd.json");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    size_t checked = 0;
    for (size_t i = 0; lines[i] != NULL && *lines[i] != '\0'; i++) {
        CLEANUP(json_unrefp) struct json *one = parse(lines[i]);
        bool is_drbd = strcmp(json_string(json_get(one, "config")), "cluster-drbd.json") == 0;
        checked += check_case(is_drbd ? drbd : plain, one) ? 1 : 0;
    }
    ck_assert_uint_ge(checked, 70);
}
END_TEST

/* A file is read here and sent with its details. */
START_TEST(file_details)
{
    CLEANUP(cfg_unrefp) const struct cfg *cfg = load("cluster-3.0.json");
    const struct about about = {.cfg = cfg, .node = cfg_node_at(cfg, 0)};
    g_autofree char *path = g_build_filename(g_getenv("TEST_TMPDIR"), "file", NULL);
    ck_assert(fs_write_atomic(path, "short", 5, NULL, NULL));
    g_autofree char *text = encode(&about, LU_CALL(upload_file, .file_name = {.path = path}));
    CLEANUP(json_unrefp) struct json *body = parse(text);
    ck_assert_uint_eq(json_len(body), 1);
    const struct json *details = json_at(body, 0);
    ck_assert_uint_eq(json_len(details), 7);
    ck_assert_str_eq(json_string(json_at(details, 0)), path);
    ck_assert_int_eq(json_int(json_at(details, 2)) & 07777, 0600);

    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    struct json_writer w = json_writer_init(out, JSON_PYTHON);
    const struct lu_call missing = LU_CALL(upload_file, .file_name = {.path = "/does/not/exist"});
    ck_assert(!lu_call_encode(cfg, about.node->uuid, missing.id, missing.args, &w, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "/does/not/exist"));
}
END_TEST

static void set_level(void)
{
    g_setenv("GANTRY_LEVEL", "3.0", TRUE);
}

UNIT_MAIN_FIXTURE("rpc-encode", set_level, NULL, same_as_reference, file_details)
