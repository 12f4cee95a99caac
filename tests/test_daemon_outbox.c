/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_daemon_outbox: what clients have not read is counted, bounded, and sent in order.
 */
#include "testing.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/daemon_limits.h"
#include "daemon/daemon_outbox.h"
#include "util/util_deadline.h"
#include "util/util_fd.h"

enum {
    LARGE_BYTES = 4 * 1024 * 1024, /* more than a socket takes */
    BOXES = 3,
    COST_BYTES = 128, /* of a message, beside its own bytes */
    US_PER_MS = 1000,
};

typedef struct {
    DaemonOutboxShared shared;
    DaemonOutbox boxes[BOXES];
    UtilFd fd;   /* where they send */
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
    for (size_t i = 0; i < BOXES; i++)
        daemon_outbox_init(&scene->boxes[i], &scene->shared, scene);
}

static void
end(Scene *scene)
{
    for (size_t i = 0; i < BOXES; i++)
        daemon_outbox_clear(&scene->boxes[i]);
    assert_int_equal(scene->shared.n_unread, 0);
    assert_int_equal(scene->shared.boxes.length, 0);
    util_fd_clear(&scene->fd);
    util_fd_clear(&scene->peer);
}

static bool
push_bytes(DaemonOutbox *box, size_t n)
{
    return daemon_outbox_push(box, g_bytes_new_take(g_malloc0(n), n));
}

/* Pushes a byte, later than any push before. */
static void
push_later(DaemonOutbox *box)
{
    int64_t before_us = util_deadline_now_us();

    while (util_deadline_now_us() == before_us)
        ;
    assert_true(push_bytes(box, 1));
}

static void
assert_empty(const DaemonOutbox *box)
{
    assert_int_equal(box->messages.length, 0);
    assert_int_equal(box->n_bytes, 0);
    assert_int_equal(box->n_sent, 0);
    assert_int_equal(box->n_unread, 0);
    assert_int_equal(box->send_by_us, 0);
}

static void
in_order(void **state)
{
    Scene scene;
    char got[8] = "";

    (void)state;
    begin(&scene);
    assert_false(daemon_outbox_send(&scene.boxes[0], scene.fd));
    assert_true(daemon_outbox_push(&scene.boxes[0], g_bytes_new("abc", 3)));
    assert_true(daemon_outbox_push(&scene.boxes[0], g_bytes_new("de", 2)));
    assert_true(daemon_outbox_send(&scene.boxes[0], scene.fd));
    assert_empty(&scene.boxes[0]);
    assert_int_equal(recv(scene.peer, got, sizeof(got), 0), 5);
    assert_memory_equal(got, "abcde", 5);
    end(&scene);
}

/* A message that the socket takes in parts counts whole as a message, and with what is left as
 * bytes. */
static void
in_parts(void **state)
{
    g_autofree char *got = g_malloc(LARGE_BYTES);
    Scene scene;
    DaemonOutbox *box = &scene.boxes[0];
    size_t n_got = 0;

    (void)state;
    begin(&scene);
    assert_true(push_bytes(box, LARGE_BYTES));
    while (n_got < LARGE_BYTES) {
        ssize_t n = 0;

        assert_true(daemon_outbox_send(box, scene.fd));
        assert_int_equal(box->n_bytes + box->n_sent, box->n_bytes > 0 ? LARGE_BYTES : 0);
        assert_int_equal(box->n_unread, box->n_bytes > 0 ? box->n_bytes + COST_BYTES : 0);
        assert_int_equal(scene.shared.n_unread, box->n_unread);
        n = recv(scene.peer, got, LARGE_BYTES, 0);
        assert_true(n > 0);
        n_got += (size_t)n;
    }
    assert_empty(box);
    end(&scene);
}

