# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the kernel tells of the control group of a real QEMU, and of its threads by class: also while QEMU
is stopped, and not once another process is in the group.

Which controllers a host has where differs: with cgroup v1 throttling is in the hierarchy of cpu, memory in
its own; pressure is told by v2, which may be beside v1."""

import os
import signal
import subprocess
import unittest

import cgroups
import firmware
from host import Host
from longrun import LongRun
from waiting import until

CPU_TOTAL, BALLOON, BLOCK = 1 << 1, 1 << 2, 1 << 5
EXT = 1 << 0  # DOMSTATS_CALL_EXT
MS = 1000 * 1000  # ns


class Group(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.__exit__)
        self.name = os.path.basename(self.host.folder) + ".scope"
        self.addCleanup(self.remove_groups)
        self.folders = {}

    def remove_groups(self):
        for name in list(self.host.processes):
            self.host.forget(name)
        for folder in self.folders.values():
            cgroups.remove(folder, os.path.dirname(folder))

    def make_group(self, kind):
        """A group of that hierarchy, with the controllers that it can have; None if there is none."""
        mount = cgroups.mount_of(kind)
        if mount is None or os.geteuid() != 0:
            return None
        folder = os.path.join(mount, self.name)
        os.mkdir(folder)
        self.folders[kind] = folder
        for controller in "cpu", "memory", "io":
            try:
                cgroups.write(os.path.join(mount, "cgroup.subtree_control"), "+" + controller)
            except OSError:
                pass  # v1, or the controller is in v1
        return folder

    def move(self, pid):
        for folder in self.folders.values():
            cgroups.write(os.path.join(folder, "cgroup.procs"), str(pid))

    def start(self, *kinds, **options):
        if not [folder for folder in map(self.make_group, kinds) if folder]:
            self.skipTest("no control group can be made here")
        self.qemu = self.host.start("vm", "-bios", firmware.spinning(self.host), "-name",
                                    "vm,debug-threads=on", accel="tcg", control=True, **options)
        self.move(self.qemu.pid)
        self.run_of("vm")

    def run_of(self, name, *options):
        self.run = LongRun("socket:" + self.host.path(name + ".sock"), *options)
        self.run.__enter__()
        self.addCleanup(self.run.__exit__, None, None, None)

    def values(self, stats=CPU_TOTAL | BALLOON | BLOCK):
        return self.run.ask("values", stats, EXT)

    def has(self, kind, file):
        return kind in self.folders and os.path.exists(os.path.join(self.folders[kind], file))

    def busy_beside(self):
        """Two processes that want the only CPU that QEMU may use."""
        cpu = min(os.sched_getaffinity(0))
        subprocess.run(["taskset", "-acp", str(cpu), str(self.qemu.pid)], check=True,
                       capture_output=True)
        for _ in range(2):
            busy = subprocess.Popen(["taskset", "-c", str(cpu), "sh", "-c", "while :; do :; done"])
            self.addCleanup(busy.wait)
            self.addCleanup(busy.kill)

    def test_a_guest_that_waits_for_a_cpu_has_pressure(self):
        self.start("cgroup2")
        if not self.has("cgroup2", "cpu.pressure"):
            self.skipTest("this kernel counts no pressure (psi=1)")
        before = self.values()
        self.assertIn("ext.balloon.pressure.full", before)
        self.assertIn("ext.block.pressure.some", before)
        self.busy_beside()
        self.host.control("vm").run("cont")

        def waited():
            now = self.values()
            return now if now.get("ext.cpu.pressure.some", 0) >= \
                before["ext.cpu.pressure.some"] + 200 * 1000 else None
        now = until("QEMU waits", waited)
        self.assertGreater(now["ext.cpu.vcpus.steal"], before.get("ext.cpu.vcpus.steal", 0))
        with open(os.path.join(self.folders["cgroup2"], "cpu.pressure"), encoding="ascii") as file:
            total = int(file.readline().rpartition("total=")[2])
        self.assertLessEqual(now["ext.cpu.pressure.some"], total)

    def test_a_limit_of_cpu_time_throttles(self):
        self.start("cgroup2", "cpu")
        if self.has("cgroup2", "cpu.max"):
            cgroups.write(os.path.join(self.folders["cgroup2"], "cpu.max"), "5000 50000")
        elif self.has("cpu", "cpu.cfs_quota_us"):
            cgroups.write(os.path.join(self.folders["cpu"], "cpu.cfs_period_us"), "50000")
            cgroups.write(os.path.join(self.folders["cpu"], "cpu.cfs_quota_us"), "5000")
        else:
            self.skipTest("the controller cpu is not to be had")
        self.host.control("vm").run("cont")

        def throttled():
            now = self.values()
            return now if now.get("ext.cpu.throttled.nr_throttled", 0) >= 3 else None
        now = until("QEMU is held back", throttled)
        self.assertGreaterEqual(now["ext.cpu.throttled.nr_periods"],
                                now["ext.cpu.throttled.nr_throttled"])
        self.assertGreater(now["ext.cpu.throttled.time"], 0)

    def test_memory_by_node_and_its_limit(self):
        self.start("cgroup2", "memory")
        if not self.has("cgroup2", "memory.numa_stat") and \
                not self.has("memory", "memory.numa_stat"):
            self.skipTest("the controller memory is not to be had, or the host has one node")
        if self.has("cgroup2", "memory.high"):
            with open(self.folders["cgroup2"] + "/memory.current", encoding="ascii") as file:
                now = int(file.read())
            # A little: what is far past the limit stands still nearly.
            cgroups.write(self.folders["cgroup2"] + "/memory.high", str(now + (12 << 20)))
        self.host.control("vm").run("cont")

        def slowed_down():
            now = self.values()
            if now.get("ext.balloon.events.high") == 0:
                self.host.control("vm").run("human-monitor-command",
                                            **{"command-line": "pmemsave 0 16777216 /dev/null"})
                return None
            # A QEMU that is slowed down may not answer in time.
            return now if now.get("ext.balloon.numa.count", 0) >= 1 else None
        now = until("the limit is felt", slowed_down)
        self.assertEqual(now["ext.balloon.events.oom_kill"], 0)
        self.assertTrue([field for field in now if field.endswith(".anon")])

    def test_a_process_that_is_not_the_machines_makes_the_group_anothers(self):
        self.start("cgroup2")
        if not self.has("cgroup2", "cpu.pressure"):
            self.skipTest("this kernel counts no pressure (psi=1)")
        self.assertIn("ext.cpu.pressure.some", self.values())
        other = subprocess.Popen(["sleep", "600"])
        try:
            self.move(other.pid)
            self.assertNotIn("ext.cpu.pressure.some", self.values())
        finally:
            other.kill()
            other.wait()
        self.assertIn("ext.cpu.pressure.some", self.values())

    def test_a_stopped_qemu_is_told_of_too(self):
        self.start("cgroup2", "cpu", "memory")
        self.host.control("vm").run("cont")
        until("the guest runs", lambda: self.values().get("ext.cpu.vcpus", 0) > 10 * MS)
        known = self.values()
        self.qemu.send_signal(signal.SIGSTOP)
        try:
            self.assertEqual(self.run.call(CPU_TOTAL, timeout_ms=500)["vm"]["health"], "stopped")
            now = self.values(CPU_TOTAL | BALLOON | BLOCK)
        finally:
            self.qemu.send_signal(signal.SIGCONT)
        fields = {field for field in known
                  if field.startswith(("ext.cpu.", "ext.balloon.", "ext.block.pressure"))}
        self.assertEqual(fields - set(now), {field for field in fields if "polling" in field or
                                             field == "ext.balloon.age"})
        self.assertGreaterEqual(now["ext.cpu.vcpus"], known["ext.cpu.vcpus"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
