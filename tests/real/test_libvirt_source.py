# SPDX-License-Identifier: LGPL-2.1-or-later
"""The source libvirt:URI beside real libvirts: which process is which domain, what is elsewhere, and
libvirts that cannot be asked."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

from host import COMMAND, domstats, takes_monitors
from libvirts import MONITOR, BesideLibvirt, Session
from neighbours import Beside, main, until
from test_allowed import Proxy
from test_first_look import IDENTITY, MACHINE, look

UUID = "5f9d1c6e-8d5a-4b0e-9f0a-0123456789ab"
SYSTEM = "libvirt:qemu:///system"
CALL_MS = 3000
MARGIN_MS = 5000  # on a host that stands still for a while; libvirt's own deadlines are half a minute and more
KNOWN_MS = 20000  # deadline of a call that must not wait for what is known to be silent


class Forwarder(threading.Thread):
    """A socket that leads to another one, as ssh and socat make them."""

    def __init__(self, path, target):
        super().__init__(daemon=True)
        self.target = target
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(16)

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.target)
            for pair in (client, server), (server, client):
                threading.Thread(target=self.copy, args=pair, daemon=True).start()

    @staticmethod
    def copy(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        finally:
            source.close()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class ManyDomains(Beside):
    """libvirt's test driver, which has any number of domains and answers each request within this process."""

    COUNT = 200
    XML = ("<domain type='test'><name>vm{0}</name><uuid>5f9d1c6e-8d5a-4b0e-9f0a-{0:012}</uuid><memory>{1}</memory>"
           "<vcpu>1</vcpu><os><type>hvm</type></os></domain>")

    def test_each_is_there_in_every_call(self):
        path = self.host.path("node.xml")
        with open(path, "w", encoding="utf-8") as file:
            file.write("<node>" + "".join(self.XML.format(i, 8192 + i) for i in range(self.COUNT)) + "</node>")
        ids = set()
        run = self.open("libvirt:test://" + path)
        for _ in range(3):
            records = run.call().records
            self.assertEqual({record["health"] for record in records}, {"ok"})
            ids.add(frozenset((record["name"], record["id"]) for record in records))
            records = run.ask("records")["domains"]
            self.assertEqual({record["name"] for record in records}, {f"vm{i}" for i in range(self.COUNT)})
            self.assertEqual({frozenset(record["stats"].items()) for record in records},
                             {frozenset({("state.state", 1), ("state.reason", 0)})})
        self.assertEqual([len(each) for each in ids], [self.COUNT])
        code, domains, trouble = self.run_command("libvirt:test://" + path, "vm7", "vm199")
        self.assertEqual((code, set(domains), trouble), (0, {"vm7", "vm199"}, ""))


class NearHost:
    """The same host with a folder whose path is short, as those of sockets must be."""

    def __init__(self, host):
        self.processes = host.processes
        self.folder = tempfile.mkdtemp(prefix="d", dir="/tmp")
        os.chmod(self.folder, 0o755)

    def path(self, name):
        return os.path.join(self.folder, name)


