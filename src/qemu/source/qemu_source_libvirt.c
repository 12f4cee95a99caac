/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_libvirt: "libvirt:URI": the domains of a libvirt, of this host or another.
 *
 * Owns the session, which knows what libvirt told. A daemon that is stopped by a signal is not
 * asked.
 */
#include "qemu/managed/qemu_source_libvirt_session.h"
#include "qemu/managed/qemu_source_libvirt_stopped.h"
#include "qemu_source.h"
#include "util/util_error.h"

enum { OPEN_MS = 5000 };

typedef struct {
    QemuSourceLibvirtSession *session;
    QemuSourceLibvirtStopped *stopped;
    bool has_domains; /* some scan has told them */
    int is_old;       /* atomic: what the last scan gave is the list of an earlier one */
} LibvirtSource;

static void
close_libvirt(void *data)
{
    LibvirtSource *self = data;

    qemu_source_libvirt_session_free(self->session);
    qemu_source_libvirt_stopped_free(self->stopped);
    g_free(self);
}

/* Connects. False with CONNECT if that fails; at once if libvirt's daemon is stopped. */
static bool
connect_libvirt(QemuSourceLibvirtSession *session, QemuSourceLibvirtStopped *stopped,
                UtilDeadline deadline, GError **error)
{
    g_autofree char *why = qemu_source_libvirt_stopped_find(stopped, deadline);

    if (why == NULL) {
        if (qemu_source_libvirt_session_connect(session, deadline, error))
            return true;
        why = qemu_source_libvirt_stopped_find(stopped, deadline); /* since then, perhaps */
    }
    if (why != NULL) {
        g_clear_error(error);
        g_set_error_literal(error, UTIL_ERROR, UTIL_ERROR_CONNECT, why);
    }
    return false;
}

static void *
open_libvirt(const char *argument, HostRoot *root, const QemuSourceOptions *options, GError **error)
{
    const QemuSourceLibvirtSessionOptions how = {.uri = argument,
                                                 .limits = options->libvirt_limits};
    g_autoptr(QemuSourceLibvirtSession) session = qemu_source_libvirt_session_new(&how);
    g_autoptr(QemuSourceLibvirtStopped) stopped = qemu_source_libvirt_stopped_new(argument);
    UtilDeadline deadline =
        util_deadline_in_ms(options->timeout_ms > 0 ? options->timeout_ms : OPEN_MS);
    LibvirtSource *self = NULL;

    (void)root;
    if (!connect_libvirt(session, stopped, deadline, error))
        return NULL;
    self = g_new0(LibvirtSource, 1);
    self->session = g_steal_pointer(&session);
    self->stopped = g_steal_pointer(&stopped);
    return self;
}

static void
describe_libvirt(void *data, bool is_wanted)
{
    LibvirtSource *self = data;

    qemu_source_libvirt_session_describe(self->session, is_wanted);
}

static GPtrArray *
scan_libvirt(void *data, UtilDeadline deadline, GError **error)
{
    LibvirtSource *self = data;
    unsigned int left_ms = (unsigned int)util_deadline_left_ms(deadline);
    /* If there is an older list to fall back on, leave a share of the time for the monitors. */
    UtilDeadline own = self->has_domains ? util_deadline_in_ms(left_ms / 2) : deadline;
    QemuSourceLibvirtSessionTrouble trouble = {0};
    g_autofree char *stopped = qemu_source_libvirt_stopped_find(self->stopped, deadline);
    GPtrArray *endpoints = NULL;

    if (stopped == NULL) {
        qemu_source_libvirt_session_begin(self->session);
        endpoints = qemu_source_libvirt_session_finish(self->session, own, &trouble);
    } else {
        endpoints = qemu_source_libvirt_session_pass(self->session, stopped, &trouble);
    }
    if (endpoints == NULL)
        g_set_error_literal(error, UTIL_ERROR,
                            trouble.is_silent ? UTIL_ERROR_SYSTEM : UTIL_ERROR_CONNECT,
                            trouble.text);
    self->has_domains |= endpoints != NULL;
    g_atomic_int_set(&self->is_old, trouble.text != NULL && !trouble.has_list);
    return endpoints;
}

static const char *
blind_spot_of_libvirt(void *data)
{
    LibvirtSource *self = data;

    return g_atomic_int_get(&self->is_old)
               ? "libvirt cannot be asked for its domains: the answer has those of an earlier call"
               : NULL;
}

const QemuSourceKind qemu_source_libvirt = {
    .name = "libvirt",
    .argument = "URI",
    .open = open_libvirt,
    .describe = describe_libvirt,
    .scan = scan_libvirt,
    .close = close_libvirt,
    .blind_spot = blind_spot_of_libvirt,
};
