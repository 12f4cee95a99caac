/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_task: see util_task.h. The owner and the thread have a reference to the task each; the task
 * is freed with the last one.
 */
#include "util_task.h"

#include <pthread.h>

#include "util_refcount.h"
#include "util_thread.h"

struct UtilTask {
    UtilTaskRun run;
    void *data;
    GDestroyNotify free_data;
    GThread *thread; /* the owner's; NULL once joined */
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool has_ended;
    UtilRefcount ref_count;
};

static void
unref(UtilTask *self)
{
    if (!util_refcount_dec(&self->ref_count))
        return;
    if (self->free_data != NULL)
        self->free_data(self->data);
    pthread_cond_destroy(&self->ended);
    pthread_mutex_destroy(&self->lock);
    g_free(self);
}

static void *
run_thread(void *data)
{
    UtilTask *self = data;

    self->run(self->data);
    pthread_mutex_lock(&self->lock);
    self->has_ended = true;
    pthread_cond_signal(&self->ended);
    pthread_mutex_unlock(&self->lock);
    unref(self);
    return NULL;
}

UtilTask *
util_task_start(UtilTaskRun run, void *take_data, GDestroyNotify free_data)
{
    UtilTask *self = g_new0(UtilTask, 1);

    self->run = run;
    self->data = take_data;
    self->free_data = free_data;
    pthread_mutex_init(&self->lock, NULL);
    util_deadline_init_cond(&self->ended);
    util_refcount_init(&self->ref_count);
    util_refcount_inc(&self->ref_count);
    self->thread = util_thread_start("domstats-task", run_thread, self);
    if (self->thread != NULL)
        return self;
    unref(self);
    unref(self);
    return NULL;
}

bool
util_task_wait(UtilTask *self, UtilDeadline deadline)
{
    bool has_ended = false;

    pthread_mutex_lock(&self->lock);
    while (!self->has_ended && util_deadline_wait_cond(deadline, &self->ended, &self->lock))
        ;
    has_ended = self->has_ended;
    pthread_mutex_unlock(&self->lock);
    if (has_ended && self->thread != NULL) {
        g_thread_join(self->thread);
        self->thread = NULL;
    }
    return has_ended;
}

void *
util_task_data(UtilTask *self)
{
    return self->data;
}

void
util_task_free(UtilTask *self)
{
    if (self == NULL)
        return;
    /* The thread of a task that has ended is joined, so that it no longer runs when we return. */
    if (!util_task_wait(self, util_deadline_in_ms(0)))
        g_thread_unref(self->thread);
    unref(self);
}
