/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_top_asker: rounds on a thread of their own: they come, they can be paused, hurried and
 * ended.
 */
#include "top/top_asker.h"

#include <poll.h>

#include "testing.h"
#include "top/top_rounds.h"

enum { PATIENCE_MS = 60000 };

static DomstatsConn *
open_empty(const char *folder)
{
    g_autofree char *source = g_strconcat("dir:", folder, NULL);
    DomstatsConn *conn = domstats_open(source, NULL, NULL);

    assert_non_null(conn);
    return conn;
}

static void
wait_for_result(int fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};

    assert_int_equal(poll(&entry, 1, PATIENCE_MS), 1);
}

static bool
has_result(int fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};

    return poll(&entry, 1, 0) == 1;
}

static void
take(TopAsker *asker, bool is_good)
{
    g_autoptr(TopSample) sample = NULL;

    wait_for_result(top_asker_fd(asker));
    sample = top_asker_take(asker);
    assert_non_null(sample);
    assert_true((sample->error == NULL) == is_good);
    assert_true(sample->ended_us >= sample->began_us && sample->began_us > 0);
    assert_true(sample->host.n_processors.is_present);
}

static void
rounds_come_when_they_are_wanted(void **state)
{
    const TopAskerCall call = {.delay_ms = TOP_ASKER_MOST_DELAY_MS};
    char *folder = testing_make_folder();
    g_autoptr(DomstatsConn) conn = open_empty(folder);
    g_autoptr(TopAsker) asker = top_asker_new(conn, &call, NULL);

    (void)state;
    assert_non_null(asker);
    take(asker, true); /* the first comes at once, the next in an hour */
    assert_false(has_result(top_asker_fd(asker)));
    assert_null(top_asker_take(asker));
    top_asker_hurry(asker);
    take(asker, true);
    top_asker_set_paused(asker, true);
    top_asker_set_delay(asker, TOP_ASKER_LEAST_DELAY_MS);
    top_asker_hurry(asker); /* also while it is paused */
    take(asker, true);
    top_asker_set_paused(asker, false);
    take(asker, true);
    assert_true(top_asker_end(asker, PATIENCE_MS));
    assert_int_equal(top_asker_began_us(asker), 0);
    testing_remove_folder(folder);
}

static void
a_round_that_fails_is_a_result(void **state)
{
    const TopAskerCall call = {.delay_ms = TOP_ASKER_MOST_DELAY_MS, .flags = 1U << 20};
    char *folder = testing_make_folder();
    g_autoptr(DomstatsConn) conn = open_empty(folder);
    g_autoptr(TopAsker) asker = top_asker_new(conn, &call, NULL);

    (void)state;
    assert_non_null(asker);
    take(asker, false);
    testing_remove_folder(folder);
}

static void
whoever_stepped_back_stays_there(void **state)
{
    const TopAskerCall call = {.delay_ms = TOP_ASKER_MOST_DELAY_MS};
    char *folder = testing_make_folder();
    g_autofree char *series = g_build_filename(folder, "series", NULL);
    g_autoptr(DomstatsConn) conn = open_empty(folder);
    g_autoptr(TopRounds) rounds =
        top_rounds_new_live(conn, &call, top_series_writer_new(series, NULL), NULL);
    g_autoptr(TopSeriesReader) recorded = NULL;
    TopModel *first = NULL;

    (void)state;
    assert_non_null(rounds);
    for (size_t i = 0; i < 3; i++) {
        wait_for_result(top_rounds_fd(rounds));
        assert_true(top_rounds_update(rounds) == (i < 2));
        if (i == 0)
            first = top_rounds_model(rounds);
        if (i == 1)
            assert_true(top_rounds_step(rounds, -5));
        if (i < 2)
            top_rounds_hurry(rounds);
    }
    assert_ptr_equal(top_rounds_model(rounds), first);
    assert_int_equal(top_rounds_place(rounds), 0);
    assert_int_equal(top_rounds_count(rounds), 3);
    assert_true(top_rounds_step(rounds, 5));
    assert_int_equal(top_rounds_place(rounds), 2);
    assert_null(top_rounds_recording_error(rounds));
    recorded = top_series_reader_new(series, NULL);
    assert_int_equal(top_series_reader_count(recorded), 3);
    testing_remove_folder(folder);
}

