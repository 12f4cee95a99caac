/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_libvirts: see qemu_source_libvirts.h. Owns a session for each URI of a libvirt: a
 * daemon that was restarted is asked through the session of the one before it.
 */
#include "qemu_source_libvirts.h"

#include <string.h>

#include "host/process/host_process.h"
#include "qemu_source_libvirt_session.h"

enum {
    SHARE = 4,          /* the libvirts are waited for a quarter of the call's time together; */
    FOREIGN_SHARE = 16, /* those of other users, who could make them slow on purpose, a 16th */
};

/* One libvirt. */
typedef struct {
    QemuSourceDaemon daemon;           /* a copy, with its own texts */
    bool is_followed;                  /* the last scan found the daemon */
    bool is_asked;                     /* in this scan */
    bool is_stopped;                   /* by a signal, so it would not answer */
    QemuSourceLibvirtSession *session; /* NULL: it has no URI */
    GPtrArray *endpoints;              /* its last list; NULL: it has never given one */
    /* As in QemuSourceJoinLibvirt. */
    char *trouble;
    bool is_denied;
    bool is_late;
} Libvirt;

struct QemuSourceLibvirts {
    HostRoot *root; /* borrowed */
    LibvirtPoolLimits limits;
    bool is_described; /* see qemu_source_libvirts_describe() */
    GPtrArray *all;    /* Libvirt *, owned */
    GArray *told;      /* QemuSourceJoinLibvirt: of the last scan */
};

static void
clear_daemon(QemuSourceDaemon *daemon)
{
    g_free(daemon->pid_namespace);
    g_free(daemon->uri);
    g_free(daemon->trouble);
}

static void
copy_daemon(QemuSourceDaemon *daemon, const QemuSourceDaemon *other)
{
    clear_daemon(daemon);
    *daemon = *other;
    daemon->pid_namespace = g_strdup(other->pid_namespace);
    daemon->uri = g_strdup(other->uri);
    daemon->trouble = g_strdup(other->trouble);
}

static void
free_libvirt(gpointer data)
{
    Libvirt *libvirt = data;

    clear_daemon(&libvirt->daemon);
    g_clear_pointer(&libvirt->session, qemu_source_libvirt_session_free);
    g_clear_pointer(&libvirt->endpoints, g_ptr_array_unref);
    g_free(libvirt->trouble);
    g_free(libvirt);
}

QemuSourceLibvirts *
qemu_source_libvirts_new(HostRoot *root, const LibvirtPoolLimits *limits)
{
    QemuSourceLibvirts *self = g_new0(QemuSourceLibvirts, 1);

    self->root = root;
    self->limits = *limits;
    self->all = g_ptr_array_new_with_free_func(free_libvirt);
    self->told = g_array_new(FALSE, FALSE, sizeof(QemuSourceJoinLibvirt));
    return self;
}

void
qemu_source_libvirts_free(QemuSourceLibvirts *self)
{
    if (self == NULL)
        return;
    g_array_unref(self->told);
    g_ptr_array_unref(self->all);
    g_free(self);
}

/* Asks the libvirt for its domains, once a scan. It is not asked if its process is stopped, since
 * requests would only pile up; nor if that has ended, since a connection would make systemd start
 * it again. */
static void
ask(const QemuSourceLibvirts *self, Libvirt *libvirt)
{
    const QemuSourceDaemon *daemon = &libvirt->daemon;
    HostProcessStat stat = {0};

    if (libvirt->session == NULL || libvirt->is_asked ||
        host_process_look(self->root, daemon->pid, daemon->start_ticks, &stat) ==
            HOST_PROCESS_ENDED)
        return;
    libvirt->is_asked = true;
    libvirt->is_stopped = stat.state == 'T' || stat.state == 't';
    qemu_source_libvirt_session_describe(libvirt->session, self->is_described);
    if (!libvirt->is_stopped)
        qemu_source_libvirt_session_begin(libvirt->session);
}

void
qemu_source_libvirts_describe(QemuSourceLibvirts *self, bool is_wanted)
{
    self->is_described = is_wanted;
}

