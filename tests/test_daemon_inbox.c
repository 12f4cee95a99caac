/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_daemon_inbox: what clients have sent becomes messages, and is counted and bounded.
 */
#include "testing.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/daemon_inbox.h"
#include "daemon/daemon_limits.h"
#include "util/util_deadline.h"
#include "util/util_fd.h"

enum {
    LEAST = 8,
    MOST = 1024 * 1024,
    COST_BYTES = 128, /* of a message that is parked, beside its own bytes */
    USUAL_BYTES = DAEMON_LIMIT_PARKED_BYTES + DAEMON_LIMIT_READ_PER_TURN_BYTES,
    US_PER_MS = 1000,
};

/* Two messages of 8 bytes; a text and its length. */
#define FIRST       "\0\0\0\x08\0\0\0a"
#define SECOND      "\0\0\0\x08\0\0\0b"
#define BYTES(text) (text), sizeof(text) - 1

typedef struct {
    DaemonInboxShared shared;
    DaemonInbox inbox;
    UtilFd fd;   /* what it reads */
    UtilFd peer; /* the client's end */
} Scene;

static void
begin(Scene *scene)
{
    int fds[2] = {-1, -1};

    memset(scene, 0, sizeof(*scene));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    scene->fd = fds[0];
    scene->peer = fds[1];
    daemon_inbox_init(&scene->inbox, &scene->shared, LEAST, MOST);
}

static void
end(Scene *scene)
{
    daemon_inbox_clear(&scene->inbox);
    assert_int_equal(scene->shared.n_received, 0);
    util_fd_clear(&scene->fd);
    util_fd_clear(&scene->peer);
}

static void
receive(Scene *scene, const char *bytes, size_t n)
{
    assert_int_equal(send(scene->peer, bytes, n, MSG_NOSIGNAL), n);
    assert_int_equal(daemon_inbox_receive(&scene->inbox, scene->fd), DAEMON_INBOX_OPEN);
}

/* Takes @n messages at most. Gives their last bytes. */
static char *
take(DaemonInbox *inbox, unsigned int n)
{
    GString *taken = g_string_new(NULL);
    const uint8_t *bytes = NULL;
    size_t size = 0;

    for (; n > 0 && daemon_inbox_take(inbox, &bytes, &size); n--)
        g_string_append_c(taken, (char)bytes[size - 1]);
    return g_string_free(taken, FALSE);
}

typedef struct {
    const char *name;
    const char *bytes;
    size_t n_bytes;
    unsigned int n_takes; /* messages for which there is time in the turn */
    const char *taken;
    DaemonFrame found;
    size_t n_left;
} Row;

static const Row rows[] = {
    {"nothing", BYTES(""), 9, "", DAEMON_FRAME_NONE, 0},
    {"a part", BYTES("\0\0\0\x08\0"), 9, "", DAEMON_FRAME_PART, 5},
    {"a message", BYTES(FIRST), 9, "a", DAEMON_FRAME_NONE, 0},
    {"two messages", BYTES(FIRST SECOND), 9, "ab", DAEMON_FRAME_NONE, 0},
    {"a message and a part", BYTES(FIRST "\0"), 9, "a", DAEMON_FRAME_PART, 1},
    {"a message and what is none", BYTES(FIRST "\xff\xff\xff\xff"), 9, "a", DAEMON_FRAME_BAD, 4},
    {"what is none", BYTES("\0\0\0\x07"), 9, "", DAEMON_FRAME_BAD, 4},
    {"no time for any", BYTES(FIRST SECOND), 0, "", DAEMON_FRAME_WHOLE, 16},
    {"time for one of two", BYTES(FIRST SECOND), 1, "a", DAEMON_FRAME_WHOLE, 8},
    {"time for the whole one", BYTES(FIRST "\0\0"), 1, "a", DAEMON_FRAME_PART, 2},
};

