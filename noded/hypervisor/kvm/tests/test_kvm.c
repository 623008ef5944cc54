/* Command lines and runtime files against those that the reference made (tests/from-reference). */
#include "config.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "base/tests/golden.h"
#include "base/tests/unit.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/params.h"
#include "noded/hypervisor/kvm/build.h"
#include "noded/hypervisor/kvm/devices.h"

#define GOLDEN_DIR "noded/hypervisor/kvm/golden/"
enum { MIN_CASES = 150, FIRST_FD = 10, MAX_NICS = 32, MAX_FDS = 64 };

static char *read_golden(const char *name)
{
    g_autofree char *path = g_strconcat(GOLDEN_DIR, name, NULL);
    g_autofree char *file = golden_path(path);
    char *text = NULL;

    ck_assert_msg(g_file_get_contents(file, &text, NULL, NULL), "%s", file);
    return text;
}

/* The folders of the reference as Debian builds it, for those of this build. */
static char *localize(char *text)
{
    static const struct {
        const char *reference;
        enum path_id here;
    } rows[] = {{"/var/run/ganeti", PATH_RUN_DIR},
                {"/var/log/ganeti", PATH_LOG_DIR},
                {"/var/lib/ganeti", PATH_DATA_DIR}};
    GString *out = g_string_new(text);

    g_free(text);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_string_replace(out, rows[i].reference, path_get(rows[i].here), 0);
    }
    return g_string_free(out, FALSE);
}

static struct json *parse(const char *text)
{
    struct json *json = NULL;
    g_autoptr(GError) error = NULL;

    ck_assert_msg(json_parse(text, -1, &json, &error), "%s", error != NULL ? error->message : "");
    return json;
}

static struct kvm_caps *caps_of(const char *version)
{
    g_autofree char *help_name = g_strdup_printf("help-%s.txt", version);
    g_autofree char *machines_name = g_strdup_printf("machines-%s.txt", version);
    g_autofree char *devices_name = g_strdup_printf("devices-%s.txt", version);
    g_autofree char *help = read_golden(help_name);
    g_autofree char *machines = read_golden(machines_name);
    g_autofree char *devices = read_golden(devices_name);

    return kvm_caps_parse(help, machines, devices);
}

static bool addresses_of(const char *interface, struct kvm_addresses *ret)
{
    static const struct {
        const char *name, *ipv4, *ipv6;
    } rows[] = {{"eth0", "192.0.2.10", "2001:db8::10"},
                {"eth4", "192.0.2.40", NULL},
                {"eth6", NULL, "2001:db8::60"},
                {"dummy0", NULL, NULL}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (strcmp(rows[i].name, interface) == 0) {
            ret->ipv4 = g_strdup(rows[i].ipv4);
            ret->ipv6 = g_strdup(rows[i].ipv6);
            return true;
        }
    }
    return false;
}

static void set_members(struct json *object, const struct json *members)
{
    struct json_iter it = json_iter_begin(members);

    while (json_iter_next(&it)) {
        json_set(object, it.key, json_ref(it.value));
    }
}

static struct instance *instance_of(const struct json *entry)
{
    CLEANUP(json_unrefp)
    struct json *json = parse("{\"name\": \"web1.example.com\", \"primary_node\": \"n\", \"os\": "
                              "\"noop\", \"hypervisor\": "
                              "\"kvm\", \"hvparams\": {}, \"beparams\": {\"minmem\": 1024, "
                              "\"maxmem\": 1024, \"vcpus\": 1}, "
                              "\"admin_state\": \"up\", \"admin_state_source\": \"admin\", "
                              "\"disks_active\": true, \"uuid\": "
                              "\"01234567-89ab-4cde-8fed-0123456789ab\", \"serial_no\": 1}");
    struct instance *instance;
    g_autoptr(GError) error = NULL;

    set_members(json_get(json, "hvparams"), json_get(entry, "hvparams"));
    set_members(json_get(json, "beparams"), json_get(entry, "beparams"));
    json_set(json, "nics", json_ref(json_get(entry, "nics")));
    json_set(json, "network_port", json_ref(json_get(entry, "network_port")));
    instance = fact_object_decode(&fact_object_instance, json, NULL, &error);
    ck_assert_msg(instance != NULL, "%s", error != NULL ? error->message : "");
    hv_params_fill_defaults(HYPERVISOR_KVM, &instance->hvparams);
    return instance;
}

struct disks {
    struct hv_disk *v;
    size_t n;
};

