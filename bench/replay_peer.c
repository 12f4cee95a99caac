/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * replay_peer: many slow QEMUs in one process: a recorded domain behind any number of sockets, each
 * of which answers one request at a time after a fixed delay.
 *
 *   replay_peer --recording DOMAIN_FOLDER --folder DIR --first K --sockets N --delay-us D
 *               [--kinds M]
 *
 * serves DIR/bench-0000K.sock and the next, prints "ready", and ends when its standard input does.
 * Each monitor has a name and a UUID of its own; all other replies are the recorded ones, with the
 * request's id if it had one. With several kinds, neighbours differ as bench_kinds says.
 *
 * How it works. It shares the machine with what is measured, so it does as little as it can:
 * - It looks a request up by its bytes up to the id. The same commands come in the same order again
 *   and again, so it first compares with the request that followed the last one before.
 * - It sends replies on ticks, a twentieth of the delay apart: all that are due, those of one
 * monitor with one call. After requests have come it sleeps until the next tick, so that it reads
 * more of them together.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "bench_kinds.h"
#include "qemu/qmp/qemu_command.h"
#include "qemu/recording/qemu_recording_reader.h"
#include "util/util_deadline.h"
#include "util/util_fd.h"

enum {
    N_EVENTS = 1024,
    MAX_DEPTH = 16,
    MAX_WAITING = 32, /* requests of one monitor; the driver has fewer commands */
    MAX_ID_BYTES = 32,
    TICKS_PER_DELAY = 20,
};

#define ID_MARK "\"id\":"

typedef enum { REPLY_FIXED, REPLY_NAME, REPLY_UUID } ReplyKind;

/* What is sent for one request. */
typedef struct Reply Reply;
struct Reply {
    ReplyKind kind;
    GString *request; /* without its id and its closing brace */
    GPtrArray *all;   /* GString *: the message without an id, for REPLY_FIXED; one a kind */
    Reply *next;      /* the request that followed this one the last time */
};

/* A reply to be sent. */
typedef struct {
    const Reply *reply;
    char id[MAX_ID_BYTES]; /* JSON text; empty: none */
} Waiting;

typedef struct Monitor Monitor;
struct Monitor {
    unsigned int number; /* in its name */
    UtilFd listen_fd;
    UtilFd fd;        /* -1: no client */
    GString *pending; /* bytes of a request that is not whole yet */
    Waiting waiting[MAX_WAITING];
    unsigned int first, n_waiting; /* a ring */
    int64_t due_us;                /* of the first of them */
    Monitor *behind;               /* in the list of those with something to send */
    bool is_listed;
};

typedef struct {
    char *recording;
    char *folder;
    int first;
    int n_sockets;
    int delay_us;
    int n_kinds;
} Options;

typedef struct {
    const Options *options;
    Monitor *monitors;
    UtilFd poll_fd;
    char *greeting;
    GPtrArray *replies; /* Reply * */
    Reply *last;        /* the one that was found last */
    Monitor *due_first; /* by due_us, which only grows since all delays are the same */
    Monitor *due_last;
    int64_t tick_us;
    char buffer[65536];
} Peer;

/* {"return":...} as the file of the recording has it, opened for more members; or a refusal. */
static char *
read_reply(const Peer *self, int command)
{
    g_autoptr(UtilJson) message =
        command < 0 ? NULL
                    : qemu_recording_reader_read_object(self->options->recording,
                                                        qemu_commands[command].file_name, NULL);
    const char *member = util_json_has(message, "return") ? "return" : "error";
    g_autofree char *value = util_json_to_text(util_json_member(message, member), false);

    if (message == NULL)
        return g_strdup("{\"error\":{\"class\":\"CommandNotFound\",\"desc\":\"not recorded\"}");
    return g_strdup_printf("{\"%s\":%s", member, value);
}

