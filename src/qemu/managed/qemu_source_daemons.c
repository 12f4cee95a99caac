/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_daemons: see qemu_source_daemons.h. Owns what was learnt of each daemon.
 *
 * What makes a process a libvirt daemon
 *
 * Its program file is called libvirtd or virtqemud and belongs to root or to the user who asks, and
 * the process listens at a socket with one of the names of a libvirt. Its other daemons
 * (virtproxyd, virtnetworkd, ...) have no QEMUs of their own. We cannot see the program of a
 * process of root if we are not root. Such a process counts as a daemon if execve() gave it that
 * name, it is in our own pid namespace, and a process listens at the usual path.
 *
 * A socket at which only systemd listens is not used: the connection would start a daemon.
 *
 * A daemon forks children that have its program, and its sockets, until they execute another one.
 * Some have closed the sockets, or are in a mount namespace of their own, before that. So a process
 * whose parent is a daemon, or that has the same listening socket as one, is not listed itself.
 */
#include "qemu_source_daemons.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/process/host_process.h"
#include "host/process/host_process_owner.h"
#include "qemu/facts/qemu_limits.h"
#include "qemu/finding/qemu_source_way.h"
#include "qemu/words/qemu_program.h"

enum {
    OWNER_MS = 100,       /* time to learn whose a program file is */
    BEGINS_MS = 10000,    /* so long a daemon that does not listen is looked at in each scan; */
    LOOK_AGAIN_MS = 1000, /* then once in this time */
    WAITING_MS = 5000,    /* how long the answer of find_waiting() is used again */
    PATH_BYTES = sizeof(((struct sockaddr_un *)NULL)->sun_path),
};

/* The sockets of a libvirt, the preferred ones first. No client of a socket for reading can change
 * anything, and libvirt counts those clients apart from the others. */
static const char *const socket_names[] = {"libvirt-sock-ro", "virtqemud-sock-ro", "libvirt-sock",
                                           "virtqemud-sock"};
enum { N_READ_ONLY = 2 };

#define RUN_FOLDER "/run/libvirt/"

typedef struct {
    QemuSourceDaemon daemon;
    unsigned int last_scan; /* in which it was seen */
    bool lacks_reading;     /* it is the system's, and has no socket for reading yet */
    UtilDeadline begins_until;
    UtilDeadline look_again;
} Seen;

struct QemuSourceDaemons {
    GHashTable *seen; /* pid -> Seen */
    GPtrArray *listed;
    unsigned int n_scans;
    unsigned int looked_in; /* the scan that has set @has_run_folder */
    bool has_run_folder;    /* a libvirt of the system was installed, and we are not root */
    char *waiting;          /* what find_waiting() gave; used again until @waiting_until */
    UtilDeadline waiting_until;
};

static void
free_seen(gpointer data)
{
    Seen *seen = data;

    g_free(seen->daemon.pid_namespace);
    g_free(seen->daemon.uri);
    g_free(seen->daemon.trouble);
    g_free(seen);
}

QemuSourceDaemons *
qemu_source_daemons_new(void)
{
    QemuSourceDaemons *self = g_new0(QemuSourceDaemons, 1);

    self->seen = g_hash_table_new_full(NULL, NULL, NULL, free_seen);
    self->listed = g_ptr_array_new();
    self->n_scans = 1;
    return self;
}

void
qemu_source_daemons_free(QemuSourceDaemons *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->listed);
    g_hash_table_unref(self->seen);
    g_free(self->waiting);
    g_free(self);
}

/* True if the program file belongs to root or to us: any other user may give a file any name. */
static bool
is_trusted_program(const QemuSourceView *view, pid_t pid)
{
    uid_t owner = 0;
    UtilDeadline until = util_deadline_at_most(view->words.deadline, OWNER_MS);

    if (!host_process_owner_of_program(view->words.reader, pid, until, &owner))
        return !host_root_is_live(view->root);
    return owner == 0 || owner == geteuid();
}

/* True for a process of root of which only the name can be seen. */
static bool
is_hidden_daemon(const QemuSourceView *view, pid_t pid, const QemuProcessStat *stat, uid_t user)
{
    return user == 0 && qemu_program_is_libvirt(stat->name) &&
           host_process_read_numbers(view->root, pid) == HOST_PROCESS_NUMBERS_SAME;
}

