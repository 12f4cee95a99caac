/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_place: see qemu_source_place.h.
 *
 * How it works
 *
 * qemu_process_sockets tells which socket of the process is which monitor. This file tells where we
 * dial it: a path by the way that qemu_source_way finds; a TCP port or an abstract name in the
 * network namespace of its socket, at the address that the kernel's table tells, not the words.
 *
 * A socket with a name of ours that is in no word may be a monitor that was added later.
 *
 * Where the table or the descriptors cannot be read (a recording), the words are believed: such a
 * place has no socket_inode.
 */
#include "qemu_source_place.h"

#include <stdarg.h>
#include <string.h>

#include "qemu/facts/qemu_limits.h"
#include "qemu_process_sockets.h"
#include "qemu_source_added.h"
#include "qemu_source_way.h"
#include "qemu_waiting.h"

/* One process on the way to its places. */
typedef struct {
    QemuSourceView *view;
    pid_t pid;
    const QemuCmdline *cmdline;
    QemuEndpoint *endpoint;
    QemuSourceWay way;
    bool has_our_network;
    QemuProcessSocketsLook look;
    GArray *sockets;     /* QemuProcessSocket; NULL if they are not KNOWN */
    char *not_added;     /* why a socket is not taken for a monitor that was added; NULL: none */
    GPtrArray *faults;   /* char *: of each monitor that has no place: the end of "it is ..." */
    DomstatsReason code; /* the worst of the faults; NONE: no code of its own */
    bool is_settled;     /* each monitor has been found, or cannot be used */
} Search;

