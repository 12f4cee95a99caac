/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor_findings: see doctor_findings.h.
 */
#include "doctor_findings.h"

#include "doctor_mend.h"

static void
free_finding(gpointer data)
{
    DoctorFinding *self = data;

    g_clear_pointer(&self->domains, g_ptr_array_unref);
    g_free(self->mend);
    g_free(self);
}

static bool
is_of_libvirt(const DoctorFactsDomain *domain)
{
    return g_strcmp0(domain->manager, "libvirt") == 0;
}

/* True if both are mended by one command. */
static bool
are_alike(const DoctorFactsDomain *one, const DoctorFactsDomain *other)
{
    return is_of_libvirt(one) == is_of_libvirt(other) && one->is_session == other->is_session &&
           g_strcmp0(one->pid_namespace, other->pid_namespace) == 0;
}

static DoctorFinding *
add(GPtrArray *findings, const DoctorRow *row, GPtrArray *take_domains)
{
    DoctorFinding *finding = g_new0(DoctorFinding, 1);

    finding->row = row;
    finding->domains = take_domains;
    g_ptr_array_add(findings, finding);
    return finding;
}

/* Adds @domain to a finding of @row behind the first @begin ones, or to a new one. */
static void
add_domain(GPtrArray *findings, guint begin, const DoctorRow *row, DoctorFactsDomain *domain)
{
    for (guint i = begin; i < findings->len; i++) {
        DoctorFinding *finding = g_ptr_array_index(findings, i);

        if (are_alike(g_ptr_array_index(finding->domains, 0), domain)) {
            g_ptr_array_add(finding->domains, domain);
            return;
        }
    }
    g_ptr_array_add(add(findings, row, g_ptr_array_new())->domains, domain);
}

static void
find(GPtrArray *findings, const DoctorRow *row, const DoctorFactsHost *host,
     const GPtrArray *domains)
{
    guint begin = findings->len;

    if (doctor_rows_fits_host(row, host))
        (void)add(findings, row, NULL);
    for (guint i = 0; i < domains->len; i++)
        if (doctor_rows_fits_domain(row, host, g_ptr_array_index(domains, i)))
            add_domain(findings, begin, row, g_ptr_array_index(domains, i));
}

/* The text that mends @finding before it is filled in; NULL: nothing does. */
static const char *
choose_mend(const DoctorFinding *finding)
{
    const DoctorRow *row = finding->row;

    if (finding->domains != NULL && row->libvirt_mend != NULL &&
        is_of_libvirt(g_ptr_array_index(finding->domains, 0)))
        return row->libvirt_mend;
    return row->mend;
}

GPtrArray *
doctor_findings_make(const DoctorFactsHost *host, const GPtrArray *domains, const char *uri)
{
    GPtrArray *findings = g_ptr_array_new_with_free_func(free_finding);

    for (int severity = DOCTOR_ROWS_FAILS; severity >= DOCTOR_ROWS_OK; severity--)
        for (size_t i = 0; i < doctor_rows_n; i++)
            if ((int)doctor_rows[i].severity == severity)
                find(findings, &doctor_rows[i], host, domains);
    for (guint i = 0; i < findings->len; i++) {
        DoctorFinding *finding = g_ptr_array_index(findings, i);
        const char *mend = choose_mend(finding);

        if (mend != NULL)
            finding->mend = doctor_mend_make(mend, host, finding->domains, domains, uri);
    }
    return findings;
}

DoctorFindingsOutcome
doctor_findings_outcome(const GPtrArray *findings, const DoctorFactsHost *host, size_t n_domains)
{
    bool is_empty = n_domains == 0 && host->blind_spot != NULL;
    DoctorRowsSeverity worst = DOCTOR_ROWS_OK;
    size_t n_failed = 0;

    for (guint i = 0; i < findings->len; i++) {
        const DoctorFinding *finding = g_ptr_array_index(findings, i);

        worst = MAX(worst, finding->row->severity);
        if (finding->row->severity == DOCTOR_ROWS_FAILS && finding->domains != NULL)
            n_failed += finding->domains->len; /* a domain has one reason */
    }
    if (worst < DOCTOR_ROWS_LACKS)
        return DOCTOR_FINDINGS_WHOLE;
    return is_empty || (n_failed == n_domains && n_failed > 0) ? DOCTOR_FINDINGS_NOTHING
                                                               : DOCTOR_FINDINGS_PARTLY;
}
