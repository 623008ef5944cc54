/* OP_CLUSTER_SET_PARAMS. */
#include "config.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/params.h"
#include "jobs/lu/tests/lu-harness.h"

#define SET(rest) "{\"OP_ID\": \"OP_CLUSTER_SET_PARAMS\", " rest "}"

/* The file is one of 3.0, which has a word more for it. */
#define DISCARD "\"disk_discard\": \"ignore\""

static struct lu_harness *h;

static void set_up(void)
{
    h = lu_harness_new("cluster-drbd.json");
    lu_harness_answer(h, "hooks_runner", NULL, "[]");
}

static void tear_down(void)
{
    g_clear_pointer(&h, lu_harness_free);
}

static const struct cluster *cluster(void)
{
    return cfg_cluster(lu_harness_cfg(h));
}

static void has_call(const char *text)
{
    ck_assert_msg(strstr(lu_harness_calls(h), text) != NULL, "no '%s' in:\n%s", text,
                  lu_harness_calls(h));
}

static void has_log(const char *text)
{
    ck_assert_msg(strstr(lu_harness_log(h), text) != NULL, "no '%s' in:\n%s", text,
                  lu_harness_log(h));
}

/* --- What is taken as it comes ------------------------------------------------------------------
 */
START_TEST(plain_members)
{
    int64_t serial = cluster()->serial_no;
    lu_harness_ok(h, SET("\"max_running_jobs\": 7, \"max_tracked_jobs\": 9, "
                         "\"maintain_node_health\": true, \"prealloc_wipe_disks\": true, "
                         "\"mac_prefix\": \"AA:00:DD\", \"reserved_lvs\": [\"^x\"], "
                         "\"use_external_mip_script\": true, \"modify_etc_hosts\": true, "
                         "\"file_storage_dir\": \"/srv/f\", \"zeroing_image\": \"/z\", "
                         "\"install_image\": \"http://x/y\", \"default_iallocator\": \"\", "
                         "\"default_iallocator_params\": {\"a\": 1}, "
                         "\"compression_tools\": [\"gzip\", \"zstd\"]"));
    const struct cluster *new = cluster();
    ck_assert_int_eq(new->serial_no, serial + 1);
    ck_assert_int_eq(new->max_running_jobs, 7);
    ck_assert_int_eq(new->max_tracked_jobs, 9);
    ck_assert(new->maintain_node_health &&new->prealloc_wipe_disks);
    ck_assert(new->use_external_mip_script &&new->modify_etc_hosts);
    ck_assert_str_eq(new->mac_prefix, "aa:00:dd");
    ck_assert_str_eq(new->reserved_lvs.v[0], "^x");
    ck_assert_str_eq(new->file_storage_dir, "/srv/f");
    ck_assert_str_eq(new->install_image, "http://x/y");
    ck_assert_str_eq(new->default_iallocator, "");
    ck_assert_uint_eq(new->default_iallocator_params.n, 1);
    ck_assert_str_eq(new->compression_tools.v[1], "zstd");
    ck_assert_str_eq(lu_harness_result(h), "null");
    has_log("'file', which is not enabled");
    ck_assert_str_eq(lu_harness_locks(h),
                     "cluster/BGL shared\ninstance/[lockset] shared\nnode/[lockset] shared\n"
                     "nodegroup/[lockset] shared\n");
    has_call("hooks_runner n1.example [\"cluster-modify\", \"pre\"");
    has_call("\"GANETI_OP_TARGET\": \"c.example\"");
    /* Nothing but hooks is called for these. */
    ck_assert_ptr_null(strstr(lu_harness_calls(h), "validate"));
}
END_TEST

