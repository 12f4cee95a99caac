/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_libvirt_pool_queue: what is sent next, and what is late, at times that the test names. The
 * connections are those of libvirt's test driver; nothing is asked over them.
 */
#include "libvirt/libvirt_pool_queue.h"

#include "testing.h"

enum {
    N = 3,
    N_LINES = 8,
    MOST = 10,
    MS = 1000,
    LONG_MS = 60000,
    STUCK_MS = LIBVIRT_POOL_QUEUE_STUCK_MS,
    TAKEN_MS = LIBVIRT_POOL_QUEUE_TAKEN_MS,
    SILENT_MS = LIBVIRT_POOL_QUEUE_SILENT_MS,
    N_FIRST = 3,
};

typedef struct {
    LibvirtPoolQueue queue;
    GPtrArray *lines;
    LibvirtPoolRequest *requests[N];
    LibvirtPoolQueueEntry *call; /* about all of them; under way */
} Case;

static void
run_nothing(LibvirtConnection *connection, LibvirtPoolRequestPart *parts, unsigned int n_parts)
{
    (void)connection;
    (void)parts;
    (void)n_parts;
}

static bool
may_join(const void *data, const void *other)
{
    (void)data;
    (void)other;
    return true;
}

static void
add_line(GPtrArray *lines, int64_t opened_us)
{
    g_auto(LibvirtOutcome) outcome = {LIBVIRT_OUTCOME_WELL, NULL};
    LibvirtConnection *connection = libvirt_connection_open("test:///default", NULL, &outcome);

    assert_non_null(connection);
    libvirt_pool_lines_add(lines, connection, opened_us);
}

static GPtrArray *
new_lines(void)
{
    GPtrArray *lines = libvirt_pool_lines_new();

    for (unsigned int i = 0; i < N_LINES; i++)
        add_line(lines, 1);
    return lines;
}

static void
close_lines(GPtrArray *take_lines)
{
    for (guint i = 0; i < take_lines->len; i++)
        libvirt_pool_lines_close(g_ptr_array_index(take_lines, i));
    g_ptr_array_unref(take_lines);
}

/* Puts one call about all domains under way. */
static void
init_case(Case *self)
{
    static const LibvirtPoolRequestKind kind = {run_nothing, may_join, g_free};
    UtilDeadline deadline = util_deadline_in_ms(LONG_MS);

    libvirt_pool_queue_init(&self->queue, MOST, 1);
    self->lines = new_lines();
    for (unsigned int i = 0; i < N; i++) {
        self->requests[i] =
            libvirt_pool_request_new_of_kind(&kind, true, deadline, NULL, NULL, NULL);
        assert_true(libvirt_pool_queue_push(
            &self->queue,
            libvirt_pool_queue_new_entry(libvirt_pool_request_ref(self->requests[i]), false)));
    }
    self->call = libvirt_pool_queue_begin(&self->queue, self->lines, util_deadline_now_us());
    assert_non_null(self->call);
    assert_int_equal(self->call->requests->len, N);
}

static void
end_call(Case *self, LibvirtPoolQueueEntry *entry)
{
    libvirt_pool_queue_end(&self->queue, entry, true, util_deadline_now_us());
    libvirt_pool_queue_free_entry(entry);
}

static void
clear_case(Case *self)
{
    GQueue *waiting = libvirt_pool_queue_take_older(&self->queue, INT64_MAX);

    while (waiting->length > 0)
        libvirt_pool_queue_free_entry(g_queue_pop_head(waiting));
    g_queue_free(waiting);
    end_call(self, self->call);
    libvirt_pool_queue_clear(&self->queue);
    for (unsigned int i = 0; i < N; i++)
        libvirt_pool_request_unref(self->requests[i]);
    close_lines(self->lines);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Case, clear_case)

