# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who listens at a socket: "dir:" and "socket:" find the QEMU by whatever way leads to its monitor, and
leave all else alone."""

import json
import os
import socket
import stat
import subprocess
import unittest

from apart import is_apart, run_apart
from host import COMMAND, Host, domstats
from longrun import LongRun
from waiting import until

USER = 12345
NO_LEAKS = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}


def qmp(path, more=",wait=off"):
    return ["-qmp", f"unix:{path},server=on{more}"]


class Listeners(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.__exit__)

    def at(self, name):
        return self.host.path(name)

    def listen(self, name):
        """A listener that is no QEMU's; nobody may connect to it."""
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(self.at(name))
        listener.listen()
        listener.setblocking(False)
        return listener

    def assert_untouched(self, *listeners):
        for listener in listeners:
            with self.assertRaises(BlockingIOError):
                listener.accept()

    def ask(self, source, *words):
        code, domains, trouble = domstats("-c", source, "list", *words)
        trouble += "; ".join(str(domain["reason"]) for domain in domains.values())
        return code, {name: (domain["health"], domain["reason_code"], domain["id"])
                      for name, domain in domains.items()}, trouble

    def assert_found(self, source, name, process):
        code, domains, trouble = self.ask(source)
        self.assertEqual((code, domains), (0, {name: ("ok", "none", process.pid)}), trouble)


