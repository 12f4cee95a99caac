# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which disks a real QEMU has, what they are called, and where their images are."""
import os
import subprocess
import unittest

from host import Host, domstats
from longrun import LongRun
from waiting import until

CHAIN = 260


def block(host, name, *options):
    """The domain's disks: a list of the fields of each."""
    code, domains, trouble = domstats("--block", *options, "-c", "dir:" + host.folder)
    assert code == 0, (code, trouble)
    stats = domains[name]["stats"]
    return [{field.split(".", 2)[2]: value for field, value in stats.items()
             if field.startswith(f"block.{i}.")} for i in range(stats["block.count"])]


def device(drive, kind="virtio-blk-pci"):
    return ["-device", f"{kind},drive={drive},id=disk-{drive}"]


def wait_until_it_serves(host):
    """Opening a long chain takes a QEMU seconds, in which it serves no client."""
    until("it serves", lambda: domstats("--state", "-c", "dir:" + host.folder)[0] == 0)


def chain(host):
    """Makes CHAIN images, each over the one before it; gives the path of the top one."""
    for i in range(CHAIN):
        below = ["-F", "qcow2", "-b", host.path(f"{i - 1}.qcow2")] if i > 0 else []
        top = host.image(f"{i}.qcow2", "-u", "-f", "qcow2", *below, "1M")
    return top


class Disks(unittest.TestCase):
    def test_a_chain_of_260_images_is_whole(self):
        with Host() as host:
            top = chain(host)
            host.start("vm", "-drive", f"file={top},if=none,id=d0,format=qcow2", *device("d0"))
            wait_until_it_serves(host)
            self.assertEqual(len(block(host, "vm")), 1)
            images = block(host, "vm", "--backing")
            self.assertEqual([image["path"] for image in images],
                             [host.path(f"{i}.qcow2") for i in reversed(range(CHAIN))])
            self.assertTrue(all(image["capacity"] == 1 << 20 for image in images))

    def test_a_long_chain_that_no_device_uses_is_not_repeated_layer_by_layer(self):
        with Host() as host:
            top = chain(host)
            disk = host.image("disk", "-f", "raw", "1M")
            host.start("vm", "-drive", f"file={top},if=none,id=unused,format=qcow2",
                       "-drive", f"file={disk},if=none,id=d0,format=raw", *device("d0"))
            wait_until_it_serves(host)
            with LongRun("socket:" + host.path("vm.sock")) as run:
                for _ in range(3):
                    self.assertEqual(run.call().healths(), {"vm": "ok"})

    def test_flash_and_drives_of_no_device_are_no_disks(self):
        with Host() as host:
            code, variables, unused, disk = (host.image(name, "-f", "raw", "4M") for name in
                                             ("code", "variables", "unused", "disk"))
            rest = ("-drive", f"file={unused},if=none,id=unused,format=raw",
                    "-blockdev", f"driver=file,filename={unused},node-name=lonely,read-only=on,"
                    "locking=off", "-drive", f"file={disk},if=none,id=d0,format=raw", *device("d0"))
            host.start("drive", "-machine", "q35", "-drive",
                       f"if=pflash,format=raw,readonly=on,file={code}", "-drive",
                       f"if=pflash,format=raw,id=mine,file={variables}", *rest)
            self.assertEqual([each["name"] for each in block(host, "drive")], ["disk-d0"])
            host.forget("drive")
            host.start("blockdev", "-blockdev",
                       f"driver=file,filename={code},node-name=code,read-only=on", "-blockdev",
                       f"driver=file,filename={variables},node-name=variables", "-machine",
                       "q35,pflash0=code,pflash1=variables", *rest)
            self.assertEqual([each["name"] for each in block(host, "blockdev")], ["disk-d0"])

    def test_what_a_machine_brings_is_the_guests(self):
        with Host() as host:
            host.start("vm", "-machine", "pc", defaults=True)
            self.assertEqual([each["name"] for each in block(host, "vm")],
                             ["ide1-cd0", "floppy0"])

    def relative(self, host, *more, **popen):
        folder = host.path("images")
        os.makedirs(os.path.join(folder, "sub"), exist_ok=True)
        subprocess.run("qemu-img create -q -f qcow2 d.qcow2 8M && qemu-img create -q base.raw 8M "
                       "&& cp base.raw sub && qemu-img create -q -f qcow2 -b base.raw -F raw "
                       "sub/over.qcow2 && qemu-img create -q fd.raw 1M && ln -s d.qcow2 link",
                       shell=True, cwd=folder, check=True)
        handed = os.open(os.path.join(folder, "fd.raw"), os.O_RDONLY)
        host.start("vm", "-drive", "file=d.qcow2,if=none,id=d0", *device("d0"),
                   "-blockdev", "driver=file,filename=./sub/../base.raw,node-name=d1",
                   *device("d1"), "-drive", "file=sub/over.qcow2,if=none,id=d2", *device("d2"),
                   "-add-fd", f"fd={handed},set=2", "-drive",
                   "file=/dev/fdset/2,if=none,id=d3,format=raw,readonly=on,file.locking=off",
                   *device("d3"), "-drive", "file=link,if=none,id=d4,format=raw,readonly=on,"
                   "file.locking=off", *device("d4"), *more, cwd=folder, pass_fds=[handed], **popen)
        os.close(handed)
        return folder

    def test_paths_are_absolute_or_absent(self):
        with Host() as host:
            folder = self.relative(host)
            paths = {each["name"]: each.get("path") for each in block(host, "vm")}
            self.assertEqual(paths, {"disk-d0": folder + "/d.qcow2",
                                     "disk-d1": folder + "/base.raw",
                                     "disk-d2": folder + "/sub/over.qcow2",
                                     "disk-d3": None, "disk-d4": None})
            self.assertIn(folder + "/sub/base.raw",
                          [each.get("path") for each in block(host, "vm", "--backing")])


if __name__ == "__main__":
    unittest.main(verbosity=2)
