/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_about: what a command line, libvirt's XML and the names of QEMU's drives say of a
 * machine, its disks and its interfaces.
 */
#include <string.h>

#include "qemu/facts/qemu_limits.h"
#include "qemu/words/qemu_cmdline.h"
#include "qemu/words/qemu_xml.h"
#include "testing.h"

static const char *const machine_names[QEMU_ABOUT_N_TEXTS] = {
    [QEMU_ABOUT_TYPE] = "type",
    [QEMU_ABOUT_OS] = "os",
    [QEMU_ABOUT_ARCH] = "arch",
    [QEMU_ABOUT_MACHINE] = "machine",
    [QEMU_ABOUT_EMULATOR] = "emulator",
    [QEMU_ABOUT_TITLE] = "title",
    [QEMU_ABOUT_NOVA_NAME] = "nova",
    [QEMU_ABOUT_NOVA_FLAVOR] = "flavor",
    [QEMU_ABOUT_NOVA_USER_NAME] = "user",
    [QEMU_ABOUT_NOVA_USER_ID] = "user-id",
    [QEMU_ABOUT_NOVA_PROJECT_NAME] = "project",
    [QEMU_ABOUT_NOVA_PROJECT_ID] = "project-id",
    [QEMU_ABOUT_NOVA_ROOT_TYPE] = "root",
    [QEMU_ABOUT_NOVA_ROOT_ID] = "root-id",
};

static const char *const disk_names[QEMU_ABOUT_DISK_N_TEXTS] = {
    "device", "bus", "type", "format", "protocol", "source", "cache", "discard", "serial",
};

static const char *const nic_names[QEMU_ABOUT_NIC_N_TEXTS] = {
    "type", "bridge", "network", "source", "mac", "model", "interface-id",
};

static void
append(GString *out, const char *const *names, char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (texts[i] != NULL)
            g_string_append_printf(out, " %s=%s", names[i], texts[i]);
    g_string_append_c(out, '\n');
}

static char *
describe(const QemuDefinition *definition)
{
    GString *out = g_string_new("machine");

    append(out, machine_names, definition->about.texts, QEMU_ABOUT_N_TEXTS);
    for (guint i = 0; definition->drives != NULL && i < definition->drives->len; i++) {
        const QemuDefinitionDrive *drive =
            &g_array_index(definition->drives, QemuDefinitionDrive, i);

        g_string_append_printf(out, "drive %s/%s", drive->id ? drive->id : "-",
                               drive->drive ? drive->drive : "-");
        append(out, disk_names, drive->about.texts, QEMU_ABOUT_DISK_N_TEXTS);
    }
    for (guint i = 0; definition->disks != NULL && i < definition->disks->len; i++) {
        g_string_append(out, "disk");
        append(out, disk_names, g_array_index(definition->disks, QemuDefinitionDisk, i).about.texts,
               QEMU_ABOUT_DISK_N_TEXTS);
    }
    for (guint i = 0; i < definition->nics->len; i++) {
        const QemuAboutNic *nic = &g_array_index(definition->nics, QemuDefinitionNic, i).about;

        g_string_append(out, "nic");
        if (nic->mtu.is_present)
            g_string_append_printf(out, " mtu=%u", (unsigned int)nic->mtu.value);
        append(out, nic_names, nic->texts, QEMU_ABOUT_NIC_N_TEXTS);
    }
    return g_string_free(out, FALSE);
}

typedef struct {
    const char *name;
    const char *words; /* behind the program */
    const char *expected;
} WordsRow;

#define TCG  "machine type=qemu os=hvm\n"
#define NONE "-nodefaults "

