/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of qemu_learn, with qemu_plan and qemu_record around it: rounds of one guest that stands
 * still, runs, is looked at while it does. What is lent must be what would have been told.
 */
#include "qemu/plan/qemu_learn.h"

#include <string.h>

#include "qemu/plan/qemu_plan.h"
#include "qemu/qemu_record.h"
#include "testing.h"

enum { MAX_DEPTH = 32, MAX_ROUNDS = 5 };

/* One round: what QEMU says, whatever of it is asked. */
typedef struct {
    const char *status;    /* NULL: no answer comes at all */
    unsigned int exits;    /* of the one vCPU, if it is asked */
    unsigned int free_kib; /* of the guest, if it is asked */
    bool has_event;        /* of the run state, before the answers */
    bool other_threads;    /* than in the round before */
    const char *expected;  /* which of the two were asked, and what the facts have */
} Round;

typedef struct {
    const char *sentence;
    Round rounds[MAX_ROUNDS];
} Row;

/* The first round tells the schemas, whose names have to be shared first: so the vCPU's statistics
 * are kept from the second on. */
static const Row rows[] = {
    {"a guest that stands still is asked no more",
     {{"paused", 7, 70, false, false, "asked vcpu guest: exits 7, free 70"},
      {"paused", 7, 70, false, false, "asked vcpu: exits 7, free 70"},
      {"paused", 8, 80, false, false, "exits 7, free 70"},
      {"paused", 9, 90, false, false, "exits 7, free 70"}}},
    {"a running one always",
     {{"running", 1, 10, false, false, "asked vcpu guest: exits 1, free 10"},
      {"running", 2, 20, false, false, "asked vcpu guest: exits 2, free 20"},
      {"running", 3, 30, false, false, "asked vcpu guest: exits 3, free 30"}}},
    {"one that ran in between, by its event",
     {{"paused", 1, 10, false, false, "asked vcpu guest: exits 1, free 10"},
      {"paused", 1, 10, false, false, "asked vcpu: exits 1, free 10"},
      {"paused", 2, 20, true, false, "asked vcpu guest: exits 2, free 20"},
      {"paused", 2, 20, false, false, "exits 2, free 20"}}},
    {"one that runs again, by its own word",
     {{"paused", 1, 10, false, false, "asked vcpu guest: exits 1, free 10"},
      {"paused", 1, 10, false, false, "asked vcpu: exits 1, free 10"},
      {"running", 2, 20, false, false, "asked vcpu guest: exits 2, free 20"},
      {"paused", 3, 30, true, false, "asked vcpu guest: exits 3, free 30"},
      {"paused", 4, 40, false, false, "exits 3, free 30"}}},
    {"a run state in which the guest's state is loaded keeps nothing",
     {{"inmigrate", 1, 10, false, false, "asked vcpu guest: exits 1, free 10"},
      {"inmigrate", 2, 20, false, false, "asked vcpu guest: exits 2, free 20"},
      {"restore-vm", 3, 30, false, false, "asked vcpu guest: exits 3, free 30"}}},
    {"other threads may be other vCPUs",
     {{"paused", 1, 10, false, false, "asked vcpu guest: exits 1, free 10"},
      {"paused", 1, 10, false, false, "asked vcpu: exits 1, free 10"},
      {"paused", 2, 20, false, true, "asked vcpu: exits 2, free 10"},
      {"paused", 3, 30, false, false, "exits 2, free 10"}}},
    {"of one that does not answer nothing old is given out",
     {{"paused", 1, 10, false, false, "asked vcpu guest: exits 1, free 10"},
      {"paused", 1, 10, false, false, "asked vcpu: exits 1, free 10"},
      {NULL, 2, 20, false, false, ""},
      {"paused", 3, 30, false, false, "exits 1, free 10"}}},
};

static void
put_answer(QemuJob *job, QemuCommandId id, const char *reply)
{
    QemuAnswer *answer = &job->answers[id];

    qemu_answer_clear(answer);
    answer->message = util_json_parse(reply, strlen(reply), MAX_DEPTH, NULL);
    assert_non_null(answer->message);
    answer->status = QEMU_ANSWER_RETURNED;
    answer->value = answer->message;
}

