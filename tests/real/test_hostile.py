# SPDX-License-Identifier: LGPL-2.1-or-later
"""A folder of hostile monitors with two good QEMUs among them. In one call every good domain is
complete, and every bad one has its own verdict."""

import os
import subprocess
import sys
import unittest

from host import PATIENCE_S, Host
from longrun import LongRun
from waiting import until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import hostile_peer  # noqa: E402 pylint: disable=wrong-import-position

TIMEOUT_MS = 8000
# How much one peer can make the process hold: a message of the largest size, and its values.
PEAK_KIB = 1 << 18


class Hostile(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.__exit__)

    def start_peers(self):
        self.peers = subprocess.Popen([sys.executable, hostile_peer.__file__, self.host.folder],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.end_peers)
        self.assertEqual(self.peers.stdout.readline(), "ready\n")

    def end_peers(self):
        self.peers.kill()
        self.peers.wait()
        self.peers.stdin.close()
        self.peers.stdout.close()

    def check(self, found):
        for name, (_, health, reason) in hostile_peer.BEHAVIOURS.items():
            with self.subTest(peer=name):
                if name in hostile_peer.HARD and found[name]["health"] in ("slow", "wedged"):
                    continue
                self.assertEqual(found[name]["health"], health, found[name])
                if reason is not None:
                    self.assertRegex(found[name]["reason"], reason)
        for i in range(hostile_peer.conversation_bytes()):
            self.assertEqual(found[f"closes-{i:04}"]["health"], "broken", found[f"closes-{i:04}"])

    def test_every_one_has_its_verdict_and_no_good_one_suffers(self):
        for name in ("good1", "good2"):
            self.host.start(name)
        self.start_peers()
        with LongRun("dir:" + self.host.folder, "any-listener") as run:
            run.ask("reset")
            before = run.usage()
            call = run.call(timeout_ms=TIMEOUT_MS)
            usage = run.usage()
            found = call.domains
            self.check(found)
            self.assertIsNone(call.error)
            self.assertGreaterEqual(call.ms, TIMEOUT_MS / 2)
            for name in ("good1", "good2"):
                self.assertEqual(found[name]["health"], "ok", found[name])
                self.assertEqual(found[name]["missing"], 0)
            self.assertEqual(found["full"]["health"], "slow")
            self.assertIn("a client waits at its monitor", found["full"]["reason"])
            peak_kib = usage["peak_kib"] - before["rss_kib"]
            self.assertLess(peak_kib, PEAK_KIB)
            print(f"all of them: {peak_kib} KiB at most", file=sys.stderr)

    def test_one_after_the_other_none_takes_much_memory(self):
        self.start_peers()
        peaks = {}
        for name, (_, health, _) in hostile_peer.BEHAVIOURS.items():
            with self.subTest(peer=name):
                with LongRun("socket:" + self.host.path(name + ".sock"), "any-listener") as run:
                    before = run.usage()
                    call = run.call(timeout_ms=500 if health in ("slow", "wedged") else PATIENCE_S * 1000)
                    peaks[name] = run.usage()["peak_kib"] - before["rss_kib"]
                self.assertEqual(call.records[0]["health"], health, call.records[0])
                self.assertLess(peaks[name], PEAK_KIB)
        for name in ("gigabyte", "million", "million-keys", "events", "name-is-long"):
            print(f"{name}: {peaks[name]} KiB at most", file=sys.stderr)

    def test_one_that_was_late_comes_back(self):
        self.start_peers()
        with LongRun("socket:" + self.host.path("late.sock"), "any-listener") as run:
            self.assertEqual(run.call(timeout_ms=500)["late"]["health"], "wedged")
            self.peers.stdin.write("go on\n")
            self.peers.stdin.flush()
            until("it is well", lambda: run.call()["late"]["health"] == "ok")


if __name__ == "__main__":
    unittest.main(verbosity=2)
