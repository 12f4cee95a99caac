# SPDX-License-Identifier: LGPL-2.1-or-later
"""The screen of "domstats top" in a real terminal, on a recorded host: keys in, screen out."""

import fcntl
import json
import os
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import unittest

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, TESTS)
from terminal import Terminal, can_draw, wait  # noqa: E402

COMMAND = os.environ.get("DOMSTATS_COMMAND", "domstats")
RECORDED = "replay:" + os.path.join(TESTS, "qemujsontestdata")
WRITE = 1 if os.uname().machine == "x86_64" else 64  # the number of write()
MANUAL = os.path.join(TESTS, "..", "docs", "domstats.1")
# The line on the selected domain, where that is not the first one.
OTHER = r"^(?!backup: )\S+: .*\n\nh help"

# Each key: what is pressed before it, and what the screen has after it. The rounds go on meanwhile.
KEYS = {
    # names in the manual page: (before, tmux's name, what the screen has)
    "h": ([], "h", "^Keys$"), "?": ([], "?", "^Keys$"), "F1": ([], "F1", "^Keys$"),
    "v": (["c"], "v", "RLAT"), "0": (["c"], "0", "RLAT"),
    "c": ([], "c", "%USR"), "1": ([], "1", "%USR"),
    "m": ([], "m", "CACHE"), "4": ([], "4", "CACHE"),
    "d": ([], "d", "DISK .*FLAT"), "3": ([], "3", "DISK .*FLAT"),
    "n": ([], "n", "NIC +S"), "2": ([], "2", "NIC +S"),
    "e": ([], "e", "^Virtual CPUs"), "Enter": ([], "Enter", "^Virtual CPUs"),
    "P": (["M"], "P", "by %CPU, highest"), "M": ([], "M", "by MEM, highest"), "T": ([], "T", "by TIME, highest"),
    "N": ([], "N", "by NAME, lowest"),
    "<": ([], "<", "by VCPU"), ">": ([], ">", "by %RDY"), "F6": ([], "F6", "Enter: sort by it"),
    "R": ([], "R", "by %CPU, lowest"),
    "/": ([], "/", "^search for:"), "F3": ([], "F3", "^search for:"),
    "Control-N": (["/", "v", "c", "p", "u", "-", "1", "Enter"], "C-n", "^vcpu-16: "),
    "o": ([], "o", "^show only:"), "F4": ([], "F4", "^show only:"), "Backslash": ([], "\\", "^show only:"),
    "t": ([], "t", "grouped by slice +by %CPU, highest first"),
    "U": ([], "U", "bytes in KiB +by %CPU, highest first"),
    "B": ([], "B", "RRQ/s WRQ/s"), "I": ([], "I", "100 % is the host"),
    "f": ([], "f", r"^\[x\] NAME"), "F2": ([], "F2", r"^\[x\] NAME"),
    "s": ([], "s", "^seconds between rounds:"), "p": ([], "p", "PAUSED"), "Z": ([], "Z", "PAUSED"),
    "Space": ([], "Space", r"^\*backup"), "W": ([], "W", "saved in '.*toprc'"),
    "Up": (["Down", "Down"], "Up", "^balloon-guest: "), "k": (["j", "j"], "k", "^balloon-guest: "),
    "Down": ([], "Down", "^balloon-guest: "), "j": ([], "j", "^balloon-guest: "),
    "PageUp": (["End"], "PPage", OTHER), "PageDown": ([], "NPage", OTHER),
    "Home": (["End"], "Home", "^backup: "), "g": (["G"], "g", "^backup: "),
    "End": ([], "End", OTHER), "G": ([], "G", OTHER),
    "Control-L": ([], "C-l", "^domstats top"),
    "Escape": (["h"], "Escape", "^NAME"),
    # These end it, or step: they have tests of their own.
    "q": None, "F10": None, ",": None, "Left": None, ".": None, "Right": None,
}


