# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the command says of real QEMU processes, compared with what the test knows by other means: how
it started the machine, stat(), qemu-io, /proc."""

import os
import subprocess
import time
import unittest

from host import Host, PATIENCE_S, accelerator, domstats
from longrun import LongRun

VIR_DOMAIN_RUNNING, VIR_DOMAIN_PAUSED = 1, 3


def stats_of(host, name, *options):
    code, domains, trouble = domstats(*options, "-c", "dir:" + host.folder)
    assert code == 0, (code, trouble)
    return domains[name]["stats"]


def ticks_of(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


class StandingStill(unittest.TestCase):
    """The library does not ask again for what a stopped guest cannot change: a connection that has
    asked often must give the values that a new one gives."""

    def test_kept_values_are_those_of_a_new_connection(self):
        with Host() as host:
            other = host.path("control/other.sock")
            host.start("vm", "-smp", "2", "-device", "virtio-balloon-pci,id=balloon0", "-qmp",
                       f"unix:{other},server=on,wait=off", control=True)
            client = host.control("vm")
            with LongRun("socket:" + host.path("vm.sock")) as run:
                before = self.settle(run, other)
                for change in ("cont", "stop"), ("system_reset",), ("cont", "stop"):
                    for command in change:
                        client.run(command)
                        if command == "cont" and "vcpu.0.exits.sum" in before:
                            self.wait_for_more(run, before)
                    before = self.settle(run, other)

    def settle(self, run, other):
        """Asks until all is kept that may be, and compares with a new connection; gives the values."""
        for _ in range(4):
            kept = self.pick(run.ask("values"))
        code, domains, trouble = domstats("-c", "socket:" + other)
        self.assertEqual(code, 0, trouble)
        fresh, = (self.pick(domain["stats"]) for domain in domains.values())
        self.assertEqual(kept, {name: fresh[name] for name in kept})
        return kept

    def wait_for_more(self, run, before):
        """Waits until the guest has run, so that the values before are old."""
        deadline = time.monotonic() + PATIENCE_S
        while self.pick(run.ask("values"))["vcpu.0.exits.sum"] <= before["vcpu.0.exits.sum"]:
            self.assertLess(time.monotonic(), deadline)

    @staticmethod
    def pick(stats):
        """The vCPUs' statistics of KVM's, halt polling, and the guest's of its memory."""
        return {name: value for name, value in stats.items()
                if name.startswith(("vcpu.", "cpu.haltpoll.", "balloon."))
                and name.endswith((".sum", ".max", ".cur", ".time", "last-update"))
                and not name.endswith(("0.time", "1.time")) and not isinstance(value, bool)}


