# SPDX-License-Identifier: LGPL-2.1-or-later
"""A QEMU that is starting listens before it serves. Its launcher gets in first, however often we look."""

import errno
import signal
import socket

from neighbours import Beside, main, n_queued, time, until

CALLS = 3


class Launcher:
    """Connects every 50 ms without waiting, as libvirt and others do; counts how often it is refused."""

    def __init__(self, path):
        self.n_refused = 0
        self.socket = None
        begin = time.monotonic()
        until("the launcher is in", lambda: self.attempt(path))
        self.took_s = time.monotonic() - begin

    def attempt(self, path):
        attempt = socket.socket(socket.AF_UNIX)
        attempt.setblocking(False)
        code = attempt.connect_ex(path)
        if code != 0:
            attempt.close()
            # Before QEMU listens it is no refusal.
            self.n_refused += code not in (errno.ENOENT, errno.ECONNREFUSED)
            time.sleep(0.05)
            return False
        self.socket = attempt
        return True

    def greeting(self):
        self.socket.settimeout(30)
        return self.socket.recv(8)


class WaitingForItsTpm(Beside):
    """Held in its start for as long as the test wants: it has asked its TPM, which is stopped."""

    def setUp(self):
        super().setUp()
        self.path = self.host.path("vm.sock")

    def start(self):
        tpm = self.host.path("tpm.sock")
        state = self.host.path("")
        self.tpm = self.daemon("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", "dir=" + state,
                               "--ctrl", "type=unixio,path=" + tpm)
        self.wait_for_socket(tpm)
        self.tpm.send_signal(signal.SIGSTOP)
        self.watched = self.watch("vm")
        self.host.start("vm", "-chardev", "socket,id=t,path=" + tpm, "-tpmdev",
                        "emulator,id=tpm0,chardev=t", "-device", "tpm-tis,tpmdev=tpm0",
                        launcher=self.watched.launcher)

    def go_on(self):
        self.tpm.send_signal(signal.SIGCONT)

    def check_starting(self, domain):
        self.assertEqual((domain["health"], domain["missing"] != 0), ("slow", True), domain)
        self.assertIn("start", domain["reason"])
        self.assertEqual(domain["id"], self.host.processes["vm"].pid)

    def check(self, source):
        """Calls of the command, then a program that polls, then its launcher."""
        self.start()
        domains = [self.run_command(source, "--timeout", "0.5")[1]["vm"] for _ in range(CALLS)]
        queued = [n_queued(self.path)]
        poller = self.poll(source, timeout_ms=500)
        poller.wait_for_calls(CALLS)
        queued.append(n_queued(self.path))
        launcher = Launcher(self.path)
        queued.append(n_queued(self.path))
        self.go_on()
        self.assertEqual((launcher.n_refused, queued), (0, [0, 0, 1]))
        self.assertEqual(launcher.greeting(), b'{"QMP": ')
        self.assertEqual(len(self.watched.accepted("vm.sock")), 1)
        launcher.socket.close()
        until("it is ok", lambda: poller.calls[-1]["vm"]["health"] == "ok")
        poller.stop()
        for domain in domains:
            self.check_starting(domain)
        self.check_starting(poller.calls[0]["vm"])

    def test_its_launcher_is_first_beside_auto(self):
        self.check("auto")

    def test_its_launcher_is_first_beside_dir(self):
        self.check("dir:" + self.host.folder)

    def test_its_launcher_is_first_beside_socket(self):
        self.check("socket:" + self.path)


class FillingItsMemory(Beside):
    """The common way of starting slowly: it writes all its memory before it accepts anybody."""

    def test_its_launcher_is_in_at_once_and_greeted_first(self):
        for i, source in enumerate(("auto", "dir:" + self.host.folder)):
            name = f"vm{i}"
            poller = self.poll(source, timeout_ms=300, every_s=0.01)
            poller.wait_for_calls(2)
            watch = self.watch(name)
            self.host.start(name, "-m", "2G", "-object", "memory-backend-ram,id=m,size=2G,prealloc=on,"
                            "prealloc-threads=1", "-machine", "memory-backend=m", launcher=watch.launcher,
                            wait=False)
            launcher = Launcher(self.host.path(name + ".sock"))
            self.assertEqual(launcher.n_refused, 0)
            self.assertEqual(launcher.greeting(), b'{"QMP": ')
            self.assertEqual(len(watch.accepted(name)), 1)
            launcher.socket.close()
            until("it is ok", lambda: [each["health"] for each in poller.records(name)[-1:]] == ["ok"])
            poller.stop()
            self.host.forget(name)


if __name__ == "__main__":
    main()
