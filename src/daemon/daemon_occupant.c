/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_occupant: see daemon_occupant.h. Looks in our own network namespace, and takes no longer
 * than a moment: it is for a message only.
 */
#include "daemon_occupant.h"

#include <glib.h>

#include "daemon_address.h"
#include "host/host_address.h"
#include "host/sockets/host_holder.h"
#include "host/sockets/host_sockets.h"

enum { LOOK_MS = 2000 };

char *
daemon_occupant_name(pid_t pid)
{
    g_autofree char *file = g_strdup_printf("/proc/%d/comm", (int)pid);
    g_autofree char *name = NULL;

    if (pid <= 0 || !g_file_get_contents(file, &name, NULL, NULL))
        return g_strdup("another process");
    return g_strdup_printf("%s (pid %d)", g_strstrip(name), (int)pid);
}

/* The process that listens at @address; 0: it is not seen. */
static pid_t
find_listener(HostRoot *root, const HostAddress *address)
{
    g_autoptr(HostSockets) sockets = host_sockets_new(root);
    g_autoptr(HostHolders) holders = host_holders_new(root);
    guint64 ours = host_sockets_add_namespace(sockets, 0, NULL);
    HostListener listener = {0};

    if (ours == 0 || !host_sockets_find_tcp(sockets, ours, address, &listener))
        return 0;
    return host_holders_find(holders, listener.inode, 0, util_deadline_in_ms(LOOK_MS));
}

char *
daemon_occupant_of_tcp(const struct sockaddr *socket)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autofree char *text = daemon_address_to_text(socket, sizeof(struct sockaddr_storage));
    HostAddress address = {0};

    if (!host_address_parse(text, &address))
        return daemon_occupant_name(0);
    address = host_address_dialled(&address);
    return daemon_occupant_name(find_listener(root, &address));
}
