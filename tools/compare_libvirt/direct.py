# SPDX-License-Identifier: LGPL-2.1-or-later
"""Asks libvirt's QEMUs by a second monitor, without libvirt: the disks must be libvirt's, in its order,
with its paths and sizes, and so must the sizes of memory."""
import os

import libvirt

from compare_libvirt import compare, ours

GROUPS = libvirt.VIR_DOMAIN_STATS_BLOCK | libvirt.VIR_DOMAIN_STATS_BALLOON
# Names of disks and numbers of images are libvirt's own. Of memory only the sizes are asked.
NOT_COMPARED = (".name", ".backingIndex")
# kinds of which only libvirt knows the disks or their order
LEFT_OUT = ("backup", "plugged", "no-monitor", "vhost-user-disk")
# and of which only libvirt knows the paths: QEMU has descriptors
WITHOUT_PATHS = ("descriptors",)


def is_compared(domain, field):
    if field.startswith("balloon."):
        return field in ("balloon.current", "balloon.maximum")
    if domain in WITHOUT_PATHS and field.endswith(".path"):
        return False
    return not field.endswith(NOT_COMPARED) and ".limits." not in field


def run_one(theirs, mine, name):
    found = None
    for _ in range(3):
        first = theirs.get_some([name], GROUPS, 0)[0]
        middle = mine.get_all(GROUPS, 0)[0]
        second = theirs.get_some([name], GROUPS, 0)[0]
        _, differences = compare.compare(first, middle, second)
        found = [each for each in differences
                 if is_compared(name, each.field) and compare.find_known(each, name, False) is None]
        if not found:
            return []
    return [f"direct {name}: {each.field}: {each.what}: {each.text}" for each in found]


def run(machine, library, theirs, names):
    """Gives the number of domains compared, and what differs. The monitors must be free."""
    wrong = []
    n = 0
    for name in names:
        path = machine.path(name + ".qmp")
        if name in LEFT_OUT or not os.path.exists(path) or \
                not machine.conn.lookupByName(name).isActive():
            continue
        n += 1
        mine = ours.Ours(library, "socket:" + path)
        wrong += run_one(theirs, mine, name)
        mine.close()
    return n, wrong
