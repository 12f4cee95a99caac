# SPDX-License-Identifier: LGPL-2.1-or-later
"""Domains of libvirt while a job is under way: a save, a dump, a copy of a disk, a backup, and one that keeps
libvirt from asking QEMU. Values are libvirt's own, and what is not there is said."""

import os
import subprocess
import threading

from libvirts import DISK, GROUPS, SOURCES, BesideLibvirt, groups_of
from neighbours import ENDLESS_MS, main
from waiting import until

FIRST_MS = 1500  # deadline of a call that must wait for it
CALLS = 3
MEMORY_MIB = 1024  # so that saving it fills a pipe
BACKUPS = 5
BACKUP = """<domainbackup mode='pull'><server transport='unix' socket='{folder}/nbd'/><disks>
<disk name='vda' backup='yes' type='file'><driver type='qcow2'/><scratch file='{folder}/scratch'/></disk>
</disks></domainbackup>
"""
PAUSED, SAVING, SHUTOFF, SAVED = 3, 3, 5, 5


class Pipe:
    """A FIFO that is read only when the test wants it: what writes there waits."""

    def __init__(self, path):
        os.mkfifo(path)
        self.path = path
        self.end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.reader = None

    def is_full(self):
        """Whether something waits to be read."""
        return os.read(self.end, 1) if not self.reader else True

    def drain(self):
        os.set_blocking(self.end, True)
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        while os.read(self.end, 1 << 16):
            pass

    def close(self):
        if self.reader:
            self.reader.join()
        os.close(self.end)


class Job(BesideLibvirt):
    def setUp(self):
        super().setUp()
        self.libvirt.expect("virProcessRunInFork:.*unable to stat")  # libvirt looks for the files of a backup
        image = self.host.image("vda.qcow2", "-f", "qcow2", "64M")
        subprocess.run(["qemu-io", "-c", "write -P 3 0 16M", image], check=True, stdout=subprocess.DEVNULL)
        disk = DISK.format(form="qcow2", path=image, target="vda")
        self.libvirt.define("vm", devices=disk, memory=MEMORY_MIB)
        self.libvirt.virsh("start", "vm")
        self.runs = {source: self.open(source) for source in SOURCES}
        self.check_whole()

    def start_virsh(self, *words):
        process = subprocess.Popen(["virsh", "-q", "-c", self.libvirt.uri, *words], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.host.processes["virsh"] = process
        return process

    def finish(self, process):
        _, trouble = process.communicate()
        self.assertEqual(process.returncode, 0, trouble)

    def virsh_stats(self):
        lines = self.libvirt.virsh("domstats", "vm", "--nowait").splitlines()
        return dict(line.strip().split("=", 1) for line in lines if "=" in line)

    def check_whole(self):
        """All of it is there, and is what libvirt says before and after."""
        for source, run in self.runs.items():
            with self.subTest(source=source):
                self.check_values(run)

    def check_values(self, run):
        for _ in range(CALLS):  # balloon.rss may rise, and fall again
            before = self.virsh_stats()
            record, = run.ask("records")["domains"]
            after = self.virsh_stats()
            self.assertEqual((record["health"], record["missing"]), ("ok", 0), record)
            steady = {field: before[field] for field in before if before[field] == after.get(field)}
            ours = {field: self.text(record["stats"].get(field)) for field in steady}
            if ours == steady:
                return
        self.assertEqual(ours, steady)

    @staticmethod
    def text(value):
        return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)

    def state(self, source):
        record, = self.runs[source].ask("records")["domains"]
        return record["stats"]["state.state"], record["stats"]["state.reason"]