static Reply *
make_reply(const Peer *self, const char *request, size_t size, size_t stem_size)
{
    g_autoptr(UtilJson) object = util_json_parse(request, size, MAX_DEPTH, NULL);
    const char *name = util_json_member_string(object, "execute");
    g_autofree char *start = NULL;
    Reply *reply = g_new0(Reply, 1);

    if (name == NULL)
        name = util_json_member_string(object, "exec-oob");
    reply->request = g_string_new_len(request, (gssize)stem_size);
    reply->all = g_ptr_array_new();
    if (g_strcmp0(name, "query-name") == 0)
        reply->kind = REPLY_NAME;
    else if (g_strcmp0(name, "query-uuid") == 0)
        reply->kind = REPLY_UUID;
    if (g_strcmp0(name, "qmp_capabilities") == 0)
        start = g_strdup("{\"return\":{}");
    else
        start = read_reply(
            self, name ? qemu_command_find(name, util_json_member(object, "arguments")) : -1);
    for (int kind = 0; kind < self->options->n_kinds; kind++) {
        GString *all = g_string_new(NULL);
        g_autofree char *made = self->options->n_kinds > 1
                                    ? bench_kinds_make(start, (unsigned int)kind)
                                    : g_strdup(start);

        g_string_printf(all, "%s}\r\n", made);
        g_ptr_array_add(reply->all, all);
    }
    return reply;
}

static bool
is_request(const Reply *reply, const char *stem, size_t size)
{
    return reply->request->len == size && memcmp(reply->request->str, stem, size) == 0;
}

/* The reply to the request of @size bytes, of which the first @stem_size are all but its id. */
static Reply *
find_reply(Peer *self, const char *request, size_t size, size_t stem_size)
{
    Reply *reply = self->last ? self->last->next : NULL;

    if (reply == NULL || !is_request(reply, request, stem_size)) {
        reply = NULL;
        for (guint i = 0; reply == NULL && i < self->replies->len; i++)
            if (is_request(g_ptr_array_index(self->replies, i), request, stem_size))
                reply = g_ptr_array_index(self->replies, i);
    }
    if (reply == NULL) {
        reply = make_reply(self, request, size, stem_size);
        g_ptr_array_add(self->replies, reply);
    }
    if (self->last != NULL)
        self->last->next = reply;
    self->last = reply;
    return reply;
}

/* Sends all of it. A reply is smaller than a socket's buffer, so this hardly ever waits. */
static void
send_all(const Monitor *monitor, struct iovec *parts, size_t n_parts)
{
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = n_parts};

    while (message.msg_iovlen > 0) {
        const struct iovec *part = message.msg_iov;
        ssize_t n = message.msg_iovlen == 1
                        ? send(monitor->fd, part->iov_base, part->iov_len, MSG_NOSIGNAL)
                        : sendmsg(monitor->fd, &message, MSG_NOSIGNAL);

        if (n < 0)
            return; /* the client has gone: its end is seen when it is read from */
        for (; message.msg_iovlen > 0 && (size_t)n >= message.msg_iov->iov_len;
             message.msg_iovlen--)
            n -= (ssize_t)(message.msg_iov++)->iov_len;
        if (message.msg_iovlen > 0) {
            message.msg_iov->iov_base = (char *)message.msg_iov->iov_base + n;
            message.msg_iov->iov_len -= (size_t)n;
        }
    }
}

static void
send_text(const Monitor *monitor, char *text, size_t size)
{
    send_all(monitor, &(struct iovec){text, size}, 1);
}

/* These are asked once a connection. */
static void
send_identity(const Monitor *monitor, const Waiting *it)
{
    const char *mark = it->id[0] ? "," ID_MARK : "";
    g_autofree char *text =
        it->reply->kind == REPLY_NAME
            ? g_strdup_printf("{\"return\":{\"name\":\"bench-%05u\"}%s%s}\r\n", monitor->number,
                              mark, it->id)
            : g_strdup_printf("{\"return\":{\"UUID\":\"00000000-0000-4000-8000-%012u\"}%s%s}\r\n",
                              monitor->number, mark, it->id);

    send_text(monitor, text, strlen(text));
}

