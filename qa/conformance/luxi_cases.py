"""The table of LUXI requests.  A case is (name, [chunk...], replies): the chunks are sent on a connection of their own
when the case is raw (replies is a number), else on the running connection (replies is None).

The table is made from what one server says about itself (its fields and objects); the other is asked the same."""

import json

from luxi_wire import END, ask, encode

RESOURCES = ("node", "instance", "group", "network", "job", "export", "lock", "filter")
OTHER_RESOURCES = ("cluster", "os", "extstorage", "nonsense", "", None, 7)
OLD_STYLE = (("QueryNodes", "node"), ("QueryInstances", "instance"), ("QueryGroups", "group"),
             ("QueryNetworks", "network"))
NAME_FIELD = {"job": "id", "filter": "uuid", "export": "export", "lock": "name"}
TAG_KINDS = ("cluster", "node", "nodegroup", "group", "instance", "network", "nonsense", None)
CONFIG_VALUES = ("cluster_name", "watcher_pause", "master_node", "drain_flag", "nonsense", "")
# Needs an answer of the node daemons: asked once for all fields and in few filters, for the time it takes.
LIVE = {"node": ("bootid", "cnodes", "cnos", "csockets", "ctotal", "dfree", "dtotal", "mfree", "mnode", "mtotal",
                 "spfree", "sptotal", "hv_state"),
        "instance": ("oper_ram", "oper_state", "oper_vcpus", "status", "console")}
WRITING = (("SubmitJob", 1), ("SubmitManyJobs", 1), ("SubmitJobToDrainedQueue", 1), ("ReplaceFilter", 5),
           ("DeleteFilter", 1), ("PickupJob", 1), ("CancelJob", 2), ("ArchiveJob", 1), ("AutoArchiveJobs", 2),
           ("ChangeJobPriority", 2), ("SetDrainFlag", 1), ("SetWatcherPause", 1))


class Table:
    def __init__(self):
        self.cases = []

    def call(self, name, method, *args):
        self.cases.append((name, [encode(method, list(args)) + END], None))

    def raw(self, name, chunks, replies=1):
        self.cases.append((name, chunks if isinstance(chunks, list) else [chunks], replies))


def queries(table, path, what):
    """All that a resource has: fields alone and together, names good and bad."""
    fields = [row["name"] for row in ask(path, "QueryFields", what, [])["fields"]]
    key = NAME_FIELD.get(what, "name")
    table.call("%s: all fields described" % what, "QueryFields", what, [])
    table.call("%s: some fields described" % what, "QueryFields", what, [fields[-1], "nonsense", fields[0], fields[0]])
    table.call("%s: fields null" % what, "QueryFields", what, None)
    table.call("%s: all fields" % what, "Query", what, fields, None)
    table.call("%s: no field" % what, "Query", what, [], None)
    table.call("%s: unknown fields" % what, "Query", what, [key, "nonsense", key, "x/y/z", ""], None)
    table.call("%s: fields not a list" % what, "Query", what, key, None)
    table.call("%s: fields of numbers" % what, "Query", what, [1, None], None)
    for field in fields:
        if field not in LIVE.get(what, ()):
            table.call("%s: field %s" % (what, field), "Query", what, [key, field], None)
    for field in ("disk.size/99", "nic.mac/99", "disk.size/-1", "disk.size/x", "be/nonsense", "hv/nonsense", "be/",
                  "custom_beparams", "tags/0", "nic.mac/007", "DISK.SIZE/0"):
        table.call("%s: odd field %s" % (what, field), "Query", what, [key, field], None)
    filters(table, path, what, key, fields)


def example(rows, column):
    """A value that some object has there, and not just a null."""
    for row in rows:
        status, value = row[column]
        if status == 0 and value not in (None, [], {}, ""):
            return value
    return None


def filters(table, path, what, key, fields):
    """The language on every field (one of each family such as hv/...), then its odd corners."""
    rows = ask(path, "Query", what, fields, None)["data"]
    families = set()
    for column, field in enumerate(fields):
        family = field.split("/")[0] + "/" if "/" in field else field
        if family in families:
            continue
        families.add(family)
        value = example(rows, column)
        tests = [["?", field], ["!", ["?", field]], ["=", field, "nonsense"]]
        if field not in LIVE.get(what, ()):
            tests += [["=", field, value], ["!=", field, value], ["=", field, 1], ["=", field, True],
                      ["=", field, None], ["<", field, 5], [">=", field, 5], ["<=", field, "m"], [">", field, "a"],
                      ["=[]", field, "web"], ["=[]", field, value], ["=~", field, "^[a-n]"], ["=~", field, ""],
                      ["<", field, value], [">", field, 1.5], ["=", field, [1]], ["==", field, value]]
        for test in tests:
            table.call("%s: filter %s" % (what, json.dumps(test)), "Query", what, [key], test)
    for text in ODD_FILTERS:
        test = json.loads(text.replace("KEY", key))
        table.call("%s: odd filter %s" % (what, text), "Query", what, [key], test)


