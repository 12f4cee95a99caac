/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_qmp: one message <-> its parts. Pure.
 */
#pragma once

#include <glib.h>

#include "qemu_command.h"
#include "util/util_json.h"

typedef enum {
    QEMU_QMP_INVALID, /* an object, but none of these */
    QEMU_QMP_GREETING,
    QEMU_QMP_RETURN,
    QEMU_QMP_ERROR,
    QEMU_QMP_EVENT,
} QemuQmpKind;

/* What a message holds; everything is borrowed from it. */
typedef struct {
    QemuQmpKind kind;
    bool has_id;
    int64_t id;            /* -1 where it is no integer: nothing of ours */
    const UtilJson *value; /* what "return", "QMP" or an event's "data" leads to */
    const char *error_class;
    const char *error_text;
    const char *event;
    bool offers_oob; /* a greeting's capabilities */
    int qemu_major;  /* a greeting's version; 0: not told */
} QemuQmpMessage;

QemuQmpMessage qemu_qmp_parse(const UtilJson *object);

/* In place of an id: none, neither in the request nor in its reply. */
#define QEMU_QMP_NO_ID (-1)

/* Appends one request, as short as it can be. @path fills the command's %s. */
void qemu_qmp_append_command(GString *out, QemuCommandId command, const char *path, int id,
                             bool is_out_of_band);
void qemu_qmp_append_negotiation(GString *out, bool with_oob, int id);
