"""Shapes of the families that the configuration consists of: objects and parameters."""

FILE_CHECKS = {"FILE", "FILE_OR_URL", "DIR"}


def objects(read):
    entries = {}
    for name, spec in read("haskell")["objects"].items():
        if not spec["file"].startswith("Objects") or name in ("FilledIPolicy", "MasterNetworkParameters"):
            continue
        members = []
        if spec["kind"] == "buildObjectWithForthcoming":
            members.append({"name": "forthcoming", "written": "unless absent"})
        for field in spec["fields"]:
            written = "always"
            if field.get("default_not_written"):
                written = "unless default"
            elif "optional" in field or spec["kind"] == "buildParam":
                written = "unless absent"
            for key in [field["name"]] + field.get("extra_keys", []):
                members.append({"name": key, "written": written})
        entries[name] = members
    return entries


def hvparams(read):
    spec = read("hvparams")
    entries = {}
    for hypervisor, row in spec["hypervisors"].items():
        for name, param in row["parameters"].items():
            entry = {"type": param["type"], "title": spec["titles"].get(name), "global": name in spec["globals"],
                     "required": param["required"], "default": param["cluster_default"],
                     "file": "node_check" in param}
            check = param.get("syntax_check", {})
            if param.get("named_check") == "MIGRATION_MODE_CHECK":
                entry["one_of"] = ["live", "non-live"]
            elif "one_of" in check:
                entry["one_of"] = check["one_of"]
            elif "int_range_accepted" in param and name != "spice_ip_version":
                entry["range"] = param["int_range_accepted"]
            entries[hypervisor + "/" + name] = entry
    return entries


def rows(family, types, defaults, titles=None, global_names=None):
    def shape(read):
        spec = read(family)
        value = {key: row["value"] for key, row in spec.items()}
        return {name: {"type": vtype, "title": value.get(titles, {}).get(name),
                       "global": name in value.get(global_names, []), "default": value[defaults][name]}
                for name, vtype in value[types].items()}
    return shape


def diskparams(read):
    value = {key: row["value"] for key, row in read("diskparams").items()}
    entries = {}
    for template, params in value["DISK_DT_DEFAULTS"].items():
        for name, default in params.items():
            entries["template/%s/%s" % (template, name)] = {"type": value["DISK_DT_TYPES"][name], "default": default}
    for device, params in value["DISK_LD_DEFAULTS"].items():
        for name, default in params.items():
            entries["device/%s/%s" % (device, name)] = {"default": default}
    return entries


def ipolicy(read):
    return read("ipolicy")["IPOLICY_DEFAULTS"]["value"]


def flatten_ipolicy(value):
    return dict(value, **{"disk-templates": sorted(value["disk-templates"])})


SHAPES = {
    "beparams": rows("beparams", "BES_PARAMETER_TYPES", "BEC_DEFAULTS", "BES_PARAMETER_TITLES"),
    "diskparams": diskparams,
    "hvparams": hvparams,
    "ipolicy": ipolicy,
    "ndparams": rows("ndparams", "NDS_PARAMETER_TYPES", "NDC_DEFAULTS", "NDS_PARAMETER_TITLES", "NDC_GLOBALS"),
    "nicparams": rows("nicparams", "NICS_PARAMETER_TYPES", "NICC_DEFAULTS"),
    "objects": objects,
}
FLATTEN = {"ipolicy": flatten_ipolicy}