ODD_FILTERS = (
    '[]', '{}', '""', '"KEY"', '0', 'true', '[[]]', '["&"]', '["|"]', '["!"]', '["?"]', '["="]', '["=", "KEY"]',
    '["=", "KEY", "a", "b"]', '["&", []]', '["&", null]', '["|", null]', '["!", null]', '["!", []]',
    '["!", ["?", "KEY"], ["?", "KEY"]]', '["&", ["?", "KEY"]]', '["|", ["?", "KEY"]]', '["xor", ["?", "KEY"]]',
    '[1, "KEY", "x"]', '["=", 1, "x"]', '["=", null, "x"]', '["=", ["KEY"], "x"]', '["=", "nonsense", "x"]',
    '["?", "nonsense"]', '["=~", "nonsense", "x"]', '["=[]", "nonsense", "x"]', '["<", "nonsense", 1]',
    '["=~", "KEY", "["]', '["=~", "KEY", "(a"]', '["=~", "KEY", "a{2,1}"]', '["=~", "KEY", 5]', '["=~", "KEY", null]',
    '["=~", "KEY", "(?i)NODE|INST|NET"]', '["=~", "KEY", "\\\\d"]', '["=~", "KEY", "^(?!node1)"]', '["=~", "KEY", "1$"]',
    '["=~", "KEY", "[[:digit:]]"]', '["=~", "KEY", "\\\\.example$"]', '["=*", "KEY", "node1"]', '["=*", "KEY", "*1*"]',
    '["!=", "KEY", "node1.lab.example"]', '["=", "KEY", "node1"]', '["=", "KEY", "inst1"]', '["=", "KEY", "NODE1"]',
    '["|", ["=", "KEY", "node1.lab.example"], ["=", "KEY", "inst3.lab.example"], ["=", "KEY", "net-a"], ["=", "KEY", 5]]',
    '["|", ["=", "KEY", "inst3.lab.example"], ["=", "KEY", "inst1.lab.example"], ["=", "KEY", "inst10.lab.example"]]',
    '["|", ["=", "KEY", 7], ["=", "KEY", 2], ["=", "KEY", "9"], ["=", "KEY", 2]]',
    '["&", ["|", ["=", "KEY", "node1"], ["=", "KEY", "node2"]], ["!", ["=", "KEY", "node2"]]]',
    '["<", "KEY", -1]', '["=", "KEY", ""]')


def old_style(table, path):
    for method, what in OLD_STYLE:
        fields = [row["name"] for row in ask(path, "QueryFields", what, [])["fields"]]
        rows = ask(path, "Query", what, ["name", "uuid"], None)["data"]
        first, uuid = rows[0][0][1], rows[0][1][1]
        short = first.split(".")[0]
        for label, names, wanted in (
                ("all fields", [], fields), ("one", [first], ["name", "uuid"]), ("by uuid", [uuid], ["name"]),
                ("short", [short], ["name"]), ("unknown name", ["nonsense"], ["name"]),
                ("good and unknown", [first, "nonsense"], ["name"]), ("twice", [first, first], ["name"]),
                ("backwards", [row[0][1] for row in reversed(rows)], ["name"]), ("upper case", [first.upper()], ["name"]),
                ("prefix", [first[:-2]], ["name"]), ("empty name", [""], ["name"]), ("unknown field", [], ["name", "x"]),
                ("no field", [], []), ("null names", None, ["name"]), ("number", [1], ["name"]), ("text", first, ["name"])):
            table.call("%s: %s" % (method, label), method, names, wanted, False)
        table.call("%s: with lock" % method, method, [], ["name"], True)
        table.call("%s: lock null" % method, method, [], ["name"], None)
        table.call("%s: lock missing" % method, method, [], ["name"])
        table.call("%s: too many" % method, method, [], ["name"], False, False)


