"""The conformance cluster as the scripts here see it: a lab whose master can be served by the reference's luxid or by
ours, on the same /var/lib/ganeti."""

import os
import shutil
import subprocess
import time

import luxi_wire

HERE = os.path.dirname(os.path.abspath(__file__))
QA = os.path.dirname(HERE)
LAB_TOOLS = os.path.join(QA, "lab")
LAB = os.path.join(LAB_TOOLS, "lab")
MASTER = "node1"
# A node that is not master.
OTHER = "node2"
NODES = (MASTER, OTHER, "node3")
# Where the scripts that run on the master are put there.
TOOLS = "/usr/local/lib/gantry-qa/conformance"
OUR_TREE = "/usr/lib/ganeti/3.1-gantry"
OUR_PROGRAMS = OUR_TREE + "/usr/sbin"
# As daemon-util starts luxid, but without a look whether one runs.
AS_DAEMON = ("start-stop-daemon", "--start", "--quiet", "--pidfile", "/run/no.pid", "--chuid",
              "gnt-masterd:gnt-luxid", "--startas")
# Ends whichever node daemon runs, by its pid file, and waits for it.
STOP_NODED = """p=$(cat /run/ganeti/ganeti-noded.pid) || exit 0; kill $p 2>/dev/null; n=0
while kill -0 $p 2>/dev/null; do n=$((n+1)); [ $n -lt 300 ] || { kill -9 $p; exit 1; }; sleep 0.1; done"""
SOCKET = "run/ganeti/socket/ganeti-query"
START_LIMIT = 30


# Set by `run --self-test`: "ours" is the reference then, and whatever differs is a fault of the comparison.
SELF_TEST = False


# Where stage() has put our programs on this machine.
STAGED = ""


class Failed(Exception):
    """A step that the comparison needs did not work."""


def lab(*words):
    subprocess.run((LAB,) + words, check=True)


def ensure():
    """Uses the lab that runs in LAB_DIR, or makes one that ends with this process."""
    if subprocess.run((LAB, "status"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode:
        subprocess.run((os.path.join(LAB_TOOLS, "cluster-reference"), "--until-pid", str(os.getpid())), check=True)
    for name in ("conformance", "lib"):
        there = os.path.join(os.path.dirname(TOOLS), name)
        lab("exec", MASTER, "mkdir", "-p", there)
        lab("put", MASTER, os.path.join(QA, name), there)


def on_master(*argv, check=True):
    """Runs a command on the master; its output as text."""
    done = subprocess.run((LAB, "exec", MASTER) + argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    text = done.stdout.decode(errors="replace")
    if check and done.returncode:
        raise Failed("%s: exit code %d: %s" % (" ".join(argv), done.returncode, text.strip()[-2000:]))
    return text


def exit_code_on(node, *argv):
    return subprocess.run((LAB, "exec", node) + argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode


def on_node(node, *argv):
    subprocess.run((LAB, "exec", node) + argv, stdin=subprocess.DEVNULL, check=True)


def root():
    return subprocess.run((LAB, "root", MASTER), stdout=subprocess.PIPE, check=True).stdout.decode().strip()


def program(name):
    """Our program of this name on the master."""
    return os.path.join("/usr/sbin" if SELF_TEST else OUR_PROGRAMS, name)


def staged_program(name):
    """The same on this machine."""
    return os.path.join("/usr/sbin", name) if SELF_TEST else STAGED + os.path.join(OUR_PROGRAMS, name)


def path(name):
    """A file of the master, as this machine sees it."""
    return os.path.join(root(), name.lstrip("/"))


def stage(build):
    """The directory that holds what `make install` of a build directory makes."""
    global STAGED  # pylint: disable=global-statement
    target = STAGED = os.path.join(build, "conformance", "installed")
    shutil.rmtree(target, ignore_errors=True)
    done = subprocess.run(["make", "-s", "-C", build, "install", "DESTDIR=" + target], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise Failed("make install: %s" % done.stdout.decode(errors="replace")[-2000:])
    return target


def install(staged):
    """Puts the trees of a build beside the reference on the nodes; the links stay the reference's.  Our programs speak
    as 3.0 there, which is what they are compared with (the variable reaches the nodes through lab exec)."""
    for node in NODES:
        for tree in (OUR_TREE, OUR_TREE.replace("/lib/", "/share/")):
            if os.path.isdir(staged + tree):
                on_node(node, "mkdir", "-p", tree)
                lab("put", node, staged + tree, tree)
    os.environ["GANTRY_LEVEL"] = "3.0"


def wait_for_luxid():
    deadline = time.monotonic() + START_LIMIT
    while True:
        try:
            return luxi_wire.ask(path(SOCKET), "QueryClusterInfo")
        except (OSError, luxi_wire.Closed, ValueError) as err:
            if time.monotonic() > deadline:
                raise Failed("luxid does not answer: %s" % err) from err
            time.sleep(0.02)


def serve(ours):
    """Lets our luxid or the reference's serve the cluster, freshly started."""
    stop_luxid()
    if ours:
        on_master(*AS_DAEMON, program("ganeti-luxid"), "--", "--no-voting", "--yes-do-it")
    else:
        on_master("/usr/lib/ganeti/daemon-util", "start", "ganeti-luxid")
    return wait_for_luxid()


def serve_node(node, ours):
    """Lets our node daemon or the reference's serve a node."""
    on_node(node, "sh", "-c", STOP_NODED)
    on_node(node, program("ganeti-noded") if ours else "/usr/sbin/ganeti-noded")


def luxid_pid():
    try:
        with open(path("run/ganeti/ganeti-luxid.pid"), encoding="ascii") as stream:
            return int(stream.read())
    except (FileNotFoundError, ValueError):
        return None


def stop_luxid():
    """Ends whichever luxid runs, by its pid file, and waits for it."""
    number = luxid_pid()
    if number is None:
        return
    on_master("sh", "-c", "kill $1 2>/dev/null; n=0; while kill -0 $1 2>/dev/null; do n=$((n+1)); "
              "[ $n -lt 300 ] || { kill -9 $1; exit 1; }; sleep 0.1; done; rm -f /run/ganeti/ganeti-luxid.pid", "stop", str(number))


def record(tool, out, *args):
    """Runs a recorder on the master; leaves its recording at `out` on this machine."""
    there = "/tmp/" + os.path.basename(out)
    on_master(os.path.join(TOOLS, tool[0]), *tool[1:], there, *args)
    with open(path(there), "rb") as source, open(out, "wb") as target:
        target.write(source.read())


def compare(tool, title, ours, theirs, report):
    """Runs a comparer; its report goes to a file; returns (passed, failed)."""
    done = subprocess.run([os.path.join(HERE, tool), ours, theirs], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    text = done.stdout.decode(errors="replace")
    with open(report, "w", encoding="utf-8") as stream:
        stream.write(text)
    words = (text.strip().split("\n") or [""])[-1].replace(",", "").split()
    if len(words) != 4 or words[1] != "passed":
        raise Failed("%s: %s" % (tool, text[-2000:]))
    print("%-60s %s passed, %s failed" % (title, words[0], words[2]), flush=True)
    if words[2] != "0":
        print("    " + "\n    ".join(text.split("\n")[:20]) + "\n    (all: %s)" % report)
    return int(words[0]), int(words[2])
