"""The reference's facts about the command line, queries, constants and paths in the shape of factdump."""

import re


def natural(name):
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


FIELD_FLAGS = {"QFF_HOSTNAME": "hostname", "QFF_SPLIT_TIMESTAMP": "split_timestamp", "QFF_JOB_ID": "job_id"}


def query_fields(read):
    spec = read("query_fields")
    fields = {}
    for kind, answered in spec["luxid"].items():
        python = spec["python"][kind]
        rows = python if "_error" in answered else answered
        order = sorted(rows, key=natural)
        fields[kind] = {name: {"title": row["title"], "kind": row["kind"], "pos": row.get("pos", order.index(name)),
                               "flags": [FIELD_FLAGS[flag] for flag in python[name].get("flags", [])]}
                        for name, row in rows.items()}
    via = {kind: "job" for kind in spec["query_via_op"]}
    via.update((kind, "luxi") for kind in spec["query_via_luxi"])
    return {"fields": fields, "via": via}


ARG_KINDS = {"ArgUnknown": "text", "ArgJobId": "job_id"}
COMPLETIONS = {"OPT_COMPL_ONE_NODE": "node", "OPT_COMPL_ONE_NODEGROUP": "group", "OPT_COMPL_ONE_OS": "os",
               "OPT_COMPL_ONE_IALLOCATOR": "iallocator", "OPT_COMPL_INST_ADD_NODES": "nodes"}


def option(row):
    row = {name: value for name, value in row.items() if name not in ("nargs", "callback")}
    if row["action"] == "callback":
        row["action"] = "store" if "type" in row else "deprecated"
    if "completion" in row:
        row["completion"] = COMPLETIONS[row["completion"]]
    if "choices" in row:
        row["choices"] = sorted(row["choices"])
    return row


def argument(row):
    kind = row["kind"]
    return dict(row, kind=ARG_KINDS.get(kind, kind[len("Arg"):].lower()))


# Where a program's list of default columns is the one of another command than "list".
COLUMNS = {("gnt-node", "list-storage"): "_LIST_STOR_DEF_FIELDS", ("gnt-node", "volumes"): "_LIST_VOL_DEF_FIELDS",
           ("gnt-debug", "locks"): "_LIST_LOCKS_DEF_FIELDS"}


def command(spec, program, name):
    row = spec["programs"][program]["commands"][name]
    library = spec["option_library"]
    options = [library[entry] if isinstance(entry, str) else entry for entry in row["options"]]
    value = {"args": [argument(entry) for entry in row["args"]],
             "options": [option(entry) for entry in options + spec["generic"]["common_options"]],
             "usage": row["usage"], "env": name in spec["programs"][program]["env_override_commands"]}
    columns = COLUMNS.get((program, name), "_LIST_DEF_FIELDS" if name == "list" else None)
    if columns in spec["list_defaults"].get(program, {}):
        value["columns"] = spec["list_defaults"][program][columns]
    return value


def cli(read):
    spec = read("cli")
    return {program: {"tag_type": row["override"].get("tag_type"), "aliases": row["aliases"],
                      "commands": {name: command(spec, program, name) for name in row["commands"]}}
            for program, row in spec["programs"].items()}


