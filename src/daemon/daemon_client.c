/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_client: see daemon_client.h.
 *
 * How it works
 *
 * A client is *open*, *half-closed* (it sends no more, and gets the answers to what it asked) or
 * *leaving* (it is hung up on, and gets what is queued). All work on its behalf is done in turns:
 * one reads READ_PER_TURN_BYTES at most, and hands over MESSAGES_PER_TURN messages at most, fewer
 * if they take more than TURN_MS. What is left of the messages is handed over in the next turn;
 * until then nothing is read.
 *
 * When as many calls are under way as the protocol allows, or UNREAD_BYTES of answers are not read,
 * later messages are parked, in order, up to PARKED_BYTES; then the client is not read, and the
 * kernel stops it. They count with what a queue costs, which is most of a small message.
 *
 * One timer serves all limits of time. It is armed when a message has begun and is not whole, when
 * an answer is queued and the socket takes no more, and when the client is leaving.
 *
 * The end is always a turn of its own: nothing that the session called is freed under it.
 */
#include "daemon_client.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon_frame.h"
#include "daemon_limits.h"
#include "daemon_log.h"
#include "daemon_loop.h"
#include "util/util_deadline.h"
#include "util/util_fd.h"

enum {
    US_PER_MS = 1000,
    MESSAGE_COST = 128, /* memory of a message in a queue, beside its bytes */
};

struct DaemonClient {
    DaemonClientPeer peer;
    const DaemonClientSetup *setup;
    const DaemonClientProtocol *protocol;
    void *session;
    UtilFd fd;
    GByteArray *in;    /* received, and not a whole message yet or not handed over */
    GQueue parked;     /* GBytes *: messages that wait for a call to end */
    size_t n_parked;   /* memory of them */
    DaemonOutbox out;  /* closed: the connection is broken, or nothing is left to send */
    size_t n_received; /* memory of @in, @parked and @n_asked, as counted there */
    unsigned int n_calls;
    unsigned int n_taken; /* messages in this turn */
    int64_t turn_by_us;   /* when it ends */
    size_t n_asked;       /* bytes of the messages that began them */
    bool has_backlog;     /* @in has a whole message: nothing is read until it is taken */
    bool is_half_closed;
    bool is_leaving;
    sd_event_source *io;
    sd_event_source *turn; /* works on at the next turn of the loop */
    sd_event_source *timer;
    int64_t message_by_us; /* deadlines; 0: none */
    int64_t leave_by_us;
};

static void
count_received(DaemonClient *self)
{
    DaemonClientShared *shared = self->setup->shared;
    size_t before = self->n_received;

    self->n_received = self->in->len + self->n_parked + self->n_asked;
    shared->n_received = shared->n_received - before + self->n_received;
}

/* Whether further messages wait: for a call to end, or for the client to read. */
static bool
is_full(const DaemonClient *self)
{
    return self->n_calls >= self->protocol->calls_most || daemon_outbox_is_full(&self->out);
}

/* Whether a further message may be taken. */
static bool
has_room(const DaemonClient *self)
{
    return !self->is_leaving && !self->out.is_closed && self->n_parked < DAEMON_LIMIT_PARKED_BYTES;
}

/* Whether more is to be read. */
static bool
is_reading(const DaemonClient *self)
{
    return has_room(self) && !self->is_half_closed && !self->has_backlog;
}

static void
work_on(DaemonClient *self)
{
    daemon_loop_take_turn(self->turn);
}

static bool
has_ended(const DaemonClient *self)
{
    bool has_work = self->n_calls > 0 || self->parked.length > 0 || self->in->len > 0;

    if (self->out.is_closed)
        return true;
    return self->out.n_bytes == 0 && (self->is_leaving || (self->is_half_closed && !has_work));
}

static void
update_timer(DaemonClient *self)
{
    const int64_t deadlines[] = {self->message_by_us, self->out.send_by_us, self->leave_by_us};
    int64_t first = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(deadlines); i++)
        if (deadlines[i] != 0 && (first == 0 || deadlines[i] < first))
            first = deadlines[i];
    if (first != 0)
        daemon_loop_set_timer(self->timer, first);
    else
        (void)sd_event_source_set_enabled(self->timer, SD_EVENT_OFF);
}

