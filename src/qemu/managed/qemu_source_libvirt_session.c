/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_libvirt_session: see qemu_source_libvirt_session.h.
 *
 * Owns the domains, and the pool of connections, through which statistics are asked for as well.
 *
 * How it works
 *
 * A scan makes three requests of libvirt, whatever the number of domains: the list, the list of
 * transient domains, and the states of all. None takes a domain's job or asks a QEMU. A definition
 * is read only where it is used: of a domain that does not run, and of one whose own monitor is
 * asked, for the targets of its disks and interfaces. It is read again if an event says that the
 * domain has changed, or if it is old. Without an event loop there are no events, and it is read in
 * each scan.
 *
 * A request that libvirt does not answer in time stays under way, and is not made a second time. If
 * that is the list, or if libvirt cannot be reached, the answer has the domains of the last good
 * scan, with what their own monitors and the host tell: the run state is no longer libvirt's,
 * domains that did not run then are "slow", and domains that came since are missing. If the list
 * comes and the states do not, libvirt has no worker left: the domains are the present ones, and no
 * statistics are asked for. If libvirt has been silent since an earlier scan, this one waits only
 * SILENT_MS; what comes later is the answer to the next scan.
 */
#include "qemu_source_libvirt_session.h"

#include <string.h>

#include "host/process/host_stop.h"
#include "libvirt/libvirt_events.h"
#include "libvirt/libvirt_list.h"
#include "qemu/facts/qemu_limits.h"
#include "qemu_source_libvirt_domain.h"
#include "qemu_source_libvirt_last.h"
#include "qemu_source_libvirt_process.h"
#include "qemu_source_libvirt_uri.h"
#include "util/util_error.h"

enum {
    RENEWED_SHARE = 8
};                       /* the part of all domains whose definitions are read anew in one scan
                            for their age, so that one call does not pay for all */
enum { SILENT_MS = 20 }; /* how long a libvirt is waited for that has been silent before */

struct QemuSourceLibvirtSession {
    char *text_uri;
    QemuSourceLibvirtUri uri;
    bool is_list_only, has_idle_timeout;
    bool has_answered; /* it has told its domains at least once */
    bool is_judged;    /* judge_socket() has looked at the socket that the URI names */
    LibvirtPool *pool;
    LibvirtEvents *events;                            /* NULL: no event loop */
    QemuSourceLibvirtProcess *processes;              /* NULL: none is looked for */
    LibvirtPoolRequest *list, *states, *registration; /* under way, or ended; NULL: not made */
    LibvirtPoolRequest *autostart;                    /* likewise; asked if @is_described */
    bool is_described;               /* see qemu_source_libvirt_session_describe() */
    bool is_old_list, is_old_states; /* an earlier scan made that request */
    GHashTable *domains;             /* UUID -> QemuSourceLibvirtDomain, owned */
    GHashTable *wanted;              /* UUIDs of running domains, a set */
    GHashTable *seen; /* UUID -> QemuEndpoint of its process, both borrowed, in one scan */
    HostRoot *root;
    QemuSourceLibvirtLast last;
    char *trouble; /* of this scan; NULL: none */
};

static void
free_domain(gpointer data)
{
    qemu_source_libvirt_domain_free(data);
}

QemuSourceLibvirtSession *
qemu_source_libvirt_session_new(const QemuSourceLibvirtSessionOptions *options)
{
    QemuSourceLibvirtSession *self = g_new0(QemuSourceLibvirtSession, 1);

    self->text_uri = g_strdup(options->uri);
    qemu_source_libvirt_uri_parse(options->uri, &self->uri);
    self->is_list_only = options->is_list_only;
    self->has_idle_timeout = options->has_idle_timeout;
    self->pool = libvirt_pool_new(options->uri, &options->limits);
    self->events = libvirt_events_new();
    if (!self->is_list_only && !self->uri.is_elsewhere)
        self->processes = qemu_source_libvirt_process_new(self->uri.kind);
    self->domains = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_domain);
    self->wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->seen = g_hash_table_new(g_str_hash, g_str_equal);
    self->root = host_root_new_live();
    return self;
}