static const WordsRow words_rows[] = {
    {"nothing said", NONE, TCG},
    {"KVM in each of its forms", NONE "-enable-kvm", "machine type=kvm os=hvm\n"},
    {"KVM as a machine's property", NONE "-machine pc-q35-7.2,accel=kvm",
     "machine type=kvm os=hvm machine=pc-q35-7.2\n"},
    {"TCG by name", NONE "-accel tcg -M pc", "machine type=qemu os=hvm machine=pc\n"},
    {"one of two", NONE "-accel kvm -accel tcg", "machine os=hvm\n"},
    {"one of two in one word", NONE "-machine q35,accel=kvm:tcg", "machine os=hvm machine=q35\n"},
    {"another one", NONE "-accel xen", "machine os=hvm\n"},
    {"the last type counts", NONE "-M pc -machine q35,usb=off",
     "machine type=qemu os=hvm machine=q35\n"},
    {"an unread file may say something else", NONE "-M pc -readconfig /x", "machine\n"},

    {"a drive and its device",
     NONE "-drive file=/a,if=none,id=d0,cache=none,discard=unmap "
          "-device virtio-blk-pci,drive=d0,id=disk0,serial=S1",
     TCG "drive disk0/d0 device=disk bus=virtio cache=none discard=unmap serial=S1\n"},
    {"as libvirt writes it",
     NONE "-blockdev {\"driver\":\"file\",\"filename\":\"/a\",\"node-name\":\"s\"} "
          "-blockdev {\"node-name\":\"f\",\"cache\":{\"direct\":true,\"no-flush\":false},"
          "\"driver\":\"qcow2\",\"discard\":\"unmap\",\"file\":\"s\"} "
          "-device {\"driver\":\"scsi-hd\",\"id\":\"a\",\"drive\":\"f\",\"write-cache\":\"on\"}",
     TCG "drive a/f device=disk bus=scsi cache=none discard=unmap\n"},
    {"a device first", NONE "-device ide-cd,drive=d -drive id=d,if=none",
     TCG "drive -/d device=cdrom bus=ide\n"},
    {"a device without a drive", NONE "-device scsi-cd,id=cd0",
     TCG "drive cd0/- device=cdrom bus=scsi\n"},
    {"a drive with a device of its own",
     NONE "-drive file=/a,if=virtio,id=x,cache=writethrough -drive if=ide,media=cdrom,id=y "
          "-drive if=floppy,id=z -drive if=sd,id=s",
     TCG "drive -/x device=disk bus=virtio cache=writethrough\n"
         "drive -/y device=cdrom bus=ide\ndrive -/z device=floppy bus=fdc\n"
         "drive -/s device=disk bus=sd\n"},
    {"the default interface is the machine's", NONE "-drive id=x,file=/a", TCG "drive -/x\n"},
    {"one without an id is known by QEMU's name of it", NONE "-drive if=virtio,file=/a", TCG},
    {"IDE of q35 is SATA", NONE "-M q35 -drive if=ide,id=x -device ide-hd,drive=y,bus=ide.1",
     "machine type=qemu os=hvm machine=q35\n"
     "drive -/y device=disk bus=sata\ndrive -/x device=disk bus=sata\n"},
    {"IDE on a controller of AHCI",
     NONE "-device ich9-ahci,id=sata0 -device ide-cd,bus=sata0.2,id=c -device ide-hd,bus=ide.0",
     TCG "drive c/- device=cdrom bus=sata\ndrive -/- device=disk bus=ide\n"},
    {"other buses",
     NONE "-device usb-storage,drive=a -device nvme,drive=b,serial=n -device floppy "
          "-device scsi-block,drive=c -device vhost-user-blk-pci,chardev=x",
     TCG "drive -/a device=disk bus=usb\ndrive -/b device=disk bus=nvme serial=n\n"
         "drive -/- device=floppy bus=fdc\ndrive -/c device=lun bus=scsi\n"
         "drive -/- device=disk bus=virtio\n"},
    {"a controller is no disk", NONE "-device virtio-scsi-pci -device ahci,id=a", TCG},
    {"caches in single words",
     NONE "-drive if=none,id=a,cache.direct=on,cache.no-flush=off "
          "-device scsi-hd,drive=a,write-cache=off "
          "-drive if=none,id=b,cache=unsafe -device scsi-hd,drive=b,write-cache=auto "
          "-drive if=none,id=c,cache=writethrough,cache.no-flush=on -device scsi-hd,drive=c "
          "-drive if=none,id=d,cache=off -device scsi-hd,drive=d "
          "-drive if=none,id=e,cache=odd -device scsi-hd,drive=e",
     TCG "drive -/a device=disk bus=scsi cache=directsync\n"
         "drive -/b device=disk bus=scsi cache=unsafe\ndrive -/c device=disk bus=scsi\n"
         "drive -/d device=disk bus=scsi cache=none\ndrive -/e device=disk bus=scsi\n"},
    {"discard in each of its forms",
     NONE "-drive if=none,id=a,discard=on -device scsi-hd,drive=a "
          "-drive if=none,id=b,discard=ignore -device scsi-hd,drive=b "
          "-drive if=none,id=c,discard=odd -device scsi-hd,drive=c",
     TCG "drive -/a device=disk bus=scsi discard=unmap\n"
         "drive -/b device=disk bus=scsi discard=ignore\ndrive -/c device=disk bus=scsi\n"},
    {"options that are set apart",
     NONE "-set device.a.serial=S,1 -drive if=none,id=d -device scsi-hd,drive=d,id=a "
          "-set drive.d.cache=none -set drive.x.cache=none -set odd",
     TCG "drive a/d device=disk bus=scsi cache=none serial=S,1\n"},

    {"interfaces and their networks",
     NONE "-netdev user,id=a -device virtio-net-pci,netdev=a,mac=52:54:00:AB:cd:01 "
          "-netdev bridge,id=b,br=br7 -device e1000,netdev=b,mac=52-54-00-00-00-02 "
          "-netdev bridge,id=c -device rtl8139,netdev=c,mac=odd",
     TCG "nic type=user mac=52:54:00:ab:cd:01 model=virtio\n"
         "nic type=bridge bridge=br7 mac=52:54:00:00:00:02 model=e1000\n"
         "nic type=bridge bridge=br0 model=rtl8139\n"},
    {"what a tap is connected to, the host tells",
     NONE "-netdev tap,id=a,ifname=t -device virtio-net-pci-non-transitional,netdev=a",
     TCG "nic model=virtio-non-transitional\n"},
    {"in one word", "-nic user,model=virtio,mac=52:54:00:00:00:01 -net none",
     TCG "nic type=user mac=52:54:00:00:00:01 model=virtio\n"},
    {"in the oldest form", "-net nic,model=pcnet,macaddr=52:54:00:00:00:01 -net user",
     TCG "nic type=user mac=52:54:00:00:00:01 model=pcnet\n"},
    {"libvirt's words, and QEMU's",
     NONE "-netdev vhost-user,id=a,chardev=c -device virtio-net-pci,netdev=a "
          "-netdev vhost-vdpa,id=b -device virtio-net-pci,netdev=b "
          "-netdev l2tpv3,id=c -device virtio-net-pci-transitional,netdev=c",
     TCG "nic type=vhostuser model=virtio\nnic type=vdpa model=virtio\n"
         "nic type=l2tpv3 model=virtio-transitional\n"},
    {"without a back end", NONE "-device e1000", TCG "nic model=e1000\n"},
};

