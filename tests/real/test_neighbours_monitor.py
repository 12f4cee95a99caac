# SPDX-License-Identifier: LGPL-2.1-or-later
"""domstats-monitor with a libvirtd of the test's own: what it changes in definitions and running QEMUs, what it
leaves as it was, and what libvirt notes."""

import glob
import grp
import os
import pty
import pwd
import re
import subprocess
import unittest

from host import takes_monitors
from libvirts import BesideLibvirt, Libvirtd, Session
from neighbours import Beside, main

PROGRAM = os.environ["DOMSTATS_MONITOR"]
MANUAL = os.path.join(os.environ["DOMSTATS_TESTS"], "../docs/domstats-monitor.1")
FOLDER = "/var/lib/libvirt/qemu"
VNC = "<graphics type='vnc' port='-1' passwd='xyzzy'><listen type='none'/></graphics>"
MORE = """<qemu:commandline><qemu:arg value='-L'/><qemu:arg value='/not/there/&lt;&amp;&quot;'/><qemu:env name='A' value='1'/>
</qemu:commandline><qemu:capabilities><qemu:del capability='virtio-mem-pci'/></qemu:capabilities>"""


def monitor(*words, uri=None, launcher=()):
    """Exit status, stdout and stderr; nothing is asked."""
    connect = ["-c", uri] if uri else []
    done = subprocess.run([*launcher, PROGRAM, *connect, *words], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=120, check=False)
    return done.returncode, done.stdout, done.stderr


class Monitor(BesideLibvirt):
    def xml(self, name):
        return self.libvirt.virsh("dumpxml", "--inactive", "--security-info", name)

    def path(self, name):
        return f"{FOLDER}/domstats-{self.libvirt.virsh('domuuid', name).strip()}.sock"

    def taints(self, name):
        return self.libvirt.virsh("dominfo", name).partition("Messages:")[2]

    def listed(self, *words, **more):
        """The rows below the title, as lists of columns."""
        status, out, trouble = monitor("list", *words, **more)
        self.assertEqual((status, trouble), (0, ""))
        return [line.split() for line in out.splitlines()[1:]]

    def do(self, *words, **more):
        """It must succeed; gives what it says."""
        status, out, trouble = monitor(*words, "--yes", **more)
        self.assertEqual((status, trouble), (0, ""), (words, out))
        return out


