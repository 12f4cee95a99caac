/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_namespaces: see host_namespaces.h.
 *
 * A namespace is known by the number of its file in nsfs; where its link cannot be read, by the
 * number of its file "unix" in /proc, of which each namespace has one of its own.
 */
#include "host_namespaces.h"

void
host_namespaces_init(HostNamespaces *self)
{
    *self = (HostNamespaces){0};
    self->all = g_ptr_array_new_with_free_func(g_free);
    self->by_number = g_hash_table_new(g_int64_hash, g_int64_equal);
}

void
host_namespaces_clear(HostNamespaces *self)
{
    g_hash_table_unref(self->by_number);
    g_ptr_array_unref(self->all);
}

HostNamespace *
host_namespaces_find(const HostNamespaces *self, guint64 number)
{
    return number != 0 ? g_hash_table_lookup(self->by_number, &number) : NULL;
}

static void
note_number(HostNamespaces *self, HostNamespace *netns, size_t kind, guint64 number)
{
    if (number == 0 || netns->numbers[kind] != 0)
        return;
    netns->numbers[kind] = number;
    g_hash_table_insert(self->by_number, &netns->numbers[kind], netns);
}

static HostNamespace *
make_namespace(HostNamespaces *self, const HostSocketlist *list)
{
    HostNamespace *netns = g_new0(HostNamespace, 1);

    netns->list = *list;
    netns->list.is_ours |= list->number != 0 && list->number == self->own_number;
    host_socketlist_note_file(&netns->list);
    g_ptr_array_add(self->all, netns);
    return netns;
}

bool
host_namespaces_add(HostNamespaces *self, HostRoot *root, pid_t pid, HostNamespace **ret_netns,
                    bool *ret_is_new)
{
    HostSocketlist list = {0};
    guint n_before = self->all->len;
    HostNamespace *netns = pid == 0 ? host_namespaces_find(self, self->own_number) : NULL;

    if (self->own_number == 0 && host_socketlist_init(&list, root, 0))
        self->own_number = list.number;
    if (!netns) {
        if (!host_socketlist_init(&list, root, pid))
            return false;
        netns = host_namespaces_find(self, list.number);
        if (!netns)
            netns = host_namespaces_find(self, list.file_number);
        if (!netns)
            netns = make_namespace(self, &list);
        note_number(self, netns, 0, list.number);
        note_number(self, netns, 1, netns->list.file_number);
        if (netns->number == 0)
            netns->number = netns->numbers[0] != 0 ? netns->numbers[0] : netns->numbers[1];
    }
    *ret_netns = netns;
    *ret_is_new = self->all->len > n_before;
    return true;
}
