# SPDX-License-Identifier: LGPL-2.1-or-later
"""What statistics cost: domstats, libvirt and QEMU itself, on the same QEMUs, in turn.

Started by bench/run, which builds what this needs. Writes results.json, table.md and scale.svg.
"""

import argparse
import contextlib
import datetime
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time

import callgrind
import fleet
import plot
import report

SPARE_DESCRIPTORS = 200
KINDS = ("bulk", "embedded", "daemon", "slow", "driver", "idle", "taps")
OUR_SIDES = "floor,ours,ours/+,ours-by-domain,ours-by-domain-and-group,json"
LIBVIRT_SIDES = "floor,ours,ours-by-domain,libvirt,libvirt-by-domain,libvirt-classic"
N_PROFILED = 10
N_TAPS = 1000
PROFILED_ROUNDS = (3, 13)
DELAYS_MS = (1, 5, 20)
DOCS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs")
DOCS_START, DOCS_END = "<!-- bench/run --docs -->\n", "<!-- end -->\n"

FORMS = {
    "short": {"bulk": [1, 10, 100], "embedded": [1, 10, 100], "daemon": [100], "idle": [100],
              "slow": [1, 10, 100, 1000], "slow-most": 10000, "seconds": 12, "repeats": 15},
    "long": {"bulk": [1, 10, 100, 500, 1000], "embedded": [1, 10, 50, 100, 200],
             "daemon": [10, 100, 200], "idle": [1000], "slow": [1, 10, 100, 1000],
             "slow-most": 10000, "seconds": 60, "repeats": 31},
}


