/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_desk: see qemu_desk.h. Owns the inbox; does not know what is asked, or why.
 */
#include "qemu_desk.h"

#include <sys/epoll.h>

static void
unref_pool(gpointer data)
{
    libvirt_pool_unref(data);
}

/* Makes the inbox. False if the system gives no descriptor. */
static bool
open_inbox(QemuDesk *self)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

    if (self->inbox != NULL)
        return true;
    self->inbox = libvirt_pool_inbox_new();
    if (self->inbox == NULL)
        return false;
    if (epoll_ctl(self->poll_fd, EPOLL_CTL_ADD, libvirt_pool_inbox_fd(self->inbox), &event) < 0) {
        g_clear_pointer(&self->inbox, libvirt_pool_inbox_free);
        return false;
    }
    self->owners = g_hash_table_new(NULL, NULL);
    self->pools = g_ptr_array_new_with_free_func(unref_pool);
    return true;
}

void
qemu_desk_clear(QemuDesk *self)
{
    libvirt_pool_inbox_free(self->inbox);
    if (self->owners != NULL)
        g_hash_table_unref(self->owners);
    if (self->pools != NULL)
        g_ptr_array_unref(self->pools);
    *self = (QemuDesk){0};
}

void *
qemu_desk_take(QemuDesk *self)
{
    LibvirtPoolRequest *request = NULL;

    while (self->inbox != NULL && (request = libvirt_pool_inbox_take(self->inbox)) != NULL) {
        void *owner = g_hash_table_lookup(self->owners, request);

        libvirt_pool_request_unref(request);
        if (owner != NULL)
            return owner;
    }
    return NULL;
}

bool
qemu_desk_is_waiting(const QemuDesk *self)
{
    return self->owners != NULL && g_hash_table_size(self->owners) > 0;
}

void
qemu_desk_look_after(QemuDesk *self)
{
    for (guint i = 0; self->pools != NULL && i < self->pools->len; i++)
        libvirt_pool_look_after(g_ptr_array_index(self->pools, i));
}

LibvirtPoolRequest *
qemu_desk_ask(QemuDesk *self, LibvirtPool *pool, const LibvirtStatsQuestion *question, void *owner)
{
    LibvirtPoolRequest *request = NULL;

    if (!open_inbox(self))
        return NULL;
    if (!g_ptr_array_find(self->pools, pool, NULL))
        g_ptr_array_add(self->pools, libvirt_pool_ref(pool));
    request = libvirt_stats_ask(pool, question, self->inbox);
    g_hash_table_insert(self->owners, request, owner);
    return request;
}

void
qemu_desk_forget(QemuDesk *self, LibvirtPoolRequest *request)
{
    g_hash_table_remove(self->owners, request);
}
