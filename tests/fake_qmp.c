/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_qmp: see fake_qmp.h. Owns its end of the connection. Knows commands by their names
 * only; keeps what went wrong until the test asks, since an assertion may only fail on the
 * test's own thread.
 */
#include "fake_qmp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "qemu/qmp/qemu_command.h"
#include "testing.h"
#include "util/util_fd.h"
#include "util/util_jsonstream.h"

enum { MAX_COMMAND_BYTES = 1 << 16, MAX_COMMAND_ENTRIES = 1000, MAX_COMMAND_DEPTH = 16 };

struct FakeQmp {
    const FakeQmpScript *script;
    UtilFd listen_fd;
    UtilFd fd;
    char *path;
    UtilJsonStream *stream;
    GQueue *commands;   /* UtilJson *: those that the script has not come to */
    const UtilJson *id; /* of the last command taken; a part of @last */
    UtilJson *last;
    GString *out;
    size_t n_sent; /* of @out */
    size_t n_said; /* on this connection */
    size_t place;  /* the next line of the script */
    FakeQmpThen mode;
    bool closes_when_said;
    unsigned int n_connections;
    GString *heard;
    char *trouble;
};

static const FakeQmpReply good_replies[] = {
    {"qmp_capabilities", "{}"},
    {"query-name", "{\"name\":\"good\"}"},
    {"query-uuid", "{\"UUID\":\"6f3d4a0e-3c1e-4bd5-8f3f-2f6b7d9c8a10\"}"},
    {"query-status", "{\"status\":\"running\",\"running\":true}"},
    {"query-cpus-fast", "[]"},
    {"query-blockstats", "[]"},
    {"query-named-block-nodes", "[]"},
    {"query-iothreads", "[]"},
    {"query-balloon", "{\"actual\":134217728}"},
    {"qom-list", "[]"},
    {NULL, NULL},
};

static void
append_greeting(FakeQmp *self)
{
    static const char oob_greeting[] =
        "{\"QMP\":{\"version\":{\"qemu\":{\"micro\":0,\"minor\":2,\"major\":7},\"package\":\"\"},"
        "\"capabilities\":[\"oob\"]}}\r\n";

    g_string_append(self->out, self->script->has_oob ? oob_greeting : FAKE_QMP_GREETING);
}

static void
begin_connection(FakeQmp *self, int take_fd)
{
    static const UtilJsonStreamLimits limits = {MAX_COMMAND_BYTES, MAX_COMMAND_ENTRIES,
                                                MAX_COMMAND_DEPTH};

    self->fd = take_fd;
    util_jsonstream_free(self->stream);
    self->stream = util_jsonstream_new(&limits);
    self->n_connections++;
    self->n_said = 0;
    if (!self->script->goes_on)
        self->place = 0;
    self->mode = self->script->lines ? FAKE_QMP_GOES_ON : FAKE_QMP_ANSWERS;
    if (!self->script->is_bare)
        append_greeting(self);
}

static void
end_connection(FakeQmp *self)
{
    util_fd_clear(&self->fd);
    g_queue_clear_full(self->commands, (GDestroyNotify)util_json_unref);
    g_string_truncate(self->out, 0);
    self->n_sent = 0;
    self->closes_when_said = false;
}

static FakeQmp *
new_fake(const FakeQmpScript *script)
{
    FakeQmp *self = g_new0(FakeQmp, 1);

    self->script = script;
    self->listen_fd = -1;
    self->fd = -1;
    self->commands = g_queue_new();
    self->out = g_string_new(NULL);
    self->heard = g_string_new(NULL);
    return self;
}

FakeQmp *
fake_qmp_new_pair(const FakeQmpScript *script, int *ret_fd)
{
    FakeQmp *self = new_fake(script);
    int fds[2] = {-1, -1};

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    begin_connection(self, fds[0]);
    *ret_fd = fds[1];
    return self;
}

static void
listen_on_file(FakeQmp *self, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    assert_true(strlen(path) < sizeof(address.sun_path));
    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    self->path = g_strdup(path);
    self->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(self->listen_fd, (const void *)&address, sizeof(address)), 0);
}

