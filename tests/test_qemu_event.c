/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of qemu_event: sequences of events as QEMU sends them, the facts that they make doubtful,
 * and the run state that follows from them.
 */
#include "qemu/qmp/qemu_event.h"

#include <string.h>

#include "testing.h"

enum { MAX_EVENTS = 5, MAX_DEPTH = 8 };

/* "NAME" or "NAME action". */
typedef struct {
    const char *sentence;
    const char *events[MAX_EVENTS];
    unsigned int doubts;
    const char *status; /* NULL: not told */
} Row;

#define RUN_STATE QEMU_EVENT_DOUBTS_RUN_STATE

static const Row rows[] = {
    {"a guest that stops for no reason told", {"STOP"}, RUN_STATE, NULL},
    {"one that goes on", {"STOP", "RESUME"}, RUN_STATE, "running"},
    {"one that shuts down stays so when its QEMU stops it",
     {"SHUTDOWN", "STOP"},
     RUN_STATE,
     "shutdown"},
    {"one that shuts down and has not stopped yet", {"SHUTDOWN"}, RUN_STATE, NULL},
    {"one that panicked", {"GUEST_PANICKED pause", "STOP"}, RUN_STATE, "guest-panicked"},
    {"one that panicked and is powered off",
     {"GUEST_PANICKED poweroff", "STOP"},
     RUN_STATE,
     "guest-panicked"},
    {"a panic that stops nothing tells nothing", {"GUEST_PANICKED run"}, RUN_STATE, NULL},
    {"a panic that stops nothing, then a pause",
     {"RESUME", "GUEST_PANICKED run", "STOP"},
     RUN_STATE,
     NULL},
    {"a panic of an unknown action", {"GUEST_PANICKED x", "STOP"}, RUN_STATE, NULL},
    {"a panic without an action", {"GUEST_PANICKED", "STOP"}, RUN_STATE, NULL},
    {"a watchdog that pauses", {"WATCHDOG pause", "STOP"}, RUN_STATE, "watchdog"},
    {"a watchdog that only says so", {"WATCHDOG none"}, RUN_STATE, NULL},
    {"an I/O error that stops", {"BLOCK_IO_ERROR stop", "STOP"}, RUN_STATE, "io-error"},
    {"one that is reported to the guest, then a pause",
     {"BLOCK_IO_ERROR report", "STOP"},
     RUN_STATE,
     NULL},
    {"an I/O error of the time before",
     {"BLOCK_IO_ERROR stop", "STOP", "RESUME", "STOP"},
     RUN_STATE,
     NULL},
    {"a guest that sleeps", {"SUSPEND"}, RUN_STATE, "suspended"},
    {"one that woke up", {"SUSPEND", "WAKEUP"}, RUN_STATE, "running"},
    {"a reset may leave it stopped or running", {"RESUME", "RESET"}, RUN_STATE, NULL},
    {"a migration may change it", {"STOP", "MIGRATION"}, RUN_STATE, NULL},
    {"a device that went says nothing of it",
     {"RESUME", "DEVICE_DELETED"},
     RUN_STATE | QEMU_EVENT_DOUBTS_DEVICES,
     "running"},
    {"an event that concerns no statistic", {"RTC_CHANGE"}, 0, NULL},
    {"a name without letters", {""}, 0, NULL},
    {"names are told apart by case", {"stop"}, 0, NULL},
};

static void
folds(const void *data)
{
    const Row *row = data;
    QemuEvents events = {0};

    for (size_t i = 0; i < MAX_EVENTS && row->events[i] != NULL; i++) {
        g_auto(GStrv) words = g_strsplit(row->events[i], " ", 2);
        bool has_action = words[0] != NULL && words[1] != NULL;
        g_autofree char *text = g_strdup_printf("{\"action\":\"%s\"}", has_action ? words[1] : "");
        g_autoptr(UtilJson) details =
            has_action ? util_json_parse(text, strlen(text), MAX_DEPTH, NULL) : NULL;

        qemu_event_note(&events, words[0] ? words[0] : "", details);
    }
    assert_int_equal(events.doubts, row->doubts);
    testing_assert_same_text(events.status, row->status);
}

int
main(void)
{
    return TESTING_RUN_TABLE("events", rows, folds);
}
