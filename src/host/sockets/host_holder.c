/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_holder: see host_holder.h.
 *
 * Owns what the search has found so far: the sockets of the processes that were searched, and the
 * list of the processes that were not. Does not know what the sockets are for.
 */
#include "host_holder.h"

#include <errno.h>
#include <pthread.h>

#include "host/host_limits.h"
#include "host/host_text.h"
#include "host/process/host_process.h"

/* A socket that was not found is searched for again in all processes, but not so often that this
 * costs more than a small part of a processor. */
enum { SEARCH_AGAIN_US = 500000 };

struct HostHolders {
    HostRoot *root;
    HostRoot *live_root; /* a root of its own, so that a recording of @root keeps nothing of the
                            search; NULL: use @root */
    pthread_mutex_t lock;
    GHashTable *holders;  /* socket inode -> pid that was found first */
    GHashTable *others;   /* socket inode -> GArray of pid_t: the others, if there are any */
    GHashTable *searched; /* pids whose descriptors were read */
    bool is_denied;
    int64_t started_us; /* monotonic; 0: not yet */
    pid_t *pids;        /* all processes that /proc shows, ended by 0 */
    size_t n_done;      /* how many of them were searched */
};

static void
free_pids(gpointer data)
{
    g_array_unref(data);
}

HostHolders *
host_holders_new(HostRoot *root)
{
    HostHolders *self = g_new0(HostHolders, 1);

    self->root = root;
    if (host_root_is_live(root))
        self->live_root = host_root_new_live();
    pthread_mutex_init(&self->lock, NULL);
    self->holders = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    self->others = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_pids);
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
    g_hash_table_unref(self->others);
    g_hash_table_unref(self->holders);
    host_root_free(self->live_root);
    pthread_mutex_destroy(&self->lock);
    g_free(self);
}

static HostRoot *
get_root(const HostHolders *self)
{
    return self->live_root ? self->live_root : self->root;
}

static pid_t
get_holder(const HostHolders *self, ino_t socket_inode)
{
    gint64 key = (gint64)socket_inode;

    return GPOINTER_TO_INT(g_hash_table_lookup(self->holders, &key));
}

static bool
has_pid(const GArray *pids, pid_t pid)
{
    for (guint i = 0; i < pids->len; i++)
        if (g_array_index(pids, pid_t, i) == pid)
            return true;
    return false;
}

/* A process may have a socket open more than once. */
static void
note_holder(HostHolders *self, gint64 inode, pid_t pid)
{
    pid_t first = get_holder(self, (ino_t)inode);
    GArray *others = NULL;

    if (first == pid)
        return;
    if (first == 0) {
        g_hash_table_insert(self->holders, g_memdup2(&inode, sizeof(inode)), GINT_TO_POINTER(pid));
        return;
    }
    others = g_hash_table_lookup(self->others, &inode);
    if (others == NULL) {
        others = g_array_new(FALSE, FALSE, sizeof(pid_t));
        g_hash_table_insert(self->others, g_memdup2(&inode, sizeof(inode)), others);
    }
    if (!has_pid(others, pid))
        g_array_append_val(others, pid);
}

static ino_t
read_inode(const HostHolders *self, pid_t pid, const char *fd)
{
    g_autofree char *path = g_strdup_printf("proc/%d/fd/%s", (int)pid, fd);
    g_autofree char *link = host_root_readlink(get_root(self), path);

    return link ? host_text_socket_inode(link) : 0;
}

static char **
list_descriptors(const HostHolders *self, pid_t pid)
{
    g_autofree char *folder = g_strdup_printf("proc/%d/fd", (int)pid);

    return host_root_list(get_root(self), folder, HOST_LIMIT_DESCRIPTORS);
}

/* Remembers the sockets of one process. */
static void
search_process(HostHolders *self, pid_t pid, UtilDeadline deadline)
{
    g_auto(GStrv) fds = NULL;

    if (!g_hash_table_add(self->searched, GINT_TO_POINTER(pid)))
        return;
    fds = list_descriptors(self, pid);
    if (fds == NULL)
        self->is_denied |= errno == EACCES || errno == EPERM;
    for (size_t i = 0; fds && fds[i] && !util_deadline_has_passed(deadline); i++) {
        gint64 inode = (gint64)read_inode(self, pid, fds[i]);

        if (inode != 0)
            note_holder(self, inode, pid);
    }
}

