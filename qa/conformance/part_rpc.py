"""Our node daemon in the place of the reference's on one node of a living cluster, asked the same."""

import os

import cluster

NEEDS = ("ganeti-noded",)
ADDRESS = "192.0.2.2"
PREPARE = r"""set -e
rm -rf /srv/ganeti/file-storage/conformance
mkdir -p /var/lib/ganeti/export/conformance /etc/ganeti/hooks/conformance-post.d
printf '[export]\nVersion = 0\nos=noop\n[instance]\nname = web1\nnic0_mac : aa\n' >/var/lib/ganeti/export/conformance/config.ini
cd /etc/ganeti/hooks/conformance-post.d
printf '#!/bin/sh\nenv | grep -v -e ^PWD -e ^SHLVL -e ^_ | sort\necho "\t\303\251 error" >&2\n' >10-hook
chmod 755 10-hook
cp 10-hook not.a.hook
"""


def run(_build, out):
    theirs, ours = (os.path.join(out, "rpc-%s.json" % who) for who in ("reference", "ours"))
    name = cluster.OTHER + ".lab.example"
    try:
        for recording in (theirs, ours):
            cluster.serve_node(cluster.OTHER, ours=recording == ours)
            cluster.on_node(cluster.OTHER, "sh", "-c", PREPARE)
            cluster.record(("rpc-record",), recording, name, ADDRESS)
        yield cluster.compare("rpc-compare", "node calls", ours, theirs, os.path.join(out, "rpc.txt"))
        yield jobs()
    finally:
        cluster.serve_node(cluster.OTHER, ours=False)


def jobs():
    """Jobs of the reference's master that reach the node."""
    commands = (("gnt-node", "list"), ("gnt-cluster", "redist-conf"), ("gnt-debug", "delay", "-n", cluster.OTHER, "0.1"))
    failed = 0
    for command in commands:
        try:
            cluster.on_master(*command)
        except cluster.Failed as err:
            failed += 1
            print("    %s" % err)
    print("%-60s %d passed, %d failed" % ("jobs on a node with our node daemon", len(commands) - failed, failed), flush=True)
    return len(commands) - failed, failed
