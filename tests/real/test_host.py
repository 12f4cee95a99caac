# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a test on real QEMUs leaves behind when it is ended in its middle: nothing."""

import os
import signal
import subprocess
import sys
import unittest

import cgroups
import keeper
from host import Host
from waiting import until

HERE = os.path.dirname(os.path.abspath(__file__))
# A test in its middle: a QEMU that is stopped, one in namespaces, a frozen one, a process
# beside them, a tap.
MIDDLE = """
import os, signal, subprocess, time
import cgroups
from host import Host
host = Host()
host.start("stopped").send_signal(signal.SIGSTOP)
if os.geteuid() == 0:
    host.start("inside", launcher=["unshare", "-pf", "--kill-child", "--mount-proc"], wait=False)
    host.tap("hosttap0")
    if cgroups.mount_of("cgroup2"):
        frozen = os.path.join(cgroups.mount_of("cgroup2"), os.path.basename(host.folder))
        os.mkdir(frozen)
        cgroups.write(frozen + "/cgroup.procs", str(host.start("frozen").pid))
        cgroups.write(frozen + "/cgroup.freeze", "1")
subprocess.Popen(["sleep", "600"])
print(host.folder, flush=True)
time.sleep(600)
"""


class Left(unittest.TestCase):
    def check(self, number):
        with subprocess.Popen([sys.executable, "-c", MIDDLE], cwd=HERE, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True) as test:
            self.addCleanup(test.kill)
            folder = test.stdout.readline().strip()
            self.assertNotEqual(keeper.processes_of(folder), [])
            test.send_signal(number)
        until("the folder is gone", lambda: not os.path.exists(folder))
        self.assertEqual(keeper.processes_of(folder), [])
        self.assertFalse(os.path.exists("/sys/class/net/hosttap0"))
        groups = cgroups.mount_of("cgroup2")
        self.assertFalse(groups and os.path.exists(os.path.join(groups, os.path.basename(folder))))

    def test_nothing_is_left_when_it_is_interrupted(self):
        self.check(signal.SIGINT)

    def test_nothing_is_left_when_it_is_ended(self):
        self.check(signal.SIGTERM)

    def test_nothing_is_left_when_it_is_killed(self):
        self.check(signal.SIGKILL)

    def test_one_host_ends_only_its_own(self):
        with Host() as first:
            process = first.start("vm")
            with Host() as second:
                second.start("vm")
            self.assertIsNone(process.poll())


if __name__ == "__main__":
    unittest.main(verbosity=2)
