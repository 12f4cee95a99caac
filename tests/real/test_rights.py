# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real QEMUs that may not be looked at, and those in namespaces: each is told, none is lost."""

import json
import os
import shutil
import subprocess
import unittest

from apart import is_apart, run_apart
from host import COMMAND, QEMU, Host, accelerator, domstats, jail_options
from waiting import until

USER, OTHER = 12345, 12346
WORDS = ["-S", "-display", "none", "-no-user-config", "-nodefaults", "-m", "16"]
# Looking for leaks needs what such a process may not do.
NO_LEAKS = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
HIDDEN = "domstats: processes of other users are hidden"


def as_user(user, *words):
    return ["setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups", *words]


@unittest.skipUnless(is_apart(), "needs root and a pid namespace")
class Apart(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.__exit__)
        os.chmod(self.host.folder, 0o777)
        self.qemu = shutil.which(QEMU)

    def run_beside(self, *words, **popen):
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, **popen)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def start(self, name, *words, launcher=(), accel="tcg", user=None, listens=True):
        path = self.host.path(name + ".qmp")
        line = [*launcher, self.qemu, *WORDS, "-accel", accel, "-name", name, "-qmp",
                f"unix:{path},server=on,wait=off", *words]
        process = self.run_beside(*(as_user(user, *line) if user else line))
        if listens:
            until(name + " listens", lambda: self.host.is_listening(path))
        return process

    @staticmethod
    def table(*words, user=None):
        """Gives the exit status, the health of each domain by its name, and the errors."""
        line = [COMMAND, "--state", "--format", "json", *words]
        done = subprocess.run(as_user(user, *line) if user else line, check=False, text=True,
                              capture_output=True, env=NO_LEAKS)
        domains = json.loads(done.stdout)["domains"] if done.stdout else []
        return done.returncode, {d["name"]: d["health"] for d in domains}, done.stderr


class Rights(Apart):
    def may_run(self, user):
        done = subprocess.run(as_user(user, COMMAND, "--version"), check=False, capture_output=True)
        if done.returncode != 0:
            self.skipTest("other users may not run the command")

    @staticmethod
    def sockets(name):
        """The listening socket, and one more for each client that it has."""
        with open("/proc/net/unix", encoding="utf-8") as table:
            return sum(line.rstrip().endswith(f"/{name}.qmp") for line in table)

    def test_the_qemus_of_others_are_told_and_left_alone(self):
        self.may_run(USER)
        theirs = self.start("theirs")
        os.chmod(self.host.path("theirs.qmp"), 0o666)
        self.start("own", user=USER)
        status, found, _trouble = self.table(user=USER)
        self.assertEqual((status, found), (3, {"own": "ok", "theirs": "denied"}))
        status, found, trouble = self.table(user=OTHER)
        self.assertEqual((status, found), (2, {"own": "denied", "theirs": "denied"}))
        self.assertIn(f"process {theirs.pid} of user 0 has the name of a QEMU", trouble)
        self.assertEqual(self.sockets("theirs"), 1)
        status, found, _trouble = self.table()
        self.assertEqual((status, found), (0, {"own": "ok", "theirs": "ok"}))

    def test_root_without_the_capability_to_look_says_so(self):
        self.start("vm")
        done = subprocess.run(["setpriv", "--bounding-set", "-sys_ptrace", "--inh-caps", "-all",
                               COMMAND, "list"], check=False, capture_output=True, text=True,
                              env=NO_LEAKS)
        self.assertEqual(done.returncode, 2, done)
        self.assertIn("denied", done.stdout)

    def test_what_proc_hides_is_never_an_empty_answer(self):
        self.may_run(USER)
        self.start("theirs")
        self.start("own", user=USER)
        self.addCleanup(self.hide, "0", "0")
        for how in "1", "2", "4":
            self.hide(how, "0")
            status, found, trouble = self.table(user=USER)
            self.assertEqual((status, found), (3, {"own": "ok"}), how)
            self.assertIn(HIDDEN, trouble)
            status, found, trouble = self.table(user=OTHER)
            self.assertEqual((status, found), (2, {}), how)
            self.assertIn(HIDDEN, trouble)
            status, found, trouble = self.table("theirs", user=USER)
            self.assertEqual(status, 2, how)
            self.assertIn(HIDDEN, trouble)
        self.hide("2", str(USER))
        status, found, trouble = self.table(user=USER)
        self.assertEqual((status, found), (3, {"own": "ok", "theirs": "denied"}))
        self.assertNotIn(HIDDEN, trouble)

    def test_what_proc_hides_in_a_container_whose_first_process_is_ours(self):
        self.may_run(USER)
        for options, status in (("hidepid=2", 2), (f"hidepid=2,gid={USER}", 0)):
            done = subprocess.run(
                ["unshare", "-pfm", "sh", "-c", f'mount -t proc -o {options} proc /proc && exec "$@"',
                 "sh", *as_user(USER, COMMAND, "--state")], check=False, capture_output=True,
                text=True, env=NO_LEAKS)
            self.assertEqual((done.returncode, HIDDEN in done.stderr), (status, status == 2), done)

    @staticmethod
    def hide(how, group):
        subprocess.run(["mount", "-o", f"remount,hidepid={how},gid={group}", "/proc"], check=True)

    def test_a_socket_and_a_folder_that_may_not_be_opened(self):
        self.may_run(OTHER)
        self.start("closed", user=USER)
        closed = self.host.path("closed.qmp")
        os.chmod(closed, 0o600)
        status, found, trouble = self.table("-c", "socket:" + closed, user=OTHER)
        self.assertEqual((status, list(found.values())), (2, ["denied"]), trouble)
        status, found, trouble = self.table("-c", "dir:" + self.host.folder, user=OTHER)
        self.assertEqual((status, list(found.values())), (2, ["denied"]), trouble)
        os.mkdir(self.host.path("folder"), 0o700)
        status, found, trouble = self.table("-c", "dir:" + self.host.path("folder"), user=OTHER)
        self.assertEqual(status, 2)
        self.assertIn("Permission denied", trouble)


