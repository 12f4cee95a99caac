/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_source_libvirt_process: which of the QEMUs with a domain's UUID is its process.
 */
#include "testing.h"

#include "qemu/managed/qemu_source_libvirt_process.h"

#define SYSTEM  "/var/lib/libvirt/qemu/domain-"
#define SESSION "/home/u/.config/libvirt/qemu/lib/domain-"

typedef struct {
    const char *name;
    const char *keys[4]; /* of libvirt, in the words of the processes; "": the words name none */
    const char *domain;
    int id;
    QemuLibvirtSignsKind kind;
    int chosen; /* -1: none */
} Row;

/* clang-format off */
static const Row rows[] = {
    {"the only one", {SYSTEM "3-vm/master-key.aes"}, "vm", 3, QEMU_LIBVIRT_SIGNS_SYSTEM, 0},
    {"one that no libvirt has started", {""}, "vm", 3, QEMU_LIBVIRT_SIGNS_SYSTEM, -1},
    {"beside one that no libvirt has started", {"", SYSTEM "3-vm/k"}, "vm", 3,
     QEMU_LIBVIRT_SIGNS_SYSTEM, 1},
    {"the system's, beside a user's", {SESSION "3-vm/k", SYSTEM "3-vm/k"}, "vm", 3,
     QEMU_LIBVIRT_SIGNS_SYSTEM, 1},
    {"a user's, beside the system's", {SESSION "3-vm/k", SYSTEM "3-vm/k"}, "vm", 3,
     QEMU_LIBVIRT_SIGNS_SESSION, 0},
    {"a user's alone is not the system's", {SESSION "3-vm/k"}, "vm", 3, QEMU_LIBVIRT_SIGNS_SYSTEM,
     -1},
    {"the run before has not ended yet", {SYSTEM "3-vm/k", SYSTEM "4-vm/k"}, "vm", 4,
     QEMU_LIBVIRT_SIGNS_SYSTEM, 1},
    {"started again since it was listed", {SYSTEM "4-vm/k"}, "vm", 3, QEMU_LIBVIRT_SIGNS_SYSTEM,
     -1},
    {"another name", {SYSTEM "3-vn/k"}, "vm", 3, QEMU_LIBVIRT_SIGNS_SYSTEM, -1},
    {"two libvirts that cannot be told apart", {SYSTEM "3-vm/k", SYSTEM "3-vm/k"}, "vm", 3,
     QEMU_LIBVIRT_SIGNS_SYSTEM, -1},
    {"the embedded driver", {"/srv/x/lib/qemu/domain-3-vm/k"}, "vm", 3, QEMU_LIBVIRT_SIGNS_OTHER,
     0},
};
/* clang-format on */

static void
is_chosen(const void *data)
{
    const Row *row = data;
    const QemuSourceLibvirtProcessRun run = {"uuid", row->domain, row->id};
    g_autoptr(GPtrArray) processes = qemu_endpoint_new_array();
    const QemuEndpoint *chosen = NULL;

    for (size_t i = 0; row->keys[i] != NULL; i++) {
        QemuEndpoint *process = qemu_endpoint_new("key", "vm");

        process->definition = qemu_definition_new();
        if (row->keys[i][0] != '\0')
            process->definition->libvirt_key_path = g_strdup(row->keys[i]);
        g_ptr_array_add(processes, process);
    }
    chosen = qemu_source_libvirt_process_choose(processes, &run, row->kind);
    if (row->chosen < 0)
        assert_null(chosen);
    else
        assert_ptr_equal(chosen, g_ptr_array_index(processes, (guint)row->chosen));
}

int
main(void)
{
    return TESTING_RUN_TABLE("processes", rows, is_chosen);
}
