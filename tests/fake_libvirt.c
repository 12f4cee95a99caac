/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_libvirt: see fake_libvirt.h. Owns the thread, the sockets and what is to be answered later.
 *
 * The thread polls and answers; all that it shares with the test is under one lock, which it does
 * not hold while it polls.
 */
#include "fake_libvirt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fake_libvirt_wire.h"
#include "testing.h"
#include "util/util_deadline.h"
#include "util/util_fd.h"
#include "util/util_thread.h"

enum { MAX_CLIENTS = 64, N_PROCEDURES = 512, READ_BYTES = 8192 };

/* A call that is answered later. */
typedef struct {
    FakeLibvirtWireCall call;
    FakeLibvirtFault fault;
    int64_t due_us; /* monotonic; INT64_MAX: when it is let go */
} Later;

typedef struct {
    int fd;
    GByteArray *in, *out;
    GArray *later;   /* Later */
    bool is_ignored; /* what it sends is read and dropped */
    bool ends;       /* it is disconnected once all is sent */
} Client;

struct FakeLibvirt {
    char *folder, *path, *uri;
    GThread *thread;
    int wake_fd;
    pthread_mutex_t lock; /* guards all below */
    const FakeLibvirtDomain *domains;
    const FakeLibvirtFault *faults;
    GArray *n_used; /* unsigned int: how often each fault has held */
    GPtrArray *clients;
    int listen_fd; /* -1: it does not listen */
    bool accepts, ends;
    unsigned int n_calls[N_PROCEDURES], n_accepted, most_of_one, most, n_asked, most_asked;
};

static void
free_client(gpointer data)
{
    Client *client = data;

    close(client->fd);
    g_byte_array_unref(client->in);
    g_byte_array_unref(client->out);
    g_array_unref(client->later);
    g_free(client);
}

static void
wake(FakeLibvirt *self)
{
    uint64_t one = 1;

    assert_int_equal(write(self->wake_fd, &one, sizeof(one)), sizeof(one));
}

/* With the lock held. */
static void
start_listening(FakeLibvirt *self)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    self->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    g_strlcpy(address.sun_path, self->path, sizeof(address.sun_path));
    unlink(self->path);
    assert_int_equal(bind(self->listen_fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(self->listen_fd, MAX_CLIENTS), 0);
}

static bool
is_about(const FakeLibvirt *self, const FakeLibvirtWireCall *call, const char *name)
{
    if (call->n_domains == 0)
        return call->domain >= 0 && strcmp(self->domains[call->domain].name, name) == 0;
    for (unsigned int i = 0; i < call->n_domains; i++)
        if (call->domains[i] >= 0 && strcmp(self->domains[call->domains[i]].name, name) == 0)
            return true;
    return false;
}

static const FakeLibvirtFault *
find_fault(FakeLibvirt *self, const FakeLibvirtWireCall *call)
{
    bool is_opening = call->procedure == FAKE_LIBVIRT_OPEN ||
                      call->procedure == FAKE_LIBVIRT_CLOSE ||
                      call->procedure == FAKE_LIBVIRT_AUTH_LIST;

    for (unsigned int i = 0; self->faults != NULL && self->faults[i].then != 0; i++) {
        const FakeLibvirtFault *fault = &self->faults[i];
        unsigned int *n_used = NULL;

        if (fault->procedure ? (uint32_t)fault->procedure != call->procedure : is_opening)
            continue;
        if (fault->domain != NULL && !is_about(self, call, fault->domain))
            continue;
        if (fault->is_of_many && call->n_domains < 2)
            continue;
        while (self->n_used->len <= i)
            g_array_set_size(self->n_used, self->n_used->len + 1);
        n_used = &g_array_index(self->n_used, unsigned int, i);
        if (fault->n_times > 0 && *n_used >= fault->n_times)
            continue;
        (*n_used)++;
        return fault;
    }
    return NULL;
}