static void
of_all(void **state)
{
    Scene scene;

    (void)state;
    begin(&scene);
    for (size_t i = 0; i < BOXES; i++) {
        assert_true(push_bytes(&scene.boxes[i], 10));
        assert_true(push_bytes(&scene.boxes[i], 20));
        assert_int_equal(scene.boxes[i].n_unread, 30 + 2 * COST_BYTES);
        assert_int_equal(scene.shared.n_unread, (i + 1) * (30 + 2 * COST_BYTES));
        assert_int_equal(scene.shared.boxes.length, i + 1);
    }
    daemon_outbox_close(&scene.boxes[0]);
    assert_int_equal(scene.shared.n_unread, BOXES * (30 + 2 * COST_BYTES));
    daemon_outbox_clear(&scene.boxes[0]);
    assert_empty(&scene.boxes[0]);
    assert_int_equal(scene.shared.n_unread, (BOXES - 1) * (30 + 2 * COST_BYTES));
    assert_true(daemon_outbox_send(&scene.boxes[1], scene.fd));
    assert_int_equal(scene.shared.n_unread, 30 + 2 * COST_BYTES);
    assert_int_equal(scene.shared.boxes.length, 1);
    end(&scene);
}

/* One message is taken however large it is; beside another one, no more than the limit. */
static void
the_most_of_one(void **state)
{
    Scene scene;
    DaemonOutbox *box = &scene.boxes[0];

    (void)state;
    begin(&scene);
    assert_true(push_bytes(box, DAEMON_LIMIT_QUEUED_BYTES - COST_BYTES - 1));
    assert_false(push_bytes(box, 2));
    assert_int_equal(box->messages.length, 1);
    assert_true(push_bytes(box, 1));
    assert_false(push_bytes(box, 1));
    assert_true(push_bytes(&scene.boxes[1], DAEMON_LIMIT_QUEUED_BYTES + 1));
    end(&scene);
}

/* The time begins with the first message, and anew with each part that is taken. */
static void
the_time_to_take_some(void **state)
{
    const int64_t stall_us = (int64_t)DAEMON_LIMIT_STALL_MS * US_PER_MS;
    Scene scene;
    DaemonOutbox *box = &scene.boxes[0];
    int64_t first_us = 0;
    int64_t before_us = 0;

    (void)state;
    begin(&scene);
    before_us = util_deadline_now_us();
    assert_true(push_bytes(box, LARGE_BYTES));
    first_us = box->send_by_us;
    testing_assert_in_range((guint64)first_us, (guint64)(before_us + stall_us),
                            (guint64)(util_deadline_now_us() + stall_us));
    push_later(box);
    assert_int_equal(box->send_by_us, first_us);
    assert_true(daemon_outbox_send(box, scene.fd));
    assert_true(box->send_by_us > first_us);
    first_us = box->send_by_us;
    assert_false(daemon_outbox_send(box, scene.fd));
    assert_int_equal(box->send_by_us, first_us);
    end(&scene);
}

typedef struct {
    const char *name;
    size_t n_own;    /* memory of what it has not read */
    size_t n_others; /* of what others have not */
    bool is_full;
    bool takes_answers;
} Row;

static const Row rows[] = {
    {"has read all", 0, 0, false, true},
    {"has read all, others have much to read", 0, DAEMON_LIMIT_BRAKE_BYTES + 1, false, true},
    {"has some", 1000, 0, false, true},
    {"has some, and with others as much as may be", 1000, DAEMON_LIMIT_BRAKE_BYTES - 1000, false,
     true},
    {"has some, and with others too much", 1000, DAEMON_LIMIT_BRAKE_BYTES - 999, false, false},
    {"has as much as may be", DAEMON_LIMIT_UNREAD_BYTES, 0, false, true},
    {"has too much", DAEMON_LIMIT_UNREAD_BYTES + 1, 0, true, false},
};

static void
gets_a_further_answer(const void *data)
{
    const Row *row = data;
    Scene scene;

    begin(&scene);
    if (row->n_own > 0)
        assert_true(push_bytes(&scene.boxes[0], row->n_own - COST_BYTES));
    scene.shared.n_unread += row->n_others;
    assert_int_equal(daemon_outbox_is_full(&scene.boxes[0]), row->is_full);
    assert_int_equal(daemon_outbox_takes_answers(&scene.boxes[0]), row->takes_answers);
    scene.shared.n_unread -= row->n_others;
    end(&scene);
}

