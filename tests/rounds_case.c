/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rounds_case: see rounds_case.h.
 */
#include "rounds_case.h"

#include "testing.h"

static const FakeQmpReply replies[] = {
    {"query-commands", "[{\"name\":\"query-status\"},{\"name\":\"query-cpus-fast\"}]"},
    {"query-status", "{\"status\":\"running\",\"running\":true,\"singlestep\":false}"},
    {"query-cpus-fast", "[]"},
    {0},
};
static const FakeQmpScript well = {.replies = replies, .has_oob = true};
static const FakeQmpLine nothing[] = {{NULL, NULL, FAKE_QMP_IGNORES}, {0}};
static const FakeQmpScript silent = {.lines = nothing, .is_bare = true};

static void
free_request(gpointer data)
{
    RoundsCaseRequest *request = data;

    g_free(request->field);
    g_free(request);
}

DomstatsConn *
rounds_case_open(const RoundsCase *self, const DomstatsOptions *options)
{
    g_autofree char *source = g_strconcat("dir:", self->folder, NULL);

    return domstats_open(source, options, NULL);
}

static int
begin(void **state, unsigned int n_silent)
{
    const DomstatsOptions options = {.listeners = DOMSTATS_LISTENERS_ANY,
                                     .monitors = DOMSTATS_MONITORS_HOLD,
                                     .timeout_ms = ROUNDS_CASE_LONG_MS};
    RoundsCase *self = g_new0(RoundsCase, 1);

    self->folder = testing_make_folder();
    self->requests = g_ptr_array_new_with_free_func(free_request);
    for (unsigned int i = 0; i < ROUNDS_CASE_N_FAKES; i++) {
        g_autofree char *path = g_strdup_printf("%s/vm%u.sock", self->folder, i);

        self->fakes[i] = fake_qmp_new_listening(i < n_silent ? &silent : &well, path);
    }
    self->thread = fake_qmp_start(self->fakes, ROUNDS_CASE_N_FAKES);
    assert_true(sd_event_new(&self->loop) >= 0);
    self->rounds =
        daemon_rounds_new(rounds_case_open(self, &options), ROUNDS_CASE_LONG_MS, self->loop, NULL);
    assert_non_null(self->rounds);
    *state = self;
    return 0;
}

int
rounds_case_begin(void **state)
{
    return begin(state, 0);
}

int
rounds_case_begin_stuck(void **state)
{
    return begin(state, 1);
}

int
rounds_case_end(void **state)
{
    RoundsCase *self = *state;

    daemon_rounds_free(self->rounds);
    sd_event_unref(self->loop);
    fake_qmp_stop(self->thread);
    for (unsigned int i = 0; i < ROUNDS_CASE_N_FAKES; i++)
        fake_qmp_free(self->fakes[i]);
    g_ptr_array_unref(self->requests);
    testing_remove_folder(self->folder);
    g_free(self);
    return 0;
}

static void
take(const DaemonRoundsAnswer *answer, const GError *error, void *data)
{
    RoundsCaseRequest *request = data;

    request->owner->n_open--;
    request->n_called++;
    request->request = NULL;
    if (error != NULL) {
        request->code = error->code;
        return;
    }
    request->n_records = answer->n_records;
    if (answer->n_records == 0)
        return;
    request->health = answer->records[0]->health;
    g_free(request->field);
    request->field =
        g_strdup(answer->records[0]->n_params ? answer->records[0]->params[0].field : "");
}

RoundsCaseRequest *
rounds_case_ask(RoundsCase *self, const DomstatsCall *call)
{
    RoundsCaseRequest *request = g_new0(RoundsCaseRequest, 1);

    g_ptr_array_add(self->requests, request);
    request->owner = self;
    self->n_open++;
    request->request = daemon_rounds_ask(self->rounds, call, take, request);
    return request;
}

void
rounds_case_turn(const RoundsCase *self)
{
    assert_true(sd_event_run(self->loop, UINT64_MAX) >= 0);
}

void
rounds_case_run_until_open(const RoundsCase *self, unsigned int n)
{
    while (self->n_open > n)
        rounds_case_turn(self);
}

void
rounds_case_run_until_answered(const RoundsCaseRequest *request)
{
    while (request->n_called == 0)
        rounds_case_turn(request->owner);
}

void
rounds_case_run_until_begun(const RoundsCase *self, unsigned int n)
{
    while (daemon_rounds_count(self->rounds) < n)
        rounds_case_turn(self);
}
