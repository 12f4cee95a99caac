/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_reply_memory: query-balloon, query-memory-size-summary, query-memory-devices and the balloon
 * device's properties -> facts.
 *
 * Numbers stay in QEMU's units, bytes and counts.
 */
#include "qemu_reply.h"

#include <string.h>

#include "qemu_reply_read.h"

static const UtilJsonCountField guest_stats_fields[] = {
    {"stat-swap-in", offsetof(QemuFactsMemory, swap_in)},
    {"stat-swap-out", offsetof(QemuFactsMemory, swap_out)},
    {"stat-major-faults", offsetof(QemuFactsMemory, major_faults)},
    {"stat-minor-faults", offsetof(QemuFactsMemory, minor_faults)},
    {"stat-free-memory", offsetof(QemuFactsMemory, free_memory)},
    {"stat-total-memory", offsetof(QemuFactsMemory, total_memory)},
    {"stat-available-memory", offsetof(QemuFactsMemory, available_memory)},
    {"stat-disk-caches", offsetof(QemuFactsMemory, disk_caches)},
    {"stat-htlb-pgalloc", offsetof(QemuFactsMemory, htlb_pgalloc)},
    {"stat-htlb-pgfail", offsetof(QemuFactsMemory, htlb_pgfail)},
};

bool
qemu_reply_parse_balloon(const UtilJson *reply, QemuFacts *facts)
{
    UtilCount actual = util_json_member_count(reply, "actual");

    if (!actual.is_present)
        return false;
    facts->memory.actual_bytes = actual;
    return true;
}

bool
qemu_reply_parse_memory_size(const UtilJson *reply, QemuFacts *facts)
{
    UtilCount base = util_json_member_count(reply, "base-memory");

    if (!base.is_present)
        return false;
    facts->memory.base_bytes = base;
    facts->memory.plugged_bytes =
        util_json_has(reply, "plugged-memory")
            ? util_json_member_count(reply, "plugged-memory")
            : util_count_of(0); /* QEMU omits it where none can be plugged */
    return true;
}

static void
add_device(const UtilJson *entry, QemuFactsMemory *sums)
{
    const char *type = util_json_member_string(entry, "type");
    const UtilJson *data = util_json_member(entry, "data");
    UtilCount size = util_json_member_count(data, "size");

    /* hv-balloon is listed among the devices but adds no memory, so it has no size. */
    if (g_strcmp0(type, "hv-balloon") == 0)
        return;
    util_count_add(&sums->devices_bytes, size);
    if (g_strcmp0(type, "virtio-mem") == 0) {
        util_count_add(&sums->virtio_mem_bytes, size);
        size = util_json_member_count(data, "max-size");
    }
    util_count_add(&sums->devices_full_bytes, size);
}

bool
qemu_reply_parse_memory_devices(const UtilJson *reply, QemuFacts *facts)
{
    QemuFactsMemory *memory = &facts->memory;

    if (!qemu_reply_read_is_list(reply, QEMU_LIMIT_MEMORY_DEVICES))
        return false;
    memory->devices_bytes = util_count_of(0);
    memory->devices_full_bytes = util_count_of(0);
    memory->virtio_mem_bytes = util_count_of(0);
    for (size_t i = 0; i < util_json_length(reply); i++)
        add_device(util_json_element(reply, i), memory);
    return true;
}

bool
qemu_reply_parse_guest_stats(const UtilJson *reply, QemuFacts *facts)
{
    const UtilJson *stats = util_json_member(reply, "stats");
    QemuFactsMemory *memory = &facts->memory;

    if (util_json_kind(stats) != UTIL_JSON_OBJECT)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(guest_stats_fields); i++) {
        const UtilJsonCountField *field = &guest_stats_fields[i];
        UtilCount *place = G_STRUCT_MEMBER_P(memory, field->offset);

        *place = util_json_member_count(stats, field->name);
        /* QEMU writes 2^64-1 for a value that the guest has not reported. */
        place->is_present = place->is_present && place->value != UINT64_MAX;
    }
    memory->last_update_s = util_json_member_count(reply, "last-update");
    return true;
}

bool
qemu_reply_parse_polling_interval(const UtilJson *reply, QemuFacts *facts)
{
    UtilCount interval = util_json_count(reply);

    if (!interval.is_present)
        return false;
    facts->memory.polling_interval_s = interval;
    return true;
}

bool
qemu_reply_is_plain_name(const char *name)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._[]";
    size_t length = strspn(name, allowed);

    return length > 0 && length <= UINT8_MAX && name[length] == '\0';
}

/* True for virtio-balloon-pci, -ccw, -device and their (non-)transitional variants. */
static bool
is_balloon_type(const char *type)
{
    return type != NULL && g_str_has_prefix(type, "child<virtio-balloon-") &&
           g_str_has_suffix(type, ">");
}

const char *
qemu_reply_find_balloon(const UtilJson *reply)
{
    for (size_t i = 0; i < util_json_length(reply); i++) {
        const UtilJson *entry = util_json_element(reply, i);

        if (is_balloon_type(util_json_member_string(entry, "type"))) {
            const char *name = util_json_member_string(entry, "name");

            return name != NULL && qemu_reply_is_plain_name(name) ? name : NULL;
        }
    }
    return NULL;
}