def jobs(table, path):
    fields = [row["name"] for row in ask(path, "QueryFields", "job", [])["fields"]]
    ids = [row[0][1] for row in ask(path, "Query", "job", ["id"], None)["data"]]
    for job in ids:
        table.call("QueryJobs: job %s" % job, "QueryJobs", [job], fields)
    for label, args in (("all", [None, ["id", "status"]]), ("empty list", [[], ["id"]]), ("text id", [[str(ids[0])], ["id"]]),
                        ("archived", [[ids[0] + 1, ids[-1]], ["id", "status", "archived"]]),
                        ("all ids up to the last", [list(range(1, ids[-1] + 3)), ["id", "status", "archived"]]),
                        ("unknown", [[99999], ["id"]]), ("bad id", [["x"], ["id"]]), ("negative", [[-1], ["id"]]),
                        ("zero", [[0], ["id"]]), ("float", [[1.5], ["id"]]), ("float whole", [[2.0], ["id"]]),
                        ("unknown field", [[ids[0]], ["id", "nonsense"]]), ("backwards", [ids[::-1], ["id"]]),
                        ("twice", [[ids[0], ids[0]], ["id"]]), ("no field", [[ids[0]], []]), ("no args", []),
                        ("one arg", [[1]]), ("three args", [[1], ["id"], False])):
        table.call("QueryJobs: %s" % label, "QueryJobs", *args)
    by_status = {}
    for row in ask(path, "Query", "job", ["id", "status"], None)["data"]:
        by_status.setdefault(row[1][1], row[0][1])
    for status, job in sorted(by_status.items()):
        wait = "WaitForJobChange: %s: " % status
        table.call(wait + "first", "WaitForJobChange", job, ["id", "status", "opstatus"], None, None, 1)
        table.call(wait + "unchanged", "WaitForJobChange", job, ["status"], [status], 1, 1)
        table.call(wait + "changed", "WaitForJobChange", job, ["status"], ["other"], 1, 1)
        table.call(wait + "log serial", "WaitForJobChange", job, ["status", "received_ts"], [status, None], 0, 1)
        table.call(wait + "unknown field", "WaitForJobChange", job, ["status", "nonsense"], None, None, 1)
    for label, args in (("unknown job", [99999, ["status"], None, None, 1]), ("text id", [str(ids[0]), ["status"], None, None, 1]),
                        ("no field", [ids[0], [], None, None, 1]), ("bad id", ["x", ["status"], None, None, 1]),
                        ("four args", [ids[0], ["status"], None, None]), ("no timeout", [ids[0], ["status"], None, None, 0]),
                        ("negative timeout", [ids[0], ["status"], None, None, -1])):
        table.call("WaitForJobChange: %s" % label, "WaitForJobChange", *args)


def others(table, path):
    table.call("QueryClusterInfo", "QueryClusterInfo")
    table.call("QueryClusterInfo: with args", "QueryClusterInfo", 1)
    for value in CONFIG_VALUES:
        table.call("QueryConfigValues: %r" % value, "QueryConfigValues", [value])
    table.call("QueryConfigValues: all", "QueryConfigValues", list(CONFIG_VALUES[:4]))
    for bad in (None, [1], "cluster_name", [], [[]]):
        table.call("QueryConfigValues: bad %r" % (bad,), "QueryConfigValues", bad)
    names = {"cluster": [""], "nonsense": [""], None: [""], "group": ["default"]}
    for kind, what in (("node", "node"), ("nodegroup", "group"), ("instance", "instance"), ("network", "network")):
        names[kind] = [row[0][1] for row in ask(path, "Query", what, ["name"], None)["data"]]
    for kind in TAG_KINDS:
        for name in names[kind] + ["nonsense", "", None, names[kind][0].split(".")[0]]:
            table.call("QueryTags: %s %s" % (kind, name), "QueryTags", kind, name)
    for args in ([], ["cluster"], ["cluster", "", ""]):
        table.call("QueryTags: %d args" % len(args), "QueryTags", *args)
    for label, args in (("all", [[], False]), ("one", [["node1.lab.example"], False]), ("short", [["node3"], False]),
                        ("unknown", [["nonsense"], False]), ("lock", [[], True]), ("null", [None, False]), ("no args", []),
                        ("one arg", [[]])):
        table.call("QueryExports: %s" % label, "QueryExports", *args)
    fields = [row["name"] for row in ask(path, "QueryFields", "filter", [])["fields"]]
    uuids = [row[0][1] for row in ask(path, "Query", "filter", ["uuid"], None)["data"]]
    for label, args in (("all", [None, fields]), ("none named", [[], fields]), ("one", [uuids[:1], fields]),
                        ("backwards", [uuids[::-1], ["uuid"]]), ("unknown", [["nonsense"], ["uuid"]]),
                        ("unknown field", [None, ["uuid", "x"]]), ("no field", [None, []]), ("one arg", [None])):
        table.call("QueryFilters: %s" % label, "QueryFilters", *args)
    for what in OTHER_RESOURCES:
        table.call("Query %r" % (what,), "Query", what, ["name"], None)
        table.call("QueryFields %r" % (what,), "QueryFields", what, [])
    table.call("Query: two args", "Query", "node", ["name"])
    table.call("Query: four args", "Query", "node", ["name"], None, None)


