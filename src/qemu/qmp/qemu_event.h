/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_event: which kept facts QEMU's events make doubtful, and the run state that follows from
 * them. Pure.
 */
#pragma once

#include "util/util_json.h"

/* Facts of an earlier call that may no longer be true after an event. */
typedef enum {
    QEMU_EVENT_DOUBTS_RUN_STATE = 1 << 0,
    QEMU_EVENT_DOUBTS_DEVICES = 1 << 1,
    QEMU_EVENT_DOUBTS_JOBS = 1 << 2,
} QemuEventDoubt;

/* The sum of the events of one connection, taken in their order. All zero: none came. The texts
 * are literals. */
typedef struct {
    unsigned int doubts;   /* QemuEventDoubt bits */
    const char *status;    /* the run state after the last event; NULL: not known from events */
    const char *next_stop; /* the run state that the next STOP enters; NULL: not known */
} QemuEvents;

/* Adds one event; @data is its "data", or NULL. */
void qemu_event_note(QemuEvents *self, const char *event, const UtilJson *data);
