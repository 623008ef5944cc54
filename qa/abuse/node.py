"""Our node daemon on one node of a lab, and questions to it from inside."""

import http.client
import json
import os
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
LAB = os.path.join(os.path.dirname(HERE), "lab", "lab")
NODED = "/usr/local/sbin/ganeti-noded"
LOG = "/var/log/ganeti/node-daemon.log"
PID_FILE = "/run/ganeti/ganeti-noded.pid"
PORT = 1811
THERE = "/srv/abuse"


def lab(*words, **kwargs):
    return subprocess.run((LAB,) + words, check=True, **kwargs)


def in_lab(build, script, words, extra=()):
    """Starts the lab, brings the build's daemon and this folder there, and runs the script of it inside; its exit code."""
    lab("up", "1", "--until-pid", str(os.getpid()))
    try:
        lab("exec", "node1", "mkdir", "-p", THERE)
        lab("put", "node1", os.path.join(build, "noded/server/ganeti-noded"), NODED)
        lab("put", "node1", HERE, THERE)
        for name, text in extra:
            lab("exec", "node1", "sh", "-c", "cat >" + os.path.join(THERE, name), input=text)
        return subprocess.run((LAB, "exec", "node1", "python3", os.path.join(THERE, script), "--inside") + tuple(words),
                              stdin=subprocess.DEVNULL, check=False).returncode
    finally:
        lab("down")


# --- inside ---------------------------------------------------------------------------------------------------------------

def prepare():
    """A node of a cluster, as far as calls look."""
    for folder in ("/var/lib/ganeti", "/var/log/ganeti", "/run/ganeti"):
        subprocess.run("find %s -mindepth 1 -delete 2>/dev/null; mkdir -p %s" % (folder, folder), shell=True, check=False)
    for folder in ("/var/lib/ganeti/queue/archive", "/var/lib/ganeti/export", "/var/lib/ganeti/rapi", "/var/log/ganeti/os",
                   "/srv/ganeti/file-storage/web1", "/run/ganeti/instance-disks", "/run/ganeti/bdev-cache",
                   "/run/ganeti/instance-reason", "/run/ganeti/crypto", "/run/ganeti/import-export", "/var/lock"):
        os.makedirs(folder, exist_ok=True)
    with open("/etc/ganeti/file-storage-paths", "w", encoding="ascii") as stream:
        stream.write("/srv/ganeti/file-storage\n/srv/ganeti/shared-file-storage\n")
    for name, text in (("cluster_name", "cluster.lab.example"), ("master_node", "node1.lab.example"),
                       ("node_list", "node1.lab.example"), ("online_nodes", "node1.lab.example"), ("ssh_ports", ""),
                       ("master_candidates", "node1.lab.example"), ("primary_ip_family", "2")):
        with open("/var/lib/ganeti/ssconf_" + name, "w", encoding="ascii") as stream:
            stream.write(text + "\n")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj", "/CN=ganeti.example.com",
                    "-keyout", "/var/lib/ganeti/server.pem", "-out", "/tmp/cert.pem"], stderr=subprocess.DEVNULL, check=True)
    with open("/tmp/cert.pem", "rb") as cert, open("/var/lib/ganeti/server.pem", "ab") as both:
        both.write(cert.read())


class Daemon:
    """The daemon in the foreground, a child of this process."""

    def __init__(self, **environment):
        self.environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1",
                            "UBSAN_OPTIONS": "halt_on_error=1:abort_on_error=1:print_stacktrace=1", **environment}
        self.process = None
        self.start()

    def start(self):
        with open("/tmp/noded.out", "ab") as out:
            self.process = subprocess.Popen([NODED, "-f", "--no-ssl", "-b", "127.0.0.1"], stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=out, env=self.environment)
        limit = time.monotonic() + 20
        while True:
            try:
                self.ask("version", b"[]")
                return
            except OSError:
                if time.monotonic() > limit or self.process.poll() is not None:
                    raise SystemExit("the daemon does not start; see /tmp/noded.out of the node") from None
                time.sleep(0.02)

    def ask(self, call, body, timeout=60):
        """(HTTP status, body of the answer)"""
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=timeout)
        try:
            connection.request("POST", "/" + call, body)
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    def processes(self):
        """Numbers of the daemon and all that it started."""
        found = [self.process.pid]
        for pid in found:
            try:
                with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as stream:
                    found += [int(word) for word in stream.read().split()]
            except OSError:
                pass
        return found

    def kill(self):
        """kill -9 of the daemon and its workers, not of what those started."""
        for pid in self.processes():
            try:
                if os.readlink("/proc/%d/exe" % pid) == NODED:
                    os.kill(pid, 9)
            except OSError:
                pass
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


def peak(pid):
    """Most memory that the process had, MiB; 0 if it is gone."""
    try:
        with open("/proc/%d/status" % pid, encoding="ascii") as stream:
            return int(stream.read().split("VmHWM:")[1].split()[0]) // 1024
    except (OSError, IndexError):
        return 0


def log_since(offset):
    with open(LOG, "rb") as stream:
        stream.seek(offset)
        return stream.read().decode(errors="replace")


def log_size():
    return os.path.getsize(LOG)


def dump(value):
    return json.dumps(value).encode()
