# SPDX-License-Identifier: LGPL-2.1-or-later
"""The source "auto" on a host with libvirt: what is typed first gives the whole answer."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
import unittest

from host import COMMAND
from libvirts import DISK, BesideLibvirt, Libvirtd, Session, has_modular
from neighbours import Beside, main, until

UUID = "5cf3c6d4-0d2b-4c0e-9a4e-7a4b1f2a9d11"
MARGIN_S = 5  # a process of a loaded host starts late


def typed(*words, user=None, timeout=120):
    """Runs the command just so."""
    words = [COMMAND, *words]
    if user is not None:
        account = pwd.getpwnam(user)
        words = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups",
                 "env", "HOME=/", *words]
    return subprocess.run(words, capture_output=True, text=True, timeout=timeout, check=False)


class Auto(BesideLibvirt):
    def way(self):
        return f"qemu+unix:///system?socket={self.libvirt.socket()}"

    def domids(self):
        """Names and ids of those that run, as libvirt has them."""
        names = self.libvirt.virsh("list", "--name").split()
        return {name: int(self.libvirt.virsh("domid", name)) for name in names}

    def call(self, *options):
        status, domains, trouble = self.run_command("auto", *options)
        return status, domains, trouble

    def assert_through_libvirt(self, domains, names):
        for name in names:
            domain = domains[name]
            self.assertEqual((name, domain["health"], domain["missing"], domain["answered_by"]),
                             (name, "ok", [], "libvirt"), domain["reason"])
            self.assertEqual(domain["pid"], self.libvirt.qemu(name))


class TypedFirst(Auto):
    def test_ten_domains_are_complete(self):
        names = self.libvirt.create_many(10)
        self.libvirt.define("off")
        for words in [], ["list"]:
            done = typed(*words)
            self.assertEqual((done.returncode, done.stderr), (0, ""), words)
            for name in [*names, "off"]:
                self.assertIn(name, done.stdout)
        status, domains, trouble = self.call()
        self.assertEqual((status, trouble), (0, ""))
        self.assert_through_libvirt(domains, names)
        self.assertEqual({name: domains[name]["id"] for name in names}, self.domids())
        self.assertIsNone(domains["off"]["id"])
        for name, domain in domains.items():
            self.assertEqual(domain["uuid"], self.libvirt.virsh("domuuid", name).strip())

    def test_filters_are_those_of_libvirt(self):
        self.libvirt.create("passing")
        self.libvirt.define("off")
        self.libvirt.define("stays")
        self.libvirt.virsh("start", "stays")
        self.libvirt.create("paused", paused=True)
        for option, found in {"--list-active": {"passing", "stays", "paused"}, "--list-inactive": {"off"},
                              "--list-persistent": {"off", "stays"}, "--list-transient": {"passing", "paused"},
                              "--list-running": {"passing", "stays"}, "--list-paused": {"paused"},
                              "--list-shutoff": {"off"}}.items():
            status, domains, trouble = self.call(option)
            self.assertEqual((status, set(domains), trouble), (0, found, ""), option)

    def test_one_that_is_stopped_is_named_and_the_others_are_whole(self):
        names = self.libvirt.create_many(10)
        os.kill(self.libvirt.qemu("vm5"), signal.SIGSTOP)
        self.addCleanup(os.kill, self.libvirt.qemu("vm5"), signal.SIGCONT)
        begin = time.monotonic()
        done = typed("--timeout", "3")
        self.assertLess(time.monotonic() - begin, 3 + MARGIN_S)
        self.assertEqual(done.returncode, 3)
        self.assertIn("domstats: vm5: stopped: ", done.stderr)
        self.assertEqual([typed(*words).returncode for words in (["list"], ["list", "vm5"], ["list", "vm1"])], [3, 3, 0])
        status, domains, _ = self.call()
        self.assertEqual(status, 3)
        self.assertEqual((domains["vm5"]["health"], domains["vm5"]["reason_code"]), ("stopped", "signal"))
        self.assertIn("cpu.time", domains["vm5"]["stats"])
        self.assert_through_libvirt(domains, set(names) - {"vm5"})

    def test_qemus_that_are_not_libvirts_are_beside_them(self):
        self.libvirt.create("vm1")
        self.host.start("plain")
        self.host.start("bare", monitor=[], wait=False)
        _, domains, _ = self.call()
        self.assertEqual({name: (each["health"], each["answered_by"]) for name, each in domains.items()},
                         {"vm1": ("ok", "libvirt"), "plain": ("ok", "monitor"),
                          "bare": ("no-monitor", "host")})

    def test_one_with_a_second_monitor_is_asked_there_by_libvirts_names(self):
        image = self.host.path("disk.img")
        with open(image, "wb") as file:
            file.truncate(1 << 20)
        words = ("-chardev", f"socket,id=domstats,path={self.host.path('vm1.sock')},server=on,wait=off",
                 "-mon", "chardev=domstats,mode=control")
        self.libvirt.create("vm1", DISK.format(form="raw", path=image, target="vdq"), "<qemu:commandline>" +
                            "".join(f"<qemu:arg value='{word}'/>" for word in words) + "</qemu:commandline>")
        self.libvirt.create("vm2")
        status, domains, _ = self.call()
        self.assertEqual((status, domains["vm1"]["answered_by"], domains["vm2"]["answered_by"]),
                         (0, "monitor", "libvirt"))
        self.assertEqual((domains["vm1"]["id"], domains["vm1"]["stats"]["block.0.name"]),
                         (self.domids()["vm1"], "vdq"))

    def test_a_recording_says_that_it_lacks_what_libvirt_told(self):
        self.libvirt.create("vm1")
        self.host.start("plain")
        folder = self.host.path("recording")
        done = typed("record", folder)
        self.assertEqual(done.returncode, 3)
        self.assertIn("1 of 2 domains recorded", done.stdout)
        self.assertRegex(done.stderr, "^domstats: vm1: no-monitor: it was asked through libvirt, .*; missing: state")
        _, domains, _ = self.run_command("replay:" + folder)
        self.assertEqual({name: each["health"] for name, each in domains.items()},
                         {"vm1": "no-monitor", "plain": "ok"})
        self.assertIn("through libvirt", domains["vm1"]["reason"])
        self.assertIn("cpu.time", domains["vm1"]["stats"])

    def test_a_plain_user_asks_libvirt_too(self):
        os.chmod(self.host.folder, 0o755)
        names = self.libvirt.create_many(2)
        self.libvirt.define("off")
        done = typed("list", user="nobody")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        for name in [*names, "off"]:
            self.assertIn(name, done.stdout)

    def test_without_libvirt_it_is_not_asked(self):
        self.libvirt.create("vm1")
        status, domains, _ = self.call("--no-libvirt")
        self.assertEqual((status, domains["vm1"]["health"]), (2, "busy"))
        self.assertNotIn("libvirt at", domains["vm1"]["reason"])


@unittest.skipUnless(has_modular(), "no virtqemud here")
class Modular(TypedFirst):
    """The same with virtqemud, virtproxyd, which has the sockets of libvirtd, and virtlogd."""

    settings = {"modular": True, "qemu_conf": {"stdio_handler": "logd"}}

    def setUp(self):
        super().setUp()
        for program, socket in ("virtproxyd", "libvirt-sock-ro"), ("virtlogd", "virtlogd-sock"):
            log = self.host.path(program + ".log")
            conf = self.libvirt.write(self.host.path(program + ".conf"),
                                      self.libvirt.conf({"log_outputs": f"3:file:{log}"}))
            self.daemon(program, program, "-f", conf, "-p", self.host.path(program + ".pid"))
            self.wait_for_socket("/run/libvirt/" + socket)

    def test_through_the_proxy(self):
        names = self.libvirt.create_many(2)
        for socket in "libvirt-sock-ro", "virtqemud-sock-ro", "virtqemud-sock":
            source = f"libvirt:qemu+unix:///system?socket=/run/libvirt/{socket}"
            status, domains, trouble = self.run_command(source)
            self.assertEqual((status, set(domains)), (0, set(names)), (source, trouble))
            self.assert_through_libvirt(domains, names)


class Trouble(Auto):
    def test_a_daemon_that_ends_and_comes_back(self):
        names = self.libvirt.create_many(3)
        self.libvirt.define("off")
        run = self.open("auto")
        before = run.call()
        self.assertEqual(set(before.healths().values()), {"ok"})
        self.libvirt.end()
        away = run.call()
        for name in names:
            self.assertEqual(away[name]["health"], "no-monitor")
            self.assertIn(f"libvirt at '{self.way()}' has ended", away[name]["reason"])
            self.assertEqual(away[name]["id"], before[name]["id"])
            self.assertIn("cpu", away[name]["groups"])
        self.assertEqual(away["off"]["health"], "slow")
        done = typed()
        self.assertEqual(done.returncode, 2)
        self.assertIn("no libvirt runs", done.stderr)
        for option in "--list-persistent", "--list-transient":  # nobody tells which they are
            self.assertEqual(set(self.call(option)[1]), set(names), option)
        for options in [], ["--no-libvirt"]:
            _, domains, _ = self.call(*options)
            self.assertEqual({name: domains[name]["id"] for name in names},
                             {name: before[name]["id"] for name in names})
        self.libvirt.start()
        until("all are well again", lambda: set(run.call().healths().values()) == {"ok"})
        self.assertEqual({name: run.call()[name]["id"] for name in names}, self.domids())

    def test_a_daemon_that_is_stopped_costs_nothing(self):
        self.libvirt.create_many(2)
        self.libvirt.define("off")
        run = self.open("auto")
        self.assertEqual(set(run.call().healths().values()), {"ok"})
        self.libvirt.stop()
        self.addCleanup(self.libvirt.go_on)
        begin = time.monotonic()
        done = typed("list", "--timeout", "20")
        self.assertLess(time.monotonic() - begin, MARGIN_S)
        self.assertIn("is stopped by a signal", done.stderr)
        for _ in range(2):
            call = run.call(timeout_ms=20000)
            self.assertLess(call.ms, 1000 * MARGIN_S)
            self.assertEqual(call.healths(), {"vm1": "busy", "vm2": "busy", "off": "slow"})
            self.assertIn("stopped by a signal", call["vm1"]["reason"])
        self.libvirt.go_on()
        until("all are well again", lambda: set(run.call().healths().values()) == {"ok"})

    def test_one_restarted_again_and_again_while_it_is_asked(self):
        names = self.libvirt.create_many(3)
        pids = {name: self.libvirt.qemu(name) for name in names}
        poller = self.poll("auto")
        for _ in range(3):
            poller.wait_for_calls(2)
            self.libvirt.restart(signal.SIGKILL)
        poller.wait_for_calls(5)
        for call in poller.stop():
            self.assertIsNone(call.error)
            self.assertEqual({name: call[name]["pid"] for name in names}, pids, call.records)
            self.assertEqual(len(call.records), 3)
        self.assertEqual(set(poller.calls[-1].healths().values()), {"ok"}, poller.calls[-1].records)

    def test_a_daemon_that_ends_by_itself_is_not_kept_alive(self):
        command = self.libvirt.command()
        self.libvirt.end()
        self.libvirt.command = lambda: [*command, "--timeout", "2"]
        self.libvirt.start()
        self.libvirt.create("vm1")
        self.libvirt.define("off")
        run = self.open("auto")
        self.assertEqual(run.call().healths(), {"vm1": "ok", "off": "ok"})
        time.sleep(4)
        self.assertIsNone(self.libvirt.process.poll())
        self.libvirt.virsh("destroy", "vm1")
        self.assertEqual(run.call().healths(), {"off": "ok"})
        until("it ends", lambda: self.libvirt.process.poll() is not None)
        self.assertEqual(run.call().healths(), {})

    def test_a_daemon_whose_file_was_replaced(self):
        self.libvirt.end()
        copy = self.host.path("libvirtd")
        shutil.copy(shutil.which("libvirtd"), copy)
        command = self.libvirt.command()
        self.libvirt.command = lambda: [copy, *command[1:], "-f", "/etc/libvirt/libvirtd.conf"]
        self.libvirt.start()
        os.unlink(copy)
        self.libvirt.create("vm1")
        status, domains, _ = self.call()
        self.assertEqual(status, 0)
        self.assert_through_libvirt(domains, ["vm1"])

    def test_a_domain_that_ends_leaves_the_answer_and_one_that_begins_comes(self):
        self.libvirt.create("vm1")
        self.libvirt.define("off")
        run = self.open("auto")
        self.assertEqual(run.call().healths(), {"vm1": "ok", "off": "ok"})
        self.libvirt.virsh("destroy", "vm1")
        self.libvirt.virsh("start", "off")
        call = run.call()
        self.assertEqual((call.healths(), call["off"]["pid"]), ({"off": "ok"}, self.libvirt.qemu("off")))
        self.libvirt.virsh("destroy", "off")
        call = run.call()
        self.assertEqual((call.healths(), call["off"]["id"]), ({"off": "ok"}, -1))


class Activated(Auto):
    """The sockets of the daemon are another process's, as systemd's, which would start it anew."""

    HOLDER = """
