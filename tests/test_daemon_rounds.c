/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_daemon_rounds: how many rounds many requests cost, and what each of them gets. The library
 * asks monitors that count what they hear.
 */
#include "testing.h"

#include <string.h>

#include "daemon/daemon_limits.h"
#include "daemon/daemon_loop.h"
#include "daemon/daemon_rounds.h"
#include "fake_qmp.h"
#include "util/util_deadline.h"

enum {
    N_FAKES = 3,
    N_REQUESTS = 100,
    LONG_MS = 60000,
    STUCK_MS = 1500, /* a round with a monitor that never answers; enough to be shared */
    STATE = VIR_DOMAIN_STATS_STATE,
    VCPU = VIR_DOMAIN_STATS_VCPU,
};

static const FakeQmpReply replies[] = {
    {"query-commands", "[{\"name\":\"query-status\"},{\"name\":\"query-cpus-fast\"}]"},
    {"query-status", "{\"status\":\"running\",\"running\":true,\"singlestep\":false}"},
    {"query-cpus-fast", "[]"},
    {0},
};
static const FakeQmpScript well = {.replies = replies, .has_oob = true};
static const FakeQmpLine nothing[] = {{NULL, NULL, FAKE_QMP_IGNORES}, {0}};
static const FakeQmpScript silent = {.lines = nothing, .is_bare = true};

typedef struct {
    char *folder;
    FakeQmp *fakes[N_FAKES];
    FakeQmpThread *thread;
    sd_event *loop;
    DaemonRounds *rounds;
    unsigned int n_open; /* requests that are not answered */
} Scene;

/* What a request got. */
typedef struct {
    Scene *scene;
    unsigned int n_called;
    size_t n_records;
    int code; /* of the error; 0: none */
    char *fields;
    unsigned int missing;
    DomstatsHealth health;
    DaemonRoundsRequest *request;
} Got;

static void
take(const DaemonRoundsAnswer *answer, const GError *error, void *data)
{
    Got *got = data;

    got->scene->n_open--;
    got->n_called++;
    got->request = NULL;
    if (error != NULL) {
        got->code = error->code;
        return;
    }
    got->n_records = answer->n_records;
    if (answer->n_records == 0)
        return;
    got->missing = answer->records[0]->missing;
    got->health = answer->records[0]->health;
    g_free(got->fields);
    got->fields = g_strdup(answer->records[0]->n_params ? answer->records[0]->params[0].field : "");
}

static void
ask(Scene *scene, Got *got, const DomstatsCall *call)
{
    *got = (Got){.scene = scene};
    scene->n_open++;
    got->request = daemon_rounds_ask(scene->rounds, call, take, got);
}

/* Turns the loop until @n requests are open, or the rounds are @n_rounds. */
static void
run_until(Scene *scene, unsigned int n)
{
    while (scene->n_open > n)
        assert_true(sd_event_run(scene->loop, UINT64_MAX) >= 0);
}

static void
run_until_rounds(const Scene *scene, unsigned int n_rounds)
{
    while (daemon_rounds_count(scene->rounds) < n_rounds)
        assert_true(sd_event_run(scene->loop, UINT64_MAX) >= 0);
}

static void
begin(Scene *scene, unsigned int n_silent)
{
    const DomstatsOptions options = {.listeners = DOMSTATS_LISTENERS_ANY,
                                     .monitors = DOMSTATS_MONITORS_HOLD,
                                     .timeout_ms = LONG_MS};
    g_autofree char *source = NULL;

    *scene = (Scene){.folder = testing_make_folder()};
    for (unsigned int i = 0; i < N_FAKES; i++) {
        g_autofree char *path = g_strdup_printf("%s/vm%u.sock", scene->folder, i);

        scene->fakes[i] = fake_qmp_new_listening(i < n_silent ? &silent : &well, path);
    }
    scene->thread = fake_qmp_start(scene->fakes, N_FAKES);
    source = g_strconcat("dir:", scene->folder, NULL);
    assert_true(sd_event_new(&scene->loop) >= 0);
    scene->rounds =
        daemon_rounds_new(domstats_open(source, &options, NULL), LONG_MS, scene->loop, NULL);
    assert_non_null(scene->rounds);
}