static void
one_turn(const void *data)
{
    const Row *row = data;
    g_autofree char *taken = NULL;
    Scene scene;
    DaemonInbox *inbox = &scene.inbox;

    begin(&scene);
    receive(&scene, row->bytes, row->n_bytes);
    assert_int_equal(scene.shared.n_received, row->n_bytes);
    taken = take(inbox, row->n_takes);
    assert_string_equal(taken, row->taken);
    assert_int_equal(daemon_inbox_end_turn(inbox), row->found);
    assert_int_equal(inbox->bytes->len, row->n_left);
    assert_int_equal(scene.shared.n_received, row->n_left);
    assert_int_equal(daemon_inbox_is_empty(inbox), row->n_left == 0);
    assert_int_equal(inbox->has_backlog, row->found == DAEMON_FRAME_WHOLE);
    assert_int_equal(inbox->message_by_us != 0, row->found == DAEMON_FRAME_PART);
    daemon_inbox_drop(inbox);
    assert_true(daemon_inbox_is_empty(inbox));
    assert_false(inbox->has_backlog);
    assert_int_equal(inbox->message_by_us, 0);
    end(&scene);
}

static void
byte_by_byte(void **state)
{
    const char bytes[] = FIRST SECOND;
    Scene scene;

    (void)state;
    begin(&scene);
    for (size_t i = 0; i < sizeof(bytes) - 1; i++) {
        g_autofree char *taken = NULL;

        receive(&scene, bytes + i, 1);
        taken = take(&scene.inbox, 9);
        assert_string_equal(taken, i == 7 ? "a" : i == 15 ? "b" : "");
        (void)daemon_inbox_end_turn(&scene.inbox);
        assert_int_equal(scene.shared.n_received, (i + 1) % 8);
    }
    end(&scene);
}

static void
one_read(void **state)
{
    const size_t n_sent = (size_t)2 * DAEMON_LIMIT_READ_PER_TURN_BYTES;
    g_autofree char *bytes = g_malloc0(n_sent);
    Scene scene;

    (void)state;
    begin(&scene);
    receive(&scene, bytes, n_sent);
    assert_int_equal(scene.shared.n_received, DAEMON_LIMIT_READ_PER_TURN_BYTES);
    assert_int_equal(daemon_inbox_receive(&scene.inbox, scene.fd), DAEMON_INBOX_OPEN);
    assert_int_equal(scene.shared.n_received, n_sent);
    end(&scene);
}

static void
the_end(void **state)
{
    Scene scene;

    (void)state;
    begin(&scene);
    assert_int_equal(daemon_inbox_receive(&scene.inbox, scene.fd), DAEMON_INBOX_OPEN);
    receive(&scene, BYTES(FIRST));
    assert_int_equal(shutdown(scene.peer, SHUT_WR), 0);
    assert_int_equal(daemon_inbox_receive(&scene.inbox, scene.fd), DAEMON_INBOX_ENDED);
    assert_int_equal(daemon_inbox_receive(&scene.inbox, -1), DAEMON_INBOX_BROKEN);
    assert_int_equal(scene.inbox.bytes->len, 8);
    end(&scene);
}

/* It begins with a message, goes on while that comes, and begins anew behind a whole one. */
static void
the_time_of_a_message(void **state)
{
    const int64_t request_us = (int64_t)DAEMON_LIMIT_REQUEST_MS * US_PER_MS;
    Scene scene;
    DaemonInbox *inbox = &scene.inbox;
    g_autofree char *taken = NULL;
    int64_t before_us = util_deadline_now_us();
    int64_t first_us = 0;

    (void)state;
    begin(&scene);
    receive(&scene, FIRST, 5);
    assert_int_equal(daemon_inbox_end_turn(inbox), DAEMON_FRAME_PART);
    first_us = inbox->message_by_us;
    testing_assert_in_range((guint64)first_us, (guint64)(before_us + request_us),
                            (guint64)(util_deadline_now_us() + request_us));
    while (util_deadline_now_us() + request_us <= first_us)
        ;
    receive(&scene, &FIRST[5], 1);
    assert_int_equal(daemon_inbox_end_turn(inbox), DAEMON_FRAME_PART);
    assert_int_equal(inbox->message_by_us, first_us);
    receive(&scene, &(FIRST SECOND)[6], 3);
    taken = take(inbox, 9);
    assert_string_equal(taken, "a");
    assert_int_equal(daemon_inbox_end_turn(inbox), DAEMON_FRAME_PART);
    assert_true(inbox->message_by_us > first_us);
    daemon_inbox_stop_time(inbox);
    assert_int_equal(inbox->message_by_us, 0);
    end(&scene);
}

