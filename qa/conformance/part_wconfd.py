"""Our configuration daemon and the reference's, each alone in a virtual cluster, told the same; needs no lab."""

import os
import subprocess

import cluster

NEEDS = ("ganeti-wconfd",)
REFERENCE = "/usr/sbin/ganeti-wconfd"


def run(_build, out):
    command = [os.path.join(cluster.HERE, "wconfd-compare"), REFERENCE, cluster.staged_program("ganeti-wconfd"),
               os.path.join(out, "wconfd.txt")]
    bad = subprocess.run(command, check=False).returncode
    yield (0, 1) if bad else (1, 0)