class Definitions(Monitor):
    def check_there_and_back(self, name):
        before = self.xml(name)
        self.do("add", "--config", name)
        self.assertIn(f"path={self.path(name)},", self.xml(name))
        self.libvirt.virsh("start", name)
        self.assertIn([name, "running", "yes", self.path(name)], self.listed())
        _, domains, trouble = self.run_command("libvirt:qemu:///system", name)
        self.assertEqual((domains[name]["health"], domains[name]["answered_by"]), ("ok", "monitor"), trouble)
        self.do("remove", name)
        self.assertEqual(self.xml(name), before)
        self.assertEqual([row[1] for row in self.listed(name)], ["running"])
        self.libvirt.virsh("destroy", name)
        self.assertEqual(self.listed(name), [[name, "none", "-", "-"]])

    def test_a_domain_has_it_from_its_next_start_on_and_its_definition_is_as_before_afterwards(self):
        self.libvirt.define("plain")
        self.check_there_and_back("plain")

    def test_a_name_with_blanks_quotes_and_letters_of_others(self):
        self.libvirt.define("odd", more="<title>ü</title>")
        self.libvirt.virsh("domrename", "odd", "b ö'\"")
        before = self.xml("b ö'\"")
        self.do("add", "b ö'\"")
        self.assertIn("id=domstats,", self.xml("b ö'\""))
        self.do("remove", "b ö'\"")
        self.assertEqual(self.xml("b ö'\""), before)

    def test_passwords_other_arguments_and_capabilities_are_kept_and_passwords_not_shown(self):
        self.libvirt.define("rich", VNC, MORE)
        self.check_there_and_back("rich")
        self.assertIn("passwd='xyzzy'", self.xml("rich"))
        self.assertNotIn("xyzzy", self.do("add", "rich"))

    def test_a_second_time_changes_nothing(self):
        self.libvirt.define("twice")
        self.do("add", "twice")
        once = self.xml("twice")
        self.assertIn("has the monitor already", self.do("add", "twice"))
        self.assertEqual(self.xml("twice"), once)
        self.do("remove", "twice")
        self.assertIn("has no monitor", self.do("remove", "twice"))

    def test_a_copied_definition_gets_a_socket_of_its_own(self):
        self.libvirt.define("original")
        self.do("add", "original")
        copy = re.sub(r"<uuid>.*</uuid>", "", self.xml("original")).replace("<name>original", "<name>copy")
        self.libvirt.virsh("define", self.libvirt.write(self.host.path("copy.xml"), copy))
        self.assertIn(self.path("original"), self.xml("copy"))
        self.do("add", "copy")
        self.assertNotIn(self.path("original"), self.xml("copy"))
        self.assertIn(self.path("copy"), self.xml("copy"))

    def test_without_a_terminal_the_difference_is_shown_and_nothing_changed(self):
        self.libvirt.define("asked")
        before = self.xml("asked")
        status, out, trouble = monitor("add", "asked")
        self.assertEqual(status, 2)
        self.assertIn("+  <qemu:commandline>\n", out)
        self.assertIn("asked: it is left as it is", trouble)
        self.assertEqual(self.xml("asked"), before)

    def test_at_a_terminal_it_is_asked(self):
        self.libvirt.define("asked")
        for answer, status, is_there in (b"n\n", 2, False), (b"\n", 2, False), (b"y\n", 0, True):
            ours, theirs = pty.openpty()
            process = subprocess.Popen([PROGRAM, "add", "asked"], stdin=theirs, stdout=theirs, stderr=theirs)
            os.close(theirs)
            shown = b""
            while b"[y/N]" not in shown:
                shown += os.read(ours, 4096)
            os.write(ours, answer)
            self.assertEqual(process.wait(timeout=120), status, (answer, shown))
            os.close(ours)
            self.assertEqual("id=domstats," in self.xml("asked"), is_there)

    def test_one_that_fails_costs_the_others_nothing(self):
        self.libvirt.define("there")
        status, _, trouble = monitor("add", "--yes", "not-there", "there")
        self.assertEqual(status, 3)
        self.assertRegex(trouble, r"\Adomstats-monitor: not-there: .*no such domain.*\n\Z")
        self.assertIn("id=domstats,", self.xml("there"))

    def test_a_running_domain_keeps_what_it_has_until_its_next_start(self):
        self.libvirt.define("vm")
        self.libvirt.virsh("start", "vm")
        said = self.do("add", "--config", "vm")
        self.assertIn("the QEMU that runs now keeps what it has", said)
        self.assertEqual(self.listed("vm"), [["vm", "next-start", "-", self.path("vm")]])
        self.assertNotIn("monitor", self.taints("vm"))

    def test_what_becomes_of_the_running_qemu_is_said_once(self):
        self.libvirt.define("vm")
        self.do("add", "vm")
        self.libvirt.virsh("start", "vm")
        for options in (), ("--config",), ("--config", "--live"):
            said = self.do("remove", *options, "vm")
            self.assertEqual(said.count("until it ends"), 1, (options, said))
            self.assertNotIn("keeps what it has", self.do("add", "vm"))

    def test_a_folder_in_which_qemu_may_not_make_its_socket_is_refused_before_the_domain_cannot_start(self):
        self.libvirt.define("vm")
        before = self.xml("vm")
        for folder, said in ("/not/there", "cannot be looked at"), ("/tmp", "everybody may write there"):
            status, _, trouble = monitor("add", "--yes", "--folder", folder, "vm")
            self.assertEqual(status, 2)
            self.assertIn(said, trouble)
        self.assertEqual(self.xml("vm"), before)
        self.do("add", "--folder", self.host.folder, "vm")
        self.libvirt.virsh("start", "vm")
        self.assertEqual([row[2] for row in self.listed("vm")], ["yes", "-"])

    def test_a_transient_domain_has_no_definition(self):
        self.libvirt.create("passing")
        status, _, trouble = monitor("add", "--yes", "--config", "passing")
        self.assertEqual(status, 2)
        self.assertIn("it is transient", trouble)