class Screen(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="domstats-top-")
        self.addCleanup(shutil.rmtree, self.folder)

    def start(self, *words, source=RECORDED, environment=None, **more):
        """A terminal with the screen, whose settings are in the test's folder."""
        terminal = Terminal(self.folder, COMMAND, "top", "-c", source, *words,
                            environment={"XDG_CONFIG_HOME": self.folder, **(environment or {})}, **more)
        self.addCleanup(terminal.close)
        return terminal

    def shell(self, script, **more):
        terminal = Terminal(self.folder, "bash", "--norc", "-c", script,
                            environment={"XDG_CONFIG_HOME": self.folder, "COMMAND": COMMAND, "SOURCE": RECORDED},
                            **more)
        self.addCleanup(terminal.close)
        return terminal


class Keys(Screen):
    def test_each_key_does_what_the_manual_says(self):
        with open(MANUAL, encoding="utf-8") as file:
            table = file.read().split("keys of top: begin")[1].split("keys of top: end")[0]
        names = [name.replace("\\-", "-") for line in re.findall(r'^\.B "(.*)"$', table, re.M)
                 for name in line.split(" or ")]
        self.assertEqual(sorted(names), sorted(KEYS))
        terminal = self.start("-d", "0.5")
        terminal.wait("of 64 answered")
        for name, row in KEYS.items():
            if row is None:
                continue
            before, key, wanted = row
            with self.subTest(key=name):
                terminal.keys(*before, key)
                terminal.wait(wanted, f"after {name} the screen lacks")
                self.undo(terminal)
        terminal.keys("q")
        self.assertEqual(terminal.status(), 0)

    @staticmethod
    def undo(terminal):
        """As after the start: the view of domains by CPU, the first one selected, nothing marked. The screen may still
        be that of the help, which has words of the head too."""
        terminal.keys("Escape")
        terminal.keys("v", "M", "P", "Home")
        screen = terminal.wait(lambda text: "by %CPU, highest" in text and text)
        for mark, keys in {"PAUSED": ["p"], "RRQ/s": ["B"], "100 % is": ["I"], "\n*backup": ["Space"],
                           "grouped by slice": ["t", "t", "Home"], "   bytes in KiB": ["U", "U", "U"]}.items():
            if mark in screen:
                terminal.keys(*keys)
        terminal.wait(lambda text: "by %CPU, highest" in text and "RLAT" in text and "PAUSED" not in text
                      and re.search("^backup: ", text, re.M))

    def test_a_selected_domain_stays_so_but_the_first_row_is_the_first(self):
        terminal = self.start()
        terminal.wait("^backup: ")
        terminal.keys("N", "R")
        terminal.wait("by NAME, highest")
        terminal.wait(OTHER)
        terminal.keys("R", "Down")
        terminal.wait("^balloon-guest: ")
        terminal.keys("R")
        terminal.wait("by NAME, highest")
        terminal.wait("^balloon-guest: ")

    def test_ends_by_a_key(self):
        for key in ("q", "F10"):
            with self.subTest(key=key):
                terminal = self.start()
                terminal.wait("answered")
                terminal.keys(key)
                self.assertEqual(terminal.status(), 0)

    def test_is_searched_filtered_and_delayed_by_what_is_typed(self):
        terminal = self.start(width=120)
        terminal.wait("answered")
        terminal.keys("/")
        terminal.type("no-such")
        terminal.keys("Enter")
        terminal.wait("^no row has 'no-such'")
        terminal.keys("/")
        terminal.type("IOTHR")
        terminal.keys("Enter")
        terminal.wait("^iothreads: ")
        terminal.keys("o")
        terminal.type("state:paused !/^b")
        terminal.keys("Enter")
        terminal.wait(lambda text: "filter: state:paused !/^b" in text and "\nbackup" not in text
                      and "\niothreads" in text and "\nrunning" not in text)
        terminal.keys("o", "C-u")
        terminal.type("/(")
        terminal.keys("Enter")
        terminal.wait(lambda text: "filter: state:paused" in text and "show only" not in text)
        terminal.keys("Escape", "Escape")
        terminal.wait(lambda text: "filter:" not in text and "\nbackup" in text)
        for typed, wanted in (("0.1", "^a delay is 0.5 to 3600 seconds"), ("x", "^a delay is"), ("0.7", "every 0.7 s")):
            terminal.keys("s")
            terminal.type(typed)
            terminal.keys("Enter")
            terminal.wait(wanted)

    def test_columns_are_chosen_and_saved(self):
        terminal = self.start()
        terminal.wait("answered")
        terminal.keys("f", "Down", "Space")
        terminal.wait(r"^\[x\] UUID")
        terminal.keys("Escape")
        terminal.wait("NAME +UUID")
        terminal.keys("F6", "Down", "Enter")
        terminal.wait("by UUID, lowest")
        terminal.keys("d", "s")
        terminal.type("5")
        terminal.keys("Enter", "W")
        terminal.wait("saved in")
        terminal.keys("q")
        self.assertEqual(terminal.status(), 0)
        again = self.start()
        again.wait("DISK")
        again.wait("every 5 s")
        again.keys("v")
        again.wait("NAME +UUID")
        again.wait("by UUID, lowest")

    def test_settings_that_are_none_are_told_and_passed_over(self):
        os.makedirs(os.path.join(self.folder, "domstats"))
        os.mkfifo(os.path.join(self.folder, "domstats", "toprc"))
        terminal = self.start()
        terminal.wait("it is no file")
        terminal.wait("^backup ")


