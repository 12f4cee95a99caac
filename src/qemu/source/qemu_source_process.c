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
 *     link unreadable (we are not root) its words, each time
 *
 * A program loader (ld.so) runs all programs under its own name, so its words are read each time
 * too. A program with another name that becomes a QEMU by executing itself again is not found.
 *
 * Not every process that looks like a QEMU is a machine. A child that QEMU forked has QEMU's words
 * until it executes a helper. With -daemonize the process that was started waits until its child
 * runs; the child that stays is in a session whose leader has ended. Such processes are looked at
 * again in each scan.
 */
#include "qemu_source_process.h"

#include <errno.h>
#include <string.h>

#include "qemu_process.h"
#include "qemu_source_path.h"

/* An exec_mark that no process has: what is remembered with it is looked at again in each scan. */
#define NO_MARK UINT64_MAX

/* What was learnt of one process. */
typedef struct {
    unsigned int last_scan; /* in which it was looked at */
    char *exe;              /* the program of a process that is no QEMU; NULL: a QEMU */
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

/* The name that QEMU was given; else that of its first monitor with a file; else its pid. The
 * caller frees. */
static char *
make_name(const QemuCmdline *cmdline, pid_t pid)
{
    if (cmdline->definition->name != NULL)
        return g_strdup(cmdline->definition->name);
    for (guint i = 0; i < cmdline->monitors->len; i++) {
        const QemuCmdlineMonitor *monitor =
            &g_array_index(cmdline->monitors, QemuCmdlineMonitor, i);

        if (monitor->kind == QEMU_CMDLINE_MONITOR_UNIX ||
            monitor->kind == QEMU_CMDLINE_MONITOR_ABSTRACT)
            return qemu_source_path_make_name(monitor->path);
    }
    return g_strdup_printf("pid-%d", pid);
}

static char *
make_key(pid_t pid, const QemuProcessStat *stat)
{
    return g_strdup_printf("process:%d:%" G_GUINT64_FORMAT, pid, (guint64)stat->start_ticks);
}

static QemuEndpoint *
make_endpoint(QemuSourcePlaceView *view, pid_t pid, const QemuProcessStat *stat,
              QemuCmdline *cmdline)
{
    g_autofree char *key = make_key(pid, stat);
    g_autofree char *name = make_name(cmdline, pid);
    QemuEndpoint *endpoint = qemu_endpoint_new(key, name);

    endpoint->pid = pid;
    endpoint->start_ticks = stat->start_ticks;
    qemu_source_place_find(view, pid, cmdline, endpoint);
    endpoint->definition = g_steal_pointer(&cmdline->definition);
    return endpoint;
}

/* With -daemonize QEMU forks twice. True for the process that was started, until it ends, and for
 * its child; not for the grandchild that stays: the leader of its session has ended, and the kernel
 * does not give that number to a process while the session exists. */
static bool
is_waiting_for_daemon(HostRoot *root, const QemuProcessStat *stat)
{
    QemuProcessStat leader = {0};

    return stat->session > 0 && qemu_process_read_stat(root, stat->session, &leader) &&
           !leader.is_ended;
}

/* True for a process with the same words as the one that forked it. */
static bool
is_forked_copy(const QemuSourcePlaceView *view, const QemuProcessStat *stat, const char *bytes,
               size_t size)
{
    size_t parent_size = 0;
    g_autofree char *parent = stat->parent > 0 ? qemu_process_read_words(&view->words, stat->parent,
                                                                         "cmdline", &parent_size)
                                               : NULL;

    return parent != NULL && parent_size == size && memcmp(parent, bytes, size) == 0;
}

/* Gives the endpoint of a process that looks like a QEMU, by its command line; NULL if it is no
 * machine, or ended meanwhile. @ret_stat has NO_MARK if a file of options could not be read in
 * time. */
static QemuEndpoint *
look_at_qemu(QemuSourcePlaceView *view, pid_t pid, const char *bytes, size_t size,
             QemuProcessStat *ret_stat)
{
    g_auto(GStrv) words = NULL;
    g_autoptr(QemuCmdline) cmdline = NULL;
    QemuProcessFiles files = {0};

    if (!qemu_process_read_stat(view->root, pid, ret_stat) || ret_stat->is_ended ||
        ret_stat->is_teardown)
        return NULL;
    if (is_forked_copy(view, ret_stat, bytes, size))
        return NULL;
    words = qemu_process_make_words(&view->words, pid, bytes, size, &files);
    cmdline = qemu_cmdline_parse((const char *const *)words);
    cmdline->has_option_files = files.has_any;
    cmdline->definition->has_one_monitor &= !files.has_any;
    if (!cmdline->is_machine)
        return NULL;
    if (cmdline->is_daemonizing && is_waiting_for_daemon(view->root, ret_stat))
        return NULL;
    if (files.is_blocked)
        ret_stat->exec_mark = NO_MARK;
    return make_endpoint(view, pid, ret_stat, cmdline);
}

/* Gives an endpoint with a trouble for a program of QEMU's name whose command line blocks: the user
 * shall see that it is there. NULL if it is no such process. */
static QemuEndpoint *
make_blocked(QemuSourcePlaceView *view, pid_t pid, const char *exe)
{
    const char *const words[] = {exe, NULL};
    QemuProcessStat stat = {0};
    g_autofree char *key = NULL;
    g_autofree char *name = NULL;
    QemuEndpoint *endpoint = NULL;

    if (exe == NULL || !qemu_cmdline_is_qemu(words, exe) ||
        !qemu_process_read_stat(view->root, pid, &stat) || stat.is_ended || stat.is_teardown)
        return NULL;
    key = make_key(pid, &stat);
    name = g_strdup_printf("pid-%d", pid);
    endpoint = qemu_endpoint_new(key, name);
    endpoint->pid = pid;
    endpoint->start_ticks = stat.start_ticks;
    endpoint->trouble = DOMSTATS_HEALTH_NO_MONITOR;
    endpoint->trouble_reason = g_strdup_printf(
        "process %d keeps its command line from being read, which names its monitor: "
        "it holds the lock of its memory",
        (int)pid);
    return endpoint;
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
make_seen(QemuEndpoint *take_endpoint, uint64_t exec_mark, const char *exe)
{
    Seen *seen = g_new0(Seen, 1);

    seen->endpoint = take_endpoint;
    seen->exec_mark = exec_mark;
    seen->exe = take_endpoint ? NULL : g_strdup(exe);
    return seen;
}

/* Looks at a process that is new, or has changed. Gives what to remember; NULL: nothing, so that
 * the next scan looks again. */
static Seen *
look_at(QemuSourcePlaceView *view, pid_t pid, const char *exe)
{
    size_t size = 0;
    QemuProcessStat stat = {0};
    QemuEndpoint *endpoint = NULL;
    g_autofree char *bytes = qemu_process_read_words(&view->words, pid, "cmdline", &size);
    g_auto(GStrv) words = bytes ? qemu_cmdline_split(bytes, size) : NULL;

    if (bytes == NULL && (errno == ETIMEDOUT || errno == EBUSY)) {
        endpoint = make_blocked(view, pid, exe);
        return endpoint ? make_seen(endpoint, NO_MARK, NULL) : NULL;
    }
    if (bytes == NULL || size == 0)
        return NULL;
    if (!qemu_cmdline_is_qemu((const char *const *)words, exe))
        return exe == NULL || qemu_cmdline_is_loader(exe) ? NULL : make_seen(NULL, 0, exe);
    endpoint = look_at_qemu(view, pid, bytes, size, &stat);
    return endpoint ? make_seen(endpoint, stat.exec_mark, NULL) : NULL;
}

/* Gives what is known of the process now; NULL: it is no QEMU, and nothing is remembered. */
static Seen *
update_seen(QemuSourceProcess *self, QemuSourcePlaceView *view, pid_t pid)
{
    Seen *seen = g_hash_table_lookup(self->seen, GINT_TO_POINTER(pid));
    g_autofree char *exe = NULL;

    if (seen != NULL && is_same_qemu(view->root, pid, seen))
        return seen;
    errno = 0;
    exe = qemu_process_read_link(view->root, pid, "exe");
    if (exe == NULL && errno == ENOENT)
        return NULL;
    if (seen != NULL && exe != NULL && g_strcmp0(seen->exe, exe) == 0)
        return seen;
    seen = look_at(view, pid, exe);
    if (seen != NULL)
        g_hash_table_replace(self->seen, GINT_TO_POINTER(pid), seen);
    return seen;
}

/* What is known of the process, of which one look a scan is enough; past the deadline, what the
 * last scan left. NULL: it is no QEMU, or it was not looked at, which clears @ret_is_whole. */
static Seen *
get_seen(QemuSourceProcess *self, QemuSourcePlaceView *view, pid_t pid, bool *ret_is_whole)
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
qemu_source_process_look(QemuSourceProcess *self, QemuSourcePlaceView *view, pid_t pid,
                         bool *ret_is_whole)
{
    Seen *seen = get_seen(self, view, pid, ret_is_whole);

    if (seen == NULL)
        return NULL;
    seen->last_scan = self->n_scans;
    return seen->endpoint;
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
