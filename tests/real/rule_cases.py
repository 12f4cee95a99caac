# SPDX-License-Identifier: LGPL-2.1-or-later
"""When each alert fires and when it does not, and what each recorded series is: tables for test_dashboards_rules.py.

Series are what domstatsd gives for a recorded domain, standing still, but for what a row changes: a metric, or a
metric and some of its labels, to a series in promtool's notation of one sample a minute. A metric that the recorded
domain does not have is made.
"""

AT = "19m10s"  # no sample has this time: which ends of a range count differs between versions of Prometheus
HERE = "one:9177"
THERE = "two:9177"
ID = "0d3a5b0e-6f0a-4b5e-9d0c-3f2b7c1a9e11"


def still(value):
    return f"{value}x90"


def grow(per_second, start=0):
    return f"{start}+{per_second * 60:g}x90"


def step(minute):
    """0, and from this minute on 1."""
    return f"0x{minute - 1} 1x90"


def named(name, **labels):
    return name, tuple(sorted(labels.items()))


BLOCK, NET = "domstats_block_", "domstats_interface_"
LOST = "0x14 1x90"
THIN = {named("domstats_block_info", device="disk0"): {"format": "qcow2"}}
ROOM = {named(BLOCK + "capacity_bytes", device="disk0"): still(1073741824)}

