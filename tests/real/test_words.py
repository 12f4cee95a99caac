# SPDX-License-Identifier: LGPL-2.1-or-later
"""The many ways of writing a monitor, each tried on a real QEMU: those that may be dialled answer,
those that must not be dialled say why."""

import os
import unittest

from host import Host, domstats, jail_options
from waiting import until

MUX = "-chardev socket,id=m,path=P,server=on,wait=off,mux=on -mon chardev=m,mode=control "
FILE_DEVICE = '[chardev "m"]\nbackend = "socket"\npath = "P"\nserver = "on"\nwait = "off"\n'
FILE_MONITOR = '[mon "mm"]\nchardev = "m"\nmode = "control"\n'
FILE_CONSOLE = '[device "c"]\ndriver = "isa-serial"\nchardev = "m"\n'
UNREAD = ("its monitors, if it has any, are in a file of options (-readconfig) that could not be "
          "read")

# Name; words (P: the socket, F: the file of options); text of that file; how what auto says begins.
ROWS = [
    ("mon-first", "-mon m,mode=control -chardev socket,id=m,path=P,server,nowait", "", "ok"),
    ("two-dashes", "--qmp unix:P,server=yes,wait=no", "", "ok"),
    ("mux-alone", MUX, "", "ok"),
    ("mon-prefix", "-qmp mon:unix:P,server,nowait", "", "ok"),
    ("set-path", "-chardev socket,id=m,path=/nowhere,server=on,wait=off -mon m,mode=control "
                 "-set chardev.m.path=P", "", "ok"),
    ("set-wait", "-chardev socket,id=m,path=P,server=on -mon m,mode=control -set chardev.m.wait=off",
     "", "ok"),
    ("set-mode", "-chardev socket,id=m,path=P,server=on,wait=off -mon m,id=mm "
                 "-set mon.mm.mode=control", "", "ok"),
    ("set-mode-word", "-monitor unix:P,server,nowait -set mon.compat_monitor0.mode=control", "",
     "ok"),
    ("file", "-readconfig F", FILE_DEVICE + FILE_MONITOR, "ok"),
    ("file-monitor", "-chardev socket,id=m,path=P,server=on,wait=off -readconfig F", FILE_MONITOR,
     "ok"),
    ("file-device", "-readconfig F -mon m,mode=control", FILE_DEVICE, "ok"),
    ("file-set", "-readconfig F -set chardev.m.path=P -set mon.mm.mode=control",
     FILE_DEVICE.replace("P", "/nowhere") + '[mon "mm"]\nchardev = "m"\n', "ok"),
    ("file-relative", "-readconfig file-relative.conf", FILE_DEVICE + FILE_MONITOR, "ok"),
    ("file-chroot", "-readconfig F CHROOT", FILE_DEVICE + FILE_MONITOR, "ok"),

    ("serial", MUX + "-serial chardev:m", "", "its only QMP monitor is shared with a serial port"),
    ("serial-first", "-serial chardev:m " + MUX, "",
     "its only QMP monitor is shared with a serial port"),
    ("parallel", MUX + "-parallel chardev:m", "",
     "its only QMP monitor is shared with a parallel port"),
    ("console", MUX + "-device virtio-serial -device virtconsole,chardev=m", "",
     "its only QMP monitor is shared with a device of the guest"),
    ("global", MUX + "-global isa-serial.chardev=m -device isa-serial", "",
     "its only QMP monitor is shared with another option"),
    ("people", MUX + "-mon chardev=m", "",
     "its only QMP monitor is shared with a monitor for people (HMP)"),
    ("second", MUX + "-mon m,mode=control", "",
     "none of its 2 QMP monitors can be used: shared with another QMP monitor, on "),
    ("word", "-qmp mon:unix:P,server,nowait -serial chardev:compat_monitor0", "",
     "its only QMP monitor is shared with a serial port"),
    ("debugger", MUX + "-gdb chardev:m", "", "its only QMP monitor is shared with a debugger"),
    ("random", MUX + "-object rng-egd,id=r,chardev=m", "",
     "its only QMP monitor is shared with an object"),
    ("file-serial", MUX + "-readconfig F", FILE_CONSOLE,
     "its only QMP monitor is shared with a device of the guest"),
    ("wait", "-qmp unix:P,server", "", "its only QMP monitor is made to wait for its manager at '"),
    ("wait-serial", "-serial unix:P.other,server -qmp unix:P,server,nowait", "",
     "it waits for a client at '"),
    ("wait-device", "-qmp unix:P,server,nowait -chardev socket,id=c,path=P.other,server=on", "",
     "it waits for a client at '"),
    ("wait-debugger", "-gdb unix:P.other,server -qmp unix:P,server,nowait", "",
     "it waits for a client at '"),
    ("serial-mon", "-serial mon:unix:P,server,nowait", "",
     "it has a monitor for people (HMP), but none for QMP"),
    ("set-human", "-chardev socket,id=m,path=P,server=on,wait=off -mon m,id=mm,mode=control "
                  "-set mon.mm.mode=readline", "",
     "it has a monitor for people (HMP), but none for QMP"),
    ("file-deleted", "-readconfig F", FILE_DEVICE + FILE_MONITOR, UNREAD),
    ("file-descriptor", "-readconfig /dev/fd/0", FILE_DEVICE + FILE_MONITOR, UNREAD),
]


