/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt_list: see daemon_libvirt_list.h.
 *
 * A list needs no value of a domain, so its round asks for none (a bit that is no group) and does
 * not wait for domains that are known to be stuck.
 */
#include "daemon_libvirt_list.h"

#include <string.h>

#include "rpc/rpc_limits.h"

enum { NO_GROUP = 1 << 30 };

/* The families of libvirt's filters that the library does not have. Of the last three nothing is
 * known here: every domain counts as one without. */
enum {
    AUTOSTART = VIR_CONNECT_LIST_DOMAINS_AUTOSTART,
    NO_AUTOSTART = VIR_CONNECT_LIST_DOMAINS_NO_AUTOSTART,
    FILTERS_OF_STATE = VIR_CONNECT_LIST_DOMAINS_RUNNING | VIR_CONNECT_LIST_DOMAINS_PAUSED |
                       VIR_CONNECT_LIST_DOMAINS_SHUTOFF | VIR_CONNECT_LIST_DOMAINS_OTHER,
    FILTERS_OF_LIBRARY = VIR_CONNECT_LIST_DOMAINS_ACTIVE | VIR_CONNECT_LIST_DOMAINS_INACTIVE |
                         VIR_CONNECT_LIST_DOMAINS_PERSISTENT | VIR_CONNECT_LIST_DOMAINS_TRANSIENT |
                         FILTERS_OF_STATE,
};

static const struct {
    unsigned int with;
    unsigned int without;
} unknown_filters[] = {
    {VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE, VIR_CONNECT_LIST_DOMAINS_NO_MANAGEDSAVE},
    {VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT, VIR_CONNECT_LIST_DOMAINS_NO_SNAPSHOT},
    {VIR_CONNECT_LIST_DOMAINS_HAS_CHECKPOINT, VIR_CONNECT_LIST_DOMAINS_NO_CHECKPOINT},
};

bool
daemon_libvirt_list_ask(DaemonLibvirtCall *call, DomstatsCall *ret_ask)
{
    (void)call;
    ret_ask->stats = NO_GROUP;
    ret_ask->flags = VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT;
    return true;
}

bool
daemon_libvirt_list_about_ask(DaemonLibvirtCall *call, DomstatsCall *ret_ask)
{
    (void)daemon_libvirt_list_ask(call, ret_ask);
    ret_ask->stats = VIR_DOMAIN_STATS_STATE;
    ret_ask->extras = DOMSTATS_CALL_ABOUT;
    return true;
}

bool
daemon_libvirt_list_all_ask(DaemonLibvirtCall *call, DomstatsCall *ret_ask)
{
    const rpc_list_args *args = call->args;

    (void)daemon_libvirt_list_ask(call, ret_ask);
    if ((args->flags & (FILTERS_OF_STATE | AUTOSTART | NO_AUTOSTART)) != 0)
        ret_ask->stats = VIR_DOMAIN_STATS_STATE;
    if ((args->flags & (AUTOSTART | NO_AUTOSTART)) != 0)
        ret_ask->extras = DOMSTATS_CALL_ABOUT;
    ret_ask->flags |= args->flags & FILTERS_OF_LIBRARY;
    return true;
}

static bool
starts_by_itself(const DomstatsRecord *record)
{
    for (int i = 0; i < record->n_params; i++) {
        if (strcmp(record->params[i].field, "about.state.autostart") == 0)
            return record->params[i].type == VIR_TYPED_PARAM_BOOLEAN &&
                   record->params[i].value.b != 0;
    }
    return false;
}

static bool
passes(const DomstatsRecord *record, unsigned int flags)
{
    unsigned int autostart = flags & (AUTOSTART | NO_AUTOSTART);

    if (!daemon_libvirt_fields_is_domain(record))
        return false;
    if (autostart != 0 && (autostart & (starts_by_itself(record) ? AUTOSTART : NO_AUTOSTART)) == 0)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(unknown_filters); i++) {
        if ((flags & unknown_filters[i].with) != 0 && (flags & unknown_filters[i].without) == 0)
            return false;
    }
    return true;
}

static void
keep_list(DaemonLibvirtCall *call)
{
    daemon_libvirt_known_take(&call->session->known, call->answer->records,
                              call->answer->n_records);
}

