/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_reply_migration: query-migrate and query-migrate-capabilities -> facts.
 *
 * QEMU leaves out whatever does not apply, and all but the status of a migration that failed or was
 * cancelled. Which side this QEMU is on it does not say; see qemu_emit_migration.
 */
#include "qemu_reply.h"

#include "qemu_reply_read.h"

static const UtilJsonCountField time_fields[] = {
    {"total-time", offsetof(QemuFactsMigration, total_time_ms)},
    {"setup-time", offsetof(QemuFactsMigration, setup_time_ms)},
    {"downtime", offsetof(QemuFactsMigration, downtime_ms)},
    {"expected-downtime", offsetof(QemuFactsMigration, expected_downtime_ms)},
    {"cpu-throttle-percentage", offsetof(QemuFactsMigration, throttle_percent)},
    {"remaining", offsetof(QemuFactsMigration, remaining_bytes)},
};

static const UtilJsonCountField ram_fields[] = {
    {"total", offsetof(QemuFactsMigration, ram_total)},
    {"transferred", offsetof(QemuFactsMigration, ram_transferred)},
    {"remaining", offsetof(QemuFactsMigration, ram_remaining)},
    {"dirty-sync-count", offsetof(QemuFactsMigration, ram_iterations)},
    {"dirty-pages-rate", offsetof(QemuFactsMigration, ram_dirty_pages_rate)},
    {"page-size", offsetof(QemuFactsMigration, ram_page_size)},
    {"postcopy-requests", offsetof(QemuFactsMigration, ram_postcopy_requests)},
};

/* "mbps" in bytes a second; QEMU gives -1 before it knows. */
static UtilCount
read_throughput(const UtilJson *ram)
{
    static const double bytes_per_megabit = 125000;
    static const double most_megabits = 1e12; /* times 125,000 is below 2^63 */
    double mbps = 0;

    if (!util_json_double(util_json_member(ram, "mbps"), &mbps) || mbps < 0 || mbps > most_megabits)
        return (UtilCount){0};
    return util_count_of((uint64_t)(mbps * bytes_per_megabit));
}

static const char *
read_error(const UtilJson *reply)
{
    const char *text = util_json_member_string(reply, "error-desc");

    if (text == NULL || strnlen(text, QEMU_LIMIT_ABOUT_BYTES + 1) > QEMU_LIMIT_ABOUT_BYTES)
        return NULL;
    return text;
}

bool
qemu_reply_parse_migrate(const UtilJson *reply, QemuFacts *facts)
{
    QemuFactsMigration *migration = &facts->migration;
    const UtilJson *ram = util_json_member(reply, "ram");

    if (util_json_kind(reply) != UTIL_JSON_OBJECT)
        return false;
    *migration = (QemuFactsMigration){.status = qemu_reply_read_string(reply, "status"),
                                      .error = read_error(reply),
                                      .tells_memory = ram != NULL,
                                      .ram_bytes_per_s = read_throughput(ram)};
    util_json_read_counts(reply, time_fields, G_N_ELEMENTS(time_fields), migration);
    util_json_read_counts(ram, ram_fields, G_N_ELEMENTS(ram_fields), migration);
    return true;
}

bool
qemu_reply_parse_migrate_capabilities(const UtilJson *reply, QemuFacts *facts)
{
    if (util_json_kind(reply) != UTIL_JSON_ARRAY)
        return false;
    facts->tells_migrations = false;
    for (size_t i = 0; i < util_json_length(reply); i++) {
        const UtilJson *entry = util_json_element(reply, i);
        bool is_on = false;

        if (g_strcmp0(util_json_member_string(entry, "capability"), "events") == 0 &&
            util_json_member_boolean(entry, "state", &is_on))
            facts->tells_migrations = is_on;
    }
    return true;
}