class OneMachine(unittest.TestCase):
    def test_sizes_are_those_that_stat_gives(self):
        with Host() as host:
            raw = host.image("raw.img", "-f", "raw", "8M")
            with open(raw, "r+b") as image:
                image.write(b"x" * 65536)
            qcow2 = host.image("top.qcow2", "-f", "qcow2", "-b", raw, "-F", "raw", "16M")
            host.start("vm", "-drive", f"file={qcow2},if=none,id=d0,format=qcow2",
                       "-device", "virtio-blk-pci,drive=d0,id=disk0")
            stats = stats_of(host, "vm", "--block", "--backing")
            self.assertEqual(stats["block.count"], 2)
            self.assertEqual(stats["block.0.name"], "disk0")
            self.assertEqual(stats["block.0.path"], qcow2)
            self.assertEqual(stats["block.0.capacity"], 16 << 20)
            self.assertEqual(stats["block.0.physical"], os.stat(qcow2).st_blocks * 512)
            self.assertEqual(stats["block.1.path"], raw)
            self.assertEqual(stats["block.1.capacity"], os.stat(raw).st_size)
            self.assertEqual(stats["block.1.physical"], os.stat(raw).st_blocks * 512)
            self.assertNotIn("block.1.rd.reqs", stats)

    def test_block_counters_count_the_io_that_was_made(self):
        with Host() as host:
            image = host.image("disk.raw", "-f", "raw", "8M")
            host.start("vm", "-drive", f"file={image},if=none,id=d0,format=raw",
                       "-device", "virtio-blk-pci,drive=d0,id=disk0", control=True)
            before = stats_of(host, "vm", "--block")
            client = host.control("vm")
            # qemu-io accounts for what it does asynchronously only.
            for request in ("aio_write 0 1M", "aio_write 1M 64k", "aio_read 0 512k", "aio_flush"):
                client.run("human-monitor-command",
                           **{"command-line": f'qemu-io d0 "{request}"'})
            after = stats_of(host, "vm", "--block")
            self.assertEqual(after["block.0.wr.bytes"] - before["block.0.wr.bytes"],
                             (1 << 20) + 65536)
            self.assertEqual(after["block.0.wr.reqs"] - before["block.0.wr.reqs"], 2)
            self.assertEqual(after["block.0.rd.bytes"] - before["block.0.rd.bytes"], 512 << 10)
            self.assertEqual(after["block.0.rd.reqs"] - before["block.0.rd.reqs"], 1)
            self.assertGreater(after["block.0.wr.times"], before["block.0.wr.times"])
            self.assertGreaterEqual(after["block.0.allocation"], (1 << 20) + 65536)

    def test_memory_and_vcpus_are_as_started(self):
        with Host() as host:
            host.start("vm", "-m", "64", "-smp", "2,maxcpus=5", "-device",
                       "virtio-balloon-pci,id=balloon0")
            stats = stats_of(host, "vm", "--balloon", "--vcpu")
            self.assertEqual(stats["balloon.current"], 64 << 10)
            self.assertEqual(stats["balloon.maximum"], 64 << 10)
            self.assertEqual(stats["balloon.last-update"], 0)
            self.assertEqual(stats["vcpu.current"], 2)
            self.assertEqual(stats["vcpu.maximum"], 5)
            self.assertEqual(stats["vcpu.0.state"], 1)
            self.assertIn("vcpu.1.time", stats)
            self.assertNotIn("vcpu.2.state", stats)

    def test_a_plugged_vcpu_is_there_at_the_next_call(self):
        with Host() as host:
            host.start("vm", "-smp", "1,maxcpus=2", control=True)
            self.assertEqual(stats_of(host, "vm", "--vcpu")["vcpu.current"], 1)
            client = host.control("vm")
            slot = next(slot for slot in client.run("query-hotpluggable-cpus")
                        if "qom-path" not in slot)
            client.run("device_add", driver=slot["type"], id="cpu1", **slot["props"])
            stats = stats_of(host, "vm", "--vcpu")
            self.assertEqual(stats["vcpu.current"], 2)
            self.assertIn("vcpu.1.time", stats)

    def test_cpu_time_is_that_of_proc(self):
        with Host() as host:
            process = host.start("vm")
            before = ticks_of(process.pid)
            stats = stats_of(host, "vm", "--cpu-total")
            after = ticks_of(process.pid)
            tick_ns = 10**9 // os.sysconf("SC_CLK_TCK")
            self.assertGreaterEqual(stats["cpu.time"], before * tick_ns)
            self.assertLessEqual(stats["cpu.time"], after * tick_ns)
            self.assertEqual(stats["cpu.time"], stats["cpu.user"] + stats["cpu.system"])

    def test_the_state_follows_stop_and_cont(self):
        with Host() as host:
            host.start("vm", control=True)
            self.assertEqual(stats_of(host, "vm", "--state")["state.state"], VIR_DOMAIN_PAUSED)
            client = host.control("vm")
            client.run("cont")
            self.assertEqual(stats_of(host, "vm", "--state")["state.state"], VIR_DOMAIN_RUNNING)
            client.run("stop")
            self.assertEqual(stats_of(host, "vm", "--state")["state.state"], VIR_DOMAIN_PAUSED)

    def test_what_qemu_refuses_before_its_machine_is_made_has_its_words(self):
        with Host() as host:
            host.start("vm", "-preconfig", control=True)
            _, domains, trouble = domstats("-c", "dir:" + host.folder)
            domain = domains["vm"]
            self.assertEqual((domain["health"], domain["reason_code"]), ("slow", "refused"), trouble)
            self.assertRegex(domain["reason"], "^QEMU refuses commands for now: .*query-cpus-fast")
            self.assertIn("balloon", domain["missing"])
            self.assertIn(domain["reason"], trouble)
            where = host.path("recording")
            subprocess.run([os.environ["DOMSTATS_COMMAND"], "record", where, "-c", "dir:" + host.folder],
                           check=False, capture_output=True)
            again = domstats("-c", "replay:" + where)[1]["vm"]
            self.assertEqual([again[key] for key in ("health", "reason", "missing")],
                             [domain[key] for key in ("health", "reason", "missing")])
            # Only what needs no machine.
            self.assertEqual(stats_of(host, "vm", "--state")["state.state"], VIR_DOMAIN_PAUSED)
            host.control("vm").run("x-exit-preconfig")
            self.assertIn("vcpu.0.state", stats_of(host, "vm"))

    def test_under_tcg_what_kvm_counts_is_absent(self):
        with Host() as host:
            host.start("vm", accel="tcg")
            stats = stats_of(host, "vm")
            self.assertIn("vcpu.0.time", stats)
            self.assertFalse([name for name in stats if name.startswith("vm.")])
            self.assertNotIn("vcpu.0.exits.sum", stats)

    @unittest.skipUnless(accelerator() == "kvm", "this host has no KVM")
    def test_under_kvm_the_hypervisor_counts(self):
        with Host() as host:
            host.start("vm")
            stats = stats_of(host, "vm")
            self.assertIn("vcpu.0.exits.sum", stats)
            self.assertIn("vm.remote_tlb_flush.sum", stats)
            self.assertIn("cpu.haltpoll.success.time", stats)


