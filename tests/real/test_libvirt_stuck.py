# SPDX-License-Identifier: LGPL-2.1-or-later
"""Domains of libvirt whose QEMU, whose storage, or whose libvirtd is stuck: the others are complete,
within the deadline, and libvirt's other clients are served."""

import os
import signal
import socket
import subprocess
import time
import unittest

from libvirts import DISK, SOURCES, BesideLibvirt
from longrun import WATCHDOG_S
from neighbours import ENDLESS_MS, main
from waiting import until

# A QEMU that was blocked by an earlier request is not asked.
CODES = ("libvirt-silent", "libvirt-limit", "main-loop")
FIRST_MS = 1500  # deadline of a call that must wait for it
CALLS = 3
MIB = 1024 * 1024
# The kernel lends what it knows of a file of FUSE for a second.
FUSE_LENDS_S = 1.5


class Stuck(BesideLibvirt):
    def check_others(self, domains, *names):
        """All domains are there; those not named are whole."""
        self.assertEqual(set(domains), set(self.names))
        for name in set(self.names) - set(names):
            self.assert_whole(domains[name])

    def check_virsh(self, name):
        """libvirt's other clients, on another domain."""
        self.assertIn("running", self.libvirt.virsh("domstate", name, timeout=WATCHDOG_S))
        self.assertIn("block.count", self.libvirt.virsh("domstats", name, timeout=WATCHDOG_S))

    def call_until_whole(self, run):
        def attempt():
            call = run.call(timeout_ms=ENDLESS_MS)
            return call if set(call.healths().values()) == {"ok"} else None
        call = until("all are whole again", attempt)
        self.check_others(call.domains)


class OneOfTen(Stuck):
    """Its QEMU is stopped by a signal."""

    def setUp(self):
        super().setUp()
        self.names = self.libvirt.create_many(10)
        self.bad = self.libvirt.qemu("vm7")

    def stop(self):
        self.libvirt.stop_qemu("vm7")
        self.addCleanup(os.kill, self.bad, signal.SIGCONT)

    def check_bad(self, domains):
        self.check_others(domains, "vm7")
        self.assert_lacking(domains["vm7"], "stopped", "signal", rf"{self.bad} .*stopped \(state T\)")
        self.assertEqual(domains["vm7"]["pid"], self.bad)

    def test_nine_are_whole_and_the_tenth_is_named_by_the_command(self):
        for source in SOURCES:
            code, domains, trouble = self.run_command(source)
            self.assertEqual(code, 0, trouble)
            self.check_others(domains)
        self.stop()
        for source in SOURCES:
            code, domains, trouble = self.run_command(source)
            self.assertEqual(code, 3, trouble)
            self.check_bad(domains)
        self.check_virsh("vm1")

    def test_each_later_call_of_a_program_is_the_same_and_it_comes_back(self):
        runs = [self.open(source) for source in SOURCES]
        for run in runs:
            self.check_others(run.call().domains)
        self.stop()
        workers = self.idle_workers()
        for _ in range(CALLS):
            for run in runs:
                self.check_bad(run.call(timeout_ms=ENDLESS_MS).domains)
        # A worker that has just answered is not idle at once.
        until("no worker is lost", lambda: self.idle_workers() >= workers)
        os.kill(self.bad, signal.SIGCONT)
        for run in runs:
            self.call_until_whole(run)


class OneWorker(Stuck):
    """libvirt has a single worker, which a stopped domain must not take."""

    settings = {"max_workers": 1, "min_workers": 1}

    def test_the_stopped_domain_does_not_take_it(self):
        self.names = self.libvirt.create_many(3)
        run = self.open("auto")
        self.check_others(run.call().domains)
        self.libvirt.stop_qemu("vm2")
        for _ in range(CALLS):
            self.check_others(run.call(timeout_ms=ENDLESS_MS).domains, "vm2")
            self.check_virsh("vm1")
        self.run_command("auto")
        self.check_virsh("vm3")