static void
words_tell(const void *data)
{
    const WordsRow *row = data;
    g_autofree char *line = g_strconcat("qemu-system-x86_64 ", row->words, NULL);
    g_auto(GStrv) words = g_strsplit(g_strchomp(line), " ", -1);
    g_autoptr(QemuCmdline) cmdline = qemu_cmdline_parse((const char *const *)words);
    g_autofree char *got = describe(cmdline->definition);

    testing_assert_same_text(got, row->expected);
}

typedef struct {
    const char *name;
    const char *word, *exe; /* the first word; where the link leads, or NULL */
    const char *expected;
} ProgramRow;

static const ProgramRow program_rows[] = {
    {"a link that is seen", "qemu", "/usr/bin/qemu-system-x86_64",
     "machine type=qemu os=hvm arch=x86_64 emulator=/usr/bin/qemu-system-x86_64\n"},
    {"a file that was replaced", "qemu", "/usr/bin/qemu-system-i386 (deleted)",
     "machine type=qemu os=hvm arch=i686 emulator=/usr/bin/qemu-system-i386\n"},
    {"libvirt's word for ARM", "/opt/qemu-system-arm-9.0", NULL,
     "machine type=qemu os=hvm arch=armv7l emulator=/opt/qemu-system-arm-9.0\n"},
    {"no whole path", "qemu-system-s390x", NULL, "machine type=qemu os=hvm arch=s390x\n"},
    {"a name without an architecture", "/usr/libexec/qemu-kvm", "/usr/libexec/qemu-kvm",
     "machine os=hvm emulator=/usr/libexec/qemu-kvm\n"},
    {"a link whose file tells less", "/usr/bin/qemu-system-ppc64", "/opt/q",
     "machine type=qemu os=hvm arch=ppc64 emulator=/opt/q\n"},
};