/* True if its words tell it to end when it has had no client for some time. */
static bool
has_timeout(const QemuSourceView *view, pid_t pid)
{
    size_t size = 0;
    g_autofree char *bytes = qemu_process_read_words(&view->words, pid, "cmdline", &size);
    g_auto(GStrv) words = bytes ? qemu_cmdline_split(bytes, size) : NULL;

    for (size_t i = 0; words != NULL && words[i] != NULL; i++)
        if (g_str_has_prefix(words[i], "--timeout") || g_str_has_prefix(words[i], "-t"))
            return true;
    return false;
}

/* The place of the socket's name in socket_names; -1: it is no socket of a libvirt. */
static int
rank_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    for (size_t i = 0; slash != NULL && i < G_N_ELEMENTS(socket_names); i++)
        if (strcmp(slash + 1, socket_names[i]) == 0)
            return (int)i;
    return -1;
}

/* Sets @ret_best to the best socket of a libvirt at which the process listens; false if there is
 * none. @ret_is_denied: its descriptors may not be looked at. */
static bool
find_listener(QemuSourceView *view, pid_t pid, HostListener *ret_best, bool *ret_is_denied)
{
    const GArray *sockets = NULL;
    int best = -1;

    host_sockets_add_namespace(view->table, pid, NULL);
    sockets = host_descriptors_list(view->descriptors, pid);
    *ret_is_denied = sockets == NULL && errno == EACCES;
    for (guint i = 0; sockets != NULL && i < sockets->len; i++) {
        HostListener listener = {0};
        int rank = -1;

        if (host_sockets_find(view->table, AF_UNIX,
                              g_array_index(sockets, HostDescriptorsSocket, i).inode, &listener))
            rank = rank_of(listener.path);
        if (rank < 0 || (best >= 0 && rank >= best))
            continue;
        best = rank;
        *ret_best = listener;
    }
    return best >= 0;
}

/* The path of the socket called @name in RUN_FOLDER if a process listens there; NULL if not. */
static char *
find_usual(QemuSourceView *view, const char *name)
{
    g_autofree char *path = g_strconcat(RUN_FOLDER, name, NULL);
    struct stat status = {0};
    HostListener listener = {0};

    if (!host_root_stat(view->root, &path[1], &status) || !S_ISSOCK(status.st_mode) ||
        host_sockets_add_namespace(view->table, 0, NULL) == 0 ||
        !host_sockets_find_file(view->table, status.st_dev, status.st_ino, &listener))
        return NULL;
    return g_steal_pointer(&path);
}

/* The same for the sockets of the program called @daemon. */
static char *
find_usual_of(QemuSourceView *view, const char *daemon)
{
    for (size_t i = 0; i < G_N_ELEMENTS(socket_names); i++) {
        bool is_its = (strncmp(socket_names[i], "virtqemud", strlen("virtqemud")) == 0) ==
                      (strcmp(daemon, "virtqemud") == 0);
        char *path = is_its ? find_usual(view, socket_names[i]) : NULL;

        if (path != NULL)
            return path;
    }
    return NULL;
}

static void
set_uri(QemuSourceDaemon *daemon, const char *path)
{
    g_autofree char *escaped = g_uri_escape_string(path, "/", FALSE);

    if (strlen(path) >= PATH_BYTES)
        daemon->trouble =
            g_strdup_printf("libvirt of process %d cannot be asked: the path of its socket is too "
                            "long",
                            (int)daemon->pid);
    else
        daemon->uri = g_strdup_printf("qemu+unix:///%s?socket=%s",
                                      daemon->is_session ? "session" : "system", escaped);
}

/* Sets the URI of a daemon whose program can be seen, or why it has none. A daemon that serves one
 * user has no socket for reading, which tells it from the system's where another user runs that. */
