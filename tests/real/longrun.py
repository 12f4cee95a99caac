# SPDX-License-Identifier: LGPL-2.1-or-later
"""Drives longrun.c: a process with one connection of the library, kept across calls."""

import json
import os
import select
import subprocess

WATCHDOG_S = 120  # for a call that hangs; no test asserts how fast one is


class Call:
    """The answer of one call: its records, also by name."""

    def __init__(self, answer):
        self.ms = answer["ms"]
        self.error = answer["error"]
        self.records = answer["domains"]
        self.domains = {domain["name"]: domain for domain in self.records}

    def __getitem__(self, name):
        return self.domains[name]

    def healths(self):
        return {name: domain["health"] for name, domain in self.domains.items()}


class LongRun:
    def __init__(self, source, *options, timeout_ms=None, **popen):
        if timeout_ms is not None:
            options += (f"timeout={timeout_ms}",)
        # ASan keeps freed memory for a while, which is not the library's.
        environment = dict(os.environ, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") +
                           ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64")
        self.process = subprocess.Popen([os.environ["DOMSTATS_LONGRUN"], source, *options],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=environment, **popen)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.process.stdin.close()
        try:
            status = self.process.wait(timeout=WATCHDOG_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.process.stdout.close()
        # A sanitizer that found a leak or a race ends the process with its own status.
        if status != 0 and failure == (None, None, None):
            raise RuntimeError(f"longrun ended with {status}")

    def send(self, *words):
        self.process.stdin.write(" ".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()

    def receive(self):
        ready, _, _ = select.select([self.process.stdout], [], [], WATCHDOG_S)
        if not ready:
            self.process.kill()
            raise RuntimeError("the call hangs")
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"longrun ended with {self.process.wait()}")
        return json.loads(line)

    def ask(self, *words):
        self.send(*words)
        return self.receive()

    def start_call(self, stats=0, flags=0, timeout_ms=0, extras=0):
        self.send("call", stats, flags, timeout_ms, extras)

    def end_call(self):
        return Call(self.receive())

    def call(self, stats=0, flags=0, timeout_ms=0, extras=0):
        self.start_call(stats, flags, timeout_ms, extras)
        return self.end_call()

    def usage(self):
        return self.ask("usage")
