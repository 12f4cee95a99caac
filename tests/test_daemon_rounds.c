/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_daemon_rounds: how many rounds many requests cost, and what each of them gets.
 */
#include "testing.h"

#include "daemon/daemon_limits.h"
#include "daemon/daemon_loop.h"
#include "rounds_case.h"
#include "util/util_deadline.h"

enum {
    N_FAKES = ROUNDS_CASE_N_FAKES,
    N_REQUESTS = 100,
    STUCK_MS = ROUNDS_CASE_STUCK_MS,
    STATE = VIR_DOMAIN_STATS_STATE,
    VCPU = VIR_DOMAIN_STATS_VCPU,
};

static unsigned int
count_heard(const char *heard, const char *command)
{
    g_auto(GStrv) words = g_strsplit(heard, " ", -1);
    unsigned int n = 0;

    for (char **word = words; *word != NULL; word++)
        n += g_str_equal(*word, command) ? 1 : 0;
    return n;
}

/* A hundred requests of many kinds that come together. */
static void
many_cost_two(void **state)
{
    static const DomstatsCall kinds[] = {
        {.stats = STATE},
        {0},
        {.stats = VCPU, .extras = DOMSTATS_CALL_LAST},
        {.stats = STATE, .flags = VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE},
        {.extras = DOMSTATS_CALL_EXT},
        {.stats = STATE, .flags = VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT},
    };
    static const unsigned int first_half = N_REQUESTS / 2;
    RoundsCase *scene = *state;
    RoundsCaseRequest *got[N_REQUESTS] = {0};

    for (unsigned int i = 0; i < first_half; i++)
        got[i] = rounds_case_ask(scene, &kinds[i % G_N_ELEMENTS(kinds)]);
    rounds_case_run_until_begun(scene, 1);
    for (unsigned int i = first_half; i < N_REQUESTS; i++)
        got[i] = rounds_case_ask(scene, &kinds[i % G_N_ELEMENTS(kinds)]);
    rounds_case_run_until_open(scene, 0);
    testing_assert_in_range(daemon_rounds_count(scene->rounds), 1, 2);
    fake_qmp_stop(g_steal_pointer(&scene->thread));
    for (unsigned int i = 0; i < N_FAKES; i++) {
        testing_assert_in_range(count_heard(fake_qmp_heard(scene->fakes[i]), "query-status"), 1, 2);
        testing_assert_in_range(fake_qmp_n_connections(scene->fakes[i]), 1, 1);
    }
    for (unsigned int i = 0; i < N_REQUESTS; i++) {
        assert_int_equal(got[i]->n_called, 1);
        assert_int_equal(got[i]->code, 0);
        assert_int_equal(got[i]->n_records, N_FAKES);
        if (kinds[i % G_N_ELEMENTS(kinds)].stats == STATE)
            assert_string_equal(got[i]->field, "state.state");
    }
}

static int
on_busy(sd_event_source *source, uint64_t at_us, void *data)
{
    (void)at_us;
    (void)data;
    daemon_loop_take_turn(source);
    return 0;
}

/* A round begins, and is answered, while others keep the loop busy without end. */
static void
a_busy_loop(void **state)
{
    RoundsCase *scene = *state;
    const RoundsCaseRequest *got = NULL;
    sd_event_source *busy = NULL;

    assert_true(daemon_loop_add_timer(scene->loop, &busy, on_busy, NULL) >= 0);
    daemon_loop_take_turn(busy);
    got = rounds_case_ask(scene, &(DomstatsCall){.stats = STATE, .timeout_ms = STUCK_MS});
    rounds_case_run_until_open(scene, 0);
    assert_int_equal(got->code, 0);
    assert_int_equal(got->n_records, N_FAKES);
    sd_event_source_disable_unref(busy);
}

static void
nobody_asks_nothing_runs(void **state)
{
    RoundsCase *scene = *state;
    const RoundsCaseRequest *got = rounds_case_ask(scene, &(DomstatsCall){.stats = STATE});

    daemon_rounds_cancel(got->request);
    assert_false(daemon_rounds_is_busy(scene->rounds));
    while (sd_event_run(scene->loop, 20 * 1000) > 0)
        ;
    assert_int_equal(daemon_rounds_count(scene->rounds), 0);
    assert_int_equal(got->n_called, 0);
}

