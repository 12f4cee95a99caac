# SPDX-License-Identifier: LGPL-2.1-or-later
"""The kinds of domains to compare: one function a kind, which gives the XML and what to do when the
domain runs. It raises Unavailable where this machine cannot run such a domain."""
import libvirt

from compare_libvirt import host as hosts

QEMU_NS = "http://libvirt.org/schemas/domain/qemu/1.0"
MIB = 1024 * 1024


class Unavailable(Exception):
    pass


class Domain:
    """The definition of a kind. @start: "paused", "running", or None for a domain that does not run. A guest without a
    disk halts, unless what its firmware does is to be counted: @boots. Those with a disk that they read are of kind
    "qemu": KVM emulates most of a firmware where it is itself in a guest, for seconds."""

    def __init__(self, devices="", start="paused", **more):
        self.devices = devices
        self.start = start
        self.kind = more.pop("kind", "kvm")
        self.vcpu = more.pop("vcpu", "<vcpu>1</vcpu>")
        self.memory = more.pop("memory", "<memory unit='MiB'>32</memory>")
        self.extra = more.pop("extra", "")
        self.firmware = more.pop("firmware", "")
        self.boots = more.pop("boots", "<disk" in devices)
        self.args = more.pop("args", [])
        self.transient = more.pop("transient", False)
        self.monitor = more.pop("monitor", True)
        self.before_start = more.pop("before_start", None)
        self.after = more.pop("after", None)
        assert not more, more

    def xml(self, host, name):
        args = list(self.args)
        if self.monitor:
            args += ["-qmp", f"unix:{host.path(name + '.qmp')},server=on,wait=off"]
        loader = self.firmware
        if self.start == "running" and not self.boots:
            loader = f"<loader type='rom'>{host.halting_firmware()}</loader>"
        words = "".join(f"<qemu:arg value='{arg}'/>" for arg in args)
        return f"""<domain type='{self.kind}' xmlns:qemu='{QEMU_NS}'><name>{name}</name>
{self.memory}{self.vcpu}<os><type arch='x86_64' machine='pc'>hvm</type>{loader}</os>{self.extra}
<features><acpi/></features><devices>{self.devices}</devices>
<qemu:commandline>{words}</qemu:commandline></domain>"""


def disk(path, form, target, bus="virtio", kind="file", device="disk", more="", driver="",
         source_more=""):
    attribute = "dev" if kind == "block" else "file"
    source = f"<source {attribute}='{path}'>{source_more}</source>" if path else ""
    return f"""<disk type='{kind}' device='{device}'><driver name='qemu' type='{form}' {driver}/>
{source}<target dev='{target}' bus='{bus}'/>{more}</disk>"""


def chain(host, name):
    base = host.image(f"{name}-base.raw", "raw", 8 * MIB)
    middle = host.image(f"{name}-mid.qcow2", "qcow2", None, "-b", base, "-F", "raw")
    top = host.image(f"{name}.qcow2", "qcow2", 16 * MIB, "-b", middle, "-F", "qcow2")
    host.fill(base, "raw", MIB)
    host.fill(middle, "qcow2", 2 * MIB)
    host.fill(top, "qcow2", 65536)
    return top, middle, base


def kind_chain(host, name):
    return Domain(disk(chain(host, name)[0], "qcow2", "vda"), start="running", kind="qemu")


def kind_raw(host, name):
    image = host.image(name, "raw", 10 * MIB)
    host.fill(image, "raw", 3 * MIB)
    return Domain(disk(image, "raw", "vda"))


def kind_throttled(host, name):
    image = host.image(name, "qcow2", 10 * MIB)
    return Domain(disk(image, "qcow2", "vda", more="<iotune><total_iops_sec>500</total_iops_sec>"
                       "</iotune>") + disk(image + "", "qcow2", "vdb").replace(
                           image, host.image(name + "2", "qcow2", MIB)), start="running", kind="qemu")


def luks(host, name):
    uuid = host.secret("magic")
    image = host.image(name, "luks", 10 * MIB, "--object", "secret,id=s,data=magic", "-o",
                       "key-secret=s,iter-time=10")
    return disk(image, "raw", "vda", source_more="<encryption format='luks'>"
                f"<secret type='passphrase' uuid='{uuid}'/></encryption>")


def kind_luks(host, name):
    return Domain(luks(host, name))


def kind_luks_off(host, name):
    return Domain(luks(host, name), start=None)


def kind_cdrom(host, name):
    medium = host.image(name, "raw", 2 * MIB)
    return Domain(disk(None, "raw", "sda", "sata", device="cdrom") +
                  disk(medium, "raw", "sdb", "sata", device="cdrom", more="<readonly/>"))