/* A list of all domains must not wait for what hangs. */
static void
the_daemons_goes_before_those_of_a_late_call(void **state)
{
    g_auto(Case) self = {0};
    LibvirtPoolQueueEntry *next = NULL;

    (void)state;
    init_case(&self);
    assert_true(libvirt_pool_queue_push(
        &self.queue,
        libvirt_pool_queue_new_entry(libvirt_pool_request_new(NULL, NULL, NULL, NULL), true)));
    libvirt_pool_queue_split(&self.queue, self.call->late_us);
    assert_int_equal(libvirt_pool_queue_n_waiting(&self.queue), N + 1);
    next = libvirt_pool_queue_begin(&self.queue, self.lines, self.call->late_us);
    assert_non_null(next);
    assert_true(next->is_daemons);
    end_call(&self, next);
    for (unsigned int i = 0; i < N; i++) {
        next = libvirt_pool_queue_begin(&self.queue, self.lines, self.call->late_us);
        assert_ptr_equal(next->requests->pdata[0], self.requests[i]);
        end_call(&self, next);
    }
}

static void
the_daemons_goes_before_those_that_were_lost(void **state)
{
    g_auto(Case) self = {0};
    LibvirtPoolQueueEntry *next = NULL;

    (void)state;
    init_case(&self);
    add_line(self.lines, INT64_MAX);
    libvirt_pool_queue_push_again(
        &self.queue,
        libvirt_pool_queue_new_entry(libvirt_pool_request_ref(self.requests[0]), false));
    libvirt_pool_queue_push_again(
        &self.queue,
        libvirt_pool_queue_new_entry(libvirt_pool_request_new(NULL, NULL, NULL, NULL), true));
    next = libvirt_pool_queue_begin(&self.queue, self.lines, util_deadline_now_us());
    assert_non_null(next);
    assert_true(next->is_daemons);
    end_call(&self, next);
}

/* Else, where one call at a time is under way, the others would wait for it. */
static void
a_call_that_is_split_is_late(void **state)
{
    g_auto(Case) self = {0};
    int64_t now_us = 0;

    (void)state;
    init_case(&self);
    now_us = self.call->asked_us + STUCK_MS * MS;
    assert_true(now_us < self.call->late_us);
    assert_int_equal(libvirt_pool_queue_n_unanswered(&self.queue, now_us, STUCK_MS), 0);
    libvirt_pool_request_abandon(self.requests[1]);
    libvirt_pool_queue_split(&self.queue, now_us);
    assert_int_equal(libvirt_pool_queue_n_waiting(&self.queue), N - 1);
    assert_int_equal(libvirt_pool_queue_n_unanswered(&self.queue, now_us, STUCK_MS), 1);
}

/* One that has not come for so long is not about to come: one of its domains hangs. */
static void
an_outrun_call_is_waited_for_a_while(void **state)
{
    g_auto(Case) self = {0};
    int64_t late_us = 0;

    (void)state;
    init_case(&self);
    late_us = self.call->late_us;
    libvirt_pool_queue_split(&self.queue, late_us);
    for (unsigned int i = 0; i < N; i++) {
        LibvirtPoolRequestPart part = {0};

        assert_false(libvirt_pool_queue_has_outrun(&self.queue, late_us));
        libvirt_pool_request_end(self.requests[i], &part);
    }
    assert_true(libvirt_pool_queue_has_outrun(&self.queue, late_us));
    assert_true(libvirt_pool_queue_has_outrun(&self.queue,
                                              late_us + LIBVIRT_POOL_QUEUE_OUTRUN_MS * MS - 1));
    assert_false(
        libvirt_pool_queue_has_outrun(&self.queue, late_us + LIBVIRT_POOL_QUEUE_OUTRUN_MS * MS));
}

/* Nothing is asked yet. */
typedef struct {
    LibvirtPoolQueue queue;
    GPtrArray *lines;
    int64_t now_us;
} Paced;