static void
program_tells(const void *data)
{
    const ProgramRow *row = data;
    const char *const words[] = {row->word, "-nodefaults", NULL};
    g_autoptr(QemuCmdline) cmdline = qemu_cmdline_parse(words);
    g_autofree char *got = NULL;

    qemu_cmdline_set_program(cmdline, words, row->exe);
    got = describe(cmdline->definition);
    testing_assert_same_text(got, row->expected);
}

typedef struct {
    const char *name;
    const char *text; /* inside <domain type='kvm'> */
    const char *expected;
} XmlRow;

#define DEVICES(text) "<devices>" text "</devices>"
#define NOVA(version) "http://openstack.org/xmlns/libvirt/nova/" version

static const XmlRow xml_rows[] = {
    {"nothing", "", "machine type=kvm\n"},
    {"the machine",
     "<title>Web &amp; mail</title><os><type arch='x86_64' "
     "machine='pc-q35-7.2'>hvm</type></os>" DEVICES(
         "<emulator>/usr/bin/qemu-system-x86_64</emulator>"),
     "machine type=kvm os=hvm arch=x86_64 machine=pc-q35-7.2 "
     "emulator=/usr/bin/qemu-system-x86_64 title=Web & mail\n"},
    {"OpenStack's",
     "<metadata><o:instance xmlns:o='urn:other'><o:name>x</o:name></o:instance>"
     "<nova:instance xmlns:nova='" NOVA(
         "1.1") "'><nova:name>web</nova:name>"
                "<nova:flavor "
                "name='m1.small'><nova:memory>512</nova:memory></nova:flavor><nova:owner>"
                "<nova:user uuid='u-1'>joe</nova:user><nova:project uuid='p-1'>shop</nova:project>"
                "</nova:owner><nova:root type='image' uuid='r-1'/></nova:instance></metadata>",
     "machine type=kvm nova=web flavor=m1.small user=joe user-id=u-1 project=shop project-id=p-1 "
     "root=image root-id=r-1\n"},
    {"a file",
     DEVICES("<disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='none' "
             "discard='unmap'/><source file='/a'/><target dev='vda' bus='virtio'/>"
             "<serial>S1</serial></disk>"),
     "machine type=kvm\ndisk device=disk bus=virtio type=file format=qcow2 cache=none "
     "discard=unmap serial=S1\n"},
    {"other kinds of disks",
     DEVICES("<disk type='network' device='disk'><driver type='raw' cache='default'/>"
             "<source protocol='rbd' name='pool/vm'><host name='h'/></source>"
             "<target dev='sda' bus='scsi'/></disk>"
             "<disk type='volume' device='cdrom'><source pool='p' volume='v'/></disk>"
             "<disk type='vhostuser'><source type='unix' path='/s'/></disk>"),
     "machine type=kvm\ndisk device=disk bus=scsi type=network format=raw protocol=rbd "
     "source=pool/vm\ndisk device=cdrom type=volume source=p/v\ndisk type=vhostuser\n"},
    {"interfaces",
     DEVICES("<interface type='network'><mac address='52:54:00:AA:00:01'/>"
             "<source network='default' portid='x' bridge='virbr0'/><target dev='vnet0'/>"
             "<model type='virtio'/><mtu size='9000'/></interface>"
             "<interface type='bridge'><source bridge='br-int'/><virtualport type='openvswitch'>"
             "<parameters interfaceid='i-1'/></virtualport></interface>"
             "<interface type='direct'><source dev='eth0' mode='bridge'/></interface>"
             "<interface type='vhostuser'><source type='unix' path='/s' mode='server'/>"
             "<mtu size='0'/></interface><interface type='user'/>"),
     "machine type=kvm\nnic mtu=9000 type=network bridge=virbr0 network=default "
     "mac=52:54:00:aa:00:01 model=virtio\nnic type=bridge bridge=br-int interface-id=i-1\n"
     "nic type=direct source=eth0\nnic type=vhostuser source=/s\nnic type=user\n"},
};