def kind_eject(host, name):
    """A medium is changed while it runs."""
    def change(domain):
        path = host.image(name + "-new", "raw", 3 * MIB)
        domain.updateDeviceFlags(disk(path, "raw", "sda", "sata", device="cdrom",
                                      more="<readonly/>"), libvirt.VIR_DOMAIN_AFFECT_LIVE)
    return Domain(disk(host.image(name, "raw", 2 * MIB), "raw", "sda", "sata", device="cdrom",
                       more="<readonly/>"), after=change)


def kind_buses(host, name):
    images = [host.image(f"{name}-{i}", "qcow2", MIB * (i + 1)) for i in range(4)]
    return Domain("<controller type='scsi' model='virtio-scsi'/><controller type='usb'/>" +
                  disk(images[0], "qcow2", "hda", "ide") + disk(images[1], "qcow2", "sda", "scsi")
                  + disk(images[2], "qcow2", "sdb", "usb") +
                  disk(images[3], "qcow2", "fda", "fdc", device="floppy"), start="running", kind="qemu")


def kind_nbd(host, name):
    server = host.serve_nbd(host.image(name, "raw", 5 * MIB))
    return Domain("<disk type='network' device='disk'><driver name='qemu' type='raw'/>"
                  f"<source protocol='nbd'><host transport='unix' socket='{server}'/></source>"
                  "<target dev='vda' bus='virtio'/></disk>")


def kind_nbd_qcow2(host, name):
    """The server does not count the space that the image takes."""
    server = host.serve_nbd(host.image(name, "qcow2", 50 * MIB))
    return Domain("<disk type='network' device='disk'><driver name='qemu' type='qcow2'/>"
                  f"<source protocol='nbd'><host transport='unix' socket='{server}'/></source>"
                  "<target dev='vda' bus='virtio'/></disk>")


def kind_flash(host, name):
    """Firmware in flash, its variables, a disk and an empty drive."""
    code = host.image(name + "-code", "raw", 4 * MIB)
    variables = host.image(name + "-vars", "raw", 4 * MIB)
    return Domain(disk(host.image(name, "qcow2", 8 * MIB), "qcow2", "vda") +
                  disk(None, "raw", "hdc", "ide", device="cdrom"),
                  firmware=f"<loader readonly='yes' type='pflash'>{code}</loader>"
                  f"<nvram>{variables}</nvram>")


def kind_block_device(host, name):
    device = host.loop_device(host.image(name, "raw", 6 * MIB))
    if device is None:
        raise Unavailable("no loop devices")
    return Domain(disk(device, "raw", "vda", kind="block"))


def kind_block_device_off(host, name):
    raw = host.loop_device(host.image(name, "raw", 6 * MIB))
    qcow2 = host.loop_device(host.image(name + "2", "raw", 7 * MIB))
    if raw is None or qcow2 is None:
        raise Unavailable("no loop devices")
    host.run("qemu-img", "create", "-q", "-f", "qcow2", qcow2, str(20 * MIB))
    return Domain(disk(raw, "raw", "vda", kind="block") +
                  disk(qcow2, "qcow2", "vdb", kind="block"), start=None)


def kind_data_file(host, name):
    data = host.path(name + ".data")
    image = host.image(name, "qcow2", 4 * MIB, "-o", f"data_file={data},data_file_raw=on")
    return Domain(disk(image, "qcow2", "vda"))


def kind_no_disk(_host, _name):
    return Domain()


def nic(kind, source="", more=""):
    return f"<interface type='{kind}'>{source}<model type='virtio'/>{more}</interface>"


def kind_ethernet(_host, _name):
    return Domain(nic("ethernet"))


def kind_bridge(host, _name):
    bridge = host.bridge()
    if bridge is None:
        raise Unavailable("no bridges")
    return Domain(nic("bridge", f"<source bridge='{bridge}'/>"))


def kind_macvtap(host, _name):
    below = host.tap()
    if below is None:
        raise Unavailable("no taps")
    if " /dev devtmpfs " not in hosts.read("/proc/mounts"):
        raise Unavailable("the kernel makes no device nodes in this /dev")
    return Domain(nic("direct", f"<source dev='{below}' mode='bridge'/>"))


def kind_user_nic(_host, _name):
    return Domain(nic("user"), start="running")


