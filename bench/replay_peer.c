/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * replay_peer: many slow QEMUs in one process: a recorded domain behind any number of sockets,
 * each answering one request at a time after a fixed delay.
 *
 *   replay_peer --recording DOMAIN_FOLDER --folder DIR --first K --sockets N --delay-us D
 *
 * serves DIR/bench-0000K.sock and the next, prints "ready", and ends when its standard input does.
 * Each monitor has a name and a UUID of its own; all other replies are the recorded ones. Does
 * as little as it can, for it shares the machine with what is measured: a request that came
 * before is looked up by its bytes, and its reply is sent as it stands.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "qemu/qemu_command.h"
#include "qemu/qemu_recorded.h"
#include "util/util_deadline.h"
#include "util/util_fd.h"

enum { N_EVENTS = 256, MAX_DEPTH = 16 };

typedef enum { REPLY_FIXED, REPLY_NAME, REPLY_UUID } ReplyKind;

/* What is sent for one request; without its number for REPLY_NAME and REPLY_UUID. */
typedef struct {
    ReplyKind kind;
    char *id;     /* JSON text */
    GString *all; /* the whole message, for REPLY_FIXED */
} Reply;

typedef struct {
    unsigned int number; /* in its name */
    UtilFd listen_fd;
    UtilFd fd;        /* -1: no client */
    GString *pending; /* bytes of a request that is not whole yet */
    GQueue replies;   /* Reply *, borrowed: still to be sent */
    int64_t due_us;   /* of the first of them */
} Monitor;

typedef struct {
    char *recording;
    char *folder;
    int first;
    int n_sockets;
    int delay_us;
} Options;

typedef struct {
    const Options *options;
    Monitor *monitors;
    UtilFd poll_fd;
    char *greeting;
    GHashTable *replies; /* request -> Reply * */
    GQueue waiting;      /* Monitor *, by due_us, which only grows since all delays are the same */
    char buffer[65536];
} Peer;

/* {"return":...} as the file of the recording has it, opened for more members; or a refusal. */
static char *
read_reply(const Peer *self, int command)
{
    g_autoptr(UtilJson) message =
        command < 0 ? NULL
                    : qemu_recorded_read_object(self->options->recording,
                                                qemu_commands[command].file_name, NULL);
    const char *member = util_json_has(message, "return") ? "return" : "error";
    g_autofree char *value = util_json_to_text(util_json_member(message, member), false);

    if (message == NULL)
        return g_strdup("{\"error\":{\"class\":\"CommandNotFound\",\"desc\":\"not recorded\"}");
    return g_strdup_printf("{\"%s\":%s", member, value);
}

static Reply *
make_reply(const Peer *self, const char *request, size_t size)
{
    g_autoptr(UtilJson) object = util_json_parse(request, size, MAX_DEPTH, NULL);
    const char *name = util_json_member_string(object, "execute");
    g_autofree char *start = NULL;
    Reply *reply = g_new0(Reply, 1);

    if (name == NULL)
        name = util_json_member_string(object, "exec-oob");
    reply->id = util_json_to_text(util_json_member(object, "id"), false);
    reply->all = g_string_new(NULL);
    if (g_strcmp0(name, "query-name") == 0)
        reply->kind = REPLY_NAME;
    else if (g_strcmp0(name, "query-uuid") == 0)
        reply->kind = REPLY_UUID;
    if (g_strcmp0(name, "qmp_capabilities") == 0)
        start = g_strdup("{\"return\":{}");
    else
        start = read_reply(
            self, name ? qemu_command_find(name, util_json_member(object, "arguments")) : -1);
    g_string_printf(reply->all, "%s,\"id\":%s}\r\n", start, reply->id);
    return reply;
}

static const Reply *
find_reply(Peer *self, const char *request, size_t size)
{
    g_autofree char *key = g_strndup(request, size);
    Reply *reply = g_hash_table_lookup(self->replies, key);

    if (reply == NULL) {
        reply = make_reply(self, request, size);
        g_hash_table_insert(self->replies, g_steal_pointer(&key), reply);
    }
    return reply;
}

/* All of it: a reply is smaller than what a socket takes, so this hardly ever waits. */
static void
send_all(const Monitor *monitor, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = send(monitor->fd, bytes, size, MSG_NOSIGNAL);

        if (n < 0)
            return; /* the client has gone: its end is seen when it is read from */
        bytes += n;
        size -= (size_t)n;
    }
}

static void
send_reply(const Monitor *monitor, const Reply *reply)
{
    g_autofree char *text = NULL;

    if (reply->kind == REPLY_NAME)
        text = g_strdup_printf("{\"return\":{\"name\":\"bench-%05u\"},\"id\":%s}\r\n",
                               monitor->number, reply->id);
    else if (reply->kind == REPLY_UUID)
        text = g_strdup_printf(
            "{\"return\":{\"UUID\":\"00000000-0000-4000-8000-%012u\"},\"id\":%s}\r\n",
            monitor->number, reply->id);
    send_all(monitor, text ? text : reply->all->str, text ? strlen(text) : reply->all->len);
}

