/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model_qemu: see model_qemu.h.
 *
 * A forked process with one loop: the parent's orders, one at a time, each acknowledged by a byte,
 * and the clients of the two monitors. vCPUs have threads that do nothing but exist. The process
 * ends with its parent's end of the orders.
 */
#include "model_qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { N_SLOTS = 4, N_DISKS = 3, N_IOTHREADS = 2, MAX_ORDER_BYTES = 128, MIB = 1 << 20 };

struct ModelQemu {
    pid_t pid;
    int orders;
};

typedef struct {
    bool is_there;
    pid_t thread_id;
    pthread_t thread;
    sem_t may_end;
    sem_t has_begun;
    unsigned int exits;
    bool is_halted;
} Vcpu;

typedef struct {
    int listen_fd;
    int fd;
    GString *in;
    bool has_oob;
} Client;

/* What the LIVED monitor does with its replies. */
typedef struct {
    int n_left;   /* replies until it falls silent; -1: never */
    int n_double; /* replies until one is sent twice; 0: none */
    int n_lost;   /* likewise one that is not sent */
    int n_amid;   /* replies until @amid is done; 0: nothing is */
    char amid[MAX_ORDER_BYTES];
    bool is_held;     /* by another client */
    bool greets_late; /* an event goes before the greeting */
} Manners;

typedef struct {
    char status[24];
    bool is_preconfig, is_s390, has_one_thread, can_plug;
    char lacks[40];
    Vcpu vcpus[N_SLOTS];
    bool has_balloon;
    int balloon_id;
    unsigned int actual_mib, base_mib, plugged_mib, free_mib, update_s;
    unsigned int disk_reads[N_DISKS];
    bool has_disk[N_DISKS];
    bool has_iothread[N_IOTHREADS];
    unsigned int poll_ns[N_IOTHREADS];
    unsigned int rate, n_measured, vm_flushes;
    Client clients[MODEL_QEMU_N_MONITORS];
    Manners manners;
    bool has_ended;
} Model;

static int
number_in(const char *text)
{
    return (int)g_ascii_strtoull(text, NULL, 10);
}

static void run_order(Model *self, const char *text, bool *ret_is_known);

/* Texts go out whole: they are short, and the reader reads. */
static void
send_text(Client *client, const char *text)
{
    if (client->fd >= 0 && send(client->fd, text, strlen(text), MSG_NOSIGNAL) < 0 &&
        errno != EAGAIN) {
        close(client->fd);
        client->fd = -1;
    }
}

static void
send_event(Model *self, const char *name, const char *data)
{
    g_autofree char *text = g_strdup_printf(
        "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"%s\"%s%s}\r\n", name,
        data ? ", \"data\": " : "", data ? data : "");

    for (size_t i = 0; i < MODEL_QEMU_N_MONITORS; i++)
        send_text(&self->clients[i], text);
}

static bool
is_running(const Model *self)
{
    return strcmp(self->status, "running") == 0;
}

static void
set_status(Model *self, const char *status)
{
    g_strlcpy(self->status, status, sizeof(self->status));
}

/* The guest ceases to run. */
static void
stop(Model *self, const char *status)
{
    if (!is_running(self))
        return;
    set_status(self, status);
    send_event(self, "STOP", NULL);
}

static void *
be_a_vcpu(void *data)
{
    Vcpu *self = data;

    self->thread_id = (pid_t)syscall(SYS_gettid);
    sem_post(&self->has_begun);
    while (sem_wait(&self->may_end) < 0)
        ;
    return NULL;
}

static void
plug_vcpu(Model *self, int i)
{
    Vcpu *vcpu = &self->vcpus[i];

    if (vcpu->is_there)
        return;
    vcpu->is_there = true;
    vcpu->exits = 1;
    if (self->has_one_thread) {
        vcpu->thread_id = i == 0 ? getpid() : self->vcpus[0].thread_id;
        return;
    }
    sem_init(&vcpu->may_end, 0, 0);
    sem_init(&vcpu->has_begun, 0, 0);
    pthread_create(&vcpu->thread, NULL, be_a_vcpu, vcpu);
    while (sem_wait(&vcpu->has_begun) < 0)
        ;
}

