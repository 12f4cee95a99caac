/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_recording_peer: see qemu_recording_peer.h.
 *
 * Follows QEMU's protocol: it greets first, refuses commands before the negotiation and a second
 * negotiation, and ends each message with CR LF.
 */
#include "qemu_recording_peer.h"

#include <errno.h>
#include <string.h>

#include "qemu/qmp/qemu_command.h"
#include "qemu/qmp/qemu_qmp.h"
#include "qemu_recording_reader.h"
#include "util/util_jsonout.h"

struct QemuRecordingPeer {
    char *replies[QEMU_N_COMMANDS]; /* "\"return\":..." or "\"error\":..."; NULL: not recorded */
    UtilJsonStream *requests;
    GString *out;
    size_t n_fetched; /* bytes of @out that were received already */
    bool is_negotiated;
    bool is_over; /* bytes that are no request came: the connection ends after @out */
};

/* The text of the member @name of @message: "name":value. The caller frees. */
static char *
make_member_text(const UtilJson *message, const char *name)
{
    g_autofree char *value = util_json_to_text(util_json_member(message, name), false);

    return g_strdup_printf("\"%s\":%s", name, value);
}

static bool
read_reply(QemuRecordingPeer *self, const char *folder, size_t command, GError **error)
{
    const char *file_name = qemu_commands[command].file_name;
    GError *fault = NULL;
    g_autoptr(UtilJson) message = qemu_recording_reader_read_object(folder, file_name, &fault);

    if (fault != NULL) {
        g_propagate_error(error, fault);
        return false;
    }
    if (message == NULL)
        return true;
    if (util_json_has(message, "return")) {
        self->replies[command] = make_member_text(message, "return");
    } else if (util_json_kind(util_json_member(message, "error")) == UTIL_JSON_OBJECT) {
        self->replies[command] = make_member_text(message, "error");
    } else {
        qemu_recording_reader_set_fault(error, folder, file_name, "neither a return nor an error");
        return false;
    }
    return true;
}

static bool
read_greeting(QemuRecordingPeer *self, const char *folder, GError **error)
{
    GError *fault = NULL;
    g_autoptr(UtilJson) greeting =
        qemu_recording_reader_read_object(folder, QEMU_RECORDING_GREETING_FILE, &fault);
    g_autofree char *text = NULL;

    if (fault != NULL) {
        g_propagate_error(error, fault);
        return false;
    }
    if (util_json_kind(util_json_member(greeting, "QMP")) != UTIL_JSON_OBJECT) {
        qemu_recording_reader_set_fault(error, folder, QEMU_RECORDING_GREETING_FILE,
                                        greeting ? "no greeting" : "no such file");
        return false;
    }
    text = make_member_text(greeting, "QMP");
    g_string_append_printf(self->out, "{%s}\r\n", text);
    return true;
}

QemuRecordingPeer *
qemu_recording_peer_new(const char *folder, GError **error)
{
    g_autoptr(QemuRecordingPeer) self = g_new0(QemuRecordingPeer, 1);

    self->requests = qemu_qmp_new_stream();
    self->out = g_string_new(NULL);
    if (!read_greeting(self, folder, error))
        return NULL;
    for (size_t i = 0; i < QEMU_N_COMMANDS; i++)
        if (!read_reply(self, folder, i, error))
            return NULL;
    return g_steal_pointer(&self);
}

void
qemu_recording_peer_free(QemuRecordingPeer *self)
{
    if (self == NULL)
        return;
    for (size_t i = 0; i < QEMU_N_COMMANDS; i++)
        g_free(self->replies[i]);
    util_jsonstream_free(self->requests);
    g_string_free(self->out, TRUE);
    g_free(self);
}

