/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_cmdline_disk: see qemu_cmdline_disk.h.
 *
 * A "-device" may name a drive that a later option makes, and "-set" changes options of any order.
 * So all are collected first, and joined when all words were read. A drive that no "-device" names
 * makes a device of its own, unless it says "if=none"; one without an id is found by the name that
 * QEMU makes for it (qemu_about_read_drive_name).
 */
#include "qemu_cmdline_disk.h"

#include <string.h>

#include "qemu/facts/qemu_limits.h"
#include "qemu_cmdline_option.h"

struct QemuCmdlineDisks {
    GPtrArray *drives, *blockdevs, *devices; /* QemuCmdlineOption *, in order */
    GPtrArray *sets;                         /* char *: the arguments of -set */
    QemuCmdlineOption *machine;
    /* char * -> QemuCmdlineOption *, borrowed; by "id" or "node-name". */
    GHashTable *drive_by_id, *blockdev_by_name, *device_by_id;
};

/* A model of a disk, and libvirt's words for it. */
typedef struct {
    const char *prefix; /* of its name */
    const char *bus;
    const char *device; /* NULL: it may be either */
} Model;

static const Model models[] = {
    {"virtio-blk", "virtio", "disk"}, {"vhost-user-blk", "virtio", "disk"},
    {"scsi-hd", "scsi", "disk"},      {"scsi-cd", "scsi", "cdrom"},
    {"scsi-block", "scsi", "lun"},    {"scsi-generic", "scsi", "lun"},
    {"scsi-disk", "scsi", NULL},      {"ide-hd", "ide", "disk"},
    {"ide-cd", "ide", "cdrom"},       {"ide-cf", "ide", "disk"},
    {"ide-drive", "ide", NULL},       {"usb-storage", "usb", "disk"},
    {"nvme", "nvme", "disk"},         {"floppy", "fdc", "floppy"},
    {"sd-card", "sd", "disk"},
};

static void
free_option(gpointer data)
{
    qemu_cmdline_option_free(data);
}

QemuCmdlineDisks *
qemu_cmdline_disks_new(void)
{
    QemuCmdlineDisks *self = g_new0(QemuCmdlineDisks, 1);

    self->drives = g_ptr_array_new_with_free_func(free_option);
    self->blockdevs = g_ptr_array_new_with_free_func(free_option);
    self->devices = g_ptr_array_new_with_free_func(free_option);
    self->sets = g_ptr_array_new_with_free_func(g_free);
    self->machine = qemu_cmdline_option_parse("", NULL);
    self->drive_by_id = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->blockdev_by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->device_by_id = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return self;
}

void
qemu_cmdline_disks_free(QemuCmdlineDisks *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->drive_by_id);
    g_hash_table_unref(self->blockdev_by_name);
    g_hash_table_unref(self->device_by_id);
    g_ptr_array_unref(self->drives);
    g_ptr_array_unref(self->blockdevs);
    g_ptr_array_unref(self->devices);
    g_ptr_array_unref(self->sets);
    qemu_cmdline_option_free(self->machine);
    g_free(self);
}

static const char *
get(const QemuCmdlineOption *option, const char *key)
{
    return option ? qemu_cmdline_option_get_exact(option, key) : NULL;
}

/* Past the limit an option is left out: then its disk is not described. */
static void
add(GPtrArray *options, GHashTable *by_name, const char *key, QemuCmdlineOption *take_option)
{
    const char *name = get(take_option, key);

    if (options->len >= QEMU_LIMIT_DISKS) {
        qemu_cmdline_option_free(take_option);
        return;
    }
    g_ptr_array_add(options, take_option);
    if (name != NULL)
        g_hash_table_insert(by_name, g_strdup(name), take_option);
}

/* The option with that name; NULL if there is none. */
static QemuCmdlineOption *
find(GHashTable *by_name, const char *name)
{
    return name ? g_hash_table_lookup(by_name, name) : NULL;
}

void
qemu_cmdline_disks_take_drive(QemuCmdlineDisks *self, const char *argument)
{
    add(self->drives, self->drive_by_id, "id", qemu_cmdline_option_parse(argument, NULL));
}

void
qemu_cmdline_disks_take_blockdev(QemuCmdlineDisks *self, const char *argument)
{
    add(self->blockdevs, self->blockdev_by_name, "node-name",
        qemu_cmdline_option_parse(argument, "driver"));
}

/* NULL if it is no disk. */
static const Model *
find_model(const char *driver)
{
    for (size_t i = 0; driver != NULL && i < G_N_ELEMENTS(models); i++)
        if (g_str_has_prefix(driver, models[i].prefix))
            return &models[i];
    return NULL;
}

