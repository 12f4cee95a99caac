/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_definition: see qemu_definition.h. Does not know how a command line or XML is read.
 */
#include "qemu_definition.h"

static void
clear_nic(void *data)
{
    QemuDefinitionNic *nic = data;

    g_free(nic->id);
    g_free(nic->ifname);
    g_clear_pointer(&nic->fds, g_array_unref);
    qemu_about_clear(nic->about.texts, QEMU_ABOUT_NIC_N_TEXTS);
}

static void
clear_data_file(void *data)
{
    QemuDefinitionDataFile *file = data;

    g_free(file->path);
    g_free(file->format);
}

static void
clear_disk(void *data)
{
    QemuDefinitionDisk *disk = data;

    g_free(disk->target);
    g_free(disk->alias);
    g_free(disk->path);
    g_free(disk->format);
    g_free(disk->mirror_path);
    g_clear_pointer(&disk->indexes, g_array_unref);
    g_clear_pointer(&disk->paths, g_ptr_array_unref);
    g_clear_pointer(&disk->formats, g_ptr_array_unref);
    g_clear_pointer(&disk->data_files, g_array_unref);
    qemu_about_clear(disk->about.texts, QEMU_ABOUT_DISK_N_TEXTS);
}

static void
clear_drive(void *data)
{
    QemuDefinitionDrive *drive = data;

    g_free(drive->id);
    g_free(drive->drive);
    qemu_about_clear(drive->about.texts, QEMU_ABOUT_DISK_N_TEXTS);
}

static void
clear_resctrl(void *data)
{
    QemuDefinitionResctrl *monitor = data;

    g_free(monitor->name);
    g_free(monitor->vcpus);
    g_free(monitor->folder);
}

/* Elements of zero bits, each cleared by @clear. */
static GArray *
new_array(guint element_size, GDestroyNotify clear)
{
    GArray *array = g_array_new(FALSE, TRUE, element_size);

    g_array_set_clear_func(array, clear);
    return array;
}

QemuDefinition *
qemu_definition_new(void)
{
    QemuDefinition *self = g_new0(QemuDefinition, 1);

    self->nics = new_array(sizeof(QemuDefinitionNic), clear_nic);
    self->loose_taps = new_array(sizeof(QemuDefinitionNic), clear_nic);
    self->has_balloon = true; /* unless libvirt's XML says that there is none */
    util_refcount_init(&self->ref_count);
    return self;
}

QemuDefinition *
qemu_definition_new_of_libvirt(void)
{
    QemuDefinition *self = qemu_definition_new();

    self->origin = QEMU_DEFINITION_OF_LIBVIRT;
    self->disks = new_array(sizeof(QemuDefinitionDisk), clear_disk);
    return self;
}

QemuDefinition *
qemu_definition_ref(QemuDefinition *self)
{
    util_refcount_inc(&self->ref_count);
    return self;
}

void
qemu_definition_free(QemuDefinition *self)
{
    if (self == NULL || !util_refcount_dec(&self->ref_count))
        return;
    g_free(self->name);
    g_free(self->uuid);
    g_free(self->libvirt_key_path);
    g_clear_pointer(&self->nics, g_array_unref);
    g_clear_pointer(&self->loose_taps, g_array_unref);
    g_clear_pointer(&self->disks, g_array_unref);
    g_clear_pointer(&self->drives, g_array_unref);
    qemu_about_clear(self->about.texts, QEMU_ABOUT_N_TEXTS);
    g_clear_pointer(&self->resctrl, g_array_unref);
    g_clear_pointer(&self->perf_events, g_ptr_array_unref);
    g_free(self->proven.balloon_id);
    g_free(self);
}

void
qemu_definition_doubt(QemuDefinition *self)
{
    g_atomic_int_set(&self->is_doubted, 1);
}

void
qemu_definition_trust(QemuDefinition *self)
{
    g_atomic_int_set(&self->is_doubted, 0);
}

bool
qemu_definition_is_doubted(QemuDefinition *self)
{
    return g_atomic_int_get(&self->is_doubted) != 0;
}

void
qemu_definition_prove_nothing(QemuDefinition *self)
{
    g_free(self->proven.balloon_id);
    self->proven = (QemuDefinitionProven){0};
    self->has_one_monitor = false;
}

bool
qemu_definition_tells_nics(const QemuDefinition *self)
{
    return self->origin == QEMU_DEFINITION_OF_LIBVIRT;
}

bool
qemu_definition_needs_devices(const QemuDefinition *self)
{
    return !qemu_definition_tells_nics(self) && !self->has_odd_nic &&
           self->board != QEMU_DEFINITION_BOARD_UNKNOWN;
}

bool
qemu_definition_needs_board(const QemuDefinition *self)
{
    return qemu_definition_needs_devices(self) && self->board == QEMU_DEFINITION_BOARD_ASK;
}

static QemuDefinitionNic *
append_nic(GArray *nics)
{
    g_array_set_size(nics, nics->len + 1);
    return &g_array_index(nics, QemuDefinitionNic, nics->len - 1);
}

QemuDefinitionNic *
qemu_definition_add_nic(QemuDefinition *self)
{
    return append_nic(self->nics);
}

QemuDefinitionNic *
qemu_definition_add_loose_tap(QemuDefinition *self)
{
    return append_nic(self->loose_taps);
}

QemuDefinitionDisk *
qemu_definition_add_disk(QemuDefinition *self)
{
    g_array_set_size(self->disks, self->disks->len + 1);
    return &g_array_index(self->disks, QemuDefinitionDisk, self->disks->len - 1);
}

QemuDefinitionDataFile *
qemu_definition_add_data_file(QemuDefinitionDisk *disk)
{
    if (disk->data_files == NULL)
        disk->data_files = new_array(sizeof(QemuDefinitionDataFile), clear_data_file);
    g_array_set_size(disk->data_files, disk->data_files->len + 1);
    return &g_array_index(disk->data_files, QemuDefinitionDataFile, disk->data_files->len - 1);
}

QemuDefinitionDrive *
qemu_definition_add_drive(QemuDefinition *self)
{
    if (self->drives == NULL)
        self->drives = new_array(sizeof(QemuDefinitionDrive), clear_drive);
    g_array_set_size(self->drives, self->drives->len + 1);
    return &g_array_index(self->drives, QemuDefinitionDrive, self->drives->len - 1);
}

QemuDefinitionResctrl *
qemu_definition_add_resctrl(QemuDefinition *self)
{
    if (self->resctrl == NULL)
        self->resctrl = new_array(sizeof(QemuDefinitionResctrl), clear_resctrl);
    g_array_set_size(self->resctrl, self->resctrl->len + 1);
    return &g_array_index(self->resctrl, QemuDefinitionResctrl, self->resctrl->len - 1);
}
