/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_view: see qemu_source_view.h. Reads nothing but links of /proc by itself.
 */
#include "qemu_source_view.h"

void
qemu_source_view_init(QemuSourceView *self, HostRoot *root, UtilDeadline deadline)
{
    *self = (QemuSourceView){.root = root, .words = {host_reader_new(root), deadline}};
    self->table = host_sockets_new(root);
    self->descriptors = host_descriptors_new(root);
    self->own_mounts = host_root_readlink(root, "proc/self/ns/mnt");
    self->own_network = host_root_readlink(root, "proc/self/ns/net");
}

void
qemu_source_view_clear(QemuSourceView *self)
{
    host_descriptors_free(self->descriptors);
    host_sockets_unref(self->table);
    host_reader_free(self->words.reader);
    g_clear_pointer(&self->programs, g_hash_table_unref);
    g_free(self->own_mounts);
    g_free(self->own_network);
    *self = (QemuSourceView){0};
}

bool
qemu_source_view_has_link(const QemuSourceView *self, pid_t pid, const char *name, const char *own)
{
    g_autofree char *link = qemu_process_read_link(self->root, pid, name);

    return link == NULL || own == NULL || g_str_equal(link, own);
}
