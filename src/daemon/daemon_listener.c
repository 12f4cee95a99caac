/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_listener: see daemon_listener.h.
 *
 * The file of a unix socket is made without any right, gets group and mode, and only then the
 * socket listens. A file that is in the way is removed if it is a socket at which nobody listens,
 * which a connection shows. Between that look and the removal another instance may put its own
 * socket there, so both are done under a lock on the folder. Every user may be able to hold that:
 * it is waited for only as long as an instance needs.
 */
#include "daemon_listener.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "daemon_address.h"
#include "daemon_limits.h"
#include "daemon_occupant.h"
#include "util/util_deadline.h"

#define OUR_FOLDER "/run/domstats"

enum {
    BACKLOG = 1024, /* connections that the kernel keeps until we accept them */
    FOLDER_MODE = 0755,
    LOCK_MS = 1000, /* that another instance may hold the lock */
    LOOK_MS = 5,    /* between attempts to get it */
};

static const char *const kind_names[] = {
    [DAEMON_LISTENER_LIBVIRT] = "libvirt",
    [DAEMON_LISTENER_SERVICE] = "service",
    [DAEMON_LISTENER_METRICS] = "metrics",
};

const char *
daemon_listener_kind_name(DaemonListenerKind kind)
{
    return kind_names[kind];
}

void
daemon_listener_free(DaemonListener *self)
{
    if (self == NULL)
        return;
    util_fd_clear(&self->fd);
    g_free(self->text);
    g_free(self->path);
    g_free(self);
}

static void
set_failed(const char *text, const char *what, int cause, GError **error)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "cannot listen at '%s': %s%s%s",
                valid, what, cause ? ": " : "", cause ? g_strerror(cause) : "");
}

static struct sockaddr_un
make_unix_address(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    return address;
}

/* Whether nobody listens at the socket @path; else says who does. */
static bool
is_stale(const char *path, GError **error)
{
    const struct sockaddr_un address = make_unix_address(path);
    g_auto(UtilFd) fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct ucred peer = {0};
    socklen_t size = sizeof(peer);
    g_autofree char *who = NULL;
    g_autofree char *what = NULL;

    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
        if (errno == ECONNREFUSED || errno == ENOENT)
            return true;
        if (errno != EAGAIN) {
            set_failed(path, "there is a socket, and it cannot be seen whether one listens", errno,
                       error);
            return false;
        }
    }
    (void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
    who = daemon_occupant_name(peer.pid);
    what = g_strconcat(who, " listens there", NULL);
    set_failed(path, what, 0, error);
    return false;
}

/* Keeps other instances from the folder of @path until the descriptor is closed. -1: it cannot be
 * locked. */
static int
lock_folder(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_auto(UtilFd) fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    UtilDeadline deadline = util_deadline_in_ms(LOCK_MS);

    while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK || util_deadline_has_passed(deadline))
            return -1;
        (void)poll(NULL, 0, LOOK_MS);
    }
    return util_fd_steal(&fd);
}

/* The number of a file that is gone may be given to another one at once; so it is ours only if
 * nobody listens there any more. */
static void
remove_file(DaemonListener *self)
{
    struct stat status = {0};

    util_fd_clear(&self->fd);
    if (self->path == NULL || lstat(self->path, &status) < 0)
        return;
    if (status.st_dev == self->device && status.st_ino == self->inode && is_stale(self->path, NULL))
        (void)unlink(self->path);
    if (self->has_made_folder)
        (void)rmdir(OUR_FOLDER);
    g_clear_pointer(&self->path, g_free);
}

void
daemon_listener_remove(DaemonListener *self)
{
    g_auto(UtilFd) lock = self->path != NULL ? lock_folder(self->path) : -1;

    (void)lock;
    remove_file(self);
}

/* Removes what is at @path if it is a socket without a listener. */
static bool
make_room(const char *path, GError **error)
{
    struct stat status = {0};

    if (lstat(path, &status) < 0)
        return true;
    if (!S_ISSOCK(status.st_mode)) {
        set_failed(path, "there is a file that is no socket", 0, error);
        return false;
    }
    if (!is_stale(path, error))
        return false;
    if (unlink(path) < 0 && errno != ENOENT) {
        set_failed(path, "cannot remove the socket that nobody listens at", errno, error);
        return false;
    }
    return true;
}

/* Makes our own folder below /run, which vanishes with a restart of the host. True if it was not
 * there. */
static bool
make_folder(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);

    if (!g_str_equal(folder, OUR_FOLDER) || mkdir(folder, FOLDER_MODE) < 0)
        return false;
    (void)chmod(folder, FOLDER_MODE); /* whatever the umask is */
    return true;
}

