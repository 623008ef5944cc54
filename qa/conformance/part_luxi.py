"""Our luxid and the reference's, asked the same: in the cluster as it is, and with a node offline and another whose
node daemon is stopped."""

import os
import subprocess
import tempfile

import cluster
import virtual

NEEDS = ("ganeti-luxid",)
# What can change when nodes do not answer.
LIVE_RESOURCES = ("node", "instance", "export", "QueryNodes", "QueryInstances", "QueryExports")
# What the synthetic configuration adds to.
SYNTHETIC = ("node", "instance", "group", "network", "QueryNodes", "QueryInstances", "QueryGroups", "QueryNetworks")


def both(out, label, *only):
    theirs, ours = (os.path.join(out, "luxi-%s-%s.json" % (label, who)) for who in ("reference", "ours"))
    cluster.serve(ours=False)
    cluster.record(("luxi-record", "/" + cluster.SOCKET), theirs, *only)
    cluster.serve(ours=True)
    cluster.record(("luxi-record", "/" + cluster.SOCKET), ours, "--cases", "/tmp/" + os.path.basename(theirs))
    return cluster.compare("luxi-compare", "luxi: " + label, ours, theirs, os.path.join(out, "luxi-%s.txt" % label))


def unwell(out):
    """A job sets the node offline, so the reference must be running for it, and again to take it back."""
    cluster.serve(ours=False)
    cluster.on_master("gnt-node", "modify", "--force", "--offline=yes", "node3")
    cluster.on_node("node2", "/usr/lib/ganeti/daemon-util", "stop", "ganeti-noded")
    try:
        return both(out, "unwell", "--only", ",".join(LIVE_RESOURCES))
    finally:
        cluster.on_node("node2", "/usr/lib/ganeti/daemon-util", "start", "ganeti-noded")
        cluster.serve(ours=False)
        cluster.on_master("gnt-node", "modify", "--force", "--offline=no", "node3")


def synthetic(out):
    """A configuration with every disk template and no node that answers; needs no lab."""
    recordings = [os.path.join(out, "luxi-synthetic-%s.json" % who) for who in ("reference", "ours")]
    recorder = os.path.join(cluster.HERE, "luxi-record")
    with tempfile.TemporaryDirectory() as where:
        data = os.path.join(where, "data")
        subprocess.run([os.path.join(cluster.QA, "bench", "make-config"), "12", "40", data], check=True)
        for recording, program in zip(recordings, (virtual.REFERENCE_LUXID, cluster.staged_program("ganeti-luxid"))):
            master = virtual.Master(os.path.join(where, "root"), data)
            master.start(program)
            try:
                more = [] if recording is recordings[0] else ["--cases", recordings[0]]
                subprocess.run([recorder, master.socket, recording, *more, "--only", ",".join(SYNTHETIC)], check=True)
            finally:
                master.stop()
    return cluster.compare("luxi-compare", "luxi: synthetic, all disk templates", recordings[1], recordings[0],
                           os.path.join(out, "luxi-synthetic.txt"))


def run(_build, out):
    try:
        yield synthetic(out)
        yield both(out, "healthy")
        yield unwell(out)
    finally:
        cluster.serve(ours=False)
