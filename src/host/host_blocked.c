/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_blocked: see host_blocked.h. Knows nothing of threads and files.
 */
#include "host_blocked.h"

#include <pthread.h>

#include "host_limits.h"
#include "util/util_refcount.h"

struct HostBlocked {
    UtilRefcount ref_count;
    pthread_mutex_t lock;
    GArray *pids; /* pid_t, one for each blocked read */
};

HostBlocked *
host_blocked_new(void)
{
    HostBlocked *self = g_new0(HostBlocked, 1);

    util_refcount_init(&self->ref_count);
    pthread_mutex_init(&self->lock, NULL);
    self->pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
    return self;
}

HostBlocked *
host_blocked_ref(HostBlocked *self)
{
    util_refcount_inc(&self->ref_count);
    return self;
}

void
host_blocked_unref(HostBlocked *self)
{
    if (self == NULL || !util_refcount_dec(&self->ref_count))
        return;
    g_array_unref(self->pids);
    pthread_mutex_destroy(&self->lock);
    g_free(self);
}

/* The index of @pid; the length of the list if it is not in it. */
static guint
find(const HostBlocked *self, pid_t pid)
{
    guint i = 0;

    while (i < self->pids->len && g_array_index(self->pids, pid_t, i) != pid)
        i++;
    return i;
}

bool
host_blocked_may_read(HostBlocked *self, pid_t pid)
{
    bool may_read = false;

    pthread_mutex_lock(&self->lock);
    may_read = self->pids->len < HOST_LIMIT_BLOCKED_READS && find(self, pid) == self->pids->len;
    pthread_mutex_unlock(&self->lock);
    return may_read;
}

void
host_blocked_add(HostBlocked *self, pid_t pid)
{
    pthread_mutex_lock(&self->lock);
    g_array_append_val(self->pids, pid);
    pthread_mutex_unlock(&self->lock);
}

void
host_blocked_remove(HostBlocked *self, pid_t pid)
{
    guint i = 0;

    pthread_mutex_lock(&self->lock);
    i = find(self, pid);
    if (i < self->pids->len)
        g_array_remove_index_fast(self->pids, i);
    pthread_mutex_unlock(&self->lock);
}
