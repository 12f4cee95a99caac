# SPDX-License-Identifier: LGPL-2.1-or-later
"""A run folder as hosts have them: beside one QMP socket it holds consoles, agents, displays, and the
sockets of other daemons. Each of these counts its connections: the number stays 0."""

import os
import re
import socket
import subprocess

from neighbours import Beside, COMMAND, ENDLESS_MS, ENDLESS_S, domstats, main, until

VIRTIOFSD = next(filter(os.path.exists, ("/usr/lib/qemu/virtiofsd", "/usr/libexec/virtiofsd")), None)
# Serves one client, and ends when that leaves.
ONE_CLIENT = """
import socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(1)
client, _ = listener.accept()
client.recv(1)
"""
# A guest that says on its serial port, at every fifth tick of its clock, what a QEMU greets with: a boot
# sector, whose text follows the program.
SPEAKER = bytes.fromhex("31c08ed8fcfbbe287cac84c0741288c4bafd03eca82074f8"
                        "88e0baf803eeebe9b90500f4e2fdebde")
GREETING = b'{"QMP":{"version":{"qemu":{"micro":0,"minor":2,"major":7},"package":""},"capabilities":[]}}\r\n'
# Chardevs that a QMP monitor shares with a console: name; options (C: the chardev's description).
MUXED = [
    ("mon-first", "-chardev C -mon chardev=c,mode=control -serial chardev:c"),
    ("serial-first", "-chardev C -serial chardev:c -mon chardev=c,mode=control"),
    ("console", "-chardev C -device virtio-serial -device virtconsole,chardev=c "
                "-mon chardev=c,mode=control"),
    ("three", "-chardev C -serial chardev:c -mon chardev=c,mode=control -device virtio-serial "
              "-device virtconsole,chardev=c"),
    ("readline", "-chardev C -mon chardev=c,mode=control -mon chardev=c,mode=readline"),
    ("serial-mon", "-serial mon:unix:P,server=on,wait=off"),
]