class Folder(Listeners):
    def test_one_domain_a_qemu_and_no_other_socket(self):
        others = [self.listen(name) for name in ("a.qmp", "monitor", "x-qmp.sock", "agent")]
        process = self.host.start(
            "vm", *qmp(self.at("second.qmp")), "-monitor", f"unix:{self.at('hmp.monitor')},server,nowait",
            "-serial", f"unix:{self.at('console.sock')},server,nowait",
            "-vnc", f"unix:{self.at('vnc.qmp')}")
        until("all listen", lambda: Host.is_listening(self.at("vnc.qmp")))
        self.assert_found("dir:" + self.host.folder, "vm", process)
        self.assert_untouched(*others)

    def test_monitors_that_may_not_be_used_are_listed_with_their_reason(self):
        waiting = self.host.start("waits", monitor=qmp(self.at("waits.sock"), ""))
        shared = self.host.start("shared", monitor=[
            "-chardev", f"socket,id=c,path={self.at('shared.sock')},server=on,wait=off,mux=on",
            "-mon", "chardev=c,mode=control", "-serial", "chardev:c"])
        self.host.start("console", monitor=["-serial", f"unix:{self.at('console.sock')},server,nowait"])
        code, domains, trouble = self.ask("dir:" + self.host.folder)
        self.assertEqual((code, domains), (2, {"waits": ("no-monitor", "waits", waiting.pid),
                                               "shared": ("no-monitor", "shared", shared.pid)}), trouble)
        for name, reason in ("waits", "waits"), ("shared", "shared"), ("console", "no-monitor"):
            code, domains, trouble = self.ask(f"socket:{self.at(name)}.sock")
            self.assertEqual([row[:2] for row in domains.values()], [("no-monitor", reason)], trouble)

    def test_a_monitor_whose_file_of_options_has_gone(self):
        path, options = self.at("vm.monitor"), self.at("options")
        with open(options, "w", encoding="utf-8") as file:
            file.write(f'[chardev "c"]\nbackend = "socket"\npath = "{path}"\nserver = "on"\nwait = "off"\n'
                       '[mon "m"]\nchardev = "c"\nmode = "control"\n')
        process = self.host.start("vm", monitor=["-readconfig", options], wait=False)
        until("it listens", lambda: Host.is_listening(path))
        self.assert_found("dir:" + self.host.folder, "vm", process)
        os.unlink(options)
        for source in "dir:" + self.host.folder, "socket:" + path:
            code, domains, trouble = self.ask(source)
            self.assertEqual((code, domains), (2, {"vm": ("no-monitor", "no-monitor", process.pid)}), trouble)
            self.assertIn("-readconfig", trouble)

    def test_the_one_that_may_be_used_of_two(self):
        process = self.host.start("vm", monitor=qmp(self.at("vm.sock")) + qmp(self.at("waits.sock"), ""),
                                  wait=False)
        until("both listen", lambda: Host.is_listening(self.at("waits.sock")))
        for source in "dir:" + self.host.folder, "socket:" + self.at("waits.sock"):
            code, domains, trouble = self.ask(source)
            self.assertEqual((code, domains["vm"][2]), (2, process.pid), trouble)
            self.assertNotEqual(domains["vm"][0], "ok")
        self.assertEqual(len(os.listdir(f"/proc/{process.pid}/task")), 2)

    def test_names_follow_the_socket(self):
        process = self.host.start("vm")
        with LongRun("dir:" + self.host.folder) as run:
            self.assertEqual(run.call()["vm"]["id"], process.pid)
            os.rename(self.at("vm.sock"), self.at("other.sock"))
            for _ in range(2):
                domain = run.call()["vm"]
                self.assertEqual((domain["health"], domain["id"]), ("ok", process.pid), domain)
            os.link(self.at("other.sock"), self.at("vm.sock"))
            self.assertEqual(run.call().healths(), {"vm": "ok"})
            os.mkdir(self.at("elsewhere"))
            os.unlink(self.at("vm.sock"))
            os.rename(self.at("other.sock"), self.at("elsewhere/vm.sock"))
            self.assertEqual(run.call().domains, {})
        self.assert_found("dir:" + self.at("elsewhere"), "vm", process)

    def test_one_that_ended_is_told_by_its_name(self):
        self.host.start("vm", monitor=qmp(self.at("a.sock")) + qmp(self.at("b.sock")), wait=False)
        until("both listen", lambda: Host.is_listening(self.at("b.sock")))
        for source in "dir:" + self.host.folder, "socket:" + self.at("b.sock"):
            with self.subTest(source), LongRun(source) as run:
                call = until("it answers", lambda: (lambda call: call if call.healths() == {"vm": "ok"}
                                                    else None)(run.call()))
                first = call["vm"]["id"]
                self.host.end(self.host.processes.pop("vm"))
                self.assertEqual(run.call().healths(), {"vm": "gone"})
                again = self.host.start("vm", monitor=qmp(self.at("b.sock")), wait=False)
                until("it listens", lambda: Host.is_listening(self.at("b.sock")))
                call = until("the next one answers", lambda: (lambda call: call if "ok" in
                             call.healths().values() else None)(run.call()))
                self.assertEqual([domain["id"] for domain in call.records if domain["health"] == "ok"],
                                 [again.pid])
                self.assertNotEqual(again.pid, first)

    def test_a_file_with_the_number_of_one_that_ended(self):
        """Some file systems give the number of a file that is removed to the next one."""
        self.host.start("first")
        with LongRun("dir:" + self.host.folder) as run:
            self.assertEqual(run.call().healths(), {"first": "ok"})
            for before, name in ("first", "second"), ("second", "third"):
                self.host.end(self.host.processes.pop(before))
                self.assertEqual(run.call().healths(), {before: "gone"})
                os.unlink(self.at(before + ".sock"))
                process = self.host.start(name)
                call = run.call()
                self.assertEqual(call.healths(), {name: "ok"})
                self.assertEqual(call[name]["id"], process.pid)

    def test_a_launcher_that_keeps_the_socket_it_passed_on(self):
        listener = self.listen("vm.sock")
        process = self.host.start("vm", monitor=[
            "-chardev", f"socket,id=c,fd={listener.fileno()},server=on,wait=off", "-mon",
            "chardev=c,mode=control"], pass_fds=[listener.fileno()])
        for source in "dir:" + self.host.folder, "socket:" + self.at("vm.sock"):
            self.assert_found(source, "vm", process)

    def test_a_qemu_that_gets_the_socket_later(self):
        listener = self.listen("vm.sock")
        with LongRun("dir:" + self.host.folder) as run:
            self.assertEqual(run.call().domains, {})
            self.host.start("vm", monitor=[
                "-chardev", f"socket,id=c,fd={listener.fileno()},server=on,wait=off", "-mon",
                "chardev=c,mode=control"], pass_fds=[listener.fileno()])
            until("it is found", lambda: run.call().healths() == {"vm": "ok"})


