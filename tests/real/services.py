# SPDX-License-Identifier: LGPL-2.1-or-later
"""A domstatsd for tests, on private paths beside the QEMUs of a Host, and a plain client of libvirt's RPC.

Service(host, "-c", source) starts it and waits until it says by sd_notify that it is ready. Everything it made
is gone after stop(), or when the test ends.
"""

import os
import signal
import socket
import struct
import subprocess
import threading
import time

from host import COMMAND, PATIENCE_S
from waiting import until

DAEMON = os.environ.get("DOMSTATS_DAEMON", "domstatsd")
REMOTE, KEEPALIVE = 0x20008086, 0x6b656570
AUTH_LIST, OPEN, GET_HOSTNAME, ALL_STATS = 66, 1, 59, 344
CALL, REPLY, MESSAGE = 0, 1, 2


class Service:
    def __init__(self, host, *options, source=None, launcher=(), env=None, handed=False, **popen):
        """@handed: sockets come from @launcher, none is named."""
        self.host = host
        self.folder = host.path(f"service{len(os.listdir(host.folder))}")
        os.mkdir(self.folder)
        self.rpc, self.service, self.metrics = (os.path.join(self.folder, name)
                                                for name in ("libvirt-sock-ro", "domstats.sock", "metrics.sock"))
        named = () if handed else ("--rpc", self.rpc, "--service", self.service, "--metrics", "unix:" + self.metrics)
        self.notes = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notes.bind(os.path.join(self.folder, "notify"))
        self.notes.settimeout(PATIENCE_S)
        self.log = open(os.path.join(self.folder, "log"), "w+", encoding="utf-8")
        self.line = [*launcher, DAEMON, *named, *(("-c", source) if source else ()), *options]
        self.process = subprocess.Popen(
            self.line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.log,
            env={**os.environ, "NOTIFY_SOCKET": os.path.join(self.folder, "notify"), **(env or {})}, **popen)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.notes.close()
        self.log.close()

    def note(self):
        """The next thing that it tells systemd."""
        return self.notes.recv(4096).decode()

    def ready(self):
        """Waits until it serves; gives itself."""
        while True:
            try:
                if "READY=1" in self.note():
                    return self
            except TimeoutError as late:
                raise AssertionError(f"it is not ready: {self.said()}") from late

    def said(self):
        with open(self.log.name, encoding="utf-8") as log:
            return log.read()

    def until_said(self, text):
        return until(f"it says '{text}'", lambda: text in self.said())

    def stop(self, number=signal.SIGTERM):
        """Tells it to end; gives its exit status."""
        self.process.send_signal(number)
        return self.process.wait(timeout=PATIENCE_S)

    def ended(self):
        """Waits until it ends by itself; gives exit status and log."""
        return self.process.wait(timeout=PATIENCE_S), self.said()

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


def string(text):
    raw = text.encode()
    return struct.pack(">I", len(raw)) + raw + b"\0" * (-len(raw) % 4)


class Rpc:
    """One connection that speaks libvirt's RPC, or worse."""

    def __init__(self, path, is_open=True, timeout=PATIENCE_S):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)  # which waits where the queue is full only if it may block
        self.socket.settimeout(timeout)
        self.serial = 0
        if is_open:
            self.call(AUTH_LIST)
            self.call(OPEN, struct.pack(">I", 1) + string("qemu:///system") + struct.pack(">I", 1))

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.socket.close()

    def frame(self, procedure, payload=b"", program=REMOTE, kind=CALL):
        self.serial += 1
        return struct.pack(">IIIiiIi", 28 + len(payload), program, 1, procedure, kind, self.serial, 0) + payload

    def send(self, *arguments, **options):
        self.socket.sendall(self.frame(*arguments, **options))

    def receive(self):
        """The next message: procedure, type, serial, status, payload; None at the end."""
        head = self.take(4)
        if head is None:
            return None
        rest = self.take(struct.unpack(">I", head)[0] - 4)
        _program, _version, procedure, kind, serial, status = struct.unpack(">IIiiIi", rest[:24])
        return procedure, kind, serial, status, rest[24:]

    def take(self, count):
        found = b""
        while len(found) < count:
            part = self.socket.recv(count - len(found))
            if not part:
                return None
            found += part
        return found

    def call(self, procedure, payload=b""):
        """Gives the payload of the reply."""
        self.send(procedure, payload)
        answer = self.receive()
        if answer is None or answer[3] != 0:
            raise RuntimeError(f"procedure {procedure}: {answer}")
        return answer[4]

    def ping(self):
        self.send(1, program=KEEPALIVE, kind=MESSAGE)
        return self.receive()

    def stats(self, groups=0, flags=0):
        """How many records a bulk call gives."""
        return struct.unpack(">I", self.call(ALL_STATS, struct.pack(">III", 0, groups, flags))[:4])[0]


def in_threads(count, work):
    """Runs @work(number) on so many threads at once; gives the results, in order; raises what one raised."""
    results, troubles = [None] * count, []

    def run(number):
        try:
            results[number] = work(number)
        except BaseException as trouble:  # pylint: disable=broad-except
            troubles.append(trouble)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if troubles:
        raise troubles[0]
    return results


def settled(number, patience=PATIENCE_S):
    """The value of @number() once it does not change any more for a moment."""
    deadline, before = time.monotonic() + patience, None
    while time.monotonic() < deadline:
        now = number()
        if now == before:
            return now
        before = now
        time.sleep(0.3)
    raise AssertionError(f"it goes on changing: {before}")


__all__ = ["ALL_STATS", "COMMAND", "DAEMON", "GET_HOSTNAME", "KEEPALIVE", "MESSAGE", "Rpc", "Service", "in_threads",
           "settled", "string"]
