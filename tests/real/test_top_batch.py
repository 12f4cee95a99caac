# SPDX-License-Identifier: LGPL-2.1-or-later
"""`domstats top` without a screen, on real QEMUs: one computes, one halts, one waits, one is stopped and comes back
as another process."""
import csv
import json
import os
import re
import resource
import signal
import socket
import subprocess
import time
import unittest

import firmware
from host import COMMAND, Host

UUID = "11111111-2222-4333-8444-555555555555"
ROUNDS = 120
TICK = 1 / os.sysconf("SC_CLK_TCK")


def top(host, *arguments):
    """Runs it to its end. Gives its exit status and its lines."""
    done = subprocess.run([COMMAND, "top", "-c", "dir:" + host.folder, *arguments], capture_output=True, text=True,
                          timeout=120, check=False)
    return done.returncode, done.stdout.splitlines(), done.stderr


class Live:
    """A run that writes lines of JSON while the host changes."""

    def __init__(self, host, *arguments):
        self.process = subprocess.Popen(
            [COMMAND, "top", "-c", "dir:" + host.folder, "--json", "-d", "0.5", "-n", str(ROUNDS), *arguments],
            stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.process.stdout.close()
        self.process.terminate()
        self.process.wait()

    def round(self):
        """The next one: its rows by name."""
        line = json.loads(self.process.stdout.readline())
        return {row["name"]: row for row in line["rows"]}

    def until(self, what, fits):
        for _ in range(ROUNDS):
            rows = self.round()
            if fits(rows):
                return rows
        raise AssertionError(f"it did not happen: {what}")


def start_all(host):
    host.start("spins", "-bios", firmware.spinning(host), paused=False, boots=True)
    host.start("halts", paused=False)
    host.start("waits")
    start_stuck(host)


def start_stuck(host):
    image = host.path("disk.img")
    if not os.path.exists(image):
        host.image("disk.img", "-f", "raw", "1M")
    return host.start("stuck", "-uuid", UUID, "-drive", f"file={image},if=none,id=d0,format=raw",
                      "-device", "virtio-blk-pci,drive=d0")


class Batch(unittest.TestCase):
    def test_who_stops_keeps_its_row_and_who_comes_anew_begins_anew(self):
        with Host() as host:
            start_all(host)
            columns = "name,pid,state,cpu,alloc,mem,age"
            with Live(host, "-o", columns) as live:
                first = live.until("all are seen", lambda rows: len(rows) == 4 and seen_well(rows))
                self.assertEqual({name: row["state"] for name, row in first.items()},
                                 {"spins": "r", "halts": "r", "waits": "p", "stuck": "p"})
                rows = live.until("one computes", lambda rows: (rows["spins"]["cpu"] or 0) > 5)
                self.assertLess(rows["waits"]["cpu"], rows["spins"]["cpu"])
                self.assertEqual(rows["stuck"]["alloc"], 16 << 20)

                process = host.processes["stuck"]
                process.send_signal(signal.SIGSTOP)
                rows = live.until("it does not answer", lambda rows: rows["stuck"]["state"] == "?")
                rows = live.until("its answer grows old", lambda rows: rows["stuck"]["age"] > 1)
                self.assertEqual(rows["stuck"]["health"], "stopped")
                self.assertEqual(rows["stuck"]["reason_code"], "signal")
                self.assertEqual(rows["stuck"]["alloc"], 16 << 20)
                self.assertIn("alloc", rows["stuck"]["old"])
                self.assertNotIn("cpu", rows["stuck"]["old"])
                rows = live.until("the others go on", lambda rows: rows["spins"]["health"] == "ok" and
                                  rows["spins"]["cpu"] > 0)

                process.send_signal(signal.SIGCONT)
                rows = live.until("it answers again", lambda rows: rows["stuck"]["state"] == "p")
                self.assertEqual(rows["stuck"]["old"], [])

                before = process.pid
                host.forget("stuck")
                start_stuck(host)
                rows = live.until("another process answers",
                                  lambda rows: rows.get("stuck", {}).get("pid") not in (None, before))
                self.assertIsNone(rows["stuck"]["cpu"])
                rows = live.until("it has rates", lambda rows: rows["stuck"]["cpu"] is not None)
                self.assertGreaterEqual(rows["stuck"]["cpu"], 0)

    def test_cpu_is_what_the_kernel_counts(self):
        with Host() as host:
            pid = host.start("spins", "-bios", firmware.spinning(host), paused=False, boots=True).pid
            code, lines, _ = top(host, "--json", "-n", "3", "-d", "3", "-o", "name,cpu,time")
            self.assertEqual(code, 0)
            rounds = [json.loads(line) for line in lines]
            rows = [line["rows"][0] for line in rounds]
            # Each rate is the growth of the time that is told beside it: the clock of a round is that of its answer,
            # but for the time from the answer to the end of the round.
            clocks = [time_of(line["clock"]) for line in rounds]
            for i in (1, 2):
                seconds = clocks[i] - clocks[i - 1]
                grown = rows[i]["time"] - rows[i - 1]["time"]
                self.assertAlmostEqual(rows[i]["cpu"], grown / seconds * 100, delta=15)
            self.assertLessEqual(rows[2]["time"], cpu_time(pid) + TICK)

    def test_disks_are_as_busy_as_they_are_made(self):
        with Host() as host:
            image = host.image("disk.img", "-f", "raw", "1M")
            host.start("vm", "-drive", f"file={image},if=none,id=d0,format=raw",
                       "-device", "virtio-blk-pci,drive=d0,id=disk0", control=True)
            qemu = host.control("vm")
            qemu.run("block-latency-histogram-set", id="/machine/peripheral/disk0/virtio-backend",
                     boundaries=[10000, 1000000])
            columns = "name,rd,rdrq,wr,wrrq,rlat,wlat,r50,w50,w99"
            with Live(host, "--view", "disks", "-o", columns) as live:
                idle = live.until("it has rates", lambda rows: rows["vm"]["wr"] is not None)["vm"]
                self.assertEqual((idle["rd"], idle["wr"], idle["wlat"], idle["w99"]), (0, 0, None, None))
                for _ in range(20):
                    for words in ("aio_write 0 64k", "aio_read 0 4k"):
                        qemu.run("human-monitor-command", **{"command-line": f'qemu-io d0 "{words}"'})
                busy = live.until("it is busy", lambda rows: rows["vm"]["wr"] and rows["vm"]["rd"])["vm"]
                # Bytes of a request, from two numbers that have three decimals.
                self.assertAlmostEqual(busy["wr"] / busy["wrrq"], 65536, delta=100)
                self.assertAlmostEqual(busy["rd"] / busy["rdrq"], 4096, delta=10)
                self.assertGreater(busy["wlat"], 0)
                self.assertGreater(busy["rlat"], 0)
                self.assertIn(busy["w99"], (0.01, 1))
                self.assertLessEqual(busy["w50"], busy["w99"])

    def test_csv_has_a_line_a_row(self):
        with Host() as host:
            start_all(host)
            code, lines, trouble = top(host, "--csv", "-n", "2", "-d", "1", "--view", "disks")
            self.assertEqual((code, trouble), (0, ""))
            rows = list(csv.DictReader(lines))
            self.assertEqual([row["name"] for row in rows], ["stuck", "stuck"])
            self.assertEqual((rows[0]["rd"], rows[1]["rd"]), ("", "0"))
            self.assertEqual(rows[1]["cap"], str(1 << 20))

    def test_the_columns_of_virt_top(self):
        with Host() as host:
            start_all(host)
            code, lines, _ = top(host, "--csv=virt-top", "-n", "2", "-d", "1")
            self.assertEqual(code, 0)
            head, *rounds = list(csv.reader(lines))
            self.assertEqual(head[18:], ["Domain ID", "Domain name", "CPU (ns)", "%CPU", "Mem (bytes)", "%Mem",
                                         "Block RDRQ", "Block WRRQ", "Net RXBY", "Net TXBY"])
            self.assertEqual([len(line) for line in rounds], [18 + 4 * 10] * 2)
            # Count, Running, Blocked, Paused, ..., Active, Inactive.
            self.assertEqual(rounds[1][4:13], ["4", "2", "0", "2", "0", "0", "0", "4", "0"])
            domains = {rounds[1][i + 1]: rounds[1][i:i + 10] for i in range(18, 58, 10)}
            self.assertEqual(domains["stuck"][0], str(host.processes["stuck"].pid))
            self.assertEqual(domains["stuck"][4:8], ["16384", "0", "0", "0"])
            self.assertGreater(int(domains["spins"][2]), 0)

    def test_a_replay_shows_what_was_recorded(self):
        with Host() as host:
            start_all(host)
            series = host.path("series")
            code, lines, _ = top(host, "--json", "-n", "3", "-d", "1", "--record", series)
            self.assertEqual((code, len(lines)), (0, 3))
            self.check_slices(series)
            again = subprocess.run([COMMAND, "top", "--json", "--replay", series], capture_output=True, text=True,
                                   check=False)
            self.assertEqual(again.stdout.splitlines(), lines)
            self.assertEqual(again.returncode, 0)

    def check_slices(self, series):
        """All QEMUs run in our control group, and it is told."""
        with open(os.path.join(series, "rounds.json"), encoding="utf-8") as file:
            rounds = [json.loads(line) for line in file][1:]
        slices = {domain.get("slice") for round_of in rounds for domain in round_of["domains"]}
        with open("/proc/self/cgroup", encoding="utf-8") as file:
            paths = [line.rstrip("\n").split(":", 2)[2] for line in file]
        self.assertEqual(len(slices), 1, slices)
        self.assertTrue(any(next(iter(slices)) in path for path in paths), (slices, paths))

    def test_ends_when_nobody_reads_it(self):
        """A pipe and a socket tell that in different ways; the next round is an hour away."""
        for name, make in (("pipe", os.pipe), ("socket", lambda: [end.detach() for end in socket.socketpair()])):
            with self.subTest(output=name), Host() as host:
                reader, writer = make()
                process = subprocess.Popen([COMMAND, "top", "-b", "-d", "3600", "-c", "dir:" + host.folder],
                                           stdout=writer)
                os.close(writer)
                self.assertIn(b"0 domains", os.read(reader, 65536))  # all: what is not read is an error to the writer
                os.close(reader)
                try:
                    process.wait(20)
                finally:
                    process.kill()
                    process.wait()

    def test_a_recording_that_may_not_grow_is_told(self):
        with Host() as host:
            series = host.path("series")
            done = subprocess.run([COMMAND, "top", "-b", "-n", "6", "-d", "0.5", "-c", "dir:" + host.folder, "--record",
                                   series], capture_output=True, text=True, timeout=60, check=False,
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400)))
            self.assertEqual((done.returncode, done.stderr),
                             (3, "domstats: a round could not be recorded: File too large\n"))
            self.assertEqual(done.stdout.count("0 domains"), 6)

    def test_the_exit_status_and_the_table(self):
        with Host() as host:
            start_all(host)
            host.processes["stuck"].send_signal(signal.SIGSTOP)
            code, lines, _ = top(host, "-bn1", "-d", "1")
            self.assertEqual(code, 3)
            self.assertTrue(any(re.match(r"stuck +\? ", line) for line in lines), lines)
            self.assertTrue(any(line.startswith("stuck: stopped: process ") for line in lines), lines)
            self.assertEqual(top(host, "-bn1", "-d1", "--filter", "nosuch:x")[0], 3)
            self.assertEqual(top(host, "-d", "0.4", "-b")[0], 1)
            self.assertEqual(top(host, "-b", "-o", "nosuch")[0], 1)
            for words in (["-o", "cpu"], ["--view", "disks"], ["--requests"]):
                code, lines, trouble = top(host, "--csv=virt-top", "-n1", *words)
                self.assertEqual((code, lines), (1, []))
                self.assertIn("does not go with '--csv=virt-top'", trouble)


def seen_well(rows):
    return all(row["health"] == "ok" for row in rows.values())


def time_of(clock):
    whole, thousandths = clock[:-1].split(".")
    return time.mktime(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + int(thousandths) / 1000


def cpu_time(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * TICK


if __name__ == "__main__":
    unittest.main()
