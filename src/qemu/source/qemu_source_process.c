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
 * What makes a process a QEMU
 *
 * Its program file has the name of a system emulator, and belongs to root or to the user who asks;
 * or, whatever that is called, the process listens at the QMP monitor that its words name. Words
 * alone prove nothing, since a process shows what it likes there: whoever believed them could be
 * shown machines that do not exist, and be led to dial any address. If the program file cannot be
 * seen, a process with a QEMU's name is listed as one that cannot be looked at, and is not dialled.
 * If another user has given the file its name and nothing else is proof, it is listed by its pid.
 *
 * A process whose words name a QMP monitor and that does not listen there may be a QEMU that
 * begins, or a program that starts one (strace, sudo): it is looked at again for UNDECIDED_MS. A
 * program loader (ld.so) runs all programs under its own name, so its words are read each time.
 * Another program that becomes a QEMU by executing itself again is not found.
 *
 * Not every process that looks like a QEMU is a machine. A child that QEMU forked has QEMU's words
 * until it executes a helper. With -daemonize the process that was started waits until its child
 * runs; the child that stays is in a session whose leader has ended. Such processes are looked at
 * again in each scan.
 */
#include "qemu_source_process.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "host/host_process_owner.h"
#include "qemu_process.h"
#include "qemu_program.h"
#include "qemu_source_listens.h"
#include "qemu_source_names.h"

/* An exec_mark that no process has: what is remembered with it is looked at again in each scan. */
#define NO_MARK UINT64_MAX

enum {
    UNDECIDED_MS = 60000,
    OWNER_MS = 100, /* an owner that takes longer to be told is not known */
};

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