static void
drop_request(LibvirtPoolRequest **request)
{
    if (*request != NULL)
        libvirt_pool_request_cancel(*request);
    g_clear_pointer(request, libvirt_pool_request_unref);
}

void
qemu_source_libvirt_session_free(QemuSourceLibvirtSession *self)
{
    if (self == NULL)
        return;
    drop_request(&self->list);
    drop_request(&self->states);
    drop_request(&self->registration);
    drop_request(&self->autostart);
    qemu_source_libvirt_last_clear(&self->last);
    g_hash_table_unref(self->domains);
    g_hash_table_unref(self->wanted);
    g_hash_table_unref(self->seen);
    host_root_free(self->root);
    libvirt_events_free(self->events);
    qemu_source_libvirt_process_free(self->processes);
    libvirt_pool_unref(self->pool);
    qemu_source_libvirt_uri_clear(&self->uri);
    g_free(self->trouble);
    g_free(self->text_uri);
    g_free(self);
}

LibvirtPool *
qemu_source_libvirt_session_pool(const QemuSourceLibvirtSession *self)
{
    return self->pool;
}

void
qemu_source_libvirt_session_want(QemuSourceLibvirtSession *self, const char *uuid)
{
    if (!g_hash_table_contains(self->wanted, uuid))
        g_hash_table_add(self->wanted, g_strdup(uuid));
}

void
qemu_source_libvirt_session_see(QemuSourceLibvirtSession *self, QemuEndpoint *process)
{
    g_hash_table_insert(self->seen, process->definition->uuid, process);
}

void
qemu_source_libvirt_session_describe(QemuSourceLibvirtSession *self, bool is_wanted)
{
    self->is_described = is_wanted;
}

/* The middle of the time until @deadline. */
static UtilDeadline
halve(UtilDeadline deadline)
{
    return util_deadline_in_ms((unsigned int)util_deadline_left_ms(deadline) / 2);
}

/* Says that libvirt does not answer @request. */
static void
set_silent(QemuSourceLibvirtSession *self, LibvirtPoolRequest *request)
{
    g_free(self->trouble);
    if (libvirt_pool_request_asked_us(request) == 0 && !self->has_answered)
        self->trouble = g_strdup_printf("libvirt at '%s' takes no connection: it is stopped, or "
                                        "has as many clients as it may have",
                                        self->text_uri);
    else
        self->trouble = g_strdup_printf("libvirt at '%s' does not answer", self->text_uri);
}

static void
set_trouble(QemuSourceLibvirtSession *self, const LibvirtOutcome *outcome)
{
    static const char *const leads[] = {
        [LIBVIRT_OUTCOME_REFUSED] = "cannot be reached",
        [LIBVIRT_OUTCOME_DENIED] = "does not let us ask it",
        [LIBVIRT_OUTCOME_LOST] = "ended the connection",
    };
    size_t kind = (size_t)outcome->kind;
    const char *lead = kind < G_N_ELEMENTS(leads) ? leads[kind] : NULL;

    g_free(self->trouble);
    self->trouble = g_strdup_printf("libvirt at '%s' %s: %s", self->text_uri,
                                    lead ? lead : "cannot be asked", outcome->message);
}

bool
qemu_source_libvirt_session_connect(QemuSourceLibvirtSession *self, UtilDeadline deadline,
                                    GError **error)
{
    LibvirtPoolRequest *request = libvirt_pool_ask_daemon(self->pool, NULL, NULL, NULL, NULL);
    bool has_ended = libvirt_pool_request_wait(request, deadline);
    const LibvirtOutcome *outcome = has_ended ? libvirt_pool_request_outcome(request) : NULL;
    bool is_well = outcome != NULL && outcome->kind == LIBVIRT_OUTCOME_WELL;

    if (outcome == NULL)
        set_silent(self, request);
    else if (!is_well)
        set_trouble(self, outcome);
    if (!is_well)
        g_set_error_literal(error, UTIL_ERROR, UTIL_ERROR_CONNECT, self->trouble);
    drop_request(&request);
    return is_well;
}

