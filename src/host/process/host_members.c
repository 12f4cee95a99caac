/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_members: see host_members.h. Owns what it has read of the group.
 *
 * Reading the lists of processes again is cheap; reading the stat file of each process is not. So
 * an earlier list is taken again while the kernel gives the same text for each group, and the
 * number of groups inside, which is in the link count of a group's folder, is the same.
 */
#include "host_members.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "host/host_limits.h"
#include "host/host_text.h"
#include "host_process.h"
#include "util/util_refcount.h"

enum { LIST_BYTES = 8192, DEPTH_MOST = 8, KERNEL_THREAD = 0x00200000 };

/* A group: the one that was asked for, or one inside. */
typedef struct {
    char *folder;
    char *text;      /* cgroup.procs; NULL: a threaded group of v2, in the list of the one above */
    nlink_t n_links; /* of the folder; 0 in a recording */
    int fd;          /* of the list, kept open; -1: not */
} Part;

typedef struct {
    pid_t pid;
    pid_t parent;
    bool is_kernels;
    char name[16];
} Process;

struct HostMembers {
    UtilRefcount ref_count;
    HostRoot *root;
    GArray *parts;     /* Part */
    GArray *processes; /* Process, each once */
    GPtrArray *inner;  /* char *, borrowed from @parts, NULL-ended */
};

/* Names of programs as the kernel has them: at most 15 characters. */
static const struct {
    const char *name;
    bool needs_container;
} companions[] = {
    {"swtpm", false},
    {"virtiofsd", false},
    {"passt", false},
    {"passt.avx2", false},
    {"slirp-helper", false},
    {"dbus-daemon", false}, /* of libvirt's displays by D-Bus */
    {"qemu-pr-helper", false},
    {"qemu-storage-da", false},
    {"qemu-nbd", false},
    {"nbdkit", false},
    {"vhost-user-gpu", false},
    {"vhost-user-blk", false},
    {"containerd-shim", false}, /* Kata's, one for each machine */
    {"virt-launcher", true},
    {"virt-launcher-m", true},
    {"virtqemud", true},
    {"libvirtd", true},
    {"virtlogd", true},
    {"virtlockd", true},
    {"tini", true},
    {"dumb-init", true},
    {"docker-init", true},
    {"catatonit", true},
};

static void
clear_part(gpointer data)
{
    Part *part = data;

    g_free(part->folder);
    g_free(part->text);
}

static HostMembers *
new_empty(HostRoot *root)
{
    HostMembers *self = g_new0(HostMembers, 1);

    util_refcount_init(&self->ref_count);
    self->root = root;
    self->parts = g_array_new(FALSE, FALSE, sizeof(Part));
    g_array_set_clear_func(self->parts, clear_part);
    self->processes = g_array_new(FALSE, FALSE, sizeof(Process));
    self->inner = g_ptr_array_new();
    return self;
}

HostMembers *
host_members_ref(HostMembers *self)
{
    util_refcount_inc(&self->ref_count);
    return self;
}

void
host_members_unref(HostMembers *self)
{
    if (self == NULL || !util_refcount_dec(&self->ref_count))
        return;
    for (guint i = 0; i < self->parts->len; i++)
        host_root_close_kept(self->root, g_array_index(self->parts, Part, i).fd);
    g_array_unref(self->parts);
    g_array_unref(self->processes);
    g_ptr_array_unref(self->inner);
    g_free(self);
}

/* 0 in a recording. */
static nlink_t
count_links(HostRoot *root, const char *folder)
{
    struct stat stat = {0};

    return host_root_stat(root, folder, &stat) ? stat.st_nlink : 0;
}

/* Reads the list of processes of a group into @text; false with errno if that cannot be done, or
 * the list is too long. */
static bool
read_list(HostRoot *root, const char *folder, char text[LIST_BYTES])
{
    g_autofree char *path = g_build_filename(folder, "cgroup.procs", NULL);
    ssize_t n = host_root_read(root, path, text, LIST_BYTES);

    if (n == LIST_BYTES - 1)
        errno = E2BIG;
    return n >= 0 && n < LIST_BYTES - 1;
}

/* The same of a group whose list is kept open. */
static bool
reread_list(HostRoot *root, const Part *part, char text[LIST_BYTES])
{
    ssize_t n = -1;

    if (part->fd < 0)
        return read_list(root, part->folder, text);
    do
        n = pread(part->fd, text, LIST_BYTES - 1, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0 || n == LIST_BYTES - 1)
        return false;
    text[n] = '\0';
    return true;
}

bool
host_members_are_same(const HostMembers *self)
{
    HostRoot *root = self->root;
    char text[LIST_BYTES];

    for (guint i = 0; i < self->parts->len; i++) {
        const Part *part = &g_array_index(self->parts, Part, i);

        if (part->text == NULL)
            continue;
        if (!reread_list(root, part, text) || strcmp(text, part->text) != 0 ||
            count_links(root, part->folder) != part->n_links)
            return false;
    }
    return self->parts->len > 0 && host_root_may_keep(root);
}

/* False if a process cannot be looked at: one of a pid namespace that we do not see is 0. One that
 * has ended is left out. */