static void
end(Scene *scene)
{
    daemon_rounds_free(scene->rounds);
    sd_event_unref(scene->loop);
    fake_qmp_stop(scene->thread);
    for (unsigned int i = 0; i < N_FAKES; i++)
        fake_qmp_free(scene->fakes[i]);
    testing_remove_folder(scene->folder);
}

static unsigned int
count_heard(const char *heard, const char *command)
{
    g_auto(GStrv) words = g_strsplit(heard, " ", -1);
    unsigned int n = 0;

    for (char **word = words; *word != NULL; word++)
        n += g_str_equal(*word, command) ? 1 : 0;
    return n;
}

static const char *const vm0[] = {"vm0.sock", NULL};
static const char *const vm1[] = {"vm1.sock", NULL};

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
    Scene scene = {0};
    Got got[N_REQUESTS] = {0};

    (void)state;
    begin(&scene, 0);
    for (unsigned int i = 0; i < first_half; i++)
        ask(&scene, &got[i], &kinds[i % G_N_ELEMENTS(kinds)]);
    run_until_rounds(&scene, 1);
    for (unsigned int i = first_half; i < N_REQUESTS; i++)
        ask(&scene, &got[i], &kinds[i % G_N_ELEMENTS(kinds)]);
    run_until(&scene, 0);
    testing_assert_in_range(daemon_rounds_count(scene.rounds), 1, 2);
    fake_qmp_stop(g_steal_pointer(&scene.thread));
    for (unsigned int i = 0; i < N_FAKES; i++) {
        testing_assert_in_range(count_heard(fake_qmp_heard(scene.fakes[i]), "query-status"), 1, 2);
        testing_assert_in_range(fake_qmp_n_connections(scene.fakes[i]), 1, 1);
    }
    for (unsigned int i = 0; i < N_REQUESTS; i++) {
        assert_int_equal(got[i].n_called, 1);
        assert_int_equal(got[i].code, 0);
        assert_int_equal(got[i].n_records, N_FAKES);
        if (kinds[i % G_N_ELEMENTS(kinds)].stats == STATE)
            assert_string_equal(got[i].fields, "state.state");
        g_free(got[i].fields);
    }
    end(&scene);
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
    Scene scene = {0};
    Got got = {0};
    sd_event_source *busy = NULL;

    (void)state;
    begin(&scene, 0);
    assert_true(daemon_loop_add_timer(scene.loop, &busy, on_busy, NULL) >= 0);
    daemon_loop_take_turn(busy);
    ask(&scene, &got, &(DomstatsCall){.stats = STATE, .timeout_ms = STUCK_MS});
    run_until(&scene, 0);
    assert_int_equal(got.code, 0);
    assert_int_equal(got.n_records, N_FAKES);
    sd_event_source_disable_unref(busy);
    g_free(got.fields);
    end(&scene);
}

static void
nobody_asks_nothing_runs(void **state)
{
    Scene scene = {0};
    Got got = {0};

    (void)state;
    begin(&scene, 0);
    ask(&scene, &got, &(DomstatsCall){.stats = STATE});
    daemon_rounds_cancel(got.request);
    assert_false(daemon_rounds_is_busy(scene.rounds));
    while (sd_event_run(scene.loop, 20 * 1000) > 0)
        ;
    assert_int_equal(daemon_rounds_count(scene.rounds), 0);
    assert_int_equal(got.n_called, 0);
    end(&scene);
}

