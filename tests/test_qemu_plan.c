/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of qemu_plan: what is asked of a domain, given what is known of it. plan_case has the
 * domain.
 */
#include "qemu/plan/qemu_plan.h"

#include "plan_case.h"
#include "testing.h"

#define BIT(name) QEMU_COMMAND_BIT(name)
#define ALL       ((QemuCommandSet)((1u << QEMU_N_COMMANDS) - 1))

#define KEPT(...) .kept = {__VA_ARGS__}, .n_kept = G_N_ELEMENTS(((PlanCaseReply[]){__VA_ARGS__}))
#define ANSWERS(...)                                                                               \
    .answers = {__VA_ARGS__}, .n_answers = G_N_ELEMENTS(((PlanCaseReply[]){__VA_ARGS__}))
#define RUNNING                                                                                    \
    {                                                                                              \
        QEMU_COMMAND_QUERY_STATUS, "{\"status\":\"running\",\"running\":true}"                     \
    }
#define PAUSED                                                                                     \
    {                                                                                              \
        QEMU_COMMAND_QUERY_STATUS, "{\"status\":\"paused\",\"running\":false}"                     \
    }
#define CPUS                                                                                       \
    {                                                                                              \
        QEMU_COMMAND_QUERY_CPUS_FAST, "[{\"cpu-index\":0,\"qom-path\":\"/a\",\"thread-id\":7},"    \
                                      "{\"cpu-index\":1,\"qom-path\":\"/b\",\"thread-id\":8}]"     \
    }
#define SLOTS                                                                                      \
    {                                                                                              \
        QEMU_COMMAND_QUERY_HOTPLUGGABLE_CPUS, "[]"                                                 \
    }
#define SCHEMAS                                                                                    \
    {                                                                                              \
        QEMU_COMMAND_QUERY_STATS_SCHEMAS, "[]"                                                     \
    }
#define HAS_BALLOON                                                                                \
    {                                                                                              \
        QEMU_COMMAND_QUERY_BALLOON, "{\"actual\":1}"                                               \
    }
#define GUEST_STATS                                                                                \
    {                                                                                              \
        QEMU_COMMAND_QOM_GET_GUEST_STATS, "{\"stats\":{}}"                                         \
    }
#define EVENTS_ON                                                                                  \
    {                                                                                              \
        QEMU_COMMAND_QUERY_MIGRATE_CAPABILITIES, "[{\"capability\":\"events\",\"state\":true}]"    \
    }
#define NO_MIGRATION                                                                               \
    {                                                                                              \
        QEMU_COMMAND_QUERY_MIGRATE, "{}"                                                           \
    }
#define STATS(name) VIR_DOMAIN_STATS_##name

static const QemuDefinitionBoard boards[] = {
    [QEMU_DEFINITION_BOARD_UNKNOWN] = QEMU_DEFINITION_BOARD_UNKNOWN,
    [QEMU_DEFINITION_BOARD_EMPTY] = QEMU_DEFINITION_BOARD_EMPTY,
    [QEMU_DEFINITION_BOARD_ASK] = QEMU_DEFINITION_BOARD_ASK,
};

static const QemuDefinitionProven all_proven = {.has_identity = true,
                                                .lacks_memory_devices = true,
                                                .vcpus_max = {4, true},
                                                .memory_bytes = {1024, true},
                                                .balloon_id = (char[]){"b0"}};
static const QemuDefinitionProven only_identity = {.has_identity = true};

typedef struct {
    const char *sentence;
    PlanCaseSituation situation;
    QemuCommandSet expected;
} PlanRow;

