/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_host_nic: the guest's interfaces and the host's counters of them.
 *
 * Which device is whose comes from the definition, and, for devices that were handed to QEMU as
 * a descriptor or plugged later, from what the process holds open.
 */
#include "host/host_netdev.h"
#include "qemu/facts/qemu_limits.h"
#include "qemu_host_parts.h"

/* The devices the process holds open, listed again when the number of its descriptors has
 * changed: a device that is plugged brings several. */
static const GArray *
list_taps(HostRoot *root, QemuDomain *domain)
{
    QemuHostKept *kept = &domain->host;
    g_autofree char *folder = g_strdup_printf("proc/%d/fd", (int)domain->pid);
    UtilCount n_descriptors = host_root_folder_size(root, folder);

    if (kept->taps != NULL && n_descriptors.is_present && n_descriptors.value != 0 &&
        n_descriptors.value == kept->n_descriptors)
        return kept->taps;
    g_clear_pointer(&kept->taps, g_array_unref);
    kept->taps = host_netdev_list_taps(root, domain->pid);
    kept->n_descriptors = n_descriptors.value;
    return kept->taps;
}

static void
add_nic(GArray *nics, const char *ifname, bool is_host_view, const HostNetdevTable *table)
{
    QemuFactsNic nic = {.ifname = ifname, .is_host_view = is_host_view};

    if (ifname != NULL && table != NULL)
        nic.counters = host_netdev_lookup(table, ifname);
    g_array_append_val(nics, nic);
}

/* The open device that a definition means: by its descriptor. */
static const HostNetdevTap *
find_tap(const GArray *taps, int fd)
{
    for (guint i = 0; taps != NULL && fd >= 0 && i < taps->len; i++)
        if (g_array_index(taps, HostNetdevTap, i).fd == fd)
            return &g_array_index(taps, HostNetdevTap, i);
    return NULL;
}

static bool
has_nic(const GArray *nics, const char *ifname)
{
    for (guint i = 0; i < nics->len; i++)
        if (g_strcmp0(g_array_index(nics, QemuFactsNic, i).ifname, ifname) == 0)
            return true;
    return false;
}

/* Those of the definition first, in its order; then devices that were plugged later. */
void
qemu_host_read_nics(QemuHostView *self, QemuJob *job, QemuFacts *facts)
{
    QemuDomain *domain = job->domain;
    const QemuDefinition *definition = qemu_domain_definition(domain);
    bool is_told = definition != NULL && definition->disks != NULL;
    const GArray *taps = is_told ? NULL : list_taps(qemu_host_view_root(self), domain);
    const HostNetdevTable *table = NULL;

    if (domain->host.net_namespace == NULL) {
        g_autofree char *link = g_strdup_printf("proc/%d/ns/net", (int)domain->pid);

        domain->host.net_namespace = host_root_readlink(qemu_host_view_root(self), link);
    }
    table = qemu_host_view_netdevs(self, domain);
    facts->nics = g_array_new(FALSE, TRUE, sizeof(QemuFactsNic));
    for (guint i = 0; definition != NULL && i < definition->nics->len; i++) {
        const QemuDefinitionNic *nic = &g_array_index(definition->nics, QemuDefinitionNic, i);
        const HostNetdevTap *tap = find_tap(taps, nic->fd);
        const char *ifname = nic->ifname ? nic->ifname : (tap ? tap->ifname : NULL);

        add_nic(facts->nics, nic->kind == QEMU_DEFINITION_NIC_NO_DEVICE ? NULL : ifname,
                nic->kind == QEMU_DEFINITION_NIC_HOST_VIEW || (tap != NULL && tap->is_macvtap),
                table);
    }
    for (guint i = 0; taps != NULL && i < taps->len && i < QEMU_LIMIT_NICS; i++) {
        const HostNetdevTap *tap = &g_array_index(taps, HostNetdevTap, i);

        if (!has_nic(facts->nics, tap->ifname))
            add_nic(facts->nics, tap->ifname, tap->is_macvtap, table);
    }
}
