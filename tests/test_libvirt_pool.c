/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_libvirt_pool: requests, connections and limits, on a fake libvirt.
 */
#include <poll.h>

#include "fake_libvirt.h"
#include "libvirt/libvirt_list.h"
#include "libvirt_case.h"
#include "testing.h"

enum {
    LONG_MS = 60000,
    STAYS_MS = 100,
    SLOW_CLOSE_MS = 600,
    LATE_MS = 600 /* a list that has been asked for so long is late */
};

/* The pool waits until its connections are closed. */
static const LibvirtPoolLimits patient = {.close_ms = LONG_MS};

static const FakeLibvirtDomain domains[] = {
    {.name = "a", .id = 1},  {.name = "b", .id = 2},  {.name = "c", .id = 3},
    {.name = "d", .id = 4},  {.name = "e", .id = 5},  {.name = "f", .id = 6},
    {.name = "g", .id = 7},  {.name = "h", .id = 8},  {.name = "i", .id = 9},
    {.name = "j", .id = 10}, {.name = "k", .id = 11}, {.name = "l", .id = 12},
    {.name = NULL},
};

static const FakeLibvirtFault all_silent[] = {
    {.procedure = FAKE_LIBVIRT_STATS, .then = FAKE_LIBVIRT_IGNORES}, {.then = FAKE_LIBVIRT_END}};
static const FakeLibvirtFault list_silent[] = {
    {.procedure = FAKE_LIBVIRT_LIST, .then = FAKE_LIBVIRT_IGNORES}, {.then = FAKE_LIBVIRT_END}};
static const FakeLibvirtFault both_silent[] = {
    {.procedure = FAKE_LIBVIRT_LIST, .then = FAKE_LIBVIRT_IGNORES},
    {.procedure = FAKE_LIBVIRT_STATS, .then = FAKE_LIBVIRT_IGNORES},
    {.then = FAKE_LIBVIRT_END}};
static const FakeLibvirtFault list_silent_probe_lost[] = {
    {.procedure = FAKE_LIBVIRT_LIST, .then = FAKE_LIBVIRT_IGNORES},
    {.procedure = FAKE_LIBVIRT_VERSION, .then = FAKE_LIBVIRT_DISCONNECTS},
    {.then = FAKE_LIBVIRT_END}};
static const FakeLibvirtFault all_asked_silent[] = {
    {.procedure = FAKE_LIBVIRT_LIST, .then = FAKE_LIBVIRT_IGNORES},
    {.procedure = FAKE_LIBVIRT_VERSION, .then = FAKE_LIBVIRT_IGNORES},
    {.procedure = FAKE_LIBVIRT_STATS, .then = FAKE_LIBVIRT_IGNORES},
    {.then = FAKE_LIBVIRT_END}};

static void
unref_request(gpointer data)
{
    libvirt_pool_request_unref(data);
}

/* Asks for the first @n domains. */
static GPtrArray *
ask_many(LibvirtPool *pool, unsigned int n)
{
    GPtrArray *requests = g_ptr_array_new_with_free_func(unref_request);

    for (unsigned int i = 0; i < n; i++)
        g_ptr_array_add(requests, libvirt_case_ask(pool, i, NULL));
    return requests;
}

static unsigned int
count_ended(const GPtrArray *requests)
{
    unsigned int n = 0;

    for (guint i = 0; i < requests->len; i++)
        n += libvirt_pool_request_has_ended(g_ptr_array_index(requests, i));
    return n;
}

static void
wait_all(const GPtrArray *requests)
{
    for (guint i = 0; i < requests->len; i++)
        libvirt_case_wait_well(g_ptr_array_index(requests, i));
}

/* Waits, as a call does, for something that takes a while. */
static void
wait_for_state(LibvirtPool *pool, LibvirtPoolState state)
{
    UtilDeadline deadline = util_deadline_in_ms(LONG_MS);

    while (libvirt_pool_state(pool) != state) {
        assert_false(util_deadline_has_passed(deadline));
        libvirt_pool_look_after(pool);
        poll(NULL, 0, 5);
    }
}

