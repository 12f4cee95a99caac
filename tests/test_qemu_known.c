/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of qemu_known, with qemu_plan and qemu_record around it: calls in sequence on one guest.
 * What is lent must be what would have been told.
 */
#include "qemu/plan/qemu_known.h"

#include <string.h>

#include "qemu/plan/qemu_missing.h"
#include "qemu/plan/qemu_plan.h"
#include "qemu/qemu_record.h"
#include "testing.h"

enum { MAX_DEPTH = 32, MAX_CALLS = 6, MAX_THREADS = 4 };

/* What else happens in a call. */
typedef enum {
    EVENT_BEFORE = 1 << 0,     /* of the run state, before it is planned */
    EVENT_AMID = 1 << 1,       /* of the run state, after the first answers */
    DEVICE_AMID = 1 << 2,      /* a device was removed, after the first answers */
    NOT_PLANNED = 1 << 3,      /* the QEMU still owes answers to an earlier call */
    SILENT = 1 << 4,           /* no answer comes */
    OTHER_CONNECTION = 1 << 5, /* since the call before */
    BREAKS_RULES = 1 << 6,     /* once the answers are in */
    NO_BALLOON = 1 << 7,
    IS_S390 = 1 << 8,
    PRECONFIG = 1 << 9, /* only what can be asked before the machine is made */
    NO_SLOTS = 1 << 10, /* a machine that cannot plug vCPUs */
} Happening;

typedef struct {
    const char *status;
    unsigned int exits; /* of vCPU n: this + 100 n */
    unsigned int free_kib;
    const char *threads; /* of the vCPUs, by number: "7" or "7 8"; "+": not listed in this call */
    unsigned int happens;
    unsigned int stats;   /* 0: STATE, VCPU, BALLOON */
    const char *expected; /* what was asked of four, the values, and what is missing */
} Call;

typedef struct {
    const char *sentence;
    Call calls[MAX_CALLS];
} Row;

/* clang-format off */
/* The first call tells the schemas, whose names have to be shared first: so the vCPU's statistics
 * are kept from the second on. */
