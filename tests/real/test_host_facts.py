# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the host tells of real QEMUs: perf events, descriptors of vCPU statistics, threads of other
pid namespaces."""

import os
import signal
import subprocess
import unittest

import firmware
from host import Host
from longrun import LongRun
from waiting import until

PERF = 1 << 6
CPU_TOTAL = 1 << 1
VCPU = 1 << 3
EXT = 1 << 0  # DOMSTATS_CALL_EXT
MS = 1000 * 1000  # ns


class HostFacts(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.__exit__)

    def open(self, name, *options):
        run = LongRun("socket:" + self.host.path(name + ".sock"), *options)
        run.__enter__()
        self.addCleanup(run.__exit__, None, None, None)
        return run


class Perf(HostFacts):
    def test_the_vcpu_threads_of_a_guest_that_runs_already_are_counted(self):
        self.host.start("spin", "-bios", firmware.spinning(self.host), accel="tcg", control=True)
        self.host.control("spin").run("cont")
        run = self.open("spin", "perf=task_clock")
        before = run.ask("values", PERF | CPU_TOTAL)
        if "perf.task_clock" not in before:
            self.skipTest("perf events may not be counted here")

        def both():
            values = run.ask("values", PERF | CPU_TOTAL)
            return values if values["cpu.time"] >= before["cpu.time"] + 300 * MS else None
        after = until("the guest spins", both)
        # A tick of cpu.time, 10 ms, may begin before and end after a reading.
        spent = after["cpu.time"] - before["cpu.time"]
        self.assertGreaterEqual(after["perf.task_clock"] - before["perf.task_clock"],
                                spent - 100 * MS)


class MainLoop(HostFacts):
    """What the verdicts of a QEMU rest on that is not asked (qemu_pulse). From 10.2 on its IOThreads and its nested
    loops wait for an io_uring where the host has it, and its main loop polls that among others."""

    @staticmethod
    def wait_channel(pid):
        with open(f"/proc/{pid}/wchan", encoding="ascii") as wchan:
            return wchan.read()

    def test_one_that_has_nothing_to_do_waits_in_a_poll(self):
        self.host.start("vm", "-object", "iothread,id=io1")
        pid = self.host.processes["vm"].pid
        until("the main loop waits in a poll", lambda: "poll" in self.wait_channel(pid))


class Plugging(HostFacts):
    """The kernel's statistics of vCPUs, which QEMU 8.1 and later keeps descriptors of."""

    @staticmethod
    def numbers(pid):
        """The vCPUs whose statistics that process has open, as KVM numbers them."""
        folder = f"/proc/{pid}/fd"
        prefix = "anon_inode:kvm-vcpu-stats:"
        links = []
        for name in os.listdir(folder):
            try:
                links.append(os.readlink(os.path.join(folder, name)))
            except FileNotFoundError:
                pass  # closed meanwhile
        return sorted(int(link[len(prefix):]) for link in links if link.startswith(prefix))

    def test_a_plugged_vcpu_is_counted_also_where_no_vcpus_are_asked(self):
        self.plug_one(["hold"], lambda qemu: self.numbers(qemu.pid))

    def test_a_plugged_vcpu_is_counted_without_a_connection(self):
        self.plug_one([], lambda qemu: [])

    def plug_one(self, options, kept_of):
        # Three cores leave gaps in the numbers of KVM: 0, 1, 2, 4, 5, 6.
        qemu = self.host.start("vm", "-M", "q35", "-smp", "3,sockets=2,cores=3,threads=1,maxcpus=6",
                               control=True)
        control = self.host.control("vm")
        if not self.numbers(qemu.pid):
            self.skipTest("this QEMU keeps no descriptors, or there is no KVM")
        self.assertEqual(self.numbers(qemu.pid), [0, 1, 2])
        run = self.open("vm", *options)
        run.ask("values", CPU_TOTAL)
        self.assertEqual(self.numbers(run.process.pid), kept_of(qemu))
        free = next(entry for entry in control.run("query-hotpluggable-cpus")
                    if "qom-path" not in entry)
        control.run("device_add", driver=free["type"], id="plugged", **free["props"])
        values = run.ask("values", CPU_TOTAL)
        self.assertIn("cpu.haltpoll.success.time", values)
        self.assertEqual(self.numbers(run.process.pid), kept_of(qemu))
        indices = [vcpu["cpu-index"] for vcpu in control.run("query-cpus-fast")]
        values = run.ask("values", VCPU)
        for index in indices:
            self.assertIn(f"vcpu.{index}.exits.sum", values)

    def test_without_a_connection_nothing_of_the_machine_is_kept(self):
        qemu = self.host.start("vm", "-smp", "2")
        if not self.numbers(qemu.pid):
            self.skipTest("this QEMU keeps no descriptors, or there is no KVM")
        run = self.open("vm", "release")
        for _ in range(2):
            self.assertIn("cpu.haltpoll.success.time", run.ask("values", CPU_TOTAL))
            self.assertEqual(self.numbers(run.process.pid), [])