static bool
check_count(size_t count, RpcError *error)
{
    if (count <= RPC_LIMIT_CALL_DOMAINS)
        return true;
    rpc_error_set(error, VIR_ERR_RPC, VIR_FROM_RPC, "Too many domains '%zu' for limit '%d'", count,
                  RPC_LIMIT_CALL_DOMAINS);
    return false;
}

bool
daemon_libvirt_list_all(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    const rpc_list_args *args = call->args;
    size_t n_records = call->answer->n_records;
    rpc_domain *domains = daemon_libvirt_call_alloc(call, n_records, sizeof(rpc_domain));
    rpc_domains *list = result;

    for (size_t i = 0; i < n_records; i++) {
        if (passes(call->answer->records[i], args->flags))
            domains[list->count++] = daemon_libvirt_call_domain(call->answer->records[i]);
    }
    keep_list(call);
    if (!check_count(list->count, error))
        return false;
    list->domains.domains_val = domains;
    list->domains.domains_len = args->has_room ? list->count : 0;
    return true;
}

static bool
is_of_list(const DomstatsRecord *record, bool is_active)
{
    return daemon_libvirt_fields_is_domain(record) && (record->id > 0) == is_active;
}

static int
count_domains(const DaemonLibvirtCall *call, bool are_active)
{
    int count = 0;

    for (size_t i = 0; i < call->answer->n_records; i++)
        count += is_of_list(call->answer->records[i], are_active);
    return count;
}

bool
daemon_libvirt_list_active_count(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    rpc_number *count = result;

    (void)error;
    count->value = count_domains(call, true);
    keep_list(call);
    return true;
}

bool
daemon_libvirt_list_defined_count(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    rpc_number *count = result;

    (void)error;
    count->value = count_domains(call, false);
    return true;
}

/* How many items a client has room for; one that says nonsense has none. */
static unsigned int
room_of(const DaemonLibvirtCall *call)
{
    const rpc_number *args = call->args;

    return args->value > 0 ? (unsigned int)MIN(args->value, RPC_LIMIT_CALL_DOMAINS) : 0;
}

bool
daemon_libvirt_list_active_ids(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    unsigned int room = room_of(call);
    rpc_ids *list = result;

    (void)error;
    list->ids.ids_val = daemon_libvirt_call_alloc(call, call->answer->n_records, sizeof(int));
    for (size_t i = 0; i < call->answer->n_records && list->ids.ids_len < room; i++) {
        if (is_of_list(call->answer->records[i], true))
            list->ids.ids_val[list->ids.ids_len++] = call->answer->records[i]->id;
    }
    keep_list(call);
    return true;
}

bool
daemon_libvirt_list_defined_names(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    unsigned int room = room_of(call);
    rpc_names *list = result;

    (void)error;
    list->names.names_val =
        daemon_libvirt_call_alloc(call, call->answer->n_records, sizeof(rpc_text));
    for (size_t i = 0; i < call->answer->n_records && list->names.names_len < room; i++) {
        if (is_of_list(call->answer->records[i], false))
            list->names.names_val[list->names.names_len++] = call->answer->records[i]->name;
    }
    return true;
}

/* Names one domain, by a word, to a round; a word that could be another kind of name too is looked
 * for in the list of all. */
static bool
ask_word(DaemonLibvirtCall *call, DomstatsCall *ret_ask, const char *word, bool is_clear)
{
    const char **words = daemon_libvirt_call_alloc(call, 2, sizeof(char *));

    (void)daemon_libvirt_list_ask(call, ret_ask);
    words[0] = word;
    if (is_clear)
        ret_ask->domains = words;
    return true;
}

static void
put_known(const DaemonLibvirtKnownDomain *known, rpc_domain *ret_domain)
{
    ret_domain->name = known->name;
    ret_domain->id = known->id;
    (void)daemon_libvirt_call_parse_uuid(known->uuid, ret_domain->uuid);
}

/* The first record that @matches, else the one that is known. */
static bool
put_first(DaemonLibvirtCall *call, rpc_domain *ret_domain,
          bool (*matches)(const DaemonLibvirtCall *call, const DomstatsRecord *record),
          const DaemonLibvirtKnownDomain *known)
{
    if (call->answer == NULL) {
        if (known != NULL)
            put_known(known, ret_domain);
        return known != NULL;
    }
    for (size_t i = 0; i < call->answer->n_records; i++) {
        const DomstatsRecord *record = call->answer->records[i];

        if (daemon_libvirt_fields_is_domain(record) && matches(call, record)) {
            *ret_domain = daemon_libvirt_call_domain(record);
            return true;
        }
    }
    return false;
}

