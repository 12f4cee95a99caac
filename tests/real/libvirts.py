#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""libvirt daemons for tests, each with folders of its own, and domains in them.

A Libvirtd is the system's daemon: its folders are mounted over the system's, so it runs only in a
mount namespace of a test (neighbours.main(), apart.run_apart()), together with the whole test. A
Session is the daemon of another user. Both write what libvirt logs as an error to a file, which is
to hold nothing that a client caused.

usage: libvirts.py [DOMAINS] COMMAND...   runs a command beside such a daemon with some domains
"""

import contextlib
import glob
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys

import firmware
from host import QEMU, Host, accelerator
from neighbours import INSIDE, Beside
from waiting import until

# The ways to its domains; for a look at one of them it may be set.
SOURCES = os.environ.get("DOMSTATS_TEST_SOURCES", "auto libvirt:qemu:///system").split()
VIRSH_S = 120  # one that hangs does so until the program beside it ends
N_STARTERS = 3
FOLDERS = ("/run/libvirt", "/var/lib/libvirt", "/var/log/libvirt")
QEMU_CONF = {"cgroup_controllers": [], "namespaces": [], "security_driver": "none", "stdio_handler": "file"}
DAEMON_CONF = {"auth_unix_rw": "none", "auth_unix_ro": "none"}
DOMAIN = """<domain type='{kind}' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>{name}</name>
<memory unit='MiB'>{memory}</memory><vcpu>{vcpus}</vcpu><os><type arch='x86_64' machine='pc'>hvm</type>
<loader type='rom'>{firmware}</loader></os><features><acpi/></features>
<devices><emulator>{qemu}</emulator><controller type='usb' model='none'/><memballoon model='none'/>
{devices}</devices>{more}</domain>
"""
# A second monitor, where a domain is made.
MONITOR = """<qemu:commandline><qemu:arg value='-qmp'/><qemu:arg value='unix:{},server=on,wait=off'/>
</qemu:commandline>"""
DISK = """<disk type='file' device='disk'><driver name='qemu' type='{form}'/><source file='{path}'/>
<target dev='{target}' bus='virtio'/></disk>"""
ERROR = re.compile(r"^\S+ \S+: \d+: error : (.*)$", re.MULTILINE)
# What libvirt tells of any domain that runs and has no disk.
GROUPS = {"state", "cpu", "balloon", "vcpu", "net", "block"}
# Errors that libvirt logs on a host without the programs, services and files that it looks for,
# whatever its clients do.
OF_THE_HOST = (
    r"dnsmasqCapsNewFromBinary:",
    r"virGDBusGet(System|Session)Bus:",
    r"udevGetDMIData:",
    r"virCommandWait:.*dmidecode",
    r"virCgroupDetectControllers:",
    r"virHostCPUGet(CPUID|TscInfo):.*Permission denied",
    r"virNetDevSendEthtoolIoctl:",  # /sys shows the network devices of another namespace
)


def conf_text(settings):
    """Settings in the syntax of libvirt's files."""
    def value(of):
        if isinstance(of, list):
            return "[" + ", ".join(value(each) for each in of) + "]"
        return f'"{of}"' if isinstance(of, str) else str(int(of))
    return "".join(f"{name} = {value(of)}\n" for name, of in settings.items())


def groups_of(record):
    if "groups" in record:
        return set(record["groups"])
    return {field.split(".")[0] for field in record["stats"]}


def has_modular():
    """Whether this host has libvirt's modular daemons."""
    return shutil.which("virtqemud") is not None