static void
xml_tells(const void *data)
{
    const XmlRow *row = data;
    g_autofree char *text = g_strconcat("<domain type='kvm'>", row->text, "</domain>", NULL);
    g_autoptr(QemuXml) xml = qemu_xml_parse(text, strlen(text), NULL);
    g_autofree char *got = NULL;

    assert_non_null(xml);
    got = describe(xml->definition);
    testing_assert_same_text(got, row->expected);
}

typedef struct {
    const char *name;
    const char *drive;
    const char *expected; /* NULL: it is none of QEMU's names */
} NameRow;

static const NameRow name_rows[] = {
    {"of virtio", "virtio12", "disk virtio"},
    {"a floppy", "floppy0", "floppy fdc"},
    {"a card", "sd0", "disk sd"},
    {"a CD-ROM of IDE", "ide1-cd0", "cdrom ide"},
    {"a disk of SCSI", "scsi0-hd12", "disk scsi"},
    {"an id that only begins so", "virtio0-data", NULL},
    {"no number", "virtio", NULL},
    {"no unit", "ide0-hd", NULL},
    {"another kind", "ide0-xx0", NULL},
    {"no kind", "ide0", NULL},
    {"firmware is no disk", "pflash0", NULL},
    {"nothing", "", NULL},
};

static void
name_tells(const void *data)
{
    const NameRow *row = data;
    const char *bus = NULL;
    const char *device = NULL;
    g_autofree char *got = NULL;

    assert_int_equal(qemu_about_read_drive_name(row->drive, &bus, &device), row->expected != NULL);
    if (row->expected == NULL) {
        assert_null(bus);
        return;
    }
    got = g_strdup_printf("%s %s", device, bus);
    assert_string_equal(got, row->expected);
}

static void
texts_are_bounded(void **state)
{
    g_autofree char *longest = g_strnfill(QEMU_LIMIT_ABOUT_BYTES, 'a');
    g_autofree char *longer = g_strnfill(QEMU_LIMIT_ABOUT_BYTES + 1, 'a');
    char *text = NULL;

    (void)state;
    qemu_about_set(&text, longest);
    assert_string_equal(text, longest);
    qemu_about_set(&text, longer);
    assert_null(text);
    qemu_about_set(&text, "a\xff");
    assert_true(g_utf8_validate(text, -1, NULL));
    qemu_about_set(&text, "");
    assert_null(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(texts_are_bounded)};
    int n_failed = TESTING_RUN_TABLE("words", words_rows, words_tell);

    n_failed += TESTING_RUN_TABLE("program", program_rows, program_tells);
    n_failed += TESTING_RUN_TABLE("xml", xml_rows, xml_tells);
    n_failed += TESTING_RUN_TABLE("names", name_rows, name_tells);
    return n_failed + cmocka_run_group_tests_name("about limits", tests, NULL, NULL);
}
