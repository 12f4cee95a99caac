/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of qemu_exchange where the system refuses threads: the jobs of a thread that is not there
 * are done beside the caller's own, so that a silent peer costs none of them its time.
 */
#include "qemu/exchange/qemu_exchange.h"

#include "exchange_case.h"
#include "fake_qmp.h"
#include "testing.h"
#include "util/util_thread.h"

enum {
    N_THREADS = 4,
    N_DOMAINS = 16,
    PART_MS = 1500, /* the others come to their end in it, the silent one has its fair time */
};

static unsigned int refused; /* a bit each worker, the first one's is the lowest */
static unsigned int n_tried;

/* In place of the library's: as where the limit of processes is reached. */
GThread *
util_thread_start(const char *name, GThreadFunc run, void *data)
{
    bool is_worker = g_str_equal(name, "domstats"); /* beside those that read for the host */
    bool is_refused = is_worker && (refused >> n_tried & 1) != 0;

    n_tried += is_worker;
    return is_refused ? NULL : g_thread_new(name, run, data);
}

static const FakeQmpLine silent_lines[] = {{NULL, NULL, FAKE_QMP_IGNORES}, {0}};
static const FakeQmpScript good = {.lines = NULL};
static const FakeQmpScript silent = {.lines = silent_lines, .is_bare = true};

/* Domain 0 is of the caller's share, 1 of that of the first thread to be started, and so on. */
typedef struct {
    const char *sentence;
    unsigned int refused;
    unsigned int silent_place;
} Row;

static const Row rows[] = {
    {"all threads are there", 0, 0},
    {"one is refused, a peer of the caller's share is silent", 1, 0},
    {"one is refused, a peer of its share is silent", 1, 1},
    {"the last one is refused, a peer of another share is silent", 1 << 2, 1},
    {"all are refused, a peer of the caller's share is silent", 7, 0},
    {"all are refused, a peer of the first one's share is silent", 7, 1},
    {"all are refused, a peer of the last one's share is silent", 7, 3},
};

static void
does_all_jobs(const void *data)
{
    const Row *row = data;
    g_auto(ExchangeCase) exchange = {0};

    exchange_case_init(&exchange);
    for (size_t i = 0; i < N_DOMAINS; i++)
        exchange_case_add(&exchange, i == row->silent_place ? &silent : &good);
    refused = row->refused;
    n_tried = 0;
    exchange_case_run(&exchange,
                      &(ExchangeCaseCall){.timeout_ms = PART_MS, .n_threads = N_THREADS});
    assert_int_equal(n_tried, N_THREADS - 1);
    for (size_t i = 0; i < N_DOMAINS; i++) {
        g_autofree char *got = exchange_case_describe(&exchange, i);

        testing_assert_same_text(got, i == row->silent_place ? "wedged, silent"
                                                             : "ok running, connected");
    }
}

int
main(void)
{
    return TESTING_RUN_TABLE("exchange without threads", rows, does_all_jobs);
}
