/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model_qemu: a QEMU in a process of its own, whose state changes as it is told: run state and
 * events, vCPUs with threads, memory, balloon, disks, IOThreads, refusals, silence.
 *
 * It has two monitors of one state: LIVED, which can be made to misbehave, and FRESH, which always
 * answers. Needs nothing of this project, so that it can be linked with any version of it.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct ModelQemu ModelQemu;

typedef enum { MODEL_QEMU_LIVED, MODEL_QEMU_FRESH, MODEL_QEMU_N_MONITORS } ModelQemuMonitor;

/* Starts it; its sockets are in @folder. @kind: "plain", "preconfig", "s390x", "one-thread" (all
 * vCPUs run in one), "no-slots" (none can be plugged), "lacks NAME" (refuses that command as one it
 * has not). */
ModelQemu *model_qemu_new(const char *folder, const char *kind);
/* Ends the process. */
void model_qemu_free(ModelQemu *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ModelQemu, model_qemu_free)

/* The path of a monitor. The caller frees. */
char *model_qemu_path(const char *folder, ModelQemuMonitor monitor);

/* Does one thing, and has done it when this returns. False: there is no such thing to do. What
 * cannot be done in the present state is passed over. The list is in model_qemu.c. */
bool model_qemu_do(ModelQemu *self, const char *text);
