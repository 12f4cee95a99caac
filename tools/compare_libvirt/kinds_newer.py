# SPDX-License-Identifier: LGPL-2.1-or-later
"""Further kinds of domains, most of which need a libvirt or a QEMU newer than those of Debian 12."""
import json
import os

import libvirt
import libvirt_qemu

from compare_libvirt import host as hosts
from compare_libvirt import resctrl
from compare_libvirt.kinds import MIB, Domain, Unavailable, chain, disk
from compare_libvirt.compare import before


def need(*version):
    if before(*version):
        raise Unavailable(f"libvirt is older than {version[0]}.{version[1]}")


def need_qemu(host, *version):
    major, minor = version
    if host.conn.getVersion() < major * 1000000 + minor * 1000:
        raise Unavailable(f"QEMU is older than {major}.{minor}")


def run_command(domain, command, **arguments):
    """A command of QMP, by way of libvirt."""
    answer = json.loads(libvirt_qemu.qemuMonitorCommand(
        domain, json.dumps({"execute": command, "arguments": arguments}), 0))
    if "error" in answer:
        raise RuntimeError(f"{command}: {answer['error']['desc']}")
    return answer["return"]


def reading(xml, **more):
    """A domain whose firmware reads its disk."""
    return Domain(xml, start="running", kind="qemu", **more)


def kind_histograms_set(host, name):
    """Latency histograms of each kind that QEMU has, set while it runs."""
    def set_histograms(domain):
        run_command(domain, "block-latency-histogram-set", id="/machine/peripheral/virtio-disk0/virtio-backend",
                    **{"boundaries-read": [1000, 100000, 10000000], "boundaries-write": [5],
                       "boundaries-flush": [1, 2, 3, 4]})
        domain.reset()  # so that the firmware reads again
    return reading(disk(host.image(name, "qcow2", 10 * MIB), "qcow2", "vda"), after=set_histograms)


def with_statistics(host, name, statistics):
    path = host.image(name, "qcow2", 10 * MIB)
    return reading(f"<disk type='file' device='disk'><driver name='qemu' type='qcow2'><statistics>{statistics}"
                   f"</statistics></driver><source file='{path}'/><target dev='vda' bus='virtio'/></disk>")


def kind_intervals(host, name):
    """Statistics of intervals. Those end before they are compared, or last longer."""
    need(11, 10)
    need_qemu(host, 10, 2)
    return with_statistics(host, name, "<statistic interval='3600'/><statistic interval='86400'/>")


def kind_histograms(host, name):
    need(12, 1)
    need_qemu(host, 10, 2)
    return with_statistics(host, name, "".join(
        f"<latency-histogram type='{kind}'><bin start='0'/><bin start='1000'/><bin start='1000000'/>"
        "</latency-histogram>" for kind in ("read", "write", "flush")))


