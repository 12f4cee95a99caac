/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_event_count: see qemu_event_count.h.
 *
 * QEMU sends BALLOON_CHANGE, WATCHDOG and, if it is newer, BLOCK_IO_ERROR at most once a second,
 * and drops what comes in between: these counts are lower bounds. The names in an event are the
 * peer's: they are kept, within limits, only to find the disk that bears them.
 */
#include "qemu_event_count.h"

#include <string.h>

#include "qemu/facts/qemu_limits.h"

static const char *const kinds[QEMU_FACTS_N_EVENTS] = {
    [QEMU_FACTS_EVENT_IO_ERROR] = "BLOCK_IO_ERROR",
    [QEMU_FACTS_EVENT_PANIC] = "GUEST_PANICKED",
    [QEMU_FACTS_EVENT_CRASHLOADED] = "GUEST_CRASHLOADED",
    [QEMU_FACTS_EVENT_WATCHDOG] = "WATCHDOG",
    [QEMU_FACTS_EVENT_RESET] = "RESET",
    [QEMU_FACTS_EVENT_BALLOON_CHANGE] = "BALLOON_CHANGE",
    [QEMU_FACTS_EVENT_MEMORY_FAILURE] = "MEMORY_FAILURE",
    [QEMU_FACTS_EVENT_SHUTDOWN] = "SHUTDOWN",
    [QEMU_FACTS_EVENT_POWERDOWN] = "POWERDOWN",
};

static void
clear_device(void *data)
{
    QemuFactsEventsDevice *device = data;

    g_free(device->device);
    g_free(device->node_name);
    g_free(device->qom_path);
}

void
qemu_event_count_clear(QemuFactsEvents *self)
{
    g_clear_pointer(&self->devices, g_array_unref);
    *self = (QemuFactsEvents){0};
}

void
qemu_event_count_begin(QemuFactsEvents *self, int64_t since_s)
{
    qemu_event_count_clear(self);
    self->since_s = since_s;
}

/* The names of a device in an event; NULL: none. */
typedef struct {
    const char *device, *node_name, *qom_path;
} Names;

/* Reads the member @name; NULL also if it is empty. False if it is too long to be kept. */
static bool
read_name(const UtilJson *data, const char *name, const char **ret_text)
{
    const char *text = util_json_member_string(data, name);

    *ret_text = text != NULL && text[0] != '\0' ? text : NULL;
    return text == NULL ||
           strnlen(text, QEMU_LIMIT_EVENT_NAME_BYTES + 1) <= QEMU_LIMIT_EVENT_NAME_BYTES;
}

/* The device of these names, which is added if there is room for it; else NULL. */
static QemuFactsEventsDevice *
get_device(QemuFactsEvents *self, const Names *names)
{
    QemuFactsEventsDevice *device = NULL;

    if (self->devices == NULL) {
        self->devices = g_array_new(FALSE, TRUE, sizeof(QemuFactsEventsDevice));
        g_array_set_clear_func(self->devices, clear_device);
    }
    for (guint i = 0; i < self->devices->len; i++) {
        device = &g_array_index(self->devices, QemuFactsEventsDevice, i);
        if (g_strcmp0(device->device, names->device) == 0 &&
            g_strcmp0(device->node_name, names->node_name) == 0 &&
            g_strcmp0(device->qom_path, names->qom_path) == 0)
            return device;
    }
    if (self->devices->len >= QEMU_LIMIT_EVENT_DEVICES)
        return NULL;
    g_array_set_size(self->devices, self->devices->len + 1);
    device = &g_array_index(self->devices, QemuFactsEventsDevice, self->devices->len - 1);
    device->device = g_strdup(names->device);
    device->node_name = g_strdup(names->node_name);
    device->qom_path = g_strdup(names->qom_path);
    return device;
}

static void
count_error(QemuFactsEvents *self, const UtilJson *data)
{
    Names told = {0};
    QemuFactsEventsDevice *device = NULL;

    if (!read_name(data, "device", &told.device) ||
        !read_name(data, "node-name", &told.node_name) ||
        !read_name(data, "qom-path", &told.qom_path))
        return;
    device = get_device(self, &told);
    if (device != NULL)
        device->n_errors++;
}

void
qemu_event_count_note(QemuFactsEvents *self, const char *event, const UtilJson *data)
{
    if (self->since_s == 0)
        return;
    for (size_t i = 0; i < QEMU_FACTS_N_EVENTS; i++) {
        if (strcmp(kinds[i], event) == 0) {
            self->counts[i]++;
            if (i == QEMU_FACTS_EVENT_IO_ERROR)
                count_error(self, data);
            return;
        }
    }
}