static void
listen_on_loopback(FakeQmp *self)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    self->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(self->listen_fd, (const void *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(self->listen_fd, (void *)&address, &size), 0);
    self->path = g_strdup_printf("tcp:127.0.0.1:%d", ntohs(address.sin_port));
}

FakeQmp *
fake_qmp_new_listening(const FakeQmpScript *script, const char *path)
{
    FakeQmp *self = new_fake(script);

    if (g_str_has_prefix(path, "tcp:"))
        listen_on_loopback(self);
    else
        listen_on_file(self, path);
    assert_int_equal(listen(self->listen_fd, 1), 0);
    return self;
}

void
fake_qmp_free(FakeQmp *self)
{
    if (self == NULL)
        return;
    end_connection(self);
    util_fd_clear(&self->listen_fd);
    util_jsonstream_free(self->stream);
    util_json_unref(self->last);
    g_queue_free(self->commands);
    g_string_free(self->out, TRUE);
    g_string_free(self->heard, TRUE);
    g_free(self->path);
    g_free(self->trouble);
    g_free(self);
}

const char *
fake_qmp_path(const FakeQmp *self)
{
    return self->path;
}

/* "query-status", "oob:query-yank"; what is no command is "?". The caller frees. */
static char *
name_command(const UtilJson *command)
{
    const char *name = util_json_member_string(command, "execute");
    const char *oob_name = util_json_member_string(command, "exec-oob");

    if (oob_name != NULL)
        return g_strconcat("oob:", oob_name, NULL);
    return g_strdup(name ? name : "?");
}

static void
note_command(FakeQmp *self, UtilJson *take_command)
{
    g_autofree char *name = name_command(take_command);

    if (strcmp(name, "qmp_capabilities") != 0)
        g_string_append_printf(self->heard, "%s%s", self->heard->len > 0 ? " " : "", name);
    g_queue_push_tail(self->commands, take_command);
}

/* Reads what has come; false if it was nothing. */
static bool
hear(FakeQmp *self)
{
    char buffer[4096];
    ssize_t n = recv(self->fd, buffer, sizeof(buffer), 0);
    size_t n_taken = 0;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (n <= 0) {
        end_connection(self);
        return true;
    }
    while (n_taken < (size_t)n) {
        UtilJson *command = NULL;
        ssize_t n_used = util_jsonstream_take(self->stream, buffer + n_taken, (size_t)n - n_taken,
                                              &command, NULL);

        if (n_used < 0) {
            g_free(self->trouble);
            self->trouble = g_strdup("what came is no JSON");
            end_connection(self);
            return true;
        }
        if (command != NULL)
            note_command(self, command);
        n_taken += (size_t)n_used;
    }
    return true;
}

/* Says what is due; false if nothing went out. */
static bool
talk(FakeQmp *self)
{
    size_t size = self->out->len - self->n_sent;
    ssize_t n = 0;

    if (self->script->slice_bytes != 0)
        size = MIN(size, self->script->slice_bytes);
    if (self->script->max_bytes != 0)
        size = MIN(size, self->script->max_bytes - self->n_said);
    n = size > 0 ? send(self->fd, self->out->str + self->n_sent, size, MSG_NOSIGNAL) : 0;
    if (n < 0 && errno != EAGAIN) {
        end_connection(self);
        return true;
    }
    n = MAX(n, 0);
    self->n_sent += (size_t)n;
    self->n_said += (size_t)n;
    if (self->n_sent == self->out->len) {
        g_string_truncate(self->out, 0);
        self->n_sent = 0;
    }
    if (self->n_said == self->script->max_bytes && self->script->max_bytes != 0)
        end_connection(self);
    return n > 0;
}

/* The member that a reply to the last command has for its id. */
static char *
describe_id(const FakeQmp *self)
{
    g_autofree char *id = self->id ? util_json_to_text(self->id, false) : NULL;

    return id ? g_strconcat(",\"id\":", id, NULL) : g_strdup("");
}