static void
unplug_vcpu(Model *self, int i)
{
    Vcpu *vcpu = &self->vcpus[i];

    if (i == 0 || !vcpu->is_there || self->has_one_thread)
        return;
    vcpu->is_there = false;
    sem_post(&vcpu->may_end);
    pthread_join(vcpu->thread, NULL);
}

/* Replies. */

static void
append_vcpus(const Model *self, GString *out)
{
    for (int i = 0; i < N_SLOTS; i++) {
        const Vcpu *vcpu = &self->vcpus[i];

        if (!vcpu->is_there)
            continue;
        g_string_append_printf(out,
                               "%s{\"cpu-index\":%d,\"qom-path\":\"/machine/cpu[%d]\","
                               "\"thread-id\":%d,\"target\":\"%s\"%s}",
                               out->len > 1 ? "," : "", i, i, (int)vcpu->thread_id,
                               self->is_s390 ? "s390x" : "x86_64",
                               !self->is_s390    ? ""
                               : vcpu->is_halted ? ",\"cpu-state\":\"stopped\""
                                                 : ",\"cpu-state\":\"operating\"");
    }
}

static void
append_vcpu_stats(const Model *self, GString *out)
{
    for (int i = N_SLOTS - 1; i >= 0; i--) {
        const Vcpu *vcpu = &self->vcpus[i];

        if (!vcpu->is_there)
            continue;
        g_string_append_printf(
            out,
            "%s{\"provider\":\"kvm\",\"qom-path\":\"/machine/cpu[%d]\",\"stats\":["
            "{\"name\":\"exits\",\"value\":%u},"
            "{\"name\":\"halt_poll_success_ns\",\"value\":%u},"
            "{\"name\":\"halt_poll_fail_ns\",\"value\":%u}]}",
            out->len > 1 ? "," : "", i, vcpu->exits + 1000u * (unsigned)i, vcpu->exits * 2,
            vcpu->exits * 3);
    }
}

static char *
reply_status(Model *self, const char *arguments)
{
    (void)arguments;
    return g_strdup_printf("{\"status\":\"%s\",\"running\":%s,\"singlestep\":false}", self->status,
                           is_running(self) ? "true" : "false");
}

static char *
reply_cpus(Model *self, const char *arguments)
{
    GString *out = g_string_new("[");

    (void)arguments;
    append_vcpus(self, out);
    return g_string_free(g_string_append_c(out, ']'), FALSE);
}

static char *
reply_slots(Model *self, const char *arguments)
{
    (void)arguments;
    return self->can_plug ? g_strdup("[{\"vcpus-count\":2},{\"vcpus-count\":2}]") : NULL;
}

static char *
reply_balloon(Model *self, const char *arguments)
{
    (void)arguments;
    if (!self->has_balloon)
        return NULL;
    return g_strdup_printf("{\"actual\":%llu}", (unsigned long long)self->actual_mib * MIB);
}

static char *
reply_memory_size(Model *self, const char *arguments)
{
    (void)arguments;
    return g_strdup_printf("{\"base-memory\":%llu,\"plugged-memory\":%llu}",
                           (unsigned long long)self->base_mib * MIB,
                           (unsigned long long)self->plugged_mib * MIB);
}

static char *
reply_memory_devices(Model *self, const char *arguments)
{
    (void)arguments;
    return g_strdup_printf("[{\"type\":\"virtio-pmem\",\"data\":{\"size\":%llu}}]",
                           (unsigned long long)self->plugged_mib * MIB);
}

static char *
reply_list(Model *self, const char *arguments)
{
    if (self->has_balloon && strstr(arguments, "\"/machine/peripheral\"") != NULL)
        return g_strdup_printf(
            "[{\"name\":\"type\",\"type\":\"string\"},{\"name\":\"b%d\",\"type\":"
            "\"child<virtio-balloon-pci>\"}]",
            self->balloon_id);
    return g_strdup("[{\"name\":\"type\",\"type\":\"string\"}]");
}

