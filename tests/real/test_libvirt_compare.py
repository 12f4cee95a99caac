# SPDX-License-Identifier: LGPL-2.1-or-later
"""compare-with-libvirt leaves nothing behind, also when it is killed in the middle."""

import os
import re
import subprocess

from neighbours import Beside, main, until

TOOL = os.path.join(os.path.dirname(__file__), "../../tools/compare-with-libvirt")
LIBRARY = os.path.join(os.environ["DOMSTATS_BUILD"], "src/libdomstats.so")
FOLDER = re.compile(rb"/var/tmp/domstats-compare-\w+")


def folders(program):
    """The folders of that tool which the command lines of such processes name."""
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read()
            if program in os.readlink(f"/proc/{pid}/exe"):
                found.update(FOLDER.findall(words))
        except OSError:
            pass  # it ended
    return found


class Killed(Beside):
    def check(self, *options):
        if subprocess.run(["/usr/bin/python3", "-c", "import libvirt"], check=False, capture_output=True).returncode:
            self.skipTest("python3-libvirt is not installed")
        tool = subprocess.Popen([TOOL, *options, LIBRARY, "raw", "no-disk"], stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(tool.kill)
        folder, = until("a QEMU of it runs", lambda: folders("qemu-system") or tool.poll())
        tool.kill()
        tool.wait()
        until("its QEMUs have ended", lambda: not folders(""))
        until("its folder is removed", lambda: not os.path.exists(folder))

    def test_beside_the_driver_in_its_process(self):
        self.check("--through")

    def test_beside_a_daemon(self):
        self.check("--through", "--libvirtd")


if __name__ == "__main__":
    main()
