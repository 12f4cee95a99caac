/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_libvirt: "libvirt:URI": the domains of a libvirt connection on this host.
 *
 * Owns the session. Asks it on a thread, so that a libvirt that hangs does not hold up the caller.
 *
 * How it works
 *
 * libvirt's calls block and know no deadline. They are made on a thread (util_task) that lives
 * no longer than the scan, unless libvirt hangs: then the thread is left where it sleeps, and
 * nothing more is asked until it has come back. Meanwhile the domains of the last good scan
 * stay, with what their own monitors say: the run state is no longer libvirt's, those that did
 * not run then are shown as slow, and those that came since are missing. The same holds while
 * libvirt cannot be reached. What remains of a libvirt that hangs for good is that one thread,
 * which sleeps; it needs the library's code, so that must not be unloaded.
 */
#include <string.h>

#include "qemu_source.h"
#include "qemu_source_libvirt_session.h"
#include "util/util_error.h"
#include "util/util_task.h"

enum { OPEN_MS = 5000, CLOSE_MS = 1000 };

/* What a thread is to do; the thread owns it while it runs. */
typedef struct {
    QemuSourceLibvirtSession *session;
    UtilDeadline deadline;
    GPtrArray *endpoints; /* the result; NULL: @error */
    GError *error;
} Errand;

typedef struct {
    char *uri;
    QemuSourceLibvirtSession *session;
    UtilTask *task;  /* left behind by an earlier scan */
    GPtrArray *last; /* of the last good scan; NULL: there was none */
    GPtrArray *aged; /* the same, without what only libvirt can tell; NULL: not made yet */
} LibvirtSource;

static void
unref_endpoint(gpointer data)
{
    qemu_endpoint_unref(data);
}

static void
free_errand(void *data)
{
    Errand *errand = data;

    g_clear_pointer(&errand->endpoints, g_ptr_array_unref);
    g_clear_error(&errand->error);
    qemu_source_libvirt_session_unref(errand->session);
    g_free(errand);
}

static void
run_connect(void *data)
{
    Errand *errand = data;

    qemu_source_libvirt_session_connect(errand->session, &errand->error);
}

static void
run_scan(void *data)
{
    Errand *errand = data;

    errand->endpoints =
        qemu_source_libvirt_session_scan(errand->session, errand->deadline, &errand->error);
}

static void
run_disconnect(void *data)
{
    Errand *errand = data;

    qemu_source_libvirt_session_disconnect(errand->session);
}

/* Does @run on a thread. NULL if it has not ended by @deadline, or there is no thread: what is
 * still under way is then @self->task. */
static UtilTask *
ask_on_thread(LibvirtSource *self, UtilTaskRun run, UtilDeadline deadline)
{
    Errand *errand = NULL;

    if (self->task != NULL && !util_task_wait(self->task, util_deadline_in_ms(0)))
        return NULL;
    g_clear_pointer(&self->task, util_task_free);
    errand = g_new0(Errand, 1);
    errand->session = qemu_source_libvirt_session_ref(self->session);
    errand->deadline = deadline;
    self->task = util_task_start(run, errand, free_errand);
    if (self->task == NULL || !util_task_wait(self->task, deadline))
        return NULL;
    return g_steal_pointer(&self->task);
}

static void
set_silent(const LibvirtSource *self, UtilError code, GError **error)
{
    g_set_error(error, UTIL_ERROR, (int)code, "libvirt at '%s' does not answer", self->uri);
}

/* INVALID for a libvirt of another host, whose monitors cannot be reached from here. */
static bool
check_is_local(const char *uri, GError **error)
{
    g_autoptr(GUri) parsed = g_uri_parse(uri, G_URI_FLAGS_NONE, NULL);
    const char *host = parsed ? g_uri_get_host(parsed) : NULL;

    if (host == NULL || host[0] == '\0' || strcmp(host, "localhost") == 0)
        return true;
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_INVALID,
                "source 'libvirt:%s': host '%s' is not this one, its monitors cannot be reached",
                uri, host);
    return false;
}