void
qemu_source_libvirt_session_begin(QemuSourceLibvirtSession *self)
{
    g_hash_table_remove_all(self->seen);
    self->is_old_list = self->list != NULL && !libvirt_pool_request_has_ended(self->list);
    self->is_old_states = self->states != NULL && !libvirt_pool_request_has_ended(self->states);
    if (!self->is_old_list) {
        drop_request(&self->list);
        self->list = libvirt_list_ask(self->pool, NULL);
    }
    if (!self->is_old_states) {
        drop_request(&self->states);
        self->states = libvirt_list_ask_states(self->pool, NULL);
    }
    if (self->is_described &&
        (self->autostart == NULL || libvirt_pool_request_has_ended(self->autostart))) {
        drop_request(&self->autostart);
        self->autostart = libvirt_list_ask_autostart(self->pool, NULL);
    }
    if (self->events == NULL ||
        (self->registration != NULL && !libvirt_pool_request_has_ended(self->registration)))
        return;
    drop_request(&self->registration);
    self->registration = libvirt_events_ask(self->events, self->pool, NULL);
}

bool
qemu_source_libvirt_session_is_silent(const QemuSourceLibvirtSession *self)
{
    return self->list != NULL && !libvirt_pool_request_has_ended(self->list) && self->is_old_list;
}

/* One scan whose list has come. */
typedef struct {
    QemuSourceLibvirtSession *session;
    const GArray *listed;          /* LibvirtListDomain */
    LibvirtPoolRequest *states;    /* NULL: libvirt does not tell them */
    LibvirtPoolRequest *autostart; /* NULL: not asked, or libvirt does not tell */
    GHashTable *changed;           /* UUIDs; NULL: any may have changed */
    GPtrArray *processes;          /* QemuEndpoint * or NULL, of each of @listed; borrowed */
    UtilDeadline deadline;
} Scan;

/* A socket that the URI names may lead to another host. Its listener is looked at once libvirt has
 * answered: a daemon that is started by its first client runs then. */
static void
judge_socket(QemuSourceLibvirtSession *self)
{
    if (self->is_judged || self->processes == NULL || self->uri.socket_path == NULL)
        return;
    self->is_judged = true;
    if (qemu_source_libvirt_process_is_daemons(self->processes, self->uri.socket_path))
        return;
    self->uri.is_elsewhere = true;
    g_clear_pointer(&self->processes, qemu_source_libvirt_process_free);
}

static QemuSourceLibvirtDomain *
get_domain(QemuSourceLibvirtSession *self, const char *uuid)
{
    QemuSourceLibvirtDomain *domain = g_hash_table_lookup(self->domains, uuid);

    if (domain == NULL) {
        domain = qemu_source_libvirt_domain_new();
        g_hash_table_insert(self->domains, g_strdup(uuid), domain);
    }
    return domain;
}

static QemuEndpoint *
find_process(QemuSourceLibvirtSession *self, const LibvirtListDomain *listed)
{
    const QemuSourceLibvirtProcessRun run = {listed->uuid, listed->name, listed->id};
    pid_t before = qemu_source_libvirt_domain_pid(get_domain(self, listed->uuid));

    if (self->processes == NULL || listed->id == -1)
        return NULL;
    return qemu_source_libvirt_process_find(self->processes, &run, before);
}

static bool
needs_definition(const Scan *scan, guint index)
{
    const QemuSourceLibvirtSession *self = scan->session;
    const LibvirtListDomain *listed = &g_array_index(scan->listed, LibvirtListDomain, index);
    const QemuEndpoint *process = g_ptr_array_index(scan->processes, index);

    if (self->uri.is_elsewhere)
        return false;
    if (process != NULL && qemu_endpoint_has_own_monitor(process))
        return true;
    return listed->id == -1 || g_hash_table_contains(self->wanted, listed->uuid);
}

static void
find_processes(Scan *scan)
{
    QemuSourceLibvirtSession *self = scan->session;

    if (self->processes != NULL)
        qemu_source_libvirt_process_begin_scan(self->processes, scan->deadline);
    for (guint i = 0; i < scan->listed->len; i++)
        g_ptr_array_add(scan->processes,
                        find_process(self, &g_array_index(scan->listed, LibvirtListDomain, i)));
}

