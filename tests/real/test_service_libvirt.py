# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients of libvirt that people run, on a domstatsd: each must read what the library says."""

import json
import os
import re
import shutil
import signal
import struct
import subprocess
import threading
import time
import unittest
import urllib.request

from host import Host, domstats
from services import Rpc, Service
from waiting import until

PYTHON = "/usr/bin/python3"  # the one that has libvirt's module
EXPORTER = "/usr/bin/prometheus-libvirt-exporter"
COLLECTD, PLUGINS = "/usr/sbin/collectd", "/usr/lib/collectd"
UUIDS = {"one": "5cf3c6d4-0d2b-4c0e-9a4e-000000000001", "two": "5cf3c6d4-0d2b-4c0e-9a4e-000000000002"}
# What moves also in a paused guest.
MOVING = re.compile(r"^cpu\.|\.(time|delay|wait)$|^balloon\.rss$|^vcpu\.\d+\..*\.(sum|cur|max)$|^vm\.")
GROUPS = ["--state", "--cpu-total", "--balloon", "--vcpu", "--interface", "--block", "--perf", "--iothread",
          "--memory", "--dirtyrate", "--vm"]
LIFECYCLE = "event 'lifecycle' for domain '{}': {}"

BULK = """
import json, libvirt, sys
conn = libvirt.openReadOnly(sys.argv[1])
domains = conn.listAllDomains()
print(json.dumps({
    "bulk": {domain.name(): values for domain, values in conn.getAllDomainStats(0, 0)},
    "some": [domain.name() for domain, _ in conn.domainListGetStats(domains[:1], libvirt.VIR_DOMAIN_STATS_STATE)],
    "list": sorted([domain.name(), domain.UUIDString(), domain.ID()] for domain in domains),
    "ids": sorted(conn.listDomainsID()), "defined": conn.listDefinedDomains(),
    "info": {domain.name(): domain.info() for domain in domains},
    "block": {domain.name(): domain.blockStats("vda") for domain in domains},
    "flags": {domain.name(): domain.blockStatsFlags("vda") for domain in domains},
    "size": {domain.name(): domain.blockInfo("vda") for domain in domains},
    "memory": {domain.name(): domain.memoryStats() for domain in domains},
    "vcpus": {domain.name(): domain.maxVcpus() for domain in domains},
    "xml": {domain.name(): domain.XMLDesc() for domain in domains},
    "job": domains[0].jobInfo(), "host": [conn.getHostname(), conn.getType(), conn.getInfo(), conn.isSecure()],
    "active": [domain.isActive() for domain in domains]}))
"""

EVENTS = """
import libvirt, sys, threading
libvirt.virEventRegisterDefaultImpl()
def run():
    while True:
        libvirt.virEventRunDefaultImpl()
threading.Thread(target=run, daemon=True).start()
conn = libvirt.openReadOnly(sys.argv[1])
def tell(conn, domain, event, detail, data):
    print(domain.name(), event, detail, flush=True)
number = conn.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, tell, None)
print("ready", flush=True)
sys.stdin.readline()
conn.domainEventDeregisterAny(number)
conn.close()
"""


