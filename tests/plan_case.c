/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan_case: a job as it stands before it is planned. No connection is made: answers are put where
 * the exchange would put them.
 */
#include "plan_case.h"

#include <string.h>

#include "testing.h"

enum { MAX_DEPTH = 32 };

#define BIT(name) QEMU_COMMAND_BIT(name)
#define ALL       ((QemuCommandSet)((1u << QEMU_N_COMMANDS) - 1))

void
plan_case_clear(PlanCase *self)
{
    qemu_job_free(self->job);
}

void
plan_case_put_answer(QemuAnswer *answer, const char *reply)
{
    g_autofree char *text = g_strdup_printf("{\"return\":%s}", reply ? reply : "null");

    answer->message = util_json_parse(text, strlen(text), MAX_DEPTH, NULL);
    assert_non_null(answer->message);
    answer->status = reply ? QEMU_ANSWER_RETURNED : QEMU_ANSWER_REFUSED;
    answer->value = reply ? util_json_member(answer->message, "return") : NULL;
}

static void
introduce(QemuKnown *known, QemuCommandSet available)
{
    GString *text = g_string_new("[");
    g_autoptr(UtilJson) commands = NULL;

    for (unsigned int id = 0; id < QEMU_N_COMMANDS; id++)
        if (available >> id & 1)
            g_string_append_printf(text, "%s{\"name\":\"%s\"}", text->len > 1 ? "," : "",
                                   qemu_commands[id].name);
    g_string_append_c(text, ']');
    commands = util_json_parse(text->str, text->len, MAX_DEPTH, NULL);
    assert_int_equal(qemu_known_take_identity(known, commands), available != 0);
    g_string_free(text, TRUE);
}

/* The call before: it asked for what is kept. */
static void
tell(QemuKnown *known, const PlanCaseSituation *situation)
{
    g_autoptr(QemuSchemasPool) schemas = qemu_schemas_pool_new();
    QemuAnswer answers[QEMU_N_COMMANDS] = {0};
    QemuCommandSet asked = 0;
    g_auto(QemuFacts) facts = {0};

    qemu_facts_init(&facts);
    qemu_known_begin_call(known);
    qemu_known_begin_plan(known);
    qemu_known_note_threads(known, true, false);
    for (size_t i = 0; i < situation->n_kept; i++) {
        QemuCommandId id = situation->kept[i].command;

        plan_case_put_answer(&answers[id], situation->kept[i].reply);
        asked |= (QemuCommandSet)1 << id;
    }
    if (situation->balloon_path != NULL &&
        answers[QEMU_COMMAND_QOM_GET_GUEST_STATS].value == NULL) {
        plan_case_put_answer(&answers[QEMU_COMMAND_QOM_GET_GUEST_STATS], "{\"stats\":{}}");
        asked |= BIT(QOM_GET_GUEST_STATS);
    }
    for (unsigned int id = 0; id < QEMU_N_COMMANDS; id++)
        if (answers[id].value != NULL && qemu_commands[id].parse != NULL)
            assert_true(qemu_commands[id].parse(answers[id].value, &facts));
    qemu_known_take(known,
                    &(QemuKnownTold){asked, answers, &facts, schemas, situation->balloon_path});
    for (unsigned int id = 0; id < QEMU_N_COMMANDS; id++)
        qemu_answer_clear(&answers[id]);
}

static void
note_events(QemuKnown *known, bool of_run_state, bool of_devices)
{
    const QemuEvents events = {.doubts = (of_run_state ? QEMU_EVENT_DOUBTS_RUN_STATE : 0u) |
                                         (of_devices ? QEMU_EVENT_DOUBTS_DEVICES : 0u)};

    qemu_known_note_events(known, &events);
}

static void
begin(QemuKnown *known, const PlanCaseSituation *situation)
{
    qemu_known_begin_call(known);
    note_events(known, situation->event_before, false);
    qemu_known_begin_plan(known);
    qemu_known_note_threads(known, true, situation->same_threads);
    note_events(known, situation->event_amid, situation->removal_amid);
}

void
plan_case_init(PlanCase *self, const PlanCaseSituation *situation)
{
    g_autoptr(QemuEndpoint) endpoint = qemu_endpoint_new("key", "name");
    g_autoptr(QemuDomain) domain = NULL;

    endpoint->is_active = !situation->is_inactive;
    domain = qemu_domain_new(endpoint);
    domain->is_held = situation->is_held;
    if (situation->board != NULL) {
        domain->definition = qemu_definition_new();
        domain->definition->board = *situation->board;
    }
    if (situation->proven != NULL)
        qemu_known_take_proven(domain->known, situation->proven);
    else
        introduce(domain->known, ALL & ~situation->not_available);
    tell(domain->known, situation);
    begin(domain->known, situation);
    self->request = (QemuRequest){.stats = situation->stats,
                                  .flags = situation->flags,
                                  .extras = situation->extras,
                                  .is_recording = situation->is_recording};
    self->job = qemu_job_new(domain, &self->request);
    self->job->evidence = situation->evidence;
    self->job->asked = situation->asked;
    self->job->lent = situation->lent;
    self->job->balloon_path = g_strdup(situation->balloon_path);
    self->job->has_looked_for_balloon = situation->has_looked_for_balloon;
    for (size_t i = 0; i < situation->n_answers; i++) {
        plan_case_put_answer(&self->job->answers[situation->answers[i].command],
                             situation->answers[i].reply);
        self->job->asked |= (QemuCommandSet)1 << situation->answers[i].command;
    }
}

/* The commands' file names without their ending, in the table's order. The caller frees. */
static char *
name_set(QemuCommandSet set)
{
    GString *names = g_string_new(NULL);

    for (unsigned int id = 0; id < QEMU_N_COMMANDS; id++) {
        if ((set >> id & 1) == 0)
            continue;
        g_string_append_printf(names, "%s%s", names->len > 0 ? "\n" : "",
                               qemu_commands[id].file_name);
        g_string_truncate(names, names->len - strlen(".json"));
    }
    return g_string_free(names, FALSE);
}

void
plan_case_assert_same_set(QemuCommandSet got, QemuCommandSet expected)
{
    g_autofree char *got_names = name_set(got);
    g_autofree char *expected_names = name_set(expected);

    testing_assert_same_text(got_names, expected_names);
}
