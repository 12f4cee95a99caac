/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_qmp: see qemu_qmp.h.
 *
 * QEMU reads a request byte by byte, with a system call (some 3 µs) for each byte. So a request has
 * no white space and no line end.
 */
#include "qemu_qmp.h"

#include <string.h>

#include "qemu/facts/qemu_limits.h"

UtilJsonStream *
qemu_qmp_new_stream(void)
{
    static const UtilJsonStreamLimits limits = {
        .max_bytes = QEMU_LIMIT_REPLY_BYTES,
        .max_entries = QEMU_LIMIT_REPLY_ENTRIES,
        .max_depth = QEMU_LIMIT_REPLY_DEPTH,
    };

    return util_jsonstream_new(&limits);
}

/* The first number of QEMU's version; 0 if the greeting does not have it. */
static int
parse_major(const UtilJson *greeting)
{
    const UtilJson *version = util_json_member(greeting, "version");
    int64_t major = 0;

    if (!util_json_member_int64(util_json_member(version, "qemu"), "major", &major) || major < 0 ||
        major > G_MAXINT)
        return 0;
    return (int)major;
}

QemuQmpMessage
qemu_qmp_parse(const UtilJson *object)
{
    QemuQmpMessage message = {.kind = QEMU_QMP_INVALID};
    const UtilJson *capabilities = NULL;
    const UtilJson *failure = NULL;

    message.has_id = util_json_has(object, "id");
    if (!util_json_member_int64(object, "id", &message.id))
        message.id = -1;
    if (util_json_has(object, "return")) {
        message.kind = QEMU_QMP_RETURN;
        message.value = util_json_member(object, "return");
    } else if ((message.event = util_json_member_string(object, "event")) != NULL) {
        message.kind = QEMU_QMP_EVENT;
        message.value = util_json_member(object, "data");
    } else if ((failure = util_json_member(object, "error")) != NULL) {
        message.kind = QEMU_QMP_ERROR;
        message.error_class = util_json_member_string(failure, "class");
        message.error_text = util_json_member_string(failure, "desc");
    } else if ((message.value = util_json_member(object, "QMP")) != NULL) {
        message.kind = QEMU_QMP_GREETING;
        message.qemu_major = parse_major(message.value);
        capabilities = util_json_member(message.value, "capabilities");
        for (size_t i = 0; i < util_json_length(capabilities); i++)
            if (g_strcmp0(util_json_string(util_json_element(capabilities, i)), "oob") == 0)
                message.offers_oob = true;
    }
    return message;
}

/* Appends @path as the inside of a JSON string. */
static void
append_escaped(GString *out, const char *path)
{
    for (const char *c = path; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            g_string_append_c(out, '\\');
        g_string_append_c(out, *c);
    }
}

static void
append_end(GString *out, int id)
{
    if (id != QEMU_QMP_NO_ID)
        g_string_append_printf(out, ",\"id\":%d", id);
    g_string_append_c(out, '}');
}

void
qemu_qmp_append_command(GString *out, QemuCommandId command, const char *path, int id,
                        bool is_out_of_band)
{
    const QemuCommand *row = &qemu_commands[command];
    const char *hole = row->arguments ? strstr(row->arguments, "%s") : NULL;

    g_string_append(out, is_out_of_band ? "{\"exec-oob\":\"" : "{\"execute\":\"");
    g_string_append(out, row->name);
    g_string_append_c(out, '"');
    if (row->arguments != NULL) {
        g_string_append(out, ",\"arguments\":");
        if (hole != NULL) {
            g_string_append_len(out, row->arguments, hole - row->arguments);
            append_escaped(out, path);
            g_string_append(out, hole + strlen("%s"));
        } else {
            g_string_append(out, row->arguments);
        }
    }
    append_end(out, id);
}

void
qemu_qmp_append_negotiation(GString *out, bool with_oob, int id)
{
    g_string_append(out, "{\"execute\":\"qmp_capabilities\"");
    if (with_oob)
        g_string_append(out, ",\"arguments\":{\"enable\":[\"oob\"]}");
    append_end(out, id);
}
