"""The reference's wconfd alone, in virtual-cluster mode."""

import fcntl
import os
import re

import luxi_wire
import virtual

NODE_ADDRESS = re.compile(r'("(?:primary|secondary)_ip": *")\d+\.\d+\.(?=\d+\.\d+")')


def nowhere(text):
    """The configuration with addresses where nobody listens: wconfd distributes what it writes."""
    return NODE_ADDRESS.sub(r"\g<1>127.77.", text)


class Wconfd:
    """A client of it, too, which takes the configuration's lock as jobs do."""

    def __init__(self, where, data):
        """data: as for virtual.Master."""
        self.master = virtual.Master(where, data)
        self._livelock = os.path.join(self.master.root, "var/run/ganeti/livelocks/qa")
        self._client = ["qa", self._livelock, os.getpid()]

    def start(self, text):
        with open(self.master.data("config.data"), "w", encoding="utf-8") as out:
            out.write(text)
        self.master.start(virtual.REFERENCE_WCONFD, virtual.WCONFD)

    def refuses(self, text):
        """Whether it does not start with this; else it runs."""
        try:
            self.start(text)
        except RuntimeError as err:
            if "does not serve" not in str(err):
                raise
            self.master.stop()
            return True
        return False

    def write(self, change=lambda config: None):
        """One change, as a job makes it: the whole configuration is read and written under its lock."""
        with open(self._livelock, "w", encoding="ascii") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX)
            config = luxi_wire.ask(self.master.socket, "lockConfig", self._client, False)
            change(config)
            luxi_wire.ask(self.master.socket, "writeConfigAndUnlock", self._client, config)

    def written_again(self, text):
        """What it makes of the text when a client reads the configuration and writes it unchanged."""
        self.start(text)
        try:
            self.write()
            luxi_wire.ask(self.master.socket, "flushConfig")
        finally:
            self.master.stop()
        with open(self.master.data("config.data"), encoding="utf-8") as stream:
            return stream.read()
