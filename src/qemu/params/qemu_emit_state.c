/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_emit_state: the group state, and the virDomainState that belongs to a run state of QEMU.
 *
 * query-status tells the run state, and only for some run states the reason. Where it does not, the
 * reason is the one that libvirt gives after it has been restarted and finds a QEMU running.
 */
#include "qemu_emit.h"

#include <string.h>

/* Run states in which no vCPU runs. A run state that is not here is PAUSED, with reason UNKNOWN. */
static const struct {
    const char *status;
    int state;
    int reason;
} halted_states[] = {
    {"paused", VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER},
    {"prelaunch", VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER},
    {"inmigrate", VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_MIGRATION},
    {"postmigrate", VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_MIGRATION},
    {"finish-migrate", VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_MIGRATION},
    {"io-error", VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_IOERROR},
    {"watchdog", VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_WATCHDOG},
    {"save-vm", VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_SAVE},
    {"shutdown", VIR_DOMAIN_SHUTDOWN, VIR_DOMAIN_SHUTDOWN_UNKNOWN},
    {"suspended", VIR_DOMAIN_PMSUSPENDED, VIR_DOMAIN_PMSUSPENDED_UNKNOWN},
    {"guest-panicked", VIR_DOMAIN_CRASHED, VIR_DOMAIN_CRASHED_PANICKED},
};

static int
state_of_status(const char *status, int *ret_reason)
{
    for (size_t i = 0; i < G_N_ELEMENTS(halted_states); i++) {
        if (strcmp(halted_states[i].status, status) == 0) {
            *ret_reason = halted_states[i].reason;
            return halted_states[i].state;
        }
    }
    *ret_reason = VIR_DOMAIN_PAUSED_UNKNOWN;
    return VIR_DOMAIN_PAUSED;
}

int
qemu_emit_state_of(const QemuEmitInput *input, int *ret_reason)
{
    const QemuFacts *facts = input->facts;
    bool is_told = facts->libvirt_state >= 0;

    if (!input->is_active) {
        is_told = is_told && facts->libvirt_state == VIR_DOMAIN_SHUTOFF;
        *ret_reason = is_told ? facts->libvirt_reason : VIR_DOMAIN_SHUTOFF_UNKNOWN;
        return VIR_DOMAIN_SHUTOFF;
    }
    if (is_told) {
        *ret_reason = facts->libvirt_reason;
        return facts->libvirt_state;
    }
    if (facts->status == NULL)
        return -1;
    if (facts->is_running) {
        *ret_reason = VIR_DOMAIN_RUNNING_BOOTED;
        return VIR_DOMAIN_RUNNING;
    }
    return state_of_status(facts->status, ret_reason);
}

static void
put_events(QemuFieldWriter *writer, const QemuFactsEvents *events)
{
    static const QemuFieldId fields[QEMU_FACTS_N_EVENTS] = {
        [QEMU_FACTS_EVENT_IO_ERROR] = QEMU_FIELD_EXT_STATE_EVENTS_IO_ERROR,
        [QEMU_FACTS_EVENT_PANIC] = QEMU_FIELD_EXT_STATE_EVENTS_PANIC,
        [QEMU_FACTS_EVENT_CRASHLOADED] = QEMU_FIELD_EXT_STATE_EVENTS_CRASHLOADED,
        [QEMU_FACTS_EVENT_WATCHDOG] = QEMU_FIELD_EXT_STATE_EVENTS_WATCHDOG,
        [QEMU_FACTS_EVENT_RESET] = QEMU_FIELD_EXT_STATE_EVENTS_RESET,
        [QEMU_FACTS_EVENT_BALLOON_CHANGE] = QEMU_FIELD_EXT_STATE_EVENTS_BALLOON_CHANGE,
        [QEMU_FACTS_EVENT_MEMORY_FAILURE] = QEMU_FIELD_EXT_STATE_EVENTS_MEMORY_FAILURE,
        [QEMU_FACTS_EVENT_SHUTDOWN] = QEMU_FIELD_EXT_STATE_EVENTS_SHUTDOWN,
        [QEMU_FACTS_EVENT_POWERDOWN] = QEMU_FIELD_EXT_STATE_EVENTS_POWERDOWN,
    };

    if (events == NULL)
        return;
    qemu_field_put_ullong(writer, QEMU_FIELD_EXT_STATE_EVENTS_SINCE,
                          (unsigned long long)MAX(events->since_s, 0));
    for (size_t i = 0; i < QEMU_FACTS_N_EVENTS; i++)
        qemu_field_put_ullong(writer, fields[i], events->counts[i]);
}

bool
qemu_emit_state(QemuFieldWriter *writer, const QemuEmitInput *input)
{
    int reason = 0;
    int state = qemu_emit_state_of(input, &reason);

    if (state >= 0) {
        qemu_field_put_int(writer, QEMU_FIELD_STATE_STATE, state);
        qemu_field_put_int(writer, QEMU_FIELD_STATE_REASON, reason);
    }
    if (input->with_ext) {
        qemu_field_put_count(writer, QEMU_FIELD_EXT_MONITOR_TIME, input->facts->monitor_us);
        qemu_emit_migration(writer, input->facts);
        put_events(writer, input->facts->events);
    }
    if (input->with_about)
        qemu_emit_about_state(writer, input);
    return state >= 0;
}
