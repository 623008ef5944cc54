/* Configurations against those that the reference made (tests/from-reference); outputs of xl. */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/tests/golden.h"
#include "base/tests/unit.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/params.h"
#include "noded/hypervisor/xen/build.h"
#include "noded/hypervisor/xen/parse.h"

#define CASES "noded/hypervisor/xen/golden/cases.json"
enum { MIN_CASES = 70, MAX_DEVICES = 32 };

static struct json *parse(const char *text)
{
    struct json *json = NULL;
    g_autoptr(GError) error = NULL;

    ck_assert_msg(json_parse(text, -1, &json, &error), "%s", error != NULL ? error->message : "");
    return json;
}

/* The folders of the reference as Debian builds it, for those of this build. */
static char *localize(const char *text)
{
    GString *out = g_string_new(text);

    g_string_replace(out, "/var/run/ganeti", path_get(PATH_RUN_DIR), 0);
    g_string_replace(out, "/usr/lib/ganeti", path_get(PATH_PKGLIBDIR), 0);
    return g_string_free(out, FALSE);
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
                              "\"noop\", \"hvparams\": {}, \"beparams\": {\"minmem\": 128, "
                              "\"maxmem\": 1024, \"vcpus\": 2}, \"admin_state\": \"up\", "
                              "\"admin_state_source\": \"admin\", \"disks_active\": true, "
                              "\"uuid\": \"01234567-89ab-4cde-8fed-0123456789ab\", "
                              "\"serial_no\": 1}");
    struct instance *instance;
    g_autoptr(GError) error = NULL;

    set_members(json_get(json, "hvparams"), json_get(entry, "hvparams"));
    json_set(json, "hypervisor", json_ref(json_get(entry, "kind")));
    json_set(json, "nics", json_ref(json_get(entry, "nics")));
    json_set(json, "tags", json_ref(json_get(entry, "tags")));
    if (json_get(entry, "port") != NULL) {
        json_set(json, "network_port", json_ref(json_get(entry, "port")));
    }
    instance = fact_object_decode(&fact_object_instance, json, NULL, &error);
    ck_assert_msg(instance != NULL, "%s", error != NULL ? error->message : "");
    hv_params_fill_defaults(instance->hypervisor, &instance->hvparams);
    return instance;
}

static bool communicates(const struct nic *nic)
{
    return nic->name != NULL && g_str_has_prefix(nic->name, "ganeti:communication:");
}

static void check_nics(const struct json *entry, const struct instance *instance,
                       const char *const *taps)
{
    const struct json *files = json_get(entry, "nic_files");

    ck_assert_uint_eq(json_len(files), instance->nics.n);
    for (size_t i = 0; i < instance->nics.n; i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = xen_build_nic(instance, i, taps[i], &error);

        ck_assert_msg(text != NULL, "%s", error != NULL ? error->message : "");
        ck_assert_str_eq(text, json_string(json_at(files, i)));
    }
}

static void check_case(const struct json *entry)
{
    struct instance *instance = instance_of(entry);
    const struct json *list = json_get(entry, "disks"), *config = json_get(entry, "config");
    struct hv_disk disks[MAX_DEVICES] = {0};
    g_autoptr(GPtrArray) links = g_ptr_array_new_with_free_func(g_free);
    const char *taps[MAX_DEVICES] = {0};
    struct xen_build build = {.instance = instance,
                              .disks = disks,
                              .n_disks = json_len(list),
                              .memory = json_int(json_get(entry, "memory")),
                              .vnc_password = "cluster secret \n",
                              .taps = taps};
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    for (size_t i = 0; i < build.n_disks; i++) {
        char *link = g_strdup_printf("%s/web1.example.com:%" G_GSIZE_FORMAT,
                                     path_get(PATH_DISK_LINKS_DIR), i);

        g_ptr_array_add(links, link);
        disks[i].link = link;
        disks[i].disk = fact_object_decode(&fact_object_disk, json_at(list, i), NULL, &error);
        ck_assert_msg(disks[i].disk != NULL, "%s", error != NULL ? error->message : "");
    }
    for (size_t i = 0; i < instance->nics.n; i++) {
        taps[i] = communicates(&instance->nics.v[i]) ? "gnt.com.0" : NULL;
    }
    text = instance->hypervisor == HYPERVISOR_XEN_HVM ? xen_build_hvm(&build, &error)
                                                      : xen_build_pvm(&build, &error);
    if (config == NULL) {
        ck_assert_ptr_null(text);
        ck_assert_ptr_nonnull(error);
    } else {
        g_autofree char *expected = localize(json_string(config));

        ck_assert_msg(text != NULL, "%s", error != NULL ? error->message : "");
        ck_assert_msg(strcmp(text, expected) == 0, "%s: found\n%s\nexpected\n%s",
                      json_string(json_get(entry, "title")), text, expected);
        check_nics(entry, instance, taps);
    }
    for (size_t i = 0; i < build.n_disks; i++) {
        fact_object_free(&fact_object_disk, (void *)disks[i].disk);
    }
    fact_object_free(&fact_object_instance, instance);
}

START_TEST(configurations_are_the_references)
{
    g_autofree char *path = golden_path(CASES);
    g_autofree char *text = NULL;
    CLEANUP(json_unrefp) struct json *cases = NULL;

    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    cases = parse(text);
    ck_assert_uint_ge(json_len(cases), MIN_CASES);
    for (size_t i = 0; i < json_len(cases); i++) {
        check_case(json_at(cases, i));
    }
}
END_TEST

