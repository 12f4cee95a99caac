# SPDX-License-Identifier: LGPL-2.1-or-later
"""Starts and sets up the machines of tools/capture, one case at a time. A Machine ends all that it
started, by process id."""
import fcntl
import os
import signal
import struct
import subprocess
import time

from host import Qmp  # of tests/real

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454ca, 2, 0x1000


def until(check, what):
    for _ in range(4000):
        if check():
            return
        time.sleep(0.03)
    raise RuntimeError("waited in vain: " + what)


def is_listening(path):
    with open("/proc/net/unix", encoding="utf-8") as table:
        return any(line.endswith(f" {path}\n") and " 00010000 " in line for line in table)


def has_received(tap):
    with open("/proc/net/dev", encoding="utf-8") as table:
        return any(line.split()[0] == tap + ":" and line.split()[2] != "0" for line in table)


def shows(reply, wanted):
    """Whether the reply has all that @wanted has."""
    if isinstance(wanted, dict):
        return isinstance(reply, dict) and all(shows(reply.get(k), v) for k, v in wanted.items())
    if isinstance(wanted, list):
        return len(reply) >= len(wanted) and all(map(shows, reply, wanted))
    return reply == wanted


class Machine:
    def __init__(self, case):
        self.case = case
        self.name = case["name"]
        self.processes = []
        self.words = {"guest": "/srv/guest"}  # replaces "{guest}" in the options
        self.loop = self.client = self.package = None

    def end(self):
        for process in self.processes:
            process.kill()
            process.wait()
        if self.loop:
            subprocess.run(["losetup", "--detach", self.loop], check=False)

    def make_images(self):
        for entry in self.case["images"]:
            if isinstance(entry, tuple):
                with open("/srv/images/" + entry[0], "wb") as sectors:
                    sectors.write(entry[1])
            else:
                subprocess.run(["qemu-img", "create", "-q", *entry], cwd="/srv/images", check=True)
        if "loop" in self.case:
            done = subprocess.run(["losetup", "--find", "--show", "/srv/images/" +
                                   self.case["loop"]], check=True, capture_output=True, text=True)
            self.loop = self.words["loop"] = done.stdout.strip()

    def make_taps(self):
        descriptors = []
        for tap in self.case["taps"]:
            subprocess.run(["ip", "tuntap", "add", tap, "mode", "tap"], check=True)
            subprocess.run(["ip", "link", "set", tap, "up"], check=True)
        for tap in self.case["fds"]:
            descriptors.append(os.open("/dev/net/tun", os.O_RDWR))
            fcntl.ioctl(descriptors[-1], TUNSETIFF,
                        struct.pack("16sH22x", tap.encode(), IFF_TAP | IFF_NO_PI))
            self.words[tap] = str(descriptors[-1])
        return descriptors

    def start(self, program):
        case, monitor = self.case, "unix:/srv/qmp/%s.sock,server=on,wait=off"
        self.make_images()
        for server in case["serve"]:
            self.processes.append(subprocess.Popen(server))
            until(lambda: subprocess.run(["qemu-img", "info", "-U", case["uris"][0]],
                                         capture_output=True, check=False).returncode == 0,
                  "the server of " + self.name)
            case["uris"].pop(0)
        descriptors = self.make_taps()
        words = [program, *case.get("name_option", ("-name", self.name)), *case["base"],
                 "-display", "none", "-nodefaults", "-no-user-config",
                 *case.get("monitor", ("-qmp", monitor % self.name)),
                 *(("-qmp", monitor % (self.name + ".control")) if case["do"] else ()),
                 *case["options"]]
        for key, value in self.words.items():
            words = [word.replace("{%s}" % key, value) for word in words]
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, pass_fds=descriptors)
        self.processes.append(self.process)
        for descriptor in descriptors:
            os.close(descriptor)

    def set_up(self):
        control = None
        if self.case.get("monitor", True):
            until(lambda: self.process.poll() is not None or
                  is_listening(f"/srv/qmp/{self.name}.sock"), self.name)
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name}: QEMU has ended")
        if self.case["do"]:
            control = Qmp(f"/srv/qmp/{self.name}.control.sock")
        for command, arguments, *wanted in self.case["do"]:
            run = lambda: control.run(command, **arguments)
            if wanted:
                until(lambda: shows(run(), wanted[0]), f"{self.name}: {command} {wanted}")
            elif isinstance(answer := run(), str) and answer:
                raise RuntimeError(f"{self.name}: {answer}")
        if control:
            control.close()
        if "wait_for" in self.case:
            until(lambda: has_received(self.case["wait_for"]), self.case["wait_for"])
        if self.case["then"] == "hold":
            self.client = Qmp(f"/srv/qmp/{self.name}.sock")
        elif self.case["then"] == "stop":
            self.process.send_signal(signal.SIGSTOP)
