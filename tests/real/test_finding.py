# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which processes "auto" takes for QEMUs, and how it names those that were given no name."""

import glob
import os
import resource
import shutil
import signal
import socket
import subprocess
import unittest

from apart import is_apart, run_apart
from host import COMMAND, QEMU, Host, accelerator, domstats
from waiting import until

WORDS = ["-L", "/usr/share/seabios", "-L", "/usr/share/qemu", "-S", "-display", "none",
         "-no-user-config", "-nodefaults", "-m", "16", "-accel", accelerator()]
# A QEMU that was moved does not find its modules.
MODULES = glob.glob("/usr/lib*/*/qemu") + glob.glob("/usr/lib*/qemu")

DESCRIPTORS = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 20000)
ALL_DESCRIPTORS = 400000


@unittest.skipUnless(is_apart(), "needs root and a pid namespace")
class Finding(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.__exit__)
        self.qemu = shutil.which(QEMU)
        if MODULES:
            os.environ["QEMU_MODULE_DIR"] = MODULES[0]

    def run_beside(self, *words, **popen):
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, **popen)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def monitor(self, path):
        return ["-qmp", f"unix:{path},server=on,wait=off"]

    def start(self, program, path, *words):
        """A QEMU with its monitor at @path, relative to the host's folder."""
        path = self.host.path(path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        process = self.run_beside(*program, *WORDS, *self.monitor(path), *words)
        until(f"{program} listens", lambda: self.host.is_listening(path))
        return process

    def copy(self, name):
        """The QEMU under another name: the first is a copy, the others are links to it."""
        folder = self.host.path("bin")
        path = os.path.join(folder, name)
        if not os.path.isdir(folder):
            os.mkdir(folder)
            shutil.copy(self.qemu, os.path.join(folder, "first"))
        os.link(os.path.join(folder, "first"), path)
        return path

    def expect(self, domains):
        """Waits until these are listed: a QEMU that has just begun is slow."""
        until(domains, lambda: self.listed() == domains)

    def listed(self, *options):
        """Gives the health of each domain by its name; all of them have one name each."""
        _code, domains, _trouble = domstats("--state", *options)
        return {name: domain["health"] for name, domain in domains.items()}


class Programs(Finding):
    NAMES = ["qemu-lite-system-x86_64", "nemu-system-x86_64", "qemu-dm", "qemu-kvm",
             "qemu-system-x86_64-7.2.0", "qemu_system_x86_64", "kata-qemu", "kvm-spice",
             "qemu-x86_64-softmmu", "qemu-system-x86_64.real", "Xy7"]

    def test_a_qemu_is_found_whatever_its_program_is_called(self):
        for name in self.NAMES:
            self.start([self.copy(name)], name + ".sock", "-name", "vm-" + name)
        self.expect({"vm-" + name: "ok" for name in self.NAMES})

    def test_a_qemu_is_found_whatever_it_is_started_with(self):
        deleted = self.copy("qemu-system-x86_64")
        self.start(["bash", "-c", f'exec -a microvm@web {self.qemu} "$@"', "sh"], "a.sock", "-name",
                   "argv0")
        self.start([deleted], "d.sock", "-name", "deleted")
        os.unlink(deleted)
        self.start(["/lib64/ld-linux-x86-64.so.2", self.qemu], "l.sock", "-name", "loader")
        self.start(["bash", "-c", f'{self.qemu} "$@"; :', "sh"], "w.sock", "-name", "wrapped")
        self.start(["python3", "-c",
                    "import os, shutil, sys\n"
                    "fd = os.memfd_create('x', 0)\n"
                    "shutil.copyfileobj(open(sys.argv[1], 'rb'), os.fdopen(os.dup(fd), 'wb'))\n"
                    "os.execv(f'/proc/self/fd/{fd}', ['vm', *sys.argv[2:]])", self.qemu],
                   "m.sock", "-name", "memory")
        self.addCleanup(self.end_children)
        self.expect(dict.fromkeys(("argv0", "deleted", "loader", "wrapped", "memory"), "ok"))

    @staticmethod
    def end_children():
        """The QEMU of a shell outlives the shell."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if "qemu-system" in os.readlink(f"/proc/{pid}/exe"):
                    os.kill(int(pid), signal.SIGKILL)
            except OSError:
                pass

    def test_what_runs_no_machine_is_not_listed(self):
        image = self.host.image("x.raw", "-f", "raw", "1M")
        storage = ["--blockdev", f"file,node-name=f,filename={image}", "--chardev",
                   f"socket,id=c,path={self.host.path('q.sock')},server=on,wait=off",
                   "--monitor", "chardev=c"]
        renamed = self.host.path("qsd")
        shutil.copy(shutil.which("qemu-storage-daemon"), renamed)
        script = self.host.path("qemu-system-x86_64")
        with open(script, "w", encoding="utf-8") as file:
            file.write("#!/bin/bash\nwhile :; do read -t 1 <>/dev/ptmx; done\n")
        os.chmod(script, 0o755)
        sleep = self.host.path("qemu")
        shutil.copy("/bin/sleep", sleep)
        self.run_beside("qemu-storage-daemon", *storage)
        self.run_beside(renamed, *storage[:2])
        self.run_beside("qemu-nbd", "-r", "-f", "raw", "-k", self.host.path("nbd.sock"), "-t", image)
        self.run_beside(script, *self.monitor(self.host.path("none.sock")))
        self.run_beside("bash", "-c", "exec -a qemu-system-x86_64 sleep 600")
        self.run_beside(sleep, "600")
        self.start([self.copy("qemu-system-x86_64")], "n1.sock", "-machine", "none", "-name", "n1")
        self.start([self.copy("Xy7")], "n2.sock", "-M", "none", "-name", "n2")
        until("the storage daemon listens",
              lambda: self.host.is_listening(self.host.path("q.sock")))
        self.assertEqual(self.listed(), {})

    def test_words_alone_neither_make_a_domain_nor_have_an_address_dialled(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(0)
            port = listener.getsockname()[1]
            process = self.run_beside("bash", "-c", 'exec -a qemu-system-x86_64 python3 "$@"', "sh",
                                      "-c", "import time; time.sleep(600)", "-name", "false", "-qmp",
                                      f"tcp:127.0.0.1:{port},server=on,wait=off")
            until("it runs", lambda: "bash" not in os.readlink(f"/proc/{process.pid}/exe"))
            self.assertEqual(self.listed(), {})
            self.assertRaises(BlockingIOError, listener.accept)

    def test_a_program_of_another_user_must_listen(self):
        theirs = self.copy("qemu-system-x86_64")
        os.chown(theirs, 12345, 12345)
        self.start([theirs], "listens.sock", "-name", "listens")
        deaf = self.run_beside(theirs, *WORDS, "-name", "deaf")
        fake = self.host.path("qemu-system-aarch64")
        shutil.copy("/bin/sleep", fake)
        os.chown(fake, 12345, 12345)
        self.run_beside(fake, "600")
        self.expect({"listens": "ok", f"pid-{deaf.pid}": "no-monitor"})

    @unittest.skipIf(DESCRIPTORS < 4096, "may not open many files")
    def test_processes_that_are_long_to_look_at_hide_no_others(self):
        """Another user's: each look reads what such a process has open. All together have far more
        than can be read in the time of the call."""
        self.start([self.qemu], "good.sock", "-name", "good")
        self.expect({"good": "ok"})

        def open_many():
            resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
            null = os.open("/dev/null", os.O_RDONLY)
            for number in range(null + 1, DESCRIPTORS):
                os.dup2(null, number, inheritable=True)
            os.setuid(12345)

        for _ in range(ALL_DESCRIPTORS // DESCRIPTORS):
            self.run_beside("/bin/bash", "-c", "kill -STOP $$; :", "-machine", "q35",
                            *self.monitor("/none"), preexec_fn=open_many, close_fds=False)

        def attempt():  # on a busy machine "good" may have no processor for so long
            code, domains, trouble = domstats("--state", "--timeout", "0.6")
            self.assertLessEqual(set(domains), {"good"})
            return (code, trouble) if domains.get("good", {}).get("health") == "ok" else None
        code, trouble = until("it is met and answers", attempt)
        self.assertEqual(code, 3)
        self.assertIn("takes too long", trouble)


class Names(Finding):
    def uuids(self):
        _code, domains, _trouble = domstats("--state")
        return {name: domain["uuid"] for name, domain in domains.items()}

    def test_the_folder_names_a_machine_whose_monitor_has_a_common_name(self):
        paths = ["m/one/monitor", "lima/alpha/qmp.sock", "vc/vm/0abc/qmp.sock", "web.qmp",
                 "three/run/control.socket"]
        for path in paths:
            self.start([self.qemu], path)
        found = self.uuids()
        self.assertEqual(sorted(found), ["0abc", "alpha", "one", "three", "web"])
        self.assertEqual(len(set(found.values())), len(found))
        _code, domains, _trouble = domstats("--state", self.host.path("m/one/monitor"))
        self.assertEqual(list(domains), ["one"])

    def test_a_uuid_stays_over_a_restart(self):
        first = self.start([self.qemu], "m/one/monitor")
        before = self.uuids()
        first.kill()
        first.wait()
        os.unlink(self.host.path("m/one/monitor"))
        self.start([self.qemu], "m/one/monitor")
        self.assertEqual(self.uuids(), before)

    def test_one_relative_path_in_two_folders(self):
        for name in "one", "two":
            os.mkdir(self.host.path(name))
            self.run_beside(self.qemu, *WORDS, *self.monitor("./qmp"), cwd=self.host.path(name))
        until("both are there", lambda: len(self.uuids()) == 2)
        found = self.uuids()
        self.assertEqual(sorted(found), ["one", "two"])
        self.assertNotEqual(found["one"], found["two"])

    def test_one_path_in_two_containers(self):
        where = self.host.path("hidden")
        os.mkdir(where)
        for _ in range(2):
            self.run_beside("unshare", "-m", "sh", "-c",
                            f'mount -t tmpfs none {where} && exec "$@"', "sh", self.qemu, *WORDS,
                            *self.monitor(where + "/qmp.sock"))
        until("both are there", lambda: len(self.uuids()) == 2)
        found = self.uuids()
        self.assertEqual(len(set(found.values())), 2)
        self.assertEqual(min(found, key=len), "hidden")
        self.expect(dict.fromkeys(found, "ok"))

    def test_a_uuid_of_zeros_is_none(self):
        for name in "y", "z":
            self.start([self.qemu], name + ".sock", "-uuid", "0" * 8 + "-0000-0000-0000-" + "0" * 12)
        found = self.uuids()
        self.assertEqual(sorted(found), ["y", "z"])
        self.assertEqual(len(set(found.values())), 2)

    def test_two_of_one_name_are_both_given(self):
        for path in "a.sock", "b.sock":
            self.start([self.qemu], path, "-name", "same")
        done = subprocess.run([COMMAND, "list", "same"], check=False, capture_output=True, text=True)
        self.assertEqual(done.stdout.count(" same "), 2, done.stdout)


if __name__ == "__main__":
    run_apart(__file__)
    unittest.main(verbosity=2)
