/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_reply_state: query-status -> facts.
 *
 * Keeps QEMU's own word for the run state; qemu_emit_state translates it to libvirt's states.
 */
#include "qemu_reply.h"

#include "qemu_reply_read.h"

bool
qemu_reply_parse_status(const UtilJson *reply, QemuFacts *facts)
{
    const char *status = qemu_reply_read_string(reply, "status");
    bool is_running = false;

    if (status == NULL || !util_json_member_boolean(reply, "running", &is_running))
        return false;
    facts->status = status;
    facts->is_running = is_running;
    return true;
}
