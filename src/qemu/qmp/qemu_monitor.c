/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_monitor: see qemu_monitor.h.
 *
 * How it works
 *
 * A monitor starts with a connected socket, which proves nothing: the kernel accepts connections
 * for a QEMU that already serves its one client, and for one that is stopped. The greeting proves
 * that QEMU serves this connection; it also has QEMU's capabilities. Then the negotiation and all
 * queued commands are sent together, without waiting for the negotiation's reply, since QEMU
 * handles requests in order.
 *
 *     new --greeting--> greeted --end of file, protocol error--> closed
 *
 * Commands wait in @queued until fewer than QEMU_LIMIT_IN_FLIGHT are unanswered. With out-of-band
 * commands on, QEMU stops reading once eight requests are queued; then it would not read a probe
 * either. With seven it still does, even while a command of another monitor blocks the main loop.
 *
 * QEMU answers in-band commands in the order of the requests, so a reply belongs to the oldest
 * command. An id costs time, because QEMU reads a request byte by byte with system calls for each
 * byte. So only the last of the commands that are sent together has an id, a digit from 0 to 9 in
 * turn: its reply proves that no reply before it was lost or added. The negotiation has its own id,
 * and so has the probe, whose reply may overtake others. QEMU takes no probe before it has answered
 * the negotiation.
 *
 * A forgotten command keeps its place in @in_flight until its reply has come. So a late reply is
 * never taken for the reply to a newer command, and n_in_flight() shows when a QEMU that was silent
 * has caught up. A reply with an id where none is due, or without the id that is due, is a protocol
 * error, and so is an object that is no QMP message: the connection is closed, since no later reply
 * could be trusted. An error without an id is allowed: QEMU sends it for a request it cannot parse.
 *
 * Deliberately left undone: unsubscribing from events, which QMP does not offer; resending.
 */
#include "qemu_monitor.h"

#include <errno.h>
#include <string.h>

#include "qemu_event_count.h"
#include "util/util_deadline.h"
#include "util/util_error.h"
#include "util/util_jsonstream.h"

enum {
    N_PLAIN_IDS = 10, /* ids 0 to 9: one digit */
    PROBE_ID = 10,
    NEGOTIATION_ID = 11,
    MAX_REASON_BYTES = 256, /* of an error text of the peer that is quoted in ours */
};

typedef struct {
    QemuCommandId command;
    char *path;
    QemuAnswer *answer;
} Queued;

typedef struct {
    int id;             /* QEMU_QMP_NO_ID: it was sent without one */
    QemuAnswer *answer; /* NULL: the command was forgotten, or is the negotiation */
} InFlight;

typedef enum { PROBE_NONE, PROBE_SENT, PROBE_ANSWERED } ProbeState;

struct QemuMonitor {
    QemuChannel *channel;
    UtilJsonStream *stream;
    GString *out;                             /* bytes not taken by the kernel yet */
    GArray *queued;                           /* Queued: commands that are not in @out yet */
    InFlight in_flight[QEMU_LIMIT_IN_FLIGHT]; /* unanswered ones but the probe; oldest first */
    unsigned int n_in_flight;
    int next_id;
    char *greeting; /* as text, which takes the least memory; NULL: it has not come */
    int qemu_major; /* 0: not told */
    bool offers_oob;
    bool has_oob; /* the negotiation was answered, and turned out-of-band commands on */
    ProbeState probe;
    bool probe_is_owed; /* the reply to a probe, perhaps of an earlier call, is still to come */
    QemuEvents events;
    QemuFactsEvents
        counted;            /* since the negotiation was answered: QEMU sends events from then on */
    bool is_kept;           /* a call before this one used it too */
    size_t n_events;        /* in this call */
    size_t n_bytes;         /* in this call */
    uint64_t n_reply_bytes; /* of this connection: complete messages that are no events */
    uint64_t n_unfinished;  /* bytes so far of the message that is not complete */
};

void
qemu_answer_clear(QemuAnswer *self)
{
    util_json_unref(self->message);
    *self = (QemuAnswer){.status = QEMU_ANSWER_NONE};
}

static void
clear_queued(gpointer data)
{
    Queued *item = data;

    g_free(item->path);
}

QemuMonitor *
qemu_monitor_new(QemuChannel *take_channel)
{
    QemuMonitor *self = g_new0(QemuMonitor, 1);

    self->channel = take_channel;
    self->stream = qemu_qmp_new_stream();
    self->out = g_string_new(NULL);
    self->queued = g_array_new(FALSE, FALSE, sizeof(Queued));
    g_array_set_clear_func(self->queued, clear_queued);
    return self;
}