/* True if the QEMU of the domain is seen to be stopped. libvirt may ask it for the definition, or
 * wait for another client that does. */
static bool
is_stopped(const Scan *scan, guint index)
{
    const QemuSourceLibvirtSession *self = scan->session;
    const QemuEndpoint *process = g_ptr_array_index(scan->processes, index);

    if (process == NULL)
        process = g_hash_table_lookup(self->seen,
                                      g_array_index(scan->listed, LibvirtListDomain, index).uuid);
    return process != NULL && process->pid > 0 &&
           host_stop_look(self->root, process->pid, process->start_ticks);
}

/* Asks for the definition, if it is used and due; that of a stopped QEMU once it goes on. True if
 * it only says what the domain is made of, and was old. */
static bool
ask_definition(Scan *scan, guint index, bool may_renew)
{
    QemuSourceLibvirtSession *self = scan->session;
    const LibvirtListDomain *listed = &g_array_index(scan->listed, LibvirtListDomain, index);
    QemuSourceLibvirtDomain *domain = get_domain(self, listed->uuid);
    bool is_told = scan->changed != NULL && g_hash_table_contains(scan->changed, listed->uuid);
    bool is_needed = needs_definition(scan, index);
    bool is_due = false;

    if (is_needed)
        is_due =
            qemu_source_libvirt_domain_is_due(domain, listed, scan->changed == NULL || is_told);
    else if (self->is_described)
        is_due = qemu_source_libvirt_domain_is_due_about(domain, listed, is_told, may_renew);
    if (is_due && !is_stopped(scan, index))
        return qemu_source_libvirt_domain_ask(domain, self->pool, listed) && !is_needed;
    if (is_told && (is_due || !(is_needed || self->is_described)))
        qemu_source_libvirt_domain_expire(domain);
    return false;
}

/* Asks for the definitions that are used; if the call wants to know what the domains are made of,
 * for the others too. A definition that only says what a domain is made of is waited for in one
 * scan, and leaves most of the time to the statistics. */
static void
read_definitions(Scan *scan)
{
    QemuSourceLibvirtSession *self = scan->session;
    UtilDeadline until = halve(halve(scan->deadline));
    unsigned int n_renewed = 0;

    for (guint i = 0; i < scan->listed->len; i++)
        n_renewed += ask_definition(scan, i, n_renewed <= scan->listed->len / RENEWED_SHARE);
    for (guint i = 0; i < scan->listed->len; i++) {
        const LibvirtListDomain *listed = &g_array_index(scan->listed, LibvirtListDomain, i);
        QemuSourceLibvirtDomain *domain = get_domain(self, listed->uuid);
        LibvirtPoolRequest *request = qemu_source_libvirt_domain_request(domain);
        bool is_needed = needs_definition(scan, i);

        if (request != NULL && (is_needed || !qemu_source_libvirt_domain_is_late(domain)))
            libvirt_pool_request_wait(request, is_needed ? scan->deadline : until);
    }
}

/* libvirt is asked for the statistics of domains that run. For those that do not it is asked only
 * if their images are not on this host. */
static LibvirtPool *
choose_libvirt(const Scan *scan, const LibvirtListDomain *listed)
{
    const QemuSourceLibvirtSession *self = scan->session;

    if (scan->states == NULL)
        return NULL;
    return listed->id != -1 || self->uri.is_elsewhere ? self->pool : NULL;
}

/* Why a running domain without a process has no monitor; NULL: the caller finds the process. */
static const char *
explain_no_process(const QemuSourceLibvirtSession *self)
{
    if (self->is_list_only)
        return NULL;
    return self->uri.is_elsewhere
               ? "it does not run on this host, so only its libvirt can be asked"
               : "its process is not seen on this host, so only libvirt can be asked";
}

static UtilCount
find_autostart(const Scan *scan, const LibvirtListDomain *listed)
{
    if (scan->autostart == NULL)
        return (UtilCount){0};
    return util_count_of(libvirt_list_has_autostart(scan->autostart, listed->uuid));
}

