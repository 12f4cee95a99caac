# SPDX-License-Identifier: LGPL-2.1-or-later
"""What statistics cost: domstats, libvirt and QEMU itself, on the same QEMUs, in turn.

Started by bench/run, which builds what this needs. Writes results.json, table.md and scale.svg.
"""

import argparse
import contextlib
import ctypes
import datetime
import json
import os
import platform
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import callgrind
import fleet
import plot
import report

SPARE_DESCRIPTORS = 200
CALLS_PATIENCE_S = 1200
PR_SET_CHILD_SUBREAPER = 36
NEWER_SUITE = "trixie"
KINDS = ("bulk", "embedded", "daemon", "through", "slow", "reading", "driver", "idle", "taps")
COMPARED = ("bulk", "embedded", "daemon")
OUR_SIDES = ("floor,ours,floor-visit,visit,command,command-empty,ours/+,ours-by-domain,"
             "ours-by-domain-and-group,json")
LIBVIRT_SIDES = ("floor,ours,floor-visit,visit,command,ours-by-domain,libvirt,libvirt-by-domain,"
                 "libvirt-classic")
THROUGH_SIDES = "libvirt,through,through-command,through-stopped"
BESIDE_SIDES = "libvirt,ours,visit"
N_STOPPED = 10
CPUS = ("0", "0,1")
N_PROFILED = 10
N_TAPS = 1000
PROFILED_CALLS = (3, 13)
DELAYS_MS = (1, 5, 20)
N_MIXED = 96
MIXED_KINDS = (1, 16, 48)
SLOW_REPEATS = "9"
APART = ("unshare", "--pid", "--fork", "--mount-proc")
HERE = os.path.dirname(os.path.abspath(__file__))
DOCS = os.path.join(os.path.dirname(HERE), "docs")
DOCS_START, DOCS_END = "<!-- bench/run --docs -->\n", "<!-- end -->\n"

