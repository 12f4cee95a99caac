# SPDX-License-Identifier: LGPL-2.1-or-later
"""Control groups for tests, and their removal after a test that could not do it."""

import os
import time


def mount_of(kind):
    """Where cgroup v2 ("cgroup2") or the freezer of v1 ("freezer") is mounted; None: nowhere that can be
    reached: `ip netns exec` mounts another /sys over it."""
    with open("/proc/mounts", encoding="utf-8") as mounts:
        for line in mounts:
            _, folder, form, options = line.split()[:4]
            is_wanted = form == kind or (form == "cgroup" and kind in options.split(","))
            if is_wanted and os.path.isdir(folder):
                return folder
    return None


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def thaw(folder):
    for name, text in ("cgroup.freeze", "0"), ("freezer.state", "THAWED"):
        if os.path.exists(os.path.join(folder, name)):
            write(os.path.join(folder, name), text)


def remove_all(prefix):
    """Thaws every cgroup whose name begins with @prefix, and those in it; moves their processes up and
    removes them."""
    for kind in "cgroup2", "freezer":
        mount = mount_of(kind)
        for name in os.listdir(mount) if mount else []:
            if name.startswith(prefix):
                remove(os.path.join(mount, name), mount)


def remove(folder, above):
    try:
        thaw(folder)
        for path, _, _ in os.walk(folder, topdown=False):
            thaw(path)
            empty(path, above)
            for _ in range(100):
                try:
                    os.rmdir(path)
                    break
                except OSError:
                    time.sleep(0.02)  # a process that has ended is in it for a moment
    except FileNotFoundError:
        pass


def empty(folder, above):
    with open(os.path.join(folder, "cgroup.procs"), encoding="ascii") as processes:
        for pid in processes.read().split():
            try:
                write(os.path.join(above, "cgroup.procs"), pid)
            except OSError:
                pass  # it ended