static char *
reply_get(Model *self, const char *arguments)
{
    g_autofree char *name = g_strdup_printf("b%d\"", self->balloon_id);

    if (!self->has_balloon || strstr(arguments, name) == NULL)
        return NULL;
    if (strstr(arguments, "polling") != NULL)
        return g_strdup("2");
    return g_strdup_printf("{\"stats\":{\"stat-free-memory\":%llu,\"stat-swap-in\":"
                           "18446744073709551615},\"last-update\":%u}",
                           (unsigned long long)self->free_mib * MIB, self->update_s);
}

static char *
reply_blockstats(Model *self, const char *arguments)
{
    GString *out = g_string_new("[");

    (void)arguments;
    for (int i = 0; i < N_DISKS; i++)
        if (self->has_disk[i])
            g_string_append_printf(
                out,
                "%s{\"device\":\"d%d\",\"qdev\":\"/machine/peripheral/v%d/virtio-backend\","
                "\"node-name\":\"n%d\",\"stats\":{\"rd_operations\":%u,\"rd_bytes\":%u,"
                "\"wr_operations\":1,\"wr_bytes\":2,\"flush_operations\":3}}",
                out->len > 1 ? "," : "", i, i, i, self->disk_reads[i], self->disk_reads[i] * 512);
    return g_string_free(g_string_append_c(out, ']'), FALSE);
}

static char *
reply_nodes(Model *self, const char *arguments)
{
    GString *out = g_string_new("[");

    (void)arguments;
    for (int i = 0; i < N_DISKS; i++)
        if (self->has_disk[i])
            g_string_append_printf(
                out,
                "%s{\"node-name\":\"n%d\",\"drv\":\"raw\",\"file\":\"/i%d\",\"image\":"
                "{\"filename\":\"/"
                "i%d\",\"format\":\"raw\",\"virtual-size\":%u,\"actual-size\":%u}}",
                out->len > 1 ? "," : "", i, i, i, 4096u << i, 512u << i);
    return g_string_free(g_string_append_c(out, ']'), FALSE);
}

static char *
reply_iothreads(Model *self, const char *arguments)
{
    GString *out = g_string_new("[");

    (void)arguments;
    for (int i = 0; i < N_IOTHREADS; i++)
        if (self->has_iothread[i])
            g_string_append_printf(out,
                                   "%s{\"id\":\"iothread%d\",\"thread-id\":%d,\"poll-max-ns\":%u,"
                                   "\"poll-grow\":0,\"poll-shrink\":0,\"aio-max-batch\":0}",
                                   out->len > 1 ? "," : "", i + 1, (int)getpid(), self->poll_ns[i]);
    return g_string_free(g_string_append_c(out, ']'), FALSE);
}

static char *
reply_rate(Model *self, const char *arguments)
{
    (void)arguments;
    return self->n_measured == 0
               ? g_strdup("{\"status\":\"unstarted\",\"start-time\":0,\"calc-time\":0,"
                          "\"mode\":\"page-sampling\",\"sample-pages\":512}")
               : g_strdup_printf("{\"status\":\"measured\",\"start-time\":%u,\"calc-time\":1,"
                                 "\"dirty-rate\":%u,\"mode\":\"page-sampling\"}",
                                 self->n_measured, self->rate);
}

static char *
reply_schemas(Model *self, const char *arguments)
{
    (void)self;
    (void)arguments;
    return g_strdup("[{\"provider\":\"kvm\",\"target\":\"vcpu\",\"stats\":["
                    "{\"name\":\"exits\",\"type\":\"cumulative\"},"
                    "{\"name\":\"halt_poll_success_ns\",\"type\":\"cumulative\"},"
                    "{\"name\":\"halt_poll_fail_ns\",\"type\":\"cumulative\"}]},"
                    "{\"provider\":\"kvm\",\"target\":\"vm\",\"stats\":["
                    "{\"name\":\"remote_tlb_flush\",\"type\":\"cumulative\"}]}]");
}