class BesideClients(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.__exit__)
        self.source = "dir:" + self.host.folder

    def start(self, name, more=(), **options):
        image = self.host.image(name + ".qcow2", "-f", "qcow2", "64M")
        return self.host.start(
            name, "-uuid", UUIDS[name], "-smp", "2,maxcpus=4", "-device", "virtio-balloon-pci", "-object",
            "iothread,id=iothread1", "-drive", f"file={image},if=none,id=disk,format=qcow2", "-device",
            "virtio-blk-pci,drive=disk,id=vda", *more, control=True, **options)

    def serve(self, *options):
        self.service = Service(self.host, *options, source=self.source)
        self.addCleanup(self.service.__exit__)
        self.service.ready()
        self.uri = f"qemu+unix:///system?socket={self.service.rpc}"

    def both(self):
        for name in UUIDS:
            self.start(name)
        self.serve()
        until("all have told their state", lambda: self.virsh("list").count("paused") == len(UUIDS))

    def virsh(self, *words, status=0, first=()):
        done = subprocess.run(["virsh", *first, "-c", self.uri, *words], capture_output=True, text=True, timeout=60,
                              check=False)
        self.assertEqual(done.returncode, status, (words, done.stdout, done.stderr))
        return done.stdout if status == 0 else done.stderr

    def python(self, script, **popen):
        return subprocess.Popen([PYTHON, "-c", script, self.uri], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, **popen)

    def ours(self, *options):
        status, domains, trouble = domstats("-c", self.source, *options)
        self.assertIn(status, (0, 3), trouble)
        return domains

    def whole(self, *options):
        """The same of domains that are well, once no other program is connected to them any more."""
        def attempt():
            domains = self.ours(*options)
            return domains if {domain["health"] for domain in domains.values()} == {"ok"} else None
        return until("all are whole", attempt)

    def stop(self, name):
        self.host.processes[name].send_signal(signal.SIGSTOP)

    def hear(self, process, paused):
        """The lines that @process prints, as they come, and a monitor of "one". That goes on and pauses until the last
        line is @paused: only then is it sure that events are waited for, and that the states have been looked at."""
        lines, control = [], self.host.control("one")

        def read():
            for line in process.stdout:
                lines.append(line)

        def toggle():
            for command in "cont", "stop":
                control.run(command)
                time.sleep(0.5)
            return lines and paused in lines[-1]
        threading.Thread(target=read, daemon=True).start()
        until("there is an event", toggle)
        return lines, control


def hear_of(lines, expected, act):
    """Waits until @act has made a line with @expected."""
    n_before = len(lines)
    act()
    until(expected, lambda: any(expected in line for line in lines[n_before:]))


def records(text):
    """What "virsh domstats" printed: the values of each domain, by name."""
    found, values = {}, None
    for line in text.splitlines():
        if line.startswith("Domain: "):
            values = found.setdefault(line.split("'")[1], {})
        elif "=" in line:
            name, value = line.strip().split("=", 1)
            values[name] = value
    return found


def as_virsh(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:f}" if isinstance(value, float) else str(value)


def values_of(domain):
    """Names and values of a record as the command writes it."""
    return {name: value["value"] if isinstance(value, dict) else value for name, value in domain["stats"].items()}


