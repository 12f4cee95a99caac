# SPDX-License-Identifier: LGPL-2.1-or-later
"""QEMUs whose cgroup is frozen, as `docker pause` and `systemctl freeze` do it. They are called
stopped, for this reason, without waiting for them and without a connection in their queue."""

import os
import sys
import unittest

import cgroups
from neighbours import Beside, INSIDE, main, n_queued, until

# Sleeps in the kernel where no freezer reaches it: it reads a page of its own memory that it has
# promised to fill itself (userfaultfd), and does not. A signal that kills it ends this.
UNFREEZABLE = """
import ctypes, mmap, os, struct, fcntl
libc = ctypes.CDLL(None, use_errno=True)
page = mmap.mmap(-1, 4096)
address = ctypes.addressof(ctypes.c_char.from_buffer(page))
uffd = libc.syscall(323, os.O_CLOEXEC)
assert uffd >= 0, ctypes.get_errno()
fcntl.ioctl(uffd, 0xc018aa3f, struct.pack("QQQ", 0xaa, 0, 0))
fcntl.ioctl(uffd, 0xc020aa00, bytearray(struct.pack("QQQQ", address, 4096, 1, 0)))
buffer = ctypes.create_string_buffer(4096)
class Part(ctypes.Structure):
    _fields_ = [("address", ctypes.c_void_p), ("size", ctypes.c_size_t)]
here, there = Part(ctypes.addressof(buffer), 4096), Part(address, 4096)
libc.process_vm_readv(os.getpid(), ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
"""


class Frozen:
    """What both versions of cgroups have in common."""

    @classmethod
    def setUpClass(cls):
        if cgroups.mount_of(cls.KIND) is None:
            raise unittest.SkipTest(f"no {cls.KIND} is mounted")

    def setUp(self):
        super().setUp()
        prefix = os.path.basename(os.environ[INSIDE])
        self.addCleanup(cgroups.remove_all, prefix)
        self.above = os.path.join(cgroups.mount_of(self.KIND), prefix)
        self.own = os.path.join(self.above, "vm")
        os.makedirs(self.own)
        self.path = self.host.path("vm.sock")
        self.process = self.host.start("vm")
        self.host.start("other")
        self.assertEqual(self.run_command("auto")[1]["vm"]["health"], "ok")
        self.move(self.process.pid)

    def move(self, pid):
        cgroups.write(os.path.join(self.own, "cgroup.procs"), str(pid))

    def set(self, folder, text, wait_for=None):
        name = "freezer.state" if self.KIND == "freezer" else "cgroup.freeze"
        cgroups.write(os.path.join(folder, name), text)
        seen = os.path.join(folder, "freezer.state" if self.KIND == "freezer" else "cgroup.events")

        def attempt():
            with open(seen, encoding="ascii") as file:
                return wait_for in file.read()
        if wait_for is not None:
            until(f"{folder}: {wait_for}", attempt)

    def assert_frozen(self, domain, folder):
        self.assertEqual(domain["health"], "stopped", domain)
        self.assertIn("frozen", domain["reason"])
        self.assertIn(os.path.relpath(folder, cgroups.mount_of(self.KIND)), domain["reason"])

    def check(self, folder):
        """Whatever is frozen, by the command and by programs that were there before and come after."""
        before = {source: self.open(source, *options) for source, options in
                  {"auto": [], "dir:" + self.host.folder: [], "socket:" + self.path: ["hold"]}.items()}
        for source, run in list(before.items())[:2]:
            self.assertEqual(run.call()["vm"]["health"], "ok")
        self.set(folder, self.FREEZE, self.FROZEN)
        for _ in range(3):
            for source, run in before.items():
                call = run.call(timeout_ms=60000)
                self.assert_frozen(call["vm"], folder)
                self.assertIn("cpu", call["vm"]["groups"])
                if "other" in call.domains:
                    self.assertEqual(call["other"]["health"], "ok")
                code, domains, _ = self.run_command(source)
                self.assertIn(code, (2, 3))
                self.assert_frozen(domains["vm"], folder)
                self.assertEqual(domains["vm"]["reason_code"], "frozen")
        self.assertEqual(n_queued(self.path), 0)
        self.set(folder, self.THAW, self.THAWED)
        for source, run in before.items():
            until(f"{source} is ok", lambda: run.call()["vm"]["health"] == "ok")
            run.__exit__(None, None, None)
        self.assertEqual(self.run_command("auto")[1]["vm"]["health"], "ok")

    def test_its_own(self):
        self.check(self.own)

    def test_the_one_above(self):
        self.check(self.above)


class Version2(Frozen, Beside):
    KIND = "cgroup2"
    FREEZE, FROZEN, THAW, THAWED = "1", "frozen 1", "0", "frozen 0"

    def test_frozen_while_a_program_holds_its_monitor(self):
        run = self.open("socket:" + self.path, "hold")
        self.assertEqual(run.call()["vm"]["health"], "ok")
        self.set(self.own, self.FREEZE, self.FROZEN)
        for _ in range(3):
            self.assert_frozen(run.call(timeout_ms=60000)["vm"], self.own)
        self.set(self.own, self.THAW, self.THAWED)
        until("it is ok", lambda: run.call()["vm"]["health"] == "ok")

    def test_a_freeze_that_cannot_complete(self):
        sleeper = self.daemon("sleeper", sys.executable, "-c", UNFREEZABLE)

        def state():
            with open(f"/proc/{sleeper.pid}/stat", encoding="ascii") as stat:
                return stat.read().rsplit(")", 1)[1].split()[0]
        until("it sleeps", lambda: state() == "D")
        self.move(sleeper.pid)
        self.set(self.own, self.FREEZE)
        run = self.open("auto")
        for _ in range(3):
            self.assert_frozen(run.call(timeout_ms=60000)["vm"], self.own)
            self.assert_frozen(self.run_command("auto")[1]["vm"], self.own)
        with open(os.path.join(self.own, "cgroup.events"), encoding="ascii") as events:
            self.assertIn("frozen 0", events.read())
        self.assertEqual(n_queued(self.path), 0)
        self.set(self.own, self.THAW)
        self.assertEqual(run.call()["vm"]["health"], "ok")


class Version1(Frozen, Beside):
    KIND = "freezer"
    FREEZE, FROZEN, THAW, THAWED = "FROZEN", "FROZEN", "THAWED", "THAWED"


if __name__ == "__main__":
    main()
