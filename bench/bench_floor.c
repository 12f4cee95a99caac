/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench_floor: what QEMU itself needs for the driver's commands.
 *
 * Owns one raw connection a monitor. Does with the replies what no reader can do less than:
 * takes them out of the socket, and counts line ends. QEMU ends each message with one, and
 * begins those that are events with their timestamp.
 */
#include "bench_floor.h"

#include <errno.h>
#include <json-c/json.h> /* word allowed: json-c is what is measured */
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "qemu/exchange/qemu_exchange.h"
#include "qemu/plan/qemu_plan.h"
#include "qemu/qemu_record.h"
#include "util/util_error.h"
#include "util/util_fd.h"

enum {
    N_CALLS = 4, /* identity; the balloon's path; what is kept; and the steady state */
    DEADLINE_MS = 60000,
    N_EVENTS = 64,
};

typedef struct {
    UtilFd fd;
    GString *requests;
    unsigned int n_commands;
    QemuCommandSet commands;
    unsigned int n_left;  /* replies of this call still to come */
    bool is_line_started; /* some bytes of the next message have come */
    bool is_event;        /* that message is an event */
    GString *kept;        /* the replies of one call */
} Raw;

struct BenchFloor {
    GPtrArray *raws;
    UtilFd poll_fd;
    bool keeps; /* replies are kept, not thrown away */
    char buffer[65536];
};

static void
free_raw(gpointer data)
{
    Raw *raw = data;

    util_fd_clear(&raw->fd);
    g_string_free(raw->requests, TRUE);
    g_string_free(raw->kept, TRUE);
    g_free(raw);
}

BenchFloor *
bench_floor_new(void)
{
    BenchFloor *self = g_new0(BenchFloor, 1);

    self->raws = g_ptr_array_new_with_free_func(free_raw);
    self->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    return self;
}

void
bench_floor_free(BenchFloor *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->raws);
    util_fd_clear(&self->poll_fd);
    g_free(self);
}

static void
unref_domain(gpointer data)
{
    qemu_domain_unref(data);
}

static void
free_job(gpointer data)
{
    qemu_job_free(data);
}

static GPtrArray *
make_domains(const GPtrArray *paths)
{
    GPtrArray *domains = g_ptr_array_new_with_free_func(unref_domain);

    for (guint i = 0; i < paths->len; i++) {
        const char *path = g_ptr_array_index(paths, i);
        g_autoptr(QemuEndpoint) endpoint = qemu_endpoint_new(path, path);

        qemu_endpoint_add_place(endpoint, path, path);
        g_ptr_array_add(domains, qemu_domain_new(endpoint));
    }
    return domains;
}

typedef struct {
    QemuHostView *host;
    QemuSchemasPool *schemas;
} Lesson;

/* Does with answers what the driver does, as far as it changes what is asked next. */
static void
learn(QemuJob *job, void *data)
{
    const Lesson *lesson = data;
    const char *bad_command = NULL;
    g_auto(QemuFacts) facts = {0};

    qemu_facts_init(&facts);
    if (qemu_record_decode(job, &facts, &bad_command))
        qemu_host_read_facts(lesson->host, job, &facts);
    qemu_known_take(job->domain->known, &(QemuKnownTold){.asked = job->asked,
                                                         .answers = job->answers,
                                                         .facts = &facts,
                                                         .schemas = lesson->schemas,
                                                         .balloon_path = job->balloon_path});
    qemu_job_drop_answers(job);
}

/* One call of the driver's exchange for ALL groups; gives its jobs. */
static GPtrArray *
exchange(const GPtrArray *domains, const QemuRequest *request, HostRoot *root,
         QemuSchemasPool *schemas, GError **error)
{
    g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func(free_job);
    g_autoptr(QemuHostView) host = qemu_host_view_new(root, NULL, NULL);
    Lesson lesson = {host, schemas};

    for (guint i = 0; i < domains->len; i++)
        g_ptr_array_add(jobs, qemu_job_new(g_ptr_array_index(domains, i), request));
    if (!qemu_exchange_run(&(QemuExchange){.jobs = jobs,
                                           .host = host,
                                           .deadline = util_deadline_in_ms(DEADLINE_MS),
                                           .ended = learn,
                                           .data = &lesson},
                           error))
        return NULL;
    for (guint i = 0; i < jobs->len; i++) {
        const QemuJob *job = g_ptr_array_index(jobs, i);

        if (!job->is_complete) {
            g_set_error(error, UTIL_ERROR, UTIL_ERROR_CONNECT, "floor: '%s': %s", job->domain->name,
                        job->reason ? job->reason : "not complete");
            return NULL;
        }
    }
    return g_steal_pointer(&jobs);
}