class Ways(Listeners):
    def test_every_way_to_one_socket(self):
        process = self.host.start("vm")
        os.symlink(self.at("vm.sock"), self.at("link"))
        os.symlink(self.host.folder, self.at("folder"))
        here = os.getcwd()
        self.addCleanup(os.chdir, here)
        os.chdir(self.host.folder)
        for way in (self.at("link"), self.at("folder/vm.sock"), f"/proc/{process.pid}/root{self.at('vm.sock')}",
                    "vm.sock", "./folder/../vm.sock"):
            with self.subTest(way):
                self.assert_found("socket:" + way, "vm", process)
        self.assert_found(f"dir:/proc/{process.pid}/root{self.host.folder}", "vm", process)
        self.assert_found("dir:.", "vm", process)

    def test_an_abstract_name_and_a_port(self):
        name = f"domstats-test-{os.getpid()}"
        abstract = self.host.start("abstract", monitor=[
            "-chardev", f"socket,id=c,path={name},abstract=on,server=on,wait=off", "-mon",
            "chardev=c,mode=control"], wait=False)
        port = self.host.start("port", monitor=["-qmp", "tcp:127.0.0.1:0,server=on,wait=off"], wait=False)
        address = until("it listens", lambda: self.address_of(port))
        until("it listens", lambda: Host.is_listening("@" + name))
        self.assert_found("socket:@" + name, "abstract", abstract)
        self.assert_found("socket:tcp:" + address, "port", port)
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        listener.setblocking(False)
        code, domains, trouble = self.ask(f"socket:tcp:127.0.0.1:{listener.getsockname()[1]}")
        self.assertEqual([row[:2] for row in domains.values()], [("no-monitor", "not-qemu")], trouble)
        self.assert_untouched(listener)

    @staticmethod
    def address_of(process):
        table = subprocess.run(["ss", "-tlnpH"], check=True, capture_output=True, text=True).stdout
        lines = [line.split() for line in table.splitlines() if f"pid={process.pid}," in line]
        return lines[0][3] if lines else None

    @unittest.skipUnless(is_apart(), "needs root and namespaces")
    def test_other_mount_and_network_namespaces(self):
        os.mkdir(self.at("inner"))
        os.mkdir(self.at("outer"))
        shared = self.at("outer/shared.sock")
        process = self.host.start(
            "vm", monitor=qmp(self.at("inner/vm.sock")) + qmp(shared), wait=False,
            launcher=["unshare", "-mn", "sh", "-c", f'mount -t tmpfs none {self.at("inner")} && exec "$@"',
                      "sh"])
        until("it listens", lambda: stat.S_ISSOCK(self.mode_of(shared)) and Host.is_qemu(process))
        self.assert_found("socket:" + shared, "vm", process)
        self.assert_found("dir:" + self.at("outer"), "vm", process)
        inside = f"/proc/{process.pid}/root{self.at('inner')}"
        self.assert_found("dir:" + inside, "vm", process)
        self.assert_found(f"socket:{inside}/vm.sock", "vm", process)
        self.assertEqual(self.ask("dir:" + self.at("inner"))[:2], (0, {}))

    @staticmethod
    def mode_of(path):
        return os.stat(path).st_mode if os.path.exists(path) else 0


@unittest.skipUnless(is_apart(), "needs a pid namespace: it asks all QEMUs")
class TakenOver(Listeners):
    def test_a_file_that_another_qemu_has_bound_since(self):
        """The QEMU that lost its file is not reached; the other one is asked for its own record only."""
        lost = self.host.start("lost")
        with LongRun("auto") as run:
            self.assertEqual(run.call().healths(), {"lost": "ok"})
            log = self.at("accepts")
            other = self.host.start("other", monitor=qmp(self.at("lost.sock")), wait=False, launcher=[
                "strace", "-D", "-f", "-qqq", "-e", "trace=accept,accept4", "-e", "signal=none", "-o", log])
            call = until("the other answers", lambda: (lambda call: call if call.healths().get("other") ==
                                                       "ok" else None)(run.call()))
            self.assertEqual({name: domain["id"] for name, domain in call.domains.items()},
                             {"lost": lost.pid, "other": other.pid})
            until("its accept is told", lambda: self.n_accepted(log) > 0)
            before = self.n_accepted(log)
            call = run.call()
            self.assertEqual(call["lost"]["health"], "no-monitor", call["lost"])
            self.assertEqual(call["other"]["health"], "ok", call["other"])
            self.assertLessEqual(self.n_accepted(log), before + 1)

    @staticmethod
    def n_accepted(log):
        with open(log, encoding="utf-8") as lines:
            return sum(") = " in line and "= -1" not in line for line in lines)