static void
a_cancelled_request_leaves_others(void **state)
{
    RoundsCase *scene = *state;
    const RoundsCaseRequest *got[3] = {0};

    for (unsigned int i = 0; i < 3; i++)
        got[i] = rounds_case_ask(scene, &(DomstatsCall){.stats = STATE});
    daemon_rounds_cancel(got[1]->request);
    rounds_case_run_until_begun(scene, 1);
    if (got[2]->request != NULL) {
        daemon_rounds_cancel(got[2]->request);
        scene->n_open--;
    }
    rounds_case_run_until_open(scene, 1);
    assert_int_equal(got[0]->n_called, 1);
    assert_int_equal(got[1]->n_called, 0);
    assert_int_equal(daemon_rounds_count(scene->rounds), 1);
}

/* While a round waits for a monitor, one that it covers joins, and another one begins soon. */
static void
a_held_up_round(void **state)
{
    RoundsCase *scene = *state;
    const RoundsCaseRequest *got[3] = {0};
    int64_t begun_us = util_deadline_now_us();

    got[0] = rounds_case_ask(scene, &(DomstatsCall){.stats = STATE, .timeout_ms = STUCK_MS});
    rounds_case_run_until_begun(scene, 1);
    got[1] = rounds_case_ask(scene, &(DomstatsCall){.stats = STATE, .timeout_ms = STUCK_MS});
    got[2] = rounds_case_ask(scene, &(DomstatsCall){.stats = STATE | VCPU, .timeout_ms = STUCK_MS});
    rounds_case_run_until_begun(scene, 2);
    assert_true(util_deadline_now_us() - begun_us >= DAEMON_LIMIT_ROUND_WAIT_MS * 1000);
    rounds_case_run_until_open(scene, 0);
    assert_int_equal(daemon_rounds_count(scene->rounds), 2);
    for (unsigned int i = 0; i < 3; i++) {
        assert_int_equal(got[i]->code, 0);
        assert_int_equal(got[i]->n_records, N_FAKES);
        assert_int_not_equal(got[i]->health, DOMSTATS_HEALTH_OK);
    }
}

/* A request with hardly any time does not take it from another. */
static void
a_hasty_request(void **state)
{
    RoundsCase *scene = *state;
    const RoundsCaseRequest *got = NULL;

    (void)rounds_case_ask(scene, &(DomstatsCall){.stats = STATE, .timeout_ms = 1});
    got = rounds_case_ask(scene, &(DomstatsCall){.stats = STATE});
    rounds_case_run_until_open(scene, 0);
    assert_int_equal(daemon_rounds_count(scene->rounds), 2);
    assert_int_equal(got->health, DOMSTATS_HEALTH_OK);
}

/* Names of several requests, among them one that nothing has. */
static void
names(void **state)
{
    static const char *const vm0[] = {"vm0.sock", NULL};
    static const char *const vm1[] = {"vm1.sock", NULL};
    static const char *const nobody[] = {"nobody", NULL};
    RoundsCase *scene = *state;
    const RoundsCaseRequest *got[4] = {0};

    (void)rounds_case_ask(scene, &(DomstatsCall){.stats = STATE});
    rounds_case_run_until_open(scene, 0);
    got[0] = rounds_case_ask(scene, &(DomstatsCall){.stats = STATE, .domains = vm0});
    got[1] = rounds_case_ask(scene, &(DomstatsCall){.stats = STATE, .domains = vm1});
    got[2] = rounds_case_ask(scene, &(DomstatsCall){.stats = STATE, .domains = nobody});
    got[3] = rounds_case_ask(scene, &(DomstatsCall){.stats = STATE});
    rounds_case_run_until_open(scene, 0);
    assert_int_equal(got[2]->n_records, 1);
    assert_int_equal(got[2]->health, DOMSTATS_HEALTH_NO_DOMAIN);
    assert_int_equal(got[3]->n_records, N_FAKES);
    for (unsigned int i = 0; i < 4; i++)
        assert_int_equal(got[i]->code, 0);
}

static void
what_the_library_refuses(void **state)
{
    RoundsCase *scene = *state;
    const RoundsCaseRequest *got[2] = {0};

    got[0] = rounds_case_ask(scene, &(DomstatsCall){.flags = 1U << 16});
    got[1] = rounds_case_ask(scene, &(DomstatsCall){.stats = STATE});
    rounds_case_run_until_open(scene, 0);
    assert_int_equal(got[0]->code, DOMSTATS_ERROR_INVALID_ARG);
    assert_int_equal(got[1]->code, 0);
    assert_int_equal(got[1]->n_records, N_FAKES);
}