static bool
add_process(HostRoot *root, HostMembers *self, pid_t pid)
{
    HostProcessStat stat = {0};
    Process process = {.pid = pid};

    for (guint i = 0; i < self->processes->len; i++)
        if (g_array_index(self->processes, Process, i).pid == pid)
            return true;
    if (self->processes->len >= HOST_LIMIT_MEMBERS || pid <= 0)
        return false;
    errno = 0;
    if (!host_process_read_stat(root, pid, 0, &stat))
        return errno == ENOENT || errno == ESRCH;
    process.parent = (pid_t)stat.parent;
    process.is_kernels = (stat.kernel_flags & KERNEL_THREAD) != 0;
    g_strlcpy(process.name, stat.name, sizeof(process.name));
    g_array_append_val(self->processes, process);
    return true;
}

static bool
add_processes(HostRoot *root, HostMembers *self, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (size_t i = 0; lines[i] != NULL; i++)
        if (lines[i][0] != '\0' && !add_process(root, self, host_text_pid(lines[i])))
            return false;
    return true;
}

static bool
is_folder(HostRoot *root, const char *path)
{
    g_autofree char *list = NULL;
    struct stat stat = {0};
    char text[1] = "";

    if (host_root_is_live(root))
        return host_root_stat(root, path, &stat) && S_ISDIR(stat.st_mode);
    list = g_build_filename(path, "cgroup.procs", NULL);
    return host_root_read(root, list, text, sizeof(text)) >= 0;
}

static int
keep_list(HostRoot *root, const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "cgroup.procs", NULL);

    return host_root_open_kept(root, path);
}

static bool add_group(HostRoot *root, HostMembers *self, const char *folder, unsigned int depth);

/* The groups inside of @folder. */
static bool
add_inner(HostRoot *root, HostMembers *self, const char *folder, unsigned int depth)
{
    g_auto(GStrv) names = host_root_list(root, folder, HOST_LIMIT_INNER_GROUPS);

    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);

        if (is_folder(root, path) && !add_group(root, self, path, depth + 1))
            return false;
    }
    return names != NULL && g_strv_length(names) < HOST_LIMIT_INNER_GROUPS;
}

static bool
add_group(HostRoot *root, HostMembers *self, const char *folder, unsigned int depth)
{
    char text[LIST_BYTES] = "";
    Part part = {.n_links = count_links(root, folder), .fd = -1};
    bool is_threaded = false;

    if (depth > DEPTH_MOST || self->parts->len >= HOST_LIMIT_INNER_GROUPS)
        return false;
    if (!read_list(root, folder, text)) {
        is_threaded = errno == EOPNOTSUPP;
        if (!is_threaded)
            return errno == ENOENT && depth > 0; /* it was removed meanwhile */
    }
    part.folder = g_strdup(folder);
    part.text = is_threaded ? NULL : g_strdup(text);
    part.fd = is_threaded || depth > 1 ? -1 : keep_list(root, folder);
    g_array_append_val(self->parts, part);
    if (!is_threaded && !add_processes(root, self, text))
        return false;
    /* A folder has a link more for each folder inside. */
    return part.n_links == 2 || add_inner(root, self, folder, depth);
}

HostMembers *
host_members_read(HostRoot *root, const char *folder, HostMembers *before)
{
    g_autoptr(HostMembers) self = NULL;

    if (before != NULL && host_members_are_same(before))
        return host_members_ref(before);
    self = new_empty(root);
    if (!add_group(root, self, folder, 0))
        return NULL;
    for (guint i = 1; i < self->parts->len; i++)
        g_ptr_array_add(self->inner, g_array_index(self->parts, Part, i).folder);
    g_ptr_array_add(self->inner, NULL);
    return g_steal_pointer(&self);
}

static const Process *
find_process(const HostMembers *self, pid_t pid)
{
    for (guint i = 0; i < self->processes->len; i++)
        if (g_array_index(self->processes, Process, i).pid == pid)
            return &g_array_index(self->processes, Process, i);
    return NULL;
}

/* True if @pid is above @process, by parents that are in the group too. */
static bool
has_started(const HostMembers *self, pid_t pid, const Process *process)
{
    for (guint i = 0; process != NULL && i < DEPTH_MOST; i++) {
        if (process->parent == pid)
            return true;
        process = find_process(self, process->parent);
    }
    return false;
}

static bool
is_vhost_of(const Process *process, pid_t pid)
{
    char name[sizeof(process->name)] = "";

    g_snprintf(name, sizeof(name), "vhost-%d", (int)pid);
    return process->is_kernels && strcmp(process->name, name) == 0;
}

static bool
is_companion(const Process *process, bool is_in_container)
{
    for (size_t i = 0; i < G_N_ELEMENTS(companions); i++)
        if (strcmp(process->name, companions[i].name) == 0)
            return is_in_container || !companions[i].needs_container;
    return false;
}

bool
host_members_are_of(const HostMembers *self, pid_t pid, bool is_in_container)
{
    if (find_process(self, pid) == NULL)
        return false;
    for (guint i = 0; i < self->processes->len; i++) {
        const Process *process = &g_array_index(self->processes, Process, i);

        if (process->pid != pid && !is_vhost_of(process, pid) &&
            !is_companion(process, is_in_container) && !has_started(self, pid, process))
            return false;
    }
    return true;
}

void
host_members_add_vhost(const HostMembers *self, pid_t pid, GArray *threads)
{
    for (guint i = 0; i < self->processes->len; i++) {
        const Process *process = &g_array_index(self->processes, Process, i);

        if (is_vhost_of(process, pid))
            g_array_append_val(threads, process->pid);
    }
}

const char *const *
host_members_inner(const HostMembers *self)
{
    return (const char *const *)self->inner->pdata;
}