void
qemu_source_libvirts_begin(QemuSourceLibvirts *self)
{
    for (guint i = 0; i < self->all->len; i++) {
        Libvirt *libvirt = g_ptr_array_index(self->all, i);

        libvirt->is_asked = false;
        if (libvirt->is_followed)
            ask(self, libvirt);
    }
}

/* The Libvirt of @daemon, or of an earlier daemon with the same URI; NULL: there is none. */
static Libvirt *
find(const QemuSourceLibvirts *self, const QemuSourceDaemon *daemon)
{
    for (guint i = 0; i < self->all->len; i++) {
        Libvirt *libvirt = g_ptr_array_index(self->all, i);

        if (daemon->uri != NULL ? g_strcmp0(libvirt->daemon.uri, daemon->uri) == 0
                                : libvirt->daemon.uri == NULL && libvirt->daemon.pid == daemon->pid)
            return libvirt;
    }
    return NULL;
}

static Libvirt *
add(QemuSourceLibvirts *self, const QemuSourceDaemon *daemon)
{
    Libvirt *libvirt = g_new0(Libvirt, 1);

    if (daemon->uri != NULL)
        libvirt->session = qemu_source_libvirt_session_new(
            &(QemuSourceLibvirtSessionOptions){.uri = daemon->uri,
                                               .limits = self->limits,
                                               .is_list_only = true,
                                               .has_idle_timeout = daemon->has_idle_timeout});
    g_ptr_array_add(self->all, libvirt);
    return libvirt;
}

static bool
has_running(const Libvirt *libvirt)
{
    for (guint i = 0; libvirt->endpoints != NULL && i < libvirt->endpoints->len; i++)
        if (((QemuEndpoint *)g_ptr_array_index(libvirt->endpoints, i))->is_active)
            return true;
    return false;
}

static bool
is_of_system(const Libvirt *libvirt)
{
    return !libvirt->daemon.is_session && !libvirt->daemon.is_foreign;
}

/* True if there is a daemon of the system that can be asked. */
static bool
has_system(const QemuSourceLibvirts *self)
{
    for (guint i = 0; i < self->all->len; i++) {
        const Libvirt *libvirt = g_ptr_array_index(self->all, i);

        if (libvirt->is_followed && libvirt->session != NULL && is_of_system(libvirt))
            return true;
    }
    return false;
}

/* True if a daemon that has gone is expected to come back: then its domains stay in the answer.
 * They do not if another daemon of the system has taken its place at another socket, and lists
 * them. */
static bool
is_missed(const QemuSourceLibvirts *self, const Libvirt *libvirt)
{
    return libvirt->endpoints != NULL && is_of_system(libvirt) && !has_system(self) &&
           (!libvirt->daemon.has_idle_timeout || has_running(libvirt));
}

void
qemu_source_libvirts_follow(QemuSourceLibvirts *self, const GPtrArray *daemons)
{
    for (guint i = 0; i < self->all->len; i++)
        ((Libvirt *)g_ptr_array_index(self->all, i))->is_followed = false;
    for (guint i = 0; i < daemons->len; i++) {
        const QemuSourceDaemon *daemon = g_ptr_array_index(daemons, i);
        Libvirt *libvirt = find(self, daemon);

        if (libvirt == NULL)
            libvirt = add(self, daemon);
        copy_daemon(&libvirt->daemon, daemon);
        libvirt->is_followed = true;
        ask(self, libvirt);
    }
    for (guint i = self->all->len; i-- > 0;) {
        const Libvirt *libvirt = g_ptr_array_index(self->all, i);

        if (!libvirt->is_followed && !is_missed(self, libvirt))
            g_ptr_array_remove_index(self->all, i);
    }
}

static void
set_trouble(Libvirt *libvirt, char *take_text, bool is_denied)
{
    g_free(libvirt->trouble);
    libvirt->trouble = take_text;
    libvirt->is_denied = is_denied;
    libvirt->is_late = false;
}

