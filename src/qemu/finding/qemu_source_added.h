/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_added: whether a QEMU can have been given a monitor while it runs, as QEMU 11.1 and
 * later can. Reads the program's file.
 */
#pragma once

#include "qemu_source_view.h"

typedef enum {
    QEMU_SOURCE_ADDED_CANNOT,
    QEMU_SOURCE_ADDED_MAY,
    QEMU_SOURCE_ADDED_UNKNOWN, /* the program could not be read, or not in time */
} QemuSourceAddedAnswer;

/* Each program is read once a scan. */
QemuSourceAddedAnswer qemu_source_added_ask(QemuSourceView *view, pid_t pid);

/* Whether the type of such monitors is in the program at @path. */
QemuSourceAddedAnswer qemu_source_added_search(const char *path);