class Sizes(Screen):
    def test_80_by_24(self):
        terminal = self.start(width=80, height=24)
        lines = terminal.wait(lambda text: "h help" in text and "answered" in text and text).split("\n")
        self.assertEqual(len(lines), 24)
        self.assertTrue(all(len(line) <= 80 for line in lines))
        self.assertRegex(lines[2], r"^not answering: busy \(busy\), ")
        self.assertRegex(lines[3], r"^NAME +S VCPU +%CPU +%RDY +MEM ALLOC +RD/s +WR/s +RLAT +WLAT")
        self.assertEqual(sum(" p " in line or " r " in line or " ? " in line for line in lines[4:21]), 17)
        for key in "cmdnev":
            terminal.keys(key)
            terminal.wait("^domstats top")
            self.assertTrue(all(len(line) <= 80 for line in terminal.lines()))

    def test_follows_the_size_of_the_terminal(self):
        terminal = self.start(width=80, height=24)
        terminal.wait("answered")
        self.assertNotIn("DROP/s", terminal.text())
        terminal.resize(140, 50)
        terminal.wait(lambda text: "DROP/s" in text and "\nmigrating " in text)
        for width, height in ((1, 1), (2, 3), (9, 4), (20, 5), (33, 7), (200, 2), (1, 30)):
            terminal.resize(width, height)
            terminal.keys("c", "Down", "e", "h", "Escape", "f", "Escape", "v", "End", "Home")
            terminal.wait(lambda text: text.strip() or width == 1)
            self.assertFalse(terminal.has_ended())
        terminal.resize(100, 30)
        terminal.wait(lambda text: "of 64 answered" in text and "h help" in text)
        terminal.keys("q")
        self.assertEqual(terminal.status(), 0)


