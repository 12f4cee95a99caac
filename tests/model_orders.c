/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model_orders: see model_orders.h. An order that the present state does not allow changes nothing.
 */
#include "model_orders.h"

#include <string.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

static int
number_in(const char *text)
{
    return (int)g_ascii_strtoull(text, NULL, 10);
}

/* A guest that runs stops. */
static void
stop(ModelMachine *self, const char *status)
{
    if (!model_machine_is_running(self))
        return;
    model_machine_set_status(self, status);
    model_machine_send_event(self, "STOP", NULL);
}

static void
do_tick(ModelMachine *self, const char *rest)
{
    (void)rest;
    self->vm_flushes++; /* the kernel counts these also while the guest is stopped */
    for (int i = 0; i < MODEL_MACHINE_N_DISKS; i++)
        self->disk_reads[i] += 3;
    self->n_sent += 4096;
    self->job_offset += 512;
    if (!model_machine_is_running(self))
        return;
    for (int i = 0; i < MODEL_MACHINE_N_SLOTS; i++) {
        self->vcpus[i].exits += 7u + (unsigned)i;
        self->vcpus[i].is_halted = !self->vcpus[i].is_halted;
    }
    self->free_mib = (self->free_mib + 1) % 64;
    self->update_s++;
}

static void
do_pause(ModelMachine *self, const char *rest)
{
    (void)rest;
    stop(self, "paused");
}

static void
do_cont(ModelMachine *self, const char *rest)
{
    static const char *const from[] = {"paused", "io-error", "watchdog", "prelaunch",
                                       "postmigrate"};

    (void)rest;
    for (size_t i = 0; i < G_N_ELEMENTS(from) && !self->is_preconfig; i++) {
        if (strcmp(self->status, from[i]) == 0) {
            model_machine_send_event(self, "RESUME", NULL);
            model_machine_set_status(self, "running");
            return;
        }
    }
}

/* As with -no-shutdown: the process stays. */
static void
do_shutdown(ModelMachine *self, const char *rest)
{
    (void)rest;
    if (!model_machine_is_running(self))
        return;
    model_machine_send_event(self, "SHUTDOWN", "{\"guest\": true, \"reason\": \"guest-shutdown\"}");
    stop(self, "shutdown");
}

/* Sends an event with @action, and stops the guest if that is @stopping. */
static void
announce(ModelMachine *self, const char *event, const char *action, const char *stopping,
         const char *status)
{
    g_autofree char *data = g_strdup_printf("{\"action\": \"%s\"}", action);

    if (!model_machine_is_running(self))
        return;
    model_machine_send_event(self, event, data);
    if (strcmp(action, stopping) == 0)
        stop(self, status);
}

static void
do_panic(ModelMachine *self, const char *rest)
{
    announce(self, "GUEST_PANICKED", rest, "pause", "guest-panicked");
}

static void
do_io_error(ModelMachine *self, const char *rest)
{
    announce(self, "BLOCK_IO_ERROR", rest, "stop", "io-error");
}

static void
do_watchdog(ModelMachine *self, const char *rest)
{
    announce(self, "WATCHDOG", rest, "pause", "watchdog");
}

static void
do_internal_error(ModelMachine *self, const char *rest)
{
    (void)rest;
    stop(self, "internal-error");
}

static void
do_suspend(ModelMachine *self, const char *rest)
{
    (void)rest;
    if (!model_machine_is_running(self))
        return;
    model_machine_set_status(self, "suspended");
    model_machine_send_event(self, "SUSPEND", NULL);
}

static void
do_wakeup(ModelMachine *self, const char *rest)
{
    (void)rest;
    if (strcmp(self->status, "suspended") != 0)
        return;
    model_machine_set_status(self, "running");
    model_machine_send_event(self, "WAKEUP", NULL);
}

static void
do_reset(ModelMachine *self, const char *rest)
{
    (void)rest;
    if (self->is_preconfig)
        return;
    if (!model_machine_is_running(self))
        model_machine_set_status(self, "prelaunch");
    for (int i = 0; i < MODEL_MACHINE_N_SLOTS; i++)
        self->vcpus[i].exits += 2;
    model_machine_send_event(self, "RESET",
                             "{\"guest\": false, \"reason\": \"host-qmp-system-reset\"}");
}

