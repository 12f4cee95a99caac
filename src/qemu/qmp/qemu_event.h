/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_event: what QEMU's events put in doubt, and the run state that they tell. Pure.
 */
#pragma once

#include "util/util_json.h"

/* What an event can put in doubt. */
typedef enum {
    QEMU_EVENT_DOUBTS_RUN_STATE = 1 << 0,
    QEMU_EVENT_DOUBTS_DEVICES = 1 << 1,
} QemuEventDoubt;

/* The events of one connection, folded in their order. All zero: none came. The texts are
 * literals. */
typedef struct {
    unsigned int doubts;   /* QemuEventDoubt bits */
    const char *status;    /* the run state after the last of them; NULL: they do not tell it */
    const char *next_stop; /* the run state that the next STOP enters; NULL: not known */
} QemuEvents;

/* Takes in one event; @data may be NULL. */
void qemu_event_note(QemuEvents *self, const char *event, const UtilJson *data);
