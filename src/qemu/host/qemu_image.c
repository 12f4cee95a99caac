/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_image: see qemu_image.h.
 *
 * Owns the looks that are blocked. Knows nothing of records.
 *
 * How it works
 *
 * The images of one domain are one task, on a thread of its own. If the storage answers, that takes
 * some ten microseconds an image. If it does not (a hard mount of a server that is gone, a device
 * that queues for ever), no flag of open() sets a deadline: open() itself does not return. So the
 * task is left behind: its thread sleeps in the kernel until the storage answers, and then ends.
 * Until then no image in its folders is read, so that dead storage costs one thread and not one a
 * call; and with QEMU_LIMIT_BLOCKED_LOOKS such threads no image at all is read.
 *
 * A pipe, a terminal or another device is recognised without opening it.
 */
#include "qemu_image.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qemu/facts/qemu_limits.h"
#include "util/util_fd.h"
#include "util/util_task.h"

enum { SECTOR_BYTES = 512 };

/* The images of one domain, and the sizes that were read; the task owns it. */
typedef struct {
    GPtrArray *wanted; /* Wanted */
    GHashTable *seen;  /* as QemuFacts.images */
} Look;

typedef struct {
    char *path;
    char *format;
    bool is_encrypted;
} Wanted;

struct QemuImageProber {
    pthread_mutex_t lock;
    GPtrArray *blocked; /* UtilTask with a Look, left behind */
    GPtrArray *folders; /* GPtrArray of char *: the folders of each of @blocked, by index */
};

/* A format that keeps the size of the guest's disk at a fixed place of its first sector. */
typedef struct {
    const char *name;
    struct {
        size_t place, size;
        uint8_t bytes[16];
    } magic;
    struct {
        size_t place; /* of 32 bits; 0: there is none */
        uint32_t least, most;
    } version;
    size_t size_place; /* of 64 bits */
    uint64_t unit_bytes;
    bool is_big_endian;
} HeaderFormat;

/* As QEMU's docs/interop and block drivers describe them. */
static const HeaderFormat header_formats[] = {
    {"qcow2", {0, 4, {'Q', 'F', 'I', 0xfb}}, {4, 2, UINT32_MAX}, 24, 1, true},
    {"qcow", {0, 4, {'Q', 'F', 'I', 0xfb}}, {4, 1, 1}, 24, 1, true},
    {"qed", {0, 4, {'Q', 'E', 'D', 0}}, {0}, 48, 1, false},
    {"vmdk", {0, 4, {'K', 'D', 'M', 'V'}}, {4, 1, 3}, 12, SECTOR_BYTES, false},
    {"vdi", {64, 4, {0x7f, 0x10, 0xda, 0xbe}}, {68, 0x10001, 0x10001}, 368, 1, false},
    {"vpc", {0, 8, {'c', 'o', 'n', 'e', 'c', 't', 'i', 'x'}}, {0}, 40, 1, true},
};

static uint32_t
read_uint32(const uint8_t *place, bool is_big_endian)
{
    uint32_t value = 0;

    memcpy(&value, place, sizeof(value));
    return is_big_endian ? GUINT32_FROM_BE(value) : GUINT32_FROM_LE(value);
}

static uint64_t
read_uint64(const uint8_t *place, bool is_big_endian)
{
    uint64_t value = 0;

    memcpy(&value, place, sizeof(value));
    return is_big_endian ? GUINT64_FROM_BE(value) : GUINT64_FROM_LE(value);
}

/* Absent if @header is not of that format. A size of 0 in it stands for the size of the file. */
static UtilCount
parse_header(const HeaderFormat *format, const uint8_t *header, size_t size, uint64_t physical)
{
    uint32_t version = 0;
    uint64_t capacity = 0;

    if (size <
            MAX(format->size_place + sizeof(capacity), format->version.place + sizeof(version)) ||
        size < format->magic.place + format->magic.size ||
        memcmp(header + format->magic.place, format->magic.bytes, format->magic.size) != 0)
        return (UtilCount){0};
    version = read_uint32(header + format->version.place, format->is_big_endian);
    if (format->version.place != 0 &&
        (version < format->version.least || version > format->version.most))
        return (UtilCount){0};
    capacity = read_uint64(header + format->size_place, format->is_big_endian);
    if (capacity > UINT64_MAX / format->unit_bytes)
        return (UtilCount){0};
    return util_count_of(capacity != 0 ? capacity * format->unit_bytes : physical);
}