static const DaemonLibvirtKnownDomain *
known_id(const DaemonLibvirtCall *call)
{
    const rpc_number *args = call->args;

    return daemon_libvirt_known_by_id(&call->session->known, args->value);
}

bool
daemon_libvirt_list_id_ask(DaemonLibvirtCall *call, DomstatsCall *ret_ask)
{
    const rpc_number *args = call->args;

    if (known_id(call) != NULL)
        return false;
    return ask_word(call, ret_ask,
                    daemon_libvirt_call_keep(call, g_strdup_printf("%d", args->value)),
                    args->value > 0);
}

static bool
has_id(const DaemonLibvirtCall *call, const DomstatsRecord *record)
{
    const rpc_number *args = call->args;

    return record->id > 0 && record->id == args->value;
}

bool
daemon_libvirt_list_id(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    const rpc_number *args = call->args;
    rpc_domain_args *found = result;

    if (put_first(call, &found->domain, has_id, known_id(call)))
        return true;
    rpc_error_set(error, VIR_ERR_NO_DOMAIN, VIR_FROM_QEMU,
                  "Domain not found: no domain with matching id %d", args->value);
    return false;
}

static const DaemonLibvirtKnownDomain *
known_name(const DaemonLibvirtCall *call)
{
    const rpc_word *args = call->args;

    return daemon_libvirt_known_by_name(&call->session->known, args->value);
}

/* A name that is a number, begins like an address, or has the letters of a UUID could be taken for
 * that. */
static bool
is_clearly_a_name(const char *name)
{
    char raw[VIR_UUID_BUFLEN];

    return name[0] != '\0' && strspn(name, "0123456789") != strlen(name) && name[0] != '/' &&
           name[0] != '@' && !g_str_has_prefix(name, "tcp:") &&
           !daemon_libvirt_call_parse_uuid(name, raw);
}

bool
daemon_libvirt_list_name_ask(DaemonLibvirtCall *call, DomstatsCall *ret_ask)
{
    const rpc_word *args = call->args;

    if (known_name(call) != NULL)
        return false;
    return ask_word(call, ret_ask, args->value, is_clearly_a_name(args->value));
}

static bool
has_name(const DaemonLibvirtCall *call, const DomstatsRecord *record)
{
    const rpc_word *args = call->args;

    return strcmp(record->name, args->value) == 0;
}

bool
daemon_libvirt_list_name(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    const rpc_word *args = call->args;
    rpc_domain_args *found = result;

    if (put_first(call, &found->domain, has_name, known_name(call)))
        return true;
    rpc_error_set(error, VIR_ERR_NO_DOMAIN, VIR_FROM_QEMU,
                  "Domain not found: no domain with matching name '%s'", args->value);
    return false;
}

static char *
asked_uuid(DaemonLibvirtCall *call)
{
    const rpc_uuid_args *args = call->args;
    char *uuid = daemon_libvirt_call_alloc(call, VIR_UUID_STRING_BUFLEN, 1);

    daemon_libvirt_call_print_uuid(args->uuid, uuid);
    return uuid;
}

bool
daemon_libvirt_list_uuid_ask(DaemonLibvirtCall *call, DomstatsCall *ret_ask)
{
    char *uuid = asked_uuid(call);

    if (daemon_libvirt_known_by_uuid(&call->session->known, uuid) != NULL)
        return false;
    return ask_word(call, ret_ask, uuid, true);
}

static bool
has_uuid(const DaemonLibvirtCall *call, const DomstatsRecord *record)
{
    const rpc_uuid_args *args = call->args;
    char raw[VIR_UUID_BUFLEN];

    return daemon_libvirt_call_parse_uuid(record->uuid, raw) &&
           memcmp(raw, args->uuid, sizeof(raw)) == 0;
}

bool
daemon_libvirt_list_uuid(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    const char *uuid = asked_uuid(call);
    rpc_domain_args *found = result;

    if (put_first(call, &found->domain, has_uuid,
                  daemon_libvirt_known_by_uuid(&call->session->known, uuid)))
        return true;
    rpc_error_set(error, VIR_ERR_NO_DOMAIN, VIR_FROM_QEMU,
                  "Domain not found: no domain with matching uuid '%s'", uuid);
    return false;
}