static char *
reply_stats(Model *self, const char *arguments)
{
    GString *out = g_string_new("[");

    if (strstr(arguments, "\"vm\"") != NULL)
        g_string_append_printf(out,
                               "{\"provider\":\"kvm\",\"stats\":[{\"name\":\"remote_tlb_flush\","
                               "\"value\":%u}]}",
                               self->vm_flushes);
    else
        append_vcpu_stats(self, out);
    return g_string_free(g_string_append_c(out, ']'), FALSE);
}

static char *
reply_name(Model *self, const char *arguments)
{
    (void)self;
    (void)arguments;
    return g_strdup("{\"name\":\"model\"}");
}

static char *
reply_uuid(Model *self, const char *arguments)
{
    (void)self;
    (void)arguments;
    return g_strdup("{\"UUID\":\"6f3d4a0e-3c1e-4bd5-8f3f-2f6b7d9c8a10\"}");
}

static char *
reply_nothing(Model *self, const char *arguments)
{
    (void)self;
    (void)arguments;
    return g_strdup("{}");
}

static char *reply_commands(Model *self, const char *arguments);

static const struct {
    const char *name;
    char *(*reply)(Model *self, const char *arguments); /* NULL: the error below */
    bool needs_machine;                                 /* not in preconfig */
    const char *error_class;
} commands[] = {
    {"qmp_capabilities", reply_nothing, false, NULL},
    {"query-name", reply_name, false, NULL},
    {"query-uuid", reply_uuid, false, NULL},
    {"query-commands", reply_commands, false, NULL},
    {"query-status", reply_status, false, NULL},
    {"query-cpus-fast", reply_cpus, true, NULL},
    {"query-hotpluggable-cpus", reply_slots, false, "GenericError"},
    {"query-balloon", reply_balloon, true, "DeviceNotActive"},
    {"query-memory-size-summary", reply_memory_size, true, NULL},
    {"query-memory-devices", reply_memory_devices, true, NULL},
    {"qom-list", reply_list, false, NULL},
    {"qom-get", reply_get, true, "DeviceNotFound"},
    {"query-blockstats", reply_blockstats, false, NULL},
    {"query-named-block-nodes", reply_nodes, false, NULL},
    {"query-iothreads", reply_iothreads, false, NULL},
    {"query-dirty-rate", reply_rate, true, NULL},
    {"query-stats-schemas", reply_schemas, true, NULL},
    {"query-stats", reply_stats, true, NULL},
    {"query-yank", reply_nothing, false, NULL},
};

static char *
reply_commands(Model *self, const char *arguments)
{
    GString *out = g_string_new("[");

    (void)self;
    (void)arguments;
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        g_string_append_printf(out, "%s{\"name\":\"%s\"}", i > 0 ? "," : "", commands[i].name);
    return g_string_free(g_string_append_c(out, ']'), FALSE);
}

static char *
make_reply(Model *self, const char *name, const char *arguments, const char *id)
{
    const char *error_class = "CommandNotFound";
    g_autofree char *value = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(commands[i].name, name) != 0 || strcmp(self->lacks, name) == 0)
            continue;
        error_class = "GenericError";
        if (commands[i].needs_machine && self->is_preconfig)
            break;
        value = commands[i].reply(self, arguments);
        if (commands[i].error_class != NULL)
            error_class = commands[i].error_class;
    }
    if (value != NULL)
        return g_strdup_printf("{\"return\": %s%s%s}\r\n", value, id ? ", \"id\": " : "",
                               id ? id : "");
    return g_strdup_printf("{\"error\": {\"class\": \"%s\", \"desc\": \"no\"}%s%s}\r\n",
                           error_class, id ? ", \"id\": " : "", id ? id : "");
}

/* Requests. */

/* The length of the object at the start of @text; 0: it is not whole. */
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

static bool
takes_its_turn(int *n)
{
    return *n > 0 && --*n == 0;
}