static struct disks disks_of(const struct json *entry)
{
    const struct json *list = json_get(entry, "disks");
    struct disks disks = {.v = g_new0(struct hv_disk, json_len(list)), .n = json_len(list)};

    for (size_t i = 0; i < disks.n; i++) {
        const struct json *use = json_at(list, i);
        const struct json *uri = json_at(use, 2);

        disks.v[i].disk = fact_object_decode(&fact_object_disk, json_at(use, 0), NULL, NULL);
        ck_assert_ptr_nonnull(disks.v[i].disk);
        disks.v[i].link = json_string(json_at(use, 1));
        disks.v[i].uri = uri != NULL ? json_string(uri) : NULL;
    }
    return disks;
}

static void disks_clear(struct disks *disks)
{
    for (size_t i = 0; i < disks->n; i++) {
        fact_object_free(&fact_object_disk, (struct disk *)disks->v[i].disk);
    }
    g_free(disks->v);
}

static const char *user_of(const struct instance *instance)
{
    const char *model = fact_value_text(hv_value(&instance->hvparams, HV_NAME_security_model));

    if (strcmp(model, "pool") == 0) {
        return "gnt-pool-4000";
    }
    return strcmp(model, "user") == 0
               ? fact_value_text(hv_value(&instance->hvparams, HV_NAME_security_domain))
               : NULL;
}

/* As the reference's table of cases numbers them. */
static bool number_taps(const struct kvm_runtime *runtime, const struct instance *instance,
                        const struct kvm_caps *caps, struct kvm_tap *taps, int *fds, GError **errp)
{
    struct value_map params = {0};
    struct kvm_tap_needs needs;
    int n = 0;
    bool ok;

    for (int i = 0; i < MAX_FDS; i++) {
        fds[i] = FIRST_FD + i;
    }
    kvm_start_params(&params, runtime, instance);
    ok = kvm_build_tap_needs(&params, caps, &needs, errp);
    fact_clear(&type_value_map, &params);
    for (size_t i = 0; ok && i < runtime->nics.n; i++) {
        taps[i].fds = fds + n;
        taps[i].n_fds = (size_t)needs.queues;
        n += needs.queues;
        taps[i].vhost_fds = fds + n;
        taps[i].n_vhost_fds = needs.vhost ? (size_t)needs.queues : 0;
        n += (int)taps[i].n_vhost_fds;
    }
    return ok;
}

/* Where our words are better on purpose (doc/differences.md). */
static char *meant(const char *arg)
{
    static const char reference[] = "file.server=[{'type': 'inet', 'host': 'storage.example.com', "
                                    "'port': '24007'}]";
    static const char ours[] = "file.server.0.type=inet,file.server.0.host=storage.example.com,"
                               "file.server.0.port=24007";
    GString *out = g_string_new(arg);

    g_string_replace(out, reference, ours, 0);
    return g_string_free(out, FALSE);
}

static void check_command(const struct json *entry, char **argv)
{
    const char *name = json_string(json_get(entry, "name"));
    const struct json *expected = json_get(entry, "command");

    for (size_t i = 0; i < json_len(expected); i++) {
        g_autofree char *arg = meant(json_string(json_at(expected, i)));

        ck_assert_msg(argv[i] != NULL, "%s: ends before %s", name, arg);
        ck_assert_msg(strcmp(argv[i], arg) == 0, "%s: argument %zu\n  is       %s\n  expected %s",
                      name, i, argv[i], arg);
    }
    ck_assert_msg(argv[json_len(expected)] == NULL, "%s: one too many: %s", name,
                  argv[json_len(expected)]);
}

