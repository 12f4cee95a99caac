# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real QEMU processes for tests: started, talked to and ended by the test itself.

Everything a Host makes (processes, sockets, images, taps, its folder) is gone after it, also
when the test fails or is killed: keeper.py sees to it.
"""

import json
import os
import re
import signal
import socket
import subprocess
import time

import firmware
from keeper import Keeper

COMMAND = os.environ.get("DOMSTATS_COMMAND", "domstats")
QEMU = os.environ.get("DOMSTATS_QEMU", "qemu-system-x86_64")
PATIENCE_S = 30


class Qmp:
    """A client of one monitor; blocks, for the test is what is to be simple here."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE_S)
        self.socket.connect(path)
        self.stream = self.socket.makefile("rw")
        self.n_sent = 0
        self.greeting = json.loads(self.stream.readline())
        self.run("qmp_capabilities")

    def send(self, command, **arguments):
        """Gives the id of the request: replies may come after events that they announce."""
        self.n_sent += 1
        request = {"execute": command, "id": self.n_sent}
        if arguments:
            request["arguments"] = arguments
        self.stream.write(json.dumps(request))
        self.stream.flush()
        return self.n_sent

    def run(self, command, **arguments):
        number = self.send(command, **arguments)
        while True:
            message = json.loads(self.stream.readline())
            if message.get("id") != number:
                continue
            if "return" in message:
                return message["return"]
            if "error" in message:
                raise RuntimeError(f"{command}: {message['error']}")

    def close(self):
        self.stream.close()
        self.socket.close()


def accelerator():
    """KVM where a QEMU can start with it, else TCG."""
    try:
        os.close(os.open("/dev/kvm", os.O_RDWR))
        return "kvm"
    except OSError:
        return "tcg"


def takes_monitors():
    """Whether this QEMU can be given a monitor while it runs."""
    text = subprocess.run([QEMU, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.search(r"version (\d+)\.(\d+)", text).groups())) >= (11, 1)


def jail_options(folder, user=None):
    """How QEMU changes its root, and its user, before it begins: 9.0 and later know no -chroot."""
    known = subprocess.run([QEMU, "-help"], capture_output=True, text=True, check=True).stdout
    if "chroot=" in known:
        return ["-run-with", f"chroot={folder}" + (f",user={user}" if user else "")]
    return ["-chroot", folder, *(["-runas", user] if user else [])]


