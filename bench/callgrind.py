# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads what callgrind wrote: instructions by function, alone and with all it calls."""

import collections
import re

NAME = re.compile(r"(c?fn)=\((\d+)\)(?: (.*))?")
ALLOCATORS = ("malloc", "calloc", "realloc")

# The parts of our side: functions, each counted with all that it calls. None of them calls another.
INSIDE_EXCHANGE = {
    "JSON to values": ("util_jsonstream_take",),
    "values to facts": ("qemu_record_decode",),
    "host facts": ("qemu_host_read_facts", "qemu_host_gather_evidence"),
    "emit": ("qemu_record_make",),
}
OUTSIDE = {
    "finding the domains": ("qemu_source_scan",),
    "freeing the answers": ("qemu_job_free",),
    "freeing the records, by the caller": ("domstats_record_list_free",),
}
EXCHANGE = "qemu_exchange_run"


class Profile:
    def __init__(self, path):
        self.alone = collections.Counter()
        self.called = collections.Counter()  # by function: the cost of its callees
        self.calls = collections.Counter()
        self.read(path)

    def read(self, path):
        names, function, callee, is_call = {}, None, None, False
        with open(path, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                match = NAME.match(line)
                if match:
                    name = names.setdefault(match[2], match[3])
                    if match[1] == "fn":
                        function = name
                    else:
                        callee = name
                elif line.startswith("calls="):
                    self.calls[callee] += int(line[6:].split()[0])
                    is_call = True
                elif function and line[:1] in "+-*0123456789":
                    words = line.split()
                    cost = int(words[1]) if len(words) > 1 else 0
                    if is_call and function != callee:
                        self.called[function] += cost
                    elif not is_call:
                        self.alone[function] += cost
                    is_call = False

    def with_callees(self, function):
        return self.alone[function] + self.called[function]

    def allocations(self):
        return sum(self.calls[name] for name in ALLOCATORS)

    def total(self):
        return sum(self.alone.values())

    def minus(self, other):
        """Subtracts @other, a shorter run; gives self."""
        for mine, its in ((self.alone, other.alone), (self.called, other.called),
                          (self.calls, other.calls)):
            mine.subtract(its)
        return self

    def parts(self):
        """Instructions of each part of our side; their sum is the total."""
        def sums(table):
            return {part: sum(map(self.with_callees, functions))
                    for part, functions in table.items()}

        inside, outside = sums(INSIDE_EXCHANGE), sums(OUTSIDE)
        exchange = self.with_callees(EXCHANGE)
        rest = self.total() - exchange - sum(outside.values())
        return {**inside, "exchange": exchange - sum(inside.values()), **outside, "the rest": rest}

    def top(self, count):
        return [(name, cost) for name, cost in self.alone.most_common(count) if cost > 0]
