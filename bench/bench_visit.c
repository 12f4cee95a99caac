/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench_visit: see bench_visit.h.
 *
 * Does with the replies what no reader can do less than: takes them out of the socket, and counts
 * line ends. QEMU ends each message with one, and begins those that are events with their
 * timestamp.
 */
#include "bench_visit.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bench_wire.h"
#include "util/util_error.h"
#include "util/util_fd.h"

#define REQUEST "{\"exec"

enum {
    DEADLINE_MS = 60000,
    N_EVENTS = 64,
};

typedef struct {
    char *path;
    GString *requests;
    unsigned int n_replies; /* with the greeting */
    UtilFd fd;
    unsigned int n_left; /* replies of this visit still to come */
    size_t n_reply_bytes;
    bool is_line_started; /* some bytes of the next message have come */
    bool is_event;        /* that message is an event */
} Visit;

struct BenchVisit {
    GPtrArray *visits;
    UtilFd poll_fd;
    char buffer[65536];
};

static void
free_visit(gpointer data)
{
    Visit *visit = data;

    util_fd_clear(&visit->fd);
    g_free(visit->path);
    g_string_free(visit->requests, TRUE);
    g_free(visit);
}

static unsigned int
count_requests(const GString *requests)
{
    unsigned int n = 0;

    for (const char *at = requests->str; (at = strstr(at, REQUEST)) != NULL; at++)
        n++;
    return n;
}

BenchVisit *
bench_visit_new(const GPtrArray *paths, GError **error)
{
    g_autoptr(BenchVisit) self = g_new0(BenchVisit, 1);

    self->visits = g_ptr_array_new_with_free_func(free_visit);
    self->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    for (guint i = 0; i < paths->len; i++) {
        const char *path = g_ptr_array_index(paths, i);
        GString *sent = bench_wire_sent_to(path);
        Visit *visit = NULL;

        if (sent == NULL || sent->len == 0) {
            g_set_error(error, UTIL_ERROR, UTIL_ERROR_CONNECT, "floor: no visit to '%s' was seen",
                        path);
            return NULL;
        }
        visit = g_new0(Visit, 1);
        visit->path = g_strdup(path);
        visit->requests = sent;
        visit->n_replies = 1 + count_requests(sent);
        visit->fd = -1;
        g_ptr_array_add(self->visits, visit);
    }
    return g_steal_pointer(&self);
}

void
bench_visit_free(BenchVisit *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->visits);
    util_fd_clear(&self->poll_fd);
    g_free(self);
}

static bool
fail(const Visit *visit, const char *what, GError **error)
{
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_CONNECT, "floor: '%s': %s: %s", visit->path, what,
                errno != 0 ? g_strerror(errno) : "end of file");
    return false;
}

static bool
begin(const BenchVisit *self, Visit *visit, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = visit};
    const GString *requests = visit->requests;

    g_strlcpy(address.sun_path, visit->path, sizeof(address.sun_path));
    visit->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (visit->fd < 0 || connect(visit->fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return fail(visit, "cannot connect", error);
    if (send(visit->fd, requests->str, requests->len, MSG_NOSIGNAL) != (ssize_t)requests->len)
        return fail(visit, "cannot send", error);
    visit->n_left = visit->n_replies;
    visit->n_reply_bytes = 0;
    visit->is_line_started = false;
    return epoll_ctl(self->poll_fd, EPOLL_CTL_ADD, visit->fd, &event) == 0 ||
           fail(visit, "cannot poll", error);
}

/* Reads what has come of one visit, and ends the visit with its last reply. */
static bool
go_on(BenchVisit *self, Visit *visit, GError **error)
{
    ssize_t n = recv(visit->fd, self->buffer, sizeof(self->buffer), 0);

    if (n <= 0)
        return fail(visit, "QEMU closed the connection", error);
    visit->n_reply_bytes += (size_t)n;
    for (const char *at = self->buffer, *end = self->buffer + n; at < end;) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((line_end ? line_end : end) - at);

        if (!visit->is_line_started)
            visit->is_event = length > 2 && at[2] == 't';
        visit->is_line_started = line_end == NULL;
        if (line_end == NULL)
            break;
        if (!visit->is_event && visit->n_left > 0)
            visit->n_left--;
        at = line_end + 1;
    }
    if (visit->n_left == 0)
        util_fd_clear(&visit->fd);
    return true;
}

bool
bench_visit_run(BenchVisit *self, size_t *ret_n_values, GError **error)
{
    struct epoll_event events[N_EVENTS];
    guint n_open = self->visits->len;

    *ret_n_values = 0;
    for (guint i = 0; i < self->visits->len; i++) {
        Visit *visit = g_ptr_array_index(self->visits, i);

        if (!begin(self, visit, error))
            return false;
        *ret_n_values += visit->n_replies;
    }
    while (n_open > 0) {
        int n = epoll_wait(self->poll_fd, events, N_EVENTS, DEADLINE_MS);

        if (n <= 0 && errno != EINTR) {
            g_set_error(error, UTIL_ERROR, UTIL_ERROR_CONNECT, "floor: %u visits are silent",
                        n_open);
            return false;
        }
        for (int i = 0; i < n; i++) {
            Visit *visit = events[i].data.ptr;

            if (!go_on(self, visit, error))
                return false;
            n_open -= visit->fd < 0 ? 1 : 0;
        }
    }
    return true;
}

UtilJsonOut *
bench_visit_describe(const BenchVisit *self)
{
    const Visit *first = self->visits->len > 0 ? g_ptr_array_index(self->visits, 0) : NULL;
    UtilJsonOut *all = util_jsonout_new_object();

    util_jsonout_set(all, "requests", util_jsonout_new_string(first ? first->requests->str : ""));
    util_jsonout_set(all, "request_bytes",
                     util_jsonout_new_count(first ? first->requests->len : 0));
    util_jsonout_set(all, "reply_bytes", util_jsonout_new_count(first ? first->n_reply_bytes : 0));
    return all;
}