/* LUKS version 1 has at byte 104 the number of the sector at which the guest's disk begins. */
static UtilCount
parse_luks(const uint8_t *header, size_t size, uint64_t physical)
{
    static const uint8_t magic[] = {'L', 'U', 'K', 'S', 0xba, 0xbe, 0, 1};
    uint32_t payload = 0;

    if (size < 108 || memcmp(header, magic, sizeof(magic)) != 0)
        return util_count_of(physical);
    memcpy(&payload, header + 104, sizeof(payload));
    payload = GUINT32_FROM_BE(payload);
    if ((uint64_t)payload * SECTOR_BYTES > physical)
        return (UtilCount){0};
    return util_count_of(physical - (uint64_t)payload * SECTOR_BYTES);
}

static bool
is_raw(const char *format)
{
    return format == NULL || format[0] == '\0' || strcmp(format, "raw") == 0;
}

UtilCount
qemu_image_parse_capacity(const char *format, bool is_encrypted, const uint8_t *header, size_t size,
                          uint64_t physical)
{
    if (is_raw(format) && !is_encrypted)
        return util_count_of(physical);
    if (is_raw(format))
        return parse_luks(header, size, physical);
    for (size_t i = 0; i < G_N_ELEMENTS(header_formats); i++)
        if (strcmp(format, header_formats[i].name) == 0)
            return parse_header(&header_formats[i], header, size, physical);
    return (UtilCount){0};
}

/* Opens the image at @path; -1 if it is neither a regular file nor a block device. */
static int
open_image(const char *path, struct stat *ret_status)
{
    g_auto(UtilFd) place = open(path, O_PATH | O_CLOEXEC);

    if (place < 0 || fstat(place, ret_status) < 0)
        return -1;
    return util_fd_reopen(place, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                          S_ISBLK(ret_status->st_mode) ? S_IFBLK : S_IFREG);
}

bool
qemu_image_probe(const char *path, const char *format, bool is_encrypted, QemuFactsImage *ret_sizes)
{
    struct stat status = {0};
    g_auto(UtilFd) fd = open_image(path, &status);
    uint8_t header[QEMU_IMAGE_HEADER_BYTES] = {0};
    off_t physical = 0;
    ssize_t size = 0;

    if (fd < 0)
        return false;
    physical = S_ISBLK(status.st_mode) ? lseek(fd, 0, SEEK_END) : status.st_size;
    size = pread(fd, header, sizeof(header), 0);
    if (physical < 0 || size < 0)
        return false;
    *ret_sizes = (QemuFactsImage){.physical = util_count_of((uint64_t)physical)};
    if (S_ISREG(status.st_mode))
        ret_sizes->allocation = util_count_of((uint64_t)status.st_blocks * SECTOR_BYTES);
    else if (is_raw(format)) /* for other formats only a running QEMU knows how much is written */
        ret_sizes->allocation = ret_sizes->physical;
    ret_sizes->capacity =
        qemu_image_parse_capacity(format, is_encrypted, header, (size_t)size, (uint64_t)physical);
    return true;
}

static void
free_wanted(gpointer data)
{
    Wanted *wanted = data;

    g_free(wanted->path);
    g_free(wanted->format);
    g_free(wanted);
}

static void
free_look(void *data)
{
    Look *look = data;

    g_ptr_array_unref(look->wanted);
    g_hash_table_unref(look->seen);
    g_free(look);
}

static void
run_look(void *data)
{
    Look *look = data;

    for (guint i = 0; i < look->wanted->len; i++) {
        const Wanted *wanted = g_ptr_array_index(look->wanted, i);
        QemuFactsImage sizes = {0};

        if (qemu_image_probe(wanted->path, wanted->format, wanted->is_encrypted, &sizes))
            g_hash_table_replace(look->seen, g_strdup(wanted->path),
                                 g_memdup2(&sizes, sizeof(sizes)));
    }
}

static void
want(Look *look, const char *path, const char *format, bool is_encrypted)
{
    Wanted *wanted = NULL;

    if (path == NULL || path[0] != '/')
        return;
    wanted = g_new0(Wanted, 1);
    wanted->path = g_strdup(path);
    wanted->format = g_strdup(format);
    wanted->is_encrypted = is_encrypted;
    g_ptr_array_add(look->wanted, wanted);
}

