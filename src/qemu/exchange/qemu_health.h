/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_health: why a domain did not answer: a verdict and a sentence for a person.
 */
#pragma once

#include "qemu/host/qemu_host.h"

/* True if the kernel shows the process as stopped by a signal or a debugger: waiting for it is
 * of no use. */
bool qemu_health_is_stopped(HostRoot *root, const QemuDomain *domain);

/* STOPPED if that is so; false if not. */
bool qemu_health_judge_stopped(QemuHostView *host, QemuJob *job);

/* The verdict on a job whose answers did not all come in time. */
void qemu_health_judge_silence(QemuHostView *host, QemuJob *job);
/* The verdict on a job whose connection ended; borrows the error that ended it. */
void qemu_health_judge_close(QemuHostView *host, QemuJob *job, const GError *error);
/* The verdict where no place could be dialled: @outcome of the last one, with its error. */
void qemu_health_judge_dial(QemuHostView *host, QemuJob *job, QemuDial outcome,
                            const GError *error);
/* The listener at @place as the round's table of sockets has it. */
void qemu_health_find_listener(QemuHostView *host, const QemuEndpointPlace *place,
                               HostUnixListener *ret_listener);

/* BUSY if the table shows that another process holds the monitor at @bound_path; false if
 * not. */
bool qemu_health_judge_busy(QemuHostView *host, QemuJob *job, const QemuEndpointPlace *place);