/* Looks after @pool meanwhile, as a call does; NULL: it has been closed. */
static void
wait_for_calls(LibvirtPool *pool, FakeLibvirt *fake, int procedure, unsigned int n)
{
    UtilDeadline deadline = util_deadline_in_ms(LONG_MS);

    while (fake_libvirt_n_calls(fake, procedure) < n) {
        assert_false(util_deadline_has_passed(deadline));
        if (pool != NULL)
            libvirt_pool_look_after(pool);
        poll(NULL, 0, 5);
    }
}

/* Waits until the answer to @list, which does not come, is late. */
static void
wait_until_late(LibvirtPoolRequest *list)
{
    UtilDeadline deadline = util_deadline_in_ms(LONG_MS);

    while (libvirt_pool_request_asked_us(list) == 0 ||
           util_deadline_now_us() - libvirt_pool_request_asked_us(list) < LATE_MS * 1000) {
        assert_false(util_deadline_has_passed(deadline));
        assert_false(libvirt_pool_request_wait(list, util_deadline_in_ms(5)));
    }
}

static void
silent_domains_cost_no_more_than_their_number(void **state)
{
    g_autoptr(FakeLibvirt) fake = fake_libvirt_new(domains, all_silent);
    g_autoptr(LibvirtPool) pool = libvirt_pool_new(fake_libvirt_uri(fake), NULL);
    g_autoptr(GPtrArray) requests = ask_many(pool, 12);
    g_autoptr(LibvirtPoolRequest) list = NULL;

    (void)state;
    wait_for_state(pool, LIBVIRT_POOL_FULL);
    assert_int_equal(fake_libvirt_n_calls(fake, FAKE_LIBVIRT_STATS), 9);
    assert_int_equal(fake_libvirt_most_of_one(fake), 1);
    list = libvirt_list_ask(pool, NULL);
    libvirt_case_wait_well(list);
    assert_int_equal(libvirt_list_domains(list)->len, 12);
    assert_true(libvirt_pool_request_cancel(g_ptr_array_index(requests, 11)));
    assert_false(libvirt_pool_request_cancel(g_ptr_array_index(requests, 0)));
    g_ptr_array_set_size(requests, 11);
    fake_libvirt_set_faults(fake, NULL);
    fake_libvirt_let_go(fake);
    wait_all(requests);
    assert_int_equal(fake_libvirt_n_calls(fake, FAKE_LIBVIRT_STATS), 11);
    assert_int_equal(libvirt_pool_state(pool), LIBVIRT_POOL_READY);
}

static void
one_silent_domain_holds_up_no_other(void **state)
{
    static const FakeLibvirtFault one_silent[] = {
        {.procedure = FAKE_LIBVIRT_STATS, .domain = "a", .then = FAKE_LIBVIRT_IGNORES},
        {.then = FAKE_LIBVIRT_END}};
    g_autoptr(FakeLibvirt) fake = fake_libvirt_new(domains, one_silent);
    g_autoptr(LibvirtPool) pool = libvirt_pool_new(fake_libvirt_uri(fake), NULL);
    g_autoptr(LibvirtPoolRequest) silent = libvirt_case_ask(pool, 0, NULL);

    (void)state;
    for (unsigned int i = 1; i < 12; i++) {
        g_autoptr(LibvirtPoolRequest) other = libvirt_case_ask(pool, i, NULL);

        libvirt_case_wait_well(other);
    }
    assert_false(libvirt_pool_request_has_ended(silent));
    assert_true(libvirt_pool_request_asked_us(silent) > 0);
    assert_int_equal(libvirt_pool_state(pool), LIBVIRT_POOL_READY);
}

