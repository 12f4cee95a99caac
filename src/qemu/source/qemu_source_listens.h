/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_listens: whether a process listens where its words say that its QMP monitor is.
 */
#pragma once

#include "qemu_source_place.h"

/* True if the process @pid has a listening socket open that one of the monitors of its command line
 * names. So its words are those of the program that it runs. */
bool qemu_source_listens(QemuSourcePlaceView *view, pid_t pid, const QemuCmdline *cmdline);