class Virsh(BesideClients):
    def assert_same(self, got, ours):
        self.assertEqual(list(got), list(ours))
        for name, domain in ours.items():
            values = {key: as_virsh(value) for key, value in values_of(domain).items()}
            self.assertEqual(list(got[name]), list(values), name)
            for key, value in values.items():
                if not MOVING.search(key):
                    self.assertEqual(got[name][key], value, (name, key))

    def test_domstats_has_what_the_library_has(self):
        self.both()
        for options in [], *[[group] for group in GROUPS], ["--state", "--block", "--backing"], ["--vcpu", "--nowait"]:
            with self.subTest(options=options):
                ours = self.whole(*options)
                self.assert_same(records(self.virsh("domstats", *options)),
                                 {name: ours[name] for name in ours})
        self.assertEqual(list(records(self.virsh("domstats", "--raw"))), ["one", "two"])
        self.assertEqual(list(records(self.virsh("domstats", "--state", "two", "one"))), ["two", "one"])

    def test_domstats_filters(self):
        self.start("one", paused=False)
        self.start("two")
        self.serve()
        for option, names in {"--list-active": ["one", "two"], "--list-inactive": [], "--list-running": ["one"],
                              "--list-paused": ["two"], "--list-shutoff": [], "--list-other": [],
                              "--list-persistent": [], "--list-transient": ["one", "two"]}.items():
            with self.subTest(option=option):
                self.assertEqual(list(records(self.virsh("domstats", "--state", option))), names)
        self.assertIn("one", records(self.virsh("domstats", "--state", "--enforce")))

    def test_each_command_about_domains(self):
        self.both()
        one, qemu = UUIDS["one"], self.host.processes["one"].pid
        for words, lines in {
                ("list", "--all"): [rf"{qemu}\s+one\s+paused"],
                ("list", "--name"): ["^one$", "^two$"],
                ("list", "--uuid"): [one],
                ("list", "--title"): ["one"],
                ("dominfo", "one"): [r"CPU\(s\):\s+2", r"Max memory:\s+16384 KiB", r"State:\s+paused", rf"UUID:\s+{one}",
                                     r"OS Type:\s+hvm", r"Security model:\s+none"],
                ("domstate", "--reason", "one"): [r"paused \(.*\)"],
                ("version",): [r"Running hypervisor: QEMU \d+\.\d+"],
                ("domid", "one"): [str(qemu)],
                ("domuuid", str(qemu)): [one],
                ("domname", one): ["one"],
                ("domblkstat", "one", "vda"): ["vda rd_req 0", "vda flush_operations 0"],
                ("domblkstat", "one", self.host.path("one.qcow2")): ["rd_bytes 0"],
                ("domblkstat", "one"): ["rd_bytes 0"],
                ("domblklist", "one", "--details"): [r"file\s+disk\s+vda\s+" + self.host.path("one.qcow2")],
                ("domblkinfo", "one", "vda"): [r"Capacity:\s+67108864"],
                ("domblkinfo", "one", "--all"): [r"vda\s+67108864"],
                ("domiflist", "one"): ["Interface"],
                ("dommemstat", "one"): ["actual 16384", r"rss \d+"],
                ("vcpuinfo", "one"): [r"VCPU:\s+0", r"VCPU:\s+1", r"State:\s+running", r"CPU Affinity:\s+[y-]+"],
                ("vcpucount", "one"): [r"maximum\s+live\s+4", r"current\s+live\s+2"],
                ("cpu-stats", "one", "--total"): [r"cpu_time\s+\d", "user_time", "system_time"],
                ("domjobinfo", "one"): [r"Job type:\s+None"],
                ("domcontrol", "one"): ["^ok$"],
                ("iothreadinfo", "one"): [r"^ 1\s"],
                ("perf", "one"): [r"cpu_cycles\s*: disabled"],
                ("dumpxml", "one"): ["<domain type=.(kvm|qemu)", "<name>one</name>", "<target dev=.vda"],
        }.items():
            with self.subTest(words=words):
                text = self.virsh(*words)
                for line in lines:
                    self.assertRegex(text, re.compile(line, re.MULTILINE))

    def test_interfaces(self):
        if os.geteuid() != 0:
            self.skipTest("a tap needs root")
        tap, mac = self.host.tap(f"dsrpc{os.getpid()}"), "52:54:00:12:34:56"
        self.start("one", more=["-netdev", f"tap,id=net0,ifname={tap},script=no,downscript=no", "-device",
                                f"virtio-net-pci,netdev=net0,mac={mac}"])
        self.serve()
        self.assertRegex(self.virsh("domiflist", "one"), rf"{tap}\s+ethernet\s+.*{mac}")
        for name in tap, mac:
            text = self.virsh("domifstat", "one", name)
            for field in "rx_bytes", "rx_packets", "rx_errs", "rx_drop", "tx_bytes", "tx_packets", "tx_errs", "tx_drop":
                self.assertRegex(text, rf"{name} {field} \d+")
        self.assertIn(f"<target dev=\"{tap}\"", self.virsh("dumpxml", "one"))

    def test_each_command_about_the_host(self):
        self.serve()
        for words, line in {("nodeinfo",): rf"CPU\(s\):\s+{os.cpu_count()}", ("version",): "Using API: QEMU",
                            ("version", "--daemon"): r"Running against daemon: \d", ("capabilities",): "<arch>",
                            ("hostname",): os.uname().nodename, ("freecell",): "Total: ", ("uri",): "qemu",
                            ("nodecpumap",): rf"CPUs online:\s+{os.cpu_count()}", ("nodememstats",): "total",
                            ("nodecpustats",): "user:", ("pool-list",): "Name", ("net-list",): "Name",
                            ("secret-list",): "UUID", ("maxvcpus",): r"^\d+$", ("list", "--all"): "Name"}.items():
            with self.subTest(words=words):
                self.assertRegex(self.virsh(*words), re.compile(line, re.MULTILINE))
        self.assertEqual(self.virsh("domstats").strip(), "")

    def test_writes_are_refused(self):
        self.both()
        for command, function in {"suspend": "Suspend", "resume": "Resume", "shutdown": "Shutdown",
                                  "reboot": "Reboot", "destroy": "Destroy"}.items():
            with self.subTest(command=command):
                text = self.virsh(command, "one", status=1)
                self.assertIn(f"read only access prevents virDomain{function}", text)
        for words in ["setmem", "one", "8M"], ["undefine", "one"], ["sendkey", "one", "1"], ["reset", "one"]:
            with self.subTest(words=words):
                self.virsh(*words, status=1)
        self.assertEqual(self.ours("--state")["one"]["health"], "ok")

    def test_errors_are_libvirts(self):
        self.both()
        self.assertIn("failed to get domain 'none'", self.virsh("domid", "none", status=1))
        self.assertIn("invalid path vdz not assigned to domain", self.virsh("domblkstat", "one", "vdz", status=1))
        self.assertIn("'tap9' is not a known interface", self.virsh("domifstat", "one", "tap9", status=1))

    def test_events(self):
        self.start("one")
        self.serve("--events-interval", "1")
        with subprocess.Popen(["virsh", "-c", self.uri, "event", "--loop", "--event", "lifecycle"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as events:
            self.addCleanup(events.kill)
            lines, control = self.hear(events, LIFECYCLE.format("one", "Suspended"))
            for act, expected in [(lambda: control.run("cont"), LIFECYCLE.format("one", "Resumed")),
                                  (lambda: control.run("stop"), LIFECYCLE.format("one", "Suspended")),
                                  (lambda: self.start("two"), LIFECYCLE.format("two", "Started")),
                                  (lambda: self.host.forget("two"), LIFECYCLE.format("two", "Stopped"))]:
                hear_of(lines, expected, act)
            events.send_signal(signal.SIGINT)
            events.wait(timeout=30)

    def test_a_shell_outlives_the_service(self):
        self.both()
        with subprocess.Popen(["virsh", "-c", self.uri], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True) as shell:
            self.addCleanup(shell.kill)
            shell.stdin.write("list --name\n")
            shell.stdin.flush()
            while "two" not in shell.stdout.readline():
                pass
            self.assertEqual(self.service.stop(), 0)
            path, again = self.service.rpc, None
            self.serve()
            again = self.service.rpc
            os.symlink(again, path)
            text, _ = shell.communicate("domstats --state\nlist --all\n", timeout=30)
        self.assertIn("Reconnected to the hypervisor", text)
        self.assertRegex(text, r"one\s+paused")

    def test_keepalive(self):
        self.both()
        self.assertIn("one", self.virsh("list", first=("-k", "1")))
        self.assertIn("one", self.virsh("list", first=("-k", "0")))

    def test_pings_are_answered_while_a_domain_holds_a_round_up(self):
        self.both()
        self.stop("one")
        with Rpc(self.service.rpc) as client:
            client.send(344, struct.pack(">III", 0, 0, 0))
            procedure, _kind, _serial, status, _payload = client.ping()
            self.assertEqual((procedure, status), (2, 0))
            self.assertEqual(client.receive()[0], 344)


class Stuck(BesideClients):
    def test_one_that_is_stopped_costs_the_others_nothing(self):
        self.both()
        self.virsh("list")
        self.stop("one")
        found = records(self.virsh("domstats"))
        self.assertEqual(list(found), ["one", "two"])
        self.assertEqual(found["one"]["state.reason"], "0")
        self.assertIn("cpu.time", found["one"])
        self.assertIn("block.0.rd.reqs", found["two"])
        self.assertEqual(self.ours()["one"]["health"], "stopped")
        for words, line in {("list",): r"one\s+running", ("dominfo", "one"): "CPU time", ("dumpxml", "one"): "one",
                            ("domstate", "--reason", "one"): r"running \(unknown\)", ("dommemstat", "one"): "rss",
                            ("domcontrol", "one"): "occupied", ("domblkstat", "one", "vda"): "^",
                            ("domblkstat", "two", "vda"): "rd_req 0", ("vcpuinfo", "two"): "VCPU"}.items():
            with self.subTest(words=words):
                self.assertRegex(self.virsh(*words), line)


class Python(BesideClients):
    def run_script(self, script):
        with self.python(script) as process:
            out, trouble = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, trouble)
        return json.loads(out)

    def test_each_call(self):
        self.both()
        got, ours = self.run_script(BULK), self.whole()
        for name, domain in ours.items():
            values = values_of(domain)
            self.assertEqual(list(got["bulk"][name]), list(values))
            for key, value in values.items():
                if not MOVING.search(key):
                    self.assertEqual(got["bulk"][name][key], value, (name, key))
            self.assertEqual(got["info"][name][:4], [3, 16384, 16384, 2])
            self.assertEqual(got["block"][name], [values["block.0.rd.reqs"], values["block.0.rd.bytes"],
                                                  values["block.0.wr.reqs"], values["block.0.wr.bytes"], -1])
            self.assertEqual(got["flags"][name]["rd_total_times"], values["block.0.rd.times"])
            physical = values["block.0.physical"]
            self.assertEqual(got["size"][name], [values["block.0.capacity"], values["block.0.allocation"] or physical,
                                                 physical])
            self.assertEqual(got["memory"][name]["actual"], values["balloon.current"])
            self.assertEqual(got["vcpus"][name], 4)
            self.assertIn(UUIDS[name], got["xml"][name])
        self.assertEqual(got["list"], sorted([name, UUIDS[name], self.host.processes[name].pid] for name in UUIDS))
        self.assertEqual(got["ids"], sorted(self.host.processes[name].pid for name in UUIDS))
        self.assertEqual((got["defined"], got["some"], got["active"]), ([], [got["list"][0][0]], [1, 1]))
        self.assertEqual(got["job"][0], 0)
        self.assertEqual(got["host"][:2], [os.uname().nodename, "QEMU"])

    def test_events(self):
        self.start("one")
        self.serve("--events-interval", "1")
        with self.python(EVENTS) as process:
            self.addCleanup(process.kill)
            self.assertEqual(process.stdout.readline(), "ready\n")
            lines, control = self.hear(process, "one 3 0")
            for act, expected in [(lambda: control.run("cont"), "one 4 0"),
                                  (lambda: self.start("two", paused=False), "two 2 0"),
                                  (lambda: self.host.forget("one"), "one 5 0")]:
                hear_of(lines, expected + "\n", act)
            process.stdin.write("\n")
            process.stdin.flush()
            process.wait(timeout=30)
            self.assertEqual((process.returncode, process.stderr.read()), (0, ""))


class Exporter(BesideClients):
    def setUp(self):
        super().setUp()
        if not os.access(EXPORTER, os.X_OK):
            self.skipTest(f"not here: {EXPORTER}")

    def scrape(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=60) as answer:
            text = answer.read().decode()
        samples = {}
        for line in text.splitlines():
            if line.startswith("libvirt_"):
                name, value = line.rsplit(" ", 1)
                domain = re.search(r'domain="(\w+)"', name)
                samples[name.split("{")[0], domain[1] if domain else ""] = float(value)
        return samples

    def begin(self):
        self.port = 20000 + os.getpid() % 20000
        exporter = subprocess.Popen([EXPORTER, "--libvirt.uri", self.uri, "--web.listen-address",
                                     f"127.0.0.1:{self.port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def end():
            exporter.kill()
            exporter.wait()
        self.addCleanup(end)

        def answers():
            try:
                return bool(self.scrape())
            except OSError:
                return False
        until("the exporter answers", answers)

    def test_a_scrape(self):
        self.both()
        self.begin()
        samples, ours = self.scrape(), self.whole()
        self.assertEqual((samples["libvirt_up", ""], samples["libvirt_domains_number", ""]), (1, 2))
        for name in UUIDS:
            values = values_of(ours[name])
            for metric, value in {"info_maximum_memory_bytes": values["balloon.maximum"] * 1024,
                                  "info_virtual_cpus": 2, "state_code": 3,
                                  "block_stats_read_bytes_total": values["block.0.rd.bytes"],
                                  "block_stats_write_requests_total": values["block.0.wr.reqs"]}.items():
                self.assertEqual(samples["libvirt_domain_" + metric, name], value, (metric, name))

    def test_a_scrape_with_one_that_is_stopped(self):
        self.both()
        self.begin()
        self.stop("one")
        for _ in range(2):
            samples = self.scrape()
            self.assertEqual((samples["libvirt_up", ""], samples["libvirt_domains_number", ""]), (1, 2))
            self.assertIn(("libvirt_domain_info_cpu_time_seconds_total", "one"), samples)
            self.assertIn(("libvirt_domain_block_stats_read_bytes_total", "two"), samples)


class Collectd(BesideClients):
    CONF = """BaseDir "{folder}"
FQDNLookup false
PIDFile "{folder}/pid"
PluginDir "{plugins}"
Interval 1
LoadPlugin logfile
<Plugin logfile>
LogLevel "info"
File "{folder}/log"
</Plugin>
LoadPlugin csv
<Plugin csv>
DataDir "{folder}/csv"
</Plugin>
LoadPlugin virt
<Plugin virt>
Connection "{uri}"
RefreshInterval 2
ExtraStats "disk disk_capacity domain_state memory pcpu vcpu"
</Plugin>
"""

    def begin(self):
        if not os.path.exists(PLUGINS + "/virt.so"):
            self.skipTest(f"not here: {PLUGINS}/virt.so")
        self.folder = self.host.path("collectd")
        os.mkdir(self.folder)
        with open(self.folder + "/conf", "w", encoding="utf-8") as conf:
            conf.write(self.CONF.format(folder=self.folder, plugins=PLUGINS, uri=self.uri))
        collectd = subprocess.Popen([COLLECTD, "-f", "-C", self.folder + "/conf"], stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL)

        def end():
            collectd.terminate()
            collectd.wait()
        self.addCleanup(end)
        self.addCleanup(shutil.rmtree, self.folder + "/csv", ignore_errors=True)

    def last(self, domain, metric):
        """The last values that were written for it; None: none were."""
        for folder, _, names in os.walk(f"{self.folder}/csv/{domain}"):
            for name in names:
                if name.startswith(metric + "-20"):
                    with open(os.path.join(folder, name), encoding="utf-8") as file:
                        lines = file.read().split()
                    if lines and lines[-1][-1].isdigit():  # else it is being written
                        return [float(word) for word in lines[-1].split(",")[1:]]
        return None

    def log(self):
        with open(self.folder + "/log", encoding="utf-8") as log:
            return log.read()

    def test_values(self):
        self.start("one", paused=False)
        self.start("two")
        self.serve()
        self.begin()
        until("there are values of a disk", lambda: self.last("one", "disk_octets-vda"))
        until("there are states", lambda: self.last("two", "domain_state"))
        self.assertEqual(self.last("two", "domain_state")[0], 3)
        self.assertEqual(self.last("one", "domain_state"), [1, 1])
        self.assertEqual(self.last("one", "memory-total"), [16384 * 1024])
        until("there is the size of a disk", lambda: self.last("one", "disk_capacity-vda") == [67108864])
        until("there is the time of a vCPU", lambda: self.last("one", "virt_vcpu-1"))
        self.assertGreater(self.last("one", "virt_cpu_total")[0], 0)
        self.assertNotRegex(self.log(), "(?i)failed|error")

    def test_one_that_is_stopped(self):
        self.start("one", paused=False)
        self.start("two", paused=False)
        self.serve()
        self.begin()
        until("there are values", lambda: self.last("one", "virt_cpu_total") and self.last("two", "virt_cpu_total"))
        self.stop("one")
        until("its state is not known", lambda: self.last("one", "domain_state") == [1, 0])
        before = self.last("two", "virt_cpu_total")
        until("the other goes on", lambda: self.last("two", "virt_cpu_total") != before)


class Go(BesideClients):
    """What programs in Go send: a flag that is neither 0 nor 1, and many calls before the first reply."""

    def test_sixty_calls_at_once(self):
        self.both()
        uuid = bytes.fromhex(UUIDS["one"].replace("-", ""))
        domain = struct.pack(">I", 3) + b"one\0" + uuid + struct.pack(">i", 1)
        with Rpc(self.service.rpc, is_open=False) as client:
            client.call(66)
            client.call(1, struct.pack("<I", 1) + struct.pack(">I", 14) + b"qemu:///system\0\0" + struct.pack(">I", 0))
            for number in range(60):
                client.send((16, 150, 344)[number % 3],
                            domain if number % 3 < 2 else struct.pack(">I", 1) + domain + struct.pack(">II", 0x20, 0))
            serials = set()
            for _ in range(60):
                _procedure, kind, serial, status, _payload = client.receive()
                self.assertEqual((kind, status), (1, 0))
                serials.add(serial)
            self.assertEqual(len(serials), 60)
            client.call(2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
