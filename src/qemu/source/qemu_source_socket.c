/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_socket: "socket:PATH": one monitor.
 *
 * There is always one domain: the QEMU whose monitor is at that address; or the one that was there
 * last; or one that is known by the address only, with a trouble if what listens there must not be
 * dialled. If nothing listens there, or it cannot be reached, that is the domain's health and no
 * error of the source.
 */
#include <string.h>

#include "host/process/host_process.h"
#include "qemu/finding/qemu_source_names.h"
#include "qemu/finding/qemu_source_path.h"
#include "qemu_source.h"
#include "qemu_source_listeners.h"
#include "util/util_error.h"

typedef struct {
    char *address;
    HostRoot *root; /* borrowed */
    bool takes_any_listener;
    QemuSourceListeners *listeners;
    QemuSourceNames *names;
    QemuEndpoint *by_name; /* known by its address only */
    QemuEndpoint *last;    /* what the last scan gave; NULL: there was none */
} SocketSource;

/* "@name" and "tcp:HOST:PORT" are no files. */
static bool
is_file(const char *address)
{
    return address[0] != '@' && !g_str_has_prefix(address, "tcp:");
}

static void *
open_socket(const char *argument, HostRoot *root, const QemuSourceOptions *options, GError **error)
{
    SocketSource *self = g_new0(SocketSource, 1);

    (void)error;
    /* A relative path is meant from the folder of now. */
    self->address =
        is_file(argument) ? g_canonicalize_filename(argument, NULL) : g_strdup(argument);
    self->root = root;
    self->takes_any_listener = options->takes_any_listener;
    self->listeners = qemu_source_listeners_new();
    self->names = qemu_source_names_new();
    return self;
}

static void
close_socket(void *data)
{
    SocketSource *self = data;

    qemu_endpoint_unref(self->by_name);
    qemu_endpoint_unref(self->last);
    qemu_source_names_free(self->names);
    qemu_source_listeners_free(self->listeners);
    g_free(self->address);
    g_free(self);
}

/* The domain that is known by its address only; with the trouble @take_reason if that is not NULL.
 */
static QemuEndpoint *
get_by_name(SocketSource *self, DomstatsReason code, char *take_reason)
{
    g_autofree char *reason = take_reason;
    g_autofree char *key = NULL;
    g_autofree char *name = NULL;

    if (self->by_name != NULL && g_strcmp0(self->by_name->trouble_reason, reason) == 0)
        return self->by_name;
    qemu_endpoint_unref(self->by_name);
    key = g_strconcat("socket:", self->address, NULL);
    name = qemu_source_path_make_name(self->address);
    self->by_name = qemu_endpoint_new(key, name);
    qemu_endpoint_add_place(self->by_name, self->address, self->address);
    if (reason != NULL) {
        self->by_name->trouble = DOMSTATS_HEALTH_NO_MONITOR;
        self->by_name->trouble_code = code;
        self->by_name->trouble_reason = g_utf8_make_valid(reason, -1);
    }
    return self->by_name;
}

/* "process 123 (swtpm)"; the caller frees. */
static char *
describe_process(HostRoot *root, pid_t pid)
{
    HostProcessStat stat = {0};

    if (!host_process_read_stat(root, pid, 0, &stat))
        return g_strdup_printf("process %d", (int)pid);
    return g_strdup_printf("process %d (%s)", (int)pid, stat.name);
}

/* The domain of a socket that must not be dialled, since a process listens there for which it is no
 * QMP monitor. */
static QemuEndpoint *
get_foreign(SocketSource *self, const QemuSourceListener *listener)
{
    g_autofree char *process = describe_process(self->root, listener->pid);

    if (listener->kind == QEMU_SOURCE_LISTENER_QEMU)
        return get_by_name(self, DOMSTATS_REASON_NO_MONITOR,
                           g_strdup_printf("%s listens at '%s', and its command line does not tell "
                                           "that this is a QMP monitor",
                                           process, self->address));
    return get_by_name(
        self, DOMSTATS_REASON_NOT_QEMU,
        g_strdup_printf("%s listens at '%s', which is no QEMU", process, self->address));
}

