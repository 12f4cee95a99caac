# SPDX-License-Identifier: LGPL-2.1-or-later
"""Monitors that somebody else is the client of: over TCP, and across network namespaces, as containers
have them. The holder is named, and its QEMU is not connected to."""

import os
import subprocess
import sys

from neighbours import Beside, main, n_queued, until

PORT = 4445
HERE = os.path.dirname(os.path.abspath(__file__))
# A client of the monitor at argv[1], a path or HOST:PORT, until it is ended.
CLIENT = """
import socket, sys, time
place = sys.argv[1]
if place.startswith("/"):
    client = socket.socket(socket.AF_UNIX)
    client.connect(place)
else:
    host, port = place.rsplit(":", 1)
    client = socket.create_connection((host, int(port)))
stream = client.makefile("rw")
stream.readline()
stream.write('{"execute":"qmp_capabilities"}')
stream.flush()
stream.readline()
print("held", flush=True)
time.sleep(600)
"""


class Held(Beside):
    def setUp(self):
        super().setUp()
        self.watches = {}

    def container(self):
        """A process in a network namespace of its own; it is given by its pid."""
        sleeper = self.daemon(f"container {len(self.host.processes)}", "unshare", "--net", "sleep", "600")
        ours = os.readlink("/proc/self/ns/net")
        until("it has its namespace",
              lambda: os.readlink(f"/proc/{sleeper.pid}/ns/net") != ours)
        self.run_in(sleeper.pid, "ip", "link", "set", "lo", "up")
        return sleeper.pid

    @staticmethod
    def inside(pid):
        return ["nsenter", "--net", "-t", str(pid)] if pid else []

    def run_in(self, pid, *words):
        subprocess.run([*self.inside(pid), *words], check=True)

    def start(self, name, monitor=None, container=None):
        self.watches[name] = self.watch(name)
        self.host.start(name, monitor=monitor, wait=False,
                        launcher=[*self.inside(container), *self.watches[name].launcher])

    def hold(self, name, place, container=None):
        """Becomes its client; gives that client's pid."""
        process = subprocess.Popen([*self.inside(container), sys.executable, "-c", CLIENT, place],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.host.processes["client of " + name] = process
        self.addCleanup(process.stdout.close)
        self.assertEqual(process.stdout.readline(), b"held\n")
        return process.pid

    def assert_busy(self, name, holder, sources):
        """By the command and by a program; the only connection stays the holder's."""
        for source in sources:
            for _ in range(2):
                _, domains, trouble = self.run_command(source)
                domain = domains[name]
                self.assertEqual((domain["health"], domain["holder_pid"]), ("busy", holder),
                                 (source, trouble))
                self.assertRegex(domain["reason"], rf"{holder} \(python")
                self.assertEqual(domain["pid"], self.host.processes[name].pid)
            run = self.open(source)
            for _ in range(3):
                self.assertEqual(run.call()[name]["health"], "busy")
        self.assertEqual(len(self.watches[name].accepted(name)), 1)

    def assert_free(self, name, source):
        self.host.end(self.host.processes.pop("client of " + name))
        domain = until("it is free", lambda: self.run_command(source)[1][name])
        self.assertEqual(domain["health"], "ok", domain)

    def check(self, qemu=None, client=None):
        path = self.host.path("vm.sock")
        self.start("vm", container=qemu)
        until("it listens", lambda: self.host.is_listening(path, qemu or "self"))
        holder = self.hold("vm", path, container=client)
        self.assert_busy("vm", holder, ["auto", "dir:" + self.host.folder, "socket:" + path])
        if qemu is None:
            # A client of another network namespace is seen only after a connection was tried, once.
            self.assertLessEqual(n_queued(path), 1)
        self.assert_free("vm", "dir:" + self.host.folder)

    def test_by_a_client_in_a_container(self):
        self.check(client=self.container())

    def test_in_a_container_by_a_client_of_the_host(self):
        self.check(qemu=self.container())

    def test_in_a_container_by_a_client_beside_it(self):
        container = self.container()
        self.check(qemu=container, client=container)

    def test_in_a_container_by_a_client_of_another(self):
        self.check(qemu=self.container(), client=self.container())

    def start_tcp(self, name, address, container=None):
        self.watches[name] = self.watch(name)
        self.start(name, ["-qmp", f"tcp:{address}:{PORT},server=on,wait=off"], container=container)
        self.watches[name].accepted = lambda _, of=self.watches[name]: type(of).accepted(of)
        until("it listens", lambda: f":{PORT} " in subprocess.run(
            [*self.inside(container), "ss", "-tlnH"], check=True, capture_output=True, text=True).stdout)

    def test_over_tcp(self):
        self.start_tcp("vm", "127.0.0.1")
        self.assert_busy("vm", self.hold("vm", f"127.0.0.1:{PORT}"), ["auto"])
        self.assert_free("vm", "auto")

    def test_over_tcp_in_a_container(self):
        container = self.container()
        self.start_tcp("vm", "127.0.0.1", container)
        holder = self.hold("vm", f"127.0.0.1:{PORT}", container)
        self.assert_busy("vm", holder, ["auto"])
        self.assert_free("vm", "auto")

    def test_over_tcp_from_another_network(self):
        """A client as far away as one of another host; its address is told, or its process."""
        container = self.container()
        subprocess.run(["ip", "link", "add", "near", "type", "veth", "peer", "name", "far", "netns",
                        str(container)], check=True)
        self.addCleanup(subprocess.run, ["ip", "link", "del", "near"], check=True)
        subprocess.run(["ip", "address", "add", "192.0.2.1/24", "dev", "near"], check=True)
        subprocess.run(["ip", "link", "set", "near", "up"], check=True)
        self.run_in(container, "ip", "address", "add", "192.0.2.2/24", "dev", "far")
        self.run_in(container, "ip", "link", "set", "far", "up")
        self.start_tcp("vm", "0.0.0.0")
        holder = self.hold("vm", f"192.0.2.1:{PORT}", container)
        _, domains, trouble = self.run_command("auto")
        self.assertEqual(domains["vm"]["health"], "busy", trouble)
        self.assertIn(domains["vm"]["holder_pid"], (holder, None))
        self.assertRegex(domains["vm"]["reason"], rf"{holder} \(python|192\.0\.2\.2")
        self.assertEqual(len(self.watches["vm"].accepted("")), 1)

    def test_two_of_one_port_in_two_networks(self):
        container = self.container()
        self.start_tcp("here", "127.0.0.1")
        self.start_tcp("there", "127.0.0.1", container)
        _, domains, trouble = self.run_command("auto")
        self.assertEqual({name: (domain["health"], domain["pid"]) for name, domain in domains.items()},
                         {name: ("ok", self.host.processes[name].pid) for name in ("here", "there")},
                         trouble)
        self.assertNotEqual(domains["here"]["uuid"], domains["there"]["uuid"])

    def test_an_abstract_socket_in_a_container(self):
        container = self.container()
        self.start("vm", ["-chardev", "socket,id=m,path=beside-vm,abstract=on,server=on,wait=off", "-mon",
                          "chardev=m,mode=control"], container=container)
        until("it is whole", lambda: self.run_command("auto")[0] == 0 and
              self.run_command("auto")[1]["vm"]["missing"] == [])


if __name__ == "__main__":
    main()
