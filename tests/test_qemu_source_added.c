/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_source_added: which programs can be given a monitor while they run.
 */
#include "qemu/finding/qemu_source_added.h"

#include <string.h>
#include <unistd.h>

#include "testing.h"

enum { SLICE = 1 << 20 };

typedef struct {
    const char *name;
    const char *text; /* with its NUL */
    size_t offset;    /* in a file of zeros */
    QemuSourceAddedAnswer answer;
} Row;

static const Row rows[] = {
    {"an older program", "monitor-qm", 100, QEMU_SOURCE_ADDED_CANNOT},
    {"a longer name is another", "monitor-qmp2", 100, QEMU_SOURCE_ADDED_CANNOT},
    {"the type is in it", "monitor-qmp", 100, QEMU_SOURCE_ADDED_MAY},
    {"at its beginning", "monitor-qmp", 0, QEMU_SOURCE_ADDED_MAY},
    {"far inside", "monitor-qmp", 3 * SLICE + 7, QEMU_SOURCE_ADDED_MAY},
    {"across two slices", "monitor-qmp", SLICE - 5, QEMU_SOURCE_ADDED_MAY},
    {"its NUL in the next slice", "monitor-qmp", SLICE - 11, QEMU_SOURCE_ADDED_MAY},
    {"its first letter in the slice before", "monitor-qmp", 2 * SLICE - 1, QEMU_SOURCE_ADDED_MAY},
};

static void
is_told(const void *data)
{
    const Row *row = data;
    g_autofree char *folder = g_dir_make_tmp("domstats-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "program", NULL);
    size_t size = row->offset + strlen(row->text) + 1;
    g_autofree char *bytes = g_malloc0(size);
    QemuSourceAddedAnswer answer = QEMU_SOURCE_ADDED_UNKNOWN;

    memcpy(bytes + row->offset, row->text, strlen(row->text));
    assert_true(g_file_set_contents(path, bytes, (gssize)size, NULL));
    answer = qemu_source_added_search(path);
    unlink(path);
    rmdir(folder);
    assert_int_equal(answer, row->answer);
}

static void
a_file_that_is_none_is_not_read(void **state)
{
    (void)state;
    assert_int_equal(qemu_source_added_search("/no/such"), QEMU_SOURCE_ADDED_UNKNOWN);
    assert_int_equal(qemu_source_added_search("/dev/null"), QEMU_SOURCE_ADDED_UNKNOWN);
    assert_int_equal(qemu_source_added_search("/"), QEMU_SOURCE_ADDED_UNKNOWN);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_file_that_is_none_is_not_read)};

    return TESTING_RUN_TABLE("programs", rows, is_told) + cmocka_run_group_tests(tests, NULL, NULL);
}
