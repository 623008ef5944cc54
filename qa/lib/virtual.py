"""A master alone, in the reference's virtual-cluster mode: a directory stands for the file system, nothing else of the
machine is used.  Good for everything that needs a configuration and a luxid, but no nodes."""

import os
import shutil
import signal
import subprocess
import time

import luxi_wire

HOST = "node1.lab.example"
REFERENCE_LUXID = "/usr/sbin/ganeti-luxid"
REFERENCE_WCONFD = "/usr/sbin/ganeti-wconfd"
# (socket, a question that any of them answers)
LUXID = ("ganeti-query", ("QueryConfigValues", ["cluster_name"]))
WCONFD = ("ganeti-wconfd", ("echo", "x"))
DIRECTORIES = ("var/lib/ganeti/queue/archive", "var/run/ganeti/socket", "var/run/ganeti/livelocks", "var/log/ganeti",
               "var/lock", "etc/ganeti")
START_LIMIT = 60


class Master:
    def __init__(self, directory, data):
        """data: a directory whose files become /var/lib/ganeti."""
        self.root = os.path.join(os.path.abspath(directory), HOST)
        self._daemon = None
        self._socket_name = LUXID[0]
        shutil.rmtree(self.root, ignore_errors=True)
        for name in DIRECTORIES:
            os.makedirs(os.path.join(self.root, name))
        shutil.copytree(data, self.data(), dirs_exist_ok=True)
        for name, text in (("serial", "0\n"), ("version", "1\n")):
            if not os.path.exists(self.data("queue", name)):
                with open(self.data("queue", name), "w", encoding="ascii") as out:
                    out.write(text)

    def data(self, *parts):
        return os.path.join(self.root, "var/lib/ganeti", *parts)

    @property
    def socket(self):
        """Of the daemon that was started last."""
        return os.path.join(self.root, "var/run/ganeti/socket", self._socket_name)

    @property
    def pid(self):
        return self._daemon.pid

    def environment(self):
        return {**os.environ, "GANETI_ROOTDIR": self.root, "GANETI_HOSTNAME": HOST, "GANTRY_LEVEL": "3.0"}

    def start(self, program, kind=LUXID):
        """Starts a daemon in the foreground mode and waits for its first answer; returns the seconds it took."""
        self._socket_name, question = kind
        with open(os.path.join(self.root, "daemon.out"), "wb") as log:
            started = time.monotonic()
            self._daemon = subprocess.Popen([program, "-f", "--no-user-checks", "--no-voting", "--yes-do-it"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment())
        while True:
            try:
                luxi_wire.ask(self.socket, *question)
                return time.monotonic() - started
            except RuntimeError:  # it answers: with an error
                return time.monotonic() - started
            except (OSError, luxi_wire.Closed):
                if self._daemon.poll() is not None or time.monotonic() > started + START_LIMIT:
                    with open(os.path.join(self.root, "daemon.out"), encoding="utf-8", errors="replace") as log:
                        raise RuntimeError("%s does not serve: %s" % (program, log.read()[-1500:])) from None
                time.sleep(0.002)

    def stop(self):
        if self._daemon is None:
            return
        self._daemon.send_signal(signal.SIGTERM)
        try:
            self._daemon.wait(10)
        except subprocess.TimeoutExpired:
            self._daemon.kill()
            self._daemon.wait()
        self._daemon = None
        if os.path.exists(self.socket):
            os.unlink(self.socket)