static bool
bind_unix(int fd, const char *path)
{
    const struct sockaddr_un address = make_unix_address(path);
    mode_t before = umask(0777);
    bool is_bound = bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
    int cause = errno;

    umask(before);
    errno = cause;
    return is_bound;
}

/* Gives the new file group and mode, and remembers which it is. */
static bool
finish_file(DaemonListener *self, const DaemonListenerRights *rights, GError **error)
{
    struct stat status = {0};

    if (lstat(self->path, &status) < 0) {
        set_failed(self->path, "its file is gone", errno, error);
        return false;
    }
    self->device = status.st_dev;
    self->inode = status.st_ino;
    if (rights->group != (gid_t)-1 && lchown(self->path, (uid_t)-1, rights->group) < 0) {
        set_failed(self->path, "cannot give its file to the group", errno, error);
        return false;
    }
    if (chmod(self->path, rights->mode) < 0) {
        set_failed(self->path, "cannot set the mode of its file", errno, error);
        return false;
    }
    return true;
}

DaemonListener *
daemon_listener_open_unix(DaemonListenerKind kind, const char *path,
                          const DaemonListenerRights *rights, GError **error)
{
    g_autoptr(DaemonListener) self = g_new0(DaemonListener, 1);
    g_auto(UtilFd) lock = -1;

    self->kind = kind;
    self->text = g_strdup(path);
    self->is_local = true;
    self->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    self->has_made_folder = make_folder(path);
    lock = lock_folder(path);
    if (!make_room(path, error))
        return NULL;
    if (self->fd < 0 || !bind_unix(self->fd, path)) {
        set_failed(path, "cannot make its file", errno, error);
        return NULL;
    }
    self->path = g_strdup(path);
    if (!finish_file(self, rights, error)) {
        remove_file(self);
        return NULL;
    }
    if (listen(self->fd, BACKLOG) < 0) {
        set_failed(path, "it does not listen", errno, error);
        remove_file(self);
        return NULL;
    }
    return g_steal_pointer(&self);
}

static void
say_why_not(const DaemonListener *self, const struct sockaddr *address, int cause, GError **error)
{
    g_autofree char *who = NULL;
    g_autofree char *what = NULL;

    if (cause != EADDRINUSE) {
        set_failed(self->text, "it cannot be bound", cause, error);
        return;
    }
    who = daemon_occupant_of_tcp(address);
    what = g_strconcat(who, " listens there", NULL);
    set_failed(self->text, what, 0, error);
}