/* One reply of the LIVED monitor, with its manners. */
static void
answer_badly(Model *self, Client *client, const char *name, const char *reply)
{
    Manners *manners = &self->manners;
    bool is_known = false;

    if (strcmp(name, "qmp_capabilities") == 0) {
        send_text(client, reply);
        return;
    }
    if (!takes_its_turn(&manners->n_lost))
        send_text(client, reply);
    if (takes_its_turn(&manners->n_double))
        send_text(client, reply);
    if (manners->n_left > 0)
        manners->n_left--;
    if (takes_its_turn(&manners->n_amid))
        run_order(self, manners->amid, &is_known);
}

static void
answer(Model *self, ModelQemuMonitor monitor, const char *request)
{
    Client *client = &self->clients[monitor];
    g_autofree char *in_band = find_after(request, "\"execute\":\"", "\"");
    g_autofree char *out_of_band = find_after(request, "\"exec-oob\":\"", "\"");
    g_autofree char *id = find_after(request, "\"id\":", ",}");
    g_autofree char *arguments = find_after(request, "\"arguments\":", "");
    const char *name = in_band ? in_band : out_of_band;
    g_autofree char *reply = make_reply(self, name ? name : "", arguments ? arguments : "", id);

    if (monitor == MODEL_QEMU_LIVED && out_of_band == NULL)
        answer_badly(self, client, name ? name : "", reply);
    else
        send_text(client, reply);
}

static void
answer_all(Model *self, ModelQemuMonitor monitor)
{
    Client *client = &self->clients[monitor];
    size_t length = 0;

    while (client->fd >= 0 && (monitor != MODEL_QEMU_LIVED || self->manners.n_left != 0) &&
           (length = measure_object(client->in->str)) > 0) {
        g_autofree char *request = g_strndup(client->in->str, length);

        g_string_erase(client->in, 0, (gssize)length);
        answer(self, monitor, request);
    }
}

static void
read_requests(Model *self, ModelQemuMonitor monitor)
{
    Client *client = &self->clients[monitor];
    char bytes[4096];
    ssize_t n = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

    if (n == 0 || (n < 0 && errno != EAGAIN)) {
        close(client->fd);
        client->fd = -1;
    } else if (n > 0) {
        g_string_append_len(client->in, bytes, n);
        answer_all(self, monitor);
    }
}

