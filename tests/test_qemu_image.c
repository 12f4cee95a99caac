/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_image: sizes of images out of their files, of what is no image none, and a storage
 * that blocks holds nobody up.
 *
 * The storage that is gone is a mount of FUSE that nobody serves: whoever touches it sleeps until
 * it is aborted. Only root can make one.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qemu/host/qemu_image.h"
#include "testing.h"
#include "util/util_fd.h"

#define NONE UINT64_MAX

typedef struct {
    const char *name;
    const char *format;
    bool is_encrypted;
    struct {
        uint8_t magic[8];
        size_t place; /* of @number, big-endian */
        uint64_t number;
        size_t number_size;
        size_t size;
    } header;
    uint64_t physical;
    uint64_t expected;
} Row;

#define QCOW2(version, capacity, size)                                                             \
    {                                                                                              \
        {'Q', 'F', 'I', 0xfb, 0, 0, 0, version}, 24, capacity, 8, size                             \
    }
#define LUKS(version, sectors, size)                                                               \
    {                                                                                              \
        {'L', 'U', 'K', 'S', 0xba, 0xbe, 0, version}, 104, sectors, 4, size                        \
    }

static const Row rows[] = {
    {"raw is as large as its file", "raw", false, {{0}, 0, 0, 0, 512}, 1000, 1000},
    {"no format is raw", NULL, false, {{0}, 0, 0, 0, 0}, 7, 7},
    {"raw that looks like qcow2 is raw", "raw", false, QCOW2(3, 5, 512), 9, 9},
    {"qcow2 says how large it is", "qcow2", false, QCOW2(3, 1 << 30, 512), 200, 1 << 30},
    {"qcow2 of version 2", "qcow2", false, QCOW2(2, 5, 512), 200, 5},
    {"qcow2 of version 1 was another format", "qcow2", false, QCOW2(1, 5, 512), 200, NONE},
    {"qcow2 of size 0 is as large as its file", "qcow2", false, QCOW2(3, 0, 512), 200, 200},
    {"qcow2 cut off", "qcow2", false, QCOW2(3, 5, 31), 31, NONE},
    {"what is called qcow2 and is not", "qcow2", false, {{0}, 0, 0, 0, 512}, 512, NONE},
    {"qcow2 past 2^63", "qcow2", false, QCOW2(3, UINT64_MAX - 1, 512), 1, UINT64_MAX - 1},
    {"qcow2 that is encrypted has its own size", "qcow2", true, QCOW2(3, 5, 512), 200, 5},
    {"LUKS without what comes before the guest's", "raw", true, LUKS(1, 4096, 512), 4194304,
     4194304 - 4096 * 512},
    {"LUKS that begins behind its end", "raw", true, LUKS(1, 4096, 512), 100, NONE},
    {"LUKS cut off", "raw", true, LUKS(1, 4096, 107), 107, 107},
    {"raw that has a secret and is no LUKS", "raw", true, {{0}, 0, 0, 0, 512}, 512, 512},
    {"a format that is not read", "dmg", false, {{0}, 0, 0, 0, 512}, 512, NONE},
};

static void
has_capacity(const void *data)
{
    const Row *row = data;
    /* Of exactly that size, so that a read past its end is seen. */
    g_autofree uint8_t *header = g_malloc0(MAX(row->header.size, 1));
    uint8_t bytes[128] = {0};
    UtilCount got = {0};

    memcpy(bytes, row->header.magic, sizeof(row->header.magic));
    for (size_t i = 0; i < row->header.number_size; i++)
        bytes[row->header.place + i] =
            (uint8_t)(row->header.number >> (8 * (row->header.number_size - 1 - i)));
    memcpy(header, bytes, MIN(sizeof(bytes), row->header.size));
    got = qemu_image_parse_capacity(row->format, row->is_encrypted, header, row->header.size,
                                    row->physical);
    assert_int_equal(got.is_present, row->expected != NONE);
    if (got.is_present)
        assert_true(got.value == row->expected);
}

/* Bytes as qemu-img 7.2 writes them for a disk of 20 MiB. */
typedef struct {
    const char *name;
    const char *format;
    struct {
        size_t place;
        uint8_t bytes[8];
    } parts[3]; /* magic, version, size */
    size_t size;
    uint64_t expected;
} FormatRow;

#define MIB_20        (20 << 20)
#define BIG_ENDIAN_20 0, 0, 0, 0, 0x01, 0x40, 0, 0
#define LITTLE_20     0, 0, 0x40, 0x01, 0, 0, 0, 0
#define SECTORS_20    0, 0xa0, 0, 0, 0, 0, 0, 0
#define VMDK(version)                                                                              \
    {                                                                                              \
        0,                                                                                         \
        {                                                                                          \
            'K', 'D', 'M', 'V', version                                                            \
        }                                                                                          \
    }
#define VDI_MAGIC                                                                                  \
    {                                                                                              \
        64,                                                                                        \
        {                                                                                          \
            0x7f, 0x10, 0xda, 0xbe, 1, 0, 1, 0                                                     \
        }                                                                                          \
    }
