/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_emit_state: the parameters of state, and the state that each word of QEMU stands for.
 */
#include "emit_case.h"

static void
fill_off_destroyed(EmitCase *self)
{
    self->input.is_active = false;
    self->facts.libvirt_state = VIR_DOMAIN_SHUTOFF;
    self->facts.libvirt_reason = VIR_DOMAIN_SHUTOFF_DESTROYED;
}

static void
fill_running(EmitCase *self)
{
    self->facts.status = "running";
    self->facts.is_running = true;
    self->facts.monitor_us = util_count_of(812);
}

static void
fill_running_ext(EmitCase *self)
{
    fill_running(self);
    self->input.with_ext = true;
}

static void
fill_migration(EmitCase *self)
{
    fill_running(self);
    self->input.with_ext = true;
    self->facts.migration = (QemuFactsMigration){.status = "active",
                                                 .tells_memory = true,
                                                 .total_time_ms = util_count_of(505),
                                                 .setup_time_ms = util_count_of(4),
                                                 .expected_downtime_ms = util_count_of(300),
                                                 .remaining_bytes = util_count_of(9000),
                                                 .ram_total = util_count_of(1 << 24),
                                                 .ram_transferred = util_count_of(1245),
                                                 .ram_remaining = util_count_of(8192),
                                                 .ram_iterations = util_count_of(2),
                                                 .ram_dirty_pages_rate = util_count_of(7),
                                                 .ram_page_size = util_count_of(4096),
                                                 .ram_postcopy_requests = util_count_of(0),
                                                 .ram_bytes_per_s = util_count_of(1062500),
                                                 .throttle_percent = util_count_of(20)};
}

static void
fill_migration_without_ext(EmitCase *self)
{
    fill_migration(self);
    self->input.with_ext = false;
}

static void
fill_ended(EmitCase *self, const char *run_state, const char *status, bool tells_memory)
{
    self->facts.status = run_state;
    self->input.with_ext = true;
    self->facts.migration.status = status;
    self->facts.migration.tells_memory = tells_memory;
}

static void
fill_migrated_away(EmitCase *self)
{
    fill_ended(self, "postmigrate", "completed", true);
    self->facts.migration.downtime_ms = util_count_of(12);
}

static void
fill_migrated_here(EmitCase *self)
{
    fill_ended(self, "paused", "completed", false);
}

static void
fill_migration_failed(EmitCase *self)
{
    fill_ended(self, "paused", "failed", false);
    self->facts.migration.error = "no such file";
}

static void
fill_incoming_failed(EmitCase *self)
{
    fill_ended(self, "inmigrate", "failed", false);
}

static void
fill_cancelled_unknown(EmitCase *self)
{
    fill_ended(self, NULL, "cancelled", false);
}

static void
fill_no_migration(EmitCase *self)
{
    fill_ended(self, "paused", "none", false);
}

static void
fill_events(EmitCase *self)
{
    static const QemuFactsEvents events = {.since_s = 1700000000,
                                           .counts = {1, 2, 3, 4, 5, 6, 7, 8, 9}};

    fill_ended(self, "paused", NULL, false);
    self->facts.events = &events;
}

static void
fill_told_by_libvirt(EmitCase *self)
{
    fill_running(self);
    self->facts.libvirt_state = VIR_DOMAIN_RUNNING;
    self->facts.libvirt_reason = VIR_DOMAIN_RUNNING_MIGRATED;
}

static void
fill_silent_ext(EmitCase *self)
{
    self->input.with_ext = true;
}

#define STATE(number, why) "state.state int " #number "\nstate.reason int " #why "\n"
#define MIGRATION(rest)    "ext.state.migration." rest "\n"
#define EVENTS(rest)       "ext.state.events." rest "\n"