/* @ret_is_refused is set unless the host lacks this address, or all of its family. */
static DaemonListener *
open_tcp(const struct addrinfo *place, bool *ret_is_refused, GError **error)
{
    g_autoptr(DaemonListener) self = g_new0(DaemonListener, 1);
    const int one = 1;

    self->kind = DAEMON_LISTENER_METRICS;
    self->text = daemon_address_to_text(place->ai_addr, place->ai_addrlen);
    self->is_local = daemon_address_is_local(place->ai_addr);
    self->fd = socket(place->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (self->fd < 0) {
        *ret_is_refused = errno != EAFNOSUPPORT;
        set_failed(self->text, "there is no socket for it", errno, error);
        return NULL;
    }
    (void)setsockopt(self->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (place->ai_family == AF_INET6)
        (void)setsockopt(self->fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
    if (bind(self->fd, place->ai_addr, place->ai_addrlen) < 0 || listen(self->fd, BACKLOG) < 0) {
        *ret_is_refused = errno != EADDRNOTAVAIL;
        say_why_not(self, place->ai_addr, errno, error);
        return NULL;
    }
    return g_steal_pointer(&self);
}

/* True for an address that was given twice: names of this host are, by some files of hosts. */
static bool
is_opened(const struct addrinfo *place, const GPtrArray *listeners, guint begin)
{
    g_autofree char *text = daemon_address_to_text(place->ai_addr, place->ai_addrlen);

    for (guint i = begin; i < listeners->len; i++)
        if (strcmp(((const DaemonListener *)g_ptr_array_index(listeners, i))->text, text) == 0)
            return true;
    return false;
}

/* Opens @places, until one is refused. A family that this host does not have is passed over if
 * another one is there. */
static bool
open_places(const struct addrinfo *places, GPtrArray *listeners, GError **error)
{
    g_autoptr(GError) last = NULL;
    guint n_before = listeners->len;
    bool is_refused = false;

    for (const struct addrinfo *place = places; place != NULL && !is_refused;
         place = place->ai_next) {
        DaemonListener *listener = NULL;

        if (is_opened(place, listeners, n_before))
            continue;
        g_clear_error(&last);
        listener = open_tcp(place, &is_refused, &last);
        if (listener != NULL)
            g_ptr_array_add(listeners, listener);
    }
    if (listeners->len > n_before && !is_refused)
        return true;
    g_ptr_array_set_size(listeners, (int)n_before);
    g_propagate_error(error, g_steal_pointer(&last));
    return false;
}

/* One socket for each address of the host. */
static bool
open_host(const char *text, const DaemonAddress *address, GPtrArray *listeners, GError **error)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *places = NULL;
    int failed = getaddrinfo(address->host, address->port, &hints, &places);
    bool is_open = false;

    if (failed != 0) {
        set_failed(text, gai_strerror(failed), 0, error);
        return false;
    }
    is_open = open_places(places, listeners, error);
    freeaddrinfo(places);
    return is_open;
}

bool
daemon_listener_open_address(const char *text, const DaemonListenerRights *rights,
                             GPtrArray *listeners, GError **error)
{
    g_auto(DaemonAddress) address = {0};
    DaemonListener *listener = NULL;

    if (!daemon_address_parse(text, &address, error))
        return false;
    if (address.path == NULL)
        return open_host(text, &address, listeners, error);
    listener = daemon_listener_open_unix(DAEMON_LISTENER_METRICS, address.path, rights, error);
    if (listener != NULL)
        g_ptr_array_add(listeners, listener);
    return listener != NULL;
}

/* What a descriptor is for: its name says it, else its address does. False if neither does. */
static bool
find_kind(const char *name, const struct sockaddr *address, const char *text,
          DaemonListenerKind *ret_kind)
{
    static const struct {
        const char *end;
        DaemonListenerKind kind;
    } ends[] = {
        {"/libvirt-sock-ro", DAEMON_LISTENER_LIBVIRT},
        {"/libvirt-sock", DAEMON_LISTENER_LIBVIRT},
        {"/domstats.sock", DAEMON_LISTENER_SERVICE},
    };

    for (unsigned int kind = 0; kind < DAEMON_LISTENER_N_KINDS; kind++) {
        if (g_str_equal(name, kind_names[kind])) {
            *ret_kind = (DaemonListenerKind)kind;
            return true;
        }
    }
    if (address->sa_family != AF_UNIX) {
        *ret_kind = DAEMON_LISTENER_METRICS;
        return true;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        if (g_str_has_suffix(text, ends[i].end)) {
            *ret_kind = ends[i].kind;
            return true;
        }
    }
    return false;
}

static DaemonListener *
take_handed(int take_fd, const char *name, GError **error)
{
    g_autoptr(DaemonListener) self = g_new0(DaemonListener, 1);
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof(address);

    self->fd = take_fd;
    if (sd_is_socket(self->fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0 ||
        getsockname(self->fd, (struct sockaddr *)&address, &size) < 0) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "descriptor %d ('%s') that was handed over is no stream socket that listens",
                    take_fd, name);
        return NULL;
    }
    self->text = daemon_address_to_text((const struct sockaddr *)&address, size);
    self->is_local = daemon_address_is_local((const struct sockaddr *)&address);
    if (!find_kind(name, (const struct sockaddr *)&address, self->text, &self->kind)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "the socket '%s' that was handed over is called '%s': FileDescriptorName= must "
                    "say 'libvirt', 'service' or 'metrics'",
                    self->text, name);
        return NULL;
    }
    if (self->kind != DAEMON_LISTENER_METRICS && address.ss_family != AF_UNIX) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "the socket '%s' that was handed over for '%s' is no unix socket", self->text,
                    name);
        return NULL;
    }
    /* systemd hands over sockets that block. */
    if (!g_unix_set_fd_nonblocking(self->fd, TRUE, error))
        return NULL;
    return g_steal_pointer(&self);
}

bool
daemon_listener_take_handed(GPtrArray *listeners, GError **error)
{
    g_auto(GStrv) names = NULL;
    int n = sd_listen_fds_with_names(1, &names);

    if (n < 0) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "cannot take the sockets that were handed over (LISTEN_FDS): %s",
                    g_strerror(-n));
        return false;
    }
    if (n > DAEMON_LIMIT_LISTENERS) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "%d sockets were handed over; %d may be", n, (int)DAEMON_LIMIT_LISTENERS);
        return false;
    }
    for (int i = 0; i < n; i++) {
        DaemonListener *listener = take_handed(SD_LISTEN_FDS_START + i, names[i], error);

        if (listener == NULL)
            return false;
        g_ptr_array_add(listeners, listener);
    }
    return true;
}
