# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sends known frames in each direction through a tap device; both sides' counters must grow by them."""
import libvirt

from compare_libvirt import host as hosts

# frames and bytes each
TO_GUEST = (5, 300)
FROM_GUEST = (7, 500)
FIELDS = {"rx.pkts": TO_GUEST[0], "rx.bytes": TO_GUEST[0] * TO_GUEST[1],
          "tx.pkts": FROM_GUEST[0], "tx.bytes": FROM_GUEST[0] * FROM_GUEST[1]}


def read(side, name):
    record = side.get_some([name], libvirt.VIR_DOMAIN_STATS_INTERFACE, 0)[0]
    return {field: record.by_name[f"net.0.{field}"][1] for field in FIELDS}


def run_one(machine, sides, name):
    """Gives the failures."""
    device = machine.conn.lookupByName(name).XMLDesc().split("<target dev='")[1].split("'")[0]
    hosts.silence(device)
    before = {side: read(sides[side], name) for side in sides}
    hosts.raw_frames(device, *TO_GUEST)
    hosts.frames(machine.path(name + ".frames"), *FROM_GUEST)

    def grown(side):
        now = read(sides[side], name)
        return {field: now[field] - before[side][field] for field in FIELDS}

    try:
        hosts.wait_until(lambda: all(grown("libvirt")[field] >= n for field, n in FIELDS.items()))
    except RuntimeError:
        pass
    print(f"traffic of {name} through {device}: sent {FIELDS}")
    wrong = []
    for side in sides:
        result = grown(side)
        print(f"  {side:<8} {result}")
        if result != FIELDS:
            wrong.append(f"traffic of {name}: {side} counts {result}, sent {FIELDS}")
    return wrong


def run(machine, theirs, mine, names):
    wrong = []
    for name in names:
        if name.startswith("traffic"):
            wrong += run_one(machine, {"libvirt": theirs, "ours": mine}, name)
    return wrong
