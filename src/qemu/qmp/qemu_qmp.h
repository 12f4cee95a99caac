/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_qmp: makes the text of requests, and takes QEMU's messages apart. Pure.
 *
 * Does not know connections, nor which command is waiting for a reply (qemu_monitor).
 */
#pragma once

#include <glib.h>

#include "qemu_command.h"
#include "util/util_json.h"
#include "util/util_jsonstream.h"

/* A stream that cuts received bytes into messages, each within the limits of qemu_limits.h. */
UtilJsonStream *qemu_qmp_new_stream(void);

typedef enum {
    QEMU_QMP_INVALID, /* none of the kinds below */
    QEMU_QMP_GREETING,
    QEMU_QMP_RETURN,
    QEMU_QMP_ERROR,
    QEMU_QMP_EVENT,
} QemuQmpKind;

/* The parts of a message, borrowed from it. */
typedef struct {
    QemuQmpKind kind;
    bool has_id;
    int64_t id;            /* -1: none, or no integer, which this program never sends */
    const UtilJson *value; /* of "return", "QMP" or an event's "data" */
    const char *error_class;
    const char *error_text;
    const char *event;
    bool offers_oob; /* a greeting's capabilities */
    int qemu_major;  /* a greeting's version; 0: not told */
} QemuQmpMessage;

QemuQmpMessage qemu_qmp_parse(const UtilJson *object);

/* As an id: the request has none, so its reply has none either. */
#define QEMU_QMP_NO_ID (-1)

/* Append one request. @path replaces the %s of the command's arguments, and may be NULL if there
 * is none. */
void qemu_qmp_append_command(GString *out, QemuCommandId command, const char *path, int id,
                             bool is_out_of_band);
void qemu_qmp_append_negotiation(GString *out, bool with_oob, int id);
