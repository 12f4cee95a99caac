/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_top_slice: the slice of a process, from what the kernel writes of its control groups.
 */
#include "top/top_slice.h"

#include <string.h>
#include <unistd.h>

#include "testing.h"

typedef struct {
    const char *sentence;
    const char *text;
    const char *expected; /* NULL: none is known */
} Row;

static const Row rows[] = {
    {"libvirt under systemd",
     "0::/machine.slice/machine-qemu\\x2d1\\x2dweb.scope/libvirt/emulator\n", "machine.slice"},
    {"a slice in a slice",
     "0::/machine.slice/machine-prod.slice/machine-qemu\\x2d1\\x2dweb.scope\n",
     "machine-prod.slice"},
    {"Proxmox VE", "0::/qemu.slice/100.scope\n", "qemu.slice"},
    {"what a user's manager makes is of the user",
     "0::/user.slice/user-1000.slice/user@1000.service/app.slice/qemu.service\n",
     "user-1000.slice"},
    {"libvirt without systemd, on cgroup v1",
     "9:name=systemd:/\n4:memory:/machine/qemu-1-web.libvirt-qemu\n0::/\n", "/machine"},
    {"a partition of that", "0::/machine/prod.partition/qemu-1-web.libvirt-qemu/emulator\n",
     "/machine/prod.partition"},
    {"the hierarchy of systemd beside an unused one",
     "5:memory:/\n1:name=systemd:/machine.slice/machine-a.scope\n0::/\n", "machine.slice"},
    {"a group with a colon in its name", "0::/machine.slice/a:b.scope\n", "machine.slice"},
    {"nothing in the path is known", "0::/lxc.payload.one/vms\n", "/lxc.payload.one/vms"},
    {"the root of a container", "0::/\n", "/"},
    {"a process outside of the container", "0::/../../machine.slice/machine-a.scope\n",
     "machine.slice"},
    {"a service without a slice", "0::/init.scope\n", "/"},
    {"no control group", "", NULL},
    {"not of that form", "machine.slice\n", NULL},
    {"no path", "0::\n", NULL},
};

static void
finds_the_slice(const void *data)
{
    const Row *row = data;
    g_autofree char *got = top_slice_parse(row->text);

    assert_int_equal(got == NULL, row->expected == NULL);
    if (got != NULL)
        assert_string_equal(got, row->expected);
}

/* A name may look like the end of the name. */
#define STAT "7 (a) b) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0\n"

static void
a_process_is_known_by_its_start(void **state)
{
    g_autofree char *stat = NULL;
    g_autofree char *slice = NULL;
    g_auto(GStrv) fields = NULL;
    uint64_t start_ticks = 0;

    (void)state;
    assert_true(top_slice_is_process(STAT, 4711));
    assert_false(top_slice_is_process(STAT, 4712));
    assert_false(top_slice_is_process(STAT, 0));
    assert_false(top_slice_is_process("7 (a) S 1", 1));
    assert_false(top_slice_is_process("", 1));

    /* This process, and one that had its number before. */
    assert_true(g_file_get_contents("/proc/self/stat", &stat, NULL, NULL));
    fields = g_strsplit(strrchr(stat, ')'), " ", -1);
    start_ticks = g_ascii_strtoull(fields[20], NULL, 10);
    slice = top_slice_read(getpid(), start_ticks);
    assert_non_null(slice);
    assert_null(top_slice_read(getpid(), start_ticks + 1));
    assert_null(top_slice_read(getpid(), 0));
    assert_null(top_slice_read(0, start_ticks));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_is_known_by_its_start),
    };

    return TESTING_RUN_TABLE("top_slice", rows, finds_the_slice) +
           cmocka_run_group_tests_name("top_slice", tests, NULL, NULL);
}