START_TEST(memory_in_a_configuration)
{
    g_autofree char *text = xen_build_with_memory("a = 1\nmemory = 512\nmaxmem = 1024\n", 300);

    ck_assert_str_eq(text, "a = 1\nmemory = 300\nmaxmem = 1024\n");
}
END_TEST

/* --- xl -----------------------------------------------------------------------------------------
 */

static const char heading[] =
    "Name                                        ID   Mem VCPUs      State   Time(s)\n";

static GPtrArray *list_of(const char *lines, GError **errp)
{
    g_autofree char *text = g_strconcat(heading, lines, NULL);

    return xen_parse_list(text, errp);
}

START_TEST(lists_are_read)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) guests =
        list_of("Domain-0                                     0  1023     1     r----- 121152.6\n"
                "web1.example.com                             1  1024     2     -b----     16.2\n"
                "(null)                                   28441   789     1     --psc-      1.2\n"
                "down.example.com                             7   128     1     ---s--      0.0\n",
                &error);
    const struct hv_guest *guest;

    ck_assert_msg(guests != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_uint_eq(guests->len, 3);
    guest = guests->pdata[1];
    ck_assert_str_eq(guest->name, "web1.example.com");
    ck_assert_str_eq(guest->id, "1");
    ck_assert_int_eq(guest->memory, 1024);
    ck_assert_int_eq(guest->vcpus, 2);
    ck_assert_int_eq(guest->state, HV_STATE_RUNNING);
    ck_assert(guest->cpu_time > 16.1 && guest->cpu_time < 16.3);
    guest = guests->pdata[2];
    ck_assert_int_eq(guest->state, HV_STATE_SHUTDOWN);
}
END_TEST

START_TEST(lists_that_cannot_be_read_are_refused)
{
    static const char *const bad[] = {"web1 1 1024 1 -b----\n", "web1 x 1024 1 -b---- 1.0\n",
                                      "web1 1 1024 1 -b---- never\n", "web1 1 1024 1 -x---- 1.0\n",
                                      "web1 1 1024 1 -b---- 1.0 more\n"};

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) guests = list_of(bad[i], &error);

        ck_assert_msg(guests == NULL, "%s", bad[i]);
        ck_assert_ptr_nonnull(strstr(error->message, "web1"));
    }
}
END_TEST

START_TEST(states)
{
    static const struct {
        const char *word;
        int state; /* -1: crashed, -2: not known */
    } rows[] = {{"r-----", HV_STATE_RUNNING},
                {"-b----", HV_STATE_RUNNING},
                {"rb----", HV_STATE_RUNNING},
                {"------", HV_STATE_RUNNING},
                {"--p---", HV_STATE_RUNNING},
                {"r-p---", HV_STATE_RUNNING},
                {"---ss-", HV_STATE_RUNNING},
                {"r--sr-", HV_STATE_RUNNING},
                {"-----d", HV_STATE_RUNNING},
                {"---s--", HV_STATE_SHUTDOWN},
                {"--ps--", HV_STATE_SHUTDOWN},
                {"---s-d", HV_STATE_SHUTDOWN},
                {"----c-", -1},
                {"r---c-", -1},
                {"r--s--", -2},
                {"", -2},
                {"r----", -2}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        enum hv_state state;
        bool crashed;
        bool known = xen_parse_state(rows[i].word, &state, &crashed, NULL);

        ck_assert_msg(known == (rows[i].state != -2), "%s", rows[i].word);
        ck_assert_msg(!known || crashed == (rows[i].state == -1), "%s", rows[i].word);
        ck_assert_msg(!known || crashed || (int)state == rows[i].state, "%s", rows[i].word);
    }
}
END_TEST

START_TEST(the_node)
{
    g_autoptr(GPtrArray) guests =
        list_of("Domain-0 0 1024 4 r----- 1.0\nw 1 512 1 -b---- 1.0\n", NULL);
    struct node_hv_info info = {0};
    g_autoptr(GError) error = NULL;

    ck_assert_msg(xen_parse_info("host                   : n1\nnr_cpus                : 8\n"
                                 "nr_nodes               : 1\ncores_per_socket       : 2\n"
                                 "threads_per_core       : 2\ntotal_memory           : 16378\n"
                                 "free_memory            : 8004\nxen_major              : 4\n"
                                 "xen_minor              : 17\nxen_commandline        : a:b\n",
                                 guests, &info, &error),
                  "%s", error != NULL ? error->message : "");
    ck_assert_int_eq(info.memory_total, 16378);
    ck_assert_int_eq(info.memory_free, 8004);
    ck_assert_int_eq(info.memory_dom0, 1024);
    ck_assert_int_eq(info.memory_hv, 16378 - 8004 - 1536);
    ck_assert_int_eq(info.cpu_total, 8);
    ck_assert_int_eq(info.cpu_sockets, 2);
    ck_assert_int_eq(info.cpu_dom0, 4);
    ck_assert_uint_eq(info.hv_version.n, 2);
    ck_assert_int_eq(info.hv_version.v[1], 17);
    fact_object_clear(&fact_object_node_hv_info, &info);
    ck_assert(!xen_parse_info("nr_cpus : many\n", guests, &info, NULL));
    fact_object_clear(&fact_object_node_hv_info, &info);
}
END_TEST

UNIT_MAIN("xen", configurations_are_the_references, memory_in_a_configuration, lists_are_read,
          lists_that_cannot_be_read_are_refused, states, the_node)