/* Makes the reply to @request ready: @member ("return":... or "error":...) and the request's id. */
static void
append_reply(QemuRecordingPeer *self, const UtilJson *request, const char *member)
{
    g_string_append_c(self->out, '{');
    g_string_append(self->out, member);
    if (util_json_has(request, "id")) {
        g_autofree char *id = util_json_to_text(util_json_member(request, "id"), false);

        g_string_append(self->out, ",\"id\":");
        g_string_append(self->out, id);
    }
    g_string_append(self->out, "}\r\n");
}

static void
append_refusal(QemuRecordingPeer *self, const UtilJson *request, const char *error_class,
               const char *text)
{
    g_autoptr(UtilJsonOut) failure = util_jsonout_new_object();
    g_autofree char *value = NULL;
    g_autofree char *member = NULL;

    util_jsonout_set(failure, "class", util_jsonout_new_string(error_class));
    util_jsonout_set(failure, "desc", util_jsonout_new_string(text));
    value = util_jsonout_to_text(failure, false);
    member = g_strconcat("\"error\":", value, NULL);
    append_reply(self, request, member);
}

static void
answer(QemuRecordingPeer *self, const UtilJson *request)
{
    const char *name = util_json_member_string(request, "execute");
    bool is_negotiation = false;
    int command = -1;

    if (name == NULL)
        name = util_json_member_string(request, "exec-oob");
    if (name == NULL) {
        append_refusal(self, request, "GenericError", "a request must name what to execute");
        return;
    }
    is_negotiation = g_str_equal(name, "qmp_capabilities");
    if (is_negotiation && !self->is_negotiated) {
        self->is_negotiated = true;
        append_reply(self, request, "\"return\":{}");
        return;
    }
    command = qemu_command_find(name, util_json_member(request, "arguments"));
    /* A recording holds one of the two forms of this reply, which give the same facts. */
    if (command == QEMU_COMMAND_QUERY_NAMED_BLOCK_NODES_NESTED && self->replies[command] == NULL)
        command = QEMU_COMMAND_QUERY_NAMED_BLOCK_NODES;
    if (!self->is_negotiated || is_negotiation)
        append_refusal(self, request, "CommandNotFound", "not at this point of the negotiation");
    else if (command < 0 || self->replies[command] == NULL)
        append_refusal(self, request, "CommandNotFound", "no reply to this command was recorded");
    else
        append_reply(self, request, self->replies[command]);
}

void
qemu_recording_peer_send(QemuRecordingPeer *self, const char *bytes, size_t size)
{
    while (size > 0 && !self->is_over) {
        g_autoptr(UtilJson) request = NULL;
        ssize_t n = util_jsonstream_take(self->requests, bytes, size, &request, NULL);

        if (n < 0) {
            self->is_over = true;
            return;
        }
        if (request != NULL)
            answer(self, request);
        bytes += n;
        size -= (size_t)n;
    }
}

ssize_t
qemu_recording_peer_receive(QemuRecordingPeer *self, char *buffer, size_t size)
{
    size_t n = MIN(size, self->out->len - self->n_fetched);

    if (n == 0 && self->is_over)
        return 0;
    if (n == 0) {
        errno = EAGAIN;
        return -1;
    }
    memcpy(buffer, self->out->str + self->n_fetched, n);
    self->n_fetched += n;
    if (self->n_fetched == self->out->len) {
        g_string_truncate(self->out, 0);
        self->n_fetched = 0;
    }
    return (ssize_t)n;
}

static void
send_bytes(void *data, const char *bytes, size_t size)
{
    qemu_recording_peer_send(data, bytes, size);
}

static ssize_t
receive_bytes(void *data, char *buffer, size_t size)
{
    return qemu_recording_peer_receive(data, buffer, size);
}

static void
free_peer(void *data)
{
    qemu_recording_peer_free(data);
}

QemuChannel *
qemu_recording_peer_open(const char *folder, GError **error)
{
    static const QemuChannelPeer functions = {send_bytes, receive_bytes, free_peer};
    QemuRecordingPeer *self = qemu_recording_peer_new(folder, error);

    return self ? qemu_channel_new_peer(&functions, self) : NULL;
}