static void add_fault(Search *self, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
add_fault(Search *self, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_ptr_array_add(self->faults, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

static const char *
preferred_path(const QemuSourceView *view, ino_t socket_inode)
{
    gint64 key = (gint64)socket_inode;

    return view->preferred != NULL ? g_hash_table_lookup(view->preferred, &key) : NULL;
}

/* Adds a place; its manager is told by the words and by both paths: of two, the stricter. */
static QemuEndpointPlace *
add_place(Search *self, const QemuCmdlineMonitor *monitor, const char *connect_path,
          const char *bound_path)
{
    QemuEndpointPlace *place = qemu_endpoint_add_place(self->endpoint, connect_path, bound_path);
    QemuManagerSigns signs = {monitor->chardev_id, monitor->monitor_id, bound_path};
    const QemuManager *manager = qemu_manager_find(&signs);
    const QemuManager *by_way = qemu_manager_find(&(QemuManagerSigns){.path = connect_path});

    place->manager = by_way->name != NULL && by_way->may < manager->may ? by_way : manager;
    return place;
}

/* True if the socket is of our network namespace. */
static bool
is_in_our_network(const Search *self, const HostListener *listener)
{
    if (!host_root_is_live(self->view->root))
        return self->has_our_network;
    return host_sockets_add_namespace(self->view->table, 0, NULL) == listener->net_namespace;
}

/* Sets where the place of a socket without a file is dialled: in its network namespace. False if
 * no process is known that is in it. */
static bool
set_network(const Search *self, const HostListener *listener, pid_t *ret_netns_pid)
{
    if (is_in_our_network(self, listener)) {
        *ret_netns_pid = 0;
        return true;
    }
    *ret_netns_pid = self->pid;
    return !host_root_is_live(self->view->root) ||
           host_sockets_add_namespace(self->view->table, self->pid, NULL) ==
               listener->net_namespace;
}

/* Adds the place of the monitor whose socket was found. */
static void
add_found(Search *self, const QemuCmdlineMonitor *monitor, const QemuProcessSocket *socket)
{
    const HostListener *listener = &socket->listener;
    const char *preferred = preferred_path(self->view, listener->inode);
    char address[HOST_ADDRESS_TEXT_BYTES] = "";
    g_autofree char *way = NULL;
    QemuEndpointPlace *place = NULL;
    pid_t netns_pid = 0;

    if (listener->family != AF_UNIX) {
        HostAddress dialled = host_address_dialled(&listener->address);

        host_address_format(&dialled, address);
        way = g_strconcat("tcp:", address, NULL);
        host_address_format(&listener->address, address);
    } else if (preferred != NULL) {
        way = g_strdup(preferred);
    } else if (listener->path[0] == '@' && listener->file_inode == 0) {
        way = g_strdup(listener->path);
    } else {
        way = qemu_source_way_find(&self->way, listener->path, listener);
    }
    if (way[0] != '/' && !set_network(self, listener, &netns_pid)) {
        add_fault(self, "on '%s' of another network namespace than its own", way);
        return;
    }
    place = add_place(self, monitor, way, address[0] != '\0' ? address : listener->path);
    place->socket_inode = listener->inode;
    place->socket_fd = socket->fd;
    place->netns_pid = netns_pid;
    place->is_added = monitor->chardev_id == NULL;
}

/* Adds the place that the words of a monitor tell, whose socket cannot be looked for. */
static void
add_by_words(Search *self, const QemuCmdlineMonitor *monitor)
{
    const QemuCmdlineSocket *words = &monitor->socket;
    g_autofree char *way = NULL;

    switch (words->kind) {
    case QEMU_CMDLINE_SOCKET_UNIX:
        way = qemu_source_way_find(&self->way, words->path, NULL);
        add_place(self, monitor, way, words->path);
        break;
    case QEMU_CMDLINE_SOCKET_ABSTRACT:
        way = g_strconcat("@", words->path, NULL);
        add_place(self, monitor, way, way)->netns_pid = self->has_our_network ? 0 : self->pid;
        break;
    case QEMU_CMDLINE_SOCKET_TCP:
        way = g_strconcat("tcp:", words->path, NULL);
        add_place(self, monitor, way, words->path)->netns_pid =
            self->has_our_network ? 0 : self->pid;
        break;
    case QEMU_CMDLINE_SOCKET_FD:
    case QEMU_CMDLINE_SOCKET_NONE:
        add_fault(self, "on descriptor %d of process %d, which cannot be looked up", words->fd,
                  self->pid);
        break;
    }
}

/* How a sentence names where the words want a monitor to be. The caller frees. */
static char *
describe(const Search *self, const QemuCmdlineSocket *words)
{
    g_autofree char *path = words->path ? g_utf8_make_valid(words->path, -1) : NULL;

    if (words->kind == QEMU_CMDLINE_SOCKET_FD || path == NULL)
        return g_strdup_printf("descriptor %d of process %d", words->fd, self->pid);
    return g_strdup_printf("'%s%s'",
                           words->kind == QEMU_CMDLINE_SOCKET_TCP        ? "tcp:"
                           : words->kind == QEMU_CMDLINE_SOCKET_ABSTRACT ? "@"
                                                                         : "",
                           path);
}

/* Notes why a monitor that must not be dialled has no place, and which socket it is. */
static void
add_unusable(Search *self, const QemuCmdlineMonitor *monitor, const QemuProcessSocket *socket,
             const char *where)
{
    if (socket != NULL)
        qemu_endpoint_add_unusable(self->endpoint, socket->listener.inode);
    if (monitor->fault == QEMU_CMDLINE_MONITOR_FAULT_WAITS)
        self->code = DOMSTATS_REASON_WAITS;
    if (monitor->fault != QEMU_CMDLINE_MONITOR_FAULT_SHARED) {
        add_fault(self, "%s", monitor->fault_text);
        return;
    }
    if (self->code == DOMSTATS_REASON_NONE)
        self->code = DOMSTATS_REASON_SHARED;
    add_fault(self, "%s, on %s", monitor->fault_text, where);
}

static void
add_monitor(Search *self, guint index)
{
    const QemuCmdlineMonitor *monitor =
        &g_array_index(self->cmdline->monitors, QemuCmdlineMonitor, index);
    const QemuProcessSocket *socket = NULL;
    QemuProcessSocketsMatch match = QEMU_PROCESS_SOCKETS_ABSENT;
    g_autofree char *where = describe(self, &monitor->socket);

    if (self->sockets != NULL)
        match = qemu_process_sockets_match(self->sockets, self->cmdline, index, &socket);
    if (monitor->fault != QEMU_CMDLINE_MONITOR_FAULT_NONE)
        add_unusable(self, monitor, socket, where);
    else if (self->look == QEMU_PROCESS_SOCKETS_UNKNOWN)
        add_by_words(self, monitor);
    else if (self->look == QEMU_PROCESS_SOCKETS_DENIED)
        add_fault(self, "on %s, and we have no permission to see whether it listens there", where);
    else if (match == QEMU_PROCESS_SOCKETS_FOUND)
        add_found(self, monitor, socket);
    else if (match == QEMU_PROCESS_SOCKETS_AMBIGUOUS)
        add_fault(self, "on %s, which cannot be told apart from its other sockets", where);
    else if (monitor->socket.kind == QEMU_CMDLINE_SOCKET_FD)
        add_fault(self, "on %s, which is no socket that listens", where);
    else
        add_fault(self, "on %s, on which it does not listen", where);
    if (match == QEMU_PROCESS_SOCKETS_ABSENT && self->look == QEMU_PROCESS_SOCKETS_KNOWN &&
        monitor->socket.kind != QEMU_CMDLINE_SOCKET_NONE)
        self->is_settled = false;
}

/* Adds the place of a socket with a name of ours that no word explains: a monitor that was added
 * while QEMU ran. Another device may have been plugged with such a name; one of an older QEMU is
 * another. */
static void
add_added(Search *self, const QemuProcessSocket *socket)
{
    static const QemuCmdlineMonitor no_words = {0};
    QemuSourceAddedAnswer answer = qemu_source_added_ask(self->view, self->pid);
    g_autofree char *path = g_utf8_make_valid(socket->listener.path, -1);

    if (answer == QEMU_SOURCE_ADDED_MAY) {
        add_found(self, &no_words, socket);
        return;
    }
    g_free(self->not_added);
    self->not_added = g_strdup_printf(
        "; '%s', which no word of its command line explains, is not taken for a monitor: %s", path,
        answer == QEMU_SOURCE_ADDED_CANNOT
            ? "this QEMU cannot be given one while it runs (QEMU 11.1 and later can)"
            : "its program could not be read, to see whether it can be given one while it runs");
}

static void
add_all_added(Search *self)
{
    const QemuProcessSocket *sockets = NULL;
    const QemuProcessSocket *socket = NULL;
    guint from = 0;

    if (self->sockets == NULL || !host_root_is_live(self->view->root))
        return;
    sockets = (const QemuProcessSocket *)(const void *)self->sockets->data;
    while (self->endpoint->places->len < QEMU_LIMIT_MONITORS &&
           (socket = qemu_process_sockets_find_added(self->sockets, self->cmdline, from)) != NULL) {
        add_added(self, socket);
        from = (guint)(socket - sockets) + 1;
    }
}

/* The end of the reason: what the owner of the QEMU can do about it; NULL: nothing. */
static const char *
find_help(const Search *self)
{
    if (self->code == DOMSTATS_REASON_WAITS || self->code == DOMSTATS_REASON_SHARED)
        return "; a QMP monitor of its own, with a name that begins with 'domstats', would be used";
    return NULL;
}

/* Says why no monitor of the QEMU can be used. The caller frees. */
static char *
make_reason(const Search *self)
{
    GString *text = g_string_new(NULL);
    g_autofree char *bytes = NULL;
    const char *help = find_help(self);
    bool is_partial = self->cmdline->has_unread_options;

    if (self->faults->len == 0 && is_partial)
        g_string_append(text, "its monitors, if it has any, are in ");
    else if (self->faults->len == 0)
        g_string_append(text, self->cmdline->n_human_monitors > 0
                                  ? "it has a monitor for people (HMP), but none for QMP"
                                  : "it was started without a QMP monitor");
    else if (self->faults->len == 1)
        g_string_append(text, is_partial ? "the QMP monitor of its command line is "
                                         : "its only QMP monitor is ");
    else
        g_string_append_printf(text,
                               "none of its %u QMP monitors can be used: ", self->faults->len);
    for (guint i = 0; i < self->faults->len; i++) {
        g_string_append(text, i > 0 ? "; " : "");
        g_string_append(text, g_ptr_array_index(self->faults, i));
    }
    if (is_partial && self->faults->len > 0)
        g_string_append(text, "; it may have others in ");
    if (is_partial)
        g_string_append(text, "a file of options (-readconfig) that could not be read");
    g_string_append(text, help ? help : "");
    g_string_append(text, self->not_added ? self->not_added : "");
    bytes = g_string_free(text, FALSE);
    return g_utf8_make_valid(bytes, -1);
}

/* Puts what the source prefers before the rest, and what only its manager may use behind it. */
static gint
compare_places(gconstpointer a, gconstpointer b, gpointer data)
{
    const QemuEndpointPlace *const *places[] = {a, b};
    int ranks[2] = {0};

    for (size_t i = 0; i < 2; i++) {
        const QemuEndpointPlace *place = *places[i];

        ranks[i] = place->manager->may == QEMU_MANAGER_MAY_NOTHING     ? 2
                   : preferred_path(data, place->socket_inode) != NULL ? 0
                                                                       : 1;
    }
    return ranks[0] - ranks[1];
}

/* Removes all places if the process waits for the first client of some socket: until that client
 * has connected, QEMU serves no other socket. True if so. */
static bool
withhold_places(Search *self)
{
    const QemuCmdlineMonitor *waiting =
        qemu_waiting_find(self->view->root, self->pid, self->cmdline);
    g_autofree char *where = waiting ? describe(self, &waiting->socket) : NULL;

    if (waiting == NULL)
        return false;
    for (guint i = 0; i < self->endpoint->places->len; i++) {
        const QemuEndpointPlace *place = g_ptr_array_index(self->endpoint->places, i);

        qemu_endpoint_add_unusable(self->endpoint, place->socket_inode);
    }
    g_ptr_array_set_size(self->endpoint->places, 0);
    self->endpoint->trouble = DOMSTATS_HEALTH_NO_MONITOR;
    self->endpoint->trouble_code = DOMSTATS_REASON_WAITS;
    self->endpoint->trouble_reason =
        g_strdup_printf("it waits for a client at %s before it begins (wait=on)", where);
    return true;
}

/* What else the pass over the descriptors has shown, so that the first call need not repeat it. */
static void
note_others(const Search *self)
{
    const HostDescriptorsOthers *others =
        host_descriptors_others(self->view->descriptors, self->pid);

    if (others == NULL || !host_root_is_live(self->view->root))
        return;
    self->endpoint->tap_fds = g_array_copy(others->tap_fds);
    self->endpoint->is_without_kvm_stats = others->has_kvm_vcpus && !others->has_kvm_stats;
}

bool
qemu_source_place_find(QemuSourceView *view, pid_t pid, const QemuCmdline *cmdline,
                       QemuEndpoint *endpoint)
{
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) sockets = NULL;
    Search self = {
        .view = view, .pid = pid, .cmdline = cmdline, .endpoint = endpoint, .faults = faults};

    qemu_source_way_init(&self.way, view, pid);
    self.has_our_network = qemu_source_view_has_link(view, pid, "ns/net", view->own_network);
    self.is_settled = true;
    endpoint->lacks_options = cmdline->has_unread_options;
    self.look = QEMU_PROCESS_SOCKETS_UNKNOWN;
    if (pid > 0)
        self.look =
            qemu_process_sockets_read(view->descriptors, view->table, pid, cmdline, &sockets);
    if (cmdline->monitors->len == 0 && sockets == NULL)
        self.look = QEMU_PROCESS_SOCKETS_UNKNOWN; /* it needs no permission to have no monitor */
    self.sockets = sockets;
    if (sockets != NULL)
        note_others(&self);
    for (guint i = 0; i < cmdline->monitors->len; i++)
        add_monitor(&self, i);
    add_all_added(&self);
    g_ptr_array_sort_with_data(endpoint->places, compare_places, view);
    if (endpoint->places->len > 0) {
        g_free(self.not_added);
        return !withhold_places(&self) && self.is_settled;
    }
    endpoint->trouble = self.look == QEMU_PROCESS_SOCKETS_DENIED ? DOMSTATS_HEALTH_DENIED
                                                                 : DOMSTATS_HEALTH_NO_MONITOR;
    endpoint->trouble_code = self.code;
    endpoint->trouble_reason = make_reason(&self);
    g_free(self.not_added);
    return self.is_settled;
}