class Daemon:
    """What the daemon of the system and that of a user have in common."""

    uri = None
    launcher = ()

    def __init__(self, host, name, program):
        self.host = host
        self.name = name  # among the processes of the host
        self.program = program
        self.process = None
        self.log = host.path(name + ".log")
        self.expected = list(OF_THE_HOST)
        self.cleanups = []

    def __enter__(self):
        try:
            self.set_up()
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *failure):
        self.close()

    def set_up(self):
        raise NotImplementedError

    def conf(self, settings):
        """The daemon's own file of settings."""
        return conf_text({**DAEMON_CONF, "log_outputs": f"3:file:{self.log}", **settings})

    def write(self, path, text):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def close(self):
        """Ends the daemon and its domains, whatever state they are in."""
        if self.process is not None:
            self.kill()
        for pid in self.qemus():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for words in reversed(self.cleanups):
            subprocess.run(words, check=False)
        self.cleanups = []

    # The daemon's process.

    def command(self):
        raise NotImplementedError

    def start(self):
        self.process = subprocess.Popen([*self.launcher, *self.command()], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.host.processes[self.name] = self.process
        until(f"{self.name} serves", self.serves)

    def end(self, number=signal.SIGTERM):
        """Its domains stay."""
        process, self.process = self.process, None
        self.host.processes.pop(self.name)
        process.send_signal(number)
        process.send_signal(signal.SIGCONT)
        process.communicate()

    def kill(self):
        self.end(signal.SIGKILL)

    def restart(self, number=signal.SIGTERM):
        self.end(number)
        self.start()

    def stop(self):
        """By a signal: it answers nothing until it may go on."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def wait_channels(self):
        """Where its threads wait in the kernel."""
        found = []
        for path in glob.glob(f"/proc/{self.process.pid}/task/*/wchan"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError), open(path, encoding="ascii") as channel:
                found.append(channel.read())
        return found

    def serves(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended: {self.process.stderr.read().decode()}")
        # A question that makes libvirt learn of its host would meet another client's: see Begins.
        return self.try_virsh("uri").returncode == 0

    # Its domains.

    def try_virsh(self, *words, timeout=VIRSH_S):
        return subprocess.run(["virsh", "-q", "-c", self.uri, *words], capture_output=True, text=True,
                              timeout=timeout, check=False)

    def virsh(self, *words, timeout=VIRSH_S):
        """What it prints; it must end, and well."""
        if "destroy" in words:  # libvirt reads the monitor of a QEMU that it kills
            self.expect("Unable to read from monitor: Connection reset by peer")
        done = self.try_virsh(*words, timeout=timeout)
        if done.returncode != 0:
            raise AssertionError(f"virsh {' '.join(words)}: {done.stderr}")
        return done.stdout

    def xml(self, name, devices="", more="", memory=16, vcpus=1, kind=None):
        """The path of a definition; @more stands behind the devices."""
        text = DOMAIN.format(name=name, devices=devices, more=more, memory=memory, vcpus=vcpus,
                             kind=kind or self.kind(), qemu=shutil.which(QEMU) or QEMU,
                             firmware=firmware.halting(self.host))
        return self.write(self.host.path(f"{self.name}-{name}.xml"), text)

    def kind(self):
        return {"kvm": "kvm", "tcg": "qemu"}[accelerator()]

    def define(self, name, *args, **more):
        """A domain that does not run."""
        self.virsh("define", self.xml(name, *args, **more))

    def create(self, name, *args, paused=False, **more):
        """Starts a domain; gives the pid of its QEMU."""
        self.virsh("create", self.xml(name, *args, **more), *(["--paused"] if paused else []))
        return self.qemu(name)

    def create_many(self, count, prefix="vm", paused=False, **more):
        """Starts small domains, some at a time; gives their names."""
        names = [f"{prefix}{number}" for number in range(1, count + 1)]
        words = [f"create {self.xml(name, **more)}{' --paused' if paused else ''}" for name in names]
        starters = [subprocess.Popen(["virsh", "-q", "-c", self.uri, "; ".join(words[i::N_STARTERS])],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
                    for i in range(N_STARTERS) if words[i::N_STARTERS]]
        for starter in starters:
            _, trouble = starter.communicate()
            if starter.returncode != 0:
                raise RuntimeError(f"virsh: {trouble}")
        return names

    def state_folder(self):
        """It has a file NAME.pid for each domain."""
        raise NotImplementedError

    def qemu(self, name):
        with open(f"{self.state_folder()}/{name}.pid", encoding="ascii") as pid:
            return int(pid.read())

    def stop_qemu(self, name):
        """By a signal; gives its pid when all its threads are stopped."""
        pid = self.qemu(name)
        os.kill(pid, signal.SIGSTOP)
        until(f"{name} is stopped", lambda: self.thread_states(pid) == {"T"})
        return pid

    @staticmethod
    def thread_states(pid):
        states = set()
        for path in glob.glob(f"/proc/{pid}/task/*/stat"):
            with open(path, encoding="ascii", errors="replace") as stat:
                states.add(stat.read().rpartition(")")[2].split()[0])
        return states

    def qemus(self):
        """The pids of all its QEMUs."""
        for path in glob.glob(f"{self.state_folder()}/*.pid"):
            name = os.path.basename(path)[:-len(".pid")]
            if name != "driver":
                yield self.qemu(name)

    # What it logs.

    def expect(self, pattern):
        """An error that the test itself causes."""
        self.expected.append(pattern)

    def errors(self):
        """What it logged as an error, and neither the host nor the test explains."""
        with open(self.log, encoding="utf-8", errors="replace") as log:
            found = ERROR.findall(log.read())
        return [each for each in found if not any(re.search(pattern, each) for pattern in self.expected)]


class Libvirtd(Daemon):
    """The daemon of the system: libvirtd, or with @modular virtqemud."""

    uri = "qemu:///system"

    def __init__(self, host, modular=False, qemu_conf=None, **settings):
        super().__init__(host, "libvirtd", "virtqemud" if modular else "libvirtd")
        self.qemu_conf = {"user": "root", "group": "root", **QEMU_CONF, **(qemu_conf or {})}
        self.settings = settings

    def set_up(self):
        if INSIDE not in os.environ and "DOMSTATS_APART" not in os.environ:
            raise RuntimeError("it would mount over the folders of this host")
        for folder in FOLDERS:
            os.makedirs(folder, exist_ok=True)
            self.mount("-t", "tmpfs", "none", folder)
        # What libvirt learns of QEMU takes a second, so all tests of a file share it.
        cache = os.path.join(os.environ.get(INSIDE, self.host.folder), "libvirt-cache")
        etc = self.host.path("etc")
        os.makedirs(cache, exist_ok=True)
        os.mkdir(etc)
        os.makedirs("/var/cache/libvirt", exist_ok=True)
        os.makedirs("/etc/libvirt", exist_ok=True)
        self.mount("--bind", cache, "/var/cache/libvirt")
        self.mount("--bind", etc, "/etc/libvirt")
        self.write(etc + "/qemu.conf", conf_text(self.qemu_conf))
        self.write(f"{etc}/{self.program}.conf", self.conf(self.settings))

    def mount(self, *words):
        subprocess.run(["mount", *words], check=True)
        self.cleanups.append(["umount", "-l", words[-1]])

    def command(self):
        return [self.program, "-p", "/run/libvirt/own.pid"]

    def state_folder(self):
        return "/run/libvirt/qemu"

    def socket(self, read_only=True):
        stem = "virtqemud" if self.program == "virtqemud" else "libvirt"
        return f"/run/libvirt/{stem}-sock{'-ro' if read_only else ''}"

    def admin(self, command):
        """The numbers that it tells of itself, also when all its workers are busy."""
        text = subprocess.run(["virt-admin", "-c", self.program + ":///system", command, self.program],
                              capture_output=True, text=True, check=True).stdout
        rows = (line.split(":") for line in text.replace(" ", "").splitlines() if line)
        return {name: int(number) for name, number in rows}

    def monitor(self, name):
        """The socket of a domain's monitor."""
        path, = glob.glob(f"/var/lib/libvirt/qemu/domain-*-{name}/monitor.sock")
        return path


class Session(Daemon):
    """The daemon of a user, which runs as that user."""

    def __init__(self, host, user="nobody", modular=False, **settings):
        super().__init__(host, "session-" + user, "virtqemud" if modular else "libvirtd")
        self.user = pwd.getpwnam(user)
        self.home = host.path(str(self.user.pw_uid))  # short: sockets are below it
        self.settings = settings
        self.environment = {"HOME": self.home, "USER": user}
        for variable, name in ("RUNTIME_DIR", "run"), ("CACHE_HOME", "cache"), ("CONFIG_HOME", "c"):
            self.environment["XDG_" + variable] = os.path.join(self.home, name)
        self.launcher = ["setpriv", f"--reuid={self.user.pw_uid}", f"--regid={self.user.pw_gid}", "--clear-groups",
                         "env", *(f"{name}={value}" for name, value in self.environment.items())]
        self.uri = f"qemu+unix:///session?socket={self.socket(False)}"

    def set_up(self):
        for name in "", "run", "cache", "c", "c/libvirt":
            path = os.path.join(self.home, name)
            os.mkdir(path, 0o700)
            os.chown(path, self.user.pw_uid, self.user.pw_gid)
        self.log = os.path.join(self.home, "log")
        self.write(self.home + "/c/libvirt/qemu.conf", conf_text({"stdio_handler": "file"}))
        self.write(self.home + "/daemon.conf", self.conf(self.settings))

    def command(self):
        return [self.program, "-f", self.home + "/daemon.conf", "-p", self.home + "/pid"]

    def kind(self):
        return "qemu"  # a user may have no right to KVM

    def state_folder(self):
        return self.home + "/run/libvirt/qemu/run"

    def socket(self, _read_only=True):
        """It has one for both."""
        return f"{self.home}/run/libvirt/{'virtqemud' if self.program == 'virtqemud' else 'libvirt'}-sock"

    def try_virsh(self, *words, timeout=VIRSH_S):
        return subprocess.run([*self.launcher, "virsh", "-q", "-c", self.uri, *words], capture_output=True,
                              text=True, timeout=timeout, check=False)


class BesideLibvirt(Beside):
    """Tests beside a daemon of the system. None may make libvirt log an error."""

    settings = {}

    def setUp(self):
        super().setUp()
        self.libvirt = self.start_libvirt(Libvirtd(self.host, **self.settings))

    def start_libvirt(self, daemon):
        """Starts another one; both end with the test."""
        daemon.__enter__()
        self.addCleanup(daemon.close)
        self.addCleanup(self.check_log, daemon)
        return daemon

    def check_log(self, daemon):
        self.assertEqual(daemon.errors(), [])

    def open(self, source, *options, **more):
        """libvirt's library must print nothing there."""
        words = open(self.host.path("words"), "w+", encoding="utf-8")
        self.addCleanup(words.close)
        self.addCleanup(self.check_silent, words)
        return super().open(source, *options, stderr=words, **more)

    def check_silent(self, words):
        words.seek(0)
        self.assertEqual(words.read(), "")

    def assert_whole(self, record):
        """Of the command, or of longrun."""
        self.assertEqual((record["health"], record["answered_by"]), ("ok", "libvirt"), record)
        self.assertFalse(record["missing"], record)
        self.assertLessEqual(GROUPS, groups_of(record), record)

    def assert_lacking(self, record, health, code, reason="."):
        """A running domain whose QEMU counted nothing; the host did."""
        self.assertEqual((record["health"], record["reason_code"]), (health, code), record)
        self.assertRegex(record["reason"], reason)
        self.assertTrue(record["missing"], record)
        self.assertIn("cpu", groups_of(record))

    def idle_workers(self):
        """How many of libvirt's workers are free to be used, those included that it may still start."""
        rows = self.libvirt.admin("srv-threadpool-info")
        return rows["freeWorkers"] + rows["maxWorkers"] - rows["nWorkers"]


def run_beside(n_domains, words):
    """Runs a command beside a daemon with so many domains; gives its exit status."""
    with Host() as host, Libvirtd(host) as daemon:
        daemon.create_many(n_domains)
        status = subprocess.run(words, check=False).returncode
        print("\n".join(["libvirt logged:", *daemon.errors()]) if daemon.errors() else "libvirt logged no error",
              file=sys.stderr)
        return status


def main():
    import apart
    words = sys.argv[1:]
    if not words or (words[0].isdigit() and not words[1:]):
        sys.exit(__doc__)
    apart.run_apart(__file__)
    sys.exit(run_beside(int(words.pop(0)) if words[0].isdigit() else 3, words))


if __name__ == "__main__":
    main()
