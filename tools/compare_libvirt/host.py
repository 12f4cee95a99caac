# SPDX-License-Identifier: LGPL-2.1-or-later
"""A private libvirt with images, network devices and helpers of its own. All of it goes away when
the context ends, also when it fails; only what was started here is ended, by its pid."""
import os
import shutil
import socket
import subprocess
import tempfile
import threading

import libvirt

CONF = """user = "root"
group = "root"
cgroup_controllers = []
namespaces = []
security_driver = "none"
stdio_handler = "file"
"""


class Host:
    """The folder, the event loop, the connection and the names of devices."""

    def __init__(self):
        self.cleanups = []
        self.secrets = None

    def __enter__(self):
        try:
            self._set_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _set_up(self):
        self.dir = tempfile.mkdtemp(prefix="domstats-compare-", dir="/var/tmp")
        self.on_exit(shutil.rmtree, self.dir)
        os.chmod(self.dir, 0o755)
        os.makedirs(self.path("root/etc"))
        self.write("root/etc/qemu.conf", CONF)
        libvirt.registerErrorHandler(lambda *_: None, None)
        libvirt.virEventRegisterDefaultImpl()
        self._start_loop()
        self.uri = f"qemu:///embed?root={self.path('root')}"
        self.conn = libvirt.open(self.uri)
        self.on_exit(self.conn.close)
        self.on_exit(self._end_domains)

    def _start_loop(self):
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
            except Exception as error:  # the rest must go away too
                print(f"cleaning up: {function.__name__}: {error}")

    def _end_domains(self):
        for domain in self.conn.listAllDomains():
            if domain.isActive():
                persistent = domain.isPersistent()
                domain.destroy()
                if not persistent:
                    continue
            domain.undefine()

    def on_exit(self, function, *arguments):
        self.cleanups.append((function, arguments))

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def run(self, *words):
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)

    def may_run(self, *words):
        return subprocess.run(words, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode == 0

    def image(self, name, form, size, *options):
        path = self.path(name)
        self.run("qemu-img", "create", "-q", "-f", form, *options, path,
                 *([str(size)] if size else []))
        return path

    def fill(self, path, form, size):
        """Data at the start of an image, so that sizes differ from those of an empty one."""
        self.run("qemu-io", "-f", form, "-c", f"write -P 5 0 {size}", path)

    def serve_nbd(self, image):
        """An NBD server; gives its socket."""
        path = image + ".nbd"
        server = subprocess.Popen(["qemu-nbd", "-f", "raw", "-t", "-e", "8", "-k", path, image])
        self.on_exit(server.wait)
        self.on_exit(server.terminate)
        while not os.path.exists(path):
            if server.poll() is not None:
                raise RuntimeError("qemu-nbd ended")
        return path

    def loop_device(self, image):
        """A block device over a file; None where there are none to be had."""
        made = subprocess.run(["losetup", "-f", "--show", image], capture_output=True, text=True)
        if made.returncode != 0:
            return None
        device = made.stdout.strip()
        self.on_exit(self.run, "losetup", "-d", device)
        return device

    def link(self, name, *kind):
        """A network device; None where there is none to be had."""
        if not self.may_run("ip", "link", "add", name, *kind):
            return None
        self.on_exit(self.run, "ip", "link", "del", name)
        self.run("ip", "link", "set", name, "up")
        return name

    def secret(self, text):
        """The UUID of a new secret for images; None where this libvirt has no such driver."""
        try:
            if self.secrets is None:
                self.secrets = libvirt.open(f"secret:///embed?root={self.path('root')}")
                self.on_exit(self.secrets.close)
            made = self.secrets.secretDefineXML(
                "<secret ephemeral='yes' private='yes'><description>x</description></secret>")
            made.setValue(text.encode())
            return made.UUIDString()
        except libvirt.libvirtError:
            return None


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