static const Row rows[] = {
    {"a guest that stands still is asked no more", {
        {"paused", 7, 70, "7 8", 0, 0, "asked status cpus vcpu guest: paused 7 107 free 70"},
        {"paused", 7, 70, "7 8", 0, 0, "asked status vcpu: paused 7 107 free 70"},
        {"paused", 8, 80, "7 8", 0, 0, "asked status: paused 7 107 free 70"},
        {"paused", 9, 90, "7 8", 0, 0, "asked status: paused 7 107 free 70"}}},
    {"a running one always, but for its state", {
        {"running", 1, 10, "7 8", 0, 0, "asked status cpus vcpu guest: running 1 101 free 10"},
        {"running", 2, 20, "7 8", 0, 0, "asked vcpu guest: running 2 102 free 20"},
        {"running", 3, 30, "7 8", 0, 0, "asked vcpu guest: running 3 103 free 30"}}},
    {"one that was running, after an event", {
        {"running", 1, 10, "7 8", 0, 0, "asked status cpus vcpu guest: running 1 101 free 10"},
        {"paused", 2, 20, "7 8", EVENT_BEFORE, 0, "asked status vcpu guest: paused 2 102 free 20"}}},
    {"one that stops in the middle of the call is asked its state after all", {
        {"running", 1, 10, "7 8", 0, 0, "asked status cpus vcpu guest: running 1 101 free 10"},
        {"paused", 2, 20, "7 8", EVENT_AMID, 0, "asked status vcpu guest: paused 2 102 free 20"}}},
    {"one that was running, of a new connection", {
        {"running", 1, 10, "7 8", 0, 0, "asked status cpus vcpu guest: running 1 101 free 10"},
        {"paused", 2, 20, "7 8", OTHER_CONNECTION, 0, "asked status vcpu guest: paused 2 102 free 20"}}},
    {"one that was running, and says nothing", {
        {"running", 1, 10, "7 8", 0, 0, "asked status cpus vcpu guest: running 1 101 free 10"},
        {"paused", 2, 20, "7 8", SILENT, 0, "asked vcpu guest: ; lacks state balloon vcpu"}}},
    {"one that ran in between, by its event", {
        {"paused", 1, 10, "7 8", 0, 0, "asked status cpus vcpu guest: paused 1 101 free 10"},
        {"paused", 1, 10, "7 8", 0, 0, "asked status vcpu: paused 1 101 free 10"},
        {"paused", 2, 20, "7 8", EVENT_BEFORE, 0, "asked status vcpu guest: paused 2 102 free 20"},
        {"paused", 2, 20, "7 8", 0, 0, "asked status: paused 2 102 free 20"}}},
    {"one that runs again, by its own word", {
        {"paused", 1, 10, "7 8", 0, 0, "asked status cpus vcpu guest: paused 1 101 free 10"},
        {"paused", 1, 10, "7 8", 0, 0, "asked status vcpu: paused 1 101 free 10"},
        {"running", 2, 20, "7 8", 0, 0, "asked status vcpu guest: running 2 102 free 20"},
        {"paused", 3, 30, "7 8", EVENT_BEFORE, 0, "asked status vcpu guest: paused 3 103 free 30"},
        {"paused", 3, 30, "7 8", 0, 0, "asked status: paused 3 103 free 30"}}},
    {"a run state in which the guest's state is loaded keeps nothing", {
        {"inmigrate", 1, 10, "7 8", 0, 0, "asked status cpus vcpu guest: inmigrate 1 101 free 10"},
        {"inmigrate", 2, 20, "7 8", 0, 0, "asked status vcpu guest: inmigrate 2 102 free 20"},
        {"restore-vm", 3, 30, "7 8", 0, 0, "asked status vcpu guest: restore-vm 3 103 free 30"}}},
    {"a vCPU that came takes the others' kept statistics with it", {
        {"paused", 1, 10, "7 8", 0, 0, "asked status cpus vcpu guest: paused 1 101 free 10"},
        {"paused", 1, 10, "7 8", 0, 0, "asked status vcpu: paused 1 101 free 10"},
        {"paused", 1, 10, "7 9 8", 0, 0, "asked status cpus vcpu: paused 1 101 201 free 10"}}},
    {"also if a call that does not show vCPUs saw it come", {
        {"paused", 1, 10, "7 8", 0, 0, "asked status cpus vcpu guest: paused 1 101 free 10"},
        {"paused", 1, 10, "7 8", 0, 0, "asked status vcpu: paused 1 101 free 10"},
        {"paused", 1, 10, "7 9 8", 0, VIR_DOMAIN_STATS_IOTHREAD, "asked iothreads: "},
        {"paused", 1, 10, "7 9 8", 0, 0, "asked status cpus vcpu: paused 1 101 201 free 10"}}},
    {"threads that were not listed in the call that told of vCPUs prove nothing later", {
        {"paused", 1, 10, "7 8", 0, 0, "asked status cpus vcpu guest: paused 1 101 free 10"},
        {"paused", 1, 10, "+7 9 8", 0, 0, "asked status cpus vcpu: paused 1 101 201 free 10"},
        {"paused", 1, 10, "7 8", 0, 0, "asked status cpus vcpu: paused 1 101 free 10"}}},
    {"one vCPU of several possible may share its thread with the next", {
        {"running", 1, 10, "7", 0, 0, "asked status cpus vcpu guest: running 1 free 10"},
        {"running", 1, 10, "7", 0, 0, "asked cpus vcpu guest: running 1 free 10"}}},
    {"one vCPU of a machine that cannot plug", {
        {"running", 1, 10, "7", NO_SLOTS, 0, "asked status cpus vcpu guest: running 1 free 10"},
        {"running", 1, 10, "7", NO_SLOTS, 0, "asked vcpu guest: running 1 free 10"}}},
    {"whether an s390x vCPU is halted changes without a trace", {
        {"running", 1, 10, "7 8", IS_S390, 0, "asked status cpus vcpu guest: running 1 101 free 10"},
        {"running", 1, 10, "7 8", IS_S390, 0, "asked cpus vcpu guest: running 1 101 free 10"}}},
    {"a balloon that went, by the word of query-balloon", {
        {"paused", 1, 10, "7 8", 0, 0, "asked status cpus vcpu guest: paused 1 101 free 10"},
        {"paused", 1, 10, "7 8", NO_BALLOON, 0, "asked status vcpu: paused 1 101"}}},
    {"a balloon that went after its statistics were told", {
        {"paused", 1, 10, "7 8", DEVICE_AMID, 0, "asked status cpus vcpu guest: paused 1 101 free 10"},
        {"paused", 1, 20, "7 8", 0, 0, "asked status vcpu guest: paused 1 101 free 20"}}},
    {"a device that went while the balloon's statistics were lent", {
        {"paused", 1, 10, "7 8", 0, 0, "asked status cpus vcpu guest: paused 1 101 free 10"},
        {"paused", 1, 20, "7 8", DEVICE_AMID, 0, "asked status vcpu guest: paused 1 101 free 20"}}},
    {"of one that does not answer nothing old is given out", {
        {"paused", 1, 10, "7 8", 0, 0, "asked status cpus vcpu guest: paused 1 101 free 10"},
        {"paused", 1, 10, "7 8", 0, 0, "asked status vcpu: paused 1 101 free 10"},
        {"paused", 2, 20, "7 8", SILENT, 0, "asked status: ; lacks state balloon vcpu"},
        {"paused", 2, 20, "7 8", NOT_PLANNED, 0, "; lacks state balloon vcpu"},
        {"paused", 3, 30, "7 8", 0, 0, "asked status: paused 1 101 free 10"}}},
    {"of one that breaks the rules nothing is given out nor kept", {
        {"running", 1, 10, "7 8", 0, 0, "asked status cpus vcpu guest: running 1 101 free 10"},
        {"running", 2, 20, "7 8", BREAKS_RULES, 0, "asked vcpu guest: ; lacks state balloon vcpu"},
        {"running", 3, 30, "7 8", 0, 0, "asked status cpus vcpu guest: running 3 103 free 30"}}},
    {"what was refused before the machine was made is asked again", {
        {"prelaunch", 1, 10, "7 8", PRECONFIG, 0,
         "asked status cpus vcpu: prelaunch; lacks balloon vcpu"},
        {"paused", 1, 10, "7 8", 0, 0, "asked status cpus vcpu guest: paused 1 101 free 10"}}},
};
/* clang-format on */

