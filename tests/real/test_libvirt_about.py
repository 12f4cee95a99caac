# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a domain of a real libvirt is made of (about.*): as its definition has it, plugged and unplugged
devices included, whoever answers."""

import os
import re
import signal
import subprocess
import xml.etree.ElementTree as ET

from host import QEMU
from libvirts import DISK, MONITOR, SOURCES, BesideLibvirt, Libvirtd
from longrun import Call
from neighbours import main, until

ABOUT = 1 << 2
TITLE = "<title>Web &amp; mail</title>"
NOVA = """<metadata><nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/1.1">
<nova:name>web</nova:name><nova:flavor name="m1.small"/><nova:owner><nova:user uuid="u-1">joe</nova:user>
<nova:project uuid="p-1">shop</nova:project></nova:owner><nova:root type="image" uuid="r-1"/>
</nova:instance></metadata>"""
NIC = """<interface type='bridge'><mac address='{mac}'/><source bridge='br7'/><target dev='{target}'/>
<model type='{model}'/></interface>"""
DISKS = """<disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='none' discard='unmap'/>
<source file='{0}'/><target dev='vda' bus='virtio'/><serial>S-1</serial></disk>
<disk type='file' device='cdrom'><target dev='hda' bus='ide'/><readonly/></disk>"""


class About(BesideLibvirt):
    def setUp(self):
        super().setUp()
        for words in ["add", "br7", "type", "bridge"], ["set", "br7", "mtu", "1400", "up"]:
            subprocess.run(["ip", "link", *words], check=True)
        self.addCleanup(subprocess.run, ["ip", "link", "del", "br7"], check=False)

    def records(self, run, extras=ABOUT):
        return {record["name"]: record for record in run.ask("records", extras)["domains"]}

    def fields(self, record):
        return {name: value for name, value in record["stats"].items() if name.startswith("about.")}

    def devices(self, image, mac="52:54:00:00:00:01"):
        return DISKS.format(image) + NIC.format(mac=mac, target="web0", model="virtio") + \
            "<interface type='user'><mac address='52:54:00:00:00:02'/><model type='e1000'/></interface>"

    def expected(self, name):
        """What libvirt's own XML says."""
        tree = ET.fromstring(self.libvirt.virsh("dumpxml", name))
        found = {"about.state.type": tree.get("type"), "about.state.title": tree.findtext("title"),
                 "about.state.os": tree.findtext("os/type"), "about.state.arch": tree.find("os/type").get("arch"),
                 "about.state.machine": tree.find("os/type").get("machine"),
                 "about.state.emulator": tree.findtext("devices/emulator")}
        for number, disk in enumerate(tree.iter("disk")):
            driver = disk.find("driver")
            texts = {"device": disk.get("device"), "type": disk.get("type"), "bus": disk.find("target").get("bus"),
                     "serial": disk.findtext("serial"),
                     **({"format": driver.get("type"), "cache": driver.get("cache"),
                         "discard": driver.get("discard")} if driver is not None else {})}
            found.update({f"about.block.{number}.{word}": text for word, text in texts.items()})
        for number, nic in enumerate(tree.iter("interface")):
            texts = {"type": nic.get("type"), "mac": nic.find("mac").get("address"),
                     "model": nic.find("model").get("type"),
                     "bridge": nic.find("source").get("bridge") if nic.find("source") is not None else None}
            found.update({f"about.net.{number}.{word}": text for word, text in texts.items()})
            if texts["bridge"]:
                found[f"about.net.{number}.mtu"] = 1400
        return {name: value for name, value in found.items() if value is not None}

    def assert_made_of(self, record, name, **more):
        self.maxDiff = None
        self.assertEqual(self.fields(record), {**self.expected(name), **more}, name)

    def test_a_domain_that_only_libvirt_asks(self):
        image = self.host.image("a.qcow2", "-f", "qcow2", "8M")
        self.libvirt.create("web", self.devices(image), TITLE + NOVA)
        listed = {"about.state.persistent": False, "about.state.autostart": False}
        nova = {"about.state.nova." + word: text for word, text in {
            "name": "web", "flavor": "m1.small", "user-name": "joe", "user-id": "u-1", "project-name": "shop",
            "project-id": "p-1", "root-type": "image", "root-id": "r-1"}.items()}
        for source in SOURCES:
            run = self.open(source)
            self.assertEqual(self.fields(self.records(run, 0)["web"]), {})
            for _ in range(2):
                record = self.records(run)["web"]
                self.assertEqual((record["health"], record["missing"]), ("ok", 0), record)
                self.assert_made_of(record, "web", **listed, **nova)
            self.assertEqual(self.fields(self.records(run, 0)["web"]), {})

    def test_one_with_a_monitor_of_its_own(self):
        image = self.host.image("b.qcow2", "-f", "qcow2", "8M")
        self.libvirt.create("web", self.devices(image), TITLE + MONITOR.format(self.host.path("own.sock")))
        for source in SOURCES:
            call = Call(self.open(source).ask("call", 0, 0, 0, ABOUT))
            self.assertEqual(call["web"]["answered_by"], "monitor", call["web"])
            record = self.records(self.open(source))["web"]
            version = self.fields(record)["about.state.version"]
            self.assertIn(version, subprocess.run([QEMU, "--version"], capture_output=True, text=True,
                                                  check=True).stdout)
            self.assert_made_of(record, "web", **{"about.state.persistent": False, "about.state.autostart": False,
                                                  "about.state.version": version})

    def test_devices_that_come_and_go(self):
        image = self.host.image("c.qcow2", "-f", "qcow2", "8M")
        more = self.host.image("more.raw", "-f", "raw", "8M")
        self.libvirt.create("web", self.devices(image))
        runs = [self.open(source) for source in SOURCES]
        plugged = [self.libvirt.write(self.host.path("disk.xml"), DISK.format(form="raw", path=more, target="vdb")),
                   self.libvirt.write(self.host.path("nic.xml"), NIC.format(
                       mac="52:54:00:00:00:09", target="web9", model="virtio"))]
        for run in runs:
            self.records(run)
        for words in ["attach-device"], ["detach-device"]:
            for path in plugged:
                self.libvirt.virsh(*words, "web", path, "--live")
            for run in runs:
                # One call sees that the definition is another one, the next one has it.
                until(f"{words} is seen", lambda: self.fields(self.records(run)["web"]).keys() >=
                      self.expected("web").keys())
                self.assert_made_of(self.records(run)["web"], "web",
                                    **{"about.state.persistent": False, "about.state.autostart": False})

    def test_one_that_does_not_run(self):
        image = self.host.image("d.qcow2", "-f", "qcow2", "8M")
        self.libvirt.define("off", self.devices(image), TITLE)
        self.libvirt.define("starts")
        self.libvirt.virsh("autostart", "starts")
        for source in SOURCES:
            records = self.records(self.open(source))
            made_of = self.fields(records["off"])
            expected = {**self.expected("off"), "about.state.persistent": True, "about.state.autostart": False}
            del expected["about.net.0.mtu"]  # its device is not there
            self.assertEqual(made_of, expected)
            self.assertIs(records["starts"]["stats"]["about.state.autostart"], True)