/* Says to the loop what is waited for now. */
static void
update(DaemonClient *self)
{
    uint32_t events = (is_reading(self) ? (uint32_t)EPOLLIN : 0) |
                      (self->out.n_bytes > 0 ? (uint32_t)EPOLLOUT : 0);

    count_received(self);
    /* A client that we do not read cannot end its message. */
    if (!has_room(self))
        self->message_by_us = 0;
    (void)sd_event_source_set_io_events(self->io, self->out.is_closed ? 0 : events);
    if (self->out.is_closed)
        (void)sd_event_source_set_enabled(self->io, SD_EVENT_OFF);
    update_timer(self);
    if (has_ended(self))
        work_on(self);
}

static int64_t
in_ms(int64_t ms)
{
    return util_deadline_now_us() + ms * US_PER_MS;
}

/* Sends what the socket takes. */
static void
send_queued(DaemonClient *self)
{
    bool has_sent = daemon_outbox_send(&self->out, self->fd);

    if (has_sent && !g_queue_is_empty(&self->parked) && !is_full(self))
        work_on(self);
}

void
daemon_client_hang_up(DaemonClient *self, const char *why)
{
    if (self->is_leaving || self->out.is_closed)
        return;
    daemon_log(DAEMON_LOG_DEBUG, "%s: client of pid %d, user %u: hung up: %s", self->protocol->name,
               (int)self->peer.pid, (unsigned int)self->peer.uid, why);
    self->is_leaving = true;
    self->message_by_us = 0;
    self->leave_by_us = in_ms(DAEMON_LIMIT_FAREWELL_MS);
    update(self);
    work_on(self);
}

/* The same, for what only a client of bad manners makes: always logged. */
static void
refuse(DaemonClient *self, const char *why)
{
    daemon_log_refusal("%s: client of pid %d, user %u: hung up: %s", self->protocol->name,
                       (int)self->peer.pid, (unsigned int)self->peer.uid, why);
    daemon_client_hang_up(self, why);
}

static void
free_bytes(gpointer data)
{
    g_bytes_unref(data);
}

/* Ends @self without a farewell: it does not read. */
static void
drop_reader(DaemonClient *self, const char *why)
{
    refuse(self, why);
    daemon_outbox_clear(&self->out);
    update(self);
}

bool
daemon_client_takes_answers(void *self)
{
    return daemon_outbox_takes_answers(&((const DaemonClient *)self)->out);
}

void
daemon_client_send(DaemonClient *self, GBytes *take_bytes)
{
    DaemonOutbox *slowest = NULL;

    if (self->is_leaving || self->out.is_closed || g_bytes_get_size(take_bytes) == 0) {
        g_bytes_unref(take_bytes);
        return;
    }
    if (!daemon_outbox_push(&self->out, take_bytes)) {
        drop_reader(self, "it does not read its answers");
        return;
    }
    send_queued(self);
    slowest = daemon_outbox_find_too_slow(self->out.shared);
    if (slowest != NULL)
        drop_reader(slowest->owner,
                    "all clients together have too much to read, and it is the slowest");
    update(self);
}

void
daemon_client_begin_call(DaemonClient *self)
{
    self->n_calls++;
}

void
daemon_client_end_call(DaemonClient *self)
{
    g_assert(self->n_calls > 0);
    self->n_asked -= self->n_asked / self->n_calls; /* as if all were alike */
    self->n_calls--;
    if (!g_queue_is_empty(&self->parked))
        work_on(self);
    update(self);
}

static void
hand_over(DaemonClient *self, const uint8_t *bytes, size_t n)
{
    unsigned int n_before = self->n_calls;

    self->protocol->take_message(self->session, bytes, n);
    if (self->n_calls > n_before)
        self->n_asked += n;
}

static void
begin_turn(DaemonClient *self)
{
    self->n_taken = 0;
    self->turn_by_us = in_ms(DAEMON_LIMIT_TURN_MS);
}

static bool
has_turn(const DaemonClient *self)
{
    return self->n_taken < DAEMON_LIMIT_MESSAGES_PER_TURN &&
           (self->n_taken == 0 || util_deadline_now_us() < self->turn_by_us);
}

