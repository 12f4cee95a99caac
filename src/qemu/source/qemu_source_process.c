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
 * A process whose words name a QMP monitor and that does not listen there may be a QEMU that
 * begins, or a program that starts one (strace, sudo): it is looked at again for UNDECIDED_MS. A
 * program loader (ld.so) runs all programs under its own name, so its words are read each time.
 * Another program that becomes a QEMU by executing itself again is not found.
 */
#include "qemu_source_process.h"

#include <errno.h>

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
    self->n_scans = 1;
    return self;
}

void
qemu_source_process_free(QemuSourceProcess *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->seen);
    g_free(self);
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

    if (seen != NULL && is_same_qemu(view->root, pid, seen))
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
