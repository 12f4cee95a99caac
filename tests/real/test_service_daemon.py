# SPDX-License-Identifier: LGPL-2.1-or-later
"""The program domstatsd beside real QEMUs: how it starts and ends, and what clients of bad manners cost."""

import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import unittest

from apart import is_apart, run_apart
from host import COMMAND, QEMU, Host
from services import (DAEMON, KEEPALIVE, MESSAGE, Rpc, Service, in_threads, settled)
from waiting import until

UNIT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "units", "domstatsd.service.in")
# Asks what is answered at once, as fast as it goes, and says so once the first answers are there.
FLOOD = '''
import sys, threading
sys.path.insert(0, sys.argv[1])
from services import GET_HOSTNAME, Rpc
flood = Rpc(sys.argv[2])
calls = flood.frame(GET_HOSTNAME) * 2000
def read():
    flood.take(100000)
    print("!", end="", flush=True)
    while flood.socket.recv(1 << 20):
        pass
threading.Thread(target=read, daemon=True).start()
while True:
    flood.socket.sendall(calls)
'''
NO_LEAKS = {"ASAN_OPTIONS": "detect_leaks=0"}


class Beside(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.__exit__)

    def serve(self, *options, **named):
        service = Service(self.host, *options, **named)
        self.addCleanup(service.__exit__)
        return service

    def serve_folder(self, *options, **named):
        return self.serve(*options, source="dir:" + self.host.folder, **named)