/* Adds the message to @parts, and gives how many those are. */
static size_t
add_parts(const Monitor *monitor, const Waiting *it, struct iovec *parts)
{
    const GString *all = g_ptr_array_index(it->reply->all, monitor->number % it->reply->all->len);
    size_t n = 0;

    if (it->id[0] == '\0') {
        parts[n++] = (struct iovec){all->str, all->len};
        return n;
    }
    parts[n++] = (struct iovec){all->str, all->len - strlen("}\r\n")};
    parts[n++] = (struct iovec){(char *)(uintptr_t)("," ID_MARK), strlen("," ID_MARK)};
    parts[n++] = (struct iovec){(char *)(uintptr_t)it->id, strlen(it->id)};
    parts[n++] = (struct iovec){(char *)(uintptr_t) "}\r\n", strlen("}\r\n")};
    return n;
}

static void
list_due(Peer *self, Monitor *monitor)
{
    monitor->behind = NULL;
    monitor->is_listed = true;
    if (self->due_first == NULL)
        self->due_first = monitor;
    else
        self->due_last->behind = monitor;
    self->due_last = monitor;
}

/* False if there is no room for it. */
static bool
enqueue(Peer *self, Monitor *monitor, const Reply *reply, const char *id, size_t id_size,
        int64_t now_us)
{
    Waiting *it = &monitor->waiting[(monitor->first + monitor->n_waiting) % MAX_WAITING];

    if (monitor->n_waiting == MAX_WAITING || id_size >= MAX_ID_BYTES)
        return false;
    it->reply = reply;
    memcpy(it->id, id, id_size);
    it->id[id_size] = '\0';
    if (monitor->n_waiting++ == 0)
        monitor->due_us = now_us + self->options->delay_us;
    if (!monitor->is_listed)
        list_due(self, monitor);
    return true;
}

/* Where the string that begins at @at ends; @size if it is not whole. */
static size_t
find_quote(const char *bytes, size_t at, size_t size)
{
    for (at++; at < size && bytes[at] != '"'; at++)
        at += bytes[at] == '\\';
    return MIN(at, size);
}

/* Where the object that begins at @bytes ends; 0 if it is not whole. Sets where the comma before
 * its id is, if that is its last member, else where its closing brace is. */
static size_t
find_end(const char *bytes, size_t size, size_t *ret_stem_size)
{
    int depth = 0;
    size_t comma = 0;

    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '"') {
            i = find_quote(bytes, i, size);
        } else if (bytes[i] == '{' || bytes[i] == '[') {
            depth++;
        } else if (bytes[i] == ',' && depth == 1) {
            comma = i;
        } else if ((bytes[i] == '}' || bytes[i] == ']') && --depth == 0) {
            bool has_id = comma > 0 && i - comma > strlen("," ID_MARK) &&
                          memcmp(bytes + comma + 1, ID_MARK, strlen(ID_MARK)) == 0;

            *ret_stem_size = has_id ? comma : i;
            return i + 1;
        }
    }
    return 0;
}

/* Closes the client's end. send_due() then takes the monitor off the list. */
static void
drop_client(Monitor *monitor)
{
    util_fd_clear(&monitor->fd);
    g_string_truncate(monitor->pending, 0);
    monitor->n_waiting = 0;
}

/* Takes the requests that are whole, and gives how many bytes they were; -1: more than a monitor
 * keeps, or an id that is too long. */
static ssize_t
take_requests(Peer *self, Monitor *monitor, const char *bytes, size_t size, int64_t now_us)
{
    const char *at = bytes;
    size_t left = size;

    for (;;) {
        size_t stem_size = 0;
        size_t length = 0;
        size_t id_at = 0;

        for (; left > 0 && g_ascii_isspace(*at); left--)
            at++;
        length = find_end(at, left, &stem_size);
        if (length == 0)
            return at - bytes;
        id_at = MIN(stem_size + strlen("," ID_MARK), length - 1);
        if (!enqueue(self, monitor, find_reply(self, at, length, stem_size), at + id_at,
                     length - 1 - id_at, now_us))
            return -1;
        at += length;
        left -= length;
    }
}

