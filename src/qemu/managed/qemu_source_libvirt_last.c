/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_libvirt_last: see qemu_source_libvirt_last.h. Owns the endpoints and their copies;
 * asks libvirt nothing.
 */
#include "qemu_source_libvirt_last.h"

#include "libvirt/libvirt_pool.h"

void
qemu_source_libvirt_last_clear(QemuSourceLibvirtLast *self)
{
    g_clear_pointer(&self->endpoints, g_ptr_array_unref);
    g_clear_pointer(&self->aged, g_ptr_array_unref);
}

/* Copies a domain of the last good scan, without what only libvirt can tell now. If libvirt is
 * silent it may still be asked for single domains: the list waits as long as one domain hangs. */
static QemuEndpoint *
age_endpoint(const QemuEndpoint *endpoint, LibvirtOutcomeKind kind, bool is_silent,
             const char *text)
{
    QemuEndpoint *aged = qemu_endpoint_copy(endpoint);

    aged->libvirt_state = -1;
    aged->libvirt_reason = -1;
    if (!is_silent)
        g_clear_pointer(&aged->libvirt, libvirt_pool_unref);
    g_free(aged->libvirt_trouble);
    aged->libvirt_trouble = g_strdup(text);
    if (!aged->is_active && aged->libvirt == NULL) {
        aged->trouble = DOMSTATS_HEALTH_SLOW;
        g_free(aged->trouble_reason);
        aged->trouble_reason = g_strdup(text);
    } else if (kind == LIBVIRT_OUTCOME_DENIED && aged->trouble == DOMSTATS_HEALTH_NO_MONITOR) {
        aged->trouble = DOMSTATS_HEALTH_DENIED;
    }
    return aged;
}

static GPtrArray *
age(const GPtrArray *endpoints, LibvirtOutcomeKind kind, bool is_silent, const char *text)
{
    GPtrArray *aged = qemu_endpoint_new_array();

    for (guint i = 0; i < endpoints->len; i++)
        g_ptr_array_add(aged, age_endpoint(g_ptr_array_index(endpoints, i), kind, is_silent, text));
    return aged;
}

GPtrArray *
qemu_source_libvirt_last_keep(QemuSourceLibvirtLast *self, GPtrArray *take_endpoints)
{
    qemu_source_libvirt_last_clear(self);
    self->endpoints = take_endpoints;
    return qemu_endpoint_ref_all(take_endpoints);
}

/* The copies are made once for each trouble. */
GPtrArray *
qemu_source_libvirt_last_give_aged(QemuSourceLibvirtLast *self, LibvirtOutcomeKind kind,
                                   bool is_silent, const char *text)
{
    const QemuEndpoint *first = NULL;

    if (self->endpoints == NULL)
        return NULL;
    if (self->aged != NULL && self->aged->len > 0)
        first = g_ptr_array_index(self->aged, 0);
    if (first != NULL && g_strcmp0(first->libvirt_trouble, text) != 0)
        g_clear_pointer(&self->aged, g_ptr_array_unref);
    if (self->aged == NULL)
        self->aged = age(self->endpoints, kind, is_silent, text);
    return qemu_endpoint_ref_all(self->aged);
}
