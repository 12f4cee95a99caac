/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_look: see qemu_source_look.h. Keeps nothing.
 *
 * What makes a process a QEMU
 *
 * Its program file has the name of a system emulator, and belongs to root or to the user who asks;
 * or the process listens at the QMP monitor that its words name, whatever its program is called.
 * Words alone prove nothing, since a process can show any words: they could name machines that do
 * not exist, and lead us to dial any address. If the program file cannot be seen, a process with a
 * QEMU's name is listed as one that cannot be looked at, and is not dialled. If another user has
 * given the file its name and nothing else is proof, it is listed by its pid.
 *
 * Not every process that looks like a QEMU is a machine. A child that QEMU forked has QEMU's words
 * until it executes a helper. With -daemonize the process that was started waits until its child
 * runs; the child that stays is in a session whose leader has ended. Such processes are looked at
 * again in each scan.
 */
#include "qemu_source_look.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "host/process/host_process_owner.h"
#include "qemu/words/qemu_program.h"
#include "qemu_process.h"
#include "qemu_source_names.h"
#include "qemu_source_place.h"
#include "qemu_source_proof.h"

enum { OWNER_MS = 100 }; /* an owner that takes longer to be told is not known */

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

/* A process on the way to its endpoint. */
typedef struct {
    QemuSourceView *view; /* borrowed, as all that follows */
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

/* True if the process that forked this one runs another program: then this one has executed its
 * own, and the words of the other need not be read. Of a file that is removed meanwhile one link
 * has an end that the other lacks. */
static bool
has_own_program(const Look *look)
{
    g_autofree char *exe = NULL;

    if (look->exe == NULL)
        return false;
    exe = qemu_process_read_link(look->view->root, look->stat.parent, "exe");
    return exe != NULL && !g_str_has_prefix(exe, look->exe) && !g_str_has_prefix(look->exe, exe);
}

/* True for a process with the same words as the one that forked it. */
static bool
is_forked_copy(const Look *look)
{
    const QemuSourceView *view = look->view;
    g_autofree char *parent = NULL;
    size_t size = 0;

    if (look->stat.parent <= 0 || has_own_program(look))
        return false;
    parent = qemu_process_read_words(&view->words, look->stat.parent, "cmdline", &size);
    return parent != NULL && size == look->size && memcmp(parent, look->bytes, size) == 0;
}

/* True if the program file belongs to root or to us; another owner may have given it any name. */
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

/* True if more than the program and the words of the process is to be looked at. */
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
    endpoint->exec_mark = look->stat.exec_mark;
    if (look->exe != NULL) {
        if (!qemu_source_place_find(look->view, look->pid, cmdline, endpoint))
            look->stat.exec_mark = QEMU_SOURCE_LOOK_NO_MARK;
    } else {
        endpoint->trouble = DOMSTATS_HEALTH_DENIED;
        endpoint->trouble_reason = make_denied_reason(look);
    }
    qemu_source_names_set(look->view, cmdline, endpoint);
    qemu_cmdline_set_program(cmdline, look->words, look->exe);
    endpoint->definition = g_steal_pointer(&cmdline->definition);
    return endpoint;
}

/* An endpoint for a program to which an untrusted user may have given a QEMU's name, and that
 * listens at no monitor: it is listed by its pid, without anything that its words claim. If it
 * begins to listen, a later scan finds it. */
