# SPDX-License-Identifier: LGPL-2.1-or-later
"""Interfaces of real QEMUs, counted and named: all forms of options, taps that are renamed, moved and
plugged, and other devices that take their names. Each time a kept connection and a new one must say
the same, and so must QEMU and the kernel.

The test runs in a network and a mount namespace of its own."""

import ctypes
import fcntl
import json
import os
import socket
import struct
import subprocess
import unittest

from host import COMMAND, Host, domstats
from longrun import LongRun

INTERFACE = 1 << 4
EXT = 1 << 0  # DOMSTATS_CALL_EXT
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
SCRIPTS = "script=no,downscript=no"
# The columns of /proc/net/dev by our names: what the host sent, the guest received.
COLUMNS = {"tx.bytes": 0, "tx.pkts": 1, "tx.errs": 2, "tx.drop": 3,
           "rx.bytes": 8, "rx.pkts": 9, "rx.errs": 10, "rx.drop": 11}


def setUpModule():
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() != 0 or libc.unshare(CLONE_NEWNET | CLONE_NEWNS) != 0:
        raise unittest.SkipTest("not allowed to make a network namespace")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "-t", "sysfs", "sysfs", "/sys"], check=True)
    # No frames but ours.
    with open("/proc/sys/net/ipv6/conf/default/disable_ipv6", "w", encoding="ascii") as file:
        file.write("1")
    ip("link", "set", "lo", "up")


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


def tap(name):
    """A tap that lives as long as its descriptor."""
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return fd


def send_frames(ifname, count):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind((ifname, 0))
        for _ in range(count):
            sender.send(bytes(60))


def counters(ifname, pid="self"):
    with open(f"/proc/{pid}/net/dev", encoding="ascii") as table:
        for line in table:
            name, _, numbers = line.partition(":")
            if name.strip() == ifname:
                return {key: int(numbers.split()[column]) for key, column in COLUMNS.items()}
    return None


def is_macvtap_possible():
    """Also the device node must appear, which devtmpfs makes."""
    with open("/proc/mounts", encoding="ascii", errors="replace") as mounts:
        if " /dev devtmpfs " not in mounts.read():
            return False
    done = subprocess.run(["sh", "-c", "ip link add nicprobe type ifb && ip link add link nicprobe "
                           "nicprobe2 type macvtap; s=$?; ip link del nicprobe; exit $s"],
                          capture_output=True, check=False)
    return done.returncode == 0


class Nics(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.__exit__)

    def start(self, *arguments, **options):
        """A QEMU with a monitor for each kind of connection, and one for the test."""
        self.host.start("vm", *arguments, "-qmp",
                        f"unix:{self.host.path('fresh.sock')},server=on,wait=off", control=True,
                        **options)
        self.qmp = self.host.control("vm")
        self.kept = LongRun("socket:" + self.host.path("vm.sock"))
        self.kept.__enter__()
        self.addCleanup(self.kept.__exit__, None, None, None)
        self.pid = self.host.processes["vm"].pid

    def namespace(self):
        """Starts a process in a network namespace of its own; gives its pid."""
        process = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo ready; exec sleep 600"],
                                   stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        process.stdout.readline()
        return process.pid

    def ask(self):
        """Asks both connections, which must say the same; gives the count, and the counters by name."""
        kept = self.kept.ask("values", INTERFACE, 0)
        _, domains, _ = domstats("-c", "socket:" + self.host.path("fresh.sock"), "--interface")
        fresh = {name: value for name, value in domains["vm"]["stats"].items()
                 if name.startswith("net.")}
        self.assertEqual({name: int(value) if str(value).isdigit() else value
                          for name, value in fresh.items()}, kept)
        names = {}
        for field, value in kept.items():
            if field.endswith(".name"):
                prefix = field[:-len("name")]
                names[value] = {member: kept[prefix + member] for member in COLUMNS
                                if prefix + member in kept}
        return kept.get("net.count"), names

    def told_by_qemu(self):
        text = self.qmp.run("human-monitor-command", **{"command-line": "info network"})
        # The further queues of a NIC have higher indexes.
        return sum("index=0,type=nic" in line for line in text.splitlines())

    def check(self, count, *names, pid="self"):
        """Expects @count interfaces; those of @names have the counters of these devices in the
        namespace of @pid."""
        self.assertEqual(self.told_by_qemu(), count)
        got_count, got = self.ask()
        self.assertEqual(got_count, count)
        self.assertEqual(got, {name: counters(name, pid) for name in names})

    def run_until(self, event, command, **arguments):
        """Runs a command and waits for @event."""
        self.qmp.send(command, **arguments)
        while True:
            message = json.loads(self.qmp.stream.readline())
            if message.get("event") == event:
                break
            if "error" in message:
                raise RuntimeError(message["error"])
        # The reply may be on either side of the event.
        self.qmp.run("query-status")

    def unplug(self, device, netdev=None):
        self.run_until("DEVICE_DELETED", "device_del", id=device)
        if netdev:
            self.qmp.run("netdev_del", id=netdev)

    def plug(self, device, netdev, **options):
        self.qmp.run("netdev_add", id=netdev, **options)
        self.qmp.run("device_add", driver="usb-net", id=device, netdev=netdev)


