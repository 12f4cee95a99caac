# SPDX-License-Identifier: LGPL-2.1-or-later
"""A bare Debian with systemd as its first process, in namespaces of its own: mounts, processes, network, IPC, host name
and control groups. Its root is in memory; nothing of it is seen outside, or left behind.

Also a program: `machine.py ROOT.tar` is what runs as the first process of the namespaces, until it is systemd."""
import os
import signal
import subprocess
import sys
import time

NAMESPACES = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--net", "--ipc", "--uts", "--cgroup",
              "--propagation", "private"]
INSIDE = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root",
          "DEBIAN_FRONTEND": "noninteractive"}
DEVICES = ["null", "zero", "full", "random", "urandom", "tty"]


def find_mirror():
    """The mirror of this host's apt; None if it has no lists."""
    lines = subprocess.run(["apt-get", "indextargets", "--format", "$(LABEL) $(SITE)", "Created-By: Packages"],
                           capture_output=True, text=True, check=False).stdout.splitlines()
    return next((line.split()[1] for line in lines if line.startswith("Debian http")), None)


def make_root(tarball, packages, suite):
    """Makes @tarball: the least that Debian calls a system, and @packages. Gives None, or why it cannot be had."""
    mirror = find_mirror()
    if not mirror:
        return "apt has no lists of a Debian mirror"
    made = subprocess.run(
        ["mmdebstrap", "--mode=root", "--variant=minbase", "--quiet", "--include=" + ",".join(packages),
         "--aptopt=Acquire::Check-Valid-Until \"false\"", suite, tarball + ".new.tar", f"deb {mirror} {suite} main"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        return "no root can be made from " + mirror + ": " + made.stderr.strip()[-300:]
    os.rename(tarball + ".new.tar", tarball)
    return None


class Machine:
    def __init__(self, tarball):
        self.process = subprocess.Popen([*NAMESPACES, sys.executable, os.path.abspath(__file__), tarball],
                                        stdin=subprocess.DEVNULL, start_new_session=True)
        self.pid = None

    def wait(self):
        """Until systemd has started what it starts."""
        while self.pid is None:
            children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
            self.pid = int((open(children, encoding="ascii").read().split() or [0])[0]) or None
            time.sleep(0.05)
        while self.run("test -S /run/systemd/private && systemctl is-system-running --wait")[0]:
            if self.process.poll() is not None:
                raise RuntimeError("the machine has ended")
            time.sleep(0.1)

    def run(self, script, *words):
        """Runs @script in its shell, with $1 and so on; gives the exit status and what was printed."""
        done = subprocess.run(["nsenter", "-t", str(self.pid), "-m", "-p", "-n", "-i", "-u", "-C", "-r", "-w", "--",
                               "/bin/bash", "-c", script, "bash", *words], env=INSIDE, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout.decode(errors="replace")

    def must(self, script, *words):
        status, text = self.run(script, *words)
        if status != 0:
            raise AssertionError(f"{script}: exit status {status}\n{text}")
        return text

    def path(self, inside):
        """Where a file of it is for us."""
        return f"/proc/{self.pid}/root{inside}"

    def end(self):
        """All its processes end with the first one, whose parent this is."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def mount(*words):
    subprocess.run(["mount", *words], check=True)


def become(tarball):
    """Unpacks the root into memory, mounts what belongs there, and becomes its systemd."""
    root = "/mnt"
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", root)
    subprocess.run(["tar", "-C", root, "-xf", tarball, "--exclude=./dev/*"], check=True)
    mount("-t", "proc", "proc", root + "/proc")
    mount("-t", "sysfs", "sysfs", root + "/sys")
    mount("-t", "cgroup2", "cgroup2", root + "/sys/fs/cgroup")
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", root + "/run")
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", root + "/dev")
    for folder in ["pts", "shm"]:
        os.mkdir(f"{root}/dev/{folder}")
    for device in DEVICES:
        there = os.stat("/dev/" + device)
        os.mknod(f"{root}/dev/{device}", there.st_mode, there.st_rdev)
        os.chmod(f"{root}/dev/{device}", 0o666)
    mount("-t", "devpts", "-o", "newinstance,ptmxmode=666", "devpts", root + "/dev/pts")
    os.symlink("pts/ptmx", root + "/dev/ptmx")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    os.chroot(root)
    os.chdir("/")
    os.execve("/lib/systemd/systemd", ["/lib/systemd/systemd"], {**INSIDE, "container": "unshare"})


if __name__ == "__main__":
    become(sys.argv[1])
