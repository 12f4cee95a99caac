/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_list: see libvirt_list.h. Owns the answers of both requests.
 */
#include "libvirt_list.h"

#include <stdlib.h>

#include "libvirt_limits.h"
#include "libvirt_uuid.h"

static void
clear_domain(gpointer data)
{
    LibvirtListDomain *domain = data;

    g_free(domain->name);
}

static void
free_domains(void *data)
{
    g_array_unref(data);
}

static void
free_set(void *data)
{
    g_hash_table_unref(data);
}

static void
free_list(virDomainPtr *list, int n)
{
    for (int i = 0; i < n; i++)
        virDomainFree(list[i]);
    free(list); /* word allowed: libvirt's memory */
}

static GHashTable *
new_set(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static void
add_uuid(GHashTable *uuids, virDomainPtr domain)
{
    char uuid[VIR_UUID_STRING_BUFLEN] = "";

    if (libvirt_uuid_of(domain, uuid))
        g_hash_table_add(uuids, g_strdup(uuid));
}

static bool
is_active(virDomainPtr domain)
{
    return (int)virDomainGetID(domain) != -1;
}

/* The UUIDs, as a set, of the @n domains of @list that end with their run. A domain that does not
 * run is persistent, so libvirt need not be asked if none runs. NULL with the outcome. */
static GHashTable *
find_transient(virConnectPtr conn, virDomainPtr *list, int n, LibvirtOutcome *ret_outcome)
{
    GHashTable *uuids = new_set();
    virDomainPtr *transient = NULL;
    int n_transient = 0;

    for (int i = 0; i < n && n_transient == 0; i++)
        n_transient = is_active(list[i]);
    if (n_transient > 0)
        n_transient =
            virConnectListAllDomains(conn, &transient, VIR_CONNECT_LIST_DOMAINS_TRANSIENT);
    if (n_transient < 0) {
        libvirt_outcome_take_last(ret_outcome);
        g_clear_pointer(&uuids, g_hash_table_unref);
    }
    for (int i = 0; i < n_transient; i++)
        add_uuid(uuids, transient[i]);
    free_list(transient, n_transient);
    return uuids;
}

/* Adds @listed to @domains, unless it has an UUID of @seen. */
static void
add_domain(GArray *domains, virDomainPtr listed, GHashTable *transient, GHashTable *seen)
{
    LibvirtListDomain domain = {.id = (int)virDomainGetID(listed)};
    const char *name = virDomainGetName(listed);

    if (name == NULL || !libvirt_uuid_of(listed, domain.uuid) ||
        !g_hash_table_add(seen, g_strdup(domain.uuid)))
        return;
    domain.name = g_utf8_make_valid(name, -1);
    domain.is_persistent = !g_hash_table_contains(transient, domain.uuid);
    g_array_append_val(domains, domain);
}

static void
run_list(LibvirtConnection *connection, void *data, LibvirtOutcome *ret_outcome)
{
    GArray *domains = data;
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) transient = NULL;
    virConnectPtr conn = libvirt_connection_get(connection);
    virDomainPtr *list = NULL;
    int n = virConnectListAllDomains(conn, &list, 0);

    g_array_set_size(domains, 0);
    if (n < 0) {
        libvirt_outcome_take_last(ret_outcome);
        return;
    }
    transient = find_transient(conn, list, n, ret_outcome);
    for (int i = 0; transient != NULL && i < n && domains->len < LIBVIRT_LIMIT_LISTED_DOMAINS; i++)
        add_domain(domains, list[i], transient, seen);
    libvirt_connection_keep(connection, list, MIN(n, LIBVIRT_LIMIT_LISTED_DOMAINS));
    free_list(list, n);
}

LibvirtPoolRequest *
libvirt_list_ask(LibvirtPool *pool, LibvirtPoolInbox *inbox)
{
    GArray *domains = g_array_new(FALSE, FALSE, sizeof(LibvirtListDomain));

    g_array_set_clear_func(domains, clear_domain);
    return libvirt_pool_ask_daemon(pool, run_list, domains, free_domains, inbox);
}

const GArray *
libvirt_list_domains(LibvirtPoolRequest *ended)
{
    return libvirt_pool_request_data(ended);
}

static void
add_state(GHashTable *states, const virDomainStatsRecord *record)
{
    LibvirtListState *state = NULL;
    char uuid[VIR_UUID_STRING_BUFLEN] = "";

    if (!libvirt_uuid_of(record->dom, uuid))
        return;
    state = g_new0(LibvirtListState, 1);
    *state = (LibvirtListState){(int)virDomainGetID(record->dom), -1, -1};
    virTypedParamsGetInt(record->params, record->nparams, "state.state", &state->state);
    virTypedParamsGetInt(record->params, record->nparams, "state.reason", &state->reason);
    g_hash_table_replace(states, g_strdup(uuid), state);
}

static void
run_states(LibvirtConnection *connection, void *data, LibvirtOutcome *ret_outcome)
{
    GHashTable *states = data;
    virDomainStatsRecordPtr *records = NULL;
    int n = virConnectGetAllDomainStats(libvirt_connection_get(connection), VIR_DOMAIN_STATS_STATE,
                                        &records, 0);

    g_hash_table_remove_all(states);
    if (n < 0)
        libvirt_outcome_take_last(ret_outcome);
    for (int i = 0; i < n && i < LIBVIRT_LIMIT_LISTED_DOMAINS; i++)
        add_state(states, records[i]);
    virDomainStatsRecordListFree(records);
}

LibvirtPoolRequest *
libvirt_list_ask_states(LibvirtPool *pool, LibvirtPoolInbox *inbox)
{
    GHashTable *states = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    return libvirt_pool_ask(pool, run_states, states, free_set, inbox);
}

const LibvirtListState *
libvirt_list_state(LibvirtPoolRequest *ended, const char *uuid)
{
    return g_hash_table_lookup(libvirt_pool_request_data(ended), uuid);
}

static void
run_autostart(LibvirtConnection *connection, void *data, LibvirtOutcome *ret_outcome)
{
    GHashTable *uuids = data;
    virDomainPtr *list = NULL;
    int n = virConnectListAllDomains(libvirt_connection_get(connection), &list,
                                     VIR_CONNECT_LIST_DOMAINS_AUTOSTART);

    g_hash_table_remove_all(uuids);
    if (n < 0)
        libvirt_outcome_take_last(ret_outcome);
    for (int i = 0; i < n && i < LIBVIRT_LIMIT_LISTED_DOMAINS; i++)
        add_uuid(uuids, list[i]);
    free_list(list, n);
}

LibvirtPoolRequest *
libvirt_list_ask_autostart(LibvirtPool *pool, LibvirtPoolInbox *inbox)
{
    return libvirt_pool_ask_daemon(pool, run_autostart, new_set(), free_set, inbox);
}

bool
libvirt_list_has_autostart(LibvirtPoolRequest *ended, const char *uuid)
{
    return g_hash_table_contains(libvirt_pool_request_data(ended), uuid);
}
