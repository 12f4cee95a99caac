/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reply_case: what tests of decoders share: replies in, the facts made of them as text out.
 */
#pragma once

#include "qemu/facts/qemu_reply.h"
#include "qemu/qmp/qemu_command.h"

enum { REPLY_CASE_MAX_STEPS = 4 };

typedef struct {
    QemuCommandId command;
    const char *reply; /* NULL: no more steps */
} ReplyCaseStep;

typedef struct {
    const char *sentence;
    ReplyCaseStep steps[REPLY_CASE_MAX_STEPS];
    const char *expected; /* one line a fact; "refused": a decoder gave false */
} ReplyCaseRow;

/* Decodes the replies of a ReplyCaseRow, one behind the other, and compares the facts. */
void reply_case_run(const void *data);

/* Fails the test if @text is no JSON. The caller unrefs. */
UtilJson *reply_case_parse(const char *text);

/* One vCPU in a reply to query-cpus-fast. */
#define REPLY_CASE_PROPS "\"props\":{\"core-id\":0,\"thread-id\":0,\"node-id\":0,\"socket-id\":0},"
#define REPLY_CASE_CPU(index, thread)                                                              \
    "{\"thread-id\":" thread "," REPLY_CASE_PROPS                                                  \
    "\"qom-path\":\"/machine/unattached/device[" index "]\",\"cpu-index\":" index                  \
    ",\"target\":\"x86_64\"}"
