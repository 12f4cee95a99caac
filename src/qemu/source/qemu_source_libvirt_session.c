/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_libvirt_session: a libvirt connection and the domains it told of.
 *
 * Owns a read-only connection, and the pool of those over which statistics are asked. A domain
 * whose definition gives it a second monitor is asked there, as any other; the others are asked of
 * libvirt.
 *
 * How it works
 *
 * Each scan costs libvirt two calls whatever the number of domains: the states of all, and the
 * list of the persistent ones. Neither takes a domain's job or asks a QEMU. A definition is read
 * only of a domain that is new, or that an event says has changed (qemu_source_libvirt_events).
 * libvirt sends no event for some changes (the start of a copy job, an updated interface, perf
 * events), so a definition is also read when it is older than MAX_AGE_MS. Where no event loop is
 * seen to run there are no events, and all definitions are read each time.
 *
 * The process of a domain is the one whose command line has its UUID: libvirt's public calls do
 * not tell it. A process is looked for anew as soon as the one that was found has ended: ids begin
 * at 1 again when libvirtd restarts, so a domain with the id that it had may be another QEMU.
 */
#include "qemu_source_libvirt_session.h"

#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

#include "host/process/host_process.h"
#include "qemu/facts/qemu_limits.h"
#include "qemu/words/qemu_xml.h"
#include "qemu_source_libvirt_events.h"
#include "qemu_source_place.h"
#include "qemu_source_process.h"
#include "util/util_error.h"
#include "util/util_refcount.h"

enum {
    MAX_AGE_MS = 10000,
    LOOK_MS = 2000, /* for all processes, of which some may block the reading of their words */
};

/* One domain as the last scan found it. */
typedef struct {
    QemuEndpoint *endpoint;
    char *digest;         /* of the XML */
    int64_t read_us;      /* monotonic: when that was read */
    unsigned int in_scan; /* the last scan that found it */
} Known;

struct QemuSourceLibvirtSession {
    char *uri;
    LibvirtPool *pool; /* for the statistics of domains without a monitor of their own */
    HostRoot *root;
    virConnectPtr conn;
    QemuSourceLibvirtEvents *events; /* NULL: no event loop */
    QemuSourceProcess *processes;
    GHashTable *known; /* UUID -> Known */
    unsigned int n_scans;
    UtilRefcount ref_count;
};

/* What one scan has looked up. */
typedef struct {
    QemuSourceLibvirtSession *session;
    GHashTable *persistent; /* UUIDs */
    GHashTable *changed;    /* UUIDs; NULL: any may have */
    GHashTable *pids;       /* UUID -> pid; NULL: not looked for yet */
    QemuSourceView view;
    bool has_view;
} Scan;

static void
clear_scan(Scan *self)
{
    g_clear_pointer(&self->persistent, g_hash_table_unref);
    g_clear_pointer(&self->changed, g_hash_table_unref);
    g_clear_pointer(&self->pids, g_hash_table_unref);
    if (self->has_view)
        qemu_source_view_clear(&self->view);
}

static void
free_known(gpointer data)
{
    Known *known = data;

    qemu_endpoint_unref(known->endpoint);
    g_free(known->digest);
    g_free(known);
}

static void
unref_endpoint(gpointer data)
{
    qemu_endpoint_unref(data);
}

/* In place of libvirt's own error function, which prints. */
static void
ignore_error(void *data, virErrorPtr error)
{
    (void)data;
    (void)error;
}

QemuSourceLibvirtSession *
qemu_source_libvirt_session_new(const char *uri, const LibvirtPoolLimits *limits)
{
    QemuSourceLibvirtSession *self = g_new0(QemuSourceLibvirtSession, 1);

    util_refcount_init(&self->ref_count);
    self->uri = g_strdup(uri);
    self->pool = libvirt_pool_new(uri, limits);
    self->root = host_root_new_live();
    self->processes = qemu_source_process_new();
    self->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_known);
    return self;
}

QemuSourceLibvirtSession *
qemu_source_libvirt_session_ref(QemuSourceLibvirtSession *self)
{
    util_refcount_inc(&self->ref_count);
    return self;
}

void
qemu_source_libvirt_session_unref(QemuSourceLibvirtSession *self)
{
    if (!util_refcount_dec(&self->ref_count))
        return;
    qemu_source_libvirt_session_disconnect(self);
    g_hash_table_unref(self->known);
    qemu_source_process_free(self->processes);
    host_root_free(self->root);
    libvirt_pool_unref(self->pool);
    g_free(self->uri);
    g_free(self);
}

static void
set_error(const QemuSourceLibvirtSession *self, const char *what, GError **error)
{
    const char *why = virGetLastErrorMessage();

    g_set_error(error, UTIL_ERROR, UTIL_ERROR_CONNECT, "cannot %s '%s': %s", what, self->uri,
                why ? why : "libvirt gives no reason");
}

