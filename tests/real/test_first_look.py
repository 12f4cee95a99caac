# SPDX-License-Identifier: LGPL-2.1-or-later
"""A call that meets a QEMU for the first time asks it nothing that its command line proves, and tells the
same as one that asks for all of it. The other one looks through a proxy, so that it knows no command line."""

import json
import os
import re
import shutil
import subprocess
import sys
import unittest

from host import COMMAND, QEMU, Host, domstats
from longrun import LongRun
from test_allowed import Proxy

BALLOON = ["-device", "virtio-balloon-pci,id=balloon0"]
UUID = "0f0e0d0c-0b0a-4908-8706-050403020100"
IDENTITY = {"query-name", "query-uuid", "query-commands"}
MACHINE = {"query-hotpluggable-cpus", "query-memory-size-summary", "query-memory-devices"}
# What a first look need not ask, by the words of the command line; then what it still asks.
SHAPES = {
    "plain": (["-machine", "pc", "-smp", "2", "-uuid", UUID, *BALLOON], IDENTITY | MACHINE, {"qom-get"}),
    "plug": (["-machine", "q35", "-smp", "1,maxcpus=6", "-m", "16,slots=2,maxmem=1G", *BALLOON],
             IDENTITY | MACHINE - {"query-memory-devices"}, {"query-memory-devices"}),
    "other": (["-machine", "microvm,x-option-roms=off,auto-kernel-cmdline=off", "-smp", "2"],
              IDENTITY, MACHINE),
    "anonymous": (["-machine", "pc", "-smp", "2", "-device", "virtio-balloon-pci"],
                  IDENTITY | MACHINE, {"qom-list", "qom-get"}),
    "b\u00e4r": (["-machine", "pc", "-smp", "1"], MACHINE - MACHINE, IDENTITY | MACHINE),
}

# Words that QEMU reads in its own way: by whom it is asked changes nothing.
READ_AS_QEMU_DOES = {
    "firmware": ["-machine", "pc", "-uuid", UUID, "-smbios", f"type=1,uuid={UUID.replace('0f0e', '1f1e')}"],
    "firmware-first": ["-smbios", f"type=1,uuid={UUID.replace('0f0e', '1f1e')}", "-uuid", UUID],
    "octal": ["-machine", "q35", "-smp", "010"],
    "hexadecimal": ["-machine", "q35", "-smp", "2,maxcpus=0x4"],
    "byte": ["-machine", "pc", "-m", "67108865b", *BALLOON],
    '{"guest":"web"}': ["-machine", "pc"],
}

# Runs a QEMU that finds a file of options where it looks for one by itself, unless it is told not to.
WITH_DEFAULTS = r"""
mount -t tmpfs none /etc && mkdir /etc/qemu && printf '[smp-opts]\n  maxcpus = "4"\n' >/etc/qemu/qemu.conf || exit
n=$#
while [ $n -gt 0 ]; do
    [ "$1" = -no-user-config ] || set -- "$@" "$1"
    shift
    n=$((n - 1))
done
exec "$@"
"""

# In a pid namespace without a /proc of its own: starts a QEMU that has there the number $1, and looks at it.
AMONG_OTHER_NUMBERS = r"""
echo $(($1 - 1)) >/proc/sys/kernel/ns_last_pid || exit
number=$1 socket=$2 domstats=$3
shift 3
"$@" -qmp "unix:$socket,server=on,wait=off" &
[ $! = "$number" ] || exit
until [ -S "$socket" ]; do sleep 0.1; done
"$domstats" -c "socket:$socket" --any-listener --format json
"""