/* clang-format off */
static const PlanRow plan_rows[] = {
    {"one group asks for its own commands only", {.stats = STATS(STATE)}, BIT(QUERY_STATUS)},
    {"two groups that need the same command ask once", {.stats = STATS(VM) | STATS(VCPU)},
     BIT(QUERY_STATS_SCHEMAS) | BIT(QUERY_STATS_VM) | BIT(QUERY_STATS_VCPU) |
     BIT(QUERY_CPUS_FAST) | BIT(QUERY_HOTPLUGGABLE_CPUS)},
    {"block needs both of its commands", {.stats = STATS(BLOCK)},
     BIT(QUERY_BLOCKSTATS) | BIT(QUERY_NAMED_BLOCK_NODES)},
    {"a group of the host's alone asks nothing", {.stats = STATS(INTERFACE) | STATS(PERF)}, 0},
    {"halt polling alone asks for two values", {.stats = STATS(CPU_TOTAL)},
     BIT(QUERY_STATS_HALTPOLL)},
    {"the full set of vCPU statistics has halt polling in it",
     {.stats = STATS(CPU_TOTAL) | STATS(VCPU)},
     BIT(QUERY_CPUS_FAST) | BIT(QUERY_HOTPLUGGABLE_CPUS) | BIT(QUERY_STATS_SCHEMAS) |
     BIT(QUERY_STATS_VCPU)},
    {"what the kernel tells of vCPUs is not asked of QEMU",
     {.stats = STATS(CPU_TOTAL) | STATS(VCPU), .evidence = {.has_kvm_stats = true}},
     BIT(QUERY_CPUS_FAST) | BIT(QUERY_HOTPLUGGABLE_CPUS)},
    {"no statistics of KVM are asked for if the call leaves them out",
     {.extras = DOMSTATS_CALL_WITHOUT_KVM, .stats = STATS(CPU_TOTAL) | STATS(VCPU)},
     BIT(QUERY_CPUS_FAST) | BIT(QUERY_HOTPLUGGABLE_CPUS)},
    {"the VM's statistics are asked though the kernel tells the vCPUs'",
     {.stats = STATS(VM), .evidence = {.has_kvm_stats = true}},
     BIT(QUERY_STATS_SCHEMAS) | BIT(QUERY_STATS_VM)},
    {"what debugfs tells of the VM is not asked, only its names",
     {.stats = STATS(VM), .evidence = {.has_debugfs_stats = true}}, BIT(QUERY_STATS_SCHEMAS)},
    {"everything, where nothing is known yet",
     {.stats = 0},
     ALL & ~(BIT(QUERY_NAME) | BIT(QUERY_UUID) | BIT(QUERY_COMMANDS) | BIT(QUERY_YANK) |
             BIT(QOM_LIST_PERIPHERAL) | BIT(QOM_LIST_PERIPHERAL_ANON) | BIT(QOM_LIST_UNATTACHED) |
             BIT(QOM_GET_GUEST_STATS) | BIT(QOM_GET_POLLING_INTERVAL) |
             BIT(QUERY_STATS_HALTPOLL) | BIT(QUERY_BLOCKSTATS_NODES) |
             BIT(QUERY_NAMED_BLOCK_NODES_NESTED) | BIT(QUERY_MIGRATE) |
             BIT(QUERY_MIGRATE_CAPABILITIES) | BIT(QUERY_BLOCK_JOBS))},
    {"interfaces are counted by the devices that were plugged",
     {.stats = STATS(INTERFACE), .board = &boards[QEMU_DEFINITION_BOARD_EMPTY]},
     BIT(QOM_LIST_PERIPHERAL) | BIT(QOM_LIST_PERIPHERAL_ANON)},
    {"and by those of the board, where it may have some",
     {.stats = STATS(INTERFACE), .board = &boards[QEMU_DEFINITION_BOARD_ASK]},
     BIT(QOM_LIST_PERIPHERAL) | BIT(QOM_LIST_PERIPHERAL_ANON) | BIT(QOM_LIST_UNATTACHED)},
    {"where nothing would tell all of them, nothing is asked",
     {.stats = STATS(INTERFACE), .board = &boards[QEMU_DEFINITION_BOARD_UNKNOWN]}, 0},
    {"a peer of which no words are known has none that we could count", {.stats = STATS(INTERFACE)}, 0},
    {"a command this QEMU lacks is not sent",
     {.stats = STATS(BALLOON), .not_available = BIT(QUERY_MEMORY_SIZE_SUMMARY)},
     BIT(QUERY_BALLOON) | BIT(QUERY_MEMORY_DEVICES)},
    {"a filter by state needs the state", {.stats = STATS(INTERFACE),
     .flags = VIR_CONNECT_GET_ALL_DOMAINS_STATS_PAUSED}, BIT(QUERY_STATUS)},
    {"a filter by persistence does not", {.stats = STATS(INTERFACE),
     .flags = VIR_CONNECT_GET_ALL_DOMAINS_STATS_PERSISTENT}, 0},

    {"what the command line proves is not asked, and the balloon's path is tried",
     {.stats = STATS(BALLOON) | STATS(VCPU), .proven = &all_proven, .evidence = {.has_kvm_stats = true}},
     BIT(QUERY_BALLOON) | BIT(QOM_GET_GUEST_STATS) | BIT(QUERY_CPUS_FAST)},
    {"what it does not prove is",
     {.stats = STATS(BALLOON) | STATS(VCPU), .proven = &only_identity, .evidence = {.has_kvm_stats = true}},
     BIT(QUERY_BALLOON) | BIT(QUERY_MEMORY_SIZE_SUMMARY) | BIT(QUERY_MEMORY_DEVICES) |
     BIT(QUERY_HOTPLUGGABLE_CPUS) | BIT(QUERY_CPUS_FAST)},
    {"a recording asks that too",
     {.stats = STATS(STATE), .proven = &all_proven, .is_recording = true},
     ALL & ~(BIT(QUERY_YANK) | BIT(QOM_GET_GUEST_STATS) | BIT(QOM_GET_POLLING_INTERVAL) |
             BIT(QUERY_NAMED_BLOCK_NODES_NESTED))},
    {"what cannot change is asked once", {.stats = STATS(VCPU), KEPT(SLOTS, SCHEMAS)},
     BIT(QUERY_CPUS_FAST) | BIT(QUERY_STATS_VCPU)},
    {"what was refused is asked again",
     {.stats = STATS(VCPU), KEPT({QEMU_COMMAND_QUERY_HOTPLUGGABLE_CPUS, NULL},
                                 {QEMU_COMMAND_QUERY_STATS_SCHEMAS, NULL})},
     BIT(QUERY_HOTPLUGGABLE_CPUS) | BIT(QUERY_STATS_SCHEMAS) | BIT(QUERY_CPUS_FAST) |
     BIT(QUERY_STATS_VCPU)},
    {"vCPUs are asked again when the threads changed",
     {.stats = STATS(VCPU), KEPT(CPUS, SLOTS), .evidence = {.has_kvm_stats = true}},
     BIT(QUERY_CPUS_FAST)},
    {"vCPUs are not asked again while the threads are the same",
     {.stats = STATS(VCPU), KEPT(CPUS, SLOTS), .evidence = {.has_kvm_stats = true},
      .same_threads = true}, 0},
    {"the same threads prove nothing where no answer is kept",
     {.stats = STATS(VCPU), KEPT(SLOTS), .evidence = {.has_kvm_stats = true},
      .same_threads = true}, BIT(QUERY_CPUS_FAST)},
    {"IOThreads that are none stay none while the threads are the same",
     {.stats = STATS(IOTHREAD), KEPT({QEMU_COMMAND_QUERY_IOTHREADS, "[]"}), .same_threads = true},
     0},
    {"an IOThread can be set otherwise without a trace, so it is asked",
     {.stats = STATS(IOTHREAD), KEPT({QEMU_COMMAND_QUERY_IOTHREADS, "[{\"id\":\"i\"}]"}),
      .same_threads = true}, BIT(QUERY_IOTHREADS)},

    {"a guest that was running, and another command sent: the state is not asked",
     {.stats = STATS(STATE) | STATS(DIRTYRATE), KEPT(RUNNING)}, BIT(QUERY_DIRTY_RATE)},
    {"with no other command nothing would bring an event",
     {.stats = STATS(STATE), KEPT(RUNNING)}, BIT(QUERY_STATUS)},
    {"another command that is not sent brings none either",
     {.stats = STATS(STATE) | STATS(IOTHREAD), KEPT(RUNNING,
      {QEMU_COMMAND_QUERY_IOTHREADS, "[]"}), .same_threads = true}, BIT(QUERY_STATUS)},
    {"a paused guest can migrate unseen, so it is asked",
     {.stats = STATS(STATE) | STATS(DIRTYRATE), KEPT(PAUSED)},
     BIT(QUERY_STATUS) | BIT(QUERY_DIRTY_RATE)},
    {"after an event the state is asked",
     {.stats = STATS(STATE) | STATS(DIRTYRATE), KEPT(RUNNING), .event_before = true},
     BIT(QUERY_STATUS) | BIT(QUERY_DIRTY_RATE)},

    {"the balloon's statistics go out at once when its path is known",
     {.stats = STATS(BALLOON), .balloon_path = "b0"},
     BIT(QUERY_BALLOON) | BIT(QUERY_MEMORY_SIZE_SUMMARY) | BIT(QUERY_MEMORY_DEVICES) | BIT(QOM_GET_GUEST_STATS)},
    {"the polling interval is an extra field's",
     {.stats = STATS(BALLOON), .balloon_path = "b0", .extras = DOMSTATS_CALL_EXT},
     BIT(QUERY_BALLOON) | BIT(QUERY_MEMORY_SIZE_SUMMARY) | BIT(QUERY_MEMORY_DEVICES) | BIT(QOM_GET_GUEST_STATS) |
     BIT(QOM_GET_POLLING_INTERVAL)},
    {"memory is plugged without a trace, so it is asked; what there was at first stays",
     {.stats = STATS(BALLOON), KEPT(HAS_BALLOON,
      {QEMU_COMMAND_QUERY_MEMORY_SIZE_SUMMARY, "{\"base-memory\":1}"})},
     BIT(QUERY_BALLOON) | BIT(QUERY_MEMORY_DEVICES)},
    {"without the command that tells what is plugged, the size is asked",
     {.stats = STATS(BALLOON), .not_available = BIT(QUERY_MEMORY_DEVICES), KEPT(HAS_BALLOON,
      {QEMU_COMMAND_QUERY_MEMORY_SIZE_SUMMARY, "{\"base-memory\":1}"})},
     BIT(QUERY_BALLOON) | BIT(QUERY_MEMORY_SIZE_SUMMARY)},

    {"a balloon of a guest that stands still is asked its size and no more",
     {.stats = STATS(BALLOON), .balloon_path = "b0", KEPT(PAUSED, HAS_BALLOON, GUEST_STATS)},
     BIT(QUERY_BALLOON) | BIT(QUERY_MEMORY_SIZE_SUMMARY) | BIT(QUERY_MEMORY_DEVICES) | BIT(QUERY_STATUS)},
    {"what was told while it ran is asked",
     {.stats = STATS(BALLOON), .balloon_path = "b0", KEPT(RUNNING, HAS_BALLOON, GUEST_STATS)},
     BIT(QUERY_BALLOON) | BIT(QUERY_MEMORY_SIZE_SUMMARY) | BIT(QUERY_MEMORY_DEVICES) | BIT(QOM_GET_GUEST_STATS)},
    {"the VM's own statistics change without its vCPUs",
     {.stats = STATS(VM), KEPT(PAUSED, SCHEMAS), .same_threads = true}, BIT(QUERY_STATS_VM)},

    {"CPU time by kind of thread needs to know the threads",
     {.stats = STATS(CPU_TOTAL), .extras = DOMSTATS_CALL_EXT,
      .evidence = {.has_kvm_stats = true}}, BIT(QUERY_CPUS_FAST) | BIT(QUERY_IOTHREADS)},

    {"migrations and block jobs are extra fields'",
     {.stats = STATS(STATE) | STATS(BLOCK), .extras = DOMSTATS_CALL_EXT},
     BIT(QUERY_STATUS) | BIT(QUERY_MIGRATE) | BIT(QUERY_BLOCKSTATS) | BIT(QUERY_NAMED_BLOCK_NODES) |
     BIT(QUERY_BLOCK_JOBS)},
    {"on a connection that is held it is asked once whether events tell of migrations",
     {.stats = STATS(STATE), .extras = DOMSTATS_CALL_EXT, .is_held = true},
     BIT(QUERY_STATUS) | BIT(QUERY_MIGRATE) | BIT(QUERY_MIGRATE_CAPABILITIES)},
    {"if they do, a migration that there was not is not asked for again",
     {.stats = STATS(STATE) | STATS(IOTHREAD), .extras = DOMSTATS_CALL_EXT, .is_held = true,
      KEPT(RUNNING, EVENTS_ON, NO_MIGRATION)}, BIT(QUERY_IOTHREADS)},
    {"nor one that has ended",
     {.stats = STATS(STATE) | STATS(IOTHREAD), .extras = DOMSTATS_CALL_EXT, .is_held = true,
      KEPT(RUNNING, EVENTS_ON, {QEMU_COMMAND_QUERY_MIGRATE, "{\"status\":\"failed\"}"})},
     BIT(QUERY_IOTHREADS)},
    {"if they do not, it is asked for in each call",
     {.stats = STATS(STATE) | STATS(IOTHREAD), .extras = DOMSTATS_CALL_EXT, .is_held = true,
      KEPT(RUNNING, {QEMU_COMMAND_QUERY_MIGRATE_CAPABILITIES, "[]"}, NO_MIGRATION)},
     BIT(QUERY_IOTHREADS) | BIT(QUERY_MIGRATE)},
    {"after an event it is asked for",
     {.stats = STATS(STATE) | STATS(IOTHREAD), .extras = DOMSTATS_CALL_EXT, .is_held = true,
      KEPT(RUNNING, EVENTS_ON, NO_MIGRATION), .event_before = true},
     BIT(QUERY_STATUS) | BIT(QUERY_IOTHREADS) | BIT(QUERY_MIGRATE)},
    {"while it is under way, in each call",
     {.stats = STATS(STATE) | STATS(IOTHREAD), .extras = DOMSTATS_CALL_EXT, .is_held = true,
      KEPT(RUNNING, EVENTS_ON, {QEMU_COMMAND_QUERY_MIGRATE, "{\"status\":\"active\"}"})},
     BIT(QUERY_IOTHREADS) | BIT(QUERY_MIGRATE)},
    {"one that may come in begins without a command",
     {.stats = STATS(STATE) | STATS(IOTHREAD), .extras = DOMSTATS_CALL_EXT, .is_held = true,
      KEPT({QEMU_COMMAND_QUERY_STATUS, "{\"status\":\"inmigrate\",\"running\":false}"}, EVENTS_ON,
           NO_MIGRATION)},
     BIT(QUERY_STATUS) | BIT(QUERY_IOTHREADS) | BIT(QUERY_MIGRATE)},
    {"block jobs that are none stay none until an event tells of one",
     {.stats = STATS(BLOCK), .extras = DOMSTATS_CALL_EXT, KEPT({QEMU_COMMAND_QUERY_BLOCK_JOBS, "[]"})},
     BIT(QUERY_BLOCKSTATS) | BIT(QUERY_NAMED_BLOCK_NODES)},
    {"a job is asked for in each call",
     {.stats = STATS(BLOCK), .extras = DOMSTATS_CALL_EXT,
      KEPT({QEMU_COMMAND_QUERY_BLOCK_JOBS, "[{\"device\":\"j\"}]"})},
     BIT(QUERY_BLOCKSTATS) | BIT(QUERY_NAMED_BLOCK_NODES) | BIT(QUERY_BLOCK_JOBS)},

    {"a recording asks everything, whatever is known",
     {.stats = STATS(STATE), .is_recording = true, KEPT(RUNNING, CPUS),
      .evidence = {.has_kvm_stats = true}, .same_threads = true},
     ALL & ~(BIT(QUERY_YANK) | BIT(QOM_GET_GUEST_STATS) | BIT(QOM_GET_POLLING_INTERVAL) |
             BIT(QUERY_NAMED_BLOCK_NODES_NESTED))},
};
/* clang-format on */

