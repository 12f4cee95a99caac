/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_daemon_client: what a client sends is cut into messages, and one of bad manners costs only
 * itself. The protocol of the tests gives each message back.
 */
#include "testing.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/daemon_client.h"
#include "daemon/daemon_limits.h"
#include "util/util_deadline.h"
#include "util/util_fd.h"

enum {
    MESSAGE_BYTES = 8,
    CALLS = 2,
    ANSWER_BYTES = 4 * 1024 * 1024,
    PART_BYTES = 65536,
    LARGE_PARTS = 8,
};

/* What the protocol does with a message is its fifth byte. */
enum {
    ECHO = 'e',
    SLOW = 's', /* a call that ends when the test says so */
    URGENT = 'u',
    LARGE = 'l', /* a large answer */
    WORK = 'w',  /* takes longer than a turn */
    BYE = 'b',
};

typedef struct {
    sd_event *loop;
    DaemonClientShared shared;
    DaemonClientSetup setup;
    DaemonClient *client; /* NULL: it has left */
    unsigned int n_taken;
    unsigned int n_slow;
    bool is_open;
    UtilFd fd; /* the client's end */
} Scene;

static void *
open_session(DaemonClient *client, const DaemonClientPeer *peer, void *context)
{
    Scene *scene = context;

    assert_int_equal(peer->uid, 7);
    scene->client = client;
    scene->is_open = true;
    return scene;
}

static void
close_session(void *session)
{
    ((Scene *)session)->is_open = false;
}

static bool
is_urgent(const uint8_t *bytes, size_t n)
{
    return n > 4 && bytes[4] == URGENT;
}

static void
take_message(void *session, const uint8_t *bytes, size_t n)
{
    Scene *scene = session;

    scene->n_taken++;
    if (bytes[4] == SLOW) {
        daemon_client_begin_call(scene->client);
        scene->n_slow++;
    } else if (bytes[4] == LARGE) {
        daemon_client_send(scene->client, g_bytes_new_take(g_malloc0(ANSWER_BYTES), ANSWER_BYTES));
    } else if (bytes[4] == WORK) {
        int64_t until_us = util_deadline_now_us() + DAEMON_LIMIT_TURN_MS * 1000 + 1;

        while (util_deadline_now_us() < until_us)
            ;
    } else if (bytes[4] == BYE) {
        daemon_client_hang_up(scene->client, "it said so");
    } else {
        daemon_client_send(scene->client, g_bytes_new(bytes, n));
    }
}

static const DaemonClientProtocol protocol = {
    .name = "test",
    .message_least = MESSAGE_BYTES,
    .message_most = 1024 * 1024,
    .calls_most = CALLS,
    .is_urgent = is_urgent,
    .open = open_session,
    .take_message = take_message,
    .close = close_session,
};

static void
on_left(DaemonClient *client, void *data)
{
    Scene *scene = data;

    assert_ptr_equal(client, scene->client);
    scene->client = NULL;
}