FORMS = {
    "short": {"bulk": [1, 10, 100], "embedded": [1, 10, 100], "daemon": [100], "through": 100, "idle": [100],
              "slow": [1, 10, 100, 1000], "slow-most": 10000, "seconds": 12, "repeats": 15},
    "long": {"bulk": [1, 10, 100, 500, 1000], "embedded": [1, 10, 50, 100, 200],
             "daemon": [10, 100, 200], "through": 100, "idle": [1000], "slow": [1, 10, 100, 1000],
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
            self.form["through"] = min(self.form["through"], options.max)
            self.form["slow-most"] = min(self.form["slow-most"], options.max)
        self.results = {"machine": machine(), "form": "long" if options.long else "short",
                        "not_measured": [], "seconds": {}}

    def program(self, *parts):
        return os.path.join(self.options.build, *parts)

    def log(self, words):
        print(f"{datetime.datetime.now():%H:%M:%S} {words}", file=sys.stderr, flush=True)

    def calls(self, folder, sizes, sides, *more, wrapper=()):
        """Runs bench_calls once; gives what it printed."""
        line = [*wrapper, self.program("bench", "bench_calls"), "--folder", folder,
                "--sizes", ",".join(map(str, sizes)), "--sides", sides,
                "--seconds", str(self.form["seconds"]), "--repeats", str(self.form["repeats"]),
                "--command", self.program("src", "cli", "domstats"), *more]
        done = subprocess.run(line, capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=CALLS_PATIENCE_S)
        if done.returncode != 0:
            self.log(f"{' '.join(line)}: {done.stderr.strip()}")
            raise RuntimeError((done.stderr.strip() or "it died").splitlines()[-1])
        return json.loads(done.stdout)

    def states(self, kind):
        """The state of the guests of a kind: "paused", "running", or "both", which measures running ones
        at the largest size."""
        return self.options.guests or ("paused" if kind == "daemon" else "both")

    def new_runs(self, kind, them):
        """The lists for the sizes of this fleet: of paused guests, and of running ones. They are part of
        the results from now on, so that a later failure loses nothing."""
        runs = [{"qemu": them.version(), "accel": them.accel, "guests": guests, "sizes": []}
                for guests in ("paused", "running")]
        self.results.setdefault(kind, []).extend(runs)
        return [run["sizes"] for run in runs]

    def bulk(self, qemu, sizes):
        """Kinds 1 and 2: the floor and our calls, on QEMUs that were started without libvirt."""
        states = self.states("bulk")
        with fleet.Fleet(qemu) as them:
            paused, running = self.new_runs("bulk", them)
            for size in sizes:
                them.grow(size)
                if states != "running":
                    paused += self.calls(them.folder, [size], OUR_SIDES)
                if states == "running" or states == "both" and size == sizes[-1]:
                    them.resume()
                    running += self.calls(them.folder, [size], OUR_SIDES)

    def libvirt(self, qemu, sizes, kind):
        """Kind 3: libvirt's ways and ours on the domains that libvirt started."""
        states = self.states(kind)
        with fleet.Fleet(qemu) as them:
            paused, running = self.new_runs(kind, them)
            them.describe(sizes[-1])
            uri = them.embedded() if kind == "embedded" else them.start_daemon()
            measured = self.calls(them.folder, sizes, LIBVIRT_SIDES, "--libvirt", uri,
                                   "--guests", states)
            n_paused = 0 if states == "running" else len(sizes)
            paused += measured[:n_paused]
            running += measured[n_paused:]

    def embedded(self, qemu, sizes):
        self.libvirt(qemu, sizes, "embedded")

    def daemon(self, qemu, sizes):
        self.libvirt(qemu, sizes, "daemon")

    def through(self, qemu):
        """Domains that only libvirt can ask: its own bulk call, and ours through it; then domains with
        monitors for us. Each with all processes on one processor, and on two; ten are then stopped."""
        size = self.form["through"]
        result = {"runs": []}
        with fleet.Fleet(qemu) as them:
            result.update(qemu=them.version(), accel=them.accel, domains=size)
            uri = them.start_daemon()
            for sides in THROUGH_SIDES, BESIDE_SIDES:
                them.describe(size, has_monitors=sides == BESIDE_SIDES)
                them.start_domains(uri, size)
                for guests in "paused", "running":
                    if guests == "running":
                        them.resume_domains(uri, size)
                    for cpus in CPUS[:os.cpu_count()]:
                        self.log(f"{sides}: {guests}, on {cpus}")
                        measured = self.calls_on(cpus, them, uri, size, sides)
                        result["runs"].append({"cpus": len(cpus.split(",")), "guests": guests, **measured})
                them.end_domains(uri)
        return result

    def calls_on(self, cpus, them, uri, size, sides):
        """One run of bench_calls beside libvirt's domains, all on these processors."""
        stopped = sorted(them.qemu_pids())[:min(N_STOPPED, size // 2)]
        them.pin(cpus)
        more = ["--through", "libvirt:" + uri, "--stop", ",".join(map(str, stopped))] \
            if sides == THROUGH_SIDES else []
        return self.calls(them.folder, [size], sides, "--libvirt", uri, "--started", "--daemon",
                          str(them.daemon.pid), *more, wrapper=("taskset", "-c", cpus))[0]

    def record(self, qemu, folder):
        """Records one QEMU of the fleet; gives the folder of its recording."""
        with fleet.Fleet(qemu) as them:
            them.grow(1)
            subprocess.run([self.program("src", "cli", "domstats"), "-c",
                            "dir:" + them.path("ours"), "record", folder], check=True,
                           stdout=subprocess.DEVNULL)
        return os.path.join(folder, "bench-00001")

    @contextlib.contextmanager
    def peers(self, recording, size, delay_us, kinds=1):
        """Serves @size recorded domains of so many kinds, in as few processes as two descriptors a domain
        allow; gives the folder of their sockets."""
        share = (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE_DESCRIPTORS) // 2
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="domstats-bench-"))
            os.mkdir(os.path.join(folder, "ours"))
            for first in range(1, size + 1, share):
                count = min(share, size + 1 - first)
                process = stack.enter_context(subprocess.Popen(
                    [self.program("bench", "replay_peer"), "--recording", recording,
                     "--folder", os.path.join(folder, "ours"), "--first", str(first),
                     "--sockets", str(count), "--delay-us", str(delay_us),
                     "--kinds", str(kinds)],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
                if process.stdout.readline() != "ready\n":
                    raise RuntimeError("replay_peer did not start")
            yield folder

    def slow(self, qemu):
        """Kind 4: recorded domains that delay each reply.

        bench_calls runs in a process namespace of its own, where it does not see the peer process:
        else it would take that for a QEMU and list its thousands of descriptors for each domain."""
        results = self.results.setdefault("slow", [])  # filled as it goes: a failure loses nothing
        with tempfile.TemporaryDirectory(prefix="domstats-bench-") as folder:
            recording = self.record(qemu, os.path.join(folder, "recording"))
            wanted = [(delay, size) for delay in DELAYS_MS for size in self.form["slow"]]
            wanted += [(0, self.form["slow"][-1]), (5, self.form["slow-most"])]
            for delay_ms, size in wanted:
                self.log(f"slow: {size} domains, {delay_ms} ms a reply")
                observed = ["--idle", "1000"] if (delay_ms, size) == wanted[-1] else []
                with self.peers(recording, size, 1000 * delay_ms) as place:
                    result = self.calls(place, [size], "ours", "--repeats", SLOW_REPEATS,
                                         "--any-listener", *observed, wrapper=APART)
                results.append({"delay_ms": delay_ms, **result[0]})
        return results

    def reading(self, qemu):
        """The cost of replies of domains of many kinds: of reading them alone, and in our calls."""
        calls = []
        with tempfile.TemporaryDirectory(prefix="domstats-bench-") as folder:
            recording = self.record(qemu, os.path.join(folder, "recording"))
            alone = subprocess.run([self.program("bench", "bench_json"), recording], check=True,
                                   stdout=subprocess.PIPE, text=True).stdout
            for kinds in MIXED_KINDS:
                with self.peers(recording, N_MIXED, 1000, kinds) as place:
                    result = self.calls(place, [N_MIXED], "ours", "--threads", "1", "--repeats",
                                         SLOW_REPEATS, "--any-listener", wrapper=APART)
                calls.append({"kinds": kinds, **result[0]})
        return {"alone": json.loads(alone), "calls": calls}

    def driver(self, qemu):
        """Kind 5: the instructions of each part of our side."""
        runs = []
        with fleet.Fleet(qemu) as them:
            them.grow(N_PROFILED)
            for side, function in (("ours", "run_ours"), ("visit", "run_visit"),
                                   ("json", "bench_floor_parse")):
                profiles = [self.callgrind(them, side, function, n) for n in PROFILED_CALLS]
                runs.append(profiles[1].minus(profiles[0]))
        ours, visit, alone = runs
        domains = N_PROFILED * (PROFILED_CALLS[1] - PROFILED_CALLS[0])
        return {"domains": N_PROFILED, "instructions": ours.total() / domains,
                "json_c_instructions": alone.total() / domains,
                "allocations": ours.allocations() / domains,
                "json_c_allocations": alone.allocations() / domains,
                "visit_instructions": visit.total() / domains,
                "visit_allocations": visit.allocations() / domains,
                "parts": {name: cost / domains for name, cost in ours.parts().items()},
                "visit_parts": {name: cost / domains for name, cost in visit.parts().items()},
                "top": [[name, cost / domains] for name, cost in ours.top(25)]}

    def callgrind(self, them, side, function, repeats):
        path = them.path(f"callgrind.{side}.{repeats}")
        self.calls(them.folder, [N_PROFILED], side, "--threads", "1", "--repeats", str(repeats),
                    "--seconds", "600",
                    wrapper=["valgrind", "-q", "--tool=callgrind", "--collect-atstart=no",
                             f"--toggle-collect={function}", f"--callgrind-out-file={path}"])
        return callgrind.Profile(path)

    def idle(self, qemu):
        """Kind 6: the memory and wake-ups of a connection between calls."""
        size = self.form["idle"][-1]
        with fleet.Fleet(qemu) as them:
            them.grow(size)
            return self.calls(them.folder, [size], "ours", "--idle", "3000", "--repeats",
                               "5")[0]

    def taps(self, qemu):
        """How much slower a small call is on a host with many interfaces of others."""
        with fleet.Fleet(qemu) as them:
            them.grow(N_PROFILED)
            without = self.calls(them.folder, [N_PROFILED], "ours")[0]
            with fleet.other_taps(N_TAPS):
                read_us = [read_time_us("/proc/net/dev") for _ in range(15)]
                return {"taps": N_TAPS, "read_us": read_us, "without": without,
                        "with": self.calls(them.folder, [N_PROFILED], "ours")[0]}

    def fetch_newer(self):
        """The emulator of another suite, fetched once into the build folder. None if that fails, which
        counts as a failure only if the suite was asked for."""
        suite = self.options.newer or NEWER_SUITE
        folder = self.program(f"qemu-{suite}")
        path = os.path.join(folder, "qemu-system-x86_64")
        if not os.path.exists(path):
            self.log(f"fetching QEMU of {suite}")
            done = subprocess.run([os.path.join(HERE, "fetch-qemu"), suite, folder], text=True,
                                  stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
            if done.returncode != 0:
                # The first line is fetch-qemu's own; apt's lines name the mirror, which is private.
                self.fail(f"with QEMU of {suite}", done.stderr.partition(":\n")[0],
                          bool(self.options.newer))
                return None
        return path

    def comparisons(self):
        """(kind, emulator, sizes) of the kinds that are repeated with each emulator. With a newer
        emulator, the short form measures only the kinds that have a target, at the largest size."""
        kinds = [kind for kind in self.options.only if kind in COMPARED]
        for qemu in self.options.qemu:
            yield from ((kind, qemu, self.form[kind]) for kind in kinds)
        is_asked = self.options.newer or self.options.long
        if not is_asked:
            kinds = [kind for kind in kinds if kind != "bulk"]
        if self.options.with_newer and kinds:
            newer = self.fetch_newer()
            yield from ((kind, newer, self.form[kind] if self.options.long else
                         self.form[kind][-1:]) for kind in kinds if newer)

    def fail(self, what, why, is_failure=True):
        lines = str(why).strip().splitlines() or ["it said nothing"]
        self.log(f"{what}: {why}")
        self.results["not_measured"].append({"what": what, "why": lines[-1][:200],
                                             "is_failure": is_failure})

    def attempt(self, what, measure, *arguments):
        """Measures one kind. When that fails, the table says so, and the other kinds follow."""
        start = time.monotonic()
        self.log(what)
        try:
            return measure(*arguments)
        except (OSError, RuntimeError, ValueError, LookupError, subprocess.SubprocessError) as why:
            self.fail(what, why)
            return None
        finally:
            took = round(time.monotonic() - start, 1)
            self.results["seconds"][what] = took
            self.log(f"{what}: {took} s")

    def run(self):
        for kind, qemu, sizes in self.comparisons():
            self.attempt(f"{kind}, {sizes[-1]} of {qemu}", getattr(self, kind), qemu, sizes)
            self.results[kind] = [run for run in self.results.get(kind, []) if run["sizes"]]
            self.write()
        for kind in self.options.only:
            if kind in COMPARED:
                continue
            if kind == "driver" and shutil.which("valgrind") is None:
                self.log("driver: left out, valgrind is not installed")
                continue
            result = self.attempt(kind, getattr(self, kind), self.options.qemu[0])
            if result is not None:
                self.results[kind] = result
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


def adopt_orphans():
    """Goes on in a child; this process only reaps orphans, and ends with the child's status.

    libvirt waits until the process id of an ended QEMU is free. That takes seconds a domain where the
    system's first process is slow to reap."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
    while True:
        pid, status = os.wait()
        if pid == child:
            sys.exit(os.waitstatus_to_exitcode(status) & 0xff)


def main():
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument("--long", action="store_true", help="up to 1,000 QEMUs and more repeats")
    parser.add_argument("--qemu", action="append", metavar="PATH",
                        help="the emulator; again: kinds that compare are repeated with it")
    parser.add_argument("--newer", metavar="SUITE",
                        help="and with the QEMU of that Debian suite, or none; default: without "
                        f"--qemu, the kinds embedded and daemon with that of {NEWER_SUITE}")
    parser.add_argument("--guests", choices=("paused", "running", "both"),
                        help="both: running ones at the largest size; default: both for bulk and "
                        "embedded, else paused")
    parser.add_argument("--only", action="append", choices=KINDS, help="these kinds alone")
    parser.add_argument("--max", type=int, metavar="N", help="no fleet larger than that")
    parser.add_argument("--docs", action="store_true",
                        help="put the figures into docs/benchmarks.md")
    parser.add_argument("--output", metavar="DIR", help="default: BUILD/bench-results")
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.with_newer = options.newer != "none" and bool(options.newer or not options.qemu)
    options.qemu = options.qemu or ["qemu-system-x86_64"]
    options.only = options.only or KINDS
    options.output = options.output or os.path.join(options.build, "bench-results")
    if os.geteuid() != 0:
        parser.error("it makes tap devices and namespaces: run it as root")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    adopt_orphans()
    bench = Bench(options)
    bench.run()
    is_whole = not any(it["is_failure"] for it in bench.results["not_measured"])
    if options.docs and is_whole:
        update_docs(options.output)
    print(report.make(bench.results))
    print(f"written to {options.output}")
    sys.exit(0 if is_whole else 1)


if __name__ == "__main__":
    main()
