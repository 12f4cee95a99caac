/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor_findings: what the rows of doctor_rows find in the facts of a host. Pure.
 */
#pragma once

#include "doctor_rows.h"

/* One row that was found. Domains of one row are one finding, unless they are mended in another
 * way: those of a libvirt and those of none. */
typedef struct {
    const DoctorRow *row;
    GPtrArray *domains; /* DoctorFactsDomain *, borrowed; NULL: it is of the host */
    char *mend;         /* a command or a line; NULL: nothing needs to be mended */
} DoctorFinding;

/* How much can be read, by the findings. */
typedef enum {
    DOCTOR_FINDINGS_WHOLE,   /* nothing lacks */
    DOCTOR_FINDINGS_PARTLY,  /* something does */
    DOCTOR_FINDINGS_NOTHING, /* no domain can be read, or none is seen where some may be hidden */
} DoctorFindingsOutcome;

/* The findings in @host and its @domains (DoctorFactsDomain *), the worst first and else in the
 * order of the table. Borrows @domains for as long as the result lives. @uri: of the libvirt that
 * was named as the source, or NULL. DoctorFinding elements; free with g_ptr_array_unref(). */
GPtrArray *doctor_findings_make(const DoctorFactsHost *host, const GPtrArray *domains,
                                const char *uri);

DoctorFindingsOutcome doctor_findings_outcome(const GPtrArray *findings,
                                              const DoctorFactsHost *host, size_t n_domains);