/* What QEMU says to one command. The caller frees. */
static char *
reply_to(QemuCommandId id, const Round *round)
{
    switch ((int)id) {
    case QEMU_COMMAND_QUERY_STATUS:
        return g_strdup_printf("{\"status\":\"%s\",\"running\":%s}", round->status,
                               strcmp(round->status, "running") == 0 ? "true" : "false");
    case QEMU_COMMAND_QUERY_CPUS_FAST:
        return g_strdup("[{\"cpu-index\":0,\"qom-path\":\"/c0\",\"thread-id\":7}]");
    case QEMU_COMMAND_QUERY_HOTPLUGGABLE_CPUS:
        return g_strdup("[{\"vcpus-count\":1}]");
    case QEMU_COMMAND_QUERY_STATS_SCHEMAS:
        return g_strdup("[{\"provider\":\"kvm\",\"target\":\"vcpu\",\"stats\":"
                        "[{\"name\":\"exits\",\"type\":\"cumulative\"}]}]");
    case QEMU_COMMAND_QUERY_STATS_VCPU:
        return g_strdup_printf("[{\"provider\":\"kvm\",\"qom-path\":\"/c0\",\"stats\":"
                               "[{\"name\":\"exits\",\"value\":%u}]}]",
                               round->exits);
    case QEMU_COMMAND_QUERY_BALLOON:
        return g_strdup("{\"actual\":1024}");
    case QEMU_COMMAND_QUERY_MEMORY_SIZE_SUMMARY:
        return g_strdup("{\"base-memory\":1024}");
    case QEMU_COMMAND_QOM_GET_GUEST_STATS:
        return g_strdup_printf("{\"stats\":{\"stat-free-memory\":%u},\"last-update\":1}",
                               round->free_kib);
    default:
        fail_msg("not a command of this test: %s", qemu_commands[id].name);
        return NULL;
    }
}

static void
answer(QemuJob *job, QemuCommandSet set, const Round *round)
{
    job->asked |= set;
    job->is_complete = round->status != NULL;
    for (unsigned int id = 0; round->status != NULL && id < QEMU_N_COMMANDS; id++) {
        g_autofree char *reply = set >> id & 1 ? reply_to((QemuCommandId)id, round) : NULL;

        if (reply != NULL)
            put_answer(job, (QemuCommandId)id, reply);
    }
}

/* The caller frees. */
static char *
describe(const QemuJob *job, const QemuFacts *facts)
{
    bool asked_vcpu = job->answers[QEMU_COMMAND_QUERY_STATS_VCPU].status == QEMU_ANSWER_RETURNED;
    bool asked_guest =
        job->answers[QEMU_COMMAND_QOM_GET_GUEST_STATS].status == QEMU_ANSWER_RETURNED;
    const QemuFactsVcpu *vcpu = facts->vcpus && facts->vcpus->len > 0
                                    ? &g_array_index(facts->vcpus, QemuFactsVcpu, 0)
                                    : NULL;
    GString *text = g_string_new(NULL);

    if (asked_vcpu || asked_guest)
        g_string_append_printf(text, "asked%s%s: ", asked_vcpu ? " vcpu" : "",
                               asked_guest ? " guest" : "");
    if (vcpu != NULL && vcpu->stats != NULL)
        g_string_append_printf(text, "exits %u",
                               (unsigned)g_array_index(vcpu->stats, QemuFactsStat, 0).value);
    if (facts->memory.free_memory.is_present)
        g_string_append_printf(text, ", free %u", (unsigned)facts->memory.free_memory.value);
    return g_string_free(text, FALSE);
}

static void
run_round(QemuDomain *domain, const Round *round, QemuSchemasPool *schemas)
{
    const QemuRequest request = {.stats = VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_VCPU |
                                          VIR_DOMAIN_STATS_BALLOON};
    g_autofree char *got = NULL;
    const char *bad_command = NULL;
    QemuJob *job = qemu_job_new(domain, &request);
    g_auto(QemuFacts) facts = {0};

    if (round->has_event)
        qemu_domain_doubt_status(domain);
    job->evidence.threads_unchanged = !round->other_threads;
    answer(job, qemu_plan_commands(job), round);
    if (round->status != NULL)
        answer(job, qemu_plan_more(job), round);
    qemu_facts_init(&facts);
    assert_true(qemu_record_decode(job, &facts, &bad_command));
    got = describe(job, &facts);
    testing_assert_same_text(got, round->expected);
    qemu_learn_call(job, &facts, schemas);
    qemu_facts_clear(&facts);
    qemu_job_free(job);
}

static void
learns(const void *data)
{
    const Row *row = data;
    g_autoptr(QemuEndpoint) endpoint = qemu_endpoint_new("key", "name");
    g_autoptr(QemuDomain) domain = NULL;
    g_autoptr(QemuSchemasPool) schemas = qemu_schemas_pool_new();

    endpoint->is_active = true;
    domain = qemu_domain_new(endpoint);
    domain->known.available = ~(QemuCommandSet)0;
    domain->known.balloon_path = g_strdup("b0");
    for (size_t i = 0; i < MAX_ROUNDS && row->rounds[i].expected != NULL; i++)
        run_round(domain, &row->rounds[i], schemas);
}

int
main(void)
{
    return TESTING_RUN_TABLE("learn", rows, learns);
}