/* Appends the answer to @call to what is to be sent to @client. */
static void
answer(FakeLibvirt *self, Client *client, const FakeLibvirtWireCall *call,
       const FakeLibvirtFault *fault)
{
    FakeLibvirtThen then = fault ? fault->then : FAKE_LIBVIRT_ANSWERS;

    if (then == FAKE_LIBVIRT_DISCONNECTS || then == FAKE_LIBVIRT_CUTS ||
        call->procedure == FAKE_LIBVIRT_CLOSE)
        client->ends = true;
    if (then == FAKE_LIBVIRT_GARBAGE || then == FAKE_LIBVIRT_HUGE)
        client->is_ignored = true;
    if (then != FAKE_LIBVIRT_DISCONNECTS)
        fake_libvirt_wire_answer(client->out, call, self->domains, fault);
}

static void
take_call(FakeLibvirt *self, Client *client)
{
    FakeLibvirtWireCall call = fake_libvirt_wire_parse(client->in, self->domains);
    const FakeLibvirtFault *fault = find_fault(self, &call);
    Later later = {.call = call, .due_us = INT64_MAX};

    if (call.procedure < N_PROCEDURES)
        self->n_calls[call.procedure]++;
    if (call.procedure == FAKE_LIBVIRT_STATS) {
        self->n_asked += call.n_domains;
        self->most_asked = MAX(self->most_asked, call.n_domains);
    }
    if (fault == NULL || (fault->then != FAKE_LIBVIRT_IGNORES && fault->delay_ms == 0)) {
        answer(self, client, &call, fault);
        return;
    }
    later.fault = *fault;
    if (fault->then == FAKE_LIBVIRT_IGNORES)
        later.fault.then = FAKE_LIBVIRT_ANSWERS;
    else
        later.due_us = util_deadline_now_us() + (int64_t)fault->delay_ms * 1000;
    g_array_append_val(client->later, later);
}

/* Notes how many calls are not answered. */
static void
count_unanswered(FakeLibvirt *self)
{
    unsigned int n = 0;

    for (guint i = 0; i < self->clients->len; i++) {
        const Client *client = g_ptr_array_index(self->clients, i);

        n += client->later->len;
        self->most_of_one = MAX(self->most_of_one, client->later->len);
    }
    self->most = MAX(self->most, n);
}

/* Answers what is due. */
static void
answer_later(FakeLibvirt *self, Client *client)
{
    int64_t now_us = util_deadline_now_us();

    for (guint i = 0; i < client->later->len;) {
        Later later = g_array_index(client->later, Later, i);

        if (later.due_us > now_us) {
            i++;
            continue;
        }
        g_array_remove_index(client->later, i);
        answer(self, client, &later.call, &later.fault);
    }
}

/* False at the end of what the client sends. */
static bool
read_some(FakeLibvirt *self, Client *client)
{
    guint8 bytes[READ_BYTES];
    ssize_t n = recv(client->fd, bytes, sizeof(bytes), 0);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0)
        return false;
    if (client->is_ignored)
        return true;
    g_byte_array_append(client->in, bytes, (guint)n);
    while (client->in->len >= FAKE_LIBVIRT_WIRE_HEAD &&
           client->in->len >= fake_libvirt_wire_length(client->in)) {
        take_call(self, client);
        g_byte_array_remove_range(client->in, 0, (guint)fake_libvirt_wire_length(client->in));
    }
    count_unanswered(self);
    return true;
}

static bool
write_some(Client *client)
{
    ssize_t n = 0;

    if (client->out->len > 0)
        n = send(client->fd, client->out->data, client->out->len, MSG_NOSIGNAL);
    if (n > 0)
        g_byte_array_remove_range(client->out, 0, (guint)n);
    return (n >= 0 || errno == EAGAIN) && !(client->ends && client->out->len == 0);
}

