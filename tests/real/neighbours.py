# SPDX-License-Identifier: LGPL-2.1-or-later
"""For tests of what other programs of a host notice of us.

Each test file runs in a process, mount and network namespace of its own, so that the source "auto"
sees only the QEMUs of this file, and files can run beside each other. A neighbour is the real
program; strace counts what it accepts at its sockets.
"""

import os
import re
import subprocess
import sys
import threading
import time
import unittest

from apart import INIT
from host import COMMAND, Host, Qmp, domstats  # the tests get them from here
from keeper import Keeper
from longrun import WATCHDOG_S, LongRun
from waiting import until

# The deadline of a call that must end long before it. For a look at a build that waits it may be set.
ENDLESS_MS = int(os.environ.get("DOMSTATS_TEST_ENDLESS_MS", 2 * WATCHDOG_S * 1000))
ENDLESS_S = str(ENDLESS_MS / 1000)
INSIDE = "DOMSTATS_TEST_INSIDE"
NAMESPACES = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--net"]


def main():
    """Runs the tests of the file that calls it."""
    if INSIDE in os.environ:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        unittest.main(verbosity=2)
    if os.geteuid() != 0:
        print("namespaces of its own need root")
        sys.exit(77)
    keeper = Keeper()
    os.chmod(keeper.folder, 0o755)
    # The folders of the tests are in this one, so that it is cleared when they cannot do it.
    environment = dict(os.environ, TMPDIR=keeper.folder)
    environment[INSIDE] = keeper.folder
    try:
        done = subprocess.run([*NAMESPACES, *INIT, sys.executable, *sys.argv], env=environment,
                              check=False)
    finally:
        keeper.clear_up()
    sys.exit(done.returncode)


class Watch:
    """What a process accepts at its sockets. strace becomes its grandchild: the pid stays its own."""

    STARTED = re.compile(r"^(\d+) +accept4?\(\d+<([^>]*)>")
    RESUMED = re.compile(r"^(\d+) +<\.\.\. accept4? resumed>")
    TOOK = re.compile(r"\) += \d")

    def __init__(self, log):
        self.log = log

    @property
    def launcher(self):
        return ["strace", "-D", "-f", "--seccomp-bpf", "-qqq", "-yy", "-e", "signal=none", "-e",
                "trace=accept,accept4", "-o", self.log]

    def accepted(self, address=""):
        """The addresses, one for each connection, which hold that text."""
        waiting, taken = {}, []
        with open(self.log, encoding="utf-8", errors="replace") as log:
            for line in log:
                started, resumed = self.STARTED.match(line), self.RESUMED.match(line)
                if started and "<unfinished" in line:
                    waiting[started[1]] = started[2]
                elif self.TOOK.search(line) and (started or resumed):
                    taken.append(started[2] if started else waiting.pop(resumed[1], "?"))
        return [each for each in taken if address in each]


class Poller(threading.Thread):
    """A program on the library that asks again and again, and keeps what it was told."""

    def __init__(self, run, every_s):
        super().__init__()
        self.run_of_calls = run
        self.every_s = every_s
        self.calls = []
        self.failure = None
        self.over = threading.Event()

    def run(self):
        try:
            while not self.over.is_set():
                self.calls.append(self.run_of_calls.call())
                self.over.wait(self.every_s)
        except Exception as failure:  # the test that stops it raises it
            self.failure = failure

    def wait_for_calls(self, n):
        """Until @n calls more have begun and ended."""
        last = len(self.calls) + n + 1
        until(f"{n} calls", lambda: len(self.calls) >= last or self.failure)

    def stop(self):
        self.over.set()
        self.join()
        if self.failure is not None:
            raise self.failure
        return self.calls

    def records(self, name):
        return [record for call in self.calls for record in call.records if record["name"] == name]


class Beside(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.__exit__)

    def watch(self, name):
        return Watch(self.host.path(name + ".accepts"))

    def daemon(self, name, *words, launcher=()):
        """Starts a program that is no QEMU."""
        process = subprocess.Popen([*launcher, *words], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.host.processes[name] = process
        return process

    def run_command(self, source, *options):
        """Gives exit status, domains by name, stderr of a call that must not wait."""
        return domstats("-c", source, "--timeout", ENDLESS_S, *options)

    def open(self, source, *options, **more):
        run = LongRun(source, *options, **more)
        run.__enter__()
        self.addCleanup(run.__exit__, None, None, None)
        return run

    def poll(self, source, *options, every_s=0.05, **more):
        poller = Poller(self.open(source, *options, **more), every_s)
        poller.start()
        self.addCleanup(poller.stop)
        return poller

    def client(self, path):
        client = Qmp(path)
        self.host.clients.append(client)
        return client

    def wait_for_socket(self, path):
        until(f"a process listens at {path}", lambda: Host.is_listening(path))


def n_threads(process):
    return len(os.listdir(f"/proc/{process.pid}/task"))


def n_queued(path):
    """How many connections wait at a listening socket."""
    table = subprocess.run(["ss", "-xlnH"], check=True, capture_output=True, text=True).stdout
    for line in table.splitlines():
        if f" {path} " in line:
            return int(line.split()[2])
    raise AssertionError(f"no process listens at {path}")