class Storage:
    """A disk whose server can be stopped: a file of FUSE."""

    def __init__(self, host, name):
        self.path = host.path(name + ".disk")
        back = host.path(name + ".raw")
        for path in self.path, back:
            with open(path, "wb") as file:
                file.truncate(MIB)
        self.server = subprocess.Popen(
            ["qemu-storage-daemon", "--blockdev", f"driver=file,node-name=f,filename={back}", "--export",
             f"type=fuse,id=e,node-name=f,mountpoint={self.path},writable=on,allow-other=off"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        host.processes[name + ".disk"] = self.server
        until("the disk is served", self.is_served)

    def is_served(self):
        if self.server.poll() is not None:
            raise unittest.SkipTest("no FUSE: " + self.server.stderr.read().decode())
        with open("/proc/mounts", encoding="utf-8") as mounts:
            return any(line.split()[1] == self.path for line in mounts)

    def stop(self):
        self.server.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.server.send_signal(signal.SIGCONT)

    def end(self):
        """What waits for it goes on, with an error."""
        self.server.kill()
        subprocess.run(["umount", "-l", self.path], check=False, stderr=subprocess.DEVNULL)


def is_waiting_for_storage(pid):
    """Whether its main thread waits for FUSE."""
    with open(f"/proc/{pid}/wchan", encoding="ascii") as wchan:
        return "request_wait" in wchan.read()


class StorageHangs(Stuck):
    """The QEMU waits for its disk when libvirt asks it: no sign before that."""

    n_bad = 1

    def setUp(self):
        super().setUp()
        self.storage = Storage(self.host, "shared")
        self.addCleanup(self.storage.end)
        self.names = self.libvirt.create_many(2)
        disk = DISK.format(form="raw", path=self.storage.path, target="vda").replace("</disk>", "<shareable/></disk>")
        self.bad = self.libvirt.create_many(self.n_bad, "bad", devices=disk)
        self.names += self.bad

    def stop(self):
        self.storage.stop()
        time.sleep(FUSE_LENDS_S)

    def check_bad(self, record):
        self.assertIn(record["health"], ("slow", "wedged"), record)
        self.assertIn(record["reason_code"], CODES, record)
        self.assertIn("cpu", record["groups"] if "groups" in record else {"cpu"})

    def check_calls(self, source):
        run = self.open(source)
        self.check_others(run.call().domains)
        workers = self.idle_workers()
        self.stop()
        call = run.call(timeout_ms=FIRST_MS)
        self.check_others(call.domains, *self.bad)
        for _ in range(CALLS):
            for name in self.bad:
                self.check_bad(call[name])
            call = run.call(timeout_ms=ENDLESS_MS)
            self.check_others(call.domains, *self.bad)
        self.assertGreaterEqual(self.idle_workers(), workers - self.n_bad)
        self.check_virsh("vm1")
        self.storage.go_on()
        self.call_until_whole(run)
        until("libvirt has its workers back", lambda: self.idle_workers() == workers)

    def test_beside_auto(self):
        self.check_calls("auto")

    def test_beside_libvirt(self):
        self.check_calls("libvirt:qemu:///system")

    def test_the_command_names_it(self):
        self.stop()
        for source in SOURCES:
            code, domains, trouble = self.run_command(source, "--timeout", "1.5")
            self.assertEqual(code, 3, trouble)
            self.check_others(domains, *self.bad)
            for name in self.bad:
                self.check_bad(domains[name])
        self.check_virsh("vm2")
        self.libvirt.expect(r"virNetSocketReadWire:.*End of file")  # its clients ended before its answer
        self.storage.go_on()


# The number of the system call in which a nested loop waits from QEMU 10.2 on, if the host has io_uring.
IO_URING_ENTER = "426"


class NestedLoop(Stuck):
    """The QEMU waits in a nested loop for an answer of its storage, which polls as its main loop does, or
    waits for an io_uring. The guest has not begun to use its disk of virtio, else more would be polled."""

    def setUp(self):
        super().setUp()
        image, self.socket, self.console = (self.host.path(name) for name in ("nbd.raw", "nbd", "hmp"))
        with open(image, "wb") as file:
            file.truncate(MIB)
        self.server = self.host.processes["nbd"] = subprocess.Popen(
            ["qemu-nbd", "-t", "-f", "raw", "-k", self.socket, image], stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE)
        until("the disk is served", lambda: self.host.is_listening(self.socket))
        self.names = [*self.libvirt.create_many(2), "bad"]
        self.pid = self.libvirt.create(
            "bad", f"<disk type='network' device='disk'><driver name='qemu' type='raw'/><source protocol='nbd'>"
            f"<host transport='unix' socket='{self.socket}'/></source><target dev='vda' bus='virtio'/></disk>",
            f"<qemu:commandline><qemu:arg value='-monitor'/>"
            f"<qemu:arg value='unix:{self.console},server=on,wait=off'/></qemu:commandline>")

    def is_nested(self):
        with open(f"/proc/{self.pid}/syscall", encoding="ascii") as call:
            words = call.read().split()
        return words[0] == IO_URING_ENTER or len(words) > 2 and 0 < int(words[2], 0) <= 2

    def test_no_run_takes_a_worker(self):
        for source in SOURCES:
            self.check_others(self.run_command(source)[1])
        workers = self.idle_workers()
        self.server.send_signal(signal.SIGSTOP)
        self.addCleanup(self.server.send_signal, signal.SIGCONT)
        with socket.socket(socket.AF_UNIX) as console:
            console.connect(self.console)
            console.sendall(b'qemu-io libvirt-1-storage "read 0 4096"\n')
            until("it waits in a nested loop", self.is_nested)
            for source in SOURCES * CALLS:
                code, domains, trouble = self.run_command(source)
                self.assertEqual(code, 3, trouble)
                self.check_others(domains, "bad")
                self.assert_lacking(domains["bad"], "wedged", "main-loop", "libvirt is not asked for it")
                self.assertEqual(self.idle_workers(), workers)
            self.server.send_signal(signal.SIGCONT)
            until("it is whole", lambda: self.run_command("auto")[0] == 0)


if __name__ == "__main__":
    main()