static void
greet(Model *self, ModelQemuMonitor monitor)
{
    Client *client = &self->clients[monitor];

    client->fd = accept4(client->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    g_string_truncate(client->in, 0);
    if (monitor == MODEL_QEMU_LIVED && self->manners.greets_late)
        send_text(client, "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, "
                          "\"event\": \"RTC_CHANGE\"}\r\n");
    send_text(client, "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 2, \"major\": "
                      "7}, \"package\": \"\"}, \"capabilities\": [\"oob\"]}}\r\n");
}

static void
drop_client(Client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
}

/* Orders. */

static void
do_tick(Model *self, const char *rest)
{
    (void)rest;
    self->vm_flushes++; /* the kernel's, whatever the guest does */
    for (int i = 0; i < N_DISKS; i++)
        self->disk_reads[i] += 3;
    if (!is_running(self))
        return;
    for (int i = 0; i < N_SLOTS; i++) {
        self->vcpus[i].exits += 7u + (unsigned)i;
        self->vcpus[i].is_halted = !self->vcpus[i].is_halted;
    }
    self->free_mib = (self->free_mib + 1) % 64;
    self->update_s++;
}

static void
do_pause(Model *self, const char *rest)
{
    (void)rest;
    stop(self, "paused");
}

static void
do_cont(Model *self, const char *rest)
{
    static const char *const from[] = {"paused", "io-error", "watchdog", "prelaunch",
                                       "postmigrate"};

    (void)rest;
    for (size_t i = 0; i < G_N_ELEMENTS(from) && !self->is_preconfig; i++) {
        if (strcmp(self->status, from[i]) == 0) {
            send_event(self, "RESUME", NULL);
            set_status(self, "running");
            return;
        }
    }
}

/* With -no-shutdown. */
static void
do_shutdown(Model *self, const char *rest)
{
    (void)rest;
    if (!is_running(self))
        return;
    send_event(self, "SHUTDOWN", "{\"guest\": true, \"reason\": \"guest-shutdown\"}");
    stop(self, "shutdown");
}

/* An event with an action, which stops the guest if it is @stopping. */
static void
announce(Model *self, const char *event, const char *action, const char *stopping,
         const char *status)
{
    g_autofree char *data = g_strdup_printf("{\"action\": \"%s\"}", action);

    if (!is_running(self))
        return;
    send_event(self, event, data);
    if (strcmp(action, stopping) == 0)
        stop(self, status);
}

static void
do_panic(Model *self, const char *rest)
{
    announce(self, "GUEST_PANICKED", rest, "pause", "guest-panicked");
}

static void
do_io_error(Model *self, const char *rest)
{
    announce(self, "BLOCK_IO_ERROR", rest, "stop", "io-error");
}

static void
do_watchdog(Model *self, const char *rest)
{
    announce(self, "WATCHDOG", rest, "pause", "watchdog");
}

static void
do_internal_error(Model *self, const char *rest)
{
    (void)rest;
    stop(self, "internal-error");
}

static void
do_suspend(Model *self, const char *rest)
{
    (void)rest;
    if (!is_running(self))
        return;
    set_status(self, "suspended");
    send_event(self, "SUSPEND", NULL);
}

static void
do_wakeup(Model *self, const char *rest)
{
    (void)rest;
    if (strcmp(self->status, "suspended") != 0)
        return;
    set_status(self, "running");
    send_event(self, "WAKEUP", NULL);
}

static void
do_reset(Model *self, const char *rest)
{
    (void)rest;
    if (self->is_preconfig)
        return;
    if (!is_running(self))
        set_status(self, "prelaunch");
    for (int i = 0; i < N_SLOTS; i++)
        self->vcpus[i].exits += 2;
    send_event(self, "RESET", "{\"guest\": false, \"reason\": \"host-qmp-system-reset\"}");
}

/* A paused guest goes elsewhere, and no event tells. */
static void
do_migrate(Model *self, const char *rest)
{
    (void)rest;
    if (strcmp(self->status, "paused") == 0)
        set_status(self, "postmigrate");
}

static void
do_plug(Model *self, const char *rest)
{
    int i = number_in(rest);

    if (self->can_plug && !self->is_preconfig && i > 0 && i < N_SLOTS)
        plug_vcpu(self, i);
}

static void
do_unplug(Model *self, const char *rest)
{
    int i = number_in(rest);

    if (i > 0 && i < N_SLOTS)
        unplug_vcpu(self, i);
}

static void
do_dimm(Model *self, const char *rest)
{
    self->plugged_mib += (unsigned)number_in(rest);
    self->actual_mib += (unsigned)number_in(rest);
}

/* Memory that query-balloon does not count. */
static void
do_pmem(Model *self, const char *rest)
{
    self->plugged_mib += (unsigned)number_in(rest);
}

static void
do_balloon(Model *self, const char *rest)
{
    g_autofree char *data = g_strdup_printf("{\"actual\": %d}", number_in(rest) * MIB);

    if (!self->has_balloon || !is_running(self))
        return;
    self->actual_mib = (unsigned)number_in(rest);
    send_event(self, "BALLOON_CHANGE", data);
}

static void
do_remove_balloon(Model *self, const char *rest)
{
    (void)rest;
    if (!self->has_balloon)
        return;
    self->has_balloon = false;
    self->actual_mib = self->base_mib;
    send_event(self, "DEVICE_DELETED", "{\"device\": \"b\", \"path\": \"/machine/peripheral/b\"}");
}

static void
do_add_balloon(Model *self, const char *rest)
{
    if (self->has_balloon || self->is_preconfig)
        return;
    self->has_balloon = true;
    self->balloon_id = number_in(rest);
    self->free_mib = 0;
    self->update_s = 0;
}

static void
do_add_disk(Model *self, const char *rest)
{
    self->has_disk[number_in(rest) % N_DISKS] = true;
}

static void
do_remove_disk(Model *self, const char *rest)
{
    int i = number_in(rest) % N_DISKS;

    if (!self->has_disk[i])
        return;
    self->has_disk[i] = false;
    self->disk_reads[i] = 0;
    send_event(self, "DEVICE_DELETED", "{\"device\": \"v\", \"path\": \"/machine/peripheral/v\"}");
}

static void *
be_an_iothread(void *data)
{
    while (data == NULL)
        pause();
    return NULL;
}

/* Its thread stays when it goes: a thread that went for another reason. */
static void
do_add_iothread(Model *self, const char *rest)
{
    int i = number_in(rest) % N_IOTHREADS;
    pthread_t thread;

    if (self->has_iothread[i])
        return;
    self->has_iothread[i] = true;
    pthread_create(&thread, NULL, be_an_iothread, NULL);
    pthread_detach(thread);
}

static void
do_remove_iothread(Model *self, const char *rest)
{
    self->has_iothread[number_in(rest) % N_IOTHREADS] = false;
}

static void
do_set_iothread(Model *self, const char *rest)
{
    self->poll_ns[number_in(rest) % N_IOTHREADS] += 1000;
}

static void
do_measure(Model *self, const char *rest)
{
    (void)rest;
    self->n_measured++;
    self->rate = self->n_measured * 11;
}

static void
do_exit_preconfig(Model *self, const char *rest)
{
    (void)rest;
    self->is_preconfig = false;
}

static void
do_hush(Model *self, const char *rest)
{
    self->manners.n_left = number_in(rest);
}

static void
do_speak(Model *self, const char *rest)
{
    (void)rest;
    self->manners.n_left = -1;
    answer_all(self, MODEL_QEMU_LIVED);
}

static void
do_double(Model *self, const char *rest)
{
    self->manners.n_double = number_in(rest);
}

static void
do_lose(Model *self, const char *rest)
{
    self->manners.n_lost = number_in(rest);
}

static void
do_amid(Model *self, const char *rest)
{
    const char *blank = strchr(rest, ' ');

    self->manners.n_amid = number_in(rest);
    g_strlcpy(self->manners.amid, blank ? blank + 1 : "", sizeof(self->manners.amid));
}

/* What was to happen amid a call and did not does not happen in a later one. */
static void
do_behave(Model *self, const char *rest)
{
    (void)rest;
    self->manners.n_double = 0;
    self->manners.n_lost = 0;
    self->manners.n_amid = 0;
}

static void
do_drop(Model *self, const char *rest)
{
    (void)rest;
    drop_client(&self->clients[MODEL_QEMU_LIVED]);
}

static void
do_greet_late(Model *self, const char *rest)
{
    (void)rest;
    self->manners.greets_late = !self->manners.greets_late;
}

static const struct {
    const char *order;
    void (*run)(Model *self, const char *rest);
} orders[] = {
    {"tick", do_tick},
    {"pause", do_pause},
    {"cont", do_cont},
    {"shutdown", do_shutdown},
    {"panic", do_panic},       /* pause, run */
    {"io-error", do_io_error}, /* stop, report */
    {"watchdog", do_watchdog}, /* pause, none */
    {"internal-error", do_internal_error},
    {"suspend", do_suspend},
    {"wakeup", do_wakeup},
    {"reset", do_reset},
    {"migrate", do_migrate},
    {"plug", do_plug}, /* a vCPU, by number */
    {"unplug", do_unplug},
    {"dimm", do_dimm}, /* MiB */
    {"pmem", do_pmem},
    {"balloon", do_balloon},
    {"remove-balloon", do_remove_balloon},
    {"add-balloon", do_add_balloon}, /* the number of its id */
    {"add-disk", do_add_disk},
    {"remove-disk", do_remove_disk},
    {"add-iothread", do_add_iothread},
    {"remove-iothread", do_remove_iothread},
    {"set-iothread", do_set_iothread},
    {"measure", do_measure},
    {"exit-preconfig", do_exit_preconfig},
    {"hush", do_hush}, /* LIVED answers so many more, then none */
    {"speak", do_speak},
    {"double", do_double}, /* the so-manieth reply from now */
    {"lose", do_lose},
    {"amid", do_amid}, /* after so many replies, an order */
    {"behave", do_behave},
    {"drop", do_drop},
    {"greet-late", do_greet_late},
};

static void
run_order(Model *self, const char *text, bool *ret_is_known)
{
    size_t length = strcspn(text, " ");
    const char *rest = text[length] != '\0' ? text + length + 1 : "";

    *ret_is_known = false;
    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
        if (strlen(orders[i].order) == length && strncmp(orders[i].order, text, length) == 0) {
            orders[i].run(self, rest);
            *ret_is_known = true;
        }
    }
}