def traffic(kind, source=""):
    """A device with a known number of frames in each direction, without a guest: QEMU receives frames
    for this model at any time, and the redirector sends frames in the guest's place."""
    def make(host, name):
        return Domain(
            f"<interface type='{kind}'>{source}<model type='ne2k_pci'/><rom enabled='no'/>"
            "</interface>", start="running", args=[
                "-chardev", f"socket,id=in0,path={host.path(name + '.frames')},server=on,wait=off",
                "-object", "filter-redirector,id=fr0,netdev=hostnet0,queue=rx,indev=in0"])
    return make


kind_traffic_ethernet = traffic("ethernet")


def kind_traffic_bridge(host, name):
    bridge = host.bridge()
    if bridge is None:
        raise Unavailable("no bridges")
    return traffic("bridge", f"<source bridge='{bridge}'/>")(host, name)


def kind_mixed_nics(_host, _name):
    return Domain(nic("user") + nic("ethernet") + nic("user") + nic("ethernet"))


def kind_iothreads(host, name):
    return Domain(disk(host.image(name, "qcow2", MIB), "qcow2", "vda", driver="iothread='2'"),
                  extra="<iothreads>3</iothreads>", start="running", kind="qemu",
                  after=lambda domain: domain.addIOThread(7, libvirt.VIR_DOMAIN_AFFECT_LIVE))


def kind_balloon_period(_host, _name):
    return Domain("<memballoon model='virtio'><stats period='1'/></memballoon>", start="running")


def kind_balloon_none(_host, _name):
    return Domain("<memballoon model='none'/>")


def kind_dimm(_host, _name):
    return Domain("<memory model='dimm'><target><size unit='MiB'>128</size><node>0</node></target>"
                  "</memory>", memory="<maxMemory slots='4' unit='MiB'>512</maxMemory>"
                  "<memory unit='MiB'>128</memory>",
                  extra="<cpu><numa><cell id='0' cpus='0' memory='128' unit='MiB'/></numa></cpu>")


def kind_virtio_mem(_host, _name):
    """Memory that is not plugged in, since there is no guest to do it."""
    return Domain("<memory model='virtio-mem'><target><size unit='MiB'>128</size><node>0</node>"
                  "<block unit='MiB'>2</block><requested unit='MiB'>64</requested></target>"
                  "</memory>", memory="<maxMemory slots='4' unit='MiB'>1024</maxMemory>"
                  "<memory unit='MiB'>160</memory><currentMemory unit='MiB'>32</currentMemory>",
                  extra="<cpu><numa><cell id='0' cpus='0' memory='32' unit='MiB'/></numa></cpu>")


def kind_vcpus(_host, _name):
    return Domain(vcpu="<vcpu current='2'>4</vcpu>", start="running")


def kind_vcpus_plugged(_host, _name):
    return Domain(vcpu="<vcpu current='2'>4</vcpu><vcpus><vcpu id='0' enabled='yes' "
                  "hotpluggable='no'/><vcpu id='1' enabled='no' hotpluggable='yes'/><vcpu id='2' "
                  "enabled='yes' hotpluggable='yes'/><vcpu id='3' enabled='no' "
                  "hotpluggable='yes'/></vcpus>", start="running")


def kind_threshold(host, name):
    return Domain(disk(chain(host, name)[0], "qcow2", "vda"),
                  after=lambda domain: domain.setBlockThreshold("vda", 5 * MIB))


def kind_dirty_rate(_host, _name):
    def measure(domain):
        domain.startDirtyRateCalc(1)
        hosts.wait_until(lambda: stats(domain, libvirt.VIR_DOMAIN_STATS_DIRTYRATE).get(
            "dirtyrate.calc_status") == 2)
    return Domain(start="running", boots=True, after=measure)


def stats(domain, groups):
    return domain.connect().domainListGetStats([domain], groups)[0][1]


def kind_perf(_host, _name):
    events = ("cpu_clock", "task_clock", "page_faults", "context_switches", "cpu_migrations",
              "page_faults_min", "page_faults_maj", "alignment_faults", "emulation_faults")
    return Domain(extra="<perf>" + "".join(f"<event name='{event}' enabled='yes'/>"
                                           for event in events) + "</perf>", start="running", boots=True)


def kind_tcg(host, name):
    return Domain(disk(host.image(name, "qcow2", MIB), "qcow2", "vda") + nic("user"), kind="qemu",
                  vcpu="<vcpu current='2'>3</vcpu>", start="running")


def kind_tcg_single(_host, _name):
    """One thread runs all vCPUs."""
    return Domain(kind="qemu", vcpu="<vcpu>2</vcpu>", start="running",
                  args=["-icount", "shift=10"])


def kind_tcg_chain(host, name):
    return Domain(disk(chain(host, name)[0], "qcow2", "vda") + nic("ethernet"), kind="qemu")


