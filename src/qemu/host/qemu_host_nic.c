/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_host_nic: the guest's interfaces and the host's counters of them.
 *
 * If libvirt's definition is known, it names the devices, which are in the network namespace of
 * QEMU. Else a device has to be open in QEMU's process, and its counters are those of the namespace
 * that it is in; qemu_nic_join tells which device belongs to which interface. Which devices the
 * process has open is seen anew in each call. The descriptors at which they were found before are
 * looked at first: all others only tell more if one of these is no device now, or if an interface
 * has none that its command line means.
 *
 * How a device is set up, and the host's queue for it, is known of those in our own network
 * namespace.
 */
#include "host/host_netdev.h"
#include "host/host_tap.h"
#include "qemu/facts/qemu_limits.h"
#include "qemu_host_parts.h"
#include "qemu_nic_join.h"

/* Keeps the list for the call, since the facts borrow names of it, and its descriptors for later
 * calls. */
static void
keep_taps(QemuHostKept *kept, GArray *take_taps)
{
    g_clear_pointer(&kept->taps, g_array_unref);
    kept->taps = take_taps;
    if (take_taps == NULL || take_taps->len == 0)
        return;
    g_clear_pointer(&kept->tap_fds, g_array_unref);
    kept->tap_fds = g_array_new(FALSE, FALSE, sizeof(int));
    for (guint i = 0; i < take_taps->len; i++) {
        const GArray *fds = g_array_index(take_taps, HostTap, i).fds;

        g_array_append_vals(kept->tap_fds, fds->data, fds->len);
    }
}

/* Where devices were found before: by the last call, or by the source when it found the process. */
static const GArray *
known_tap_fds(const QemuDomain *domain)
{
    return domain->host.tap_fds != NULL ? domain->host.tap_fds : domain->endpoint->tap_fds;
}

static bool
are_certain(const GArray *joined)
{
    for (guint i = 0; i < joined->len; i++)
        if (!g_array_index(joined, QemuNicJoined, i).is_certain)
            return false;
    return true;
}

/* Looks at the descriptors where devices were before; if these are not all that it takes, at all
 * descriptors of the process. A recording keeps all. */
static GArray *
join_nics(QemuHostView *self, QemuDomain *domain, const QemuDefinition *definition,
          QemuFacts *facts)
{
    QemuNicJoinInput input = {.definition = definition, .devices = &facts->nic_devices};
    HostRoot *root = qemu_host_view_root(self);
    const GArray *fds = known_tap_fds(domain);
    GArray *joined = NULL;

    if (fds != NULL && host_root_may_keep(root)) {
        keep_taps(&domain->host, host_tap_list_some(root, domain->pid, fds));
        input.taps = domain->host.taps;
        joined = qemu_nic_join(&input, &facts->n_nics);
        if (are_certain(joined))
            return joined;
        g_array_unref(joined);
    }
    keep_taps(&domain->host, host_tap_list(root, domain->pid));
    input.taps = domain->host.taps;
    return qemu_nic_join(&input, &facts->n_nics);
}

static const HostNetdevCounters *
find_counters(QemuHostView *self, const QemuDomain *domain, const HostTap *tap)
{
    const HostNetdevTable *table = NULL;

    if (tap->has_counters)
        return &tap->counters;
    if (tap->net_namespace == NULL)
        return NULL;
    table =
        qemu_host_view_netdevs(self, domain, tap->net_namespace, g_array_index(tap->fds, int, 0));
    return table ? host_netdev_lookup(table, tap->ifname) : NULL;
}

/* For a QEMU that libvirt did not start, or whose definition libvirt does not tell. */
static void
read_joined_nics(QemuHostView *self, QemuDomain *domain, const QemuDefinition *definition,
                 QemuFacts *facts)
{
    g_autoptr(GArray) joined = join_nics(self, domain, definition, facts);

    for (guint i = 0; i < joined->len; i++) {
        const HostTap *tap = g_array_index(joined, QemuNicJoined, i).tap;
        QemuFactsNic nic = {.told = g_array_index(joined, QemuNicJoined, i).told};

        if (tap != NULL) {
            nic.ifname = tap->ifname;
            nic.is_host_view = tap->is_macvtap;
            nic.counters = find_counters(self, domain, tap);
            nic.net_namespace = tap->net_namespace;
        }
        g_array_append_val(facts->nics, nic);
    }
}

static void
read_told_nics(QemuHostView *self, const QemuDomain *domain, const QemuDefinition *definition,
               QemuFacts *facts)
{
    const HostNetdevTable *table =
        qemu_host_view_netdevs(self, domain, domain->host.net_namespace, -1);

    for (guint i = 0; i < definition->nics->len; i++) {
        const QemuDefinitionNic *told = &g_array_index(definition->nics, QemuDefinitionNic, i);
        QemuFactsNic nic = {.is_host_view = told->kind == QEMU_DEFINITION_NIC_HOST_VIEW,
                            .told = told,
                            .net_namespace = domain->host.net_namespace};

        if (told->kind != QEMU_DEFINITION_NIC_NO_DEVICE)
            nic.ifname = told->ifname;
        if (nic.ifname != NULL && table != NULL)
            nic.counters = host_netdev_lookup(table, nic.ifname);
        g_array_append_val(facts->nics, nic);
    }
    facts->n_nics = util_count_of(definition->nics->len);
}

