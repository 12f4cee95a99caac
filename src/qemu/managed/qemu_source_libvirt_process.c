/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_libvirt_process: see qemu_source_libvirt_process.h.
 *
 * Several QEMUs of one host may have one UUID: the system's libvirt and a user's may run domains
 * with it, and a domain that migrates is there twice. So the process must show the signs of a
 * libvirt of that kind, and of that run of the domain. If two processes show them, neither is
 * taken.
 *
 * A process that was found stays the domain's as long as it runs and shows the signs. All processes
 * of the host are looked at only if that of some domain is not known.
 */
#include "qemu_source_libvirt_process.h"

#include <string.h>
#include <sys/stat.h>

#include "host/process/host_process.h"
#include "qemu/finding/qemu_process.h"
#include "qemu/finding/qemu_source_process.h"
#include "qemu/words/qemu_program.h"

struct QemuSourceLibvirtProcess {
    QemuLibvirtSignsKind kind;
    HostRoot *root;
    QemuSourceProcess *processes;

    /* of one scan */
    UtilDeadline deadline;
    QemuSourceView view;
    bool has_view;
    GHashTable *by_uuid; /* UUID -> GPtrArray of QemuEndpoint *, borrowed; NULL: not looked yet */
};

QemuSourceLibvirtProcess *
qemu_source_libvirt_process_new(QemuLibvirtSignsKind kind)
{
    QemuSourceLibvirtProcess *self = g_new0(QemuSourceLibvirtProcess, 1);

    self->kind = kind;
    self->root = host_root_new_live();
    self->processes = qemu_source_process_new();
    return self;
}

static void
clear_scan(QemuSourceLibvirtProcess *self)
{
    g_clear_pointer(&self->by_uuid, g_hash_table_unref);
    if (self->has_view)
        qemu_source_view_clear(&self->view);
    self->has_view = false;
}

void
qemu_source_libvirt_process_free(QemuSourceLibvirtProcess *self)
{
    if (self == NULL)
        return;
    clear_scan(self);
    qemu_source_process_free(self->processes);
    host_root_free(self->root);
    g_free(self);
}

void
qemu_source_libvirt_process_begin_scan(QemuSourceLibvirtProcess *self, UtilDeadline deadline)
{
    clear_scan(self);
    self->deadline = deadline;
}

void
qemu_source_libvirt_process_end_scan(QemuSourceLibvirtProcess *self)
{
    if (self->has_view)
        qemu_source_process_end_scan(self->processes);
    clear_scan(self);
}

static bool
fits(const QemuEndpoint *process, const QemuSourceLibvirtProcessRun *run, QemuLibvirtSignsKind kind)
{
    g_auto(QemuLibvirtSigns) signs = {0};

    return qemu_libvirt_signs_read(process, &signs) && qemu_libvirt_signs_kind(&signs) == kind &&
           qemu_libvirt_signs_fit(&signs, run->name, run->id);
}

QemuEndpoint *
qemu_source_libvirt_process_choose(const GPtrArray *processes,
                                   const QemuSourceLibvirtProcessRun *run,
                                   QemuLibvirtSignsKind kind)
{
    QemuEndpoint *found = NULL;

    for (guint i = 0; i < processes->len; i++) {
        QemuEndpoint *process = g_ptr_array_index(processes, i);

        if (!fits(process, run, kind))
            continue;
        if (found != NULL)
            return NULL;
        found = process;
    }
    return found;
}

static QemuEndpoint *
look(QemuSourceLibvirtProcess *self, pid_t pid)
{
    if (!self->has_view)
        qemu_source_view_init(&self->view, self->root, self->deadline);
    self->has_view = true;
    return qemu_source_process_look(self->processes, &self->view, pid, NULL);
}

static bool
has_uuid(const QemuEndpoint *process, const char *uuid)
{
    return process->definition != NULL && g_strcmp0(process->definition->uuid, uuid) == 0;
}

static void
free_array(gpointer data)
{
    g_ptr_array_unref(data);
}

static void
add_process(GHashTable *by_uuid, QemuEndpoint *process)
{
    const char *uuid = process->definition ? process->definition->uuid : NULL;
    GPtrArray *processes = uuid ? g_hash_table_lookup(by_uuid, uuid) : NULL;

    if (uuid == NULL)
        return;
    if (processes == NULL) {
        processes = g_ptr_array_new();
        g_hash_table_insert(by_uuid, g_strdup(uuid), processes);
    }
    g_ptr_array_add(processes, process);
}

static void
look_at_all(QemuSourceLibvirtProcess *self)
{
    g_autofree pid_t *pids = host_process_list(self->root, NULL);

    self->by_uuid = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_array);
    for (size_t i = 0; pids != NULL && pids[i] != 0; i++) {
        QemuEndpoint *process = look(self, pids[i]);

        if (process != NULL)
            add_process(self->by_uuid, process);
    }
}

QemuEndpoint *
qemu_source_libvirt_process_find(QemuSourceLibvirtProcess *self,
                                 const QemuSourceLibvirtProcessRun *run, pid_t before)
{
    QemuEndpoint *process = before > 0 ? look(self, before) : NULL;
    const GPtrArray *processes = NULL;

    if (process != NULL && has_uuid(process, run->uuid) && fits(process, run, self->kind))
        return process;
    if (self->by_uuid == NULL)
        look_at_all(self);
    processes = g_hash_table_lookup(self->by_uuid, run->uuid);
    return processes ? qemu_source_libvirt_process_choose(processes, run, self->kind) : NULL;
}

/* True if process @pid is a daemon of libvirt's that runs or reaches domains of this host. */
static bool
is_daemon(HostRoot *root, pid_t pid)
{
    g_autofree char *exe = qemu_process_read_link(root, pid, "exe");

    return exe != NULL && (qemu_program_is_libvirt(exe) || qemu_program_is_libvirt_proxy(exe));
}

bool
qemu_source_libvirt_process_is_daemons(const QemuSourceLibvirtProcess *self,
                                       const char *socket_path)
{
    g_autoptr(HostSockets) table = host_sockets_read(self->root, NULL);
    g_autoptr(HostDescriptors) descriptors = host_descriptors_new(self->root);
    g_autofree pid_t *pids = host_process_list(self->root, NULL);
    HostListener listener = {0};
    struct stat status = {0};

    if (table == NULL || stat(socket_path, &status) != 0 ||
        !host_sockets_find_file(table, status.st_dev, status.st_ino, &listener))
        return false;
    for (size_t i = 0; pids != NULL && pids[i] != 0; i++)
        if (is_daemon(self->root, pids[i]) &&
            host_descriptors_has_socket(descriptors, pids[i], listener.inode))
            return true;
    return false;
}