static void
plans(const void *data)
{
    const PlanRow *row = data;
    g_auto(PlanCase) fixture = {0};

    plan_case_init(&fixture, &row->situation);
    plan_case_assert_same_set(qemu_plan_commands(fixture.job), row->expected);
}

typedef struct {
    const char *sentence;
    PlanCaseSituation situation;
    QemuCommandSet expected;
    const char *path; /* of the balloon, afterwards */
} MoreRow;

#define LISTS BIT(QOM_LIST_PERIPHERAL) | BIT(QOM_LIST_PERIPHERAL_ANON)
#define LIST_OF(type)                                                                              \
    "[{\"name\":\"type\",\"type\":\"string\"},{\"name\":\"b0\",\"type\":\"" type "\"}]"
#define BALLOON_LIST LIST_OF("child<virtio-balloon-pci>")
#define GET_REFUSED                                                                                \
    {                                                                                              \
        QEMU_COMMAND_QOM_GET_GUEST_STATS, NULL                                                     \
    }

/* clang-format off */
static const MoreRow more_rows[] = {
    {"nothing more without a balloon", {.stats = STATS(BALLOON),
     ANSWERS({QEMU_COMMAND_QUERY_BALLOON, NULL})}, 0, NULL},
    {"nothing more where the group is not wanted", {.stats = STATS(STATE), ANSWERS(HAS_BALLOON)},
     0, NULL},
    {"a balloon is looked for in both containers", {.stats = STATS(BALLOON),
     ANSWERS(HAS_BALLOON)}, LISTS, NULL},
    {"one that was found is asked by its short path", {.stats = STATS(BALLOON),
     ANSWERS(HAS_BALLOON, {QEMU_COMMAND_QOM_LIST_PERIPHERAL, BALLOON_LIST},
             {QEMU_COMMAND_QOM_LIST_PERIPHERAL_ANON, "[]"})}, BIT(QOM_GET_GUEST_STATS), "b0"},
    {"an anonymous one keeps its container", {.stats = STATS(BALLOON),
     .extras = DOMSTATS_CALL_EXT,
     ANSWERS(HAS_BALLOON, {QEMU_COMMAND_QOM_LIST_PERIPHERAL, "[]"},
             {QEMU_COMMAND_QOM_LIST_PERIPHERAL_ANON, BALLOON_LIST})},
     BIT(QOM_GET_GUEST_STATS) | BIT(QOM_GET_POLLING_INTERVAL), "peripheral-anon/b0"},
    {"one that is in no container is not asked for twice", {.stats = STATS(BALLOON),
     ANSWERS(HAS_BALLOON, {QEMU_COMMAND_QOM_LIST_PERIPHERAL, LIST_OF("child<virtio-net>")},
             {QEMU_COMMAND_QOM_LIST_PERIPHERAL_ANON, NULL})}, 0, NULL},
    {"a list that is none finds nothing", {.stats = STATS(BALLOON),
     ANSWERS(HAS_BALLOON, {QEMU_COMMAND_QOM_LIST_PERIPHERAL, "{\"name\":7}"},
             {QEMU_COMMAND_QOM_LIST_PERIPHERAL_ANON, "7"})}, 0, NULL},
    {"a container that this QEMU cannot list is not asked", {.stats = STATS(BALLOON),
     .not_available = LISTS | BIT(QOM_LIST_UNATTACHED), ANSWERS(HAS_BALLOON)}, 0, NULL},
    {"statistics that came are all", {.stats = STATS(BALLOON), .balloon_path = "b0",
     ANSWERS(HAS_BALLOON, {QEMU_COMMAND_QOM_GET_GUEST_STATS, "{}"})}, 0, "b0"},
    {"a short path that was refused is tried in full", {.stats = STATS(BALLOON),
     .balloon_path = "b0", ANSWERS(HAS_BALLOON, GET_REFUSED)},
     BIT(QOM_GET_GUEST_STATS), "/machine/peripheral/b0"},
    {"an anonymous one likewise", {.stats = STATS(BALLOON),
     .balloon_path = "peripheral-anon/b0", ANSWERS(HAS_BALLOON, GET_REFUSED)},
     BIT(QOM_GET_GUEST_STATS), "/machine/peripheral-anon/b0"},
    {"a full path that was refused is looked for again", {.stats = STATS(BALLOON),
     .balloon_path = "/machine/peripheral/b0", ANSWERS(HAS_BALLOON, GET_REFUSED)}, LISTS, NULL},
    {"a path that is refused after looking is given up", {.stats = STATS(BALLOON),
     .balloon_path = "/machine/peripheral/b0", .has_looked_for_balloon = true,
     ANSWERS(HAS_BALLOON, GET_REFUSED, {QEMU_COMMAND_QOM_LIST_PERIPHERAL, BALLOON_LIST},
             {QEMU_COMMAND_QOM_LIST_PERIPHERAL_ANON, "[]"})}, 0, NULL},
    {"a guest that still stands is not asked more",
     {.stats = STATS(BALLOON), .balloon_path = "b0", KEPT(PAUSED, HAS_BALLOON, GUEST_STATS),
      .lent = BIT(QOM_GET_GUEST_STATS), ANSWERS(PAUSED, HAS_BALLOON)}, 0, "b0"},
    {"one that says that it runs is asked after all",
     {.stats = STATS(BALLOON), .balloon_path = "b0", KEPT(PAUSED, HAS_BALLOON, GUEST_STATS),
      .lent = BIT(QOM_GET_GUEST_STATS), ANSWERS(RUNNING, HAS_BALLOON)},
     BIT(QOM_GET_GUEST_STATS), "b0"},
    {"one that an event put in doubt likewise, though it stands again",
     {.stats = STATS(BALLOON), .balloon_path = "b0", KEPT(PAUSED, HAS_BALLOON, GUEST_STATS),
      .event_amid = true, .lent = BIT(QOM_GET_GUEST_STATS), ANSWERS(PAUSED, HAS_BALLOON)},
     BIT(QOM_GET_GUEST_STATS), "b0"},
    {"one that does not say likewise",
     {.stats = STATS(BALLOON), .balloon_path = "b0", KEPT(PAUSED, HAS_BALLOON, GUEST_STATS),
      .lent = BIT(QOM_GET_GUEST_STATS),
      ANSWERS({QEMU_COMMAND_QUERY_STATUS, NULL}, HAS_BALLOON)}, BIT(QOM_GET_GUEST_STATS), "b0"},
    {"a balloon that an event may have taken away is asked after all",
     {.stats = STATS(BALLOON), .balloon_path = "b0", KEPT(PAUSED, HAS_BALLOON, GUEST_STATS),
      .removal_amid = true, .lent = BIT(QOM_GET_GUEST_STATS), ANSWERS(PAUSED, HAS_BALLOON)},
     BIT(QOM_GET_GUEST_STATS), "b0"},
    {"one that query-balloon does not know any more is not",
     {.stats = STATS(BALLOON), .balloon_path = "b0", KEPT(PAUSED, HAS_BALLOON, GUEST_STATS),
      .lent = BIT(QOM_GET_GUEST_STATS),
      ANSWERS(PAUSED, {QEMU_COMMAND_QUERY_BALLOON, NULL})}, 0, "b0"},
    {"an event in the call makes it ask the state after all", {.stats = STATS(STATE),
     KEPT(RUNNING), .event_amid = true, .lent = BIT(QUERY_STATUS),
     ANSWERS({QEMU_COMMAND_QUERY_DIRTY_RATE, "{}"})}, BIT(QUERY_STATUS), NULL},
    {"without an event it need not", {.stats = STATS(STATE), KEPT(RUNNING),
     .lent = BIT(QUERY_STATUS), ANSWERS({QEMU_COMMAND_QUERY_DIRTY_RATE, "{}"})}, 0, NULL},
    {"not where nobody wants it", {.stats = STATS(INTERFACE), .event_amid = true}, 0, NULL},
    {"not where it was asked in this call", {.stats = STATS(STATE), .event_amid = true,
     ANSWERS(RUNNING)}, 0, NULL},
    {"not where it was refused in this call", {.stats = STATS(STATE), .event_amid = true,
     ANSWERS({QEMU_COMMAND_QUERY_STATUS, NULL})}, 0, NULL},
};
/* clang-format on */

