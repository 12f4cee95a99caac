# SPDX-License-Identifier: LGPL-2.1-or-later
"""libvirt's own monitors, with a libvirtd of the test's own, and its probes of what a QEMU can do."""

import glob
import os
import signal
import subprocess

from neighbours import Beside, main, time, until
from host import QEMU, Qmp

# More than libvirt asks in a night; the number may be set.
PROBES = int(os.environ.get("DOMSTATS_TEST_PROBES", "200"))
CONF = """user = "root"
group = "root"
cgroup_controllers = []
namespaces = []
security_driver = "none"
stdio_handler = "file"
"""
DOMAIN = """<domain type='qemu'><name>vm</name><memory unit='MiB'>16</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os><devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<controller type='usb' model='none'/><memballoon model='none'/></devices></domain>
"""
VIRSH_S = 120  # one that hangs does so until the program beside it ends


class Libvirtd(Beside):
    """Its folders are mounted over the system's, in the mount namespace of the test."""

    def setUp(self):
        super().setUp()
        for folder in "/run/libvirt", "/var/lib/libvirt", "/var/cache/libvirt", "/var/log/libvirt":
            os.makedirs(folder, exist_ok=True)
            self.mount("-t", "tmpfs", "none", folder)
        etc = self.host.path("etc")
        os.mkdir(etc)
        with open(etc + "/qemu.conf", "w", encoding="utf-8") as conf:
            conf.write(CONF)
        with open(etc + "/libvirtd.conf", "w", encoding="utf-8") as conf:
            conf.write('listen_tls = 0\nauth_unix_rw = "none"\nauth_unix_ro = "none"\n')
        self.mount("--bind", etc, "/etc/libvirt")
        self.start_libvirtd()
        with open(self.host.path("vm.xml"), "w", encoding="utf-8") as xml:
            xml.write(DOMAIN)
        self.virsh("create", self.host.path("vm.xml"))
        with open("/run/libvirt/qemu/vm.pid", encoding="ascii") as pid:
            self.qemu = int(pid.read())
        self.addCleanup(os.kill, self.qemu, signal.SIGKILL)  # libvirtd may have ended
        self.watched = self.watch("vm")

    def mount(self, *words):
        subprocess.run(["mount", *words], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", words[-1]], check=False)

    def start_libvirtd(self):
        self.daemon("libvirtd", "libvirtd", "-p", "/run/libvirt/own.pid")
        until("libvirtd serves", self.serves)

    def end_libvirtd(self):
        process = self.host.processes.pop("libvirtd")
        process.send_signal(signal.SIGTERM)
        process.communicate()

    def virsh(self, *words):
        """What it prints; it must end, and well."""
        done = subprocess.run(["virsh", "-q", "-c", "qemu:///system", *words], capture_output=True, text=True,
                              timeout=VIRSH_S, check=False)
        self.assertEqual(done.returncode, 0, (words, done.stderr))
        return done.stdout

    def serves(self):
        done = subprocess.run(["virsh", "-q", "-c", "qemu:///system", "version"], capture_output=True, timeout=VIRSH_S,
                              check=False)
        return done.returncode == 0

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
        self.end_libvirtd()
        poller.wait_for_calls(20)
        self.assertEqual(self.watched.accepted(), [])
        self.start_libvirtd()
        self.assertIn("running", self.virsh("domstate", "vm"))
        self.virsh("qemu-monitor-command", "vm", "--hmp", "info status")
        self.virsh("suspend", "vm")
        self.virsh("resume", "vm")
        poller.wait_for_calls(3)
        poller.stop()
        self.assertEqual(len(self.watched.accepted()), 1)  # the new libvirtd
        return poller.records("vm")

    def test_it_has_its_monitor_back_at_once_beside_a_polling_program(self):
        records = self.check_restart()
        self.assertEqual({record["health"] for record in records}, {"busy", "no-monitor"})
        self.assertIn("libvirt", next(record["reason"] for record in records
                                      if record["health"] == "no-monitor"))
        self.assertTrue(all("cpu" in record["groups"] for record in records))

    def test_also_beside_one_that_holds_monitors(self):
        self.check_restart("hold")

    def test_its_monitor_is_never_dialled_by_any_source(self):
        path, = glob.glob("/var/lib/libvirt/qemu/domain-*-vm/monitor.sock")
        self.end_libvirtd()
        self.attach()
        for source in "auto", "socket:" + path, "dir:" + os.path.dirname(path):
            _, domains, trouble = self.run_command(source)
            self.assertEqual(domains["vm"]["health"], "no-monitor", (source, trouble))
            self.assertEqual(domains["vm"]["reason_code"], "managed")
            self.open(source).call()
        self.assertEqual(self.watched.accepted(), [])
        self.start_libvirtd()


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