class ManyMachines(unittest.TestCase):
    def test_fifty_in_three_ways_of_giving_a_monitor_are_all_found(self):
        with Host() as host:
            names = []
            for i in range(50):
                name = f"auto{i}"
                sock = host.path(f"{name}.sock")
                monitor = [
                    ["-qmp", f"unix:{sock},server=on,wait=off"],
                    ["-chardev", f"socket,id=mon,path={sock},server=on,wait=off",
                     "-mon", "chardev=mon,mode=control"],
                    ["-qmp-pretty", f"unix:{sock},server,nowait"],
                ][i % 3]
                host.start(name, monitor=monitor, wait=False, accel="tcg")
                names.append(name)
            for name in names:
                host.wait_for(host.processes[name], host.path(name + ".sock"))
            code, domains, trouble = domstats("--state", *names)
            self.assertEqual(code, 0, trouble)
            self.assertEqual(sorted(domains), sorted(names))
            code, domains, trouble = domstats()
            self.assertFalse(set(names) - set(domains))
            for name in names:
                self.assertEqual(domains[name]["health"], "ok", domains[name])
                self.assertEqual(domains[name]["id"], host.processes[name].pid)

    def test_a_monitor_given_as_a_descriptor_is_found(self):
        with Host() as host:
            sock = host.path("fd.sock")
            launcher = ["python3", "-c",
                        "import os,socket,sys\n"
                        f"s=socket.socket(socket.AF_UNIX); s.bind({sock!r}); s.listen(1)\n"
                        "os.set_inheritable(s.fileno(), True)\n"
                        "argv=[a.replace('@FD@', str(s.fileno())) for a in sys.argv[1:]]\n"
                        "os.execvp(argv[0], argv)\n"]
            host.start("byfd", monitor=["-chardev", "socket,id=m,fd=@FD@,server=on,wait=off",
                                        "-mon", "chardev=m,mode=control"],
                       launcher=launcher, wait=False)
            host.wait_for(host.processes["byfd"], sock)
            code, domains, trouble = domstats("--state", "byfd")
            self.assertEqual(code, 0, trouble)
            self.assertEqual(domains["byfd"]["health"], "ok")

    def test_another_mount_namespace_is_entered(self):
        with Host() as host:
            hidden = host.path("hidden")
            os.mkdir(hidden)
            sock = os.path.join(hidden, "ns.sock")
            host.start("ns", monitor=["-qmp", f"unix:{sock},server=on,wait=off"], wait=False,
                       launcher=["unshare", "-m", "sh", "-c",
                                 f'mount -t tmpfs none {hidden} && exec "$@"', "sh"])
            host.wait_for(host.processes["ns"], sock)
            self.assertFalse(os.path.exists(sock))
            code, domains, trouble = domstats("--state", "ns")
            self.assertEqual(code, 0, trouble)
            self.assertEqual(domains["ns"]["health"], "ok")

    def test_of_several_monitors_a_free_one_is_taken(self):
        with Host() as host:
            host.start("two", control=True)
            host.control("two")
            code, domains, trouble = domstats("two")
            self.assertEqual(code, 0, trouble)
            self.assertEqual(domains["two"]["health"], "ok")

    def test_a_qemu_without_a_monitor_is_listed_with_what_the_host_knows(self):
        with Host() as host:
            host.start("deaf", monitor=["-monitor", "none"], wait=False)
            _code, domains, trouble = domstats()
            self.assertIn("deaf", domains)
            self.assertEqual(domains["deaf"]["health"], "no-monitor")
            self.assertIn("cpu.time", domains["deaf"]["stats"])
            self.assertIn("deaf", trouble)

    def test_a_recording_gives_the_same_fields_and_values(self):
        with Host() as host:
            image = host.image("disk.qcow2", "-f", "qcow2", "8M")
            host.start("alpha", "-drive", f"file={image},if=none,id=d0", "-device",
                       "virtio-blk-pci,drive=d0,id=disk0", "-device", "virtio-balloon-pci")
            host.start("beta", "-smp", "2", "-object", "iothread,id=iothread1", accel="tcg")
            where = host.path("recording")
            done = subprocess.run([os.environ["DOMSTATS_COMMAND"], "record", where, "-c",
                                   "dir:" + host.folder], check=False, capture_output=True,
                                  text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            for options in ((), ("--backing",), ("--cpu-total",), ("--vcpu", "--ext")):
                code, live, trouble = domstats(*options, "-c", "dir:" + host.folder)
                self.assertEqual(code, 0, trouble)
                code, again, trouble = domstats(*options, "-c", "replay:" + where)
                self.assertEqual(code, 0, trouble)
                self.assertEqual(sorted(live), sorted(again))
                for name, domain in live.items():
                    self.compare(name, domain["stats"], again[name]["stats"])

    # Values that change between two readings.
    MOVES = (".time", "cpu.user", "cpu.system", ".delay", ".steal", "ext.", "balloon.rss",
             ".sum", ".cur", ".max")

    def compare(self, name, live, again):
        self.assertEqual(list(live), list(again), name)
        for field, value in live.items():
            if not any(part in field for part in self.MOVES):
                self.assertEqual(value, again[field], (name, field))


if __name__ == "__main__":
    unittest.main(verbosity=2)
