/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model_machine: what the QEMU of the model is made of: its state, the clients of its monitors, the
 * threads of its vCPUs. model_orders changes it, model_replies tells it, model_qemu runs it.
 */
#pragma once

#include <glib.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <sys/types.h>

#include "model_qemu.h"

enum {
    MODEL_MACHINE_N_SLOTS = 4, /* for vCPUs */
    MODEL_MACHINE_N_DISKS = 3,
    MODEL_MACHINE_N_IOTHREADS = 2,
    MODEL_MACHINE_N_JOBS = 2,
    MODEL_MACHINE_MAX_ORDER_BYTES = 128,
};

typedef struct {
    bool is_there;
    pid_t thread_id;
    pthread_t thread;
    sem_t may_end;   /* posted when the vCPU is unplugged */
    sem_t has_begun; /* posted when @thread_id is set */
    unsigned int exits;
    bool is_halted;
} ModelMachineVcpu;

/* A monitor, with the one client that it serves at a time. */
typedef struct {
    int listen_fd;
    int fd; /* -1: no client */
    GString *in;
} ModelMachineClient;

/* How the KEPT monitor misbehaves. The counts are replies from now, without the negotiation's. */
typedef struct {
    int n_until_mute;    /* the monitor stops answering after so many; -1: never */
    int n_until_doubled; /* that one is sent twice; 0: none is */
    int n_until_lost;    /* that one is not sent; 0: all are */
    int n_until_amid;    /* @amid is carried out after that one; 0: it is not */
    char amid[MODEL_MACHINE_MAX_ORDER_BYTES];
    bool greets_late; /* an event goes before the greeting */
} ModelMachineFaults;

typedef struct {
    char status[24];
    bool is_preconfig, is_s390, has_one_thread, can_plug;
    char lacks[40]; /* the command that is not implemented; "": all are */
    ModelMachineVcpu vcpus[MODEL_MACHINE_N_SLOTS];
    bool has_balloon;
    int balloon_id;
    unsigned int actual_mib, base_mib, plugged_mib, free_mib, update_s;
    unsigned int disk_reads[MODEL_MACHINE_N_DISKS];
    bool has_disk[MODEL_MACHINE_N_DISKS];
    bool has_iothread[MODEL_MACHINE_N_IOTHREADS];
    unsigned int poll_ns[MODEL_MACHINE_N_IOTHREADS];
    unsigned int rate, n_measured, vm_flushes;
    char migration[16];    /* its state; "": there was none */
    bool tells_migrations; /* by events */
    unsigned int n_sent;   /* by the migration under way */
    bool has_job[MODEL_MACHINE_N_JOBS];
    unsigned int job_offset;
    ModelMachineClient clients[MODEL_QEMU_N_MONITORS];
    ModelMachineFaults faults;
} ModelMachine;

/* A machine of that kind (see model_qemu_new()), without monitors. */
void model_machine_init(ModelMachine *self, const char *kind);

bool model_machine_is_running(const ModelMachine *self);
void model_machine_set_status(ModelMachine *self, const char *status);

/* Starts and ends the thread of a vCPU too. A vCPU that is there is not plugged again; vCPU 0, and
 * those that share one thread, are not unplugged. */
void model_machine_plug(ModelMachine *self, int i);
void model_machine_unplug(ModelMachine *self, int i);

/* Sends @text whole; drops a client that has gone. */
void model_machine_send(ModelMachineClient *client, const char *text);
/* Sends an event to the clients of all monitors; @data is JSON, or NULL. */
void model_machine_send_event(ModelMachine *self, const char *name, const char *data);
void model_machine_drop_client(ModelMachineClient *client);
