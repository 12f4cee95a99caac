/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model_machine: see model_machine.h.
 */
#include "model_machine.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

void
model_machine_drop_client(ModelMachineClient *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
}

void
model_machine_send(ModelMachineClient *client, const char *text)
{
    if (client->fd >= 0 && send(client->fd, text, strlen(text), MSG_NOSIGNAL) < 0 &&
        errno != EAGAIN)
        model_machine_drop_client(client);
}

void
model_machine_send_event(ModelMachine *self, const char *name, const char *data)
{
    g_autofree char *text = g_strdup_printf(
        "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"%s\"%s%s}\r\n", name,
        data ? ", \"data\": " : "", data ? data : "");

    for (size_t i = 0; i < MODEL_QEMU_N_MONITORS; i++)
        model_machine_send(&self->clients[i], text);
}

bool
model_machine_is_running(const ModelMachine *self)
{
    return strcmp(self->status, "running") == 0;
}

void
model_machine_set_status(ModelMachine *self, const char *status)
{
    g_strlcpy(self->status, status, sizeof(self->status));
}

static void *
wait_as_vcpu(void *data)
{
    ModelMachineVcpu *self = data;

    self->thread_id = (pid_t)syscall(SYS_gettid);
    sem_post(&self->has_begun);
    while (sem_wait(&self->may_end) < 0)
        ;
    return NULL;
}

void
model_machine_plug(ModelMachine *self, int i)
{
    ModelMachineVcpu *vcpu = &self->vcpus[i];

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
    pthread_create(&vcpu->thread, NULL, wait_as_vcpu, vcpu);
    while (sem_wait(&vcpu->has_begun) < 0)
        ;
}

void
model_machine_unplug(ModelMachine *self, int i)
{
    ModelMachineVcpu *vcpu = &self->vcpus[i];

    if (i == 0 || !vcpu->is_there || self->has_one_thread)
        return;
    vcpu->is_there = false;
    sem_post(&vcpu->may_end);
    pthread_join(vcpu->thread, NULL);
}

void
model_machine_init(ModelMachine *self, const char *kind)
{
    *self = (ModelMachine){.can_plug = strcmp(kind, "no-slots") != 0,
                           .is_preconfig = strcmp(kind, "preconfig") == 0,
                           .is_s390 = strcmp(kind, "s390x") == 0,
                           .has_one_thread = strcmp(kind, "one-thread") == 0,
                           .tells_migrations = strcmp(kind, "tells-migrations") == 0,
                           .has_balloon = true,
                           .actual_mib = 512,
                           .base_mib = 1024,
                           .free_mib = 7,
                           .update_s = 100,
                           .faults.n_until_mute = -1};
    self->has_disk[0] = true;
    if (g_str_has_prefix(kind, "lacks "))
        g_strlcpy(self->lacks, kind + strlen("lacks "), sizeof(self->lacks));
    model_machine_set_status(self, self->is_preconfig ? "prelaunch" : "running");
    model_machine_plug(self, 0);
    if (!self->has_one_thread)
        model_machine_plug(self, 1);
}