static void
calls_for_more(const void *data)
{
    const MoreRow *row = data;
    g_auto(PlanCase) fixture = {0};

    plan_case_init(&fixture, &row->situation);
    plan_case_assert_same_set(qemu_plan_more(fixture.job), row->expected);
    testing_assert_same_text(fixture.job->balloon_path, row->path);
}

/* However QEMU answers, the asking ends. */
static void
gives_up_in_the_end(const void *data)
{
    const MoreRow *row = data;
    g_auto(PlanCase) fixture = {0};
    unsigned int n_batches = 0;
    QemuCommandSet set = 0;

    plan_case_init(&fixture, &row->situation);
    while ((set = qemu_plan_more(fixture.job)) != 0) {
        fixture.job->asked |= set;
        for (unsigned int id = 0; id < QEMU_N_COMMANDS; id++) {
            bool is_list = id == QEMU_COMMAND_QOM_LIST_PERIPHERAL;

            if ((set >> id & 1) == 0)
                continue;
            qemu_answer_clear(&fixture.job->answers[id]);
            plan_case_put_answer(&fixture.job->answers[id], is_list ? BALLOON_LIST : NULL);
        }
        assert_true(++n_batches < 8);
    }
}

typedef struct {
    const char *sentence;
    PlanCaseSituation situation;
    unsigned int groups;
    unsigned int unsupported;
} GroupRow;

