/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_daemon_rounds_limits: which requests are refused, and which are kept waiting, so that they
 * cost the others nothing.
 */
#include "testing.h"

#include "daemon/daemon_limits.h"
#include "rounds_case.h"

enum {
    N_FAKES = ROUNDS_CASE_N_FAKES,
    STUCK_MS = ROUNDS_CASE_STUCK_MS,
    STATE = VIR_DOMAIN_STATS_STATE,
};

/* Two rounds are held up, and a third may not begin. */
static void
a_deadline_that_passes(void **state)
{
    const unsigned int backing = VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING;
    const unsigned int block = VIR_DOMAIN_STATS_BLOCK;
    const DomstatsCall calls[] = {
        {.stats = block, .timeout_ms = STUCK_MS},
        {.stats = block, .flags = backing, .timeout_ms = STUCK_MS},
        {.stats = VIR_DOMAIN_STATS_VCPU, .timeout_ms = 50},
    };
    RoundsCase *scene = *state;
    const RoundsCaseRequest *got[3] = {0};

    got[0] = rounds_case_ask(scene, &calls[0]);
    got[1] = rounds_case_ask(scene, &calls[1]);
    rounds_case_run_until_begun(scene, 2);
    got[2] = rounds_case_ask(scene, &calls[2]);
    rounds_case_run_until_open(scene, 2);
    assert_int_equal(got[2]->code, DOMSTATS_ERROR_TIMEOUT);
    assert_int_equal(got[0]->n_called + got[1]->n_called, 0);
    rounds_case_run_until_open(scene, 0);
    assert_int_equal(daemon_rounds_count(scene->rounds), 2);
}

/* So many that share nothing that there is no room for one more. */
static void
too_many_alone(void **state)
{
    enum { N_MORE = 10, N_ALL = DAEMON_LIMIT_ROUNDS_ALONE + N_MORE };
    RoundsCase *scene = *state;
    const RoundsCaseRequest *got[N_ALL] = {0};
    const RoundsCaseRequest *shared = NULL;
    unsigned int n_refused = 0;

    for (unsigned int i = 0; i < N_ALL; i++)
        got[i] = rounds_case_ask(scene, &(DomstatsCall){.flags = 1U << 16, .stats = i + 1});
    shared = rounds_case_ask(scene, &(DomstatsCall){.stats = STATE});
    rounds_case_run_until_open(scene, 0);
    for (unsigned int i = 0; i < N_ALL; i++)
        n_refused += got[i]->code == DOMSTATS_ERROR_SYSTEM;
    testing_assert_in_range(n_refused, 1, N_MORE);
    assert_int_equal(shared->code, 0);
}

/* The same of names that nothing has: a shared round does not find them, so each is asked alone. */
static void
too_many_names_of_nothing(void **state)
{
    enum { N_MORE = 10, N_ALL = DAEMON_LIMIT_ROUNDS_ALONE + N_MORE };
    RoundsCase *scene = *state;
    const RoundsCaseRequest *got[N_ALL] = {0};
    unsigned int n_refused = 0;

    for (unsigned int i = 0; i < N_ALL; i++) {
        g_autofree char *word = g_strdup_printf("nobody%u", i);
        const char *const words[] = {word, NULL};

        got[i] = rounds_case_ask(scene, &(DomstatsCall){.stats = STATE, .domains = words});
    }
    rounds_case_run_until_open(scene, 0);
    for (unsigned int i = 0; i < N_ALL; i++) {
        n_refused += got[i]->code == DOMSTATS_ERROR_SYSTEM;
        assert_int_equal(got[i]->n_records, got[i]->code == 0);
    }
    testing_assert_in_range(n_refused, 1, N_MORE);
}