static void
a_cancelled_request_leaves_others(void **state)
{
    Scene scene = {0};
    Got got[3] = {0};

    (void)state;
    begin(&scene, 0);
    for (unsigned int i = 0; i < 3; i++)
        ask(&scene, &got[i], &(DomstatsCall){.stats = STATE});
    daemon_rounds_cancel(got[1].request);
    run_until_rounds(&scene, 1);
    if (got[2].request != NULL) {
        daemon_rounds_cancel(got[2].request);
        scene.n_open--;
    }
    run_until(&scene, 1);
    assert_int_equal(got[0].n_called, 1);
    assert_int_equal(got[1].n_called, 0);
    assert_int_equal(daemon_rounds_count(scene.rounds), 1);
    g_free(got[0].fields);
    g_free(got[2].fields);
    end(&scene);
}

/* While a round waits for a monitor, one that it covers joins, and another one begins soon. */
static void
a_held_up_round(void **state)
{
    Scene scene = {0};
    Got got[3] = {0};
    int64_t begun_us = util_deadline_now_us();

    (void)state;
    begin(&scene, 1);
    ask(&scene, &got[0], &(DomstatsCall){.stats = STATE, .timeout_ms = STUCK_MS});
    run_until_rounds(&scene, 1);
    ask(&scene, &got[1], &(DomstatsCall){.stats = STATE, .timeout_ms = STUCK_MS});
    ask(&scene, &got[2], &(DomstatsCall){.stats = STATE | VCPU, .timeout_ms = STUCK_MS});
    run_until_rounds(&scene, 2);
    assert_true(util_deadline_now_us() - begun_us >= DAEMON_LIMIT_ROUND_WAIT_MS * 1000);
    run_until(&scene, 0);
    assert_int_equal(daemon_rounds_count(scene.rounds), 2);
    for (unsigned int i = 0; i < 3; i++) {
        assert_int_equal(got[i].code, 0);
        assert_int_equal(got[i].n_records, N_FAKES);
        assert_int_not_equal(got[i].health, DOMSTATS_HEALTH_OK);
        g_free(got[i].fields);
    }
    end(&scene);
}

/* Two rounds are held up, and a third may not begin. */
static void
a_deadline_that_passes(void **state)
{
    Scene scene = {0};
    Got got[3] = {0};
    const unsigned int backing = VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING;
    const unsigned int block = VIR_DOMAIN_STATS_BLOCK;

    (void)state;
    begin(&scene, 1);
    ask(&scene, &got[0], &(DomstatsCall){.stats = block, .timeout_ms = STUCK_MS});
    ask(&scene, &got[1], &(DomstatsCall){.stats = block, .flags = backing, .timeout_ms = STUCK_MS});
    run_until_rounds(&scene, 2);
    ask(&scene, &got[2], &(DomstatsCall){.stats = VCPU, .timeout_ms = 50});
    run_until(&scene, 2);
    assert_int_equal(got[2].code, DOMSTATS_ERROR_TIMEOUT);
    assert_int_equal(got[0].n_called + got[1].n_called, 0);
    run_until(&scene, 0);
    assert_int_equal(daemon_rounds_count(scene.rounds), 2);
    g_free(got[0].fields);
    g_free(got[1].fields);
    end(&scene);
}

/* A request with hardly any time does not take it from another. */
static void
a_hasty_request(void **state)
{
    Scene scene = {0};
    Got got[2] = {0};

    (void)state;
    begin(&scene, 0);
    ask(&scene, &got[0], &(DomstatsCall){.stats = STATE, .timeout_ms = 1});
    ask(&scene, &got[1], &(DomstatsCall){.stats = STATE});
    run_until(&scene, 0);
    assert_int_equal(daemon_rounds_count(scene.rounds), 2);
    assert_int_equal(got[1].health, DOMSTATS_HEALTH_OK);
    g_free(got[0].fields);
    g_free(got[1].fields);
    end(&scene);
}

