/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_identity: finds out which QEMU answers on a new connection. Another QEMU can listen at the
 * same path, and another process can get the same pid, so both are checked for each connection.
 */
#pragma once

#include "qemu/host/qemu_host.h"

/* Directly after the dial: notes in the domain which process listens. If it is another one than
 * before, forgets what is known of the domain. False, with the verdict NO_MONITOR, if the source
 * says that the domain is another process. @is_proven: the listening socket was seen in the process
 * that the source says. Then the peer's pid is not compared: it is that of the process that called
 * listen(), which may have been a launcher. */
bool qemu_identity_check_peer(QemuHostView *host, QemuJob *job, bool is_proven);

/* On a kept connection: reads the command line of its process if an earlier call could not. */
void qemu_identity_read_again(QemuHostView *host, QemuDomain *domain, UtilDeadline deadline);

/* For a monitor that is not dialled: finds the domain's process by @inode, its listening socket.
 * Notes it if it is a QEMU and is found by @deadline. */
void qemu_identity_find_process(QemuHostView *host, QemuDomain *domain, ino_t inode,
                                UtilDeadline deadline);

/* Once QEMU has greeted: true if it need not be asked who it is, since it was asked in an earlier
 * call, or its process tells: then name and UUID are taken from there. */
bool qemu_identity_is_known(QemuJob *job);

/* When the commands of qemu_plan_identity() are answered: takes name, UUID and commands. False,
 * with BROKEN, if the peer has none of our commands. */
bool qemu_identity_take_answers(QemuJob *job, GError **error);
/* All answers of the call are in. False, with BROKEN, if the peer does not even have query-status,
 * which each QEMU has: then its process only looks like a QEMU's. */
bool qemu_identity_check_answers(const QemuJob *job, GError **error);
