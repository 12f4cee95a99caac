/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_buffer_pool: see qemu_buffer_pool.h. Owns those that are not out: as many as there were
 * threads at once, since the one given back last is taken first. A reply of a kind that a whole
 * call did not bring (who a QEMU is, what it can do) is forgotten.
 */
#include "qemu_buffer_pool.h"

#include <pthread.h>

struct QemuBufferPool {
    pthread_mutex_t lock;
    GPtrArray *free;
};

static void
free_buffer(gpointer data)
{
    qemu_monitor_buffer_free(data);
}

QemuBufferPool *
qemu_buffer_pool_new(void)
{
    QemuBufferPool *self = g_new0(QemuBufferPool, 1);

    pthread_mutex_init(&self->lock, NULL);
    self->free = g_ptr_array_new_with_free_func(free_buffer);
    return self;
}

void
qemu_buffer_pool_free(QemuBufferPool *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->free);
    pthread_mutex_destroy(&self->lock);
    g_free(self);
}

QemuMonitorBuffer *
qemu_buffer_pool_take(QemuBufferPool *self)
{
    QemuMonitorBuffer *buffer = NULL;

    pthread_mutex_lock(&self->lock);
    if (self->free->len > 0)
        buffer = g_ptr_array_steal_index(self->free, self->free->len - 1);
    pthread_mutex_unlock(&self->lock);
    return buffer ? buffer : qemu_monitor_buffer_new();
}

void
qemu_buffer_pool_give_back(QemuBufferPool *self, QemuMonitorBuffer *take_buffer)
{
    util_jsonpool_trim(take_buffer->pool);
    pthread_mutex_lock(&self->lock);
    g_ptr_array_add(self->free, take_buffer);
    pthread_mutex_unlock(&self->lock);
}