static void
append_text(FakeQmp *self, const FakeQmpLine *line)
{
    g_autofree char *id = describe_id(self);
    g_autoptr(GString) text = g_string_new(line->says);

    /* The reply to a request without an id has none. */
    g_string_replace(text, ",\"id\":@id", id, 0);
    for (size_t i = 0; i < MAX(line->n_times, 1); i++) {
        if (line->n_bytes != 0)
            g_string_append_len(self->out, line->says, (gssize)line->n_bytes);
        else
            g_string_append_len(self->out, text->str, (gssize)text->len);
    }
}

static void
pop_command(FakeQmp *self)
{
    util_json_unref(self->last);
    self->last = g_queue_pop_head(self->commands);
    self->id = util_json_member(self->last, "id");
}

static const FakeQmpReply *
find_reply(const FakeQmpReply *replies, const char *name)
{
    for (size_t i = 0; replies != NULL && replies[i].command != NULL; i++)
        if (strcmp(replies[i].command, name) == 0)
            return &replies[i];
    return NULL;
}

/* Every command of ours. The caller frees. */
static char *
list_commands(void)
{
    GString *list = g_string_new("[");

    for (size_t i = 0; i < QEMU_N_COMMANDS; i++)
        g_string_append_printf(list, "%s{\"name\":\"%s\"}", i > 0 ? "," : "",
                               qemu_commands[i].name);
    g_string_append_c(list, ']');
    return g_string_free(list, FALSE);
}

static void
answer_command(FakeQmp *self)
{
    g_autofree char *name = NULL;
    g_autofree char *list = NULL;
    g_autofree char *id = NULL;
    const FakeQmpReply *found = NULL;
    const char *reply = "{}";

    pop_command(self);
    name = name_command(self->last);
    found = find_reply(self->script->replies, name);
    if (found == NULL)
        found = find_reply(good_replies, name);
    if (found != NULL) {
        reply = found->reply;
    } else if (strcmp(name, "query-commands") == 0) {
        list = list_commands();
        reply = list;
    }
    id = describe_id(self);
    if (reply != NULL)
        g_string_append_printf(self->out, "{\"return\":%s%s}\r\n", reply, id);
}

static bool
is_end_of_script(const FakeQmpLine *line)
{
    return line->expects == NULL && line->says == NULL && line->then == FAKE_QMP_GOES_ON;
}

/* True if the negotiation came where the script leaves it to us. */
static bool
take_negotiation(FakeQmp *self, const char *name)
{
    static const FakeQmpLine line = {NULL, FAKE_QMP_RETURN("{}")};

    if (self->script->is_bare || strcmp(name, "qmp_capabilities") != 0)
        return false;
    pop_command(self);
    append_text(self, &line);
    return true;
}

/* Carries out the next line; false if what it waits for has not come. */
static bool
follow_line(FakeQmp *self)
{
    const FakeQmpLine *line = &self->script->lines[self->place];
    g_autofree char *name = NULL;

    if (!g_queue_is_empty(self->commands)) {
        name = name_command(g_queue_peek_head(self->commands));
        if (take_negotiation(self, name))
            return true;
    }
    if (is_end_of_script(line) || line->expects != NULL) {
        if (name == NULL)
            return false;
        pop_command(self);
        if (g_strcmp0(name, line->expects) != 0) {
            g_free(self->trouble);
            self->trouble =
                g_strdup_printf("line %zu of the script expects '%s', and '%s' came", self->place,
                                line->expects ? line->expects : "nothing", name);
            self->mode = FAKE_QMP_IGNORES;
            return true;
        }
    }
    if (line->says != NULL)
        append_text(self, line);
    self->place++;
    self->mode = line->then;
    self->closes_when_said = line->then == FAKE_QMP_CLOSES || line->then == FAKE_QMP_LEAVES;
    if (line->then == FAKE_QMP_LEAVES)
        fake_qmp_retire(self);
    return true;
}

/* True if it came a step further. */
static bool
act(FakeQmp *self)
{
    switch (self->mode) {
    case FAKE_QMP_GOES_ON:
        return follow_line(self);
    case FAKE_QMP_ANSWERS:
        if (g_queue_is_empty(self->commands))
            return false;
        answer_command(self);
        return true;
    case FAKE_QMP_WAITS:
    case FAKE_QMP_IGNORES:
    case FAKE_QMP_IS_DEAF:
    case FAKE_QMP_CLOSES:
    case FAKE_QMP_LEAVES:
    default:
        return false;
    }
}

