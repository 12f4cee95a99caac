# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real QEMU processes in real trouble: each stays in the answer with the verdict that its trouble
calls for, and the other domains are complete.

A call that must not wait gets a deadline past the watchdog of longrun.py: if it waits, it fails.
"""

import json
import os
import re
import signal
import subprocess
import time
import unittest

from host import Host, Qmp, domstats
from longrun import WATCHDOG_S, Call, LongRun
from waiting import has_unread, until

FIRST_MS = 1500  # deadline of a call that must wait for it
ENDLESS_MS = 2 * WATCHDOG_S * 1000  # of a call that must end before it
# What a monitor does whose main loop is blocked before the connection: QEMU 10 does not even greet.
UNGREETED = "main loop is blocked: it greets and takes no command|QEMU does not greet"
LAST = 2  # DOMSTATS_CALL_LAST


def call_until(run, name, health):
    """The first call that gives the domain that verdict."""
    def attempt():
        call = run.call(timeout_ms=ENDLESS_MS)
        return call if call[name]["health"] == health else None
    return until(f"'{name}' is {health}", attempt)


def sockets_of(run):
    """The sockets that longrun holds: equal lists are the same connections."""
    folder = f"/proc/{run.process.pid}/fd"
    links = []
    for name in os.listdir(folder):
        try:
            links.append(os.readlink(os.path.join(folder, name)))
        except FileNotFoundError:
            pass  # closed meanwhile
    return sorted(link for link in links if link.startswith("socket:"))


def backlog_of(path):
    """How many clients wait at a listening socket."""
    table = subprocess.run(["ss", "-xlnH"], check=True, capture_output=True, text=True).stdout
    for line in table.splitlines():
        if f" {path} " in line:
            return int(line.split()[2])
    raise AssertionError(f"no process listens on {path}")


class Faults(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.__exit__)

    def open(self, *options, source=None, **more):
        run = LongRun(source or "dir:" + self.host.folder, *options, **more)
        run.__enter__()
        self.addCleanup(run.__exit__, None, None, None)
        return run

    def assert_whole(self, domain):
        self.assertEqual(domain["health"], "ok", domain)
        self.assertEqual(domain["missing"], 0, domain)
        self.assertIn("balloon", domain["groups"])
        self.assertIn("vcpu", domain["groups"])

    def assert_stuck(self, domain, health, reason):
        self.assertEqual(domain["health"], health, domain)
        self.assertRegex(domain["reason"], reason)
        self.assertNotEqual(domain["missing"], 0)
        # What the host counts is there, what QEMU counts is not.
        self.assertIn("cpu", domain["groups"])
        self.assertNotIn("block", domain["groups"])


class Stopped(Faults):
    def test_between_calls_and_back_on_the_same_connection(self):
        process = self.host.start("bad")
        self.host.start("good")
        run = self.open("hold")
        call = run.call()
        self.assert_whole(call["bad"])
        before = sockets_of(run)

        process.send_signal(signal.SIGSTOP)
        reason = rf"process {process.pid} \(.*\) is stopped \(state T\)"
        for _ in range(3):
            call = run.call(timeout_ms=ENDLESS_MS)
            self.assert_whole(call["good"])
            self.assert_stuck(call["bad"], "stopped", reason)
        since = call["bad"]["since_us"]
        last = run.call(extras=LAST, timeout_ms=ENDLESS_MS)["bad"]
        self.assertEqual(last["since_us"], since)
        self.assertLessEqual(since, last["taken_us"])

        process.send_signal(signal.SIGCONT)
        call = call_until(run, "bad", "ok")
        self.assert_whole(call["bad"])
        self.assertGreater(call["bad"]["since_us"], since)
        self.assertEqual(sockets_of(run), before)

    def test_each_new_connection_tells_it(self):
        """The first connections fill the backlog; after them none tells the process."""
        process = self.host.start("bad")
        process.send_signal(signal.SIGSTOP)
        for _ in range(4):
            code, domains, _ = domstats("-c", "dir:" + self.host.folder, "--cpu-total", "--state",
                                        "--timeout", "1")
            self.assertEqual(code, 2)
            bad = domains["bad"]
            self.assertEqual((bad["health"], bad["reason_code"], bad["pid"], bad["missing"]),
                             ("stopped", "signal", process.pid, ["state"]), bad)
            self.assertIn("cpu.time", bad["stats"])
        process.send_signal(signal.SIGCONT)

    def test_the_last_record_is_given_only_when_asked_for(self):
        process = self.host.start("bad")
        run = self.open()
        whole = run.call(extras=LAST)["bad"]
        self.assertIsNone(whole["last"])
        process.send_signal(signal.SIGSTOP)
        self.assertIsNone(run.call()["bad"]["last"])
        last = run.call(extras=LAST)["bad"]["last"]
        self.assertEqual(last["taken_us"], whole["taken_us"])
        self.assertEqual(last["n_params"], whole["n_params"])

    def test_stopped_before_the_first_call(self):
        process = self.host.start("bad")
        process.send_signal(signal.SIGSTOP)
        run = self.open()
        for _ in range(3):
            call = run.call(timeout_ms=ENDLESS_MS)
            self.assert_stuck(call["bad"], "stopped", f"process {process.pid} ")
            self.assertLessEqual(backlog_of(self.host.path("bad.sock")), 1)
        process.send_signal(signal.SIGCONT)
        self.assert_whole(call_until(run, "bad", "ok")["bad"])

    def test_comes_back_also_when_replies_are_dispatched_between_calls(self):
        process = self.host.start("bad")
        run = self.open("hold")
        run.ask("dispatch")
        self.assert_whole(run.call()["bad"])
        process.send_signal(signal.SIGSTOP)
        run.call(timeout_ms=ENDLESS_MS)
        process.send_signal(signal.SIGCONT)
        until("QEMU has answered", lambda: has_unread(sockets_of(run)))
        run.ask("dispatch")
        self.assert_whole(call_until(run, "bad", "ok")["bad"])


class Wedged(Faults):
    def check_wedged(self, run, fifo, process, how):
        reason = (rf"({how}); "
                  rf"thread {process.pid} \(.*\) is in state [SD]")
        call = run.call(timeout_ms=FIRST_MS)
        self.assertGreaterEqual(call.ms, FIRST_MS / 2)
        self.assert_whole(call["good"])
        self.assert_stuck(call["bad"], "wedged", reason)
        before = sockets_of(run)
        for _ in range(3):
            call = run.call(timeout_ms=ENDLESS_MS)
            self.assert_whole(call["good"])
            self.assert_stuck(call["bad"], "wedged", reason)
        self.host.unwedge(fifo)
        self.assert_whole(call_until(run, "bad", "ok")["bad"])
        self.assertEqual(sockets_of(run), before)

    def test_when_it_was_connected_before(self):
        process = self.host.start("bad", control=True)
        self.host.start("good")
        run = self.open("hold")
        self.assert_whole(run.call()["bad"])
        fifo = self.host.wedge("bad")
        self.check_wedged(run, fifo, process, "main loop is blocked: it answers out of band only")

    def test_before_the_first_connection(self):
        """A young QEMU that was never seen to serve is like one that still starts: it is not dialled."""
        self.host.start("bad", control=True)
        self.host.start("good")
        fifo = self.host.wedge("bad")
        run = self.open("hold")
        for _ in range(3):
            call = run.call(timeout_ms=ENDLESS_MS)
            self.assert_whole(call["good"])
            self.assert_stuck(call["bad"], "slow", "serves no client yet")
            self.assertEqual(backlog_of(self.host.path("bad.sock")), 0)
        self.host.unwedge(fifo)
        self.assert_whole(call_until(run, "bad", "ok")["bad"])

    def test_with_monitors_let_go_later_calls_do_not_wait_either(self):
        self.host.start("bad", control=True)
        run = self.open("release")
        self.assert_whole(run.call()["bad"])
        fifo = self.host.wedge("bad")
        self.assert_stuck(run.call(timeout_ms=FIRST_MS)["bad"], "wedged", UNGREETED)
        self.assert_stuck(run.call(timeout_ms=ENDLESS_MS)["bad"], "wedged", UNGREETED)
        self.host.unwedge(fifo)
        self.assert_whole(call_until(run, "bad", "ok")["bad"])
        self.assertEqual(sockets_of(run), [])

    def test_one_that_only_qemu_can_name_is_found_beside_it(self):
        uuid = "11111111-2222-4333-8444-555555555555"
        self.host.start("bad", control=True)
        self.host.start("good", "-uuid", uuid)
        fifo = self.host.wedge("bad")
        run = self.open(timeout_ms=2 * FIRST_MS)
        named = Call(run.ask("named", uuid)).records
        self.assertEqual([domain["uuid"] for domain in named], [uuid])
        self.assert_whole(named[0])
        self.host.unwedge(fifo)


class Held(Faults):
    def test_the_holder_is_named_and_no_call_queues_behind_it(self):
        process = self.host.start("bad")
        self.host.start("good")
        path = self.host.path("bad.sock")
        client = Qmp(path)
        self.addCleanup(client.close)
        run = self.open()
        for _ in range(3):
            call = run.call(timeout_ms=ENDLESS_MS)
            self.assert_whole(call["good"])
            self.assertEqual(call["bad"]["health"], "busy")
            self.assertIn(f"process {os.getpid()} (python", call["bad"]["reason"])
            # Its process is known by the socket that it listens on.
            self.assertEqual(call["bad"]["id"], process.pid)
            self.assertEqual(call["bad"]["groups"]["cpu"], call["good"]["groups"]["cpu"] - 2)
            self.assertEqual(backlog_of(path), 0)
        client.close()
        self.assert_whole(call_until(run, "bad", "ok")["bad"])

    def test_also_when_the_socket_was_renamed(self):
        self.host.start("bad")
        client = Qmp(self.host.path("bad.sock"))
        self.addCleanup(client.close)
        os.rename(self.host.path("bad.sock"), self.host.path("moved.sock"))
        run = self.open()
        domain = run.call(timeout_ms=ENDLESS_MS)["bad"]
        self.assertEqual(domain["health"], "busy", domain)
        self.assertIn(f"process {os.getpid()} ", domain["reason"])
        client.close()
        self.assert_whole(call_until(run, "bad", "ok")["bad"])

    def test_another_client_gets_its_turn_between_calls_that_let_go(self):
        self.host.start("vm")
        run = self.open("release")
        for _ in range(3):
            self.assert_whole(call_until(run, "vm", "ok")["vm"])
            client = Qmp(self.host.path("vm.sock"))
            self.assertEqual(run.call(timeout_ms=ENDLESS_MS)["vm"]["health"], "busy")
            self.assertEqual(client.run("query-name"), {"name": "vm"})
            client.close()


class Restarted(Faults):
    def test_killed_during_a_call_and_started_again(self):
        for source in ("socket:" + self.host.path("vm.sock"), None):
            with self.subTest(source=source):
                process = self.host.start("vm", control=True)
                run = self.open(source=source)
                first = run.call()["vm"]
                self.assertEqual(first["id"], process.pid)
                self.host.wedge("vm")
                run.start_call(timeout_ms=ENDLESS_MS)
                time.sleep(0.5)
                process.kill()
                domain = run.end_call()["vm"]
                self.assertEqual(domain["health"], "gone", domain)
                self.assertEqual(domain["groups"], {})
                self.host.forget("vm")
                again = self.host.start("vm", control=True)
                second = run.call()["vm"]
                self.assert_whole(second)
                self.assertEqual(second["id"], again.pid)
                self.host.forget("vm")

    def test_ended_between_calls(self):
        self.host.start("vm")
        run = self.open(source="socket:" + self.host.path("vm.sock"))
        self.assert_whole(run.call()["vm"])
        self.host.forget("vm", keep_socket=True)
        domain = run.call()["vm"]
        self.assertEqual(domain["health"], "gone", domain)
        self.assertEqual(domain["groups"], {})
        os.unlink(self.host.path("vm.sock"))
        for _ in range(20):
            self.assertEqual(run.call()["vm"]["health"], "gone")
        again = self.host.start("vm")
        call = call_until(run, "vm", "ok")  # after 20 failures the next dial is delayed
        self.assertEqual(call["vm"]["id"], again.pid)


class Hurried(Faults):
    def test_what_a_short_first_call_could_not_read_comes_later(self):
        self.host.start("vm", "-nic", "user,id=n0,model=virtio")
        for _ in range(50):  # one in ten finds the moment
            with LongRun("socket:" + self.host.path("vm.sock")) as run:
                run.call(timeout_ms=1)
                call = until("whole", lambda: (lambda call: call if call.records[0]["missing"] == 0
                                               else None)(run.call()))
                self.assert_whole(call["vm"])
                self.assertIn("net", call["vm"]["groups"])


class Sockets(Faults):
    def test_removed_renamed_and_taken_over(self):
        self.host.start("vm")
        path = self.host.path("vm.sock")
        by_path = self.open("hold", source="socket:" + path)
        self.assert_whole(by_path.call()["vm"])
        by_folder = self.open()
        self.assertEqual(by_folder.call()["vm"]["health"], "busy")

        os.unlink(path)
        self.assert_whole(by_path.call()["vm"])  # its connection needs no name
        self.assertEqual(by_folder.call().domains, {})

        new = self.host.start("other", monitor=["-qmp", f"unix:{path},server=on,wait=off"],
                              wait=False)
        call = until("'other' is found", lambda: (lambda call: call if "other" in call.domains else None)
                     (by_folder.call()))
        self.assertEqual(call_until(by_folder, "other", "ok")["other"]["id"], new.pid)

        moved = self.host.path("elsewhere.sock")
        os.rename(path, moved)
        call = until("it is found under its new name", lambda: by_folder.call())
        self.assertEqual(call["other"]["id"], new.pid)
        self.assert_whole(call_until(by_folder, "other", "ok")["other"])

    def test_nobody_at_the_end_of_it(self):
        run = self.open(source="socket:" + self.host.path("no.sock"))
        domain = run.call()["no"]
        self.assertEqual(domain["health"], "gone", domain)
        self.assertIn("No such file", domain["reason"])


class Large(Faults):
    def test_a_reply_of_more_than_64_kib(self):
        arguments = ["-device", "virtio-scsi-pci,id=scsi0"]
        for i in range(64):
            arguments += ["-blockdev", f"driver=raw,node-name=n{i},file.driver=null-co,file.size=1048576",
                          "-device", f"scsi-hd,drive=n{i},id=disk{i},bus=scsi0.0,scsi-id={i}"]
        self.host.start("vm", *arguments, control=True)
        reply = self.host.control("vm").run("query-blockstats")
        self.assertGreater(len(json.dumps(reply)), 65536)
        domain = self.open().call()["vm"]
        self.assert_whole(domain)
        self.assertGreater(domain["groups"]["block"], 64 * 10)


class Descriptors(Faults):
    N = 24

    def test_running_out_of_them_is_never_taken_for_anything_else(self):
        for i in range(self.N):
            self.host.start(f"vm{i}", accel="tcg", wait=False)
        for i in range(self.N):
            self.host.wait_for(self.host.processes[f"vm{i}"], self.host.path(f"vm{i}.sock"))
        run = self.open()
        n_fds = run.usage()["n_fds"]
        outcomes = set()
        for n_more in range(self.N + 8):
            self.assertTrue(run.ask("limit", n_fds + n_more)["ok"])
            call = run.call(timeout_ms=ENDLESS_MS)
            if call.error is not None:
                self.assertIn("Too many open files", call.error)
                outcomes.add("error")
                continue
            self.assertEqual(len(call.records), self.N)
            for domain in call.records:
                outcomes.add(domain["health"])
                if domain["health"] != "ok":
                    self.assertEqual(domain["health"], "slow", domain)
                    self.assertIn("Too many open files", domain["reason"])
        self.assertEqual(outcomes, {"error", "slow", "ok"})
        self.assertTrue(run.ask("limit", n_fds + 200)["ok"])
        call = until("all is well again",
                     lambda: (lambda call: call if set(call.healths().values()) == {"ok"} else None)
                     (run.call()))
        self.assertEqual(len(call.records), self.N)


class Crowd(Faults):
    """What tools/fault-show shows for a hundred domains."""

    def test_each_of_forty_has_its_verdict_by_the_deadline(self):
        trouble = {"stopped": 4, "wedged": 2, "busy": 2, "gone": 2}
        names = [f"{health}{i}" for health, n in trouble.items() for i in range(n)]
        names += [f"ok{i}" for i in range(40 - len(names))]
        for name in names:
            self.host.start(name, control=name.startswith(("wedged", "gone")), wait=False)
        for name in names:
            self.host.wait_for(self.host.processes[name], self.host.path(name + ".sock"))
        run = self.open()
        call_until(run, names[-1], "ok")  # they were seen to serve, so that none is taken for starting
        fifos = [self.host.wedge(name) for name in names if name.startswith(("wedged", "gone"))]
        for name in names:
            if name.startswith("stopped"):
                self.host.processes[name].send_signal(signal.SIGSTOP)
            if name.startswith("busy"):
                self.host.clients.append(Qmp(self.host.path(name + ".sock")))
        run.start_call(timeout_ms=3 * FIRST_MS)
        time.sleep(FIRST_MS / 1000)
        for name in names:
            if name.startswith("gone"):
                self.host.processes[name].kill()
        call = run.end_call()
        expected = {name: re.sub(r"\d", "", name) for name in names}
        self.assertGreaterEqual(call.ms, 2 * FIRST_MS)  # the call gives up early enough to end by its deadline
        self.assertEqual(call.healths(), expected)
        for name in names:
            if name.startswith("ok"):
                self.assert_whole(call[name])
        again = run.call(timeout_ms=ENDLESS_MS)
        for name in names:
            if name.startswith("ok"):
                self.assert_whole(again[name])
        self.assertEqual(again.healths(), expected)
        for fifo in fifos[:2]:
            self.host.unwedge(fifo)


if __name__ == "__main__":
    unittest.main(verbosity=2)