def kind_throttled_live(host, name):
    """Limits set while it runs, which put a filter above the image."""
    def limit(domain):
        domain.setBlockIoTune("vda", {"total_iops_sec": 5000}, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    return reading(disk(host.image(name, "qcow2", 10 * MIB), "qcow2", "vda"), after=limit)


def kind_throttle_groups(host, name):
    """Filters of named groups above the image, one above the other."""
    need(11, 2)
    groups = "".join(f"<throttlegroup><group_name>{group}</group_name><total_iops_sec>5000</total_iops_sec>"
                     "</throttlegroup>" for group in "ab")
    filters = "<throttlefilters><throttlefilter group='a'/><throttlefilter group='b'/></throttlefilters>"
    return reading(disk(chain(host, name)[0], "qcow2", "vda", more=filters),
                   extra=f"<throttlegroups>{groups}</throttlegroups>")


def kind_iothread_mapping(host, name):
    """The queues of a disk are served by two IOThreads."""
    need(10, 0)
    need_qemu(host, 9, 0)
    path = host.image(name, "qcow2", MIB)
    mapping = "".join(f"<iothread id='{i}'><queue id='{i - 1}'/></iothread>" for i in (1, 2))
    return reading(f"<disk type='file' device='disk'><driver name='qemu' type='qcow2' queues='2'><iothreads>{mapping}"
                   f"</iothreads></driver><source file='{path}'/><target dev='vda' bus='virtio'/></disk>",
                   extra="<iothreads>2</iothreads>")


def kind_iothread_polling(_host, _name):
    """How IOThreads poll, as configured and as set while it runs."""
    def poll(domain):
        values = {"poll_max_ns": 65536, "poll_grow": 4, "poll_shrink": 3}
        if not before(12, 7) and domain.connect().getVersion() >= 11001000:
            values["poll_weight"] = 5
        domain.setIOThreadParams(2, values, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    return Domain(extra="<iothreads>3</iothreads>", start="running", after=poll)


def kind_transient_disk(host, name):
    """What the guest writes goes to an overlay that libvirt removes."""
    return Domain(disk(host.image(name, "qcow2", 4 * MIB), "qcow2", "vda", more="<transient/>"))


def kind_slice(host, name):
    """A part of a file is the disk."""
    more = f"<slices><slice type='storage' offset='{MIB}' size='{2 * MIB}'/></slices>"
    return reading(disk(host.image(name, "raw", 8 * MIB), "raw", "vda", source_more=more))


def kind_vhost_user_disk(host, name):
    """Another process serves the disk."""
    path = host.serve_vhost_user(host.image(name, "raw", 4 * MIB))
    return Domain(f"<disk type='vhostuser' device='disk'><driver name='qemu' type='raw'/><source type='unix' "
                  f"path='{path}'/><target dev='vda' bus='virtio'/></disk>" +
                  disk(host.image(name + "2", "qcow2", MIB), "qcow2", "vdb"),
                  extra="<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>")


def kind_snapshot_deleted(host, name):
    """The chain grew by a snapshot, which was then deleted."""
    need(9, 10)

    def take_and_delete(domain):
        snapshot = domain.snapshotCreateXML(
            f"<domainsnapshot><name>s</name><disks><disk name='vda' snapshot='external'><source "
            f"file='{host.path(name + '.snap')}'/></disk></disks></domainsnapshot>",
            libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY)
        snapshot.delete(0)
    return Domain(disk(chain(host, name)[0], "qcow2", "vda"), after=take_and_delete)


def kind_blocks_4k(host, name):
    return reading(disk(host.image(name, "raw", 8 * MIB), "raw", "vda", more="<blockio logical_block_size='4096' "
                        "physical_block_size='4096'/>"))


def kind_io_error(host, name):
    """It was stopped by an error of its disk, whose server has gone."""
    server = host.serve_nbd(host.image(name, "raw", 5 * MIB))

    def fail(domain):
        host.end_server(server)
        domain.resume()
        hosts.wait_until(lambda: domain.state() == [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_IOERROR])
    return Domain("<disk type='network' device='disk'><driver name='qemu' type='raw' error_policy='stop' "
                  f"rerror_policy='stop'/><source protocol='nbd'><host transport='unix' socket='{server}'/></source>"
                  "<target dev='vda' bus='virtio'/></disk>", kind="qemu", after=fail)


def kind_descriptors(host, name):
    """The images were opened by somebody else, who handed over the descriptors."""
    need(11, 0)
    top, middle, base = chain(host, name)
    raw = host.image(name + ".raw", "raw", 3 * MIB)
    paths = {"whole": (top, middle, base), "alone": (raw,)}

    def hand_over(domain):
        for group, images in paths.items():
            files = [os.open(path, os.O_RDWR) for path in images[:1]]
            domain.FDAssociate(f"{name}-{group}", files, 0)
            for file in files:
                os.close(file)
    return Domain("".join(
        f"<disk type='file' device='disk'><driver name='qemu' type='{form}'/><source file='{path}' "
        f"fdgroup='{name}-{group}'/>{backing}<target dev='{target}' bus='virtio'/></disk>"
        for form, path, group, backing, target in (
            ("qcow2", top, "whole",
             f"<backingStore type='file'><format type='qcow2'/><source file='{middle}'/><backingStore type='file'>"
             f"<format type='raw'/><source file='{base}'/><backingStore/></backingStore></backingStore>", "vda"),
            ("raw", raw, "alone", "", "vdb"))), before_start=hand_over)


def data_file_chain(host, name):
    """Two images of three have their data in another file. Gives a list of (image, format, data file)."""
    base = host.image(f"{name}-base.raw", "raw", 8 * MIB)
    middle = host.image(f"{name}-mid.qcow2", "qcow2", None, "-o", f"data_file={host.path(name + '-mid.data')}",
                        "-b", base, "-F", "raw")
    top = host.image(f"{name}.qcow2", "qcow2", 16 * MIB, "-o", f"data_file={host.path(name + '.data')}",
                     "-b", middle, "-F", "qcow2")
    host.fill(middle, "qcow2", 2 * MIB)
    host.fill(top, "qcow2", 65536)
    return [(top, "qcow2", host.path(name + ".data")), (middle, "qcow2", host.path(name + "-mid.data")),
            (base, "raw", None)]


def kind_data_file_chain(host, name):
    need(12, 2)
    return reading(disk(data_file_chain(host, name)[0][0], "qcow2", "vda"))


def data_store(path):
    return f"<dataStore type='file'><format type='raw'/><source file='{path}'/></dataStore>" if path else ""


def kind_data_file_off(host, name):
    """Data files that the definition of a domain names which does not run."""
    need(12, 2)
    layers = data_file_chain(host, name)
    backing = "<backingStore/>"
    for path, form, data in reversed(layers[1:]):
        backing = (f"<backingStore type='file'><format type='{form}'/><source file='{path}'>{data_store(data)}"
                   f"</source>{backing}</backingStore>")
    return Domain(disk(layers[0][0], "qcow2", "vda", more=backing, source_more=data_store(layers[0][2])), start=None)


def kind_restored(host, name):
    """It was saved and restored."""
    def save_and_restore(domain):
        domain.managedSave()
        domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    return Domain(disk(host.image(name, "qcow2", MIB), "qcow2", "vda"), after=save_and_restore)


# Monitors of a made resctrl: of a group that allots, of all of its vCPUs and of some; of groups that allot nothing.
RESCTRL_GROUPS = """<cputune>
<cachetune vcpus='0-1'><cache id='0' level='3' type='both' size='{way}' unit='KiB'/><monitor level='3' vcpus='0-1'/>
<monitor level='3' vcpus='1'/></cachetune>
<cachetune vcpus='2'><monitor level='3' vcpus='2'/></cachetune>
<memorytune vcpus='3-4'><monitor vcpus='3-4'/></memorytune>
{energy}</cputune>"""
ENERGY_GROUPS = "<energytune vcpus='5'><monitor vcpus='5'/></energytune>"


def next_id(conn):
    """The id that the next domain to start has: the one after that of a domain which is started for that."""
    domain = conn.createXML("<domain type='qemu'><name>next</name><memory unit='MiB'>16</memory><os><type "
                            "arch='x86_64'>hvm</type></os></domain>", libvirt.VIR_DOMAIN_START_PAUSED)
    number = domain.ID() + 1
    domain.destroy()
    return number


def kind_resctrl(host, name):
    """With a daemon only: the driver in a process has other names for the folders of its domains."""
    if not host.has_resctrl:
        raise Unavailable("no resctrl was made: there is no daemon, or no cache of the third level")

    def make_groups(domain):
        resctrl.make_groups(f"qemu-{next_id(domain.connect())}-{name}",
                            {"vcpus_0-1": ("vcpus_1",), "": ("vcpus_2", "vcpus_3-4", "vcpus_5")})
    energy = "" if before(12, 4) else ENERGY_GROUPS
    return Domain(vcpu="<vcpu>6</vcpu>", extra=RESCTRL_GROUPS.format(way=resctrl.cache_way(), energy=energy),
                  before_start=make_groups)


ALL = {name[len("kind_"):].replace("_", "-"): function for name, function in
       list(globals().items()) if name.startswith("kind_")}
