/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openmetrics_family: the only table of metric families: name, type, unit, meaning, the field that
 * the value comes from, how it is scaled, labels.
 *
 * Its rows are in openmetrics_family_*.def, in the order of the exposition. A test compares
 * docs/metrics.md with it, and its fields with those of the library.
 */
#pragma once

#include <stddef.h>

typedef enum {
    OPENMETRICS_FAMILY_GAUGE,
    OPENMETRICS_FAMILY_COUNTER,   /* its name ends in "_total" */
    OPENMETRICS_FAMILY_INFO,      /* its name ends in "_info"; the value is always 1 */
    OPENMETRICS_FAMILY_HISTOGRAM, /* buckets only, without sum and count */
} OpenmetricsFamilyType;

/* What a field's value is multiplied with. */
typedef enum {
    OPENMETRICS_FAMILY_PLAIN,
    OPENMETRICS_FAMILY_NS,  /* nanoseconds to seconds */
    OPENMETRICS_FAMILY_US,  /* microseconds to seconds */
    OPENMETRICS_FAMILY_MS,  /* milliseconds to seconds */
    OPENMETRICS_FAMILY_KIB, /* KiB to bytes */
    OPENMETRICS_FAMILY_MIB, /* MiB to bytes */
} OpenmetricsFamilyScale;

/* What a sample is about; its labels follow from that. */
typedef enum {
    OPENMETRICS_FAMILY_HOST,
    OPENMETRICS_FAMILY_HEALTH, /* host, by health */
    OPENMETRICS_FAMILY_DOMAIN,
    OPENMETRICS_FAMILY_GROUP,     /* domain, by group of statistics */
    OPENMETRICS_FAMILY_STATE,     /* domain, with its state in words */
    OPENMETRICS_FAMILY_STAT,      /* domain, by name of a statistic of KVM */
    OPENMETRICS_FAMILY_BLOCK,     /* disk: the first <n> of the field */
    OPENMETRICS_FAMILY_NET,       /* interface, likewise; so are all that follow */
    OPENMETRICS_FAMILY_VCPU,      /* vCPU */
    OPENMETRICS_FAMILY_VCPU_STAT, /* vCPU, by name of a statistic of KVM */
    OPENMETRICS_FAMILY_IOTHREAD,
    OPENMETRICS_FAMILY_JOB,       /* block job */
    OPENMETRICS_FAMILY_NUMA,      /* NUMA node of the host */
    OPENMETRICS_FAMILY_HOSTDEV,   /* network device of the host that was passed through */
    OPENMETRICS_FAMILY_CACHE,     /* cache monitor of resctrl and, second <n>, a cache */
    OPENMETRICS_FAMILY_ENERGY,    /* energy monitor, and a package */
    OPENMETRICS_FAMILY_BANDWIDTH, /* memory bandwidth monitor, and a node */
    OPENMETRICS_FAMILY_N_SCOPES,
} OpenmetricsFamilyScope;

/* The exposition that a family is in. The first is in all. */
typedef enum {
    OPENMETRICS_FAMILY_COMMON = 1 << 0,
    OPENMETRICS_FAMILY_NATIVE = 1 << 1,  /* names of our own */
    OPENMETRICS_FAMILY_LIBVIRT = 1 << 2, /* names of exporters for libvirt, label "domain" */
    OPENMETRICS_FAMILY_KUMINA = 1 << 3,  /* the same with the labels of an older one of them */
} OpenmetricsFamilySets;

typedef struct {
    unsigned int sets; /* OpenmetricsFamilySets */
    OpenmetricsFamilyType type;
    const char *name; /* as its samples have it */
    const char *unit; /* "": none */
    /* A field of a record, as docs/fields.md names it; or a word of openmetrics_self.h; "": the
     * value is 1. */
    const char *field;
    OpenmetricsFamilyScale scale;
    OpenmetricsFamilyScope scope;
    /* NULL: those of the scope. Else "label=source label=source ...", in alphabetical order. A
     * source is a field, "FIELD|FIELD" for the first that is there, @device, @domain, @name, @uuid,
     * @health, @reason, @by, @version, or a word in single quotes. */
    const char *labels;
    const char *help;
} OpenmetricsFamily;

extern const OpenmetricsFamily openmetrics_families[];
extern const size_t openmetrics_n_families;
