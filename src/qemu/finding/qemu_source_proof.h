/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_proof: the proof that a process is the QEMU that its command line describes: it
 * listens where its words say that its QMP monitor is.
 */
#pragma once

#include "qemu_source_view.h"

/* True if process @pid has a listening socket open at which a monitor of its command line is: then
 * these words are those of the program that it runs. False also if that cannot be seen. */
bool qemu_source_proof_listens(QemuSourceView *view, pid_t pid, const QemuCmdline *cmdline);
