/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model_qemu: a model of a QEMU, in a process of its own, whose state changes by a test's orders:
 * run state and events, vCPUs with threads, memory, balloon, disks, IOThreads, refusals, silence.
 *
 * Its two monitors show one state: KEPT can be ordered to misbehave, FRESH always answers. The
 * model knows nothing of the library.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct ModelQemu ModelQemu;

typedef enum { MODEL_QEMU_KEPT, MODEL_QEMU_FRESH, MODEL_QEMU_N_MONITORS } ModelQemuMonitor;

/* Starts it, with its sockets in @folder. @kind: "plain", "preconfig", "s390x", "one-thread" (all
 * vCPUs share one), "no-slots" (no vCPU can be plugged), "lacks NAME" (without that command). */
ModelQemu *model_qemu_new(const char *folder, const char *kind);
/* Ends the process. */
void model_qemu_free(ModelQemu *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ModelQemu, model_qemu_free)

/* The path of a monitor. The caller frees. */
char *model_qemu_path(const char *folder, ModelQemuMonitor monitor);

/* Gives it one order, which is carried out when this returns. False: no order has that name. The
 * list is in model_orders.c; an order that the present state does not allow changes nothing. */
bool model_qemu_do(ModelQemu *self, const char *text);
