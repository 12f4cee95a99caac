# SPDX-License-Identifier: LGPL-2.1-or-later
"""libvirtd ends, restarts, is stopped, or takes no connection: each a clear reason, and recovery at the next call."""

import os
import re
import signal
import subprocess
import unittest

from host import COMMAND
from libvirts import SOURCES, BesideLibvirt, Libvirtd, has_modular
from neighbours import ENDLESS_MS, main
from waiting import until

FIRST_MS = 1500  # deadline of a call that must wait for it
CALLS = 3
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
AWAY = ("busy", "no-monitor", "denied", "slow", "wedged")
CODES = ("libvirt-away", "libvirt-silent", "managed", "held", "no-listener", "permission")
# What libvirt logs of clients that leave while it is stopped, or before it has answered.
LEFT = (r"virNetSocketReadWire:.*End of file", r"virProcessGetStartTime:.*Cannot find start time")


class Away(BesideLibvirt):
    n_domains = 2

    def setUp(self):
        super().setUp()
        self.names = self.libvirt.create_many(self.n_domains)

    def check_whole(self, domains):
        self.assertEqual(set(domains), set(self.names))
        for record in domains.values():
            self.assert_whole(record)

    def check_away(self, domains, codes=CODES):
        """The host's view."""
        self.assertEqual(set(domains), set(self.names))
        for record in domains.values():
            self.assertIn(record["health"], AWAY, record)
            self.assertIn(record["reason_code"], codes, record)
            self.assertIn("libvirt", record["reason"])
            self.assertIn("cpu", record["groups"] if "groups" in record else {"cpu"})

    def call_until_whole(self, run):
        def attempt():
            call = run.call(timeout_ms=ENDLESS_MS)
            return call if set(call.healths().values()) == {"ok"} else None
        self.check_whole(until("all are whole", attempt).domains)


class Ends(Away):
    def check(self, source, number):
        run = self.open(source)
        self.check_whole(run.call().domains)
        for _ in range(2):
            self.libvirt.end(number)
            for _ in range(CALLS):
                self.check_away(run.call(timeout_ms=ENDLESS_MS).domains)
            self.libvirt.start()
            self.check_whole(run.call().domains)

    def test_killed_beside_auto(self):
        self.check("auto", signal.SIGKILL)

    def test_killed_beside_libvirt(self):
        self.check("libvirt:qemu:///system", signal.SIGKILL)

    def test_ended_beside_auto(self):
        self.check("auto", signal.SIGTERM)

    def test_ended_beside_libvirt(self):
        self.check("libvirt:qemu:///system", signal.SIGTERM)

    def test_the_command_while_it_is_away(self):
        self.libvirt.end()
        code, domains, _ = self.run_command("auto")
        self.assertEqual(code, 2)
        self.check_away(domains)
        code, domains, trouble = self.run_command("libvirt:qemu:///system")
        self.assertEqual((code, domains), (2, {}))
        self.assertIn("libvirt", trouble)

    def test_restarted_beside_programs_that_poll(self):
        """At any point of a call, with SIGPIPE at its default."""
        pollers = [self.poll(source, every_s=0) for source in SOURCES]
        for number in (signal.SIGKILL, signal.SIGTERM) * 2:
            for poller in pollers:
                poller.wait_for_calls(1)
            self.libvirt.restart(number)
        for poller in pollers:
            poller.wait_for_calls(2)
            for call in poller.stop():
                self.assertIsNone(call.error)
                self.assertEqual(set(call.domains), set(self.names))
                self.assertTrue(all(record["health"] in ("ok", *AWAY) for record in call.records), call.records)
        for poller in pollers:  # now no call of one is a job of a domain while the other asks
            self.check_whole(poller.run_of_calls.call().domains)


