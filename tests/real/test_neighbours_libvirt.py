# SPDX-License-Identifier: LGPL-2.1-or-later
"""libvirt's own monitors, with a libvirtd of the test's own, and its probes of what a QEMU can do."""

import os
import signal
import subprocess

from neighbours import Beside, main, time, until
from host import QEMU, Qmp
from libvirts import BesideLibvirt

# More than libvirt asks in a night; the number may be set.
PROBES = int(os.environ.get("DOMSTATS_TEST_PROBES", "200"))


class Libvirt(BesideLibvirt):
    def setUp(self):
        super().setUp()
        self.qemu = self.libvirt.create("vm")
        self.watched = self.watch("vm")

    def attach(self):
        """Counts what the domain's QEMU accepts from now on."""
        words = [word for word in self.watched.launcher if word not in ("-D", "--seccomp-bpf")]
        process = self.daemon("strace", *words, "-p", str(self.qemu))
        until("strace is attached", lambda: self.tracer() == process.pid)

    def tracer(self):
        with open(f"/proc/{self.qemu}/status", encoding="ascii") as status:
            return int(status.read().split("TracerPid:")[1].split()[0])

    def check_restart(self, *options):
        self.attach()
        poller = self.poll("auto", *options)
        poller.wait_for_calls(3)
        self.libvirt.end()
        poller.wait_for_calls(20)
        self.assertEqual(self.watched.accepted(), [])
        self.libvirt.start()
        self.assertIn("running", self.libvirt.virsh("domstate", "vm"))
        self.libvirt.virsh("qemu-monitor-command", "vm", "--hmp", "info status")
        self.libvirt.virsh("suspend", "vm")
        self.libvirt.virsh("resume", "vm")
        poller.wait_for_calls(3)
        poller.stop()
        self.assertEqual(len(self.watched.accepted()), 1)  # the new libvirtd
        return poller.records("vm")

    def test_it_has_its_monitor_back_at_once_beside_a_polling_program(self):
        records = self.check_restart()
        for record in records:
            if record["health"] != "ok":
                self.assertIn("libvirt", record["reason"])
        self.assertLessEqual({"ok", "no-monitor"}, {record["health"] for record in records})
        self.assertEqual([records[0]["health"], records[-1]["health"]], ["ok", "ok"])
        self.assertTrue(all("cpu" in record["groups"] for record in records))

    def test_also_beside_one_that_holds_monitors(self):
        self.check_restart("hold")

    def test_its_monitor_is_never_dialled_by_any_source(self):
        path = self.libvirt.monitor("vm")
        self.libvirt.end()
        self.attach()
        for source in "auto", "socket:" + path, "dir:" + os.path.dirname(path):
            _, domains, trouble = self.run_command(source)
            self.assertEqual(domains["vm"]["health"], "no-monitor", (source, trouble))
            self.assertIn(domains["vm"]["reason_code"], ("managed", "libvirt-away"))
            self.open(source).call()
        self.assertEqual(self.watched.accepted(), [])
        self.libvirt.start()


class Probes(Beside):
    """QEMUs that libvirt starts to ask what they can do. libvirt connects once, as soon as it can."""

    def probe(self, number):
        path = self.host.path(f"probe-{number}.sock")
        line = [QEMU, "-S", "-no-user-config", "-nodefaults", "-nographic", "-machine",
                "none,accel=kvm:tcg", "-qmp", f"unix:{path},server=on,wait=off", "-pidfile", path + ".pid",
                "-daemonize"]
        begin = time.monotonic()
        subprocess.run(line, check=True, capture_output=True)
        client = Qmp(path)
        client.run("query-version")
        client.run("query-machines")
        took_s = time.monotonic() - begin
        client.close()
        with open(path + ".pid", encoding="ascii") as pid:
            os.kill(int(pid.read()), signal.SIGKILL)
        return took_s

    def probe_all(self, numbers):
        return sorted(self.probe(number) for number in numbers)

    def test_none_waits_for_a_program_that_polls(self):
        alone = self.probe_all(range(PROBES // 4))
        poller = self.poll("auto", every_s=0.005)
        beside = self.probe_all(range(PROBES, 2 * PROBES))
        calls = poller.stop()
        for what, took in (f"beside {len(calls)} calls", beside), ("alone", alone):
            print(f"\n{len(took)} probes {what}: median {1000 * took[len(took) // 2]:.0f} ms, longest "
                  f"{1000 * took[-1]:.0f} ms")
        self.assertEqual({name for call in calls for name in call.domains}, set())


if __name__ == "__main__":
    main()
