/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_emit_migration: the migration under way or, after it, the last one.
 *
 * QEMU does not say whether a migration comes in or goes out. Only the side that sends tells of
 * memory. Where neither side does, the run state decides: a QEMU into which a migration failed, or
 * comes, is "inmigrate".
 */
#include "qemu_emit.h"

#include <string.h>

static const QemuFieldCount rows[] = {
    {QEMU_FIELD_EXT_STATE_MIGRATION_ELAPSED, offsetof(QemuFactsMigration, total_time_ms)},
    {QEMU_FIELD_EXT_STATE_MIGRATION_SETUP, offsetof(QemuFactsMigration, setup_time_ms)},
    {QEMU_FIELD_EXT_STATE_MIGRATION_DOWNTIME, offsetof(QemuFactsMigration, downtime_ms)},
    {QEMU_FIELD_EXT_STATE_MIGRATION_EXPECTED, offsetof(QemuFactsMigration, expected_downtime_ms)},
    {QEMU_FIELD_EXT_STATE_MIGRATION_REMAINING, offsetof(QemuFactsMigration, remaining_bytes)},
    {QEMU_FIELD_EXT_STATE_MIGRATION_RAM_TOTAL, offsetof(QemuFactsMigration, ram_total)},
    {QEMU_FIELD_EXT_STATE_MIGRATION_RAM_TRANSFERRED, offsetof(QemuFactsMigration, ram_transferred)},
    {QEMU_FIELD_EXT_STATE_MIGRATION_RAM_REMAINING, offsetof(QemuFactsMigration, ram_remaining)},
    {QEMU_FIELD_EXT_STATE_MIGRATION_RAM_BPS, offsetof(QemuFactsMigration, ram_bytes_per_s)},
    {QEMU_FIELD_EXT_STATE_MIGRATION_RAM_ITERATION, offsetof(QemuFactsMigration, ram_iterations)},
    {QEMU_FIELD_EXT_STATE_MIGRATION_RAM_DIRTY_RATE,
     offsetof(QemuFactsMigration, ram_dirty_pages_rate)},
    {QEMU_FIELD_EXT_STATE_MIGRATION_RAM_PAGE_SIZE, offsetof(QemuFactsMigration, ram_page_size)},
    {QEMU_FIELD_EXT_STATE_MIGRATION_RAM_POSTCOPY,
     offsetof(QemuFactsMigration, ram_postcopy_requests)},
    {QEMU_FIELD_EXT_STATE_MIGRATION_THROTTLE, offsetof(QemuFactsMigration, throttle_percent)},
};

/* True for a state of which the side that sends would tell of memory, as this one does not. */
static bool
would_tell_memory(const char *status)
{
    static const char *const words[] = {"active", "completed"};

    if (g_str_has_prefix(status, "postcopy-"))
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (strcmp(words[i], status) == 0)
            return true;
    return false;
}

/* NULL: not known. */
static const char *
direction_of(const QemuFactsMigration *migration, const char *run_state)
{
    if (migration->tells_memory)
        return "outgoing";
    if (strcmp(migration->status, "colo") == 0)
        return NULL; /* neither side tells of memory */
    if (would_tell_memory(migration->status) || g_strcmp0(run_state, "inmigrate") == 0)
        return "incoming";
    return run_state != NULL ? "outgoing" : NULL;
}

void
qemu_emit_migration(QemuFieldWriter *writer, const QemuFacts *facts)
{
    const QemuFactsMigration *migration = &facts->migration;

    if (migration->status == NULL || strcmp(migration->status, "none") == 0)
        return;
    qemu_field_put_string(writer, QEMU_FIELD_EXT_STATE_MIGRATION_STATUS, migration->status);
    qemu_field_put_string(writer, QEMU_FIELD_EXT_STATE_MIGRATION_DIRECTION,
                          direction_of(migration, facts->status));
    qemu_field_put_string(writer, QEMU_FIELD_EXT_STATE_MIGRATION_ERROR, migration->error);
    qemu_field_put_counts(writer, rows, G_N_ELEMENTS(rows), migration);
}