/* Hands over messages that were parked while there is room for a call. */
static void
hand_over_parked(DaemonClient *self)
{
    while (has_turn(self) && !g_queue_is_empty(&self->parked) && !is_full(self) &&
           !self->is_leaving) {
        g_autoptr(GBytes) message = g_queue_pop_head(&self->parked);
        size_t size = 0;
        const uint8_t *bytes = g_bytes_get_data(message, &size);

        self->n_parked -= size + MESSAGE_COST;
        self->n_taken++;
        hand_over(self, bytes, size);
    }
}

/* Hands over a message, or parks it behind others. */
static void
take_message(DaemonClient *self, const uint8_t *bytes, size_t n)
{
    bool is_urgent = self->protocol->is_urgent != NULL && self->protocol->is_urgent(bytes, n);

    self->n_taken++;
    if (is_urgent || (g_queue_is_empty(&self->parked) && !is_full(self))) {
        hand_over(self, bytes, n);
        return;
    }
    g_queue_push_tail(&self->parked, g_bytes_new(bytes, n));
    self->n_parked += n + MESSAGE_COST;
}

/* Drops the first @n bytes of what was received; the memory of a large message, too. */
static void
drop_taken(DaemonClient *self, size_t n)
{
    if (n == self->in->len && n > DAEMON_LIMIT_READ_PER_TURN_BYTES) {
        g_byte_array_unref(self->in);
        self->in = g_byte_array_new();
    } else if (n > 0) {
        g_byte_array_remove_range(self->in, 0, (guint)n);
    }
}

/* Takes the messages out of what was received for which there is room, and time in this turn. */
static void
cut_messages(DaemonClient *self)
{
    const DaemonClientProtocol *protocol = self->protocol;
    DaemonFrame found = DAEMON_FRAME_NONE;
    size_t start = 0;
    size_t length = 0;

    for (;;) {
        found = daemon_frame_look(self->in->data + start, self->in->len - start,
                                  protocol->message_least, protocol->message_most, &length);
        if (found != DAEMON_FRAME_WHOLE || !has_turn(self) || !has_room(self))
            break;
        take_message(self, self->in->data + start, length);
        start += length;
    }
    drop_taken(self, start);
    self->has_backlog = found == DAEMON_FRAME_WHOLE;
    if (found != DAEMON_FRAME_PART)
        self->message_by_us = 0;
    else if (self->message_by_us == 0 || start > 0)
        self->message_by_us = in_ms(DAEMON_LIMIT_REQUEST_MS);
    if (found == DAEMON_FRAME_BAD)
        refuse(self, "the length of its message is out of bounds");
    else if (self->has_backlog && has_room(self))
        work_on(self);
}

/* Reads once. The end of what the client sends ends a message that is not whole, too. */
static void
receive(DaemonClient *self)
{
    uint8_t bytes[DAEMON_LIMIT_READ_PER_TURN_BYTES / 8];
    size_t n_read = 0;
    ssize_t n = 0;

    do {
        n = recv(self->fd, bytes, sizeof(bytes), 0);
        if (n > 0) {
            g_byte_array_append(self->in, bytes, (guint)n);
            n_read += (size_t)n;
        }
    } while (n == (ssize_t)sizeof(bytes) && n_read < DAEMON_LIMIT_READ_PER_TURN_BYTES);
    if (n == 0)
        self->is_half_closed = true;
    else if (n < 0 && errno != EAGAIN && errno != EINTR)
        daemon_outbox_close(&self->out);
}

/* Large messages may take memory until all clients together have too much of it; then whoever sends
 * more of them is hung up on. */
static void
check_received(DaemonClient *self)
{
    const size_t usual = DAEMON_LIMIT_PARKED_BYTES + DAEMON_LIMIT_READ_PER_TURN_BYTES;

    count_received(self);
    if (self->n_received <= usual ||
        self->setup->shared->n_received <= DAEMON_LIMIT_RECEIVED_BYTES_OF_ALL)
        return;
    refuse(self, "all clients together have sent too much, and its messages are large");
    drop_taken(self, self->in->len);
}

