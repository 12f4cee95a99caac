#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a scrape costs: domstatsd against Debian's prometheus-libvirt-exporter, on the same domains of one libvirtd.

    ninja -C BUILD && bench/service.py BUILD [--domains 60] [--repeats 20] [--json FILE]

Starts a libvirtd and paused domains in namespaces of its own, scrapes each side again and again, and then once more
with one QEMU stopped; the same with domains that have a second monitor, which is asked without libvirt. Prints tables:
wall time (median), CPU time of all processes that have a part in it, samples and bytes. With second monitors there is
a floor too: nothing but query-blockstats to each QEMU, over connections that are kept. Needs root."""

import argparse
import gzip
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time

TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TREE, "tests", "real"))

import apart  # noqa: E402
from host import Host  # noqa: E402
from libvirts import DISK, N_STARTERS, Libvirtd  # noqa: E402
from waiting import until  # noqa: E402

import plot  # noqa: E402

EXPORTER = "prometheus-libvirt-exporter"
N_WARM = 3
PATIENCE_S = 10  # Prometheus' own default
TICKS = os.sysconf("SC_CLK_TCK")
GZIP = ("-H", "Accept-Encoding: gzip")


def cpu_s(pids):
    """CPU time of processes so far."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            total += sum(map(int, stat.read().rpartition(")")[2].split()[11:13]))
    return total / TICKS


def second_monitor(path):
    """What a definition says of it, as domstats-monitor writes it."""
    return f"""<qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
    <qemu:arg value='-chardev'/><qemu:arg value='socket,id=domstats,path={path},server=on,wait=off'/>
    <qemu:arg value='-mon'/><qemu:arg value='chardev=domstats,mode=control'/></qemu:commandline>"""


def start_domains(host, daemon, n, has_monitors):
    names = [f"vm{number}" for number in range(1, n + 1)]
    words = []
    for name in names:
        path = host.image(name + ".qcow2", "-f", "qcow2", "16M")
        definition = daemon.xml(name, DISK.format(form="qcow2", path=path, target="vda"), vcpus=2,
                                more=second_monitor(host.path(name + ".sock")) if has_monitors else "")
        words.append(f"create --paused {definition}")
    starters = [subprocess.Popen(["virsh", "-q", "-c", daemon.uri, "; ".join(words[i::N_STARTERS])],
                                 stdout=subprocess.DEVNULL) for i in range(N_STARTERS)]
    if any(starter.wait() for starter in starters):
        raise RuntimeError("not all domains could be started")
    return [daemon.qemu(name) for name in names]


class Side:
    """A program that is scraped."""

    def __init__(self, host, title, line, curl, url):
        self.host, self.title, self.line, self.curl, self.url = host, title, line, curl, url

    def __enter__(self):
        self.process = subprocess.Popen(self.line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE)
        self.host.processes[self.title] = self.process
        until(f"{self.title} serves", lambda: self.scrape()[1])
        return self

    def __exit__(self, *failure):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def scrape(self):
        """Seconds, and the text; no text: there was no answer in time."""
        begun = time.monotonic()
        done = subprocess.run(["curl", "-s", "--max-time", str(PATIENCE_S), *self.curl, self.url], check=False,
                              capture_output=True)
        return time.monotonic() - begun, done.stdout if done.returncode == 0 else b""


def sides(host, build):
    port, base = 29177, [os.path.join(build, "src/daemon/domstatsd"), "--rpc", host.path("rpc.sock"), "--service",
                         host.path("service.sock")]

    def ours(title, names, *curl):
        path = host.path(names + ".sock")
        return Side(host, title, [*base, "--metrics", "unix:" + path, "--names", names],
                    ["--unix-socket", path, *curl], "http://domstats/metrics")
    return [Side(host, EXPORTER, [EXPORTER, f"--web.listen-address=127.0.0.1:{port}"], [],
                 f"http://127.0.0.1:{port}/metrics"),
            ours("domstatsd --names kumina", "kumina"),
            ours("domstatsd --names libvirt", "libvirt"),
            ours("domstatsd", "domstats"),
            ours("domstatsd, gzip", "domstats", *GZIP)]