class OfAnotherUser(Monitor):
    """QEMUs run as they do on real hosts."""

    settings = {"qemu_conf": {"user": "libvirt-qemu", "group": "libvirt-qemu", "dynamic_ownership": True}}

    def test_its_socket_is_reached_by_root_and_qemu_alone(self):
        self.libvirt.define("vm", kind="qemu")  # this user may have no right to KVM
        self.do("add", "vm")
        self.libvirt.virsh("start", "vm")
        status = os.stat(self.path("vm"))
        # Connecting needs the right to write.
        self.assertEqual(status.st_mode & 0o002, 0)
        self.assertEqual(pwd.getpwnam("libvirt-qemu").pw_uid, status.st_uid)
        self.assertEqual(grp.getgrnam("libvirt-qemu").gr_gid, status.st_gid)
        _, domains, trouble = self.run_command("libvirt:qemu:///system", "vm")
        self.assertEqual(domains["vm"]["answered_by"], "monitor", trouble)

    def test_a_folder_of_root_is_refused(self):
        self.libvirt.define("vm")
        os.mkdir("/run/libvirt/of-root", 0o755)
        status, _, trouble = monitor("add", "--yes", "--folder", "/run/libvirt/of-root", "vm")
        self.assertEqual(status, 2)
        self.assertIn("may not write", trouble)


class Running(Monitor):
    """What libvirt hands to a QEMU that runs."""

    def refuses(self, *words):
        status, _, trouble = monitor(*words)
        self.assertEqual(status, 2)
        return trouble

    @unittest.skipIf(takes_monitors(), "this QEMU can be given a monitor")
    def test_an_older_qemu_is_refused_without_being_asked(self):
        self.libvirt.create("old")
        trouble = self.refuses("add", "--yes", "--live", "old")
        self.assertRegex(trouble, r"\Adomstats-monitor: old: QEMU \d+\.\d+ cannot get a monitor while it runs.*\n\Z")
        self.assertNotIn("monitor", self.taints("old"))

    @unittest.skipIf(takes_monitors(), "this QEMU can be given a monitor")
    def test_both_are_wanted_and_the_definition_can(self):
        self.libvirt.define("vm")
        self.libvirt.virsh("start", "vm")
        self.assertIn("cannot get a monitor while it runs", self.do("add", "vm"))
        self.assertIn("id=domstats,", self.xml("vm"))

    @unittest.skipUnless(takes_monitors(), "this QEMU cannot be given a monitor")
    def test_a_qemu_is_given_one_and_it_is_taken_away(self):
        self.libvirt.create("vm")
        self.assertNotIn("monitor", self.taints("vm"))
        self.assertIn("marks it as tainted", self.do("add", "vm"))
        path, = glob.glob(f"{FOLDER}/domain-*-vm/domstats.sock")
        self.assertEqual(self.listed(), [["vm", "running", "yes", path]])
        self.assertIn("monitor", self.taints("vm"))
        self.assertIn("has the monitor already", self.do("add", "vm"))
        for source in "libvirt:qemu:///system", "auto":
            status, domains, trouble = self.run_command(source)
            self.assertEqual((status, domains["vm"]["answered_by"]), (0, "monitor"), (source, trouble))
            self.assertEqual(domains["vm"]["monitor"], path)
        self.libvirt.restart()
        self.assertEqual(self.listed(), [["vm", "running", "yes", path]])
        self.do("remove", "vm")
        self.assertFalse(os.path.exists(path))
        self.assertEqual(self.listed(), [["vm", "none", "-", "-"]])
        self.assertIn("was given no monitor", self.do("remove", "vm"))

    @unittest.skipUnless(takes_monitors(), "this QEMU cannot be given a monitor")
    def test_it_is_taken_away_from_a_client_too(self):
        self.libvirt.create("vm")
        self.do("add", "vm")
        path, = glob.glob(f"{FOLDER}/domain-*-vm/domstats.sock")
        client = self.client(path)
        self.assertTrue(client.run("query-status")["running"])
        self.do("remove", "vm")
        self.assertEqual(client.socket.recv(1), b"")
        self.assertEqual(self.listed(), [["vm", "none", "-", "-"]])
        self.assertIn("running", self.libvirt.virsh("domstate", "vm"))

    @unittest.skipUnless(takes_monitors(), "this QEMU cannot be given a monitor")
    def test_a_monitor_that_cannot_be_made_leaves_no_socket(self):
        self.libvirt.create("vm")
        taken = '{"execute":"object-add","arguments":{"qom-type":"iothread","id":"domstats-live"}}'
        self.libvirt.virsh("qemu-monitor-command", "vm", taken)
        self.assertIn("QEMU says: ", self.refuses("add", "--yes", "vm"))
        self.assertEqual(self.listed(), [["vm", "none", "-", "-"]])
        self.assertEqual(glob.glob(f"{FOLDER}/domain-*-vm/domstats.sock"), [])

    def test_nothing_is_asked_of_a_qemu_that_has_none(self):
        self.libvirt.create("vm")
        self.do("remove", "vm")
        self.listed()
        self.assertNotIn("monitor", self.taints("vm"))

    def test_what_does_not_run_cannot_be_given_one(self):
        self.libvirt.define("off")
        self.assertIn("it does not run", self.refuses("add", "--yes", "--live", "off"))


