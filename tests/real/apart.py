# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a test in a pid namespace of its own, in which "auto" sees the processes of that test alone."""

import os
import sys

# The first process there takes care of those whose parents have ended: libvirt waits for that.
INIT = ["sh", "-c", '"$@"; exit $?', "sh"]
LAUNCHER = ["unshare", "-pfm", "--kill-child", "--mount-proc", *INIT]


def run_apart(script):
    """Starts the calling script anew there, once; without root, or namespaces, it stays where it is:
    is_apart() tells."""
    if os.geteuid() == 0 and "DOMSTATS_APART" not in os.environ:
        os.environ["DOMSTATS_APART"] = "1"
        os.execvp(LAUNCHER[0], [*LAUNCHER, sys.executable, os.path.abspath(script), *sys.argv[1:]])


def is_apart():
    return "DOMSTATS_APART" in os.environ