class Host:
    def __init__(self):
        self.keeper = Keeper()
        self.folder = self.keeper.folder
        os.chmod(self.folder, 0o755)
        # Apart from the others, so that "dir:" sees only those that domstats is meant to use.
        os.mkdir(self.path("control"))
        self.processes = {}
        self.clients = []

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        for client in self.clients:
            client.close()
        for process in self.processes.values():
            self.end(process)
        self.keeper.clear_up()

    def path(self, name):
        return os.path.join(self.folder, name)

    @staticmethod
    def end(process):
        if process.stderr.closed:
            return
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        process.wait()
        process.stderr.close()

    def forget(self, name, keep_socket=False):
        """Ends one QEMU and all that was its own, so that the name can be used again."""
        self.end(self.processes.pop(name))
        for path in (self.path(name + ".sock"), self.control_path(name),
                     self.path(os.path.join("control", name + ".fifo"))):
            if os.path.exists(path) and not (keep_socket and path == self.path(name + ".sock")):
                os.unlink(path)

    def image(self, name, *arguments):
        path = self.path(name)
        subprocess.run(["qemu-img", "create", "-q", *arguments[:-1], path, arguments[-1]],
                       check=True, capture_output=True)
        return path

    def tap(self, name):
        subprocess.run(["ip", "tuntap", "add", name, "mode", "tap"], check=True,
                       capture_output=True)
        self.keeper.tell(name)
        subprocess.run(["ip", "link", "set", name, "up"], check=True, capture_output=True)
        return name

    def control_path(self, name):
        return self.path(os.path.join("control", name + ".sock"))

    def monitor(self, name):
        """The option that gives the monitor which domstats is meant to use."""
        return ["-qmp", f"unix:{self.path(name + '.sock')},server=on,wait=off"]

    def start(self, name, *arguments, monitor=None, control=False, accel=None, wait=True,
              launcher=(), qemu=None, defaults=False, paused=True, boots=False, **popen):
        """Starts a paused QEMU, with paused=False one whose guest halts, or boots if @boots; with control=True
        the test has a second monitor of its own, with defaults=True the machine its default devices."""
        guest = ["-S"] if paused else [] if boots else ["-bios", firmware.halting(self)]
        line = [*launcher, qemu or QEMU, *guest, "-display", "none", "-no-user-config",
                *([] if defaults else ["-nodefaults"]),
                "-name", name, "-m", "16", "-accel", accel or accelerator(),
                *(self.monitor(name) if monitor is None else monitor), *arguments]
        if control:
            line += ["-qmp", f"unix:{self.control_path(name)},server=on,wait=off"]
        process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL, **popen)
        self.processes[name] = process
        if wait:
            self.wait_for(process, self.control_path(name) if control
                          else self.path(name + ".sock"))
        return process

    def wait_for(self, process, path):
        """Until QEMU listens there, not only what launches it; one that ends first fails the test
        with its words."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise RuntimeError(f"QEMU ended: {process.stderr.read().decode()}")
            if self.is_listening(path) and self.is_qemu(process):
                return
            time.sleep(0.01)
        raise RuntimeError(f"nobody listens on {path}")

    @staticmethod
    def n_listeners(path, pid="self"):
        """How many sockets listen that were bound to that path, in the network namespace of a process. A
        socket's file is there before it listens."""
        with open(f"/proc/{pid}/net/unix", encoding="utf-8", errors="replace") as table:
            return sum(line.rstrip().endswith(" " + path) and " 00010000 " in line for line in table)

    @classmethod
    def is_listening(cls, path, pid="self"):
        return cls.n_listeners(path, pid) > 0

    @staticmethod
    def is_qemu(process):
        try:
            with open(f"/proc/{process.pid}/comm", encoding="utf-8") as comm:
                return comm.read().startswith("qemu-system")
        except OSError:
            return False

    def wedge(self, name):
        """Blocks the main loop of a QEMU that has a control monitor: it opens a FIFO that nobody
        reads. Gives the FIFO's path; unwedge() reads it."""
        fifo = self.path(os.path.join("control", name + ".fifo"))
        os.mkfifo(fifo)
        self.control(name).send("pmemsave", val=0, size=65536, filename=fifo)
        pid = self.processes[name].pid
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            with open(f"/proc/{pid}/syscall", encoding="ascii") as syscall:
                words = syscall.read().split()
            # open() or openat(), whatever their numbers are: asleep with our path as argument.
            if len(words) > 3 and any(self.reads_as(pid, word, fifo) for word in words[1:4]):
                return fifo
            time.sleep(0.01)
        raise RuntimeError(f"'{name}' does not open its FIFO")

    @staticmethod
    def reads_as(pid, address, text):
        """Whether that address of the process holds @text."""
        try:
            with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
                memory.seek(int(address, 16))
                return memory.read(len(text) + 1) == text.encode() + b"\0"
        except (OSError, ValueError, OverflowError):
            return False

    @staticmethod
    def unwedge(fifo):
        with open(fifo, "rb") as stream:
            while stream.read(65536):
                pass

    def control(self, name):
        client = Qmp(self.control_path(name))
        self.clients.append(client)
        return client


def domstats(*arguments, timeout=120):
    """Runs the command. Gives its exit status, its domains by name (from JSON), its stderr."""
    done = subprocess.run([COMMAND, *arguments, "--format", "json"], capture_output=True,
                          text=True, timeout=timeout, check=False)
    domains = json.loads(done.stdout)["domains"] if done.stdout.strip() else []
    return done.returncode, {domain["name"]: domain for domain in domains}, done.stderr