static void
init_paced(Paced *self)
{
    libvirt_pool_queue_init(&self->queue, MOST, N_FIRST);
    self->lines = new_lines();
    self->now_us = util_deadline_now_us();
}

/* The @n that were sent last. */
static void
answer(Paced *self, unsigned int n)
{
    for (; n > 0; n--) {
        LibvirtPoolQueueEntry *entry =
            g_ptr_array_index(self->queue.under_way, self->queue.under_way->len - 1);

        libvirt_pool_queue_end(&self->queue, entry, true, self->now_us);
        libvirt_pool_queue_free_entry(entry);
    }
}

static void
clear_paced(Paced *self)
{
    assert_int_equal(libvirt_pool_queue_n_waiting(&self->queue), 0);
    answer(self, self->queue.under_way->len);
    libvirt_pool_queue_clear(&self->queue);
    close_lines(self->lines);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Paced, clear_paced)

static LibvirtPoolRequest *
new_request(void)
{
    return libvirt_pool_request_new(NULL, NULL, NULL, NULL);
}

static void
wait_in_queue(Paced *self, bool is_daemons)
{
    assert_true(libvirt_pool_queue_push(&self->queue,
                                        libvirt_pool_queue_new_entry(new_request(), is_daemons)));
}

/* Puts what waits next under way; NULL: it may not be sent. */
static LibvirtPoolQueueEntry *
begin(Paced *self)
{
    return libvirt_pool_queue_begin(&self->queue, self->lines, self->now_us);
}

/* Puts a request under way, which is the daemon's or about a domain. */
static void
send(Paced *self, bool is_daemons)
{
    assert_int_equal(libvirt_pool_queue_n_waiting(&self->queue), 0);
    wait_in_queue(self, is_daemons);
    assert_non_null(begin(self));
}

/* Gives how many requests about domains may be sent until one is answered. */
static unsigned int
send_all(Paced *self)
{
    unsigned int n = 0;

    for (; libvirt_pool_queue_check_workers(&self->queue, 0, self->now_us); n++)
        send(self, false);
    return n;
}

/* libvirt starts no worker for a request that finds another one waiting for a worker. */
static void
no_more_at_once_than_find_a_worker(void **state)
{
    g_auto(Paced) self = {0};

    (void)state;
    init_paced(&self);
    assert_false(libvirt_pool_queue_check_workers(&self.queue, 1, self.now_us));
    for (unsigned int n = 1; n < 4; n++) {
        assert_int_equal(send_all(&self), n);
        answer(&self, n);
    }
    assert_int_equal(send_all(&self), 4);
    answer(&self, 3);
    self.now_us += TAKEN_MS * MS - 1;
    assert_int_equal(send_all(&self), 4);
    answer(&self, 4);
    self.now_us += 1;
    assert_int_equal(send_all(&self), 5); /* the first one is late */
    answer(&self, 6);
    self.now_us += (STUCK_MS + 1) * MS;
    assert_int_equal(send_all(&self), 1); /* after a pause */
}

/* They may be of the same one. */
static void
answers_one_by_one_show_one_worker(void **state)
{
    g_auto(Paced) self = {0};

    (void)state;
    init_paced(&self);
    for (unsigned int i = 0; i < N_FIRST; i++) {
        send(&self, false);
        answer(&self, 1);
    }
    assert_int_equal(send_all(&self), 2);
}

/* Else a libvirt that takes long for each would be asked for few at a time. */
static void
late_answers_show_workers_too(void **state)
{
    g_auto(Paced) self = {0};

    (void)state;
    init_paced(&self);
    for (unsigned int n = 1; n <= 5; n += 2) {
        assert_int_equal(send_all(&self), n);
        self.now_us += TAKEN_MS * MS;
        assert_int_equal(send_all(&self), 1);
        answer(&self, n + 1);
    }
}