/* True if there is a file at the address that is no socket: a pid file, a link to a folder. */
static bool
is_other_file(const SocketSource *self)
{
    struct stat status = {0};

    return is_file(self->address) && stat(self->address, &status) == 0 && !S_ISSOCK(status.st_mode);
}

static QemuEndpoint *
choose_endpoint(SocketSource *self, const QemuSourceListener *listener)
{
    if (listener == NULL && is_other_file(self))
        return get_by_name(self, DOMSTATS_REASON_NO_LISTENER,
                           g_strdup_printf("'%s' is no socket", self->address));
    if (listener == NULL || self->takes_any_listener)
        return get_by_name(self, DOMSTATS_REASON_NONE, NULL);
    if (listener->endpoint != NULL)
        return listener->endpoint;
    if (listener->pid != 0)
        return get_foreign(self, listener);
    if (listener->kind == QEMU_SOURCE_LISTENER_HIDDEN &&
        !qemu_source_path_is_monitors(self->address))
        return get_by_name(
            self, DOMSTATS_REASON_OTHER,
            g_strdup_printf("it cannot be seen which process listens at '%s', and the name is not "
                            "that of a QMP monitor",
                            self->address));
    return get_by_name(self, DOMSTATS_REASON_NONE, NULL);
}

/* Looks who listens at the address. Sets @ret_listener to NULL if its file is no socket, or is not
 * there. */
static bool
look(SocketSource *self, UtilDeadline deadline, const QemuSourceListener **ret_listener,
     GError **error)
{
    g_auto(QemuSourceView) view = {0};
    struct stat status = {0};
    bool has_file = is_file(self->address);
    const GPtrArray *listeners = NULL;

    *ret_listener = NULL;
    if (self->takes_any_listener)
        return true;
    if (!has_file || (stat(self->address, &status) == 0 && S_ISSOCK(status.st_mode)))
        qemu_source_listeners_add(self->listeners, self->address, has_file ? &status : NULL);
    qemu_source_view_init(&view, self->root, deadline);
    if (!qemu_source_listeners_look(self->listeners, &view, error))
        return false;
    listeners = qemu_source_listeners_list(self->listeners);
    if (listeners->len > 0)
        *ret_listener = g_ptr_array_index(listeners, 0);
    return true;
}

static void
set_last(SocketSource *self, QemuEndpoint *endpoint)
{
    qemu_endpoint_ref(endpoint);
    qemu_endpoint_unref(self->last);
    self->last = endpoint;
}

/* A QEMU whose socket has gone stays the domain: it is told that it has ended. */
static void
update(SocketSource *self, const QemuSourceListener *listener)
{
    if (listener == NULL && self->last != NULL && self->last->pid != 0)
        return;
    set_last(self, choose_endpoint(self, listener));
}

/* A scan that the deadline cuts short gives what the last one found. */
static GPtrArray *
scan_socket(void *data, UtilDeadline deadline, GError **error)
{
    SocketSource *self = data;
    GPtrArray *endpoints = NULL;
    const QemuSourceListener *listener = NULL;
    g_autoptr(GError) own_error = NULL;

    if (look(self, deadline, &listener, &own_error)) {
        update(self, listener);
        qemu_source_listeners_end_scan(self->listeners);
    } else if (self->last == NULL || !g_error_matches(own_error, UTIL_ERROR, UTIL_ERROR_TIMEOUT)) {
        g_propagate_error(error, g_steal_pointer(&own_error));
        return NULL;
    }
    endpoints = g_ptr_array_new_with_free_func((GDestroyNotify)qemu_endpoint_unref);
    g_ptr_array_add(endpoints, qemu_endpoint_ref(self->last));
    qemu_source_names_settle(self->names, endpoints);
    return endpoints;
}

const QemuSourceKind qemu_source_socket = {
    .name = "socket",
    .argument = "PATH",
    .open = open_socket,
    .scan = scan_socket,
    .close = close_socket,
};
