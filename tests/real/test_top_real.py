# SPDX-License-Identifier: LGPL-2.1-or-later
"""The screen of "domstats top" beside real QEMUs: one stopped, one wedged, one that ends and comes anew."""

import os
import re
import shutil
import signal
import sys
import time
import unittest

from host import COMMAND, Host

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from terminal import Terminal  # noqa: E402

NEVER = "\x1b[31m red \u202e"


class Real(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.__exit__)

    def start(self, *words, **more):
        """Looks at the test's own QEMUs alone."""
        terminal = Terminal(self.host.folder, COMMAND, "top", "-c", "dir:" + self.host.folder, *words,
                            environment={"XDG_CONFIG_HOME": self.host.folder}, **more)
        self.addCleanup(terminal.close)
        return terminal

    @staticmethod
    def row_of_two(terminal):
        return next(line for line in terminal.lines(attributes=True) if "two" in line and "not answering" not in line)

    def test_a_stopped_qemu_stays_in_its_row(self):
        for name in ("one", "two", "three"):
            self.host.start(name)
        terminal = self.start("-d", "0.5")
        terminal.wait("3 of 3 answered")
        terminal.wait("^two +p +1 +[0-9]")
        terminal.keys("N", "/")
        terminal.type("two")
        terminal.keys("Enter")
        terminal.wait("^two: paused")
        self.host.processes["two"].send_signal(signal.SIGSTOP)
        terminal.wait(r"^not answering: two \(stopped\)$")
        terminal.wait("^two: stopped: .*signal.*")
        terminal.wait(r"^two +\? +1 .* [1-9][0-9.]*s$", "the age of its answer does not grow:")
        terminal.wait("2 of 3 answered .*3 domains: 2 paused, 1 in no known state")
        self.assertEqual([line.split()[0] for line in terminal.lines()[4:7]], ["one", "three", "two"])
        terminal.keys("Home")
        terminal.wait("^one: paused")
        row = self.row_of_two(terminal)
        self.assertRegex(row, "\x1b\\[[0-9;]*7m(\x1b\\[[0-9;]*m)*\\?")  # reverse video
        terminal.wait(lambda text: "33m" in self.row_of_two(terminal))
        self.host.processes["two"].send_signal(signal.SIGCONT)
        terminal.wait("3 of 3 answered")
        terminal.wait("^two +p ")
        terminal.keys("q")
        self.assertEqual(terminal.status(), 0)

    def test_keys_are_answered_while_a_qemu_hangs(self):
        self.host.start("well")
        self.host.start("wedged", control=True)
        terminal = self.start("-d", "5")
        terminal.wait("2 of 2 answered")
        self.host.wedge("wedged")
        terminal.wait("asking for")
        began = time.monotonic()
        for key, wanted in (("c", "%USR"), ("d", "FLAT"), ("h", "^Keys"), ("Escape", "FLAT"), ("v", "RLAT")):
            terminal.keys(key)
            screen = terminal.wait(lambda text, wanted=wanted: re.search(wanted, text, re.M) and text)
            self.assertIn("asking for", screen, "the round was not under way any more")
        print(f"five keys took {1000 * (time.monotonic() - began):.0f} ms, tmux included", flush=True)
        # Nobody waits for the round.
        terminal.keys("q")
        self.assertEqual(terminal.status(), 0)

    def test_a_round_that_takes_long_is_told_in_seconds(self):
        self.host.start("well")
        self.host.start("wedged", control=True)
        terminal = self.start("-d", "5")
        terminal.wait("2 of 2 answered")
        self.assertNotIn("asking for", terminal.text())
        self.host.wedge("wedged")
        first = terminal.wait("^asking for ([1-9]) s ")
        terminal.wait(lambda text: any(int(n) > int(first[1])
                                       for n in re.findall("^asking for ([1-9]) s ", text, re.M)))
        terminal.wait(lambda text: "not answering: wedged" in text and "asking for" not in text)
        terminal.keys("q")
        self.assertEqual(terminal.status(), 0)

    def test_a_domain_ends_and_comes_anew(self):
        self.host.start("stays")
        self.host.start("comes")
        terminal = self.start("-d", "0.5")
        terminal.wait("2 of 2 answered")
        terminal.keys("N", "Home")
        terminal.wait("^comes: paused")
        self.host.forget("comes")
        terminal.wait(lambda text: "\ncomes " not in text or "gone" in text)
        self.host.start("comes")
        terminal.wait("2 of 2 answered")
        terminal.wait("^comes +p +1 +[0-9]")
        self.assertNotRegex(terminal.text(), r"-[0-9]+\.[0-9]")
        terminal.keys("q")
        self.assertEqual(terminal.status(), 0)

    def test_names_cannot_control_the_terminal(self):
        self.host.start("evil", "-name", NEVER)
        self.host.start("wide", "-name", "日本語の仮想機械")
        terminal = self.start("-d", "0.5", width=120)
        terminal.wait("2 of 2 answered")
        terminal.wait("^\\\\x1b\\[31m re")
        terminal.wait("^日本語の仮想機械 *p")
        for line in terminal.lines(attributes=True):
            if "x1b" in line:
                self.assertNotIn("\x1b[31m red", line)
        terminal.resize(16, 10)
        terminal.wait("^日本.*…")


if __name__ == "__main__":
    for name in ("tmux", "setpriv"):
        if shutil.which(name) is None:
            print(f"{name} is not installed")
            sys.exit(77)
    unittest.main(verbosity=2)