static void
enqueue(Peer *self, Monitor *monitor, const Reply *reply)
{
    g_queue_push_tail(&monitor->replies, (gpointer)(uintptr_t)reply);
    if (g_queue_get_length(&monitor->replies) > 1)
        return;
    monitor->due_us = util_deadline_now_us() + self->options->delay_us;
    g_queue_push_tail(&self->waiting, monitor);
}

/* Where the object that begins at @bytes ends; 0 if it is not whole. */
static size_t
find_end(const char *bytes, size_t size)
{
    int depth = 0;
    bool is_string = false;

    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '"')
            is_string = !is_string;
        else if (!is_string && bytes[i] == '{')
            depth++;
        else if (!is_string && bytes[i] == '}' && --depth == 0)
            return i + 1;
    }
    return 0;
}

static void
drop_client(Peer *self, Monitor *monitor)
{
    util_fd_clear(&monitor->fd);
    g_string_truncate(monitor->pending, 0);
    g_queue_clear(&monitor->replies);
    g_queue_remove(&self->waiting, monitor);
}

static void
read_requests(Peer *self, Monitor *monitor)
{
    ssize_t n = recv(monitor->fd, self->buffer, sizeof(self->buffer), 0);
    size_t end = 0;

    if (n <= 0) {
        drop_client(self, monitor);
        return;
    }
    g_string_append_len(monitor->pending, self->buffer, n);
    while ((end = find_end(monitor->pending->str, monitor->pending->len)) > 0) {
        enqueue(self, monitor, find_reply(self, monitor->pending->str, end));
        g_string_erase(monitor->pending, 0, (gssize)end);
    }
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
    send_all(monitor, self->greeting, strlen(self->greeting));
    epoll_ctl(self->poll_fd, EPOLL_CTL_ADD, monitor->fd,
              &(struct epoll_event){.events = EPOLLIN, .data.u64 = tag_of(self, monitor, false)});
}

/* Sends what is due, and gives the time until more is; -1: nothing waits. */
static int64_t
send_due(Peer *self)
{
    Monitor *monitor = NULL;
    int64_t now_us = util_deadline_now_us();

    while ((monitor = g_queue_peek_head(&self->waiting)) != NULL && monitor->due_us <= now_us) {
        g_queue_pop_head(&self->waiting);
        send_reply(monitor, g_queue_pop_head(&monitor->replies));
        if (g_queue_is_empty(&monitor->replies))
            continue;
        monitor->due_us += self->options->delay_us;
        g_queue_push_tail(&self->waiting, monitor);
    }
    return monitor ? monitor->due_us - now_us : -1;
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
    g_autoptr(UtilJson) greeting =
        qemu_recorded_read_object(self->options->recording, QEMU_RECORDED_GREETING_FILE, NULL);
    g_autofree char *text = util_json_to_text(greeting, false);

    if (greeting == NULL)
        return false;
    self->greeting = g_strconcat(text, "\r\n", NULL);
    self->replies = g_hash_table_new(g_str_hash, g_str_equal);
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

static void
serve(Peer *self)
{
    struct epoll_event events[N_EVENTS];

    for (;;) {
        int64_t left_us = send_due(self);
        struct timespec wait = {left_us / 1000000, left_us % 1000000 * 1000};
        int n = epoll_pwait2(self->poll_fd, events, N_EVENTS, left_us < 0 ? NULL : &wait, NULL);

        for (int i = 0; i < n; i++) {
            uint64_t what = events[i].data.u64;

            if (what == 0)
                return;
            if (what % 2 == 1)
                accept_client(self, &self->monitors[what / 2 - 1]);
            else
                read_requests(self, &self->monitors[what / 2 - 1]);
        }
    }
}

int
main(int argc, char **argv)
{
    Options options = {.first = 1, .n_sockets = 1};
    const GOptionEntry entries[] = {
        {"recording", 0, 0, G_OPTION_ARG_FILENAME, &options.recording, "one domain's", "DIR"},
        {"folder", 0, 0, G_OPTION_ARG_FILENAME, &options.folder, "of the sockets", "DIR"},
        {"first", 0, 0, G_OPTION_ARG_INT, &options.first, "number of the first socket", "K"},
        {"sockets", 0, 0, G_OPTION_ARG_INT, &options.n_sockets, "how many", "N"},
        {"delay-us", 0, 0, G_OPTION_ARG_INT, &options.delay_us, "of each reply", "D"},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- serves a recording, slowly");
    g_autoptr(GError) error = NULL;
    g_autofree Peer *peer = g_new0(Peer, 1);

    peer->options = &options;
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) || options.recording == NULL ||
        options.folder == NULL) {
        fprintf(stderr, "replay_peer: %s\n",
                error ? error->message : "--recording and --folder are needed");
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
