/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model_qemu: see model_qemu.h.
 *
 * The model is a forked process with one loop. It takes the parent's orders, one at a time, and
 * acknowledges each with a byte when it is done; it serves one client of each monitor. It ends when
 * the parent closes its end of the orders. A request is answered by model_replies; the KEPT monitor
 * then adds the faults that were ordered.
 */
#include "model_qemu.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model_machine.h"
#include "model_orders.h"
#include "model_replies.h"

struct ModelQemu {
    pid_t pid;
    int orders;
};

/* The length of the object at the start of @text; 0: its end has not come. */
static size_t
measure_object(const char *text)
{
    int depth = 0;
    bool is_string = false;

    for (size_t i = 0; text[i] != '\0'; i++) {
        if (is_string) {
            if (text[i] == '\\' && text[i + 1] != '\0')
                i++;
            else if (text[i] == '"')
                is_string = false;
        } else if (text[i] == '"') {
            is_string = true;
        } else if (text[i] == '{') {
            depth++;
        } else if (text[i] == '}' && --depth == 0) {
            return i + 1;
        }
    }
    return 0;
}

/* What follows @key in @text up to one of @ends. NULL: it is not there. The caller frees. */
static char *
find_after(const char *text, const char *key, const char *ends)
{
    const char *found = strstr(text, key);

    if (found == NULL)
        return NULL;
    found += strlen(key);
    return g_strndup(found, strcspn(found, ends));
}

/* Counts @n down. True: this was the last of them. */
static bool
counts_to_zero(int *n)
{
    return *n > 0 && --*n == 0;
}

/* Sends one reply of the KEPT monitor, with the faults that are due. */
static void
answer_with_faults(ModelMachine *self, ModelMachineClient *client, const char *name,
                   const char *reply)
{
    ModelMachineFaults *faults = &self->faults;

    if (strcmp(name, "qmp_capabilities") == 0) {
        model_machine_send(client, reply);
        return;
    }
    if (!counts_to_zero(&faults->n_until_lost))
        model_machine_send(client, reply);
    if (counts_to_zero(&faults->n_until_doubled))
        model_machine_send(client, reply);
    if (faults->n_until_mute > 0)
        faults->n_until_mute--;
    if (counts_to_zero(&faults->n_until_amid) && !model_orders_run(self, faults->amid))
        g_error("model_qemu: no order '%s'", faults->amid);
}

static void
answer(ModelMachine *self, ModelQemuMonitor monitor, const char *request)
{
    ModelMachineClient *client = &self->clients[monitor];
    g_autofree char *in_band = find_after(request, "\"execute\":\"", "\"");
    g_autofree char *out_of_band = find_after(request, "\"exec-oob\":\"", "\"");
    g_autofree char *id = find_after(request, "\"id\":", ",}");
    g_autofree char *arguments = find_after(request, "\"arguments\":", "");
    const char *name = in_band ? in_band : out_of_band;
    g_autofree char *reply =
        model_replies_make(self, name ? name : "", arguments ? arguments : "", id);

    if (monitor == MODEL_QEMU_KEPT && out_of_band == NULL)
        answer_with_faults(self, client, name ? name : "", reply);
    else
        model_machine_send(client, reply);
}

/* Answers the requests that have come whole, until the monitor is mute. */
static void
answer_whole(ModelMachine *self, ModelQemuMonitor monitor)
{
    ModelMachineClient *client = &self->clients[monitor];
    size_t length = 0;

    while (client->fd >= 0 && (monitor != MODEL_QEMU_KEPT || self->faults.n_until_mute != 0) &&
           (length = measure_object(client->in->str)) > 0) {
        g_autofree char *request = g_strndup(client->in->str, length);

        g_string_erase(client->in, 0, (gssize)length);
        answer(self, monitor, request);
    }
}

static void
read_requests(ModelMachine *self, ModelQemuMonitor monitor)
{
    ModelMachineClient *client = &self->clients[monitor];
    char bytes[4096];
    ssize_t n = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

    if (n == 0 || (n < 0 && errno != EAGAIN)) {
        model_machine_drop_client(client);
    } else if (n > 0) {
        g_string_append_len(client->in, bytes, n);
        answer_whole(self, monitor);
    }
}

