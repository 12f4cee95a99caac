# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table of tools/capture: the QEMUs it starts, what it does to them, and what they must show then.

A case: name, sentence, options of QEMU, and by keyword
  qemu     which QEMU of those that tools/capture was given
  base     the options in front, if not the usual ones
  monitor  the options that give the monitor to be recorded; () for none, then `do` must be empty
  images   arguments of "qemu-img create"; a (name, bytes) pair is written as it is
  serve    programs that must run beside it, and in `uris` where each then serves
  taps     host devices; those in `fds` are handed over as a descriptor, "{tap0}" in the options
  wait_for a tap that the guest must have sent to
  do       (command, arguments) for the second monitor; with a third member the command is
           repeated until its reply has the members that it shows
  then     "stop": the process is stopped; "hold": somebody else holds the monitor
  seen     what the expected files must show, for the person who reads them
"""


def disk(file, kind="virtio-blk-pci", file_format="raw", ident="disk0", more=""):
    return ["-drive", f"file={file},if=none,id=drive-{ident},format={file_format}{more}",
            "-device", f"{kind},drive=drive-{ident},id={ident}"]


def node(ident, driver, **members):
    pairs = ",".join(f"{key.replace('_', '-')}={value}" for key, value in members.items())
    return ["-blockdev", f"driver={driver},node-name={ident},{pairs}"]


def io(request, device="drive-disk0"):
    return ("human-monitor-command", {"command-line": f'qemu-io {device} "{request}"'})


def boot(*code):
    """A boot sector: the code, then a halt for ever; on a disk of 1 MiB."""
    code = bytes(code) + bytes.fromhex("f4ebfd")
    return code + bytes(510 - len(code)) + bytes.fromhex("55aa") + bytes((1 << 20) - 512)


def image(name):
    return "/srv/images/" + name


BACKEND = "/machine/peripheral/disk0/virtio-backend"
VIRTIO = "-d " + BACKEND
RUN = ("-accel", "kvm", "-m", "16")
RUN_TCG = ("-accel", "tcg", "-m", "16")  # the BIOS ends within a second on any host
PAUSED = ("-S", *RUN)
CHAIN = [["-f", "raw", "base.raw", "8M"],
         ["-f", "qcow2", "-F", "raw", "-b", image("base.raw"), "first.qcow2", "8M"],
         ["-f", "qcow2", "-F", "qcow2", "-b", image("first.qcow2"), "second.qcow2", "12M"],
         ["-f", "qcow2", "-F", "qcow2", "-b", image("second.qcow2"), "top.qcow2", "16M"]]
CASES = []


def case(name, sentence, *options, **more):
    CASES.append({"name": name, "sentence": sentence, "options": [*options], "qemu": "7.2",
                  "base": PAUSED, "images": [], "serve": [], "uris": [], "taps": [], "fds": [], "do": [],
                  "then": "", "seen": [], **more})


# Disks
case("raw", "A raw image behind -drive, written and read through the monitor.",
     *disk(image("raw.img")), images=[["-f", "raw", "raw.img", "8M"]],
     do=[io("aio_write 0 1M"), io("aio_write 1M 64k"), io("aio_read 0 512k"), io("aio_flush")],
     seen=["block.0: disk0, capacity 8388608, allocation and physical 1114112",
           "wr 2 requests, 1114112 bytes; rd 1 request, 524288 bytes; fl 1 request"])
case("qcow2-chain", "A qcow2 image on a chain: four images in all, the lowest raw, the upper two "
     "larger than those below.",
     *disk(image("top.qcow2"), file_format="qcow2"), images=CHAIN,
     do=[io("aio_write 0 64k"), io("aio_read 64k 64k")],
     seen=["one record without backing, four with it, all named disk0, top to base",
           "capacities 16777216, 12582912, 8388608, 8388608; counters only in the first"])
case("blockdev-chain", "A chain of five, each node of it spelled out with -blockdev, the top with "
     "its data in a file of its own.",
     *node("file-base", "file", filename=image("bd-base.raw")),
     *node("base", "raw", file="file-base"),
     *node("file-1", "file", filename=image("bd-1.qcow2")),
     *node("fmt-1", "qcow2", file="file-1", backing="base"),
     *node("file-2", "file", filename=image("bd-2.qcow2")),
     *node("fmt-2", "qcow2", file="file-2", backing="fmt-1"),
     *node("file-3", "file", filename=image("bd-3.qcow2")),
     *node("fmt-3", "qcow2", file="file-3", backing="fmt-2"),
     *node("file-top", "file", filename=image("bd-top.qcow2")),
     *node("data-top", "file", filename=image("bd-top.data")),
     *node("top", "qcow2", file="file-top", data_file="data-top", backing="fmt-3"),
     "-device", "virtio-blk-pci,drive=top,id=disk0", qemu="10.0",
     images=[["-f", "raw", "bd-base.raw", "4M"]] +
     [["-f", "qcow2", "-F", below, "-b", image(f"bd-{of}"), f"bd-{name}.qcow2", "4M"]
      for name, of, below in (("1", "base.raw", "raw"), ("2", "1.qcow2", "qcow2"),
                              ("3", "2.qcow2", "qcow2"))] +
     [["-f", "qcow2", "-F", "qcow2", "-b", image("bd-3.qcow2"), "-o",
       "data_file=" + image("bd-top.data"), "bd-top.qcow2", "4M"]],
     do=[io("aio_write 0 128k", VIRTIO)],
     seen=["one record without backing; six with it: the data file follows the top image",
           "allocation of the top is that of its data file: 131072"])
case("cdrom-empty", "Two CD drives and a floppy drive without a medium, one CD drive with one.",
     "-device", "ide-cd,id=empty-ide", "-device", "virtio-scsi-pci,id=scsi0",
     "-device", "scsi-cd,bus=scsi0.0,id=empty-scsi", "-device", "floppy,id=empty-floppy",
     *disk(image("medium.iso"), "scsi-cd,bus=scsi0.0", ident="full", more=",readonly=on"),
     images=[["-f", "raw", "medium.iso", "2M"]],
     seen=["four records; the empty drives have zero counters, no path and no sizes"])
case("nbd", "Network disks: one over TCP, one over a unix socket, neither with a local path.",
     *disk("nbd://127.0.0.1:10809/export"),
     *disk("nbd+unix:///export?socket=/srv/images/nbd.sock", ident="disk1"),
     images=[["-f", "raw", "nbd.raw", "4M"], ["-f", "raw", "nbd-unix.raw", "6M"]],
     uris=["nbd://127.0.0.1:10809/export", "nbd+unix:///export?socket=/srv/images/nbd.sock"],
     serve=[["qemu-nbd", "-t", "-x", "export", "-f", "raw", "-b", "127.0.0.1", "-p", "10809",
             image("nbd.raw")],
            ["qemu-nbd", "-t", "-x", "export", "-f", "raw", "-k", "/srv/images/nbd.sock",
             image("nbd-unix.raw")]],
     do=[io("aio_write 0 64k")],
     seen=["no path; capacities 4194304 and 6291456"])
case("throttle", "A throttle filter on top of a qcow2 image that has a backing image.",
     "-object", "throttle-group,id=group0,x-iops-total=1000",
     *node("file-base", "file", filename=image("throttle-base.qcow2")),
     *node("base", "qcow2", file="file-base"),
     *node("file-top", "file", filename=image("throttle-top.qcow2")),
     *node("top", "qcow2", file="file-top", backing="base"),
     *node("limited", "throttle", throttle_group="group0", file="top"),
     "-device", "virtio-blk-pci,drive=limited,id=disk0",
     images=[["-f", "qcow2", "throttle-base.qcow2", "4M"],
             ["-f", "qcow2", "-F", "qcow2", "-b", image("throttle-base.qcow2"),
              "throttle-top.qcow2", "8M"]],
     do=[io("aio_write 0 64k", VIRTIO)],
     seen=["the filter is no layer: one record, two with backing; capacities 8388608, 4194304"])
case("filters", "Copy-on-read over two throttle filters over one raw image.",
     "-object", "throttle-group,id=group0", "-object", "throttle-group,id=group1",
     *node("file", "file", filename=image("filters.raw")), *node("raw", "raw", file="file"),
     *node("slow", "throttle", throttle_group="group0", file="raw"),
     *node("slower", "throttle", throttle_group="group1", file="slow"),
     *node("cor", "copy-on-read", file="slower"),
     "-device", "virtio-blk-pci,drive=cor,id=disk0", qemu="10.0",
     images=[["-f", "raw", "filters.raw", "4M"]],
     seen=["one record with and without backing; capacity 4194304"])
case("histograms", "Latency histograms set for reads, writes, flushes and zone appends.",
     *node("file", "file", filename=image("histograms.raw")), *node("raw", "raw", file="file"),
     "-device", "virtio-blk-pci,drive=raw,id=disk0", qemu="10.0",
     images=[["-f", "raw", "histograms.raw", "4M"]],
     do=[("block-latency-histogram-set", {"id": BACKEND, "boundaries": [1000, 10000000000]}),
         ("block-latency-histogram-set",
          {"id": BACKEND, "boundaries-write": [10, 1000, 10000000000]}),
         io("aio_write 0 64k", VIRTIO), io("aio_write 64k 64k", VIRTIO),
         io("aio_read 0 64k", VIRTIO), io("aio_flush", VIRTIO)],
     seen=["read: 3 bins from 0, 1000, 10000000000 with 0, 1, 0; write: 4 bins with 0, 0, 2, 0"])
case("timed-stats", "Statistics of two intervals, an hour and a day, asked for with -drive.",
     *disk(image("timed.raw"), more=",stats-intervals.0=3600,stats-intervals.1=86400"),
     images=[["-f", "raw", "timed.raw", "4M"]],
     do=[io("aio_write 0 64k"), io("aio_read 0 4k"), io("aio_flush")],
     seen=["timed_group.count 2, intervals 3600 and 86400; latencies of flushes are 0"])
case("threshold", "A write threshold of 3 MiB set on the node that holds the image.",
     *node("file", "file", filename=image("threshold.qcow2")),
     *node("qcow2", "qcow2", file="file"),
     "-device", "virtio-blk-pci,drive=qcow2,id=disk0",
     images=[["-f", "qcow2", "threshold.qcow2", "8M"]],
     do=[("block-set-write-threshold", {"node-name": "file", "write-threshold": 3 << 20})],
     seen=["block.0.threshold 3145728"])
case("luks", "An encrypted image: LUKS below raw sectors, and LUKS inside qcow2.",
     "-object", "secret,id=key,data=secret", *disk(image("luks.img"), file_format="luks",
                                                   more=",key-secret=key"),
     *disk(image("luks.qcow2"), file_format="qcow2", ident="disk1",
           more=",encrypt.format=luks,encrypt.key-secret=key"),
     images=[["--object", "secret,id=key,data=secret", "-f", "luks", "-o",
              "key-secret=key,iter-time=100", "luks.img", "4M"],
             ["--object", "secret,id=key,data=secret", "-f", "qcow2", "-o",
              "encrypt.format=luks,encrypt.key-secret=key,encrypt.iter-time=100", "luks.qcow2",
              "6M"]],
     seen=["capacities 4194304 and 6291456: the header does not count"])
case("buses", "A disk on each bus that QEMU has, with ids of all kinds.",
     "-device", "nec-usb-xhci,id=xhci", "-device", "sdhci-pci", "-device", "virtio-scsi-pci,id=scsi0",
     *disk(image("bus-nvme.raw"), "nvme,serial=one", ident="nvme0"),
     *disk(image("bus-scsi.raw"), "scsi-hd,bus=scsi0.0", ident="scsi-disk"),
     *disk(image("bus-ide.raw"), "ide-hd", ident="ide-disk"),
     *disk(image("bus-usb.raw"), "usb-storage,bus=xhci.0", ident="usb-disk"),
     *disk(image("bus-sd.raw"), "sd-card", ident="sd-disk"),
     *disk(image("bus-floppy.raw"), "floppy", ident="floppy-disk"),
     "-drive", f"file={image('bus-virtio.raw')},if=virtio,format=raw",
     *node("lonely", "file", filename=image("bus-node.raw")),
     "-device", "virtio-blk-pci,drive=lonely",
     "-drive", f"file={image('bus-unused.raw')},if=none,id=unused,format=raw",
     images=[["-f", "raw", f"bus-{bus}.raw", "1M"] for bus in
             ("nvme", "scsi", "ide", "usb", "sd", "virtio", "node", "unused")] +
     [["-f", "raw", "bus-floppy.raw", "1440k"]],
     seen=["names: the id of the device; without one the drive's (virtio0), the node's (lonely)",
           "a drive that no device uses is there by its own name"])
case("block-device", "A block device of the host as disk, whole and a slice of it.",
     *node("host", "host_device", filename="{loop}"), *node("raw", "raw", file="host"),
     "-device", "virtio-blk-pci,drive=raw,id=disk0,share-rw=on",
     *node("host-2", "host_device", filename="{loop}", read_only="on"),
     *node("slice", "raw", file="host-2", offset=1 << 20, size=2 << 20, read_only="on"),
     "-device", "virtio-blk-pci,drive=slice,id=disk1,share-rw=on", qemu="11.1", loop="loop.raw",
     images=[["-f", "raw", "loop.raw", "4M"]],
     seen=["QEMU says it takes no space: physical is the size of the device, 4194304, in both",
           "capacities 4194304 and 2097152; limits are there"])
case("mirror", "A running copy job that has become ready: QEMU puts a filter on top of the disk.",
     *node("file", "file", filename=image("mirror.qcow2")), *node("top", "qcow2", file="file"),
     *node("copy-file", "file", filename=image("mirror-copy.qcow2")),
     *node("copy", "qcow2", file="copy-file"),
     "-device", "virtio-blk-pci,drive=top,id=disk0",
     images=[["-f", "qcow2", "mirror.qcow2", "4M"], ["-f", "qcow2", "mirror-copy.qcow2", "4M"]],
     do=[io("aio_write 0 64k", VIRTIO),
         ("blockdev-mirror", {"job-id": "copy0", "device": "top", "target": "copy",
                              "sync": "full"}),
         ("query-block-jobs", {}, [{"ready": True}])],
     seen=["one record, with and without backing: disk0 on mirror.qcow2, never the filter"])
case("backup", "A running backup job, its filter between the disk and the image.",
     *node("file", "file", filename=image("backup.raw")), *node("top", "raw", file="file"),
     *node("copy-file", "file", filename=image("backup-copy.qcow2")),
     *node("copy", "qcow2", file="copy-file"),
     "-device", "virtio-blk-pci,drive=top,id=disk0", qemu="10.0",
     images=[["-f", "raw", "backup.raw", "4M"], ["-f", "qcow2", "backup-copy.qcow2", "4M"]],
     do=[io("aio_write 0 1M", VIRTIO),
         ("blockdev-backup", {"job-id": "copy0", "device": "top", "target": "copy", "sync": "full",
                              "speed": 1, "auto-finalize": False})],
     seen=["one record, with and without backing: disk0 on backup.raw"])
case("jobs", "Two jobs at once that are slowed down, on two drives: a backup, and a stream of a base "
     "with data.", *disk(image("jobs-0.qcow2"), file_format="qcow2"),
     *disk(image("jobs-1.qcow2"), file_format="qcow2", ident="disk1"),
     images=[["-f", "qcow2", "jobs-0.qcow2", "4M"], ("jobs-base.raw", boot()),
             ["-f", "qcow2", "-F", "raw", "-b", image("jobs-base.raw"), "jobs-1.qcow2", "1M"]],
     do=[io("aio_write 0 1M"),
         ("drive-backup", {"job-id": "saving", "device": "drive-disk0", "sync": "full", "speed": 1,
                           "target": image("jobs-copy.qcow2")}),
         ("block-stream", {"device": "drive-disk1", "speed": 1}),
         ("query-block-jobs", {}, [{"speed": 1}, {"speed": 1}])],
     seen=["block.ext: job.count 2; the backup is of disk 0 by its filter, the stream of disk 1 by its name"])
case("snapshot", "A snapshot taken while QEMU runs, so the chain has grown by one.",
     *disk(image("before.qcow2"), file_format="qcow2"),
     images=[["-f", "qcow2", "before.qcow2", "4M"]],
     do=[io("aio_write 0 64k"),
         ("blockdev-snapshot-sync", {"device": "drive-disk0",
                                     "snapshot-file": "/srv/images/after.qcow2"}),
         io("aio_write 64k 64k")],
     seen=["record 0 is after.qcow2 with all counters: wr 2; with backing, 1 is before.qcow2"])
case("no-disk", "No disk at all.", seen=["block.count 0"])
case("io-error", "A disk whose first read failed, which stops the guest.",
     *node("file", "file", filename=image("io-error.raw")),
     "-blockdev", "driver=blkdebug,node-name=bad,image=file,"
     "inject-error.0.event=read_aio,inject-error.0.errno=5",
     *node("raw", "raw", file="bad"),
     "-device", "virtio-blk-pci,drive=raw,id=disk0,rerror=stop,werror=stop", base=RUN_TCG,
     images=[["-f", "raw", "io-error.raw", "1M"]],
     do=[("query-status", {}, {"status": "io-error"})],
     seen=["state 3 (paused), reason 5 (I/O error); the read waits, so it is not counted yet",
           "physical is the virtual size: blkdebug does not say what its image takes"])

# vCPUs
case("vcpu-1", "One vCPU.", "-smp", "1", seen=["vcpu.current 1, vcpu.maximum 1"])
case("vcpu-16", "Sixteen vCPUs.", "-smp", "16", seen=["vcpu.current 16; 0 to 15 in order"])
case("vcpu-hotplug", "Two of four vCPUs at the start; the fourth is plugged, the third is not.",
     "-smp", "2,maxcpus=4,sockets=4,cores=1,threads=1",
     do=[("device_add", {"driver": "qemu64-x86_64-cpu", "id": "cpu3", "socket-id": 3, "core-id": 0,
                         "thread-id": 0})],
     seen=["vcpu.current 3, vcpu.maximum 4; vcpu.0, vcpu.1 and vcpu.3"])
case("tcg", "TCG with a thread for each of two vCPUs.", "-smp", "2",
     base=("-S", "-accel", "tcg", "-m", "16"),
     seen=["times of both vCPUs; halt polling 0 as libvirt has it; nothing else that KVM counts, no vm"])
case("tcg-one-thread", "TCG with one thread for both vCPUs.", "-smp", "2",
     base=("-S", "-accel", "tcg,thread=single", "-m", "16"),
     seen=["vcpu.current 2, vcpu.maximum 2 and nothing of each vCPU"])

# Memory
case("balloon-guest", "A Linux guest with 192 MiB that answers every second, blown up to 128 MiB.",
     "-kernel", "{guest}/vmlinuz", "-initrd", "{guest}/initrd", "-append", "quiet",
     "-device", "virtio-balloon-pci,id=balloon0", base=("-accel", "tcg", "-m", "192"),
     do=[("qom-set", {"path": "/machine/peripheral/balloon0",
                      "property": "guest-stats-polling-interval", "value": 1}),
         ("qom-get", {"path": "/machine/peripheral/balloon0", "property": "guest-stats"},
          {"stats": {"stat-swap-in": 0}}),
         ("balloon", {"value": 128 << 20}),
         ("query-balloon", {}, {"actual": 128 << 20})],
     seen=["current 131072, maximum 196608 KiB; all that the guest tells; last-update not 0"])
case("balloon-polling", "A balloon that asks its guest every 2 seconds, and the guest is paused.",
     "-device", "virtio-balloon-pci,id=balloon0",
     do=[("qom-set", {"path": "/machine/peripheral/balloon0",
                      "property": "guest-stats-polling-interval", "value": 2})],
     seen=["current and maximum 16384; last-update 0 and nothing else of the guest"])
case("balloon-quiet", "A balloon without an id that asks its guest nothing.",
     "-device", "virtio-balloon-pci", seen=["current and maximum 16384; last-update 0"])
case("balloon-none", "No balloon device.", seen=["current and maximum 16384, rss, no last-update"])
case("memory-plugged", "32 MiB, one memory module of 64 MiB at the start and one of 128 plugged.",
     "-object", "memory-backend-ram,id=mem0,size=64M", "-device", "pc-dimm,id=dimm0,memdev=mem0",
     base=("-S", "-accel", "kvm", "-m", "32,slots=4,maxmem=1G"),
     do=[("object-add", {"qom-type": "memory-backend-ram", "id": "mem1", "size": 128 << 20}),
         ("device_add", {"driver": "pc-dimm", "id": "dimm1", "memdev": "mem1"})],
     seen=["current and maximum 229376"])

# Interfaces
case("net-user", "User network: no device on the host.",
     "-netdev", "user,id=net0", "-device", "virtio-net-pci,netdev=net0",
     seen=["net.count 1 and nothing else"])
case("net-tap", "Tap devices beside a user network, and a guest that asks for an address.",
     "-netdev", "user,id=net0", "-device", "e1000,netdev=net0,bootindex=2",
     "-netdev", "tap,id=net1,ifname=tap0,script=no,downscript=no",
     "-device", "virtio-net-pci,netdev=net1,bootindex=1",
     "-netdev", "tap,id=net2,ifname=tap1,script=no,downscript=no",
     "-device", "virtio-net-pci,netdev=net2", base=RUN_TCG, taps=["tap0", "tap1"],
     wait_for="tap0",
     seen=["net.count 3; net.1 is tap0, net.2 is tap1; no net.0",
           "the guest's tx of tap0 is the host's receive column of proc/net/dev"])
case("net-tap-fd", "A tap device handed to QEMU as an open descriptor.",
     "-netdev", "tap,id=net0,fd={tap2}", "-device", "virtio-net-pci,netdev=net0",
     taps=["tap2"], fds=["tap2"], seen=["net.0.name tap2, found through the descriptor"])
case("net-others", "Networks without a device on the host: sockets and a hub.",
     "-netdev", "socket,id=net0,listen=127.0.0.1:10900", "-device", "e1000,netdev=net0",
     "-netdev", "stream,id=net1,addr.type=unix,addr.path=/srv/images/net.sock,server=on",
     "-device", "virtio-net-pci,netdev=net1", "-nic", "user,model=e1000",
     seen=["net.count 3 and nothing else"])
case("net-none", "No network.", "-nic", "none", seen=["net.count 0"])

# IOThreads, dirty rate
case("iothreads", "IOThreads with and without a number in their names.",
     "-object", "iothread,id=iothread1,poll-max-ns=4096,poll-grow=3,poll-shrink=5",
     "-object", "iothread,id=iothread3", "-object", "iothread,id=fast", qemu="11.1",
     seen=["iothread.count 3, in the order of the reply; iothread.1 with 4096, 3, 5; iothread.3",
           "the one without a number in its name gets a free one"])
case("dirtyrate", "The rate of dirty pages, measured by sampling.", base=RUN,
     do=[("calc-dirty-rate", {"calc-time": 1}),
         ("query-dirty-rate", {}, {"status": "measured"})],
     seen=["calc_status 2, period 1, mode page-sampling"])
case("dirtyrate-ring", "The rate of dirty pages of each vCPU, by the dirty ring.", "-smp", "2",
     base=("-accel", "kvm,dirty-ring-size=4096", "-m", "16"), qemu="10.0",
     do=[("calc-dirty-rate", {"calc-time": 1, "mode": "dirty-ring"}),
         ("query-dirty-rate", {}, {"status": "measured"})],
     seen=["calc_status 2, mode dirty-ring, a rate for vcpu.0 and vcpu.1"])

# Run states, which boot sectors bring about
case("running", "A guest that runs, and halts.", *disk(image("halt.img")), base=RUN_TCG,
     images=[("halt.img", boot())],
     do=[("query-blockstats", {}, [{"stats": {"rd_operations": 1}}])],
     seen=["state 1, reason 1; the BIOS has read the boot sector: rd 1 request, 512 bytes"])
case("paused", "A guest that ran and was paused.", base=RUN,
     do=[("query-status", {}, {"status": "running"}), ("stop", {})], seen=["state 3, reason 1"])
case("prelaunch", "A guest that was never let go.", seen=["state 3, reason 1"])
case("preconfig", "A QEMU that waits before it makes the machine.", "-preconfig",
     base=("-accel", "kvm", "-m", "16"),
     seen=["what QEMU refuses at this stage is absent, not 0"])
case("incoming", "A guest that waits for a migration.", "-incoming", "defer", base=RUN,
     seen=["state 3, reason 2"])
case("postmigrate", "A guest that was migrated away.", base=RUN,
     do=[("query-status", {}, {"status": "running"}),
         ("migrate", {"uri": "exec:cat >/dev/null"}),
         ("query-migrate", {}, {"status": "completed"})], seen=["state 3, reason 2"])
# Migrations. QEMU writes a guest's empty pages with some bytes each, so few bytes a second are slow.
SLOW = ("migrate-set-parameters", {"max-bandwidth": 1 << 13, "downtime-limit": 1})
case("migrating", "A guest that is being migrated, slowly.", base=RUN,
     do=[("query-status", {}, {"status": "running"}), SLOW, ("migrate", {"uri": "exec:cat >/dev/null"}),
         ("query-migrate", {}, {"status": "active", "ram": {"dirty-sync-count": 1}})],
     seen=["state.ext: status active, direction outgoing, memory and times; an expected downtime"])
case("migrating-11.1", "The same on QEMU 11.1, which tells what remains of all devices.", base=RUN, qemu="11.1",
     do=[("query-status", {}, {"status": "running"}), SLOW, ("migrate", {"uri": "exec:cat >/dev/null"}),
         ("query-migrate", {}, {"status": "active", "ram": {"dirty-sync-count": 1}})],
     seen=["state.ext: data_remaining beside memory_remaining"])
case("migration-failed", "A guest that could not be migrated, as nobody listens there.", base=RUN,
     do=[("query-status", {}, {"status": "running"}), ("migrate", {"uri": "unix:/srv/nowhere.sock"}),
         ("query-migrate", {}, {"status": "failed"})],
     seen=["state 1; state.ext: status failed, direction outgoing, why; no number"])
case("migration-cancelled", "A guest whose migration was cancelled.", base=RUN,
     do=[("query-status", {}, {"status": "running"}), SLOW, ("migrate", {"uri": "exec:cat >/dev/null"}),
         ("query-migrate", {}, {"status": "active"}), ("migrate_cancel", {}),
         ("query-migrate", {}, {"status": "cancelled"})],
     seen=["state 1; state.ext: status cancelled, direction outgoing; no number"])
case("shutdown", "A guest that switched itself off; QEMU stays.", *disk(image("off.img")),
     "-no-shutdown", base=RUN_TCG, images=[("off.img", boot(0xba, 4, 6, 0xb8, 0, 0x20, 0xef))],
     do=[("query-status", {}, {"status": "shutdown"})], seen=["state 4, reason 0"])
case("suspended", "A guest that suspended itself to memory.", *disk(image("s3.img")), base=RUN_TCG,
     images=[("s3.img", boot(0xba, 4, 6, 0xb8, 0, 0x24, 0xef))],
     do=[("query-status", {}, {"status": "suspended"})], 
     seen=["state 7, reason 0: suspended by itself"])
case("panicked", "A guest that told of its panic.", *disk(image("panic.img")),
     "-device", "pvpanic", "-action", "panic=pause", base=RUN_TCG,
     images=[("panic.img", boot(0xba, 5, 5, 0xb0, 1, 0xee))],
     do=[("query-status", {}, {"status": "guest-panicked"})], seen=["state 6, reason 1"])
case("watchdog", "A guest that its watchdog stopped.", *disk(image("watchdog.img")),
     "-device", "ib700", "-action", "watchdog=pause", base=RUN_TCG,
     images=[("watchdog.img", boot(0xba, 0x43, 4, 0xb0, 15, 0xee))],
     do=[("query-status", {}, {"status": "watchdog"})], seen=["state 3, reason 6"])

# Names and monitors
case("no-name", "Neither a name nor a UUID was given.", name_option=(),
     seen=["the name is that of the monitor's socket, the UUID is made of its path"])
case("uuid", "A UUID was given.", "-uuid", "6ba7b810-9dad-41d1-80b4-00c04fd430c8",
     seen=["uuid 6ba7b810-9dad-41d1-80b4-00c04fd430c8"])
case("odd-names", "Characters that must be taken care of, in the name and in a path.",
     *disk(image('a,, "b"\\\u00e9.raw')),
     name_option=("-name", 'guest=gr\u00f6\u00dfe,, "x"\\y'),
     images=[["-f", "raw", 'a, "b"\\\u00e9.raw', "1M"]],
     seen=["the name and the path as they were given"])
case("pretty", "A monitor that writes its replies over many lines.",
     monitor=("-qmp-pretty", "unix:/srv/qmp/pretty.sock,server=on,wait=off"),
     seen=["nothing special"])
case("no-monitor", "No monitor at all.", "-smp", "2,maxcpus=3", monitor=(), base=RUN,
     seen=["health no-monitor; cpu and net counters, rss, what the command line says:",
           "balloon.maximum 16384; nothing that QEMU must tell"])
case("busy", "Somebody else holds the only monitor.", then="hold",
     seen=["health busy, the holder is named; what the host knows"])
case("stopped", "The QEMU process is stopped.", then="stop",
     seen=["health stopped, the process's state is named; what the host knows"])


# The same machine under several versions
def everything(version, *more, monitor=None):
    name = "qemu-" + version
    keys = {"monitor": monitor} if monitor else {}
    case(name, f"A machine with some of everything, on QEMU {version}.",
         "-smp", "2,maxcpus=4", "-device", "virtio-balloon-pci,id=balloon0",
         "-object", "iothread,id=iothread1", "-netdev", "user,id=net0",
         "-device", "virtio-net-pci,netdev=net0", "-device", "ide-cd,id=cd0",
         *disk(image(name + ".qcow2"), file_format="qcow2"),
         *node("file1", "file", filename=image(name + ".raw")), *node("raw1", "raw", file="file1"),
         "-device", "virtio-blk-pci,drive=raw1,id=disk1,iothread=iothread1", *more,
         qemu=version, base=RUN,
         images=[["-f", "raw", name + ".raw", "2M"],
                 ["-f", "qcow2", name + ".qcow2", "4M"]],
         do=[("query-status", {}, {"status": "running"}), io("aio_write 0 64k")],
         seen=["block: disk0 with capacity 4194304, disk1 with 2097152, cd0 empty",
               "state 1; vcpu 2 of 4; iothread.1; net.count 1"], **keys)


everything("5.2")
everything("7.2")
everything("10.0", monitor=(
    "-chardev", "socket,id=mon0,path=/srv/qmp/qemu-10.0.sock,server=on,wait=off",
    "-mon", "chardev=mon0,mode=control"))
everything("11.1", monitor=(
    "-chardev", "socket,id=mon0,path=/srv/qmp/qemu-11.1.sock,server=on,wait=off",
    "-object", "monitor-qmp,id=qmp0,chardev=mon0"))
case("dirtyrate-measuring", "A measurement of a minute that has just begun.", base=RUN,
     do=[("calc-dirty-rate", {"calc-time": 60})], seen=["calc_status 1, no rate"])