static void
count_ended(const DomstatsCall *call, const DaemonRoundsAnswer *answer, void *data)
{
    unsigned int *n = data;

    assert_int_equal(call->stats, STATE);
    assert_int_equal(answer->n_records, N_FAKES);
    (*n)++;
}

static void
a_watcher_and_another_source(void **state)
{
    static const DaemonRoundsWatcher watcher = {.ended = count_ended};
    const DomstatsOptions options = {.listeners = DOMSTATS_LISTENERS_ANY};
    RoundsCase *scene = *state;
    const RoundsCaseRequest *got[2] = {0};
    unsigned int n_ended = 0;

    daemon_rounds_watch(scene->rounds, &watcher, &n_ended);
    got[0] = rounds_case_ask(scene, &(DomstatsCall){.stats = STATE});
    rounds_case_run_until_begun(scene, 1);
    assert_true(daemon_rounds_reopen(scene->rounds, rounds_case_open(scene, &options), NULL));
    rounds_case_run_until_open(scene, 0);
    got[1] = rounds_case_ask(scene, &(DomstatsCall){.stats = STATE});
    rounds_case_run_until_open(scene, 0);
    assert_int_equal(n_ended, 2);
    for (unsigned int i = 0; i < 2; i++) {
        assert_int_equal(got[i]->n_records, N_FAKES);
        assert_int_equal(got[i]->health, DOMSTATS_HEALTH_OK);
    }
}

/* Requests that share nothing, however many, let those by that all share. */
static void
turns_are_taken(void **state)
{
    enum { N_ALONE = 20 };
    RoundsCase *scene = *state;
    const RoundsCaseRequest *alone[N_ALONE] = {0};
    const RoundsCaseRequest *shared[2] = {0};

    for (unsigned int i = 0; i < N_ALONE; i++)
        alone[i] = rounds_case_ask(
            scene, &(DomstatsCall){.stats = i + 1,
                                   .flags = VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS});
    for (unsigned int i = 0; i < 2; i++)
        shared[i] = rounds_case_ask(scene, &(DomstatsCall){.stats = i ? VCPU : STATE});
    for (unsigned int i = 0; i < 2; i++)
        rounds_case_run_until_answered(shared[i]);
    assert_true(daemon_rounds_count(scene->rounds) <= 4);
    assert_true(scene->n_open >= N_ALONE - 3);
    rounds_case_run_until_open(scene, 0);
    for (unsigned int i = 0; i < N_ALONE; i++)
        assert_int_equal(alone[i]->n_called, 1);
}

static void
count_news(void *data)
{
    unsigned int *n = data;

    (*n)++;
}

/* A monitor that we stay connected to is read between rounds. */
static void
news_of_a_monitor(void **state)
{
    static const DaemonRoundsWatcher watcher = {.has_news = count_news};
    RoundsCase *scene = *state;
    unsigned int n_news = 0;

    (void)rounds_case_ask(scene, &(DomstatsCall){.stats = STATE});
    rounds_case_run_until_open(scene, 0);
    daemon_rounds_watch(scene->rounds, &watcher, &n_news);
    fake_qmp_stop(g_steal_pointer(&scene->thread));
    fake_qmp_drop(scene->fakes[1]);
    while (n_news == 0)
        rounds_case_turn(scene);
    assert_int_equal(daemon_rounds_count(scene->rounds), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ROUNDS_CASE_TEST(many_cost_two),
        ROUNDS_CASE_TEST(a_busy_loop),
        ROUNDS_CASE_TEST(nobody_asks_nothing_runs),
        ROUNDS_CASE_TEST(a_cancelled_request_leaves_others),
        ROUNDS_CASE_TEST_STUCK(a_held_up_round),
        ROUNDS_CASE_TEST(a_hasty_request),
        ROUNDS_CASE_TEST(names),
        ROUNDS_CASE_TEST(what_the_library_refuses),
        ROUNDS_CASE_TEST(a_watcher_and_another_source),
        ROUNDS_CASE_TEST(turns_are_taken),
        ROUNDS_CASE_TEST(news_of_a_monitor),
    };

    return cmocka_run_group_tests_name("rounds", tests, NULL, NULL);
}