class Processes(BesideLibvirt):
    def near_host(self):
        host = NearHost(self.host)
        self.addCleanup(shutil.rmtree, host.folder)
        return host

    def test_a_domain_has_its_own_process(self):
        pid = self.libvirt.create("vm1")
        record = self.open(SYSTEM).call()["vm1"]
        self.assertEqual((record["pid"], record["health"]), (pid, "ok"))

    def test_two_libvirts_with_a_domain_of_one_uuid(self):
        session = self.start_libvirt(Session(self.near_host()))
        more = f"<uuid>{UUID}</uuid>"
        pids = [daemon.create("same", "", more) for daemon in (self.libvirt, session)]
        found = [self.open("libvirt:" + daemon.uri).call()["same"] for daemon in (self.libvirt, session)]
        self.assertEqual([record["pid"] for record in found], pids)
        self.assertEqual([record["uuid"] for record in found], [UUID, UUID])
        self.assertEqual({record["health"] for record in found}, {"ok"})

    def test_a_qemu_with_its_uuid_that_libvirt_did_not_start_is_not_the_domain(self):
        self.host.start("stray", "-uuid", UUID)
        pid = self.libvirt.create("vm1", "", f"<uuid>{UUID}</uuid>")
        self.assertEqual(self.open(SYSTEM).call()["vm1"]["pid"], pid)

    def test_ids_that_begin_anew_are_no_sign(self):
        for name in "a", "b":
            self.libvirt.define(name)
            self.libvirt.virsh("start", name)
        run = self.open(SYSTEM)
        before = run.call().domains
        for name in "a", "b":
            self.libvirt.virsh("destroy", name)
        self.libvirt.restart()
        for name in "b", "a":
            self.libvirt.virsh("start", name)
        after = run.call().domains
        self.assertEqual([before[name]["id"] for name in ("a", "b")], [after[name]["id"] for name in ("b", "a")])
        self.assertEqual([after[name]["pid"] for name in ("a", "b")],
                         [self.libvirt.qemu(name) for name in ("a", "b")])
        self.assertEqual({record["health"] for record in after.values()}, {"ok"})


class Elsewhere(BesideLibvirt):
    """A socket that is forwarded may be another host's: no process of this one is a domain of it."""

    def setUp(self):
        super().setUp()
        self.pid = self.libvirt.create("vm1")
        self.libvirt.define("off1")
        self.path = self.host.path("forwarded")
        forwarder = Forwarder(self.path, self.libvirt.socket())
        forwarder.start()
        self.addCleanup(forwarder.close)

    def test_a_forwarded_socket(self):
        _, domains, _ = self.run_command(f"libvirt:qemu+unix:///system?socket={self.path}")
        self.assertEqual({name: (each["health"], each["pid"], each["answered_by"]) for name, each in domains.items()},
                         {"vm1": ("ok", None, "libvirt"), "off1": ("ok", None, "libvirt")})

    def test_the_daemons_own_socket_that_the_uri_names(self):
        call = self.open(f"libvirt:qemu+unix:///system?socket={self.libvirt.socket()}").call()
        self.assertEqual(call["vm1"]["pid"], self.pid)

    def test_the_deadline_holds_when_it_stops(self):
        run = self.open(f"libvirt:qemu+unix:///system?socket={self.path}")
        self.assertEqual(run.call()["vm1"]["health"], "ok")
        self.libvirt.stop()
        silent = run.call(timeout_ms=CALL_MS)
        again = run.call(timeout_ms=KNOWN_MS)
        self.libvirt.go_on()
        self.assertLess(silent.ms, CALL_MS + MARGIN_MS)
        self.assertLess(again.ms, KNOWN_MS / 2)
        for call in silent, again:
            self.assertNotEqual(call["vm1"]["health"], "ok")
            self.assertIn("libvirt", call["vm1"]["reason"])
        until("it answers again", lambda: run.call()["vm1"]["health"] == "ok")
        self.assertEqual(run.call().healths(), {"vm1": "ok", "off1": "ok"})


class Troubles(BesideLibvirt):
    def test_stopped_in_the_middle_and_back(self):
        pid = self.libvirt.create("vm1")
        run = self.open(SYSTEM)
        self.assertEqual(run.call()["vm1"]["health"], "ok")
        self.libvirt.stop()
        silent = run.call(timeout_ms=CALL_MS)
        again = [run.call(timeout_ms=KNOWN_MS) for _ in range(3)]
        self.libvirt.go_on()
        self.assertLess(silent.ms, CALL_MS + MARGIN_MS)
        self.assertLess(max(call.ms for call in again), KNOWN_MS / 2)
        self.assertEqual(again[-1]["vm1"]["pid"], pid)
        self.assertIn("cpu", again[-1]["vm1"]["groups"])
        self.assertIn("does not answer", again[-1]["vm1"]["reason"])
        until("it answers again", lambda: run.call()["vm1"]["health"] == "ok")

    def test_ended_and_started_again(self):
        self.libvirt.create("vm1")
        run = self.open(SYSTEM)
        self.assertEqual(run.call()["vm1"]["health"], "ok")
        self.libvirt.end()
        away = run.call()["vm1"]
        self.assertNotEqual(away["health"], "ok")
        self.assertIn("cannot be reached", away["reason"])
        self.libvirt.start()
        self.assertEqual(run.call()["vm1"]["health"], "ok")

    def test_the_command_says_why(self):
        self.libvirt.end()
        status, _, trouble = self.run_command(SYSTEM)
        self.assertNotEqual(status, 0)
        self.assertIn("cannot be reached", trouble)
        self.libvirt.start()