static void
add_raw(BenchFloor *self, const QemuJob *job)
{
    Raw *raw = g_new0(Raw, 1);

    raw->fd = -1;
    raw->commands = job->asked;
    raw->requests = g_string_new(NULL);
    raw->kept = g_string_new(NULL);
    for (unsigned int id = 0; id < QEMU_N_COMMANDS; id++) {
        bool is_last = raw->commands >> id == 1;

        if (raw->commands >> id & 1) {
            qemu_qmp_append_command(raw->requests, qemu_plan_form(job, (QemuCommandId)id),
                                    qemu_known_balloon_path(job->domain->known),
                                    is_last ? 0 : QEMU_QMP_NO_ID, false);
            raw->n_commands++;
        }
    }
    g_ptr_array_add(self->raws, raw);
}

/* Reads one connection until @raw has its replies or no more bytes have come. */
static bool
drain(BenchFloor *self, Raw *raw, GError **error)
{
    ssize_t n = recv(raw->fd, self->buffer, sizeof(self->buffer), 0);

    if (n <= 0) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_CONNECT, "floor: QEMU closed the connection: %s",
                    n < 0 ? g_strerror(errno) : "end of file");
        return false;
    }
    if (self->keeps)
        g_string_append_len(raw->kept, self->buffer, n);
    for (const char *at = self->buffer, *end = self->buffer + n; at < end;) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((line_end ? line_end : end) - at);

        if (!raw->is_line_started)
            raw->is_event = length > 2 && at[2] == 't';
        raw->is_line_started = line_end == NULL;
        if (line_end == NULL)
            break;
        if (!raw->is_event && raw->n_left > 0)
            raw->n_left--;
        at = line_end + 1;
    }
    return true;
}

static bool
send_all(const Raw *raw, const char *bytes, size_t size, GError **error)
{
    if (send(raw->fd, bytes, size, MSG_NOSIGNAL) == (ssize_t)size)
        return true;
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_CONNECT, "floor: cannot send: %s", g_strerror(errno));
    return false;
}

/* Connects, and negotiates as the driver does. */
static bool
dial(BenchFloor *self, Raw *raw, const char *path, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_autoptr(GString) negotiation = g_string_new(NULL);

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    raw->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (raw->fd < 0 || connect(raw->fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_CONNECT, "floor: cannot reach '%s': %s", path,
                    g_strerror(errno));
        return false;
    }
    qemu_qmp_append_negotiation(negotiation, true, 0);
    raw->n_left = 2; /* the greeting, and the reply to the negotiation */
    if (!send_all(raw, negotiation->str, negotiation->len, error))
        return false;
    while (raw->n_left > 0)
        if (!drain(self, raw, error))
            return false;
    if (epoll_ctl(self->poll_fd, EPOLL_CTL_ADD, raw->fd,
                  &(struct epoll_event){.events = EPOLLIN, .data.ptr = raw}) < 0) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_SYSTEM, "floor: cannot poll '%s': %s", path,
                    g_strerror(errno));
        return false;
    }
    return true;
}