static void
add_domain(Scan *scan, guint index, GPtrArray *endpoints)
{
    QemuSourceLibvirtSession *self = scan->session;
    const LibvirtListDomain *listed = &g_array_index(scan->listed, LibvirtListDomain, index);
    const LibvirtListState *state =
        scan->states ? libvirt_list_state(scan->states, listed->uuid) : NULL;
    bool is_told = state != NULL && state->id == listed->id;
    QemuSourceLibvirtDomainFacts facts = {
        .listed = listed,
        .state = is_told ? state->state : -1,
        .reason = is_told ? state->reason : -1,
        .n_lost = libvirt_pool_n_lost(self->pool),
        .process = g_ptr_array_index(scan->processes, index),
        .needs_definition = needs_definition(scan, index),
        .libvirt = choose_libvirt(scan, listed),
        .libvirt_trouble = scan->states ? NULL : self->trouble,
        .autostart = find_autostart(scan, listed),
        .no_process = explain_no_process(self),
    };
    QemuEndpoint *endpoint =
        qemu_source_libvirt_domain_update(get_domain(self, listed->uuid), &facts);

    if (endpoint != NULL)
        g_ptr_array_add(endpoints, endpoint);
}

/* Domains that run by their ids, then the others by name. */
static int
compare_endpoints(const void *a, const void *b)
{
    const QemuEndpoint *left = *(QemuEndpoint *const *)a;
    const QemuEndpoint *right = *(QemuEndpoint *const *)b;

    if (left->is_active != right->is_active)
        return left->is_active ? -1 : 1;
    if (left->id != right->id)
        return left->id < right->id ? -1 : 1;
    return strcmp(left->name, right->name);
}

static gboolean
is_not_among(gpointer key, gpointer value, gpointer data)
{
    (void)value;
    return !g_hash_table_contains(data, key);
}

/* Forgets the domains that libvirt no longer lists. */
static void
forget_others(QemuSourceLibvirtSession *self, const GArray *listed)
{
    g_autoptr(GHashTable) uuids = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < listed->len; i++)
        g_hash_table_add(uuids, g_array_index(listed, LibvirtListDomain, i).uuid);
    g_hash_table_foreach_remove(self->domains, is_not_among, uuids);
    g_hash_table_foreach_remove(self->wanted, is_not_among, uuids);
}

/* The UUIDs of domains that changed since the last scan; NULL: any may have changed. */
static GHashTable *
take_changes(QemuSourceLibvirtSession *self, UtilDeadline deadline)
{
    GHashTable *changed = NULL;
    bool is_settled = false;

    if (self->registration == NULL || !libvirt_pool_request_wait(self->registration, deadline))
        return NULL;
    is_settled = libvirt_events_settle(self->events, deadline);
    changed = libvirt_events_take(self->events);
    if (!is_settled)
        g_clear_pointer(&changed, g_hash_table_unref);
    return changed;
}

/* True if libvirt has told the states, for which it asks no QEMU. */
static bool
take_states(QemuSourceLibvirtSession *self, UtilDeadline deadline)
{
    g_clear_pointer(&self->trouble, g_free);
    if (!libvirt_pool_request_wait(self->states, deadline))
        self->trouble = g_strdup_printf("libvirt at '%s' lists its domains and answers nothing "
                                        "else: it seems to have no worker left",
                                        self->text_uri);
    else if (libvirt_pool_request_outcome(self->states)->kind != LIBVIRT_OUTCOME_WELL)
        set_trouble(self, libvirt_pool_request_outcome(self->states));
    return self->trouble == NULL;
}

static LibvirtPoolRequest *
take_autostart(QemuSourceLibvirtSession *self, UtilDeadline deadline)
{
    if (!self->is_described || self->autostart == NULL ||
        !libvirt_pool_request_wait(self->autostart, deadline) ||
        libvirt_pool_request_outcome(self->autostart)->kind != LIBVIRT_OUTCOME_WELL)
        return NULL;
    return self->autostart;
}

