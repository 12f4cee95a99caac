/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_place: see qemu_source_place.h.
 *
 * A path is valid in the mount namespace of the process that bound it, a TCP port or an abstract
 * name in its network namespace. /proc/<pid>/root and /proc/<pid>/cwd lead into another mount
 * namespace; no path leads into another network namespace.
 */
#include "qemu_source_place.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "host/host_text.h"
#include "qemu/facts/qemu_limits.h"
#include "qemu_process.h"

/* One process on the way to its places. */
typedef struct {
    QemuSourcePlaceView *view;
    pid_t pid;
    QemuEndpoint *endpoint;
    bool has_our_mounts;
    bool has_our_root; /* no chroot */
    bool has_our_network;
    bool is_denied;    /* we have no permission to look a monitor up */
    GPtrArray *faults; /* char *: of each monitor that has no place: the end of "it is ..." */
} Search;

void
qemu_source_place_view_init(QemuSourcePlaceView *self, HostRoot *root, UtilDeadline deadline)
{
    *self = (QemuSourcePlaceView){.root = root, .words = {host_reader_new(root), deadline}};
    self->own_mounts = host_root_readlink(root, "proc/self/ns/mnt");
    self->own_network = host_root_readlink(root, "proc/self/ns/net");
}

void
qemu_source_place_view_clear(QemuSourcePlaceView *self)
{
    host_sockets_unref(self->sockets);
    host_reader_free(self->words.reader);
    g_free(self->own_mounts);
    g_free(self->own_network);
    *self = (QemuSourcePlaceView){0};
}

bool
qemu_source_place_view_find(QemuSourcePlaceView *self, pid_t pid, ino_t inode,
                            HostListener *ret_listener)
{
    if (self->sockets == NULL)
        self->sockets = host_sockets_new(self->root);
    return host_sockets_add_namespace(self->sockets, pid, NULL) != 0 &&
           host_sockets_find(self->sockets, AF_UNIX, inode, ret_listener);
}