static bool
is_ahci(const char *driver)
{
    return driver != NULL && strstr(driver, "ahci") != NULL;
}

void
qemu_cmdline_disks_take_device(QemuCmdlineDisks *self, const char *argument)
{
    g_autoptr(QemuCmdlineOption) option = qemu_cmdline_option_parse(argument, "driver");
    const char *driver = qemu_cmdline_option_get_exact(option, "driver");

    if (find_model(driver) != NULL || is_ahci(driver))
        add(self->devices, self->device_by_id, "id", g_steal_pointer(&option));
}

void
qemu_cmdline_disks_take_machine(QemuCmdlineDisks *self, const char *argument)
{
    qemu_cmdline_option_add(self->machine, argument, "type", "");
}

void
qemu_cmdline_disks_take_set(QemuCmdlineDisks *self, const char *argument)
{
    if (self->sets->len < QEMU_LIMIT_DISKS)
        g_ptr_array_add(self->sets, g_strdup(argument));
}

/* "-set GROUP.ID.KEY=VALUE" */
static void
apply_set(const QemuCmdlineDisks *self, const char *argument)
{
    g_auto(GStrv) parts = g_strsplit(argument, ".", 3);
    QemuCmdlineOption *option = NULL;

    if (g_strv_length(parts) != 3)
        return;
    if (strcmp(parts[0], "drive") == 0)
        option = find(self->drive_by_id, parts[1]);
    else if (strcmp(parts[0], "device") == 0)
        option = find(self->device_by_id, parts[1]);
    if (option != NULL)
        qemu_cmdline_option_set(option, parts[2]);
}

/* 1, 0, or -1 for a word that says neither, NULL included. */
static int
read_switch(const char *word)
{
    static const struct {
        const char *word;
        int value;
    } rows[] = {{"on", 1},  {"yes", 1}, {"true", 1},  {"y", 1},
                {"off", 0}, {"no", 0},  {"false", 0}, {"n", 0}};

    for (size_t i = 0; word != NULL && i < G_N_ELEMENTS(rows); i++)
        if (g_str_equal(word, rows[i].word))
            return rows[i].value;
    return -1;
}

/* How a cache works: each 1, 0, or -1 where no word tells. */
typedef struct {
    int is_writeback, is_direct, is_unflushed;
} Cache;

static const struct {
    const char *word;
    Cache cache;
} cache_modes[] = {
    {"writeback", {1, 0, 0}},  {"none", {1, 1, 0}},   {"writethrough", {0, 0, 0}},
    {"directsync", {0, 1, 0}}, {"unsafe", {1, 0, 1}}, {"off", {1, 1, 0}},
};

static void
set_switch(int *value, const char *word)
{
    int given = read_switch(word);

    if (given >= 0)
        *value = given;
}

/* Reads the words of a drive, then those of its device, which go before. */
static Cache
read_cache(const QemuCmdlineOption *drive, const QemuCmdlineOption *device)
{
    Cache cache = {-1, -1, -1};
    const char *mode = get(drive, "cache");

    for (size_t i = 0; mode != NULL && i < G_N_ELEMENTS(cache_modes); i++)
        if (g_str_equal(mode, cache_modes[i].word))
            cache = cache_modes[i].cache;
    set_switch(&cache.is_writeback, get(drive, "cache.writeback"));
    set_switch(&cache.is_direct, get(drive, "cache.direct"));
    set_switch(&cache.is_unflushed, get(drive, "cache.no-flush"));
    set_switch(&cache.is_writeback, get(device, "write-cache"));
    return cache;
}

/* libvirt's word for the cache; NULL if no word of the command line tells it, or none of libvirt's
 * means it. What is not said is QEMU's default: writeback. */
static const char *
name_cache(const QemuCmdlineOption *drive, const QemuCmdlineOption *device)
{
    Cache cache = read_cache(drive, device);

    if (drive == NULL || (cache.is_writeback < 0 && cache.is_direct < 0 && cache.is_unflushed < 0))
        return NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(cache_modes); i++)
        if (cache_modes[i].cache.is_writeback == (cache.is_writeback != 0) &&
            cache_modes[i].cache.is_direct == (cache.is_direct > 0) &&
            cache_modes[i].cache.is_unflushed == (cache.is_unflushed > 0))
            return cache_modes[i].word;
    return NULL;
}

static const char *
name_discard(const QemuCmdlineOption *drive)
{
    const char *word = get(drive, "discard");

    if (g_strcmp0(word, "unmap") == 0 || read_switch(word) == 1)
        return "unmap";
    return g_strcmp0(word, "ignore") == 0 || read_switch(word) == 0 ? "ignore" : NULL;
}