class Bench:
    def __init__(self, options):
        self.options = options
        self.form = dict(FORMS["long" if options.long else "short"])
        if options.max:
            for kind in ("bulk", "embedded", "daemon", "idle", "slow"):
                sizes = {min(size, options.max) for size in self.form[kind]}
                self.form[kind] = sorted(sizes)
            self.form["slow-most"] = min(self.form["slow-most"], options.max)
        self.results = {"machine": machine(), "form": "long" if options.long else "short"}

    def program(self, *parts):
        return os.path.join(self.options.build, *parts)

    def log(self, words):
        print(f"{datetime.datetime.now():%H:%M:%S} {words}", file=sys.stderr, flush=True)

    def rounds(self, folder, sizes, sides, *more, wrapper=()):
        """One run of bench_rounds; gives what it printed."""
        line = [*wrapper, self.program("bench", "bench_rounds"), "--folder", folder,
                "--sizes", ",".join(map(str, sizes)), "--sides", sides,
                "--seconds", str(self.form["seconds"]), "--repeats", str(self.form["repeats"]),
                *more]
        done = subprocess.run(line, capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(line)}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def bulk(self, qemu):
        """Kinds 1 and 2: the floor, and our calls, on plainly started QEMUs."""
        sizes = []
        with fleet.Fleet(qemu) as them:
            for size in self.form["bulk"]:
                self.log(f"bulk: {size} QEMUs {them.version()}")
                them.grow(size)
                sizes += self.rounds(them.folder, [size], OUR_SIDES)
            return {"qemu": them.version(), "accel": them.accel, "sizes": sizes}

    def libvirt(self, qemu, kind):
        """Kind 3: libvirt's ways and ours on the domains that libvirt started."""
        sizes = self.form[kind]
        with fleet.Fleet(qemu) as them:
            self.log(f"{kind}: libvirt with {sizes[-1]} QEMUs {them.version()}")
            them.describe(sizes[-1])
            uri = them.embedded() if kind == "embedded" else them.start_daemon()
            return {"qemu": them.version(), "accel": them.accel,
                    "sizes": self.rounds(them.folder, sizes, LIBVIRT_SIDES, "--libvirt", uri)}

    def record(self, qemu, folder):
        """What one QEMU of the fleet's shape answers."""
        with fleet.Fleet(qemu) as them:
            them.grow(1)
            subprocess.run([self.program("src", "cli", "domstats"), "-c",
                            "dir:" + them.path("ours"), "record", folder], check=True,
                           stdout=subprocess.DEVNULL)
        return os.path.join(folder, "bench-00001")

    @contextlib.contextmanager
    def peers(self, recording, size, delay_us):
        """@size recorded domains behind sockets, in as few processes as their descriptors, two
        a domain, allow; gives their fleet's folder."""
        share = (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE_DESCRIPTORS) // 2
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="domstats-bench-"))
            os.mkdir(os.path.join(folder, "ours"))
            for first in range(1, size + 1, share):
                count = min(share, size + 1 - first)
                process = stack.enter_context(subprocess.Popen(
                    [self.program("bench", "replay_peer"), "--recording", recording,
                     "--folder", os.path.join(folder, "ours"), "--first", str(first),
                     "--sockets", str(count), "--delay-us", str(delay_us)],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
                if process.stdout.readline() != "ready\n":
                    raise RuntimeError("replay_peer did not start")
            yield folder

    def slow(self, qemu):
        """Kind 4: recorded domains that take their time for each reply.

        We run in a process namespace of our own: so no call takes the one peer process for a
        QEMU, and lists its thousands of descriptors once for each domain."""
        apart = ["unshare", "--pid", "--fork", "--mount-proc"]
        results = []
        with tempfile.TemporaryDirectory(prefix="domstats-bench-") as folder:
            recording = self.record(qemu, os.path.join(folder, "recording"))
            wanted = [(delay, size) for delay in DELAYS_MS for size in self.form["slow"]]
            wanted += [(0, self.form["slow"][-1]), (5, self.form["slow-most"])]
            for delay_ms, size in wanted:
                self.log(f"slow: {size} domains, {delay_ms} ms a reply")
                with self.peers(recording, size, 1000 * delay_ms) as place:
                    result = self.rounds(place, [size], "ours", "--idle", "1000", wrapper=apart)
                results.append({"delay_ms": delay_ms, **result[0]})
        return results

    def driver(self, qemu):
        """Kind 5: where our own instructions go."""
        runs = []
        with fleet.Fleet(qemu) as them:
            self.log(f"driver: {N_PROFILED} QEMUs under callgrind")
            them.grow(N_PROFILED)
            for side, function in (("ours", "run_ours"), ("json", "bench_floor_parse")):
                profiles = [self.callgrind(them, side, function, n) for n in PROFILED_ROUNDS]
                runs.append(profiles[1].minus(profiles[0]))
        ours, alone = runs
        domains = N_PROFILED * (PROFILED_ROUNDS[1] - PROFILED_ROUNDS[0])
        return {"domains": N_PROFILED, "instructions": ours.total() / domains,
                "json_c_instructions": alone.total() / domains,
                "allocations": ours.allocations() / domains,
                "json_c_allocations": alone.allocations() / domains,
                "parts": {name: cost / domains for name, cost in ours.parts().items()},
                "top": [[name, cost / domains] for name, cost in ours.top(25)]}

    def callgrind(self, them, side, function, repeats):
        path = them.path(f"callgrind.{side}.{repeats}")
        self.rounds(them.folder, [N_PROFILED], side, "--threads", "1", "--repeats", str(repeats),
                    "--seconds", "600",
                    wrapper=["valgrind", "-q", "--tool=callgrind", "--collect-atstart=no",
                             f"--toggle-collect={function}", f"--callgrind-out-file={path}"])
        return callgrind.Profile(path)

    def idle(self, qemu):
        """Kind 6: what a connection costs between calls."""
        size = self.form["idle"][-1]
        with fleet.Fleet(qemu) as them:
            self.log(f"idle: {size} QEMUs")
            them.grow(size)
            return self.rounds(them.folder, [size], "ours", "--idle", "3000", "--repeats",
                               "5")[0]

    def taps(self, qemu):
        """Whether interfaces of others make a small call slow."""
        with fleet.Fleet(qemu) as them:
            self.log(f"taps: {N_PROFILED} QEMUs, {N_TAPS} other interfaces")
            them.grow(N_PROFILED)
            without = self.rounds(them.folder, [N_PROFILED], "ours")[0]
            with fleet.other_taps(N_TAPS):
                read_us = [read_time_us("/proc/net/dev") for _ in range(15)]
                return {"taps": N_TAPS, "read_us": read_us, "without": without,
                        "with": self.rounds(them.folder, [N_PROFILED], "ours")[0]}

    def run(self):
        first = self.options.qemu[0]
        for kind in self.options.only:
            if kind == "driver" and shutil.which("valgrind") is None:
                self.log("driver: left out, valgrind is not installed")
            elif kind == "bulk":
                self.results[kind] = [self.bulk(qemu) for qemu in self.options.qemu]
            elif kind in ("embedded", "daemon"):
                self.results[kind] = [self.libvirt(qemu, kind) for qemu in self.options.qemu]
            else:
                self.results[kind] = getattr(self, kind)(first)
            self.write()

    def write(self):
        os.makedirs(self.options.output, exist_ok=True)
        with open(os.path.join(self.options.output, "results.json"), "w",
                  encoding="utf-8") as file:
            json.dump(self.results, file, indent=1)
        with open(os.path.join(self.options.output, "table.md"), "w", encoding="utf-8") as file:
            file.write(report.make(self.results))
        series = report.series(self.results)
        if any(series.values()):
            plot.draw(os.path.join(self.options.output, "scale.svg"),
                      "Statistics of all groups, once, of all domains", "domains", "ms", series)


def update_docs(output):
    """Puts the table and the plot into docs/benchmarks.md."""
    path = os.path.join(DOCS, "benchmarks.md")
    with open(path, encoding="utf-8") as file:
        head, _, rest = file.read().partition(DOCS_START)
    with open(os.path.join(output, "table.md"), encoding="utf-8") as file:
        figures = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(head + DOCS_START + figures + DOCS_END + rest.partition(DOCS_END)[2])
    shutil.copy(os.path.join(output, "scale.svg"), os.path.join(DOCS, "benchmarks.svg"))


def first_line(path, start):
    with open(path, encoding="utf-8") as lines:
        return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(start)), "")


