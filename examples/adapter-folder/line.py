"""A line to the daemon: as much of NATS' text protocol as an adapter needs, by Python's standard library alone.
https://docs.nats.io/reference/reference-protocols/nats-protocol. Any NATS client does as well."""
import json, os, secrets, socket, ssl, urllib.parse

class Line:
    def __init__(self, url, name, ca=None):
        at = urllib.parse.urlsplit(url)
        self.name, self.process, self.rest, self.orders = name, secrets.token_hex(8), b"", []
        self.prefix = "adapter.main." + name.replace("/", "-") + "."
        self.sock = socket.create_connection((at.hostname, at.port or 4222), 10)
        self.until(b"\r\n")  # INFO
        if at.scheme == "tls":
            self.sock = ssl.create_default_context(cafile=ca).wrap_socket(self.sock, server_hostname=at.hostname)
        login = {"user": name, "pass": os.environ["STAGECOACH_ADAPTER_SECRET"], "verbose": False, "lang": "python", "version": "1"}
        self.send(f"CONNECT {json.dumps(login)}\r\nSUB {self.prefix}reply.* 1\r\nSUB {self.prefix}outbox.order.{self.process} 2\r\n".encode())

    def send(self, data):
        self.sock.settimeout(30)
        self.sock.sendall(data)

    def until(self, end=None, size=0):
        while len(self.rest) < size or end and end not in self.rest:
            more = self.sock.recv(65536)
            if not more:
                raise ConnectionError("the daemon closed the connection")
            self.rest += more
        size = self.rest.index(end) + len(end) if end else size
        out, self.rest = self.rest[:size], self.rest[size:]
        return out

    def publish(self, subject, reply="", **fields):
        data = json.dumps({"schema": 1, **fields}).encode()
        self.send(f"PUB {subject} {reply} {len(data)}\r\n".encode() + data + b"\r\n")

    def read(self, wait):
        """The next message: its subject, where to answer it, what it says. None after so many seconds without one."""
        while True:
            self.sock.settimeout(wait)
            try:
                word = self.until(b"\r\n").decode().split()
            except socket.timeout:
                return None
            self.sock.settimeout(30)
            if word[0] == "PING":
                self.send(b"PONG\r\n")
            elif word[0] == "-ERR":
                raise ConnectionError(" ".join(word))
            elif word[0] == "MSG":
                try:
                    return word[1], word[3] if len(word) > 4 else "", json.loads(self.until(size=int(word[-1]) + 2))
                except socket.timeout:
                    raise ConnectionError("the daemon stopped in the middle of a message")

    def request(self, verb, **fields):
        """Asks the daemon and gives its answer; orders that come in between are kept."""
        mine = self.prefix + "reply." + secrets.token_hex(8)
        self.publish(self.prefix + verb, mine, process=self.process, **fields)
        while True:
            message = self.read(60)
            if message is None:
                raise ConnectionError("the daemon doesn't answer")
            if message[0] == mine:
                return message[2]
            self.orders.append(message)

    def order(self, wait):
        """The next order, where to answer it and what it says, or None."""
        message = self.orders.pop(0) if self.orders else self.read(wait)
        return message and message[1:]
