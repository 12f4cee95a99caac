/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_silence: how long a call waits for a domain that an earlier call left without answers.
 */
#pragma once

#include "qemu/host/qemu_host.h"

/* Notes in the domain, which has a connection, what the next call needs to know. The job takes no
 * more answers; on a held connection the next call reads and drops those still owed. @since_us:
 * since when they are (monotonic). */
void qemu_silence_note(QemuHostView *host, QemuDomain *domain, int64_t since_us);

/* How long a new connection may stay silent if the last call left the domain silent, and once more
 * after a greeting that the main loop need not have sent. Once anything else comes, it has the
 * whole call. */
int64_t qemu_silence_patience_us(const QemuJob *job);

/* Whether this call should wait for the replies that a domain owes on a connection. True if some
 * have come since, if its process was stopped and runs again, or until the peer has had its fair
 * time. Sets since when the peer owes what it was asked for, and until when it is waited for, if
 * that is not until the deadline (both monotonic). */
bool qemu_silence_is_worth_waiting(QemuHostView *host, const QemuJob *job, int64_t *turn_us,
                                   int64_t *until_us);

/* How long the peer had for what it was asked at @turn_us. A peer that was stuck in the last call
 * and is silent again until @until_us, if that is not 0, had its fair time in that call. */
int64_t qemu_silence_waited_us(const QemuJob *job, int64_t turn_us, int64_t until_us);

/* Until when (monotonic) a call waits for the answer that libvirt owes to an earlier one. */
int64_t qemu_silence_libvirt_until_us(QemuHostView *host, const QemuJob *job);