static void
take_order(Model *self, int orders_fd)
{
    char text[MAX_ORDER_BYTES + 1] = {0};
    ssize_t n = recv(orders_fd, text, MAX_ORDER_BYTES, 0);
    bool is_known = false;
    char answer_byte = 0;

    if (n <= 0) {
        self->has_ended = true;
        return;
    }
    run_order(self, text, &is_known);
    answer_byte = is_known ? 'y' : 'n';
    if (send(orders_fd, &answer_byte, 1, MSG_NOSIGNAL) < 0)
        self->has_ended = true;
}

static void
serve(Model *self, int orders_fd)
{
    while (!self->has_ended) {
        struct pollfd polled[1 + MODEL_QEMU_N_MONITORS] = {{.fd = orders_fd, .events = POLLIN}};

        for (size_t i = 0; i < MODEL_QEMU_N_MONITORS; i++) {
            const Client *client = &self->clients[i];

            polled[1 + i].fd = client->fd >= 0 ? client->fd : client->listen_fd;
            polled[1 + i].events = POLLIN;
        }
        if (poll(polled, G_N_ELEMENTS(polled), -1) < 0)
            continue;
        for (size_t i = 0; i < MODEL_QEMU_N_MONITORS; i++) {
            if (polled[1 + i].revents == 0)
                continue;
            /* What came before may have ended a client. */
            if (polled[1 + i].fd == self->clients[i].listen_fd)
                greet(self, (ModelQemuMonitor)i);
            else if (polled[1 + i].fd == self->clients[i].fd)
                read_requests(self, (ModelQemuMonitor)i);
        }
        if (polled[0].revents != 0)
            take_order(self, orders_fd);
    }
}

