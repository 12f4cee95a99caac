# SPDX-License-Identifier: LGPL-2.1-or-later
"""Until when the command stays connected to a monitor. Its output goes into a pipe that is full after a
page, so it waits in the middle of its output; another client then tries the monitor."""

import fcntl
import os
import select
import socket
import subprocess
import unittest

from host import COMMAND, PATIENCE_S, Host

PAGE = 4096
SOON_S = 0.5  # a QEMU that is free greets within milliseconds: one that does not is held


class Hold(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.__exit__)

    def socket_of(self, name, chardev):
        os.makedirs(os.path.dirname(self.host.path(name)), exist_ok=True)
        self.host.start("vm", "-machine", "q35", "-smp", "4", wait=False, monitor=[
            "-chardev", f"socket,id={chardev},path={self.host.path(name)},server=on,wait=off",
            "-mon", f"chardev={chardev},mode=control"])
        self.host.wait_for(self.host.processes["vm"], self.host.path(name))
        return self.host.path(name)

    @staticmethod
    def is_greeted(path, patience_s):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            return bool(select.select([client], [], [], patience_s)[0])

    def check_amid_output(self, is_free, path, *options):
        source, pipe = os.pipe()
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PAGE)
        with subprocess.Popen([COMMAND, "-c", f"socket:{path}", "--ext", *options], stdout=pipe,
                              stdin=subprocess.DEVNULL) as command, open(source, "rb") as output:
            os.close(pipe)
            # The first bytes are there: the call is over, and the rest does not fit.
            select.select([output], [], [], PATIENCE_S)
            self.assertEqual(self.is_greeted(path, PATIENCE_S if is_free else SOON_S), is_free)
            self.assertIsNone(command.poll())
            self.assertGreater(len(output.read()), PAGE)
            self.assertEqual(command.wait(), 0)
        self.assertTrue(self.is_greeted(path, PATIENCE_S))

    def test_any_monitor_is_let_go(self):
        self.check_amid_output(True, self.socket_of("vm.qmp", "mon0"))

    def test_it_is_held_when_that_is_asked_for(self):
        self.check_amid_output(False, self.socket_of("vm.qmp", "mon0"), "--hold")

    def test_so_is_one_that_was_made_for_us(self):
        """A program on the library holds it for its next call. The command makes one."""
        self.check_amid_output(True, self.socket_of("vm.qmp", "domstats"))

    def test_the_monitor_of_a_manager_is_never_held(self):
        path = self.socket_of("qemu-server/100.qmp", "qmp")
        self.check_amid_output(True, path, "--hold")


if __name__ == "__main__":
    unittest.main()
