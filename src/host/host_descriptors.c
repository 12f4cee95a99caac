/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_descriptors: see host_descriptors.h. Owns nothing.
 */
#include "host_descriptors.h"

#include <errno.h>

#include "host_limits.h"
#include "host_text.h"

enum { PATH_BYTES = 64 };

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

GArray *
host_descriptors_list_sockets(HostRoot *root, pid_t pid)
{
    char path[PATH_BYTES] = "";
    g_auto(GStrv) names = NULL;
    GArray *sockets = NULL;

    g_snprintf(path, sizeof(path), "proc/%d/fd", (int)pid);
    names = host_root_list(root, path, HOST_LIMIT_DESCRIPTORS);
    if (names == NULL)
        return NULL;
    sockets = g_array_new(FALSE, FALSE, sizeof(HostDescriptorsSocket));
    for (size_t i = 0; names[i] != NULL; i++) {
        HostDescriptorsSocket socket = {.fd = parse_fd(names[i])};

        socket.inode = socket.fd >= 0 ? host_descriptors_socket(root, pid, socket.fd) : 0;
        if (socket.inode != 0)
            g_array_append_val(sockets, socket);
    }
    return sockets;
}
