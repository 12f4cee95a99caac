/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor_report: all that is found in one answer of the library and on its host.
 */
#pragma once

#include "doctor_findings.h"

typedef struct {
    DoctorFactsHost host;
    GPtrArray *domains;  /* DoctorFactsDomain * */
    GPtrArray *findings; /* DoctorFinding * */
} DoctorReport;

/* @records are of one call with DOMSTATS_CALL_EXT to @source, as domstats_open() takes it; and
 * @blind_spot is that of its connection. The files of this host are looked at if the domains are
 * its own. The caller clears. */
void doctor_report_make(const char *source, DomstatsRecord *const *records, size_t n_records,
                        const char *blind_spot, DoctorReport *ret_report);

void doctor_report_clear(DoctorReport *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DoctorReport, doctor_report_clear)