bool
qemu_source_libvirt_session_connect(QemuSourceLibvirtSession *self, GError **error)
{
    if (self->conn != NULL && virConnectIsAlive(self->conn) == 1)
        return true;
    qemu_source_libvirt_session_disconnect(self);
    self->conn = virConnectOpenReadOnly(self->uri);
    if (self->conn == NULL) {
        set_error(self, "connect to libvirt at", error);
        return false;
    }
    virConnSetErrorFunc(self->conn, NULL, ignore_error);
    self->events = qemu_source_libvirt_events_new(self->conn);
    return true;
}

void
qemu_source_libvirt_session_disconnect(QemuSourceLibvirtSession *self)
{
    g_clear_pointer(&self->events, qemu_source_libvirt_events_free);
    if (self->conn != NULL)
        virConnectClose(self->conn);
    self->conn = NULL;
}

static QemuSourceView *
get_view(Scan *self)
{
    if (!self->has_view)
        qemu_source_view_init(&self->view, self->session->root, util_deadline_in_ms(LOOK_MS));
    self->has_view = true;
    return &self->view;
}

/* UUID -> pid of all QEMU processes. */
static GHashTable *
find_processes(Scan *scan)
{
    QemuSourceProcess *processes = scan->session->processes;
    GHashTable *pids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree pid_t *all = host_process_list(scan->session->root, NULL);

    for (size_t i = 0; all != NULL && all[i] != 0; i++) {
        const QemuEndpoint *endpoint =
            qemu_source_process_look(processes, get_view(scan), all[i], NULL);

        if (endpoint != NULL && endpoint->definition != NULL && endpoint->definition->uuid != NULL)
            g_hash_table_insert(pids, g_strdup(endpoint->definition->uuid),
                                GINT_TO_POINTER(all[i]));
    }
    qemu_source_process_end_scan(processes);
    return pids;
}

/* A process by its number and its start; all zero: not known. */
typedef struct {
    pid_t pid;
    uint64_t start_ticks;
} Process;

static Process
find_process(Scan *scan, const char *uuid)
{
    HostRoot *root = scan->session->root;
    HostProcessStat stat = {0};
    Process found = {0};

    if (scan->pids == NULL)
        scan->pids = find_processes(scan);
    found.pid = GPOINTER_TO_INT(g_hash_table_lookup(scan->pids, uuid));
    if (found.pid == 0 || !host_process_read_stat(root, found.pid, 0, &stat))
        return (Process){0};
    found.start_ticks = stat.start_ticks;
    return found;
}

/* False if the process that was found for the domain has ended. */
static bool
has_its_process(const Scan *scan, const QemuEndpoint *endpoint)
{
    HostProcessStat stat = {0};

    return endpoint->pid == 0 ||
           (host_process_read_stat(scan->session->root, endpoint->pid, 0, &stat) &&
            stat.start_ticks == endpoint->start_ticks);
}

/* Adds the monitors that the definition has beside libvirt's own, which takes one client only. */
static void
set_places(Scan *scan, QemuEndpoint *endpoint, const QemuXml *xml)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_autoptr(QemuCmdline) cmdline = NULL;

    g_ptr_array_add(words, (gpointer)(uintptr_t) "qemu");
    for (char **word = xml->extra_args; *word != NULL; word++)
        g_ptr_array_add(words, *word);
    g_ptr_array_add(words, NULL);
    cmdline = qemu_cmdline_parse((const char *const *)words->pdata);
    qemu_source_place_find(get_view(scan), endpoint->pid, cmdline, endpoint);
    if (cmdline->monitors->len > 0)
        return;
    g_free(endpoint->trouble_reason);
    endpoint->trouble = DOMSTATS_HEALTH_NO_MONITOR;
    endpoint->trouble_reason = g_strdup(
        "libvirt holds its only monitor: add a second one to its definition, with -qmp under "
        "<qemu:commandline>");
}

QemuEndpoint *
qemu_source_libvirt_session_copy(const QemuEndpoint *endpoint)
{
    QemuEndpoint *copy = qemu_endpoint_new(endpoint->key, endpoint->name);

    copy->uuid = g_strdup(endpoint->uuid);
    copy->id = endpoint->id;
    copy->pid = endpoint->pid;
    copy->start_ticks = endpoint->start_ticks;
    copy->is_persistent = endpoint->is_persistent;
    copy->is_active = endpoint->is_active;
    for (guint i = 0; i < endpoint->places->len; i++)
        qemu_endpoint_copy_place(copy, g_ptr_array_index(endpoint->places, i));
    copy->definition = endpoint->definition ? qemu_definition_ref(endpoint->definition) : NULL;
    copy->trouble = endpoint->trouble;
    copy->trouble_code = endpoint->trouble_code;
    copy->trouble_reason = g_strdup(endpoint->trouble_reason);
    copy->libvirt_state = endpoint->libvirt_state;
    copy->libvirt_reason = endpoint->libvirt_reason;
    copy->libvirt = endpoint->libvirt ? libvirt_pool_ref(endpoint->libvirt) : NULL;
    copy->libvirt_trouble = g_strdup(endpoint->libvirt_trouble);
    return copy;
}

