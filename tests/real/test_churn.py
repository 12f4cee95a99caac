# SPDX-License-Identifier: LGPL-2.1-or-later
"""Domains come, go, hang and break in hundreds of calls of one connection: the process then has as
many descriptors and threads as before, and hardly more memory.

DOMSTATS_CHURN_CALLS is the number of calls (300); thousands take minutes.
"""

import os
import random
import signal
import socket
import sys
import threading
import time
import unittest

from host import Host, PATIENCE_S
from longrun import LongRun

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from hostile_peer import Closed, Peer, listen  # noqa: E402 pylint: disable=wrong-import-position

CALLS = int(os.environ.get("DOMSTATS_CHURN_CALLS", "300"))
N_DOMAINS = 12
N_PARTS = 4
SLACK_KIB = 4096  # the allocator keeps some free pages


class Monitor(threading.Thread):
    """A monitor that answers well until the test hangs or breaks it."""

    def __init__(self, folder, name):
        super().__init__(daemon=True)
        self.name = name
        self.path = os.path.join(folder, name + ".sock")
        self.listener = listen(folder, name)
        self.connection = None
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.is_broken = False
        self.start()

    def run(self):
        while True:
            try:
                self.connection, _ = self.listener.accept()
            except OSError:
                break
            try:
                self.converse(Peer(self.connection, self.name))
            except (Closed, OSError):
                pass
            self.connection.close()
        self.listener.close()

    def converse(self, peer):
        peer.greet()
        while True:
            request = peer.hear()
            self.may_answer.wait()
            if self.is_broken:
                self.is_broken = False
                peer.say(b'{"return": [}')
            peer.say(peer.reply(request))

    def hang_up(self):
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except (AttributeError, OSError):
            pass  # no client was connected

    def end(self):
        os.unlink(self.path)
        self.may_answer.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        while self.is_alive():  # it may have accepted one more
            self.hang_up()
            self.join(0.01)


class Fakes:
    """Monitors of our own."""

    timeout_ms = 30

    def __init__(self, host, chance):
        self.host = host
        self.chance = chance
        self.monitors = []
        self.n_made = 0

    def attach(self):
        self.n_made += 1
        self.monitors.append(Monitor(self.host.folder, f"fake{self.n_made}"))

    def detach(self):
        self.monitors.pop(self.chance.randrange(len(self.monitors))).end()

    def kill(self):
        self.chance.choice(self.monitors).hang_up()

    def hang(self):
        self.chance.choice(self.monitors).may_answer.clear()

    def recover(self):
        for monitor in self.monitors:
            monitor.may_answer.set()

    def harm(self):
        self.chance.choice(self.monitors).is_broken = True

    def act(self):
        if len(self.monitors) < 2:
            self.attach()
        elif len(self.monitors) > N_DOMAINS:
            self.detach()
        self.chance.choice([self.attach, self.detach, self.kill, self.hang, self.recover,
                            self.harm])()

    def end(self):
        while self.monitors:
            self.detach()


class Qemus:
    """Real QEMUs."""

    timeout_ms = 1000

    def __init__(self, host, chance):
        self.host = host
        self.chance = chance

    def act(self):
        name = f"vm{self.chance.randrange(4)}"
        process = self.host.processes.get(name)
        if process is None:
            self.host.start(name)
        else:
            action = self.chance.choice([signal.SIGSTOP, signal.SIGCONT, signal.SIGKILL,
                                         signal.SIGTERM])
            process.send_signal(action)
            if action in (signal.SIGKILL, signal.SIGTERM):
                self.host.forget(name)

    def end(self):
        for name in list(self.host.processes):
            self.host.forget(name)


class Churn(unittest.TestCase):
    def churn(self, kind, n_calls):
        with Host() as host, LongRun("dir:" + host.folder, "threads=4", "any-listener") as run:
            chance = random.Random(4)
            usages = []
            for _ in range(N_PARTS):
                actor = kind(host, chance)
                for i in range(n_calls // N_PARTS):
                    actor.act()
                    self.assertIsNone(run.call(timeout_ms=actor.timeout_ms).error)
                    if i % 7 == 0:
                        run.ask("dispatch")
                actor.end()
                self.assertEqual(run.call().domains, {})
                usages.append(self.settled(run))
            # What is made once (pools, tables, the allocator's pages) is there after half of the parts.
            first, last = usages[N_PARTS // 2 - 1], usages[-1]
            print(f"{n_calls} calls: {first} ... {last}", file=sys.stderr)
            self.assertEqual(last["n_fds"], first["n_fds"])
            self.assertEqual(last["n_threads"], first["n_threads"])
            self.assertLess(last["rss_kib"], first["rss_kib"] + SLACK_KIB)

    @staticmethod
    def settled(run):
        """The kernel counts a thread that was joined for a moment more."""
        usage = run.usage()
        deadline = time.monotonic() + PATIENCE_S
        while usage["n_threads"] > 1 and time.monotonic() < deadline:
            time.sleep(0.01)
            usage = run.usage()
        return usage

    def test_fake_monitors(self):
        self.churn(Fakes, CALLS)

    def test_real_qemus(self):
        self.churn(Qemus, max(40, CALLS // 10))


if __name__ == "__main__":
    unittest.main(verbosity=2)