/* clang-format off */
static const EmitRow rows[] = {
    {"a running domain is running since boot", qemu_emit_state, fill_running, true, STATE(1, 1)},
    {"the monitor's time comes when asked for", qemu_emit_state, fill_running_ext, true,
     STATE(1, 1) "ext.monitor.time ullong 812\n"},
    {"a migration under way", qemu_emit_state, fill_migration, true,
     STATE(1, 1) "ext.monitor.time ullong 812\n" MIGRATION("status string active")
     MIGRATION("direction string outgoing") MIGRATION("time_elapsed ullong 505")
     MIGRATION("setup_time ullong 4") MIGRATION("downtime_expected ullong 300")
     MIGRATION("data_remaining ullong 9000") MIGRATION("memory_total ullong 16777216")
     MIGRATION("memory_processed ullong 1245") MIGRATION("memory_remaining ullong 8192")
     MIGRATION("memory_bps ullong 1062500") MIGRATION("memory_iteration ullong 2")
     MIGRATION("memory_dirty_rate ullong 7") MIGRATION("memory_page_size ullong 4096")
     MIGRATION("memory_postcopy_requests ullong 0") MIGRATION("auto_converge_throttle ullong 20")},
    {"which is told only when asked for", qemu_emit_state, fill_migration_without_ext, true,
     STATE(1, 1)},
    {"one that left", qemu_emit_state, fill_migrated_away, true,
     STATE(3, 2) MIGRATION("status string completed") MIGRATION("direction string outgoing")
     MIGRATION("downtime ullong 12")},
    {"one that came", qemu_emit_state, fill_migrated_here, true,
     STATE(3, 1) MIGRATION("status string completed") MIGRATION("direction string incoming")},
    {"one that failed to leave", qemu_emit_state, fill_migration_failed, true,
     STATE(3, 1) MIGRATION("status string failed") MIGRATION("direction string outgoing")
     MIGRATION("errmsg string no such file")},
    {"one that failed to come", qemu_emit_state, fill_incoming_failed, true,
     STATE(3, 2) MIGRATION("status string failed") MIGRATION("direction string incoming")},
    {"a side that nothing tells is absent", qemu_emit_state, fill_cancelled_unknown, false,
     MIGRATION("status string cancelled")},
    {"none is no migration", qemu_emit_state, fill_no_migration, true, STATE(3, 1)},
    {"events are counted since a time", qemu_emit_state, fill_events, true,
     STATE(3, 1) EVENTS("since ullong 1700000000") EVENTS("block_io_error ullong 1")
     EVENTS("guest_panicked ullong 2") EVENTS("guest_crashloaded ullong 3")
     EVENTS("watchdog ullong 4") EVENTS("reset ullong 5") EVENTS("balloon_change ullong 6")
     EVENTS("memory_failure ullong 7") EVENTS("shutdown ullong 8") EVENTS("powerdown ullong 9")},
    {"what libvirt told comes before QEMU's word", qemu_emit_state, fill_told_by_libvirt, true,
     STATE(1, 2)},
    {"nobody told the state", qemu_emit_state, fill_silent_ext, false, ""},
    {"a domain that is off is off", qemu_emit_state, emit_case_fill_off, true, STATE(5, 0)},
    {"libvirt knows why it is off", qemu_emit_state, fill_off_destroyed, true, STATE(5, 2)},
};
/* clang-format on */

typedef struct {
    const char *sentence;
    const char *status;
    bool is_running;
    int state, reason;
} StateRow;

static const StateRow state_rows[] = {
    {"running", "running", true, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED},
    {"paused", "paused", false, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER},
    {"prelaunch", "prelaunch", false, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER},
    {"inmigrate", "inmigrate", false, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_MIGRATION},
    {"postmigrate", "postmigrate", false, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_MIGRATION},
    {"finish-migrate", "finish-migrate", false, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_MIGRATION},
    {"io-error", "io-error", false, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_IOERROR},
    {"watchdog", "watchdog", false, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_WATCHDOG},
    {"save-vm", "save-vm", false, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_SAVE},
    {"shutdown", "shutdown", false, VIR_DOMAIN_SHUTDOWN, VIR_DOMAIN_SHUTDOWN_UNKNOWN},
    {"suspended", "suspended", false, VIR_DOMAIN_PMSUSPENDED, VIR_DOMAIN_PMSUSPENDED_UNKNOWN},
    {"guest-panicked", "guest-panicked", false, VIR_DOMAIN_CRASHED, VIR_DOMAIN_CRASHED_PANICKED},
    {"internal-error", "internal-error", false, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_UNKNOWN},
    {"restore-vm", "restore-vm", false, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_UNKNOWN},
    {"a word of a later QEMU", "dreaming", false, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_UNKNOWN},
};

static void
check_state(const void *data)
{
    const StateRow *row = data;
    const QemuFacts facts = {
        .status = row->status, .is_running = row->is_running, .libvirt_state = -1};
    const QemuEmitInput input = {.facts = &facts, .is_active = true};
    int reason = -1;

    assert_int_equal(qemu_emit_state_of(&input, &reason), row->state);
    assert_int_equal(reason, row->reason);
}

int
main(void)
{
    int n_failed = TESTING_RUN_TABLE("emit state", rows, emit_case_check);

    return n_failed + TESTING_RUN_TABLE("run states", state_rows, check_state);
}