static const GroupRow group_rows[] = {
    {"a group whose commands are there is supported",
     {.stats = STATS(BLOCK) | STATS(STATE)},
     STATS(BLOCK) | STATS(STATE),
     0},
    {"a group that lacks one of its commands is not",
     {.stats = STATS(BLOCK) | STATS(STATE),
      .not_available = BIT(QUERY_NAMED_BLOCK_NODES) | BIT(QUERY_NAMED_BLOCK_NODES_NESTED)},
     STATS(STATE),
     STATS(BLOCK)},
    {"a group that lacks what it can do without is supported",
     {.stats = STATS(BALLOON), .not_available = BIT(QUERY_BALLOON)},
     STATS(BALLOON),
     0},
    {"nothing is known to be unsupported before QEMU told",
     {.stats = STATS(VM), .not_available = ALL},
     STATS(VM),
     0},
    {"a domain that is not running has no statistics of its process",
     {.stats = STATS(VM) | STATS(DIRTYRATE) | STATS(BLOCK) | STATS(STATE), .is_inactive = true},
     STATS(BLOCK) | STATS(STATE),
     STATS(VM) | STATS(DIRTYRATE)},
};

static void
settles_groups(const void *data)
{
    const GroupRow *row = data;
    g_auto(PlanCase) fixture = {0};

    plan_case_init(&fixture, &row->situation);
    qemu_plan_groups(fixture.job);
    assert_int_equal(fixture.job->groups, row->groups);
    assert_int_equal(fixture.job->unsupported, row->unsupported);
}