def kind_copy(host, name):
    """A copy job runs."""
    to = host.image(name + "-to", "raw", 4 * MIB)

    def copy(domain):
        domain.blockCopy("vda", f"<disk type='file'><driver type='raw'/><source file='{to}'/>"
                         "</disk>", {}, libvirt.VIR_DOMAIN_BLOCK_COPY_REUSE_EXT |
                         libvirt.VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB)
    return Domain(disk(host.image(name, "qcow2", 4 * MIB), "qcow2", "vda"), after=copy)


def kind_snapshot(host, name):
    """The chain grows while it runs."""
    def snapshot(domain):
        domain.snapshotCreateXML(
            "<domainsnapshot><disks><disk name='vda' snapshot='external'>"
            f"<source file='{host.path(name + '.snap')}'/></disk></disks></domainsnapshot>",
            libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY |
            libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA)
    return Domain(disk(chain(host, name)[0], "qcow2", "vda"), after=snapshot)


def kind_commit(host, name):
    """The top of a chain has been committed, and the job waits to be completed."""
    top = chain(host, name)[0]

    def commit(domain):
        domain.blockCommit("vda", None, None, 0, libvirt.VIR_DOMAIN_BLOCK_COMMIT_ACTIVE)
        hosts.wait_until(lambda: "ready='yes'" in domain.XMLDesc())
    return Domain(disk(top, "qcow2", "vda"), after=commit)


def kind_backup(host, name):
    """A backup job serves the disk as it was when the job started."""
    def backup(domain):
        domain.backupBegin(
            f"<domainbackup mode='pull'><server transport='unix' socket='{host.path(name)}.nbd'/>"
            "<disks><disk name='vda' backup='yes' type='file'><driver type='qcow2'/>"
            f"<scratch file='{host.path(name)}.scratch'/></disk></disks></domainbackup>", None)
    return Domain(disk(host.image(name, "qcow2", 4 * MIB), "qcow2", "vda"), after=backup)


def kind_plugged(host, name):
    """Devices come and go while it runs."""
    def plug(domain):
        second = disk(host.image(name + "2", "raw", MIB), "raw", "vdb")
        third = disk(host.image(name + "3", "raw", 2 * MIB), "raw", "vdc")
        for xml in (second, third, nic("ethernet")):
            domain.attachDevice(xml)
    return Domain(disk(host.image(name, "qcow2", MIB), "qcow2", "vda"), start="running", kind="qemu", after=plug)


def kind_suspended(_host, _name):
    return Domain(start="running", after=lambda domain: domain.suspend())


def kind_transient(host, name):
    return Domain(disk(host.image(name, "raw", MIB), "raw", "vda"), transient=True)


def kind_off(host, name):
    top, middle, base = chain(host, name)
    backing = (f"<backingStore type='file'><format type='qcow2'/><source file='{middle}'/>"
               f"<backingStore type='file'><format type='raw'/><source file='{base}'/>"
               "<backingStore/></backingStore></backingStore>")
    return Domain(disk(top, "qcow2", "vda", more=backing) +
                  disk(host.path("no-such-image"), "raw", "vdb") +
                  disk(None, "raw", "sda", "sata", device="cdrom") + nic("ethernet"),
                  vcpu="<vcpu current='1'>2</vcpu>", start=None)


def kind_off_raw(host, name):
    image = host.image(name, "raw", 10 * MIB)
    host.fill(image, "raw", 3 * MIB)
    return Domain(disk(image, "raw", "vda") + "<memballoon model='none'/>",
                  memory="<memory unit='MiB'>64</memory><currentMemory unit='MiB'>32"
                  "</currentMemory>", start=None)


def kind_off_formats(host, name):
    """Images whose own header tells how large the disk is."""
    formats = ("qcow2", "qcow", "qed", "vmdk", "vdi", "vpc")
    return Domain("".join(disk(host.image(f"{name}.{form}", form, 20 * MIB), form,
                               "vd" + "abcdef"[i]) for i, form in enumerate(formats)), start=None)


def kind_ended(host, name):
    """It ran, and was ended."""
    return Domain(disk(host.image(name, "qcow2", MIB), "qcow2", "vda"),
                  after=lambda domain: domain.destroy())


def kind_no_monitor(host, name):
    return Domain(disk(host.image(name, "qcow2", MIB), "qcow2", "vda") + nic("ethernet"),
                  monitor=False)


ALL = {name[len("kind_"):].replace("_", "-"): function for name, function in
       list(globals().items()) if name.startswith("kind_")}
