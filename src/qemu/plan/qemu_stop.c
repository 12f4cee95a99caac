/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_stop: see qemu_stop.h. Keeps facts, and knows which run states stand still; when they may
 * be kept and when lent is qemu_plan's to say.
 */
#include "qemu_stop.h"

#include <string.h>

bool
qemu_stop_is_stopped(const char *status)
{
    /* Not those in which a state is saved or loaded, nor "suspended", which a guest's clock or a
     * key may end, nor "debug", in which it is stepped. */
    static const char *const words[] = {"paused",   "prelaunch", "io-error",
                                        "watchdog", "shutdown",  "guest-panicked"};

    for (size_t i = 0; status != NULL && i < G_N_ELEMENTS(words); i++)
        if (strcmp(words[i], status) == 0)
            return true;
    return false;
}

void
qemu_stop_clear(QemuStop *self)
{
    g_clear_pointer(&self->vcpu_stats, g_ptr_array_unref);
    *self = (QemuStop){0};
}

void
qemu_stop_keep_guest_stats(QemuStop *self, const QemuFacts *facts)
{
    static const UtilCount absent = {0};

    self->has_guest_stats = true;
    self->guest_stats = facts->memory;
    self->guest_stats.has_device = false;
    self->guest_stats.actual_bytes = absent;
    self->guest_stats.base_bytes = absent;
    self->guest_stats.plugged_bytes = absent;
    self->guest_stats.polling_interval_s = absent;
}

void
qemu_stop_lend_guest_stats(const QemuStop *self, QemuFacts *facts)
{
    facts->memory = self->guest_stats;
}

static void
unref_stats(gpointer data)
{
    if (data != NULL)
        g_array_unref(data);
}

void
qemu_stop_keep_vcpu_stats(QemuStop *self, const QemuFacts *facts)
{
    g_clear_pointer(&self->vcpu_stats, g_ptr_array_unref);
    if (facts->vcpus == NULL)
        return;
    self->vcpu_stats = g_ptr_array_new_full(facts->vcpus->len, unref_stats);
    for (guint i = 0; i < facts->vcpus->len; i++) {
        GArray *stats = g_array_index(facts->vcpus, QemuFactsVcpu, i).stats;

        g_ptr_array_add(self->vcpu_stats, stats ? g_array_ref(stats) : NULL);
    }
    self->halt_success_ns = facts->halt_success_ns;
    self->halt_fail_ns = facts->halt_fail_ns;
}

void
qemu_stop_lend_vcpu_stats(const QemuStop *self, QemuFacts *facts)
{
    for (guint i = 0; facts->vcpus != NULL && i < facts->vcpus->len; i++) {
        QemuFactsVcpu *vcpu = &g_array_index(facts->vcpus, QemuFactsVcpu, i);
        GArray *stats = i < self->vcpu_stats->len ? g_ptr_array_index(self->vcpu_stats, i) : NULL;

        if (vcpu->stats == NULL && stats != NULL)
            vcpu->stats = g_array_ref(stats);
    }
    facts->halt_success_ns = self->halt_success_ns;
    facts->halt_fail_ns = self->halt_fail_ns;
}