# A monitor of a QEMU that has few commands, or none: it greets, and refuses the others by the class that QEMU has for
# that. It writes the names of all that it is asked.
OLD = """
import json, select, socket, sys
path = sys.argv[-1].removeprefix("unix:").split(",")[0]
has = {"qmp_capabilities": {}, "query-status": {"status": "running", "running": True, "singlestep": False},
       "query-blockstats": [], "query-named-block-nodes": [], "query-iothreads": [],
       "query-cpus-fast": [{"cpu-index": 0, "qom-path": "/machine/unattached/device[0]", "thread-id": 1}]}
asked = open(path + ".asked", "w")
if "nothing" in sys.argv:
    has = {"qmp_capabilities": {}}
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen(1)
while True:
    select.select([listener], [], [])  # as a QEMU that has started waits for clients
    client, _ = listener.accept()
    stream = client.makefile("rw")
    stream.write('{"QMP":{"version":{"qemu":{"micro":0,"minor":1,"major":5},"package":""},"capabilities":["oob"]}}\\n')
    stream.flush()
    text = ""
    while data := client.recv(65536):
        text += data.decode()
        while text:
            try:
                request, end = json.JSONDecoder().raw_decode(text)
            except ValueError:
                break
            text = text[end:]
            name = request.get("execute", request.get("exec-oob"))
            print(name, file=asked, flush=True)
            reply = {"return": has[name]} if name in has else {
                "error": {"class": "CommandNotFound", "desc": f"The command {name} has not been found"}}
            stream.write(json.dumps({**reply, **({"id": request["id"]} if "id" in request else {})}) + "\\n")
            stream.flush()
"""


def look(source, *options):
    """One run: its domain, and the commands that it sent."""
    log = options[0]
    done = subprocess.run(["strace", "-f", "-qqq", "-s", "65536", "-e", "trace=sendto,sendmsg,write", "-e", "signal=none",
                           "-o", log, COMMAND, "-c", source, *options[1:], "--format", "json"],
                          capture_output=True, text=True, check=False)
    with open(log, encoding="utf-8", errors="replace") as text:
        commands = re.findall(r'\\"execute\\":\\"([a-z_-]+)\\"', text.read())
    domain, = json.loads(done.stdout)["domains"]
    return domain, commands


def told(domain):
    """What QEMU tells and does not change between two looks at a guest that stands still."""
    return {field: value for field, value in domain["stats"].items()
            if re.match(r"(state|balloon\.(current|maximum)|vcpu\.(current|maximum)|vcpu\.\d+\.(state|halted)|block)", field)}