/* What libvirt's list tells of one domain. */
typedef struct {
    virDomainPtr domain;
    const char *name;
    char uuid[VIR_UUID_STRING_BUFLEN];
    int id; /* -1: it does not run */
    bool is_persistent;
    int state, reason;
} Listed;

static bool
is_same(const QemuEndpoint *endpoint, const Listed *listed)
{
    return endpoint->id == listed->id && endpoint->is_persistent == listed->is_persistent &&
           endpoint->libvirt_state == listed->state && endpoint->libvirt_reason == listed->reason &&
           strcmp(endpoint->name, listed->name) == 0;
}

static void
tell_list(QemuEndpoint *endpoint, const Listed *listed)
{
    endpoint->id = listed->id;
    endpoint->is_active = listed->id != -1;
    endpoint->is_persistent = listed->is_persistent;
    endpoint->libvirt_state = listed->state;
    endpoint->libvirt_reason = listed->reason;
}

static char *
take_text(char *take_libvirts)
{
    char *text = g_strdup(take_libvirts);

    free(take_libvirts); /* word allowed: libvirt's memory */
    return text;
}

/* Sets the definition of @endpoint, and what follows from it, by the XML @text; leaves it without
 * one if that cannot be parsed. */
static void
read_text(Scan *scan, const char *text, QemuEndpoint *endpoint)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(QemuXml) xml = qemu_xml_parse(text, strlen(text), &error);

    if (xml == NULL) {
        endpoint->trouble = endpoint->is_active ? DOMSTATS_HEALTH_NO_MONITOR : DOMSTATS_HEALTH_OK;
        endpoint->trouble_reason = g_strdup(error->message);
        return;
    }
    if (endpoint->is_active)
        set_places(scan, endpoint, xml);
    endpoint->definition = g_steal_pointer(&xml->definition);
}

/* The process of an active domain: that of @before, which may be NULL, if the domain has its id and
 * that process has not ended. */
static Process
settle_process(Scan *scan, const Listed *listed, const QemuEndpoint *before)
{
    if (listed->id == -1)
        return (Process){0};
    if (before != NULL && before->id == listed->id && before->pid != 0 &&
        has_its_process(scan, before))
        return (Process){before->pid, before->start_ticks};
    return find_process(scan, listed->uuid);
}

/* The key names the process by its pid and its start: another process with the same id is another
 * QEMU. Two may start within one tick of the clock. */
static QemuEndpoint *
make_endpoint(Scan *scan, const Listed *listed, const char *text, const QemuEndpoint *before)
{
    Process process = settle_process(scan, listed, before);
    g_autofree char *key = g_strdup_printf("libvirt:%s:%d:%d:%" G_GUINT64_FORMAT, listed->uuid,
                                           listed->id, (int)process.pid, process.start_ticks);
    QemuEndpoint *endpoint = qemu_endpoint_new(key, listed->name);

    endpoint->uuid = g_strdup(listed->uuid);
    endpoint->pid = process.pid;
    endpoint->start_ticks = process.start_ticks;
    tell_list(endpoint, listed);
    read_text(scan, text, endpoint);
    if (endpoint->is_active && endpoint->places->len == 0)
        endpoint->libvirt = libvirt_pool_ref(scan->session->pool);
    return endpoint;
}