def read_time_us(path):
    start = time.monotonic()
    with open(path, "rb") as file:
        file.read()
    return 1e6 * (time.monotonic() - start)


def version_of(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def machine():
    kib = int(first_line("/proc/meminfo", "MemTotal").split()[0])
    return {"date": f"{datetime.date.today()}", "cpu": first_line("/proc/cpuinfo", "model name"),
            "cpus": os.cpu_count(), "memory_gib": round(kib / 2 ** 20),
            "kernel": platform.release(), "accel": fleet.accelerator(),
            "load_at_start": os.getloadavg()[0],
            "libvirt": version_of("pkg-config", "--modversion", "libvirt"),
            "json_c": version_of("pkg-config", "--modversion", "json-c"),
            "glib": version_of("pkg-config", "--modversion", "glib-2.0")}


def main():
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument("--long", action="store_true", help="up to 1,000 QEMUs and more repeats")
    parser.add_argument("--qemu", action="append", metavar="PATH",
                        help="the emulator; again: kinds that compare are repeated with it")
    parser.add_argument("--only", action="append", choices=KINDS, help="these kinds alone")
    parser.add_argument("--max", type=int, metavar="N", help="no fleet larger than that")
    parser.add_argument("--docs", action="store_true",
                        help="put the figures into docs/benchmarks.md")
    parser.add_argument("--output", metavar="DIR", help="default: BUILD/bench-results")
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.qemu = options.qemu or ["qemu-system-x86_64"]
    options.only = options.only or KINDS
    options.output = options.output or os.path.join(options.build, "bench-results")
    if os.geteuid() != 0:
        parser.error("it makes tap devices and namespaces: run it as root")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    bench = Bench(options)
    bench.run()
    if options.docs:
        update_docs(options.output)
    print(report.make(bench.results))
    print(f"written to {options.output}")


if __name__ == "__main__":
    main()
