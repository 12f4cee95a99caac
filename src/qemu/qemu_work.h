/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_work: one job on its way: its phases, its connection, its end.
 */
#pragma once

#include "qemu_host.h"

/* In the order they are gone through. */
typedef enum {
    QEMU_WORK_DRAIN,
    QEMU_WORK_GREET,
    QEMU_WORK_IDENTIFY,
    QEMU_WORK_COLLECT,
    QEMU_WORK_ENDED,
} QemuWorkPhase;

/* Called on the thread that worked on @job, as soon as it has ended: complete, or with a
 * verdict. Different jobs may end on different threads at once. */
typedef void (*QemuWorkEnded)(QemuJob *job, void *data);

/* What the works of one thread share; all borrowed. */
typedef struct {
    QemuHostRound *host;
    int poll_fd; /* gives a QemuWork as data.ptr */
    QemuMonitorBuffer *buffer;
    bool is_replay;
    QemuWorkEnded ended;
    void *data;
    size_t n_open; /* works that have not ended */
} QemuWorkShared;

/* Begins with these two set and all else zero; stays where it is until it has ended. */
typedef struct {
    QemuJob *job;
    QemuWorkShared *shared;
    QemuWorkPhase phase;
    bool is_polled;
    bool polls_write;
    bool moved;             /* since the last look */
    unsigned int n_stopped; /* looks in a row */
} QemuWork;

/* Sends the first commands, connecting where there is no connection; or ends it, where there
 * is nothing to wait for. Never waits itself. */
void qemu_work_start(QemuWork *self);

/* Moves one that was started and has not ended as far as it goes now: when its poll says so. */
void qemu_work_step(QemuWork *self);

/* Looks after one that was started and has not ended, in case it is silent: sends the probe,
 * or ends it if its process is stopped for good. */
void qemu_work_look_after(QemuWork *self);

/* Ends one that was started and has not ended: it is not waited for any longer; what it still
 * says is read by the next call. */
void qemu_work_end_silent(QemuWork *self);