/* Reads the definition. False if the domain has gone meanwhile. */
static bool
read_definition(Scan *scan, const Listed *listed, Known *known)
{
    g_autofree char *text = take_text(virDomainGetXMLDesc(listed->domain, 0));
    g_autofree char *digest = NULL;
    QemuEndpoint *endpoint = NULL;

    if (text == NULL && virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
        return false;
    if (text == NULL) /* libvirt does not give the XML, but the domain is there */
        text = g_strdup("");
    digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    known->read_us = util_deadline_now_us();
    if (known->endpoint != NULL && known->endpoint->id == listed->id &&
        has_its_process(scan, known->endpoint) && g_strcmp0(digest, known->digest) == 0)
        return true;
    endpoint = make_endpoint(scan, listed, text, known->endpoint);
    qemu_endpoint_unref(known->endpoint);
    known->endpoint = endpoint;
    g_free(known->digest);
    known->digest = g_steal_pointer(&digest);
    return true;
}

static bool
needs_reading(const Scan *scan, const Known *known, const Listed *listed)
{
    return known->endpoint == NULL || known->endpoint->id != listed->id ||
           strcmp(known->endpoint->name, listed->name) != 0 || scan->changed == NULL ||
           g_hash_table_contains(scan->changed, listed->uuid) ||
           !has_its_process(scan, known->endpoint) ||
           util_deadline_now_us() - known->read_us > (int64_t)MAX_AGE_MS * 1000;
}

static void
meet(Scan *scan, const Listed *listed, GPtrArray *endpoints)
{
    QemuSourceLibvirtSession *session = scan->session;
    Known *known = g_hash_table_lookup(session->known, listed->uuid);

    if (known == NULL) {
        known = g_new0(Known, 1);
        g_hash_table_insert(session->known, g_strdup(listed->uuid), known);
    }
    if (known->in_scan == session->n_scans)
        return; /* listed twice */
    if (needs_reading(scan, known, listed) && !read_definition(scan, listed, known))
        return;
    if (!is_same(known->endpoint, listed)) {
        QemuEndpoint *endpoint = qemu_source_libvirt_session_copy(known->endpoint);

        tell_list(endpoint, listed);
        qemu_endpoint_unref(known->endpoint);
        known->endpoint = endpoint;
    }
    known->in_scan = session->n_scans;
    g_ptr_array_add(endpoints, qemu_endpoint_ref(known->endpoint));
}

static GHashTable *
list_persistent(QemuSourceLibvirtSession *self, GError **error)
{
    virDomainPtr *domains = NULL;
    int n = virConnectListAllDomains(self->conn, &domains, VIR_CONNECT_LIST_DOMAINS_PERSISTENT);
    GHashTable *uuids = NULL;

    if (n < 0) {
        set_error(self, "list the domains of", error);
        return NULL;
    }
    uuids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (int i = 0; i < n; i++) {
        char uuid[VIR_UUID_STRING_BUFLEN] = "";

        if (virDomainGetUUIDString(domains[i], uuid) == 0)
            g_hash_table_add(uuids, g_strdup(uuid));
        virDomainFree(domains[i]);
    }
    free(domains); /* word allowed: libvirt's memory */
    return uuids;
}

static void
read_record(Scan *scan, const virDomainStatsRecord *record, GPtrArray *endpoints)
{
    Listed listed = {.domain = record->dom, .state = -1, .reason = -1};

    listed.name = virDomainGetName(record->dom);
    if (listed.name == NULL || virDomainGetUUIDString(record->dom, listed.uuid) < 0)
        return;
    listed.id = (int)virDomainGetID(record->dom);
    listed.is_persistent = g_hash_table_contains(scan->persistent, listed.uuid);
    virTypedParamsGetInt(record->params, record->nparams, "state.state", &listed.state);
    virTypedParamsGetInt(record->params, record->nparams, "state.reason", &listed.reason);
    meet(scan, &listed, endpoints);
}

static gboolean
was_not_met(gpointer key, gpointer value, gpointer data)
{
    const Known *known = value;
    const QemuSourceLibvirtSession *session = data;

    (void)key;
    return known->in_scan != session->n_scans;
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

/* The UUIDs of domains that changed since the last scan; NULL: any may have changed. */
static GHashTable *
take_changes(QemuSourceLibvirtSession *self, UtilDeadline deadline)
{
    bool is_settled = false;
    GHashTable *changed = NULL;

    if (self->events == NULL)
        return NULL;
    is_settled = qemu_source_libvirt_events_settle(self->events, deadline);
    changed = qemu_source_libvirt_events_take(self->events);
    if (!is_settled)
        g_clear_pointer(&changed, g_hash_table_unref);
    return changed;
}

GPtrArray *
qemu_source_libvirt_session_scan(QemuSourceLibvirtSession *self, UtilDeadline deadline,
                                 GError **error)
{
    Scan scan = {.session = self};
    virDomainStatsRecordPtr *records = NULL;
    GPtrArray *endpoints = NULL;
    int n = -1;

    if (!qemu_source_libvirt_session_connect(self, error))
        return NULL;
    n = virConnectGetAllDomainStats(self->conn, VIR_DOMAIN_STATS_STATE, &records, 0);
    if (n < 0) {
        set_error(self, "ask for the states of the domains of", error);
        return NULL;
    }
    self->n_scans++;
    scan.persistent = list_persistent(self, error);
    if (scan.persistent != NULL) {
        scan.changed = take_changes(self, deadline);
        endpoints = g_ptr_array_new_with_free_func(unref_endpoint);
        for (int i = 0; i < n && i < QEMU_LIMIT_DOMAINS; i++)
            read_record(&scan, records[i], endpoints);
        g_ptr_array_sort(endpoints, compare_endpoints);
        g_hash_table_foreach_remove(self->known, was_not_met, self);
    }
    virDomainStatsRecordListFree(records);
    clear_scan(&scan);
    return endpoints;
}