static void
set_migration(ModelMachine *self, const char *state)
{
    g_autofree char *data = g_strdup_printf("{\"status\": \"%s\"}", state);

    g_strlcpy(self->migration, state, sizeof(self->migration));
    if (self->tells_migrations)
        model_machine_send_event(self, "MIGRATION", data);
}

/* Migrates a paused guest away, of which no event tells unless that was turned on. */
static void
do_migrate(ModelMachine *self, const char *rest)
{
    (void)rest;
    if (strcmp(self->status, "paused") != 0)
        return;
    model_machine_set_status(self, "postmigrate");
    set_migration(self, "completed");
}

static void
do_begin_migration(ModelMachine *self, const char *rest)
{
    (void)rest;
    if (!self->is_preconfig && strcmp(self->migration, "active") != 0)
        set_migration(self, "active");
}

/* How it ends: cancelled, failed. */
static void
do_end_migration(ModelMachine *self, const char *rest)
{
    if (strcmp(self->migration, "active") == 0)
        set_migration(self, rest);
}

static void
do_begin_job(ModelMachine *self, const char *rest)
{
    int i = number_in(rest) % MODEL_MACHINE_N_JOBS;

    if (self->has_job[i])
        return;
    self->has_job[i] = true;
    model_machine_send_event(self, "JOB_STATUS_CHANGE", "{\"status\": \"created\", \"id\": \"j\"}");
}

static void
do_end_job(ModelMachine *self, const char *rest)
{
    int i = number_in(rest) % MODEL_MACHINE_N_JOBS;

    if (!self->has_job[i])
        return;
    self->has_job[i] = false;
    model_machine_send_event(self, "JOB_STATUS_CHANGE", "{\"status\": \"null\", \"id\": \"j\"}");
}

static void
do_plug(ModelMachine *self, const char *rest)
{
    int i = number_in(rest);

    if (self->can_plug && !self->is_preconfig && i > 0 && i < MODEL_MACHINE_N_SLOTS)
        model_machine_plug(self, i);
}

static void
do_unplug(ModelMachine *self, const char *rest)
{
    int i = number_in(rest);

    if (i > 0 && i < MODEL_MACHINE_N_SLOTS)
        model_machine_unplug(self, i);
}

static void
do_dimm(ModelMachine *self, const char *rest)
{
    self->plugged_mib += (unsigned)number_in(rest);
    self->actual_mib += (unsigned)number_in(rest);
}

/* Memory that query-balloon does not count. */
static void
do_pmem(ModelMachine *self, const char *rest)
{
    self->plugged_mib += (unsigned)number_in(rest);
}

static void
do_balloon(ModelMachine *self, const char *rest)
{
    g_autofree char *data = g_strdup_printf("{\"actual\": %d}", number_in(rest) * MIB);

    if (!self->has_balloon || !model_machine_is_running(self))
        return;
    self->actual_mib = (unsigned)number_in(rest);
    model_machine_send_event(self, "BALLOON_CHANGE", data);
}

static void
do_remove_balloon(ModelMachine *self, const char *rest)
{
    (void)rest;
    if (!self->has_balloon)
        return;
    self->has_balloon = false;
    self->actual_mib = self->base_mib;
    model_machine_send_event(self, "DEVICE_DELETED",
                             "{\"device\": \"b\", \"path\": \"/machine/peripheral/b\"}");
}

static void
do_add_balloon(ModelMachine *self, const char *rest)
{
    if (self->has_balloon || self->is_preconfig)
        return;
    self->has_balloon = true;
    self->balloon_id = number_in(rest);
    self->free_mib = 0;
    self->update_s = 0;
}

static void
do_add_disk(ModelMachine *self, const char *rest)
{
    self->has_disk[number_in(rest) % MODEL_MACHINE_N_DISKS] = true;
}

