"""What the node daemon is asked, in this order: [call, arguments].  NODE and ADDRESS stand for the node that is asked."""

import base64
import zlib

QUEUE = "/var/lib/ganeti/queue/"
DISKS = "/srv/ganeti/file-storage/conformance"
USERS = ["/var/lib/ganeti/rapi/users", [0, "lab secret write\n"], 0o100640, "gnt-rapi", "gnt-masterd", 1700000000.25,
         1700000000.5]
LONG = [1, base64.b64encode(zlib.compress(b'{"id": 9999}' * 100, 3)).decode()]
FAKE = {"migration_mode": "live"}
CHECKS = {
    "version": None, "filelist": ["/etc/hostname", "/nowhere"], "client-cert": None, "hypervisor": ["fake"],
    "hvparms": [["cluster", "fake", FAKE]], "nodesetup": None, "time": None, "oslist": None, "bridges": ["br0", "none0"],
    "user-scripts": ["/bin/sh", "/nowhere"], "oob-paths": ["/bin/sh", "/nowhere", "/etc"], "instancelist": ["fake"],
    "hvinfo": "fake", "file-storage-path": "/srv/ganeti/file-storage", "shared-file-storage-path": "/nowhere",
    "allowed-file-storage-paths": "NODE", "master-ip": ["node1.lab.example", "192.0.2.1", ["NODE"]],
    "node-net-test": [[["NODE", "ADDRESS", "ADDRESS"], ["node1.lab.example", "192.0.2.1", "192.0.2.1"]], ["NODE"]],
    "nodelist": [["node1.lab.example"], {}, []],
}

GUEST = {
    "name": "conformance.lab.example", "primary_node": "u", "os": "noop", "hypervisor": "fake", "hvparams": FAKE,
    "beparams": {"minmem": 64, "maxmem": 128, "vcpus": 2, "auto_balance": True, "always_failover": False, "spindle_use": 1},
    "osparams": {}, "osparams_private": {}, "admin_state": "up", "admin_state_source": "admin", "nics": [], "disks": [],
    "disks_info": [], "disks_active": True, "network_port": None, "ctime": 1700000000.5, "mtime": 1700000000.5,
    "uuid": "01234567-89ab-4cde-8fed-0123456789ab", "serial_no": 1, "secondary_nodes": [], "tags": [],
}
GUEST_INFO = ["instance_info", [GUEST["name"], "fake", FAKE]]