class Characters(Screen):
    def test_names_are_shown_or_told(self):
        terminal = self.start("größe, \"x\"\\y")
        terminal.wait(r'^größe, "x"\\x5cy +p')
        ascii_only = self.start(environment={"LC_ALL": "C"}, height=60)
        ascii_only.wait(r"^gr\\xc3")

    def test_a_domain_that_does_not_answer_keeps_its_row(self):
        terminal = self.start()
        terminal.wait("answered")
        terminal.keys("/")
        terminal.type("busy")
        terminal.keys("Enter")
        terminal.wait("^busy: busy: its monitor .* is held by process 1")
        terminal.keys("Home")
        terminal.wait("^backup: ")
        line = next(line for line in terminal.lines(attributes=True) if "busy" in line and "not answering" not in line)
        self.assertRegex(line, "\x1b\\[[0-9;]*7m(\x1b\\[[0-9;]*m)*\\?")

    def test_a_domain_that_never_answered_has_a_row_among_disks_and_interfaces(self):
        terminal = self.start(height=20)
        terminal.wait("answered")
        for key, heading in (("d", "DISK .*FLAT"), ("n", "NIC +S")):
            terminal.keys(key)
            terminal.wait(heading)
            terminal.keys("/")
            terminal.type("busy")
            terminal.keys("Enter")
            terminal.wait("^busy: busy: its monitor .* is held by process 1")
            terminal.wait(r"^busy +- +\?( +-)+$")
        terminal.keys("Enter")
        terminal.wait("^UUID ")
        self.assertNotRegex(terminal.text(), "(?m)^(Disks|Network interfaces)$")

    def test_colours_are_left_out_where_they_are_not_wanted(self):
        colour = re.compile("\x1b\\[([0-9;]*;)?(3[0-7]|4[0-7]|9[0-7]|38;5|48;5)(;[0-9;]*)?m")
        plain = self.start(environment={"NO_COLOR": "1"})
        plain.wait("answered")
        self.assertIsNone(colour.search("\n".join(plain.lines(attributes=True))))
        for name in ("tmux-256color", "screen", "xterm"):
            with self.subTest(terminal=name):
                eight = self.start(environment={"TERM": name, "NO_COLOR": ""})
                eight.wait("answered")
                self.assertIsNotNone(colour.search("\n".join(eight.lines(attributes=True))))
        none = self.start(environment={"TERM": "vt100"})
        none.wait("answered")
        self.assertIsNone(colour.search("\n".join(none.lines(attributes=True))))

    def test_a_terminal_that_cannot_show_it_is_told(self):
        for name, wanted in (("dumb", "TERM is 'dumb'"), ("no-such-terminal", "TERM is 'no-such-terminal'"),
                             ("", "TERM is not set")):
            with self.subTest(terminal=name):
                terminal = self.start(environment={"TERM": name}, width=200)
                self.assertNotEqual(terminal.status(), 0)
                terminal.wait(f"^domstats: {wanted}: the screen needs a terminal .* 'domstats top -b' needs none")
        done = subprocess.run([COMMAND, "top", "-c", RECORDED], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("stdin is no terminal", done.stderr)
        self.assertEqual(done.stdout, "")


class Ends(Screen):
    SCRIPT = 'before=$(stty -g); echo earlier; "$COMMAND" top -c "$SOURCE"; status=$?; ' \
             '[ "$(stty -g)" = "$before" ] && echo "restored after $status"; read'

    def check_restored(self, terminal, status):
        terminal.wait(f"^restored after {status}$")
        self.assertIn("earlier", terminal.text())
        self.assertEqual(terminal.tell("alternate_on"), "0")
        self.assertEqual(terminal.tell("cursor_flag"), "1")
        self.assertNotIn("NAME", terminal.text())

    def test_the_terminal_is_as_before(self):
        for how in ("q", "C-c", "C-\\"):
            with self.subTest(key=how):
                terminal = self.shell(self.SCRIPT)
                terminal.wait("of 64 answered")
                self.assertEqual(terminal.tell("alternate_on"), "1")
                terminal.keys(how)
                self.check_restored(terminal, 0)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(signal=number):
                terminal = self.shell(self.SCRIPT)
                terminal.wait("of 64 answered")
                os.kill(child_of(terminal.pid()), number)
                self.check_restored(terminal, 0)

    def test_ends_while_the_terminal_takes_no_output(self):
        """As after Control-S: it sleeps in a write to the terminal, which gets its modes back."""
        master, slave = os.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        before = termios.tcgetattr(slave)
        process = subprocess.Popen([COMMAND, "top", "-c", RECORDED, "-d", "0.5"], stdin=slave, stdout=slave,
                                   stderr=slave, start_new_session=True,
                                   env={**os.environ, "TERM": "xterm", "XDG_CONFIG_HOME": self.folder})
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        seen = b""
        while b"answered" not in seen:
            seen += os.read(master, 65536)
        self.assertNotEqual(termios.tcgetattr(slave), before)
        termios.tcflow(slave, termios.TCOOFF)
        wait(lambda: is_writing(process.pid), "it does not write")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(20), 0)
        self.assertEqual(termios.tcgetattr(slave), before)

    def test_stops_and_goes_on(self):
        terminal = Terminal(self.folder, "bash", "--norc", "-i", environment={"XDG_CONFIG_HOME": self.folder})
        self.addCleanup(terminal.close)
        terminal.type(f"'{COMMAND}' top -c {RECORDED}")
        terminal.keys("Enter")
        terminal.wait("of 64 answered")
        terminal.keys("C-z")
        terminal.wait("Stopped")
        self.assertEqual(terminal.tell("alternate_on"), "0")
        terminal.resize(90, 20)
        terminal.type("fg")
        terminal.keys("Enter")
        terminal.wait(lambda text: "of 64 answered" in text and "Stopped" not in text)
        self.assertTrue(all(len(line) <= 90 for line in terminal.lines()))
        terminal.keys("q")
        terminal.wait("Stopped")

    def test_ends_when_the_terminal_goes_away(self):
        terminal = self.start()
        terminal.wait("answered")
        watched = os.pidfd_open(terminal.pid())
        self.addCleanup(os.close, watched)
        terminal.server.terminate()
        poll = select.poll()
        poll.register(watched)
        self.assertTrue(poll.poll(20000), "it does not end")