@unittest.skipUnless(is_apart(), "needs root")
class Rights(Listeners):
    """Where the process cannot be seen, names decide."""

    def setUp(self):
        super().setUp()
        done = subprocess.run(self.as_user(COMMAND, "--version"), check=False, capture_output=True)
        if done.returncode != 0:
            self.skipTest("other users may not run the command")
        os.chmod(self.host.folder, 0o777)
        self.host.start("a", monitor=qmp(self.at("a.qmp")), wait=False)
        self.host.start("b", monitor=qmp(self.at("b.sock")), wait=False)
        for name in "a.qmp", "b.sock":
            until("it listens", lambda: Host.is_listening(self.at(name)))
            os.chmod(self.at(name), 0o666)

    @staticmethod
    def as_user(*words):
        return ["setpriv", "--reuid", str(USER), "--regid", str(USER), "--clear-groups", *words]

    def ask_as_user(self, *words):
        done = subprocess.run(self.as_user(COMMAND, *words, "--state", "--format", "json"), check=False,
                              text=True, capture_output=True, env=NO_LEAKS)
        return done.returncode, {domain["name"]: domain["health"] for domain in
                                 json.loads(done.stdout)["domains"]}, done.stderr

    def test_names_decide_and_it_is_said_what_was_left_alone(self):
        others = [self.listen("console"), self.listen("agent.sock")]
        for name in "console", "agent.sock":
            os.chmod(self.at(name), 0o666)
        code, found, trouble = self.ask_as_user("-c", "dir:" + self.host.folder)
        self.assertEqual((code, found), (3, {"a": "ok"}), trouble)
        self.assertIn(f"3 sockets in '{self.host.folder}' were left alone", trouble)
        self.assert_untouched(*others)
        code, found, trouble = self.ask_as_user("-c", "socket:" + self.at("b.sock"))
        self.assertEqual((code, found), (2, {"b": "no-monitor"}), trouble)
        self.assertIn("cannot be seen which process listens", trouble)
        code, found, trouble = self.ask_as_user("-c", "socket:" + self.at("b.sock"), "--any-listener")
        self.assertEqual((code, found), (0, {"b": "ok"}), trouble)
        self.assertEqual(self.ask("dir:" + self.host.folder)[0], 0)


class Many(Listeners):
    def count_searched(self, run):
        """How many processes the next call searches for sockets."""
        log = self.at("strace")
        tracer = subprocess.Popen(["strace", "-f", "-qqq", "-e", "trace=openat,getdents64", "-o", log,
                                   "-p", str(run.process.pid)], stderr=subprocess.PIPE)
        try:
            until("it is traced", lambda: self.tracer_of(run.process.pid) == tracer.pid)
            self.assertEqual(run.call().healths(), {"vm": "ok"})
        finally:
            tracer.terminate()
            tracer.wait()
            tracer.stderr.close()
        with open(log, encoding="utf-8") as lines:
            return sum('/fd"' in line for line in lines)

    def test_what_is_known_is_not_searched_for_again(self):
        """300 sockets: strace counts what a later scan reads."""
        process = self.host.start("vm")
        others = [self.listen(f"{i}.qmp") for i in range(300)]
        with LongRun("dir:" + self.host.folder) as run:
            self.assertEqual(run.call().healths(), {"vm": "ok"})
            # The others are looked at again after pauses of 1 s, 2 s and so on: on a slow host in some of these calls.
            until("a call searches for nothing", lambda: self.count_searched(run) < 5)
        self.assert_untouched(*others)
        self.assertIsNone(process.poll())

    @staticmethod
    def tracer_of(pid):
        with open(f"/proc/{pid}/status", encoding="utf-8") as status:
            return int(status.read().split("TracerPid:")[1].split()[0])


if __name__ == "__main__":
    run_apart(__file__)
    unittest.main(verbosity=2)
