# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host of many kinds of QEMUs at once, as people start them: old and new options for disks,
firmware, containers, interfaces and memory of each kind. In each step one kept connection is compared
with a new one, and both with QEMU's replies; every domain must be ok and complete.

The test runs in mount, network and process namespaces of its own, so that the source "auto" finds
these QEMUs alone."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import unittest
from fnmatch import fnmatch

from host import Host, domstats
from longrun import LongRun
from waiting import until

MIB = 1 << 20
SCRIPTS = "script=no,downscript=no"
BRIDGE = "fleetbr0"
# Values that change between two readings.
MOVES = (".time", "cpu.user", "cpu.system", ".delay", ".wait", ".steal", "balloon.rss", ".cur",
         ".sum", ".max")


class Kind:
    """What to start and how, and the patterns of the names that its interfaces have on the host (None:
    none; the kernel numbers taps as they come). With @inside, a command that makes its namespaces; QEMU
    is then a child of what we start."""

    def __init__(self, *words, nics=(), inside=(), steps=()):
        self.words = words
        self.nics = nics
        self.inside = inside
        self.steps = steps  # (command, arguments) that a test makes while it runs


def blockdev(node, driver, **more):
    return "-blockdev", json.dumps({"node-name": node, "driver": driver, **more})


def kinds(host):
    """All of them by name."""
    raw = host.image("raw.img", "-f", "raw", "8M")
    top = host.image("top.qcow2", "-f", "qcow2", "-b", raw, "-F", "raw", "16M")
    old = host.image("old.qcow2", "-f", "qcow2", "4M")
    ide = host.image("ide.img", "-f", "raw", "2M")
    scsi = host.image("scsi.img", "-f", "raw", "2M")
    flash = host.image("flash.img", "-f", "raw", "4M")
    medium = host.image("medium.img", "-f", "raw", "1M")
    plugged = host.image("plugged.img", "-f", "raw", "3M")
    config = host.path("vm.cfg")
    with open(config, "w", encoding="utf-8") as file:
        file.write('[drive "d0"]\n  file = "%s"\n  format = "raw"\n  if = "none"\n'
                   '[device "disk0"]\n  driver = "virtio-blk-pci"\n  drive = "d0"\n' %
                   host.image("config.img", "-f", "raw", "6M"))
    container = ("unshare", "--pid", "--mount", "--net", "--fork", "--kill-child", "--mount-proc")
    return {
        "blockdev": Kind(
            *blockdev("file0", "file", filename=raw), *blockdev("base", "raw", file="file0"),
            *blockdev("file1", "file", filename=top),
            *blockdev("top", "qcow2", file="file1", backing="base"),
            "-device", json.dumps({"driver": "virtio-blk-pci", "drive": "top", "id": "disk0"}),
            steps=[("blockdev-add", {"node-name": "new", "driver": "raw", "file": {
                "driver": "file", "filename": plugged}}),
                   ("device_add", {"driver": "virtio-blk-pci", "drive": "new", "id": "disk1"})]),
        "drive": Kind(
            "-drive", f"file={old},if=none,id=d0", "-device", "virtio-blk-pci,drive=d0,id=disk0",
            "-drive", f"file={ide},format=raw,index=0", "-drive", "if=ide,index=2,media=cdrom",
            steps=[("blockdev-change-medium", {"device": "ide1-cd0", "filename": medium,
                                               "format": "raw"})]),
        "config": Kind("-readconfig", config),
        "flash": Kind("-machine", "q35", "-drive", f"if=pflash,format=raw,file={flash},readonly=on",
                      *blockdev("file0", "file", filename=scsi),
                      "-device", "virtio-scsi-pci", "-device", "scsi-hd,drive=file0,id=disk0"),
        "container": Kind("-smp", "2", "-netdev", f"tap,id=n0,ifname=fleetin0,{SCRIPTS}", "-device",
                          "virtio-net-pci,netdev=n0", nics=["fleetin0"], inside=container),
        "mounts": Kind("-smp", "2", "-device", "virtio-balloon-pci", inside=(
            "unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /mnt/hidden && exec "$@"', "sh")),
        "user": Kind("-nic", "user,model=e1000", nics=[None]),
        "taps": Kind("-netdev", f"tap,id=n0,ifname=fleett0,{SCRIPTS}", "-device",
                     "virtio-net-pci,netdev=n0", "-nic", f"tap,{SCRIPTS}", nics=["fleett0", "tap[01]"]),
        "bridge": Kind("-netdev", f"bridge,id=n0,br={BRIDGE}", "-device", "e1000,netdev=n0",
                       nics=["tap[01]"]),
        "hostless": Kind("-netdev", "hubport,id=n0,hubid=0", "-device", "e1000,netdev=n0", "-netdev",
                         f"socket,id=n1,listen=127.0.0.1:{47000 + os.getpid() % 1000}", "-device",
                         "e1000,netdev=n1", nics=[None, None]),
        "memory": Kind(
            "-machine", "q35", "-m", "64,slots=4,maxmem=1G", "-object",
            "memory-backend-ram,id=m0,size=128M", "-device", "pc-dimm,memdev=m0",
            "-device", "virtio-balloon-pci",
            steps=[("object-add", {"qom-type": "memory-backend-ram", "id": "m1",
                                   "size": 128 * MIB}),
                   ("device_add", {"driver": "pc-dimm", "memdev": "m1", "id": "dimm1"})]),
        "iothreads": Kind(
            "-object", "iothread,id=iothread1", "-object", "iothread,id=iothread7",
            "-blockdev", json.dumps({"node-name": "n", "driver": "null-co", "size": MIB,
                                     "read-zeroes": True}),
            "-device", "virtio-blk-pci,drive=n,iothread=iothread7,id=disk0",
            steps=[("object-add", {"qom-type": "iothread", "id": "iothread9"})]),
        "vcpus": Kind("-machine", "pc", "-smp", "2,sockets=4,cores=1,threads=1,maxcpus=4", "-cpu", "qemu64", steps=[
            ("device_add", {"driver": "qemu64-x86_64-cpu", "id": "cpu2", "socket-id": 2,
                            "core-id": 0, "thread-id": 0})]),
    }


def told_by_qemu(qmp):
    """The values of fields by QEMU's replies, to other commands than the library's where QEMU has them."""
    def run(command):
        return qmp.run(command)

    stats = {"state.state": 3 if run("query-status")["status"] in ("paused", "prelaunch") else 1}
    cpus = run("query-cpus-fast")
    stats["vcpu.current"] = len(cpus)
    threads = run("query-iothreads")
    stats["iothread.count"] = len(threads)
    disks = [row for row in run("query-block") if is_disk(row)]
    stats["block.count"] = len(disks)
    for i, row in enumerate(disks):
        if "inserted" in row:
            stats[f"block.{i}.capacity"] = row["inserted"]["image"]["virtual-size"]
    memory = run("query-memory-size-summary")
    stats["balloon.maximum"] = (memory["base-memory"] + memory.get("plugged-memory", 0)) >> 10
    return stats


def is_disk(row):
    """Firmware, and drives that no device uses, are no disks."""
    return bool(row.get("qdev")) and "flash" not in row["qdev"] and "pflash" not in row["device"]


def can_connect(path):
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(path) == 0


@unittest.skipUnless(os.geteuid() == 0, "namespaces and taps want root")
class Fleet(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.__exit__)
        self.clients = {}
        self.fleet = {}

    def start(self, name, kind):
        """Starts a QEMU with a monitor for the kept connection, one for new ones, and one for the test."""
        self.host.start(name, "-qmp", f"unix:{self.host.path(name)}.fresh,server=on,wait=off",
                        *kind.words, control=True, wait=False, launcher=kind.inside)

    def control(self, name):
        """Waits for the test's own monitor, by connecting: /proc/net/unix shows one namespace only."""
        process, path = self.host.processes[name], self.host.control_path(name)

        def is_up():
            if process.poll() is not None:
                raise RuntimeError(f"{name}: QEMU ended: {process.stderr.read().decode()}")
            return os.path.exists(path) and can_connect(path)
        until(f"{name} has a monitor", is_up)
        return self.host.control(name)

    def ask(self, run):
        """Compares what both connections say; gives the kept one's records by name."""
        kept = {record["name"]: record for record in run.ask("records")["domains"]}
        fresh = self.ask_anew()
        self.assertEqual(sorted(kept), sorted(self.clients))
        self.assertEqual(sorted(kept), sorted(fresh))
        for name, record in kept.items():
            with self.subTest(name):
                self.assertEqual((record["health"], record["reason"], record["missing"]),
                                 ("ok", None, 0))
                self.assertEqual(fresh[name]["health"], "ok")
                self.compare(record["stats"], fresh[name]["stats"])
        return kept

    def ask_anew(self):
        """The records of new connections, by name. "auto" does not see who holds a monitor in another
        network namespace, so such a domain is asked by the path of its free monitor."""
        hidden = [name for name, kind in self.fleet.items() if "--net" in kind.inside]
        seen = [name for name in self.fleet if name not in hidden]
        sources = [seen, *(["-c", f"socket:{self.host.path(name)}.fresh"] for name in hidden)]
        fresh = {}
        for words in sources:
            code, domains, trouble = domstats(*words)
            self.assertEqual(trouble, "")
            self.assertEqual(code, 0)
            fresh.update(domains)
        return fresh

    def compare(self, kept, fresh):
        self.assertEqual(list(kept), list(fresh))
        for field, value in kept.items():
            if not field.endswith(MOVES):
                self.assertEqual(value, fresh[field], field)

    def check(self, run):
        taken = []
        for name, record in self.ask(run).items():
            with self.subTest(name):
                stats = record["stats"]
                told = told_by_qemu(self.clients[name])
                self.assertEqual({field: stats.get(field, 0) for field in told}, told)
                nics = self.fleet[name].nics
                self.assertEqual(stats.get("net.count", 0), len(nics))
                names = [stats.get(f"net.{i}.name") for i in range(len(nics))]
                taken += [name for name in names if name]
                self.assertTrue(all(fnmatch(name or "", pattern or "")
                                    for name, pattern in zip(names, nics)), names)
                times = [f"vcpu.{i}.time" in stats for i in range(stats["vcpu.current"])]
                self.assertTrue(all(times), times)
        self.assertEqual(len(taken), len(set(taken)), taken)

    def test_every_kind_at_once(self):
        self.fleet = kinds(self.host)
        for name, kind in self.fleet.items():
            self.start(name, kind)
        self.host.start("no-machine", "-machine", "none", control=True)  # is in no answer
        for name in self.fleet:
            self.clients[name] = self.control(name)
        with LongRun("auto") as run:
            self.check(run)
            self.check(run)
            for step in range(max(len(kind.steps) for kind in self.fleet.values())):
                for name, kind in self.fleet.items():
                    for command, arguments in kind.steps[step:step + 1]:
                        self.clients[name].run(command, **arguments)
                self.check(run)


def prepare():
    """Makes what the QEMUs need of their host, in our namespaces, with which it goes: /sys, a bridge, and
    the file of /etc that qemu-bridge-helper reads."""
    for words in (["mount", "--make-rprivate", "/"], ["mount", "-t", "sysfs", "sysfs", "/sys"],
                  ["ip", "link", "set", "lo", "up"], ["ip", "link", "add", BRIDGE, "type", "bridge"],
                  ["mount", "-t", "tmpfs", "tmpfs", "/mnt"],
                  ["mkdir", "/mnt/upper", "/mnt/work", "/mnt/hidden", "/mnt/tmp"],
                  ["mount", "-t", "overlay", "-o", "lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work",
                   "overlay", "/etc"], ["mkdir", "-p", "/etc/qemu"]):
        subprocess.run(words, check=True)
    with open("/etc/qemu/bridge.conf", "w", encoding="ascii") as file:
        file.write(f"allow {BRIDGE}\n")
    tempfile.tempdir = "/mnt/tmp"


if __name__ == "__main__":
    if os.geteuid() == 0:
        if os.getpid() != 1:
            os.execvp("unshare", ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child",
                                  "--mount-proc", sys.executable, *sys.argv])
        prepare()
    unittest.main(verbosity=2)