/* Nobody takes the results: the latest are kept, and all are in the series, failed ones too. */
static void
a_screen_that_blocks_costs_no_round_of_the_series(void **state)
{
    const TopAskerCall call = {.delay_ms = TOP_ASKER_LEAST_DELAY_MS, .flags = 1U << 20};
    char *folder = testing_make_folder();
    g_autofree char *series = g_build_filename(folder, "series", NULL);
    g_autoptr(DomstatsConn) conn = open_empty(folder);
    g_autoptr(TopRounds) rounds =
        top_rounds_new_live(conn, &call, top_series_writer_new(series, NULL), NULL);
    g_autoptr(TopSeriesReader) recorded = NULL;
    g_autoptr(TopSample) last = NULL;
    size_t n = 0;

    (void)state;
    assert_non_null(rounds);
    while (top_rounds_count_lost(rounds) < 2)
        top_rounds_hurry(rounds);
    assert_true(top_rounds_end(rounds, PATIENCE_MS));
    assert_true(top_rounds_update(rounds));
    recorded = top_series_reader_new(series, NULL);
    n = top_series_reader_count(recorded);
    assert_int_equal(n, top_rounds_count(rounds) + top_rounds_count_lost(rounds));
    last = top_series_reader_load(recorded, n - 1, NULL);
    assert_string_equal(last->error, top_rounds_model(rounds)->error);
    testing_remove_folder(folder);
}

/* The round that is shown is dropped: the next one is shown, and whoever has rows of it is told. */
static void
a_round_that_is_dropped_is_shown_no_longer(void **state)
{
    const TopAskerCall call = {.delay_ms = TOP_ASKER_MOST_DELAY_MS};
    char *folder = testing_make_folder();
    g_autoptr(DomstatsConn) conn = open_empty(folder);
    g_autoptr(TopRounds) rounds = top_rounds_new_live(conn, &call, NULL, NULL);
    int64_t shown_us = 0;

    (void)state;
    top_rounds_keep(rounds, 2);
    for (size_t i = 0; i < 3; i++) {
        wait_for_result(top_rounds_fd(rounds));
        assert_true(top_rounds_update(rounds));
        if (i == 1)
            assert_true(top_rounds_step(rounds, -1));
        if (i < 2)
            shown_us = top_rounds_model(rounds)->sample->ended_us;
        top_rounds_hurry(rounds);
    }
    assert_int_equal(top_rounds_place(rounds), 0);
    assert_true(top_rounds_model(rounds)->sample->ended_us > shown_us);
    testing_remove_folder(folder);
}

static void
a_round_has_five_seconds_at_most(void **state)
{
    static const struct {
        unsigned int timeout_ms, delay_ms, expected_ms;
    } rows[] = {
        {0, 2000, 2000},  {0, 60000, 5000},     {1000, 2000, 1000},
        {4000, 500, 500}, {30000, 60000, 5000}, {30000, 1000, 1000},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const TopAskerCall call = {.timeout_ms = rows[i].timeout_ms, .delay_ms = rows[i].delay_ms};

        assert_int_equal(top_asker_timeout_ms(&call), rows[i].expected_ms);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_round_has_five_seconds_at_most),
        cmocka_unit_test(a_round_that_is_dropped_is_shown_no_longer),
        cmocka_unit_test(a_screen_that_blocks_costs_no_round_of_the_series),
        cmocka_unit_test(rounds_come_when_they_are_wanted),
        cmocka_unit_test(a_round_that_fails_is_a_result),
        cmocka_unit_test(whoever_stepped_back_stays_there),
    };

    return cmocka_run_group_tests_name("top_asker", tests, NULL, NULL);
}
