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

/* Puts one call about all domains under way. */
static void
init_case(Case *self)
{
    static const LibvirtPoolRequestKind kind = {run_nothing, may_join, g_free};
    UtilDeadline deadline = util_deadline_in_ms(LONG_MS);

    libvirt_pool_queue_init(&self->queue, MOST, 1);
    self->lines = libvirt_pool_lines_new();
    for (unsigned int i = 0; i < N_LINES; i++)
        add_line(self->lines, 1);
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
    for (guint i = 0; i < self->lines->len; i++)
        libvirt_pool_lines_close(g_ptr_array_index(self->lines, i));
    g_ptr_array_unref(self->lines);
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

static LibvirtPoolRequest *
new_request(void)
{
    return libvirt_pool_request_new(NULL, NULL, NULL, NULL);
}

/* Puts a request under way, which is the daemon's or about a domain. */
static LibvirtPoolQueueEntry *
send(LibvirtPoolQueue *queue, const GPtrArray *lines, bool is_daemons, int64_t now_us)
{
    LibvirtPoolQueueEntry *entry = libvirt_pool_queue_new_entry(new_request(), is_daemons);

    assert_true(libvirt_pool_queue_push(queue, entry));
    assert_ptr_equal(libvirt_pool_queue_begin(queue, lines, now_us), entry);
    return entry;
}

/* Gives how many requests about domains may be sent until one is answered. */
static unsigned int
send_all(LibvirtPoolQueue *queue, const GPtrArray *lines, int64_t now_us)
{
    unsigned int n = 0;

    for (; libvirt_pool_queue_may_send(queue, 0, now_us); n++)
        send(queue, lines, false, now_us);
    return n;
}

/* The @n that were sent last. */
static void
answer(LibvirtPoolQueue *queue, unsigned int n, int64_t now_us)
{
    for (; n > 0; n--) {
        LibvirtPoolQueueEntry *entry =
            g_ptr_array_index(queue->under_way, queue->under_way->len - 1);

        libvirt_pool_queue_end(queue, entry, true, now_us);
        libvirt_pool_queue_free_entry(entry);
    }
}

/* libvirt starts no worker for a request that finds another one waiting for a worker. */
static void
no_more_at_once_than_find_a_worker(void **state)
{
    g_auto(Case) self = {0};
    LibvirtPoolQueue queue;
    int64_t now_us = util_deadline_now_us();

    (void)state;
    init_case(&self);
    libvirt_pool_queue_init(&queue, MOST, N_FIRST);
    assert_false(libvirt_pool_queue_may_send(&queue, 1, now_us));
    for (unsigned int n = 1; n < 4; n++) {
        assert_int_equal(send_all(&queue, self.lines, now_us), n);
        answer(&queue, n, now_us);
    }
    assert_int_equal(send_all(&queue, self.lines, now_us), 4);
    answer(&queue, 3, now_us);
    now_us += TAKEN_MS * MS - 1;
    assert_int_equal(send_all(&queue, self.lines, now_us), 4);
    answer(&queue, 4, now_us);
    now_us += 1;
    assert_int_equal(send_all(&queue, self.lines, now_us), 5); /* the first one is late */
    answer(&queue, 6, now_us);
    now_us += (STUCK_MS + 1) * MS;
    assert_int_equal(send_all(&queue, self.lines, now_us), 1); /* after a pause */
    answer(&queue, 1, now_us);
    libvirt_pool_queue_clear(&queue);
}

/* They may be of the same one. */
static void
answers_one_by_one_show_one_worker(void **state)
{
    g_auto(Case) self = {0};
    LibvirtPoolQueue queue;
    int64_t now_us = util_deadline_now_us();

    (void)state;
    init_case(&self);
    libvirt_pool_queue_init(&queue, MOST, N_FIRST);
    for (unsigned int i = 0; i < N_FIRST; i++) {
        send(&queue, self.lines, false, now_us);
        answer(&queue, 1, now_us);
    }
    assert_int_equal(send_all(&queue, self.lines, now_us), 2);
    answer(&queue, 2, now_us);
    libvirt_pool_queue_clear(&queue);
}

/* Else a libvirt that takes long for each would be asked for few at a time. */
static void
late_answers_show_workers_too(void **state)
{
    g_auto(Case) self = {0};
    LibvirtPoolQueue queue;
    int64_t now_us = util_deadline_now_us();

    (void)state;
    init_case(&self);
    libvirt_pool_queue_init(&queue, MOST, N_FIRST);
    for (unsigned int n = 1; n <= 5; n += 2) {
        assert_int_equal(send_all(&queue, self.lines, now_us), n);
        now_us += TAKEN_MS * MS;
        assert_int_equal(send_all(&queue, self.lines, now_us), 1);
        answer(&queue, n + 1, now_us);
    }
    libvirt_pool_queue_clear(&queue);
}

/* They have workers of their own, so their answers show of no other worker that it is free. */
static void
the_daemons_show_nothing_of_workers(void **state)
{
    g_auto(Case) self = {0};
    LibvirtPoolQueue queue;
    int64_t now_us = util_deadline_now_us();

    (void)state;
    init_case(&self);
    libvirt_pool_queue_init(&queue, MOST, N_FIRST);
    for (unsigned int i = 0; i < N_FIRST; i++) {
        send(&queue, self.lines, true, now_us);
        assert_false(libvirt_pool_queue_may_send(&queue, 0, now_us));
        answer(&queue, 1, now_us);
    }
    assert_int_equal(send_all(&queue, self.lines, now_us), 1);
    answer(&queue, 1, now_us);
    libvirt_pool_queue_clear(&queue);
}

static void
a_probe_tells_silence(void **state)
{
    g_auto(Case) self = {0};
    LibvirtPoolQueue queue;
    LibvirtPoolQueueEntry *probe = NULL;
    int64_t now_us = util_deadline_now_us();

    (void)state;
    init_case(&self);
    libvirt_pool_queue_init(&queue, MOST, N_FIRST);
    send(&queue, self.lines, true, now_us);
    now_us += SILENT_MS * MS - 1;
    assert_false(libvirt_pool_queue_wants_probe(&queue, now_us));
    now_us += 1;
    assert_true(libvirt_pool_queue_wants_probe(&queue, now_us));
    assert_true(
        libvirt_pool_queue_push(&queue, libvirt_pool_queue_new_entry(new_request(), false)));
    assert_false(libvirt_pool_queue_has_ready(&queue, now_us));
    libvirt_pool_queue_push_probe(&queue, new_request());
    assert_true(libvirt_pool_queue_push(&queue, libvirt_pool_queue_new_entry(new_request(), true)));
    assert_false(libvirt_pool_queue_wants_probe(&queue, now_us));
    probe = libvirt_pool_queue_begin(&queue, self.lines, now_us);
    assert_ptr_equal(probe, queue.probe);
    assert_null(libvirt_pool_queue_begin(&queue, self.lines, now_us));
    assert_false(libvirt_pool_queue_is_silent(&queue, now_us + TAKEN_MS * MS - 1));
    assert_true(libvirt_pool_queue_is_silent(&queue, now_us + TAKEN_MS * MS));
    libvirt_pool_queue_end(&queue, probe, true, now_us);
    libvirt_pool_queue_free_entry(probe);
    assert_false(libvirt_pool_queue_is_silent(&queue, now_us + TAKEN_MS * MS));
    assert_false(libvirt_pool_queue_wants_probe(&queue, now_us));
    assert_non_null(libvirt_pool_queue_begin(&queue, self.lines, now_us));
    assert_non_null(libvirt_pool_queue_begin(&queue, self.lines, now_us));
    answer(&queue, 3, now_us);
    libvirt_pool_queue_clear(&queue);
}

/* An earlier one, which waits for a domain, does not hide that. */
static void
each_late_request_of_the_daemon_wants_a_probe(void **state)
{
    g_auto(Case) self = {0};
    LibvirtPoolQueue queue;
    int64_t now_us = util_deadline_now_us();

    (void)state;
    init_case(&self);
    libvirt_pool_queue_init(&queue, MOST, N_FIRST);
    send(&queue, self.lines, true, now_us);
    send(&queue, self.lines, false, now_us + 1);
    answer(&queue, 1, now_us + 1);
    send(&queue, self.lines, true, now_us + 2);
    now_us += SILENT_MS * MS;
    assert_false(libvirt_pool_queue_wants_probe(&queue, now_us + 1));
    assert_true(libvirt_pool_queue_wants_probe(&queue, now_us + 2));
    answer(&queue, 2, now_us);
    libvirt_pool_queue_clear(&queue);
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