static void
lose_answers(QemuMonitor *self)
{
    for (unsigned int i = 0; i < self->n_in_flight; i++)
        if (self->in_flight[i].answer != NULL)
            self->in_flight[i].answer->status = QEMU_ANSWER_LOST;
    for (guint i = 0; i < self->queued->len; i++)
        g_array_index(self->queued, Queued, i).answer->status = QEMU_ANSWER_LOST;
    self->n_in_flight = 0;
    g_array_set_size(self->queued, 0);
}

void
qemu_monitor_free(QemuMonitor *self)
{
    if (self == NULL)
        return;
    lose_answers(self);
    g_array_unref(self->queued);
    g_string_free(self->out, TRUE);
    util_jsonstream_free(self->stream);
    g_free(self->greeting);
    qemu_event_count_clear(&self->counted);
    qemu_channel_free(self->channel);
    g_free(self);
}

void
qemu_monitor_queue(QemuMonitor *self, QemuCommandId command, const char *path, QemuAnswer *answer)
{
    Queued item = {command, g_strdup(path), answer};

    qemu_answer_clear(answer);
    answer->status = QEMU_ANSWER_WAITING;
    g_array_append_val(self->queued, item);
}

bool
qemu_monitor_probe(QemuMonitor *self)
{
    if (!self->has_oob)
        return false;
    if (self->probe != PROBE_NONE || self->probe_is_owed)
        return true;
    qemu_qmp_append_command(self->out, QEMU_COMMAND_QUERY_YANK, NULL, PROBE_ID, true);
    self->probe = PROBE_SENT;
    self->probe_is_owed = true;
    return true;
}

bool
qemu_monitor_probe_is_answered(const QemuMonitor *self)
{
    return self->probe == PROBE_ANSWERED;
}

static void
send_queued(QemuMonitor *self)
{
    guint n_sent = 0;

    if (self->greeting == NULL)
        return;
    while (n_sent < self->queued->len && self->n_in_flight < QEMU_LIMIT_IN_FLIGHT) {
        const Queued *item = &g_array_index(self->queued, Queued, n_sent++);
        int id = QEMU_QMP_NO_ID;

        if (n_sent == self->queued->len) {
            id = self->next_id;
            self->next_id = (id + 1) % N_PLAIN_IDS;
        }
        qemu_qmp_append_command(self->out, item->command, item->path, id, false);
        self->in_flight[self->n_in_flight++] = (InFlight){id, item->answer};
    }
    if (n_sent > 0)
        g_array_remove_range(self->queued, 0, n_sent);
}

/* Sends queued commands as far as the kernel takes them, and sets @ret_sent if it took any bytes.
 * False if the connection is over. */
static bool
flush(QemuMonitor *self, bool *ret_sent, GError **error)
{
    send_queued(self);
    while (self->out->len > 0) {
        ssize_t n = qemu_channel_send(self->channel, self->out->str, self->out->len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == ENOTCONN))
            return true;
        if (n < 0) {
            g_set_error(error, UTIL_ERROR, UTIL_ERROR_CONNECT, "QEMU closed the connection: %s",
                        g_strerror(errno));
            return false;
        }
        g_string_erase(self->out, 0, n);
        *ret_sent = true;
    }
    return true;
}

static bool
take_greeting(QemuMonitor *self, const UtilJson *object, const QemuQmpMessage *message,
              GError **error)
{
    if (self->greeting != NULL) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN, "the peer greeted twice");
        return false;
    }
    self->greeting = util_json_to_text(object, false);
    self->offers_oob = message->offers_oob;
    self->qemu_major = message->qemu_major;
    qemu_qmp_append_negotiation(self->out, self->offers_oob, NEGOTIATION_ID);
    self->in_flight[self->n_in_flight++] = (InFlight){NEGOTIATION_ID, NULL};
    return true;
}

static bool
take_event(QemuMonitor *self, const QemuQmpMessage *message, GError **error)
{
    if (++self->n_events > QEMU_LIMIT_EVENTS_PER_CALL) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN,
                    "QEMU sent more than %d events that were not read before, or in one call",
                    QEMU_LIMIT_EVENTS_PER_CALL);
        return false;
    }
    qemu_event_note(&self->events, message->event, message->value);
    qemu_event_count_note(&self->counted, message->event, message->value);
    return true;
}

/* True if @message may be the reply to the oldest command. */
static bool
is_due(const QemuMonitor *self, const QemuQmpMessage *message)
{
    int id = self->in_flight[0].id;

    if (self->n_in_flight == 0)
        return false;
    if (!message->has_id)
        return id == QEMU_QMP_NO_ID || message->kind == QEMU_QMP_ERROR;
    return id != QEMU_QMP_NO_ID && message->id == id;
}

