/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt_event: see daemon_libvirt_event.h.
 *
 * Every kind of event can be registered for, since clients give up where libvirt would not refuse
 * them; only lifecycle events are ever sent.
 */
#include "daemon_libvirt_event.h"

#include <string.h>

#include "daemon_limits.h"

/* libvirt 11.3 has 26 kinds. */
enum { KINDS = 64 };

static bool
add(DaemonLibvirtCall *call, int event, bool is_old, const rpc_domain *domain, RpcError *error)
{
    DaemonLibvirtCallSession *session = call->session;
    DaemonLibvirtCallEvent callback = {.event = event, .is_old = is_old};

    if (event < 0 || event >= KINDS) {
        rpc_error_set(error, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC,
                      "internal error: unsupported event ID %d", event);
        return false;
    }
    if (session->events->len >= DAEMON_LIMIT_RPC_EVENTS) {
        rpc_error_set(error, VIR_ERR_OPERATION_FAILED, VIR_FROM_RPC,
                      "operation failed: too many callbacks");
        return false;
    }
    callback.id = ++session->last_event;
    if (domain != NULL)
        daemon_libvirt_call_print_uuid(domain->uuid, callback.uuid);
    g_array_append_val(session->events, callback);
    return true;
}

static bool
take_away(DaemonLibvirtCall *call, bool is_old, int number, RpcError *error)
{
    GArray *events = call->session->events;

    for (guint i = 0; i < events->len; i++) {
        const DaemonLibvirtCallEvent *callback = &g_array_index(events, DaemonLibvirtCallEvent, i);

        if (callback->is_old == is_old && (is_old ? callback->event : callback->id) == number) {
            g_array_remove_index(events, i);
            return true;
        }
    }
    rpc_error_set(error, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC,
                  "internal error: domain event callback %d not registered", number);
    return false;
}

bool
daemon_libvirt_event_register(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    const rpc_callback_args *args = call->args;
    rpc_number *id = result;

    if (!add(call, args->event, false, args->domain, error))
        return false;
    id->value = call->session->last_event;
    return true;
}

bool
daemon_libvirt_event_deregister(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    const rpc_number *args = call->args;

    (void)result;
    return take_away(call, false, args->value, error);
}

static bool
has_old(const DaemonLibvirtCall *call, int event)
{
    const GArray *events = call->session->events;

    for (guint i = 0; i < events->len; i++) {
        const DaemonLibvirtCallEvent *callback = &g_array_index(events, DaemonLibvirtCallEvent, i);

        if (callback->is_old && callback->event == event)
            return true;
    }
    return false;
}

static bool
add_old(DaemonLibvirtCall *call, int event, RpcError *error)
{
    if (!has_old(call, event))
        return add(call, event, true, NULL, error);
    rpc_error_set(error, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC,
                  "internal error: domain event %d already registered", event);
    return false;
}

bool
daemon_libvirt_event_register_kind(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    const rpc_number *args = call->args;

    (void)result;
    return add_old(call, args->value, error);
}

bool
daemon_libvirt_event_deregister_kind(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    const rpc_number *args = call->args;

    (void)result;
    return take_away(call, true, args->value, error);
}

bool
daemon_libvirt_event_register_oldest(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    rpc_number *n_registered = result;

    n_registered->value = 1;
    return add_old(call, VIR_DOMAIN_EVENT_ID_LIFECYCLE, error);
}

bool
daemon_libvirt_event_deregister_oldest(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    (void)result; /* none is left */
    return take_away(call, true, VIR_DOMAIN_EVENT_ID_LIFECYCLE, error);
}

bool
daemon_libvirt_event_is_wanted(const DaemonLibvirtCallSession *session)
{
    for (guint i = 0; i < session->events->len; i++) {
        if (g_array_index(session->events, DaemonLibvirtCallEvent, i).event ==
            VIR_DOMAIN_EVENT_ID_LIFECYCLE)
            return true;
    }
    return false;
}

GBytes *
daemon_libvirt_event_make(const DaemonLibvirtCallEvent *callback, const DaemonWatchEvent *event)
{
    rpc_domain domain = {.name = daemon_libvirt_call_text(event->name), .id = event->id};
    rpc_callback_lifecycle payload = {
        .callback = callback->id, .event = event->event, .detail = event->detail};
    rpc_lifecycle old_payload = {.event = event->event, .detail = event->detail};

    if (callback->event != VIR_DOMAIN_EVENT_ID_LIFECYCLE ||
        (callback->uuid[0] != '\0' && strcmp(callback->uuid, event->uuid) != 0))
        return NULL;
    (void)daemon_libvirt_call_parse_uuid(event->uuid, domain.uuid);
    payload.domain = old_payload.domain = domain;
    if (callback->is_old)
        return rpc_message_make_event(rpc_procedure_find(RPC_PROCEDURE_DOMAIN_EVENT_LIFECYCLE),
                                      &old_payload);
    return rpc_message_make_event(rpc_procedure_find(RPC_PROCEDURE_DOMAIN_EVENT_CALLBACK_LIFECYCLE),
                                  &payload);
}
