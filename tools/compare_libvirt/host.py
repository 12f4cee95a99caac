# SPDX-License-Identifier: LGPL-2.1-or-later
"""A private libvirt with images, network devices and helpers of its own.

What is made outside of the folder is first written into the folder's journal, so that another process
can remove it after this one has ended in any way, also killed: a Sweeper. That ends only processes of the
journal and QEMUs whose command line names the folder, each by its pid."""
import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import libvirt

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../tests/real"))
import apart  # noqa: E402
import firmware  # noqa: E402
import libvirts  # noqa: E402

from compare_libvirt import resctrl  # noqa: E402

# Starts a command in namespaces where a libvirtd may mount over the folders of this host's.
APART = ["env", "DOMSTATS_APART=1", *apart.LAUNCHER]

SWEEPS = 5
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
CONF = """user = "root"
group = "root"
cgroup_controllers = []
namespaces = []
security_driver = "none"
stdio_handler = "file"
"""


def adopt_orphans():
    """Makes this process the parent of QEMUs whose own parent has ended: libvirt waits until an ended QEMU
    has been reaped, which takes seconds where the system's first process is slow at it."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_with_parent():
    """Has the kernel kill this process when its parent has ended, also killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def reap_until_end(worker):
    """Gives the exit status of @worker."""
    pid, status = os.wait()
    while pid != worker.pid:
        pid, status = os.wait()
    worker.returncode = os.waitstatus_to_exitcode(status)
    return worker.returncode


def do_as_a_daemon():
    """Does what libvirt's daemons do before they serve, for which there is no public call: sets the
    identity of this thread, in whose name libvirt reads a domain's secrets, and listens to netlink
    events, without which libvirt cannot remove a macvtap device."""
    library = ctypes.CDLL("libvirt.so.0")
    library.virIdentityGetSystem.restype = ctypes.c_void_p
    library.virIdentitySetCurrent.argtypes = [ctypes.c_void_p]
    library.virIdentitySetCurrent(library.virIdentityGetSystem())
    library.virNetlinkStartup()
    library.virNetlinkEventServiceStart(socket.NETLINK_ROUTE, 0)