static void check_runtime(const struct json *entry, const struct kvm_runtime *runtime)
{
    const char *name = json_string(json_get(entry, "name"));
    const struct json *hvinfo = json_get(entry, "hvinfo");
    g_autofree char *text = kvm_runtime_to_text(runtime);
    CLEANUP(json_unrefp) struct json *json = parse(text);
    CLEANUP(kvm_runtime_freep) struct kvm_runtime *again = kvm_runtime_parse(text, -1, NULL);
    const struct json *disks = json_at(json, 3), *nics = json_at(json, 1);

    ck_assert_ptr_nonnull(again);
    ck_assert_msg(fact_object_equal(&fact_object_kvm_runtime, runtime, again), "%s", name);
    ck_assert_uint_eq(json_len(disks) + json_len(nics), json_len(hvinfo));
    for (size_t i = 0; i < json_len(hvinfo); i++) {
        const struct json *device = i < json_len(disks) ? json_at(json_at(disks, i), 0)
                                                        : json_at(nics, i - json_len(disks));

        ck_assert_msg(json_equal(json_get(device, "hvinfo"), json_at(hvinfo, i)), "%s: device %zu",
                      name, i);
    }
    if (json_has(entry, "runtime")) {
        g_autofree char *expected = json_to_string(json_get(entry, "runtime"), JSON_PYTHON);

        if (!json_equal(json, json_get(entry, "runtime"))) {
            g_printerr("%s: runtime file is\n%sexpected\n%s\n", name, text, expected);
            ck_abort();
        }
        /* Members stand in the reference's order, those of the disks and interfaces at least. */
        g_autofree char *found_nics = json_to_string(nics, JSON_PYTHON);
        ck_assert_msg(strstr(expected, found_nics) != NULL, "%s: %s", name, found_nics);
        g_autofree char *found_disks = json_to_string(disks, JSON_PYTHON);
        ck_assert_msg(strstr(expected, found_disks) != NULL, "%s: %s", name, found_disks);
    }
    ck_assert_uint_eq(json_len(json_at(json, 0)), (size_t)json_int(json_get(entry, "stored")));
}

static char **build(const struct json *entry, const struct instance *instance, GError **errp)
{
    CLEANUP(kvm_caps_freep)
    struct kvm_caps *caps = caps_of(json_string(json_get(entry, "qemu")));
    const struct kvm_host host = {.caps = caps, .addresses = addresses_of};
    const struct json *incoming = json_get(entry, "incoming");
    struct disks disks = disks_of(entry);
    CLEANUP(kvm_runtime_freep)
    struct kvm_runtime *runtime = kvm_build_runtime(
        instance, disks.v, disks.n, json_boolean(json_get(entry, "paused")), &host, errp);
    struct kvm_tap taps[MAX_NICS];
    int fds[MAX_FDS];
    struct kvm_start start = {.taps = taps, .user = user_of(instance)};
    char **argv = NULL;

    if (incoming != NULL) {
        start.incoming = json_string(json_at(incoming, 0));
        start.incoming_port = (int)json_int(json_at(incoming, 1));
    }
    if (runtime != NULL && number_taps(runtime, instance, caps, taps, fds, errp)) {
        argv = kvm_build_command(runtime, instance, &start, &host, errp);
    }
    if (argv != NULL && json_has(entry, "hvinfo")) {
        check_runtime(entry, runtime);
    }
    disks_clear(&disks);
    return argv;
}

START_TEST(commands_are_the_reference_s)
{
    g_autofree char *text = localize(read_golden("cases.json"));
    CLEANUP(json_unrefp) struct json *cases = parse(text);

    ck_assert_uint_ge(json_len(cases), MIN_CASES);
    for (size_t i = 0; i < json_len(cases); i++) {
        const struct json *entry = json_at(cases, i);
        const char *name = json_string(json_get(entry, "name"));
        struct instance *instance = instance_of(entry);
        g_autoptr(GError) error = NULL;
        g_auto(GStrv) argv = build(entry, instance, &error);

        if (json_has(entry, "error")) {
            ck_assert_msg(argv == NULL && error != NULL, "%s: must fail: %s", name,
                          json_string(json_get(entry, "error")));
        } else {
            ck_assert_msg(argv != NULL, "%s: %s", name, error != NULL ? error->message : "");
            check_command(entry, argv);
        }
        fact_object_free(&fact_object_instance, instance);
    }
}
END_TEST

START_TEST(every_parameter_has_a_case)
{
    /* They are for the running guest, not for its command line. */
    static const char *const other[] = {"migration_bandwidth", "migration_caps",
                                        "migration_downtime",  "migration_mode",
                                        "migration_port",      "user_shutdown"};
    g_autofree char *text = read_golden("cases.json");
    CLEANUP(json_unrefp) struct json *cases = parse(text);

    for (size_t i = 0; i < hv_params_n; i++) {
        const char *name = hv_params[i].name->name;
        bool seen = hv_params[i].hypervisor != HYPERVISOR_KVM;

        for (size_t k = 0; k < G_N_ELEMENTS(other); k++) {
            seen = seen || strcmp(other[k], name) == 0;
        }
        for (size_t k = 0; !seen && k < json_len(cases); k++) {
            seen = json_has(json_get(json_at(cases, k), "hvparams"), name);
        }
        ck_assert_msg(seen, "%s", name);
    }
}
END_TEST

