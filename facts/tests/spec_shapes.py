"""The reference's facts in the shape of factdump: what names parts of the reference's programs is left out.

SHAPES: family -> function(read), where read("opcodes") gives the content of opcodes.json.
"""

import spec_shapes_cli
import spec_shapes_model


def pick(value, *names):
    return {name: value[name] for name in names if name in value}


def presence(field):
    """What the Haskell side, which decides the wire, does with a field that is absent."""
    if "optional" in field:
        return "nullable" if "null" in field["optional"] else "optional"
    return "default" if "default" in field else "required"


def param(python, haskell):
    value = dict(python, presence=presence(haskell))
    value.pop("default_type", None)
    # Python's "required" only means that null does not pass the type check.
    if value["presence"] == "required" and value["type"] == "Anything":
        value["required"] = True
        del value["default"]
    return value


def opcodes(read):
    spec, haskell = read("opcodes"), read("haskell")
    no_lu = {"hooks_path": None, "hooks_type": None, "requires_bgl": False}
    entries = {}
    for name, op in spec["opcodes"].items():
        fields = haskell["opcodes"][name]["params"]
        entries[name] = {"dsc_field": op["dsc_field"], "result": op["result"],
                         "lu": pick(op.get("lu") or no_lu, *no_lu),
                         "params": [param(*pair) for pair in zip(op["params"], fields)]}
    common = {field["name"]: field for field in haskell["opcode_params"].values()}
    return {"common_params": [param(python, common[python["name"]]) for python in spec["common_params"]],
            "opcodes": entries}


def errors(read):
    spec, arguments = read("errors"), read("haskell")["exceptions"]
    renamed = {"allErrors": "errors", "expVer": "expected", "actVer": "actual", "errs": "failures", "errCode": "code",
               "errHostname": "host", "errResolverCode": "number", "errResolverMsg": "message",
               "certFileName": "file"}
    classes = {}
    for name, row in list(spec["classes"].items()) + list(spec["luxi_client_errors"].items()):
        args = arguments.get(name, [{"name": "message"}])
        base = row["bases"][0]
        classes[name] = {"base": None if base == "Exception" else base,
                         "args": ",".join(renamed.get(arg["name"], arg["name"]) for arg in args)}
    codes = {row[1]: row[0] for row in spec["cluster_verify_codes"].values()
             if isinstance(row, list) and len(row) == 3 and isinstance(row[0], str)}
    return {"classes": classes, "cluster_verify_codes": codes,
            "ecodes": {code: True for code in spec["ecode_all"]}}


ENUM_NAMES = {"CVErrorCode": "cv_code", "DiskAccess": "disk_mode", "ELogType": "job_log_type", "FieldType": "query_field_type",
              "IAllocatorMode": "iallocator_mode", "IAllocatorTestDir": "iallocator_dir",
              "InstanceStatus": "inst_status", "NICMode": "nic_mode", "OpStatus": "job_status", "OpSubmitPriority": "submit_priority",
              "ResultStatus": "result_status", "VerifyOptionalChecks": "verify_check"}


def enum_name(name):
    if name in ENUM_NAMES:
        return ENUM_NAMES[name]
    return "".join("_" + c.lower() if c.isupper() and i else c.lower() for i, c in enumerate(name))


def enums(read):
    return {enum_name(name): sorted(str(word) for word in enum["values"].values())
            for name, enum in read("haskell")["enums"].items()}


def rpc(read):
    calls, luxid = read("rpc")["calls"], read("haskell")["node_rpc_clients"]
    entries = {}
    for name in set(calls) | set(luxid):
        entry = {"accept_offline": False, "client": "luxid", "nodes": "multi-node", "luxid_timeout": None,
                 "luxid_accept_offline": False}
        if name in calls:
            call = calls[name]
            entry.update(args=[{"name": arg["name"], "encoding": (arg["encoding"] or "")[len("ED_"):] or None}
                               for arg in call["args"]],
                         client=call["client_class"][len("RpcClient"):], nodes=call["nodes"],
                         timeout=call["timeout"] if isinstance(call["timeout"], int) else "argument-dependent",
                         accept_offline=call["resolver"] is not None)
        else:
            entry.update(args=[{"name": "instances", "encoding": "WHOLE"}],
                         timeout=luxid[name]["timeout"]["seconds"])
        if name in luxid:
            timeout = luxid[name]["timeout"]
            entry["luxid_timeout"] = timeout["seconds"] if isinstance(timeout, dict) else "argument-dependent"
            entry["luxid_accept_offline"] = luxid[name]["accept_offline"] == "True"
        entries[name] = entry
    return entries


# What the Haskell side takes to be absent or short of, beside what the facts say (src/Ganeti/Luxi.hs).
LENIENT = {("CancelJob", "kill"): "default", ("QueryFields", "fields"): "default",
           ("QueryFilters", "uuids"): "default", ("QueryJobs", "ids"): "default"}


