# SPDX-License-Identifier: LGPL-2.1-or-later
"""domstatsd in the place of an exporter for libvirt: beside Debian's prometheus-libvirt-exporter on one libvirt,
series by series, and with the names that the dashboard of inovex' exporter reads."""

import os
import signal
import subprocess

from libvirts import DISK, BesideLibvirt
from neighbours import main
from services import Service
from test_service_metrics import free_port, samples, values
from waiting import until

BRIDGE = "<interface type='bridge'><source bridge='br0'/><target dev='{tap}'/><model type='virtio'/></interface>"
NOVA = """<metadata><nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/1.1">
<nova:name>web server</nova:name><nova:flavor name="m1.small"/>
<nova:owner><nova:user uuid="user-1">admin</nova:user><nova:project uuid="project-1">shop</nova:project></nova:owner>
</nova:instance></metadata>"""
# Those of the exporter's own process, and of its HTTP library.
THEIRS_ALONE = "go_", "process_", "promhttp_"
# What changes between two scrapes.
MOVING = "libvirt_domain_info_cpu_time_seconds_total", "libvirt_domain_interface_stats_"
# What the panels of inovex' dashboard read; the guest of the test has no balloon, whose names are marked.
DASHBOARD = """domain_block_stats_info domain_block_stats_read_bytes_total domain_block_stats_read_requests_total
domain_block_stats_read_time_seconds_total domain_block_stats_write_bytes_total domain_block_stats_write_requests_total
domain_block_stats_write_time_seconds_total domain_info_cpu_time_seconds_total domain_info_state
domain_interface_stats_info domain_interface_stats_receive_bytes_total domain_interface_stats_receive_packets_total
domain_interface_stats_receive_errors_total domain_interface_stats_receive_drops_total
domain_interface_stats_transmit_bytes_total domain_interface_stats_transmit_packets_total
domain_interface_stats_transmit_errors_total domain_memory_stats_maximum_bytes domain_openstack_info
domain_vcpu_current domain_vcpu_delay_seconds_total domain_vcpu_time_seconds_total""".split()


class Exporter(BesideLibvirt):
    def setUp(self):
        super().setUp()
        subprocess.run(["ip", "link", "add", "br0", "type", "bridge"], check=True)
        self.addCleanup(subprocess.run, ["ip", "link", "delete", "br0"], check=True)
        for number in 1, 2, 3:
            path = self.host.image(f"disk{number}.qcow2", "-f", "qcow2", "1M")
            self.libvirt.create(f"vm{number}", DISK.format(form="qcow2", path=path, target="vda")
                                + BRIDGE.format(tap=f"tap{number}"), more=NOVA if number == 1 else "", paused=True)

    def serve(self, *options):
        service = Service(self.host, *options)
        self.addCleanup(service.__exit__)
        self.addCleanup(service.stop)  # libvirt logs it if a client does not say goodbye
        return service.ready()

    def scrape(self, service):
        done = subprocess.run(["curl", "-s", "--unix-socket", service.metrics, "http://x/metrics"], check=True,
                              capture_output=True)
        return done.stdout

    def start_exporter(self):
        """Gives its URL and what it says first."""
        port = free_port()
        process = subprocess.Popen(["prometheus-libvirt-exporter", f"--web.listen-address=127.0.0.1:{port}"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.host.processes["exporter"] = process
        url = f"http://127.0.0.1:{port}/metrics"
        return url, until("the exporter serves", lambda: subprocess.run(
            ["curl", "-s", url], check=False, capture_output=True).stdout)

    def test_each_series_of_debians_exporter_is_there_with_its_labels_and_its_value(self):
        theirs = {(name, tuple(sorted(labels.items()))): value
                  for name, labels, value in samples(self.start_exporter()[1])
                  if not name.startswith(THEIRS_ALONE)}
        ours = {(name, tuple(sorted(labels.items()))): value
                for name, labels, value in samples(self.scrape(self.serve("--names", "kumina")))}
        self.assertGreater(len(theirs), 50)
        self.assertEqual(set(theirs) - set(ours), set())
        self.assertEqual({name for name, _ in set(ours) - set(theirs) if not name.startswith("domstats_")}, set())
        for key, value in theirs.items():
            if not key[0].startswith(MOVING):
                self.assertEqual(ours[key], value, key)

    def test_the_dashboard_of_inovex_has_all_that_it_reads(self):
        text = self.scrape(self.serve("--names", "libvirt"))
        for name in DASHBOARD:
            self.assertTrue(values(text, "libvirt_" + name, domain="vm1"), name)
        openstack, = values(text, "libvirt_domain_openstack_info", domain="vm1")
        self.assertEqual(dict(openstack), {
            "flavor_name": "m1.small", "instance_id": self.libvirt.virsh("domuuid", "vm1").strip(),
            "instance_name": "web server", "project_id": "project-1", "project_name": "shop", "user_id": "user-1",
            "user_name": "admin"})
        disk, = values(text, "libvirt_domain_block_stats_info", domain="vm1", target_device="vda")
        self.assertLessEqual({("driver_type", "qcow2"), ("disk_type", "file"), ("target_bus", "virtio"),
                              ("source_file", self.host.path("disk1.qcow2"))}, set(disk))
        nic, = values(text, "libvirt_domain_interface_stats_info", domain="vm1", target_device="tap1")
        self.assertLessEqual({("source_bridge", "br0"), ("model_type", "virtio"), ("interface_type", "bridge")},
                             set(nic))

    def test_a_stuck_domain_takes_the_exporter_away_and_not_us(self):
        # libvirt 11 answers our request for the definition of a domain after the exporter's request to its QEMU.
        # Our service, when it ends, does not wait for an answer that is late already.
        self.libvirt.expect("virNetSocket(Read|Write)Wire:.*(End of file|reset by peer|Broken pipe)")
        service = self.serve("--names", "libvirt", "--timeout", "2")
        url, _ = self.start_exporter()
        self.libvirt.stop_qemu("vm2")
        self.addCleanup(self.go_on, "vm2")
        exporter = subprocess.run(["curl", "-s", "--max-time", "3", url], check=False, capture_output=True)
        self.assertEqual((exporter.returncode, exporter.stdout), (28, b""))  # it timed out
        text = self.scrape(service)
        self.assertEqual(values(text, "libvirt_up"), {(): 1})
        self.assertEqual(values(text, "libvirt_domain_timed_out"),
                         {(("domain", "vm1"),): 0, (("domain", "vm2"),): 1, (("domain", "vm3"),): 0})
        self.assertTrue(values(text, "libvirt_domain_info_cpu_time_seconds_total", domain="vm2"))
        for name in DASHBOARD:
            for domain in "vm1", "vm3":
                self.assertTrue(values(text, "libvirt_" + name, domain=domain), name)

    def go_on(self, name):
        os.kill(self.libvirt.qemu(name), signal.SIGCONT)


if __name__ == "__main__":
    main()