class Daemon(Beside):
    def check(self, *options):
        done = subprocess.run([DAEMON, "--check", *options], check=False, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout

    def test_a_start_and_an_end(self):
        self.host.start("vm")
        service = self.serve_folder("--socket-mode", "0600").ready()
        for path in service.rpc, service.service, service.metrics:
            self.assertTrue(self.host.is_listening(path), path)
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        self.assertEqual(service.stop(), 0, service.said())
        self.assertIn("STOPPING=1", service.note())
        for path in service.rpc, service.service, service.metrics:
            self.assertFalse(os.path.exists(path), path)

    def test_an_end_by_the_keyboard_while_a_client_stays(self):
        service = self.serve_folder().ready()
        with Rpc(service.rpc, is_open=False):
            self.assertEqual(service.stop(signal.SIGINT), 0, service.said())

    def test_an_end_does_not_wait_for_a_domain_that_hangs(self):
        self.host.start("vm")
        self.host.processes["vm"].send_signal(signal.SIGSTOP)
        service = self.serve_folder("--timeout", "60").ready()
        with Rpc(service.rpc) as client:
            client.send(344, struct.pack(">III", 0, 0, 0))
            settled(service.descriptors)
            self.assertEqual(service.stop(), 0, service.said())
            self.assertFalse(os.path.exists(service.rpc))

    def test_a_check_keeps_nothing(self):
        self.host.start("vm")
        places = [self.host.path(name) for name in ("r", "s", "m")]
        options = ("--rpc", places[0], "--service", places[1], "--metrics", "unix:" + places[2])
        status, text = self.check("-c", "dir:" + self.host.folder, *options)
        self.assertEqual(status, 0, text)
        self.assertEqual(text.count("can be served"), 4, text)
        self.assertIn("1 domains", text)
        self.assertFalse(any(map(os.path.exists, places)))

    @unittest.skipUnless(is_apart(), "needs a mount namespace: it serves the usual places")
    def test_a_check_of_the_usual_places_keeps_no_folder(self):
        subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
        self.addCleanup(subprocess.run, ["umount", "/run"], check=True)
        _status, text = self.check("-c", "dir:" + self.host.folder)
        self.assertIn("libvirt /run/domstats/libvirt-sock-ro: can be served", text)
        self.assertIn("service /run/domstats/domstats.sock: can be served", text)
        self.assertEqual(os.listdir("/run"), [], text)

    def test_a_check_says_what_is_in_the_way(self):
        service = self.serve_folder().ready()
        status, text = self.check("-c", "dir:/nowhere", "--rpc", service.rpc, "--metrics", "0.0.0.0:9177",
                                  "--service", "/nowhere/s")
        self.assertEqual(status, 2, text)
        lines = text.splitlines()
        self.assertIn(f"(pid {service.process.pid}) listens there", lines[0])
        self.assertIn("No such file or directory", lines[1])
        self.assertIn("--insecure", lines[2])
        self.assertIn("/nowhere", lines[3])
        self.assertTrue(self.host.is_listening(service.rpc))

    def test_a_socket_of_one_that_was_killed_is_replaced(self):
        first = self.serve_folder().ready()
        first.process.kill()
        first.process.wait()
        self.assertTrue(os.path.exists(first.rpc))
        second = self.serve("--rpc", first.rpc, source="dir:" + self.host.folder, handed=True).ready()
        with Rpc(first.rpc) as client:
            self.assertEqual(client.stats(), 0)
        self.assertEqual(second.stop(), 0)
        self.assertFalse(os.path.exists(first.rpc))

    def test_a_socket_in_use_is_left(self):
        first = self.serve_folder().ready()
        second = self.serve("--rpc", first.rpc, source="dir:" + self.host.folder, handed=True)
        status, text = second.ended()
        self.assertEqual(status, 2)
        self.assertIn(f"cannot listen at '{first.rpc}'", text)
        self.assertIn(f"(pid {first.process.pid}) listens there", text)
        with Rpc(first.rpc) as client:
            self.assertEqual(client.stats(), 0)

    def test_a_port_in_use_and_one_that_all_can_reach(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            status, text = self.serve("--metrics", address, source="dir:/", handed=True).ended()
        self.assertEqual(status, 2)
        self.assertIn(f"cannot listen at '{address}': ", text)
        self.assertIn(f"(pid {os.getpid()}) listens there", text)
        status, text = self.serve("--metrics", ":0" + address.rsplit(":")[1], source="dir:/", handed=True).ended()
        self.assertEqual(status, 2)
        self.assertIn("other hosts can reach", text)

    def test_sockets_from_systemd(self):
        self.host.start("vm")
        for name, path in ("libvirt", "any.sock"), ("unknown", "libvirt-sock-ro"):
            path = self.host.path(path)
            launcher = ["systemd-socket-activate", "-l", path, "--fdname", name, "-E", "NOTIFY_SOCKET",
                        "-E", "ASAN_OPTIONS"]
            service = self.serve(source="dir:" + self.host.folder, launcher=launcher, handed=True, env=NO_LEAKS)
            until("systemd listens", lambda path=path: self.host.is_listening(path))
            with Rpc(path) as client:
                self.assertEqual(client.stats(), 1)
            self.assertEqual(service.stop(), 0, service.said())
            self.assertTrue(os.path.exists(path), "it is systemd's, not ours")
            os.unlink(path)

    def test_a_socket_from_systemd_without_a_name(self):
        path = self.host.path("any.sock")
        service = self.serve(source="dir:/", handed=True, env=NO_LEAKS, launcher=[
            "systemd-socket-activate", "-l", path, "-E", "NOTIFY_SOCKET", "-E", "ASAN_OPTIONS"])
        until("systemd listens", lambda: self.host.is_listening(path))
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            status, text = service.ended()
        self.assertEqual(status, 2)
        self.assertIn(f"the socket '{path}' that was handed over is called 'unknown'", text)

    def test_another_source_after_sighup(self):
        self.host.start("vm")
        service = self.serve_folder().ready()
        with Rpc(service.rpc) as client:
            self.assertEqual(client.stats(), 1)
            service.process.send_signal(signal.SIGHUP)
            self.assertIn("RELOADING=1", service.note())
            self.assertIn("READY=1", service.note())
            self.assertEqual(client.stats(), 1)

    def test_the_watchdog_is_answered(self):
        service = self.serve_folder(env={"WATCHDOG_USEC": "400000"}).ready()
        for _ in range(3):
            while "WATCHDOG=1" not in service.note():
                pass


class Manners(Beside):
    def setUp(self):
        super().setUp()
        self.host.start("vm")
        self.service = self.serve_folder().ready()
        with Rpc(self.service.rpc) as client:
            self.assertEqual(client.stats(), 1)

    def assert_served(self):
        with Rpc(self.service.rpc) as client:
            self.assertEqual(client.stats(1), 1)

    def raw(self):
        return Rpc(self.service.rpc, is_open=False)

    def test_ten_thousand_that_come_and_go(self):
        before = settled(self.service.descriptors)

        def come_and_go(number):
            for i in range(2500):
                with self.raw() as client:
                    if (number + i) % 5 == 0:
                        client.send(66)
                    elif (number + i) % 5 == 1:
                        client.socket.sendall(b"\0\0\0\x1c")

        in_threads(4, come_and_go)
        self.assert_served()
        until("they are gone", lambda: self.service.descriptors() <= before)

    def test_a_flood_beside_a_good_one(self):
        with self.raw() as flood:
            flood.socket.setblocking(False)
            flood.call = None
            ping = flood.frame(1, program=KEEPALIVE, kind=MESSAGE)
            n_sent = 0
            for _ in range(200):
                try:
                    n_sent += flood.socket.send(ping * 2000)
                except BlockingIOError:
                    break
            self.assertGreater(n_sent, 28 * 2000)
            self.assert_served()

    def test_floods_without_end_beside_a_good_one(self):
        floods = [subprocess.Popen([sys.executable, "-c", FLOOD, os.path.dirname(__file__), self.service.rpc],
                                   stdout=subprocess.PIPE) for _ in range(3)]
        try:
            for flood in floods:
                self.assertEqual(flood.stdout.read(1), b"!")
            for _ in range(10):
                self.assert_served()
        finally:
            for flood in floods:
                flood.kill()
                flood.communicate()

    def test_one_that_never_reads(self):
        clients = [self.raw() for _ in range(4)]
        try:
            for client in clients:
                client.socket.settimeout(0.2)
                client.send(66)
                client.send(1, struct.pack(">III", 0, 1, 0))
                try:
                    for _ in range(3000):
                        client.send(344, struct.pack(">III", 0, 0, 0))
                except TimeoutError:
                    pass
            self.assert_served()
        finally:
            for client in clients:
                client.socket.close()

    def test_a_drip(self):
        with self.raw() as drip:
            drip.socket.sendall(b"\0\0")
            drip.socket.settimeout(0.5)
            ended = False
            for _ in range(60):
                try:
                    drip.socket.send(b"\0")
                    ended = drip.socket.recv(1) == b""
                except TimeoutError:
                    continue
                except OSError:
                    ended = True
                if ended:
                    break
            self.assertTrue(ended)
        self.service.until_said("hung up")

    def test_a_half_closed_one_gets_its_answer(self):
        with Rpc(self.service.rpc) as client:
            client.send(344, struct.pack(">III", 0, 1, 0))
            client.socket.shutdown(socket.SHUT_WR)
            answer = client.receive()
            self.assertEqual(answer[3], 0)
            self.assertIsNone(client.receive())

    def test_lengths_that_lie(self):
        for length in 0, 4, 27, 2**31, 2**32 - 1:
            with self.raw() as client:
                client.socket.sendall(struct.pack(">I", length) + b"x" * 24)
                try:
                    self.assertEqual(client.socket.recv(1), b"", length)
                except ConnectionResetError:
                    pass
        self.assert_served()

    def test_as_many_as_descriptors(self):
        limit = 200
        subprocess.run(["prlimit", "--nofile=%d:%d" % (limit, limit), "--pid", str(self.service.process.pid)],
                       check=True)
        clients = [self.raw() for _ in range(limit + 20)]
        self.service.until_said("cannot accept clients for a moment")
        for client in clients:
            client.socket.close()
        self.assert_served()

    def test_a_hundred_while_qemus_come_stop_and_end(self):
        """Every client gets every domain that is there all the time, in time."""
        for name in "stopped", "killed":
            self.host.start(name)
        started = []

        def ask(number):
            counts = []
            with Rpc(self.service.rpc) as client:
                for _ in range(3):
                    counts.append(client.stats())
            if number == 10:
                self.host.processes["stopped"].send_signal(signal.SIGSTOP)
            elif number == 20:
                self.host.processes["killed"].kill()
            elif number == 30:
                started.append(self.host.start("new"))
            return counts

        for counts in in_threads(100, ask):
            for count in counts:
                self.assertIn(count, (2, 3, 4))
        self.assertEqual(len(started), 1)
        with Rpc(self.service.rpc) as client:
            self.assertEqual(client.stats(1), 3)


@unittest.skipUnless(is_apart(), "needs root and a pid namespace")
class Rights(Beside):
    """With the rights of the unit it reads what root reads."""

    RIGHTS = "-all,+sys_ptrace,+dac_override,+net_admin"
    SANDBOX = ["unshare", "-m", "sh", "-c", "mount --bind / / && mount -o remount,ro,bind / ; exec \"$@\"", "sh",
               "setpriv", "--bounding-set", RIGHTS, "--inh-caps", "-all", "--no-new-privs"]

    def records(self, *launcher):
        done = subprocess.run([*launcher, COMMAND, "--format", "json", "--ext", "--state", "--cpu-total", "--vcpu",
                               "--interface", "--block"], check=True, capture_output=True, text=True,
                              env={**os.environ, **NO_LEAKS})
        domains = json.loads(done.stdout)["domains"]
        return sorted((d["name"], d["uuid"], d["health"], tuple(d["missing"]),
                       tuple(name for name in d["stats"])) for d in domains)

    def start_as(self, user, name, *options):
        os.chmod(self.host.folder, 0o755)
        path = self.host.path(f"of-{user}")
        os.makedirs(path, exist_ok=True)
        os.chown(path, user, user)
        os.chmod(path, 0o700)
        self.host.start(name, *options, accel="tcg", wait=False, monitor=[
            "-qmp", f"unix:{path}/{name}.qmp,server=on,wait=off"],
            launcher=["setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups"])
        until(name, lambda: self.host.is_listening(f"{path}/{name}.qmp"))

    def start_nameless(self):
        """Its name and UUID come from the path of its monitor, which is the same in the sandbox."""
        path = self.host.path("nameless.qmp")
        process = subprocess.Popen([QEMU, "-S", "-display", "none", "-nodefaults", "-m", "16", "-accel", "tcg",
                                    "-qmp", f"unix:{path},server=on,wait=off"], stdin=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        until("the nameless", lambda: self.host.is_listening(path))

    @staticmethod
    def expand(words):
        """The system calls of a filter, its groups included."""
        found = set()
        for word in words:
            if not word.startswith("@"):
                found.add(word)
                continue
            text = subprocess.run(["systemd-analyze", "--no-pager", "syscall-filter", word], check=True,
                                  capture_output=True, text=True).stdout
            found |= Rights.expand(line.strip() for line in text.splitlines()[1:]
                                   if line.strip() and not line.strip().startswith("#"))
        return found

    def allowed_calls(self):
        allowed = set()
        with open(UNIT, encoding="utf-8") as unit:
            for line in unit:
                words = line.partition("SystemCallFilter=")[2].split()
                if words and words[0].startswith("~"):
                    allowed -= self.expand([words[0][1:], *words[1:]])
                else:
                    allowed |= self.expand(words)
        return allowed

    @unittest.skipUnless(shutil.which("strace") and shutil.which("systemd-analyze"), "no strace or systemd-analyze")
    def test_the_unit_allows_its_system_calls(self):
        image = self.host.image("disk.qcow2", "-f", "qcow2", "1M")
        self.host.start("vm", "-drive", f"file={image},if=virtio", "-netdev",
                        "tap,id=n,ifname=%s,script=no,downscript=no" % self.host.tap("domstatsys0"),
                        "-device", "virtio-net,netdev=n")
        trace = self.host.path("trace")
        service = self.serve("--verbose", env=NO_LEAKS, launcher=[
            "strace", "-f", "-qq", "--signal=none", "-o", trace]).ready()
        with Rpc(service.rpc) as client:
            self.assertEqual(client.stats(), 1)
        subprocess.run([COMMAND, "-c", "service:" + service.service, "--ext"], check=True, capture_output=True)
        subprocess.run(["curl", "-s", "--unix-socket", service.metrics, "http://localhost/metrics"], check=True,
                       capture_output=True)
        with open(f"/proc/{service.process.pid}/task/{service.process.pid}/children", encoding="ascii") as children:
            traced = int(children.read().split()[0])
        for number in signal.SIGHUP, signal.SIGTERM:
            os.kill(traced, number)
            until("it is told", lambda: ("anew" if number == signal.SIGHUP else "ending") in service.said())
        self.assertEqual(service.process.wait(timeout=60), 0)
        with open(trace, encoding="utf-8", errors="replace") as lines:
            used = set(re.findall(r"^\d+ +([a-z]\w+)\(", lines.read(), re.M))
        self.assertIn("pidfd_getfd", used)
        # A library asks at its start whether there are NUMA nodes, and goes on without an answer.
        self.assertEqual(used - self.allowed_calls() - {"set_mempolicy"}, set())

    def test_qemus_of_other_users_in_a_sandbox(self):
        image = self.host.image("disk.qcow2", "-f", "qcow2", "1M")
        os.chmod(image, 0o666)
        self.host.start("own", "-drive", f"file={image},if=virtio")
        self.start_as(12345, "theirs")
        self.start_as(12346, "other")
        self.start_nameless()
        self.assertEqual(self.records(*self.SANDBOX), self.records())
        self.assertEqual([record[2] for record in self.records(*self.SANDBOX)], ["ok"] * 4)


if __name__ == "__main__":
    run_apart(__file__)
    unittest.main()
