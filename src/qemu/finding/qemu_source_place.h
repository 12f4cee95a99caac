/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_place: the monitors of a QEMU process's command line -> the addresses at which this
 * process can reach them. Reads /proc and the kernel's table of sockets; touches no socket.
 */
#pragma once

#include "qemu/facts/qemu_endpoint.h"
#include "qemu_source_view.h"

/* Adds the places of the monitors of process @pid to @endpoint: the preferred ones first, then in
 * the order of the command line, behind them those that belong to their manager alone. A monitor
 * has a place only if the process listens there. If there is no place, sets the endpoint's trouble
 * and the sentence that says why. @pid 0: the process is not known, and the words are believed.
 * False if the process does not listen at one of its monitors: it may do so later. */
bool qemu_source_place_find(QemuSourceView *view, pid_t pid, const QemuCmdline *cmdline,
                            QemuEndpoint *endpoint);