/* They have workers of their own, so their answers show of no other worker that it is free. */
static void
the_daemons_show_nothing_of_workers(void **state)
{
    g_auto(Paced) self = {0};

    (void)state;
    init_paced(&self);
    for (unsigned int i = 0; i < N_FIRST; i++) {
        send(&self, true);
        assert_false(libvirt_pool_queue_check_workers(&self.queue, 0, self.now_us));
        answer(&self, 1);
    }
    assert_int_equal(send_all(&self), 1);
}

static void
a_probe_tells_silence(void **state)
{
    g_auto(Paced) self = {0};
    LibvirtPoolQueueEntry *probe = NULL;

    (void)state;
    init_paced(&self);
    send(&self, true);
    self.now_us += SILENT_MS * MS - 1;
    assert_false(libvirt_pool_queue_wants_probe(&self.queue, self.now_us));
    self.now_us += 1;
    assert_true(libvirt_pool_queue_wants_probe(&self.queue, self.now_us));
    wait_in_queue(&self, false);
    assert_false(libvirt_pool_queue_has_ready(&self.queue, self.now_us));
    libvirt_pool_queue_push_probe(&self.queue, new_request());
    wait_in_queue(&self, true);
    assert_false(libvirt_pool_queue_wants_probe(&self.queue, self.now_us));
    probe = begin(&self);
    assert_ptr_equal(probe, self.queue.probe);
    assert_null(begin(&self));
    assert_false(libvirt_pool_queue_is_silent(&self.queue, self.now_us + TAKEN_MS * MS - 1));
    assert_true(libvirt_pool_queue_is_silent(&self.queue, self.now_us + TAKEN_MS * MS));
    libvirt_pool_queue_end(&self.queue, probe, true, self.now_us);
    libvirt_pool_queue_free_entry(probe);
    assert_false(libvirt_pool_queue_is_silent(&self.queue, self.now_us + TAKEN_MS * MS));
    assert_false(libvirt_pool_queue_wants_probe(&self.queue, self.now_us));
    assert_non_null(begin(&self));
    assert_non_null(begin(&self));
}

/* An earlier one, which waits for a domain, does not hide that. */
static void
each_late_request_of_the_daemon_wants_a_probe(void **state)
{
    g_auto(Paced) self = {0};

    (void)state;
    init_paced(&self);
    send(&self, true);
    self.now_us++;
    send(&self, false);
    answer(&self, 1);
    self.now_us++;
    send(&self, true);
    self.now_us += SILENT_MS * MS - 1;
    assert_false(libvirt_pool_queue_wants_probe(&self.queue, self.now_us));
    self.now_us++;
    assert_true(libvirt_pool_queue_wants_probe(&self.queue, self.now_us));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"the daemon's goes before those of a late call",
         the_daemons_goes_before_those_of_a_late_call, NULL, NULL, NULL},
        {"and before those whose connection was lost", the_daemons_goes_before_those_that_were_lost,
         NULL, NULL, NULL},
        {"a call that is split is late", a_call_that_is_split_is_late, NULL, NULL, NULL},
        {"no more at once than find a worker", no_more_at_once_than_find_a_worker, NULL, NULL,
         NULL},
        {"answers one by one show one worker", answers_one_by_one_show_one_worker, NULL, NULL,
         NULL},
        {"late answers show workers too", late_answers_show_workers_too, NULL, NULL, NULL},
        {"the daemon's requests show nothing of workers", the_daemons_show_nothing_of_workers, NULL,
         NULL, NULL},
        {"a probe tells silence", a_probe_tells_silence, NULL, NULL, NULL},
        {"each late request of the daemon wants a probe",
         each_late_request_of_the_daemon_wants_a_probe, NULL, NULL, NULL},
        {"an outrun call is waited for a while", an_outrun_call_is_waited_for_a_while, NULL, NULL,
         NULL},
    };

    return cmocka_run_group_tests_name("libvirt_pool_queue", tests, NULL, NULL);
}
