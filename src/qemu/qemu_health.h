/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_health: why a domain did not answer: a verdict and a sentence for a person.
 */
#pragma once

#include "qemu_host.h"

/* True if the kernel shows the process as stopped by a signal or a debugger: waiting for it is
 * of no use. */
bool qemu_health_is_stopped(HostRoot *root, const QemuDomain *domain);

/* STOPPED if that is so; false if not. */
bool qemu_health_judge_stopped(QemuHostRound *host, QemuJob *job);

/* The verdict on a job whose answers did not all come in time. */
void qemu_health_judge_silence(QemuHostRound *host, QemuJob *job);
/* The verdict on a job whose connection ended; borrows the error that ended it. */
void qemu_health_judge_close(QemuHostRound *host, QemuJob *job, const GError *error);
/* The verdict where no place could be dialled: @outcome of the last one, with its error. */
void qemu_health_judge_dial(QemuHostRound *host, QemuJob *job, QemuDial outcome,
                            const GError *error);
/* The listener at @place as the round's table of sockets has it. */
void qemu_health_find_listener(QemuHostRound *host, const QemuMonitorPlace *place,
                               HostUnixListener *ret_listener);

/* BUSY if the table shows that another process holds the monitor at @bound_path; false if
 * not. */
bool qemu_health_judge_busy(QemuHostRound *host, QemuJob *job, const QemuMonitorPlace *place);