START_TEST(refused_arguments)
{
    static const char *const bad[] = {
        SET("\"mac_prefix\": \"aa:00\""),
        SET("\"mac_prefix\": \"01:00:00\""),
        SET("\"master_netmask\": 33"),
        SET("\"master_netmask\": 0"),
        SET("\"uid_pool\": [[5, 4]]"),
        SET("\"add_uids\": [[-1, 4]]"),
        SET("\"remove_uids\": [[1, 4294967296]]"),
        SET("\"remove_uids\": [[1, 2]]"),
        SET("\"compression_tools\": [\"gzip\", \"a b\"]"),
        SET("\"compression_tools\": [\"lzop\"]"),
        SET("\"compression_tools\": [\"gzip\", \"none\"]"),
        SET("\"hvparams\": {\"vmware\": {}}"),
        SET("\"hvparams\": {\"kvm\": {\"disk_type\": \"floppy\"}}"),
        SET("\"diskparams\": {\"drbd\": {\"x\": 1}}"),
        SET("\"diskparams\": {\"rbd\": {\"access\": \"space\"}}"),
        SET("\"ipolicy\": {\"vcpu-ratio\": \"default\"}"),
        SET("\"ipolicy\": {\"no-such\": 1}"),
        SET("\"ipolicy\": {\"disk-templates\": [\"file\"]}"),
        SET("\"ipolicy\": {\"std\": {\"memory-size\": 1}}"),
        SET("\"enabled_data_collectors\": {\"x\": true}"),
        SET("\"data_collector_interval\": {\"x\": 1}"),
        SET("\"hidden_os\": [[\"attach\", \"x\"]]"),
        SET("\"default_iallocator\": \"no-such\""),
        SET("\"default_iallocator\": \"../hail\""),
        SET("\"vg_name\": \"\""),
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        lu_harness_fails(h, bad[i], ERR_OP_PREREQ, ECODE_INVAL);
    }
    lu_harness_fails(h, SET("\"install_image\": \"x\""), ERR_OP_PREREQ, ECODE_NONE);
    lu_harness_fails(h, SET("\"zeroing_image\": \"\""), ERR_OP_PREREQ, ECODE_NONE);
    lu_harness_fails(h, SET("\"drbd_helper\": \"\""), ERR_OP_PREREQ, ECODE_STATE);
    lu_harness_fails(h, SET("\"ndparams\": {\"x\": 1}"), ERR_TYPE_ENFORCEMENT, ECODE_NONE);
    lu_harness_fails(h, SET("\"beparams\": {\"vcpus\": \"many\"}"), ERR_TYPE_ENFORCEMENT,
                     ECODE_NONE);
    lu_harness_fails(h, SET("\"hvparams\": {\"kvm\": {\"no_such\": 1}}"), ERR_TYPE_ENFORCEMENT,
                     ECODE_NONE);
    lu_harness_fails(h, SET("\"nicparams\": {\"mode\": \"strange\"}"), ERR_CONFIGURATION,
                     ECODE_NONE);
    lu_harness_fails(h, SET("\"nicparams\": {\"ip\": \"1.2.3.4\"}"), ERR_TYPE_ENFORCEMENT,
                     ECODE_NONE);
}
END_TEST

START_TEST(user_ids)
{
    lu_harness_ok(h, SET("\"uid_pool\": [[3000, 4000]]"));
    lu_harness_ok(h, SET("\"add_uids\": [[1000, 2000], [3000, 4000]]"));
    ck_assert_uint_eq(cluster()->uid_pool.n, 2);
    ck_assert_int_eq(cluster()->uid_pool.v[0].v[0], 1000);
    lu_harness_ok(h, SET("\"remove_uids\": [[3000, 4000]]"));
    ck_assert_uint_eq(cluster()->uid_pool.n, 1);
}
END_TEST

/* --- Storage ------------------------------------------------------------------------------------
 */
START_TEST(templates)
{
    lu_harness_fails(h, SET("\"enabled_disk_templates\": [\"drbd\"]"), ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h,
                     SET("\"enabled_disk_templates\": [\"drbd\", \"file\"], \"ipolicy\": "
                         "{\"disk-templates\": [\"drbd\"]}"),
                     ERR_OP_PREREQ, ECODE_STATE);
    ck_assert_ptr_nonnull(strstr(lu_harness_error(h)->message, "web.b.example"));
    lu_harness_ok(h, SET("\"enabled_disk_templates\": [\"file\", \"drbd\", \"plain\"]"));
    ck_assert_uint_eq(cluster()->enabled_disk_templates.n, 3);
    ck_assert_int_eq(cluster()->enabled_disk_templates.v[0], DISK_TEMPLATE_FILE);
    /* Enabled already: nobody is asked. */
    ck_assert_ptr_null(strstr(lu_harness_calls(h), "vg_list"));
    lu_harness_fails(h, SET("\"file_storage_dir\": \"\""), ERR_OP_PREREQ, ECODE_INVAL);
    /* The same directory once more. */
    g_autofree char *same =
        g_strdup_printf(SET("\"file_storage_dir\": \"%s\""), cluster()->file_storage_dir);
    lu_harness_ok(h, same);
    has_log("already");
}
END_TEST

