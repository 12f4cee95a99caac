/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_daemon_server: clients are accepted and counted, and leave nothing behind.
 */
#include "testing.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/daemon_limits.h"
#include "daemon/daemon_listener.h"
#include "daemon/daemon_server.h"
#include "util/util_deadline.h"
#include "util/util_fd.h"

enum { FEW = 40 };

typedef struct {
    char *folder;
    char *path;
    sd_event *loop;
    DaemonServer *server;
    unsigned int n_sessions; /* that are open */
    DaemonClient *busy;      /* one with a call under way */
} Scene;

static void *
open_session(DaemonClient *client, const DaemonClientPeer *peer, void *context)
{
    Scene *scene = context;

    assert_int_equal(peer->uid, getuid());
    assert_int_equal(peer->pid, getpid());
    scene->n_sessions++;
    scene->busy = client;
    return scene;
}

static void
take_message(void *session, const uint8_t *bytes, size_t n)
{
    (void)session;
    (void)bytes;
    (void)n;
}

static void
close_session(void *session)
{
    ((Scene *)session)->n_sessions--;
}

static const DaemonClientProtocol protocol = {
    .name = "test",
    .message_least = 4,
    .message_most = 64,
    .calls_most = 1,
    .open = open_session,
    .take_message = take_message,
    .close = close_session,
};

static void
begin(Scene *scene)
{
    const DaemonListenerRights rights = {.mode = 0600, .group = (gid_t)-1};
    g_autoptr(DaemonListener) listener = NULL;

    *scene = (Scene){.folder = testing_make_folder()};
    scene->path = g_build_filename(scene->folder, "a.sock", NULL);
    assert_true(sd_event_new(&scene->loop) >= 0);
    scene->server = daemon_server_new(scene->loop, scene);
    listener = daemon_listener_open_unix(DAEMON_LISTENER_SERVICE, scene->path, &rights, NULL);
    assert_true(daemon_server_listen(scene->server, util_fd_steal(&listener->fd), &protocol, NULL));
}

static void
end(Scene *scene)
{
    daemon_server_free(scene->server);
    assert_int_equal(scene->n_sessions, 0);
    sd_event_unref(scene->loop);
    g_free(scene->path);
    testing_remove_folder(scene->folder);
}

static int
dial(const Scene *scene)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    g_strlcpy(address.sun_path, scene->path, sizeof(address.sun_path));
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void
settle(const Scene *scene)
{
    while (sd_event_run(scene->loop, 0) > 0)
        ;
}

static bool
has_ended(int fd)
{
    char byte = 0;

    return recv(fd, &byte, 1, 0) == 0;
}

static void
come_and_go(void **state)
{
    Scene scene = {0};
    int fds[FEW] = {0};

    (void)state;
    begin(&scene);
    for (int i = 0; i < FEW; i++)
        fds[i] = dial(&scene);
    settle(&scene);
    assert_int_equal(daemon_server_n_clients(scene.server), FEW);
    assert_int_equal(scene.n_sessions, FEW);
    for (int i = 0; i < FEW; i++)
        close(fds[i]);
    settle(&scene);
    assert_int_equal(daemon_server_n_clients(scene.server), 0);
    end(&scene);
}

/* One turn of the loop accepts some of many. */
static void
some_in_a_turn(void **state)
{
    Scene scene = {0};
    int fds[FEW] = {0};

    (void)state;
    begin(&scene);
    for (int i = 0; i < FEW; i++)
        fds[i] = dial(&scene);
    assert_true(sd_event_run(scene.loop, 0) > 0);
    assert_int_equal(daemon_server_n_clients(scene.server), DAEMON_LIMIT_ACCEPTED_PER_TURN);
    for (int i = 0; i < FEW; i++)
        close(fds[i]);
    end(&scene);
}

/* More than one user may have: the others are hung up on, and there is room again when some leave.
 */
static void
too_many_of_a_user(void **state)
{
    const unsigned int most = DAEMON_LIMIT_SERVED_CLIENTS_PER_USER;
    const struct rlimit wanted = {2 * most + 200, 2 * most + 200};
    struct rlimit limit = {0};
    g_autofree int *fds = g_new0(int, most + 1);
    Scene scene = {0};

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur < wanted.rlim_cur && setrlimit(RLIMIT_NOFILE, &wanted) < 0)
        skip(); /* this user may not open as many descriptors */
    begin(&scene);
    for (unsigned int i = 0; i < most; i++) {
        fds[i] = dial(&scene);
        settle(&scene);
    }
    assert_int_equal(daemon_server_n_clients(scene.server), most);
    fds[most] = dial(&scene);
    settle(&scene);
    assert_true(has_ended(fds[most]));
    assert_false(has_ended(fds[0]));
    close(fds[most]);
    close(fds[0]);
    settle(&scene);
    fds[0] = dial(&scene);
    settle(&scene);
    assert_int_equal(daemon_server_n_clients(scene.server), most);
    assert_false(has_ended(fds[0]));
    for (unsigned int i = 0; i < most; i++)
        close(fds[i]);
    end(&scene);
}

/* How often the loop turns in three pauses, in turns for each pause that has passed. */
static unsigned int
count_turns_of_a_pause(const Scene *scene)
{
    const int64_t pause_us = (int64_t)DAEMON_LIMIT_ACCEPT_PAUSE_MS * 1000;
    int64_t begun_us = util_deadline_now_us();
    int64_t passed_us = 0;
    unsigned int n = 0;

    for (; passed_us < 3 * pause_us; n++) {
        assert_true(sd_event_run(scene->loop, (uint64_t)pause_us) >= 0);
        passed_us = util_deadline_now_us() - begun_us;
    }
    return n / (unsigned int)(passed_us / pause_us);
}

/* While descriptors are short nothing is accepted, and the loop does not turn without rest. */
static void
short_of_descriptors(void **state)
{
    struct rlimit limit = {0};
    struct rlimit low = {0};
    Scene scene = {0};
    g_auto(UtilFd) fd = -1;
    g_auto(UtilFd) next = -1;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    begin(&scene);
    fd = dial(&scene);
    next = dup(fd);
    low = (struct rlimit){(rlim_t)next, limit.rlim_max};
    util_fd_clear(&next);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    assert_true(count_turns_of_a_pause(&scene) < 10);
    assert_int_equal(daemon_server_n_clients(scene.server), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    while (daemon_server_n_clients(scene.server) == 0)
        assert_true(sd_event_run(scene.loop, UINT64_MAX) >= 0);
    end(&scene);
}

static void
the_end(void **state)
{
    Scene scene = {0};
    g_auto(UtilFd) idle = -1;
    g_auto(UtilFd) busy = -1;

    (void)state;
    begin(&scene);
    idle = dial(&scene);
    settle(&scene);
    busy = dial(&scene);
    settle(&scene);
    daemon_client_begin_call(scene.busy);
    daemon_server_stop(scene.server);
    settle(&scene);
    assert_true(has_ended(idle));
    assert_false(has_ended(busy));
    daemon_client_end_call(scene.busy);
    settle(&scene);
    assert_true(has_ended(busy));
    assert_int_equal(daemon_server_n_clients(scene.server), 0);
    end(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"clients come and go", come_and_go, NULL, NULL, NULL},
        {"one turn of the loop accepts some of many", some_in_a_turn, NULL, NULL, NULL},
        {"a user has no more than its share", too_many_of_a_user, NULL, NULL, NULL},
        {"descriptors run out for a moment", short_of_descriptors, NULL, NULL, NULL},
        {"at the end clients with a call under way stay", the_end, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