class Ended(HostFacts):
    """What was open for a QEMU is closed as soon as its end is seen."""

    @staticmethod
    def kept_of(run, pid):
        """What the reader has open of that process: files of /proc, perf events, parts of KVM."""
        folder = f"/proc/{run.process.pid}/fd"
        links = []
        for name in os.listdir(folder):
            try:
                links.append(os.readlink(os.path.join(folder, name)))
            except FileNotFoundError:
                pass  # closed meanwhile
        return [link for link in links
                if link.startswith((f"/proc/{pid}/", "anon_inode:kvm", "anon_inode:[perf_event]"))]

    def meet(self, *options):
        qemu = self.host.start("vm", "-smp", "2")
        run = self.open("vm", "perf=task_clock", *options)
        for _ in range(2):
            run.ask("values", CPU_TOTAL | VCPU | PERF, EXT)
        self.assertNotEqual(self.kept_of(run, qemu.pid), [])
        return qemu, run

    def test_seen_by_the_next_call(self):
        qemu, run = self.meet()
        self.host.forget("vm", keep_socket=True)
        self.assertEqual(run.call()["vm"]["health"], "gone")
        self.assertEqual(self.kept_of(run, qemu.pid), [])

    def test_seen_within_a_call(self):
        qemu, run = self.meet()
        qemu.send_signal(signal.SIGSTOP)
        self.assertEqual(run.call(timeout_ms=1000)["vm"]["health"], "stopped")
        self.assertNotEqual(self.kept_of(run, qemu.pid), [])
        self.host.forget("vm", keep_socket=True)
        self.assertEqual(run.call()["vm"]["health"], "gone")
        self.assertEqual(self.kept_of(run, qemu.pid), [])

    def test_seen_between_calls(self):
        qemu, run = self.meet("hold")
        run.ask("dispatch")
        self.host.forget("vm", keep_socket=True)
        run.ask("dispatch")
        self.assertEqual(self.kept_of(run, qemu.pid), [])

    def test_another_has_taken_its_place(self):
        qemu, run = self.meet()
        self.host.forget("vm")
        again = self.host.start("vm", "-smp", "2")
        run.ask("values", CPU_TOTAL | VCPU | PERF, EXT)
        self.assertEqual(run.call()["vm"]["id"], again.pid)
        self.assertEqual([link for link in self.kept_of(run, qemu.pid) if "/proc/" in link], [])


class PidNamespace(HostFacts):
    """QEMU names its threads by their ids in its own pid namespace."""

    def setUp(self):
        super().setUp()
        probe = subprocess.run(["unshare", "-pf", "--mount-proc", "true"], check=False,
                               capture_output=True)
        if probe.returncode != 0:
            self.skipTest("not allowed to make a pid namespace")

    def qemu_pid(self, launcher):
        """The pid of the QEMU that unshare has started, in our namespace."""
        def child():
            with open(f"/proc/{launcher.pid}/task/{launcher.pid}/children",
                      encoding="ascii") as children:
                pids = children.read().split()
            return int(pids[0]) if pids else None
        return until("unshare has a child", child)

    def start(self, name, *arguments):
        path = self.host.path(name + ".sock")
        launcher = self.host.start(
            name, "-bios", firmware.spinning(self.host), *arguments, accel="tcg,thread=multi",
            control=True, wait=False, launcher=["unshare", "-pf", "--kill-child", "--mount-proc"])
        until("QEMU listens", lambda: self.host.is_listening(path) and
              self.host.is_listening(self.host.control_path(name)))
        return self.qemu_pid(launcher)

    @staticmethod
    def ticks_of(pid, thread):
        with open(f"/proc/{pid}/task/{thread}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def test_a_vcpu_has_the_time_of_its_own_thread(self):
        pid = self.start("vm", "-smp", "2", "-name", "vm,debug-threads=on")
        self.host.control("vm").run("cont")
        run = self.open("vm")
        tick_ns = 10 * MS
        threads = {}
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/comm", encoding="ascii") as comm:
                threads[comm.read().strip()] = thread

        def spun():
            values = run.ask("values", VCPU | CPU_TOTAL, EXT)
            return values if values.get("vcpu.0.time", 0) >= 200 * MS else None
        before = {i: self.ticks_of(pid, threads[f"CPU {i}/TCG"]) * tick_ns for i in range(2)}
        values = until("the guest spins", spun)
        for i in range(2):
            after = self.ticks_of(pid, threads[f"CPU {i}/TCG"]) * tick_ns
            self.assertLessEqual(before[i], values[f"vcpu.{i}.time"])
            self.assertLessEqual(values[f"vcpu.{i}.time"], after)
        self.assertGreaterEqual(values["ext.cpu.vcpus"], 200 * MS)
        self.assertEqual(run.call(VCPU)["vm"]["missing"], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
