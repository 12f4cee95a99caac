/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_holder: see host_holder.h.
 *
 * Owns what the search has found so far: the sockets of the processes that were searched, and the
 * list of the processes that were not. Does not know what the sockets are for.
 */
#include "host_holder.h"

#include <pthread.h>

#include "host/host_limits.h"
#include "host/host_process.h"
#include "host/host_text.h"

struct HostHolders {
    HostRoot *root;
    HostRoot *live_root; /* a root of its own, so that a recording of @root keeps nothing of the
                            search; NULL: use @root */
    pthread_mutex_t lock;
    GHashTable *holders;  /* socket inode -> pid */
    GHashTable *searched; /* pids whose descriptors were read */
    bool is_started;
    pid_t *pids;   /* all processes that /proc shows, ended by 0 */
    size_t n_done; /* how many of them were searched */
};

HostHolders *
host_holders_new(HostRoot *root)
{
    HostHolders *self = g_new0(HostHolders, 1);

    self->root = root;
    pthread_mutex_init(&self->lock, NULL);
    self->holders = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    self->searched = g_hash_table_new(NULL, NULL);
    return self;
}

void
host_holders_free(HostHolders *self)
{
    if (self == NULL)
        return;
    g_free(self->pids);
    g_hash_table_unref(self->searched);
    g_hash_table_unref(self->holders);
    host_root_free(self->live_root);
    pthread_mutex_destroy(&self->lock);
    g_free(self);
}

static HostRoot *
searched_root(const HostHolders *self)
{
    return self->live_root ? self->live_root : self->root;
}

/* Remembers the sockets of one process. If several hold a socket, the first is taken for its
 * holder. */
static void
search_process(HostHolders *self, pid_t pid, UtilDeadline deadline)
{
    g_autofree char *folder = g_strdup_printf("proc/%d/fd", pid);
    g_auto(GStrv) fds = NULL;

    if (!g_hash_table_add(self->searched, GINT_TO_POINTER(pid)))
        return;
    fds = host_root_list(searched_root(self), folder, HOST_LIMIT_DESCRIPTORS);
    for (size_t i = 0; fds && fds[i] && !util_deadline_has_passed(deadline); i++) {
        g_autofree char *path = g_strdup_printf("%s/%s", folder, fds[i]);
        g_autofree char *link = host_root_readlink(searched_root(self), path);
        gint64 inode = (gint64)(link ? host_text_socket_inode(link) : 0);

        if (inode != 0 && !g_hash_table_contains(self->holders, &inode))
            g_hash_table_insert(self->holders, g_memdup2(&inode, sizeof(inode)),
                                GINT_TO_POINTER(pid));
    }
}

static pid_t
get_holder(const HostHolders *self, ino_t socket_inode)
{
    gint64 key = (gint64)socket_inode;

    return GPOINTER_TO_INT(g_hash_table_lookup(self->holders, &key));
}

static void
start_search(HostHolders *self)
{
    if (host_root_is_live(self->root))
        self->live_root = host_root_new_live();
    self->pids = host_process_list(searched_root(self), NULL);
    self->is_started = true;
}

pid_t
host_holders_find(HostHolders *self, ino_t socket_inode, pid_t guess, UtilDeadline deadline)
{
    pid_t holder = 0;

    if (socket_inode == 0)
        return 0;
    pthread_mutex_lock(&self->lock);
    if (!self->is_started)
        start_search(self);
    holder = get_holder(self, socket_inode);
    if (holder == 0 && guess != 0) {
        search_process(self, guess, deadline);
        holder = get_holder(self, socket_inode);
    }
    while (holder == 0 && self->pids != NULL && self->pids[self->n_done] != 0 &&
           !util_deadline_has_passed(deadline)) {
        search_process(self, self->pids[self->n_done++], deadline);
        holder = get_holder(self, socket_inode);
    }
    pthread_mutex_unlock(&self->lock);
    return holder;
}