/* Closing asks libvirt too; if it hangs, the thread that waits for it closes. */
static void
close_libvirt(void *data)
{
    LibvirtSource *self = data;

    util_task_free(ask_on_thread(self, run_disconnect, util_deadline_in_ms(CLOSE_MS)));
    util_task_free(self->task);
    qemu_source_libvirt_session_unref(self->session);
    g_clear_pointer(&self->last, g_ptr_array_unref);
    g_clear_pointer(&self->aged, g_ptr_array_unref);
    g_free(self->uri);
    g_free(self);
}

static void *
open_libvirt(const char *argument, HostRoot *root, const QemuSourceOptions *options, GError **error)
{
    LibvirtSource *self = NULL;
    g_autoptr(UtilTask) task = NULL;
    g_autoptr(GError) failure = NULL;

    (void)root; /* a thread that is left behind may outlive it: the session has one of its own */
    if (!check_is_local(argument, error))
        return NULL;
    self = g_new0(LibvirtSource, 1);
    self->uri = g_strdup(argument);
    self->session = qemu_source_libvirt_session_new(argument, &options->libvirt_limits);
    task = ask_on_thread(self, run_connect, util_deadline_in_ms(OPEN_MS));
    if (task == NULL)
        set_silent(self, UTIL_ERROR_CONNECT, &failure);
    else
        failure = g_steal_pointer(&((Errand *)util_task_data(task))->error);
    if (failure == NULL)
        return self;
    close_libvirt(self);
    g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}

/* Copies the domains of the last good scan, without what only libvirt can tell now. */
static GPtrArray *
age(const GPtrArray *endpoints, const char *reason)
{
    GPtrArray *aged = g_ptr_array_new_with_free_func(unref_endpoint);

    for (guint i = 0; i < endpoints->len; i++) {
        QemuEndpoint *endpoint = qemu_source_libvirt_session_copy(g_ptr_array_index(endpoints, i));

        endpoint->libvirt_state = -1;
        endpoint->libvirt_reason = -1;
        if (endpoint->libvirt != NULL) {
            g_clear_pointer(&endpoint->libvirt, libvirt_pool_unref);
            endpoint->libvirt_trouble = g_strdup(reason);
        }
        if (!endpoint->is_active) {
            endpoint->trouble = DOMSTATS_HEALTH_SLOW;
            endpoint->trouble_reason = g_strdup(reason);
        }
        g_ptr_array_add(aged, endpoint);
    }
    return aged;
}

static GPtrArray *
ref_all(const GPtrArray *endpoints)
{
    GPtrArray *copy = g_ptr_array_new_with_free_func(unref_endpoint);

    for (guint i = 0; i < endpoints->len; i++)
        g_ptr_array_add(copy, qemu_endpoint_ref(g_ptr_array_index(endpoints, i)));
    return copy;
}

/* The domains that libvirt lists now; NULL with an error if it does not answer. */
static GPtrArray *
ask_libvirt(LibvirtSource *self, UtilDeadline deadline, GError **error)
{
    g_autoptr(UtilTask) task = ask_on_thread(self, run_scan, deadline);
    Errand *errand = task ? util_task_data(task) : NULL;

    if (errand == NULL) {
        set_silent(self, UTIL_ERROR_SYSTEM, error);
        return NULL;
    }
    if (errand->endpoints == NULL)
        g_propagate_error(error, g_steal_pointer(&errand->error));
    return g_steal_pointer(&errand->endpoints);
}

static GPtrArray *
scan_libvirt(void *data, UtilDeadline deadline, GError **error)
{
    LibvirtSource *self = data;
    unsigned int left_ms = (unsigned int)util_deadline_left_ms(deadline);
    /* If there is an older list to fall back on, leave a share of the time for the monitors. */
    UtilDeadline own = self->last ? util_deadline_in_ms(left_ms / 2) : deadline;
    g_autoptr(GError) failure = NULL;
    GPtrArray *endpoints = ask_libvirt(self, own, &failure);

    if (endpoints != NULL) {
        g_clear_pointer(&self->aged, g_ptr_array_unref);
        g_clear_pointer(&self->last, g_ptr_array_unref);
        self->last = endpoints;
        return ref_all(endpoints);
    }
    if (self->last == NULL) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    if (self->aged == NULL)
        self->aged = age(self->last, failure->message);
    return ref_all(self->aged);
}

const QemuSourceKind qemu_source_libvirt = {
    .name = "libvirt",
    .argument = "URI",
    .open = open_libvirt,
    .scan = scan_libvirt,
    .close = close_libvirt,
};
