/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_socketlist: see host_socketlist.h. Keeps nothing open between two lists: the namespace is
 * entered for each.
 */
#include "host_socketlist.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "host/host_netns.h"
#include "host_procnet.h"
#include "util/util_error.h"
#include "util/util_fd.h"

static char *
make_proc_path(pid_t pid, const char *name)
{
    return pid == 0 ? g_strdup_printf("proc/self/%s", name)
                    : g_strdup_printf("proc/%d/%s", (int)pid, name);
}

/* The number in "net:[number]"; 0 if the link cannot be read. */
static guint64
read_number(HostRoot *root, pid_t pid)
{
    g_autofree char *path = make_proc_path(pid, "ns/net");
    g_autofree char *link = host_root_readlink(root, path);
    const char *bracket = link ? strchr(link, '[') : NULL;

    return bracket ? g_ascii_strtoull(bracket + 1, NULL, 10) : 0;
}

/* The number of the namespace's file "unix". A recording has none; there each process counts as a
 * namespace of its own. */
static guint64
read_file_number(HostRoot *root, pid_t pid)
{
    g_autofree char *path = make_proc_path(pid, "net/unix");
    struct stat status = {0};

    if (!host_root_is_live(root))
        return (guint64)pid + 1;
    return host_root_stat(root, path, &status) ? status.st_ino : 0;
}

bool
host_socketlist_init(HostSocketlist *self, HostRoot *root, pid_t pid)
{
    *self = (HostSocketlist){.root = root, .pid = pid, .is_ours = pid == 0};
    self->number = read_number(root, pid);
    if (self->number == 0)
        self->file_number = read_file_number(root, pid);
    return self->number != 0 || self->file_number != 0;
}

void
host_socketlist_note_file(HostSocketlist *self)
{
    if (self->file_number == 0)
        self->file_number = read_file_number(self->root, self->pid);
}

/* A netlink socket in the namespace; NULL and an error if we may not enter it. */
static HostSockdiag *
open_diag(const HostSocketlist *self, GError **error)
{
    g_auto(UtilFd) fd = -1;
    struct stat status = {0};

    if (!host_root_is_live(self->root)) {
        g_set_error_literal(error, UTIL_ERROR, UTIL_ERROR_UNSUPPORTED,
                            "the sockets of a recording cannot be asked for");
        return NULL;
    }
    if (self->is_ours)
        return host_sockdiag_open(-1, error);
    fd = host_netns_open(self->pid);
    if (fd < 0 || fstat(fd, &status) < 0 || status.st_ino != self->number) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_SYSTEM,
                    "cannot enter the network namespace of process %d: %s", (int)self->pid,
                    g_strerror(fd < 0 ? errno : ESRCH));
        return NULL;
    }
    return host_sockdiag_open(fd, error);
}

/* False if the process has ended since, and its number may be another's. */
static bool
is_still_in(const HostSocketlist *self)
{
    return self->number != 0 ? read_number(self->root, self->pid) == self->number
                             : read_file_number(self->root, self->pid) == self->file_number;
}

bool
host_socketlist_read_unix(HostSocketlist *self, HostUnixdiagTake take, void *data, GError **error)
{
    g_autoptr(GError) refusal = NULL;
    g_autoptr(HostSockdiag) diag = open_diag(self, &refusal);

    if (diag && host_unixdiag_list(diag, take, data, &refusal))
        return true;
    self->is_by_proc = true;
    if (is_still_in(self) && host_procnet_list_unix(self->root, self->pid, take, data))
        return true;
    g_propagate_error(error, g_steal_pointer(&refusal));
    return false;
}

bool
host_socketlist_find_unix(const HostSocketlist *self, ino_t inode, HostUnixdiagTake take,
                          void *data)
{
    g_autoptr(HostSockdiag) diag = self->is_by_proc ? NULL : open_diag(self, NULL);

    return diag && host_unixdiag_find(diag, inode, take, data, NULL);
}

/* NULL if TCP sockets are to be read from /proc. */
static HostSockdiag *
open_tcp_diag(const HostSocketlist *self)
{
    return self->tcp_is_by_proc ? NULL : open_diag(self, NULL);
}

static bool
read_tcp_in_proc(const HostSocketlist *self, int family, uint16_t port, HostTcpdiagTake take,
                 void *data)
{
    return is_still_in(self) &&
           host_procnet_list_tcp(self->root, self->pid, family, port, take, data);
}

void
host_socketlist_read_listeners(HostSocketlist *self, HostTcpdiagTake take, void *data)
{
    static const int families[] = {AF_INET, AF_INET6};
    g_autoptr(HostSockdiag) diag = open_tcp_diag(self);

    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        if (diag && host_tcpdiag_list_listeners(diag, families[i], take, data, NULL))
            continue;
        self->tcp_is_by_proc = true;
        read_tcp_in_proc(self, families[i], 0, take, data);
    }
}

bool
host_socketlist_read_connections(const HostSocketlist *self, int family, uint16_t port,
                                 HostTcpdiagTake take, void *data)
{
    g_autoptr(HostSockdiag) diag = open_tcp_diag(self);

    if (diag && host_tcpdiag_list_connections(diag, family, port, take, data, NULL))
        return true;
    return read_tcp_in_proc(self, family, port, take, data);
}

bool
host_socketlist_find_connection(const HostSocketlist *self, const HostAddress *local,
                                const HostAddress *remote, HostTcpdiagTake take, void *data)
{
    g_autoptr(HostSockdiag) diag = open_tcp_diag(self);

    if (diag && host_tcpdiag_find_connection(diag, local, remote, take, data, NULL))
        return true;
    return read_tcp_in_proc(self, local->family, local->port, take, data);
}