/* All that @disk is made of below its top image. */
static void
want_chain(Look *look, const QemuDefinitionDisk *disk)
{
    for (guint i = 1; disk->paths != NULL && i < disk->paths->len; i++)
        want(look, g_ptr_array_index(disk->paths, i), g_ptr_array_index(disk->formats, i), false);
    for (guint i = 0; disk->data_files != NULL && i < disk->data_files->len; i++) {
        const QemuDefinitionDataFile *file =
            &g_array_index(disk->data_files, QemuDefinitionDataFile, i);

        want(look, file->path, file->format, false);
    }
}

static Look *
new_look(const QemuDefinition *definition, bool with_backing)
{
    Look *look = g_new0(Look, 1);

    look->wanted = g_ptr_array_new_with_free_func(free_wanted);
    look->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (guint i = 0; i < definition->disks->len; i++) {
        const QemuDefinitionDisk *disk = &g_array_index(definition->disks, QemuDefinitionDisk, i);

        want(look, disk->path, disk->format, disk->is_encrypted);
        if (with_backing)
            want_chain(look, disk);
    }
    return look;
}

static void
free_task(gpointer data)
{
    util_task_free(data);
}

static void
unref_folders(gpointer data)
{
    g_ptr_array_unref(data);
}

QemuImageProber *
qemu_image_prober_new(void)
{
    QemuImageProber *self = g_new0(QemuImageProber, 1);

    pthread_mutex_init(&self->lock, NULL);
    self->blocked = g_ptr_array_new_with_free_func(free_task);
    self->folders = g_ptr_array_new_with_free_func(unref_folders);
    return self;
}

void
qemu_image_prober_free(QemuImageProber *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->blocked);
    g_ptr_array_unref(self->folders);
    pthread_mutex_destroy(&self->lock);
    g_free(self);
}

static GPtrArray *
list_folders(const Look *look)
{
    GPtrArray *folders = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < look->wanted->len; i++)
        g_ptr_array_add(folders, g_path_get_dirname(
                                     ((const Wanted *)g_ptr_array_index(look->wanted, i))->path));
    return folders;
}

/* Drops the looks that have ended. True if one of the others blocks in one of @folders, or if there
 * are too many of them. */
static bool
is_blocked(QemuImageProber *self, const GPtrArray *folders)
{
    bool is_found = false;

    pthread_mutex_lock(&self->lock);
    for (guint i = self->blocked->len; i > 0; i--) {
        if (!util_task_wait(g_ptr_array_index(self->blocked, i - 1), util_deadline_in_ms(0)))
            continue;
        g_ptr_array_remove_index_fast(self->blocked, i - 1);
        g_ptr_array_remove_index_fast(self->folders, i - 1);
    }
    is_found = self->blocked->len >= QEMU_LIMIT_BLOCKED_LOOKS;
    for (guint i = 0; i < self->folders->len; i++)
        for (guint k = 0; !is_found && k < folders->len; k++)
            is_found =
                g_ptr_array_find_with_equal_func(g_ptr_array_index(self->folders, i),
                                                 g_ptr_array_index(folders, k), g_str_equal, NULL);
    pthread_mutex_unlock(&self->lock);
    return is_found;
}

void
qemu_image_prober_run(QemuImageProber *self, const QemuDefinition *definition, bool with_backing,
                      UtilDeadline deadline, QemuFacts *facts)
{
    Look *look = NULL;
    g_autoptr(GPtrArray) folders = NULL;
    g_autoptr(UtilTask) task = NULL;

    if (definition == NULL || definition->disks == NULL || util_deadline_has_passed(deadline))
        return;
    look = new_look(definition, with_backing);
    folders = list_folders(look);
    if (look->wanted->len == 0 || is_blocked(self, folders)) {
        free_look(look);
        return;
    }
    task = util_task_start(run_look, look, free_look);
    if (task == NULL)
        return;
    if (util_task_wait(task, deadline)) {
        g_clear_pointer(&facts->images, g_hash_table_unref);
        facts->images = g_hash_table_ref(look->seen);
        return;
    }
    pthread_mutex_lock(&self->lock);
    g_ptr_array_add(self->blocked, g_steal_pointer(&task));
    g_ptr_array_add(self->folders, g_steal_pointer(&folders));
    pthread_mutex_unlock(&self->lock);
}
