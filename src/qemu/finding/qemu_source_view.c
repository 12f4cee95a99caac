/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_view: see qemu_source_view.h. Reads nothing but links of /proc by itself.
 */
#include "qemu_source_view.h"

/* The mount namespace of the first process, if it has our root folder: then ours is a copy that a
 * sandbox has made, as systemd does for a service, and paths mean the same in both. NULL: it has
 * not, or that cannot be seen. The caller frees it. */
static char *
find_copied_mounts(HostRoot *root)
{
    struct stat own = {0};
    struct stat first = {0};

    if (!host_root_stat(root, "proc/self/root", &own) ||
        !host_root_stat(root, "proc/1/root", &first) || own.st_dev != first.st_dev ||
        own.st_ino != first.st_ino)
        return NULL;
    return host_root_readlink(root, "proc/1/ns/mnt");
}

void
qemu_source_view_init(QemuSourceView *self, HostRoot *root, UtilDeadline deadline)
{
    *self = (QemuSourceView){.root = root, .words = {host_reader_new(root), deadline}};
    self->table = host_sockets_new(root);
    self->descriptors = host_descriptors_new(root);
    self->own_mounts = host_root_readlink(root, "proc/self/ns/mnt");
    self->copied_mounts = find_copied_mounts(root);
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
    g_free(self->copied_mounts);
    g_free(self->own_network);
    *self = (QemuSourceView){0};
}

bool
qemu_source_view_has_link(const QemuSourceView *self, pid_t pid, const char *name, const char *own)
{
    g_autofree char *link = qemu_process_read_link(self->root, pid, name);

    return link == NULL || own == NULL || g_str_equal(link, own);
}

bool
qemu_source_view_shares_mounts(const QemuSourceView *self, pid_t pid)
{
    return qemu_source_view_has_link(self, pid, "ns/mnt", self->own_mounts) ||
           (self->copied_mounts != NULL &&
            qemu_source_view_has_link(self, pid, "ns/mnt", self->copied_mounts));
}