# Constants that are rows of other files: the file, and their names.
CONSTANTS_ELSEWHERE = {
    "enums.def": r"ADMINST_.*|(ADMIN|USER)_SOURCE|ADMIN_STATE_SOURCES|ALLOC_POLICY_.*|VALID_ALLOC_POLICIES"
                 r"|DT_(?!MIXED).*|DISK_TEMPLATES|DISK_RDONLY|DISK_RDWR|DISK_ACCESS_SET|DISK_(KERNEL|USER)SPACE"
                 r"|DISK_VALID_ACCESS_MODES|ELOG_.*|FD_(BLK.*|LOOP)|FILE_DRIVER|HYPER_TYPES"
                 r"|HT_(CHROOT|FAKE|KVM|LXC|XEN_HVM|XEN_PVM)|HT_MIGRATION_.*|IALLOCATOR_(MODE|DIR)_.*"
                 r"|VALID_IALLOCATOR_.*|INSTANCE_(CREATE|CREATE_MODES|IMPORT|REMOTE_IMPORT)"
                 r"|INSTANCE_REBOOT_(FULL|HARD|SOFT)|REBOOT_TYPES|INSTST_.*|JOB_STATUS_.*|OP_STATUS_.*|NR_.*"
                 r"|NODE_EVAC_.*|OOB_(COMMANDS|HEALTH|POWER_(CYCLE|OFF|ON|STATUS)|STATUSES|STATUS_.*)"
                 r"|QR_(?!VIA).*|QFT_.*|RS_.*|QLANG_OP_.*|REPLACE_.*|SSHK_.*|ST_.*|STORAGE_TYPES"
                 r"|SF_(ALLOCATABLE|FREE|NAME|SIZE|USED)|TAG_.*|VALID_TAG_TYPES|VERIFY_.*|HOTPLUG_.*|EXPORT_MODE.*"
                 r"|DDM.*|NIC_MODE_.*|NIC_VALID_MODES|JOBS_.*|OPS_FINALIZED|OP_PRIO_SUBMIT_VALID"
                 r"|CONFD_(REQ|REPL|NODE|ERROR).*|LDS_NAMES",
    "hvparams.def and its like": r"(HVC|HVS|BES|BEC|BE|ND|NDC|NICS|NICC|ISPECS?|IPOLICY|LDP|DISK_LD|DISK_DT|DSS|DS"
                                 r"|HVST|HVSTS|VTYPE)_.*|HV_(?!(KVM_)?MIGRATION_|NODEINFO).*|HV_KVM_MIGRATION_CAPS"
                                 r"|HV_MIGRATION_(BANDWIDTH|DOWNTIME|MODE|PORT)|NDS_PARAM.*|NIC_(LINK|MODE|VLAN|IP_POOL)"
                                 r"|ENFORCEABLE_TYPES|PP_DEFAULT|(IDISK|INIC|MODIFIABLE_IDISK)_.*"
                                 r"|DRBD_(DATA_STRIPES|DEFAULT_METAVG|DELAY_TARGET|DISK_(BARRIERS|CUSTOM)|DYNAMIC_RESYNC"
                                 r"|FILL_TARGET|MAX_RATE|META_(BARRIERS|STRIPES)|MIN_RATE|NET_CUSTOM|PLAN_AHEAD|PROTOCOL"
                                 r"|RESYNC_RATE)|GLUSTER_(HOST|PORT|VOLUME)|RBD_(ACCESS|POOL)|LV_STRIPES|HT_.*VALID_.*"
                                 r"|HT_SCSI_DEVICE_TYPES|HT_KVM_FLAG_VALUES|REBOOT_BEHAVIORS|VALID_SERIAL_SPEEDS"
                                 r"|DRBD_VALID_BARRIER_OPT",
    "errors.def, cvcodes.def": r"CV_(?!ERROR$|WARNING$).*|ERRORS_ECODE_.*",
    "luximethods.def": r"LUXI_(REQ|KEY)_.*",
    "storage.def": r"STS_.*|VALID_STORAGE_.*|MODIFIABLE_STORAGE_FIELDS|MAP_DISK_TEMPLATE_STORAGE_TYPE",
    "queryfields.def": r"QR_VIA.*|RSS_DESCRIPTION",
    "clicommands.def, htools-options.def": r"GNT_SCRIPTS|MAN_PAGES|HTOOLS_PROGS",
    "opparams.def": r"PRIVATE_PARAMETERS_BLACKLIST",
    "paths.def": r"(CONFD|KVMD|LUXID|MASTERD|METAD|MOND|NODED|RAPI|WCONFD)(_USER|_GROUP)?|ADMIN_GROUP|DAEMONS.*"
                 r"|DEFAULT_(CONFD|METAD|MOND|NODED|RAPI)_PORT|EXTRA_LOGREASON_.*|SSH_HOST_.*|SSH_DAEMON_KEYFILES"
                 r"|(BACKUP|EXPORT|SSH_CONFIG|XEN_CONFIG)_DIR|SS_(?!FILE_PERMS).*|VALID_SS.*|.*_SEARCH_PATH|PKGLIBDIR"
                 r"|SHAREDIR|TOOLSDIR|SYSCONFDIR|LOCALSTATEDIR|VERSIONEDSHAREDIR|V_CLUSTER_ETC_HOSTS"
                 r"|V_CLUSTER_VPATH_WHITELIST",
}


def constant(name, row):
    if name.endswith("_DETECTION_CHARS"):
        return "".join(sorted(row["value"]))
    return sorted(row["value"], key=str) if "set" in row["type"] else row["value"]


