/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_auto: "auto": every QEMU process of this host, found through /proc, and what the
 * libvirts of this host know of them.
 *
 * Lists /proc once a scan; qemu_source_process looks at each process, qemu_source_daemons at those
 * that are no QEMU. The libvirts are asked meanwhile (qemu_source_libvirts), then both views are
 * merged (qemu_source_merge). Starts no process, and touches no socket but those of libvirt daemons
 * that run.
 *
 * If the looks at one user's processes take more than a quarter of the call's time, the rest of
 * that user's processes are put off until all others were looked at. They are looked at until half
 * of the call's time has passed; what is left then is not, and the blind spot says so.
 */
#include <errno.h>

#include "host/process/host_hidden.h"
#include "host/process/host_process.h"
#include "host/process/host_process_owner.h"
#include "qemu/facts/qemu_limits.h"
#include "qemu/finding/qemu_source_names.h"
#include "qemu/finding/qemu_source_process.h"
#include "qemu/managed/qemu_source_daemons.h"
#include "qemu/managed/qemu_source_libvirts.h"
#include "qemu/managed/qemu_source_merge.h"
#include "qemu_source.h"
#include "qemu_source_bills.h"
#include "util/util_error.h"

typedef struct {
    HostRoot *root; /* borrowed */
    QemuSourceProcess *processes;
    QemuSourceNames *names;
    QemuSourceDaemons *daemons;
    QemuSourceLibvirts *libvirts; /* NULL: none is to be asked */
    QemuSourceMerge *merge;
    GHashTable *sentences;    /* the blind spots that were given out, a set; they are never freed */
    char *libvirt_blind_spot; /* atomic; one of them; NULL: none */
    bool has_been_whole;      /* some scan has looked at every process */
    int is_blind;             /* atomic: processes of others cannot be seen */
    int is_short;             /* atomic: the last scan lacked descriptors, threads or memory */
    int n_passed;             /* atomic: processes that the last scan put off and did not come to */
} AutoSource;

enum {
    BILL_SHARE = 4,    /* a user whose processes took a quarter of the call's time is put off */
    PUT_OFF_SHARE = 2, /* until when those are looked at: half of the call's time */
    MAX_SENTENCES = 1024,
    LONG_US = 1000, /* shorter looks are not counted */
};

static void *
open_auto(const char *argument, HostRoot *root, const QemuSourceOptions *options, GError **error)
{
    AutoSource *self = g_new0(AutoSource, 1);

    (void)argument;
    (void)error;
    self->root = root;
    self->processes = qemu_source_process_new();
    self->names = qemu_source_names_new();
    self->daemons = qemu_source_daemons_new();
    self->merge = qemu_source_merge_new();
    self->sentences = g_hash_table_new(g_str_hash, g_str_equal);
    if (!options->is_without_libvirt && host_root_is_live(root))
        self->libvirts = qemu_source_libvirts_new(root, &options->libvirt_limits);
    return self;
}

static void
close_auto(void *data)
{
    AutoSource *self = data;

    qemu_source_merge_free(self->merge);
    qemu_source_libvirts_free(self->libvirts);
    qemu_source_daemons_free(self->daemons);
    qemu_source_process_free(self->processes);
    qemu_source_names_free(self->names);
    g_hash_table_unref(self->sentences);
    g_free(self);
}

/* True if /proc is no proc file system: it has no entry for this process. */
static bool
is_without_processes(HostRoot *root)
{
    char text[64] = "";

    return host_root_is_live(root) &&
           host_root_read(root, "proc/self/stat", text, sizeof(text)) < 0;
}

static void
describe_auto(void *data, bool is_wanted)
{
    AutoSource *self = data;

    if (self->libvirts != NULL)
        qemu_source_libvirts_describe(self->libvirts, is_wanted);
}

static const char *
blind_spot_of_auto(void *data)
{
    AutoSource *self = data;

    if (g_atomic_int_get(&self->is_blind))
        return "processes of other users are hidden in '/proc' (hidepid): the answer lacks their "
               "domains";
    if (g_atomic_int_get(&self->is_short))
        return "not all processes could be looked at, for want of descriptors, threads or memory "
               "here: the answer may lack domains";
    if (g_atomic_int_get(&self->n_passed) > 0)
        return "not all processes of one user could be looked at, as a look at them takes too "
               "long: the answer may lack domains of that user";
    return g_atomic_pointer_get(&self->libvirt_blind_spot);
}

