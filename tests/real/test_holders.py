# SPDX-License-Identifier: LGPL-2.1-or-later
"""Monitors that others hold, over TCP and from other network namespaces, and monitors that are in one."""

import os
import socket
import subprocess
import sys
import time
import unittest

from apart import is_apart, run_apart
from host import Host, domstats
from waiting import until

IN_NAMESPACE = ["unshare", "--net", "sh", "-c", 'ip link set lo up; exec "$@"', "sh"]
# Connects, reads the greeting, says so and stays.
CLIENT = """
import socket, sys, time
address = sys.argv[1]
if address[0] == "/":
    client = socket.socket(socket.AF_UNIX)
    client.connect(address)
else:
    client = socket.create_connection(("127.0.0.1", int(address)))
client.recv(1000)
print("greeted", flush=True)
time.sleep(600)
"""
TIMEOUT_S = 20  # no test may need it: a call that waits for its deadline fails the test


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@unittest.skipUnless(is_apart(), "needs root and a pid namespace")
class Monitors(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.__exit__)

    def hold(self, address, launcher=()):
        client = subprocess.Popen([*launcher, sys.executable, "-c", CLIENT, str(address)],
                                  stdout=subprocess.PIPE, text=True)
        self.addCleanup(client.stdout.close)
        self.addCleanup(client.wait)
        self.addCleanup(client.kill)
        self.assertEqual(client.stdout.readline(), "greeted\n")
        return client

    def start_tcp(self, name, port, **others):
        qemu = self.host.start(name, monitor=["-qmp", f"tcp:127.0.0.1:{port},server=on,wait=off"],
                               wait=False, **others)
        until("it listens", lambda: self.listens(qemu, port))
        return qemu

    @staticmethod
    def listens(qemu, port):
        with open(f"/proc/{qemu.pid}/net/tcp", encoding="ascii") as table:
            return any(f":{port:04X} " in line and " 0A " in line for line in table)

    def look(self, name, *options):
        began = time.monotonic()
        _code, domains, trouble = domstats("--state", "--timeout", str(TIMEOUT_S), *options)
        self.assertLess(time.monotonic() - began, TIMEOUT_S)
        self.assertIn(name, domains, trouble)
        return domains[name]

    def assert_held(self, record, client):
        self.assertEqual((record["health"], record["reason_code"]), ("busy", "held"), record)
        self.assertEqual(record["holder_pid"], client.pid, record)
        self.assertIn(f"is held by process {client.pid} (python3", record["reason"])


class Holders(Monitors):
    def test_a_holder_over_tcp(self):
        port = free_port()
        self.start_tcp("tcp", port)
        client = self.hold(port)
        self.assert_held(self.look("tcp"), client)
        client.kill()
        client.wait()
        until("it is free", lambda: self.look("tcp")["health"] == "ok")
        # No connection of ours is left in its queue: the next client is greeted.
        self.hold(port)

    def test_a_holder_in_another_network_namespace(self):
        self.host.start("unix")
        client = self.hold(self.host.path("unix.sock"), ["unshare", "--net"])
        _code, domains, _trouble = domstats("--state", "--timeout", "2")
        self.assert_held(domains["unix"], client)
        client.kill()
        client.wait()
        self.assertEqual(self.look("unix")["health"], "ok")

    def test_a_socket_file_that_another_qemu_has_bound_since(self):
        self.host.start("first")
        path = self.host.path("first.sock")
        client = self.hold(path)
        os.unlink(path)
        self.host.start("second", monitor=["-qmp", f"unix:{path},server=on,wait=off"], wait=False)
        until("both listen", lambda: self.host.n_listeners(path) == 2)
        second = self.hold(path)
        for name, holder in ("first", client), ("second", second):
            record = self.look(name)
            self.assertNotEqual(record["health"], "ok", record)
            self.assertIn(record["holder_pid"], (holder.pid, None), record)
        second.kill()
        second.wait()
        until("it is free", lambda: self.look("second")["health"] == "ok")
        self.assertNotEqual(self.look("first")["health"], "ok")


class Namespaces(Monitors):
    def test_monitors_in_other_network_namespaces(self):
        """Each answers for itself, though two are at the same address."""
        for name in "one", "two":
            self.start_tcp(name, 4444, launcher=IN_NAMESPACE)
        self.host.start("abstract", "-mon", "chardev=c,mode=control", monitor=[
            "-chardev", "socket,id=c,path=domstats-test,abstract=on,server=on,wait=off"], wait=False,
                        launcher=IN_NAMESPACE)
        self.host.start("file", launcher=["unshare", "--net"], wait=False)
        for name in "one", "two", "abstract", "file":
            pid = self.host.processes[name].pid
            until(name, lambda: self.look(name)["health"] == "ok")
            self.assertEqual(self.look(name)["pid"], pid)

    def test_a_holder_there(self):
        qemu = self.start_tcp("one", 4444, launcher=IN_NAMESPACE)
        self.start_tcp("two", 4444, launcher=IN_NAMESPACE)
        client = self.hold(4444, ["nsenter", "--net", "--target", str(qemu.pid)])
        self.assert_held(self.look("one"), client)
        self.assertEqual(self.look("two")["health"], "ok")


if __name__ == "__main__":
    run_apart(__file__)
    unittest.main(verbosity=2)
