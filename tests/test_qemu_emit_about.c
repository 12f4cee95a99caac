/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of qemu_emit_about, through the emitters of state, block and interface: what each source
 * tells, which goes first, and that nothing comes unasked.
 */
#include "emit_case.h"

static QemuDefinition *
definition_of(EmitCase *self)
{
    self->has_definition = true;
    self->input.about = self->definition;
    return self->definition;
}

static void
fill_machine(EmitCase *self)
{
    QemuAbout *about = &definition_of(self)->about;

    self->facts.status = "running";
    self->facts.is_running = true;
    self->input.with_about = true;
    qemu_about_set(&about->texts[QEMU_ABOUT_TYPE], "kvm");
    qemu_about_set(&about->texts[QEMU_ABOUT_MACHINE], "q35");
    qemu_about_set(&about->texts[QEMU_ABOUT_NOVA_FLAVOR], "m1.small");
}

static void
fill_unasked(EmitCase *self)
{
    fill_machine(self);
    self->input.with_about = false;
    self->input.is_persistence_known = true;
}

static void
fill_listed(EmitCase *self)
{
    fill_machine(self);
    self->input.is_persistence_known = true;
    self->input.is_persistent = true;
    self->input.autostart = util_count_of(0);
}

static void
fill_silent_and_off(EmitCase *self)
{
    self->input.with_about = true;
    self->input.is_active = false;
    self->input.is_persistence_known = true;
    self->input.autostart = util_count_of(1);
}

static QemuDefinitionDrive *
add_drive(EmitCase *self, const char *id, const char *drive)
{
    QemuDefinitionDrive *to = qemu_definition_add_drive(definition_of(self));

    to->id = g_strdup(id);
    to->drive = g_strdup(drive);
    return to;
}

static const QemuFactsNode nodes[] = {
    {.node_name = "n0", .driver = "qcow2", .path = "/a"},
    {.node_name = "n1", .driver = "file", .path = "/a"},
    {.node_name = "n2", .driver = "raw"},
    {.node_name = "n3", .driver = "rbd"},
    {.node_name = "n4", .driver = "host_device", .path = "/dev/x"},
    {.node_name = "n5", .driver = "null-co"},
};

static void
add_disk(EmitCase *self, const char *device, const char *qdev, const char *top, const char *storage)
{
    const QemuFactsLayer layer = {.node_name = top, .storage_name = storage};
    QemuFactsDisk disk = {.device = device, .qdev = qdev};

    if (self->facts.disks == NULL) {
        self->facts.disks = qemu_facts_new_disks(1);
        emit_case_set_nodes(self, nodes, G_N_ELEMENTS(nodes));
        self->input.with_about = true;
    }
    if (top != NULL)
        disk.layers = emit_case_array(&layer, 1, sizeof(layer));
    g_array_append_val(self->facts.disks, disk);
}

static void
fill_disks(EmitCase *self)
{
    qemu_about_set(&add_drive(self, "d0", "x")->about.texts[QEMU_ABOUT_DISK_BUS], "virtio");
    qemu_about_set(&add_drive(self, NULL, "n2")->about.texts[QEMU_ABOUT_DISK_CACHE], "none");
    add_disk(self, "", "/machine/peripheral/d0/virtio-backend", "n0", "n1");
    add_disk(self, "", "/machine/peripheral-anon/device[3]", "n2", "n3");
}

static void
fill_names(EmitCase *self)
{
    definition_of(self);
    add_disk(self, "ide0-cd0", "/machine/unattached/device[3]", NULL, NULL);
    add_disk(self, "virtio0", "/machine/peripheral-anon/device[0]/virtio-backend", "n4", NULL);
    add_disk(self, "virtio1", "/machine/peripheral/plugged", "n5", NULL);
}

static void
fill_names_of_q35(EmitCase *self)
{
    definition_of(self)->is_q35 = true;
    add_disk(self, "ide0-hd0", "/machine/unattached/device[3]", NULL, NULL);
}

static void
fill_names_without_words(EmitCase *self)
{
    add_disk(self, "ide0-hd0", "/machine/unattached/device[3]", NULL, NULL);
}

static void
fill_told_disk(EmitCase *self)
{
    QemuDefinitionDisk *disk = NULL;

    emit_case_tell_by_libvirt(self);
    disk = qemu_definition_add_disk(definition_of(self));
    disk->target = g_strdup("vda");
    disk->alias = g_strdup("d0");
    qemu_about_set(&disk->about.texts[QEMU_ABOUT_DISK_BUS], "virtio");
    qemu_about_set(&disk->about.texts[QEMU_ABOUT_DISK_TYPE], "volume");
    add_disk(self, "", "/machine/peripheral/d0/virtio-backend", "n0", "n1");
}

static QemuFactsNic *
add_nic(EmitCase *self, const char *ifname, const QemuDefinitionNic *told, const HostLink *link)
{
    const QemuFactsNic nic = {.ifname = ifname, .told = told, .link = link};

    if (self->facts.nics == NULL)
        self->facts.nics = g_array_new(FALSE, TRUE, sizeof(QemuFactsNic));
    self->input.with_about = true;
    g_array_append_val(self->facts.nics, nic);
    self->facts.n_nics = util_count_of(self->facts.nics->len);
    return &g_array_index(self->facts.nics, QemuFactsNic, self->facts.nics->len - 1);
}

static QemuDefinitionNic *
tell_nic(EmitCase *self, QemuAboutNicText text, const char *value)
{
    QemuDefinitionNic *nic = qemu_definition_add_nic(definition_of(self));

    qemu_about_set(&nic->about.texts[text], value);
    return nic;
}