static void
the_limits_are_kept(void **state)
{
    static const FakeLibvirtFault slow[] = {
        {.procedure = FAKE_LIBVIRT_STATS, .then = FAKE_LIBVIRT_ANSWERS, .delay_ms = 50},
        {.then = FAKE_LIBVIRT_END}};
    static const LibvirtPoolLimits limits = {.n_requests = 6};
    g_autoptr(FakeLibvirt) fake = fake_libvirt_new(domains, slow);
    g_autoptr(LibvirtPool) pool = libvirt_pool_new(fake_libvirt_uri(fake), &limits);
    g_autoptr(GPtrArray) requests = ask_many(pool, 12);

    (void)state;
    wait_all(requests);
    assert_true(fake_libvirt_most(fake) <= 5);
    assert_true(fake_libvirt_n_accepted(fake) <= 6);
    assert_int_equal(fake_libvirt_most_of_one(fake), 1);
}

static void
the_smallest_limit(void **state)
{
    static const LibvirtPoolLimits limits = {.n_requests = 1};
    g_autoptr(FakeLibvirt) fake = fake_libvirt_new(domains, all_silent);
    g_autoptr(LibvirtPool) pool = libvirt_pool_new(fake_libvirt_uri(fake), &limits);
    g_autoptr(GPtrArray) requests = ask_many(pool, 12);
    g_autoptr(LibvirtPoolRequest) list = NULL;

    (void)state;
    wait_for_state(pool, LIBVIRT_POOL_FULL);
    list = libvirt_list_ask(pool, NULL);
    libvirt_case_wait_well(list);
    assert_int_equal(fake_libvirt_most(fake), 1);
    assert_int_equal(fake_libvirt_n_accepted(fake), 2);
    assert_int_equal(count_ended(requests), 0);
}

static void
requests_that_wait_for_a_connect_are_taken_back(void **state)
{
    g_autoptr(FakeLibvirt) fake = fake_libvirt_new(domains, NULL);
    g_autoptr(LibvirtPool) pool = libvirt_pool_new(fake_libvirt_uri(fake), NULL);
    g_autoptr(GPtrArray) requests = NULL;
    g_autoptr(LibvirtPoolRequest) later = NULL;
    UtilDeadline deadline = util_deadline_in_ms(LONG_MS);

    (void)state;
    fake_libvirt_set_accepts(fake, false);
    requests = ask_many(pool, 12);
    wait_for_state(pool, LIBVIRT_POOL_CONNECTING);
    wait_for_state(pool, LIBVIRT_POOL_SILENT);
    assert_true(util_deadline_left_ms(libvirt_pool_fair(pool, deadline)) < 1000);
    for (guint i = 0; i < requests->len; i++) {
        assert_int_equal(libvirt_pool_request_asked_us(g_ptr_array_index(requests, i)), 0);
        assert_true(libvirt_pool_request_cancel(g_ptr_array_index(requests, i)));
    }
    later = libvirt_case_ask(pool, 0, NULL);
    assert_false(libvirt_pool_request_wait(later, util_deadline_in_ms(STAYS_MS)));
    fake_libvirt_set_accepts(fake, true);
    libvirt_case_wait_well(later);
    assert_int_equal(fake_libvirt_n_accepted(fake), 1);
    assert_int_equal(fake_libvirt_n_calls(fake, FAKE_LIBVIRT_STATS), 1);
    assert_true(util_deadline_left_ms(libvirt_pool_fair(pool, deadline)) > 1000);
}

static void
a_further_connect_that_hangs_harms_none(void **state)
{
    static const FakeLibvirtFault slow[] = {
        {.procedure = FAKE_LIBVIRT_STATS, .then = FAKE_LIBVIRT_ANSWERS, .delay_ms = 60},
        {.then = FAKE_LIBVIRT_END}};
    g_autoptr(FakeLibvirt) fake = fake_libvirt_new(domains, slow);
    g_autoptr(LibvirtPool) pool = libvirt_pool_new(fake_libvirt_uri(fake), NULL);
    g_autoptr(LibvirtPoolRequest) first = libvirt_case_ask(pool, 0, NULL);
    g_autoptr(GPtrArray) requests = NULL;

    (void)state;
    libvirt_case_wait_well(first);
    fake_libvirt_set_accepts(fake, false);
    requests = ask_many(pool, 12);
    wait_all(requests);
    assert_int_equal(fake_libvirt_n_accepted(fake), 1);
    assert_int_equal(libvirt_pool_state(pool), LIBVIRT_POOL_READY);
    fake_libvirt_set_faults(fake, all_silent);
    g_ptr_array_set_size(requests, 0);
    g_ptr_array_unref(requests);
    requests = ask_many(pool, 2); /* the second finds no connection */
    wait_for_state(pool, LIBVIRT_POOL_SILENT);
    fake_libvirt_set_faults(fake, NULL);
    fake_libvirt_let_go(fake);
    fake_libvirt_set_accepts(fake, true);
    wait_all(requests);
}

