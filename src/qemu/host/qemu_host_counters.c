/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_host_counters: what the processor counts of a QEMU: perf events and resctrl monitors.
 */
#include "host/host_resctrl.h"
#include "host/process/host_perf.h"
#include "qemu_host_parts.h"

static const char *const *
events_of(QemuHostView *self, const QemuDomain *domain)
{
    const QemuDefinition *definition = qemu_domain_definition(domain);

    if (definition != NULL && definition->perf_events != NULL)
        return (const char *const *)definition->perf_events->pdata;
    return qemu_host_view_perf_events(self);
}

/* The kernel counts from the first call with perf on. An event that cannot be counted is tried
 * again in each call, since permission or descriptors may be there later. */
void
qemu_host_read_perf(QemuHostView *self, QemuJob *job, QemuFacts *facts)
{
    QemuDomain *domain = job->domain;
    QemuHostKept *kept = &domain->host;
    HostRoot *root = qemu_host_view_root(self);
    const char *const *events = events_of(self, domain);

    if (events == NULL || events[0] == NULL || !host_root_is_live(root))
        return;
    if (kept->perf == NULL)
        kept->perf = host_perf_open(root, domain->pid, events, NULL);
    facts->lacks_perf = kept->perf == NULL;
    facts->perf = g_array_new(FALSE, FALSE, sizeof(QemuFactsPerf));
    for (size_t i = 0; kept->perf != NULL && i < host_perf_n_events(kept->perf); i++) {
        HostPerfValue value = {0};

        if (host_perf_read(kept->perf, i, &value)) {
            QemuFactsPerf event = {value.name, value.value};

            g_array_append_val(facts->perf, event);
        } else {
            facts->lacks_perf = true;
        }
    }
}

static QemuFactsResctrlBank
bank_of(const HostResctrlBank *bank)
{
    return (QemuFactsResctrlBank){
        .id = bank->id,
        .bytes = bank->llc_occupancy_bytes,
        .local_bytes = bank->mbm_local_bytes,
        .total_bytes = bank->mbm_total_bytes,
        .has_core_energy = bank->has_core_energy,
        .core_energy_j = bank->core_energy_j,
        .has_activity = bank->has_activity,
        .activity_f = bank->activity_f,
        .is_swapped = bank->is_swapped,
    };
}

void
qemu_host_read_resctrl(QemuHostView *self, QemuJob *job, QemuFacts *facts)
{
    static const HostResctrlKind kinds[] = {
        [QEMU_DEFINITION_CACHE] = HOST_RESCTRL_CACHE,
        [QEMU_DEFINITION_BANDWIDTH] = HOST_RESCTRL_BANDWIDTH,
        [QEMU_DEFINITION_ENERGY] = HOST_RESCTRL_ENERGY,
    };
    const QemuDefinition *definition = qemu_domain_definition(job->domain);
    const char *folder = qemu_host_view_resctrl_root(self);

    if (definition == NULL || definition->resctrl == NULL)
        return;
    facts->resctrl = qemu_facts_new_resctrl();
    for (guint i = 0; i < definition->resctrl->len; i++) {
        const QemuDefinitionResctrl *monitor =
            &g_array_index(definition->resctrl, QemuDefinitionResctrl, i);
        g_autoptr(GArray) banks =
            host_resctrl_read(qemu_host_view_root(self), folder ? folder : HOST_RESCTRL_FOLDER,
                              monitor->folder, kinds[monitor->kind], NULL);
        QemuFactsResctrl facts_of = {monitor->kind, monitor->name, monitor->vcpus, NULL};

        facts_of.banks = g_array_new(FALSE, FALSE, sizeof(QemuFactsResctrlBank));
        for (guint j = 0; banks != NULL && j < banks->len; j++) {
            QemuFactsResctrlBank bank = bank_of(&g_array_index(banks, HostResctrlBank, j));

            g_array_append_val(facts_of.banks, bank);
        }
        g_array_append_val(facts->resctrl, facts_of);
    }
}
