"""The job queue of our luxid and of the reference's: a master alone whose only filter rule holds all jobs back, the same
calls to both; answers and the bytes of job files are compared."""

import json
import os
import re
import shutil
import tempfile

import cluster
import luxi_wire
import virtual

NEEDS = ("ganeti-luxid",)
HOLD = "6d1e3a4e-0000-4000-8000-000000000001"
DELAY = {"OP_ID": "OP_TEST_DELAY", "duration": 0.5, "on_master": True, "on_nodes": [], "on_node_uuids": None,
         "repeat": 0, "interruptible": False, "no_locks": True, "dry_run": None, "debug_level": 0, "priority": 0,
         "depends": None, "comment": None, "reason": [["gnt:client:gnt-debug", "delay", 1700000000000000000]]}
TAGS = {"OP_ID": "OP_TAGS_SET", "kind": "instance", "tags": ["a", "b\u00e4"], "name": "inst1.lab.example", "reason": []}
SECRET = {"OP_ID": "OP_INSTANCE_REINSTALL", "instance_name": "inst1.lab.example", "os_type": "noop", "reason": [],
          "osparams_secret": {"password": "very secret"}, "osparams_private": {"key": "quite secret"}}


def delay(**changes):
    return {**DELAY, **changes}


# (method, arguments); "FIRST" stands for the number of the first submitted job, "FIRST+n" for later ones.
CALLS = (
    ("SubmitJob", [[DELAY]]),
    ("SubmitJob", [[delay(priority=-10), TAGS]]),
    ("SubmitJob", [[SECRET]]),
    ("SubmitJob", [[delay(depends=[["FIRST", []]])]]),
    ("SubmitJob", [[delay(depends=[[-1, ["success"]]])]]),
    ("SubmitManyJobs", [[[DELAY], [delay(depends=[[-1, []]])], [TAGS, DELAY]]]),
    ("SubmitManyJobs", [[]]),
    ("SubmitJob", [[{"OP_ID": "OP_BOGUS"}]]),
    ("SubmitJob", [[{"OP_ID": "OP_TEST_DELAY", "reason": []}]]),
    ("SubmitJob", [[delay(bogus=1)]]),
    ("SubmitJob", ["x"]),
    ("SubmitManyJobs", [[[DELAY], [{"OP_ID": "OP_BOGUS"}]]]),
    ("SubmitManyJobs", [[DELAY]]),
    ("ChangeJobPriority", ["FIRST", 10]),
    ("ChangeJobPriority", ["FIRST+1", -20]),
    ("ChangeJobPriority", [999999, 0]),
    ("CancelJob", ["FIRST+1", False]),
    ("CancelJob", ["FIRST+1", False]),
    ("CancelJob", ["FIRST+2", True]),
    ("CancelJob", [999999, False]),
    ("ArchiveJob", ["FIRST"]),
    ("ArchiveJob", [999999]),
    ("PickupJob", ["FIRST"]),
    ("SetDrainFlag", [True]),
    ("QueryConfigValues", [["drain_flag"]]),
    ("SubmitJob", [[DELAY]]),
    ("SubmitManyJobs", [[[DELAY]]]),
    ("SubmitJobToDrainedQueue", [[DELAY]]),
    ("SetDrainFlag", [False]),
    ("QueryConfigValues", [["drain_flag"]]),
    ("WaitForJobChange", ["FIRST", ["status", "priority"], None, None, 1]),
    ("WaitForJobChange", ["FIRST+2", ["status"], ["queued"], None, 1]),
    ("WaitForJobChange", [999999, ["status"], None, None, 1]),
    ("QueryJobs", [["FIRST", "FIRST+2", "FIRST+3"], ["id", "status", "ops", "opresult", "opstatus", "priority", "summary",
                                                     "opPriority", "received_ts"]]),
    ("AutoArchiveJobs", [100000, 10]),
)
# Texts for people: what is left of them is whether there is one.
FREE_TEXTS = ("CancelJob", "ChangeJobPriority", "PickupJob", "SubmitJob", "SubmitManyJobs", "WaitForJobChange")
TIME_PAIR = re.compile(r"\[1[0-9]{9},[0-9]{1,6}\]")
TIME_NS = re.compile(r"\b1[0-9]{18}\b")


