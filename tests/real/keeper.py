#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clears up after a test, however it ended: also when it was killed.

A process of its own, in a session of its own. It reads its standard input until the test closes it or
dies, then thaws and removes every cgroup whose name begins with that of the test's folder, ends every
process that names the folder in its command line or its environment (what the test starts inherits that),
removes the folder, and the network devices it was told of: a line each.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import cgroups

MARK = "DOMSTATS_TEST_FOLDER"
PATIENCE_S = 10


def processes_of(folder):
    """Their pids. One that has ended and waits for its parent has no words any more."""
    # Only whole names: no folder whose name begins like ours.
    needles = [folder.encode() + end for end in (b"/", b"\0", b",")]
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        for name in ("cmdline", "environ"):
            try:
                with open(f"/proc/{pid}/{name}", "rb") as file:
                    words = file.read()
            except OSError:
                continue  # it ended, or is not ours to see
            if any(needle in words for needle in needles):
                found.append(int(pid))
                break
    return found


def end_processes(folder):
    """A process may start another while it is looked for."""
    deadline = time.monotonic() + PATIENCE_S
    found = processes_of(folder)
    while found and time.monotonic() < deadline:
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass  # it ended
        time.sleep(0.01)
        found = processes_of(folder)


class Keeper:
    """The test's end of it, with a new folder."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="domstats-real-")
        environment = {name: value for name, value in os.environ.items() if name != MARK}
        self.process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE,
                                        env=environment, start_new_session=True)
        self.tell(self.folder)
        os.environ[MARK] = self.folder

    def tell(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def clear_up(self):
        self.process.stdin.close()
        self.process.wait()


def main():
    folder, *devices = sys.stdin.read().splitlines()
    cgroups.remove_all(os.path.basename(folder))  # what is frozen ends later
    end_processes(folder)
    for device in devices:
        subprocess.run(["ip", "link", "del", device], check=False, capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
