# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fleets of QEMUs to measure: started by this script, or described in XML for libvirt to start.

All QEMUs are alike: paused, 2 vCPUs, 2 disks (one with a backing file), 1 tap, a balloon, 1 IOThread,
guest.S as firmware (bench_calls may let it run), and three monitors: ours/NAME.sock,
visit/NAME.sock and floor/NAME.sock. A Fleet removes all that it made (processes, images, its folder) when it ends.
"""

import concurrent.futures
import contextlib
import fcntl
import glob
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

PATIENCE_S = 60
N_STARTERS = 4
N_CLOSERS = 64
MONITORS = ("ours", "visit", "floor")
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454ca, 0x0002, 0x1000

XML = """<domain type='{accel}' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>{name}</name>
  <uuid>{uuid}</uuid>
  <memory unit='MiB'>16</memory>
  <vcpu>2</vcpu>
  <iothreads>1</iothreads>
  <os><type arch='x86_64' machine='pc'>hvm</type><loader type='rom'>{bios}</loader></os>
  <features><acpi/></features>
  <devices>
    <emulator>{qemu}</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' iothread='1'/>
      <source file='{overlay}'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/>
      <source file='{raw}'/>
      <target dev='vdb' bus='virtio'/>
    </disk>
    <interface type='ethernet'>
      <target dev='{tap}'/>
      <model type='virtio'/>
    </interface>
    <controller type='usb' model='none'/>
    <memballoon model='virtio'/>
  </devices>
  <qemu:commandline>
{arguments}
  </qemu:commandline>
</domain>
"""

QEMU_CONF = """user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
"""

LIBVIRTD_CONF = """unix_sock_dir = "{folder}/daemon/sock"
unix_sock_group = "root"
auth_unix_ro = "none"
auth_unix_rw = "none"
log_outputs = "3:file:{folder}/daemon/libvirtd.log"
"""

# libvirt's folders are fixed when it is built, so the private daemon's are mounted over them.
LIBVIRTD = """set -e
for place in etc/libvirt var/lib/libvirt run/libvirt var/cache/libvirt; do
    mkdir -p /$place "$0/daemon/$place"
    mount --bind "$0/daemon/$place" /$place
