/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_look: one look at one process: is it a QEMU's machine, and then its endpoint. Reads
 * /proc; touches no socket.
 */
#pragma once

#include "qemu/facts/qemu_endpoint.h"
#include "qemu_source_view.h"

typedef enum {
    QEMU_SOURCE_LOOK_NONE,      /* no machine now: look again */
    QEMU_SOURCE_LOOK_OTHER,     /* another program, as long as the process runs that */
    QEMU_SOURCE_LOOK_UNDECIDED, /* its words name a monitor, and it does not listen there */
    QEMU_SOURCE_LOOK_QEMU,
} QemuSourceLookFound;

/* An exec_mark that no process has: of an endpoint that is to be made anew in the next scan. */
#define QEMU_SOURCE_LOOK_NO_MARK UINT64_MAX

/* Looks at the process @pid. @exe is where /proc/<pid>/exe points; NULL: there is no permission to
 * see it. For a QEMU sets @ret_endpoint, with name, definition and places, which the caller owns,
 * and @ret_exec_mark, with which the process runs the same words. */
QemuSourceLookFound qemu_source_look(QemuSourceView *view, pid_t pid, const char *exe,
                                     QemuEndpoint **ret_endpoint, uint64_t *ret_exec_mark);
