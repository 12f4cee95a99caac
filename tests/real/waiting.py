# SPDX-License-Identifier: LGPL-2.1-or-later
"""Waits for what happens in another process."""

import subprocess
import time

from host import PATIENCE_S


def until(what, attempt):
    """Repeats @attempt until it gives something, which it returns; fails after PATIENCE_S."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = attempt()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"it did not happen: {what}")


def has_unread(sockets):
    """Whether bytes wait to be read at one of these UNIX sockets: links like "socket:[4711]"."""
    numbers = {link[len("socket:["):-1] for link in sockets}
    table = subprocess.run(["ss", "-xaHn"], check=True, capture_output=True, text=True).stdout
    rows = (line.split() for line in table.splitlines())
    return any(row[5] in numbers and int(row[2]) > 0 for row in rows)