class IsStopped(Away):
    """By a signal, so that it accepts connections and answers nothing."""

    def setUp(self):
        super().setUp()
        for pattern in LEFT:
            self.libvirt.expect(pattern)

    def check_program(self, source):
        run = self.open(source)
        self.check_whole(run.call().domains)
        run.start_call(timeout_ms=FIRST_MS)
        self.libvirt.stop()
        call = run.end_call()
        for timeout_ms in FIRST_MS, *[ENDLESS_MS] * CALLS:
            call = run.call(timeout_ms=timeout_ms)
            codes = ("libvirt-silent", "libvirt-away") + (("no-time",) if timeout_ms == FIRST_MS else ())
            self.check_away(call.domains, codes)
        usage = run.usage()
        for _ in range(CALLS):
            run.call(timeout_ms=ENDLESS_MS)
        self.assertEqual(run.usage()["n_threads"], usage["n_threads"])
        self.assertEqual(run.usage()["n_fds"], usage["n_fds"])
        self.libvirt.go_on()
        self.call_until_whole(run)

    def test_beside_a_program_on_auto(self):
        self.check_program("auto")

    def test_beside_a_program_on_libvirt(self):
        self.check_program("libvirt:qemu:///system")

    def test_a_program_that_begins_meanwhile(self):
        self.libvirt.stop()
        run = self.open("auto")
        self.check_away(run.call(timeout_ms=FIRST_MS).domains)
        self.check_away(run.call(timeout_ms=ENDLESS_MS).domains)
        self.libvirt.go_on()
        self.call_until_whole(run)

    def test_the_command(self):
        self.libvirt.stop()
        code, domains, trouble = self.run_command("auto", "--timeout", "1.5")
        self.assertEqual(code, 2, trouble)
        self.check_away(domains)
        for source in "libvirt:qemu:///system", f"libvirt:qemu+unix:///system?socket={self.libvirt.socket(False)}":
            code, domains, trouble = self.run_command(source)
            self.assertEqual((code, domains), (2, {}))
            self.assertRegex(trouble, f"does not answer: its process {self.libvirt.process.pid} is stopped by a signal")
        self.libvirt.go_on()
        self.libvirt.virsh("list")

    def test_it_ends_while_it_is_stopped(self):
        run = self.open("auto")
        self.check_whole(run.call().domains)
        self.libvirt.stop()
        self.check_away(run.call(timeout_ms=FIRST_MS).domains)
        self.libvirt.kill()
        run.call(timeout_ms=ENDLESS_MS)
        self.libvirt.start()
        self.call_until_whole(run)