class FirstLook(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.__exit__)

    def start(self, name, *words, launcher=()):
        """With monitors for the first look, for the other one, and for this test."""
        self.host.start(name, *words, "-qmp", f"unix:{self.host.path(name + '.other')},server=on,wait=off", control=True,
                        launcher=launcher)

    def both(self, name):
        """The first look at @name, and one that knows no command line."""
        proxy = self.host.path(name + ".proxy")
        Proxy(proxy, self.host.path(name + ".other"))
        return (look("socket:" + self.host.path(name + ".sock"), self.host.path("log")),
                look("socket:" + proxy, self.host.path("log"), "--any-listener"))

    def test_what_is_proven_is_not_asked(self):
        for name, (words, spared, asked) in SHAPES.items():
            with self.subTest(name=name):
                self.start(name, *words)
                (first, commands), (other, all_commands) = self.both(name)
                self.assertEqual((first["health"], first["missing"]), ("ok", []))
                self.assertEqual(set(commands) & spared, set())
                self.assertEqual(asked - set(commands), set())
                self.assertEqual((IDENTITY | MACHINE) - set(all_commands), set())
                self.assertEqual((first["name"], told(first)), (other["name"], told(other)))
                if UUID in words:
                    self.assertEqual((first["uuid"], other["uuid"]), (UUID, UUID))

    def assert_same(self, name):
        (first, commands), (other, _) = self.both(name)
        self.assertEqual((first["health"], first["name"], told(first)), (other["health"], other["name"], told(other)))
        return first, other, commands

    def test_words_are_read_as_qemu_reads_them(self):
        for name, words in READ_AS_QEMU_DOES.items():
            with self.subTest(name=name):
                self.start(name, *words)
                first, other, commands = self.assert_same(name)
                self.assertEqual(set(commands) & IDENTITY, set())
                if any("uuid" in word for word in words):
                    self.assertEqual(first["uuid"], other["uuid"])

    def test_a_file_of_options_that_no_word_names(self):
        self.start("vm", "-machine", "pc", "-smp", "2", launcher=["unshare", "-m", "sh", "-c", WITH_DEFAULTS, "sh"])
        first, _, commands = self.assert_same("vm")
        self.assertEqual(first["stats"]["vcpu.maximum"], 4)
        self.assertEqual((IDENTITY | MACHINE) - set(commands), set())

    def write(self, path, name):
        with open(path, "w", encoding="ascii") as stream:
            stream.write(f'[name]\n  guest = "{name}"\n')

    def test_a_file_of_options_that_is_used_again(self):
        """What it says proves nothing, since QEMU may have read another one: written anew, or an older one in its place."""
        for name in ("written", "replaced"):
            with self.subTest(name=name):
                file = self.host.path(name + ".conf")
                self.write(file, "told-" + name)
                self.start(name, "-readconfig", file)
                self.write(file + ".new", "next")
                if name == "replaced":
                    os.utime(file + ".new", (1, 1))
                os.rename(file + ".new", file)
                first, _, commands = self.assert_same(name)
                self.assertEqual(first["name"], "told-" + name)
                self.assertEqual(IDENTITY - set(commands), set())

    def test_a_file_of_options_that_is_old(self):
        self.start("vm", "-readconfig", os.path.join(os.path.dirname(os.path.abspath(__file__)), "told.conf"))
        first, _, commands = self.assert_same("vm")
        self.assertEqual(first["name"], "told")
        self.assertEqual(set(commands) & IDENTITY, set())

    def test_the_numbers_of_another_namespace(self):
        """What /proc shows of the process that has the peer's number there is not about the peer."""
        decoy = self.host.start("decoy", "-machine", "pc", "-smp", "3")
        done = subprocess.run(["unshare", "-pf", "--kill-child", "sh", "-c", AMONG_OTHER_NUMBERS, "sh", str(decoy.pid),
                               self.host.path("real.sock"), COMMAND, QEMU, "-S", "-display", "none", "-nodefaults",
                               "-no-user-config", "-machine", "pc", "-smp", "2", "-name", "real"],
                              capture_output=True, text=True, check=False)
        domain, = json.loads(done.stdout)["domains"]
        self.assertEqual((domain["name"], domain["stats"]["vcpu.maximum"]), ("real", 2))

    def test_a_balloon_that_was_unplugged_is_looked_for(self):
        self.start("vm", "-machine", "pc", *BALLOON)
        control = self.host.control("vm")
        control.run("device_del", id="balloon0")
        control.run("device_add", driver="virtio-rng-pci", id="other")
        (first, _), (other, _) = self.both("vm")
        self.assertEqual((first["health"], first["missing"]), ("ok", []))
        self.assertEqual(told(first), told(other))

    def start_program(self, name):
        program, path = self.host.path("qemu-system-x86_64"), self.host.path(name + ".sock")
        shutil.copy(os.path.realpath(sys.executable), program)
        self.host.processes[name] = subprocess.Popen(
            [program, "-c", OLD, "-name", name, "-machine", "pc", "-qmp", f"unix:{path},server=on,wait=off"],
            env={**os.environ, "PYTHONHOME": sys.base_prefix}, stderr=subprocess.PIPE)
        self.host.wait_for(self.host.processes[name], path)
        return path

    @staticmethod
    def asked(path):
        with open(path + ".asked", encoding="ascii") as asked:
            return asked.read().split()

    def test_a_program_that_lacks_commands(self):
        """They are learned from what it refuses: a group that needs one is not supported, hence not missing."""
        path = self.start_program("old")
        domain, commands = look("socket:" + path, self.host.path("log"))
        self.assertEqual((domain["name"], domain["health"]), ("old", "ok"))
        self.assertEqual({"state", "block", "iothread", "dirtyrate", "vm"} & set(domain["missing"]), set())
        self.assertEqual(set(commands) & IDENTITY, set())
        self.assertEqual(domain["stats"]["state.state"], 1)
        self.assertFalse([field for field in domain["stats"] if field.startswith(("dirtyrate", "vm."))])
        status, _, trouble = domstats("-c", "socket:" + path, "--dirtyrate", "--enforce")
        self.assertNotEqual(status, 0)
        self.assertIn("dirtyrate", trouble)

    def test_what_a_program_lacks_is_asked_once(self):
        path = self.start_program("old")
        with LongRun("socket:" + path) as run:
            run.call()
            before = len(self.asked(path))
            run.call()
        self.assertEqual({name for name in self.asked(path)[before:] if name not in OLD}, set())

    def test_a_program_that_only_looks_like_a_qemu(self):
        path = self.start_program("nothing")
        with LongRun("socket:" + path) as run:
            for _ in range(2):
                domain, = run.ask("call")["domains"]
                self.assertEqual((domain["health"], domain["reason"]),
                                 ("broken", "the peer has none of the commands that a QEMU has"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