static void
accept_client(FakeLibvirt *self)
{
    Client *client = NULL;
    int fd = accept4(self->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return;
    client = g_new0(Client, 1);
    client->fd = fd;
    client->in = g_byte_array_new();
    client->out = g_byte_array_new();
    client->later = g_array_new(FALSE, FALSE, sizeof(Later));
    g_ptr_array_add(self->clients, client);
    self->n_accepted++;
}

/* Does all that can be done now, with the lock held. */
static void
serve(FakeLibvirt *self)
{
    if (self->listen_fd >= 0 && self->accepts && self->clients->len < MAX_CLIENTS)
        accept_client(self);
    for (guint i = self->clients->len; i > 0; i--) {
        Client *client = g_ptr_array_index(self->clients, i - 1);
        bool stays = read_some(self, client);

        answer_later(self, client);
        if (!write_some(client) || !stays)
            g_ptr_array_remove_index_fast(self->clients, i - 1);
    }
}

/* Sets the descriptors to poll, with the lock held; gives the timeout in milliseconds, -1: none. */
static int
prepare(FakeLibvirt *self, struct pollfd *fds, nfds_t *ret_n)
{
    int64_t due_us = INT64_MAX;
    nfds_t n = 0;

    fds[n++] = (struct pollfd){self->wake_fd, POLLIN, 0};
    fds[n++] = (struct pollfd){self->accepts ? self->listen_fd : -1, POLLIN, 0};
    for (guint i = 0; i < self->clients->len; i++) {
        const Client *client = g_ptr_array_index(self->clients, i);

        fds[n++] = (struct pollfd){client->fd,
                                   (short)(client->out->len > 0 ? POLLIN | POLLOUT : POLLIN), 0};
        for (guint k = 0; k < client->later->len; k++)
            due_us = MIN(due_us, g_array_index(client->later, Later, k).due_us);
    }
    *ret_n = n;
    return due_us == INT64_MAX ? -1 : util_deadline_left_ms((UtilDeadline){.at_us = due_us});
}

static void *
run(void *data)
{
    FakeLibvirt *self = data;

    pthread_mutex_lock(&self->lock);
    while (!self->ends) {
        struct pollfd fds[MAX_CLIENTS + 2];
        nfds_t n = 0;
        int timeout_ms = prepare(self, fds, &n);
        uint64_t count = 0;

        pthread_mutex_unlock(&self->lock);
        poll(fds, n, timeout_ms);
        if (fds[0].revents != 0)
            assert_int_equal(read(self->wake_fd, &count, sizeof(count)), sizeof(count));
        pthread_mutex_lock(&self->lock);
        serve(self);
    }
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

FakeLibvirt *
fake_libvirt_new(const FakeLibvirtDomain *domains, const FakeLibvirtFault *faults)
{
    FakeLibvirt *self = g_new0(FakeLibvirt, 1);

    self->folder = testing_make_folder();
    self->path = g_build_filename(self->folder, "libvirt-sock-ro", NULL);
    self->uri = g_strdup_printf("qemu+unix:///system?socket=%s", self->path);
    self->wake_fd = eventfd(0, EFD_CLOEXEC);
    assert_true(self->wake_fd >= 0);
    pthread_mutex_init(&self->lock, NULL);
    self->domains = domains;
    self->faults = faults;
    self->n_used = g_array_new(FALSE, TRUE, sizeof(unsigned int));
    self->clients = g_ptr_array_new_with_free_func(free_client);
    self->accepts = true;
    start_listening(self);
    self->thread = util_thread_start("fake-libvirt", run, self);
    assert_non_null(self->thread);
    return self;
}

/* With the lock held. */
static void
close_all(FakeLibvirt *self)
{
    if (self->listen_fd >= 0)
        close(self->listen_fd);
    self->listen_fd = -1;
    unlink(self->path);
    g_ptr_array_set_size(self->clients, 0);
}

void
fake_libvirt_free(FakeLibvirt *self)
{
    if (self == NULL)
        return;
    pthread_mutex_lock(&self->lock);
    self->ends = true;
    pthread_mutex_unlock(&self->lock);
    wake(self);
    g_thread_join(self->thread);
    close_all(self);
    g_ptr_array_unref(self->clients);
    g_array_unref(self->n_used);
    pthread_mutex_destroy(&self->lock);
    close(self->wake_fd);
    testing_remove_folder(self->folder);
    g_free(self->path);
    g_free(self->uri);
    g_free(self);
}

const char *
fake_libvirt_uri(const FakeLibvirt *self)
{
    return self->uri;
}

const char *
fake_libvirt_uuid(unsigned int index)
{
    g_autofree char *text = NULL;
    unsigned char uuid[VIR_UUID_BUFLEN] = {0};

    fake_libvirt_wire_make_uuid(index, uuid);
    text = g_strdup_printf("fafafafa-fafa-fafa-fafa-fafafafa%02x%02x", uuid[14], uuid[15]);
    return g_intern_string(text);
}

void
fake_libvirt_set_domains(FakeLibvirt *self, const FakeLibvirtDomain *domains)
{
    pthread_mutex_lock(&self->lock);
    self->domains = domains;
    pthread_mutex_unlock(&self->lock);
}

void
fake_libvirt_set_faults(FakeLibvirt *self, const FakeLibvirtFault *faults)
{
    pthread_mutex_lock(&self->lock);
    self->faults = faults;
    g_array_set_size(self->n_used, 0);
    pthread_mutex_unlock(&self->lock);
}

void
fake_libvirt_let_go(FakeLibvirt *self)
{
    pthread_mutex_lock(&self->lock);
    for (guint i = 0; i < self->clients->len; i++) {
        const Client *client = g_ptr_array_index(self->clients, i);

        for (guint k = 0; k < client->later->len; k++)
            g_array_index(client->later, Later, k).due_us = 0;
    }
    pthread_mutex_unlock(&self->lock);
    wake(self);
}

void
fake_libvirt_set_accepts(FakeLibvirt *self, bool accepts)
{
    pthread_mutex_lock(&self->lock);
    self->accepts = accepts;
    pthread_mutex_unlock(&self->lock);
    wake(self);
}

bool
fake_libvirt_is_waited_for(FakeLibvirt *self)
{
    struct pollfd fd = {.events = POLLIN};

    pthread_mutex_lock(&self->lock);
    fd.fd = self->listen_fd;
    pthread_mutex_unlock(&self->lock);
    return poll(&fd, 1, 0) == 1;
}

void
fake_libvirt_stop(FakeLibvirt *self)
{
    pthread_mutex_lock(&self->lock);
    close_all(self);
    pthread_mutex_unlock(&self->lock);
    wake(self);
}

void
fake_libvirt_start(FakeLibvirt *self)
{
    pthread_mutex_lock(&self->lock);
    start_listening(self);
    pthread_mutex_unlock(&self->lock);
    wake(self);
}

void
fake_libvirt_restart(FakeLibvirt *self)
{
    pthread_mutex_lock(&self->lock);
    close_all(self);
    start_listening(self);
    pthread_mutex_unlock(&self->lock);
    wake(self);
}

static unsigned int
read_count(FakeLibvirt *self, const unsigned int *count)
{
    unsigned int n = 0;

    pthread_mutex_lock(&self->lock);
    n = *count;
    pthread_mutex_unlock(&self->lock);
    return n;
}

unsigned int
fake_libvirt_n_calls(FakeLibvirt *self, int procedure)
{
    return read_count(self, &self->n_calls[procedure]);
}

unsigned int
fake_libvirt_n_asked(FakeLibvirt *self)
{
    return read_count(self, &self->n_asked);
}

unsigned int
fake_libvirt_most_asked(FakeLibvirt *self)
{
    return read_count(self, &self->most_asked);
}

unsigned int
fake_libvirt_n_accepted(FakeLibvirt *self)
{
    return read_count(self, &self->n_accepted);
}

unsigned int
fake_libvirt_n_connected(FakeLibvirt *self)
{
    return read_count(self, &self->clients->len);
}

unsigned int
fake_libvirt_most_of_one(FakeLibvirt *self)
{
    return read_count(self, &self->most_of_one);
}

unsigned int
fake_libvirt_most(FakeLibvirt *self)
{
    return read_count(self, &self->most);
}
