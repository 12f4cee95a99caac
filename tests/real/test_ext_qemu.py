# SPDX-License-Identifier: LGPL-2.1-or-later
"""What only QEMU itself knows of its domain, on real QEMUs: migrations, block jobs, events."""

import subprocess
import unittest

import firmware
from host import COMMAND, Host, domstats
from longrun import LongRun
from waiting import until

STATE, BLOCK, IOTHREAD = 1 << 0, 1 << 5, 1 << 7  # VIR_DOMAIN_STATS_*
EXT = 1  # DOMSTATS_CALL_EXT
# Bytes a second. The memory of a small guest is a few ten thousand bytes, since it is all zeros.
SLOW, FAST = 1 << 10, 1 << 30
MIGRATION, EVENTS, JOB = "ext.state.migration.", "ext.state.events.", "ext.block.job."
SPEED = 65536
N_WRITTEN = 4 << 20
DIRTYING = b"\xff\x05\x81\xc7\x00\x10\xeb\xf8"  # inc word [di]; add di, 0x1000; and again


def part(values, prefix):
    """Those values that begin so, by the rest of their names."""
    return {name[len(prefix):]: value for name, value in values.items() if name.startswith(prefix)}


class Ext(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.n_recordings = 0
        self.addCleanup(self.host.__exit__)

    def start(self, name, *options, **more):
        """A QEMU with a monitor that is held, one for visits, and one for the test."""
        visited = f"unix:{self.visited(name)},server=on,wait=off"
        self.host.start(name, "-qmp", visited, *options, control=True, **more)
        return self.host.control(name)

    def visited(self, name):
        return self.host.path(f"control/{name}.visit")

    def held(self, name):
        """A connection that is held, after its first call."""
        run = LongRun("socket:" + self.host.path(name + ".sock"), "hold")
        run.__enter__()
        self.addCleanup(run.__exit__, None, None, None)
        run.call()
        return run

    @staticmethod
    def values(run, stats=STATE | BLOCK | IOTHREAD):
        return run.ask("values", stats, EXT)

    def migration(self, run):
        return part(self.values(run), MIGRATION)

    def visit(self, name):
        """What the command tells, which connects and lets go."""
        code, domains, words = domstats("-c", "socket:" + self.visited(name), "--ext", "--state", "--block")
        self.assertEqual(code, 0, words)
        return domains[name]["stats"]

    def replayed(self, name):
        self.n_recordings += 1
        where = self.host.path(f"recording-{self.n_recordings}")
        subprocess.run([COMMAND, "record", where, "-c", "socket:" + self.visited(name)],
                       check=True, capture_output=True)
        code, domains, words = domstats("-c", "replay:" + where, "--ext", "--state", "--block")
        self.assertEqual(code, 0, words)
        return domains[name]["stats"]


class Migrations(Ext):
    def check_leaving(self, tells, **guest):
        """A guest that migrates to another QEMU of this host, seen on both sides."""
        control = self.start("from", **guest)
        self.start("to", "-incoming", "unix:" + self.host.path("migration"), **guest)
        if tells:
            control.run("migrate-set-capabilities",
                        capabilities=[{"capability": "events", "state": True}])
        source, there = self.held("from"), self.held("to")
        self.assertEqual(self.migration(source), {})
        # A newer QEMU that waits says so.
        self.assertIn(self.migration(there), ({}, {"status": "setup", "direction": "incoming"}))
        control.run("migrate-set-parameters", **{"max-bandwidth": SLOW, "downtime-limit": 1})
        control.run("migrate", uri="unix:" + self.host.path("migration"))
        active = until("memory is sent", lambda: self.sent(source))
        self.assertEqual((active["status"], active["direction"]), ("active", "outgoing"), active)
        self.assertGreaterEqual(active["memory_total"], 16 << 20)
        self.assertGreater(active["memory_remaining"], 0)
        self.assertLessEqual(active["memory_remaining"], active["memory_total"])
        self.assertIn("downtime_expected", active)
        self.assertNotIn("downtime", active)
        self.assertGreaterEqual(active["memory_iteration"], 1)
        self.check_newest(control, active)
        coming = until("it comes in", lambda: self.coming(there))
        self.assertEqual(coming, {"status": "active", "direction": "incoming"})
        self.assertEqual(part(self.replayed("from"), MIGRATION)["status"], "active")
        control.run("migrate-set-parameters", **{"max-bandwidth": FAST, "downtime-limit": 300})
        ended = until("it has left", lambda: self.ended(source))
        self.assertEqual((ended["status"], ended["direction"]), ("completed", "outgoing"), ended)
        self.assertEqual(ended["memory_remaining"], 0)
        self.assertGreater(ended["memory_processed"], active["memory_processed"])
        self.assertGreaterEqual(ended["time_elapsed"], ended["downtime"])
        self.assertNotIn("downtime_expected", ended)
        self.assertEqual(until("it is here", lambda: self.ended(there)),
                         {"status": "completed", "direction": "incoming"})
        self.assertEqual(part(self.visit("from"), MIGRATION), ended)
        self.assertEqual(part(self.replayed("from"), MIGRATION), ended)
        self.assertEqual(part(self.replayed("to"), MIGRATION),
                         {"status": "completed", "direction": "incoming"})

    def coming(self, run):
        values = self.migration(run)
        return values if values.get("status", "setup") != "setup" else None

    def sent(self, run):
        values = self.migration(run)
        return values if values.get("memory_processed", 0) > 0 else None

    def ended(self, run):
        values = self.migration(run)
        return values if values.get("status") in ("completed", "failed", "cancelled") else None

    def check_newest(self, control, active):
        """From 11.1 on QEMU tells what remains of all devices."""
        self.assertEqual("data_remaining" in active, "remaining" in control.run("query-migrate"))

    def test_of_a_guest_that_runs(self):
        self.check_leaving(False, paused=False)

    def test_of_a_paused_guest(self):
        self.check_leaving(False)

    def test_with_events_of_a_guest_that_runs(self):
        self.check_leaving(True, paused=False)

    def test_with_events_of_a_paused_guest(self):
        self.check_leaving(True)

    def test_that_fails(self):
        control = self.start("vm")
        run = self.held("vm")
        try:
            control.run("migrate", uri="unix:/nowhere/migration")
        except RuntimeError:
            pass  # newer ones say so at once
        failed = until("it has failed", lambda: self.ended(run))
        self.assertEqual((failed["status"], failed["direction"]), ("failed", "outgoing"), failed)
        self.assertIn("/nowhere/migration", failed["errmsg"])
        self.assertEqual(set(failed), {"status", "direction", "errmsg"})
        self.assertEqual(part(self.replayed("vm"), MIGRATION), failed)

    def test_that_is_cancelled(self):
        control = self.start("vm", paused=False)
        run = self.held("vm")
        control.run("migrate-set-parameters", **{"max-bandwidth": SLOW, "downtime-limit": 1})
        control.run("migrate", uri="exec:cat >" + self.host.path("migration"))
        until("memory is sent", lambda: self.sent(run))
        control.run("migrate_cancel")
        cancelled = until("it is cancelled", lambda: self.ended(run))
        self.assertEqual(cancelled, {"status": "cancelled", "direction": "outgoing"})
        control.run("migrate-set-parameters", **{"max-bandwidth": FAST, "downtime-limit": 300})
        control.run("migrate", uri="exec:cat >" + self.host.path("migration"))
        self.assertEqual(until("the next ends", lambda: self.completed(run))["direction"], "outgoing")

    def start_writers(self, *capabilities):
        """Two QEMUs whose guest writes to its memory without end, the second for the first to go to."""
        path = firmware.write(self.host.path("dirty.bin"), DIRTYING)
        guest = ["-bios", path]
        control = self.start("from", *guest, paused=False, boots=True)
        there = self.start("to", *guest, "-incoming", "unix:" + self.host.path("migration"), paused=False, boots=True)
        for client in (control, there):
            client.run("migrate-set-capabilities",
                       capabilities=[{"capability": name, "state": True} for name in capabilities])
        return control

    def test_that_slows_the_guest_down(self):
        control = self.start_writers("auto-converge")
        run = self.held("from")
        control.run("migrate-set-parameters", **{"max-bandwidth": 1 << 15, "downtime-limit": 1})
        control.run("migrate", uri="unix:" + self.host.path("migration"))
        slowed = until("it is slowed down", lambda: self.throttled(run))
        self.assertLessEqual(slowed["auto_converge_throttle"], 99)
        self.assertGreater(slowed["memory_iteration"], 1)
        self.assertGreater(slowed["memory_dirty_rate"], 0)

    def throttled(self, run):
        values = self.migration(run)
        return values if values.get("auto_converge_throttle", 0) > 0 and values["memory_dirty_rate"] > 0 else None

    def test_that_sends_memory_after_the_guest(self):
        try:
            control = self.start_writers("postcopy-ram")
        except RuntimeError as error:
            self.skipTest(f"this host has no postcopy: {error}")
        source, there = self.held("from"), self.held("to")
        control.run("migrate-set-parameters", **{
            "max-bandwidth": 1 << 15, "max-postcopy-bandwidth": 1 << 13, "downtime-limit": 1})
        control.run("migrate", uri="unix:" + self.host.path("migration"))
        until("memory is sent", lambda: self.sent(source))
        control.run("migrate-start-postcopy")
        self.assertEqual(until("the guest is there", lambda: self.in_postcopy(there)),
                         {"status": "postcopy-active", "direction": "incoming"})
        self.assertEqual(until("it is told here", lambda: self.in_postcopy(source))["direction"], "outgoing")
        ended = until("all is there", lambda: self.completed(source))
        self.assertGreater(ended["memory_postcopy_requests"], 0)
        self.assertEqual(until("all is there", lambda: self.completed(there))["direction"], "incoming")

    def in_postcopy(self, run):
        values = self.migration(run)
        return values if values.get("status") == "postcopy-active" else None

    def test_a_snapshot_with_memory_counts_as_one(self):
        """To QEMU it is one."""
        image = self.host.image("disk.qcow2", "-f", "qcow2", "64M")
        control = self.start("vm", "-drive", f"file={image},if=none,id=d,format=qcow2",
                             "-device", "virtio-blk-pci,drive=d", paused=False)
        run = self.held("vm")
        control.run("human-monitor-command", **{"command-line": "savevm first"})
        saved = self.migration(run)
        self.assertEqual((saved["status"], saved["direction"]), ("completed", "outgoing"), saved)

    def completed(self, run):
        values = self.migration(run)
        return values if values.get("status") == "completed" else None


class BlockJobs(Ext):
    def start_disks(self):
        """disk0: a node, with a node to copy it to; disk1: a drive; disk2: a drive over two images."""
        for name in ("disk0", "copy0", "disk1", "base", "bad"):
            self.host.image(name + ".qcow2", "-f", "qcow2", "8M")
        for below, name in (("base", "middle"), ("middle", "disk2")):
            self.host.image(name + ".qcow2", "-f", "qcow2", "-F", "qcow2", "-b",
                            self.host.path(below + ".qcow2"), "8M")
        for name in ("base", "middle"):
            subprocess.run(["qemu-io", "-c", f"write {N_WRITTEN} {N_WRITTEN}", self.host.path(name + ".qcow2")],
                           check=True, capture_output=True)
        control = self.start(
            "vm", *self.node("disk0"), *self.node("copy0"), *self.node("bad", "bad"),
            "-device", "virtio-blk-pci,drive=disk0,id=disk0", *self.drive("disk1"), *self.drive("disk2"))
        for name in ("-d /machine/peripheral/disk0/virtio-backend", "drive1", "drive2"):
            line = f'qemu-io {name} "aio_write 0 {N_WRITTEN}"'
            control.run("human-monitor-command", **{"command-line": line})
        return control

    def node(self, name, below=None):
        path = self.host.path(name + ".qcow2")
        words = ["-blockdev", f"driver=file,node-name={name}-file,filename={path}"]
        if below:
            words += ["-blockdev", f"driver=blkdebug,node-name={name}-bad,image={name}-file,"
                      "inject-error.0.event=write_aio,inject-error.0.errno=5"]
        return words + ["-blockdev",
                        f"driver=qcow2,node-name={name},file={name}-{'bad' if below else 'file'}"]

    def drive(self, name):
        return ["-drive", f"file={self.host.path(name)}.qcow2,if=none,id=drive{name[-1]}",
                "-device", f"virtio-blk-pci,drive=drive{name[-1]},id={name}"]

    def job(self, run, n_jobs=1):
        """The first job, with the name of its disk in place of the number."""
        values = self.values(run)
        self.assertEqual(values[JOB + "count"], n_jobs, values)
        job = part(values, JOB + "0.")
        if "disk" in job:
            job["disk"] = values[f"block.{job['disk']}.name"]
        return job

    def check(self, run, control, disk, kind, command, **arguments):
        """A job that is slowed down, then goes."""
        control.run(command, speed=SPEED, **arguments)
        name = arguments.get("job-id", arguments["device"])
        job = until("it has done something", lambda: self.job(run) if self.job(run)["offset"] > 0 else None)
        self.assertEqual((job["id"], job["type"], job["speed"], job["io-status"]),
                         (name, kind, SPEED, "ok"), job)
        self.assertIn(job["status"], ("running", "ready"))  # a commit of little data is soon ready
        self.assertEqual(job.get("disk"), disk, job)
        self.assertLessEqual(job["offset"], job["len"])
        self.assertEqual(part(self.visit("vm"), JOB + "0.")["type"], kind)
        self.assertEqual(part(self.replayed("vm"), JOB + "0.")["id"], name)
        control.run("block-job-cancel", device=name, force=True)
        until("it has gone", lambda: self.values(run)[JOB + "count"] == 0)

    def test_of_all_kinds_and_the_disk_of_each(self):
        control = self.start_disks()
        run = self.held("vm")
        self.assertEqual(self.values(run)[JOB + "count"], 0)
        self.check(run, control, "disk0", "mirror", "blockdev-mirror",
                   **{"job-id": "copying", "device": "disk0", "target": "copy0", "sync": "full",
                      "granularity": SPEED, "buf-size": SPEED})
        self.check(run, control, "disk1", "backup", "drive-backup",
                   device="drive1", target=self.host.path("backup.qcow2"), sync="full")
        self.check(run, control, "disk1", "backup", "drive-backup", **{
            "job-id": "saving", "device": "drive1", "target": self.host.path("backup.qcow2"), "sync": "full"})
        self.check(run, control, "disk2", "stream", "block-stream", device="drive2")
        self.check(run, control, "disk2", "commit", "block-commit",
                   **{"job-id": "merging", "device": "drive2", "top": self.host.path("middle.qcow2")})
        self.check(run, control, "disk2", "commit", "block-commit",
                   **{"job-id": "merging", "device": "drive2"})

    def test_two_copies_at_once_are_not_guessed_at(self):
        control = self.start_disks()
        run = self.held("vm")
        control.run("blockdev-backup", speed=1, device="drive1", target="copy0", sync="full", **{"job-id": "one"})
        control.run("drive-backup", speed=1, device="drive2", target=self.host.path("b.qcow2"), sync="full",
                    **{"job-id": "two"})
        values = self.values(run)
        self.assertEqual(values[JOB + "count"], 2)
        self.assertEqual({values[f"{JOB}{i}.id"] for i in range(2)}, {"one", "two"})
        self.assertNotIn(JOB + "0.disk", values)
        self.assertNotIn(JOB + "1.disk", values)

    def test_the_name_of_another_disk_is_not_believed(self):
        control = self.start_disks()
        run = self.held("vm")
        control.run("drive-backup", speed=1, device="drive1", target=self.host.path("b.qcow2"), sync="full",
                    **{"job-id": "drive2"})
        job = self.job(run)
        self.assertEqual((job["id"], job["disk"]), ("drive2", "disk1"), job)

    def test_that_meets_an_error(self):
        control = self.start_disks()
        run = self.held("vm")
        control.run("blockdev-mirror", device="disk0", target="bad", sync="full", **{
            "job-id": "copying", "on-target-error": "stop"})
        job = until("it has met one", lambda: self.job(run) if self.job(run)["io-status"] != "ok" else None)
        self.assertEqual((job["io-status"], job["status"], job["disk"]), ("failed", "paused", "disk0"), job)


class Events(Ext):
    def counts(self, run):
        """Those that are not 0, and that they begin with a time."""
        values = part(self.values(run), EVENTS)
        self.assertGreater(values.pop("since"), 1700000000)
        self.assertEqual(len(values), 9)
        return {name: n for name, n in values.items() if n}

    def run_once(self, code, *options):
        """A guest that waits to begin, and then runs @code once."""
        path = firmware.write(self.host.path("once.bin"), code + firmware.HALT)
        control = self.start("vm", "-bios", path, *options)
        run = self.held("vm")
        self.assertEqual(self.counts(run), {})
        control.run("cont")
        return run

    def test_of_a_panic(self):
        # al = 2 and al = 1 to the port 0x505 of pvpanic
        run = self.run_once(b"\xba\x05\x05\xb0\x02\xee\xb0\x01\xee", "-device", "pvpanic", "-action", "panic=none")
        self.assertEqual(until("it panics", lambda: len(self.counts(run)) > 1 and self.counts(run)),
                         {"guest_crashloaded": 1, "guest_panicked": 1})

    def test_of_a_watchdog(self):
        # 15 to the port 0x443 of the watchdog: its time is over at once
        run = self.run_once(b"\xba\x43\x04\xb0\x0f\xee", "-device", "ib700", "-action", "watchdog=none")
        self.assertEqual(until("it runs out", lambda: self.counts(run)), {"watchdog": 1})

    def test_of_resets_which_a_new_connection_does_not_have(self):
        control = self.start("vm")
        run = self.held("vm")
        for _ in range(3):
            control.run("system_reset")
        control.run("system_powerdown")
        self.assertEqual(until("all are told", lambda: len(self.counts(run)) > 1 and self.counts(run)),
                         {"reset": 3, "powerdown": 1})
        run.ask("dispatch")
        self.assertEqual(self.counts(run), {"reset": 3, "powerdown": 1})
        before = self.values(run)[EVENTS + "since"]
        self.host.forget("vm")
        self.start("vm")
        self.assertEqual(part(until("it is connected anew", lambda: self.answer(run)), EVENTS), {})
        self.assertEqual(self.counts(run), {})
        self.assertGreaterEqual(self.values(run)[EVENTS + "since"], before)

    def answer(self, run):
        values = self.values(run)
        return values if "ext.monitor.time" in values else None

    def test_of_a_guest_that_goes_off(self):
        control = self.start("vm", "-no-reboot", "-no-shutdown")
        run = self.held("vm")
        control.run("system_reset")
        self.assertEqual(until("it is off", lambda: self.counts(run)), {"shutdown": 1})

    def test_of_io_errors_by_disk(self):
        """The firmware looks for something to boot, and meets an error on one of two disks."""
        for name in ("good", "bad"):
            self.host.image(name + ".raw", "-f", "raw", "1M")
        control = self.start(
            "vm", *self.node("good"), "-device", "virtio-blk-pci,drive=good,id=disk0",
            *self.node("bad"), "-device", "virtio-blk-pci,drive=bad,id=disk1,rerror=report,bootindex=0",
            accel="tcg")
        run = self.held("vm")
        control.run("cont")
        values = until("it meets an error", self.errors(run))
        self.assertGreater(values["ext.block.1.events.block_io_error"], 0)
        self.assertEqual(values["ext.block.0.events.block_io_error"], 0)
        self.assertEqual(values["ext.block.1.events.block_io_error"], values[EVENTS + "block_io_error"])

    def errors(self, run):
        def look():
            values = self.values(run)
            return values if values.get(EVENTS + "block_io_error", 0) > 0 else None
        return look

    def node(self, name):
        path = self.host.path(name + ".raw")
        words = ["-blockdev", f"driver=file,node-name={name}-file,filename={path}"]
        if name == "bad":
            words += ["-blockdev", "driver=blkdebug,node-name=bad-debug,image=bad-file,"
                      "inject-error.0.event=read_aio,inject-error.0.errno=5"]
        below = "bad-debug" if name == "bad" else "good-file"
        return words + ["-blockdev", f"driver=raw,node-name={name},file={below}"]

    def test_are_not_told_of_a_visit_nor_of_a_recording(self):
        self.start("vm").run("system_reset")
        self.assertEqual(part(self.visit("vm"), EVENTS), {})
        self.assertEqual(part(self.replayed("vm"), EVENTS), {})
        with LongRun("socket:" + self.host.path("vm.sock"), "release") as run:
            self.values(run)
            self.assertEqual(part(self.values(run), EVENTS), {})


if __name__ == "__main__":
    unittest.main(verbosity=2)
