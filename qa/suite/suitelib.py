"""A lab for the reference's suite and burnin, with our node daemon or without."""

import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
LAB = os.path.join(TOP, "qa", "lab", "lab")
NODES = ("node1", "node2", "node3")
DRIVER = "node4"
REFERENCE = "3.0"
# The root of the machine below may have seen another cluster. The RAPI daemon of Debian listens on loopback only.
PREPARE = """set -e
for dir in /var/lib/ganeti /var/log/ganeti /var/run/ganeti /var/cache/ganeti; do
    [ ! -d $dir ] || find $dir -mindepth 1 -delete
done
mkdir -p /srv/ganeti/file-storage /srv/ganeti/export /var/log/ganeti/extstorage
printf '/srv/ganeti/file-storage\\n/srv/ganeti/shared-file-storage\\n' >/etc/ganeti/file-storage-paths
sed -i 's/^RAPI_ARGS=.*/RAPI_ARGS=/' /etc/default/ganeti
echo '%(net)s.99 cluster2.lab.example' >>/etc/hosts
ip addr add 198.51.100.%(index)d/24 dev br0
"""


class Failed(Exception):
    """The lab could not do what was asked."""


def lab(*words, **kwargs):
    done = subprocess.run((LAB,) + words, stdin=kwargs.pop("stdin", subprocess.DEVNULL), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, **kwargs)
    if done.returncode:
        raise Failed("%s: exit code %d: %s" % (" ".join(words), done.returncode, done.stdout.decode(errors="replace")[-1500:]))
    return done.stdout.decode(errors="replace").strip()


def on(node, *argv):
    return lab("exec", node, *argv)


def rows_of_layout():
    """FILE and VERSIONED of each program of the node's side."""
    def words(path):
        with open(path, encoding="utf-8") as stream:
            return [line.split() for line in stream if line.strip() and not line.startswith("#")]

    wanted = {row[0] for row in words(os.path.join(HERE, "node-side"))}
    return [(file, versioned) for public, versioned, file in words(os.path.join(TOP, "autotools-files", "layout.txt"))
            if public in wanted]


def make_layer(build, target):
    """A tree with the build's programs of a node where Debian has the reference's of 3.0."""
    staged = os.path.join(target, "staged")
    layer = os.path.join(target, "layer")
    subprocess.run(["make", "-s", "-C", build, "install", "DESTDIR=" + staged], stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, check=True)
    (ours,) = [name for name in os.listdir(os.path.join(staged, "usr/lib/ganeti")) if name.startswith("3.")]
    places = {"lib": "usr/lib/ganeti/%s", "share": "usr/share/ganeti/%s"}
    for file, versioned in rows_of_layout():
        kind, _, rest = file.partition("/")
        source = os.path.join(staged, places[kind] % ours, rest)
        if not os.path.exists(source):
            continue  # not there in this build
        kind, _, rest = versioned.partition("/")
        path = os.path.join(layer, places[kind] % REFERENCE, rest)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copy(source, path)
        subprocess.run(["strip", path], stderr=subprocess.DEVNULL, check=False)  # scripts stay as they are
    os.makedirs(os.path.join(layer, "etc/ganeti"), exist_ok=True)
    with open(os.path.join(layer, "etc/ganeti/gantry-level"), "w", encoding="ascii") as stream:
        stream.write(REFERENCE + "\n")
    shutil.rmtree(staged)
    return layer


def start(count, layer):
    """A lab of so many machines; the first three are nodes to be."""
    options = [word for node in NODES for word in ("--layer", "%s=%s" % (node, layer))] if layer else []
    lab("up", str(count), *options)
    for index in range(1, count + 1):
        on("node%d" % index, "sh", "-c", PREPARE % {"index": index, "net": os.environ.get("LAB_NET", "192.0.2")})


def stop():
    lab("down")


def logs(out):
    for node in NODES:
        source = os.path.join(lab("root", node), "var/log/ganeti")
        shutil.copytree(source, os.path.join(out, node), dirs_exist_ok=True, symlinks=True)
