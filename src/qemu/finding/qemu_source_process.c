/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_process: see qemu_source_process.h. Owns what was learnt of each process.
 *
 * How it works
 *
 * In each scan the cheapest file of a process is read that shows whether what was learnt of the
 * process is still true:
 *
 *     a QEMU          its stat file: a later process with that pid has another start time, and
 *                     after an exec its arguments are at another address
 *     not a QEMU      the link to its program: while that is the same, neither this process nor a
 *                     later one with its pid has become a QEMU
 *     no program      the link again: kernel threads and zombies have none
 *     link unreadable (another user's, and we are not root) its words, each time
 *
 * A QEMU may be given a monitor while it runs, or lose one, which its stat file does not show. So
 * the listeners whose names begin with "domstats" are listed once a scan: when one has come, all
 * QEMUs are looked at again, when one has gone, those that had it. This is seen in our own network
 * namespace only; elsewhere such a monitor is found when its QEMU is first looked at.
 *
 * A process whose words name a QMP monitor and that does not listen there may be a QEMU that
 * begins, or a program that starts one (strace, sudo): it is looked at again for UNDECIDED_MS. A
 * program loader (ld.so) runs all programs under its own name, so its words are read each time.
 * Another program that becomes a QEMU by executing itself again is not found.
 */
#include "qemu_source_process.h"

#include <errno.h>

#include "host/sockets/host_listening.h"
#include "qemu/words/qemu_program.h"
#include "qemu_process.h"
#include "qemu_source_look.h"

enum { UNDECIDED_MS = 60000 };

/* What was learnt of one process. */
typedef struct {
    unsigned int last_scan; /* in which it was looked at */
    unsigned int made_scan; /* in which this was learnt */
    char *exe;              /* the program of a process that is no QEMU; NULL: a QEMU */
    bool is_undecided;      /* it may yet listen where its words say, until @undecided_until */
    UtilDeadline undecided_until;
    QemuEndpoint *endpoint; /* of a QEMU; NULL: no QEMU */
    uint64_t exec_mark;
} Seen;

struct QemuSourceProcess {
    GHashTable *seen; /* pid -> Seen */
    unsigned int n_scans;
    GArray *ours; /* guint64: the inodes of listeners with a name of ours, in rising order;
                     NULL unknown */
    GArray *gone; /* likewise those that the scan before had, and this one has not */
    bool has_new; /* one has come since the scan before */
    unsigned int ours_scan; /* in which they were listed */
};

static void
free_seen(gpointer data)
{
    Seen *seen = data;

    qemu_endpoint_unref(seen->endpoint);
    g_free(seen->exe);
    g_free(seen);
}

QemuSourceProcess *
qemu_source_process_new(void)
{
    QemuSourceProcess *self = g_new0(QemuSourceProcess, 1);

    self->seen = g_hash_table_new_full(NULL, NULL, NULL, free_seen);
    self->gone = g_array_new(FALSE, FALSE, sizeof(guint64));
    self->n_scans = 1;
    return self;
}

void
qemu_source_process_free(QemuSourceProcess *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->seen);
    g_array_unref(self->gone);
    if (self->ours != NULL)
        g_array_unref(self->ours);
    g_free(self);
}

/* Compares the listeners of this scan with those of the scan before, both in rising order. */
static void
compare_ours(QemuSourceProcess *self, const GArray *before, const GArray *now)
{
    guint i = 0;
    guint k = 0;

    while (i < before->len || k < now->len) {
        guint64 old = i < before->len ? g_array_index(before, guint64, i) : G_MAXUINT64;
        guint64 new = k < now->len ? g_array_index(now, guint64, k) : G_MAXUINT64;

        if (old < new)
            g_array_append_val(self->gone, old);
        self->has_new |= new < old;
        i += old <= new;
        k += new <= old;
    }
}

/* Lists, once a scan, the listeners with a name of ours. */
static void
list_ours(QemuSourceProcess *self, const QemuSourceView *view)
{
    GArray *now = NULL;

    if (self->ours_scan == self->n_scans)
        return;
    self->ours_scan = self->n_scans;
    self->has_new = false;
    g_array_set_size(self->gone, 0);
    now = host_listening_list(view->root, "domstats");
    if (now != NULL && self->ours != NULL)
        compare_ours(self, self->ours, now);
    if (self->ours != NULL)
        g_array_unref(self->ours);
    self->ours = now;
}

/* True if the monitors of a QEMU that was seen in an earlier scan may not be those of now: some may
 * have been added or removed while it ran. */
static bool
may_have_others(const QemuSourceProcess *self, const Seen *seen)
{
    if (seen->made_scan == self->n_scans)
        return false;
    for (guint i = 0; i < self->gone->len; i++)
        if (qemu_endpoint_has_socket(seen->endpoint, (ino_t)g_array_index(self->gone, guint64, i)))
            return true;
    return self->has_new;
}

/* True if the process is the QEMU that was seen before, and runs the same program. */
static bool
is_same_qemu(HostRoot *root, pid_t pid, const Seen *seen)
{
    QemuProcessStat stat = {0};

    return seen->endpoint != NULL && qemu_process_read_stat(root, pid, &stat) && !stat.is_ended &&
           stat.start_ticks == seen->endpoint->start_ticks && stat.exec_mark == seen->exec_mark;
}