class Forms(Nics):
    """Forms of options."""

    def check_form(self, count, *arguments, names=(), **options):
        with self.subTest(" ".join(arguments)):
            try:
                self.start(*arguments, **options)
                self.check(count, *names)
            finally:
                self.doCleanups()
                self.setUp()

    def test_as_people_write_them(self):
        bridges = [word for i in range(10)
                   for word in ("-device", f"pci-bridge,id=b{i},chassis_nr={i + 1},bus=pci.0")]
        adapters = [word for i in range(275) for word in (
            "-device", f"pcnet,mac=52:54:00:00:{i >> 8:02x}:{i & 255:02x},romfile=,bus=b{i // 28},"
            f"addr={i % 28 + 1:#x}")]
        hub = ["-netdev", "user,id=u0", "-netdev", "hubport,id=h0,hubid=0,netdev=u0",
               "-netdev", "hubport,id=h1,hubid=0", "-netdev", "hubport,id=h2,hubid=0",
               "-device", "e1000,netdev=h1", "-device", "e1000,netdev=h2"]
        self.check_form(3, "-netdev", "user,id=n0", "-device", "e1000,netdev=n0", "-device", "e1000",
                        "-device", "e1000")
        self.check_form(2, "-net", "nic", "-net", "nic", "-net", "user")
        self.check_form(1, "-M", "q35", defaults=True)
        self.check_form(1, "-M", "pc", defaults=True)
        self.check_form(0, "-nic", "none", defaults=True)
        self.check_form(0, "-M", "microvm", "-nic", "user")
        self.check_form(0, "-netdev", "user,id=unused")
        self.check_form(0, "-netdev", f"tap,id=n0,ifname=nict0,{SCRIPTS}")
        self.check_form(2, *hub)
        self.check_form(275, *bridges, *adapters)
        self.check_form(1, "-M", "pc", "-device", "ne2k_isa")
        self.check_form(1, "-netdev", "user,id=n0", "-device",
                        '{"driver":"virtio-net-pci","netdev":"n0"}')

    def test_taps_that_are_named_and_that_are_not(self):
        device = ["-device", "e1000,netdev=n0"]
        self.check_form(1, "-netdev", f"tap,id=n0,{SCRIPTS}", *device, names=["tap0"])
        self.check_form(1, "-netdev", f"tap,id=n0,ifname=nic%d,{SCRIPTS}", *device, names=["nic0"])
        self.check_form(1, "-nic", f"tap,{SCRIPTS}", names=["tap0"])
        self.check_form(2, "-nic", f"tap,{SCRIPTS}", "-nic", f"tap,{SCRIPTS}", names=["tap0", "tap1"])
        self.check_form(1, "-net", "nic", "-net", f"tap,ifname=nict0,{SCRIPTS}", names=["nict0"])
        self.check_form(1, "-netdev", f"tap,id=n0,ifname=nict0,queues=2,{SCRIPTS}", "-device",
                        "virtio-net-pci,netdev=n0,mq=on", names=["nict0"])

    def test_a_process_that_does_not_answer_is_not_counted(self):
        self.start("-netdev", f"tap,id=n0,ifname=nict0,{SCRIPTS}", "-device", "e1000,netdev=n0")
        self.qmp.close()  # wedge() makes a client of its own
        fifo = self.host.wedge("vm")
        self.addCleanup(self.host.unwedge, fifo)
        _, domains, _ = domstats("-c", "socket:" + self.host.path("fresh.sock"), "--interface",
                                 "--timeout", "0.3")
        domain, = domains.values()
        self.assertNotIn("net.count", domain["stats"])
        self.assertEqual(domain["stats"]["net.0.name"], "nict0")
        self.assertEqual(domain["missing"], ["interface"])