static void
accept_client(ModelMachine *self, ModelQemuMonitor monitor)
{
    ModelMachineClient *client = &self->clients[monitor];

    client->fd = accept4(client->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    g_string_truncate(client->in, 0);
    if (monitor == MODEL_QEMU_KEPT && self->faults.greets_late)
        model_machine_send(client, "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, "
                                   "\"event\": \"RTC_CHANGE\"}\r\n");
    model_machine_send(client,
                       "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 2, \"major\": "
                       "7}, \"package\": \"\"}, \"capabilities\": [\"oob\"]}}\r\n");
}

/* Carries out one order and acknowledges it. False: the parent has closed its end. */
static bool
take_order(ModelMachine *self, int orders_fd)
{
    char text[MODEL_MACHINE_MAX_ORDER_BYTES + 1] = {0};
    ssize_t n = recv(orders_fd, text, MODEL_MACHINE_MAX_ORDER_BYTES, 0);
    char answer_byte = 0;

    if (n <= 0)
        return false;
    answer_byte = model_orders_run(self, text) ? 'y' : 'n';
    answer_whole(self, MODEL_QEMU_KEPT); /* a mute monitor may have been told to speak */
    return send(orders_fd, &answer_byte, 1, MSG_NOSIGNAL) == 1;
}

static void
serve_clients(ModelMachine *self, const struct pollfd *polled)
{
    for (size_t i = 0; i < MODEL_QEMU_N_MONITORS; i++) {
        if (polled[i].revents == 0)
            continue;
        /* What the monitor before it did may have dropped this one's client. */
        if (polled[i].fd == self->clients[i].listen_fd)
            accept_client(self, (ModelQemuMonitor)i);
        else if (polled[i].fd == self->clients[i].fd)
            read_requests(self, (ModelQemuMonitor)i);
    }
}

static void
serve(ModelMachine *self, int orders_fd)
{
    bool has_ended = false;

    while (!has_ended) {
        struct pollfd polled[1 + MODEL_QEMU_N_MONITORS] = {{.fd = orders_fd, .events = POLLIN}};

        for (size_t i = 0; i < MODEL_QEMU_N_MONITORS; i++) {
            const ModelMachineClient *client = &self->clients[i];

            polled[1 + i].fd = client->fd >= 0 ? client->fd : client->listen_fd;
            polled[1 + i].events = POLLIN;
        }
        if (poll(polled, G_N_ELEMENTS(polled), -1) < 0)
            continue;
        serve_clients(self, polled + 1);
        if (polled[0].revents != 0)
            has_ended = !take_order(self, orders_fd);
    }
}

static int
listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    unlink(path);
    if (fd < 0 || bind(fd, (const void *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0)
        g_error("model_qemu: %s: %s", path, g_strerror(errno));
    return fd;
}

char *
model_qemu_path(const char *folder, ModelQemuMonitor monitor)
{
    return g_build_filename(folder, monitor == MODEL_QEMU_KEPT ? "kept.qmp" : "fresh.qmp", NULL);
}

/* The child process. Never returns. */
static void
run_child(const char *folder, const char *kind, int orders_fd)
{
    ModelMachine machine;

    model_machine_init(&machine, kind);
    for (size_t i = 0; i < MODEL_QEMU_N_MONITORS; i++) {
        g_autofree char *path = model_qemu_path(folder, (ModelQemuMonitor)i);

        machine.clients[i] = (ModelMachineClient){listen_at(path), -1, g_string_new(NULL)};
    }
    if (send(orders_fd, "y", 1, MSG_NOSIGNAL) == 1)
        serve(&machine, orders_fd);
    _exit(0);
}

/* Waits until the order is done. */
static char
take_answer(const ModelQemu *self)
{
    char byte = 'n';

    while (recv(self->orders, &byte, 1, 0) < 0 && errno == EINTR)
        ;
    return byte;
}

ModelQemu *
model_qemu_new(const char *folder, const char *kind)
{
    ModelQemu *self = g_new0(ModelQemu, 1);
    int fds[2] = {-1, -1};

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
        g_error("model_qemu: %s", g_strerror(errno));
    self->pid = fork();
    if (self->pid == 0) {
        close(fds[0]);
        run_child(folder, kind, fds[1]);
    }
    close(fds[1]);
    self->orders = fds[0];
    if (self->pid < 0 || take_answer(self) != 'y')
        g_error("model_qemu: it did not start");
    return self;
}

void
model_qemu_free(ModelQemu *self)
{
    if (self == NULL)
        return;
    close(self->orders);
    while (waitpid(self->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    g_free(self);
}

bool
model_qemu_do(ModelQemu *self, const char *text)
{
    if (send(self->orders, text, strlen(text), MSG_NOSIGNAL) < 0)
        return false;
    return take_answer(self) == 'y';
}