def constants(read):
    elsewhere = re.compile("|".join("(?:%s)" % names for names in CONSTANTS_ELSEWHERE.values()))
    return {name: constant(name, row) for name, row in read("constants").items() if not elsewhere.fullmatch(name)}


def daemon(spec, name):
    users = spec["runtime_users"]
    upper = name[len("ganeti-"):].upper()
    row = {"user": users[upper + "_USER"], "group": users[upper + "_GROUP"], "log": spec["daemons"]["logbase"][name]}
    for log, path in spec["daemons"]["extra_logfiles"].get(name, {}).items():
        row[log] = re.sub(r".*/|\.log$", "", path)
    if name in spec["daemons"]["ports"]:
        row["protocol"], row["port"] = spec["daemons"]["ports"][name]
    return row


def ensured(spec):
    """The files of the simple store are one row."""
    rows = []
    for row in spec["ensure_dirs"]:
        row = {name: row[name] for name in ("path", "kind", "mode", "owner", "group")}
        if re.search(r"/ssconf_[^/]*$", row["path"]):
            row = dict(row, path=re.sub(r"ssconf_.*", "ssconf_%s", row["path"]), kind="SSCONF")
        if row not in rows:
            rows.append(row)
    return rows


def paths(read):
    spec, masters = read("pathutils"), read("constants")["DAEMONS_MASTER"]["value"]
    values = {name: ",".join(value) if isinstance(value, list) else value for name, value in spec["paths"].items()
              if name not in ("ALL_CERT_FILES", "NODED_CERT_MODE")}
    return {"paths": values,
            "daemons": {name: dict(daemon(spec, name), master=name in masters) for name in spec["daemons"]["all"]},
            "group_admin": spec["runtime_users"]["ADMIN_GROUP"],
            "group_daemons": spec["runtime_users"]["DAEMONS_GROUP"],
            "ensure_dirs": ensured(spec), "ssconf": spec["ssconf"]["valid_keys"]}


# What configure may change, and Debian's value, which the facts were read with.
CONFIGURED = {"LOCALSTATEDIR": "/var", "SYSCONFDIR": "/etc", "PKGLIBDIR": "/usr/lib/ganeti",
              "TOOLSDIR": "/usr/lib/ganeti/tools", "SHAREDIR": "/usr/share/ganeti"}


def undo_configure(dump):
    """The dump as it would be with Debian's folders."""
    folders = [(dump["paths"]["paths"][name], debian) for name, debian in CONFIGURED.items()]
    return replace_folders(dump, sorted(folders, key=lambda pair: -len(pair[0])))


def replace_folders(value, folders):
    if isinstance(value, dict):
        return {name: replace_folders(part, folders) for name, part in value.items()}
    if isinstance(value, list):
        return [replace_folders(part, folders) for part in value]
    if isinstance(value, str):
        for ours, debian in folders:
            if value == ours or value.startswith(ours + "/"):
                return debian + value[len(ours):]
    return value


def flatten_cli(value):
    entries = {}
    for program, row in value.items():
        entries[program] = {"tag_type": row["tag_type"], "aliases": row["aliases"]}
        for name, content in row["commands"].items():
            for entry in content["options"]:
                if "choices" in entry:
                    entry["choices"] = sorted(entry["choices"])
            entries[program + " " + name] = content
    return entries


def flatten_constants(value):
    return value


def flatten_groups(value):
    """{"paths": {"A": x}, "list": [...]} as {"paths/A": x, "list": [...]}."""
    entries = {}
    for group, content in value.items():
        if isinstance(content, dict):
            entries.update(("%s/%s" % (group, name), row) for name, row in content.items())
        else:
            entries[group] = content
    return entries


def flatten_query_fields(value):
    entries = {"via/" + kind: word for kind, word in value["via"].items()}
    for kind, fields in value["fields"].items():
        entries.update(("%s %s" % (kind, name), row) for name, row in fields.items())
    return entries


SHAPES = {"cli": cli, "constants": constants, "paths": paths, "query_fields": query_fields}
FLATTEN = {"cli": flatten_cli, "constants": flatten_constants, "paths": flatten_groups,
           "query_fields": flatten_query_fields}
# Paths of our own are welcome.
OPEN_FAMILIES = {"paths"}
