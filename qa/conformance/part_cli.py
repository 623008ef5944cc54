"""The table of commands through {our CLI, the reference's} x {our luxid, the reference's}."""

import os

import cluster

NEEDS = ("ganeti-luxid", "gnt-node", "gnt-instance", "gnt-cluster")


def run(_build, out):
    table = os.path.join(cluster.TOOLS, "cli_cases.txt")
    names = {}
    for server in ("reference", "ours"):
        cluster.serve(ours=server == "ours")
        for client in ("reference", "ours"):
            names[client, server] = os.path.join(out, "cli-%s-on-%s.json" % (client, server))
            programs = (os.path.dirname(cluster.program("gnt-node")),) if client == "ours" else ()
            cluster.record(("cli-record", table), names[client, server], *programs)
    cluster.serve(ours=False)
    for (client, server), recording in names.items():
        if (client, server) != ("reference", "reference"):
            title = "commands: CLI %s, luxid %s" % (client, server)
            yield cluster.compare("cli-compare", title, recording, names["reference", "reference"],
                                  recording.replace(".json", ".txt"))
