# SPDX-License-Identifier: LGPL-2.1-or-later
"""The program domstatsd as its users call it, without a QEMU: wrong words, --check, a start and an end, and what its
manual page shows."""

import fcntl
import os
import re
import shlex
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

TESTS = os.environ["DOMSTATS_TESTS"]
DAEMON = os.environ["DOMSTATS_DAEMON"]
RECORDED = f"replay:{TESTS}/qemujsontestdata"
PATIENCE_S = 60


def run(*words):
    done = subprocess.run([DAEMON, *words], check=False, capture_output=True, text=True, timeout=PATIENCE_S)
    return done.returncode, done.stdout, done.stderr


def page():
    with open(os.path.join(TESTS, "..", "docs", "domstatsd.8"), encoding="utf-8") as file:
        return file.read().replace("\\-", "-")


def until_connected(path):
    """A client whose connection was accepted: it gets the answer to a ping of libvirt's."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(PATIENCE_S)
        try:
            client.connect(path)
            break
        except OSError:
            client.close()
            if time.monotonic() > deadline:
                raise
    client.sendall(struct.pack(">IIIiiIi", 28, 0x6b656570, 1, 1, 2, 0, 0))
    client.recv(28)
    return client


class Words(unittest.TestCase):
    def test_help_and_page_have_the_same_options(self):
        status, text, errors = run("--help")
        self.assertEqual((status, errors), (0, ""))
        in_help = set(re.findall(r"^  (?:-\w, )?(--[\w-]+)", text, re.M))
        options = page().split(".SH OPTIONS", maxsplit=1)[1].split(".SH SOCKETS", maxsplit=1)[0]
        heads = [line for line in options.splitlines() if re.match(r"\.(B|BI|BR) (--|-\w )", line)]
        self.assertEqual(in_help, set(re.findall(r"--[\w-]+", "\n".join(heads))))

    def test_the_examples_of_the_page_are_command_lines(self):
        examples = re.findall(r"^domstatsd (.*)$", page().split(".SH EXAMPLES", maxsplit=1)[1], re.M)
        self.assertGreater(len(examples), 2)
        for example in examples:
            self.assertEqual(run(*shlex.split(example), "--help")[0], 0, example)

    def test_the_version(self):
        status, text, errors = run("--version")
        self.assertEqual((status, errors), (0, ""))
        self.assertRegex(text, r"^domstatsd \d+\.\d+\.\d+\n$")

    def test_wrong_words(self):
        for words in (["--no-such"], ["word"], ["--metrics", "nowhere"], ["--tls-cert", "x"]):
            status, text, errors = run(*words)
            self.assertEqual((status, text), (1, ""), words)
            self.assertRegex(errors, r"^domstatsd: .*\(see 'domstatsd --help'\)\n$")

    def test_a_group_that_is_not_there(self):
        status, _text, errors = run("--socket-group", "no-such-group", "--rpc", "/nowhere/x")
        self.assertEqual(status, 2)
        self.assertIn("there is no group 'no-such-group'", errors)

    def test_no_control_character_in_the_log(self):
        _status, _text, errors = run("--rpc", "/nowhere/a\nb\x1bc\u009bd")
        self.assertIn("'/nowhere/a?b?c??d'", errors)

    def test_priorities_where_the_journal_reads(self):
        done = subprocess.run([DAEMON, "--rpc", "/nowhere/x"], check=False, capture_output=True, text=True,
                              timeout=PATIENCE_S, env={**os.environ, "JOURNAL_STREAM": "1:2"})
        self.assertEqual(done.returncode, 2)
        self.assertTrue(done.stderr.startswith("<3>cannot listen at '/nowhere/x'"), done.stderr)


class Places(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.rpc, self.metrics = (os.path.join(folder.name, name) for name in ("rpc", "metrics"))
        self.options = ["-c", RECORDED, "--rpc", self.rpc, "--metrics", "unix:" + self.metrics]

    def test_a_check(self):
        status, text, errors = run(*self.options, "--check")
        self.assertEqual((status, errors), (0, ""), text)
        lines = text.splitlines()
        self.assertEqual(lines[0], f"libvirt {self.rpc}: can be served")
        self.assertEqual(lines[1], f"metrics unix:{self.metrics}: can be served")
        self.assertRegex(lines[2], rf"^source {RECORDED}: can be served, \d+ domains$")
        self.assertFalse(os.path.exists(self.rpc))

    def test_values_that_only_their_use_shows_to_be_wrong(self):
        for words in ["-c", "no:such"], ["-c", "auto:x"], ["--names", "nobody"]:
            status, _text, errors = run(*self.options, *words)
            self.assertEqual(status, 1, (words, errors))
            self.assertIn(words[-1], errors)

    def test_a_check_of_what_cannot_be_served(self):
        with open(self.rpc, "w", encoding="utf-8") as file:
            file.write("precious")
        status, text, _errors = run(*self.options, "--check")
        self.assertEqual(status, 2)
        self.assertIn("there is a file that is no socket", text)
        self.assertEqual(os.path.getsize(self.rpc), 8)

    def test_a_check_of_options(self):
        for words in ["--names", "nobody"], ["--tls-cert", "/nowhere/c", "--tls-key", "/nowhere/k"]:
            status, text, _errors = run(*self.options, "--check", *words)
            self.assertEqual(status, 2, text)
            self.assertIn(words[1], text.splitlines()[-1])

    def test_sockets_that_were_not_handed_over_well(self):
        for named in {"LISTEN_FDS": "2"}, {"LISTEN_FDS": "some"}, {"LISTEN_FDS": "1", "LISTEN_FDNAMES": "a:b"}:
            done = subprocess.run(["sh", "-c", 'exec 3<"$0"; LISTEN_PID=$$ exec "$@"',
                                   "/dev/null", DAEMON, "-c", RECORDED, "--check"], check=False, capture_output=True,
                                  text=True, timeout=PATIENCE_S, env={**os.environ, **named})
            self.assertEqual(done.returncode, 2, (named, done.stdout))
            self.assertRegex(done.stdout, r"^the sockets: cannot take the sockets .*LISTEN_FDS.*: .")

    def test_a_log_that_nobody_reads(self):
        reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        with subprocess.Popen([DAEMON, *self.options, "-v"], stderr=writer) as process, os.fdopen(reader) as log:
            os.close(writer)
            for _ in range(200):
                until_connected(self.rpc).close()
            lines = []
            until_connected(self.rpc).close()
            while not lines or "lines were left out, as nobody read them" not in lines[-1]:
                until_connected(self.rpc).close()
                lines.append(log.readline())
            process.send_signal(signal.SIGTERM)
            log.read()
            self.assertEqual(process.wait(timeout=PATIENCE_S), 0)

    def test_a_start_and_an_end(self):
        with subprocess.Popen([DAEMON, *self.options, "-v"], stderr=subprocess.PIPE, text=True) as process:
            lines = []
            for line in process.stderr:
                lines.append(line)
                if "serving metrics" in line:
                    break
            process.send_signal(signal.SIGTERM)
            rest = process.stderr.read()
            self.assertEqual(process.wait(timeout=PATIENCE_S), 0, rest)
        self.assertIn(f"domstatsd: serving libvirt at {self.rpc}\n", lines)
        self.assertIn("domstatsd: ending\n", rest)
        self.assertFalse(os.path.exists(self.rpc))
        self.assertFalse(os.path.exists(self.metrics))


class Reload(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.rpc, self.metrics, notify = (os.path.join(folder.name, name) for name in ("rpc", "metrics", "notify"))
        self.notes = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.notes.close)
        self.notes.bind(notify)
        self.notes.settimeout(PATIENCE_S)
        self.environment = {**os.environ, "NOTIFY_SOCKET": notify}

    def serve(self, *words):
        process = subprocess.Popen([DAEMON, *words], env=self.environment)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.until_noted("READY=1")
        return process

    def until_noted(self, text):
        while text not in self.notes.recv(4096).decode():
            pass

    def assert_served(self):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE_S)
            client.connect(self.metrics)
            client.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            self.assertIn(b" 200 ", client.recv(4096))

    def reload_held_up(self, libvirt, service):
        libvirt.send_signal(signal.SIGSTOP)
        service.send_signal(signal.SIGHUP)
        self.until_noted("RELOADING=1")
        self.assert_served()

    def test_a_libvirt_that_takes_its_time(self):
        libvirt = self.serve("-c", RECORDED, "--rpc", self.rpc)
        service = self.serve("-c", "libvirt:qemu+unix:///system?socket=" + self.rpc, "--timeout", "3600",
                             "--metrics", "unix:" + self.metrics)
        self.reload_held_up(libvirt, service)
        libvirt.send_signal(signal.SIGCONT)
        self.until_noted("READY=1")
        self.reload_held_up(libvirt, service)
        service.send_signal(signal.SIGTERM)
        self.assertEqual(service.wait(timeout=PATIENCE_S), 0)


if __name__ == "__main__":
    unittest.main(verbosity=1 if len(sys.argv) < 2 else 2)
