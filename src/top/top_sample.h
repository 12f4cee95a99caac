/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_sample: what one round told of each domain, reduced to the fields of top_field.
 *
 * A sample does not change once it is made, and its domains have a reference count: later rounds
 * keep those that they compare with. Times are microseconds of the monotonic clock of the host that
 * was asked, unless they are called wall.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domstats/domstats.h"
#include "top_bins.h"
#include "top_field.h"
#include "top_host.h"
#include "util/util_count.h"
#include "util/util_refcount.h"

/* One vCPU, disk, interface or NUMA node. */
typedef struct {
    unsigned int number;             /* the one in the names of its fields */
    char *name;                      /* of a disk or interface; NULL: the record does not tell it */
    TopBins *bins[TOP_BINS_N_KINDS]; /* of a disk; NULL: none */
    UtilCount values[];              /* as many as its kind has, by top_field_place() */
} TopSampleUnit;

typedef struct {
    UtilRefcount refs;
    char *name; /* UTF-8, TOP_MAX_NAME bytes at most */
    char uuid[VIR_UUID_STRING_BUFLEN];
    int id;
    int pid;              /* 0: none, or not known */
    uint64_t start_ticks; /* when @pid started; 0: not known */
    DomstatsHealth health;
    DomstatsReason reason_code;
    char *reason; /* a sentence, UTF-8; NULL: it is OK */
    char *slice;  /* see top_slice.h; UTF-8, TOP_MAX_NAME bytes at most; NULL: not known */
    DomstatsAnsweredBy answered_by;
    unsigned int missing; /* groups */
    bool is_unasked;      /* the round failed, so nothing is told but who it is */
    int64_t at_us;        /* when its answer was taken */
    UtilCount values[TOP_FIELD_MOST_OF_KIND];
    size_t n_bytes;                      /* what it takes */
    GPtrArray *units[TOP_FIELD_N_KINDS]; /* TopSampleUnit *, by number; NULL of DOMAIN */
} TopSampleDomain;

typedef struct {
    UtilRefcount refs;
    GPtrArray *domains; /* TopSampleDomain *, in the order of the records */
    int64_t began_us;   /* of the round */
    int64_t ended_us;
    int64_t wall_us; /* when it ended, since 1970 */
    TopHost host;
    char *blind_spot;  /* what the source could not see: a sentence, or NULL */
    size_t n_bytes;    /* what the domains take */
    size_t n_left_out; /* domains beyond TOP_MAX_DOMAINS and TOP_MAX_SAMPLE_BYTES */
    char *error;       /* the round failed as a whole, so it has no domains: a sentence, or NULL */
} TopSample;

/* When a round ran. */
typedef struct {
    int64_t began_us;
    int64_t ended_us;
    int64_t wall_us; /* at the end */
} TopSampleTimes;

/* Borrows all. The time of each answer is the record's wall time, put on the monotonic clock by
 * the end of the round, which is right unless the wall clock is set during the round. */
TopSample *top_sample_new(DomstatsRecord *const *records, size_t n_records,
                          const TopSampleTimes *times, const TopHost *host, const char *blind_spot);
TopSample *top_sample_ref(TopSample *self);
void top_sample_unref(TopSample *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TopSample, top_sample_unref)

/* For those who make samples from something else than records: an empty one, and domains to add to
 * it. Both texts are copied, made UTF-8 and cut at their limit; NULL stays NULL, or "" for a name.
 */
TopSample *top_sample_new_empty(const TopSampleTimes *times, const TopHost *host,
                                const char *blind_spot);
/* Of a round that failed. */
TopSample *top_sample_new_failed(const TopSampleTimes *times, const TopHost *host,
                                 const char *error);
TopSampleDomain *top_sample_domain_new(const char *name, const char *reason);
/* The domain of @like in @failed, a round that failed. */
TopSampleDomain *top_sample_domain_new_unasked(const TopSampleDomain *like,
                                               const TopSample *failed);
/* The unit with that number, which is made if it is not there; NULL if there are too many. */
TopSampleUnit *top_sample_domain_unit(TopSampleDomain *self, TopFieldKind kind,
                                      unsigned int number);
/* Sets a value of the domain or of a unit; one too many is left out. */
void top_sample_domain_set(TopSampleDomain *self, TopField field, unsigned int number,
                           uint64_t value);
void top_sample_domain_set_name(TopSampleDomain *self, TopFieldKind kind, unsigned int number,
                                const char *name);
/* A copy of @slice, made UTF-8 and cut; NULL: not known. */
void top_sample_domain_set_slice(TopSampleDomain *self, const char *slice);
void top_sample_domain_set_bin(TopSampleDomain *self, const TopBinsPlace *place, uint64_t value);
/* The same for whatever a record calls so; nothing is done for a field that top does not read. */
void top_sample_domain_set_by_name(TopSampleDomain *self, const char *name, uint64_t value);
/* Takes @domain, which does not change any more, but that its slice may be set. */
void top_sample_add(TopSample *self, TopSampleDomain *domain);

TopSampleDomain *top_sample_domain_ref(TopSampleDomain *self);
void top_sample_domain_unref(TopSampleDomain *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TopSampleDomain, top_sample_domain_unref)

/* The value of @field of the domain, or of @unit of its kind; absent for NULL. */
UtilCount top_sample_value(const TopSampleDomain *self, const TopSampleUnit *unit, TopField field);
size_t top_sample_count_units(const TopSampleDomain *self, TopFieldKind kind);
/* @i counts from 0, in the order of the numbers. */
const TopSampleUnit *top_sample_unit(const TopSampleDomain *self, TopFieldKind kind, size_t i);
/* The unit of @self that is the same as @like: with its name, or if it has none with its number.
 * NULL if there is none. */
const TopSampleUnit *top_sample_find_unit(const TopSampleDomain *self, TopFieldKind kind,
                                          const TopSampleUnit *like);

/* True if both are of the same run of the same domain: of one QEMU process. */
bool top_sample_is_same_run(const TopSampleDomain *a, const TopSampleDomain *b);
/* True if QEMU, or who speaks for it, told its values: not the host alone. */
bool top_sample_has_answered(const TopSampleDomain *self);