def methods(read):
    haskell = read("haskell")
    luxi = {}
    for name, method in haskell["luxi"].items():
        luxi[name] = [{"presence": LENIENT.get((name, arg.get("name")), presence(arg))} for arg in method["args"]]

    def calls(rows):
        return {row["wire_name"]: [{"presence": "nullable" if "MaybeForJSON" in arg else "required"}
                                   for arg in row["signature"].split(" -> ")[:-1]] for row in rows}
    return {"luxi": luxi, "wconfd": calls(haskell["wconfd"]), "metad": calls(haskell["metad"])}


BODIES = {"request body": "request", "none (request body ignored)": "ignored"}


def fixed(value):
    """Source of a parameter that is set whatever the body says."""
    if value is False:
        return ["false"]
    if isinstance(value, list):
        return ["url list", value[0][len("url["):-1]]
    for start, end, word in (("bool(query:", ")", "query bool"), ("int(url[", "])", "url int"),
                             ("query:", " (all values)", "query all"), ("query:", "", "query"), ("url[", "]", "url")):
        if value.startswith(start) and value.endswith(end):
            return [word, value[len(start):len(value) - len(end)]]
    if value.startswith("attr:"):
        return ["tag kind" if value == "attr:TAG_LEVEL" else "tag name"]
    return ["computed", value[len("var:"):].split(" ")[0]]


def rapi(read):
    spec = read("rapi")
    resources = {}
    for path, resource in spec["resources"].items():
        verbs = {"tag_level": resource.get("tag_level")}
        for verb, row in resource["methods"].items():
            args = {group: {name: {"type": arg.get("type"), "required": arg.get("required", False),
                                   **pick(arg, "default")} for name, arg in row.get(group, {}).items()}
                    for group in ("query_args", "body_args_read")}
            verbs[verb] = {"access": ",".join(sorted(row["access"])), "generated": row["generated"],
                           "opcode": row.get("opcode"), "body": BODIES.get(row.get("op_params_from"), "handler"),
                           "query_args": args["query_args"], "body_args": args["body_args_read"],
                           "rename": row.get("rename", {}), "aliases": row.get("aliases", {}),
                           "forbidden": {name: None for name in row.get("forbidden", [])},
                           "static_op_params": {name: fixed(value) for name, value
                                                in row.get("static_op_params", {}).items()},
                           "field_lists": row.get("field_lists", [])}
        resources[path] = verbs
    return {"resources": resources, "field_lists": spec["field_lists"]}


# Families in which we have entries of our own.
OPEN_FAMILIES = {"enums"} | spec_shapes_cli.OPEN_FAMILIES

SHAPES = {
    "enums": enums,
    "errors": errors,
    "methods": methods,
    "opcodes": opcodes,
    "rapi": rapi,
    "rpc": rpc,
}
SHAPES.update(spec_shapes_cli.SHAPES)
SHAPES.update(spec_shapes_model.SHAPES)


def flatten(family, value):
    """A family as {entry: value}; groups of entries become group/entry."""
    for module in (spec_shapes_cli, spec_shapes_model):
        if family in module.FLATTEN:
            return module.FLATTEN[family](value)
    if family == "opcodes":
        entries = {"opcodes/" + name: op for name, op in value["opcodes"].items()}
        entries["common_params"] = {"params": value["common_params"]}
        return entries
    if family == "methods":
        # Arguments have no names on the wire, and an absent one is always null.
        return {group + "/" + name: [arg["presence"].replace("nullable", "optional") for arg in args]
                for group, rows in value.items() for name, args in rows.items()}
    if family == "rapi":
        return {group + "/" + name: row for group, rows in value.items() for name, row in rows.items()}
    if family == "errors":
        return {group + "/" + name: row for group, rows in value.items()
                for name, row in (rows.items() if isinstance(rows, dict) else ((code, True) for code in rows))}
    if family == "enums":
        return {name: sorted(words) for name, words in value.items()}
    return value


def step_into(value, step):
    """A member, or the element of a list that has this name."""
    if isinstance(value, list):
        return next((element for element in value if element.get("name") == step), None)
    return value.get(step) if value else None


def differences(ours, theirs):
    """Pairs of texts of the smallest parts that differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted(set(ours) | set(theirs)):
            if ours.get(name) != theirs.get(name) or (name in ours) != (name in theirs):
                yield from (("%s: %s" % (name, a), "%s: %s" % (name, b))
                            for a, b in differences(ours.get(name), theirs.get(name)))
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (a, b) in enumerate(zip(ours, theirs)):
            if a != b:
                yield from (("[%d] %s" % (index, x), "[%d] %s" % (index, y)) for x, y in differences(a, b))
    else:
        yield repr(ours), repr(theirs)