static void
the_slowest(void **state)
{
    Scene scene;
    DaemonOutboxShared *shared = &scene.shared;

    (void)state;
    begin(&scene);
    for (size_t i = 0; i < BOXES; i++)
        push_later(&scene.boxes[i]);
    assert_null(daemon_outbox_find_too_slow(shared));
    shared->n_unread += DAEMON_LIMIT_QUEUED_BYTES_OF_ALL; /* of others */
    assert_ptr_equal(daemon_outbox_find_too_slow(shared), &scene.boxes[0]);
    assert_ptr_equal(daemon_outbox_find_too_slow(shared)->owner, &scene);
    daemon_outbox_close(&scene.boxes[0]);
    assert_ptr_equal(daemon_outbox_find_too_slow(shared), &scene.boxes[1]);
    assert_true(daemon_outbox_send(&scene.boxes[1], scene.fd));
    assert_ptr_equal(daemon_outbox_find_too_slow(shared), &scene.boxes[2]);
    push_later(&scene.boxes[1]);
    assert_ptr_equal(daemon_outbox_find_too_slow(shared), &scene.boxes[2]);
    daemon_outbox_clear(&scene.boxes[2]);
    assert_ptr_equal(daemon_outbox_find_too_slow(shared), &scene.boxes[1]);
    daemon_outbox_clear(&scene.boxes[1]);
    assert_null(daemon_outbox_find_too_slow(shared));
    shared->n_unread -= DAEMON_LIMIT_QUEUED_BYTES_OF_ALL;
    end(&scene);
}

static void
the_bound_of_all(void **state)
{
    Scene scene;
    DaemonOutboxShared *shared = &scene.shared;
    size_t n_others = 0;

    (void)state;
    begin(&scene);
    assert_true(push_bytes(&scene.boxes[0], 1));
    n_others = DAEMON_LIMIT_QUEUED_BYTES_OF_ALL - shared->n_unread;
    shared->n_unread += n_others;
    assert_null(daemon_outbox_find_too_slow(shared));
    shared->n_unread++;
    assert_ptr_equal(daemon_outbox_find_too_slow(shared), &scene.boxes[0]);
    shared->n_unread -= n_others + 1;
    end(&scene);
}

static void
a_broken_socket(void **state)
{
    Scene scene;
    DaemonOutbox *box = &scene.boxes[0];

    (void)state;
    begin(&scene);
    util_fd_clear(&scene.peer);
    assert_true(push_bytes(box, 10));
    assert_false(box->is_closed);
    assert_false(daemon_outbox_send(box, scene.fd));
    assert_true(box->is_closed);
    assert_int_equal(box->n_unread, 10 + COST_BYTES);
    end(&scene);
}

static void
closed(void **state)
{
    Scene scene;
    DaemonOutbox *box = &scene.boxes[0];
    char byte = 0;

    (void)state;
    begin(&scene);
    assert_true(push_bytes(box, 10));
    daemon_outbox_close(box);
    assert_false(daemon_outbox_send(box, scene.fd));
    assert_int_equal(recv(scene.peer, &byte, 1, 0), -1);
    end(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"messages are sent in order", in_order, NULL, NULL, NULL},
        {"a message that the socket takes in parts", in_parts, NULL, NULL, NULL},
        {"what several have not read is one sum", of_all, NULL, NULL, NULL},
        {"how much one client may leave unread", the_most_of_one, NULL, NULL, NULL},
        {"when a client must have taken some", the_time_to_take_some, NULL, NULL, NULL},
        {"which client is the slowest", the_slowest, NULL, NULL, NULL},
        {"how much all clients may leave unread", the_bound_of_all, NULL, NULL, NULL},
        {"a broken socket closes", a_broken_socket, NULL, NULL, NULL},
        {"one that is closed sends nothing", closed, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests_name("outbox", tests, NULL, NULL) +
           TESTING_RUN_TABLE("outbox: who gets a further answer", rows, gets_a_further_answer);
}
