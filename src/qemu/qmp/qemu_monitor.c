/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_monitor: one QMP connection.
 *
 * Owns the channel, the bytes half sent and half received, and the answers still waited for.
 * Knows nothing of what a command means, of other connections, or of time: qemu_exchange says
 * when to move and when to give up.
 *
 * How it works
 *
 * A monitor is born when connect() succeeded, which says nothing yet: QEMU serves one client,
 * and a stopped QEMU's kernel accepts as well. The greeting is the proof. With it come the
 * capabilities; the negotiation is then sent together with all that was queued, for replies
 * come in the order of the requests and no round trip need be spent.
 *
 *     new --greeting--> greeted --end of file, broken rule--> closed
 *
 * Commands wait in @queued until fewer than QEMU_LIMIT_IN_FLIGHT are unanswered: with out-of-band
 * on, QEMU stops reading when eight requests are queued, and an out-of-band probe would then be
 * read as late as everything else. Seven are, when the main loop is blocked by another monitor's
 * command.
 *
 * QEMU answers in-band commands in the order in which they came, and reads a request byte by byte,
 * some system calls each. So an answer is the oldest command's, and only the last command of those
 * queued together carries an id, a digit that goes round: its answer proves that none was lost or
 * added before it. The probe, which may overtake, and the negotiation have ids of their own; before
 * QEMU has taken the negotiation, which is in band, it takes no probe either.
 *
 * What nobody waits for any more (forget) keeps its slot until its reply has come: so a late reply
 * is never taken for a new one, and n_in_flight() tells when a silent QEMU has caught up. A reply
 * with an id where none is due, or without the one that is, breaks the rules, as does what is no
 * message at all: the connection is then closed, and nothing of it is believed further. (An error
 * may come without: QEMU does not know the id of what it could not read.)
 *
 * Deliberately left undone: unsubscribing from events (QMP has none); resending.
 */
#include "qemu_monitor.h"

#include <errno.h>
#include <string.h>

#include "util/util_error.h"
#include "util/util_jsonstream.h"

enum {
    N_PLAIN_IDS = 10, /* one digit */
    PROBE_ID = 10,
    NEGOTIATION_ID = 11,
    MAX_REASON_BYTES = 256, /* of the peer's own words in ours */
};

typedef struct {
    QemuCommandId command;
    char *path;
    QemuAnswer *answer;
} Queued;

typedef struct {
    int id;             /* or QEMU_QMP_NO_ID */
    QemuAnswer *answer; /* NULL: forgotten, or the negotiation's */
} InFlight;

typedef enum { PROBE_NONE, PROBE_SENT, PROBE_ANSWERED } ProbeState;

struct QemuMonitor {
    QemuChannel *channel;
    UtilJsonStream *stream;
    GString *out; /* bytes not taken by the kernel yet */
    GArray *queued;
    InFlight in_flight[QEMU_LIMIT_IN_FLIGHT]; /* oldest first */
    unsigned int n_in_flight;
    int next_id;
    char *greeting; /* as text, which is the smallest; NULL: it has not come */
    int qemu_major;
    bool offers_oob;
    bool has_oob; /* negotiated: the commands below may be out of band */
    ProbeState probe;
    bool probe_is_owed; /* a reply to the probe is still to come */
    QemuEvents events;
    size_t n_events;        /* in this call */
    size_t n_bytes;         /* in this call */
    uint64_t n_reply_bytes; /* of this connection: whole messages that are no events */
    uint64_t n_unfinished;  /* bytes of the message that has not come to its end */
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
    static const UtilJsonStreamLimits limits = {
        .max_bytes = QEMU_LIMIT_REPLY_BYTES,
        .max_entries = QEMU_LIMIT_REPLY_ENTRIES,
        .max_depth = QEMU_LIMIT_REPLY_DEPTH,
    };
    QemuMonitor *self = g_new0(QemuMonitor, 1);

    self->channel = take_channel;
    self->stream = util_jsonstream_new(&limits);
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

/* False when the connection is over. */
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
    return true;
}

/* Whether @message may be the reply to the oldest command. */
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

static bool
take_answer(QemuMonitor *self, UtilJson *object, const QemuQmpMessage *message, GError **error)
{
    InFlight found = self->in_flight[0];

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
    if (found.id == NEGOTIATION_ID && message->kind == QEMU_QMP_ERROR) {
        bool is_short = message->error_text != NULL &&
                        strnlen(message->error_text, MAX_REASON_BYTES + 1) <= MAX_REASON_BYTES;

        g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN, "the peer refused the negotiation: %s",
                    is_short ? message->error_text : "no short reason given");
        return false;
    }
    if (found.id == NEGOTIATION_ID)
        self->has_oob = self->offers_oob;
    if (found.answer == NULL)
        return true;
    found.answer->message = util_json_ref(object);
    found.answer->value = message->kind == QEMU_QMP_RETURN ? message->value : NULL;
    found.answer->status =
        message->kind == QEMU_QMP_RETURN ? QEMU_ANSWER_RETURNED : QEMU_ANSWER_REFUSED;
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
    /* QEMU sends events to a new client while it still counts the one before it as its client. */
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

/* The line end behind a message is no part of the next one. */
static void
note_part(QemuMonitor *self, const char *bytes, size_t size)
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
        note_part(self, bytes, (size_t)n);
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
    /* One buffer is a fair share: then the other monitors have their turn. */
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
    self->n_events = 0;
    self->n_bytes = 0;
    /* As long as answers are owed, what the probe told of them holds. */
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
