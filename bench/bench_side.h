/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench_side: the sides that are timed: ways to ask all domains of a fleet once.
 */
#pragma once

#include "bench_floor.h"
#include "bench_libvirt.h"
#include "bench_visit.h"
#include "domstats/domstats.h"

/* One fleet of QEMUs and what can ask it. NULL: sides that need it cannot run. */
typedef struct {
    GPtrArray *names;       /* char *: of the domains started so far */
    DomstatsConn *ours;     /* holds its monitors */
    DomstatsConn *visiting; /* lets go of its monitors after each call */
    BenchFloor *floor;
    BenchVisit *visits;
    char *command;         /* the program "domstats" */
    char *visit_source;    /* of @visiting and of @command */
    char *empty_source;    /* of the command where there is no QEMU */
    DomstatsConn *through; /* asks libvirt */
    char *through_source;  /* of @through and of the command that asks libvirt */
    GArray *halted;        /* pid_t: QEMUs that a side stops for the time of its call */
    BenchLibvirt *libvirt;
    unsigned int timeout_ms;
} BenchSideSubject;

typedef struct BenchSide BenchSide;

/* Asks once; sets how many values came. False if a domain is missing or lacks values: the time of
 * such a call would mean nothing. */
typedef bool (*BenchSideRun)(const BenchSide *self, BenchSideSubject *subject, size_t *ret_n_values,
                             GError **error);

/* What comes before or after each call and is not timed. */
typedef bool (*BenchSideStep)(const BenchSide *self, BenchSideSubject *subject, GError **error);

/* One side. All sides ask every domain once. */
struct BenchSide {
    char *name;         /* "floor", "ours", "ours/block", "visit", ... */
    unsigned int stats; /* VIR_DOMAIN_STATS_*; 0: ALL */
    BenchSideRun run;
    BenchSideStep before; /* NULL: nothing */
    BenchSideStep after;  /* likewise */
};

/* The sides that the comma-separated @names mean; "ours/+" and "libvirt/+" stand for one side a
 * group. NULL with an error for a name that is none. */
GPtrArray *bench_side_make_all(const char *names, GError **error);