static const HostLink plain = {.mtu = 1500};
static const HostLink port = {.mtu = 9000, .bridge = "br0"};

static void
fill_nics(EmitCase *self)
{
    add_nic(self, NULL, tell_nic(self, QEMU_ABOUT_NIC_TYPE, "user"), NULL);
    add_nic(self, "tap0", NULL, &port);
    add_nic(self, "tap1", NULL, &plain);
    add_nic(self, "macvtap0", NULL, &plain)->is_host_view = true;
    add_nic(self, "far0", NULL, NULL);
}

static void
fill_told_nic(EmitCase *self)
{
    QemuDefinitionNic *nic = NULL;

    emit_case_tell_by_libvirt(self);
    nic = tell_nic(self, QEMU_ABOUT_NIC_BRIDGE, "virbr0");
    nic->about.mtu = util_count_of(1400);
    add_nic(self, "vnet0", nic, &port);
    add_nic(self, NULL, nic, NULL);
}

static void
fill_off(EmitCase *self)
{
    emit_case_tell_by_libvirt(self);
    tell_nic(self, QEMU_ABOUT_NIC_NETWORK, "default")->about.mtu = util_count_of(1400);
    self->input.is_active = false;
    self->input.with_about = true;
}

#define RUNNING                "state.state int 1\nstate.reason int 1\n"
#define NAME(n, name)          "block." #n ".name string " name "\n"
#define ABOUT(n, field, value) "about." n "." field " string " value "\n"
#define DISK(n, field, value)  ABOUT("block." #n, field, value)
#define NIC(n, field, value)   ABOUT("net." #n, field, value)

static const EmitRow rows[] = {
    {"the machine", qemu_emit_state, fill_machine, true,
     RUNNING ABOUT("state", "type", "kvm") ABOUT("state", "machine", "q35")
         ABOUT("state", "nova.flavor", "m1.small")},
    {"not asked", qemu_emit_state, fill_unasked, true, RUNNING},
    {"what a list tells", qemu_emit_state, fill_listed, true,
     RUNNING "about.state.persistent boolean 1\nabout.state.autostart boolean 0\n" ABOUT(
         "state", "type", "kvm") ABOUT("state", "machine", "q35")
         ABOUT("state", "nova.flavor", "m1.small")},
    {"of a domain that is off", qemu_emit_state, fill_silent_and_off, true,
     "state.state int 5\nstate.reason int 0\nabout.state.persistent boolean 0\n"
     "about.state.autostart boolean 1\n"},

    {"disks by the id of a device and by a node", qemu_emit_block, fill_disks, true,
     "block.count uint 2\n" NAME(
         0, "d0") "block.0.path string /a\n"
                  "block.0.allocation ullong 0\n" NAME(
                      1, "n2") "block.1.allocation ullong 0\n" DISK(0, "bus", "virtio")
                      DISK(0, "type", "file") DISK(0, "format", "qcow2") DISK(1, "type", "network")
                          DISK(1, "format", "raw") DISK(1, "protocol", "rbd")
                              DISK(1, "cache", "none")},
    {"disks by the names that QEMU makes", qemu_emit_block, fill_names, true,
     "block.count uint 3\n" NAME(0, "ide0-cd0") NAME(
         1, "virtio0") "block.1.path string /dev/x\n"
                       "block.1.allocation ullong 0\n" NAME(
                           2, "plugged") "block.2.allocation ullong 0\n" DISK(0, "device", "cdrom")
                           DISK(0, "bus", "ide") DISK(1, "device", "disk") DISK(1, "bus", "virtio")
                               DISK(1, "type", "block") DISK(1, "format", "raw")
                                   DISK(2, "format", "raw")},
    {"a disk of q35", qemu_emit_block, fill_names_of_q35, true,
     "block.count uint 1\n" NAME(0, "ide0-hd0") DISK(0, "device", "disk") DISK(0, "bus", "sata")},
    {"QEMU's name says nothing if the machine is not known", qemu_emit_block,
     fill_names_without_words, true, "block.count uint 1\n" NAME(0, "ide0-hd0")},
    {"libvirt's words go first", qemu_emit_block, fill_told_disk, true,
     "block.count uint 1\n" NAME(0, "vda") "block.0.path string /a\n"
                                           "block.0.allocation ullong 0\n" DISK(0, "bus", "virtio")
                                               DISK(0, "type", "volume")
                                                   DISK(0, "format", "qcow2")},

    {"interfaces by the words and the host", qemu_emit_interface, fill_nics, true,
     "net.count uint 5\nnet.1.name string tap0\nnet.2.name string tap1\n"
     "net.3.name string macvtap0\nnet.4.name string far0\n" NIC(0, "type", "user")
         NIC(1, "type", "bridge") NIC(1, "bridge", "br0") "about.net.1.mtu uint 9000\n" NIC(
             2, "type",
             "ethernet") "about.net.2.mtu uint 1500\n" NIC(3, "type",
                                                           "direct") "about.net.3.mtu uint 1500\n"},
    {"libvirt's bridge, and the host's size", qemu_emit_interface, fill_told_nic, true,
     "net.count uint 2\nnet.0.name string vnet0\n" NIC(0, "type", "bridge")
         NIC(0, "bridge", "virbr0") "about.net.0.mtu uint 9000\n" NIC(
             1, "bridge", "virbr0") "about.net.1.mtu uint 1400\n"},
    {"interfaces of a domain that is off", qemu_emit_interface, fill_off, true,
     NIC(0, "network", "default") "about.net.0.mtu uint 1400\n"},
};

int
main(void)
{
    return TESTING_RUN_TABLE("qemu_emit_about", rows, emit_case_check);
}