class Floor:
    """Not a scrape: the one command that no exporter of disks can do without, to each second monitor."""

    title = "floor: query-blockstats alone"
    process = None

    def __init__(self, host, n):
        self.paths = [host.path(f"vm{number}.sock") for number in range(1, n + 1)]

    def __enter__(self):
        self.monitors = [self.connect(path) for path in self.paths]
        return self

    def __exit__(self, *failure):
        for file, monitor in self.monitors:
            file.close()
            monitor.close()

    @staticmethod
    def connect(path):
        monitor = socket.socket(socket.AF_UNIX)
        monitor.connect(path)
        file = monitor.makefile("rb")
        file.readline()
        monitor.sendall(b'{"execute":"qmp_capabilities"}')
        file.readline()
        return file, monitor

    def scrape(self):
        begun = time.monotonic()
        for _, monitor in self.monitors:
            monitor.sendall(b'{"execute":"query-blockstats"}')
        replies = [file.readline() for file, _ in self.monitors]
        return time.monotonic() - begun, b"".join(replies)


def count(text):
    return sum(1 for line in text.splitlines() if not line.startswith((b"#", b"go_", b"process_", b"promhttp_")))


def measure(side, libvirtd, qemus, repeats):
    for _ in range(N_WARM):
        side.scrape()
    groups = {"program": [side.process.pid if side.process else os.getpid()], "libvirtd": [libvirtd], "qemus": qemus}
    before = {name: cpu_s(pids) for name, pids in groups.items()}
    results = [side.scrape() for _ in range(repeats)]
    answered = [text for _, text in results if text]
    row = {"side": side.title, "wall_ms": statistics.median(seconds for seconds, _ in results) * 1000,
           "answered": len(answered), "of": repeats}
    for name, pids in groups.items():
        row[name + "_cpu_ms"] = (cpu_s(pids) - before[name]) / repeats * 1000
    row["cpu_ms"] = sum(row[name + "_cpu_ms"] for name in groups)
    text = answered[0] if answered else b""
    row["bytes"] = len(text)
    row["samples"] = count(gzip.decompress(text) if text.startswith(b"\x1f\x8b") else text) if side.process else 0
    return row


def print_table(title, rows):
    print(f"\n### {title}\n")
    print("| scrape | wall ms, median | answered | CPU ms | program | libvirtd | QEMUs | samples | bytes |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for row in rows:
        print(f"| {row['side']} | {row['wall_ms']:,.1f} | {row['answered']} of {row['of']} | {row['cpu_ms']:.1f} | "
              f"{row['program_cpu_ms']:.1f} | {row['libvirtd_cpu_ms']:.1f} | {row['qemus_cpu_ms']:.1f} | "
              f"{row['samples']:,} | {row['bytes']:,} |")


def measure_fleet(options, title, has_monitors):
    """Rows by title: all domains answer, then one QEMU is stopped."""
    results = {}
    with Host() as host, Libvirtd(host) as daemon:
        qemus = start_domains(host, daemon, options.domains, has_monitors)
        for state, stuck, repeats in (("all answer", None, options.repeats), ("one QEMU is stopped", "vm7", 3)):
            if stuck:
                daemon.stop_qemu(stuck)
            rows = []
            # One after another: with a stopped domain the exporter keeps a worker of libvirtd to its end.
            floor = [Floor(host, options.domains)] if has_monitors and not stuck else []
            for side in sorted([*sides(host, options.build), *floor],
                               key=lambda one: bool(stuck) and one.title == EXPORTER):
                try:
                    with side:
                        rows.append(measure(side, daemon.process.pid, qemus, repeats))
                except AssertionError:
                    rows.append({"side": side.title, "wall_ms": PATIENCE_S * 1000, "answered": 0, "of": repeats,
                                 "cpu_ms": 0, "program_cpu_ms": 0, "libvirtd_cpu_ms": 0, "qemus_cpu_ms": 0,
                                 "samples": 0, "bytes": 0})
                    side.process.kill()
            results[f"{options.domains} domains{title}, {state}"] = rows
            print_table(f"{options.domains} domains{title}, {state}", rows)
    return results


def write(folder, results):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "results.json"), "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
    bars = {}
    for title, rows in results.items():
        if "stopped" in title:
            continue
        monitors = ", 2nd monitors" if "second" in title else ""
        bars.update({row["side"] + monitors: [row[name + "_cpu_ms"] for name in ("program", "libvirtd", "qemus")]
                     for row in rows if "gzip" not in row["side"] and "--names libvirt" not in row["side"]})
    plot.draw_bars(os.path.join(folder, "scrapes.svg"), "CPU time of one scrape, ms",
                   ["the program", "libvirtd", "the QEMUs"], bars)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--domains", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--output", help="a folder for results.json and the plot scrapes.svg")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    apart.run_apart(__file__)
    results = measure_fleet(options, "", has_monitors=False)
    results.update(measure_fleet(options, " with second monitors", has_monitors=True))
    if options.output:
        write(options.output, results)


main()
