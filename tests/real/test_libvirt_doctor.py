# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `domstats doctor` finds on real hosts, and that what it prints mends it: each command is run as it stands,
words for a QEMU are given to one, and then the finding is gone."""

import json
import os
import re
import signal
import subprocess

from cgroups import mount_of, write
from host import COMMAND, Qmp
from libvirts import BesideLibvirt, Session
from neighbours import Beside, main
from waiting import until

USER = 12345
# Of the kernel, of which these tests change nothing.
OF_KERNEL = {"pid-namespace", "cgroup-v1", "schedstats", "schedstats-off", "ksm", "ksm-off", "ksm-untold", "kvm",
             "resctrl", "resctrl-off", "perf", "perf-closed", "pressure", "pressure-off", "no-service", "perf-events", "balloon",
             "kvm-untold", "group-shared", "memory-controller", "cpu-controller"}


def as_user(*words):
    return ["setpriv", "--reuid", str(USER), "--regid", str(USER), "--clear-groups", "env",
            "ASAN_OPTIONS=detect_leaks=0", *words]


class Doctor:
    def doctor(self, *words, launch=lambda *words: words):
        """The exit status, and the findings by their codes."""
        done = subprocess.run(launch(COMMAND, "doctor", "--format", "json", *words), capture_output=True, text=True,
                              timeout=120, check=False)
        self.assertEqual(done.stderr, "")
        found = json.loads(done.stdout)["findings"]
        self.assertEqual(len({each["code"] for each in found}), len(found), found)
        return done.returncode, {each["code"]: each for each in found}

    def codes(self, *words, **more):
        """Those that are not of the kernel."""
        return set(self.doctor(*words, **more)[1]) - OF_KERNEL

    def names(self, finding):
        return [each["name"] for each in finding["domains"]]

    @staticmethod
    def run_mend(finding):
        """In a shell, as somebody would paste it."""
        subprocess.run(finding["mend"], shell=True, check=True, capture_output=True)

    def words(self, finding, name):
        """Words for a QEMU, with the folder and the name that are to be filled in."""
        return finding["mend"].replace("/run/domstats/NAME.sock", self.host.path(name + ".sock")).split()


class Plain(Doctor, Beside):
    def test_a_host_without_domains(self):
        self.assertEqual(self.codes(), {"no-domains"})

    def test_one_that_answers(self):
        self.host.start("vm")
        _, found = self.doctor()
        self.assertEqual(self.names(found["complete"]), ["vm"])
        self.assertEqual(set(found) - OF_KERNEL, {"complete"})

    def test_one_without_a_monitor_is_given_one(self):
        self.host.start("vm", monitor=[], wait=False)
        status, found = self.doctor("vm")
        self.assertEqual((status, found["no-monitor"]["severity"]), (2, "fails"))
        self.assertIn("block", found["no-monitor"]["missing"])
        self.host.forget("vm")
        self.host.start("vm", monitor=self.words(found["no-monitor"], "vm"))
        self.assertEqual(self.codes(), {"complete"})

    def test_one_whose_monitor_is_held_is_given_a_second_one(self):
        self.host.start("vm")
        client = Qmp(self.host.path("vm.sock"))
        status, found = self.doctor()
        self.assertEqual(status, 2)
        self.assertIn(f"held by process {os.getpid()}", found["held"]["domains"][0]["reason"])
        client.close()
        self.host.forget("vm")
        self.host.start("vm", *self.words(found["held"], "second"))
        client = Qmp(self.host.path("vm.sock"))
        self.addCleanup(client.close)
        self.assertEqual(self.codes(), {"complete"})

    def test_one_that_is_stopped_goes_on(self):
        self.host.start("other")
        process = self.host.start("vm")
        process.send_signal(signal.SIGSTOP)
        status, found = self.doctor()
        self.assertEqual((status, self.names(found["signal"]), self.names(found["complete"])),
                         (3, ["vm"], ["other"]))
        self.run_mend(found["signal"])
        self.assertEqual(self.codes(), {"complete"})

    def test_a_balloon_is_polled(self):
        self.host.start("vm", "-device", "virtio-balloon-pci")
        status, found = self.doctor()
        self.assertEqual((status, self.names(found["balloon-polling"])), (3, ["vm"]))
        self.host.forget("vm")
        self.host.start("vm", *found["balloon-polling"]["mend"].split())
        # This guest has no driver.
        self.assertEqual(self.codes(), {"complete", "balloon-silent"})

    def test_words_give_a_balloon(self):
        self.host.start("vm")
        _, found = self.doctor()
        self.host.forget("vm")
        self.host.start("vm", *found["balloon"]["mend"].split())
        self.assertNotIn("balloon", self.doctor()[1])

    def test_perf_events_are_counted(self):
        self.host.start("vm")
        _, found = self.doctor()
        self.assertEqual(found["perf-events"]["mend"], "domstats --perf-event cpu_cycles vm")
        _, found = self.doctor("--perf-event", "context_switches")
        self.assertNotIn("perf-events", found)

    def test_all_vcpus_in_one_thread(self):
        self.host.start("vm", "-smp", "2", accel="tcg,thread=single")
        _, found = self.doctor()
        self.assertIn("vcpu-threads", found)
        self.host.forget("vm")
        self.host.start("vm", "-smp", "2", accel="tcg,thread=multi")
        self.assertNotIn("vcpu-threads", self.doctor()[1])

    def test_the_qemus_of_others(self):
        self.host.start("vm")
        status, found = self.doctor(launch=as_user)
        self.assertEqual((status, found["permission"]["severity"]), (2, "fails"))
        self.assertIn("user", found)
        self.assertEqual(found["permission"]["mend"], "sudo domstats doctor")  # which is:
        self.assertEqual(self.codes(), {"complete"})

    def test_hidden_processes_are_shown(self):
        self.host.start("vm")
        subprocess.run(["mount", "-o", "remount,hidepid=2", "/proc"], check=True)
        self.addCleanup(subprocess.run, ["mount", "-o", "remount,hidepid=0,gid=0", "/proc"], check=True)
        status, found = self.doctor(launch=as_user)
        self.assertEqual((status, found["hidepid"]["severity"]), (2, "lacks"))
        self.assertNotIn("permission", found)
        self.run_mend(found["hidepid"])
        found = self.doctor(launch=as_user)[1]
        self.assertNotIn("hidepid", found)
        self.assertIn("permission", found)

    def test_root_without_the_capability(self):
        self.host.start("vm")
        weak = ["setpriv", "--bounding-set", "-sys_ptrace", "--inh-caps", "-all", "env", "ASAN_OPTIONS=detect_leaks=0"]
        status, found = self.doctor(launch=lambda *words: [*weak, *words])
        self.assertEqual((status, found["capability"]["severity"]), (2, "lacks"))
        self.assertNotIn("capability", self.doctor()[1])

    def over(self, path, text):
        """A file of /proc or /sys that only this mount namespace sees."""
        copy = self.host.path(path.replace("/", "-"))
        write(copy, text)
        subprocess.run(["mount", "--bind", copy, path], check=True)
        self.addCleanup(subprocess.run, ["umount", path], check=True)

    def test_switches_of_the_kernel(self):
        for code, path, text, launch in (
                ("perf-closed", "/proc/sys/kernel/perf_event_paranoid", "3\n", as_user),
                ("ksm-off", "/sys/kernel/mm/ksm/run", "0\n", lambda *words: words)):
            if not os.path.exists(path):
                continue
            with self.subTest(code):
                self.over(path, text)
                _, found = self.doctor(launch=launch)
                self.run_mend(found[code])
                self.assertNotIn(code, self.doctor(launch=launch)[1])

    def test_a_control_group_of_its_own(self):
        mount = mount_of("cgroup2")
        if mount is None:
            self.skipTest("no cgroup v2")
        if mount != "/sys/fs/cgroup":
            subprocess.run(["mount", "--rbind", mount, "/sys/fs/cgroup"], check=True)
            self.addCleanup(subprocess.run, ["umount", "-l", "/sys/fs/cgroup"], check=True)
        process = self.host.start("vm")
        _, found = self.doctor()
        self.assertNotIn("cgroup-v1", found)
        self.assertEqual(self.names(found["group-shared"]), ["vm"])
        folder = f"/sys/fs/cgroup/domstats-doctor-{os.getpid()}.scope"  # what systemd-run makes
        os.mkdir(folder)
        self.addCleanup(until, "the group is empty", lambda: self.remove(folder))
        write(folder + "/cgroup.procs", str(process.pid))
        self.addCleanup(self.host.forget, "vm")
        _, found = self.doctor()
        self.assertNotIn("group-shared", found)
        with open(folder + "/cgroup.controllers", encoding="ascii") as controllers:
            has_memory = "memory" in controllers.read()
        self.assertEqual("memory-controller" in found, not has_memory)
        if not has_memory:
            self.assertIn(os.path.basename(folder), found["memory-controller"]["mend"])

    @staticmethod
    def remove(folder):
        try:
            os.rmdir(folder)
        except OSError:
            return False
        return True

    def test_the_service(self):
        self.host.start("vm")
        subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", "/run"], check=True)
        os.mkdir("/run/domstats")
        path = "/run/domstats/domstats.sock"
        self.assertIn("no-service", self.doctor()[1])
        self.daemon("domstatsd", os.environ["DOMSTATS_DAEMON"], "--service", path)
        until("the service serves", lambda: os.path.exists(path) and "by-service" in self.doctor()[1])
        self.assertEqual(self.codes(), {"service", "by-service", "complete"})
        self.assertEqual(self.codes("--no-service"), {"service", "beside-service", "complete"})


class Libvirt(Doctor, BesideLibvirt):
    def test_a_second_monitor_and_a_balloon(self):
        with open(self.libvirt.xml("web"), encoding="utf-8") as file:
            text = file.read().replace("<memballoon model='none'/>", "<memballoon model='virtio'/>")
        self.libvirt.virsh("define", self.libvirt.write(self.host.path("web.xml"), text))
        self.libvirt.define("db")
        self.libvirt.virsh("start", "web")
        self.libvirt.virsh("start", "db")
        status, found = self.doctor()
        self.assertEqual((status, set(self.names(found["through-libvirt"]))), (3, {"web", "db"}))
        self.assertEqual(self.names(found["balloon-polling"]), ["web"])
        self.run_mend(found["balloon-polling"])
        self.assertIn("stats period='10'", self.libvirt.virsh("dumpxml", "web"))
        program = os.environ["DOMSTATS_MONITOR"]
        self.run_mend({"mend": found["through-libvirt"]["mend"].replace("domstats-monitor add", program + " add --yes")})
        for name in "web", "db":
            self.libvirt.virsh("destroy", name)
            self.libvirt.virsh("start", name)
        _, found = self.doctor()
        self.assertNotIn("through-libvirt", found)
        self.assertEqual(set(self.names(found["complete"])), {"web", "db"})
        self.run_mend(self.doctor()[1]["balloon-polling"])
        self.assertIn("balloon-silent", self.doctor()[1])  # the guest has no driver

    def test_perf_events(self):
        self.libvirt.create("vm")
        _, found = self.doctor()
        self.run_mend({"mend": found["perf-events"]["mend"].replace("cpu_cycles", "context_switches")})
        self.assertNotIn("perf-events", self.doctor()[1])

    def test_domains_that_do_not_run(self):
        self.libvirt.define("off")
        status, found = self.doctor()
        self.assertEqual(self.names(found["off"]), ["off"])
        self.assertNotIn("through-libvirt", found)

    def test_one_that_is_stopped(self):
        self.libvirt.create_many(2)
        self.libvirt.stop_qemu("vm1")
        status, found = self.doctor()
        self.assertEqual((status, self.names(found["signal"]), self.names(found["through-libvirt"])),
                         (3, ["vm1"], ["vm2"]))
        self.run_mend(found["signal"])
        self.assertNotIn("signal", self.doctor()[1])

    def test_libvirt_that_has_ended(self):
        self.libvirt.create("vm")
        self.libvirt.kill()
        status, found = self.doctor()
        self.assertEqual((status, self.names(found["libvirt-away"])), (2, ["vm"]))
        self.assertIn("libvirt-not-running", found)
        self.assertEqual(found["libvirt-away"]["mend"], "systemctl start libvirtd")
        self.libvirt.start()  # what that does
        self.assertEqual(self.codes(), {"through-libvirt"})

    def test_libvirt_that_does_not_answer(self):
        self.libvirt.create("vm")
        self.libvirt.stop()
        self.addCleanup(self.libvirt.go_on)
        _, found = self.doctor("--timeout", "3")
        self.assertIn("blind-spot", found)
        self.assertTrue({"libvirt-away", "libvirt-silent"} & set(found), found)

    def test_a_libvirt_of_a_user(self):
        session = self.start_libvirt(Session(self.host))
        session.create("own")
        _, found = self.doctor()
        self.assertRegex(found["through-libvirt"]["mend"], "add -c qemu:///session own .*as the user of that libvirt$")

    def test_domains_of_a_libvirt_that_is_named(self):
        self.libvirt.create("vm")
        uri = f"qemu+unix:///system?socket={self.libvirt.socket()}"
        _, found = self.doctor("-c", "libvirt:" + uri)
        self.assertRegex(found["through-libvirt"]["mend"], "^" + re.escape(f"domstats-monitor add -c '{uri}' vm "))


if __name__ == "__main__":
    main()
