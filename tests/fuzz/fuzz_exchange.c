/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target of the exchange with a monitor: whatever a peer sends through a real socket,
 * every command is answered, refused or lost exactly once.
 *
 * Each input is what one peer says. It is said line by line, so that a session that was captured is
 * answered in full, and in small slices, with a round that ends in the middle.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "qemu/qmp/qemu_monitor.h"
#include "util/util_fd.h"

enum { N_COMMANDS = 10, MAX_SLICE_BYTES = 4096, SMALL_SLICE_BYTES = 5 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In the order in which the captured peers answered them. */
static const QemuCommandId commands[N_COMMANDS] = {
    QEMU_COMMAND_QUERY_NAME,       QEMU_COMMAND_QUERY_UUID,
    QEMU_COMMAND_QUERY_STATUS,     QEMU_COMMAND_QUERY_CPUS_FAST,
    QEMU_COMMAND_QUERY_BALLOON,    QEMU_COMMAND_QUERY_BLOCKSTATS,
    QEMU_COMMAND_QUERY_IOTHREADS,  QEMU_COMMAND_QUERY_NAMED_BLOCK_NODES,
    QEMU_COMMAND_QUERY_DIRTY_RATE, QEMU_COMMAND_QOM_GET_GUEST_STATS,
};

typedef struct {
    QemuMonitor *monitor;
    QemuMonitorBuffer *buffer;
    UtilFd peer_fd;
    QemuAnswer answers[N_COMMANDS];
    QemuAnswer settled[N_COMMANDS]; /* as first seen; borrowed */
    bool is_forgotten;
    bool is_closed;
} Session;

/* An answer that is set stays as it is; one that is not set has no message. */
static void
check_answers(Session *self)
{
    for (size_t i = 0; i < N_COMMANDS; i++) {
        const QemuAnswer *answer = &self->answers[i];
        QemuAnswer *settled = &self->settled[i];

        g_assert(answer->status != QEMU_ANSWER_NONE);
        g_assert((answer->message != NULL) ==
                 (answer->status == QEMU_ANSWER_RETURNED || answer->status == QEMU_ANSWER_REFUSED));
        if (settled->status != QEMU_ANSWER_NONE)
            g_assert(answer->status == settled->status && answer->message == settled->message);
        else if (answer->status != QEMU_ANSWER_WAITING)
            *settled = *answer;
    }
}

static void
step(Session *self)
{
    g_autoptr(GError) error = NULL;
    char heard[MAX_SLICE_BYTES];
    QemuStep outcome = QEMU_STEP_RECEIVED;

    while (outcome == QEMU_STEP_RECEIVED || outcome == QEMU_STEP_SENT)
        outcome = qemu_monitor_step(self->monitor, self->buffer, &error);
    g_assert((outcome == QEMU_STEP_CLOSED) == (error != NULL));
    self->is_closed = outcome == QEMU_STEP_CLOSED;
    /* With the probe. */
    g_assert(qemu_monitor_n_in_flight(self->monitor) <= QEMU_LIMIT_IN_FLIGHT + 1);
    check_answers(self);
    while (recv(self->peer_fd, heard, sizeof(heard), MSG_DONTWAIT) > 0)
        continue;
}

/* How much of @data is said next: a line, or a little. */
static size_t
slice_of(const uint8_t *data, size_t size, bool is_by_line)
{
    const uint8_t *end = is_by_line ? memchr(data, '\n', size) : NULL;

    if (!is_by_line)
        return MIN(size, SMALL_SLICE_BYTES);
    return MIN(end ? (size_t)(end - data) + 1 : size, MAX_SLICE_BYTES);
}

static void
ask(Session *self)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        qemu_monitor_queue(self->monitor, commands[i], "balloon0", &self->answers[i]);
}

/* The call is over: the answers are not waited for any more. */
static void
end_round(Session *self)
{
    qemu_monitor_forget(self->monitor);
    qemu_monitor_begin_call(self->monitor);
    self->is_forgotten = true;
}

static void
run_session(const uint8_t *data, size_t size, bool is_by_line)
{
    g_autofree Session *self = g_new0(Session, 1);
    size_t n_said = 0;
    int fds[2] = {-1, -1};

    g_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
    self->peer_fd = fds[0];
    self->buffer = g_new(QemuMonitorBuffer, 1);
    self->monitor = qemu_monitor_new(qemu_channel_new_fd(fds[1]));
    ask(self);
    while (n_said < size && !self->is_closed) {
        size_t n = slice_of(data + n_said, size - n_said, is_by_line);

        g_assert(send(self->peer_fd, data + n_said, n, MSG_NOSIGNAL) == (ssize_t)n);
        n_said += n;
        step(self);
        qemu_monitor_probe(self->monitor);
        if (!is_by_line && !self->is_forgotten && n_said > size / 2)
            end_round(self);
    }
    util_fd_clear(&self->peer_fd);
    if (!self->is_closed)
        step(self);
    g_assert(self->is_closed);
    qemu_monitor_free(self->monitor);
    check_answers(self);
    for (size_t i = 0; i < N_COMMANDS; i++) {
        g_assert(self->answers[i].status != QEMU_ANSWER_WAITING || self->is_forgotten);
        qemu_answer_clear(&self->answers[i]);
    }
    g_free(self->buffer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    run_session(data, size, true);
    run_session(data, size, false);
    return 0;
}
