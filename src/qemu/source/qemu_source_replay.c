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
unref_endpoint(gpointer data)
{
    qemu_endpoint_unref(data);
}

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
    self->endpoints = g_ptr_array_new_with_free_func(unref_endpoint);
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
    GPtrArray *endpoints = g_ptr_array_new_with_free_func(unref_endpoint);

    (void)deadline;
    (void)error;
    for (guint i = 0; i < self->endpoints->len; i++)
        g_ptr_array_add(endpoints, qemu_endpoint_ref(g_ptr_array_index(self->endpoints, i)));
    return endpoints;
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