/* Names of several requests, among them one that nothing has. */
static void
names(void **state)
{
    static const char *const nobody[] = {"nobody", NULL};
    Scene scene = {0};
    Got got[4] = {0};

    (void)state;
    begin(&scene, 0);
    ask(&scene, &got[0], &(DomstatsCall){.stats = STATE});
    run_until(&scene, 0);
    g_free(got[0].fields);
    ask(&scene, &got[0], &(DomstatsCall){.stats = STATE, .domains = vm0});
    ask(&scene, &got[1], &(DomstatsCall){.stats = STATE, .domains = vm1});
    ask(&scene, &got[2], &(DomstatsCall){.stats = STATE, .domains = nobody});
    ask(&scene, &got[3], &(DomstatsCall){.stats = STATE});
    run_until(&scene, 0);
    assert_int_equal(got[2].n_records, 1);
    assert_int_equal(got[2].health, DOMSTATS_HEALTH_NO_DOMAIN);
    assert_int_equal(got[3].n_records, N_FAKES);
    for (unsigned int i = 0; i < 4; i++) {
        assert_int_equal(got[i].code, 0);
        g_free(got[i].fields);
    }
    end(&scene);
}

static void
what_the_library_refuses(void **state)
{
    Scene scene = {0};
    Got got[2] = {0};

    (void)state;
    begin(&scene, 0);
    ask(&scene, &got[0], &(DomstatsCall){.flags = 1U << 16});
    ask(&scene, &got[1], &(DomstatsCall){.stats = STATE});
    run_until(&scene, 0);
    assert_int_equal(got[0].code, DOMSTATS_ERROR_INVALID_ARG);
    assert_int_equal(got[1].code, 0);
    assert_int_equal(got[1].n_records, N_FAKES);
    g_free(got[1].fields);
    end(&scene);
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
    Scene scene = {0};
    Got got[2] = {0};
    unsigned int n_ended = 0;
    g_autofree char *source = NULL;

    (void)state;
    begin(&scene, 0);
    source = g_strconcat("dir:", scene.folder, NULL);
    daemon_rounds_watch(scene.rounds, &watcher, &n_ended);
    ask(&scene, &got[0], &(DomstatsCall){.stats = STATE});
    run_until_rounds(&scene, 1);
    assert_true(daemon_rounds_reopen(scene.rounds, domstats_open(source, &options, NULL), NULL));
    run_until(&scene, 0);
    ask(&scene, &got[1], &(DomstatsCall){.stats = STATE});
    run_until(&scene, 0);
    assert_int_equal(n_ended, 2);
    for (unsigned int i = 0; i < 2; i++) {
        assert_int_equal(got[i].n_records, N_FAKES);
        assert_int_equal(got[i].health, DOMSTATS_HEALTH_OK);
        g_free(got[i].fields);
    }
    end(&scene);
}

/* Requests that share nothing, however many, let those by that all share. */
static void
turns_are_taken(void **state)
{
    enum { N_ALONE = 20 };
    Scene scene = {0};
    Got alone[N_ALONE] = {0};
    Got shared[2] = {0};

    (void)state;
    begin(&scene, 0);
    for (unsigned int i = 0; i < N_ALONE; i++)
        ask(&scene, &alone[i],
            &(DomstatsCall){.stats = i + 1,
                            .flags = VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS});
    for (unsigned int i = 0; i < 2; i++)
        ask(&scene, &shared[i], &(DomstatsCall){.stats = i ? VCPU : STATE});
    while (shared[0].n_called + shared[1].n_called < 2)
        assert_true(sd_event_run(scene.loop, UINT64_MAX) >= 0);
    assert_true(daemon_rounds_count(scene.rounds) <= 4);
    assert_true(scene.n_open >= N_ALONE - 3);
    run_until(&scene, 0);
    for (unsigned int i = 0; i < N_ALONE; i++) {
        assert_int_equal(alone[i].n_called, 1);
        g_free(alone[i].fields);
    }
    for (unsigned int i = 0; i < 2; i++)
        g_free(shared[i].fields);
    end(&scene);
}