# alert, recorded domain, what is changed so that it fires, what it says then, [what is changed in near cases where it
# does not]; and when it is asked, labels beside those of the domain, labels of series that are changed
ALERTS = [
    {"alert": "DomstatsExporterDown", "domain": None, "fires": {"up": still(0)}, "at": "4m10s",
     "summary": "domstatsd of one:9177 is not reached", "near": [{"up": "1x1 0x90"}, {}]},
    {"alert": "DomstatsDomainNotAnswering", "domain": "stopped", "fires": {},
     "labels": {"answered_by": "host", "health": "stopped", "reason": "other"},
     "summary": "stopped on one:9177 does not answer: stopped, other",
     "near": [{"domstats_domain_answered": "0x15 1x90"}, {"domstats_domain_answered": "_x15 0x90"}]},
    {"alert": "DomstatsDomainUnreadable", "domain": "busy", "fires": {}, "at": "60m50s",
     "labels": {"answered_by": "host", "health": "busy", "reason": "held"},
     "summary": "busy on one:9177 cannot be read: busy, held", "near": [{"domstats_domain_verdict_info": "_x5 1x90"}]},
    {"alert": "DomstatsHostNotAnswering", "domain": "stopped", "of_host": True,
     "fires": {"domstats_domains": still(5), "domstats_domains_answered": still(2)},
     "summary": "only 40% of the domains on one:9177 answer",
     "near": [{"domstats_domains": still(6), "domstats_domains_answered": still(3)},
              {"domstats_domains": still(5), "domstats_domains_answered": still(2),  # the others are a manager's
               named("domstats_domains_by_health", health="busy"): still(3)},
              {"domstats_domains": still(5), "domstats_domains_answered": still(0),
               named("domstats_domains_by_health", health="no-monitor"): still(5)}]},
    {"alert": "DomstatsRoundSlow", "domain": "running", "of_host": True, "fires": {"domstats_round_seconds": still(54)},
     "summary": "a round on one:9177 takes 90% of the time between two scrapes",
     "near": [{"domstats_round_seconds": still(45)}]},
    {"alert": "DomstatsBlindSpot", "domain": "running", "of_host": True, "fires": {"domstats_blind_spot": still(1)},
     "at": "60m50s", "summary": "domstatsd on one:9177 may not see all domains",
     "near": [{"domstats_blind_spot": "0x5 1x90"}]},
    {"alert": "DomstatsSteal", "domain": "vcpu-16", "fires": {"domstats_vcpu_delay_seconds_total": grow(0.125)},
     "summary": "vcpu-16 on one:9177: a vCPU waits 12.5% of the time for a CPU",
     "near": [{"domstats_vcpu_delay_seconds_total": grow(0.09)},
              {named("domstats_vcpu_delay_seconds_total", vcpu="0"): grow(1)}]},
    {"alert": "DomstatsCpuThrottled", "domain": "running",
     "fires": {"domstats_domain_cpu_periods_total": grow(10), "domstats_domain_cpu_throttled_periods_total": grow(5)},
     "summary": "running on one:9177 is held back in 50% of the periods of its CPU limit",
     "near": [{"domstats_domain_cpu_periods_total": grow(10),
               "domstats_domain_cpu_throttled_periods_total": grow(2)}]},
    {"alert": "DomstatsGuestMemoryLow", "domain": "balloon-guest",
     "fires": {"domstats_guest_memory_usable_bytes": still(94781440 // 16),
               "domstats_guest_memory_age_seconds": still(1)},
     "summary": "balloon-guest on one:9177 could give up only 6.25% of its memory",
     "near": [{"domstats_guest_memory_usable_bytes": still(94781440 // 16)},  # the recorded report is old
              {"domstats_guest_memory_usable_bytes": still(10000000), "domstats_guest_memory_age_seconds": still(1)}]},
    {"alert": "DomstatsMemoryPressure", "domain": "running",
     "fires": {"domstats_domain_memory_pressure_full_seconds_total": grow(0.25)},
     "summary": "running on one:9177 stands still 25% of the time for want of memory",
     "near": [{"domstats_domain_memory_pressure_full_seconds_total": grow(0.15)}]},
    {"alert": "DomstatsOutOfMemory", "domain": "running", "fires": {"domstats_domain_memory_oom_kills_total": LOST},
     "summary": "the kernel has killed a process in the control group of running on one:9177",
     "near": [{"domstats_domain_memory_oom_kills_total": step(5)},
              {"domstats_domain_memory_oom_kills_total": still(1)}]},
    {"alert": "DomstatsDiskLatency", "domain": "raw",
     "fires": {BLOCK + "write_requests_total": grow(2), BLOCK + "write_seconds_total": grow(0.25)},
     "labels": {"device": "disk0"}, "summary": "disk0 of raw on one:9177: a request takes 125ms",
     "near": [{BLOCK + "write_requests_total": grow(2), BLOCK + "write_seconds_total": grow(0.09)},
              {BLOCK + "read_requests_total": grow(0.5), BLOCK + "read_seconds_total": grow(0.4)}]},
    {"alert": "DomstatsStoragePressure", "domain": "running",
     "fires": {"domstats_domain_io_pressure_full_seconds_total": grow(0.25)},
     "summary": "running on one:9177 stands still 25% of the time for its storage",
     "near": [{"domstats_domain_io_pressure_full_seconds_total": grow(0.15)}]},
    {"alert": "DomstatsDiskErrors", "domain": "io-error", "fires": {BLOCK + "write_failures_total": LOST},
     "labels": {"device": "disk0"}, "summary": "disk0 of io-error on one:9177 has I/O errors",
     "near": [{BLOCK + "write_failures_total": still(7)}]},
    {"alert": "DomstatsThinDiskNearlyFull", "domain": "block-device", "relabel": THIN,
     "fires": {**ROOM, named(BLOCK + "allocation_bytes", device="disk0"): still(4194304 * 0.9375)},
     "labels": {"device": "disk0"},
     "summary": "disk0 of block-device on one:9177 has used 93.75% of its volume",
     "near": [{**ROOM, named(BLOCK + "allocation_bytes", device="disk0"): still(4194304 * 0.875)},
              {named(BLOCK + "allocation_bytes", device="disk0"): still(4194304 * 0.9375)},
              {named(BLOCK + "allocation_bytes", device="disk1"): still(4194304)}]},
    {"alert": "DomstatsThinImageGrown", "domain": "threshold",
     "fires": {BLOCK + "physical_bytes": f"{8388608 // 2}x14 {8388608 * 31 // 32}x90"}, "labels": {"device": "disk0"},
     "summary": "the image of disk0 of threshold on one:9177 has 96.88% of its greatest size",
     "near": [{BLOCK + "physical_bytes": still(8388608)}, {BLOCK + "physical_bytes": "200704+100000x90"}]},
    {"alert": "DomstatsInterfaceDrops", "domain": "net-tap", "labels": {"device": "tap0"},
     "fires": {named(NET + "receive_packets_total", device="tap0"): grow(999),
               named(NET + "receive_drops_total", device="tap0"): grow(9)},
     "summary": "tap0 of net-tap on one:9177 loses 0.8929% of its packets",
     "near": [{NET + "receive_packets_total": grow(1000), NET + "receive_drops_total": grow(0.5)},
              {NET + "transmit_drops_total": step(5)},
              {NET + "receive_drops_total": grow(9), "domstats_domain_state": still(3)}]},  # paused
    {"alert": "DomstatsGuestCrashed", "domain": "panicked", "fires": {},
     "summary": "panicked on one:9177 has crashed", "near": [{"domstats_domain_state": still(3)}]},
    {"alert": "DomstatsGuestPanicked", "domain": "running", "fires": {"domstats_domain_guest_panics_total": LOST},
     "summary": "the guest of running on one:9177 has panicked",
     "near": [{"domstats_domain_guest_panics_total": step(5)}]},
    {"alert": "DomstatsGuestPausedByIoError", "domain": "io-error", "fires": {},
     "summary": "io-error on one:9177 is paused by an I/O error",
     "near": [{"domstats_domain_state_reason": still(1)}, {"domstats_domain_state": still(1)}]},
    {"alert": "DomstatsMigrationLong", "domain": "migrating",
     "fires": {"domstats_domain_migration_elapsed_seconds": still(5400)},
     "summary": "the migration of migrating on one:9177 has taken 1h 30m 0s",
     "near": [{"domstats_domain_migration_elapsed_seconds": still(3500)}]},
]
# Recorded domains in which an alert must not fire, as they are or changed.
OTHERS = [
    ("DomstatsGuestCrashed", "shutdown", {}),
    ("DomstatsGuestPausedByIoError", "paused", {}),
    ("DomstatsMigrationLong", "postmigrate", {"domstats_domain_migration_elapsed_seconds": still(5400)}),
    ("DomstatsDomainNotAnswering", "busy", {}),
    ("DomstatsDomainUnreadable", "stopped", {}),
]

CPU = "domstats_domain_cpu_seconds_total"
RUNS, STANDS, OFF = ({"domstats_domain_state": still(state)} for state in (1, 3, 5))
AWAY = {"domstats_domain_info": "1x9 stale", "domstats_domain_state": "1x9 stale", CPU: "0+30x9 stale"}
COMES = {"domstats_domain_info": "_x8 1x90", "domstats_domain_state": "_x8 3 1x90", CPU: "_x8 0+30x90"}
TWO = {BLOCK + "read_requests_total": grow(3), BLOCK + "write_requests_total": grow(1)}
NAMED = {"uuid": ID, "name": "vm"}


def by_host(value, of=HERE):
    return [({"job": "domstats", "instance": of}, value)]


# What is so, the hosts with their recorded domain and what is changed, the query, and its samples. Domains have the
# UUID and name of NAMED but where a row says "as recorded".
RECORDS = [
    ("two hosts have a domain: each says what it sees", [(HERE, "running", {}), (THERE, "incoming", {})],
     "uuid:domstats_claim:rank", [({"job": "domstats", "instance": HERE, "domain": "running", **NAMED}, 3),
                                  ({"job": "domstats", "instance": THERE, "domain": "incoming", **NAMED}, 1)]),
    ("the one that runs counts, and not the one that stands", [(HERE, "incoming", {}), (THERE, "running", {})],
     "uuid:domstats_place:info", [({"job": "domstats", "instance": THERE, "domain": "running", **NAMED}, 1)]),
    ("one that does not answer counts more than one that stands", [(HERE, "incoming", {}), (THERE, "stopped", {})],
     "uuid:domstats_place:info", [({"job": "domstats", "instance": THERE, "domain": "stopped", **NAMED}, 1)]),
    ("and less than one that runs", [(HERE, "running", {}), (THERE, "stopped", {})],
     "uuid:domstats_place:info", [({"job": "domstats", "instance": HERE, "domain": "running", **NAMED}, 1)]),
    ("one that is off counts less than one that stands", [(HERE, "running", OFF), (THERE, "running", STANDS)],
     "uuid:domstats_place:info", [({"job": "domstats", "instance": THERE, "domain": "running", **NAMED}, 1)]),
    ("one that is off has a place, if no other host has it", [(HERE, "running", OFF)],
     "uuid:domstats_place:info", [({"job": "domstats", "instance": HERE, "domain": "running", **NAMED}, 1)]),
    ("two that run count once", [(HERE, "running", RUNS), (THERE, "running", RUNS)],
     "count(uuid:domstats_place:info)", [({}, 1)]),
    ("UUIDs that domstats made of paths are of one host", [(HERE, "running", {}), (THERE, "running", {})],
     "as recorded: count by (uuid) (uuid:domstats_place:info)",
     [({"uuid": f"4ab99f6a-c11c-573a-aeb5-a6f4fd0fed40@{host}"}, 1) for host in (HERE, THERE)]),
    ("the series of a domain goes on when it moves", [(HERE, "running", AWAY), (THERE, "running", COMES)],
     "count_over_time(uuid:domstats_domain_cpu_seconds:rate5m[14m:50s])", [(NAMED, 17)]),
    ("and it has one rate, whose host is another", [(HERE, "running", AWAY), (THERE, "running", COMES)],
     "round(uuid:domstats_domain_cpu_seconds:rate5m, 0.01)", [(NAMED, 0.5)]),
    ("CPUs of the one that counts", [(HERE, "running", {CPU: grow(0.5)}), (THERE, "incoming", {CPU: grow(9)})],
     "round(uuid:domstats_domain_cpu_seconds:rate5m, 0.01)", [(NAMED, 0.5)]),
    ("steal, over its vCPUs", [(HERE, "vcpu-16", {named("domstats_vcpu_delay_seconds_total", vcpu="3"): grow(0.5)})],
     "round(uuid:domstats_vcpu_delay_seconds:ratio5m, 0.0001)", [(NAMED, 0.0313)]),
    ("memory", [(HERE, "balloon-guest", {})], "uuid:domstats_domain_memory_bytes:sum", [(NAMED, 134217728)]),
    ("what the guest could give up", [(HERE, "balloon-guest", {})],
     "round(uuid:domstats_guest_memory_usable:ratio, 0.001)", [(NAMED, 0.773)]),
    ("and nothing where the guest does not tell", [(HERE, "balloon-quiet", {})],
     "uuid:domstats_guest_memory_usable:ratio", []),
    ("bytes read, of all disks", [(HERE, "block-device", {BLOCK + "read_bytes_total": grow(500)})],
     "round(uuid:domstats_block_read_bytes:rate5m)", [(NAMED, 1000)]),
    ("bytes written", [(HERE, "block-device", {BLOCK + "write_bytes_total": grow(700)})],
     "round(uuid:domstats_block_write_bytes:rate5m)", [(NAMED, 1400)]),
    ("reads and writes", [(HERE, "block-device", TWO)], "round(uuid:domstats_block_requests:rate5m)", [(NAMED, 8)]),
    ("latency, over all disks", [(HERE, "block-device", {**TWO, BLOCK + "read_seconds_total": grow(0.04)})],
     "round(uuid:domstats_block_request_seconds:mean5m, 0.001)", [(NAMED, 0.01)]),
    ("no latency without requests", [(HERE, "block-device", {})], "uuid:domstats_block_request_seconds:mean5m", []),
    ("bytes received", [(HERE, "net-tap", {NET + "receive_bytes_total": grow(10)})],
     "round(uuid:domstats_interface_receive_bytes:rate5m)", [(NAMED, 20)]),
    ("bytes sent", [(HERE, "net-tap", {NET + "transmit_bytes_total": grow(20)})],
     "round(uuid:domstats_interface_transmit_bytes:rate5m)", [(NAMED, 40)]),
    ("drops, both ways", [(HERE, "net-tap", {NET + "receive_drops_total": grow(1),
                                             NET + "transmit_drops_total": grow(2)})],
     "round(uuid:domstats_interface_drops:rate5m)", [(NAMED, 6)]),
    ("part of the domains that answered", [(HERE, "stopped", {"domstats_domains": still(4),
                                                              "domstats_domains_answered": still(3)})],
     "instance:domstats_domains_answered:ratio", by_host(0.75)),
    ("CPUs of a host", [(HERE, "running", {CPU: grow(0.5)})],
     "round(instance:domstats_domain_cpu_seconds:rate5m, 0.01)", by_host(0.5)),
    ("steal of a host", [(HERE, "vcpu-16", {"domstats_vcpu_delay_seconds_total": grow(0.25)})],
     "round(instance:domstats_vcpu_delay_seconds:ratio5m, 0.01)", by_host(0.25)),
    ("memory of a host", [(HERE, "running", {})], "instance:domstats_domain_memory_bytes:sum", by_host(16777216)),
    ("memory that its QEMUs occupy", [(HERE, "running", {})],
     "instance:domstats_domain_resident_memory_bytes:sum", by_host(43991040)),
    ("how long a round takes", [(HERE, "running", {"domstats_round_seconds": still(6)})],
     "round(instance:domstats_round_seconds:interval_ratio, 0.01)", by_host(0.1)),
]