#define QCOW_MAGIC                                                                                 \
    {                                                                                              \
        0,                                                                                         \
        {                                                                                          \
            'Q', 'F', 'I', 0xfb, 0, 0, 0, 1                                                        \
        }                                                                                          \
    }
#define VPC_MAGIC                                                                                  \
    {                                                                                              \
        0,                                                                                         \
        {                                                                                          \
            'c', 'o', 'n', 'e', 'c', 't', 'i', 'x'                                                 \
        }                                                                                          \
    }
#define QED_MAGIC                                                                                  \
    {                                                                                              \
        0,                                                                                         \
        {                                                                                          \
            'Q', 'E', 'D', 0                                                                       \
        }                                                                                          \
    }

static const FormatRow format_rows[] = {
    {"qcow", "qcow", {QCOW_MAGIC, {24, {BIG_ENDIAN_20}}}, 512, MIB_20},
    {"qed", "qed", {QED_MAGIC, {48, {LITTLE_20}}}, 512, MIB_20},
    {"qed cut off", "qed", {QED_MAGIC, {48, {LITTLE_20}}}, 55, NONE},
    {"vmdk counts sectors", "vmdk", {VMDK(1), {12, {SECTORS_20}}}, 512, MIB_20},
    {"vmdk of version 3", "vmdk", {VMDK(3), {12, {SECTORS_20}}}, 512, MIB_20},
    {"vmdk of a later version", "vmdk", {VMDK(4), {12, {SECTORS_20}}}, 512, NONE},
    {"vmdk with more sectors than bytes can be counted",
     "vmdk",
     {VMDK(1), {12, {0, 0, 0, 0, 0, 0, 0, 1}}},
     512,
     NONE},
    {"a vmdk that is a text has no header",
     "vmdk",
     {{0, {'#', ' ', 'D', 'i', 's', 'k'}}},
     512,
     NONE},
    {"vdi", "vdi", {VDI_MAGIC, {368, {LITTLE_20}}}, 512, MIB_20},
    {"vdi cut off", "vdi", {VDI_MAGIC, {368, {LITTLE_20}}}, 375, NONE},
    {"vdi of another version",
     "vdi",
     {{64, {0x7f, 0x10, 0xda, 0xbe, 2, 0, 1, 0}}, {368, {LITTLE_20}}},
     512,
     NONE},
    {"vpc", "vpc", {VPC_MAGIC, {40, {BIG_ENDIAN_20}}}, 512, MIB_20},
    {"a vpc of fixed size has its header at the end", "vpc", {{40, {BIG_ENDIAN_20}}}, 512, NONE},
    {"nothing at all", "vdi", {{0}}, 0, NONE},
};

static void
has_capacity_of_format(const void *data)
{
    const FormatRow *row = data;
    g_autofree uint8_t *header = g_malloc0(MAX(row->size, 1));
    uint8_t bytes[QEMU_IMAGE_HEADER_BYTES] = {0};
    UtilCount got = {0};

    for (size_t i = 0; i < G_N_ELEMENTS(row->parts); i++)
        for (size_t k = 0; k < sizeof(row->parts[i].bytes); k++)
            bytes[row->parts[i].place + k] |= row->parts[i].bytes[k];
    memcpy(header, bytes, row->size);
    got = qemu_image_parse_capacity(row->format, false, header, row->size, 100);
    assert_int_equal(got.is_present, row->expected != NONE);
    if (got.is_present)
        assert_true(got.value == row->expected);
}

static void
a_file_tells_its_sizes(void **state)
{
    char *folder = testing_make_folder();
    g_autofree char *path = g_build_filename(folder, "disk", NULL);
    g_autofree char *link = g_build_filename(folder, "link", NULL);
    QemuFactsImage image = {0};

    (void)state;
    testing_write_file(folder, "disk", "abc");
    assert_int_equal(truncate(path, 1048576), 0);
    assert_int_equal(symlink(path, link), 0);
    assert_true(qemu_image_probe(link, "raw", false, &image));
    assert_int_equal(image.capacity.value, 1048576);
    assert_int_equal(image.physical.value, 1048576);
    assert_true(image.allocation.is_present);
    assert_true(image.allocation.value < 1048576); /* the rest is a hole */
    testing_remove_folder(folder);
}

static void
what_is_no_image_is_not_opened(void **state)
{
    char *folder = testing_make_folder();
    g_autofree char *fifo = g_build_filename(folder, "fifo", NULL);
    g_autofree char *missing = g_build_filename(folder, "missing", NULL);
    const char *const paths[] = {fifo, missing, folder, "/dev/null", "/dev/zero"};
    QemuFactsImage image = {.physical = {77, true}};

    (void)state;
    assert_int_equal(mkfifo(fifo, 0600), 0);
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
        assert_false(qemu_image_probe(paths[i], "raw", false, &image));
    assert_int_equal(image.physical.value, 77);
    testing_remove_folder(folder);
}

