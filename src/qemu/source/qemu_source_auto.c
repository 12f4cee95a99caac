/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_auto: "auto": every QEMU process of this host, found through /proc.
 *
 * Lists /proc once a scan; qemu_source_process looks at each process. Starts no process and touches
 * no socket.
 */
#include <errno.h>

#include "host/process/host_hidden.h"
#include "host/process/host_process.h"
#include "qemu/facts/qemu_limits.h"
#include "qemu_source.h"
#include "qemu_source_names.h"
#include "qemu_source_process.h"
#include "util/util_error.h"

typedef struct {
    HostRoot *root; /* borrowed */
    QemuSourceProcess *processes;
    QemuSourceNames *names;
    bool has_been_whole; /* some scan has looked at every process */
    int is_blind;        /* atomic: processes of others cannot be seen */
} AutoSource;

static void
unref_endpoint(gpointer data)
{
    qemu_endpoint_unref(data);
}

static void *
open_auto(const char *argument, HostRoot *root, const QemuSourceOptions *options, GError **error)
{
    AutoSource *self = g_new0(AutoSource, 1);

    (void)options;
    (void)argument;
    (void)error;
    self->root = root;
    self->processes = qemu_source_process_new();
    self->names = qemu_source_names_new();
    return self;
}

static void
close_auto(void *data)
{
    AutoSource *self = data;

    qemu_source_process_free(self->processes);
    qemu_source_names_free(self->names);
    g_free(self);
}

/* True if /proc is no proc file system: that would have an entry for this process. */
static bool
is_without_processes(HostRoot *root)
{
    char text[64] = "";

    return host_root_is_live(root) &&
           host_root_read(root, "proc/self/stat", text, sizeof(text)) < 0;
}

static const char *
blind_spot_of_auto(void *data)
{
    AutoSource *self = data;

    return g_atomic_int_get(&self->is_blind)
               ? "processes of other users are hidden in '/proc' (hidepid): the answer lacks their "
                 "domains"
               : NULL;
}

/* The endpoints of those of the processes @pids that are QEMUs, in their order. */
static GPtrArray *
list_endpoints(AutoSource *self, QemuSourceView *view, const pid_t *pids, bool *ret_is_whole)
{
    GPtrArray *endpoints = g_ptr_array_new_with_free_func(unref_endpoint);

    for (size_t i = 0; pids[i] != 0 && endpoints->len < QEMU_LIMIT_DOMAINS; i++) {
        QemuEndpoint *endpoint =
            qemu_source_process_look(self->processes, view, pids[i], ret_is_whole);

        if (endpoint != NULL)
            g_ptr_array_add(endpoints, qemu_endpoint_ref(endpoint));
    }
    qemu_source_process_end_scan(self->processes);
    qemu_source_names_settle(self->names, endpoints);
    return endpoints;
}

/* Fails with TIMEOUT if the deadline cuts the scan short and no scan before looked at all
 * processes: then it is not known which domains there are. */
static GPtrArray *
scan_auto(void *data, UtilDeadline deadline, GError **error)
{
    AutoSource *self = data;
    g_autofree pid_t *pids = host_process_list(self->root, NULL);
    g_auto(QemuSourceView) view = {0};
    g_autoptr(GPtrArray) endpoints = NULL;
    bool is_whole = true;

    if (pids == NULL) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_SYSTEM, "cannot list processes in '/proc': %s",
                    g_strerror(errno));
        return NULL;
    }
    if (is_without_processes(self->root)) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_SYSTEM,
                    "there are no processes in '/proc': the proc file system is not mounted there");
        return NULL;
    }
    g_atomic_int_set(&self->is_blind, host_hidden_are_others(self->root));
    qemu_source_view_init(&view, self->root, deadline);
    endpoints = list_endpoints(self, &view, pids, &is_whole);
    self->has_been_whole |= is_whole;
    if (!self->has_been_whole) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_TIMEOUT,
                    "not all processes could be looked at by the deadline");
        return NULL;
    }
    return g_steal_pointer(&endpoints);
}

const QemuSourceKind qemu_source_auto = {
    .name = "auto",
    .open = open_auto,
    .scan = scan_auto,
    .close = close_auto,
    .blind_spot = blind_spot_of_auto,
};
