/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_replay: "replay:PATH": the domains of a recorded host.
 *
 * Owns the recorded host's files and the endpoints, which never change.
 */
#include "qemu/finding/qemu_process.h"
#include "qemu/recording/qemu_recording_reader.h"
#include "qemu_source.h"

typedef struct {
    HostRoot *root;
    GPtrArray *endpoints;
} ReplaySource;

static void
close_replay(void *data)
{
    ReplaySource *self = data;

    g_ptr_array_unref(self->endpoints);
    host_root_free(self->root);
    g_free(self);
}

static void *
open_replay(const char *argument, HostRoot *root, const QemuSourceOptions *options, GError **error)
{
    g_autofree char *dir = g_canonicalize_filename(argument, NULL);
    g_autoptr(HostRoot) recorded = NULL;
    g_auto(GStrv) folders = NULL;
    ReplaySource *self = NULL;
    g_autoptr(HostReader) reader = NULL;

    (void)options;
    (void)root;
    recorded = host_root_new_recorded(dir, error);
    folders = recorded ? qemu_recording_reader_list_domains(dir, error) : NULL;
    if (folders == NULL)
        return NULL;
    reader = host_reader_new(recorded);
    self = g_new0(ReplaySource, 1);
    self->endpoints = qemu_endpoint_new_array();
    for (size_t i = 0; folders[i] != NULL; i++) {
        QemuEndpoint *endpoint = qemu_recording_reader_read_domain(dir, folders[i]);

        if (endpoint->pid > 0)
            endpoint->definition = qemu_process_read_definition(
                recorded, &(QemuProcessWords){reader, {0}}, endpoint->pid);
        g_ptr_array_add(self->endpoints, endpoint);
    }
    self->root = g_steal_pointer(&recorded);
    return self;
}

static GPtrArray *
scan_replay(void *data, UtilDeadline deadline, GError **error)
{
    ReplaySource *self = data;

    (void)deadline;
    (void)error;
    return qemu_endpoint_ref_all(self->endpoints);
}

static HostRoot *
get_root(void *data)
{
    ReplaySource *self = data;

    return self->root;
}

const QemuSourceKind qemu_source_replay = {
    .name = "replay",
    .argument = "PATH",
    .open = open_replay,
    .scan = scan_replay,
    .close = close_replay,
    .root = get_root,
};
