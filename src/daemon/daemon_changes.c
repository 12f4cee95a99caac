/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_changes: see daemon_changes.h.
 *
 * A domain is known by its UUID; of two with one UUID, the first in an answer counts. A record
 * without a state, of a domain that is stuck or of a round that asks for none, leaves the state
 * that is known. If an answer may lack domains (it has a blind spot), one that is not in it is gone
 * only when its process has ended. Of a round that a newer one has overtaken, which may be held up
 * for seconds, only what the newer one did not have is news.
 */
#include "daemon_changes.h"

#include <string.h>

#include "daemon_alive.h"

typedef struct {
    char *name;
    char uuid[VIR_UUID_STRING_BUFLEN];
    int id; /* -1: it does not run */
    int pid;
    uint64_t start_ticks;
    int state; /* VIR_DOMAIN_NOSTATE: not known */
    int reason;
    bool ran_before;   /* the first list: the first state that is known of it is no news */
    unsigned int seen; /* the newest round that had it */
} Domain;

struct DaemonChanges {
    DaemonChangesTell tell;
    void *data;
    GHashTable *domains; /* uuid -> Domain, which has the key */
    bool has_list;       /* an answer with all domains was taken */
    unsigned int list;   /* the newest round that had all */
};

static void
free_domain(gpointer data)
{
    Domain *domain = data;

    g_free(domain->name);
    g_free(domain);
}

DaemonChanges *
daemon_changes_new(DaemonChangesTell tell, void *data)
{
    DaemonChanges *self = g_new0(DaemonChanges, 1);

    self->tell = tell;
    self->data = data;
    self->domains = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_domain);
    return self;
}

void
daemon_changes_free(DaemonChanges *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->domains);
    g_free(self);
}

static void
tell(const DaemonChanges *self, const Domain *domain, int event, int detail)
{
    if (self->has_list)
        self->tell(domain->name, domain->uuid, domain->id, event, detail, self->data);
}

static int
map(const int (*rows)[2], size_t n_rows, int from)
{
    for (size_t i = 0; i < n_rows; i++) {
        if (rows[i][0] == from)
            return rows[i][1];
    }
    return 0;
}

static int
detail_of_pause(int reason)
{
    static const int rows[][2] = {
        {VIR_DOMAIN_PAUSED_MIGRATION, VIR_DOMAIN_EVENT_SUSPENDED_MIGRATED},
        {VIR_DOMAIN_PAUSED_IOERROR, VIR_DOMAIN_EVENT_SUSPENDED_IOERROR},
        {VIR_DOMAIN_PAUSED_WATCHDOG, VIR_DOMAIN_EVENT_SUSPENDED_WATCHDOG},
        {VIR_DOMAIN_PAUSED_FROM_SNAPSHOT, VIR_DOMAIN_EVENT_SUSPENDED_FROM_SNAPSHOT},
        {VIR_DOMAIN_PAUSED_POSTCOPY, VIR_DOMAIN_EVENT_SUSPENDED_POSTCOPY},
    };

    return map(rows, G_N_ELEMENTS(rows), reason);
}

static int
detail_of_stop(int reason)
{
    static const int rows[][2] = {
        {VIR_DOMAIN_SHUTOFF_DESTROYED, VIR_DOMAIN_EVENT_STOPPED_DESTROYED},
        {VIR_DOMAIN_SHUTOFF_CRASHED, VIR_DOMAIN_EVENT_STOPPED_CRASHED},
        {VIR_DOMAIN_SHUTOFF_MIGRATED, VIR_DOMAIN_EVENT_STOPPED_MIGRATED},
        {VIR_DOMAIN_SHUTOFF_SAVED, VIR_DOMAIN_EVENT_STOPPED_SAVED},
        {VIR_DOMAIN_SHUTOFF_FAILED, VIR_DOMAIN_EVENT_STOPPED_FAILED},
        {VIR_DOMAIN_SHUTOFF_FROM_SNAPSHOT, VIR_DOMAIN_EVENT_STOPPED_FROM_SNAPSHOT},
    };

    return map(rows, G_N_ELEMENTS(rows), reason);
}

/* The state of a domain that runs has changed. */
static void
tell_state(const DaemonChanges *self, const Domain *domain, int before)
{
    switch (domain->state) {
    case VIR_DOMAIN_RUNNING:
        if (before == VIR_DOMAIN_PAUSED || before == VIR_DOMAIN_PMSUSPENDED)
            tell(self, domain, VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_RESUMED_UNPAUSED);
        break;
    case VIR_DOMAIN_PAUSED:
        tell(self, domain, VIR_DOMAIN_EVENT_SUSPENDED, detail_of_pause(domain->reason));
        break;
    case VIR_DOMAIN_SHUTDOWN:
        tell(self, domain, VIR_DOMAIN_EVENT_SHUTDOWN, VIR_DOMAIN_EVENT_SHUTDOWN_FINISHED);
        break;
    case VIR_DOMAIN_PMSUSPENDED:
        tell(self, domain, VIR_DOMAIN_EVENT_PMSUSPENDED, VIR_DOMAIN_EVENT_PMSUSPENDED_MEMORY);
        break;
    case VIR_DOMAIN_CRASHED:
        tell(self, domain, VIR_DOMAIN_EVENT_CRASHED, VIR_DOMAIN_EVENT_CRASHED_PANICKED);
        break;
    default:
        break;
    }
}

