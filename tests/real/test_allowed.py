# SPDX-License-Identifier: LGPL-2.1-or-later
"""The library sends nothing to a QEMU but the commands below, all of which only read, whatever it is
asked for. A proxy in front of a real QEMU keeps every byte."""

import json
import os
import select
import signal
import socket
import subprocess
import threading
import unittest

from host import COMMAND, Host
from longrun import LongRun

# Command and arguments, in full; PATH is the balloon's.
ALLOWED = {
    ("qmp_capabilities", '{"enable": ["oob"]}'),
    ("query-name", "{}"),
    ("query-uuid", "{}"),
    ("query-commands", "{}"),
    ("query-status", "{}"),
    ("query-migrate", "{}"),
    ("query-migrate-capabilities", "{}"),
    ("query-block-jobs", "{}"),
    ("query-cpus-fast", "{}"),
    ("query-hotpluggable-cpus", "{}"),
    ("query-balloon", "{}"),
    ("query-memory-size-summary", "{}"),
    ("query-memory-devices", "{}"),
    ("qom-list", '{"path": "/machine/peripheral"}'),
    ("qom-list", '{"path": "/machine/peripheral-anon"}'),
    ("qom-list", '{"path": "/machine/unattached"}'),
    ("qom-get", '{"path": PATH, "property": "guest-stats"}'),
    ("qom-get", '{"path": PATH, "property": "guest-stats-polling-interval"}'),
    ("query-blockstats", "{}"),
    ("query-blockstats", '{"query-nodes": true}'),
    ("query-named-block-nodes", "{}"),
    ("query-named-block-nodes", '{"flat": true}'),
    ("query-iothreads", "{}"),
    ("query-dirty-rate", "{}"),
    ("query-stats-schemas", "{}"),
    ("query-stats", '{"target": "vcpu"}'),
    ("query-stats", '{"providers": [{"names": ["halt_poll_success_ns", "halt_poll_fail_ns"], '
                    '"provider": "kvm"}], "target": "vcpu"}'),
    ("query-stats", '{"target": "vm"}'),
    ("query-yank", "{}"),
}
# Commands that must have been sent, so that the test cannot pass without any.
EXPECTED = {"qmp_capabilities", "query-name", "query-uuid", "query-commands", "query-status",
            "query-balloon", "query-migrate", "query-migrate-capabilities",
            "query-block-jobs", "query-blockstats", "query-named-block-nodes", "query-iothreads",
            "qom-list", "qom-get", "query-yank"}
GROUPS = [1 << bit for bit in range(11)]  # VIR_DOMAIN_STATS_*
BACKING, NOWAIT, ENFORCE = 1 << 30, 1 << 29, 1 << 31
EXT, LAST, ABOUT = 1, 2, 4  # DOMSTATS_CALL_*


class Proxy(threading.Thread):
    """Listens at @path and passes bytes to and from the monitor at @behind; keeps in self.heard what
    clients send, a text a connection."""

    def __init__(self, path, behind):
        super().__init__(daemon=True)
        self.behind = behind
        self.heard = [b""]
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)
        self.start()

    def run(self):
        while True:
            client, _ = self.listener.accept()
            monitor = socket.socket(socket.AF_UNIX)
            monitor.connect(self.behind)
            self.heard.append(b"")
            self.pass_on(client, monitor)
            client.close()
            monitor.close()

    def pass_on(self, client, monitor):
        while True:
            for ready in select.select([client, monitor], [], [])[0]:
                try:
                    data = ready.recv(65536)
                except ConnectionError:
                    return
                if not data:
                    return
                if ready is client:
                    self.heard[-1] += data
                (monitor if ready is client else client).sendall(data)

    def requests(self):
        """Every object that was sent; bytes that are no JSON fail here."""
        for stream in self.heard:
            text = stream.decode()
            while text:
                request, end = json.JSONDecoder().raw_decode(text)
                text = text[end:]
                yield request


def normal(request):
    """The request as a row of ALLOWED; a member that no command has fails here."""
    arguments = dict(request.get("arguments", {}))
    path = arguments.get("path")
    text = json.dumps(arguments, sort_keys=True)
    (command, out_of_band), = ((value, key == "exec-oob") for key, value in request.items()
                               if key not in ("id", "arguments"))
    assert set(request) <= {"execute", "exec-oob", "arguments", "id"}, request
    assert isinstance(request.get("id", 0), int), request
    assert out_of_band == (command == "query-yank"), request
    if command == "qom-get":
        assert path in ("balloon0", "/machine/peripheral/balloon0"), request
        text = text.replace(json.dumps(path), "PATH")
    return command, text


class Allowed(unittest.TestCase):
    def test_nothing_else_is_ever_sent(self):
        with Host() as host:
            image = host.image("disk.qcow2", "-f", "qcow2", "8M")
            process = host.start("vm", "-smp", "2,maxcpus=3", "-object", "iothread,id=iothread1",
                                 "-drive", f"file={image},if=none,id=d0",
                                 "-device", "virtio-blk-pci,drive=d0,id=disk0,iothread=iothread1",
                                 "-device", "virtio-balloon-pci,id=balloon0",
                                 monitor=[], control=True)
            path = host.path("vm.sock")
            proxy = Proxy(path, host.control_path("vm"))
            self.make_every_kind_of_call(process, "socket:" + path)
            where = host.path("recording")
            # The process that holds the socket is not QEMU here: its threads and interfaces are not known.
            done = subprocess.run([COMMAND, "record", where, "--any-listener", "-c", "socket:" + path], check=False,
                                  capture_output=True, text=True)
            self.assertIn(done.returncode, (0, 3), done.stderr)
            seen = set()
            for request in proxy.requests():
                row = normal(request)
                self.assertIn(row, ALLOWED)
                seen.add(row[0])
            self.assertEqual(EXPECTED - seen, set())

    def make_every_kind_of_call(self, process, source):
        for options in (("any-listener", "hold"), ("any-listener",)):
            with LongRun(source, *options) as run:
                for flags, extras in ((0, 0), (BACKING, 0), (NOWAIT, 0), (0, EXT), (0, LAST),
                                      (0, ABOUT), (BACKING, EXT)):
                    self.assertIsNone(run.call(flags=flags, extras=extras).error)
                for group in GROUPS:
                    run.call(stats=group, flags=ENFORCE | BACKING, extras=EXT)
                run.ask("named", "vm")
                run.ask("dispatch")
                os.kill(process.pid, signal.SIGSTOP)
                run.call(timeout_ms=1000)
                run.call()
                os.kill(process.pid, signal.SIGCONT)
                run.call(timeout_ms=1000)


if __name__ == "__main__":
    unittest.main(verbosity=2)