typedef struct {
    const char *sentence;
    PlanCaseSituation situation;
    QemuCommandSet expected;
} IdentityRow;

static const IdentityRow identity_rows[] = {
    {"a QEMU not met before is asked for its commands as well",
     {.not_available = ALL},
     BIT(QUERY_NAME) | BIT(QUERY_UUID) | BIT(QUERY_COMMANDS)},
    {"one that was met is asked who it is", {0}, BIT(QUERY_NAME) | BIT(QUERY_UUID)},
};

static void
asks_who_it_is(const void *data)
{
    const IdentityRow *row = data;
    g_auto(PlanCase) fixture = {0};

    plan_case_init(&fixture, &row->situation);
    plan_case_assert_same_set(qemu_plan_identity(fixture.job->domain), row->expected);
}

typedef struct {
    const char *sentence;
    PlanCaseSituation situation;
    QemuCommandId command;
    bool is_answered;
    bool is_waiting;
} AnswerRow;

static const AnswerRow answer_rows[] = {
    {"this call's answer", {ANSWERS(PAUSED)}, QEMU_COMMAND_QUERY_STATUS, true, false},
    {"never that of an earlier call", {KEPT(RUNNING)}, QEMU_COMMAND_QUERY_STATUS, false, false},
    {"a refusal is no answer",
     {ANSWERS({QEMU_COMMAND_QUERY_NAME, NULL})},
     QEMU_COMMAND_QUERY_NAME,
     false,
     false},
    {"none at all", {0}, QEMU_COMMAND_QUERY_STATUS, false, false},
};

static void
finds_answer(const void *data)
{
    const AnswerRow *row = data;
    g_auto(PlanCase) fixture = {0};

    plan_case_init(&fixture, &row->situation);
    assert_int_equal(qemu_job_answer(fixture.job, row->command) != NULL, row->is_answered);
    assert_int_equal(qemu_job_is_waiting(fixture.job), row->is_waiting);
    fixture.job->answers[row->command].status = QEMU_ANSWER_WAITING;
    assert_true(qemu_job_is_waiting(fixture.job));
}

int
main(void)
{
    return TESTING_RUN_TABLE("plan commands", plan_rows, plans) +
           TESTING_RUN_TABLE("plan more", more_rows, calls_for_more) +
           TESTING_RUN_TABLE("plan ends", more_rows, gives_up_in_the_end) +
           TESTING_RUN_TABLE("plan groups", group_rows, settles_groups) +
           TESTING_RUN_TABLE("plan identity", identity_rows, asks_who_it_is) +
           TESTING_RUN_TABLE("plan answers", answer_rows, finds_answer);
}