static void
set_answer(QemuJob *job, QemuCommandId id, const char *reply)
{
    QemuAnswer *answer = &job->answers[id];

    qemu_answer_clear(answer);
    answer->message = util_json_parse(reply, strlen(reply), MAX_DEPTH, NULL);
    assert_non_null(answer->message);
    answer->status = QEMU_ANSWER_RETURNED;
    answer->value = answer->message;
}

static void
refuse(QemuJob *job, QemuCommandId id, QemuAnswerRefusal refusal)
{
    qemu_answer_clear(&job->answers[id]);
    job->answers[id].status = QEMU_ANSWER_REFUSED;
    job->answers[id].refusal = refusal;
}

/* One object for each vCPU. The caller frees. */
static char *
list_vcpus(const Call *call, bool is_stats)
{
    g_auto(GStrv) threads = g_strsplit(call->threads + (call->threads[0] == '+'), " ", MAX_THREADS);
    GString *text = g_string_new("[");

    for (unsigned int i = 0; threads[i] != NULL; i++) {
        if (is_stats)
            g_string_append_printf(text,
                                   "%s{\"provider\":\"kvm\",\"qom-path\":\"/c%u\",\"stats\":"
                                   "[{\"name\":\"exits\",\"value\":%u}]}",
                                   i > 0 ? "," : "", i, call->exits + 100 * i);
        else
            g_string_append_printf(
                text, "%s{\"cpu-index\":%u,\"qom-path\":\"/c%u\",\"thread-id\":%s%s}",
                i > 0 ? "," : "", i, i, threads[i],
                (call->happens & IS_S390) != 0 ? ",\"target\":\"s390x\",\"cpu-state\":\"operating\""
                                               : "");
    }
    return g_string_free(g_string_append_c(text, ']'), FALSE);
}

/* What QEMU says to one command. The caller frees. */
static char *
reply_to(QemuCommandId id, const Call *call)
{
    switch ((int)id) {
    case QEMU_COMMAND_QUERY_STATUS:
        return g_strdup_printf("{\"status\":\"%s\",\"running\":%s}", call->status,
                               strcmp(call->status, "running") == 0 ? "true" : "false");
    case QEMU_COMMAND_QUERY_CPUS_FAST:
        return list_vcpus(call, false);
    case QEMU_COMMAND_QUERY_HOTPLUGGABLE_CPUS:
        return g_strdup("[{\"vcpus-count\":4}]");
    case QEMU_COMMAND_QUERY_STATS_SCHEMAS:
        return g_strdup("[{\"provider\":\"kvm\",\"target\":\"vcpu\",\"stats\":"
                        "[{\"name\":\"exits\",\"type\":\"cumulative\"}]}]");
    case QEMU_COMMAND_QUERY_STATS_VCPU:
        return list_vcpus(call, true);
    case QEMU_COMMAND_QUERY_BALLOON:
        return g_strdup("{\"actual\":1024}");
    case QEMU_COMMAND_QUERY_MEMORY_SIZE_SUMMARY:
        return g_strdup("{\"base-memory\":1024}");
    case QEMU_COMMAND_QUERY_MEMORY_DEVICES:
        return g_strdup("[]");
    case QEMU_COMMAND_QOM_GET_GUEST_STATS:
        return g_strdup_printf("{\"stats\":{\"stat-free-memory\":%u},\"last-update\":1}",
                               call->free_kib);
    case QEMU_COMMAND_QUERY_IOTHREADS:
        return g_strdup("[{\"id\":\"i\"}]");
    case QEMU_COMMAND_QOM_LIST_PERIPHERAL:
        return g_strdup("[{\"name\":\"b0\",\"type\":\"child<virtio-balloon-pci>\"}]");
    case QEMU_COMMAND_QOM_LIST_PERIPHERAL_ANON:
        return g_strdup("[]");
    default:
        fail_msg("not a command of this test: %s", qemu_commands[id].name);
        return NULL;
    }
}

