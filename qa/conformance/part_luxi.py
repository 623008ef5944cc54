"""Our luxid and the reference's, asked the same: in the cluster as it is, and with a node offline and another whose
node daemon is stopped."""

import os

import cluster

NEEDS = ("ganeti-luxid",)
# What can change when nodes do not answer.
LIVE_RESOURCES = ("node", "instance", "export", "QueryNodes", "QueryInstances", "QueryExports")


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


def run(_build, out):
    try:
        yield both(out, "healthy")
        yield unwell(out)
    finally:
        cluster.serve(ours=False)