/* Names take memory for as long as their requests wait. */
static void
too_long_names(void **state)
{
    enum { WORD_BYTES = 8 * 1024 * 1024, N_ALL = DAEMON_LIMIT_ROUND_WORDS_BYTES / WORD_BYTES };
    g_autofree char *word = g_strnfill(WORD_BYTES, 'x');
    const char *const words[] = {word, NULL};
    const DomstatsCall call = {.stats = STATE, .domains = words};
    RoundsCase *scene = *state;
    const RoundsCaseRequest *got[N_ALL] = {0};
    const RoundsCaseRequest *later = NULL;

    for (unsigned int i = 0; i < N_ALL; i++)
        got[i] = rounds_case_ask(scene, &call);
    rounds_case_run_until_answered(got[N_ALL - 1]);
    assert_int_equal(got[N_ALL - 1]->code, DOMSTATS_ERROR_SYSTEM);
    rounds_case_run_until_open(scene, 0);
    for (unsigned int i = 0; i < N_ALL; i++)
        assert_int_equal(got[i]->code != 0, i == N_ALL - 1);
    later = rounds_case_ask(scene, &call);
    rounds_case_run_until_open(scene, 0);
    assert_int_equal(later->code, 0);
}

static bool
is_open(void *gate)
{
    return *(const bool *)gate;
}

/* A request whose client has to read first waits, and no other; one may leave meanwhile. */
static void
a_gate(void **state)
{
    RoundsCase *scene = *state;
    const RoundsCaseRequest *got[4] = {0};
    bool are_open[4] = {false, true, false, true};

    for (unsigned int i = 0; i < 4; i++) {
        got[i] = rounds_case_ask(scene, &(DomstatsCall){.stats = STATE});
        daemon_rounds_set_gate(got[i]->request, is_open, &are_open[i]);
    }
    rounds_case_run_until_open(scene, 2);
    assert_int_equal(got[1]->n_called + got[3]->n_called, 2);
    assert_true(daemon_rounds_is_busy(scene->rounds));
    daemon_rounds_cancel(got[0]->request);
    are_open[2] = true;
    rounds_case_run_until_open(scene, 1);
    assert_int_equal(got[0]->n_called, 0);
    for (unsigned int i = 1; i < 4; i++)
        assert_int_equal(got[i]->n_records, N_FAKES);
    while (daemon_rounds_is_busy(scene->rounds))
        rounds_case_turn(scene);
}

/* Rounds are not kept without end for such clients. */
static void
rounds_behind_a_gate(void **state)
{
    enum { N_ROUNDS = DAEMON_LIMIT_ROUNDS_KEPT + 3 };
    RoundsCase *scene = *state;
    const RoundsCaseRequest *got[N_ROUNDS] = {0};
    bool is_closed = false;

    for (unsigned int i = 0; i < N_ROUNDS; i++) {
        const RoundsCaseRequest *other = NULL;
        unsigned int n_open = scene->n_open;

        got[i] = rounds_case_ask(scene, &(DomstatsCall){.stats = STATE});
        daemon_rounds_set_gate(got[i]->request, is_open, &is_closed);
        other = rounds_case_ask(scene, &(DomstatsCall){.stats = STATE});
        rounds_case_run_until_answered(other);
        assert_int_equal(other->n_records, N_FAKES);
        assert_true(scene->n_open <= n_open + 1);
    }
    rounds_case_run_until_open(scene, DAEMON_LIMIT_ROUNDS_KEPT);
    for (unsigned int i = 0; i < N_ROUNDS; i++) {
        bool is_kept = i >= N_ROUNDS - DAEMON_LIMIT_ROUNDS_KEPT;

        assert_int_equal(got[i]->code, is_kept ? 0 : DOMSTATS_ERROR_SYSTEM);
        assert_int_equal(got[i]->n_called, is_kept ? 0 : 1);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ROUNDS_CASE_TEST_STUCK(a_deadline_that_passes),
        ROUNDS_CASE_TEST(too_many_alone),
        ROUNDS_CASE_TEST(too_many_names_of_nothing),
        ROUNDS_CASE_TEST(too_long_names),
        ROUNDS_CASE_TEST(a_gate),
        ROUNDS_CASE_TEST(rounds_behind_a_gate),
    };

    return cmocka_run_group_tests_name("rounds: limits", tests, NULL, NULL);
}