done
cp "$0/qemu.conf" /etc/libvirt/qemu.conf
exec libvirtd -f "$0/daemon/libvirtd.conf" -p "$0/daemon/libvirtd.pid"
"""


def accelerator():
    """KVM where it can be used, else TCG."""
    try:
        os.close(os.open("/dev/kvm", os.O_RDWR))
        return "kvm"
    except OSError:
        return "tcg"


def wait_for(condition, what):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"{what}: not within {PATIENCE_S} s")
        time.sleep(0.02)


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextlib.contextmanager
def other_taps(count):
    """Makes @count tap devices that no QEMU uses; they go with their descriptors."""
    descriptors = []
    try:
        for number in range(count):
            descriptors.append(os.open("/dev/net/tun", os.O_RDWR))
            fcntl.ioctl(descriptors[-1], TUNSETIFF,
                        struct.pack("16sH22x", b"d%do%d" % (os.getpid(), number), IFF_TAP | IFF_NO_PI))
        yield
    finally:
        # The kernel takes its time for each close; many at once take hardly longer than one.
        with concurrent.futures.ThreadPoolExecutor(N_CLOSERS) as pool:
            list(pool.map(os.close, descriptors))


class Fleet:
    def __init__(self, qemu):
        self.qemu = shutil.which(qemu) or qemu
        self.accel = accelerator()
        self.folder = tempfile.mkdtemp(prefix="domstats-bench-")
        os.chmod(self.folder, 0o755)
        self.size = 0
        self.daemon = None
        for name in (*MONITORS, "xml", "disks", "pids", "empty"):
            os.mkdir(self.path(name))
        self.assemble_firmware()
        self.image("base.qcow2", "-f", "qcow2", "64M")
        self.image("overlay.qcow2", "-f", "qcow2", "-F", "qcow2", "-b", self.path("base.qcow2"))

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.end_qemus()
        if self.daemon is not None:
            self.daemon.terminate()
            self.daemon.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def image(self, name, *arguments):
        options = list(arguments)
        size = [options.pop()] if not options[-1].startswith("/") else []
        subprocess.run(["qemu-img", "create", "-q", *options, self.path(name), *size], check=True,
                       capture_output=True)

    def assemble_firmware(self):
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "guest.S")
        for command in (("as", "--32", "-o", self.path("guest.o"), source),
                        ("ld", "-m", "elf_i386", "-e", "start", "-Ttext", "0", "--oformat",
                         "binary", "-o", self.path("guest.bin"), self.path("guest.o"))):
            subprocess.run(command, check=True, capture_output=True)

    def version(self):
        text = subprocess.run([self.qemu, "-version"], check=True, capture_output=True,
                              text=True).stdout
        return text.split("version", 1)[1].split()[0]

    def facts(self, number):
        """What differs from domain to domain; makes the images of this one."""
        name = f"bench-{number:05}"
        overlay, raw = self.path("disks", name + ".qcow2"), self.path("disks", name + ".raw")
        shutil.copy(self.path("overlay.qcow2"), overlay)
        with open(raw, "wb") as file:
            file.truncate(16 << 20)
        return {"name": name, "uuid": f"00000000-0000-4000-8000-{number:012}", "overlay": overlay,
                "raw": raw, "tap": f"d{os.getpid()}b{number}", "qemu": self.qemu, "accel": self.accel,
                "bios": self.path("guest.bin")}

    def monitors(self, name):
        words = []
        for kind in MONITORS:
            words += ["-chardev", f"socket,id=char-{kind},server=on,wait=off,"
                      f"path={self.path(kind, name)}.sock",
                      "-mon", f"chardev=char-{kind},id=mon-{kind},mode=control"]
        return words

    def start(self, number):
        """Starts one QEMU, whose monitors listen when this returns."""
        it = self.facts(number)
        tap = ["-netdev", f"tap,id=hostnet0,ifname={it['tap']},script=no,downscript=no",
               "-device", "virtio-net-pci,netdev=hostnet0,id=net0"]
        done = subprocess.run(
            [self.qemu, "-name", it["name"], "-uuid", it["uuid"], "-S", "-daemonize",
             "-pidfile", self.path("pids", it["name"]), "-accel", self.accel, "-machine", "pc",
             "-bios", it["bios"], "-m", "16", "-smp", "2", "-display", "none", "-nodefaults", "-no-user-config",
             "-object", "iothread,id=iothread1",
             "-blockdev", f"driver=file,filename={it['overlay']},node-name=file0",
             "-blockdev", "driver=qcow2,file=file0,node-name=format0",
             "-device", "virtio-blk-pci,drive=format0,id=virtio-disk0,iothread=iothread1",
             "-blockdev", f"driver=file,filename={it['raw']},node-name=file1",
             "-blockdev", "driver=raw,file=file1,node-name=format1",
             "-device", "virtio-blk-pci,drive=format1,id=virtio-disk1",
             *tap, "-device", "virtio-balloon-pci,id=balloon0", *self.monitors(it["name"])],
            check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{it['name']} did not start: {done.stderr.strip()}")

    def grow(self, size):
        """Starts QEMUs until there are @size."""
        with concurrent.futures.ThreadPoolExecutor(N_STARTERS) as pool:
            list(pool.map(self.start, range(self.size + 1, size + 1)))
        self.size = max(size, self.size)

    def resume(self):
        """Lets the guests run."""
        for number in range(1, self.size + 1):
            with socket.socket(socket.AF_UNIX) as monitor:
                monitor.settimeout(PATIENCE_S)
                monitor.connect(self.path("floor", f"bench-{number:05}.sock"))
                monitor.sendall(b'{"execute":"qmp_capabilities"}{"execute":"cont","id":"cont"}')
                with monitor.makefile("rb") as lines:
                    if not any(b'"id": "cont"' in line and b"return" in line for line in lines):
                        raise RuntimeError(f"bench-{number:05} does not go on")

    def describe(self, size, has_monitors=True):
        """Writes the definitions that libvirt starts; without monitors of ours libvirt alone can ask."""
        for number in range(1, size + 1):
            it = self.facts(number)
            words = self.monitors(it["name"]) if has_monitors else []
            arguments = "\n".join(f"    <qemu:arg value='{word}'/>" for word in words)
            with open(self.path("xml", it["name"] + ".xml"), "w", encoding="ascii") as file:
                file.write(XML.format(arguments=arguments, **it))

    def embedded(self):
        """The URI of libvirt's embedded driver with a root of its own."""
        os.makedirs(self.path("embed", "etc"))
        with open(self.path("embed", "etc", "qemu.conf"), "w", encoding="ascii") as file:
            file.write(QEMU_CONF)
        return f"qemu:///embed?root={self.path('embed')}"

    def start_daemon(self):
        """A libvirtd with folders of its own, in a mount namespace; gives its URI."""
        os.makedirs(self.path("daemon", "sock"))
        for name, text in (("qemu.conf", QEMU_CONF),
                           ("daemon/libvirtd.conf", LIBVIRTD_CONF.format(folder=self.folder))):
            with open(self.path(name), "w", encoding="ascii") as file:
                file.write(text)
        self.daemon = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "bash", "-c", LIBVIRTD,
             self.folder], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        socket = self.path("daemon", "sock", "libvirt-sock")
        wait_for(lambda: os.path.exists(socket) or self.daemon.poll() is not None, "libvirtd")
        return f"qemu+unix:///system?socket={socket}"

    def start_domains(self, uri, size):
        """Starts the described domains, paused, and leaves them to libvirt."""
        words = [f"create {self.path('xml', f'bench-{number:05}.xml')} --paused" for number in range(1, size + 1)]
        starters = [subprocess.Popen(["virsh", "-q", "-c", uri, "; ".join(words[i::N_STARTERS])],
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.PIPE, text=True)
                    for i in range(min(N_STARTERS, size))]
        for starter in starters:
            _, trouble = starter.communicate()
            if starter.returncode != 0:
                raise RuntimeError("virsh: " + trouble.strip())

    @staticmethod
    def resume_domains(uri, size):
        words = "; ".join(f"resume bench-{number:05}" for number in range(1, size + 1))
        subprocess.run(["virsh", "-q", "-c", uri, words], check=True, stdin=subprocess.DEVNULL,
                       capture_output=True)

    def end_domains(self, uri):
        """Ends the QEMUs, and waits until libvirt knows."""
        self.end_qemus()
        wait_for(lambda: not subprocess.run(["virsh", "-q", "-c", uri, "list", "--name"], check=True,
                                            capture_output=True, text=True).stdout.strip(), "end of the domains")

    def pin(self, cpus):
        """Lets libvirtd and the QEMUs run on these processors alone."""
        for pid in (self.daemon.pid, *self.qemu_pids()):
            subprocess.run(["taskset", "-a", "-c", "-p", cpus, str(pid)], check=True, capture_output=True)

    def qemu_pids(self):
        """The processes that have one of our disks on their command line."""
        mark = self.path("disks", "").encode()
        for entry in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                with open(entry, "rb") as file:
                    if mark in file.read():
                        yield int(entry.split("/")[2])
            except OSError:
                continue

    def end_qemus(self):
        pids = list(self.qemu_pids())
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        for pid in pids:
            wait_for(lambda pid=pid: not is_running(pid), f"end of process {pid}")
        self.size = 0
