# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program on the library that leaves all signals as they are, SIGPIPE too, lives through whatever
its monitors do; and the threads of the library take no signal of the program's."""

import os
import random
import signal
import socket
import threading

from neighbours import Beside, ENDLESS_MS, main, time, until

# All but those that cannot be blocked and the two of the C library: signals 9, 19, 32 and 33.
ALL_BLOCKED = 0xffffffffffffffff & ~sum(1 << (number - 1) for number in (9, 19, 32, 33))
THREADS = "threads=4"


def blocked_signals(pid):
    """Of each thread, the first one being the program's own."""
    masks = {}
    for name in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{name}/status", encoding="ascii") as status:
                masks[int(name)] = int(status.read().split("SigBlk:")[1].split()[0], 16)
        except (FileNotFoundError, ProcessLookupError):
            pass  # it ended
    return masks


class Closing:
    """Answers like a QEMU, up to any moment, at which it closes the connection."""

    GREETING = (b'{"QMP":{"version":{"qemu":{"micro":0,"minor":2,"major":7},"package":""},'
                b'"capabilities":["oob"]}}\r\n')

    def __init__(self, path, choice):
        self.choice = choice
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)
        self.n_closed = 0
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client:
                self.answer(client)
            self.n_closed += 1

    def answer(self, client):
        said = self.GREETING + b'{"return":{},"id":11}\r\n' + b'{"return":{}}\r\n' * 3
        end = self.choice.randrange(len(said) + 200)
        client.settimeout(0.02)
        try:
            client.sendall(said[:end])
            if end > len(self.GREETING) and self.choice.random() < 0.5:
                client.recv(self.choice.randrange(1, 200))
            if self.choice.random() < 0.3:
                client.shutdown(socket.SHUT_RD)
        except OSError:
            pass

    def close(self):
        self.listener.close()


class Signals(Beside):
    def test_every_thread_of_the_library_has_all_signals_blocked(self):
        """Looked at while a call goes on: one QEMU is silent."""
        for name in "vm0", "vm1", "vm2", "wedged":  # the last one: not on the thread of the caller
            self.host.start(name, control=name == "wedged")
        fifo = self.host.wedge("wedged")
        for options in [], ["hold"]:
            run = self.open("dir:" + self.host.folder, THREADS, *options)
            self.assertEqual(len(blocked_signals(run.process.pid)), 1)
            run.start_call(timeout_ms=3000)
            until("it has threads", lambda: len(blocked_signals(run.process.pid)) > 1)
            seen = set()
            for _ in range(50):
                masks = blocked_signals(run.process.pid)
                seen |= {mask for thread, mask in masks.items() if thread != run.process.pid}
                time.sleep(0.02)
            self.assertEqual({hex(mask & ALL_BLOCKED) for mask in seen}, {hex(ALL_BLOCKED)})
            run.end_call()
            run.__exit__(None, None, None)
        self.host.unwedge(fifo)

    def test_it_lives_when_qemus_are_killed_at_any_moment(self):
        choice = random.Random(1)
        pollers = [self.poll("dir:" + self.host.folder, THREADS, *options, every_s=0.001)
                   for options in ([], ["hold"])]
        pollers.append(self.poll("auto", every_s=0.001))
        for i in range(12):
            name = f"vm{i % 3}"
            if name in self.host.processes:
                self.host.forget(name)
            self.host.start(name, accel="tcg")
            time.sleep(choice.random() / 10)
        for poller in pollers:
            self.assertGreater(len(poller.stop()), 2)  # which raises what ended it

    def test_it_lives_when_sockets_close_at_any_moment(self):
        closing = [Closing(self.host.path(f"vm{i}.sock"), random.Random(i)) for i in range(4)]
        # A program that fails often waits before it dials again, so there are several, one after another.
        while sum(each.n_closed for each in closing) < 80:
            for options in [], ["hold"]:
                run = self.open("dir:" + self.host.folder, "any-listener", THREADS, *options)
                for _ in range(4):
                    self.assertEqual(len(run.call(timeout_ms=1000).records), len(closing))
                run.__exit__(None, None, None)
        for each in closing:
            each.close()

    def test_the_pid_of_one_that_was_killed_answers_for_nobody(self):
        """Its connection ends with SIGPIPE at the next write, if that is not ignored."""
        process = self.host.start("vm")
        run = self.open("socket:" + self.host.path("vm.sock"), "hold")
        self.assertEqual(run.call()["vm"]["health"], "ok")
        process.send_signal(signal.SIGKILL)
        process.wait()
        for _ in range(3):
            self.assertEqual(run.call(timeout_ms=ENDLESS_MS)["vm"]["health"], "gone")


if __name__ == "__main__":
    main()