START_TEST(volume_group)
{
    lu_harness_answer(h, "vg_list", NULL, "{\"vg2\": 30000.5, \"small\": 100}");
    lu_harness_failure(h, "vg_list", "n3.example", "down");
    lu_harness_ok(h, SET("\"vg_name\": \"vg2\""));
    ck_assert_str_eq(cluster()->volume_group_name, "vg2");
    has_call("vg_list n1.example []\nvg_list n2.example []\nvg_list n3.example []\n");
    has_call("\"GANETI_NEW_VG_NAME\": \"vg2\"");
    has_log("n3.example");
    lu_harness_ok(h, SET("\"vg_name\": \"vg2\""));
    has_log("already");
    lu_harness_fails(h, SET("\"vg_name\": \"small\""), ERR_OP_PREREQ, ECODE_ENVIRON);
    lu_harness_fails(h, SET("\"vg_name\": \"other\""), ERR_OP_PREREQ, ECODE_ENVIRON);
    ck_assert_str_eq(cluster()->volume_group_name, "vg2");
}
END_TEST

START_TEST(drbd_helper)
{
    lu_harness_answer(h, "drbd_helper", NULL, "\"/bin/h\"");
    lu_harness_ok(h, SET("\"drbd_helper\": \"/bin/h\""));
    ck_assert_str_eq(cluster()->drbd_usermode_helper, "/bin/h");
    lu_harness_answer(h, "drbd_helper", "n2.example", "\"/bin/other\"");
    lu_harness_fails(h, SET("\"drbd_helper\": \"/bin/h\""), ERR_OP_PREREQ, ECODE_ENVIRON);
    lu_harness_failure(h, "drbd_helper", "n2.example", "down");
    lu_harness_fails(h, SET("\"drbd_helper\": \"/bin/h\""), ERR_OP_PREREQ, ECODE_ENVIRON);
}
END_TEST

START_TEST(disk_parameters)
{
    lu_harness_ok(h, SET("\"diskparams\": {\"drbd\": {\"resync-rate\": \"2048\"}, \"rbd\": "
                         "{\"access\": \"userspace\"}}"));
    const struct value_map *drbd =
        fact_dict_get(&type_value_map_map, &cluster()->diskparams, "drbd");
    const struct fact_value *rate = fact_dict_get(&type_value_map, drbd, "resync-rate");
    ck_assert_int_eq(rate->integer, 2048);
    ck_assert_str_eq(fact_value_text(fact_dict_get(&type_value_map, drbd, "metavg")), "xenvg");
    has_log("from now on");
}
END_TEST

/* --- Parameters of instances --------------------------------------------------------------------
 */
START_TEST(backend_and_nodes)
{
    lu_harness_ok(h, SET("\"beparams\": {\"memory\": \"1g\", \"vcpus\": 3}, \"ndparams\": "
                         "{\"ssh_port\": 2222}"));
    const struct beparams *params =
        fact_dict_get(&type_beparams_map, &cluster()->beparams, CFG_PARAMS_DEFAULT);
    ck_assert_int_eq(params->minmem, 1024);
    ck_assert_int_eq(params->maxmem, 1024);
    ck_assert_int_eq(params->vcpus, 3);
    ck_assert_int_eq(params->spindle_use, 1);
    ck_assert_int_eq(cluster()->ndparams.ssh_port, 2222);
    ck_assert_int_eq(cluster()->ndparams.spindle_count, 1);
}
END_TEST