static Seen *
make_seen(QemuEndpoint *take_endpoint, uint64_t exec_mark)
{
    Seen *seen = g_new0(Seen, 1);

    seen->endpoint = take_endpoint;
    seen->exec_mark = exec_mark;
    return seen;
}

/* What to remember of a process that is no QEMU, at least now. */
static Seen *
make_other(const char *exe, bool is_undecided)
{
    Seen *seen = g_new0(Seen, 1);

    seen->exe = g_strdup(exe);
    seen->is_undecided = is_undecided;
    if (is_undecided)
        seen->undecided_until = util_deadline_in_ms(UNDECIDED_MS);
    return seen;
}

/* Looks at a process that is new, or has changed. Gives what to remember; NULL: nothing, so that
 * the next scan looks again. */
static Seen *
look_at(QemuSourceView *view, pid_t pid, const char *exe)
{
    QemuEndpoint *endpoint = NULL;
    uint64_t exec_mark = 0;
    QemuSourceLookFound found = qemu_source_look(view, pid, exe, &endpoint, &exec_mark);

    if (found == QEMU_SOURCE_LOOK_QEMU)
        return make_seen(endpoint, exec_mark);
    if (found == QEMU_SOURCE_LOOK_NONE || exe == NULL || qemu_program_is_loader(exe))
        return NULL;
    return make_other(exe, found == QEMU_SOURCE_LOOK_UNDECIDED);
}

/* True if the process runs the program of which @seen says that it is no QEMU. */
static bool
is_same_other(const Seen *seen, const char *exe)
{
    return seen->exe != NULL && exe != NULL && g_str_equal(seen->exe, exe) &&
           (!seen->is_undecided || util_deadline_has_passed(seen->undecided_until));
}

/* Gives what is known of the process now; NULL: it is no QEMU, and nothing is remembered. */
static Seen *
update_seen(QemuSourceProcess *self, QemuSourceView *view, pid_t pid)
{
    Seen *seen = g_hash_table_lookup(self->seen, GINT_TO_POINTER(pid));
    Seen *found = NULL;
    int shortage = view->shortage;
    g_autofree char *exe = NULL;

    list_ours(self, view);
    if (seen != NULL && is_same_qemu(view->root, pid, seen) && !may_have_others(self, seen))
        return seen;
    errno = 0;
    exe = qemu_process_read_link(view->root, pid, "exe");
    if (exe == NULL && errno == ENOENT)
        return NULL;
    if (seen != NULL && is_same_other(seen, exe))
        return seen;
    view->shortage = 0;
    found = look_at(view, pid, exe);
    if (found == NULL && view->shortage != 0)
        return seen; /* what was known is not refuted */
    view->shortage = shortage;
    if (found == NULL)
        return NULL;
    if (seen != NULL && seen->is_undecided && found->is_undecided && g_str_equal(seen->exe, exe))
        found->undecided_until = seen->undecided_until;
    found->made_scan = self->n_scans;
    g_hash_table_replace(self->seen, GINT_TO_POINTER(pid), found);
    return found;
}

/* What is known of the process, of which one look a scan is enough; past the deadline, what the
 * last scan left. NULL: it is no QEMU, or it was not looked at, which clears @ret_is_whole. */
static Seen *
get_seen(QemuSourceProcess *self, QemuSourceView *view, pid_t pid, bool *ret_is_whole)
{
    Seen *seen = g_hash_table_lookup(self->seen, GINT_TO_POINTER(pid));

    if (seen != NULL && seen->last_scan == self->n_scans)
        return seen;
    if (!util_deadline_has_passed(view->words.deadline))
        return update_seen(self, view, pid);
    if (seen == NULL && ret_is_whole != NULL)
        *ret_is_whole = false;
    return seen;
}

QemuEndpoint *
qemu_source_process_look(QemuSourceProcess *self, QemuSourceView *view, pid_t pid,
                         bool *ret_is_whole)
{
    Seen *seen = get_seen(self, view, pid, ret_is_whole);

    if (seen == NULL)
        return NULL;
    seen->last_scan = self->n_scans;
    return seen->endpoint;
}

const char *
qemu_source_process_other(const QemuSourceProcess *self, pid_t pid)
{
    const Seen *seen = g_hash_table_lookup(self->seen, GINT_TO_POINTER(pid));

    return seen != NULL && seen->last_scan == self->n_scans ? seen->exe : NULL;
}

void
qemu_source_process_renew(QemuSourceProcess *self, pid_t pid)
{
    const Seen *seen = g_hash_table_lookup(self->seen, GINT_TO_POINTER(pid));

    if (seen != NULL && seen->made_scan != self->n_scans)
        g_hash_table_remove(self->seen, GINT_TO_POINTER(pid));
}

static gboolean
has_gone(gpointer key, gpointer value, gpointer data)
{
    const QemuSourceProcess *self = data;
    const Seen *seen = value;

    (void)key;
    return seen->last_scan != self->n_scans;
}

void
qemu_source_process_end_scan(QemuSourceProcess *self)
{
    g_hash_table_foreach_remove(self->seen, has_gone, self);
    self->n_scans++;
}
