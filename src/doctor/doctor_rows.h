/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor_rows: the table of all findings: when there is one, what it means, what is missing by it,
 * and what mends it. Pure.
 */
#pragma once

#include <stddef.h>

#include "doctor_facts.h"

/* From best to worst. */
typedef enum {
    DOCTOR_ROWS_OK,    /* is as it should be */
    DOCTOR_ROWS_NOTE,  /* nothing that was to be read is missing by it; there could be more */
    DOCTOR_ROWS_LACKS, /* some values are missing, or not to be trusted to be complete */
    DOCTOR_ROWS_FAILS, /* QEMU's own values are all missing */
} DoctorRowsSeverity;

/* A row is of the host, if it has @is_host, else of domains: those with @reason, and those of which
 * @is_domain is true. */
typedef struct {
    const char *code; /* NULL: the name of @reason */
    DoctorRowsSeverity severity;
    DomstatsReason reason; /* NONE: @is_domain decides alone */
    bool (*is_host)(const DoctorFactsHost *host);
    bool (*is_domain)(const DoctorFactsHost *host, const DoctorFactsDomain *domain);
    const char *meaning;
    const char *fields; /* names of fields, with ", " between them; NULL: none, or the domain's
                           missing groups */
    /* A command, or a line and where it belongs, with what doctor_mend fills in; for the second,
     * if not NULL, where libvirt manages the domain. NULL: nothing needs to be mended. */
    const char *mend;
    const char *libvirt_mend;
    bool is_hiding; /* of the host: the library's sentence about what it cannot see goes with it */
} DoctorRow;

extern const DoctorRow doctor_rows[];
extern const size_t doctor_rows_n;

/* "ok", "note", "lacks", "fails". */
const char *doctor_rows_severity_name(DoctorRowsSeverity severity);

const char *doctor_rows_code(const DoctorRow *row);

bool doctor_rows_fits_host(const DoctorRow *row, const DoctorFactsHost *host);
bool doctor_rows_fits_domain(const DoctorRow *row, const DoctorFactsHost *host,
                             const DoctorFactsDomain *domain);