def malformed(table):
    good = encode("QueryClusterInfo", []) + END
    names = encode("QueryConfigValues", [["cluster_name"]]) + END
    for label, data in (
            ("nothing", b""), ("space", b" "), ("no JSON", b"nonsense"), ("half JSON", b'{"method": "QueryTags", "args": ['),
            ("list", b"[]"), ("number", b"5"), ("text", b'"QueryClusterInfo"'), ("empty object", b"{}"), ("null", b"null"),
            ("no method", b'{"args": []}'), ("no args", b'{"method": "QueryClusterInfo"}'),
            ("method null", b'{"method": null, "args": []}'), ("method number", b'{"method": 1, "args": []}'),
            ("unknown method", b'{"method": "Nonsense", "args": []}'), ("lower case", b'{"method": "queryclusterinfo", "args": []}'),
            ("empty method", b'{"method": "", "args": []}'), ("args null", b'{"method": "QueryClusterInfo", "args": null}'),
            ("args object", b'{"method": "QueryClusterInfo", "args": {}}'),
            ("args text", b'{"method": "QueryClusterInfo", "args": "x"}'),
            ("version null", b'{"method": "QueryClusterInfo", "args": [], "version": null}'),
            ("version wrong", b'{"method": "QueryClusterInfo", "args": [], "version": 1}'),
            ("version text", b'{"method": "QueryClusterInfo", "args": [], "version": "x"}'),
            ("extra member", b'{"method": "QueryConfigValues", "args": [["cluster_name"]], "more": 1}'),
            ("trailing", b'{"method": "QueryConfigValues", "args": [["cluster_name"]]} x'),
            ("duplicate", b'{"method": "QueryTags", "method": "QueryConfigValues", "args": [["cluster_name"]]}'),
            ("spaces", b' \n {"method" : "QueryConfigValues" , "args" : [ [ "cluster_name" ] ] } \n'),
            ("escaped", b'{"method": "QueryConfig\\u0056alues", "args": [["cluster\\u005fname"]]}'),
            ("bad UTF-8", b'{"method": "QueryTags", "args": ["node", "\xff\xfe"]}'),
            ("UTF-8", '{"method": "QueryTags", "args": ["node", "n\u00f6de"]}'.encode()),
            ("NUL", b'{"method": "QueryTags", "args": ["node", "a\\u0000b"]}'),
            ("control", b'{"method": "QueryTags", "args": ["node", "a\x01b"]}'),
            ("surrogates", b'{"method": "QueryTags", "args": ["node", "\\ud83d\\ude00"]}'),
            ("half surrogate", b'{"method": "QueryTags", "args": ["node", "\\ud83d"]}'),
            ("deep", b'{"method": "QueryTags", "args": ' + b"[" * 2000 + b"]" * 2000 + b"}"),
            ("deep filter", b'{"method": "Query", "args": ["group", ["name"], ' + b'["!", ' * 200 + b'["?", "name"]'
             + b"]" * 200 + b"]}"),
            ("NaN", b'{"method": "QueryJobs", "args": [[NaN], ["id"]]}'),
            ("comment", b'{"method": "QueryClusterInfo", "args": [] /* x */}'),
            ("single quotes", b"{'method': 'QueryClusterInfo', 'args': []}"),
            ("comma", b'{"method": "QueryConfigValues", "args": [["cluster_name",]]}')):
        table.raw("malformed: " + label, data + END)
        table.raw("malformed, then good: " + label, data + END + names, 2)
    table.raw("two at once", good + names, 2)
    table.raw("in pieces", [names[i:i + 5] for i in range(0, len(names), 5)])
    table.raw("cut off", names[:-1], 1)
    table.raw("half an end", names + names[:20], 2)
    table.raw("end marks alone", END * 3, 3)
    for method, count in WRITING:
        for label, args in (("no args", []), ("one too many", [None] * (count + 1)), ("wrong types", [{}] * count)):
            if method != "SetWatcherPause" or label != "wrong types":
                table.raw("%s: %s" % (method, label), encode(method, args) + END)


def build(path, only=()):
    """All cases, from what the server at this socket says about its fields and objects.  only: names of resources and
    methods that are wanted; other cases may be among the result, but nothing else is asked for in the making."""
    table = Table()
    for what in RESOURCES:
        if not only or what in only:
            queries(table, path, what)
    old_style(table, path)
    if not only or "QueryExports" in only:
        jobs(table, path)
        others(table, path)
        malformed(table)
    return table.cases