def is_writing(pid):
    """Whether its main thread is in write() to stdout."""
    with open(f"/proc/{pid}/syscall", encoding="ascii") as file:
        words = file.read().split()
    return words[:2] == [str(WRITE), "0x1"]


def child_of(pid):
    """The process that the shell runs."""
    found = []

    def look():
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            found[:] = file.read().split()
        return found
    wait(look, "the shell runs nothing")
    return int(found[0])


def made_round(*domains, number=1, pid=1):
    """A round in a series, of domains that are (name, slice, NUMA node, seconds of CPU time)."""
    end_us = (number + 1) * 1000000
    return {"began_us": end_us - 1000, "ended_us": end_us, "wall_us": 1700000000000000 + end_us, "domains": [
        {"name": name, "uuid": name, "pid": pid, "health": "ok", "answered_by": "monitor", "at_us": end_us,
         **({"slice": slice_name} if slice_name else {}),
         "values": {"state.state": 1, "cpu.time": seconds * 10 ** 9, "balloon.current": 1 << 20, "vcpu.current": 2,
                    f"ext.balloon.numa.{node}.anon": 5, "block.0.name": "vda", "block.0.capacity": 1 << 30}}
        for name, slice_name, node, seconds in domains]}


class Replay(Screen):
    def replay(self, *domains, later=(), **more):
        """A terminal that shows a round with these domains, the first one before the rounds @later."""
        folder = os.path.join(self.folder, "series")
        os.makedirs(folder)
        with open(os.path.join(folder, "rounds.json"), "w", encoding="utf-8") as file:
            for line in ({"domstats_top": 1}, made_round(*domains), *later):
                file.write(json.dumps(line, separators=(",", ":")) + "\n")
        return self.again(**more)

    def again(self, **more):
        terminal = Terminal(self.folder, COMMAND, "top", "--replay", os.path.join(self.folder, "series"),
                            environment={"XDG_CONFIG_HOME": self.folder}, **more)
        self.addCleanup(terminal.close)
        terminal.wait("round 1 of [1-9]")
        return terminal

    @staticmethod
    def names(terminal, n):
        """The first words of the first @n rows, which stand below the headings."""
        lines = terminal.lines()
        first = next(i for i, line in enumerate(lines) if line.startswith("NAME")) + 1
        return [re.split("  | [r-] ", line)[0].strip() for line in lines[first:first + n]]

    def wait_for(self, terminal, *names):
        terminal.wait(lambda text: self.names(terminal, len(names)) == list(names) if "NAME" in text else False)


