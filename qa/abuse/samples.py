"""Good arguments of node calls, by the names and encodings that the calls give them."""

DISK = {"dev_type": "file", "logical_id": ["loop", "/srv/ganeti/file-storage/web1/disk0"], "size": 4, "iv_name": "disk/0",
        "uuid": "01234567-89ab-4cde-8fed-0123456789ab", "params": {}, "children": [], "nodes": [], "mode": "rw",
        "serial_no": 1, "ctime": 1700000000.5, "mtime": 1700000000.5}
GUEST = {
    "name": "web1.lab.example", "primary_node": "u", "os": "noop", "hypervisor": "fake", "hvparams": {"migration_mode": "live"},
    "beparams": {"minmem": 64, "maxmem": 128, "vcpus": 2, "auto_balance": True, "always_failover": False, "spindle_use": 1},
    "osparams": {}, "osparams_private": {}, "admin_state": "up", "admin_state_source": "admin", "nics": [], "disks": [],
    "disks_info": [], "disks_active": True, "network_port": None, "ctime": 1700000000.5, "mtime": 1700000000.5,
    "uuid": "11234567-89ab-4cde-8fed-0123456789ab", "serial_no": 1, "secondary_nodes": [], "tags": [],
}
MASTER = {"uuid": "u", "ip": "192.0.2.100", "netmask": 32, "netdev": "br0", "ip_family": 2}
QUEUE = "/var/lib/ganeti/queue/"
BY_ENCODING = {
    "INST_DICT": GUEST, "INST_DICT_HVP_BEP_DP": GUEST, "INST_DICT_OSP_DP": GUEST, "SINGLE_DISK_DICT_DP": DISK,
    "DISKS_DICT_DP": [DISK], "MULTI_DISKS_DICT_DP": [DISK], "NODE_TO_DISK_DICT_DP": [DISK], "DEVICE_DICT": DISK,
    "BLOCKDEV_RENAME": [[DISK, ["loop", "/srv/ganeti/file-storage/web1/disk1"]]], "OBJECT_DICT": MASTER,
    "COMPRESS": [0, "text"], "IMPEXP_IO": ["file", ["/srv/ganeti/file-storage/web1/disk0"]], "FINALIZE_EXPORT_DISKS": [],
    "FILE_DETAILS": ["/var/lib/ganeti/known_hosts", [0, "x"], 0o100644, "root", "root", None, None],
}
BY_NAME = {
    "all_hvparams": {"fake": {}}, "amount": 4, "atime": 1, "backingstore": True, "bridges_list": ["br0"],
    "changes": {"allocatable": True}, "checkdict": {"version": None, "hypervisor": ["fake"]}, "checks": ["parameters"],
    "cluster_name": "cluster.lab.example", "component": "disk0", "daemon": "ganeti-kvmd", "default_iallocator_params": {},
    "dev_type": "disk", "devices": ["/dev/null"], "duration": 0.01, "env": {"A": "B"}, "extra": ["/dev/null", None],
    "fields": ["used", "name"], "file_name": QUEUE + "job-9", "file_path": "/etc/hostname", "flag": True, "action": "hotadd",
    "file_storage_dir": "/srv/ganeti/file-storage/x", "hpath": "test", "hv_specs": [["fake", {}]], "hvfull": {}, "hvname": "fake",
    "hvparams": {}, "hypervisor": "fake", "hypervisor_list": ["fake"], "memory": 64, "mode": 420, "mtime": 1,
    "modify_ssh_setup": False, "names": ["x"], "netmask": 24, "old_netmask": 24, "master_ip": "192.0.2.100",
    "master_netdev": "br0", "new_file_storage_dir": "/srv/ganeti/file-storage/y", "new_key_bits": 2048, "new_key_type": "rsa",
    "new_size": 8, "node_names": ["node1"], "node_uuids": ["u"], "offset": 0, "old_file_storage_dir": "/srv/ganeti/file-storage/x",
    "old_key_type": "rsa", "override_env": {}, "params": {}, "path": "/var/lib/ganeti/export/x", "phase": "pre", "port": 1,
    "potential_master_candidates": ["node1.lab.example"], "master_candidate_uuids": ["u"], "reason": [["gnt:user", "why", 1]],
    "reboot_type": "soft", "rename": [[QUEUE + "job-9", QUEUE + "archive/0/job-9"]], "seq": 0, "shutdown_timeout": 1, "size": 4,
    "snap_size": 4, "storage_units": [["file", "/srv/ganeti/file-storage", []]], "su_args": [["/srv/ganeti/file-storage"]],
    "su_name": "file", "timeout": 1, "token_request": [["ssl", "get", None]], "until": None, "validity": 600,
    "values": {"cluster_tags": ["a"]}, "oob_program": "/bin/true", "idx": 0, "target": "192.0.2.1", "info": None, "ip": None,
    "address": "127.0.0.1", "command": "power-status",
}
FLAGS = ("clear_", "to_", "from_", "get_", "readd", "debug", "dryrun", "es_flag", "exclusive", "force_variant", "live",
         "multimaster", "no_voting", "on_primary", "pause", "reinstall", "required", "run", "startup_paused", "success",
         "use_external", "exclusive_storage")


def of(argument):
    name, encoding = argument["name"], argument["encoding"]
    if name == "instance" and encoding is None:
        return GUEST["name"]
    if encoding in BY_ENCODING:
        return BY_ENCODING[encoding]
    if name in BY_NAME:
        return BY_NAME[name]
    return False if name.startswith(FLAGS) else "x"