class IsStopped(BesideLibvirt):
    """The QEMU of a domain is stopped: libvirt is not asked for the definition until it goes on, since
    it may ask that QEMU, or wait for another client that does."""

    def start_libvirt(self, daemon):
        self.calls = self.host.path("calls")
        outputs = f"3:file:{self.host.path('libvirtd.log')} 1:file:{self.calls}"
        return super().start_libvirt(Libvirtd(self.host, log_filters="1:libvirt", log_outputs=outputs))

    def n_definitions(self, name):
        with open(self.calls, encoding="utf-8", errors="replace") as calls:
            return len(re.findall(rf"virDomainGetXMLDesc:.*VM: name={name},", calls.read()))

    def machine(self, run, name):
        record, = [each for each in run.ask("records", ABOUT)["domains"] if each["name"] == name]
        return record["stats"].get("about.state.machine")

    def test_it_is_not_asked_for_the_definition(self):
        own = MONITOR.format(self.host.path("own.sock"))
        names = {"plain": "", "own": own}
        for name, more in names.items():
            self.libvirt.create(name, more=more)
        for name in names:
            pid = self.libvirt.stop_qemu(name)
            before = self.n_definitions(name)
            runs = [self.open(source) for source in SOURCES]
            for run in runs:
                self.machine(run, name)
                self.machine(run, name)
            self.assertEqual(self.n_definitions(name) - before, 0, name)
            os.kill(pid, signal.SIGCONT)
            for run in runs:
                until(f"{name} is described", lambda: self.machine(run, name))
            self.assertGreaterEqual(self.n_definitions(name) - before, len(SOURCES), name)


if __name__ == "__main__":
    main()
