# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recorded hosts that a test makes: domains of a name, a UUID and a load that it chooses, and time that it lets pass.

RecordedHost(folder, [Domain(...), ...]) writes a recording for "replay:FOLDER". at(seconds) writes what its files hold so
many seconds later; a domstatsd reads the replies anew after SIGHUP, and the files of the host in each round. add() and
remove() change which domains there are. Replies are those of a recorded QEMU 10.0, with numbers put in. Nothing in it is
evidence of what a QEMU does.
"""

import json
import math
import os
import shutil

TESTS = os.environ.get("DOMSTATS_TESTS", "tests")
TEMPLATE = os.path.join(TESTS, "qemujsontestdata", "histograms")
TICKS, PAGE = 100, 4096
MIB = 1024 * 1024
CMDLINE = ("/usr/bin/qemu-system-x86_64 -name {name} -accel kvm -m {mib} -nodefaults -qmp "
           "unix:/srv/qmp/{name}.sock,server=on,wait=off -blockdev driver=file,node-name=file,filename=/srv/{name}.raw "
           "-blockdev driver=raw,node-name=raw,file=file -device virtio-blk-pci,drive=raw,id=disk0 "
           "-netdev tap,id=net0,ifname={tap},script=no,downscript=no -device virtio-net-pci,netdev=net0,id=nic0 "
           "-device virtio-balloon-pci,id=balloon0 -object iothread,id=io0")
STATUS = "Name:\tqemu-system-x86\nState:\tS (sleeping)\nTgid:\t{pid}\nPid:\t{pid}\nPPid:\t1\nUid:\t0\t0\t0\t0\nNStgid:\t" \
         "{pid}\nNSpid:\t{pid}\nVmRSS:\t{rss} kB\nRssAnon:\t{rss} kB\nVmSwap:\t0 kB\nHugetlbPages:\t0 kB\nThreads:\t{n}\n"
STAT = "{tid} ({comm}) S 1 0 0 0 -1 138412416 0 0 0 0 {user} {system} 0 0 20 0 {n} 0 {start} 1468436480 {pages}" + " 0" * 28
DEV_HEAD = """Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
"""
BOUNDARIES = [100000, 1000000, 10000000, 100000000]  # ns


class Domain:
    """What a domain is and how busy it is. Rates are of one second; those of time are parts of it."""

    def __init__(self, name, uuid, **load):
        self.name, self.uuid, self.health = name, uuid, "ok"
        self.load = {"vcpus": 2, "mib": 1024, "status": "running", "cpu": 0.3, "steal": 0.01, "reads": 20, "writes": 10,
                     "read_s": 0.002, "write_s": 0.004, "failures": 0, "rx": 80, "tx": 60, "drops": 0, "usable": 0.5,
                     "throttled": 0.0, "pressure": 0.01, "migration": None, "job": False, **load}

    def grown(self, key, seconds):
        """What a rate has added up to: it swings, but never goes back."""
        period = 7 + len(self.name) + sum(map(ord, key)) % 11
        return self.load[key] * (seconds + 0.4 * period / 6.3 * (1 - math.cos(6.3 * seconds / period)))


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def reply(value):
    return json.dumps({"return": value})


class RecordedHost:
    def __init__(self, folder, domains, first_pid=1000):
        self.folder, self.domains, self.first_pid = folder, list(domains), first_pid
        self.numbers = {}  # of each domain that was ever here: its process ids and its tap
        self.written = {}
        self.template = {name: read(os.path.join(TEMPLATE, name)) for name in os.listdir(TEMPLATE)
                         if name.endswith(".json") and name != "domain.json"}
        self.disk = json.loads(self.template["query-blockstats.json"])["return"][0]
        self.node_stats = json.loads(self.template["query-blockstats.nodes.json"])["return"]
        self.nodes = json.loads(self.template["query-named-block-nodes.json"])["return"]
        self.write("host.json", json.dumps({"format": 1, "domstats": "0.1.0", "created": "2026-11-23T14:53:30Z",
                                            "kernel": "6.18", "ticks_per_second": TICKS, "page_bytes": PAGE}))
        self.write("proc/self/sched", "domstats (1, #threads: 1)\nse.exec_start : 6550030.272373\n")
        self.link("proc/self/ns/net", "net:[4026532240]")
        self.at(0)

    def link(self, path, target):
        whole = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        if not os.path.islink(whole):
            os.symlink(target, whole)

    def write(self, path, text):
        """A reader finds the old file or the new one."""
        if self.written.get(path) == text:
            return
        whole = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(whole + ".new", whole)
        self.written[path] = text

    def at(self, seconds):
        lines = [DEV_HEAD]
        for domain in self.domains:
            number = self.numbers.setdefault(domain.name, len(self.numbers))
            lines.append(f"  tap{number}: " + " ".join(map(str, self.counters(domain, seconds))) + "\n")
            self.write_domain(domain, self.first_pid + 40 * number, f"tap{number}", seconds)
        self.write("proc/net/dev", "".join(lines))

    def add(self, domain):
        self.domains.append(domain)

    def silence(self, domain):
        """From now on it answers nothing, as one that was stopped when the host was recorded."""
        domain.health = "stopped"

    def remove(self, domain):
        """Its process goes, too, as the last of it."""
        self.domains.remove(domain)
        for path in domain.name, f"proc/{self.first_pid + 40 * self.numbers[domain.name]}":
            shutil.rmtree(os.path.join(self.folder, path))
            self.written = {name: text for name, text in self.written.items() if not name.startswith(path + "/")}

    @staticmethod
    def counters(domain, seconds):
        """A line of /proc/net/dev: what a tap receives its guest has sent."""
        rx, tx, drops = (int(domain.grown(key, seconds)) for key in ("rx", "tx", "drops"))
        return [tx * 700, tx, 0, 0, 0, 0, 0, 0, rx * 900, rx, 0, drops, 0, 0, 0, 0]

    def write_domain(self, domain, pid, tap, seconds):
        load = domain.load
        self.write(f"{domain.name}/domain.json", json.dumps(
            {"name": domain.name, "uuid": domain.uuid, "id": pid, "pid": pid, "start_ticks": 5000, "health": domain.health,
             "monitor": f"/srv/qmp/{domain.name}.sock"}))
        for name, text in {**self.template, **self.replies(domain, pid, seconds)}.items():
            self.write(f"{domain.name}/{name}", text)
        for name, text in self.process(domain, pid, tap, seconds).items():
            self.write(f"proc/{pid}/{name}", text)
        self.link(f"proc/{pid}/ns/net", "net:[4026532240]")
        self.link(f"proc/{pid}/exe", "/usr/bin/qemu-system-x86_64")
        self.link(f"proc/{pid}/fd/9", "/dev/net/tun")
        self.write(f"proc/{pid}/fdinfo/9", f"pos:\t0\nflags:\t0104002\nmnt_id:\t29\nino:\t86\niff:\t{tap}\n")
        group = f"machine.slice/{domain.name}.scope"
        self.write(f"proc/{pid}/cgroup", f"0::/{group}\n")
        for name, text in self.group(domain, pid, seconds).items():
            self.write(f"sys/fs/cgroup/{group}/{name}", text)
        for n in range(load["vcpus"]):
            self.write_thread(pid, pid + 1 + n, f"CPU {n}/KVM", domain.grown("cpu", seconds) / load["vcpus"],
                              domain.grown("steal", seconds))
        self.write_thread(pid, pid, "qemu-system-x86", domain.grown("cpu", seconds) / 20, 0)
        self.write_thread(pid, pid + 30, f"vhost-{pid}", domain.grown("rx", seconds) / 2000, 0)
        self.write_thread(pid, pid + 31, "IO io0", domain.grown("cpu", seconds) / 10, 0)

    def write_thread(self, pid, tid, comm, cpu_s, wait_s):
        user = int(cpu_s * TICKS)
        self.write(f"proc/{pid}/task/{tid}/comm", comm + "\n")
        self.write(f"proc/{pid}/task/{tid}/stat", STAT.format(tid=tid, comm=comm, user=user, system=user // 10, n=4,
                                                              start=5000, pages=1000) + "\n")
        self.write(f"proc/{pid}/task/{tid}/schedstat", f"{int(cpu_s * 1e9)} {int(wait_s * 1e9)} 100\n")

    def replies(self, domain, pid, seconds):
        load, n = domain.load, {key: domain.grown(key, seconds) for key in ("reads", "writes", "failures")}
        size = load["mib"] * MIB
        stats = {**self.disk["stats"], "rd_operations": int(n["reads"]), "rd_bytes": int(n["reads"]) * 16384,
                 "rd_total_time_ns": int(n["reads"] * load["read_s"] * 1e9), "wr_operations": int(n["writes"]),
                 "wr_bytes": int(n["writes"]) * 8192, "wr_total_time_ns": int(n["writes"] * load["write_s"] * 1e9),
                 "flush_operations": int(n["writes"] / 5),
                 "flush_total_time_ns": int(n["writes"] / 5 * 3e6),
                 "failed_wr_operations": int(n["failures"]), "wr_highest_offset": int(n["writes"]) * 65536 + MIB,
                 "rd_latency_histogram": {"boundaries": BOUNDARIES,
                                          "bins": [int(n["reads"] * part) for part in (0.1, 0.5, 0.3, 0.09, 0.01)]}}
        path = f"/srv/{domain.name}.raw"
        nodes = [{**node, "file": path, "image": {**node["image"], "virtual-size": 8192 * MIB, "actual-size": 1024 * MIB,
                                    "filename": path}} for node in self.nodes]
        guest = {"stat-total-memory": size, "stat-available-memory": int(size * load["usable"]),
                 "stat-free-memory": int(size * load["usable"] / 2), "stat-disk-caches": size // 8,
                 "stat-major-faults": int(n["reads"] / 9), "stat-minor-faults": int(n["reads"] * 9),
                 "stat-swap-in": int(n["reads"] * 4096), "stat-swap-out": int(n["writes"] * 4096),
                 "stat-htlb-pgalloc": 0, "stat-htlb-pgfail": 0}
        made = {
            "query-name": {"name": domain.name},
            "query-uuid": {"UUID": domain.uuid},
            "query-status": {"status": load["status"], "running": load["status"] == "running"},
            "query-cpus-fast": [{"thread-id": pid + 1 + i, "props": {"core-id": i, "thread-id": 0, "socket-id": 0},
                                 "qom-path": f"/machine/unattached/device[{i}]", "cpu-index": i, "target": "x86_64"}
                                for i in range(load["vcpus"])],
            "query-blockstats": [{**self.disk, "stats": stats, "parent": self.below(stats)}],
            "query-blockstats.nodes": [{**node, "stats": {**node["stats"], "wr_highest_offset": stats["wr_highest_offset"]}}
                                       for node in self.node_stats],
            "query-named-block-nodes": nodes,
            "query-iothreads": [{"id": "io0", "thread-id": pid + 31, "poll-max-ns": 32768, "poll-grow": 0,
                                 "poll-shrink": 0, "aio-max-batch": 0}],
            "query-hotpluggable-cpus": [{"props": {"core-id": i, "thread-id": 0, "socket-id": 0}, "vcpus-count": 1,
                                         "qom-path": f"/machine/unattached/device[{i}]", "type": "qemu64-x86_64-cpu"}
                                        for i in range(load["vcpus"])],
            "query-balloon": {"actual": size},
            "query-memory-size-summary": {"base-memory": size, "plugged-memory": 0},
            "qom-list.peripheral": [{"name": "type", "type": "string"}, {"name": "balloon0",
                                                                         "type": "child<virtio-balloon-pci>"},
                                    {"name": "disk0", "type": "child<virtio-blk-pci>"},
                                    {"name": "nic0", "type": "child<virtio-net-pci>"}],
            "qom-get.guest-stats": {"stats": guest, "last-update": int(1795445606 + seconds)},
            "qom-get.guest-stats-polling-interval": 1,
            "query-migrate": self.migration(load["migration"], size, seconds),
            "query-block-jobs": [{"type": "backup", "device": "copy", "status": "running", "busy": True, "paused": False,
                                  "ready": False, "io-status": "ok", "len": 1024 * MIB, "speed": 0, "auto-finalize": True,
                                  "auto-dismiss": True, "offset": int(seconds) * 8 * MIB}] if load["job"] else [],
        }
        return {name + ".json": reply(value) for name, value in made.items()}

    def below(self, stats):
        """The file under the disk: QEMU tells of it how far it was written."""
        parent = self.disk["parent"]
        return {**parent, "stats": {**parent["stats"], "wr_highest_offset": stats["wr_highest_offset"]}}

    @staticmethod
    def migration(speed, size, seconds):
        """Under way since second 0, at @speed bytes a second; {}: none was."""
        if speed is None:
            return {}
        sent = min(int(speed * seconds), size)
        return {"status": "active", "setup-time": 3, "total-time": int(seconds * 1000), "expected-downtime": 300, "ram": {
            "total": size, "transferred": sent, "remaining": size - sent, "page-size": PAGE, "mbps": speed * 8 / 1e6,
            "dirty-sync-count": 1, "dirty-pages-rate": 0, "postcopy-requests": 0, "normal": 0, "normal-bytes": 0,
            "duplicate": 0, "skipped": 0, "multifd-bytes": 0, "pages-per-second": 0, "precopy-bytes": sent,
            "postcopy-bytes": 0, "downtime-bytes": 0, "dirty-sync-missed-zero-copy": 0}}

    @staticmethod
    def process(domain, pid, tap, seconds):
        load, words = domain.load, CMDLINE.format(name=domain.name, mib=domain.load["mib"], tap=tap).split(" ")
        user, rss = int(domain.grown("cpu", seconds) * TICKS), load["mib"] * 1024 * 3 // 4
        return {"cmdline": "\0".join(words) + "\0", "status": STATUS.format(pid=pid, rss=rss, n=4),
                "stat": STAT.format(tid=pid, comm="qemu-system-x86", user=user, system=user // 10, n=4, start=5000,
                                    pages=rss * 1024 // PAGE) + "\n"}

    @staticmethod
    def group(domain, pid, seconds):
        waited = int(domain.grown("pressure", seconds) * 1e6)
        pressure = "".join(f"{kind} avg10=0.00 avg60=0.00 avg300=0.00 total={total}\n"
                           for kind, total in (("some", waited), ("full", waited // 2)))
        periods = int(seconds * 10)
        held = int(domain.grown("throttled", seconds) * 10)
        return {"cgroup.procs": f"{pid}\n", "cgroup.events": "populated 1\nfrozen 0\n", "cpu.pressure": pressure,
                "memory.pressure": pressure, "io.pressure": pressure, "memory.swap.current": "0\n",
                "cpu.stat": f"usage_usec 1\nuser_usec 1\nsystem_usec 0\nnr_periods {periods}\nnr_throttled {held}\n"
                            f"throttled_usec {held * 20000}\n",
                "memory.events": "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n",
                "memory.numa_stat": f"anon N0={domain.load['mib'] * MIB // 2} N1={domain.load['mib'] * MIB // 4}\n"
                                    "file N0=8388608 N1=4194304\n"}