/* What is left of a message when its client sends no more is none. */
static void
drop_rest(DaemonClient *self)
{
    size_t length = 0;
    DaemonFrame found =
        daemon_frame_look(self->in->data, self->in->len, self->protocol->message_least,
                          self->protocol->message_most, &length);

    if (self->is_half_closed && found == DAEMON_FRAME_PART) {
        g_byte_array_set_size(self->in, 0);
        self->message_by_us = 0;
    }
}

static int
on_io(sd_event_source *source, int fd, uint32_t events, void *data)
{
    DaemonClient *self = data;

    (void)source;
    (void)fd;
    if ((events & (EPOLLERR | EPOLLHUP)) != 0 && (events & EPOLLIN) == 0)
        daemon_outbox_close(&self->out);
    if ((events & EPOLLOUT) != 0)
        send_queued(self);
    if ((events & EPOLLIN) != 0 && is_reading(self)) {
        receive(self);
        begin_turn(self);
        cut_messages(self);
        drop_rest(self);
        check_received(self);
    }
    update(self);
    return 0;
}

static int
on_turn(sd_event_source *source, uint64_t at_us, void *data)
{
    DaemonClient *self = data;

    (void)source;
    (void)at_us;
    if (has_ended(self)) {
        self->setup->left(self, self->setup->left_data);
        daemon_client_free(self);
        return 0;
    }
    begin_turn(self);
    hand_over_parked(self);
    cut_messages(self);
    if (!has_turn(self))
        work_on(self);
    drop_rest(self);
    update(self);
    return 0;
}

static bool
has_passed(int64_t at_us)
{
    return at_us != 0 && at_us <= util_deadline_now_us();
}

static int
on_timer(sd_event_source *source, uint64_t at_us, void *data)
{
    DaemonClient *self = data;

    (void)source;
    (void)at_us;
    if (has_passed(self->message_by_us))
        refuse(self, "it did not send its message in time");
    if (has_passed(self->out.send_by_us))
        drop_reader(self, "it took no byte of its answer in time");
    if (has_passed(self->leave_by_us))
        daemon_outbox_close(&self->out);
    update(self);
    return 0;
}

static bool
add_sources(DaemonClient *self, sd_event *loop)
{
    return sd_event_add_io(loop, &self->io, self->fd, EPOLLIN, on_io, self) >= 0 &&
           daemon_loop_add_timer(loop, &self->turn, on_turn, self) >= 0 &&
           daemon_loop_add_timer(loop, &self->timer, on_timer, self) >= 0;
}

DaemonClient *
daemon_client_new(const DaemonClientSetup *setup, int take_fd, const DaemonClientPeer *peer)
{
    DaemonClient *self = g_new0(DaemonClient, 1);

    self->fd = take_fd;
    self->peer = *peer;
    self->setup = setup;
    self->protocol = setup->protocol;
    self->in = g_byte_array_new();
    g_queue_init(&self->parked);
    daemon_outbox_init(&self->out, &setup->shared->outboxes, self);
    if (!add_sources(self, setup->loop)) {
        daemon_client_free(self);
        return NULL;
    }
    self->session = self->protocol->open(self, &self->peer, setup->context);
    return self;
}

void
daemon_client_free(DaemonClient *self)
{
    if (self == NULL)
        return;
    daemon_outbox_close(&self->out);
    if (self->session != NULL)
        self->protocol->close(g_steal_pointer(&self->session));
    sd_event_source_disable_unref(self->io);
    sd_event_source_disable_unref(self->turn);
    sd_event_source_disable_unref(self->timer);
    daemon_outbox_clear(&self->out);
    g_queue_clear_full(&self->parked, free_bytes);
    self->setup->shared->n_received -= self->n_received;
    g_byte_array_unref(self->in);
    util_fd_clear(&self->fd);
    g_free(self);
}

const DaemonClientPeer *
daemon_client_peer(const DaemonClient *self)
{
    return &self->peer;
}

void
daemon_client_finish(DaemonClient *self)
{
    self->is_half_closed = true;
    self->message_by_us = 0;
    g_byte_array_set_size(self->in, 0);
    g_queue_clear_full(&self->parked, free_bytes);
    self->n_parked = 0;
    update(self);
}
