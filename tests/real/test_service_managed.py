# SPDX-License-Identifier: LGPL-2.1-or-later
"""A domstatsd beside libvirt: virsh reads of it what it reads of libvirt, also when libvirt would hang."""

import subprocess

from libvirts import DISK, BesideLibvirt
from neighbours import main
from services import Service

# What virsh prints the same, of paused domains.
SAME = [["list", "--all"], ["list", "--all", "--title"], ["list", "--inactive"], ["list", "--persistent"],
        ["list", "--transient"], ["list", "--name"], ["list", "--all", "--uuid"], ["domblklist", "vm1", "--details"],
        ["domblkstat", "vm1", "vda"], ["domiflist", "vm1"], ["domstate", "vm1"],
        ["vcpucount", "vm1"], ["domid", "vm1"], ["domuuid", "vm1"], ["nodeinfo"], ["domstate", "off"],
        ["domstats", "--state", "--block", "--balloon", "vm1"], ["domstats", "--state", "--list-inactive"]]
MOVING = ("CPU frequency", "balloon.rss", "balloon.last-update")


class Managed(BesideLibvirt):
    def setUp(self):
        super().setUp()
        for name in "vm1", "vm2", "vm3":
            image = self.host.image(name + ".qcow2", "-f", "qcow2", "8M")
            self.libvirt.create(name, DISK.format(form="qcow2", path=image, target="vda"), paused=True)
        self.libvirt.define("off")
        service = Service(self.host)
        self.addCleanup(service.__exit__)
        service.ready()
        self.addCleanup(service.stop)
        self.uri = f"qemu+unix:///system?socket={service.rpc}"

    def ours(self, *words):
        done = subprocess.run(["virsh", "-q", "-c", self.uri, *words], capture_output=True, text=True, timeout=60,
                              check=False)
        self.assertEqual(done.returncode, 0, (words, done.stderr))
        return done.stdout

    @staticmethod
    def steady(text):
        return [line for line in text.splitlines() if not line.strip().startswith(MOVING)]

    def test_virsh_prints_the_same(self):
        for words in SAME:
            with self.subTest(words=words):
                self.assertEqual(self.steady(self.ours(*words)), self.steady(self.libvirt.virsh(*words)))

    def test_one_that_is_stopped(self):
        self.ours("domstats")
        self.libvirt.stop_qemu("vm1")
        for words in ["list", "--all"], ["domstats"], ["domstats", "--state"], ["dominfo", "vm1"], ["dominfo", "vm2"]:
            with self.subTest(words=words):
                self.assertIn("vm1" if "vm2" not in words else "vm2", self.ours(*words))
        self.assertEqual(self.ours("domstats", "--cpu-total").count("cpu.time="), 3)


if __name__ == "__main__":
    main()