CASES = [
    ["version", []], ["version", {"a": 1}], ["master_node_name", []],
    ["node_has_ip_address", ["127.0.0.1"]], ["node_has_ip_address", ["10.9.9.9"]], ["node_has_ip_address", [1, 2]],
    ["node_info", [[["file", "/srv/ganeti/file-storage", []]], [["fake", {}]]]], ["node_info", [None, None]],
    ["node_info", [[["diskless", "x", []]], None]], ["node_info", []],
    ["test_delay", [0.01]], ["test_delay", [-1]], ["test_delay", ["x"]],
    ["bridges_exist", [["br0"]]], ["bridges_exist", [["none0"]]],
    ["get_file_info", ["/etc/hostname"]], ["get_file_info", ["/nowhere"]],
    ["set_watcher_pause", [4102444800.9]], ["get_watcher_pause", []], ["set_watcher_pause", [1000]],
    ["get_watcher_pause", []], ["set_watcher_pause", [None]], ["set_watcher_pause", ["x"]],
    ["hooks_runner", ["no-such", "pre", {"A": "B"}]], ["hooks_runner", ["no-such", "during", {}]],
    ["hooks_runner", ["conformance", "post", {"GANETI_A": "x y", "GANETI_B": "2"}]],
    ["os_diagnose", []], ["os_validate", [True, "noop", ["parameters"], {}, False]],
    ["os_validate", [True, "none", ["parameters"], {}, False]], ["os_validate", [False, "none", ["parameters"], {}, False]],
    ["os_validate", [True, "noop+x", ["parameters"], {}, False]], ["os_validate", [True, "noop", ["what"], {}, False]],
    ["os_validate", [True, "debootstrap+default", ["parameters"], {}, False]],
    ["os_validate", [True, "debootstrap", ["parameters"], {}, False]],
    ["os_validate", [True, "debootstrap+default", ["parameters"], {"none": "1"}, False]],
    ["export_list", []], ["export_info", ["/var/lib/ganeti/export/conformance"]], ["export_info", ["/nowhere"]],
    ["export_remove", ["none"]],
    ["instance_list", [["fake"], {"fake": FAKE}]], ["all_instances_info", [["fake"], {"fake": FAKE}]],
    ["instance_info", ["none", "fake", FAKE]], ["instance_info", ["inst3.lab.example", "fake", FAKE]],
    ["instance_start", [GUEST, False, [["gnt:user", "why", 1700000000]]]], GUEST_INFO, ["instance_start", [GUEST, False, []]],
    ["instance_start", [dict(GUEST, hypervisor="none"), False, []]], ["instance_start", [{}, False, []]],
    ["instance_balloon_memory", [GUEST, 100]], GUEST_INFO, ["instance_migratable", [GUEST]], ["migration_info", [GUEST]],
    ["accept_instance", [GUEST, None, "192.0.2.1"]], ["instance_migrate", ["c", GUEST, "192.0.2.1", True]],
    ["instance_get_migration_status", [GUEST]], ["instance_reboot", [GUEST, "soft", 0, []]], GUEST_INFO,
    ["instance_reboot", [GUEST, "hard", 0, []]], GUEST_INFO, ["instance_reboot", [GUEST, "full", 0, []]],
    ["hotplug_supported", [GUEST]], ["instance_shutdown", [GUEST, 1, []]], GUEST_INFO, ["instance_shutdown", [GUEST, 1, []]],
    ["instance_reboot", [GUEST, "hard", 0, []]], ["instance_migratable", [GUEST]], ["instance_balloon_memory", [GUEST, 100]],
    ["accept_instance", [GUEST, None, "192.0.2.1"]], ["instance_finalize_migration_dst", [GUEST, None, True]], GUEST_INFO,
    ["instance_finalize_migration_src", [GUEST, True, True]], GUEST_INFO,
    ["hypervisor_validate_params", ["fake", FAKE]], ["hypervisor_validate_params", ["none", {}]],
    ["iallocator_runner", ["none", "x", {}]], ["iallocator_runner", ["hail", "x", {}]],
    ["jobqueue_update", ["/etc/passwd", [0, "x"]]], ["jobqueue_update", [QUEUE + "job-9999", [0, "{}"]]],
    ["jobqueue_update", [QUEUE + "job-9999", LONG]], ["jobqueue_update", [QUEUE + "job-9999", [2, "{}"]]],
    ["jobqueue_rename", [[[QUEUE + "job-9999", QUEUE + "archive/0/job-9999"]]]],
    ["jobqueue_rename", [[[QUEUE + "job-9999", QUEUE + "archive/0/job-9999"]]]],
    ["jobqueue_set_drain_flag", [True]], ["jobqueue_set_drain_flag", [False]],
    ["upload_file_single", ["/etc/passwd", [0, "x"], 420, "root", "root", None, None]],
    ["upload_file_single", ["/var/lib/ganeti/known_hosts", [0, "x"], 0o100644, "nobody", "root", None, None]],
    ["upload_file_single", USERS], ["upload_file", [USERS]],
    ["write_ssconf_files", [{"cluster_tags": ["a", "b"]}]], ["write_ssconf_files", [{"none": "x"}]],
    ["write_ssconf_files", [{"cluster_tags": ""}]],
    ["file_storage_dir_create", [DISKS + "/x"]], ["file_storage_dir_rename", [DISKS + "/x", DISKS + "/y"]],
    ["file_storage_dir_remove", [DISKS]], ["file_storage_dir_remove", [DISKS + "/y"]], ["file_storage_dir_remove", [DISKS]],
    ["node_crypto_tokens", [[["ssl", "get", None]]]], ["node_crypto_tokens", [[["none", "get", None]]]],
    ["x509_cert_create", [600]], ["x509_cert_remove", ["none"]],
    ["node_ensure_daemon", ["ganeti-kvmd", False]], ["node_ensure_daemon", ["sshd", True]],
    ["run_oob", ["/bin/echo", "power-status", "n", 10]], ["run_oob", ["/bin/true", "power-status", "n", None]],
    ["run_oob", ["/bin/false", "x", "n", None]],
    ["node_change_master_netmask", [24, 24, "10.1.1.1", "br0"]], ["node_change_master_netmask", [24, 25, "10.1.1.1", "br0"]],
    ["node_verify", [CHECKS, "cluster.lab.example", {"fake": FAKE}]],
    ["node_verify_light", [CHECKS, "cluster.lab.example", {"fake": FAKE}]],
]