class Groups(Replay):
    def test_rows_are_grouped_by_slice_and_by_node(self):
        terminal = self.replay(("web", "machine.slice", 0, 1), ("db", "machine.slice", 1, 3),
                               ("ci", "qemu.slice", 1, 2), ("lost", None, 0, 9))
        terminal.keys("N")
        self.wait_for(terminal, "ci", "db", "lost", "web")
        terminal.keys("t")
        terminal.wait("grouped by slice +by NAME, lowest first")
        self.wait_for(terminal, "machine.slice", "db", "web", "qemu.slice", "ci", "slice not known", "lost")
        terminal.wait("^machine.slice +4 +- +- +2.0G( +-){5}$")
        terminal.wait("^machine.slice: 2 domains: 2 running$")
        for key in ("Space", "Enter"):
            terminal.keys(key)
            terminal.wait("^this is a group; the rows below it are its domains$")
            terminal.keys("Home")
        terminal.keys("R")  # sorts inside
        self.wait_for(terminal, "machine.slice", "web", "db", "qemu.slice", "ci", "slice not known", "lost")
        terminal.keys("o")
        terminal.type("!web !lost")
        terminal.keys("Enter")
        self.wait_for(terminal, "machine.slice", "db", "qemu.slice", "ci", "")
        terminal.keys("Escape", "R", "Down", "Down", "Space")
        self.wait_for(terminal, "machine.slice", "*web", "db", "qemu.slice")
        terminal.wait("^web: running$")
        terminal.keys("t")
        terminal.wait("grouped by NUMA node")
        self.wait_for(terminal, "NUMA node 0", "*web", "lost", "NUMA node 1", "ci", "db", "")
        terminal.wait("^web: running$")
        terminal.keys("d")
        terminal.wait("^NUMA node 1 .* 2.0G +- +-")
        self.wait_for(terminal, "NUMA node 0", "*web", "lost", "NUMA node 1", "ci", "db", "")
        terminal.keys("f", "Space", "Escape")  # without the names of the domains
        terminal.wait("^NUMA node 1 .* 2.0G +- +-")
        terminal.keys("f", "Space", "Escape", "v", "t")
        self.wait_for(terminal, "*web", "ci", "db", "lost", "")
        terminal.wait(lambda text: "grouped" not in text)

    def test_groups_are_saved(self):
        terminal = self.replay(("web", "machine.slice", 0, 1))
        terminal.keys("t", "W")
        terminal.wait("saved in")
        again = self.again()
        again.wait("^machine.slice ")
        again.resize(9, 12)
        again.wait("^machine.…$")
        again.wait("^web$")


class Marks(Replay):
    DOMAINS = [(name, None, 0, number) for number, name in enumerate("abcd")]

    def test_marked_domains_stay_on_top(self):
        terminal = self.replay(*self.DOMAINS, later=[made_round(*self.DOMAINS, number=2),
                                                     made_round(*self.DOMAINS, number=3, pid=7)])
        terminal.keys("N", "Down", "Down", "Space")
        self.wait_for(terminal, "*c", "a", "b", "d", "")
        terminal.wait("^c: running$")  # it stays selected
        terminal.keys("End", "Space")
        self.wait_for(terminal, "*c", "*d", "a", "b", "")
        terminal.keys("R")  # sorted among themselves
        self.wait_for(terminal, "*d", "*c", "b", "a", "")
        for key in "cdv":  # in every view, a disk's row too
            terminal.keys(key)
            terminal.wait({"c": "%USR", "d": "^NAME +DISK", "v": "^NAME +S +VCPU +%CPU +%RDY +MEM"}[key])
            terminal.wait(r"^\*[cd] .*\n\*[cd] ")
        terminal.keys("o")
        terminal.type("!d")
        terminal.keys("Enter")
        self.wait_for(terminal, "*c", "b", "a", "")
        terminal.keys("Escape", ".")
        terminal.wait("round 2 of 3")
        self.wait_for(terminal, "*d", "*c", "b", "a", "")
        terminal.keys(".")  # other processes: they are not those that were marked
        terminal.wait("round 3 of 3")
        self.wait_for(terminal, "d", "c", "b", "a", "")
        terminal.keys(",", "Home", "Space")  # no longer
        terminal.wait("round 2 of 3")
        self.wait_for(terminal, "*c", "d", "b", "a", "")

    def test_the_bar_chooses_columns_in_their_list(self):
        terminal = self.replay(*self.DOMAINS)
        terminal.keys("N", "f", "Down", "Space")
        terminal.wait(r"^\[x\] UUID")
        terminal.keys("Escape")
        terminal.wait("^NAME +UUID")
        self.assertNotIn("*", terminal.text())


