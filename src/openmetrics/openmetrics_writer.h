/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openmetrics_writer: records as an exposition for Prometheus and what reads the same formats.
 *
 * Pure: bytes made of its arguments. docs/metrics.md describes what is in it.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "domstats/domstats.h"
#include "openmetrics_output.h"

typedef enum {
    OPENMETRICS_WRITER_NAMES_DOMSTATS, /* domstats_...: our own */
    OPENMETRICS_WRITER_NAMES_LIBVIRT,  /* libvirt_...: those of exporters for libvirt */
    OPENMETRICS_WRITER_NAMES_KUMINA,   /* the same with the labels of an older one of them */
} OpenmetricsWriterNames;

typedef struct {
    const DomstatsRecord *const *records;
    size_t n_records;
    const char *blind_spot; /* NULL: none */
    int64_t round_us;       /* how long it took to ask */
    int64_t now_us;         /* wall clock, µs since 1970 */
    const char *version;    /* of the program */
    OpenmetricsWriterNames names;
    OpenmetricsOutputDialect dialect;
    unsigned int judged; /* the groups whose absence is told: VIR_DOMAIN_STATS_*; 0: all */
    bool with_kvm;       /* with the statistics of KVM, which are some 60 series a vCPU */
} OpenmetricsWriterInput;

/* The whole exposition; the caller unrefs it. */
GBytes *openmetrics_writer_make(const OpenmetricsWriterInput *input);

/* The groups to ask for, if nobody names some: those that anything of @names is made of; 0: all. */
unsigned int openmetrics_writer_groups(OpenmetricsWriterNames names, bool with_kvm);

/* The groups that every domain that runs has: without them it is not complete. */
unsigned int openmetrics_writer_judged(void);

/* The names called @word: "domstats", "libvirt" or "kumina". False if none are. */
bool openmetrics_writer_parse_names(const char *word, OpenmetricsWriterNames *ret_names);
