/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_reply_nic: qom-list of the containers that hold QEMU's devices -> those devices that are
 * network interfaces. Their order means nothing: QEMU lists a hash table.
 */
#include "qemu_reply.h"

#include "qemu_nic_model.h"
#include "qemu_reply_read.h"

#define CHILD_PREFIX "child<"

/* True for "child<MODEL>", MODEL being that of a network interface. */
static bool
is_nic_type(const char *type)
{
    size_t size = 0;

    if (type == NULL || !g_str_has_prefix(type, CHILD_PREFIX))
        return false;
    type += strlen(CHILD_PREFIX);
    size = strcspn(type, ">");
    return type[size] == '>' && type[size + 1] == '\0' && qemu_nic_model_is_one(type, size);
}

/* Reads all interfaces or, on failure, none: a part would look like the whole. */
static bool
parse_devices(const UtilJson *reply, GArray **devices)
{
    g_autoptr(GArray) found = g_array_new(FALSE, TRUE, sizeof(const char *));

    if (util_json_kind(reply) != UTIL_JSON_ARRAY)
        return false;
    for (size_t i = 0; i < util_json_length(reply); i++) {
        const UtilJson *entry = util_json_element(reply, i);
        const char *name = NULL;

        if (!is_nic_type(qemu_reply_read_string(entry, "type")))
            continue;
        name = qemu_reply_read_string(entry, "name");
        if (name == NULL || found->len >= QEMU_LIMIT_NICS)
            return false;
        g_array_append_val(found, name);
    }
    g_clear_pointer(devices, g_array_unref);
    *devices = g_steal_pointer(&found);
    return true;
}

bool
qemu_reply_parse_peripheral(const UtilJson *reply, QemuFacts *facts)
{
    return parse_devices(reply, &facts->nic_devices.with_id);
}

bool
qemu_reply_parse_peripheral_anon(const UtilJson *reply, QemuFacts *facts)
{
    return parse_devices(reply, &facts->nic_devices.without_id);
}

bool
qemu_reply_parse_unattached(const UtilJson *reply, QemuFacts *facts)
{
    return parse_devices(reply, &facts->nic_devices.on_board);
}