static void
start_search(HostHolders *self)
{
    g_hash_table_remove_all(self->holders);
    g_hash_table_remove_all(self->others);
    g_hash_table_remove_all(self->searched);
    g_free(self->pids);
    self->pids = host_process_list(get_root(self), NULL);
    self->n_done = 0;
    self->is_denied = false;
    self->started_us = util_deadline_now_us();
}

static bool
is_done(const HostHolders *self)
{
    return self->pids == NULL || self->pids[self->n_done] == 0;
}

/* Searches on, until @socket_inode is found or, with @finds_all, all processes were searched. */
static void
search_on(HostHolders *self, ino_t socket_inode, bool finds_all, UtilDeadline deadline)
{
    while ((finds_all || get_holder(self, socket_inode) == 0) && !is_done(self) &&
           !util_deadline_has_passed(deadline))
        search_process(self, self->pids[self->n_done++], deadline);
}

static void
search(HostHolders *self, ino_t socket_inode, pid_t guess, bool finds_all, UtilDeadline deadline)
{
    if (self->started_us == 0)
        start_search(self);
    if (guess != 0 && get_holder(self, socket_inode) == 0)
        search_process(self, guess, deadline);
    search_on(self, socket_inode, finds_all, deadline);
    if (get_holder(self, socket_inode) != 0 || !is_done(self) ||
        util_deadline_now_us() - self->started_us < SEARCH_AGAIN_US)
        return;
    start_search(self);
    search_on(self, socket_inode, finds_all, deadline);
}

pid_t
host_holders_find(HostHolders *self, ino_t socket_inode, pid_t guess, UtilDeadline deadline)
{
    pid_t holder = 0;

    if (socket_inode == 0)
        return 0;
    pthread_mutex_lock(&self->lock);
    search(self, socket_inode, guess, false, deadline);
    holder = get_holder(self, socket_inode);
    pthread_mutex_unlock(&self->lock);
    return holder;
}

static int
compare_pids(const void *a, const void *b)
{
    const pid_t *first = a;
    const pid_t *second = b;

    return (*first > *second) - (*first < *second);
}

GArray *
host_holders_find_all(HostHolders *self, ino_t socket_inode, UtilDeadline deadline)
{
    GArray *pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
    gint64 key = (gint64)socket_inode;
    pid_t first = 0;
    const GArray *others = NULL;

    if (socket_inode == 0)
        return pids;
    pthread_mutex_lock(&self->lock);
    search(self, socket_inode, 0, true, deadline);
    first = get_holder(self, socket_inode);
    others = g_hash_table_lookup(self->others, &key);
    if (first != 0)
        g_array_append_val(pids, first);
    if (others != NULL)
        g_array_append_vals(pids, others->data, others->len);
    pthread_mutex_unlock(&self->lock);
    g_array_sort(pids, compare_pids);
    return pids;
}

bool
host_holders_is_sure(HostHolders *self, int64_t since_us)
{
    bool is_sure = false;

    pthread_mutex_lock(&self->lock);
    is_sure = self->started_us >= since_us && self->started_us != 0 && is_done(self);
    pthread_mutex_unlock(&self->lock);
    return is_sure;
}

bool
host_holders_is_denied(HostHolders *self)
{
    bool is_denied = false;

    pthread_mutex_lock(&self->lock);
    is_denied = self->is_denied;
    pthread_mutex_unlock(&self->lock);
    return is_denied;
}

bool
host_holders_has(HostHolders *self, pid_t pid, ino_t socket_inode, int *fd_hint)
{
    char name[16] = "";
    g_auto(GStrv) fds = NULL;
    int error = ENOENT;

    g_snprintf(name, sizeof(name), "%d", *fd_hint);
    if (socket_inode != 0 && *fd_hint >= 0 && read_inode(self, pid, name) == socket_inode)
        return true;
    *fd_hint = -1;
    fds = list_descriptors(self, pid);
    if (fds == NULL)
        error = errno == EACCES || errno == EPERM ? EACCES : ENOENT;
    for (size_t i = 0; socket_inode != 0 && fds && fds[i]; i++)
        if (read_inode(self, pid, fds[i]) == socket_inode) {
            *fd_hint = (int)host_text_whole_count(fds[i]).value;
            return true;
        }
    errno = error;
    return false;
}
