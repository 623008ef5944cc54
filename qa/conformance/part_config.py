"""config.data through our load and save, and what is no configuration: loaded or refused as the reference does."""

import glob
import json
import os
import subprocess
import tempfile

import cluster
import luxi_wire
import virtual

NEEDS = ()
REAL = os.path.join(cluster.QA, "data", "cluster-3.0.2")
# From the package ganeti-testsuite.
SAMPLES = "/usr/share/ganeti/testsuite/test/data/cluster_config_*.json"
REMOVE = object()


def edit(path, value):
    """A change: ("cluster", "serial_no"), 5 sets; REMOVE takes out.  A number n in a path is the n-th member of a map."""
    def apply(config):
        place = config
        for step in path[:-1]:
            place = place[list(place)[step]] if isinstance(step, int) and isinstance(place, dict) else place[step]
        if value is REMOVE:
            del place[path[-1]]
        else:
            place[path[-1]] = value
        return config
    return "%s = %s" % (".".join(map(str, path)), "(absent)" if value is REMOVE else json.dumps(value)), apply


EDITS = [edit(*row) for row in (
    (("version",), REMOVE), (("version",), "3000000"), (("version",), 2160000), (("version",), 3010000),
    (("version",), 4000000), (("version",), None), (("cluster",), REMOVE), (("cluster",), []), (("nodes",), REMOVE),
    (("nodes",), []), (("nodes",), None), (("instances",), REMOVE), (("disks",), REMOVE), (("networks",), REMOVE),
    (("filters",), REMOVE), (("nodegroups",), REMOVE), (("serial_no",), REMOVE), (("serial_no",), "1"),
    (("serial_no",), 1.5), (("serial_no",), -1), (("mtime",), REMOVE), (("ctime",), "x"), (("unknown",), {"a": [1.5, None]}),
    (("cluster", "unknown"), 1), (("cluster", "master_node"), REMOVE), (("cluster", "master_node"), 5),
    (("cluster", "enabled_hypervisors"), ["nonsense"]), (("cluster", "enabled_hypervisors"), []),
    (("cluster", "hvparams"), []), (("cluster", "ipolicy"), {}), (("cluster", "uid_pool"), [[1, 2]]),
    (("cluster", "uid_pool"), [1]), (("cluster", "primary_ip_family"), 6), (("cluster", "primary_ip_family"), 5),
    (("cluster", "tags"), REMOVE), (("cluster", "tags"), [1]), (("cluster", "ndparams"), REMOVE),
    (("cluster", "diskparams"), REMOVE), (("cluster", "compression_tools"), REMOVE),
    (("cluster", "data_collectors"), REMOVE), (("cluster", "ssh_key_type"), REMOVE),
    (("cluster", "max_running_jobs"), REMOVE), (("cluster", "candidate_certs"), REMOVE),
    (("nodes", 0, "name"), REMOVE), (("nodes", 0, "name"), 1), (("nodes", 0, "group"), "nonsense"),
    (("nodes", 0, "offline"), REMOVE), (("nodes", 0, "offline"), "no"), (("nodes", 0, "ndparams"), {"spindle_count": "x"}),
    (("nodes", 0, "ndparams"), {"nonsense": 1}), (("nodes", 0, "powered"), REMOVE), (("nodes", 0, "uuid"), REMOVE),
    (("nodes", 0, "unknown"), {}), (("nodes", 0, "tags"), ["b", "a", "b"]), (("nodes", 0), None),
    (("instances", 0, "primary_node"), "nonsense"), (("instances", 0, "primary_node"), REMOVE),
    (("instances", 0, "admin_state"), "nonsense"), (("instances", 0, "admin_state_source"), REMOVE),
    (("instances", 0, "nics"), REMOVE), (("instances", 0, "disks"), ["nonsense"]), (("instances", 0, "hypervisor"), "x"),
    (("instances", 0, "beparams"), {"vcpus": "2"}), (("instances", 0, "beparams"), {"memory": 5}),
    (("instances", 0, "hvparams"), {"nonsense": {"a": 1}}), (("instances", 0, "osparams_private"), REMOVE),
    (("instances", 0, "network_port"), 11000), (("instances", 0, "network_port"), None),
    (("instances", 0, "disk_template"), "file"), (("instances", 0, "nics", 0, "mac"), REMOVE),
    (("instances", 0, "nics", 0, "nicparams"), {"mode": "nonsense"}), (("instances", 0, "forthcoming"), True),
    (("disks", 0, "dev_type"), "nonsense"), (("disks", 0, "logical_id"), []), (("disks", 0, "logical_id"), ["a", "b", "c"]),
    (("disks", 0, "size"), -1), (("disks", 0, "size"), "32"), (("disks", 0, "mode"), "x"), (("disks", 0, "uuid"), REMOVE),
    (("disks", 0, "children"), REMOVE), (("disks", 0, "iv_name"), REMOVE), (("disks", 0, "spindles"), 3),
    (("networks", 0, "network"), "nonsense"), (("networks", 0, "network"), "10.0.0.0/33"),
    (("networks", 0, "gateway"), "300.1.1.1"), (("networks", 0, "reservations"), "012"),
    (("networks", 0, "reservations"), REMOVE), (("networks", 0, "mac_prefix"), REMOVE),
    (("nodegroups", 0, "alloc_policy"), "nonsense"), (("nodegroups", 0, "networks"), REMOVE),
    (("nodegroups", 0, "members"), REMOVE), (("nodegroups", 0, "ipolicy"), {"vcpu-ratio": "x"}),
    (("filters", 0, "action"), "nonsense"), (("filters", 0, "action"), ["RATE_LIMIT", 0]),
    (("filters", 0, "predicates"), [["nonsense", []]]), (("filters", 0, "priority"), -1))]