static QemuAnswerRefusal
refusal_of(const QemuQmpMessage *message)
{
    static const struct {
        const char *error_class;
        QemuAnswerRefusal refusal;
    } classes[] = {
        {"CommandNotFound", QEMU_ANSWER_REFUSAL_NO_COMMAND},
        {"DeviceNotActive", QEMU_ANSWER_REFUSAL_NO_DEVICE},
        {"KVMMissingCap", QEMU_ANSWER_REFUSAL_NO_DEVICE},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(classes); i++)
        if (g_strcmp0(classes[i].error_class, message->error_class) == 0)
            return classes[i].refusal;
    return QEMU_ANSWER_REFUSAL_OTHER;
}

/* The error text of @message if it is short enough to be quoted. */
static const char *
short_error_text(const QemuQmpMessage *message)
{
    bool is_short = message->error_text != NULL &&
                    strnlen(message->error_text, MAX_REASON_BYTES + 1) <= MAX_REASON_BYTES;

    return is_short ? message->error_text : "no short reason given";
}

const char *
qemu_answer_error_text(const QemuAnswer *self)
{
    QemuQmpMessage message = qemu_qmp_parse(self->message);

    return short_error_text(&message);
}

static bool
take_negotiation(QemuMonitor *self, const QemuQmpMessage *message, GError **error)
{
    if (message->kind == QEMU_QMP_ERROR) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN, "the peer refused the negotiation: %s",
                    short_error_text(message));
        return false;
    }
    self->has_oob = self->offers_oob;
    if (qemu_channel_fd(self->channel) >= 0)
        qemu_event_count_begin(&self->counted, util_deadline_wall_us() / G_USEC_PER_SEC);
    return true;
}

/* Takes a reply or an error. */
static bool
take_answer(QemuMonitor *self, UtilJson *object, const QemuQmpMessage *message, GError **error)
{
    InFlight found = self->in_flight[0];
    bool is_return = message->kind == QEMU_QMP_RETURN;

    if (message->has_id && message->id == PROBE_ID && self->probe_is_owed) {
        self->probe_is_owed = false;
        self->probe = PROBE_ANSWERED;
        return true;
    }
    if (!is_due(self, message)) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN,
                    "the peer answered what it had not been asked (id %" G_GINT64_FORMAT ")",
                    message->has_id ? message->id : -1);
        return false;
    }
    self->n_in_flight--;
    memmove(&self->in_flight[0], &self->in_flight[1], self->n_in_flight * sizeof(found));
    if (found.id == NEGOTIATION_ID)
        return take_negotiation(self, message, error);
    if (found.answer == NULL)
        return true;
    found.answer->message = util_json_ref(object);
    found.answer->value = is_return ? message->value : NULL;
    found.answer->status = is_return ? QEMU_ANSWER_RETURNED : QEMU_ANSWER_REFUSED;
    found.answer->refusal = refusal_of(message);
    return true;
}

static bool
take_message(QemuMonitor *self, UtilJson *object, GError **error)
{
    QemuQmpMessage message = qemu_qmp_parse(object);

    if (message.kind != QEMU_QMP_EVENT)
        self->n_reply_bytes += self->n_unfinished;
    self->n_unfinished = 0;
    /* Events may come first: while QEMU is still letting go of the client before, it already sends
     * events to the new one. */
    if (self->greeting == NULL && message.kind != QEMU_QMP_GREETING &&
        message.kind != QEMU_QMP_EVENT) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN,
                    "the peer does not speak QMP: its first message is no greeting");
        return false;
    }
    switch (message.kind) {
    case QEMU_QMP_GREETING:
        return take_greeting(self, object, &message, error);
    case QEMU_QMP_EVENT:
        return take_event(self, &message, error);
    case QEMU_QMP_RETURN:
    case QEMU_QMP_ERROR:
        return take_answer(self, object, &message, error);
    case QEMU_QMP_INVALID:
    default:
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN,
                    "the peer sent an object that is no QMP message");
        return false;
    }
}

/* Adds @size bytes to the unfinished message, without the line end of the message before. */
static void
count_part(QemuMonitor *self, const char *bytes, size_t size)
{
    while (self->n_unfinished == 0 && size > 0 && g_ascii_isspace(bytes[0])) {
        bytes++;
        size--;
    }
    self->n_unfinished += size;
}