/* One scan. */
typedef struct {
    AutoSource *source;
    QemuSourceView *view;
    QemuSourceBills *bills;
    int64_t limit_us;
    GArray *put_off; /* pid_t */
    GPtrArray *endpoints;
    bool is_whole;
} Scan;

static bool
is_full(const Scan *self)
{
    return self->endpoints->len >= QEMU_LIMIT_DOMAINS;
}

static void
look_at(Scan *self, pid_t pid)
{
    int64_t began_us = util_deadline_now_us();
    QemuEndpoint *endpoint =
        qemu_source_process_look(self->source->processes, self->view, pid, &self->is_whole);
    int64_t spent_us = util_deadline_now_us() - began_us;
    uid_t user = 0;

    if (endpoint != NULL)
        g_ptr_array_add(self->endpoints, qemu_endpoint_ref(endpoint));
    else if (self->source->libvirts != NULL)
        qemu_source_daemons_look(self->source->daemons, self->view, pid,
                                 qemu_source_process_other(self->source->processes, pid));
    if (spent_us > LONG_US && host_process_owner_of_process(self->source->root, pid, &user))
        qemu_source_bills_add(self->bills, user, spent_us);
}

static bool
is_put_off(const Scan *self, pid_t pid)
{
    uid_t user = 0;

    return qemu_source_bills_has_over(self->bills, self->limit_us) &&
           host_process_owner_of_process(self->source->root, pid, &user) &&
           qemu_source_bills_is_over(self->bills, user, self->limit_us);
}

/* Past @until, the processes that are left are those that the last scan knew. */
static void
look_at_put_off(Scan *self, UtilDeadline until)
{
    UtilDeadline deadline = self->view->words.deadline;
    int n_passed = 0;

    for (guint i = 0; i < self->put_off->len && !is_full(self); i++) {
        bool was_whole = self->is_whole;

        self->is_whole = true;
        if (util_deadline_has_passed(until))
            self->view->words.deadline = until;
        look_at(self, g_array_index(self->put_off, pid_t, i));
        n_passed += !self->is_whole;
        self->is_whole = was_whole;
    }
    self->view->words.deadline = deadline;
    g_atomic_int_set(&self->source->n_passed, n_passed);
}

static gint
compare_pids(gconstpointer a, gconstpointer b)
{
    const QemuEndpoint *const *first = a;
    const QemuEndpoint *const *second = b;

    return ((*first)->pid > (*second)->pid) - ((*first)->pid < (*second)->pid);
}

/* The endpoints of those of the processes @pids that are QEMUs, in their order. */
static GPtrArray *
list_endpoints(AutoSource *self, QemuSourceView *view, const pid_t *pids, bool *ret_is_whole)
{
    g_autoptr(QemuSourceBills) bills = qemu_source_bills_new();
    g_autoptr(GArray) put_off = g_array_new(FALSE, FALSE, sizeof(pid_t));
    unsigned int left_ms = (unsigned int)util_deadline_left_ms(view->words.deadline);
    UtilDeadline until = util_deadline_in_ms(left_ms / PUT_OFF_SHARE);
    Scan scan = {.source = self,
                 .view = view,
                 .bills = bills,
                 .limit_us = (int64_t)left_ms * 1000 / BILL_SHARE,
                 .put_off = put_off,
                 .endpoints = qemu_endpoint_new_array(),
                 .is_whole = true};

    for (size_t i = 0; pids[i] != 0 && !is_full(&scan); i++)
        if (is_put_off(&scan, pids[i]))
            g_array_append_val(put_off, pids[i]);
        else
            look_at(&scan, pids[i]);
    look_at_put_off(&scan, until);
    if (put_off->len > 0)
        g_ptr_array_sort(scan.endpoints, compare_pids);
    qemu_source_process_end_scan(self->processes);
    qemu_source_names_settle(self->names, scan.endpoints);
    *ret_is_whole = scan.is_whole;
    return scan.endpoints;
}

/* Gives a copy of @sentence that is never freed; NULL for NULL. Few different ones are expected, as
 * each libvirt has one of a few troubles; past MAX_SENTENCES a general one is given. */
static char *
keep_sentence(AutoSource *self, const char *sentence)
{
    static char others[] = "not every libvirt of this host can be asked: the answer may lack "
                           "domains that do not run";
    char *kept = NULL;

    if (sentence == NULL)
        return NULL;
    if (!g_hash_table_contains(self->sentences, sentence) &&
        g_hash_table_size(self->sentences) >= MAX_SENTENCES)
        return others;
    kept = (char *)(uintptr_t)g_intern_string(sentence);
    g_hash_table_add(self->sentences, kept);
    return kept;
}