START_TEST(interfaces)
{
    lu_harness_ok(h, SET("\"nicparams\": {\"link\": \"br9\"}"));
    const struct nicparams *params =
        fact_dict_get(&type_nicparams_map, &cluster()->nicparams, CFG_PARAMS_DEFAULT);
    ck_assert_str_eq(params->link, "br9");
    ck_assert_int_eq(params->mode, NIC_MODE_BRIDGED);
    lu_harness_fails(h, SET("\"nicparams\": {\"mode\": \"routed\"}"), ERR_OP_PREREQ, ECODE_INVAL);
    ck_assert_ptr_nonnull(strstr(lu_harness_error(h)->message, "interface 0 of instance web.a"));
}
END_TEST

START_TEST(hypervisors)
{
    lu_harness_answer(h, "hypervisor_validate_params", NULL, "null");
    lu_harness_answer(h, "node_ensure_daemon", NULL, "null");
    lu_harness_ok(h, SET("\"hvparams\": {\"kvm\": {\"kernel_args\": \"rw\", " DISCARD "}}"));
    const struct value_map *kvm = fact_dict_get(&type_hv_map, &cluster()->hvparams, "kvm");
    ck_assert_str_eq(fact_value_text(hv_value(kvm, HV_NAME_kernel_args)), "rw");
    has_call("hypervisor_validate_params n1.example [\"kvm\", {");
    has_call("hypervisor_validate_params n3.example [\"kvm\", {");
    ck_assert_ptr_null(strstr(lu_harness_calls(h), "ensure_daemon"));

    lu_harness_ok(h, SET("\"enabled_hypervisors\": [\"fake\", \"chroot\"]"));
    ck_assert_uint_eq(cluster()->enabled_hypervisors.n, 2);
    has_call("hypervisor_validate_params n1.example [\"chroot\", {\"init_script\"");
    has_call("node_ensure_daemon n1.example [\"ganeti-kvmd\", false]\n"
             "node_ensure_daemon n2.example [\"ganeti-kvmd\", false]\n"
             "node_ensure_daemon n3.example [\"ganeti-kvmd\", false]\n");

    lu_harness_failure(h, "hypervisor_validate_params", "n2.example", "no such kernel");
    lu_harness_fails(h, SET("\"hvparams\": {\"kvm\": {\"kernel_args\": \"ro\"}}"), ERR_OP_EXEC,
                     ECODE_NONE);
}
END_TEST

START_TEST(user_shutdown)
{
    lu_harness_answer(h, "node_ensure_daemon", NULL, "null");
    lu_harness_ok(h, SET("\"enabled_user_shutdown\": true"));
    has_call("node_ensure_daemon n3.example [\"ganeti-kvmd\", true]\n");
    lu_harness_ok(h, SET("\"enabled_user_shutdown\": true"));
    ck_assert_ptr_null(strstr(lu_harness_calls(h), "ensure_daemon"));
    lu_harness_failure(h, "node_ensure_daemon", "n2.example", "cannot");
    lu_harness_ok(h, SET("\"enabled_user_shutdown\": false"));
    has_log("Could not stop the KVM daemon on node n2.example");
}
END_TEST