static void
find_socket(QemuSourceView *view, Seen *seen)
{
    QemuSourceDaemon *daemon = &seen->daemon;
    HostListener listener = {0};
    bool is_denied = false;
    QemuSourceWay way = {0};
    g_autofree char *path = NULL;

    if (!find_listener(view, daemon->pid, &listener, &is_denied)) {
        daemon->trouble =
            g_strdup_printf(is_denied ? "libvirt of process %d cannot be asked: there is no "
                                        "permission to see its sockets"
                                      : "libvirt of process %d does not listen",
                            (int)daemon->pid);
        return;
    }
    daemon->socket_inode = listener.inode;
    daemon->is_session = daemon->user != 0 && rank_of(listener.path) >= N_READ_ONLY;
    seen->lacks_reading = !daemon->is_session && rank_of(listener.path) >= N_READ_ONLY;
    qemu_source_way_init(&way, view, daemon->pid);
    daemon->is_foreign = !way.has_our_mounts || !way.has_our_root ||
                         (daemon->user != 0 && daemon->user != geteuid());
    path = qemu_source_way_find(&way, listener.path, &listener);
    set_uri(daemon, path);
}

/* The same for a daemon of which only the name can be seen. */
static void
find_hidden_socket(QemuSourceView *view, const QemuProcessStat *stat, QemuSourceDaemon *daemon)
{
    g_autofree char *path = find_usual_of(view, stat->name);

    if (path != NULL)
        set_uri(daemon, path);
    else
        daemon->trouble = g_strdup_printf("libvirt of process %d cannot be asked: there is no "
                                          "permission to see its sockets",
                                          (int)daemon->pid);
}

/* Reads what a daemon's process tells; NULL: it is no daemon. */
static Seen *
look_at(QemuSourceView *view, pid_t pid, const char *exe)
{
    QemuProcessStat stat = {0};
    uid_t user = 0;
    Seen *seen = NULL;

    if (!qemu_process_read_stat(view->root, pid, &stat) || stat.is_ended ||
        !host_process_owner_of_process(view->root, pid, &user))
        return NULL;
    if (exe != NULL ? !is_trusted_program(view, pid) : !is_hidden_daemon(view, pid, &stat, user))
        return NULL;
    seen = g_new0(Seen, 1);
    seen->daemon = (QemuSourceDaemon){.pid = pid,
                                      .start_ticks = stat.start_ticks,
                                      .parent = stat.parent,
                                      .user = user,
                                      .has_idle_timeout = has_timeout(view, pid)};
    seen->daemon.pid_namespace = qemu_process_read_link(view->root, pid, "ns/pid");
    seen->begins_until = util_deadline_in_ms(BEGINS_MS);
    seen->look_again = util_deadline_in_ms(LOOK_AGAIN_MS);
    if (exe != NULL)
        find_socket(view, seen);
    else
        find_hidden_socket(view, &stat, &seen->daemon);
    return seen;
}

/* True if its sockets need not be looked at again now: it has the best one, or it had time to make
 * that and was looked at a short time ago. */
static bool
is_settled(const Seen *seen)
{
    if (seen->daemon.uri != NULL)
        return !seen->lacks_reading || util_deadline_has_passed(seen->begins_until);
    return util_deadline_has_passed(seen->begins_until) &&
           !util_deadline_has_passed(seen->look_again);
}

/* True if the process is the one that was seen, and need not be looked at again. */
static bool
is_still(const QemuSourceView *view, const Seen *seen)
{
    QemuProcessStat stat = {0};

    return qemu_process_read_stat(view->root, seen->daemon.pid, &stat) && !stat.is_ended &&
           stat.start_ticks == seen->daemon.start_ticks && is_settled(seen);
}

/* True if a process whose program cannot be seen may be a daemon. For root it may not: root sees
 * all programs, and only kernel threads have none. Looked up once a scan. */
static bool
may_be_hidden(QemuSourceDaemons *self, const QemuSourceView *view)
{
    struct stat status = {0};

    if (!host_root_is_live(view->root))
        return true;
    if (self->looked_in != self->n_scans)
        self->has_run_folder =
            geteuid() != 0 && host_root_stat(view->root, &RUN_FOLDER[1], &status);
    self->looked_in = self->n_scans;
    return self->has_run_folder;
}

/* A cheap check first, since most processes are no daemon. */
static bool
may_be_daemon(QemuSourceDaemons *self, const QemuSourceView *view, pid_t pid, const char *exe)
{
    QemuProcessStat stat = {0};

    if (exe != NULL)
        return qemu_program_is_libvirt(exe);
    return may_be_hidden(self, view) && qemu_process_read_stat(view->root, pid, &stat) &&
           qemu_program_is_libvirt(stat.name);
}