static void
begin(Scene *scene)
{
    const DaemonClientPeer peer = {.uid = 7};
    int fds[2] = {-1, -1};

    memset(scene, 0, sizeof(*scene));
    assert_true(sd_event_new(&scene->loop) >= 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    scene->setup = (DaemonClientSetup){.loop = scene->loop,
                                       .protocol = &protocol,
                                       .context = scene,
                                       .shared = &scene->shared,
                                       .left = on_left,
                                       .left_data = scene};
    scene->fd = fds[0];
    assert_non_null(daemon_client_new(&scene->setup, fds[1], &peer));
}

static void
end(Scene *scene)
{
    daemon_client_free(scene->client);
    assert_false(scene->is_open);
    assert_int_equal(scene->shared.inboxes.n_received, 0);
    assert_int_equal(scene->shared.outboxes.n_unread, 0);
    assert_int_equal(scene->shared.outboxes.boxes.length, 0);
    util_fd_clear(&scene->fd);
    sd_event_unref(scene->loop);
}

/* Turns the loop until nothing happens at once any more. */
static void
settle(const Scene *scene)
{
    while (sd_event_run(scene->loop, 0) > 0)
        ;
}

/* @kinds, a message each. */
static GString *
make_messages(const char *kinds)
{
    GString *bytes = g_string_new(NULL);

    for (; *kinds != '\0'; kinds++) {
        const char message[MESSAGE_BYTES] = {0, 0, 0, MESSAGE_BYTES, *kinds, 'x', 'y', 'z'};

        g_string_append_len(bytes, message, sizeof(message));
    }
    return bytes;
}

static GString *
make_echoes(size_t n)
{
    g_autofree char *kinds = g_strnfill(n, ECHO);

    return make_messages(kinds);
}

static void
send_kinds(const Scene *scene, const char *kinds)
{
    g_autoptr(GString) bytes = make_messages(kinds);

    assert_int_equal(send(scene->fd, bytes->str, bytes->len, MSG_NOSIGNAL), bytes->len);
    settle(scene);
}

/* The kinds of the messages that came, and "." if the connection has ended. */
static char *
receive(const Scene *scene)
{
    GString *kinds = g_string_new(NULL);
    char message[MESSAGE_BYTES] = "";
    ssize_t n = 0;

    while ((n = recv(scene->fd, message, sizeof(message), 0)) > 0)
        g_string_append_c(kinds, message[4]);
    if (n == 0 || errno != EAGAIN)
        g_string_append_c(kinds, '.');
    return g_string_free(kinds, FALSE);
}

static void
assert_received(const Scene *scene, const char *expected)
{
    g_autofree char *got = receive(scene);

    assert_string_equal(got, expected);
}

/* Asks on and on and reads no answer, until the client takes no more. Gives how often it asked. */
static size_t
flood(const Scene *scene)
{
    g_autoptr(GString) bytes = make_echoes(200000);
    size_t n_sent = 0;
    ssize_t n = 0;

    while ((n = send(scene->fd, bytes->str + n_sent, bytes->len - n_sent, MSG_NOSIGNAL)) > 0) {
        n_sent += (size_t)n;
        settle(scene);
    }
    assert_true(n_sent < bytes->len);
    return n_sent / MESSAGE_BYTES;
}

static void
assert_all_echoed(const Scene *scene, size_t n)
{
    for (size_t n_got = 0; n_got < n;) {
        g_autofree char *got = NULL;

        settle(scene);
        got = receive(scene);
        assert_true(*got == ECHO);
        n_got += strlen(got);
    }
}

static void
end_slow_call(Scene *scene)
{
    scene->n_slow--;
    daemon_client_end_call(scene->client);
    settle(scene);
}

/* Of messages that take their time, one is taken in each turn. */
static void
turns(void **state)
{
    g_autoptr(GString) slow = make_messages("wwww");
    Scene scene;

    (void)state;
    begin(&scene);
    assert_int_equal(send(scene.fd, slow->str, slow->len, 0), slow->len);
    for (unsigned int n = 1; n <= strlen("wwww"); n++) {
        assert_true(sd_event_run(scene.loop, UINT64_MAX) > 0);
        assert_int_equal(scene.n_taken, n);
    }
    end(&scene);
}

static void
byte_by_byte(void **state)
{
    Scene scene = {0};
    g_autoptr(GString) bytes = make_messages("ee");

    (void)state;
    begin(&scene);
    for (size_t i = 0; i < bytes->len; i++) {
        assert_int_equal(send(scene.fd, bytes->str + i, 1, 0), 1);
        settle(&scene);
        assert_int_equal(scene.n_taken, (i + 1) / MESSAGE_BYTES);
    }
    assert_received(&scene, "ee");
    end(&scene);
}

static void
a_flood(void **state)
{
    Scene scene = {0};
    g_autoptr(GString) bytes = make_echoes(5000);
    size_t n_got = 0;
    size_t n_sent = 0;

    (void)state;
    begin(&scene);
    while (n_got < 5000) {
        g_autofree char *got = NULL;
        ssize_t n = send(scene.fd, bytes->str + n_sent, bytes->len - n_sent, MSG_NOSIGNAL);

        n_sent += n > 0 ? (size_t)n : 0;
        assert_true(sd_event_run(scene.loop, 0) >= 0);
        got = receive(&scene);
        assert_null(strchr(got, '.'));
        n_got += strlen(got);
    }
    assert_int_equal(scene.n_taken, 5000);
    end(&scene);
}

static void
a_turn_takes_some(void **state)
{
    Scene scene = {0};
    g_autoptr(GString) bytes = make_echoes(100);

    (void)state;
    begin(&scene);
    assert_int_equal(send(scene.fd, bytes->str, bytes->len, 0), bytes->len);
    assert_true(sd_event_run(scene.loop, 0) > 0);
    testing_assert_in_range(scene.n_taken, 1, DAEMON_LIMIT_MESSAGES_PER_TURN);
    settle(&scene);
    assert_int_equal(scene.n_taken, 100);
    end(&scene);
}

static void
a_half_closed_one_gets_its_answers(void **state)
{
    Scene scene = {0};

    (void)state;
    begin(&scene);
    send_kinds(&scene, "es");
    assert_int_equal(shutdown(scene.fd, SHUT_WR), 0);
    settle(&scene);
    assert_non_null(scene.client);
    assert_received(&scene, "e");
    daemon_client_send(scene.client, g_bytes_new("\0\0\0\x08sxyz", MESSAGE_BYTES));
    end_slow_call(&scene);
    assert_received(&scene, "s.");
    assert_null(scene.client);
    end(&scene);
}

static void
one_that_leaves_with_calls_under_way(void **state)
{
    Scene scene = {0};

    (void)state;
    begin(&scene);
    send_kinds(&scene, "ss");
    util_fd_clear(&scene.fd);
    settle(&scene);
    assert_null(scene.client);
    assert_false(scene.is_open);
    end(&scene);
}

#define MESSAGE(kind) "\0\0\0\x08" kind "xyz"
#define BYTES(text)   (text), sizeof(text) - 1

/* What a client sends before it is gone. */
typedef struct {
    const char *name;
    const char *bytes;
    size_t n_bytes;
    bool stops; /* says that it sends no more */
    const char *received;
    unsigned int n_taken;
} Ending;

static const Ending endings[] = {
    {"the end within a message is an end",
     BYTES("\0\0\0\x08"
           "e"),
     true, ".", 0},
    {"a length out of bounds ends the connection", BYTES(MESSAGE("e") "\xff\xff\xff\xff"), false,
     "e.", 1},
    {"what is queued is sent before the end", BYTES(MESSAGE("e") MESSAGE("b") MESSAGE("e")), false,
     "e.", 2},
};

static void
ends(const void *data)
{
    const Ending *ending = data;
    Scene scene = {0};

    begin(&scene);
    assert_int_equal(send(scene.fd, ending->bytes, ending->n_bytes, 0), ending->n_bytes);
    if (ending->stops)
        assert_int_equal(shutdown(scene.fd, SHUT_WR), 0);
    settle(&scene);
    assert_null(scene.client);
    assert_received(&scene, ending->received);
    assert_int_equal(scene.n_taken, ending->n_taken);
    end(&scene);
}

static void
calls_wait_for_others_but_pings_do_not(void **state)
{
    Scene scene = {0};

    (void)state;
    begin(&scene);
    send_kinds(&scene, "sssue");
    assert_int_equal(scene.n_slow, CALLS);
    assert_received(&scene, "u");
    end_slow_call(&scene);
    assert_int_equal(scene.n_slow, CALLS);
    assert_received(&scene, "");
    end_slow_call(&scene);
    assert_received(&scene, "e");
    assert_int_equal(scene.n_slow, 1);
    end_slow_call(&scene);
    assert_non_null(scene.client);
    end(&scene);
}

/* A client that asks on and on while its calls wait is not read without end, and gets all answers.
 */
static void
a_flood_behind_slow_calls(void **state)
{
    Scene scene = {0};
    size_t n_asked = 0;

    (void)state;
    begin(&scene);
    send_kinds(&scene, "ss");
    n_asked = flood(&scene);
    assert_int_equal(scene.n_taken, 2);
    end_slow_call(&scene);
    assert_all_echoed(&scene, n_asked);
    end(&scene);
}

/* No call of a client begins while it has much to read; and when it reads they go on. */
static void
one_that_does_not_read(void **state)
{
    enum { N_CALLS = 10 };
    Scene scene = {0};
    g_autofree char *bytes = g_malloc(ANSWER_BYTES);
    size_t n_got = 0;

    (void)state;
    begin(&scene);
    assert_true(daemon_client_takes_answers(scene.client));
    send_kinds(&scene, "llllllllll");
    assert_false(daemon_client_takes_answers(scene.client));
    testing_assert_in_range(scene.n_taken, 1, 2);
    assert_true(scene.shared.outboxes.n_unread <= DAEMON_LIMIT_UNREAD_BYTES + ANSWER_BYTES);
    while (n_got < (size_t)N_CALLS * ANSWER_BYTES) {
        ssize_t n = recv(scene.fd, bytes, ANSWER_BYTES, 0);

        n_got += n > 0 ? (size_t)n : 0;
        settle(&scene);
    }
    assert_int_equal(scene.n_taken, N_CALLS);
    assert_true(daemon_client_takes_answers(scene.client));
    end(&scene);
}

/* Small answers count with the memory that they take: most of it is not their own bytes. */
static void
one_that_does_not_read_small_answers(void **state)
{
    Scene scene = {0};
    size_t n_asked = 0;

    (void)state;
    begin(&scene);
    n_asked = flood(&scene);
    testing_assert_in_range(scene.shared.outboxes.n_unread, DAEMON_LIMIT_UNREAD_BYTES,
                            DAEMON_LIMIT_UNREAD_BYTES + 1024);
    assert_all_echoed(&scene, n_asked);
    end(&scene);
}

/* What is sent unasked, events say, or answers to calls that were under way already. */
static void
one_that_never_reads(void **state)
{
    Scene scene = {0};
    unsigned int n = 0;

    (void)state;
    begin(&scene);
    for (; scene.client != NULL && n < 2 * DAEMON_LIMIT_QUEUED_BYTES / ANSWER_BYTES; n++) {
        daemon_client_send(scene.client, g_bytes_new_take(g_malloc0(ANSWER_BYTES), ANSWER_BYTES));
        assert_true(scene.shared.outboxes.n_unread <= DAEMON_LIMIT_QUEUED_BYTES);
        settle(&scene);
    }
    testing_assert_in_range(n, DAEMON_LIMIT_QUEUED_BYTES / ANSWER_BYTES,
                            DAEMON_LIMIT_QUEUED_BYTES / ANSWER_BYTES + 2);
    end(&scene);
}

static void
the_slowest_of_too_many(void **state)
{
    Scene scene = {0};

    (void)state;
    begin(&scene);
    scene.shared.outboxes.n_unread += DAEMON_LIMIT_QUEUED_BYTES_OF_ALL; /* of others */
    send_kinds(&scene, "e");
    assert_received(&scene, "e");
    send_kinds(&scene, "l");
    assert_null(scene.client);
    scene.shared.outboxes.n_unread -= DAEMON_LIMIT_QUEUED_BYTES_OF_ALL;
    end(&scene);
}

/* Sends @n parts of a slow message that has LARGE_PARTS of them, more than what may be parked. */
static void
send_large(const Scene *scene, unsigned int n)
{
    g_autofree uint8_t *bytes = g_malloc0(PART_BYTES);

    memcpy(bytes, "\0\x08\0\0s", 5);
    for (unsigned int i = 0; i < n; i++) {
        (void)send(scene->fd, bytes, PART_BYTES, MSG_NOSIGNAL);
        settle(scene);
    }
}

/* What all clients have sent counts: when that is too much, it is large messages that have to go.
 */
static void
a_large_message_beside_others(void **state)
{
    Scene scene = {0};

    (void)state;
    begin(&scene);
    for (unsigned int i = 1; i <= CALLS; i++) {
        send_large(&scene, LARGE_PARTS);
        assert_int_equal(scene.n_slow, i);
        assert_int_equal(scene.shared.inboxes.n_received, i * LARGE_PARTS * PART_BYTES);
    }
    for (unsigned int i = CALLS; i > 0; i--) {
        end_slow_call(&scene);
        assert_int_equal(scene.shared.inboxes.n_received, (i - 1) * LARGE_PARTS * PART_BYTES);
    }
    end(&scene);

    begin(&scene);
    scene.shared.inboxes.n_received = DAEMON_LIMIT_RECEIVED_BYTES_OF_ALL;
    send_kinds(&scene, "e");
    assert_received(&scene, "e");
    send_large(&scene, LARGE_PARTS - 1);
    assert_null(scene.client);
    scene.shared.inboxes.n_received -= DAEMON_LIMIT_RECEIVED_BYTES_OF_ALL;
    end(&scene);
}

static void
the_end_of_the_service(void **state)
{
    Scene scene = {0};

    (void)state;
    begin(&scene);
    send_kinds(&scene, "sse");
    daemon_client_finish(scene.client);
    settle(&scene);
    assert_non_null(scene.client);
    end_slow_call(&scene);
    end_slow_call(&scene);
    assert_null(scene.client);
    assert_received(&scene, ".");
    end(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"as many messages in a turn as it has time for", turns, NULL, NULL, NULL},
        {"a message in one-byte slices", byte_by_byte, NULL, NULL, NULL},
        {"a flood of messages is answered, in order", a_flood, NULL, NULL, NULL},
        {"one turn of the loop takes some of many messages", a_turn_takes_some, NULL, NULL, NULL},
        {"a half-closed client gets its answers", a_half_closed_one_gets_its_answers, NULL, NULL,
         NULL},
        {"a client that leaves with calls under way is gone at once",
         one_that_leaves_with_calls_under_way, NULL, NULL, NULL},
        {"calls wait for others to end, pings do not", calls_wait_for_others_but_pings_do_not, NULL,
         NULL, NULL},
        {"a flood behind slow calls is stopped, and answered later", a_flood_behind_slow_calls,
         NULL, NULL, NULL},
        {"a client that does not read gets no further answer", one_that_does_not_read, NULL, NULL,
         NULL},
        {"small answers count with what they cost", one_that_does_not_read_small_answers, NULL,
         NULL, NULL},
        {"a client that never reads is hung up on", one_that_never_reads, NULL, NULL, NULL},
        {"the slowest is hung up on when all have too much to read", the_slowest_of_too_many, NULL,
         NULL, NULL},
        {"a large message of one beside much of others", a_large_message_beside_others, NULL, NULL,
         NULL},
        {"the end of the service waits for calls", the_end_of_the_service, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests_name("client", tests, NULL, NULL) +
           TESTING_RUN_TABLE("client: endings", endings, ends);
}