class Files(Nics):
    """Options in a file, as some managers start QEMU."""

    CONFIG = """# made by a manager
[smp-opts]
cpus = "2"
[netdev "n0"]
type = "tap"
ifname = "nict0"
script = "no"
downscript = "no"
[device "e0"]
driver = "e1000"
netdev = "n0"
"""

    def stats(self, source):
        _, domains, _ = domstats("-c", source, "--interface")
        return {name: value for name, value in domains["vm"]["stats"].items()
                if name in ("net.count", "net.0.name")}

    def test_a_file_of_options(self):
        path = self.host.path("qemu.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write(self.CONFIG)
        self.start("-readconfig", path)
        self.check(1, "nict0")
        recording = self.host.path("recording")
        source = "socket:" + self.host.path("fresh.sock")
        subprocess.run([COMMAND, "record", "-c", source, recording], check=True, capture_output=True)
        os.rename(path, path + ".away")
        self.assertEqual(self.stats("replay:" + recording), {"net.count": 1, "net.0.name": "nict0"})
        self.assertEqual(self.stats(source), {})
        os.rename(path + ".away", path)
        self.assertEqual(self.stats(source), {"net.count": 1, "net.0.name": "nict0"})
        later = os.stat(path).st_mtime + 3600
        os.utime(path, (later, later))  # not what QEMU read
        self.assertEqual(self.stats(source), {})


class Moved(Nics):
    """A tap that is renamed and moved while another device takes its name."""

    def stranger(self, name):
        ip("link", "add", name, "type", "ifb")
        self.addCleanup(subprocess.run, ["ip", "link", "del", name], capture_output=True, check=False)
        ip("link", "set", name, "up")
        send_frames(name, 77)

    def rename(self, old, new):
        ip("link", "set", old, "down")
        ip("link", "set", old, "name", new)
        ip("link", "set", new, "up")

    def move_about(self, old):
        new = old + "x"
        ip("link", "set", old, "up")
        send_frames(old, 5)
        self.check(1, old)
        self.rename(old, new)
        self.check(1, new)
        self.stranger(old)
        self.check(1, new)
        pid = self.namespace()
        ip("link", "set", new, "netns", str(pid))
        self.check(1, new, pid=pid)
        self.stranger(new)
        self.check(1, new, pid=pid)
        self.assertNotEqual(counters(new), counters(new, pid))

    def test_by_name(self):
        self.start("-netdev", f"tap,id=n0,ifname=nict0,{SCRIPTS}", "-device", "e1000,netdev=n0")
        self.move_about("nict0")

    def test_by_descriptor(self):
        fd = tap("nict1")
        self.start("-netdev", f"tap,id=n0,fd={fd}", "-device", "virtio-net-pci,netdev=n0,id=e0",
                   pass_fds=[fd])
        os.close(fd)
        self.move_about("nict1")

    def test_equal_names_in_two_namespaces(self):
        """Made elsewhere and handed over; another VM's tap here has the same name."""
        pid = self.namespace()
        theirs = tap("nictmp")
        ip("link", "set", "nictmp", "netns", str(pid), "name", "nicsame")
        ours = tap("nicsame")
        self.addCleanup(os.close, ours)
        ip("link", "set", "nicsame", "up")
        send_frames("nicsame", 33)
        for _ in range(33):
            os.read(ours, 100)  # a tap counts what was taken out of it
        self.start("-netdev", f"tap,id=n0,fd={theirs}", "-device", "virtio-net-pci,netdev=n0",
                   pass_fds=[theirs])
        os.close(theirs)
        self.check(1, "nicsame", pid=pid)
        self.assertNotEqual(counters("nicsame"), counters("nicsame", pid))


class Macvtap(Nics):
    def setUp(self):
        super().setUp()
        if not is_macvtap_possible():
            self.skipTest("no macvtap, or no device nodes of it")

    def macvtap(self, below, name, index, pid=None):
        """A macvtap of that index, up, and its descriptor; with @pid where that process lives."""
        inside = ["nsenter", "-t", str(pid), "-n"] if pid else []
        for words in (["add", below, "type", "ifb"], ["set", below, "up"],
                      ["add", "link", below, "name", name, "index", str(index), "type", "macvtap"],
                      ["set", name, "up"]):
            subprocess.run([*inside, "ip", "link", *words], check=True, capture_output=True)
        if not pid:
            self.addCleanup(subprocess.run, ["ip", "link", "del", below], capture_output=True,
                            check=False)
        return os.open(f"/dev/tap{index}", os.O_RDWR)

    def start_on(self, fd):
        self.start("-netdev", f"tap,id=n0,fd={fd}", "-device", "virtio-net-pci,netdev=n0",
                   pass_fds=[fd])
        os.close(fd)

    def test_here(self):
        self.start_on(self.macvtap("nicb0", "nicm0", 7101))
        send_frames("nicb0", 9)
        count, names = self.ask()
        mine = counters("nicm0")
        # Its counters are shown as the host has them.
        turned = {("tx" if key[:2] == "rx" else "rx") + key[2:]: value for key, value in mine.items()}
        self.assertEqual((count, names), (1, {"nicm0": turned}))
        ip("link", "set", "nicm0", "down")
        ip("link", "set", "nicm0", "name", "nicm9")
        self.assertEqual(list(self.ask()[1]), ["nicm9"])

    def test_in_another_namespace_an_index_of_ours_means_nothing(self):
        ip("link", "add", "eth0", "index", "7102", "type", "ifb")
        self.addCleanup(subprocess.run, ["ip", "link", "del", "eth0"], capture_output=True, check=False)
        pid = self.namespace()
        self.start_on(self.macvtap("nicb0", "nicm0", 7102, pid))
        self.assertEqual(self.ask(), (1, {"nicm0": {}}))

    def test_in_another_namespace_a_macvtap_of_that_index_is_another(self):
        pid = self.namespace()
        theirs = self.macvtap("nicb0", "nicm0", 7103, pid)
        self.macvtap_beside(7103)
        self.start_on(theirs)
        self.assertEqual(self.ask(), (1, {"nicm0": {}}))

    def macvtap_beside(self, index):
        """A second one of the same index, of ours; its node has no place in /dev."""
        for words in (["add", "nicb1", "type", "ifb"],
                      ["add", "link", "nicb1", "name", "nicx0", "index", str(index), "type",
                       "macvtap"]):
            done = subprocess.run(["ip", "link", *words], capture_output=True, check=False)
            if done.returncode != 0:
                self.skipTest("no two of one index: " + done.stderr.decode())
        self.addCleanup(subprocess.run, ["ip", "link", "del", "nicb1"], capture_output=True, check=False)


class Plugged(Nics):
    """By QMP; USB devices leave without the guest's consent."""

    def test_plugged_and_unplugged(self):
        self.start("-device", "nec-usb-xhci,id=x,p2=8,p3=8", "-netdev",
                   f"tap,id=n0,ifname=nicp0,{SCRIPTS}", "-device", "usb-net,id=e0,netdev=n0",
                   "-netdev", "user,id=n1", "-device", "usb-net,id=e1,netdev=n1")
        self.check(2, "nicp0")
        self.unplug("e0", "n0")
        self.check(1)
        ip("link", "add", "nicp0", "type", "ifb")  # a stranger with the name of the words
        self.addCleanup(subprocess.run, ["ip", "link", "del", "nicp0"], capture_output=True, check=False)
        self.check(1)
        self.unplug("e1", "n1")
        self.check(0)
        self.plug("e2", "n2", type="user")
        self.check(1)
        self.plug("e3", "n3", type="tap", ifname="nicp3", script="no", downscript="no")
        self.check(2, "nicp3")
        self.plug("e0", "n0", type="tap", ifname="nicp5", script="no", downscript="no")
        self.check(3, "nicp3", "nicp5")
        self.unplug("e2", "n2")
        self.check(2, "nicp3", "nicp5")
        self.unplug("e3")  # its tap stays open, and is nobody's
        self.assertEqual(self.told_by_qemu(), 1)
        self.assertEqual(self.ask()[0], 1)
        self.unplug("e0", "n0")
        self.check(0)

    def test_a_tap_that_is_replaced(self):
        """As many descriptors as before."""
        self.start("-device", "nec-usb-xhci,id=x", "-netdev", f"tap,id=n0,ifname=nicp0,{SCRIPTS}",
                   "-device", "usb-net,id=e0,netdev=n0")
        self.check(1, "nicp0")
        self.unplug("e0", "n0")
        self.plug("e0", "n0", type="tap", ifname="nicp1", script="no", downscript="no")
        self.check(1, "nicp1")


class Queues(Nics):
    """Queues that the host has for a tap, with limits as libvirt's <bandwidth> sets them."""

    def test_what_a_queue_drops_is_told_in_the_guests_view(self):
        self.start("-netdev", f"tap,id=n0,ifname=nict0,{SCRIPTS}", "-device",
                   "virtio-net-pci,netdev=n0")
        limit = ["tc", "qdisc", "add", "dev", "nict0", "root", "tbf", "rate", "8kbit", "burst", "1600",
                 "limit", "3000"]
        if subprocess.run(limit, capture_output=True, check=False).returncode != 0:
            self.skipTest("no tc, or this kernel has no such queue (tbf)")
        subprocess.run(["ip", "link", "set", "nict0", "up"], check=True)
        before = self.kept.ask("values", INTERFACE, EXT)
        self.assertEqual(before["ext.net.0.rx.qdisc.drop"], 0)
        self.assertNotIn("ext.net.0.tx.qdisc.drop", before)
        for _ in range(200):
            try:
                send_frames("nict0", 1)
            except OSError:
                pass  # dropped: the queue is full
        after = self.kept.ask("values", INTERFACE, EXT)
        self.assertGreater(after["ext.net.0.rx.qdisc.drop"], 0)
        self.assertGreater(after["ext.net.0.qdisc.pkts"], 0)
        self.assertEqual(after["ext.net.0.qdisc.bytes"] % 60, 0)
        self.assertNotIn("ext.net.hostdev.count", after)


if __name__ == "__main__":
    unittest.main()