START_TEST(operating_systems)
{
    lu_harness_answer(h, "hypervisor_validate_params", NULL, "null");
    lu_harness_answer(h, "os_validate", NULL, "false");
    lu_harness_ok(h, SET("\"hvparams\": {\"kvm\": {" DISCARD "}}"));
    lu_harness_ok(h, SET("\"os_hvp\": {\"lenny\": {\"kvm\": {\"kernel_args\": \"os\"}}}"));
    has_call("hypervisor_validate_params n1.example [\"kvm\", {");
    ck_assert_uint_eq(cluster()->os_hvp.n, 1);
    lu_harness_ok(h, SET("\"os_hvp\": {\"lenny\": {\"kvm\": null}}"));
    ck_assert_uint_eq(cluster()->os_hvp.n, 0);

    lu_harness_ok(h, SET("\"osparams\": {\"lenny\": {\"a\": \"1\"}, \"lenny+small\": {\"b\": "
                         "\"2\"}}, \"osparams_private_cluster\": {\"lenny\": {\"key\": \"s\"}}"));
    ck_assert_uint_eq(cluster()->osparams.n, 2);
    ck_assert_uint_eq(cluster()->osparams_private_cluster.n, 1);
    has_call("os_validate n1.example [false, \"lenny\", [\"parameters\"], {\"a\": \"1\", \"key\": "
             "\"s\"}, false]\n");
    has_call("os_validate n1.example [false, \"lenny+small\", [\"parameters\"], {\"a\": \"1\", "
             "\"b\": \"2\", \"key\": \"s\"}, false]\n");
    has_log("OS lenny is not on node n1.example");
    lu_harness_ok(h, SET("\"osparams\": {\"lenny\": {\"a\": null}, \"lenny+small\": {\"b\": "
                         "\"default\"}}"));
    ck_assert_uint_eq(cluster()->osparams.n, 0);
    lu_harness_failure(h, "os_validate", NULL, "bad parameter");
    lu_harness_fails(h, SET("\"osparams\": {\"lenny\": {\"a\": \"2\"}}"), ERR_OP_EXEC, ECODE_NONE);

    lu_harness_ok(h, SET("\"hidden_os\": [[\"add\", \"a\"], [\"add\", \"b\"], [\"add\", \"a\"]], "
                         "\"blacklisted_os\": [[\"remove\", \"c\"]]"));
    ck_assert_uint_eq(cluster()->hidden_os.n, 2);
    has_log("OS a is hidden already");
    has_log("OS c is not blacklisted");
    lu_harness_ok(h, SET("\"hidden_os\": [[\"remove\", \"a\"]]"));
    ck_assert_str_eq(cluster()->hidden_os.v[0], "b");
}
END_TEST

START_TEST(policy)
{
    lu_harness_ok(h, SET("\"ipolicy\": {\"vcpu-ratio\": 2.5, \"std\": {\"cpu-count\": 2}}"));
    ck_assert_double_eq(cluster()->ipolicy.vcpu_ratio, 2.5);
    ck_assert_int_eq(cluster()->ipolicy.std.cpu_count, 2);
    ck_assert_int_eq(cluster()->ipolicy.std.memory_size, 128);
    ck_assert_ptr_null(strstr(lu_harness_log(h), "violate"));
    lu_harness_ok(
        h, SET("\"ipolicy\": {\"minmax\": [{\"min\": {\"memory-size\": 128, \"disk-size\": 1024, "
               "\"disk-count\": 0, \"cpu-count\": 1, \"nic-count\": 1, \"spindle-use\": 1}, "
               "\"max\": {\"memory-size\": 256, \"disk-size\": 4096, \"disk-count\": 4, "
               "\"cpu-count\": 8, \"nic-count\": 8, \"spindle-use\": 12}}]}"));
    has_log("instance policy: web.b.example");
    ck_assert_ptr_null(strstr(lu_harness_log(h), "web.a.example"));
    ck_assert_uint_eq(cluster()->ipolicy.minmax.n, 1);
}
END_TEST

/* --- The rest -----------------------------------------------------------------------------------
 */
START_TEST(states)
{
    lu_harness_ok(h, SET("\"hv_state\": {\"kvm\": {\"mem_total\": 1000}}, \"disk_state\": "
                         "{\"plain\": {\"vg\": {\"disk_reserved\": 5}}}"));
    struct json **kvm = fact_dict_get(&type_any_map, &cluster()->hv_state_static, "kvm");
    g_autofree char *text = json_to_string(*kvm, JSON_PYTHON);
    ck_assert_ptr_nonnull(strstr(text, "\"mem_total\": 1000"));
    ck_assert_ptr_nonnull(strstr(text, "\"cpu_node\": 1"));
    struct json **plain = fact_dict_get(&type_any_map, &cluster()->disk_state_static, "plain");
    g_autofree char *disks = json_to_string(*plain, JSON_PYTHON);
    ck_assert_ptr_nonnull(strstr(disks, "\"disk_reserved\": 5"));
    ck_assert_ptr_nonnull(strstr(disks, "\"disk_total\": 0"));
}
END_TEST

START_TEST(collectors)
{
    lu_harness_ok(h, SET("\"enabled_data_collectors\": {\"drbd\": false}, "
                         "\"data_collector_interval\": {\"drbd\": 7000000}"));
    const struct data_collector *drbd =
        fact_dict_get(&type_data_collector_map, &cluster()->data_collectors, "drbd");
    ck_assert(!drbd->active);
    ck_assert_int_eq(drbd->interval, 7000000);
}
END_TEST