class Locked(BesideLibvirt):
    """libvirt holds the locks of domains, at which its list has to wait; it serves the others."""

    def setUp(self):
        super().setUp()
        self.libvirt.expect("End of file")  # of virsh below, which is ended
        self.libvirt.expect("libvirt_iohelper.*fatal signal 13")  # the reader below is ended while it writes

    def lock(self, *names):
        """By a managed save into a pipe that nobody reads, which is given."""
        fifo = self.host.path("fifo")
        os.mkfifo(fifo)
        for count, name in enumerate(names, 1):
            saver = subprocess.Popen(["virsh", "-q", "-c", self.libvirt.uri, "save", name, fifo],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.addCleanup(saver.wait)
            self.addCleanup(saver.kill)
            until(f"libvirt opens the pipe for {name}", lambda count=count: self.n_opening() == count)
        return fifo

    def n_opening(self):
        """How many of libvirt's threads wait for somebody who reads a pipe."""
        return sum(channel in ("wait_for_partner", "fifo_open") for channel in self.libvirt.wait_channels())


class TheListWaits(Locked):
    def test_the_others_are_whole(self):
        self.libvirt.create_many(3)
        run = self.open(SYSTEM)
        self.assertEqual(set(run.call().healths().values()), {"ok"})
        fifo = self.lock("vm1")
        for _ in range(3):
            call = run.call(timeout_ms=CALL_MS)
            self.assertLess(call.ms, CALL_MS + MARGIN_MS)
            self.assertEqual((call["vm2"]["health"], call["vm3"]["health"]), ("ok", "ok"),
                             [record["reason"] for record in call.records])
            self.assertNotEqual(call["vm1"]["health"], "ok")
        reader = subprocess.Popen(["sh", "-c", f"while :; do cat {fifo} >/dev/null; done"], start_new_session=True)
        self.addCleanup(reader.wait)
        self.addCleanup(os.killpg, reader.pid, signal.SIGKILL)
        until("the list is told again", lambda: run.call().healths() in ({"vm2": "ok", "vm3": "ok"},
                                                                         {"vm1": "ok", "vm2": "ok", "vm3": "ok"}))


class FewWorkers(Locked):
    """libvirt has no worker that is free, and starts none for a request that finds another one waiting for a worker.
    So requests that are sent at once can be the last that it takes, if the first of them hangs."""

    settings = {"min_workers": 1}
    HUNG = ("vm1", "vm2", "vm3")

    def test_it_serves_the_others_still(self):
        names = set(self.libvirt.create_many(6))
        run = self.open(SYSTEM)
        self.assertEqual(set(run.call().healths().values()), {"ok"})
        self.lock(*self.HUNG)
        for _ in range(3):
            call = run.call(timeout_ms=CALL_MS)
            self.assertEqual({name for name, health in call.healths().items() if health != "ok"}, set(self.HUNG),
                             [record["reason"] for record in call.records])
        for name in names - set(self.HUNG):
            self.libvirt.virsh("domstats", name)
        until("each request has a worker", lambda: self.libvirt.admin("srv-threadpool-info")["jobQueueDepth"] == 0)


class NoMoreClients(BesideLibvirt):
    settings = {"max_clients": 2, "max_anonymous_clients": 2}

    def test_it_is_not_waited_for_longer_than_the_call(self):
        for error in "End of file", "reset by peer", "Cannot find start time":  # of clients that have left
            self.libvirt.expect(error)
        clients = [socket.socket(socket.AF_UNIX) for _ in range(2)]
        for client in clients:
            client.connect(self.libvirt.socket())
        status, _, trouble = domstats("-c", SYSTEM, "--timeout", "1", timeout=30)
        for client in clients:
            client.close()
        self.assertNotEqual(status, 0)
        self.assertIn("libvirt at 'qemu:///system' takes no connection", trouble)


class Denied(BesideLibvirt):
    settings = {"unix_sock_ro_perms": "0700"}

    def test_by_the_mode_of_the_socket(self):
        done = self.as_nobody("-c", SYSTEM, "--timeout", "3", "list")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("does not let us ask it", done.stderr)

    def as_nobody(self, *words):
        return subprocess.run(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", COMMAND, *words],
                              capture_output=True, text=True, check=False)


@unittest.skipIf(takes_monitors(), "this QEMU can be given a monitor: see neighbours_monitor")
class Added(Beside):
    """What was plugged into a running QEMU that cannot be given a monitor."""

    def plug(self, *monitor):
        """Starts a QEMU with that monitor for people, and plugs a socket; gives its path and what QEMU accepts."""
        watched = self.watch("plugged")
        people = self.host.path("people.sock")
        self.host.start("plugged", "-monitor", f"unix:{people},server=on,wait=off", monitor=monitor, wait=False,
                        launcher=watched.launcher)
        self.wait_for_socket(people)
        run = self.open("auto")
        run.call()
        path = self.host.path("domstats-x.sock")
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(people)
            client.sendall(f"chardev-add socket,id=x,path={path},server=on,wait=off\n".encode())
            self.wait_for_socket(path)
        return run, path, watched

    def test_a_socket_with_a_name_of_ours_is_not_dialled(self):
        run, path, watched = self.plug()
        _, domains, _ = self.run_command("dir:" + os.path.dirname(path))
        for record in run.call()["plugged"], self.run_command("auto")[1]["plugged"]:
            self.assertEqual(record["health"], "no-monitor")
            self.assertIn(f"'{path}'", record["reason"])
            self.assertIn("11.1", record["reason"])
        self.assertEqual(domains, {})
        self.assertEqual(watched.accepted("domstats-x.sock"), [])

    def test_beside_a_monitor_of_its_words(self):
        own = self.host.path("own.qmp")
        run, path, watched = self.plug("-qmp", f"unix:{own},server=on,wait=off")
        _, domains, _ = self.run_command("socket:" + path)
        self.assertEqual(run.call()["plugged"]["health"], "ok")
        self.assertEqual({domain["reason_code"] for domain in domains.values()}, {"no-monitor"}, domains)
        self.assertEqual(watched.accepted("domstats-x.sock"), [])



class FirstLook(BesideLibvirt):
    """At a domain with a monitor for us: what libvirt's definition proves is not asked of its QEMU."""

    def test_what_is_proven_is_not_asked(self):
        own, proxy, log = self.host.path("own.sock"), self.host.path("proxy.sock"), self.host.path("log")
        self.libvirt.create("web", more=MONITOR.format(own))
        Proxy(proxy, own)
        other, asked = look("socket:" + proxy, log, "--any-listener")
        self.assertLessEqual(IDENTITY | MACHINE, set(asked))
        for source in "auto", SYSTEM:
            domain, commands = look(source, log)
            self.assertEqual((domain["health"], domain["answered_by"], domain["missing"]), ("ok", "monitor", []))
            self.assertEqual(set(commands) & (IDENTITY | MACHINE), set(), source)
            for field in "balloon.current", "balloon.maximum", "vcpu.current", "vcpu.maximum":
                self.assertEqual(domain["stats"][field], other["stats"][field], (source, field))


if __name__ == "__main__":
    main()