static void
a_restart_is_not_seen(void **state)
{
    g_autoptr(FakeLibvirt) fake = fake_libvirt_new(domains, NULL);
    g_autoptr(LibvirtPool) pool = libvirt_pool_new(fake_libvirt_uri(fake), NULL);
    g_autoptr(LibvirtPoolRequest) first = NULL;
    g_autoptr(GPtrArray) slow = NULL;

    (void)state;
    for (int times = 0; times < 3; times++) {
        g_autoptr(GPtrArray) requests = ask_many(pool, 12);
        g_autoptr(LibvirtPoolRequest) list = libvirt_list_ask(pool, NULL);

        wait_all(requests);
        libvirt_case_wait_well(list);
        fake_libvirt_restart(fake);
    }
    first = libvirt_case_ask(pool, 0, NULL);
    libvirt_case_wait_well(first);
    /* In the middle of calls, on several connections. */
    fake_libvirt_set_faults(fake, all_silent);
    slow = ask_many(pool, 12);
    wait_for_state(pool, LIBVIRT_POOL_FULL);
    fake_libvirt_set_faults(fake, NULL);
    fake_libvirt_restart(fake);
    wait_all(slow);
}

static void
a_libvirt_that_has_ended_is_refused_and_found_again(void **state)
{
    g_autoptr(FakeLibvirt) fake = fake_libvirt_new(domains, NULL);
    g_autoptr(LibvirtPool) pool = libvirt_pool_new(fake_libvirt_uri(fake), NULL);

    (void)state;
    for (int times = 0; times < 3; times++) {
        g_autoptr(LibvirtPoolRequest) well = libvirt_case_ask(pool, 0, NULL);
        g_autoptr(GPtrArray) requests = NULL;

        libvirt_case_wait_well(well);
        fake_libvirt_stop(fake);
        requests = ask_many(pool, 12);
        for (guint i = 0; i < requests->len; i++)
            assert_int_equal(libvirt_case_wait_kind(g_ptr_array_index(requests, i)),
                             LIBVIRT_OUTCOME_REFUSED);
        fake_libvirt_start(fake);
    }
}

static void
a_late_list_alone_is_no_silence(void **state)
{
    g_autoptr(FakeLibvirt) fake = fake_libvirt_new(domains, list_silent);
    g_autoptr(LibvirtPool) pool = libvirt_pool_new(fake_libvirt_uri(fake), NULL);
    g_autoptr(LibvirtPoolRequest) list = libvirt_list_ask(pool, NULL);
    g_autoptr(GPtrArray) requests = NULL;

    (void)state;
    wait_until_late(list);
    assert_int_equal(libvirt_pool_state(pool), LIBVIRT_POOL_READY);
    requests = ask_many(pool, 12);
    wait_all(requests);
    assert_int_equal(libvirt_pool_state(pool), LIBVIRT_POOL_READY);
    assert_false(libvirt_pool_request_has_ended(list));
}