class Short:
    """A host whose folder has a short path, since that of a socket may have no more than 107 bytes."""

    def __init__(self, host):
        self.processes = host.processes

    @staticmethod
    def path(name):
        return "/run/libvirt/" + name.split("-")[-1]


class Elsewhere(Monitor):
    def test_a_session(self):
        session = self.start_libvirt(Session(Short(self.host)))
        environment = {"uri": session.uri, "launcher": session.launcher}
        session.define("mine")
        self.do("add", "mine", **environment)
        session.virsh("start", "mine")
        rows = self.listed(**environment)
        self.assertEqual([row[:3] for row in rows], [["mine", "running", "yes"], ["mine", "next-start", "-"]])
        self.assertRegex(rows[0][3], f"^{session.environment['XDG_CONFIG_HOME']}/libvirt/qemu/lib/domstats-")

    def test_a_libvirt_that_is_not_there_or_no_qemus(self):
        for uri, said in ("qemu+unix:///system?socket=/not/there", "cannot connect to libvirt"), \
                ("test:///default", "only a QEMU has monitors"):
            status, out, trouble = monitor("list", uri=uri)
            self.assertEqual((status, out), (2, ""))
            self.assertIn(said, trouble)

    def test_one_who_may_only_read(self):
        self.libvirt.define("vm")
        os.chmod("/run/libvirt/libvirt-sock", 0o700)
        launcher = ["setpriv", "--reuid=65534", "--clear-groups"]
        status, _, trouble = monitor("add", "--yes", "vm", launcher=launcher)
        self.assertEqual(status, 2)
        self.assertIn("may this user connect to it?", trouble)
        self.assertEqual(self.listed(launcher=launcher), [["vm", "none", "-", "-"]])


class OverTcp(Libvirtd):
    def command(self):
        return [*super().command(), "--listen"]


class OfAnotherHost(Monitor):
    """What is asked over the network is of another host, though it is this one here."""

    uri = "qemu+tcp://127.0.0.1/system"

    def setUp(self):
        Beside.setUp(self)
        self.libvirt = self.start_libvirt(OverTcp(self.host, listen_tls=0, listen_tcp=1, auth_tcp="none"))

    def test_its_definitions_are_changed_and_its_sockets_not_looked_for(self):
        self.libvirt.define("far")
        before = self.xml("far")
        # A folder of that host, which is not here.
        self.do("add", "--folder", "/srv/of/that/host", "far", uri=self.uri)
        self.do("add", "--folder", FOLDER, "far", uri=self.uri)
        self.libvirt.virsh("start", "far")
        self.assertEqual(self.listed(uri=self.uri), [["far", "running", "unknown", self.path("far")],
                                                     ["far", "next-start", "-", self.path("far")]])
        self.do("remove", "far", uri=self.uri)
        self.assertEqual(self.xml("far"), before)
        self.assertNotIn("monitor", self.taints("far"))

    @unittest.skipUnless(takes_monitors(), "this QEMU cannot be given a monitor")
    def test_its_running_qemus_are_given_one_and_it_is_taken_away(self):
        self.libvirt.create("far")
        self.do("add", "far", uri=self.uri)
        path, = glob.glob(f"{FOLDER}/domain-*-far/domstats.sock")
        self.assertIn("QEMU has the monitor already", self.do("add", "far", uri=self.uri))
        self.do("remove", "far", uri=self.uri)
        self.assertFalse(os.path.exists(path))
        self.assertIn("was given no monitor", self.do("remove", "far", uri=self.uri))


class Words(unittest.TestCase):
    def test_help_version_and_wrong_words(self):
        status, text, _ = monitor("--help")
        self.assertEqual(status, 0)
        with open(MANUAL, encoding="utf-8") as manual:
            page = manual.read().replace("\\-", "-")
        for option in re.findall(r"--[a-z-]+", text):
            self.assertIn(option, page)
        self.assertRegex(monitor("--version")[1], r"\Adomstats-monitor \d+\.\d+\.\d+\n\Z")
        self.assertEqual(monitor("add")[0], 1)
        self.assertEqual(monitor()[0], 1)


if __name__ == "__main__":
    main()
