# SPDX-License-Identifier: LGPL-2.1-or-later
"""Domains of a real libvirt without KVM's own statistics: what QEMU is asked then, and what is told."""

import os
import re
import shutil
import tempfile
import unittest

from host import accelerator
from libvirts import DISK, SOURCES, BesideLibvirt
from neighbours import main
from waiting import until

ABOUT, WITHOUT_KVM = 1 << 2, 1 << 3
SENT = re.compile(r'QEMU_MONITOR_SEND_MSG: .*"execute":"([a-z-]+)"')
OF_KVM = re.compile(r"cpu\.haltpoll\.|vcpu\.\d+\..*\.(sum|cur|max)$|vm\.")
OF_CPU = re.compile(r"cpu\.(time|user|system)$")  # of a domain without a cgroup libvirt tells none
VCPU_TIME = re.compile(r"vcpu\.\d+\.(time|wait|delay)$")
# Of a domain without cache monitors a libvirt before 12.8 tells it: "cache-monitors" in tools/compare_libvirt/compare.py.
NO_MONITOR = ("cpu.cache.monitor.count", 0)
VARIES = re.compile("|".join((OF_CPU.pattern, VCPU_TIME.pattern, r"balloon\.rss$")))


@unittest.skipUnless(accelerator() == "kvm", "KVM does not work here")
class WithoutKvm(BesideLibvirt):
    def setUp(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        self.sent = os.path.join(folder, "sent.log")
        self.settings = {"log_filters": "2:qemu.qemu_monitor", "log_level": 3}
        super().setUp()

    def start_libvirt(self, daemon):
        daemon.settings = {**daemon.settings, "log_outputs": f"3:file:{daemon.log} 2:file:{self.sent}"}
        super().start_libvirt(daemon)
        path = self.host.image("vm.qcow2", "-f", "qcow2", "16M")
        daemon.create("vm", DISK.format(form="qcow2", path=path, target="vda"), vcpus="2", paused=True)
        return daemon

    def commands(self):
        """Names of all that libvirt has asked QEMU for."""
        with open(self.sent, encoding="utf-8", errors="replace") as file:
            return SENT.findall(file.read())

    def ask(self, source, *words):
        """The fields of the domain, and which commands its QEMU got for them."""
        before = len(self.commands())
        code, domains, trouble = self.run_command(source, *words)
        self.assertEqual((code, trouble), (0, ""))
        self.assert_answered(domains["vm"])
        return domains["vm"]["stats"], set(self.commands()[before:])

    def assert_answered(self, record):
        self.assertEqual((record["health"], record["answered_by"]), ("ok", "libvirt"), record)
        self.assertFalse(record["missing"], record)

    def assert_same(self, without, with_kvm):
        """All that is told with them, less what is KVM's; CPU times, too, which libvirt may not tell."""
        wanted = {name: value for name, value in with_kvm.items() if not OF_KVM.match(name)}
        self.assertGreater(len(with_kvm), len(wanted))
        if NO_MONITOR[0] not in without:
            wanted = dict(wanted.items() - {NO_MONITOR})
        self.assertEqual({name for name in without if not OF_CPU.match(name)},
                         {name for name in wanted if not OF_CPU.match(name)})
        self.assertEqual({name: value for name, value in without.items() if not VARIES.match(name)},
                         {name: value for name, value in wanted.items() if not VARIES.match(name)})
        for name in filter(VCPU_TIME.match, wanted):
            self.assertGreaterEqual(without[name], wanted[name], name)

    def test_qemu_is_not_asked_for_them(self):
        for source in SOURCES:
            with self.subTest(source=source):
                with_kvm, asked = self.ask(source)
                self.assertLessEqual({"query-stats", "query-blockstats"}, asked)
                without, asked = self.ask(source, "--no-kvm")
                self.assertIn("query-blockstats", asked)
                self.assertNotIn("query-stats", asked)
                self.assert_same(without, with_kvm)

    def test_some_groups(self):
        for source in SOURCES:
            for words in ("--vcpu",), ("--cpu-total",), ("--vcpu", "--cpu-total", "--state"):
                with self.subTest(source=source, words=words):
                    with_kvm, _ = self.ask(source, *words)
                    without, asked = self.ask(source, "--no-kvm", *words)
                    self.assertNotIn("query-stats", asked)
                    self.assert_same(without, with_kvm)

    def test_fields_of_ours(self):
        """The same ones, so that it makes no difference whose call the service answers."""
        for source in SOURCES:
            for words in ("--ext",), ("--ext", "--enforce"), ("--ext", "--vcpu"):
                with self.subTest(source=source, words=words):
                    ours = [{name for name in self.ask(source, *more, *words)[0] if name.startswith("ext.")}
                            for more in ((), ("--no-kvm",))]
                    self.assertLessEqual({"ext.vcpu.0.state", "ext.vcpu.1.state"}, ours[0])
                    self.assertEqual(*ours)

    def test_vcpus_are_plugged(self):
        """Its thread has no name at first, and the definition may be older than it."""
        path = self.libvirt.xml("more")
        with open(path, encoding="utf-8") as file:
            text = file.read().replace("<vcpu>1<", "<vcpu current='1'>3<")
        self.libvirt.virsh("create", self.libvirt.write(path, text))
        runs = [self.open(source) for source in SOURCES]
        for n in 1, 2, 3:
            if n > 1:
                self.libvirt.virsh("setvcpus", "more", str(n), "--live")
            for run in runs:
                stats = {record["name"]: record for record in run.ask("records", WITHOUT_KVM)["domains"]}["more"]["stats"]
                self.assertEqual((stats["vcpu.current"], stats["vcpu.maximum"]), (n, 3))
                self.assertEqual({name for name in stats if name.endswith(".time") and name.startswith("vcpu.")},
                                 {f"vcpu.{number}.time" for number in range(n)})

    def test_a_vcpu_that_was_plugged_is_soon_the_hosts_to_tell(self):
        """libvirt's definition, which this call has, is read again."""
        path = self.libvirt.xml("more")
        with open(path, encoding="utf-8") as file:
            text = file.read().replace("<vcpu>1<", "<vcpu current='1'>2<")
        self.libvirt.virsh("create", self.libvirt.write(path, text))
        runs = [self.open(source) for source in SOURCES]
        for run in runs:
            run.ask("records", WITHOUT_KVM | ABOUT)
        self.libvirt.virsh("setvcpus", "more", "2", "--live")
        for run in runs:
            until("libvirt is not asked for vCPUs", lambda run=run: not self.asks_for_kvm(run))

    def asks_for_kvm(self, run):
        before = len(self.commands())
        run.ask("records", WITHOUT_KVM | ABOUT)
        return "query-stats" in self.commands()[before:]


if __name__ == "__main__":
    main()