class Containers(Apart):
    """A QEMU in namespaces of its own is asked from outside."""

    def health(self, name, *words):
        _status, domains, trouble = domstats(*words, name)
        self.assertEqual(domains[name]["health"], "ok", trouble)
        return domains[name]

    def test_another_pid_namespace(self):
        self.start("vm", "-smp", "2", "-object", "iothread,id=iothread1", accel=accelerator(),
                   launcher=["unshare", "-pf", "--kill-child", "--mount-proc"])
        stats = self.health("vm", "--vcpu", "--iothread", "--cpu-total", "--ext")["stats"]
        self.assertEqual(stats["vcpu.current"], 2)
        self.assertEqual(stats["iothread.count"], 1)
        for field in "vcpu.0.time", "vcpu.1.time", "cpu.time", "ext.cpu.emulator":
            self.assertIn(field, stats)

    def test_a_user_namespace(self):
        self.start("vm", user=USER, launcher=["unshare", "-Urpfm", "--kill-child", "--mount-proc"])
        self.assertGreater(self.health("vm")["id"], 0)
        status, found, trouble = self.table(user=USER)
        self.assertEqual((status, found), (0, {"vm": "ok"}), trouble)

    def test_a_network_namespace(self):
        for name, words in (("abstract", ["-chardev", "socket,id=m,path=domstats-test,abstract=on,"
                                          "server=on,wait=off", "-mon", "m,mode=control"]),
                            ("tcp", ["-qmp", "tcp:127.0.0.1:4444,server=on,wait=off"])):
            self.run_beside("unshare", "-n", "sh", "-c", 'ip link set lo up; exec "$@"', "sh",
                            self.qemu, *WORDS, "-accel", "tcg", "-name", name, *words)
        until("both are there", lambda: self.table()[1] == {"abstract": "ok", "tcp": "ok"})

    def test_a_chroot_and_another_user(self):
        os.mkdir(self.host.path("jail"))
        self.start("vm", *jail_options(self.host.path("jail"), "nobody"))
        self.health("vm")

    def test_another_root_and_all_namespaces(self):
        where = self.host.path("hidden")
        os.mkdir(where)
        self.run_beside("unshare", "-pfmnuiC", "--kill-child", "--mount-proc", "sh", "-c",
                        f'mount -t tmpfs none {where} && exec "$@"', "sh", self.qemu, *WORDS,
                        "-accel", "tcg", "-qmp", f"unix:{where}/qmp.sock,server=on,wait=off")
        until("it is there", lambda: self.table()[1] == {"hidden": "ok"})


if __name__ == "__main__":
    run_apart(__file__)
    unittest.main(verbosity=2)