import os, select, socket, sys
sockets = []
for number, path in (3, sys.argv[1]), (4, sys.argv[2]):
    each = socket.socket(socket.AF_UNIX)
    each.bind(path)
    each.listen()
    os.dup2(each.fileno(), number + 100)
    sockets.append(each)
if os.fork() == 0:
    os.dup2(103, 3)
    os.dup2(104, 4)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2", LISTEN_FDNAMES="libvirtd.socket:libvirtd-ro.socket")
    os.execvp(sys.argv[4], sys.argv[4:])
os.wait()
select.select(sockets, [], [])
open(sys.argv[3], "w").close()
"""

    def is_running(self):
        return os.path.exists(f"/proc/{self.pid}/exe")

    def test_a_daemon_that_has_ended_by_itself_is_not_started_again(self):
        self.libvirt.end()
        marker = self.host.path("connected")
        paths = self.libvirt.socket(False), self.libvirt.socket()
        for path in [path for path in paths if os.path.exists(path)]:
            os.unlink(path)
        self.daemon("holder", sys.executable, "-c", self.HOLDER, *paths, marker, *self.libvirt.command(), "--timeout",
                    "3")
        until("it serves", lambda: os.path.exists(paths[1]) and
              self.libvirt.try_virsh("uri").returncode == 0)
        with open("/run/libvirt/own.pid", encoding="ascii") as file:
            self.pid = int(file.read())
        self.libvirt.define("off")
        run = self.open("auto")
        self.assertEqual(run.call().healths(), {"off": "ok"})
        until("it ends", lambda: not self.is_running())
        self.assertEqual(run.call().healths(), {})
        done = typed("list")
        self.assertEqual(done.returncode, 2)
        self.assertIn(paths[1], done.stderr)
        time.sleep(0.5)
        self.assertFalse(os.path.exists(marker))


class Denied(Auto):
    settings = {"unix_sock_ro_perms": "0700"}

    def test_a_plain_user_sees_why(self):
        self.libvirt.create("vm1")
        done = typed("list", user="nobody")
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn("denied", done.stdout)
        self.assertIn(f"libvirt at '{self.way()}'", done.stderr)
        self.assertEqual(typed("list").returncode, 0)


class Full(Auto):
    settings = {"max_clients": 2, "max_anonymous_clients": 2}

    def test_a_daemon_that_takes_no_more_clients(self):
        self.libvirt.create("vm1")
        holders = [subprocess.Popen(["virsh", "-q", "-c", self.libvirt.uri, "event", "--all", "--loop"],
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
        for holder in holders:
            self.addCleanup(holder.communicate)
            self.addCleanup(holder.kill)
        until("it takes no more", lambda: self.is_full())
        begin = time.monotonic()
        status, domains, trouble = self.call("--timeout", "4")
        self.assertLess(time.monotonic() - begin, 4 + MARGIN_S)
        self.assertEqual((status, domains["vm1"]["health"]), (2, "busy"))
        self.assertIn("libvirt at", domains["vm1"]["reason"])
        self.assertIn("libvirt at", trouble)
        for holder in holders:
            holder.kill()
            holder.communicate()
        until("it takes clients again", lambda: self.call()[0] == 0)
        # Of the clients that were killed, or went away before it took them.
        self.libvirt.expect("End of file while reading data")
        self.libvirt.expect("Cannot find start time for pid")

    def is_full(self):
        try:
            self.libvirt.try_virsh("uri", timeout=1)
            return False
        except subprocess.TimeoutExpired:
            return True


class Several(Auto):
    """With a domain of the same name and UUID in each."""

    def create_same(self, daemon):
        with open(daemon.xml("same"), encoding="utf-8") as file:
            text = file.read().replace("</name>", f"</name><uuid>{UUID}</uuid>")
        with open(daemon.xml("same"), "w", encoding="utf-8") as file:
            file.write(text)
        path = daemon.write(self.host.path(daemon.name + "-same.xml"), text)
        os.chmod(path, 0o644)
        daemon.virsh("create", path)
        return daemon.qemu("same")

    def records_by_pid(self):
        call = self.open("auto").call()
        self.assertIsNone(call.error)
        return {record["pid"]: record for record in call.records}


class OfUsers(Several):
    def test_each_domain_is_asked_of_its_own(self):
        session = self.start_libvirt(Session(self.host))
        pids = [self.create_same(self.libvirt), self.create_same(session)]
        session.define("user-off")
        records = self.records_by_pid()
        for pid in pids:
            self.assertEqual((records[pid]["name"], records[pid]["uuid"], records[pid]["health"]),
                             ("same", UUID, "ok"), records[pid]["reason"])
        self.assertEqual({record["name"] for record in records.values()}, {"same", "user-off"})
        self.assertEqual([records[pid]["id"] for pid in pids], [1, pids[1]])
        self.assertEqual(len(records), 3)
        self.libvirt.virsh("suspend", "same")
        states = {record["pid"]: record for record in self.open("auto").call().records}
        self.assertNotEqual(str(states[pids[0]]), str(states[pids[1]]))
        done = typed("list")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((done.stdout.count("paused"), done.stdout.count("running")), (1, 1))

    def test_a_users_libvirt_that_is_silent_holds_up_nobody(self):
        session = self.start_libvirt(Session(self.host))
        pids = [self.create_same(self.libvirt), self.create_same(session)]
        session.stop()
        self.addCleanup(session.go_on)
        records = self.records_by_pid()
        self.assertEqual([records[pid]["health"] for pid in pids], ["ok", "busy"])
        self.assertIn(session.socket(), records[pids[1]]["reason"])

    def test_a_plain_user_has_its_own(self):
        session = self.start_libvirt(Session(self.host))
        self.create_same(session)
        done = typed("list", user="nobody")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertIn("same", done.stdout)


class Container(Libvirtd):
    """A daemon in a mount namespace of its own, with other folders at the same paths."""

    launcher = ["unshare", "-m", "sh", "-c",
                'mount -t tmpfs none /run/libvirt && mount -t tmpfs none /var/lib/libvirt && exec "$@"', "sh"]

    def __init__(self, host):
        super().__init__(host)
        self.name = "container"
        self.log = host.path("container.log")

    @property
    def uri(self):
        return f"qemu+unix:///system?socket={self.inside()}/run/libvirt/libvirt-sock"

    def inside(self):
        return f"/proc/{self.process.pid}/root"

    def set_up(self):
        self.conf_path = self.write(self.host.path("container.conf"), self.conf({}))

    def command(self):
        return [self.program, "-f", self.conf_path, "-p", "/run/libvirt/own.pid"]

    def state_folder(self):
        return self.inside() + "/run/libvirt/qemu" if self.process else self.host.path("none")

    def close(self):
        for pid in self.qemus():  # while the folder can be seen
            os.kill(pid, signal.SIGKILL)
        super().close()


class InContainers(Several):
    def test_libvirt_in_a_container_is_asked_beside_the_hosts(self):
        container = self.start_libvirt(Container(self.host))
        pids = [self.create_same(self.libvirt), self.create_same(container)]
        container.define("off")
        records = self.records_by_pid()
        self.assertEqual(len(records), 3)
        for pid in pids:
            self.assertEqual((records[pid]["name"], records[pid]["uuid"], records[pid]["health"]),
                             ("same", UUID, "ok"), records[pid]["reason"])
        container.virsh("suspend", "same")
        _, domains, trouble = self.call()
        self.assertEqual((domains["off"]["answered_by"], trouble), ("libvirt", ""))
        done = typed("list")
        self.assertEqual((done.stdout.count("paused"), done.stdout.count("running")), (1, 1))

    def test_alone(self):
        self.libvirt.end()
        for path in self.libvirt.socket(), self.libvirt.socket(False):
            if os.path.exists(path):
                os.unlink(path)
        container = self.start_libvirt(Container(self.host))
        pid = self.create_same(container)
        done = typed()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(self.records_by_pid()[pid]["health"], "ok")
        self.libvirt.start()


class Nobody(Beside):
    """A host without libvirt, or of which only systemd listens."""

    def test_no_daemon_is_started(self):
        subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", "/run"], check=False)
        os.mkdir("/run/libvirt")
        path = "/run/libvirt/libvirt-sock-ro"
        watched = self.watch("listener")
        self.daemon("listener", *watched.launcher, "python3", "-c",
                    f"import socket,time; s = socket.socket(socket.AF_UNIX); s.bind('{path}'); s.listen(); "
                    "time.sleep(600)")
        until("it listens", lambda: self.host.is_listening(path))
        self.host.start("plain")
        status, domains, trouble = self.run_command("auto")
        self.assertEqual((status, domains["plain"]["health"]), (3, "ok"))
        self.assertIn(path, trouble)
        self.assertEqual(watched.accepted(), [])


if __name__ == "__main__":
    main()
