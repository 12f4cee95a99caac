/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target of qemu_qmp: whatever bytes a peer sends, the objects in them are classified,
 * and what a message borrows is there to be read.
 */
#include <stdint.h>
#include <string.h>

#include "qemu/facts/qemu_limits.h"
#include "qemu/qmp/qemu_event.h"
#include "qemu/qmp/qemu_qmp.h"
#include "util/util_jsonstream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each kind has what its readers rest on. */
static void
check_message(const UtilJson *object)
{
    QemuQmpMessage message = qemu_qmp_parse(object);
    QemuEvents events = {0};

    switch (message.kind) {
    case QEMU_QMP_GREETING:
        g_assert(message.value != NULL);
        break;
    case QEMU_QMP_RETURN:
        g_assert(message.value == NULL || util_json_has(object, "return"));
        break;
    case QEMU_QMP_EVENT:
        g_assert(strlen(message.event) <= QEMU_LIMIT_REPLY_BYTES);
        qemu_event_note(&events, message.event, message.value);
        g_assert(events.doubts != 0 || events.status == NULL);
        break;
    case QEMU_QMP_ERROR:
    case QEMU_QMP_INVALID:
        g_assert(message.value == NULL);
        break;
    default:
        g_assert_not_reached();
    }
    g_assert(message.has_id == util_json_has(object, "id"));
    g_assert(message.error_text == NULL || message.kind == QEMU_QMP_ERROR);
    g_assert(!message.offers_oob || message.kind == QEMU_QMP_GREETING);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const UtilJsonStreamLimits limits = {
        .max_bytes = QEMU_LIMIT_REPLY_BYTES,
        .max_entries = QEMU_LIMIT_REPLY_ENTRIES,
        .max_depth = QEMU_LIMIT_REPLY_DEPTH,
    };
    g_autoptr(UtilJson) whole = util_json_parse((const char *)data, size, 64, NULL);
    UtilJsonStream *stream = util_jsonstream_new(&limits);
    size_t n_taken = 0;

    check_message(whole); /* also what is no object, or nothing */
    while (n_taken < size) {
        g_autoptr(UtilJson) object = NULL;
        ssize_t n = util_jsonstream_take(stream, (const char *)data + n_taken, size - n_taken,
                                         &object, NULL);

        if (n < 0)
            break;
        if (object != NULL)
            check_message(object);
        n_taken += (size_t)n;
    }
    util_jsonstream_free(stream);
    return 0;
}