static void
read_requests(Peer *self, Monitor *monitor, int64_t now_us)
{
    ssize_t n = recv(monitor->fd, self->buffer, sizeof(self->buffer), 0);
    GString *pending = monitor->pending;
    bool is_pending = pending->len > 0;
    ssize_t n_taken = -1;

    if (n > 0 && is_pending)
        g_string_append_len(pending, self->buffer, n);
    if (n > 0)
        n_taken = take_requests(self, monitor, is_pending ? pending->str : self->buffer,
                                is_pending ? pending->len : (size_t)n, now_us);
    if (n_taken < 0)
        drop_client(monitor);
    else if (is_pending)
        g_string_erase(pending, 0, n_taken);
    else
        g_string_append_len(pending, self->buffer + n_taken, n - n_taken);
}

/* What epoll gives back: which monitor, and which of its two descriptors; 0 is the input. */
static uint64_t
tag_of(const Peer *self, const Monitor *monitor, bool is_listener)
{
    return 2 * (uint64_t)(monitor - self->monitors + 1) + is_listener;
}

static void
accept_client(Peer *self, Monitor *monitor)
{
    util_fd_clear(&monitor->fd);
    monitor->fd = accept4(monitor->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    if (monitor->fd < 0)
        return;
    send_text(monitor, self->greeting, strlen(self->greeting));
    epoll_ctl(self->poll_fd, EPOLL_CTL_ADD, monitor->fd,
              &(struct epoll_event){.events = EPOLLIN, .data.u64 = tag_of(self, monitor, false)});
}

/* Sends what is due on one monitor. */
static void
send_monitor(const Peer *self, Monitor *monitor, int64_t now_us)
{
    struct iovec parts[4 * MAX_WAITING];
    size_t n_parts = 0;

    while (monitor->n_waiting > 0 && monitor->due_us <= now_us) {
        const Waiting *it = &monitor->waiting[monitor->first];

        if (it->reply->kind == REPLY_FIXED) {
            n_parts += add_parts(monitor, it, parts + n_parts);
        } else {
            send_all(monitor, parts, n_parts);
            n_parts = 0;
            send_identity(monitor, it);
        }
        monitor->first = (monitor->first + 1) % MAX_WAITING;
        monitor->n_waiting--;
        monitor->due_us += self->options->delay_us;
    }
    send_all(monitor, parts, n_parts);
}

/* Sends what is due, once for each monitor. */
static void
send_due(Peer *self, int64_t now_us)
{
    Monitor *monitor = NULL;

    while ((monitor = self->due_first) != NULL &&
           (monitor->due_us <= now_us || monitor->n_waiting == 0)) {
        self->due_first = monitor->behind;
        monitor->is_listed = false;
        send_monitor(self, monitor, now_us);
        if (monitor->n_waiting > 0)
            list_due(self, monitor);
    }
}

static bool
listen_on(Peer *self, Monitor *monitor)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    g_snprintf(address.sun_path, sizeof(address.sun_path), "%s/bench-%05u.sock",
               self->options->folder, monitor->number);
    monitor->fd = -1;
    monitor->pending = g_string_new(NULL);
    monitor->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return monitor->listen_fd >= 0 &&
           bind(monitor->listen_fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
           listen(monitor->listen_fd, 1) == 0 &&
           epoll_ctl(self->poll_fd, EPOLL_CTL_ADD, monitor->listen_fd,
                     &(struct epoll_event){.events = EPOLLIN,
                                           .data.u64 = tag_of(self, monitor, true)}) == 0;
}

static bool
start(Peer *self)
{
    g_autoptr(UtilJson) greeting = qemu_recording_reader_read_object(
        self->options->recording, QEMU_RECORDING_GREETING_FILE, NULL);
    g_autofree char *text = util_json_to_text(greeting, false);

    if (greeting == NULL)
        return false;
    self->greeting = g_strconcat(text, "\r\n", NULL);
    self->replies = g_ptr_array_new();
    self->tick_us = self->options->delay_us / TICKS_PER_DELAY;
    self->monitors = g_new0(Monitor, (size_t)self->options->n_sockets);
    self->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < self->options->n_sockets; i++) {
        self->monitors[i].number = (unsigned int)(self->options->first + i);
        if (!listen_on(self, &self->monitors[i]))
            return false;
    }
    return epoll_ctl(self->poll_fd, EPOLL_CTL_ADD, STDIN_FILENO,
                     &(struct epoll_event){.events = EPOLLIN, .data.u64 = 0}) == 0;
}

