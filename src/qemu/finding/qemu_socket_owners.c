/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_socket_owners: see qemu_socket_owners.h. Reads /proc. Does not know what the sockets are
 * for.
 *
 * The program of a process costs one read of a link, what it has open one read for each descriptor.
 * Most wanted sockets are QEMUs', so these processes are searched first.
 */
#include "qemu_socket_owners.h"

#include <errno.h>

#include "host/process/host_process.h"
#include "qemu/words/qemu_program.h"
#include "qemu_process.h"

struct QemuSocketOwners {
    HostRoot *root;
    GHashTable *owners; /* inode of a wanted socket -> GArray of QemuSocketOwner */
    guint n_missing;    /* how many of them have no owner yet */
};

static void
free_owners(gpointer data)
{
    g_array_unref(data);
}

QemuSocketOwners *
qemu_socket_owners_new(HostRoot *root)
{
    QemuSocketOwners *self = g_new0(QemuSocketOwners, 1);

    self->root = root;
    self->owners = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_owners);
    return self;
}

void
qemu_socket_owners_free(QemuSocketOwners *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->owners);
    g_free(self);
}

void
qemu_socket_owners_want(QemuSocketOwners *self, ino_t socket_inode)
{
    gint64 key = (gint64)socket_inode;

    if (g_hash_table_contains(self->owners, &key))
        return;
    g_hash_table_insert(self->owners, g_memdup2(&key, sizeof(key)),
                        g_array_new(FALSE, FALSE, sizeof(QemuSocketOwner)));
    self->n_missing++;
}

static bool
is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM;
}

/* Notes which of the wanted sockets the process has open. */
static void
search_process(QemuSocketOwners *self, HostDescriptors *descriptors, pid_t pid, int *ret_shortage)
{
    const GArray *sockets = host_descriptors_list(descriptors, pid);

    if (sockets == NULL && is_shortage(errno))
        *ret_shortage = errno;
    for (guint i = 0; sockets != NULL && i < sockets->len; i++) {
        const HostDescriptorsSocket *socket = &g_array_index(sockets, HostDescriptorsSocket, i);
        gint64 key = (gint64)socket->inode;
        GArray *owners = g_hash_table_lookup(self->owners, &key);
        QemuSocketOwner owner = {pid, socket->fd};

        if (owners == NULL)
            continue;
        self->n_missing -= owners->len == 0;
        g_array_append_val(owners, owner);
    }
}

static bool
is_qemus_program(const QemuSocketOwners *self, pid_t pid)
{
    g_autofree char *exe = qemu_process_read_link(self->root, pid, "exe");

    return exe != NULL && qemu_program_judge(exe) == QEMU_PROGRAM_MACHINE;
}

bool
qemu_socket_owners_search(QemuSocketOwners *self, HostDescriptors *descriptors,
                          UtilDeadline deadline, int *ret_shortage)
{
    g_autofree pid_t *pids = NULL;

    if (self->n_missing == 0)
        return true;
    pids = host_process_list(self->root, NULL);
    if (pids == NULL && is_shortage(errno))
        *ret_shortage = errno;
    for (int pass = 0; pids != NULL && pass < 2; pass++)
        for (size_t i = 0; pids[i] != 0 && self->n_missing > 0; i++) {
            if (util_deadline_has_passed(deadline))
                return false;
            if (is_qemus_program(self, pids[i]) == (pass == 0))
                search_process(self, descriptors, pids[i], ret_shortage);
        }
    return true;
}

const GArray *
qemu_socket_owners_get(const QemuSocketOwners *self, ino_t socket_inode)
{
    gint64 key = (gint64)socket_inode;

    return g_hash_table_lookup(self->owners, &key);
}
