"""Our luxid in the place of the reference's in a living cluster, and back."""

import contextlib
import hashlib
import json
import os
import time

import cluster
import luxi_compare
import luxi_wire

NEEDS = ("ganeti-luxid",)
CONFIG = "var/lib/ganeti/config.data"
# Values of the RAPI that change by themselves, or tell whose program it is.
RAPI_VARYING = ("mfree", "mnode", "dfree", "cnos", "vcs_version")
JOB_LIMIT = "60"


def digest():
    with open(cluster.path(CONFIG), "rb") as stream:
        return hashlib.sha256(stream.read()).hexdigest()


def rapi_differences(own_row, row):
    differ = luxi_compare.Differ()
    differ.values("code", own_row["code"], row["code"])
    ours, theirs = json.loads(own_row["body"]), json.loads(row["body"])
    if row["code"] != 200:  # texts of errors are each project's own
        ours, theirs = ours.get("code"), theirs.get("code")
    differ.values("body", without_varying(ours), without_varying(theirs))
    return differ.found


def without_varying(value):
    if isinstance(value, dict):
        return {key: type(item).__name__ if key in RAPI_VARYING else without_varying(item)
                for key, item in value.items() if key != "doc"}
    if isinstance(value, list):
        return [without_varying(item) for item in value]
    return value


def rapi(out):
    """The reference's RAPI daemon on either luxid; yields (name, what is wrong or None)."""
    rows = {}
    for server in ("reference", "ours"):
        cluster.serve(ours=server == "ours")
        recording = os.path.join(out, "rapi-on-%s.json" % server)
        cluster.record(("rapi-record",), recording)
        with open(recording, encoding="ascii") as stream:
            rows[server] = [json.loads(line) for line in stream]
    for own_row, row in zip(rows["ours"], rows["reference"]):
        found = rapi_differences(own_row, row)
        yield "rapi " + row["name"], "; ".join(found[:3]) or None


def second_daemon():
    """A second luxid must give up, and leave the first alone."""
    pid = cluster.luxid_pid()
    code = cluster.exit_code_on("node1", *cluster.AS_DAEMON, cluster.program("ganeti-luxid"))
    luxi_wire.ask(cluster.path(cluster.SOCKET), "QueryClusterInfo")
    if code == 0:
        return "a second one starts"
    return None if cluster.luxid_pid() == pid else "the first one's pid file has changed"


def not_master():
    """On a node that is not master, luxid ends with the reference's exit code."""
    codes = [cluster.exit_code_on(cluster.OTHER, *cluster.AS_DAEMON, program)
             for program in (cluster.program("ganeti-luxid"), "/usr/sbin/ganeti-luxid")]
    return None if codes[0] == codes[1] else "exit code %d, reference %d" % tuple(codes)


def level_file():
    """Without the variable, the file says which release a daemon acts like."""
    cluster.on_master("sh", "-c", "echo 3.0 >/etc/ganeti/gantry-level")
    level = os.environ.pop("GANTRY_LEVEL", None)
    try:
        info = cluster.serve(ours=True)
    finally:
        if level is not None:
            os.environ["GANTRY_LEVEL"] = level
        cluster.on_master("rm", "/etc/ganeti/gantry-level")
    return None if info["protocol_version"] == 3000000 else "protocol version %s" % info["protocol_version"]


def killed():
    """After kill -9 the next one starts as if nothing had been."""
    cluster.on_master("kill", "-9", str(cluster.luxid_pid()))
    cluster.serve(ours=True)


def new_tag_at_once():
    """A configuration that is renamed into place is what the next question is answered from."""
    name = cluster.path(CONFIG)
    with open(name, encoding="utf-8") as stream:
        text = stream.read()
    config = json.loads(text)
    config["cluster"]["tags"].append("fresh")
    config["serial_no"] += 1
    try:
        replace(name, json.dumps(config, separators=(",", ":")))
        tags = luxi_wire.ask(cluster.path(cluster.SOCKET), "QueryTags", "cluster", "")
    finally:
        replace(name, text)
    return None if "fresh" in tags else "still answers %s" % tags


def replace(name, text):
    status = os.stat(name)
    with open(name + ".new", "w", encoding="utf-8") as out:
        out.write(text)
    os.chown(name + ".new", status.st_uid, status.st_gid)
    os.chmod(name + ".new", status.st_mode & 0o777)
    os.rename(name + ".new", name)


def broken_file():
    """What is no configuration is not served and not touched; the next good one is served again."""
    name = cluster.path(CONFIG)
    with open(name, encoding="utf-8") as stream:
        text = stream.read()
    broken = text[:len(text) // 2]
    try:
        replace(name, broken)
        with contextlib.suppress(RuntimeError):  # an error, or the last good one: both keep the data safe
            luxi_wire.ask(cluster.path(cluster.SOCKET), "QueryTags", "cluster", "")
        with open(name, encoding="utf-8") as stream:
            if stream.read() != broken:
                return "the file was changed"
    finally:
        replace(name, text)
    luxi_wire.ask(cluster.path(cluster.SOCKET), "QueryTags", "cluster", "")
    return None


def reference_again(before):
    """The reference takes over from us, finds the same, and still works."""
    if digest() != before:
        return "config.data has changed"
    cluster.serve(ours=False)
    queued = [row[0][1] for row in luxi_wire.ask(cluster.path(cluster.SOCKET), "Query", "job", ["id"],
                                                 ["=", "status", "queued"])["data"]]
    if not queued:
        return "the job that was held back is gone"
    cluster.on_master("timeout", JOB_LIMIT, "gnt-debug", "delay", "0.01")
    return None


def run(_build, out):
    before = digest()
    checks = list(rapi(out))
    checks.append(("a second luxid", second_daemon()))
    checks.append(("a node that is not master", not_master()))
    checks.append(("/etc/ganeti/gantry-level", level_file()))
    checks.append(("kill -9", killed()))
    checks.append(("a changed configuration", new_tag_at_once()))
    checks.append(("a broken configuration", broken_file()))
    started = time.monotonic()
    checks.append(("back to the reference", reference_again(before)))
    for name, wrong in checks:
        if wrong:
            print("FAILED swap: %s: %s" % (name, wrong))
    failed = sum(1 for _, wrong in checks if wrong)
    print("%-60s %d passed, %d failed (back in %.1f s)" % ("swap: our luxid in a living cluster", len(checks) - failed,
                                                          failed, time.monotonic() - started))
    yield len(checks) - failed, failed