TEXTS = (("empty", ""), ("space", " \n"), ("null", "null"), ("list", "[]"), ("object", "{}"), ("text", '"x"'),
         ("cut off", '{"version":3000000,"cluster":{'), ("no JSON", "nonsense"), ("comma", '{"version":3000000,}'))


def inputs():
    """(name, text) of all that is loaded."""
    with open(cluster.path("var/lib/ganeti/config.data"), encoding="utf-8") as stream:
        yield "the conformance cluster", stream.read()
    with open(os.path.join(REAL, "config.data"), encoding="utf-8") as stream:
        base = stream.read()
    yield "qa/data/cluster-3.0.2", base
    yield "with spaces", json.dumps(json.loads(base), indent=1)
    with tempfile.TemporaryDirectory() as made:
        subprocess.run([os.path.join(cluster.QA, "bench", "make-config"), "12", "60", made], check=True)
        with open(os.path.join(made, "config.data"), encoding="utf-8") as stream:
            yield "synthetic, all disk templates", stream.read()
    for name in sorted(glob.glob(SAMPLES)):
        with open(name, encoding="utf-8") as stream:
            yield os.path.basename(name), stream.read()
    yield from TEXTS
    for name, change in EDITS:
        yield name, json.dumps(change(json.loads(base)))


def reference_loads(master, text):
    """Whether the reference's luxid can work with this configuration."""
    with open(master.data("config.data"), "w", encoding="utf-8") as out:
        out.write(text)
    master.start(virtual.REFERENCE_LUXID)
    try:
        luxi_wire.ask(master.socket, "QueryTags", "cluster", "")
        return True
    except RuntimeError as err:
        if "ConfigurationError" not in str(err):
            raise
        return False
    finally:
        master.stop()


def ordered(text):
    return json.loads(text, object_pairs_hook=lambda pairs: pairs)


def roundtrip(program, name, text, accepted, where):
    """None if we do as the reference did, else what is wrong."""
    source, target = os.path.join(where, "in"), os.path.join(where, "out")
    with open(source, "w", encoding="utf-8") as out:
        out.write(text)
    done = subprocess.run([program, source, target], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env={**os.environ, "GANTRY_LEVEL": "3.0"}, check=False)
    said = done.stderr.decode(errors="replace").strip()
    with open(source, encoding="utf-8") as stream:
        if stream.read() != text:
            return "the input file was changed"
    if done.returncode not in (0, 1):
        return "exit code %d: %s" % (done.returncode, said[-300:])
    if name in UNKNOWN_MEMBERS:
        return keeps_members(done.returncode, said, text, target)
    if name in STRICTER:
        accepted = False
    # Members that are absent: the reference's loaders in two languages do not agree what may be; either will do.
    lenient = done.returncode == 0 and (name.endswith("(absent)") or name == "cluster.ipolicy = {}")
    if (done.returncode == 0) != accepted and not lenient:
        return "%s, the reference %s it" % ("loads" if done.returncode == 0 else "refused: " + said[-300:],
                                            "loads" if accepted else "refuses")
    if done.returncode:
        return None if len(said.split("\n")) == 1 and said else "the error should be one line: %r" % said[-300:]
    if name in EXACT:
        with open(target, encoding="utf-8") as stream:
            saved = stream.read()
        if ordered(saved) != ordered(text):
            return first_difference("", ordered(saved), ordered(text))
    return None


# doc/differences.md: members that the reference does not know make it refuse the whole file; we keep them.
UNKNOWN_MEMBERS = ('unknown = {"a": [1.5, null]}', "cluster.unknown = 1", "nodes.0.unknown = {}",
                   'nodes.0.ndparams = {"nonsense": 1}', 'instances.0.beparams = {"memory": 5}',
                   'instances.0.disk_template = "file"')
# Also there: what the reference's luxid serves, though its other programs refuse the release or the value.
STRICTER = ("version = 2160000", "version = 4000000", "serial_no = 1.5", 'networks.0.gateway = "300.1.1.1"')


def keeps_members(code, said, text, target):
    if code:
        return "refused: " + said[-300:]
    with open(target, encoding="utf-8") as stream:
        return first_difference("", sort_members(stream.read()), sort_members(text))


def sort_members(text):
    return json.loads(text, object_pairs_hook=sorted)


EXACT = ("the conformance cluster", "qa/data/cluster-3.0.2", "with spaces")


def first_difference(where, ours, theirs):
    if ours == theirs:
        return None
    pairs = isinstance(theirs, list) and isinstance(ours, list)
    if pairs and len(ours) == len(theirs):
        for own_item, item in zip(ours, theirs):
            label = item[0] if isinstance(item, tuple) else "[]"
            found = first_difference("%s.%s" % (where, label), own_item, item) if own_item != item else None
            if found:
                return found
    if isinstance(ours, tuple) and isinstance(theirs, tuple) and ours[0] == theirs[0]:
        return first_difference(where, ours[1], theirs[1])
    return "%s: saved %s, read %s" % (where, json.dumps(ours)[:300], json.dumps(theirs)[:300])


def run(build, out):
    program = os.path.join(build, "qa", "conformance", "config-roundtrip")
    if not os.path.exists(program):
        raise cluster.Failed("%s is not built" % program)
    passed = failed = 0
    with tempfile.TemporaryDirectory() as where:
        master = virtual.Master(where, REAL)
        for name, text in inputs():
            found = roundtrip(program, name, text, reference_loads(master, text), where)
            if found:
                failed += 1
                print("FAILED config: %s: %s" % (name, found))
            else:
                passed += 1
    print("%-60s %d passed, %d failed" % ("config: load and save", passed, failed))
    yield passed, failed