bool
bench_floor_add(BenchFloor *self, const GPtrArray *paths, GError **error)
{
    const QemuRequest request = {.stats = 0, .deadline = util_deadline_in_ms(DEADLINE_MS)};
    HostRoot *root = host_root_new_live();
    g_autoptr(QemuSchemasPool) schemas = qemu_schemas_pool_new();
    g_autoptr(GPtrArray) domains = make_domains(paths);
    g_autoptr(GPtrArray) jobs = NULL;
    guint n_before = self->raws->len;
    size_t n_values = 0;
    bool is_good = true;

    for (int call = 0; is_good && call < N_CALLS; call++) {
        g_clear_pointer(&jobs, g_ptr_array_unref);
        jobs = exchange(domains, &request, root, schemas, error);
        is_good = jobs != NULL;
    }
    for (guint i = 0; is_good && i < jobs->len; i++) {
        const QemuJob *job = g_ptr_array_index(jobs, i);

        add_raw(self, job);
        qemu_domain_disconnect(job->domain);
    }
    g_clear_pointer(&jobs, g_ptr_array_unref);
    g_clear_pointer(&domains, g_ptr_array_unref);
    host_root_free(root);
    for (guint i = 0; is_good && i < paths->len; i++)
        is_good = dial(self, g_ptr_array_index(self->raws, n_before + i),
                       g_ptr_array_index(paths, i), error);
    for (guint i = 0; i < self->raws->len; i++)
        g_string_truncate(((Raw *)g_ptr_array_index(self->raws, i))->kept, 0);
    self->keeps = true;
    is_good = is_good && bench_floor_run(self, &n_values, error);
    self->keeps = false;
    return is_good;
}

bool
bench_floor_run(BenchFloor *self, size_t *ret_n_values, GError **error)
{
    struct epoll_event events[N_EVENTS];
    guint n_open = 0;

    *ret_n_values = 0;
    for (guint i = 0; i < self->raws->len; i++) {
        Raw *raw = g_ptr_array_index(self->raws, i);

        if (!send_all(raw, raw->requests->str, raw->requests->len, error))
            return false;
        raw->n_left = raw->n_commands;
        *ret_n_values += raw->n_commands;
        n_open++;
    }
    while (n_open > 0) {
        int n = epoll_wait(self->poll_fd, events, N_EVENTS, DEADLINE_MS);

        if (n <= 0 && errno != EINTR) {
            g_set_error(error, UTIL_ERROR, UTIL_ERROR_CONNECT, "floor: %u monitors are silent",
                        n_open);
            return false;
        }
        for (int i = 0; i < n; i++) {
            Raw *raw = events[i].data.ptr;
            bool was_open = raw->n_left > 0;

            if (!drain(self, raw, error))
                return false;
            if (was_open && raw->n_left == 0)
                n_open--;
        }
    }
    return true;
}

bool
bench_floor_parse(BenchFloor *self, size_t *ret_n_values, GError **error)
{
    struct json_tokener *tokener = json_tokener_new(); /* word allowed: what is measured */
    bool is_good = true;

    *ret_n_values = 0;
    for (guint i = 0; is_good && i < self->raws->len; i++) {
        const GString *text = ((Raw *)g_ptr_array_index(self->raws, i))->kept;

        for (size_t at = 0; is_good && at < text->len; (*ret_n_values)++) {
            const char *line_end = memchr(text->str + at, '\n', text->len - at);
            size_t length = line_end ? (size_t)(line_end - text->str) + 1 - at : text->len - at;
            struct json_object *value =
                json_tokener_parse_ex(tokener, text->str + at, (int)length); /* word allowed: it */

            is_good = value != NULL;
            json_object_put(value); /* word allowed: what is measured */
            at += length;
        }
    }
    json_tokener_free(tokener); /* word allowed: what is measured */
    if (!is_good)
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_INTERNAL, "json-c cannot read a reply");
    return is_good;
}

UtilJsonOut *
bench_floor_describe(const BenchFloor *self)
{
    const Raw *first = self->raws->len > 0 ? g_ptr_array_index(self->raws, 0) : NULL;
    UtilJsonOut *commands = util_jsonout_new_array();
    UtilJsonOut *all = util_jsonout_new_object();

    for (unsigned int id = 0; first != NULL && id < QEMU_N_COMMANDS; id++)
        if (first->commands >> id & 1)
            util_jsonout_append(commands, util_jsonout_new_string(qemu_commands[id].file_name));
    util_jsonout_set(all, "commands", commands);
    util_jsonout_set(all, "request_bytes",
                     util_jsonout_new_count(first ? first->requests->len : 0));
    util_jsonout_set(all, "reply_bytes", util_jsonout_new_count(first ? first->kept->len : 0));
    return all;
}
