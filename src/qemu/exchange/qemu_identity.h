/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_identity: who answers on a fresh connection. A socket's path can be taken over by
 * another QEMU, and a pid be given to another process, so both are checked each time.
 */
#pragma once

#include "qemu/host/qemu_host.h"

/* Directly after the dial: which process listens. A new one makes the domain begin anew.
 * False if the place belongs to another domain's process: then the verdict is set. */
bool qemu_identity_check_peer(QemuHostView *host, QemuJob *job);

/* Another client holds the monitor at @place, so nobody tells whose it is: learns the process
 * from the socket that listens there, if it is a QEMU's and is found by @deadline. */
void qemu_identity_find_process(QemuHostView *host, QemuDomain *domain,
                                const QemuEndpointPlace *place, UtilDeadline deadline);

/* When plan_identity's answers are in: name, UUID, commands. False, with BROKEN, for a peer that
 * knows no command. */
bool qemu_identity_take_answers(QemuJob *job, GError **error);
