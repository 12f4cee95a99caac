# SPDX-License-Identifier: LGPL-2.1-or-later
"""Firmwares for guests that run: what the vCPU does is then known, and costs other tests no time.

The firmware that QEMU brings looks for something to boot, seconds of a CPU where KVM has to emulate it.
"""

import os

N_BYTES = 65536
RESET = 0xFFF0  # where the vCPU begins
SPIN = b"\xeb\xfe"  # jmp to itself
HALT = b"\xfa\xf4\xeb\xfd"  # cli, hlt, and again if something wakes it


def spinning(host):
    """Gives the path of one that jumps to itself."""
    return write(host.path("spin.bin"), SPIN)


def halting(host):
    """Gives the path of one that halts: the guest runs and uses no time."""
    return write(host.path("halt.bin"), HALT)


def write(path, code):
    if not os.path.exists(path):
        image = bytearray(N_BYTES)
        image[RESET:RESET + len(code)] = code
        # Another thread, or a QEMU, finds the whole file or none.
        with open(path + ".new", "wb") as file:
            file.write(image)
        os.rename(path + ".new", path)
    return path
