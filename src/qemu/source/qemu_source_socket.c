/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_socket: "socket:PATH": one monitor.
 *
 * Does not look whether anything listens there: if the domain cannot be reached, that is its health
 * and no error of the source.
 */
#include "qemu_source.h"
#include "qemu_source_path.h"

static void *
open_socket(const char *argument, HostRoot *root, const QemuSourceOptions *options, GError **error)
{
    g_autofree char *path = NULL;
    g_autofree char *key = NULL;
    g_autofree char *name = NULL;
    QemuEndpoint *endpoint = NULL;

    (void)options;
    (void)root;
    (void)error;
    /* "@name" and "tcp:HOST:PORT" are no files. A relative path is meant from the folder of now. */
    if (argument[0] == '@' || g_str_has_prefix(argument, "tcp:"))
        path = g_strdup(argument);
    else
        path = g_canonicalize_filename(argument, NULL);
    key = g_strconcat("socket:", path, NULL);
    name = qemu_source_path_make_name(path);
    endpoint = qemu_endpoint_new(key, name);
    qemu_endpoint_add_place(endpoint, path, path);
    return endpoint;
}

static GPtrArray *
scan_socket(void *self, UtilDeadline deadline, GError **error)
{
    GPtrArray *endpoints = g_ptr_array_new_with_free_func((GDestroyNotify)qemu_endpoint_unref);

    (void)deadline;
    (void)error;
    g_ptr_array_add(endpoints, qemu_endpoint_ref(self));
    return endpoints;
}

static void
close_socket(void *self)
{
    qemu_endpoint_unref(self);
}

const QemuSourceKind qemu_source_socket = {
    .name = "socket",
    .argument = "PATH",
    .open = open_socket,
    .scan = scan_socket,
    .close = close_socket,
};