static char *
make_key(pid_t pid, const QemuProcessStat *stat)
{
    return g_strdup_printf("process:%d:%" G_GUINT64_FORMAT, pid, (guint64)stat->start_ticks);
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

/* A process on the way to its endpoint. */
typedef struct {
    QemuSourcePlaceView *view; /* borrowed, as all that follows */
    pid_t pid;
    const char *exe; /* NULL: there is no permission to see it */
    const char *bytes;
    size_t size;
    const char *const *words; /* of @bytes */
    bool has_proof;           /* by its program: it need not listen */
    bool has_name;            /* its program file has a QEMU's name, if that can be seen */
    char owner[32];           /* of that file, for a sentence; only without @has_proof */
    QemuProcessStat stat;
} Look;

typedef enum {
    FOUND_NONE,      /* no machine now */
    FOUND_OTHER,     /* another program, as long as it runs that */
    FOUND_UNDECIDED, /* its words name a monitor, and it does not listen there */
    FOUND_QEMU,
} Found;

/* The owner of a file may give it any name. */
static bool
is_trusted_program(Look *look)
{
    uid_t owner = 0;
    UtilDeadline until = util_deadline_at_most(look->view->words.deadline, OWNER_MS);

    g_strlcpy(look->owner, "a user that cannot be told", sizeof(look->owner));
    if (!host_process_owner_of_program(look->view->words.reader, look->pid, until, &owner))
        return !host_root_is_live(look->view->root);
    g_snprintf(look->owner, sizeof(look->owner), "user %u", owner);
    return owner == 0 || owner == geteuid();
}

/* True if the first word of a process, or the program that it has ld.so run, has a QEMU's name. */
static bool
has_name_in_words(const Look *look)
{
    const char *name = look->words[0];

    if (qemu_program_is_loader(name))
        name = qemu_cmdline_find_loaded(look->words);
    return qemu_process_has_qemu_name(look->words, name);
}

/* Whether the process is worth a look at more than its program and its words. */
static bool
is_candidate(const Look *look)
{
    if (look->exe == NULL)
        return has_name_in_words(look) || qemu_cmdline_has_machine_options(look->words);
    if (qemu_program_judge(look->exe) == QEMU_PROGRAM_NO_GUEST)
        return false;
    return look->has_name || qemu_cmdline_may_have_qmp(look->words);
}

/* Why a process whose program cannot be seen is not dialled. The caller frees. */
static char *
make_denied_reason(const Look *look)
{
    uid_t user = 0;
    g_autofree char *whose = host_process_owner_of_process(look->view->root, look->pid, &user)
                                 ? g_strdup_printf(" of user %u", user)
                                 : g_strdup("");

    return g_strdup_printf("process %d%s has the name of a QEMU: there is no permission to see "
                           "whether it is one",
                           (int)look->pid, whose);
}

/* An endpoint with a monitor at which the process does not listen (yet) is made anew by the next
 * scan. */
static QemuEndpoint *
make_endpoint(Look *look, QemuCmdline *cmdline)
{
    g_autofree char *key = make_key(look->pid, &look->stat);
    QemuEndpoint *endpoint = qemu_endpoint_new(key, "");

    endpoint->pid = look->pid;
    endpoint->start_ticks = look->stat.start_ticks;
    if (look->exe != NULL) {
        if (!qemu_source_place_find(look->view, look->pid, cmdline, endpoint))
            look->stat.exec_mark = NO_MARK;
    } else {
        endpoint->trouble = DOMSTATS_HEALTH_DENIED;
        endpoint->trouble_reason = make_denied_reason(look);
    }
    qemu_source_names_set(look->view, cmdline, endpoint);
    endpoint->definition = g_steal_pointer(&cmdline->definition);
    return endpoint;
}

/* An endpoint for a program with a QEMU's name that anybody may have given it, and that does not
 * listen at a monitor: the user shall see that it is there, and nothing that its words claim. If it
 * begins to listen, a later scan finds it. */
static QemuEndpoint *
make_unproven(Look *look)
{
    g_autofree char *key = make_key(look->pid, &look->stat);
    g_autofree char *name = g_strdup_printf("pid-%d", (int)look->pid);
    QemuEndpoint *endpoint = qemu_endpoint_new(key, name);

    look->stat.exec_mark = NO_MARK;
    endpoint->pid = look->pid;
    endpoint->start_ticks = look->stat.start_ticks;
    endpoint->trouble = DOMSTATS_HEALTH_NO_MONITOR;
    endpoint->trouble_reason =
        g_strdup_printf("process %d runs a file of %s that has the name of a QEMU, and listens at "
                        "no QMP monitor: nothing shows that it is a QEMU",
                        (int)look->pid, look->owner);
    return endpoint;
}

/* Gives the endpoint of a process that its words call a QEMU, unless it is no machine, or does not
 * listen where it would have to. */
static Found
look_at_words(Look *look, QemuEndpoint **ret_endpoint)
{
    g_auto(GStrv) words = NULL;
    g_autoptr(QemuCmdline) cmdline = NULL;
    QemuProcessFiles files = {0};

    if (is_forked_copy(look->view, &look->stat, look->bytes, look->size))
        return FOUND_NONE;
    words = qemu_process_make_words(&look->view->words, look->pid, look->bytes, look->size, &files);
    cmdline = qemu_cmdline_parse((const char *const *)words);
    if (!cmdline->is_machine ||
        (cmdline->is_daemonizing && is_waiting_for_daemon(look->view->root, &look->stat)))
        return FOUND_NONE;
    if (!look->has_proof && !qemu_source_listens(look->view, look->pid, cmdline)) {
        if (!look->has_name)
            return FOUND_UNDECIDED;
        *ret_endpoint = make_unproven(look);
        return FOUND_QEMU;
    }
    if (files.is_blocked)
        look->stat.exec_mark = NO_MARK;
    *ret_endpoint = make_endpoint(look, cmdline);
    return FOUND_QEMU;
}

static Found
look_at_program(Look *look, QemuEndpoint **ret_endpoint)
{
    look->has_name = qemu_process_has_qemu_name(look->words, look->exe);
    if (!is_candidate(look))
        return FOUND_OTHER;
    if (!qemu_process_read_stat(look->view->root, look->pid, &look->stat) || look->stat.is_ended ||
        look->stat.is_teardown)
        return FOUND_NONE;
    if (look->exe == NULL && !has_name_in_words(look) &&
        !qemu_program_is_short_name(look->stat.name)) /* set by execve() from the file's name */
        return FOUND_NONE;
    look->has_proof = look->exe == NULL || (look->has_name && is_trusted_program(look));
    look->has_name &= qemu_cmdline_has_machine_options(look->words);
    return look_at_words(look, ret_endpoint);
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

    if (!qemu_process_has_qemu_name(words, exe) ||
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
look_at(QemuSourcePlaceView *view, pid_t pid, const char *exe)
{
    Look look = {.view = view, .pid = pid, .exe = exe};
    g_autofree char *bytes = qemu_process_read_words(&view->words, pid, "cmdline", &look.size);
    g_auto(GStrv) words = bytes ? qemu_cmdline_split(bytes, look.size) : NULL;
    QemuEndpoint *endpoint = NULL;
    Found found = FOUND_NONE;

    if (bytes == NULL && (errno == ETIMEDOUT || errno == EBUSY)) {
        endpoint = make_blocked(view, pid, exe);
        return endpoint ? make_seen(endpoint, NO_MARK) : NULL;
    }
    if (bytes == NULL || look.size == 0)
        return NULL;
    look.bytes = bytes;
    look.words = (const char *const *)words;
    found = look_at_program(&look, &endpoint);
    if (found == FOUND_QEMU)
        return make_seen(endpoint, look.stat.exec_mark);
    if (found == FOUND_NONE || exe == NULL || qemu_program_is_loader(exe))
        return NULL;
    return make_other(exe, found == FOUND_UNDECIDED);
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
update_seen(QemuSourceProcess *self, QemuSourcePlaceView *view, pid_t pid)
{
    Seen *seen = g_hash_table_lookup(self->seen, GINT_TO_POINTER(pid));
    Seen *found = NULL;
    g_autofree char *exe = NULL;

    if (seen != NULL && is_same_qemu(view->root, pid, seen))
        return seen;
    errno = 0;
    exe = qemu_process_read_link(view->root, pid, "exe");
    if (exe == NULL && errno == ENOENT)
        return NULL;
    if (seen != NULL && is_same_other(seen, exe))
        return seen;
    found = look_at(view, pid, exe);
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