class Words(unittest.TestCase):
    def start(self, host, row):
        name, words, text, _ = row
        socket = host.path(name + ".sock")
        file = host.path(name + ".conf")
        if text:
            with open(file, "w", encoding="ascii") as stream:
                stream.write(text.replace("P", socket))
        words = words.replace("CHROOT", " ".join(jail_options(host.path("control"))))
        words = [socket if word == "P" else word for word in
                 words.replace("path=P", "path=" + socket).replace("unix:P", "unix:" + socket)
                 .replace("F", file).split()]
        launcher = ("sh", "-c", f'exec "$@" <{file}', "sh") if name == "file-descriptor" else ()
        host.start("words-" + name, monitor=words, accel="tcg", wait=False, cwd=host.folder,
                   launcher=launcher)
        return socket

    def test_each_spelling_is_taken_as_qemu_takes_it(self):
        with Host() as host:
            sockets = {row[0]: self.start(host, row) for row in ROWS}
            for name, socket in sockets.items():
                waits = name.startswith("wait-")
                host.wait_for(host.processes["words-" + name], socket + (".other" if waits else ""))
            os.unlink(host.path("file-deleted.conf"))
            _, domains, trouble = domstats("list", *("words-" + row[0] for row in ROWS))
            for name, _, _, expected in ROWS:
                with self.subTest(name):
                    domain = domains["words-" + name]
                    found = domain["reason"] if domain["health"] == "no-monitor" else domain["health"]
                    self.assertEqual(found[:len(expected)], expected, (found, trouble))

    def test_a_chroot_in_another_mount_namespace_hides_no_file(self):
        with Host() as host:
            hidden = host.path("hidden")
            os.mkdir(hidden)
            socket = os.path.join(hidden, "vm.sock")
            text = (FILE_DEVICE + FILE_MONITOR).replace("P", socket)
            host.start("words-jail", monitor=["-readconfig", hidden + "/vm.conf",
                                              *jail_options(hidden + "/a/jail")],
                       accel="tcg", wait=False,
                       launcher=("unshare", "-m", "sh", "-c",
                                 f"mount -t tmpfs none {hidden} && mkdir -p {hidden}/a/jail && "
                                 f"printf %s '{text}' >{hidden}/vm.conf && exec \"$@\"", "sh"))
            jailed = host.processes["words-jail"]
            host.wait_for(jailed, socket)
            until("it has changed its root",
                  lambda: os.readlink(f"/proc/{jailed.pid}/root") != "/")
            _, domains, trouble = domstats("list", "words-jail")
            self.assertEqual(domains["words-jail"]["health"], "ok", (domains, trouble))


if __name__ == "__main__":
    unittest.main()