static void add_fault(Search *self, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
add_fault(Search *self, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_ptr_array_add(self->faults, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

/* A namespace that cannot be read is taken for ours, since that of most processes is. */
static bool
is_same_link(const Search *self, const char *name, const char *own)
{
    g_autofree char *link = qemu_process_read_link(self->view->root, self->pid, name);

    return link == NULL || own == NULL || g_str_equal(link, own);
}

static bool
is_socket(const Search *self, const char *path)
{
    struct stat status = {0};

    return host_root_is_live(self->view->root) && stat(path, &status) == 0 &&
           S_ISSOCK(status.st_mode);
}

/* The working directory in which the process was started, by PWD in its environment; NULL unknown.
 */
static char *
read_first_folder(const Search *self)
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

/* Makes a relative path absolute with the name of the working directory, not with its link in
 * /proc, since a daemon changes to "/" later. If it has done that already, tries the directory in
 * which it was started. */
static char *
find_relative(const Search *self, const char *path)
{
    g_autofree char *folder = qemu_process_read_link(self->view->root, self->pid, "cwd");
    g_autofree char *first = NULL;
    g_autofree char *here = NULL;
    g_autofree char *there = NULL;

    if (folder == NULL || folder[0] != '/' || !self->has_our_mounts || !self->has_our_root)
        return g_strdup_printf("/proc/%d/cwd/%s", self->pid, path);
    here = g_build_filename(folder, path, NULL);
    if (is_socket(self, here))
        return g_steal_pointer(&here);
    first = read_first_folder(self);
    there = first ? g_build_filename(first, path, NULL) : NULL;
    return there != NULL && is_socket(self, there) ? g_steal_pointer(&there)
                                                   : g_steal_pointer(&here);
}

/* Adds a path that QEMU bound itself. After a chroot the path may be meant in the old or in the new
 * root: takes the one in which it leads to a socket. */
static void
add_path(Search *self, const char *path)
{
    g_autofree char *reached = NULL;

    if (path[0] != '/') {
        reached = find_relative(self, path);
    } else {
        reached = g_strdup_printf("/proc/%d/root%s", self->pid, path);
        if (self->has_our_mounts && (self->has_our_root || !is_socket(self, reached))) {
            g_free(reached);
            reached = g_strdup(path);
        }
    }
    qemu_endpoint_add_place(self->endpoint, reached, path);
}

/* Adds a path that the program bound which started QEMU. It may be valid in our mount namespace and
 * not in QEMU's: adds both, since the peer of each is checked when it is dialled. */
static void
add_passed_path(Search *self, const char *path)
{
    if (path[0] != '/' || self->has_our_mounts) {
        add_path(self, path);
        return;
    }
    add_path(self, path);
    if (is_socket(self, path))
        qemu_endpoint_add_place(self->endpoint, path, path);
}

static void
add_abstract(Search *self, const char *name)
{
    g_autofree char *path = g_strconcat("@", name, NULL);

    if (self->has_our_network)
        qemu_endpoint_add_place(self->endpoint, path, path);
    else
        add_fault(self, "on abstract socket '%s' of another network namespace", path);
}

static void
add_tcp(Search *self, const QemuCmdlineMonitor *monitor)
{
    g_autofree char *path = g_strconcat("tcp:", monitor->socket.path, NULL);
    const char *host = monitor->socket.host;

    if (!self->has_our_network)
        add_fault(self, "on TCP '%s' of another network namespace", monitor->socket.path);
    else if (!g_ascii_string_to_unsigned(monitor->socket.port, 10, 1, 65535, NULL, NULL))
        add_fault(self, "on TCP '%s', whose port is not told by its command line",
                  monitor->socket.path);
    else if (host[0] != '\0' && !g_str_equal(host, "localhost") && !g_hostname_is_ip_address(host))
        add_fault(self, "on TCP '%s', whose host is given by name", monitor->socket.path);
    else
        qemu_endpoint_add_place(self->endpoint, path, monitor->socket.path);
}

static void
add_descriptor(Search *self, int fd)
{
    g_autofree char *name = g_strdup_printf("fd/%d", fd);
    g_autofree char *link = qemu_process_read_link(self->view->root, self->pid, name);
    HostListener listener = {0};
    ino_t inode = 0;

    if (link == NULL) {
        bool is_denied = errno == EACCES || errno == EPERM;

        self->is_denied = self->is_denied || is_denied;
        add_fault(self, "on descriptor %d of process %d, which %s", fd, self->pid,
                  is_denied ? "we have no permission to look up" : "is not open");
        return;
    }
    inode = host_text_socket_inode(link);
    if (inode == 0 || !qemu_source_place_view_find(self->view, self->pid, inode, &listener))
        add_fault(self, "on descriptor %d of process %d, which is no socket that has a name", fd,
                  self->pid);
    else if (listener.path[0] == '@')
        add_abstract(self, listener.path + 1);
    else
        add_passed_path(self, listener.path);
}

static void
add_monitor(Search *self, const QemuCmdlineMonitor *monitor)
{
    if (monitor->fault != QEMU_CMDLINE_MONITOR_FAULT_NONE) {
        add_fault(self, "%s", monitor->fault_text);
        return;
    }
    switch (monitor->socket.kind) {
    case QEMU_CMDLINE_SOCKET_UNIX:
        add_path(self, monitor->socket.path);
        break;
    case QEMU_CMDLINE_SOCKET_ABSTRACT:
        add_abstract(self, monitor->socket.path);
        break;
    case QEMU_CMDLINE_SOCKET_FD:
        add_descriptor(self, monitor->socket.fd);
        break;
    case QEMU_CMDLINE_SOCKET_TCP:
        add_tcp(self, monitor);
        break;
    case QEMU_CMDLINE_SOCKET_NONE:
        break;
    }
}

/* Says why no monitor of the QEMU can be used. The caller frees. */
static char *
make_reason(const Search *self, const QemuCmdline *cmdline)
{
    GString *text = g_string_new(NULL);
    g_autofree char *bytes = NULL;

    if (self->faults->len == 0 && cmdline->has_unread_options)
        g_string_append(text,
                        "its monitors, if it has any, are in a file of options (-readconfig) that "
                        "could not be read");
    else if (self->faults->len == 0)
        g_string_append(text, cmdline->n_human_monitors > 0
                                  ? "it has a monitor for people (HMP), but none for QMP"
                                  : "it was started without a QMP monitor");
    else if (self->faults->len == 1)
        g_string_append(text, "its only QMP monitor is ");
    else
        g_string_append_printf(text,
                               "none of its %u QMP monitors can be used: ", self->faults->len);
    for (guint i = 0; i < self->faults->len; i++) {
        g_string_append(text, i > 0 ? "; " : "");
        g_string_append(text, g_ptr_array_index(self->faults, i));
    }
    bytes = g_string_free(text, FALSE);
    return g_utf8_make_valid(bytes, -1);
}

void
qemu_source_place_find(QemuSourcePlaceView *view, pid_t pid, const QemuCmdline *cmdline,
                       QemuEndpoint *endpoint)
{
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    Search search = {.view = view, .pid = pid, .endpoint = endpoint, .faults = faults};

    search.has_our_mounts = is_same_link(&search, "ns/mnt", view->own_mounts);
    search.has_our_network = is_same_link(&search, "ns/net", view->own_network);
    search.has_our_root = is_same_link(&search, "root", "/");
    for (guint i = 0; i < cmdline->monitors->len; i++)
        add_monitor(&search, &g_array_index(cmdline->monitors, QemuCmdlineMonitor, i));
    if (endpoint->places->len > 0)
        return;
    endpoint->trouble = search.is_denied ? DOMSTATS_HEALTH_DENIED : DOMSTATS_HEALTH_NO_MONITOR;
    endpoint->trouble_reason = make_reason(&search, cmdline);
}