static void
answer_one(QemuJob *job, QemuCommandId id, const Call *call)
{
    static const QemuCommandSet in_preconfig =
        QEMU_COMMAND_BIT(QUERY_STATUS) | QEMU_COMMAND_BIT(QUERY_HOTPLUGGABLE_CPUS);
    g_autofree char *reply = reply_to(id, call);

    if ((call->happens & PRECONFIG) != 0 && !(in_preconfig >> id & 1))
        refuse(job, id, QEMU_ANSWER_REFUSAL_OTHER);
    else if ((call->happens & NO_SLOTS) != 0 && id == QEMU_COMMAND_QUERY_HOTPLUGGABLE_CPUS)
        refuse(job, id, QEMU_ANSWER_REFUSAL_OTHER);
    else if ((call->happens & NO_BALLOON) != 0 && id == QEMU_COMMAND_QUERY_BALLOON)
        refuse(job, id, QEMU_ANSWER_REFUSAL_NO_DEVICE);
    else
        set_answer(job, id, reply);
}

static void
answer(QemuJob *job, QemuCommandSet set, const Call *call)
{
    job->asked |= set;
    for (unsigned int id = 0; (call->happens & SILENT) == 0 && id < QEMU_N_COMMANDS; id++)
        if (set >> id & 1)
            answer_one(job, (QemuCommandId)id, call);
}

/* The caller frees. */
static char *
describe(QemuJob *job, const QemuFacts *facts)
{
    static const struct {
        QemuCommandId command;
        const char *word;
    } shown[] = {
        {QEMU_COMMAND_QUERY_STATUS, "status"},       {QEMU_COMMAND_QUERY_CPUS_FAST, "cpus"},
        {QEMU_COMMAND_QUERY_STATS_VCPU, "vcpu"},     {QEMU_COMMAND_QOM_GET_GUEST_STATS, "guest"},
        {QEMU_COMMAND_QUERY_IOTHREADS, "iothreads"},
    };
    GString *text = g_string_new(NULL);
    bool lacks = false;

    for (size_t i = 0; i < G_N_ELEMENTS(shown); i++)
        if (job->asked >> shown[i].command & 1)
            g_string_append_printf(text, "%s%s", text->len == 0 ? "asked " : " ", shown[i].word);
    if (text->len > 0)
        g_string_append(text, ": ");
    if (facts->status != NULL)
        g_string_append(text, facts->status);
    for (guint i = 0; facts->vcpus != NULL && i < facts->vcpus->len; i++) {
        GArray *stats = g_array_index(facts->vcpus, QemuFactsVcpu, i).stats;

        if (stats != NULL && stats->len > 0)
            g_string_append_printf(text, " %u",
                                   (unsigned)g_array_index(stats, QemuFactsStat, 0).value);
    }
    if (facts->memory.free_memory.is_present)
        g_string_append_printf(text, " free %u", (unsigned)facts->memory.free_memory.value);
    for (size_t i = 0; i < qemu_n_groups; i++) {
        if ((job->groups & qemu_groups[i].bit) == 0 ||
            !qemu_missing_has(job, &qemu_groups[i], facts))
            continue;
        g_string_append_printf(text, "%s %s", lacks ? "" : "; lacks", qemu_groups[i].name);
        lacks = true;
    }
    return g_string_free(text, FALSE);
}

/* As the host would. */
static void
note_threads(QemuKnown *known, const Call *call, const Call *before)
{
    bool are_same = before != NULL && strcmp(before->threads, call->threads) == 0;

    qemu_known_note_threads(known, call->threads[0] != '+', are_same);
}

