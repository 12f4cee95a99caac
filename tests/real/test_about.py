# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a real QEMU that no libvirt manages is made of (about.*): by its words, its replies and the
kernel; and that a recording has it too.

The test runs in a network and a mount namespace of its own. /sys stays that of the other one, so that
what it shows of interfaces is wrong."""

import ctypes
import os
import subprocess
import unittest

from host import COMMAND, Host, accelerator, domstats
from longrun import LongRun

CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
ABOUT = 1 << 2
SCRIPTS = "script=no,downscript=no"


def setUpModule():
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() != 0 or libc.unshare(CLONE_NEWNET | CLONE_NEWNS) != 0:
        raise unittest.SkipTest("not allowed to make a network namespace")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


class About(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.__exit__)

    def fields(self, *words, source=None):
        status, domains, trouble = domstats("-c", source or "socket:" + self.host.path("vm.sock"), *words)
        self.assertEqual((status, trouble), (0, ""), domains)
        return {name[len("about."):]: value for name, value in domains["vm"]["stats"].items()
                if name.startswith("about.")}

    def start(self, *words, **options):
        self.host.start("vm", *words, **options)
        self.fields("--state")  # it answers: all its devices are there
        return os.path.realpath(f"/proc/{self.host.processes['vm'].pid}/exe")

    def machine(self, exe, **more):
        return {"state.type": {"kvm": "kvm", "tcg": "qemu"}[accelerator()], "state.os": "hvm",
                "state.arch": "x86_64", "state.emulator": exe,
                "state.persistent": False, **{"state." + name: text for name, text in more.items()}}

    def test_the_machine_and_its_version(self):
        exe = self.start("-M", "q35", control=True)
        version = self.host.control("vm").greeting["QMP"]["version"]["qemu"]
        self.assertEqual(self.fields("--about", "--state"), self.machine(
            exe, machine="q35", version=".".join(str(version[part]) for part in ("major", "minor", "micro"))))
        self.assertEqual(self.fields("--state"), {})
        self.assertEqual(self.fields("--about", "--vcpu"), {})

    def test_disks_of_each_kind_of_words(self):
        image = {name: self.host.image(name, "-f", form, "8M") for name, form in
                 (("a", "qcow2"), ("b", "raw"), ("c", "raw"), ("d", "raw"), ("e", "qcow2"))}
        self.start(
            "-M", "q35", "-drive", f"file={image['a']},if=none,id=d0,cache=none,discard=unmap",
            "-device", "virtio-blk-pci,id=disk0,drive=d0,serial=S-1",
            "-blockdev", f"driver=raw,node-name=n1,file.driver=file,file.filename={image['b']}",
            "-device", "ide-hd,id=disk1,drive=n1", "-device", "virtio-scsi-pci,id=sc",
            "-device", "scsi-cd,id=cd0,bus=sc.0", "-drive", f"file={image['c']},format=raw,if=virtio",
            "-drive", f"file={image['d']},format=raw,if=ide,index=1,media=cdrom")
        found = self.fields("--about", "--block")
        by_kind = {}
        for number in range(5):
            disk = {name.split(".")[2]: text for name, text in found.items() if name.startswith(f"block.{number}.")}
            by_kind[disk["device"], disk["bus"], disk.get("format")] = disk
        self.assertEqual(set(by_kind), {("disk", "virtio", "qcow2"), ("disk", "sata", "raw"), ("cdrom", "scsi", None),
                                        ("disk", "virtio", "raw"), ("cdrom", "sata", "raw")})
        self.assertEqual(by_kind["disk", "virtio", "qcow2"], {
            "device": "disk", "bus": "virtio", "format": "qcow2", "type": "file", "cache": "none", "discard": "unmap",
            "serial": "S-1"})

    def test_a_disk_that_is_plugged_has_what_qemu_tells(self):
        path = self.host.image("plugged", "-f", "qcow2", "8M")
        self.start("-M", "q35", "-device", "pcie-root-port,id=rp1", control=True)
        qmp = self.host.control("vm")
        qmp.run("blockdev-add", **{"node-name": "late", "driver": "qcow2",
                                   "file": {"driver": "file", "filename": path}})
        qmp.run("device_add", driver="virtio-blk-pci", id="late0", drive="late", bus="rp1")
        self.assertEqual(self.fields("--about", "--block"), {"block.0.type": "file", "block.0.format": "qcow2"})

    def test_a_disk_of_the_network(self):
        path = self.host.image("served", "-f", "raw", "8M")
        socket = self.host.path("nbd.sock")
        server = subprocess.Popen(["qemu-nbd", "-f", "raw", "-k", socket, "-t", path])
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        while not self.host.is_listening(socket):
            self.assertIsNone(server.poll())
        self.start("-drive", f"file=nbd+unix:///?socket={socket},format=raw,if=virtio")
        self.assertEqual(self.fields("--about", "--block"), {
            "block.0.device": "disk", "block.0.bus": "virtio", "block.0.type": "network",
            "block.0.format": "raw", "block.0.protocol": "nbd"})

    def test_interfaces(self):
        ip("link", "add", "br7", "type", "bridge")
        self.addCleanup(ip, "link", "del", "br7")
        self.start("-netdev", "user,id=u", "-device", "virtio-net-pci,netdev=u,mac=52-54-00-AA-BB-01",
                   "-netdev", f"tap,id=t,ifname=abt0,{SCRIPTS}", "-device", "e1000,netdev=t",
                   "-netdev", f"tap,id=p,ifname=abt1,{SCRIPTS}", "-device", "rtl8139,netdev=p")
        ip("link", "set", "abt1", "mtu", "1300", "master", "br7")
        with LongRun("socket:" + self.host.path("vm.sock")) as kept:
            found = [self.fields("--about", "--interface"),
                     {name[len("about."):]: value for name, value in kept.ask("values", 1 << 4, ABOUT).items()
                      if name.startswith("about.")}]
        for fields in found:
            self.assertEqual({name: str(value) for name, value in fields.items()}, {
                "net.0.type": "user", "net.0.mac": "52:54:00:aa:bb:01", "net.0.model": "virtio",
                "net.1.type": "ethernet", "net.1.model": "e1000", "net.1.mtu": "1500",
                "net.2.type": "bridge", "net.2.bridge": "br7", "net.2.model": "rtl8139", "net.2.mtu": "1300"})

    def test_a_recording_has_it_all(self):
        path = self.host.image("kept", "-f", "qcow2", "8M")
        self.start("-drive", f"file={path},if=virtio", "-nic", f"tap,ifname=abt2,model=e1000,{SCRIPTS}")
        live = self.fields("--about")
        folder = self.host.path("recording")
        subprocess.run([COMMAND, "record", "-c", "socket:" + self.host.path("vm.sock"), folder],
                       check=True, capture_output=True)
        self.assertIn("net.0.mtu", live)
        self.assertIn("block.0.bus", live)
        self.assertEqual(self.fields("--about", source="replay:" + folder), live)


if __name__ == "__main__":
    unittest.main(verbosity=2)