class Units(Replay):
    def test_bytes_are_shown_in_one_unit_and_that_is_saved(self):
        terminal = self.replay(("web", "machine.slice", 0, 1), ("db", "machine.slice", 1, 3), width=130)
        terminal.wait("^web .* 1.0G ")
        terminal.keys("U", "t", "Down")
        for size, both, unit in (("1048576K", "2097152K", "KiB"), ("1024M", "2048M", "MiB"), ("1.0G", "2.0G", "GiB")):
            terminal.wait(f"bytes in {unit} +by %CPU")
            terminal.wait(f"^web +r .* {size} ")
            terminal.wait(f"^machine.slice .* {both} ")
            terminal.keys("Enter")
            terminal.wait("^UUID ")
            terminal.wait(f"^db +r .* {size} ")
            terminal.keys("Escape", "U")
        terminal.wait(lambda text: "bytes in" not in text and " 2.0G " in text)
        terminal.keys("U", "W")
        terminal.wait("saved in")
        again = self.again(width=130)
        again.wait("bytes in KiB")
        again.wait("^machine.slice .* 2097152K ")
        again.resize(34, 20)  # a number is not cut: there is no room for it
        again.wait(lambda text: "ALLOC" not in text and "2097" not in text and "\nweb " in text)


class Pastes(Screen):
    def paste(self, terminal, text, *options):
        """With -p as the terminal does it: between marks, if the program wants them."""
        terminal.tmux("set-buffer", "--", text)
        terminal.tmux("paste-buffer", "-r", *options)

    def test_a_text_goes_into_the_line_that_is_typed(self):
        """Each character of it is a command elsewhere: none acts here, whatever the terminal tells of the paste."""
        text = "qWZpsctUBIR"
        for name, options in (("tmux-256color", ["-p"]), ("tmux-256color", []), ("vt100", ["-p"])):
            with self.subTest(terminal=name, options=options):
                terminal = self.start(environment={"TERM": name})
                terminal.wait("of 64 answered")
                terminal.keys("/")
                terminal.wait("^search for:")
                self.paste(terminal, text, *options)
                terminal.wait(f"^search for: {text}$")
                terminal.keys("Enter")
                terminal.wait(f"^no row has '{text}'$")
                self.check_nothing_happened(terminal)

    def check_nothing_happened(self, terminal):
        screen = terminal.text()
        self.assertIn("by %CPU, highest first", screen)
        for word in ("PAUSED", "grouped", "bytes in", "RRQ/s", "100 % is", "saved in", "%USR"):
            self.assertNotIn(word, screen)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "domstats")))

    def test_lines_of_a_text_are_no_commands(self):
        terminal = self.start()
        terminal.wait("of 64 answered")
        terminal.keys("/")
        terminal.wait("^search for:")
        self.paste(terminal, "io\rthr\nq\n", "-p")
        terminal.wait("^search for: iothrq$")
        terminal.keys("BSpace", "Enter")
        terminal.wait("^iothreads: ")
        self.paste(terminal, "W\nZ\nq\n", "-p")  # nothing is typed now
        terminal.wait("^pasted text is not taken for keys$")
        self.check_nothing_happened(terminal)
        terminal.keys("c")  # it goes on
        terminal.wait("%USR")
        terminal.keys("q")
        self.assertEqual(terminal.status(), 0)