/* Looks at a process that is new, or that may have made its sockets since. NULL: it is no daemon.
 */
static Seen *
update_seen(QemuSourceDaemons *self, QemuSourceView *view, pid_t pid, const char *exe)
{
    const Seen *before = g_hash_table_lookup(self->seen, GINT_TO_POINTER(pid));
    Seen *seen = may_be_daemon(self, view, pid, exe) ? look_at(view, pid, exe) : NULL;

    if (seen == NULL)
        return NULL;
    if (before != NULL && before->daemon.start_ticks == seen->daemon.start_ticks)
        seen->begins_until = before->begins_until;
    g_hash_table_replace(self->seen, GINT_TO_POINTER(pid), seen);
    return seen;
}

void
qemu_source_daemons_look(QemuSourceDaemons *self, QemuSourceView *view, pid_t pid, const char *exe)
{
    Seen *seen = g_hash_table_lookup(self->seen, GINT_TO_POINTER(pid));

    if (seen == NULL || !is_still(view, seen))
        seen = update_seen(self, view, pid, exe);
    if (seen != NULL)
        seen->last_scan = self->n_scans;
}

/* The system's first, then the oldest: a daemon before its children. */
static gint
compare_daemons(gconstpointer a, gconstpointer b)
{
    const QemuSourceDaemon *left = *(QemuSourceDaemon *const *)a;
    const QemuSourceDaemon *right = *(QemuSourceDaemon *const *)b;

    if (left->is_session != right->is_session)
        return left->is_session ? 1 : -1;
    if (left->start_ticks != right->start_ticks)
        return left->start_ticks < right->start_ticks ? -1 : 1;
    return (left->pid > right->pid) - (left->pid < right->pid);
}

/* True if @other is a child of @daemon, or is asked at the same socket. */
static bool
is_of(const QemuSourceDaemon *daemon, const QemuSourceDaemon *other)
{
    return daemon->pid == other->parent ||
           (other->socket_inode != 0 && daemon->socket_inode == other->socket_inode) ||
           (other->uri != NULL && g_strcmp0(daemon->uri, other->uri) == 0);
}

static bool
is_of_any(const GPtrArray *daemons, const QemuSourceDaemon *other)
{
    for (guint i = 0; i < daemons->len; i++)
        if (is_of(g_ptr_array_index(daemons, i), other))
            return true;
    return false;
}

const GPtrArray *
qemu_source_daemons_end_scan(QemuSourceDaemons *self)
{
    g_autoptr(GPtrArray) present = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value = NULL;

    g_hash_table_iter_init(&iter, self->seen);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Seen *seen = value;

        if (seen->last_scan == self->n_scans)
            g_ptr_array_add(present, &seen->daemon);
        else
            g_hash_table_iter_remove(&iter);
    }
    g_ptr_array_sort(present, compare_daemons);
    g_ptr_array_set_size(self->listed, 0);
    for (guint i = 0; i < present->len && self->listed->len < QEMU_LIMIT_DAEMONS; i++) {
        QemuSourceDaemon *daemon = g_ptr_array_index(present, i);

        if (!is_of_any(self->listed, daemon))
            g_ptr_array_add(self->listed, daemon);
    }
    self->n_scans++;
    return self->listed;
}

const char *
qemu_source_daemons_find_waiting(QemuSourceDaemons *self, QemuSourceView *view)
{
    for (guint i = 0; i < self->listed->len; i++)
        if (!((QemuSourceDaemon *)g_ptr_array_index(self->listed, i))->is_session)
            return NULL;
    if (!host_root_is_live(view->root) || !util_deadline_has_passed(self->waiting_until))
        return self->waiting;
    self->waiting_until = util_deadline_in_ms(WAITING_MS);
    g_clear_pointer(&self->waiting, g_free);
    for (size_t i = 0; i < G_N_ELEMENTS(socket_names) && self->waiting == NULL; i++)
        self->waiting = find_usual(view, socket_names[i]);
    return self->waiting;
}