static void
read_state(const DomstatsRecord *record, int *ret_state, int *ret_reason)
{
    for (int i = 0; i < record->n_params; i++) {
        const virTypedParameter *param = &record->params[i];

        if (param->type == VIR_TYPED_PARAM_INT && strcmp(param->field, "state.state") == 0)
            *ret_state = param->value.i;
        else if (param->type == VIR_TYPED_PARAM_INT && strcmp(param->field, "state.reason") == 0)
            *ret_reason = param->value.i;
    }
}

static bool
is_another_run(const Domain *domain, const DomstatsRecord *record)
{
    if (domain->id != record->id)
        return true;
    return record->pid > 0 && domain->pid > 0 &&
           (domain->pid != record->pid || domain->start_ticks != record->start_ticks);
}

static void
set_process(Domain *domain, const DomstatsRecord *record)
{
    domain->pid = record->pid;
    domain->start_ticks = record->start_ticks;
    domain->id = record->id > 0 ? record->id : -1;
}

static void
tell_stop(const DaemonChanges *self, Domain *domain, int reason)
{
    domain->id = -1;
    domain->pid = 0;
    domain->state = VIR_DOMAIN_NOSTATE;
    tell(self, domain, VIR_DOMAIN_EVENT_STOPPED, detail_of_stop(reason));
}

/* A domain that was known; it may have ended, begun, or both, meanwhile. */
static void
compare(const DaemonChanges *self, Domain *domain, const DomstatsRecord *record)
{
    int state = VIR_DOMAIN_NOSTATE;
    int reason = 0;
    int before = VIR_DOMAIN_NOSTATE;

    read_state(record, &state, &reason);
    if (domain->id > 0 && is_another_run(domain, record))
        tell_stop(self, domain, record->id > 0 ? 0 : reason);
    if (domain->id <= 0 && record->id > 0) {
        set_process(domain, record);
        domain->ran_before = !self->has_list;
        tell(self, domain, VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STARTED_BOOTED);
    }
    set_process(domain, record);
    if (record->id <= 0 || state == VIR_DOMAIN_NOSTATE)
        return;
    before = domain->state;
    domain->state = state;
    domain->reason = reason;
    if (before != state && (before != VIR_DOMAIN_NOSTATE || !domain->ran_before))
        tell_state(self, domain, before);
}

static Domain *
add(DaemonChanges *self, const DomstatsRecord *record)
{
    Domain *domain = g_new0(Domain, 1);

    domain->name = g_strdup(record->name);
    g_strlcpy(domain->uuid, record->uuid, sizeof(domain->uuid));
    domain->id = -1;
    g_hash_table_insert(self->domains, domain->uuid, domain);
    if (record->id <= 0)
        tell(self, domain, VIR_DOMAIN_EVENT_DEFINED, VIR_DOMAIN_EVENT_DEFINED_ADDED);
    return domain;
}

static void
take_record(DaemonChanges *self, unsigned int number, const DomstatsRecord *record)
{
    Domain *domain = NULL;

    if (record->health == DOMSTATS_HEALTH_NO_DOMAIN || record->health == DOMSTATS_HEALTH_GONE)
        return;
    domain = g_hash_table_lookup(self->domains, record->uuid);
    if (domain == NULL)
        domain = add(self, record);
    if (domain->seen >= number)
        return;
    domain->seen = number;
    if (strcmp(domain->name, record->name) != 0) { /* one that does not run may be renamed */
        g_free(domain->name);
        domain->name = g_strdup(record->name);
    }
    compare(self, domain, record);
}

/* Whether a domain that an answer lacks is gone; tells so. */
static gboolean
is_gone(gpointer key, gpointer value, gpointer data)
{
    const DaemonRoundsAnswer *answer = ((gpointer *)data)[0];
    DaemonChanges *self = ((gpointer *)data)[1];
    Domain *domain = value;

    (void)key;
    if (domain->seen >= answer->number)
        return FALSE;
    if (answer->blind_spot != NULL &&
        (domain->id <= 0 || domain->pid <= 0 || daemon_alive_is(domain->pid, domain->start_ticks)))
        return FALSE;
    if (domain->id > 0)
        tell_stop(self, domain, 0);
    else
        tell(self, domain, VIR_DOMAIN_EVENT_UNDEFINED, VIR_DOMAIN_EVENT_UNDEFINED_REMOVED);
    return TRUE;
}

/* Whether the answer to @call has all domains. */
static bool
has_all(const DomstatsCall *call)
{
    const unsigned int others = VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT |
                                VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING |
                                VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS;

    return call->domains == NULL && (call->flags & ~others) == 0;
}

void
daemon_changes_take(DaemonChanges *self, const DomstatsCall *call, const DaemonRoundsAnswer *answer)
{
    gpointer data[] = {(gpointer)(uintptr_t)answer, self};

    if ((!self->has_list && !has_all(call)) || answer->number < self->list)
        return;
    for (size_t i = 0; i < answer->n_records; i++)
        take_record(self, answer->number, answer->records[i]);
    if (!has_all(call))
        return;
    g_hash_table_foreach_remove(self->domains, is_gone, data);
    self->has_list = true;
    self->list = answer->number;
}