START_TEST(master_address)
{
    lu_harness_answer(h, "node_activate_master_ip", NULL, "null");
    lu_harness_answer(h, "node_deactivate_master_ip", NULL, "null");
    lu_harness_failure(h, "node_change_master_netmask", NULL, "cannot");
    lu_harness_ok(h, SET("\"master_netdev\": \"eth9\", \"master_netmask\": 24"));
    ck_assert_str_eq(cluster()->master_netdev, "eth9");
    ck_assert_int_eq(cluster()->master_netmask, 24);
    const char *calls = lu_harness_calls(h);
    const char *down = strstr(calls, "node_deactivate_master_ip n1.example");
    const char *mask = strstr(calls, "node_change_master_netmask n1.example [32, 24, "
                                     "\"192.0.2.100\", \"br0\"]\n");
    const char *up = strstr(calls, "node_activate_master_ip n1.example");
    ck_assert(down != NULL && mask > down && up > mask);
    ck_assert_ptr_nonnull(strstr(down, "\"br0\""));
    ck_assert_ptr_nonnull(strstr(up, "\"eth9\""));
    has_log("Cannot change the netmask");

    lu_harness_failure(h, "node_deactivate_master_ip", NULL, "no such address");
    lu_harness_fails(h, SET("\"master_netdev\": \"eth8\""), ERR_OP_EXEC, ECODE_NONE);
    ck_assert_str_eq(cluster()->master_netdev, "eth9");
    lu_harness_ok(h, SET("\"master_netdev\": \"eth8\", \"force\": true"));
    ck_assert_str_eq(cluster()->master_netdev, "eth8");
}
END_TEST

START_TEST(candidates)
{
    lu_harness_ok(h, SET("\"candidate_pool_size\": 2"));
    ck_assert_int_eq(cluster()->candidate_pool_size, 2);
    has_log("more master candidates");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_NODE_SET_PARAMS\", \"node_name\": \"n3.example\", "
                     "\"master_candidate\": false}");
    lu_harness_answer(h, "node_crypto_tokens", NULL, "[[\"ssl\", \"AA:BB\"]]");
    lu_harness_ok(h, SET("\"candidate_pool_size\": 5"));
    has_log("Made master candidates: n3.example");
    ck_assert_uint_eq(cluster()->candidate_certs.n, 1);
}
END_TEST

START_TEST(communication)
{
    lu_harness_ok(h, SET("\"instance_communication_network\": \"talk\""));
    ck_assert_str_eq(cluster()->instance_communication_network, "talk");
    ck_assert_str_eq(lu_harness_result(h), "{\"jobs\": [[true, 1]]}");
    const char *jobs = lu_harness_jobs(h);
    const char *add = strstr(jobs, "OP_NETWORK_ADD");
    ck_assert(add != NULL && strstr(add, "OP_NETWORK_CONNECT") != NULL);
    lu_harness_ok(h, SET("\"instance_communication_network\": \"talk\""));
    ck_assert_str_eq(lu_harness_jobs(h), "");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_NETWORK_ADD\", \"network_name\": \"odd\", \"network\": "
                     "\"198.18.0.0/24\", \"gateway\": \"198.18.0.1\", \"conflicts_check\": false}");
    lu_harness_ok(h, SET("\"instance_communication_network\": \"odd\""));
    has_log("gateway 198.18.0.1");
    ck_assert_ptr_null(strstr(lu_harness_jobs(h), "OP_NETWORK_ADD"));
    lu_harness_ok(h, SET("\"instance_communication_network\": \"\""));
    has_log("by hand");
    ck_assert_str_eq(lu_harness_jobs(h), "");
    ck_assert_str_eq(lu_harness_result(h), "null");
}
END_TEST

UNIT_MAIN_FIXTURE("cluster_modify", set_up, tear_down, plain_members, refused_arguments, user_ids,
                  templates, volume_group, drbd_helper, disk_parameters, backend_and_nodes,
                  interfaces, hypervisors, user_shutdown, operating_systems, policy, states,
                  collectors, master_address, candidates, communication)
