# SPDX-License-Identifier: LGPL-2.1-or-later
"""One record of libvirt's, one of ours and one of libvirt's again: what differs, and whether the
short list of EXPLAINED differences knows why."""
import re

import libvirt

VERSION = libvirt.getVersion()
HYPERVISOR = re.compile(r"(?:vcpu\.\d+|vm)\.[^.]+\.(?:sum|cur|max)$")


def before(*version):
    """True if libvirt is older than @version."""
    major, minor = version
    return VERSION < major * 1000000 + minor * 1000


# name, fields it is about, which kind of domain ("" any, "off" any that does not run), what
# differs ("" anything), reason, whether it holds for this libvirt
EXPLAINED = [
    ("off-cpu", r"cpu\.(time|user|system)$", "off", "only libvirt",
     "of a domain that is off, libvirt before 12.4 shows the CPU time of itself", before(12, 4)),
    ("limits", r"block\.\d+\.limits\.", "", "only ours", "libvirt has them since 11.10",
     before(11, 10)),
    ("data-file", r"block\.(count|1\..*)$", "data-file", "",
     "libvirt has records of data files since 12.2", before(12, 2)),
    ("backup-store", r"block\.(count|1\..*)$", "backup", "",
     "only libvirt knows the store of a backup job, and asking makes it log errors", True),
    ("stats-order", HYPERVISOR.pattern, "", "order",
     "libvirt writes hypervisor statistics in the order of a hash table", True),
    ("perf-start", r"perf\.", "perf", "value",
     "counting begins when an event is opened: libvirt's at the start of the domain", True),
    ("no-monitor", r"(block\.\d+\.(rd|wr|fl|allocation|capacity|physical)|vcpu\.\d|iothread\.|"
     r"dirtyrate\.|vm\.|balloon\.last-update|cpu\.haltpoll)", "no-monitor",
     "only libvirt", "without a second monitor only the host is asked", True),
]


def explain(field, kind, is_off, what):
    """The entry of EXPLAINED that knows; None if none does."""
    for name, pattern, kinds, whats, _, applies in EXPLAINED:
        if applies and re.match(pattern, field) and whats in what and \
                (kinds in ("", kind) or (kinds == "off" and is_off)):
            return name
    return None


class Difference:
    def __init__(self, field, what, text):
        self.field, self.what, self.text = field, what, text


def between(value, first, second):
    if isinstance(value, (bool, str)) or isinstance(first, str):
        return value in (first, second)
    return min(first, second) <= value <= max(first, second)


def compare_field(name, first, ours, second):
    """None if all is well; otherwise what is not."""
    told = [each for each in (first, second) if each is not None]
    if ours is None:
        return Difference(name, "only libvirt", f"{told[0]}") if len(told) == 2 else None
    if not told:
        return Difference(name, "only ours", f"{ours}")
    if ours[0] not in [kind for kind, _ in told]:
        return Difference(name, "type", f"libvirt {told[0][0]}, ours {ours[0]}")
    if not between(ours[1], told[0][1], told[-1][1]):
        return Difference(name, "value", f"libvirt {told[0][1]}, ours {ours[1]}, "
                          f"libvirt {told[-1][1]}")
    return None


def compare_order(first, ours):
    """Differences of the order of those fields that both have."""
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
    """Fields x domains, added up."""

    def __init__(self):
        self.rows = {}
        self.explained = {}
        self.unexplained = []

    def row(self, field):
        pattern = re.sub(r"\.\d+\b", ".<n>", field)
        return self.rows.setdefault(pattern, {"domains": set(), "compared": 0, "explained": 0,
                                              "differing": 0})

    def add(self, domain, is_off, what, names, differences):
        for name in names:
            row = self.row(name)
            row["domains"].add(domain)
            row["compared"] += 1
        for each in differences:
            why = explain(each.field, domain, is_off, each.what)
            self.row(each.field)["explained" if why else "differing"] += 1
            if why:
                self.explained.setdefault(why, set()).add(domain)
            else:
                self.unexplained.append(f"{domain} ({what}): {each.field}: {each.what}: "
                                        f"{each.text}")

    def total(self, column):
        return sum(row[column] for row in self.rows.values())

    def print(self):
        print(f"{'field':<50} {'domains':>7} {'compared':>9} {'equal':>9} {'explained':>9} "
              f"{'differing':>9}")
        for field, row in self.rows.items():
            equal = row["compared"] - row["explained"] - row["differing"]
            print(f"{field:<50} {len(row['domains']):>7} {row['compared']:>9} {equal:>9} "
                  f"{row['explained']:>9} {row['differing']:>9}")
        print("\nexplained differences:")
        for name, _, _, _, reason, _ in EXPLAINED:
            domains = sorted(self.explained.get(name, ()))
            if domains:
                print(f"  {name}: {reason} ({len(domains)} domains: {', '.join(domains)})")
        for line in self.unexplained:
            print("DIFFERS", line)
