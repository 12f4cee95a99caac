/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt_stats: see daemon_libvirt_stats.h.
 *
 * Every active domain has a record with its state, also if its QEMU does not answer, since clients
 * take the first record of an answer without looking whether there is one. A name that no domain
 * has is left out, as libvirt does. One that is named several times has one record, unlike there: a
 * message can name one domain 16,384 times, which would be gigabytes of records.
 */
#include "daemon_libvirt_stats.h"

#include <string.h>

#include "rpc/rpc_limits.h"

#define FLAG(name) VIR_CONNECT_GET_ALL_DOMAINS_STATS_##name

enum { STATE_PARAMS = 2 };

static const unsigned int known_flags =
    FLAG(ACTIVE) | FLAG(INACTIVE) | FLAG(PERSISTENT) | FLAG(TRANSIENT) | FLAG(RUNNING) |
    FLAG(PAUSED) | FLAG(SHUTOFF) | FLAG(OTHER) | FLAG(NOWAIT) | FLAG(BACKING) | FLAG(ENFORCE_STATS);

/* The bits that the daemons of libvirt know, up to 9.0: from VIR_DOMAIN_STATS_STATE on. */
static const unsigned int known_stats = (1U << 11) - 1;

bool
daemon_libvirt_stats_check(DaemonLibvirtCall *call, RpcError *error)
{
    const rpc_stats_args *args = call->args;
    unsigned int unknown_stats = args->stats & ~known_stats;

    if ((args->flags & ~known_flags) != 0) {
        rpc_error_set(error, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU,
                      "unsupported flags (0x%x) in function qemuConnectGetAllDomainStats",
                      args->flags & ~known_flags);
        return false;
    }
    if ((args->flags & FLAG(ENFORCE_STATS)) != 0 && unknown_stats != 0) {
        rpc_error_set(
            error, VIR_ERR_ARGUMENT_UNSUPPORTED, VIR_FROM_QEMU,
            "argument unsupported: Stats types bits 0x%x are not supported by this daemon "
            "or QEMU",
            unknown_stats);
        return false;
    }
    return true;
}

bool
daemon_libvirt_stats_ask(DaemonLibvirtCall *call, DomstatsCall *ret_ask)
{
    const rpc_stats_args *args = call->args;
    unsigned int n_domains = args->domains.domains_len;
    g_autoptr(GHashTable) named = g_hash_table_new(g_str_hash, g_str_equal);
    const char **words = NULL;
    unsigned int n_words = 0;

    ret_ask->stats = args->stats;
    ret_ask->flags = args->flags;
    if (n_domains == 0)
        return true;
    words = daemon_libvirt_call_alloc(call, n_domains + 1, sizeof(char *));
    for (unsigned int i = 0; i < n_domains; i++) {
        char *uuid = daemon_libvirt_call_alloc(call, VIR_UUID_STRING_BUFLEN, 1);

        daemon_libvirt_call_print_uuid(args->domains.domains_val[i].uuid, uuid);
        if (g_hash_table_add(named, uuid))
            words[n_words++] = uuid;
    }
    ret_ask->domains = words;
    return true;
}

/* Python's clients fail at an answer with a string that is no UTF-8; paths may have any bytes. */
static char *
make_text(DaemonLibvirtCall *call, const char *text)
{
    if (g_utf8_validate(text, -1, NULL))
        return daemon_libvirt_call_text(text);
    return daemon_libvirt_call_keep(call, g_utf8_make_valid(text, -1));
}

static rpc_value
make_value(DaemonLibvirtCall *call, const virTypedParameter *param)
{
    rpc_value value = {.type = param->type};

    switch (param->type) {
    case VIR_TYPED_PARAM_INT:
        value.rpc_value_u.as_int = param->value.i;
        break;
    case VIR_TYPED_PARAM_UINT:
        value.rpc_value_u.as_uint = param->value.ui;
        break;
    case VIR_TYPED_PARAM_LLONG:
        value.rpc_value_u.as_llong = param->value.l;
        break;
    case VIR_TYPED_PARAM_ULLONG:
        value.rpc_value_u.as_ullong = param->value.ul;
        break;
    case VIR_TYPED_PARAM_DOUBLE:
        value.rpc_value_u.as_double = param->value.d;
        break;
    case VIR_TYPED_PARAM_BOOLEAN:
        value.rpc_value_u.as_boolean = param->value.b;
        break;
    case VIR_TYPED_PARAM_STRING:
        value.rpc_value_u.as_string = make_text(call, param->value.s);
        break;
    default:
        break;
    }
    return value;
}

static void
put_int(rpc_param *param, const char *field, int value)
{
    param->field = daemon_libvirt_call_text(field);
    param->value.type = VIR_TYPED_PARAM_INT;
    param->value.rpc_value_u.as_int = value;
}

/* State and reason of a record that lacks them. */
static unsigned int
put_state(const DomstatsRecord *record, rpc_param *params)
{
    int state = 0;
    int reason = 0;

    daemon_libvirt_fields_state(record, &state, &reason);
    put_int(&params[0], "state.state", state);
    put_int(&params[1], "state.reason", reason);
    return STATE_PARAMS;
}

static rpc_record
make_record(DaemonLibvirtCall *call, const DomstatsRecord *record, bool wants_state)
{
    bool has_state = record->n_params > 0 && strcmp(record->params[0].field, "state.state") == 0;
    rpc_param *params =
        daemon_libvirt_call_alloc(call, (size_t)record->n_params + STATE_PARAMS, sizeof(rpc_param));
    unsigned int n_params = wants_state && !has_state ? put_state(record, params) : 0;
    rpc_record made = {.domain = daemon_libvirt_call_domain(record)};

    for (int i = 0; i < record->n_params; i++) {
        params[n_params].field = record->params[i].field;
        params[n_params].value = make_value(call, &record->params[i]);
        n_params++;
    }
    made.params.params_val = params;
    made.params.params_len = n_params;
    return made;
}

bool
daemon_libvirt_stats(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    const rpc_stats_args *args = call->args;
    const DaemonRoundsAnswer *answer = call->answer;
    bool wants_state = args->stats == 0 || (args->stats & VIR_DOMAIN_STATS_STATE) != 0;
    rpc_record *records = daemon_libvirt_call_alloc(call, answer->n_records, sizeof(rpc_record));
    unsigned int n_records = 0;
    rpc_records *list = result;

    for (size_t i = 0; i < answer->n_records; i++) {
        if (daemon_libvirt_fields_is_domain(answer->records[i]))
            records[n_records++] = make_record(call, answer->records[i], wants_state);
    }
    if (n_records > RPC_LIMIT_CALL_DOMAINS) {
        rpc_error_set(error, VIR_ERR_RPC, VIR_FROM_RPC, "Too many domain stats '%u' for limit '%d'",
                      n_records, RPC_LIMIT_CALL_DOMAINS);
        return false;
    }
    if (args->domains.domains_len == 0)
        daemon_libvirt_known_take(&call->session->known, answer->records, answer->n_records);
    list->records.records_val = records;
    list->records.records_len = n_records;
    return true;
}