static bool
take_bytes(QemuMonitor *self, const char *bytes, size_t size, GError **error)
{
    self->n_bytes += size;
    if (self->n_bytes > QEMU_LIMIT_BYTES_PER_CALL) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN, "more than %d bytes in one call",
                    QEMU_LIMIT_BYTES_PER_CALL);
        return false;
    }
    while (size > 0) {
        g_autoptr(UtilJson) object = NULL;
        ssize_t n = util_jsonstream_take(self->stream, bytes, size, &object, error);

        if (n < 0)
            return false;
        count_part(self, bytes, (size_t)n);
        if (object != NULL && !take_message(self, object, error))
            return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

QemuStep
qemu_monitor_step(QemuMonitor *self, QemuMonitorBuffer *buffer, GError **error)
{
    bool has_sent = false;

    if (!flush(self, &has_sent, error))
        return QEMU_STEP_CLOSED;
    /* At most one buffer is received, so that one monitor cannot hold up the others. */
    for (;;) {
        ssize_t n = qemu_channel_receive(self->channel, buffer->bytes, sizeof(buffer->bytes));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == ENOTCONN))
            break;
        if (n <= 0) {
            g_set_error(error, UTIL_ERROR, UTIL_ERROR_CONNECT, "QEMU closed the connection%s%s",
                        n < 0 ? ": " : "", n < 0 ? g_strerror(errno) : "");
            return QEMU_STEP_CLOSED;
        }
        if (!take_bytes(self, buffer->bytes, (size_t)n, error) || !flush(self, &has_sent, error))
            return QEMU_STEP_CLOSED;
        return QEMU_STEP_RECEIVED;
    }
    return has_sent ? QEMU_STEP_SENT : QEMU_STEP_WOULD_BLOCK;
}

QemuStep
qemu_monitor_send(QemuMonitor *self, GError **error)
{
    bool has_sent = false;

    if (!flush(self, &has_sent, error))
        return QEMU_STEP_CLOSED;
    return has_sent ? QEMU_STEP_SENT : QEMU_STEP_WOULD_BLOCK;
}

void
qemu_monitor_begin_call(QemuMonitor *self)
{
    self->is_kept = true;
    self->n_events = 0;
    self->n_bytes = 0;
    /* While a reply is owed, the outcome of the probe still tells about the command that blocks. */
    if (self->n_in_flight == 0)
        self->probe = PROBE_NONE;
}

void
qemu_monitor_forget(QemuMonitor *self)
{
    for (unsigned int i = 0; i < self->n_in_flight; i++)
        self->in_flight[i].answer = NULL;
    g_array_set_size(self->queued, 0);
}

int
qemu_monitor_fd(const QemuMonitor *self)
{
    return qemu_channel_fd(self->channel);
}

bool
qemu_monitor_wants_write(const QemuMonitor *self)
{
    return self->out->len > 0;
}

bool
qemu_monitor_has_greeted(const QemuMonitor *self)
{
    return self->greeting != NULL;
}

unsigned int
qemu_monitor_n_in_flight(const QemuMonitor *self)
{
    return self->n_in_flight + (self->probe_is_owed ? 1 : 0);
}

uint64_t
qemu_monitor_progress(const QemuMonitor *self)
{
    return self->n_reply_bytes + self->n_unfinished;
}

bool
qemu_monitor_has_part(const QemuMonitor *self)
{
    return self->n_unfinished > 0;
}

bool
qemu_monitor_is_flooded(const QemuMonitor *self)
{
    return self->n_events > QEMU_LIMIT_EVENTS_PER_CALL;
}

bool
qemu_monitor_offers_oob(const QemuMonitor *self)
{
    return self->offers_oob;
}

bool
qemu_monitor_is_held_up(const QemuMonitor *self)
{
    return self->offers_oob && !self->has_oob;
}

pid_t
qemu_monitor_peer_pid(const QemuMonitor *self)
{
    return qemu_channel_peer_pid(self->channel);
}

int
qemu_monitor_qemu_major(const QemuMonitor *self)
{
    return self->qemu_major;
}

UtilJson *
qemu_monitor_make_greeting(const QemuMonitor *self)
{
    if (self->greeting == NULL)
        return NULL;
    return util_json_parse(self->greeting, strlen(self->greeting), QEMU_LIMIT_REPLY_DEPTH, NULL);
}

QemuEvents
qemu_monitor_take_events(QemuMonitor *self)
{
    QemuEvents events = self->events;

    self->events.doubts = 0;
    return events;
}

const QemuFactsEvents *
qemu_monitor_counted(const QemuMonitor *self)
{
    return self->is_kept && self->counted.since_s != 0 ? &self->counted : NULL;
}

char *
qemu_monitor_make_version(const QemuMonitor *self)
{
    static const char *const names[] = {"major", "minor", "micro"};
    g_autoptr(UtilJson) greeting = qemu_monitor_make_greeting(self);
    const UtilJson *version = util_json_member(util_json_member(greeting, "QMP"), "version");
    const UtilJson *qemu = util_json_member(version, "qemu");
    uint64_t numbers[G_N_ELEMENTS(names)] = {0};

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        UtilCount number = util_json_member_count(qemu, names[i]);

        if (!number.is_present)
            return NULL;
        numbers[i] = number.value;
    }
    return g_strdup_printf("%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT,
                           numbers[0], numbers[1], numbers[2]);
}
