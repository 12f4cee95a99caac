# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the host tells of real QEMUs: perf events."""

import unittest

from host import Host
from longrun import LongRun

PERF = 1 << 6
CPU_TOTAL = 1 << 1
MS = 1000 * 1000


def spinning_firmware(host):
    """A firmware that jumps to itself where a processor begins, 16 bytes below the end."""
    image = bytearray(65536)
    image[0xFFF0:0xFFF2] = b"\xeb\xfe"
    path = host.path("spin.bin")
    with open(path, "wb") as file:
        file.write(image)
    return path


class HostFacts(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.__exit__)

    def open(self, name, *options):
        run = LongRun("socket:" + self.host.path(name + ".sock"), *options)
        run.__enter__()
        self.addCleanup(run.__exit__, None, None, None)
        return run

    def until(self, what, attempt):
        """A guest takes its time; the test's own timeout is what ends this."""
        for _ in range(100000):
            found = attempt()
            if found:
                return found
        raise AssertionError(f"it did not happen: {what}")


class Perf(HostFacts):
    def test_the_vcpu_threads_of_a_guest_that_runs_already_are_counted(self):
        self.host.start("spin", "-bios", spinning_firmware(self.host), accel="tcg", control=True)
        self.host.control("spin").run("cont")
        run = self.open("spin", "perf=task_clock")
        before = run.ask("values", PERF | CPU_TOTAL)
        if "perf.task_clock" not in before:
            self.skipTest("perf events may not be counted here")

        def both():
            values = run.ask("values", PERF | CPU_TOTAL)
            return values if values["cpu.time"] >= before["cpu.time"] + 300 * MS else None
        after = self.until("the guest spins", both)
        # A tick of cpu.time, 10 ms, may begin before and end after a reading.
        spent = after["cpu.time"] - before["cpu.time"]
        self.assertGreaterEqual(after["perf.task_clock"] - before["perf.task_clock"],
                                spent - 100 * MS)


if __name__ == "__main__":
    unittest.main()