/* libvirt has locked as many domains as may be asked for at a time. */
static void
a_late_list_and_silent_domains_are_no_silence(void **state)
{
    g_autoptr(FakeLibvirt) fake = fake_libvirt_new(domains, both_silent);
    g_autoptr(LibvirtPool) pool = libvirt_pool_new(fake_libvirt_uri(fake), NULL);
    g_autoptr(LibvirtPoolRequest) list = libvirt_list_ask(pool, NULL);
    g_autoptr(GPtrArray) requests = NULL;

    (void)state;
    wait_until_late(list);
    requests = ask_many(pool, 12);
    wait_for_state(pool, LIBVIRT_POOL_FULL);
    assert_int_equal(fake_libvirt_n_calls(fake, FAKE_LIBVIRT_VERSION), 1);
    assert_int_equal(fake_libvirt_n_calls(fake, FAKE_LIBVIRT_STATS), 8);
    fake_libvirt_set_faults(fake, NULL);
    fake_libvirt_let_go(fake);
    wait_all(requests);
    libvirt_case_wait_well(list);
}

static void
a_lost_connection_of_a_probe_is_lost(void **state)
{
    g_autoptr(FakeLibvirt) fake = fake_libvirt_new(domains, list_silent_probe_lost);
    g_autoptr(LibvirtPool) pool = libvirt_pool_new(fake_libvirt_uri(fake), NULL);
    g_autoptr(LibvirtPoolRequest) list = libvirt_list_ask(pool, NULL);
    g_autoptr(GPtrArray) requests = NULL;

    (void)state;
    wait_until_late(list);
    requests = ask_many(pool, 12);
    wait_all(requests);
    assert_int_equal(fake_libvirt_n_calls(fake, FAKE_LIBVIRT_VERSION), 1);
    assert_int_equal(libvirt_pool_n_lost(pool), 1);
}

static void
a_silent_libvirt_is_asked_little(void **state)
{
    g_autoptr(FakeLibvirt) fake = fake_libvirt_new(domains, all_asked_silent);
    g_autoptr(LibvirtPool) pool = libvirt_pool_new(fake_libvirt_uri(fake), NULL);
    g_autoptr(LibvirtPoolRequest) list = libvirt_list_ask(pool, NULL);
    g_autoptr(GPtrArray) requests = NULL;

    (void)state;
    wait_until_late(list);
    requests = ask_many(pool, 12);
    wait_for_state(pool, LIBVIRT_POOL_SILENT);
    assert_false(libvirt_pool_request_wait(list, util_deadline_in_ms(STAYS_MS)));
    assert_int_equal(fake_libvirt_n_calls(fake, FAKE_LIBVIRT_VERSION), 1);
    assert_int_equal(fake_libvirt_n_calls(fake, FAKE_LIBVIRT_STATS), 0);
    fake_libvirt_set_faults(fake, NULL);
    fake_libvirt_let_go(fake);
    wait_all(requests);
    libvirt_case_wait_well(list);
    assert_int_equal(libvirt_pool_state(pool), LIBVIRT_POOL_READY);
}

static void
an_inbox_gets_what_has_ended(void **state)
{
    g_autoptr(FakeLibvirt) fake = fake_libvirt_new(domains, NULL);
    g_autoptr(LibvirtPool) pool = libvirt_pool_new(fake_libvirt_uri(fake), NULL);
    g_autoptr(LibvirtPoolInbox) inbox = libvirt_pool_inbox_new();
    struct pollfd fd = {libvirt_pool_inbox_fd(inbox), POLLIN, 0};
    unsigned int n = 0;

    (void)state;
    assert_int_equal(poll(&fd, 1, 0), 0);
    for (unsigned int i = 0; i < 12; i++)
        libvirt_pool_request_unref(libvirt_case_ask(pool, i, inbox));
    while (n < 12) {
        assert_int_equal(poll(&fd, 1, LONG_MS), 1);
        for (g_autoptr(LibvirtPoolRequest) ended = libvirt_pool_inbox_take(inbox); ended != NULL;
             n++) {
            libvirt_case_wait_well(ended);
            libvirt_pool_request_unref(ended);
            ended = libvirt_pool_inbox_take(inbox);
        }
    }
    assert_int_equal(poll(&fd, 1, 0), 0);
}

