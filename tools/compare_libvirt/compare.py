# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares a record of ours with two of libvirt's, one read before it and one after; looks differences
up in KNOWN, which has those that are explained and those that are still open."""
import re
from dataclasses import dataclass
from typing import Callable, Optional

import libvirt

VERSION = libvirt.getVersion()
HYPERVISOR = re.compile(r"(?:vcpu\.\d+|vm)\.[^.]+\.(?:sum|cur|max)$")


def before(*version):
    """True if libvirt is older than @version."""
    major, minor = version
    return VERSION < major * 1000000 + minor * 1000


def is_not_larger(theirs, ours):
    return 0 <= ours <= theirs


def is_one_more(theirs, ours):
    return ours == theirs + 1


def is_one_less(theirs, ours):
    return ours == theirs - 1


@dataclass
class Known:
    """A known difference, as narrow as it can be described."""
    name: str
    fields: str
    what: str  # "only libvirt", "only ours", "value", "order"
    reason: str
    kinds: tuple = ()  # of domains; "off": any that does not run; none: every kind
    applies: bool = True  # to this libvirt
    holds: Optional[Callable] = None  # of libvirt's later value and ours
    is_open: bool = False  # we have to change our value
    is_through: bool = False  # also where ours asks libvirt

    def has(self, difference, kind, is_off):
        return self.applies and self.what == difference.what and \
            re.match(self.fields, difference.field) is not None and \
            (not self.kinds or kind in self.kinds or (is_off and "off" in self.kinds)) and \
            (self.holds is None or self.holds(difference.theirs, difference.ours))


KNOWN = [
    Known("off-cpu", r"cpu\.(time|user|system)$", "only libvirt",
          "of a domain that is off, libvirt before 12.4 shows the CPU time of itself",
          ("off",), before(12, 4), is_through=True),
    Known("limits", r"block\.\d+\.limits\.", "only ours", "libvirt has them since 11.10",
          applies=before(11, 10)),
    Known("data-file", r"block\.count$", "value", "libvirt has records of data files since 12.2",
          ("data-file",), before(12, 2), is_one_more),
    Known("data-file", r"block\.1\.", "only ours", "libvirt has records of data files since 12.2",
          ("data-file",), before(12, 2)),
    Known("backup-store", r"block\.count$", "value",
          "only libvirt knows the store of a backup job, and asking makes it log errors",
          ("backup",), holds=is_one_less),
    Known("backup-store", r"block\.1\.", "only libvirt",
          "only libvirt knows the store of a backup job, and asking makes it log errors",
          ("backup",)),
    Known("stats-order", HYPERVISOR.pattern, "order",
          "libvirt writes hypervisor statistics in the order of a hash table", is_through=True),
    Known("perf-start", r"perf\.", "value",
          "counting begins when an event is opened: libvirt's at the start of the domain",
          ("perf",), holds=is_not_larger),
    Known("poll-weight", r"iothread\.\d+\.poll-weight$", "only ours", "libvirt has it since 12.7",
          applies=before(12, 7)),
    Known("cache-monitors", r"cpu\.cache\.monitor\.count$", "only libvirt",
          "libvirt 12.8 has no count where there is no cache monitor; older ones have", (), before(12, 8),
          lambda theirs, _: theirs == 0),
    Known("resctrl-names", r".*\.monitor\.\d+\.name$", "value",
          "libvirt 12.8 calls a monitor as its folder, older ones without the machine", ("resctrl",), before(12, 8),
          lambda theirs, ours: ours.startswith("qemu-") and ours.endswith("-resctrl-" + theirs)),
    Known("histograms", r"block\.\d+\.latency_histogram\.", "only ours", "libvirt has them since 12.1",
          applies=before(12, 1)),
]


def choose(is_through):
    """Which differences are known: with a second monitor, or where ours asks libvirt."""
    if is_through:
        KNOWN[:] = [known for known in KNOWN if known.is_through]


def find_known(difference, kind, is_off):
    """The entry of KNOWN for that difference, or None."""
    return next((known for known in KNOWN if known.has(difference, kind, is_off)), None)


@dataclass
class Difference:
    field: str
    what: str
    text: str
    theirs: object = None  # libvirt's later value
    ours: object = None


def between(value, first, second):
    if isinstance(value, (bool, str)) or isinstance(first, str):
        return value in (first, second)
    return min(first, second) <= value <= max(first, second)


def compare_field(name, first, ours, second):
    """The difference of one field, or None."""
    told = [each for each in (first, second) if each is not None]
    if ours is None:
        return Difference(name, "only libvirt", f"{told[0]}", told[-1][1]) if len(told) == 2 else None
    if not told:
        return Difference(name, "only ours", f"{ours}", None, ours[1])
    if ours[0] not in [kind for kind, _ in told]:
        return Difference(name, "type", f"libvirt {told[0][0]}, ours {ours[0]}")
    if not between(ours[1], told[0][1], told[-1][1]):
        return Difference(name, "value", f"libvirt {told[0][1]}, ours {ours[1]}, "
                          f"libvirt {told[-1][1]}", told[-1][1], ours[1])
    return None


def compare_order(first, ours):
    """Differences in the order of the fields that both have."""
    in_ours, in_libvirt = set(ours.by_name), set(first.by_name)

    def names(record, others):
        return [name for name, _, _ in record.params if name in others]

    left, right = names(first, in_ours), names(ours, in_libvirt)
    if left == right:
        return []
    found = []
    if [n for n in left if HYPERVISOR.match(n)] != [n for n in right if HYPERVISOR.match(n)]:
        name = next(a for a, b in zip([n for n in left if HYPERVISOR.match(n)],
                                      [n for n in right if HYPERVISOR.match(n)]) if a != b)
        found.append(Difference(name, "order", "another order"))
    left = [re.sub(HYPERVISOR, "statistic", n) for n in left]
    right = [re.sub(HYPERVISOR, "statistic", n) for n in right]
    found += [Difference(b, "order", f"libvirt has '{a}' here")
              for a, b in zip(left, right) if a != b][:1]
    return found


def compare(first, ours, second):
    """Gives (number of fields compared, differences); an empty record is one without fields."""
    names = dict.fromkeys(list(first.by_name) + list(ours.by_name) + list(second.by_name))
    found = []
    for name in names:
        difference = compare_field(name, first.by_name.get(name), ours.by_name.get(name),
                                   second.by_name.get(name))
        if difference is not None:
            found.append(difference)
    if len(ours.by_name) != len(ours.params):
        found.append(Difference("(record)", "twice", "a field stands twice"))
    return list(names), found + compare_order(first, ours)


class Table:
    """Counts fields and differences over all domains."""

    def __init__(self):
        self.rows = {}
        self.known = {}
        self.unexplained = []

    def row(self, field):
        pattern = re.sub(r"\.\d+\b", ".<n>", field)
        return self.rows.setdefault(pattern, {"domains": set(), "compared": 0, "explained": 0,
                                              "open": 0, "differing": 0})

    def add(self, domain, is_off, what, names, differences):
        for name in names:
            row = self.row(name)
            row["domains"].add(domain)
            row["compared"] += 1
        for each in differences:
            known = find_known(each, domain, is_off)
            column = "differing" if known is None else "open" if known.is_open else "explained"
            self.row(each.field)[column] += 1
            if known is not None:
                self.known.setdefault(known.name, set()).add(domain)
            else:
                self.unexplained.append(f"{domain} ({what}): {each.field}: {each.what}: "
                                        f"{each.text}")

    def total(self, column):
        return sum(row[column] for row in self.rows.values())

    def print(self):
        columns = ("compared", "equal", "explained", "open", "differing")
        print(f"{'field':<50} {'domains':>7}" + "".join(f"{name:>10}" for name in columns))
        for field, row in self.rows.items():
            row["equal"] = row["compared"] - row["explained"] - row["open"] - row["differing"]
            print(f"{field:<50} {len(row['domains']):>7}" +
                  "".join(f"{row[name]:>10}" for name in columns))
        for known in {known.name: known for known in KNOWN}.values():
            domains = sorted(self.known.get(known.name, ()))
            if domains:
                print(f"{'OPEN' if known.is_open else 'explained'} {known.name}: {known.reason} "
                      f"({len(domains)} domains: {', '.join(domains)})")
        for line in self.unexplained:
            print("DIFFERS", line)
