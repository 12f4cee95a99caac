/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_event: see qemu_event.h.
 *
 * QEMU sends STOP each time a guest stops running, and does not say why. SHUTDOWN, GUEST_PANICKED,
 * WATCHDOG and BLOCK_IO_ERROR come before the STOP that they cause, and tell which run state it
 * enters; the last three cause one only if their "action" stops the guest. A STOP without any of
 * them may be a pause, a snapshot, a migration or an internal error, so the run state is then not
 * known.
 */
#include "qemu_event.h"

#include <glib.h>
#include <string.h>

typedef enum {
    KEEPS,  /* the run state does not change */
    ENTERS, /* it is @status now */
    HIDES,  /* it may have changed, and is not known */
    STOPS,  /* it is the one that an event before announced; not known if none did */
    CAUSES, /* the next STOP enters @status, if the event has one of @actions */
} Effect;

typedef struct {
    const char *event;
    unsigned int doubts;
    Effect effect;
    const char *status;
    const char *actions[2]; /* for CAUSES; none: any action, or no action at all */
} Row;

static const Row rows[] = {
    {"STOP", QEMU_EVENT_DOUBTS_RUN_STATE, STOPS, NULL, {NULL}},
    {"RESUME", QEMU_EVENT_DOUBTS_RUN_STATE, ENTERS, "running", {NULL}},
    {"SUSPEND", QEMU_EVENT_DOUBTS_RUN_STATE, ENTERS, "suspended", {NULL}},
    {"WAKEUP", QEMU_EVENT_DOUBTS_RUN_STATE, ENTERS, "running", {NULL}},
    {"SHUTDOWN", QEMU_EVENT_DOUBTS_RUN_STATE, CAUSES, "shutdown", {NULL}},
    {"GUEST_PANICKED",
     QEMU_EVENT_DOUBTS_RUN_STATE,
     CAUSES,
     "guest-panicked",
     {"pause", "poweroff"}},
    {"WATCHDOG", QEMU_EVENT_DOUBTS_RUN_STATE, CAUSES, "watchdog", {"pause", NULL}},
    {"BLOCK_IO_ERROR", QEMU_EVENT_DOUBTS_RUN_STATE, CAUSES, "io-error", {"stop", NULL}},
    {"SUSPEND_DISK", QEMU_EVENT_DOUBTS_RUN_STATE, HIDES, NULL, {NULL}},
    {"RESET", QEMU_EVENT_DOUBTS_RUN_STATE, HIDES, NULL, {NULL}},
    {"MIGRATION", QEMU_EVENT_DOUBTS_RUN_STATE, HIDES, NULL, {NULL}},
    {"JOB_STATUS_CHANGE", QEMU_EVENT_DOUBTS_JOBS, KEEPS, NULL, {NULL}},
    {"DEVICE_DELETED", QEMU_EVENT_DOUBTS_DEVICES, KEEPS, NULL, {NULL}},
};

static bool
has_action(const Row *row, const UtilJson *data)
{
    const char *action = util_json_member_string(data, "action");

    if (row->actions[0] == NULL)
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(row->actions); i++)
        if (row->actions[i] != NULL && g_strcmp0(row->actions[i], action) == 0)
            return true;
    return false;
}

static void
apply(QemuEvents *self, const Row *row, const UtilJson *data)
{
    if (row->effect == KEEPS || (row->effect == CAUSES && !has_action(row, data)))
        return;
    self->status = NULL;
    if (row->effect == ENTERS)
        self->status = row->status;
    else if (row->effect == STOPS)
        self->status = self->next_stop;
    self->next_stop = row->effect == CAUSES ? row->status : NULL;
}

void
qemu_event_note(QemuEvents *self, const char *event, const UtilJson *data)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (strcmp(rows[i].event, event) == 0) {
            self->doubts |= rows[i].doubts;
            apply(self, &rows[i], data);
            return;
        }
    }
}
