/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exchange_case: domains whose monitors are scripted peers, and calls that the exchange makes to
 * them. It does what the driver does with an ended job, in the smallest form.
 */
#pragma once

#include "fake_qmp.h"
#include "qemu/exchange/qemu_exchange.h"

/* What became of a domain in the last call. */
typedef struct {
    DomstatsHealth verdict;
    DomstatsReason reason_code;
    bool is_complete;
    bool is_waiting; /* some answer was still owed when the job ended */
    char *reason;
    char *status;   /* of query-status, answered in this call or lent to it */
    gint n_endings; /* atomic: how often its job ended */
} ExchangeCaseOutcome;

typedef struct {
    char *folder;
    HostRoot *root;
    GPtrArray *fakes;   /* FakeQmp * */
    GPtrArray *domains; /* QemuDomain * */
    GPtrArray *jobs;    /* QemuJob *, of the call that runs */
    ExchangeCaseOutcome *outcomes;
    int64_t elapsed_us; /* of the last call */
} ExchangeCase;

typedef struct {
    unsigned int stats; /* 0: VIR_DOMAIN_STATS_STATE */
    unsigned int flags;
    unsigned int timeout_ms;
    unsigned int n_threads;
    bool has_monitors; /* false: HOLD in place of @monitors */
    DomstatsMonitors monitors;
} ExchangeCaseCall;

void exchange_case_init(ExchangeCase *self);
void exchange_case_clear(ExchangeCase *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ExchangeCase, exchange_case_clear)

/* A peer that listens in the case's folder, or on TCP; owned by @self. */
FakeQmp *exchange_case_add_fake(ExchangeCase *self, const FakeQmpScript *script, bool is_tcp);
/* A domain, with a monitor at @path if that is not NULL; owned by @self. */
QemuDomain *exchange_case_add_domain(ExchangeCase *self, const char *path);
/* A peer in the case's folder, and a domain whose monitor it is. */
QemuDomain *exchange_case_add(ExchangeCase *self, const FakeQmpScript *script);

/* One call of the exchange for all domains, with the peers at work in a thread of their own.
 * Fails if a job does not end exactly once, or a complete one has an answer to come. */
void exchange_case_run(ExchangeCase *self, const ExchangeCaseCall *call);

/* What became of the domain at @place: "ok running, connected", "wedged, silent, connected". The
 * caller frees. */
char *exchange_case_describe(const ExchangeCase *self, size_t place);

/* These fail with both texts: what became of the domain is not @expected; @reason is no part of the
 * reason that its record gives. */
void exchange_case_assert_became(const ExchangeCase *self, size_t place, const char *expected);
void exchange_case_assert_reason(const ExchangeCase *self, size_t place, const char *reason);

/* The peer that was added at @place; owned by @self. */
FakeQmp *exchange_case_fake(const ExchangeCase *self, size_t place);
