/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_libvirt_stopped: see qemu_source_libvirt_stopped.h. Owns the daemons that it found.
 *
 * A URI of this host leads to the daemons whose sockets are in the folder of its socket: in that of
 * the system's libvirt, or of the user's, if it names none. libvirtd and virtqemud may both have
 * sockets there. Only if all of these daemons are stopped is libvirt said to be.
 */
#include "qemu_source_libvirt_stopped.h"

#include <sys/stat.h>
#include <unistd.h>

#include "host/process/host_process.h"
#include "qemu_source_daemons.h"
#include "qemu_source_libvirt_uri.h"

enum { LOOK_AGAIN_MS = 1000 }; /* while no daemon is found, all processes are looked at so often */

#define SYSTEM_FOLDER "/run/libvirt"

struct QemuSourceLibvirtStopped {
    char *text_uri;
    QemuSourceLibvirtUri uri;
    char *folder; /* of the socket; NULL: it is not of this host */
    HostRoot *root;
    QemuSourceDaemons *daemons;
    const GPtrArray *listed; /* QemuSourceDaemon *, borrowed of @daemons; NULL: not looked yet */
    UtilDeadline look_again;
};

/* The folder in which the socket of the URI is; NULL: on another host, or of another driver. */
static char *
find_folder(const QemuSourceLibvirtUri *uri)
{
    if (uri->is_elsewhere || uri->kind == QEMU_LIBVIRT_SIGNS_OTHER)
        return NULL;
    if (uri->socket_path != NULL)
        return g_path_get_dirname(uri->socket_path);
    return uri->kind == QEMU_LIBVIRT_SIGNS_SYSTEM
               ? g_strdup(SYSTEM_FOLDER)
               : g_build_filename(g_get_user_runtime_dir(), "libvirt", NULL);
}

QemuSourceLibvirtStopped *
qemu_source_libvirt_stopped_new(const char *uri)
{
    QemuSourceLibvirtStopped *self = g_new0(QemuSourceLibvirtStopped, 1);

    self->text_uri = g_strdup(uri);
    qemu_source_libvirt_uri_parse(uri, &self->uri);
    self->folder = find_folder(&self->uri);
    self->root = host_root_new_live();
    self->daemons = qemu_source_daemons_new();
    return self;
}

void
qemu_source_libvirt_stopped_free(QemuSourceLibvirtStopped *self)
{
    if (self == NULL)
        return;
    qemu_source_daemons_free(self->daemons);
    host_root_free(self->root);
    g_free(self->folder);
    qemu_source_libvirt_uri_clear(&self->uri);
    g_free(self->text_uri);
    g_free(self);
}

static void
look_at_all(QemuSourceLibvirtStopped *self, UtilDeadline deadline)
{
    g_auto(QemuSourceView) view = {0};
    g_autofree pid_t *pids = host_process_list(self->root, NULL);

    self->look_again = util_deadline_in_ms(LOOK_AGAIN_MS);
    qemu_source_view_init(&view, self->root, deadline);
    for (size_t i = 0; pids != NULL && pids[i] != 0; i++) {
        g_autofree char *exe = qemu_process_read_link(self->root, pids[i], "exe");

        qemu_source_daemons_look(self->daemons, &view, pids[i], exe);
    }
    self->listed = qemu_source_daemons_end_scan(self->daemons);
}

/* True if the sockets of @daemon are in the folder of the URI's. */
static bool
is_meant(const QemuSourceLibvirtStopped *self, const QemuSourceDaemon *daemon)
{
    g_auto(QemuSourceLibvirtUri) uri = {0};
    g_autofree char *folder = NULL;
    struct stat own = {0};
    struct stat other = {0};

    if (daemon->uri == NULL)
        return false;
    qemu_source_libvirt_uri_parse(daemon->uri, &uri);
    folder = find_folder(&uri);
    return folder != NULL && stat(self->folder, &own) == 0 && stat(folder, &other) == 0 &&
           own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

/* Sets @ret_n_meant to the number of living daemons to which the URI leads. Gives the first of
 * them if all are stopped. */
static const QemuSourceDaemon *
find_stopped(const QemuSourceLibvirtStopped *self, unsigned int *ret_n_meant)
{
    const QemuSourceDaemon *first = NULL;
    bool are_all_stopped = true;

    *ret_n_meant = 0;
    for (guint i = 0; self->listed != NULL && i < self->listed->len; i++) {
        const QemuSourceDaemon *daemon = g_ptr_array_index(self->listed, i);
        HostProcessStat stat = {0};

        if (!is_meant(self, daemon) ||
            host_process_look(self->root, daemon->pid, daemon->start_ticks, &stat) ==
                HOST_PROCESS_ENDED)
            continue;
        *ret_n_meant += 1;
        are_all_stopped &= stat.state == 'T' || stat.state == 't';
        if (first == NULL)
            first = daemon;
    }
    return are_all_stopped ? first : NULL;
}

char *
qemu_source_libvirt_stopped_find(QemuSourceLibvirtStopped *self, UtilDeadline deadline)
{
    const QemuSourceDaemon *daemon = NULL;
    unsigned int n_meant = 0;

    if (self->folder == NULL)
        return NULL;
    daemon = find_stopped(self, &n_meant);
    if (n_meant == 0 && util_deadline_has_passed(self->look_again)) {
        look_at_all(self, deadline);
        daemon = find_stopped(self, &n_meant);
    }
    if (daemon == NULL)
        return NULL;
    return g_strdup_printf("libvirt at '%s' does not answer: its process %d is stopped by a signal",
                           self->text_uri, (int)daemon->pid);
}
