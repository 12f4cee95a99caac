# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every QEMU that is there is found, by what it is, with its own name and numbers; and no other
program is taken for one."""

import os
import re
import shutil
import socket
import subprocess
import sys

from neighbours import Beside, main, until
from host import QEMU, accelerator, jail_options

PROGRAM = os.path.realpath(shutil.which(QEMU))
FIRMWARE = ["-L", "/usr/share/seabios", "-L", "/usr/share/qemu"]
LXD = """[memory]
size = "64M"
[smp-opts]
cpus = "2"
maxcpus = "4"
[chardev "monitor"]
backend = "socket"
path = "{folder}/qemu.monitor"
server = "on"
wait = "off"
[mon]
chardev = "monitor"
mode = "control"
[chardev "console"]
backend = "socket"
path = "{folder}/qemu.console"
server = "on"
wait = "off"
"""
PROGRAMS = ["qemu-lite-system-x86_64", "qemu-vanilla-system-x86_64", "qemu-cc-system-x86_64",
            "nemu-system-x86_64", "qemu-dm", "qemu-kvm", "kvm", "qemu-system-x86", "qemu-kvm-7.2", "kvm-spice",
            "qemu-system-x86_64-7.2.0", "qemu_system_x86_64", "kata-qemu", "qemu-x86_64-softmmu",
            "qemu-system-x86_64.real", "cloud-qemu", "Xy7"]
# The options of a TCP monitor; PORT is its own.
TCP = ["-qmp tcp:0:PORT,server,nowait", "-qmp tcp::PORT,server,nowait", "-qmp tcp:localhost:PORT,server,nowait",
       "-qmp tcp:127.1:PORT,server,nowait",
       "-qmp tcp:0.0.0.0:PORT,server,nowait", "-qmp tcp:127.0.0.2:PORT,server,nowait",
       "-chardev socket,id=c,host=0,port=PORT,server=on,wait=off -mon chardev=c,mode=control",
       "-chardev socket,id=c,host=::,port=PORT,server=on,wait=off -mon chardev=c,mode=control",
       "-chardev socket,id=c,host=,port=PORT,server=on,wait=off,ipv4=on -mon chardev=c,mode=control",
       "-qmp tcp:0x7f000001:PORT,server,nowait", "-qmp tcp:2130706433:PORT,server,nowait",
       "-qmp tcp:127.0.0.1:0,server,nowait", "-qmp tcp:127.0.0.1:0PORT,server,nowait",
       "-qmp tcp:127.0.0.1:9,to=5999,server,nowait"]


class ByProgram(Beside):
    def start_as(self, name, *command, path=None):
        path = path or self.host.path(name + ".qmp")
        line = [*command, *FIRMWARE, "-S", "-name", name, "-m", "16", "-nodefaults", "-display", "none", "-accel",
                accelerator(), "-qmp", f"unix:{path},server,nowait"]
        process = self.daemon(name, *line)
        self.wait_for_socket(path)
        return process

    def healths(self, *options):
        return {name: domain["health"] for name, domain in self.run_command("auto", *options)[1].items()}

    def test_whatever_its_program_is_called(self):
        for name in PROGRAMS:
            (os.link if self.may_link() else shutil.copy)(PROGRAM, self.host.path(name))
            self.start_as("of-" + name, self.host.path(name))
        self.assertEqual(self.healths(), {"of-" + name: "ok" for name in PROGRAMS})

    def may_link(self):
        return os.stat(PROGRAM).st_dev == os.stat(self.host.folder).st_dev

    def test_whatever_it_says_it_is_called(self):
        self.start_as("renamed", "bash", "-c", f'exec -a microvm@web {PROGRAM} "$@"', "sh")
        self.start_as("odd", "bash", "-c", f'exec -a "" {PROGRAM} "$@"', "sh")
        self.start_as("loaded", "/lib64/ld-linux-x86-64.so.2", PROGRAM)
        self.start_as("traced", "strace", "-f", "-o", "/dev/null", PROGRAM)
        script = self.host.path("run-vm")
        with open(script, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\n{PROGRAM} "$@"\n')
        os.chmod(script, 0o755)
        self.start_as("wrapped", script)
        self.assertEqual(self.healths(), dict.fromkeys(["renamed", "odd", "loaded", "traced", "wrapped"], "ok"))

    def test_no_other_program_is_taken_for_one(self):
        image = self.host.image("x.raw", "-f", "raw", "1M")
        self.daemon("storage", "qemu-storage-daemon", "--blockdev", f"file,node-name=f,filename={image}", "--chardev",
                    f"socket,id=c,path={self.host.path('qsd.qmp')},server=on,wait=off", "--monitor", "chardev=c")
        self.daemon("nbd", "qemu-nbd", "-r", "-f", "raw", "-k", self.host.path("nbd.sock"), "-t", image)
        self.daemon("named", "bash", "-c", "exec -a qemu-system-x86_64 sleep 600")
        self.daemon("kvm", "bash", "-c", "exec -a kvm sleep 600")
        shutil.copy(shutil.which("sleep"), self.host.path("qemu-system-backup"))
        self.daemon("backup", self.host.path("qemu-system-backup"), "600")
        self.daemon("less", "bash", "-c", f"exec -a less tail -f /dev/null {PROGRAM}")
        self.daemon("probe", QEMU, "-S", "-machine", "none", "-display", "none", "-nodefaults", "-qmp",
                    f"unix:{self.host.path('probe.qmp')},server,nowait")
        for name in "qsd.qmp", "nbd.sock", "probe.qmp":
            self.wait_for_socket(self.host.path(name))
        code, domains, trouble = self.run_command("auto")
        self.assertEqual((code, domains), (0, {}), trouble)
        code, domains, trouble = self.run_command("dir:" + self.host.folder)
        self.assertEqual((code, domains), (0, {}), trouble)

    def test_another_user_cannot_show_root_a_domain(self):
        """Nor make root connect to where that user likes."""
        path = self.host.path("fake.qmp")
        os.chmod(self.host.folder, 0o777)
        fake = ("import os, socket, sys\n"
                "listener = socket.socket(socket.AF_UNIX)\n"
                f"listener.bind({path!r})\n"
                "listener.listen(8)\n"
                "if os.fork() == 0:\n"
                f"    os.execv('/bin/sleep', ['qemu-system-x86_64', '600', '-name', 'prod', '-qmp', 'unix:{path},server,nowait'])\n"
                "listener.accept()\n"
                "sys.exit(7)\n")
        process = self.daemon("fake", "setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups",
                              "/usr/bin/python3", "-c", fake)
        self.wait_for_socket(path)
        for source in "auto", "dir:" + self.host.folder, "socket:" + path:
            _, domains, _ = self.run_command(source)
            self.assertNotIn("ok", {domain["health"] for domain in domains.values()})
        self.assertNotIn("prod", self.run_command("auto")[1])
        self.assertIsNone(process.poll())

    def test_lxd_gives_its_monitor_in_a_file(self):
        for name in "v1", "jail":
            os.mkdir(self.host.path(name))
        conf = self.host.path("qemu.conf")
        with open(conf, "w", encoding="utf-8") as file:
            file.write(LXD.format(folder=self.host.path("v1")))
        # Through the sandbox it may still start no other program: strace is its parent.
        watch = self.watch("vm")
        process = self.daemon("vm", *watch.launcher, QEMU, "-S", "-name", "vm", "-uuid",
                              "11111111-2222-4333-8444-0000000000a1", "-nographic", "-nodefaults",
                              "-no-user-config", "-accel", accelerator(), "-serial", "chardev:console", "-readconfig",
                              conf, *jail_options(self.host.path("jail"), "nobody"), "-sandbox",
                              "on,obsolete=deny,elevateprivileges=allow,spawn=allow,resourcecontrol=deny")
        self.wait_for_socket(self.host.path("v1/qemu.monitor"))
        until("it is in its jail", lambda: os.readlink(f"/proc/{process.pid}/root") != "/")
        for source in "auto", "dir:" + self.host.path("v1"), "socket:" + self.host.path("v1/qemu.monitor"):
            _, domains, trouble = self.run_command(source)
            self.assertEqual(list(domains), ["vm"], (source, trouble))
            # A monitor of this path is LXD's, which alone may use it; without its name, it is used.
            self.assertIn((domains["vm"]["health"], domains["vm"]["reason_code"]),
                          (("ok", "none"), ("no-monitor", "managed")), trouble)
            self.assertEqual(domains["vm"]["pid"], process.pid)
        self.assertEqual(watch.accepted("console"), [])
        os.unlink(conf)
        _, domains, trouble = self.run_command("auto")
        self.assertNotIn("without a QMP monitor", trouble)
        self.assertEqual(list(domains), ["vm"])


class InContainers(Beside):
    """QEMUs in process, mount and network namespaces of their own, as container engines make them."""

    def start_inside(self, name, *monitor):
        hidden = self.host.path("hidden")
        os.makedirs(hidden, exist_ok=True)
        return self.daemon(name, "unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--net", "sh", "-c",
                           f'ip link set lo up && mount -t tmpfs none {hidden} && exec "$@"', "sh", QEMU, "-S", "-name",
                           name, "-m", "16", "-smp", "2", "-nodefaults", "-display", "none", "-accel", accelerator(),
                           *[word.replace("HIDDEN", hidden) for word in monitor])

    def test_they_are_found_and_give_all_their_numbers(self):
        server = "server=on,wait=off"
        self.start_inside("by-path", "-qmp", "unix:HIDDEN/qmp.sock," + server)
        self.start_inside("by-path-too", "-qmp", "unix:HIDDEN/qmp.sock," + server)
        self.start_inside("by-tcp", "-qmp", "tcp:0.0.0.0:4444," + server)
        self.start_inside("by-name", "-chardev", "socket,id=m,path=inside,abstract=on," + server, "-mon",
                          "chardev=m,mode=control")
        names = ["by-name", "by-path", "by-path-too", "by-tcp"]

        def attempt():
            code, domains, _ = self.run_command("auto")
            return domains if code == 0 and sorted(domains) == names else None
        domains = until("all answer", attempt)
        for name in names:
            self.assertEqual(domains[name]["missing"], [], name)
            self.assertEqual(domains[name]["stats"]["vcpu.current"], 2)
            self.assertIn("vcpu.1.time", domains[name]["stats"])  # read from that thread of the process
        self.assertEqual(len({domain["uuid"] for domain in domains.values()}), len(names))


class ByName(Beside):
    def start_nameless(self, path, *words, **popen):
        path = self.host.path(path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        process = subprocess.Popen([QEMU, "-S", "-m", "16", "-nodefaults", "-display", "none", "-accel",
                                    accelerator(), "-qmp", f"unix:{path},server,nowait", *words],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   **popen)
        self.host.processes[f"{path} {process.pid}"] = process
        self.wait_for_socket(path)
        return process

    def records(self, source="auto", *options):
        run = self.open(source, *options)
        call = run.call()
        run.__exit__(None, None, None)
        return call.records

    def test_nameless_ones_are_told_apart_by_their_folders(self):
        paths = ["machines/one/monitor", "machines/two/monitor", "lima/alpha/qmp.sock", "lima/beta/qmp.sock",
                 "d/web.qmp", "d/db.qmp"]
        pids = {self.start_nameless(path).pid: path for path in paths}
        records = self.records()
        names = {record["name"]: pids[record["id"]] for record in records}
        self.assertEqual(len(names), len(paths))
        self.assertEqual(len({record["uuid"] for record in records}), len(paths))
        for name, path in names.items():
            word = path.split("/")[1].split(".")[0] if path.startswith("d/") else path.split("/")[1]
            self.assertIn(word, name)
        for record in records:  # each can be asked for by its name
            self.assertEqual(self.run_command("auto", record["name"])[1][record["name"]]["id"], record["id"])

    def test_names_and_uuids_are_the_same_after_a_restart(self):
        process = self.start_nameless("machines/one/monitor")
        first, = self.records()
        process.kill()
        process.wait()
        os.unlink(self.host.path("machines/one/monitor"))
        self.start_nameless("machines/one/monitor")
        second, = self.records()
        self.assertEqual((first["name"], first["uuid"]), (second["name"], second["uuid"]))
        self.assertNotEqual(first["id"], second["id"])

    def test_the_same_words_in_two_folders_or_containers(self):
        for folder in "here", "there":
            os.makedirs(self.host.path(folder))
            path = self.host.path(folder + "/qmp")
            self.daemon(folder, "sh", "-c", 'cd "$1"; shift; exec "$@"', "sh", self.host.path(folder), QEMU, "-S",
                        "-m", "16", "-nodefaults", "-display", "none", "-accel", accelerator(), "-qmp",
                        "unix:./qmp,server,nowait")
            until("it listens", lambda: os.path.exists(path))
        hidden = self.host.path("hidden")
        os.mkdir(hidden)
        for name in "first", "second":
            self.daemon(name, "unshare", "-m", "sh", "-c", f'mount -t tmpfs none {hidden} && exec "$@"', "sh",
                        QEMU, "-S", "-m", "16", "-nodefaults", "-display", "none", "-accel", accelerator(), "-qmp",
                        f"unix:{hidden}/qmp.sock,server,nowait")
        records = until("all answer", lambda: (lambda found: found if len(found) == 4 and
                                               {each["health"] for each in found} == {"ok"} else None)
                        (self.records()))
        self.assertEqual(len({record["name"] for record in records}), 4, records)
        self.assertEqual(len({record["uuid"] for record in records}), 4, records)

    def test_an_all_zero_uuid_is_no_identity(self):
        zeros = "00000000-0000-0000-0000-000000000000"
        for name in "y", "z":
            self.start_nameless(f"{name}.qmp", "-uuid", zeros, "-name", name)
        records = self.records()
        self.assertEqual(len({record["uuid"] for record in records} - {zeros}), 2, records)
        code, domains, _ = self.run_command("auto", zeros)
        self.assertEqual((code, domains[zeros]["health"]), (2, "no-domain"))

    def test_two_of_one_name_are_both_given(self):
        pids = {self.start_nameless(f"{i}.qmp", "-name", "twin").pid for i in range(2)}
        run = self.open("auto")
        run.send("named", "twin")
        self.assertEqual({record["id"] for record in run.receive()["domains"]}, pids)


class ByTcp(Beside):
    def start_tcp(self, name, words, *more):
        self.host.start(name, *more, monitor=words.split(), wait=False)

    def listens(self, n):
        table = subprocess.run(["ss", "-tlnHp"], check=True, capture_output=True, text=True).stdout
        return len(set(re.findall(r"pid=(\d+)", table))) >= n

    def numbers(self, *words):
        run = self.open("auto")
        run.send("records")
        return {domain["name"]: (domain["health"], domain["stats"].get("balloon.maximum"))
                for domain in run.receive()["domains"]}

    def test_every_way_to_write_an_address(self):
        names = {}
        for i, words in enumerate(TCP):
            names[f"vm{i}"] = words
            self.start_tcp(f"vm{i}", words.replace("PORT", str(5900 + i)))
        until("all listen", lambda: self.listens(len(TCP)))
        _, domains, trouble = self.run_command("auto")
        self.assertEqual({names[name]: domain["health"] for name, domain in domains.items()},
                         dict.fromkeys(TCP, "ok"), trouble)
        self.assertEqual(len({domain["uuid"] for domain in domains.values()}), len(TCP))

    def test_one_port_in_the_words_of_two(self):
        words = "-qmp tcp:127.0.0.1:5900,server=on,wait=off,to=5999"
        self.start_tcp("first", words, "-m", "16")
        until("it listens", lambda: self.listens(1))
        self.start_tcp("second", words, "-m", "32")
        until("both listen", lambda: self.listens(2))
        expected = {"first": ("ok", 16384), "second": ("ok", 32768)}
        self.assertEqual(self.numbers(), expected)
        for name, process in list(self.host.processes.items()):
            _, domains, _ = self.run_command("auto", str(process.pid))
            self.assertEqual({each: (domain["health"], domain["stats"]["balloon.maximum"])
                              for each, domain in domains.items()}, {name: expected[name]})

    def test_another_program_at_the_port_of_its_words(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 5900))
            other.listen(5)
            other.settimeout(0.2)
            self.start_tcp("vm", "-qmp tcp:127.0.0.1:5900,server=on,wait=off,to=5999")
            until("it listens", lambda: self.listens(2))
            _, domains, trouble = self.run_command("auto")
            self.assertEqual(domains["vm"]["health"], "ok", trouble)
            with self.assertRaises(TimeoutError):
                other.accept()

    def test_the_next_one_at_a_port_is_not_the_last_one(self):
        words = "-qmp tcp:127.0.0.1:5900,server=on,wait=off"
        self.start_tcp("first", words)
        until("it listens", lambda: self.listens(1))
        run = self.open("auto")
        self.assertEqual(run.call()["first"]["health"], "ok")
        self.host.end(self.host.processes.pop("first"))
        self.start_tcp("second", words, "-m", "32")
        until("it listens", lambda: self.listens(1))
        self.assertEqual(run.call().healths(), {"second": "ok"})


if __name__ == "__main__":
    main()
