"""LUXI as bytes on a socket, so that malformed requests can be sent too."""

import json
import socket

END = b"\3"
TIMEOUT = 30


class Closed(Exception):
    """The server closed the connection; holds what came before."""


class Connection:
    def __init__(self, path):
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._sock.settimeout(TIMEOUT)
        self._sock.connect(path)
        self._buffer = b""

    def close(self):
        self._sock.close()

    def send(self, data):
        self._sock.sendall(data)

    def end_sending(self):
        self._sock.shutdown(socket.SHUT_WR)

    def receive(self):
        """One message without its end mark."""
        while END not in self._buffer:
            try:
                data = self._sock.recv(1 << 20)
            except ConnectionResetError:
                data = b""
            if not data:
                raise Closed(self._buffer)
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(END)
        return message


def encode(method, args, version=None):
    request = {"method": method, "args": args}
    if version is not None:
        request["version"] = version
    return json.dumps(request).encode()


def ask(path, method, *args):
    """One call on a connection of its own; the result, or an exception."""
    connection = Connection(path)
    try:
        connection.send(encode(method, list(args)) + END)
        reply = json.loads(connection.receive())
    finally:
        connection.close()
    if not reply["success"]:
        raise RuntimeError("%s: %s" % (method, reply["result"]))
    return reply["result"]