static void
wait_for(Libvirt *libvirt, UtilDeadline deadline)
{
    bool is_silent = qemu_source_libvirt_session_is_silent(libvirt->session);
    QemuSourceLibvirtSessionTrouble trouble = {0};
    GPtrArray *endpoints = qemu_source_libvirt_session_finish(
        libvirt->session, is_silent ? util_deadline_in_ms(0) : deadline, &trouble);

    set_trouble(libvirt, g_strdup(trouble.text), trouble.kind == LIBVIRT_OUTCOME_DENIED);
    libvirt->is_late = trouble.is_silent &&
                       libvirt_pool_state(qemu_source_libvirt_session_pool(libvirt->session)) !=
                           LIBVIRT_POOL_SILENT;
    if (endpoints == NULL)
        return;
    g_clear_pointer(&libvirt->endpoints, g_ptr_array_unref);
    libvirt->endpoints = endpoints;
}

static void
finish_one(Libvirt *libvirt, UtilDeadline deadline, UtilDeadline foreign_deadline)
{
    if (libvirt->session == NULL)
        set_trouble(libvirt, g_strdup(libvirt->daemon.trouble), false);
    else if (!libvirt->is_asked)
        set_trouble(libvirt, g_strdup_printf("libvirt at '%s' has ended", libvirt->daemon.uri),
                    false);
    else if (libvirt->is_stopped)
        set_trouble(libvirt,
                    g_strdup_printf("libvirt at '%s' does not answer: its process %d is stopped by "
                                    "a signal",
                                    libvirt->daemon.uri, (int)libvirt->daemon.pid),
                    false);
    else
        wait_for(libvirt, libvirt->daemon.is_session && libvirt->daemon.is_foreign
                              ? foreign_deadline
                              : deadline);
}

const QemuSourceJoinLibvirt *
qemu_source_libvirts_finish(QemuSourceLibvirts *self, UtilDeadline deadline, size_t *ret_n)
{
    unsigned int left_ms = (unsigned int)util_deadline_left_ms(deadline);
    UtilDeadline own = util_deadline_in_ms(left_ms / SHARE);
    UtilDeadline foreign = util_deadline_in_ms(left_ms / FOREIGN_SHARE);

    g_array_set_size(self->told, 0);
    for (guint i = 0; i < self->all->len; i++) {
        Libvirt *libvirt = g_ptr_array_index(self->all, i);
        QemuSourceJoinLibvirt told = {.daemon = &libvirt->daemon};

        finish_one(libvirt, own, foreign);
        told.trouble = libvirt->trouble;
        told.is_denied = libvirt->is_denied;
        told.is_late = libvirt->is_late;
        told.endpoints = libvirt->endpoints;
        if (libvirt->session != NULL)
            told.pool = qemu_source_libvirt_session_pool(libvirt->session);
        g_array_append_val(self->told, told);
    }
    *ret_n = self->told->len;
    return (const QemuSourceJoinLibvirt *)(void *)self->told->data;
}

void
qemu_source_libvirts_want(QemuSourceLibvirts *self, const GPtrArray *processes)
{
    for (guint i = 0; i < processes->len; i++) {
        QemuEndpoint *process = g_ptr_array_index(processes, i);

        if (process->definition == NULL || process->definition->uuid == NULL ||
            !qemu_source_join_is_libvirts(process))
            continue;
        for (guint k = 0; k < self->all->len; k++) {
            const Libvirt *libvirt = g_ptr_array_index(self->all, k);

            if (libvirt->session == NULL)
                continue;
            qemu_source_libvirt_session_see(libvirt->session, process);
            if (qemu_endpoint_has_own_monitor(process))
                qemu_source_libvirt_session_want(libvirt->session, process->definition->uuid);
        }
    }
}

char *
qemu_source_libvirts_make_blind_spot(const QemuSourceLibvirts *self)
{
    const char *first = NULL;
    unsigned int n_others = 0;

    for (guint i = 0; i < self->all->len; i++) {
        const Libvirt *libvirt = g_ptr_array_index(self->all, i);

        n_others += first != NULL && libvirt->trouble != NULL;
        if (first == NULL)
            first = libvirt->trouble;
    }
    if (first == NULL)
        return NULL;
    if (n_others == 0)
        return g_strdup_printf("%s: the answer may lack domains of it that do not run", first);
    return g_strdup_printf("%s, nor can %u other libvirts be asked: the answer may lack domains of "
                           "them that do not run",
                           first, n_others);
}
