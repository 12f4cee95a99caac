/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_image: sizes of the disk images of a domain that does not run.
 *
 * Owns the looks that are blocked. Knows nothing of records.
 *
 * How it works
 *
 * The images of one domain are one task, on a thread of its own. Where the storage answers, that
 * takes some ten microseconds an image and nothing is left behind. Where it does not, a hard
 * mount of a server that is gone, a device that queues for ever, no call on it can be told of a
 * deadline, whatever flags it is opened with: open() itself does not come back. So the task is
 * left to itself: its thread sleeps in the kernel until the storage is back, and then ends. Until
 * then no image in its folders is looked at again, so that a dead storage costs one thread and
 * not one a call; and past QEMU_LIMIT_BLOCKED_LOOKS such threads no image at all.
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

/* The images of one domain, and what was seen; belongs to the task. */
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
    GPtrArray *blocked; /* UtilTask on a Look, left behind */
    GPtrArray *folders; /* GPtrArray of char *: the folders of each of them */
};

/* qcow2 begins with its magic number, version and, at 24, the size of the disk (QEMU's
 * docs/interop/qcow2.txt); all numbers are big-endian. */
static UtilCount
parse_qcow2(const uint8_t *header, size_t size, uint64_t physical)
{
    static const uint8_t magic[] = {'Q', 'F', 'I', 0xfb};
    uint32_t version = 0;
    uint64_t capacity = 0;

    if (size < 32 || memcmp(header, magic, sizeof(magic)) != 0)
        return (UtilCount){0};
    memcpy(&version, header + 4, sizeof(version));
    memcpy(&capacity, header + 24, sizeof(capacity));
    version = GUINT32_FROM_BE(version);
    capacity = GUINT64_FROM_BE(capacity);
    if (version < 2)
        return (UtilCount){0};
    return util_count_of(capacity != 0 ? capacity : physical);
}

/* LUKS, version 1, keeps at 104 the sector where the guest's disk begins. */
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

UtilCount
qemu_image_parse_capacity(const char *format, bool is_encrypted, const uint8_t *header, size_t size,
                          uint64_t physical)
{
    bool is_raw = format == NULL || format[0] == '\0' || strcmp(format, "raw") == 0;

    if (is_raw && !is_encrypted)
        return util_count_of(physical);
    if (is_raw)
        return parse_luks(header, size, physical);
    if (strcmp(format, "qcow2") == 0)
        return parse_qcow2(header, size, physical);
    return (UtilCount){0};
}

/* Opens what @path leads to, if it is a file or a block device: -1 if not. Nothing is opened
 * before its kind is known, for opening alone may wind a tape or wait for a writer. */
static int
open_image(const char *path, struct stat *ret_status)
{
    g_auto(UtilFd) place = open(path, O_PATH | O_CLOEXEC);
    char link[64] = "";

    if (place < 0 || fstat(place, ret_status) < 0)
        return -1;
    if (!S_ISREG(ret_status->st_mode) && !S_ISBLK(ret_status->st_mode))
        return -1;
    g_snprintf(link, sizeof(link), "/proc/self/fd/%d", place);
    return open(link, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

bool
qemu_image_probe(const char *path, const char *format, bool is_encrypted, QemuFactsImage *ret_sizes)
{
    struct stat status = {0};
    g_auto(UtilFd) fd = open_image(path, &status);
    uint8_t header[QEMU_IMAGE_HEADER_BYTES] = {0};
    off_t physical = 0;
    ssize_t size = 0;
    bool is_raw = format == NULL || format[0] == '\0' || strcmp(format, "raw") == 0;

    if (fd < 0)
        return false;
    physical = S_ISBLK(status.st_mode) ? lseek(fd, 0, SEEK_END) : status.st_size;
    size = pread(fd, header, sizeof(header), 0);
    if (physical < 0 || size < 0)
        return false;
    *ret_sizes = (QemuFactsImage){.physical = util_count_of((uint64_t)physical)};
    if (S_ISREG(status.st_mode))
        ret_sizes->allocation = util_count_of((uint64_t)status.st_blocks * SECTOR_BYTES);
    else if (is_raw) /* of other formats only a running QEMU knows how far it has written */
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

static Look *
new_look(const QemuDefinition *definition, bool with_backing)
{
    Look *look = g_new0(Look, 1);

    look->wanted = g_ptr_array_new_with_free_func(free_wanted);
    look->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (guint i = 0; i < definition->disks->len; i++) {
        const QemuDefinitionDisk *disk = &g_array_index(definition->disks, QemuDefinitionDisk, i);

        want(look, disk->path, disk->format, disk->is_encrypted);
        for (guint k = 1; with_backing && disk->paths != NULL && k < disk->paths->len; k++)
            want(look, g_ptr_array_index(disk->paths, k), g_ptr_array_index(disk->formats, k),
                 false);
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

/* Drops the looks that have come back; true if one of @folders is among those of the others,
 * or there are too many of them. */
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
