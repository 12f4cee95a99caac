/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_task: runs one function on a thread of its own, for calls that take no deadline and may
 * block for ever: on storage that is gone, or on a daemon that hangs.
 *
 * A caller whose deadline has passed frees the task and goes on. The thread stays blocked until its
 * call returns, then frees the data and ends; nothing waits for it.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "util_deadline.h"

typedef struct UtilTask UtilTask;
typedef void (*UtilTaskRun)(void *data);

/* Runs @run(@take_data) on a new thread. @take_data is freed with @free_data when neither the
 * thread nor the task needs it any more. NULL, with @take_data freed, if the system gives no
 * thread. */
UtilTask *util_task_start(UtilTaskRun run, void *take_data, GDestroyNotify free_data);

/* True once @run has returned and its thread has ended; false if it has not by @deadline. */
bool util_task_wait(UtilTask *self, UtilDeadline deadline);

/* The data of the task. Not to be used before util_task_wait() has given true. */
void *util_task_data(UtilTask *self);

/* Joins the thread if @run has returned, else lets it run on by itself. Takes NULL. */
void util_task_free(UtilTask *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UtilTask, util_task_free)