class RunFolder(Beside):
    def setUp(self):
        super().setUp()
        os.mkdir(self.at(""))
        self.watches = {}
        # Those that are started first have the lower pids.
        self.start_daemons()
        self.start_qemu()
        self.sockets = sorted(name for name in os.listdir(self.at("")))
        self.addCleanup(self.describe)

    def describe(self):
        for name, process in self.host.processes.items():
            if process.poll() is not None and not process.stderr.closed:
                print(f"{name} has ended: {process.stderr.read()}")

    def at(self, name):
        return os.path.join(self.host.path("run"), name)

    def start_daemon(self, name, socket_name, *words):
        self.watches[name] = self.watch(name)
        self.daemon(name, *words, launcher=self.watches[name].launcher)
        self.wait_for_socket(self.at(socket_name))

    def start_daemons(self):
        for name in "share", "tpm":
            os.mkdir(self.host.path(name))
        image = self.host.image("disk.raw", "-f", "raw", "1M")
        self.start_daemon("swtpm", "vm.swtpm", "swtpm", "socket", "--tpm2", "-t", "--tpmstate",
                          "dir=" + self.host.path("tpm"), "--ctrl",
                          "type=unixio,path=" + self.at("vm.swtpm"))
        if VIRTIOFSD:
            self.start_daemon("virtiofsd", "vm.fs", VIRTIOFSD, "--socket-path=" + self.at("vm.fs"), "-o",
                              "source=" + self.host.path("share"), "-o", "sandbox=chroot")
        self.start_daemon("storage", "qsd.qmp", "qemu-storage-daemon", "--blockdev",
                          "file,node-name=f,filename=" + image, "--export",
                          f"vhost-user-blk,id=e,node-name=f,addr.type=unix,addr.path={self.at('qsd.blk')}",
                          "--chardev", f"socket,id=c,path={self.at('qsd.qmp')},server=on,wait=off",
                          "--monitor", "chardev=c")
        self.start_daemon("ssh-agent", "agent.ssh", "ssh-agent", "-D", "-a", self.at("agent.ssh"))
        self.start_daemon("one-client", "once.sock", "python3", "-c", ONE_CLIENT, self.at("once.sock"))
        self.start_daemon("one-client-qmp", "once.qmp", "python3", "-c", ONE_CLIENT, self.at("once.qmp"))

    def start_qemu(self):
        server = "server=on,wait=off"
        self.watches["vm"] = self.watch("vm")
        self.host.start(
            "vm", "-chardev", f"socket,id=s,path={self.at('vm.console')},{server}", "-serial", "chardev:s",
            "-monitor", f"unix:{self.at('vm.monitor')},{server}", "-device", "virtio-serial", "-chardev",
            f"socket,id=ga,path={self.at('vm.qga')},{server}", "-device",
            "virtserialport,chardev=ga,name=org.qemu.guest_agent.0", "-vga", "std", "-vnc",
            "unix:" + self.at("vm.vnc"), *self.spice(), monitor=["-qmp", f"unix:{self.at('vm.qmp')},{server}"],
            wait=False, launcher=self.watches["vm"].launcher)
        self.wait_for_socket(self.at("vm.vnc"))
        self.wait_for_socket(self.at("vm.qmp"))

    def spice(self):
        known = subprocess.run(["qemu-system-x86_64", "-spice", "help"], capture_output=True, text=True,
                               check=False)
        return ["-spice", f"unix=on,addr={self.at('vm.spice')},disable-ticketing=on"] \
            if "addr" in known.stdout + known.stderr else []

    def noticed(self):
        """Connections by the name of the socket, except those to the free QMP monitor; who has ended."""
        found = {}
        for name, watch in self.watches.items():
            for address in watch.accepted():
                socket_name = os.path.basename(address.rstrip("]").strip('"'))
                if socket_name != "vm.qmp":
                    found[socket_name] = found.get(socket_name, 0) + 1
        found.update({name: "has ended" for name, process in self.host.processes.items()
                      if process.poll() is not None})
        return found

    def assert_only_the_domain(self, domains):
        self.assertEqual({name: domain["health"] for name, domain in domains.items()}, {"vm": "ok"})

    def look(self):
        for _ in range(3):
            yield self.run_command("dir:" + self.at(""))[1]
        yield self.run_command("auto")[1]
        for source in "dir:" + self.at(""), "auto":
            for options in [], ["hold"]:
                run = self.open(source, *options)
                for _ in range(3):
                    yield run.call(timeout_ms=ENDLESS_MS).domains
                run.__exit__(None, None, None)

    def test_only_the_monitor_is_connected_to(self):
        answers, answers_by_name = list(self.look()), {}
        for name in self.sockets:
            if name != "vm.qmp":
                code, _, trouble = self.run_command("socket:" + self.at(name))
                answers_by_name[name] = code, trouble
        self.assertEqual(self.noticed(), {})
        for name, (code, trouble) in answers_by_name.items():
            self.assertIn(code, (2, 3), name)
            self.assertIn("no-monitor", trouble)
        for domains in answers:
            self.assert_only_the_domain(domains)
        self.assertGreaterEqual(len(self.watches["vm"].accepted("vm.qmp")), len(answers) - 4)

    def test_what_a_qemu_needs_of_them_is_there_beside_a_polling_program(self):
        poller = self.poll("dir:" + self.at(""))
        poller.wait_for_calls(3)
        self.host.start("with-tpm", "-chardev", "socket,id=t,path=" + self.at("vm.swtpm"), "-tpmdev",
                        "emulator,id=tpm0,chardev=t", "-device", "tpm-tis,tpmdev=tpm0")
        self.host.start("with-disk", "-object", "memory-backend-memfd,id=m,size=16M,share=on", "-machine",
                        "memory-backend=m", "-chardev", "socket,id=b,path=" + self.at("qsd.blk"),
                        "-device", "vhost-user-blk-pci,chardev=b")
        if VIRTIOFSD:
            self.host.start("with-fs", "-object", "memory-backend-memfd,id=m,size=16M,share=on", "-machine",
                            "memory-backend=m", "-chardev", "socket,id=t,path=" + self.at("vm.fs"),
                            "-device", "vhost-user-fs-pci,chardev=t,tag=x")
        self.client(self.at("qsd.qmp")).run("query-version")
        for name in "with-tpm", "with-disk", *(["with-fs"] if VIRTIOFSD else []):
            self.client(self.host.path(name + ".sock")).run("query-status")
        poller.stop()

    def start_others(self):
        """Monitors in this folder that are not to be connected to: one each that waits, that a console
        shares, that a manager holds; and a second free one."""
        paths = {name: self.at(name) for name in ("waits.qmp", "muxed.qmp", "held.qmp", "free.qmp")}
        chardev = f"socket,id=c,path={paths['muxed.qmp']},server=on,wait=off,mux=on"
        self.host.start("waits", paused=False, wait=False, monitor=["-qmp", f"unix:{paths['waits.qmp']},server"])
        self.host.start("muxed", wait=False, monitor=["-chardev", chardev, "-serial", "chardev:c", "-mon",
                                                      "chardev=c,mode=control"])
        for name in "held", "free":
            self.host.start(name, wait=False,
                            monitor=["-qmp", f"unix:{paths[name + '.qmp']},server=on,wait=off"])
        for path in paths.values():
            self.wait_for_socket(path)
        self.client(paths["held.qmp"])

    def connects(self, source):
        """The lines of strace for each connect() of one run of the command, and the file that each reached:
        the command opens a socket's file, looks whose it is, and connects to what it has opened."""
        log = self.host.path("connects")
        # LeakSanitizer cannot work under strace.
        environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
        subprocess.run(["strace", "-f", "-y", "-qqq", "-e", "trace=connect,open,openat", "-e", "signal=none", "-o",
                        log, COMMAND, "--no-service", "-c", source,
                        "--timeout", ENDLESS_S], env=environment, check=False,
                       capture_output=True)
        opened, lines, files = {}, [], []
        with open(log, encoding="utf-8", errors="replace") as trace:
            for line in trace:
                result = re.search(r"= (\d+)<(.*)>$", line)
                address = re.search(r'connect\(.*sun_path="([^"]*)"', line)
                if address:
                    number = re.fullmatch(r"/proc/self/fd/(\d+)", address[1])
                    files.append(opened[number[1]] if number else address[1])
                    lines.append(f"{line.rstrip()}   {files[-1]}")
                elif "connect(" in line:
                    lines.append(line.rstrip())
                    files.append(line)
                elif result:
                    opened[result[1]] = result[2]
        return lines, sorted(files)

    def test_where_one_run_connects_to(self):
        self.start_others()
        folder = self.host.folder + "/"
        for source in "dir:" + self.at(""), "auto":
            lines, files = self.connects(source)
            print("\n" + "\n".join(line.replace(folder, "") for line in [source, *lines]))
            self.assertEqual(files, [self.at("free.qmp"), self.at("vm.qmp")])

    def test_the_counters_count(self):
        for name in "vm.console", "agent.ssh":
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(self.at(name))
        until("both are counted", lambda: self.noticed() == {"vm.console": 1, "agent.ssh": 1})


