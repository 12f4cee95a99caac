/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_descriptors: see host_descriptors.h. Owns the lists that it has read.
 */
#include "host_descriptors.h"

#include <errno.h>

#include "host/host_limits.h"
#include "host/host_tap.h"
#include "host/host_text.h"
#include "host_kvmstat.h"

enum { PATH_BYTES = 64 };

/* What was read of one process. */
typedef struct {
    GArray *sockets; /* NULL: it could not be read */
    int error;       /* errno then */
    HostDescriptorsOthers others;
} Listed;

struct HostDescriptors {
    HostRoot *root;
    HostRoot *live_root; /* a root of its own, of which no recording is made; NULL: use @root */
    GHashTable *listed;  /* pid -> Listed, owned */
};

bool
host_descriptors_has_socket(HostDescriptors *self, pid_t pid, ino_t inode)
{
    const GArray *sockets = host_descriptors_list(self, pid);

    for (guint i = 0; sockets != NULL && i < sockets->len; i++)
        if (g_array_index(sockets, HostDescriptorsSocket, i).inode == inode)
            return true;
    return false;
}

ino_t
host_descriptors_socket(HostRoot *root, pid_t pid, int fd)
{
    char path[PATH_BYTES] = "";
    g_autofree char *link = NULL;

    g_snprintf(path, sizeof(path), "proc/%d/fd/%d", (int)pid, fd);
    link = host_root_readlink(root, path);
    if (link == NULL)
        return 0;
    errno = 0;
    return host_text_socket_inode(link);
}

/* The number of a descriptor, 0 included; -1 if @name is none. */
static int
parse_fd(const char *name)
{
    return name[0] == '0' && name[1] == '\0' ? 0
           : host_text_pid(name) > 0         ? host_text_pid(name)
                                             : -1;
}

static void
take_other(HostDescriptorsOthers *others, int fd, const char *target)
{
    HostKvmstatOf of = host_kvmstat_judge(target);

    others->has_kvm_vcpus |= of == HOST_KVMSTAT_OF_VCPU;
    others->has_kvm_stats |= of == HOST_KVMSTAT_OF_STATS;
    if (host_tap_may_be(target))
        g_array_append_val(others->tap_fds, fd);
}

static void
take_link(const char *name, const char *target, void *data)
{
    Listed *listed = data;
    HostDescriptorsSocket socket = {parse_fd(name), host_text_socket_inode(target)};

    if (socket.fd < 0)
        return;
    if (socket.inode != 0)
        g_array_append_val(listed->sockets, socket);
    else
        take_other(&listed->others, socket.fd, target);
}

static void
free_listed(gpointer data)
{
    Listed *listed = data;

    if (listed->sockets != NULL)
        g_array_unref(listed->sockets);
    g_array_unref(listed->others.tap_fds);
    g_free(listed);
}

HostDescriptors *
host_descriptors_new(HostRoot *root)
{
    HostDescriptors *self = g_new0(HostDescriptors, 1);

    self->root = root;
    self->listed = g_hash_table_new_full(NULL, NULL, NULL, free_listed);
    return self;
}

void
host_descriptors_free(HostDescriptors *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->listed);
    host_root_free(self->live_root);
    g_free(self);
}

bool
host_descriptors_is_live(const HostDescriptors *self)
{
    return host_root_is_live(self->root);
}

static Listed *
read_process(HostDescriptors *self, pid_t pid)
{
    Listed *listed = g_new0(Listed, 1);
    HostRoot *root = self->root;
    char path[PATH_BYTES] = "";

    if (self->live_root == NULL && host_root_is_live(self->root))
        self->live_root = host_root_new_live();
    if (self->live_root != NULL)
        root = self->live_root;
    listed->sockets = g_array_new(FALSE, FALSE, sizeof(HostDescriptorsSocket));
    listed->others.tap_fds = g_array_new(FALSE, FALSE, sizeof(int));
    g_snprintf(path, sizeof(path), "proc/%d/fd", (int)pid);
    if (!host_root_walk_links(root, path, HOST_LIMIT_DESCRIPTORS, take_link, listed)) {
        listed->error = errno;
        g_clear_pointer(&listed->sockets, g_array_unref);
    }
    return listed;
}

static const Listed *
get_listed(HostDescriptors *self, pid_t pid)
{
    Listed *listed = g_hash_table_lookup(self->listed, GINT_TO_POINTER(pid));

    if (listed == NULL) {
        listed = read_process(self, pid);
        g_hash_table_insert(self->listed, GINT_TO_POINTER(pid), listed);
    }
    errno = listed->error;
    return listed;
}

const GArray *
host_descriptors_list(HostDescriptors *self, pid_t pid)
{
    return get_listed(self, pid)->sockets;
}

const HostDescriptorsOthers *
host_descriptors_others(HostDescriptors *self, pid_t pid)
{
    const Listed *listed = get_listed(self, pid);

    return listed->sockets != NULL ? &listed->others : NULL;
}