/* So many of them that there is no room for one more. */
static void
too_many_alone(void **state)
{
    enum { N_MORE = 10, N_ALL = DAEMON_LIMIT_ROUNDS_ALONE + N_MORE };
    Scene scene = {0};
    g_autofree Got *got = g_new0(Got, N_ALL + 1);
    unsigned int n_refused = 0;

    (void)state;
    begin(&scene, 0);
    for (unsigned int i = 0; i < N_ALL; i++)
        ask(&scene, &got[i], &(DomstatsCall){.flags = 1U << 16, .stats = i + 1});
    ask(&scene, &got[N_ALL], &(DomstatsCall){.stats = STATE});
    run_until(&scene, 0);
    for (unsigned int i = 0; i < N_ALL; i++)
        n_refused += got[i].code == DOMSTATS_ERROR_SYSTEM;
    testing_assert_in_range(n_refused, 1, N_MORE);
    assert_int_equal(got[N_ALL].code, 0);
    g_free(got[N_ALL].fields);
    end(&scene);
}

/* The same of names that nothing has: a shared round does not find them, so each is asked alone. */
static void
too_many_names_of_nothing(void **state)
{
    enum { N_MORE = 10, N_ALL = DAEMON_LIMIT_ROUNDS_ALONE + N_MORE };
    Scene scene = {0};
    g_autofree Got *got = g_new0(Got, N_ALL);
    unsigned int n_refused = 0;

    (void)state;
    begin(&scene, 0);
    for (unsigned int i = 0; i < N_ALL; i++) {
        g_autofree char *word = g_strdup_printf("nobody%u", i);
        const char *const words[] = {word, NULL};

        ask(&scene, &got[i], &(DomstatsCall){.stats = STATE, .domains = words});
    }
    run_until(&scene, 0);
    for (unsigned int i = 0; i < N_ALL; i++) {
        n_refused += got[i].code == DOMSTATS_ERROR_SYSTEM;
        assert_int_equal(got[i].n_records, got[i].code == 0);
        g_free(got[i].fields);
    }
    testing_assert_in_range(n_refused, 1, N_MORE);
    end(&scene);
}

/* Names take memory for as long as their requests wait. */
static void
too_long_names(void **state)
{
    enum { WORD_BYTES = 8 * 1024 * 1024, N_ALL = DAEMON_LIMIT_ROUND_WORDS_BYTES / WORD_BYTES };
    Scene scene = {0};
    g_autofree Got *got = g_new0(Got, N_ALL);
    g_autofree char *word = g_strnfill(WORD_BYTES, 'x');
    const char *const words[] = {word, NULL};

    (void)state;
    begin(&scene, 0);
    for (unsigned int i = 0; i < N_ALL; i++)
        ask(&scene, &got[i], &(DomstatsCall){.stats = STATE, .domains = words});
    while (got[N_ALL - 1].n_called == 0)
        assert_true(sd_event_run(scene.loop, UINT64_MAX) >= 0);
    assert_int_equal(got[N_ALL - 1].code, DOMSTATS_ERROR_SYSTEM);
    run_until(&scene, 0);
    for (unsigned int i = 0; i < N_ALL; i++) {
        assert_int_equal(got[i].code != 0, i == N_ALL - 1);
        g_free(got[i].fields);
    }
    ask(&scene, &got[0], &(DomstatsCall){.stats = STATE, .domains = words});
    run_until(&scene, 0);
    assert_int_equal(got[0].code, 0);
    g_free(got[0].fields);
    end(&scene);
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
    Scene scene = {0};
    Got got[4] = {0};
    bool are_open[4] = {false, true, false, true};

    (void)state;
    begin(&scene, 0);
    for (unsigned int i = 0; i < 4; i++) {
        ask(&scene, &got[i], &(DomstatsCall){.stats = STATE});
        daemon_rounds_set_gate(got[i].request, is_open, &are_open[i]);
    }
    run_until(&scene, 2);
    assert_int_equal(got[1].n_called + got[3].n_called, 2);
    assert_true(daemon_rounds_is_busy(scene.rounds));
    daemon_rounds_cancel(got[0].request);
    are_open[2] = true;
    run_until(&scene, 1);
    assert_int_equal(got[0].n_called, 0);
    for (unsigned int i = 1; i < 4; i++) {
        assert_int_equal(got[i].n_records, N_FAKES);
        g_free(got[i].fields);
    }
    while (daemon_rounds_is_busy(scene.rounds))
        assert_true(sd_event_run(scene.loop, UINT64_MAX) >= 0);
    end(&scene);
}

