# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares the bulk calls: filters, ENFORCE, unknown bits, lists. Both sides get the same call and must
give the same domains, or the same error."""
import itertools

import libvirt

from compare_libvirt import ours

FILTERS = {name: getattr(libvirt, "VIR_CONNECT_GET_ALL_DOMAINS_STATS_" + name)
           for name in ("ACTIVE", "INACTIVE", "PERSISTENT", "TRANSIENT", "RUNNING", "PAUSED",
                        "SHUTOFF", "OTHER")}
ENFORCE = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS
NOWAIT = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
STATE = libvirt.VIR_DOMAIN_STATS_STATE
VM = libvirt.VIR_DOMAIN_STATS_VM
DIRTYRATE = libvirt.VIR_DOMAIN_STATS_DIRTYRATE
UNKNOWN_STATS = 1 << 30
UNKNOWN_FLAG = 1 << 12


def outcome(function, *arguments):
    """The domains of a call, or its error's code."""
    try:
        return [record.name for record in function(*arguments)]
    except ours.Failure as failure:
        return failure.code


def compare(machine, what, name, theirs, mine, *arguments, sort=False):
    """What differs in the outcome of one call. libvirt may log errors for its own alone."""
    left = outcome(getattr(theirs, name), *arguments)
    logged = machine.errors()
    right = outcome(getattr(mine, name), *arguments)
    more = machine.errors()[len(logged):]
    if sort and isinstance(left, list) and isinstance(right, list):
        left, right = sorted(left), sorted(right)  # libvirt's order is a hash table's
    return [f"API: {what}: libvirt {left}, ours {right}"] * (left != right) + \
        [f"API: {what}: ours: {each}" for each in more]


def list_filters():
    """Each filter, each pair of filters, and some further masks."""
    names = list(FILTERS)
    for n in (1, 2):
        for some in itertools.combinations(names, n):
            yield "+".join(some), sum(FILTERS[name] for name in some)
    yield "everything", sum(FILTERS.values())
    yield "ACTIVE+PAUSED+TRANSIENT", (FILTERS["ACTIVE"] | FILTERS["PAUSED"] |
                                      FILTERS["TRANSIENT"])


def list_whole_calls():
    for name, flags in list_filters():
        yield name, STATE, flags
    active = FILTERS["ACTIVE"]
    yield "an unknown group", UNKNOWN_STATS, 0
    yield "an unknown group beside a known one", UNKNOWN_STATS | STATE, 0
    yield "an unknown group, enforced", UNKNOWN_STATS | STATE, ENFORCE
    yield "a known group, enforced", STATE, ENFORCE
    yield "all, enforced", 0, ENFORCE
    yield "vm of those that are off, enforced", VM, ENFORCE
    yield "vm of those that run, enforced", VM, ENFORCE | active
    yield "dirtyrate of those that are off, enforced", DIRTYRATE, ENFORCE | FILTERS["INACTIVE"]
    yield "an unknown flag", STATE, UNKNOWN_FLAG
    yield "NOWAIT", 0, NOWAIT
    yield "NOWAIT, enforced", STATE, NOWAIT | ENFORCE


def list_named_calls(names):
    yield "no domain", [], STATE, 0
    yield "one domain", names[:1], STATE, 0
    yield "a domain twice", [names[0], names[-1], names[0]], STATE, 0
    yield "backwards", names[::-1], STATE, 0
    yield "a filter that some pass", names, STATE, FILTERS["PAUSED"]
    yield "a filter that none passes", names, STATE, FILTERS["OTHER"]


def run(machine, theirs, mine, names):
    """Gives the number of calls compared, and what differs."""
    failures = []
    n = 0
    for what, stats, flags in list_whole_calls():
        n += 1
        failures += compare(machine, what, "get_all", theirs, mine, stats, flags, sort=True)
    for what, domains, stats, flags in list_named_calls(names):
        n += 1
        failures += compare(machine, what, "get_some", theirs, mine, domains, stats, flags)
    failures += end_during_calls(machine, mine)
    return n + 1, failures


def end_during_calls(machine, mine):
    """A domain that ends between and during calls: every call gives an answer without error."""
    xml = f"""<domain type='qemu'><name>ending</name><memory unit='MiB'>16</memory>
<os><type arch='x86_64'>hvm</type></os></domain>"""
    failures = []
    domain = machine.conn.createXML(xml, libvirt.VIR_DOMAIN_START_PAUSED)
    if "ending" not in outcome(mine.get_all, 0, 0):
        failures.append("API: a new domain is not met")
    thread = machine.in_background(domain.destroy)
    while thread.is_alive():
        if not isinstance(outcome(mine.get_all, 0, 0), list):
            failures.append("API: a call failed because a domain ended")
    thread.join()
    if "ending" in outcome(mine.get_all, 0, 0):
        failures.append("API: a domain that ended is still met")
    return failures