static void
init_model(Model *self, const char *kind)
{
    *self = (Model){.can_plug = strcmp(kind, "no-slots") != 0,
                    .is_preconfig = strcmp(kind, "preconfig") == 0,
                    .is_s390 = strcmp(kind, "s390x") == 0,
                    .has_one_thread = strcmp(kind, "one-thread") == 0,
                    .has_balloon = true,
                    .actual_mib = 512,
                    .base_mib = 1024,
                    .free_mib = 7,
                    .update_s = 100,
                    .manners.n_left = -1};
    self->has_disk[0] = true;
    if (g_str_has_prefix(kind, "lacks "))
        g_strlcpy(self->lacks, kind + strlen("lacks "), sizeof(self->lacks));
    set_status(self, self->is_preconfig ? "prelaunch" : "running");
    plug_vcpu(self, 0);
    if (!self->has_one_thread)
        plug_vcpu(self, 1);
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
    return g_build_filename(folder, monitor == MODEL_QEMU_LIVED ? "lived.qmp" : "fresh.qmp", NULL);
}

/* Never returns. */
static void
be_qemu(const char *folder, const char *kind, int orders_fd)
{
    Model model;

    init_model(&model, kind);
    for (size_t i = 0; i < MODEL_QEMU_N_MONITORS; i++) {
        g_autofree char *path = model_qemu_path(folder, (ModelQemuMonitor)i);

        model.clients[i] = (Client){listen_at(path), -1, g_string_new(NULL), false};
    }
    if (send(orders_fd, "y", 1, MSG_NOSIGNAL) == 1)
        serve(&model, orders_fd);
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
        be_qemu(folder, kind, fds[1]);
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