static void
parked(void **state)
{
    Scene scene;
    DaemonInbox *inbox = &scene.inbox;
    g_autoptr(GBytes) first = NULL;
    g_autoptr(GBytes) second = NULL;

    (void)state;
    begin(&scene);
    assert_null(daemon_inbox_unpark(inbox));
    daemon_inbox_park(inbox, (const uint8_t *)FIRST, 8);
    daemon_inbox_park(inbox, (const uint8_t *)"a longer one", 12);
    assert_false(daemon_inbox_is_empty(inbox));
    assert_int_equal(scene.shared.n_received, 8 + 12 + 2 * COST_BYTES);
    first = daemon_inbox_unpark(inbox);
    assert_memory_equal(g_bytes_get_data(first, NULL), FIRST, 8);
    assert_int_equal(scene.shared.n_received, 12 + COST_BYTES);
    second = daemon_inbox_unpark(inbox);
    assert_int_equal(g_bytes_get_size(second), 12);
    assert_true(daemon_inbox_is_empty(inbox));
    daemon_inbox_park(inbox, (const uint8_t *)FIRST, 8);
    receive(&scene, BYTES(FIRST));
    daemon_inbox_drop(inbox);
    assert_int_equal(scene.shared.n_received, 8 + COST_BYTES);
    daemon_inbox_drop_all(inbox);
    assert_int_equal(scene.shared.n_received, 0);
    end(&scene);
}

static void
the_room_for_parked_ones(void **state)
{
    g_autofree uint8_t *bytes = g_malloc0(DAEMON_LIMIT_PARKED_BYTES);
    Scene scene;
    DaemonInbox *inbox = &scene.inbox;

    (void)state;
    begin(&scene);
    daemon_inbox_park(inbox, bytes, DAEMON_LIMIT_PARKED_BYTES - COST_BYTES - 1);
    assert_true(daemon_inbox_has_room(inbox));
    daemon_inbox_drop_all(inbox);
    daemon_inbox_park(inbox, bytes, DAEMON_LIMIT_PARKED_BYTES - COST_BYTES);
    assert_false(daemon_inbox_has_room(inbox));
    end(&scene);
}

static void
calls_under_way(void **state)
{
    Scene scene;
    DaemonInbox *inbox = &scene.inbox;

    (void)state;
    begin(&scene);
    daemon_inbox_hold(inbox, 10);
    daemon_inbox_hold(inbox, 21);
    assert_int_equal(scene.shared.n_received, 31);
    assert_true(daemon_inbox_is_empty(inbox));
    daemon_inbox_release(inbox, 2);
    assert_int_equal(scene.shared.n_received, 16);
    daemon_inbox_release(inbox, 1);
    assert_int_equal(scene.shared.n_received, 0);
    daemon_inbox_hold(inbox, 10);
    end(&scene);
}

static void
too_large(void **state)
{
    Scene scene;
    DaemonInbox *inbox = &scene.inbox;
    size_t n_others = DAEMON_LIMIT_RECEIVED_BYTES_OF_ALL - USUAL_BYTES;

    (void)state;
    begin(&scene);
    daemon_inbox_hold(inbox, USUAL_BYTES);
    scene.shared.n_received += n_others;
    assert_false(daemon_inbox_is_too_large(inbox));
    scene.shared.n_received++;
    assert_false(daemon_inbox_is_too_large(inbox));
    daemon_inbox_hold(inbox, 1);
    assert_true(daemon_inbox_is_too_large(inbox));
    scene.shared.n_received -= 2;
    assert_false(daemon_inbox_is_too_large(inbox));
    scene.shared.n_received -= n_others - 1;
    end(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"a message in one-byte slices", byte_by_byte, NULL, NULL, NULL},
        {"how much is read at once", one_read, NULL, NULL, NULL},
        {"the end of what a client sends", the_end, NULL, NULL, NULL},
        {"when a message must be whole", the_time_of_a_message, NULL, NULL, NULL},
        {"messages are parked in order", parked, NULL, NULL, NULL},
        {"how much may be parked", the_room_for_parked_ones, NULL, NULL, NULL},
        {"messages count while their calls are under way", calls_under_way, NULL, NULL, NULL},
        {"when a client has too large messages", too_large, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests_name("inbox", tests, NULL, NULL) +
           TESTING_RUN_TABLE("inbox: one turn", rows, one_turn);
}
