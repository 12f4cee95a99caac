/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_task: one function run on a thread of its own, for calls that may block for ever and
 * cannot be told of a deadline: a storage that is gone, a daemon that hangs.
 *
 * Who waited long enough leaves the task to itself. Its thread then sleeps where it is blocked
 * until that ends, frees what it was given, and is gone; nothing of it is waited for.
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

/* True once it has ended, thread and all; false if it has not by @deadline. */
bool util_task_wait(UtilTask *self, UtilDeadline deadline);

/* What it was given: not to be looked at before util_task_wait() was true. */
void *util_task_data(UtilTask *self);

/* Ends the task, or leaves it to itself; NULL is taken. */
void util_task_free(UtilTask *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UtilTask, util_task_free)