static bool
is_q35(const QemuCmdlineDisks *self)
{
    const char *type = get(self->machine, "type");

    return type != NULL && strstr(type, "q35") != NULL;
}

/* libvirt calls disks of IDE on a controller of AHCI "sata". q35 has such a controller, and its
 * buses are called ide.0 and so on. */
static const char *
name_ide(const QemuCmdlineDisks *self, const QemuCmdlineOption *device)
{
    const char *bus = get(device, "bus");
    g_autofree char *controller = bus ? g_strndup(bus, strcspn(bus, ".")) : NULL;

    if (controller == NULL || strcmp(controller, "ide") == 0)
        return is_q35(self) ? "sata" : "ide";
    return is_ahci(get(find(self->device_by_id, controller), "driver")) ? "sata" : "ide";
}

static void
set(QemuDefinitionDrive *drive, QemuAboutDiskText text, const char *value)
{
    qemu_about_set(&drive->about.texts[text], value);
}

/* What the drive itself tells, whatever its device is. */
static void
tell_drive(QemuDefinitionDrive *to, const QemuCmdlineOption *drive, const QemuCmdlineOption *device)
{
    const char *serial = get(device, "serial");

    set(to, QEMU_ABOUT_DISK_CACHE, name_cache(drive, device));
    set(to, QEMU_ABOUT_DISK_DISCARD, name_discard(drive));
    set(to, QEMU_ABOUT_DISK_SERIAL, serial ? serial : get(drive, "serial"));
}

static void
add_device(const QemuCmdlineDisks *self, const QemuCmdlineOption *device, const Model *model,
           QemuDefinition *definition)
{
    QemuDefinitionDrive *to = qemu_definition_add_drive(definition);
    const char *name = get(device, "drive");
    const QemuCmdlineOption *drive = find(self->drive_by_id, name);

    if (drive == NULL)
        drive = find(self->blockdev_by_name, name);
    to->id = g_strdup(get(device, "id"));
    to->drive = g_strdup(name);
    set(to, QEMU_ABOUT_DISK_BUS,
        strcmp(model->bus, "ide") == 0 ? name_ide(self, device) : model->bus);
    set(to, QEMU_ABOUT_DISK_DEVICE, model->device);
    tell_drive(to, drive, device);
}

/* A drive that has a device of its own, by its interface. */
static void
add_drive(const QemuCmdlineDisks *self, const QemuCmdlineOption *drive, QemuDefinition *definition)
{
    static const struct {
        const char *interface, *bus, *device;
    } rows[] = {
        {"virtio", "virtio", "disk"}, {"scsi", "scsi", "disk"},    {"ide", "ide", "disk"},
        {"sd", "sd", "disk"},         {"floppy", "fdc", "floppy"},
    };
    const char *interface = get(drive, "if");
    bool is_cdrom = g_strcmp0(get(drive, "media"), "cdrom") == 0;
    QemuDefinitionDrive *to = NULL;

    to = qemu_definition_add_drive(definition);
    to->drive = g_strdup(get(drive, "id"));
    for (size_t i = 0; interface != NULL && i < G_N_ELEMENTS(rows); i++) {
        if (!g_str_equal(interface, rows[i].interface))
            continue;
        set(to, QEMU_ABOUT_DISK_BUS,
            strcmp(interface, "ide") == 0 ? name_ide(self, NULL) : rows[i].bus);
        set(to, QEMU_ABOUT_DISK_DEVICE, is_cdrom ? "cdrom" : rows[i].device);
    }
    tell_drive(to, drive, NULL);
}

void
qemu_cmdline_disks_resolve(const QemuCmdlineDisks *self, QemuDefinition *definition)
{
    g_autoptr(GHashTable) named =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL); /* by devices */

    for (guint i = 0; i < self->sets->len; i++)
        apply_set(self, g_ptr_array_index(self->sets, i));
    for (guint i = 0; i < self->devices->len; i++) {
        const QemuCmdlineOption *device = g_ptr_array_index(self->devices, i);
        const Model *model = find_model(get(device, "driver"));
        const char *drive = get(device, "drive");

        if (model != NULL)
            add_device(self, device, model, definition);
        if (drive != NULL)
            g_hash_table_add(named, g_strdup(drive));
    }
    for (guint i = 0; i < self->drives->len; i++) {
        const QemuCmdlineOption *drive = g_ptr_array_index(self->drives, i);

        if (get(drive, "id") != NULL && !g_hash_table_contains(named, get(drive, "id")))
            add_drive(self, drive, definition);
    }
    definition->is_q35 = is_q35(self);
}
