/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of qemu_event: sequences of events as QEMU sends them, the facts that they make doubtful,
 * and the run state that follows from them.
 */
#include "qemu/qmp/qemu_event.h"

#include <string.h>

#include "qemu/facts/qemu_limits.h"
#include "qemu/qmp/qemu_event_count.h"
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
    {"a job that begins or ends",
     {"RESUME", "JOB_STATUS_CHANGE"},
     RUN_STATE | QEMU_EVENT_DOUBTS_JOBS,
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

/* "NAME" or "NAME device|node|path", each of which may be empty; "*NAME": so often that no more can
 * be kept, each time of another node. */
typedef struct {
    const char *sentence;
    const char *events[MAX_EVENTS];
    const char *expected; /* counts that are not 0, by the order of the enum, then the devices */
} CountRow;

static const CountRow count_rows[] = {
    {"nothing happened", {NULL}, ""},
    {"each kind is counted by itself",
     {"RESET", "RESET", "GUEST_PANICKED", "POWERDOWN", "WATCHDOG"},
     "1:1 3:1 4:2 8:1"},
    {"the others",
     {"GUEST_CRASHLOADED", "BALLOON_CHANGE", "MEMORY_FAILURE", "SHUTDOWN", "STOP"},
     "2:1 5:1 6:1 7:1"},
    {"errors are counted by device",
     {"BLOCK_IO_ERROR d0||", "BLOCK_IO_ERROR d0||", "BLOCK_IO_ERROR |n1|/machine/x"},
     "0:3 d0|-|-=2 -|n1|/machine/x=1"},
    {"an error without a name is in the sum alone as one without a name",
     {"BLOCK_IO_ERROR"},
     "0:1 -|-|-=1"},
    {"devices past the limit are in the sum alone", {"*BLOCK_IO_ERROR"}, "0:300 64 devices"},
    {"a name that is too long is in the sum alone", {"+BLOCK_IO_ERROR"}, "0:1"},
};

static UtilJson *
make_data(const char *names)
{
    g_auto(GStrv) words = g_strsplit(names, "|", 3);
    g_autofree char *text =
        g_strdup_printf("{\"device\":\"%s\",\"node-name\":\"%s\",\"qom-path\":\"%s\"}", words[0],
                        words[1], words[2]);

    return util_json_parse(text, strlen(text), MAX_DEPTH, NULL);
}

static void
note_many(QemuFactsEvents *counted, const char *event)
{
    for (int i = 0; i < 300; i++) {
        g_autofree char *names = g_strdup_printf("|n%d|", i);
        g_autoptr(UtilJson) data = make_data(names);

        qemu_event_count_note(counted, event, data);
    }
}

static void
note_one(QemuFactsEvents *counted, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", 2);
    g_autofree char *longest = g_strnfill(QEMU_LIMIT_EVENT_NAME_BYTES + 1, 'x');
    g_autofree char *too_long = g_strdup_printf("%s||", longest);
    g_autoptr(UtilJson) data = NULL;

    if (text[0] == '*') {
        note_many(counted, text + 1);
        return;
    }
    if (text[0] == '+')
        data = make_data(too_long);
    else if (words[1] != NULL)
        data = make_data(words[1]);
    qemu_event_count_note(counted, words[0] + (text[0] == '+'), data);
}

/* The caller frees. */
static char *
describe_counts(const QemuFactsEvents *counted)
{
    GString *text = g_string_new(NULL);
    guint n_devices = counted->devices ? counted->devices->len : 0;

    for (int i = 0; i < QEMU_FACTS_N_EVENTS; i++)
        if (counted->counts[i] > 0)
            g_string_append_printf(text, "%s%d:%d", text->len > 0 ? " " : "", i,
                                   (int)counted->counts[i]);
    if (n_devices > 10)
        g_string_append_printf(text, " %u devices", n_devices);
    for (guint i = 0; n_devices <= 10 && i < n_devices; i++) {
        const QemuFactsEventsDevice *device =
            &g_array_index(counted->devices, QemuFactsEventsDevice, i);

        g_string_append_printf(text, " %s|%s|%s=%d", device->device ? device->device : "-",
                               device->node_name ? device->node_name : "-",
                               device->qom_path ? device->qom_path : "-", (int)device->n_errors);
    }
    return g_string_free(text, FALSE);
}

static void
counts(const void *data)
{
    const CountRow *row = data;
    QemuFactsEvents counted = {0};
    g_autofree char *got = NULL;

    qemu_event_count_note(&counted, "RESET", NULL); /* of the time before it began */
    qemu_event_count_begin(&counted, 1700000000);
    for (size_t i = 0; i < MAX_EVENTS && row->events[i] != NULL; i++)
        note_one(&counted, row->events[i]);
    got = describe_counts(&counted);
    qemu_event_count_clear(&counted);
    testing_assert_same_text(got, row->expected);
}

int
main(void)
{
    return TESTING_RUN_TABLE("events", rows, folds) +
           TESTING_RUN_TABLE("counted events", count_rows, counts);
}
