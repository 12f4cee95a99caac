/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_listening: see host_listening.h. Keeps nothing.
 */
#include "host_listening.h"

#include <errno.h>
#include <string.h>

#include "host/host_limits.h"
#include "host_unixdiag.h"

typedef struct {
    const char *prefix;
    GArray *inodes;
} Search;

static bool
take_listener(const HostUnixdiagSocket *socket, void *data)
{
    Search *search = data;
    const char *slash = strrchr(socket->path, '/');
    guint64 inode = socket->inode;

    if (socket->is_abstract || !g_str_has_prefix(slash ? slash + 1 : socket->path, search->prefix))
        return true;
    if (search->inodes->len >= HOST_LIMIT_SOCKETS) {
        errno = E2BIG;
        return false;
    }
    g_array_append_val(search->inodes, inode);
    return true;
}

static gint
compare_inodes(gconstpointer a, gconstpointer b)
{
    const guint64 *first = a;
    const guint64 *second = b;

    return (*first > *second) - (*first < *second);
}

GArray *
host_listening_list(const HostRoot *root, const char *prefix)
{
    g_autoptr(HostSockdiag) diag = host_root_is_live(root) ? host_sockdiag_open(-1, NULL) : NULL;
    g_autoptr(GArray) inodes = g_array_new(FALSE, FALSE, sizeof(guint64));
    Search search = {prefix, inodes};

    if (diag == NULL || !host_unixdiag_list_listeners(diag, take_listener, &search, NULL))
        return NULL;
    g_array_sort(inodes, compare_inodes);
    return g_steal_pointer(&inodes);
}
