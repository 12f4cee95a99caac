/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_server: see daemon_server.h. Owns the listening sockets and the clients.
 *
 * When descriptors or memory have run out nothing is accepted for a while: the sockets stay
 * readable, and the loop would turn without rest.
 */
#include "daemon_server.h"

#include <errno.h>
#include <sys/socket.h>

#include "daemon_limits.h"
#include "daemon_log.h"
#include "daemon_loop.h"
#include "domstats/domstats.h"
#include "util/util_deadline.h"
#include "util/util_fd.h"

enum { US_PER_MS = 1000 };

typedef struct {
    DaemonServer *server;
    UtilFd fd;
    DaemonClientSetup setup;
    sd_event_source *io;
    sd_event_source *pause;
} Door;

typedef struct {
    uid_t uid;
    unsigned int n_clients;
} User;

struct DaemonServer {
    sd_event *loop;
    void *context;
    GPtrArray *doors;    /* Door *, owned */
    GHashTable *clients; /* DaemonClient *, owned by hand */
    GHashTable *users;   /* uid -> User, owned: those with clients */
    DaemonClientShared shared;
};

static unsigned int
count_of_user(const DaemonServer *self, uid_t uid)
{
    const User *user = g_hash_table_lookup(self->users, &uid);

    return user ? user->n_clients : 0;
}

static void
set_count_of_user(DaemonServer *self, uid_t uid, unsigned int n)
{
    User *user = g_hash_table_lookup(self->users, &uid);

    if (n == 0) {
        g_hash_table_remove(self->users, &uid);
        return;
    }
    if (user == NULL) {
        user = g_new0(User, 1);
        user->uid = uid;
        g_hash_table_insert(self->users, &user->uid, user);
    }
    user->n_clients = n;
}

static void
on_left(DaemonClient *client, void *data)
{
    DaemonServer *self = data;
    uid_t uid = daemon_client_peer(client)->uid;

    g_hash_table_remove(self->clients, client);
    set_count_of_user(self, uid, count_of_user(self, uid) - 1);
}

static DaemonClientPeer
find_peer(int fd)
{
    struct ucred credentials = {.uid = (uid_t)-1, .gid = (gid_t)-1};
    socklen_t size = sizeof(credentials);

    (void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size);
    return (DaemonClientPeer){credentials.pid, credentials.uid, credentials.gid};
}

/* Whether @peer may have one more client; else says so in the log. */
static bool
check_room(const DaemonServer *self, const DaemonClientPeer *peer, const char *protocol)
{
    const char *what = NULL;

    if (g_hash_table_size(self->clients) >= DAEMON_LIMIT_SERVED_CLIENTS)
        what = "there are as many clients as may be";
    else if (count_of_user(self, peer->uid) >= DAEMON_LIMIT_SERVED_CLIENTS_PER_USER)
        what = "its user has as many clients as one may have";
    if (what != NULL)
        daemon_log_refusal("%s: client of pid %d, user %u refused: %s", protocol, (int)peer->pid,
                           (unsigned int)peer->uid, what);
    return what == NULL;
}

static void
take_client(Door *door, int take_fd)
{
    DaemonServer *self = door->server;
    g_auto(UtilFd) fd = take_fd;
    const char *name = door->setup.protocol->name;
    DaemonClientPeer peer = find_peer(fd);
    DaemonClient *client = NULL;

    if (!check_room(self, &peer, name))
        return;
    client = daemon_client_new(&door->setup, util_fd_steal(&fd), &peer);
    if (client == NULL)
        return;
    daemon_log(DAEMON_LOG_DEBUG, "%s: client of pid %d, user %u, group %u", name, (int)peer.pid,
               (unsigned int)peer.uid, (unsigned int)peer.gid);
    g_hash_table_add(self->clients, client);
    set_count_of_user(self, peer.uid, count_of_user(self, peer.uid) + 1);
}