static QemuEndpoint *
make_unproven(Look *look)
{
    g_autofree char *key = make_key(look->pid, &look->stat);
    g_autofree char *name = g_strdup_printf("pid-%d", (int)look->pid);
    QemuEndpoint *endpoint = qemu_endpoint_new(key, name);

    look->stat.exec_mark = QEMU_SOURCE_LOOK_NO_MARK;
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
static QemuSourceLookFound
look_at_words(Look *look, QemuEndpoint **ret_endpoint)
{
    g_auto(GStrv) words = NULL;
    g_autoptr(QemuCmdline) cmdline = NULL;
    QemuProcessFiles files = {0};

    if (is_forked_copy(look))
        return QEMU_SOURCE_LOOK_NONE;
    words = qemu_process_make_words(&look->view->words, look->pid, look->bytes, look->size, &files);
    cmdline = qemu_cmdline_parse((const char *const *)words);
    if (files.may_differ)
        qemu_definition_prove_nothing(cmdline->definition);
    if (!cmdline->is_machine ||
        (cmdline->is_daemonizing && is_waiting_for_daemon(look->view->root, &look->stat)))
        return QEMU_SOURCE_LOOK_NONE;
    if (!look->has_proof && !qemu_source_proof_listens(look->view, look->pid, cmdline)) {
        if (!look->has_name)
            return QEMU_SOURCE_LOOK_UNDECIDED;
        *ret_endpoint = make_unproven(look);
        return QEMU_SOURCE_LOOK_QEMU;
    }
    if (files.is_blocked)
        look->stat.exec_mark = QEMU_SOURCE_LOOK_NO_MARK;
    *ret_endpoint = make_endpoint(look, cmdline);
    return QEMU_SOURCE_LOOK_QEMU;
}

static QemuSourceLookFound
look_at_program(Look *look, QemuEndpoint **ret_endpoint)
{
    look->has_name = qemu_process_has_qemu_name(look->words, look->exe);
    if (!is_candidate(look))
        return QEMU_SOURCE_LOOK_OTHER;
    if (!qemu_process_read_stat(look->view->root, look->pid, &look->stat) || look->stat.is_ended ||
        look->stat.is_teardown)
        return QEMU_SOURCE_LOOK_NONE;
    if (look->exe == NULL && !has_name_in_words(look) &&
        !qemu_program_is_short_name(look->stat.name)) /* set by execve() from the file's name */
        return QEMU_SOURCE_LOOK_NONE;
    look->has_proof = look->exe == NULL || (look->has_name && is_trusted_program(look));
    look->has_name &= qemu_cmdline_has_machine_options(look->words);
    return look_at_words(look, ret_endpoint);
}

/* Gives an endpoint with a trouble, so that the process is listed, for a program with a QEMU's name
 * whose command line cannot be read without blocking. NULL if it is no such process. */
static QemuEndpoint *
make_blocked(QemuSourceView *view, pid_t pid, const char *exe)
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
    endpoint->lacks_options = true;
    endpoint->trouble = DOMSTATS_HEALTH_NO_MONITOR;
    endpoint->trouble_reason = g_strdup_printf(
        "process %d keeps its command line from being read, which names its monitor: "
        "it holds the lock of its memory",
        (int)pid);
    return endpoint;
}

/* True if a read failed for want of something here, which says nothing of the process. */
static bool
is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == EAGAIN;
}

QemuSourceLookFound
qemu_source_look(QemuSourceView *view, pid_t pid, const char *exe, QemuEndpoint **ret_endpoint,
                 uint64_t *ret_exec_mark)
{
    Look look = {.view = view, .pid = pid, .exe = exe};
    g_autofree char *bytes = qemu_process_read_words(&view->words, pid, "cmdline", &look.size);
    g_auto(GStrv) words = bytes ? qemu_cmdline_split(bytes, look.size) : NULL;
    QemuSourceLookFound found = QEMU_SOURCE_LOOK_NONE;

    *ret_exec_mark = QEMU_SOURCE_LOOK_NO_MARK;
    if (bytes == NULL && (errno == ETIMEDOUT || errno == EBUSY)) {
        *ret_endpoint = make_blocked(view, pid, exe);
        return *ret_endpoint != NULL ? QEMU_SOURCE_LOOK_QEMU : QEMU_SOURCE_LOOK_NONE;
    }
    if (bytes == NULL && is_shortage(errno))
        view->shortage = errno;
    if (bytes == NULL || look.size == 0)
        return QEMU_SOURCE_LOOK_NONE;
    look.bytes = bytes;
    look.words = (const char *const *)words;
    found = look_at_program(&look, ret_endpoint);
    *ret_exec_mark = look.stat.exec_mark;
    return found;
}