/* What the answer may lack because a libvirt could not be asked. NULL: nothing. The caller frees.
 */
static char *
make_libvirt_blind_spot(AutoSource *self, const char *waiting)
{
    char *sentence = qemu_source_libvirts_make_blind_spot(self->libvirts);

    if (sentence != NULL)
        return sentence;
    if (waiting != NULL)
        return g_strdup_printf("libvirt does not run, and is not started for this: systemd starts "
                               "it for a client at '%s': the answer lacks domains of it that do "
                               "not run",
                               waiting);
    return qemu_source_merge_lacks_libvirt(self->merge)
               ? g_strdup("no libvirt runs that manages the QEMUs that one has started: the answer "
                          "may lack domains that do not run")
               : NULL;
}

/* Why there is no libvirt for a QEMU that one started. The caller frees. */
static char *
make_absence(const char *waiting)
{
    if (waiting == NULL)
        return g_strdup("no libvirt runs that may manage it");
    return g_strdup_printf("libvirt does not run: systemd starts it for a client at '%s'", waiting);
}

/* Merges @processes with the lists of the libvirts. */
static GPtrArray *
merge_libvirts(AutoSource *self, QemuSourceView *view, const GPtrArray *processes)
{
    QemuSourceJoinLists lists = {.view = view};
    const char *waiting = NULL;
    g_autofree char *absence = NULL;
    g_autofree char *sentence = NULL;
    GPtrArray *merged = NULL;

    qemu_source_libvirts_follow(self->libvirts, qemu_source_daemons_end_scan(self->daemons));
    qemu_source_libvirts_want(self->libvirts, processes);
    waiting = qemu_source_daemons_find_waiting(self->daemons, view);
    absence = make_absence(waiting);
    lists.absence = absence;
    lists.libvirts =
        qemu_source_libvirts_finish(self->libvirts, view->words.deadline, &lists.n_libvirts);
    merged = qemu_source_merge_run(self->merge, &lists, processes);
    sentence = make_libvirt_blind_spot(self, waiting);
    g_atomic_pointer_set(&self->libvirt_blind_spot, keep_sentence(self, sentence));
    return merged;
}

/* @shortage: errno, 0 if it was the deadline. */
static void
set_not_whole(int shortage, GError **error)
{
    if (shortage != 0)
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_SYSTEM,
                    "not all processes could be looked at: %s", g_strerror(shortage));
    else
        g_set_error_literal(error, UTIL_ERROR, UTIL_ERROR_TIMEOUT,
                            "not all processes could be looked at by the deadline");
}

/* Fails with TIMEOUT if the deadline cuts the scan short and no scan before looked at all
 * processes: then it is not known which domains there are. */
static GPtrArray *
scan_auto(void *data, UtilDeadline deadline, GError **error)
{
    AutoSource *self = data;
    g_autofree pid_t *pids = host_process_list(self->root, NULL);
    g_auto(QemuSourceView) view = {0};
    g_autoptr(GPtrArray) endpoints = NULL;
    bool is_whole = true;

    if (pids == NULL) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_SYSTEM, "cannot list processes in '/proc': %s",
                    g_strerror(errno));
        return NULL;
    }
    if (is_without_processes(self->root)) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_SYSTEM,
                    "there are no processes in '/proc': the proc file system is not mounted there");
        return NULL;
    }
    g_atomic_int_set(&self->is_blind, host_hidden_are_others(self->root));
    qemu_source_view_init(&view, self->root, deadline);
    if (self->libvirts != NULL)
        qemu_source_libvirts_begin(self->libvirts);
    endpoints = list_endpoints(self, &view, pids, &is_whole);
    g_atomic_int_set(&self->is_short, view.shortage != 0);
    self->has_been_whole |= is_whole && view.shortage == 0;
    if (!self->has_been_whole) {
        set_not_whole(view.shortage, error);
        return NULL;
    }
    if (self->libvirts != NULL)
        return merge_libvirts(self, &view, endpoints);
    return qemu_source_merge_run(self->merge, &(QemuSourceJoinLists){.view = &view}, endpoints);
}

const QemuSourceKind qemu_source_auto = {
    .name = "auto",
    .open = open_auto,
    .describe = describe_auto,
    .scan = scan_auto,
    .close = close_auto,
    .blind_spot = blind_spot_of_auto,
};
