/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor_report: see doctor_report.h.
 */
#include "doctor_report.h"

#include <string.h>

#include "doctor_domain.h"
#include "doctor_host.h"

#define LIBVIRT "libvirt:"

/* The host on which the domains are; NULL if it is recorded, or if none of a libvirt's has a
 * process here. */
static HostRoot *
open_host(const char *source, DomstatsRecord *const *records, size_t n_records)
{
    bool is_other = g_str_has_prefix(source, LIBVIRT);

    if (g_str_has_prefix(source, "replay:"))
        return NULL;
    for (size_t i = 0; i < n_records && is_other; i++)
        is_other = records[i]->pid <= 0;
    return is_other ? NULL : host_root_new_live();
}

static void
free_domain(gpointer data)
{
    doctor_domain_free(data);
}

void
doctor_report_make(const char *source, DomstatsRecord *const *records, size_t n_records,
                   const char *blind_spot, DoctorReport *ret_report)
{
    const char *from = source != NULL ? source : "auto";
    const char *uri = g_str_has_prefix(from, LIBVIRT) ? from + strlen(LIBVIRT) : NULL;
    g_autoptr(HostRoot) root = open_host(from, records, n_records);

    *ret_report = (DoctorReport){.domains = g_ptr_array_new_with_free_func(free_domain)};
    if (root != NULL)
        doctor_host_look(root, &ret_report->host);
    ret_report->host.blind_spot = g_strdup(blind_spot);
    ret_report->host.has_no_domains = n_records == 0;
    for (size_t i = 0; i < n_records; i++) {
        DoctorFactsDomain *domain = doctor_domain_new(records[i], root);

        g_ptr_array_add(ret_report->domains, domain);
        if (root != NULL && domain->pid > 0 && !ret_report->host.has_vhost_threads)
            doctor_domain_look_for_vhost(domain, root);
    }
    ret_report->findings = doctor_findings_make(&ret_report->host, ret_report->domains, uri);
}

void
doctor_report_clear(DoctorReport *self)
{
    g_clear_pointer(&self->findings, g_ptr_array_unref);
    g_clear_pointer(&self->domains, g_ptr_array_unref);
    doctor_host_clear(&self->host);
}
