#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/tests/unit.h"
#include "facts/codec.h"
#include "facts/params.h"

static struct fact_value value_of(const char *json_text)
{
    CLEANUP(json_unrefp) struct json *json = NULL;
    struct fact_value value = {0};

    ck_assert_msg(json_parse(json_text, -1, &json, NULL), "%s", json_text);
    ck_assert(fact_value_set(&value, json));
    return value;
}

START_TEST(defaults_pass_their_own_checks)
{
    static const enum fact_level levels[] = {LEVEL_3_0, LEVEL_3_1};

    for (size_t l = 0; l < G_N_ELEMENTS(levels); l++) {
        fact_level_set(levels[l]);
        for (size_t i = 0; i < hv_params_n; i++) {
            struct fact_value value = value_of(hv_param_default(&hv_params[i]));
            g_autoptr(GError) error = NULL;

            ck_assert_msg(hv_param_check(&hv_params[i], &value, &error), "%s",
                          error != NULL ? error->message : "");
            fact_clear(&type_VALUE, &value);
        }
    }
    fact_level_set(LEVEL_LAST);
}
END_TEST

START_TEST(rows_are_sorted_and_used)
{
    for (size_t i = 1; i < hv_names_n; i++) {
        ck_assert_str_lt(hv_names[i - 1].name, hv_names[i].name);
    }
    for (size_t i = 0; i < hv_names_n; i++) {
        bool used = false;

        for (size_t k = 0; k < hv_params_n; k++) {
            used = used || hv_params[k].name == &hv_names[i];
        }
        ck_assert_msg(used, "%s", hv_names[i].name);
        ck_assert(!g_str_has_suffix(hv_names[i].doc, "."));
    }
}
END_TEST

static void check_rows(const struct param_rows *rows, const struct fact_object *object)
{
    ck_assert_uint_eq(rows->n, object->n_members);
    for (size_t i = 0; i < rows->n; i++) {
        ck_assert_str_eq(rows->v[i].name, object->members[i].name);
    }
}

START_TEST(rows_are_the_members)
{
    check_rows(&be_params, &fact_object_beparams);
    check_rows(&nd_params, &fact_object_ndparams);
    check_rows(&nic_params, &fact_object_nicparams);
}
END_TEST

START_TEST(defaults_fill_what_is_missing)
{
    struct beparams be = {.has.maxmem = true, .maxmem = 512};
    struct ndparams nd = {0};
    struct nicparams nic = {0};
    struct ipolicy policy = {0};
    struct value_map disk = {0};

    ck_assert(be_params_fill_defaults(&be));
    ck_assert(!be_params_fill_defaults(&be));
    ck_assert_int_eq(be.maxmem, 512);
    ck_assert_int_eq(be.minmem, 128);
    ck_assert(be.auto_balance);
    ck_assert(nd_params_fill_defaults(&nd));
    ck_assert_int_eq(nd.ssh_port, 22);
    ck_assert(nic_params_fill_defaults(&nic));
    ck_assert(!nic.has.link);
    ck_assert(ipolicy_fill_defaults(&policy));
    ck_assert(!ipolicy_fill_defaults(&policy));
    ck_assert_int_eq(policy.minmax.v[0].max.disk_size, 1048576);
    ck_assert_uint_eq(policy.disk_templates.n, 9);
    ck_assert(disk_params_fill_defaults(DISK_TEMPLATE_DRBD, &disk));
    ck_assert_uint_eq(disk.n, 15);
    ck_assert_str_eq(fact_value_text(fact_dict_get(&type_value_map, &disk, "metavg")), "xenvg");
    fact_object_clear(&fact_object_ndparams, &nd);
    fact_object_clear(&fact_object_nicparams, &nic);
    fact_object_clear(&fact_object_ipolicy, &policy);
    fact_clear(&type_value_map, &disk);
}
END_TEST

START_TEST(levels_differ)
{
    const struct hv_param *discard = hv_param_find(HYPERVISOR_KVM, "disk_discard");

    ck_assert_str_eq(hv_param_default(discard), "\"ignore\"");
    ck_assert_ptr_null(hv_param_find(HYPERVISOR_XEN_PVM, "xen_cmd"));
    fact_level_set(LEVEL_3_0);
    ck_assert_str_eq(hv_param_default(discard), "\"default\"");
    ck_assert_ptr_nonnull(hv_param_find(HYPERVISOR_XEN_PVM, "xen_cmd"));
    ck_assert(hv_param_is_global("xen_cmd"));
    fact_level_set(LEVEL_LAST);
}
END_TEST

START_TEST(values_are_checked)
{
    static const struct {
        enum hypervisor hv;
        const char *name, *value, *error;
    } cases[] = {
        {HYPERVISOR_KVM, "acpi", "\"yes\"", "acpi: expected true or false"},
        {HYPERVISOR_KVM, "disk_aio", "\"io_uring\"", NULL},
        {HYPERVISOR_KVM, "disk_aio", "\"x\"", "disk_aio: expected io_uring native threads"},
        {HYPERVISOR_KVM, "kvm_path", "\"\"", "kvm_path: expected a text that is not empty"},
        {HYPERVISOR_KVM, "kvm_path", "\"/usr//bin/kvm\"",
         "kvm_path: expected a normalised absolute path"},
        {HYPERVISOR_KVM, "kvm_path", "\"/usr/bin/../kvm\"",
         "kvm_path: expected a normalised absolute path"},
        {HYPERVISOR_KVM, "cdrom_image_path", "\"https://example.com/x.iso\"", NULL},
        {HYPERVISOR_KVM, "cdrom_image_path", "\"x.iso\"",
         "cdrom_image_path: expected a normalised absolute path or a URL"},
        {HYPERVISOR_KVM, "migration_port", "0",
         "migration_port: expected a number from 1 to 65534"},
        {HYPERVISOR_KVM, "cpu_cores", "-1", "cpu_cores: expected at least 0"},
        {HYPERVISOR_KVM, "cpu_mask", "\"0-2,5:all:1\"", NULL},
        {HYPERVISOR_KVM, "cpu_mask", "\"3-2\"",
         "cpu_mask: expected lists of processors such as 0-2,4:all"},
        {HYPERVISOR_KVM, "spice_ip_version", "5", "spice_ip_version: expected 0 4 6"},
        {HYPERVISOR_KVM, "root_path", "null", NULL},
        {HYPERVISOR_LXC, "cpu_mask", "\"0-1-2\"",
         "cpu_mask: expected a list of processors such as 0-2,4"},
        {HYPERVISOR_XEN_HVM, "boot_order", "\"dc\"", NULL},
        {HYPERVISOR_XEN_HVM, "boot_order", "\"xc\"", "boot_order: expected acdn"},
        {HYPERVISOR_XEN_HVM, "vnc_bind_address", "\"::1\"",
         "vnc_bind_address: expected an IPv4 address"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        struct fact_value value = value_of(cases[i].value);
        bool good = hv_param_check(hv_param_find(cases[i].hv, cases[i].name), &value, &error);

        ck_assert_int_eq(good, cases[i].error == NULL);
        if (cases[i].error != NULL) {
            ck_assert_str_eq(error->message, cases[i].error);
        }
        fact_clear(&type_VALUE, &value);
    }
}
END_TEST

UNIT_MAIN("params", defaults_pass_their_own_checks, rows_are_sorted_and_used, rows_are_the_members,
          defaults_fill_what_is_missing, levels_differ, values_are_checked)
