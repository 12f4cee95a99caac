/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * through_case: domains that only a fake libvirt can be asked for. Their process is a child that
 * waits in a poll, as an idle QEMU does, or does something worse.
 */
#pragma once

#include "exchange_case.h"
#include "fake_libvirt.h"
#include "libvirt/libvirt_pool.h"

enum { THROUGH_CASE_DOMAINS = 12 };

typedef enum {
    THROUGH_CASE_NONE, /* not known */
    THROUGH_CASE_WELL,
    THROUGH_CASE_BLOCKED, /* waits for something else than news */
    THROUGH_CASE_NESTED,  /* polls two descriptors, as QEMU does while it waits for its storage */
    THROUGH_CASE_STOPPED,
    THROUGH_CASE_STOPS, /* while libvirt is asked */
    THROUGH_CASE_ENDS,  /* likewise */
} ThroughCaseProcess;

typedef struct {
    ExchangeCase exchange;
    FakeLibvirtDomain domains[THROUGH_CASE_DOMAINS + 1]; /* a, b, c, ... */
    FakeLibvirt *fake;
    LibvirtPool *pool;
    pid_t child; /* the process of domains that are added; 0: it is not known */
} ThroughCase;

/* All domains of the fake have @params, its faults are @faults. */
void through_case_init(ThroughCase *self, const FakeLibvirtParam *params,
                       const FakeLibvirtFault *faults, const LibvirtPoolLimits *limits);
/* Ends the child. */
void through_case_clear(ThroughCase *self);

/* Starts the process of domains that are added from now on. */
void through_case_start_child(ThroughCase *self, ThroughCaseProcess process);
/* The domain with that number. */
QemuDomain *through_case_add(ThroughCase *self, unsigned int index);

/* Fails if the domain at @place became something else. @reason may be NULL. */
void through_case_assert_became(const ThroughCase *self, size_t place, DomstatsHealth verdict,
                                DomstatsReason code, const char *reason);

/* A test whose calls end at their deadline; false: it is to run again with longer deadlines. */
typedef bool (*ThroughCaseRun)(const void *data, unsigned int stretch);

/* Runs it with deadlines that are longer by the factor @stretch each time, until it gives true. */
void through_case_run_stretched(ThroughCaseRun run, const void *data);
/* True if the machine was too busy to give a job the time that a verdict needs, as the job says
 * itself, and a longer deadline may still help. */
bool through_case_had_no_time(const ThroughCase *self, unsigned int stretch);