static void
an_inbox_that_is_freed_gets_nothing(void **state)
{
    g_autoptr(FakeLibvirt) fake = fake_libvirt_new(domains, all_silent);
    g_autoptr(LibvirtPool) pool = libvirt_pool_new(fake_libvirt_uri(fake), NULL);
    LibvirtPoolInbox *inbox = libvirt_pool_inbox_new();
    g_autoptr(LibvirtPoolRequest) freed = libvirt_case_ask(pool, 0, inbox);
    g_autoptr(LibvirtPoolInbox) kept = libvirt_pool_inbox_new();
    g_autoptr(LibvirtPoolRequest) cancelled = libvirt_case_ask(pool, 1, kept);

    (void)state;
    wait_for_calls(pool, fake, FAKE_LIBVIRT_STATS, 2);
    libvirt_pool_inbox_free(inbox);
    assert_false(libvirt_pool_request_cancel(cancelled));
    fake_libvirt_let_go(fake);
    libvirt_case_wait_well(freed);
    libvirt_case_wait_well(cancelled);
    assert_null(libvirt_pool_inbox_take(kept));
}

static void
closing_closes_every_connection(void **state)
{
    static const FakeLibvirtFault slow[] = {
        {.procedure = FAKE_LIBVIRT_STATS, .then = FAKE_LIBVIRT_ANSWERS, .delay_ms = 30},
        {.then = FAKE_LIBVIRT_END}};
    g_autoptr(FakeLibvirt) fake = fake_libvirt_new(domains, slow);
    LibvirtPool *pool = libvirt_pool_new(fake_libvirt_uri(fake), &patient);
    g_autoptr(GPtrArray) requests = ask_many(pool, 12);

    (void)state;
    wait_all(requests);
    libvirt_pool_unref(pool);
    assert_true(fake_libvirt_n_accepted(fake) > 1);
    assert_int_equal(fake_libvirt_n_calls(fake, FAKE_LIBVIRT_CLOSE), fake_libvirt_n_accepted(fake));
}

/* Asks, and closes once @procedure has been called, which is answered 20 ms later. */
static void
close_during(int procedure)
{
    const FakeLibvirtFault slow[] = {
        {.procedure = procedure, .then = FAKE_LIBVIRT_ANSWERS, .delay_ms = 20},
        {.then = FAKE_LIBVIRT_END}};
    g_autoptr(FakeLibvirt) fake = fake_libvirt_new(domains, slow);
    LibvirtPool *pool = libvirt_pool_new(fake_libvirt_uri(fake), &patient);
    g_autoptr(LibvirtPoolRequest) request = libvirt_case_ask(pool, 0, NULL);

    wait_for_calls(pool, fake, procedure, 1);
    libvirt_pool_unref(pool);
    assert_int_equal(fake_libvirt_n_accepted(fake), 1);
    assert_int_equal(fake_libvirt_n_calls(fake, FAKE_LIBVIRT_CLOSE), 1);
}

/* Else libvirt logs an error, if the process ends now. */
static void
closing_waits_for_a_late_answer(void **state)
{
    (void)state;
    close_during(FAKE_LIBVIRT_OPEN);
    close_during(FAKE_LIBVIRT_LOOKUP);
    close_during(FAKE_LIBVIRT_STATS);
}

/* A busy host keeps it from closing for a while. */
static void
closing_waits_for_a_libvirt_that_is_well(void **state)
{
    static const FakeLibvirtFault slow[] = {
        {.procedure = FAKE_LIBVIRT_CLOSE, .then = FAKE_LIBVIRT_ANSWERS, .delay_ms = SLOW_CLOSE_MS},
        {.then = FAKE_LIBVIRT_END}};
    g_autoptr(FakeLibvirt) fake = fake_libvirt_new(domains, slow);
    LibvirtPool *pool = libvirt_pool_new(fake_libvirt_uri(fake), NULL);
    g_autoptr(LibvirtPoolRequest) request = libvirt_case_ask(pool, 0, NULL);
    int64_t begun_us = util_deadline_now_us();

    (void)state;
    libvirt_case_wait_well(request);
    libvirt_pool_unref(pool);
    assert_true(util_deadline_now_us() - begun_us >= SLOW_CLOSE_MS * 1000);
}

