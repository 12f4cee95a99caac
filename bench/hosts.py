#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a fleet costs: many domstatsd, each on a recorded host that this script makes, and one Prometheus with the rules
of dashboards/, which scrapes them. Prints a table; with --docs it goes into docs/fleet.md.

BUILD is a folder of a release build. Recorded hosts have the files of QEMUs and no QEMUs, so the CPU time of domstatsd
is what it takes to read, compute, write and compress; what QEMUs and the kernel cost is in docs/benchmarks.md."""

import argparse
import json
import os
import re
import subprocess
import sys
import time

TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TREE, "tests", "real"))
os.environ.setdefault("DOMSTATS_TESTS", os.path.join(TREE, "tests"))

import apart  # noqa: E402
from host import Host  # noqa: E402
from prometheus import Prometheus  # noqa: E402
from recorded import Domain, RecordedHost  # noqa: E402
from test_service_metrics import free_port  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
INTERVAL_S = 30
N_ALIKE = 1000  # texts that are looked up: those of the first domains have all that are in every domain
PAGE = os.path.join(TREE, "docs", "fleet.md")


def until(what, attempt, patience_s=60):
    deadline = time.monotonic() + patience_s
    while not attempt():
        if time.monotonic() > deadline:
            raise RuntimeError(f"it did not happen: {what}")
        time.sleep(0.1)


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        return sum(map(int, stat.read().rpartition(")")[2].split()[11:13])) / TICKS


def resident_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        return int(re.search(r"^VmRSS:\s+(\d+)", status.read(), re.M)[1]) / 1024


class Quick(RecordedHost):
    """Files that are alike in all domains are one file with many names: thousands of domains fit a disk then."""

    first = {}

    def write(self, path, text):
        whole = os.path.join(self.folder, path)
        if text in self.first:
            os.makedirs(os.path.dirname(whole), exist_ok=True)
            try:
                os.link(self.first[text], whole)
                return
            except OSError:  # it has as many names as a file can have
                del self.first[text]
        super().write(path, text)
        if len(self.first) < N_ALIKE:
            self.first[text] = whole


def make_host(folder, place, n_domains):
    """In seconds, so a host that was made for an earlier run is taken again."""
    if not os.path.exists(os.path.join(folder, "whole")):
        Quick(folder, [Domain(f"vm{place}-{number}", f"{place:08x}-{number:04x}-4000-8000-000000000000")
                       for number in range(n_domains)])
        with open(os.path.join(folder, "whole"), "w", encoding="ascii"):
            pass
    return folder


def start(host, daemon, folders):
    processes, targets = [], []
    for place, folder in enumerate(folders):
        port, name = free_port(), f"domstatsd{place}"
        line = [daemon, "-c", "replay:" + folder, "--metrics", f"127.0.0.1:{port}",
                "--rpc", host.path(name + ".rpc"), "--service", host.path(name + ".sock")]
        process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        host.processes[name] = process
        processes.append(process.pid)
        targets.append(f"127.0.0.1:{port}")
    return processes, targets


def scraped(target, *more):
    return subprocess.run(["curl", "-s", "--max-time", "60", *more, f"http://{target}/metrics?ext=1"], check=True,
                          capture_output=True).stdout


# What is said, the query, and how its value is written; WINDOW is the time that counts.
QUERIES = [
    ("hosts that every scrape reached", 'count(min_over_time(up{job="domstats"}WINDOW) == 1)', "{:,.0f}"),
    ("samples of one scrape", 'max(scrape_samples_scraped{job="domstats"})', "{:,.0f}"),
    ("milliseconds of a scrape, median of the hosts",
     '1000 * quantile(0.5, avg_over_time(scrape_duration_seconds{job="domstats"}WINDOW))', "{:,.0f}"),
    ("milliseconds of the longest",
     '1000 * max(max_over_time(scrape_duration_seconds{job="domstats"}WINDOW))', "{:,.0f}"),
    ("series in Prometheus", "prometheus_tsdb_head_series", "{:,.0f}"),
    ("seconds of all rules, once", "sum(prometheus_rule_group_last_duration_seconds)", "{:,.2f}"),
    ("domains by the rules, each once", "count(uuid:domstats_place:info)", "{:,.0f}"),
]


def start_prometheus(host, targets):
    port = free_port()
    every = {"scrape_interval": f"{INTERVAL_S}s", "scrape_timeout": "20s"}
    return Prometheus(host, port, json.dumps({
        "global": {"evaluation_interval": f"{INTERVAL_S}s"},
        "rule_files": [os.path.join(TREE, "dashboards", "prometheus", "*.yml")],
        "scrape_configs": [
            {"job_name": "domstats", **every, "params": {"ext": ["1"]}, "static_configs": [{"targets": targets}]},
            {"job_name": "itself", "scrape_interval": "5s", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}]}))


def serves(target):
    return subprocess.run(["curl", "-sf", "-o", "/dev/null", f"http://{target}/-/healthy"], check=False).returncode == 0


def measure(options):
    """[(what, value)]."""
    with Host() as host:
        begun = time.monotonic()
        made = options.made or host.path("made")
        folders = [make_host(os.path.join(made, f"{options.domains}-{place}"), place, options.domains)
                   for place in range(options.hosts)]
        if options.rounds == 0:
            return []
        pids, targets = start(host, os.path.join(options.build, "src/daemon/domstatsd"), folders)
        for target in targets:
            until("it serves", lambda one=target: serves(one))
        print(f"made and started in {time.monotonic() - begun:.0f} seconds", flush=True)
        prometheus = start_prometheus(host, targets)
        until("the first rounds are over", lambda: prometheus.query(f'count(up{{job="domstats"}}) == {options.hosts}'),
              patience_s=2 * INTERVAL_S)
        everyone = [*pids, prometheus.process.pid]
        before, begun = [cpu_s(pid) for pid in everyone], time.monotonic()
        time.sleep(options.rounds * INTERVAL_S)
        seconds = time.monotonic() - begun
        *ours, theirs = [(cpu_s(pid) - earlier) / seconds for pid, earlier in zip(everyone, before)]
        rows = [("hosts", f"{options.hosts}"), ("domains on each", f"{options.domains}")]
        for what, query, form in QUERIES:
            found = prometheus.query(query.replace("WINDOW", f"[{options.rounds * INTERVAL_S}s]"))
            rows.append((what, form.format(found[0][1]) if found else "none"))
        text, packed = scraped(targets[0]), scraped(targets[0], "-H", "Accept-Encoding: gzip")
        rows += [("bytes of a scrape", f"{len(text):,}"), ("and with gzip, as Prometheus asks", f"{len(packed):,}"),
                 ("CPU milliseconds of domstatsd for a scrape", f"{1000 * INTERVAL_S * sum(ours) / len(ours):,.0f}"),
                 ("MB of memory of domstatsd", f"{sum(map(resident_mb, pids)) / len(pids):,.0f}"),
                 ("percent of a processor that Prometheus takes", f"{100 * theirs:,.1f}"),
                 ("MB of memory of Prometheus", f"{resident_mb(prometheus.process.pid):,.0f}")]
    return rows


def table(rows):
    return "\n".join(["| what | value |", "| --- | ---: |", *(f"| {what} | {value} |" for what, value in rows)])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--hosts", type=int, default=50)
    parser.add_argument("--domains", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=4, help=f"scrapes that count, one in {INTERVAL_S} seconds")
    parser.add_argument("--made", metavar="FOLDER",
                        help="keep the recorded hosts there for the next run; with --rounds 0 nothing else is done")
    parser.add_argument("--docs", action="store_true", help="put the table into docs/fleet.md")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    apart.run_apart(__file__)
    text = table(measure(options))
    print(text)
    if options.docs:
        with open(PAGE, encoding="utf-8") as file:
            page = file.read()
        begin, end = "<!-- figures: begin -->\n", "\n<!-- figures: end -->"
        page = re.sub(re.escape(begin) + ".*" + re.escape(end), lambda _: begin + text + end, page, flags=re.S)
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(page)


main()