def fill(value, first):
    if isinstance(value, str) and value.startswith("FIRST"):
        return first + int(value[len("FIRST"):] or 0)
    if isinstance(value, list):
        return [fill(item, first) for item in value]
    if isinstance(value, dict):
        return {key: fill(item, first) for key, item in value.items()}
    return value


def blank_times(text):
    return TIME_NS.sub("NANOSECONDS", TIME_PAIR.sub("[SECONDS,MICROSECONDS]", text))


def blank_texts(value):
    if isinstance(value, str):
        return "TEXT"
    if isinstance(value, list):
        return [blank_texts(item) for item in value]
    return value


def call(socket, method, args):
    connection = luxi_wire.Connection(socket)
    try:
        connection.send(luxi_wire.encode(method, args) + luxi_wire.END)
        reply = json.loads(connection.receive())
    except luxi_wire.Closed:
        return "closed"
    finally:
        connection.close()
    if method in FREE_TEXTS and not (method == "SubmitJob" and reply["success"]):
        result = reply["result"]
        # [class, [texts]]: the class counts.
        if not reply["success"] and isinstance(result, list):
            reply["result"] = [result[0], blank_texts(result[1])]
        else:
            reply["result"] = blank_texts(result)
    return json.loads(blank_times(json.dumps(reply, separators=(",", ":"))).replace("[SECONDS,MICROSECONDS]", '"TIME"')
                      .replace("NANOSECONDS", '"TIME"'))


def queue_files(master):
    files = {}
    queue = master.data("queue")
    for folder, _, names in os.walk(queue):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, encoding="utf-8") as text:
                files[os.path.relpath(path, queue)] = blank_times(text.read())
    files.pop("lock", None)
    return files


def prepare(source, target):
    shutil.copytree(source, target)
    path = os.path.join(target, "config.data")
    with open(path, encoding="utf-8") as text:
        config = json.load(text)
    config["filters"] = {HOLD: {"watermark": 0, "priority": 0, "predicates": [], "action": "PAUSE", "reason_trail": [],
                                "uuid": HOLD}}
    with open(path, "w", encoding="utf-8") as out:
        json.dump(config, out)


def record(program, data, where):
    master = virtual.Master(os.path.join(where, "root"), data)
    with open(master.data("queue", "serial"), encoding="ascii") as serial:
        first = int(serial.read()) + 1
    master.start(program)
    try:
        answers = [call(master.socket, method, fill(args, first)) for method, args in CALLS]
        return answers, queue_files(master)
    finally:
        master.stop()


def differences(ours, theirs):
    for number, ((method, args), own, other) in enumerate(zip(CALLS, ours[0], theirs[0])):
        if own != other:
            yield "call %d, %s %s:\n    ours       %s\n    reference  %s" % (
                number, method, json.dumps(args)[:200], json.dumps(own)[:1500], json.dumps(other)[:1500])
    for name in sorted(set(ours[1]) | set(theirs[1])):
        own, other = ours[1].get(name), theirs[1].get(name)
        if own != other:
            yield "file %s:\n    ours       %s\n    reference  %s" % (name, own, other)


def compare(program, out):
    with tempfile.TemporaryDirectory() as where:
        data = os.path.join(where, "data")
        prepare(os.path.join(cluster.QA, "data", "cluster-3.0.2"), data)
        theirs = record(virtual.REFERENCE_LUXID, data, where)
        ours = record(program, data, where)
    found = list(differences(ours, theirs))
    with open(os.path.join(out, "queue.txt"), "w", encoding="utf-8") as report:
        report.write("\n".join(found) + "\n")
    return found, len(CALLS) + len(ours[1])


def run(_build, out):
    found, n = compare(cluster.staged_program("ganeti-luxid"), out)
    for text in found:
        print("FAILED queue: " + text)
    print("%-60s %d passed, %d failed" % ("queue: answers and files", n - len(found), len(found)), flush=True)
    return [(n - len(found), len(found))]