static void
do_remove_disk(ModelMachine *self, const char *rest)
{
    int i = number_in(rest) % MODEL_MACHINE_N_DISKS;

    if (!self->has_disk[i])
        return;
    self->has_disk[i] = false;
    self->disk_reads[i] = 0;
    model_machine_send_event(self, "DEVICE_DELETED",
                             "{\"device\": \"v\", \"path\": \"/machine/peripheral/v\"}");
}

static void *
wait_as_iothread(void *data)
{
    while (data == NULL)
        pause();
    return NULL;
}

/* The process gets one more thread, which is not a vCPU. The thread stays when the IOThread is
 * removed. */
static void
do_add_iothread(ModelMachine *self, const char *rest)
{
    int i = number_in(rest) % MODEL_MACHINE_N_IOTHREADS;
    pthread_t thread;

    if (self->has_iothread[i])
        return;
    self->has_iothread[i] = true;
    pthread_create(&thread, NULL, wait_as_iothread, NULL);
    pthread_detach(thread);
}

static void
do_remove_iothread(ModelMachine *self, const char *rest)
{
    self->has_iothread[number_in(rest) % MODEL_MACHINE_N_IOTHREADS] = false;
}

static void
do_set_iothread(ModelMachine *self, const char *rest)
{
    self->poll_ns[number_in(rest) % MODEL_MACHINE_N_IOTHREADS] += 1000;
}

static void
do_measure(ModelMachine *self, const char *rest)
{
    (void)rest;
    self->n_measured++;
    self->rate = self->n_measured * 11;
}

static void
do_exit_preconfig(ModelMachine *self, const char *rest)
{
    (void)rest;
    self->is_preconfig = false;
}

static void
do_hush(ModelMachine *self, const char *rest)
{
    self->faults.n_until_mute = number_in(rest);
}

static void
do_speak(ModelMachine *self, const char *rest)
{
    (void)rest;
    self->faults.n_until_mute = -1;
}

static void
do_double(ModelMachine *self, const char *rest)
{
    self->faults.n_until_doubled = number_in(rest);
}

static void
do_lose(ModelMachine *self, const char *rest)
{
    self->faults.n_until_lost = number_in(rest);
}

static void
do_amid(ModelMachine *self, const char *rest)
{
    const char *blank = strchr(rest, ' ');

    self->faults.n_until_amid = number_in(rest);
    g_strlcpy(self->faults.amid, blank ? blank + 1 : "", sizeof(self->faults.amid));
}

/* Takes back the faults of one call that did not come to pass in it. */
static void
do_behave(ModelMachine *self, const char *rest)
{
    (void)rest;
    self->faults.n_until_doubled = 0;
    self->faults.n_until_lost = 0;
    self->faults.n_until_amid = 0;
}

static void
do_drop(ModelMachine *self, const char *rest)
{
    (void)rest;
    model_machine_drop_client(&self->clients[MODEL_QEMU_KEPT]);
}

static void
do_greet_late(ModelMachine *self, const char *rest)
{
    (void)rest;
    self->faults.greets_late = !self->faults.greets_late;
}

static const struct {
    const char *order;
    void (*run)(ModelMachine *self, const char *rest);
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
    {"begin-migration", do_begin_migration},
    {"end-migration", do_end_migration}, /* cancelled, failed */
    {"begin-job", do_begin_job},         /* by number */
    {"end-job", do_end_job},
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
    {"hush", do_hush}, /* KEPT answers so many more requests, then none */
    {"speak", do_speak},
    {"double", do_double}, /* a reply, by its number from now */
    {"lose", do_lose},     /* likewise */
    {"amid", do_amid},     /* after so many replies, an order: "3 remove-balloon" */
    {"behave", do_behave},
    {"drop", do_drop},
    {"greet-late", do_greet_late},
};

bool
model_orders_run(ModelMachine *machine, const char *text)
{
    size_t length = strcspn(text, " ");
    const char *rest = text[length] != '\0' ? text + length + 1 : "";

    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
        if (strlen(orders[i].order) == length && strncmp(orders[i].order, text, length) == 0) {
            orders[i].run(machine, rest);
            return true;
        }
    }
    return false;
}
