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
 * kernel stops it. When all clients together have sent too much, whoever sends more of large
 * messages is hung up on.
 *
 * One timer serves all limits of time. It is armed when a message has begun and is not whole, when
 * an answer is queued and the socket takes no more, and when the client is leaving.
 *
 * The end is always a turn of its own: nothing that the session called is freed under it.
 */
#include "daemon_client.h"

#include "daemon_limits.h"
#include "daemon_log.h"
#include "daemon_loop.h"
#include "util/util_deadline.h"
#include "util/util_fd.h"

enum { US_PER_MS = 1000 };

struct DaemonClient {
    DaemonClientPeer peer;
    const DaemonClientSetup *setup;
    const DaemonClientProtocol *protocol;
    void *session;
    UtilFd fd;
    DaemonInbox in;
    DaemonOutbox out; /* closed: the connection is broken, or nothing is left to send */
    unsigned int n_calls;
    unsigned int n_taken; /* messages in this turn */
    int64_t turn_by_us;   /* when it ends */
    bool is_half_closed;
    bool is_leaving;
    sd_event_source *io;
    sd_event_source *turn; /* works on at the next turn of the loop */
    sd_event_source *timer;
    int64_t leave_by_us; /* 0: it is not leaving */
};

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
    return !self->is_leaving && !self->out.is_closed && daemon_inbox_has_room(&self->in);
}

/* Whether more is to be read. */
static bool
is_reading(const DaemonClient *self)
{
    return has_room(self) && !self->is_half_closed && !self->in.has_backlog;
}

static void
work_on(DaemonClient *self)
{
    daemon_loop_take_turn(self->turn);
}

static bool
has_ended(const DaemonClient *self)
{
    bool has_work = self->n_calls > 0 || !daemon_inbox_is_empty(&self->in);

    if (self->out.is_closed)
        return true;
    return self->out.n_bytes == 0 && (self->is_leaving || (self->is_half_closed && !has_work));
}

static void
update_timer(DaemonClient *self)
{
    const int64_t deadlines[] = {self->in.message_by_us, self->out.send_by_us, self->leave_by_us};
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

    /* A client that we do not read cannot end its message. */
    if (!has_room(self))
        daemon_inbox_stop_time(&self->in);
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

    if (has_sent && self->in.parked.length > 0 && !is_full(self))
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
    daemon_inbox_release(&self->in, self->n_calls);
    self->n_calls--;
    if (self->in.parked.length > 0)
        work_on(self);
    update(self);
}

static void
hand_over(DaemonClient *self, const uint8_t *bytes, size_t n)
{
    unsigned int n_before = self->n_calls;

    self->protocol->take_message(self->session, bytes, n);
    if (self->n_calls > n_before)
        daemon_inbox_hold(&self->in, n);
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
    while (has_turn(self) && !is_full(self) && !self->is_leaving) {
        g_autoptr(GBytes) message = daemon_inbox_unpark(&self->in);
        size_t size = 0;
        const uint8_t *bytes = NULL;

        if (message == NULL)
            return;
        bytes = g_bytes_get_data(message, &size);
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
    if (is_urgent || (self->in.parked.length == 0 && !is_full(self)))
        hand_over(self, bytes, n);
    else
        daemon_inbox_park(&self->in, bytes, n);
}

/* Takes the messages that were received, while there is room, and time in this turn. One within
 * which the client stops sending is dropped. */
static void
take_messages(DaemonClient *self)
{
    const uint8_t *bytes = NULL;
    size_t n = 0;
    DaemonFrame found = DAEMON_FRAME_NONE;

    while (has_turn(self) && has_room(self) && daemon_inbox_take(&self->in, &bytes, &n))
        take_message(self, bytes, n);
    found = daemon_inbox_end_turn(&self->in);
    if (found == DAEMON_FRAME_BAD)
        refuse(self, "the length of its message is out of bounds");
    else if (found == DAEMON_FRAME_WHOLE && has_room(self))
        work_on(self);
    else if (found == DAEMON_FRAME_PART && self->is_half_closed)
        daemon_inbox_drop(&self->in);
}

static void
receive(DaemonClient *self)
{
    DaemonInboxState state = daemon_inbox_receive(&self->in, self->fd);

    if (state == DAEMON_INBOX_ENDED)
        self->is_half_closed = true;
    else if (state == DAEMON_INBOX_BROKEN)
        daemon_outbox_close(&self->out);
}

static void
check_received(DaemonClient *self)
{
    if (!daemon_inbox_is_too_large(&self->in))
        return;
    refuse(self, "all clients together have sent too much, and its messages are large");
    daemon_inbox_drop(&self->in);
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
        take_messages(self);
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
    take_messages(self);
    if (!has_turn(self))
        work_on(self);
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
    if (has_passed(self->in.message_by_us))
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
    daemon_inbox_init(&self->in, &setup->shared->inboxes, self->protocol->message_least,
                      self->protocol->message_most);
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
    daemon_inbox_clear(&self->in);
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
    daemon_inbox_drop_all(&self->in);
    update(self);
}