/* The time from @now_us until the first tick that is not before @at_us. */
static struct timespec
until_tick(const Peer *self, int64_t at_us, int64_t now_us)
{
    int64_t tick_us = MAX(self->tick_us, 1);
    int64_t left_us = MAX((at_us + tick_us - 1) / tick_us * tick_us - now_us, 0);

    return (struct timespec){left_us / 1000000, left_us % 1000000 * 1000};
}

/* Waits for requests, or until something is due; gives how many monitors have events. */
static int
wait_for_events(const Peer *self, struct epoll_event *events)
{
    struct timespec left = {0};

    if (self->due_first == NULL)
        return epoll_wait(self->poll_fd, events, N_EVENTS, -1);
    left = until_tick(self, self->due_first->due_us, util_deadline_now_us());
    return epoll_pwait2(self->poll_fd, events, N_EVENTS, &left, NULL);
}

static void
serve(Peer *self)
{
    static struct epoll_event events[N_EVENTS];
    struct timespec left = {0};

    for (;;) {
        int n = wait_for_events(self, events);
        int64_t now_us = util_deadline_now_us();

        for (int i = 0; i < n; i++) {
            uint64_t what = events[i].data.u64;

            if (what == 0)
                return;
            if (what % 2 == 1)
                accept_client(self, &self->monitors[what / 2 - 1]);
            else
                read_requests(self, &self->monitors[what / 2 - 1], now_us);
        }
        send_due(self, now_us);
        if (n > 0 && n < N_EVENTS && self->due_first != NULL && self->tick_us > 0) {
            now_us = util_deadline_now_us();
            left = until_tick(self, now_us + 1, now_us);
            ppoll(NULL, 0, &left, NULL);
        }
    }
}

int
main(int argc, char **argv)
{
    Options options = {.first = 1, .n_sockets = 1, .n_kinds = 1};
    const GOptionEntry entries[] = {
        {"recording", 0, 0, G_OPTION_ARG_FILENAME, &options.recording, "one domain's", "DIR"},
        {"folder", 0, 0, G_OPTION_ARG_FILENAME, &options.folder, "of the sockets", "DIR"},
        {"first", 0, 0, G_OPTION_ARG_INT, &options.first, "number of the first socket", "K"},
        {"sockets", 0, 0, G_OPTION_ARG_INT, &options.n_sockets, "how many", "N"},
        {"delay-us", 0, 0, G_OPTION_ARG_INT, &options.delay_us, "of each reply", "D"},
        {"kinds", 0, 0, G_OPTION_ARG_INT, &options.n_kinds, "of domains", "M"},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- serves a recording, slowly");
    g_autoptr(GError) error = NULL;
    g_autofree Peer *peer = g_new0(Peer, 1);

    peer->options = &options;
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) || options.recording == NULL ||
        options.folder == NULL || options.n_kinds < 1) {
        fprintf(stderr, "replay_peer: %s\n",
                error ? error->message : "--recording and --folder are needed, and a kind");
        return 2;
    }
    if (!start(peer)) {
        fprintf(stderr, "replay_peer: cannot serve %s in %s: %s\n", options.recording,
                options.folder, g_strerror(errno));
        return 1;
    }
    puts("ready");
    fflush(stdout);
    serve(peer);
    return 0;
}
