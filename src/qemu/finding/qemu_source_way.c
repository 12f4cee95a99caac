/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_way: see qemu_source_way.h.
 *
 * A path is valid in the mount namespace of the process that bound it, and may lead to another
 * socket by now. So each path that may lead to the socket is tried until one leads to the file of
 * that very socket: the path itself, and through /proc/<pid>/root and /proc/<pid>/cwd.
 */
#include "qemu_source_way.h"

#include <string.h>
#include <sys/stat.h>

#include "host/process/host_process_file.h"

void
qemu_source_way_init(QemuSourceWay *self, const QemuSourceView *view, pid_t pid)
{
    *self = (QemuSourceWay){.view = view, .pid = pid};
    self->has_our_mounts = qemu_source_view_shares_mounts(view, pid);
    self->has_our_root = qemu_source_view_has_link(view, pid, "root", "/");
}

/* The working directory in which the process was started, by PWD in its environment; NULL unknown.
 */
static char *
read_first_folder(const QemuSourceWay *self)
{
    size_t size = 0;
    g_autofree char *bytes =
        qemu_process_read_words(&self->view->words, self->pid, "environ", &size);
    g_auto(GStrv) words = bytes ? qemu_cmdline_split(bytes, size) : NULL;

    for (size_t i = 0; words != NULL && words[i] != NULL; i++)
        if (g_str_has_prefix(words[i], "PWD=/"))
            return g_strdup(words[i] + strlen("PWD="));
    return NULL;
}

/* Ways to a relative path: from the working directory by its name; from the one in which the
 * process was started, since a daemon changes to "/" later; from the working directory by the link
 * in /proc.
 */
static void
add_relative_ways(const QemuSourceWay *self, const char *path, GPtrArray *ways)
{
    g_autofree char *folder = qemu_process_read_link(self->view->root, self->pid, "cwd");
    g_autofree char *first = NULL;

    if (folder != NULL && folder[0] == '/' && self->has_our_mounts && self->has_our_root) {
        g_ptr_array_add(ways, g_build_filename(folder, path, NULL));
        first = read_first_folder(self);
        if (first != NULL)
            g_ptr_array_add(ways, g_build_filename(first, path, NULL));
    }
    g_ptr_array_add(ways, g_strdup_printf("/proc/%d/cwd/%s", self->pid, path));
}

/* The paths by which we may reach what QEMU, or the program that passed it the socket, bound to
 * @path; the likeliest first. After a chroot the path may be of the old or of the new root. */
static GPtrArray *
list_ways(const QemuSourceWay *self, const char *path)
{
    GPtrArray *ways = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *inside = g_strdup_printf("/proc/%d/root%s", self->pid, path);

    if (path[0] != '/') {
        add_relative_ways(self, path, ways);
        return ways;
    }
    if (self->has_our_mounts && self->has_our_root) {
        g_ptr_array_add(ways, g_strdup(path));
        g_ptr_array_add(ways, g_steal_pointer(&inside));
    } else {
        g_ptr_array_add(ways, g_steal_pointer(&inside));
        g_ptr_array_add(ways, g_strdup(path));
        g_ptr_array_add(
            ways, g_strdup_printf("/proc/%d/root" HOST_PROCESS_FILE_UP "%s", self->pid, path));
    }
    return ways;
}

typedef enum {
    WAY_TO_NO_SOCKET,
    WAY_TO_ANOTHER,  /* to the file of another listener */
    WAY_TO_A_SOCKET, /* to a socket's file of which the table has no listener */
    WAY_TO_IT,
} Way;

/* @listener NULL: any socket is taken. */
static Way
judge_way(const QemuSourceWay *self, const char *path, const HostListener *listener)
{
    struct stat status = {0};
    HostListener found = {0};

    if (!host_root_is_live(self->view->root) || stat(path, &status) != 0 ||
        !S_ISSOCK(status.st_mode))
        return WAY_TO_NO_SOCKET;
    if (listener == NULL ||
        !host_sockets_find_file(self->view->table, status.st_dev, status.st_ino, &found))
        return WAY_TO_A_SOCKET;
    return found.inode == listener->inode ? WAY_TO_IT : WAY_TO_ANOTHER;
}

/* On some file systems stat() gives other numbers than the table has, and the file may be gone:
 * then the first path that leads to a socket is taken, else the one by which most processes are
 * reached.
 */
char *
qemu_source_way_find(const QemuSourceWay *self, const char *path, const HostListener *listener)
{
    g_autoptr(GPtrArray) ways = list_ways(self, path);
    const char *usual = g_ptr_array_index(ways, 0);
    const char *best = NULL;

    if (self->has_our_mounts && path[0] == '/')
        usual = path;
    for (guint i = 0; i < ways->len; i++) {
        const char *way = g_ptr_array_index(ways, i);
        Way kind = judge_way(self, way, listener);

        if (kind == WAY_TO_IT)
            return g_strdup(way);
        /* If QEMU has a mount namespace of its own, a file at that path in ours is another one. */
        if (kind == WAY_TO_A_SOCKET && best == NULL &&
            (self->has_our_mounts || g_str_has_prefix(way, "/proc/")))
            best = way;
    }
    return g_strdup(best != NULL ? best : usual);
}