static void
find_namespace(QemuHostView *self, QemuDomain *domain)
{
    g_autofree char *link = NULL;

    if (domain->host.net_namespace != NULL)
        return;
    link = g_strdup_printf("proc/%d/ns/net", (int)domain->pid);
    domain->host.net_namespace = host_root_readlink(qemu_host_view_root(self), link);
}

void
qemu_host_read_nics(QemuHostView *self, QemuJob *job, QemuFacts *facts)
{
    QemuDomain *domain = job->domain;
    const QemuDefinition *definition = qemu_domain_definition(domain);

    if (definition == NULL) /* the peer is no QEMU process: its devices are not a guest's */
        return;
    find_namespace(self, domain);
    facts->nics = g_array_new(FALSE, TRUE, sizeof(QemuFactsNic));
    if (qemu_definition_tells_nics(definition))
        read_told_nics(self, domain, definition, facts);
    else
        read_joined_nics(self, domain, definition, facts);
}

/* The interfaces of libvirt's definition, without counters: libvirt tells those. */
static GArray *
list_told_nics(const QemuDomain *domain)
{
    const QemuDefinition *about = qemu_domain_about(domain);
    GArray *nics = g_array_new(FALSE, TRUE, sizeof(QemuFactsNic));

    for (guint i = 0; qemu_definition_tells_nics(about) && i < about->nics->len; i++) {
        const QemuDefinitionNic *told = &g_array_index(about->nics, QemuDefinitionNic, i);
        const QemuFactsNic nic = {
            .ifname = told->ifname, .told = told, .net_namespace = domain->host.net_namespace};

        g_array_append_val(nics, nic);
    }
    return nics;
}

/* Where libvirt tells the counters, the interfaces are those of its definition, if we know that. */
static void
list_nics(QemuHostView *self, QemuDomain *domain, QemuFacts *facts)
{
    if (facts->nics == NULL && qemu_domain_about(domain) != NULL) {
        find_namespace(self, domain);
        facts->nics = list_told_nics(domain);
    }
}

static bool
is_in_own_namespace(QemuHostView *self, const QemuFactsNic *nic)
{
    return nic->ifname != NULL && nic->net_namespace != NULL &&
           qemu_host_view_is_own_namespace(self, nic->net_namespace);
}

void
qemu_host_read_links(QemuHostView *self, QemuJob *job, QemuFacts *facts)
{
    const HostLinks *links = NULL;

    list_nics(self, job->domain, facts);
    for (guint i = 0; facts->nics != NULL && i < facts->nics->len; i++) {
        QemuFactsNic *nic = &g_array_index(facts->nics, QemuFactsNic, i);

        if (!is_in_own_namespace(self, nic))
            continue;
        links = qemu_host_view_links(self);
        nic->link = links ? host_links_lookup(links, nic->ifname) : NULL;
    }
}

static void
read_queues(QemuHostView *self, QemuFacts *facts)
{
    for (guint i = 0; facts->nics != NULL && i < facts->nics->len; i++) {
        QemuFactsNic *nic = &g_array_index(facts->nics, QemuFactsNic, i);
        const HostQdiscs *qdiscs =
            is_in_own_namespace(self, nic) ? qemu_host_view_qdiscs(self) : NULL;

        nic->qdisc = qdiscs ? host_qdisc_lookup(qdiscs, nic->ifname) : NULL;
    }
}

static QemuFactsHostdev
read_hostdev(QemuHostView *self, const QemuDomain *domain, const HostPassed *device)
{
    QemuFactsHostdev hostdev = {.device = device};

    if (device->pf_ifname[0] != '\0' && device->vf.is_present) {
        const HostVfs *vfs = qemu_host_view_vfs(self, device->pf_ifname, device->pf_address);

        hostdev.vf = vfs ? host_vf_lookup(vfs, (unsigned int)device->vf.value) : NULL;
    }
    if (device->representor[0] != '\0') {
        const HostNetdevTable *table = qemu_host_view_netdevs(self, domain, NULL, -1);

        hostdev.representor = table ? host_netdev_lookup(table, device->representor) : NULL;
    }
    return hostdev;
}

/* The domain owns the list of devices, since the facts borrow of it until the call ends. */
static void
read_hostdevs(QemuHostView *self, QemuDomain *domain, QemuFacts *facts)
{
    QemuHostKept *kept = &domain->host;

    g_clear_pointer(&kept->passed, g_array_unref);
    if (!qemu_host_view_has_passed(self))
        return;
    kept->passed = host_passed_list(qemu_host_view_root(self), domain->pid);
    if (kept->passed == NULL)
        return;
    facts->hostdevs = g_array_new(FALSE, FALSE, sizeof(QemuFactsHostdev));
    for (guint i = 0; i < kept->passed->len; i++) {
        QemuFactsHostdev hostdev =
            read_hostdev(self, domain, &g_array_index(kept->passed, HostPassed, i));

        g_array_append_val(facts->hostdevs, hostdev);
    }
}

void
qemu_host_read_nic_ext(QemuHostView *self, QemuJob *job, QemuFacts *facts)
{
    if (qemu_domain_definition(job->domain) == NULL && job->told == NULL)
        return;
    list_nics(self, job->domain, facts);
    read_queues(self, facts);
    read_hostdevs(self, job->domain, facts);
}