static bool
is_reading(const FakeQmp *self)
{
    return self->mode != FAKE_QMP_IS_DEAF && self->mode != FAKE_QMP_WAITS;
}

bool
fake_qmp_step(FakeQmp *self)
{
    bool moved = false;

    if (self->fd < 0 && self->listen_fd >= 0) {
        int fd = accept4(self->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0)
            return false;
        begin_connection(self, fd);
        moved = true;
    }
    while (self->fd >= 0 && act(self))
        moved = true;
    if (self->fd >= 0 && is_reading(self))
        moved = hear(self) || moved;
    while (self->fd >= 0 && act(self))
        moved = true;
    if (self->fd >= 0)
        moved = talk(self) || moved;
    if (self->fd >= 0 && self->closes_when_said && self->out->len == 0)
        end_connection(self);
    return moved;
}

void
fake_qmp_settle(FakeQmp *self)
{
    while (fake_qmp_step(self))
        continue;
}

void
fake_qmp_let_go(FakeQmp *self)
{
    if (self->mode == FAKE_QMP_WAITS)
        self->mode = FAKE_QMP_GOES_ON;
}

void
fake_qmp_drop(FakeQmp *self)
{
    end_connection(self);
}

void
fake_qmp_retire(FakeQmp *self)
{
    util_fd_clear(&self->listen_fd);
}

bool
fake_qmp_is_connected(const FakeQmp *self)
{
    return self->fd >= 0;
}

unsigned int
fake_qmp_n_connections(const FakeQmp *self)
{
    return self->n_connections;
}

const char *
fake_qmp_heard(const FakeQmp *self)
{
    return self->heard->str;
}

void
fake_qmp_check(const FakeQmp *self)
{
    if (self->trouble != NULL)
        fail_msg("%s", self->trouble);
}

struct FakeQmpThread {
    GThread *thread;
    FakeQmp *const *fakes;
    size_t n_fakes;
    UtilFd stop_fd;
};

/* What the thread must poll for it: the listener, the connection, or nothing (-1). */
static struct pollfd
wish_of(const FakeQmp *fake)
{
    struct pollfd wish = {.fd = fake->fd >= 0 ? fake->fd : fake->listen_fd, .events = POLLIN};

    if (fake->fd >= 0 && !is_reading(fake) && fake->out->len == 0)
        wish.fd = -1;
    if (fake->fd >= 0 && fake->out->len > 0)
        wish.events |= POLLOUT;
    return wish;
}

static void *
run_fakes(void *data)
{
    FakeQmpThread *self = data;
    g_autofree struct pollfd *wishes = g_new0(struct pollfd, self->n_fakes + 1);

    while ((wishes[self->n_fakes].revents & POLLIN) == 0) {
        for (size_t i = 0; i < self->n_fakes; i++)
            if (wishes[i].revents != 0 || self->fakes[i]->n_connections == 0)
                fake_qmp_settle(self->fakes[i]);
        for (size_t i = 0; i < self->n_fakes; i++)
            wishes[i] = wish_of(self->fakes[i]);
        wishes[self->n_fakes] = (struct pollfd){.fd = self->stop_fd, .events = POLLIN};
        poll(wishes, self->n_fakes + 1, -1);
    }
    return NULL;
}

FakeQmpThread *
fake_qmp_start(FakeQmp *const *fakes, size_t n_fakes)
{
    FakeQmpThread *self = g_new0(FakeQmpThread, 1);

    self->fakes = fakes;
    self->n_fakes = n_fakes;
    self->stop_fd = eventfd(0, EFD_CLOEXEC);
    assert_true(self->stop_fd >= 0);
    self->thread = g_thread_new("fake-qmp", run_fakes, self);
    return self;
}

void
fake_qmp_stop(FakeQmpThread *self)
{
    if (self == NULL)
        return;
    eventfd_write(self->stop_fd, 1);
    g_thread_join(self->thread);
    util_fd_clear(&self->stop_fd);
    g_free(self);
}
