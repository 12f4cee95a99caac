/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * health_case: a domain that did not answer, for the tests of its verdict. Its process is one of a
 * recorded tree, so that each state can be had, or this host's.
 */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <sys/types.h>

#include "fake_qmp.h"
#include "qemu/exchange/qemu_health.h"

enum {
    HEALTH_CASE_MAX_THREADS = 4,
    HEALTH_CASE_PID = 4242,
    HEALTH_CASE_START_TICKS = 1234567,
    HEALTH_CASE_FAIR_MS = 50, /* of a call of 50 too */
};

typedef struct {
    int tid;
    char state;
    const char *name;
    const char *wait_channel; /* NULL: the kernel does not tell */
} HealthCaseThread;

typedef struct {
    char *folder;
    HostRoot *root;
    QemuHostView *host;
    QemuRequest request;
    QemuJob *job;
    FakeQmp *fake;
} HealthCase;

/* A peer that accepts and says nothing; and its lines, which end with an empty one. */
extern const FakeQmpScript health_case_mute;
extern const FakeQmpLine health_case_mute_lines[];

/* The process @pid of the domain has @threads, HEALTH_CASE_MAX_THREADS at most, of which the first
 * is the process; none: there is no process. NULL: the host is this one. */
void health_case_init(HealthCase *self, const HealthCaseThread *threads, pid_t pid,
                      uint64_t start_ticks);
void health_case_clear(HealthCase *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HealthCase, health_case_clear)

/* The reason has @reason in it, and the code that goes with its sentence. */
void health_case_assert_verdict(const QemuJob *job, DomstatsHealth verdict, const char *reason);