class Host:
    """libvirt's event loop and connection, and makers of images and devices for domains."""

    def __init__(self, folder, is_through):
        self.dir = folder
        self.is_through = is_through
        self.cleanups = []
        self.servers = {}  # by their sockets
        self.has_resctrl = False
        self.n_secrets = 0
        self.n_links = 0

    def __enter__(self):
        try:
            self._set_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _set_up(self):
        os.makedirs(self.path("root/etc"))
        self.write("root/etc/qemu.conf", CONF)
        self._start_loop()
        do_as_a_daemon()
        self._connect(f"///embed?root={self.path('root')}")
        self.conn.getCapabilities()  # later it would start processes during our calls: not with ASan

    def _connect(self, where):
        self.uri = "qemu:" + where
        self.secrets = libvirt.open("secret:" + where)
        self.conn = libvirt.open(self.uri)
        self.on_exit(self.secrets.close)
        self.on_exit(self.conn.close)
        self.on_exit(self._end_domains)

    def errors(self):
        """What libvirt logged as an error because of its clients."""
        return []

    def _start_loop(self):
        libvirt.registerErrorHandler(lambda *_: None, None)
        libvirt.virEventRegisterDefaultImpl()
        stop = threading.Event()

        def run():
            while not stop.is_set():
                libvirt.virEventRunDefaultImpl()

        thread = threading.Thread(target=run, daemon=True)
        timer = libvirt.virEventAddTimeout(100, lambda *_: None, None)
        thread.start()

        def end():
            stop.set()
            thread.join()
            libvirt.virEventRemoveTimeout(timer)

        self.on_exit(end)

    def __exit__(self, *_):
        while self.cleanups:
            function, arguments = self.cleanups.pop()
            try:
                function(*arguments)
            except Exception as error:  # the rest is removed all the same
                print(f"cleaning up: {function.__name__}: {error}")

    def _end_domains(self):
        for domain in self.conn.listAllDomains():
            if domain.isActive():
                persistent = domain.isPersistent()
                domain.destroy()
                if not persistent:
                    continue
            domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_KEEP_NVRAM)

    def on_exit(self, function, *arguments):
        self.cleanups.append((function, arguments))

    def note(self, *words):
        with open(self.path("journal"), "a", encoding="utf-8") as journal:
            journal.write(" ".join(words) + "\n")

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def in_background(self, function):
        thread = threading.Thread(target=function)
        thread.start()
        return thread

    def run(self, *words, tries=1):
        """Runs a command up to @tries times; fails with its output if the last try does."""
        while tries > 1 and not self.may_run(*words):
            tries -= 1
        if tries == 1:
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL)

    def may_run(self, *words):
        return subprocess.run(words, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode == 0

    def image(self, name, form, size, *options):
        path = self.path(name)
        # qemu-img measures its own CPU time for a key, which may fail on a busy machine.
        self.run("qemu-img", "create", "-q", "-f", form, *options, path,
                 *([str(size)] if size else []), tries=20 if form == "luks" else 1)
        return path

    def fill(self, path, form, size):
        """Writes to the start of an image, so that its sizes differ from an empty one's."""
        self.run("qemu-io", "-f", form, "-c", f"write -P 5 0 {size}", path)

    def halting_firmware(self):
        return firmware.halting(self)

    def serve_nbd(self, image):
        """Starts an NBD server; gives its socket."""
        path = image + ".nbd"
        return self._serve(path, "qemu-nbd", "-f", "raw", "-t", "-e", "8", "-k", path, image)

    def serve_vhost_user(self, image):
        """Starts a process that serves an image to a guest without QEMU; gives its socket."""
        path = image + ".vhost"
        return self._serve(path, "qemu-storage-daemon", "--blockdev", f"file,node-name=f,filename={image}", "--export",
                           f"vhost-user-blk,id=e,node-name=f,writable=on,addr.type=unix,addr.path={path}")

    def _serve(self, path, *words):
        server = self.servers[path] = subprocess.Popen(words)
        self.note("pid", str(server.pid))
        while not os.path.exists(path):
            if server.poll() is not None:
                raise RuntimeError(f"{words[0]} ended")
        return path

    def end_server(self, path):
        self.servers[path].kill()

    def loop_device(self, image):
        """Makes a block device of a file; gives its path, or None where there are no loop devices."""
        made = subprocess.run(["losetup", "-f", "--show", image], capture_output=True, text=True)
        if made.returncode != 0:
            return None
        device = made.stdout.strip()
        self.note("loop", device)
        return device

    def bridge(self):
        return self._link("link", "type", "bridge")

    def tap(self):
        """Makes a device for a macvtap to be put on; gives its name."""
        return self._link("tuntap", "mode", "tap")

    def _link(self, what, *kind):
        """Makes a network device; gives its name, or None where that is not possible."""
        self.n_links += 1
        name = f"ds{os.getpid()}n{self.n_links}"
        if not self.may_run("ip", what, "add", name, *kind):
            return None
        self.note("link", name)
        silence(name)
        self.run("ip", "link", "set", name, "up")
        return name

    def secret(self, text):
        """Makes a secret for images; gives its UUID."""
        self.n_secrets += 1
        made = self.secrets.secretDefineXML(
            "<secret ephemeral='no' private='no'><description>x</description>"
            f"<uuid>5ca1ab1e-0000-4000-8000-{self.n_secrets:012}</uuid></secret>")
        made.setValue(text.encode())
        return made.UUIDString()


class DaemonHost(Host):
    """The same with a libvirtd, in namespaces of its own, see APART."""

    def _set_up(self):
        self.has_resctrl = resctrl.mount()
        os.makedirs(self.path("daemon"))
        host = Folder(self.path("daemon"))
        self.daemon = libvirts.Libvirtd(host).__enter__()
        self.on_exit(self.daemon.close)
        self._start_loop()
        self._connect("///system")

    def errors(self):
        return [f"libvirt logged: {error}" for error in self.daemon.errors()]


class Folder:
    """What a libvirtd of tests needs of its host."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = {}

    def path(self, name):
        return os.path.join(self.folder, name)


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read().decode(errors="replace")
    except OSError:
        return ""


def end_process(pid, folder):
    """Ends a process whose command line names @folder."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for _ in range(100):
            if folder not in read(f"/proc/{pid}/cmdline"):
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            time.sleep(0.05)


class Sweeper:
    """A process that removes what a Host in @folder has left, when it is told to or this one has ended."""

    def __init__(self, folder):
        read_end, self.end = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            os.close(self.end)
            os.read(read_end, 1)
            sweep(folder)
            os._exit(0)
        os.close(read_end)

    def sweep(self):
        os.close(self.end)
        os.waitpid(self.pid, 0)


def named(folder):
    """The processes whose command line names the folder: QEMUs, also of a worker that was just killed."""
    return [int(pid) for pid in filter(str.isdigit, os.listdir("/proc"))
            if folder in read(f"/proc/{pid}/cmdline")]


def sweep(folder):
    """Removes all that a Host in @folder has left, and the folder."""
    pids, links = named(folder), []
    for line in read(folder + "/journal").splitlines():
        kind, what = line.split()
        if kind == "pid":
            pids.append(int(what))
        else:
            links.append((kind, what))
    for _ in range(SWEEPS):
        for pid in pids:
            end_process(pid, folder)
        pids = named(folder)  # one may have started another since it was looked for
    for kind, what in reversed(links):
        words = ("losetup", "-d", what) if kind == "loop" else ("ip", "link", "del", what)
        subprocess.run(words, stderr=subprocess.DEVNULL)
    shutil.rmtree(folder, ignore_errors=True)


def silence(device):
    """Keeps the host from sending frames of its own into a device."""
    with open(f"/proc/sys/net/ipv6/conf/{device}/disable_ipv6", "w", encoding="utf-8") as file:
        file.write("1")


def frames(path, n, size):
    """Sends frames to a redirector of QEMU's, as it takes them: length, then the frame."""
    frame = b"\xff" * 6 + b"\x52\x54\x00\x01\x02\x03" + b"\x88\xb5" + b"\0" * (size - 14)
    with socket.socket(socket.AF_UNIX) as to:
        to.connect(path)
        for _ in range(n):
            to.sendall(size.to_bytes(4, "big") + frame)


def raw_frames(device, n, size):
    """Sends frames out of a network device, towards the guest."""
    frame = b"\xff" * 6 + b"\x52\x54\x00\x09\x08\x07" + b"\x88\xb5" + b"\0" * (size - 14)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as to:
        to.bind((device, 0))
        for _ in range(n):
            to.send(frame)


def wait_until(is_true, timeout_s=30):
    """Waits until @is_true() is; fails after @timeout_s."""
    deadline = time.monotonic() + timeout_s
    while not is_true():
        if time.monotonic() > deadline:
            raise RuntimeError("waited in vain")
        time.sleep(0.05)