static void
disconnecting_closes_and_connects_again(void **state)
{
    g_autoptr(FakeLibvirt) fake = fake_libvirt_new(domains, NULL);
    g_autoptr(LibvirtPool) pool = libvirt_pool_new(fake_libvirt_uri(fake), NULL);
    g_autoptr(LibvirtPoolRequest) first = libvirt_case_ask(pool, 0, NULL);
    g_autoptr(LibvirtPoolRequest) second = NULL;

    (void)state;
    libvirt_case_wait_well(first);
    libvirt_pool_disconnect(pool);
    wait_for_calls(pool, fake, FAKE_LIBVIRT_CLOSE, 1);
    second = libvirt_case_ask(pool, 0, NULL);
    libvirt_case_wait_well(second);
    assert_int_equal(fake_libvirt_n_accepted(fake), 2);
}

static void
disconnecting_closes_what_is_being_opened(void **state)
{
    UtilDeadline deadline = util_deadline_in_ms(LONG_MS);
    g_autoptr(FakeLibvirt) fake = fake_libvirt_new(domains, NULL);
    g_autoptr(LibvirtPool) pool = libvirt_pool_new(fake_libvirt_uri(fake), NULL);
    g_autoptr(LibvirtPoolRequest) first = libvirt_case_ask(pool, 0, NULL);
    g_autoptr(GPtrArray) requests = NULL;

    (void)state;
    libvirt_case_wait_well(first);
    fake_libvirt_set_accepts(fake, false);
    fake_libvirt_set_faults(fake, all_silent);
    requests = ask_many(pool, 3);
    while (!fake_libvirt_is_waited_for(fake)) {
        assert_false(util_deadline_has_passed(deadline));
        libvirt_pool_look_after(pool);
        poll(NULL, 0, 5);
    }
    fake_libvirt_set_faults(fake, NULL);
    fake_libvirt_let_go(fake);
    wait_all(requests);
    libvirt_pool_disconnect(pool);
    wait_for_calls(pool, fake, FAKE_LIBVIRT_CLOSE, 1);
    fake_libvirt_set_accepts(fake, true);
    wait_for_calls(pool, fake, FAKE_LIBVIRT_CLOSE, 2);
    assert_int_equal(fake_libvirt_n_accepted(fake), 2);
}

static void
closing_waits_for_no_answer(void **state)
{
    g_autoptr(FakeLibvirt) fake = fake_libvirt_new(domains, all_silent);
    LibvirtPool *pool = libvirt_pool_new(fake_libvirt_uri(fake), NULL);
    g_autoptr(GPtrArray) requests = ask_many(pool, 12);

    (void)state;
    wait_for_state(pool, LIBVIRT_POOL_FULL);
    libvirt_pool_unref(pool);
    assert_int_equal(count_ended(requests), 3); /* those that waited */
    fake_libvirt_let_go(fake);
    for (guint i = 0; i < requests->len; i++)
        libvirt_case_wait_kind(g_ptr_array_index(requests, i));
    wait_for_calls(NULL, fake, FAKE_LIBVIRT_CLOSE, fake_libvirt_n_accepted(fake));
}

static void
closing_during_a_connect_that_hangs(void **state)
{
    g_autoptr(FakeLibvirt) fake = fake_libvirt_new(domains, NULL);
    LibvirtPool *pool = libvirt_pool_new(fake_libvirt_uri(fake), NULL);
    g_autoptr(LibvirtPoolRequest) request = NULL;

    (void)state;
    fake_libvirt_set_accepts(fake, false);
    request = libvirt_case_ask(pool, 0, NULL);
    wait_for_state(pool, LIBVIRT_POOL_CONNECTING);
    libvirt_pool_unref(pool);
    assert_int_equal(libvirt_case_wait_kind(request), LIBVIRT_OUTCOME_FAILED);
    fake_libvirt_set_accepts(fake, true);
    wait_for_calls(NULL, fake, FAKE_LIBVIRT_CLOSE, 1);
}