/* Waits for the other requests of the scan, whose list has come, and makes the endpoints. */
static GPtrArray *
make_endpoints(QemuSourceLibvirtSession *self, const GArray *listed, UtilDeadline deadline)
{
    UtilDeadline until = halve(deadline);
    Scan scan = {.session = self, .listed = listed, .deadline = deadline};
    GPtrArray *endpoints = qemu_endpoint_new_array();

    if (self->is_old_states)
        until = util_deadline_at_most(until, SILENT_MS);
    if (take_states(self, until))
        scan.states = self->states;
    scan.autostart = take_autostart(self, until);
    scan.changed = take_changes(self, until);
    scan.processes = g_ptr_array_sized_new(listed->len);
    judge_socket(self);
    find_processes(&scan);
    if (scan.states != NULL)
        read_definitions(&scan);
    g_hash_table_remove_all(self->seen);
    for (guint i = 0; i < listed->len && endpoints->len < QEMU_LIMIT_DOMAINS; i++)
        add_domain(&scan, i, endpoints);
    g_ptr_array_sort(endpoints, compare_endpoints);
    forget_others(self, listed);
    if (self->processes != NULL)
        qemu_source_libvirt_process_end_scan(self->processes);
    g_ptr_array_unref(scan.processes);
    if (scan.changed != NULL)
        g_hash_table_unref(scan.changed);
    return endpoints;
}

static LibvirtOutcomeKind
take_list(QemuSourceLibvirtSession *self, UtilDeadline deadline, bool *ret_is_silent)
{
    UtilDeadline until = libvirt_pool_fair(self->pool, deadline);
    const LibvirtOutcome *outcome = NULL;

    if (self->is_old_list)
        until = util_deadline_at_most(until, SILENT_MS);
    *ret_is_silent = !libvirt_pool_request_wait(self->list, until);
    if (*ret_is_silent) {
        set_silent(self, self->list);
        return LIBVIRT_OUTCOME_FAILED;
    }
    outcome = libvirt_pool_request_outcome(self->list);
    self->has_answered |= outcome->kind == LIBVIRT_OUTCOME_WELL;
    if (outcome->kind != LIBVIRT_OUTCOME_WELL)
        set_trouble(self, outcome);
    return outcome->kind;
}

static bool
has_active(const GPtrArray *endpoints)
{
    for (guint i = 0; i < endpoints->len; i++)
        if (((const QemuEndpoint *)g_ptr_array_index(endpoints, i))->is_active)
            return true;
    return false;
}

/* What is given while libvirt cannot be asked, as @trouble says. */
static GPtrArray *
give_last(QemuSourceLibvirtSession *self, LibvirtOutcomeKind kind, bool is_silent,
          QemuSourceLibvirtSessionTrouble *ret_trouble)
{
    *ret_trouble = (QemuSourceLibvirtSessionTrouble){
        .kind = kind, .is_silent = is_silent, .text = self->trouble};
    return qemu_source_libvirt_last_give_aged(&self->last, kind, is_silent, self->trouble);
}

GPtrArray *
qemu_source_libvirt_session_finish(QemuSourceLibvirtSession *self, UtilDeadline deadline,
                                   QemuSourceLibvirtSessionTrouble *ret_trouble)
{
    bool is_silent = false;
    LibvirtOutcomeKind kind = take_list(self, deadline, &is_silent);
    GPtrArray *endpoints = NULL;

    if (kind != LIBVIRT_OUTCOME_WELL)
        return give_last(self, kind, is_silent, ret_trouble);
    endpoints = make_endpoints(self, libvirt_list_domains(self->list), deadline);
    *ret_trouble = (QemuSourceLibvirtSessionTrouble){
        .has_list = true, .is_silent = self->trouble != NULL, .text = self->trouble};
    if (self->has_idle_timeout && !has_active(endpoints))
        libvirt_pool_disconnect(self->pool);
    return qemu_source_libvirt_last_keep(&self->last, endpoints);
}

GPtrArray *
qemu_source_libvirt_session_pass(QemuSourceLibvirtSession *self, const char *why,
                                 QemuSourceLibvirtSessionTrouble *ret_trouble)
{
    g_free(self->trouble);
    self->trouble = g_strdup(why);
    return give_last(self, LIBVIRT_OUTCOME_FAILED, true, ret_trouble);
}