/* Rounds are not kept without end for such clients. */
static void
rounds_behind_a_gate(void **state)
{
    enum { N_ROUNDS = DAEMON_LIMIT_ROUNDS_KEPT + 3 };
    Scene scene = {0};
    Got got[N_ROUNDS] = {0};
    bool is_closed = false;

    (void)state;
    begin(&scene, 0);
    for (unsigned int i = 0; i < N_ROUNDS; i++) {
        Got other = {0};
        unsigned int n_open = scene.n_open;

        ask(&scene, &got[i], &(DomstatsCall){.stats = STATE});
        daemon_rounds_set_gate(got[i].request, is_open, &is_closed);
        ask(&scene, &other, &(DomstatsCall){.stats = STATE});
        while (other.n_called == 0)
            assert_true(sd_event_run(scene.loop, UINT64_MAX) >= 0);
        assert_int_equal(other.n_records, N_FAKES);
        assert_true(scene.n_open <= n_open + 1);
        g_free(other.fields);
    }
    run_until(&scene, DAEMON_LIMIT_ROUNDS_KEPT);
    for (unsigned int i = 0; i < N_ROUNDS; i++) {
        bool is_kept = i >= N_ROUNDS - DAEMON_LIMIT_ROUNDS_KEPT;

        assert_int_equal(got[i].code, is_kept ? 0 : DOMSTATS_ERROR_SYSTEM);
        assert_int_equal(got[i].n_called, is_kept ? 0 : 1);
    }
    end(&scene);
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
    Scene scene = {0};
    Got got = {0};
    unsigned int n_news = 0;

    (void)state;
    begin(&scene, 0);
    ask(&scene, &got, &(DomstatsCall){.stats = STATE});
    run_until(&scene, 0);
    daemon_rounds_watch(scene.rounds, &watcher, &n_news);
    fake_qmp_stop(g_steal_pointer(&scene.thread));
    fake_qmp_drop(scene.fakes[1]);
    while (n_news == 0)
        assert_true(sd_event_run(scene.loop, UINT64_MAX) >= 0);
    assert_int_equal(daemon_rounds_count(scene.rounds), 1);
    g_free(got.fields);
    end(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_cost_two),
        cmocka_unit_test(a_busy_loop),
        cmocka_unit_test(nobody_asks_nothing_runs),
        cmocka_unit_test(a_cancelled_request_leaves_others),
        cmocka_unit_test(a_held_up_round),
        cmocka_unit_test(a_deadline_that_passes),
        cmocka_unit_test(a_hasty_request),
        cmocka_unit_test(names),
        cmocka_unit_test(what_the_library_refuses),
        cmocka_unit_test(a_watcher_and_another_source),
        cmocka_unit_test(turns_are_taken),
        cmocka_unit_test(too_many_alone),
        cmocka_unit_test(too_many_names_of_nothing),
        cmocka_unit_test(too_long_names),
        cmocka_unit_test(a_gate),
        cmocka_unit_test(rounds_behind_a_gate),
        cmocka_unit_test(news_of_a_monitor),
    };

    return cmocka_run_group_tests_name("rounds", tests, NULL, NULL);
}