class SpeakingGuest(Beside):
    def test_what_a_guest_says_on_its_console_is_no_domain(self):
        boot = self.host.path("boot.raw")
        with open(boot, "wb") as sector:
            sector.write((SPEAKER + GREETING).ljust(510, b"\0") + b"\x55\xaa")
        os.mkdir(self.host.path("run"))
        watch = self.watch("vm")
        paths = [self.host.path("run/" + name) for name in ("vm.qmp", "console.qmp", "console.sock")]
        monitor, first, second = (f"path={path},server=on,wait=off" for path in paths)
        self.host.start("vm", "-drive", f"file={boot},format=raw,if=ide,snapshot=on", "-chardev",
                        "socket,id=a," + first, "-serial", "chardev:a", "-device", "virtio-serial", "-chardev",
                        "socket,id=b," + second, "-device", "virtconsole,chardev=b", paused=False, boots=True,
                        wait=False,
                        monitor=["-chardev", "socket,id=m," + monitor, "-mon", "chardev=m,mode=control"],
                        launcher=watch.launcher)
        for path in paths:
            self.wait_for_socket(path)
        answers = [self.run_command(source)[1] for source in ("dir:" + self.host.path("run"), "auto")]
        answers += [self.open("dir:" + self.host.path("run")).call(timeout_ms=ENDLESS_MS).domains]
        self.run_command("socket:" + paths[1])
        self.assertEqual([each for each in watch.accepted() if "console" in each], [])
        for domains in answers:
            self.assertEqual({name: domain["health"] for name, domain in domains.items()}, {"vm": "ok"})
        with socket.socket(socket.AF_UNIX) as reader:
            reader.settimeout(30)
            reader.connect(paths[1])
            said = b""
            while GREETING not in said:
                said += reader.recv(4096)


class SharedWithAConsole(Beside):
    def test_nothing_is_sent_to_a_guest(self):
        watches = {}
        for name, words in MUXED:
            path = self.host.path(name + ".sock")
            words = words.replace("C", f"socket,id=c,path={path},server=on,wait=off,mux=on")
            watches[name] = self.watch(name)
            self.host.start(name, monitor=words.replace("P", path).split(), wait=False, paused=False,
                            launcher=watches[name].launcher)
        for name, _ in MUXED:
            self.wait_for_socket(self.host.path(name + ".sock"))
        answers = []
        for source in "auto", "dir:" + self.host.folder:
            answers.append(self.run_command(source)[1])
            answers += [self.open(source).call(timeout_ms=ENDLESS_MS).domains]
        for name, _ in MUXED:
            answers.append(self.run_command("socket:" + self.host.path(name + ".sock"))[1])
        self.assertEqual({name: len(watch.accepted()) for name, watch in watches.items()
                          if watch.accepted()}, {})
        told = {(name, domain["health"], domain["reason_code"]) for domains in answers[::2]
                for name, domain in domains.items() if "reason_code" in domain}
        self.assertEqual({row[1] for row in told}, {"no-monitor"}, told)
        for name in "mon-first", "serial-first", "console", "three":
            self.assertIn((name, "no-monitor", "shared"), told)

    def test_a_chardev_that_could_be_shared_and_is_not_is_used(self):
        path = self.host.path("vm.sock")
        self.host.start("vm", monitor=["-chardev", f"socket,id=c,path={path},server=on,wait=off,mux=on",
                                       "-mon", "chardev=c,mode=control"])
        for source in "auto", "dir:" + self.host.folder, "socket:" + path:
            code, domains, trouble = domstats("-c", source, "--state", "--timeout", ENDLESS_S)
            self.assertEqual(code, 0, trouble)
            self.assertEqual(domains["vm"]["health"], "ok")
        self.host.start("prefix", monitor=["-qmp", f"mon:unix:{self.host.path('prefix.sock')},server=on,wait=off"])
        self.assertEqual(self.run_command("auto")[1]["prefix"]["health"], "ok")


if __name__ == "__main__":
    main()