class Whole(Job):
    """libvirt tells everything meanwhile."""

    def check_saving(self, path, *words):
        """The state meanwhile, of each source."""
        pipe = Pipe(path)
        self.addCleanup(pipe.close)
        virsh = self.start_virsh(*words)
        until("it is being written", lambda: self.is_being_written(pipe))
        self.check_whole()
        states = {self.state(source) for source in SOURCES}
        pipe.drain()
        self.finish(virsh)
        return states

    @staticmethod
    def is_being_written(pipe):
        try:
            return pipe.is_full()
        except BlockingIOError:
            return False

    def test_a_managed_save(self):
        path = "/var/lib/libvirt/qemu/save/vm.save"
        self.assertEqual(self.check_saving(path, "managedsave", "vm"), {(PAUSED, SAVING)})
        for source in SOURCES:
            self.assertEqual(self.state(source), (SHUTOFF, SAVED))

    def test_a_migration_to_a_file(self):
        self.check_saving(self.host.path("fifo"), "save", "vm", self.host.path("fifo"))
        for source in SOURCES:
            self.assertEqual(self.state(source), (SHUTOFF, SAVED))

    def test_a_dump_of_memory(self):
        self.check_saving(self.host.path("fifo"), "dump", "vm", self.host.path("fifo"), "--memory-only")
        self.check_whole()

    def test_a_copy_of_a_disk(self):
        self.libvirt.virsh("blockcopy", "vm", "vda", self.host.path("copy"), "--format", "raw", "--bytes",
                           "--bandwidth", "1", "--transient-job")
        self.check_whole()
        self.libvirt.virsh("blockjob", "vm", "vda", "--abort")
        self.check_whole()

    def test_a_backup(self):
        definition = self.libvirt.write(self.host.path("backup"), BACKUP.format(folder=self.host.folder))
        self.libvirt.virsh("backup-begin", "vm", definition)
        self.check_whole()
        self.libvirt.virsh("domjobabort", "vm")
        self.check_whole()


class Partial(Job):
    """A job keeps libvirt from asking QEMU, so NOWAIT gives less."""

    def check_partial(self, record, codes):
        self.assertIn(record["reason_code"], codes, record)
        self.assertTrue(record["missing"], record)
        self.assertLessEqual({"state", "cpu", "balloon", "vcpu"}, groups_of(record))

    def test_each_record_beside_backups_that_begin_and_end(self):
        definition = self.libvirt.write(self.host.path("backup"), BACKUP.format(folder=self.host.folder))
        pollers = [self.poll(source, every_s=0, timeout_ms=FIRST_MS) for source in SOURCES]
        for _ in range(BACKUPS):
            if not self.backs_up(definition):
                return
        for poller in pollers:
            poller.wait_for_calls(1)
            poller.stop()
            for record in poller.records("vm"):
                if record["health"] != "ok":
                    self.check_partial(record, {"libvirt-job"})
                else:
                    self.assert_whole(record)

    def backs_up(self, definition):
        """False if QEMU has aborted: 7.2 does so at times when anybody asks it for its block nodes
        while it makes the scratch file (docs/neighbours.md)."""
        for words in ("backup-begin", "vm", definition), ("domjobabort", "vm"):
            done = self.libvirt.try_virsh(*words)
            if done.returncode != 0:
                with open("/var/log/libvirt/qemu/vm.log", encoding="utf-8", errors="replace") as log:
                    self.assertIn("qcow2_get_specific_info: Assertion", log.read(), done.stderr)
                self.libvirt.expect("")  # what libvirt says of a QEMU that aborts is many things
                return False
        return True

    def test_what_is_missing_is_said_and_it_comes_back(self):
        """libvirt waits 5 s for a guest to let go of a disk."""
        self.libvirt.virsh("attach-disk", "vm", self.host.image("vdb.raw", "-f", "raw", "1M"), "vdb")
        virsh = self.start_virsh("detach-disk", "vm", "vdb", "--live")
        until("the job is under way", lambda: "block.0.rd.reqs" not in self.virsh_stats())
        for source in SOURCES:
            call = self.runs[source].call(timeout_ms=FIRST_MS)
            self.assert_lacking(call["vm"], "slow", "libvirt-job", "job")
            self.assertLessEqual(GROUPS, groups_of(call["vm"]))
        self.finish(virsh)
        for run in self.runs.values():
            self.assert_whole(run.call()["vm"])

    def test_a_command_blocks_its_qemu(self):
        fifo = self.host.path("fifo")
        os.mkfifo(fifo)
        command = '{"execute":"pmemsave","arguments":{"val":0,"size":65536,"filename":"%s"}}' % fifo
        virsh = self.start_virsh("qemu-monitor-command", "vm", command)
        until("the job is under way", lambda: "block.0.rd.reqs" not in self.virsh_stats())
        for source in SOURCES:
            for timeout_ms in FIRST_MS, ENDLESS_MS:
                call = self.runs[source].call(timeout_ms=timeout_ms)
                self.check_partial(call["vm"], {"libvirt-job", "libvirt-silent", "main-loop"})
            code, domains, trouble = self.run_command(source, "--timeout", "1.5")
            self.assertEqual(code, 2, trouble)
            self.assertLessEqual({"block"}, set(domains["vm"]["missing"]))
        with open(fifo, "rb") as stream:
            stream.read()
        self.finish(virsh)
        for run in self.runs.values():
            until("it is whole", lambda run=run: run.call()["vm"]["health"] == "ok")
        self.check_whole()


if __name__ == "__main__":
    main()