class Full(Away):
    """As many clients as libvirt takes are connected, so it accepts no more."""

    settings = {"max_clients": 3, "max_anonymous_clients": 3}

    def test_it_is_said_and_ends(self):
        clients = [subprocess.Popen(["virsh", "-q", "-r", "-c", self.libvirt.uri], stdin=subprocess.PIPE,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(3)]
        for number, client in enumerate(clients):
            self.host.processes[f"client{number}"] = client
        until("all have connected", lambda: self.libvirt.admin("srv-clients-info")["nclients"] == 3)
        run = self.open("auto")
        self.check_away(run.call(timeout_ms=FIRST_MS).domains)
        self.check_away(run.call(timeout_ms=ENDLESS_MS).domains)
        code, domains, trouble = self.run_command("auto", "--timeout", "1.5")
        self.assertEqual(code, 2, trouble)
        self.check_away(domains)
        for pattern in LEFT:
            self.libvirt.expect(pattern)  # the command
        for client in clients:
            client.communicate(b"quit\n")
        self.call_until_whole(run)


class PlainUser(BesideLibvirt):
    """The socket for reading is for everybody, unless the administrator decides otherwise."""

    def run_as_nobody(self, *words):
        return subprocess.run([*NOBODY, COMMAND, *words], capture_output=True, text=True, check=False)

    def test_the_socket_for_reading_is_enough(self):
        self.libvirt.create_many(2)
        for words in (), ("list",), ("-c", "libvirt:qemu:///system"):
            done = self.run_as_nobody(*words)
            self.assertEqual((done.returncode, done.stderr), (0, ""), words)
            self.assertIn("vm2", done.stdout)


class OnlyRoot(PlainUser):
    settings = {"unix_sock_ro_perms": "0700"}

    def test_the_socket_for_reading_is_enough(self):
        """It is not: permission."""
        self.libvirt.create_many(2)
        done = self.run_as_nobody("--timeout", "2")
        self.assertEqual(done.returncode, 2, done)
        self.assertRegex(done.stderr, "vm1: .*libvirt.*[Pp]ermission")
        done = self.run_as_nobody("-c", "libvirt:qemu:///system")
        self.assertEqual(done.returncode, 2, done)
        self.assertRegex(done.stderr, "[Pp]ermission")


class BehindPolkit(OnlyRoot):
    settings = {"auth_unix_ro": "polkit"}

    def setUp(self):
        super().setUp()
        self.libvirt.expect("polkit|[Aa]uthentication|virGDBus|End of file")

    def test_the_socket_for_reading_is_enough(self):
        """It is not: nobody is asked."""
        self.libvirt.create_many(2)
        done = self.run_as_nobody("--timeout", "2")
        self.assertEqual(done.returncode, 2, done)
        self.assertRegex(done.stderr, "vm1: .*libvirt .*cannot be asked")
        done = self.run_as_nobody("-c", "libvirt:qemu:///system")
        self.assertEqual(done.returncode, 2, done)
        self.assertIn("cannot be asked", done.stderr)


class Anew(BesideLibvirt):
    """libvirt's ids begin at 1 when it starts with no domain that runs."""

    def check_record(self, run, pid):
        record = run.call()["vm"]
        self.assert_whole(record)
        self.assertEqual((record["id"], record["pid"]), (1, pid))

    def check(self, source):
        self.libvirt.define("vm")
        self.libvirt.virsh("start", "vm")
        run = self.open(source)
        pids = set()
        for _ in range(3):
            pid = self.libvirt.qemu("vm")
            self.assertNotIn(pid, pids)
            pids.add(pid)
            self.check_record(run, pid)
            self.libvirt.virsh("destroy", "vm")
            self.libvirt.restart()
            self.libvirt.virsh("start", "vm")

    def test_no_record_is_of_another_run_beside_auto(self):
        self.check("auto")

    def test_no_record_is_of_another_run_beside_libvirt(self):
        self.check("libvirt:qemu:///system")

    def test_another_domain_with_the_same_id(self):
        runs = [self.open(source) for source in SOURCES]
        self.libvirt.create("first")
        for run in runs:
            self.assertEqual({name: record["id"] for name, record in run.call().domains.items()}, {"first": 1})
        self.libvirt.virsh("destroy", "first")
        self.libvirt.restart()
        self.libvirt.create("second")
        for run in runs:
            self.assertEqual({name: record["id"] for name, record in run.call().domains.items()}, {"second": 1})


@unittest.skipUnless(has_modular(), "no virtqemud here")
class Modular(Ends):
    """The same with virtqemud."""

    settings = {"modular": True}


class Begins(BesideLibvirt):
    """The driver of a daemon that has just begun learns of its host when it is first asked for
    statistics. Two that ask first at once disturb each other: one of them fails."""

    QUESTION = re.compile(r": debug : (virNodeGetSecurityModel|virDomainListGetStats):")

    def start_libvirt(self, daemon):
        self.calls = self.host.path("calls")
        outputs = f"3:file:{self.host.path('libvirtd.log')} 1:file:{self.calls}"
        return super().start_libvirt(Libvirtd(self.host, log_filters="1:libvirt", log_outputs=outputs))

    def questions(self):
        with open(self.calls, encoding="utf-8", errors="replace") as calls:
            return self.QUESTION.findall(calls.read())

    def check(self, source):
        names = self.libvirt.create_many(5)
        run = self.open(source)
        run.call()
        for _ in range(3):
            self.libvirt.end(signal.SIGKILL)
            os.unlink(self.calls)
            self.libvirt.start()
            self.assertEqual(run.call().healths(), dict.fromkeys(names, "ok"))
            asked = self.questions()
            self.assertLess(asked.index("virNodeGetSecurityModel"), asked.index("virDomainListGetStats"))

    def test_one_question_has_it_learn_first_beside_auto(self):
        self.check("auto")

    def test_one_question_has_it_learn_first_beside_libvirt(self):
        self.check("libvirt:qemu:///system")


class Log(Away):
    """What libvirt says of clients that come and go."""

    def test_commands_that_end_and_programs(self):
        for source in SOURCES:
            for words in (), ("list",), ("--state",), ("vm1",), ("nothing",):
                self.run_command(source, *words)
            run = self.open(source)
            run.call()
        self.libvirt.virsh("list")


if __name__ == "__main__":
    main()