static void
note_amid(QemuKnown *known, const Call *call)
{
    const QemuEvents run_state = {.doubts = QEMU_EVENT_DOUBTS_RUN_STATE};
    const QemuEvents device = {.doubts = QEMU_EVENT_DOUBTS_DEVICES};

    if ((call->happens & EVENT_AMID) != 0)
        qemu_known_note_events(known, &run_state);
    if ((call->happens & DEVICE_AMID) != 0)
        qemu_known_note_events(known, &device);
}

static void
ask(QemuJob *job, const Call *call, const Call *before)
{
    QemuKnown *known = job->domain->known;
    QemuCommandSet set = 0;

    qemu_known_begin_plan(known);
    if (call->threads[0] != '+')
        note_threads(known, call, before);
    answer(job, qemu_plan_commands(job), call);
    note_amid(known, call);
    if ((call->happens & SILENT) != 0)
        return;
    while ((set = qemu_plan_more(job)) != 0)
        answer(job, set, call);
    job->is_complete = true;
}

static void
introduce(QemuKnown *known)
{
    GString *text = g_string_new("[");
    g_autoptr(UtilJson) commands = NULL;

    for (unsigned int id = 0; id < QEMU_N_COMMANDS; id++)
        g_string_append_printf(text, "%s{\"name\":\"%s\"}", id > 0 ? "," : "",
                               qemu_commands[id].name);
    g_string_append_c(text, ']');
    commands = util_json_parse(text->str, text->len, MAX_DEPTH, NULL);
    assert_true(qemu_known_take_identity(known, commands));
    g_string_free(text, TRUE);
}

static void
run_call(QemuDomain *domain, const Call *call, const Call *before, QemuSchemasPool *schemas)
{
    const QemuRequest request = {.stats = call->stats
                                              ? call->stats
                                              : VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_VCPU |
                                                    VIR_DOMAIN_STATS_BALLOON};
    const QemuEvents run_state = {.doubts = QEMU_EVENT_DOUBTS_RUN_STATE};
    g_autofree char *got = NULL;
    const char *bad_command = NULL;
    QemuJob *job = qemu_job_new(domain, &request);
    g_auto(QemuFacts) facts = {0};

    if ((call->happens & OTHER_CONNECTION) != 0)
        qemu_known_note_connection_lost(domain->known);
    qemu_known_begin_call(domain->known);
    if ((call->happens & EVENT_BEFORE) != 0)
        qemu_known_note_events(domain->known, &run_state);
    if (qemu_known_available(domain->known) == 0)
        introduce(domain->known);
    if ((call->happens & NOT_PLANNED) == 0)
        ask(job, call, before);
    if ((call->happens & BREAKS_RULES) != 0)
        qemu_job_disbelieve(job);
    qemu_facts_init(&facts);
    assert_true(qemu_record_decode(job, &facts, &bad_command));
    got = describe(job, &facts);
    testing_assert_same_text(got, call->expected);
    qemu_known_take(domain->known,
                    &(QemuKnownTold){job->asked, job->answers, &facts, schemas, job->balloon_path});
    qemu_facts_clear(&facts);
    qemu_job_free(job);
}

static void
lends(const void *data)
{
    const Row *row = data;
    g_autoptr(QemuEndpoint) endpoint = qemu_endpoint_new("key", "name");
    g_autoptr(QemuDomain) domain = NULL;
    g_autoptr(QemuSchemasPool) schemas = qemu_schemas_pool_new();
    const Call *listed = NULL; /* the last that listed the threads */

    endpoint->is_active = true;
    domain = qemu_domain_new(endpoint);
    for (size_t i = 0; i < MAX_CALLS && row->calls[i].expected != NULL; i++) {
        const Call *call = &row->calls[i];

        run_call(domain, call, listed, schemas);
        if (call->threads[0] != '+' && (call->happens & NOT_PLANNED) == 0)
            listed = call;
    }
}

typedef struct {
    const char *sentence;
} DocumentRow;

static const DocumentRow document_rows[] = {
    {"docs/internals.md shows what is kept as the table has it"},
};

static void
is_documented(const void *data)
{
    g_autofree char *path =
        g_build_filename(testing_source_folder(), "..", "docs", "internals.md", NULL);
    g_autofree char *text = NULL;

    (void)data;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    for (size_t i = 0;; i++) {
        g_autofree char *line = qemu_known_describe(i);

        if (line == NULL)
            return;
        if (strstr(text, line) == NULL)
            fail_msg("docs/internals.md lacks the line: %s", line);
    }
}

int
main(void)
{
    return TESTING_RUN_TABLE("known", rows, lends) +
           TESTING_RUN_TABLE("known documented", document_rows, is_documented);
}
