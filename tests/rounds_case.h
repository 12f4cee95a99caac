/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rounds_case: rounds of three monitors that count what they hear, and requests that keep what they
 * got. ROUNDS_CASE_TEST() makes tests that have a RoundsCase as their state.
 */
#pragma once

#include "daemon/daemon_rounds.h"
#include "fake_qmp.h"

enum {
    ROUNDS_CASE_N_FAKES = 3,
    ROUNDS_CASE_LONG_MS = 60000, /* what a request has that sets no timeout */
    ROUNDS_CASE_STUCK_MS =
        1500, /* a round with a monitor that never answers; enough to be shared */
};

typedef struct {
    char *folder;
    FakeQmp *fakes[ROUNDS_CASE_N_FAKES];
    FakeQmpThread *thread; /* NULL: the test has stopped them */
    sd_event *loop;
    DaemonRounds *rounds;
    GPtrArray *requests; /* RoundsCaseRequest * */
    unsigned int n_open; /* requests that are not answered */
} RoundsCase;

/* A request, and what it got. */
typedef struct {
    RoundsCase *owner;
    DaemonRoundsRequest *request; /* NULL: it is answered */
    unsigned int n_called;
    size_t n_records;
    int code; /* of the error; 0: none */
    /* Of the first record: */
    char *field; /* its first one; "": none */
    DomstatsHealth health;
} RoundsCaseRequest;

/* All monitors answer; or the first one never does. */
int rounds_case_begin(void **state);
int rounds_case_begin_stuck(void **state);
int rounds_case_end(void **state);

/* Opens the monitors once more. */
DomstatsConn *rounds_case_open(const RoundsCase *self, const DomstatsOptions *options);

/* Asks for @call. The request lives as long as @self. */
RoundsCaseRequest *rounds_case_ask(RoundsCase *self, const DomstatsCall *call);

/* Turns the loop: once; until @n requests are open; until @request is answered; until @n rounds
 * have begun. */
void rounds_case_turn(const RoundsCase *self);
void rounds_case_run_until_open(const RoundsCase *self, unsigned int n);
void rounds_case_run_until_answered(const RoundsCaseRequest *request);
void rounds_case_run_until_begun(const RoundsCase *self, unsigned int n);

#define ROUNDS_CASE_TEST(name)                                                                     \
    cmocka_unit_test_setup_teardown(name, rounds_case_begin, rounds_case_end)
#define ROUNDS_CASE_TEST_STUCK(name)                                                               \
    cmocka_unit_test_setup_teardown(name, rounds_case_begin_stuck, rounds_case_end)