START_TEST(capabilities_are_found)
{
    CLEANUP(kvm_caps_freep) struct kvm_caps *now = caps_of("7.2"), *mid = caps_of("mid");
    CLEANUP(kvm_caps_freep) struct kvm_caps *newer = caps_of("10.0"), *old = caps_of("old");
    CLEANUP(kvm_caps_freep) struct kvm_caps *none = kvm_caps_parse("", "", "");

    ck_assert_str_eq(now->default_machine, "pc-i440fx-7.2");
    ck_assert(now->vhost && now->queues && now->auto_read_only && now->no_acpi && !now->run_with);
    ck_assert(newer->vhost && newer->queues && newer->run_with && !newer->no_acpi);
    ck_assert(mid->vhost && !mid->queues && !mid->run_with && !mid->auto_read_only);
    ck_assert(!old->vhost && old->no_acpi);
    ck_assert(kvm_caps_has_device(now, "virtio-blk-pci"));
    ck_assert(!kvm_caps_has_device(now, "virtio-blk"));
    ck_assert_ptr_null(none->default_machine);
    ck_assert(!none->vhost && !none->no_acpi);
}
END_TEST

START_TEST(old_runtime_is_upgraded)
{
    static const char old[] =
        "[[\"/usr/bin/kvm\", \"-m\", 128, \"-localtime\", \"-balloon\", \"virtio,id=b\", \"-vnc\", "
        "\":1,tls,x509verify=/etc/x509,password\", \"-chroot\", \"/x\", \"-S\"], [{\"mac\": "
        "\"aa\", "
        "\"pci\": 6}], {\"disk_type\": \"paravirtual\", \"nic_type\": \"paravirtual\", "
        "\"disk_discard\": \"default\"}, [[{\"dev_type\": \"plain\", \"uuid\": \"01234567-89ab\", "
        "\"pci\": 5}, \"/link\", null]]]";
    static const char *const args[] = {"-m",
                                       NULL,
                                       "-rtc",
                                       "base=localtime",
                                       "-device",
                                       "virtio-balloon,id=b",
                                       "-object",
                                       "tls-creds-x509,id=vnctls0,endpoint=server,dir=/etc/x509,"
                                       "verify-peer=yes",
                                       "-vnc",
                                       ":1,tls-creds=vnctls0,password",
                                       "-S"};
    g_autoptr(GError) error = NULL;
    CLEANUP(kvm_runtime_freep) struct kvm_runtime *runtime = kvm_runtime_parse(old, -1, &error);
    CLEANUP(kvm_runtime_freep)
    struct kvm_runtime *older = kvm_runtime_parse("[[\"/usr/bin/kvm\"], [], {}]", -1, NULL);
    struct kvm_slots slots;

    ck_assert_msg(runtime != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_uint_eq(runtime->command.n, G_N_ELEMENTS(args) + 1);
    for (size_t i = 0; i < G_N_ELEMENTS(args); i++) {
        if (args[i] != NULL) {
            ck_assert_str_eq(json_string(runtime->command.v[i + 1]), args[i]);
        }
    }
    ck_assert_str_eq(runtime->nics.v[0].hvinfo.driver, "virtio-net-pci");
    ck_assert_str_eq(runtime->nics.v[0].hvinfo.addr, "0x6");
    ck_assert(runtime->nics.v[0].has.uuid && !runtime->nics.v[0].has.pci);
    ck_assert_str_eq(runtime->disks.v[0].disk.hvinfo.id, "hotdisk-01234567-pci-5");
    ck_assert_str_eq(fact_value_text(hv_value(&runtime->hvparams, HV_NAME_disk_discard)), "ignore");
    ck_assert_ptr_nonnull(older);
    ck_assert_uint_eq(older->disks.n, 0);

    slots = (struct kvm_slots){0};
    kvm_slots_add_used(&slots, runtime);
    ck_assert_uint_eq(slots.pci, 1U << 5 | 1U << 6);
}
END_TEST

START_TEST(broken_runtime_is_refused)
{
    static const char *const bad[] = {"",
                                      "{}",
                                      "[]",
                                      "[[], [], {}, [], []]",
                                      "[[], [{}], {}, []]",
                                      "[[], [], {}, [[{\"dev_type\": \"floppy\"}, \"x\", null]]]",
                                      "[1, [], {}, []]"};

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_msg(kvm_runtime_parse(bad[i], -1, &error) == NULL, "%s", bad[i]);
        ck_assert_ptr_nonnull(strstr(error->message, "runtime file"));
    }
}
END_TEST

UNIT_MAIN("kvm", commands_are_the_reference_s, every_parameter_has_a_case, capabilities_are_found,
          old_runtime_is_upgraded, broken_runtime_is_refused)