static void
connecting_alone_is_a_request(void **state)
{
    g_autoptr(FakeLibvirt) fake = fake_libvirt_new(domains, NULL);
    g_autoptr(LibvirtPool) pool = libvirt_pool_new(fake_libvirt_uri(fake), NULL);
    g_autoptr(LibvirtPoolRequest) request = libvirt_pool_ask_daemon(pool, NULL, NULL, NULL, NULL);

    (void)state;
    libvirt_case_wait_well(request);
    assert_int_equal(fake_libvirt_n_accepted(fake), 1);
}

static void
many_calls_from_many_threads(void **state)
{
    g_autoptr(FakeLibvirt) fake = fake_libvirt_new(domains, NULL);
    g_autoptr(LibvirtPool) pool = libvirt_pool_new(fake_libvirt_uri(fake), NULL);

    (void)state;
    for (int times = 0; times < 100; times++) {
        g_autoptr(GPtrArray) requests = ask_many(pool, 12);

        if (times % 10 == 9) {
            fake_libvirt_restart(fake);
        }
        if (times % 7 == 6)
            libvirt_pool_request_cancel(g_ptr_array_index(requests, (guint)times % 12));
        else
            for (guint i = 0; i < requests->len; i++)
                libvirt_case_wait_kind(g_ptr_array_index(requests, i));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"silent domains cost no more than their number",
         silent_domains_cost_no_more_than_their_number, NULL, NULL, NULL},
        {"one silent domain holds up no other", one_silent_domain_holds_up_no_other, NULL, NULL,
         NULL},
        {"the limits are kept", the_limits_are_kept, NULL, NULL, NULL},
        {"the smallest limit is two", the_smallest_limit, NULL, NULL, NULL},
        {"requests that wait for a connect are taken back",
         requests_that_wait_for_a_connect_are_taken_back, NULL, NULL, NULL},
        {"a further connect that hangs harms none", a_further_connect_that_hangs_harms_none, NULL,
         NULL, NULL},
        {"a restart of libvirt is not seen", a_restart_is_not_seen, NULL, NULL, NULL},
        {"a libvirt that has ended is refused, and found again",
         a_libvirt_that_has_ended_is_refused_and_found_again, NULL, NULL, NULL},
        {"a late list alone is no silence", a_late_list_alone_is_no_silence, NULL, NULL, NULL},
        {"a late list and silent domains are no silence",
         a_late_list_and_silent_domains_are_no_silence, NULL, NULL, NULL},
        {"the connection of a probe that is lost is counted", a_lost_connection_of_a_probe_is_lost,
         NULL, NULL, NULL},
        {"a silent libvirt is asked little", a_silent_libvirt_is_asked_little, NULL, NULL, NULL},
        {"an inbox gets what has ended", an_inbox_gets_what_has_ended, NULL, NULL, NULL},
        {"an inbox that is freed gets nothing", an_inbox_that_is_freed_gets_nothing, NULL, NULL,
         NULL},
        {"closing closes every connection", closing_closes_every_connection, NULL, NULL, NULL},
        {"closing waits for an answer that comes late", closing_waits_for_a_late_answer, NULL, NULL,
         NULL},
        {"closing waits longer for a libvirt that is well",
         closing_waits_for_a_libvirt_that_is_well, NULL, NULL, NULL},
        {"disconnecting closes, and the next request connects again",
         disconnecting_closes_and_connects_again, NULL, NULL, NULL},
        {"disconnecting closes what is being opened", disconnecting_closes_what_is_being_opened,
         NULL, NULL, NULL},
        {"closing waits for no answer", closing_waits_for_no_answer, NULL, NULL, NULL},
        {"closing during a connect that hangs", closing_during_a_connect_that_hangs, NULL, NULL,
         NULL},
        {"connecting alone is a request", connecting_alone_is_a_request, NULL, NULL, NULL},
        {"many calls while libvirt restarts", many_calls_from_many_threads, NULL, NULL, NULL},
    };

    libvirt_case_init();
    return cmocka_run_group_tests_name("libvirt_pool", tests, NULL, NULL);
}