static QemuDefinition *
make_definition(const char *top, const char *backing)
{
    QemuDefinition *definition = qemu_definition_new_of_libvirt();
    QemuDefinitionDisk *disk = qemu_definition_add_disk(definition);

    disk->path = g_strdup(top);
    disk->format = g_strdup("raw");
    disk->paths = g_ptr_array_new_with_free_func(g_free);
    disk->formats = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(disk->paths, g_strdup(top));
    g_ptr_array_add(disk->formats, g_strdup("raw"));
    g_ptr_array_add(disk->paths, g_strdup(backing));
    g_ptr_array_add(disk->formats, g_strdup(""));
    return definition;
}

static guint
count_images(QemuImageProber *prober, const QemuDefinition *definition, bool with_backing,
             UtilDeadline deadline)
{
    g_auto(QemuFacts) facts = {0};

    qemu_facts_init(&facts);
    qemu_image_prober_run(prober, definition, with_backing, deadline, &facts);
    return facts.images ? g_hash_table_size(facts.images) : 0;
}

static void
a_domain_shows_what_was_asked(void **state)
{
    char *folder = testing_make_folder();
    g_autofree char *top = g_build_filename(folder, "top", NULL);
    g_autofree char *backing = g_build_filename(folder, "backing", NULL);
    g_autofree char *missing = g_build_filename(folder, "missing", NULL);
    g_autoptr(QemuImageProber) prober = qemu_image_prober_new();
    g_autoptr(QemuDefinition) both = make_definition(top, backing);
    g_autoptr(QemuDefinition) one = make_definition(missing, backing);
    g_autoptr(QemuDefinition) relative = make_definition("top", "");
    UtilDeadline later = util_deadline_in_ms(60000);

    (void)state;
    testing_write_file(folder, "top", "a");
    testing_write_file(folder, "backing", "b");
    assert_int_equal(count_images(prober, both, false, later), 1);
    assert_int_equal(count_images(prober, both, true, later), 2);
    assert_int_equal(count_images(prober, one, true, later), 1);
    assert_int_equal(count_images(prober, relative, true, later), 0);
    assert_int_equal(count_images(prober, NULL, true, later), 0);
    assert_int_equal(count_images(prober, both, true, util_deadline_in_ms(0)), 0);
    testing_remove_folder(folder);
}

/* A storage that is gone, at @folder; -1 where there can be none. Closing gives it back. */
static int
mount_dead_storage(const char *folder)
{
    g_auto(UtilFd) fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    g_autofree char *options = g_strdup_printf("fd=%d,rootmode=40000,user_id=0,group_id=0", fd);

    if (fd < 0 || mount("test", folder, "fuse", MS_NOSUID | MS_NODEV, options) < 0)
        return -1;
    return util_fd_steal(&fd);
}

/* False where there can be none. */
static bool
probe_dead_storage(void)
{
    char *folder = testing_make_folder();
    g_autofree char *dead = g_build_filename(folder, "dead", NULL);
    g_autofree char *on_dead = g_build_filename(dead, "disk", NULL);
    g_autofree char *good = g_build_filename(folder, "good", NULL);
    g_autoptr(QemuImageProber) prober = qemu_image_prober_new();
    g_autoptr(QemuDefinition) lost = make_definition(on_dead, good);
    g_autoptr(QemuDefinition) found = make_definition(good, good);
    UtilDeadline later = util_deadline_in_ms(60000);
    g_auto(UtilFd) storage = -1;
    int64_t before_us = 0;

    testing_write_file(folder, "good", "a");
    assert_int_equal(mkdir(dead, 0700), 0);
    storage = mount_dead_storage(dead);
    if (storage < 0) {
        testing_remove_folder(folder);
        return false;
    }
    before_us = util_deadline_now_us();
    assert_int_equal(count_images(prober, lost, false, util_deadline_in_ms(50)), 0);
    assert_true(util_deadline_now_us() - before_us >= 50000);      /* it was blocked indeed */
    assert_int_equal(count_images(prober, lost, false, later), 0); /* at once */
    assert_int_equal(count_images(prober, found, false, later), 1);
    util_fd_clear(&storage);
    while (umount2(dead, MNT_DETACH) == 0)
        ;
    assert_int_equal(count_images(prober, lost, true, util_deadline_in_ms(0)), 0);
    testing_remove_folder(folder);
    return true;
}

/* Whoever is blocked costs one deadline, and nobody else anything; what is on a good storage
 * stays to be seen. When the storage is given back all is as before. */
static void
a_dead_storage_holds_nobody_up(void **state)
{
    (void)state;
    if (!probe_dead_storage())
        skip(); /* jumps out: here nothing is owned */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_tells_its_sizes),
        cmocka_unit_test(what_is_no_image_is_not_opened),
        cmocka_unit_test(a_domain_shows_what_was_asked),
        cmocka_unit_test(a_dead_storage_holds_nobody_up),
    };

    return TESTING_RUN_TABLE("capacity", rows, has_capacity) +
           TESTING_RUN_TABLE("capacity by format", format_rows, has_capacity_of_format) +
           cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