static void
pause_accepting(Door *door, int cause)
{
    int64_t until_us = util_deadline_now_us() + (int64_t)DAEMON_LIMIT_ACCEPT_PAUSE_MS * US_PER_MS;

    daemon_log_refusal("%s: cannot accept clients for a moment: %s", door->setup.protocol->name,
                       g_strerror(cause));
    (void)sd_event_source_set_enabled(door->io, SD_EVENT_OFF);
    daemon_loop_set_timer(door->pause, until_us);
}

static int
on_pause_over(sd_event_source *source, uint64_t at_us, void *data)
{
    Door *door = data;

    (void)source;
    (void)at_us;
    (void)sd_event_source_set_enabled(door->io, SD_EVENT_ON);
    return 0;
}

/* A client that has left before it was accepted, or a fault of its network, is no fault here. */
static bool
is_shortage(int cause)
{
    return cause == EMFILE || cause == ENFILE || cause == ENOBUFS || cause == ENOMEM;
}

static int
on_connection(sd_event_source *source, int fd, uint32_t events, void *data)
{
    Door *door = data;

    (void)source;
    (void)events;
    for (unsigned int i = 0; i < DAEMON_LIMIT_ACCEPTED_PER_TURN; i++) {
        int client_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (client_fd >= 0) {
            take_client(door, client_fd);
        } else if (is_shortage(errno)) {
            pause_accepting(door, errno);
            break;
        } else if (errno == EAGAIN) {
            break;
        }
    }
    return 0;
}

/* The clients that have come in by @door keep what is in its setup. */
static void
close_door(Door *door)
{
    door->io = sd_event_source_disable_unref(door->io);
    door->pause = sd_event_source_disable_unref(door->pause);
    util_fd_clear(&door->fd);
}

static void
free_door(gpointer data)
{
    close_door(data);
    g_free(data);
}

DaemonServer *
daemon_server_new(sd_event *loop, void *context)
{
    DaemonServer *self = g_new0(DaemonServer, 1);

    self->loop = sd_event_ref(loop);
    self->context = context;
    self->doors = g_ptr_array_new_with_free_func(free_door);
    self->clients = g_hash_table_new(NULL, NULL);
    self->users = g_hash_table_new_full(g_int_hash, g_int_equal, NULL, g_free);
    return self;
}

void
daemon_server_free(DaemonServer *self)
{
    g_autoptr(GList) clients = NULL;

    if (self == NULL)
        return;
    clients = g_hash_table_get_keys(self->clients);
    for (const GList *at = clients; at != NULL; at = at->next)
        daemon_client_free(at->data);
    g_hash_table_unref(self->clients);
    g_hash_table_unref(self->users);
    g_ptr_array_unref(self->doors);
    sd_event_unref(self->loop);
    g_free(self);
}

bool
daemon_server_listen(DaemonServer *self, int take_fd, const DaemonClientProtocol *protocol,
                     GError **error)
{
    Door *door = g_new0(Door, 1);
    int result = 0;

    door->server = self;
    door->fd = take_fd;
    door->setup = (DaemonClientSetup){.loop = self->loop,
                                      .protocol = protocol,
                                      .context = self->context,
                                      .shared = &self->shared,
                                      .left = on_left,
                                      .left_data = self};
    g_ptr_array_add(self->doors, door);
    result = sd_event_add_io(self->loop, &door->io, door->fd, EPOLLIN, on_connection, door);
    if (result >= 0)
        result = daemon_loop_add_timer(self->loop, &door->pause, on_pause_over, door);
    if (result < 0)
        g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_SYSTEM, "cannot poll a socket: %s",
                    g_strerror(-result));
    return result >= 0;
}

void
daemon_server_stop(DaemonServer *self)
{
    GHashTableIter at;
    gpointer client = NULL;

    for (guint i = 0; i < self->doors->len; i++)
        close_door(g_ptr_array_index(self->doors, i));
    g_hash_table_iter_init(&at, self->clients);
    while (g_hash_table_iter_next(&at, &client, NULL))
        daemon_client_finish(client);
}

unsigned int
daemon_server_n_clients(const DaemonServer *self)
{
    return g_hash_table_size(self->clients);
}