class Series(Screen):
    def test_a_recorded_series_is_stepped_through(self):
        folder = os.path.join(self.folder, "series")
        subprocess.run([COMMAND, "top", "-b", "-n", "3", "-d", "0.5", "-c", RECORDED, "--record", folder],
                       check=False, stdout=subprocess.DEVNULL)
        terminal = Terminal(self.folder, COMMAND, "top", "--replay", folder,
                            environment={"XDG_CONFIG_HOME": self.folder})
        self.addCleanup(terminal.close)
        terminal.wait("round 1 of 3, 20[0-9][0-9]-")
        terminal.keys(",")
        terminal.wait("this is the first round")
        terminal.keys(".", "Right")
        terminal.wait("round 3 of 3")
        terminal.keys(".")
        terminal.wait("this is the last round")
        terminal.keys("Left")
        terminal.wait("round 2 of 3")
        terminal.keys("p")
        terminal.wait("does not run")
        terminal.keys("q")
        self.assertEqual(terminal.status(), 0)


    def test_a_round_that_failed_has_no_answers(self):
        folder = os.path.join(self.folder, "series")
        subprocess.run([COMMAND, "top", "-b", "-n", "1", "-c", RECORDED, "--record", folder],
                       check=False, stdout=subprocess.DEVNULL)
        path = os.path.join(folder, "rounds.json")
        with open(path, encoding="utf-8") as file:
            first = json.loads(file.read().splitlines()[1])
        times = {name: first[name] + 9000000 for name in ("began_us", "ended_us", "wall_us")}
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps({**times, "error": "no such host", "domains": []}) + "\ndamage\n")
        terminal = Terminal(self.folder, COMMAND, "top", "--replay", folder,
                            environment={"XDG_CONFIG_HOME": self.folder})
        self.addCleanup(terminal.close)
        terminal.wait("round 1 of 3, .* of 64 answered")
        terminal.keys(".")
        terminal.wait("round 2 of 3, .* the round failed: no such host")
        self.assertNotIn("answered", terminal.text().splitlines()[0])
        self.assertRegex(terminal.text(), r"(?m)^backup +\? .* 9\.\ds *$")
        terminal.keys(".")
        terminal.wait("round 3 of 3, .* the round failed: ")
        terminal.keys("Enter")
        terminal.wait("^UUID ")
        self.assertIn("the round failed: ", terminal.text().splitlines()[0])
        terminal.keys("q")
        self.assertEqual(terminal.status(), 0)

    def test_a_recording_that_failed_is_told_at_the_end(self):
        terminal = self.shell('ulimit -f 1; "$COMMAND" top -d 0.5 -c "$SOURCE" --record "$XDG_CONFIG_HOME/series"; '
                              'echo "ended with $?"; read', width=150)
        terminal.wait("a round could not be recorded: File too large")
        terminal.keys("x", "q")
        terminal.wait("^domstats: a round could not be recorded: File too large\nended with 3$")


class Picture(Screen):
    @unittest.skipIf(can_draw(), can_draw())
    def test_is_drawn_of_a_series(self):
        path = os.path.join(self.folder, "top.png")
        subprocess.run([os.path.join(TESTS, "..", "tools", "top-picture"), COMMAND, "--", path], check=True)
        with open(path, "rb") as file, open(os.path.join(TESTS, "..", "docs", "top.png"), "rb") as stored:
            drawn, kept = file.read(), stored.read()
        self.assertLess(len(drawn), 150000)
        self.assertEqual(drawn[:16], kept[:16])
        # Of a screen, however large its font is here.
        self.assertGreater(int.from_bytes(drawn[16:20], "big"), 400)


if __name__ == "__main__":
    for name in ("tmux", "setpriv"):
        if shutil.which(name) is None:
            print(f"{name} is not installed")
            sys.exit(77)
    unittest.main(verbosity=2)
