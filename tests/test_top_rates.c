/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_top_rates: what the cells of `domstats top` show of two or more rounds of one domain, from
 * made records with known values and times.
 */
#include "top/top_column.h"
#include "top/top_format.h"
#include "top/top_model.h"
#include "top/top_rows.h"

#include <string.h>

#include "testing.h"

#define SECOND     ((int64_t)G_USEC_PER_SEC)
#define MAX_ROUNDS 4
#define MAX_FIELDS 8
#define WALL_US    (1700000000LL * SECOND)
#define FIRST_PID  100
#define FAILED     (-1)

typedef struct {
    const char *field; /* NULL: no more */
    unsigned long long value;
    const char *text; /* of a string */
} Value;

typedef struct {
    int seconds; /* when the answer was taken; 0: there is no such round */
    int pid;     /* 0: FIRST_PID; FAILED: the round failed as a whole */
    DomstatsHealth health;
    Value values[MAX_FIELDS];
    int earlier_s; /* the wall clock of the record is earlier than that of the end of the round */
    int id;        /* of one whose process is not known; 0: it is known */
} Round;

typedef struct {
    const char *sentence;
    const char *key;
    TopColumnView view;
    Round rounds[MAX_ROUNDS];
    const char
        *expected; /* the cells of all rows, as the screen shows them; "=" before an old one */
    bool is_of_host;
} Row;

#define CPU(seconds, ns)                                                                           \
    {                                                                                              \
        seconds, 0, DOMSTATS_HEALTH_OK,                                                            \
        {                                                                                          \
            {                                                                                      \
                "cpu.time", ns, NULL                                                               \
            }                                                                                      \
        }                                                                                          \
    }
#define DISK(n, name, reqs, times)                                                                 \
    {"block." #n ".name", 0, name}, {"block." #n ".rd.reqs", reqs, NULL},                          \
    {                                                                                              \
        "block." #n ".rd.times", times, NULL                                                       \
    }

#define BIN(n, start, count)                                                                       \
    {"block.0.latency_histogram.read.bin." #n ".start", start, NULL},                              \
    {                                                                                              \
        "block.0.latency_histogram.read.bin." #n ".value", count, NULL                             \
    }

static const Row rows[] = {
    {"one round: no rate is known", "cpu", TOP_COLUMN_VIEW_VMS, {CPU(1, 5000000000)}, "-"},
    {"half a processor for two seconds",
     "cpu",
     TOP_COLUMN_VIEW_VMS,
     {CPU(1, 5000000000), CPU(3, 6000000000)},
     "50.0"},
    {"above one processor", "cpu", TOP_COLUMN_VIEW_VMS, {CPU(1, 0), CPU(2, 2500000000)}, "250.0"},
    {"of a host with four processors",
     "cpu",
     TOP_COLUMN_VIEW_VMS,
     {CPU(1, 0), CPU(2, 2000000000)},
     "50.0",
     true},
    {"no growth is 0, not unknown", "cpu", TOP_COLUMN_VIEW_VMS, {CPU(1, 5), CPU(2, 5)}, "0.0"},
    {"a counter that went back is a new start",
     "cpu",
     TOP_COLUMN_VIEW_VMS,
     {CPU(1, 5000000000), CPU(2, 1000)},
     "-"},
    {"the round after that has a rate again",
     "cpu",
     TOP_COLUMN_VIEW_VMS,
     {CPU(1, 5000000000), CPU(2, 0), CPU(3, 100000000)},
     "10.0"},
    {"another process is a new start, also if the counter is higher",
     "cpu",
     TOP_COLUMN_VIEW_VMS,
     {CPU(1, 5000000000), {2, 200, DOMSTATS_HEALTH_OK, {{"cpu.time", 6000000000, NULL}}}},
     "-"},
    {"the same answer twice leaves the rate as it was",
     "cpu",
     TOP_COLUMN_VIEW_VMS,
     {CPU(1, 0), CPU(2, 300000000), CPU(2, 300000000)},
     "30.0"},
    {"a clock that went back is a new start",
     "cpu",
     TOP_COLUMN_VIEW_VMS,
     {CPU(1, 0), CPU(5, 300000000), CPU(2, 400000000)},
     "-"},
    {"a field that is absent once is not compared over two rounds",
     "cpu",
     TOP_COLUMN_VIEW_VMS,
     {CPU(1, 0), {2, 0, DOMSTATS_HEALTH_OK, {{NULL}}}, CPU(3, 300000000)},
     "-"},
    {"one that does not answer keeps its last rate, which is old",
     "rd",
     TOP_COLUMN_VIEW_VMS,
     {{1, 0, DOMSTATS_HEALTH_OK, {{"block.0.rd.bytes", 0, NULL}}},
      {2, 0, DOMSTATS_HEALTH_OK, {{"block.0.rd.bytes", 2048, NULL}}},
      {3, 0, DOMSTATS_HEALTH_STOPPED, {{NULL}}}},
     "=2.0K"},
    {"what the host alone tells of it is of this round",
     "cpu",
     TOP_COLUMN_VIEW_VMS,
     {CPU(1, 0),
      CPU(2, 300000000),
      {3, 0, DOMSTATS_HEALTH_STOPPED, {{"cpu.time", 300000000, NULL}}}},
     "0.0"},
    {"when it answers again the rate is over the time between the answers",
     "rd",
     TOP_COLUMN_VIEW_VMS,
     {{1, 0, DOMSTATS_HEALTH_OK, {{"block.0.rd.bytes", 0, NULL}}},
      {2, 0, DOMSTATS_HEALTH_STOPPED, {{NULL}}},
      {3, 0, DOMSTATS_HEALTH_OK, {{"block.0.rd.bytes", 2048, NULL}}}},
     "1.0K"},
    {"a round that failed has no state",
     "state",
     TOP_COLUMN_VIEW_VMS,
     {{1, 0, DOMSTATS_HEALTH_OK, {{"state.state", 1, NULL}}}, {3, FAILED}},
     "?"},
    {"in it all values are old",
     "rd",
     TOP_COLUMN_VIEW_VMS,
     {{1, 0, DOMSTATS_HEALTH_OK, {{"block.0.rd.bytes", 0, NULL}}},
      {2, 0, DOMSTATS_HEALTH_OK, {{"block.0.rd.bytes", 2048, NULL}}},
      {3, FAILED}},
     "=2.0K"},
    {"the age of an answer grows over rounds that failed",
     "age",
     TOP_COLUMN_VIEW_VMS,
     {{1, 0, DOMSTATS_HEALTH_OK, {{"state.state", 1, NULL}}}, {3, FAILED}, {9, FAILED}},
     "8.0s"},
    {"after rounds that failed the rate is over the time between the answers",
     "cpu",
     TOP_COLUMN_VIEW_VMS,
     {CPU(1, 0), {2, FAILED}, {3, FAILED}, CPU(5, 1000000000)},
     "25.0"},
    {"a round that failed first",
     "cpu",
     TOP_COLUMN_VIEW_VMS,
     {{1, FAILED}, CPU(2, 0), CPU(3, 300000000)},
     "30.0"},
    {"an answer that a service had already",
     "age",
     TOP_COLUMN_VIEW_VMS,
     {{9, 0, DOMSTATS_HEALTH_OK, {{"state.state", 1, NULL}}, 2}},
     "2.0s"},
    {"a wall clock that was set forward during the round",
     "age",
     TOP_COLUMN_VIEW_VMS,
     {{9, 0, DOMSTATS_HEALTH_OK, {{"state.state", 1, NULL}}, 3600}},
     "0.0s"},
    {"one that was set back",
     "age",
     TOP_COLUMN_VIEW_VMS,
     {{9, 0, DOMSTATS_HEALTH_OK, {{"state.state", 1, NULL}}, -3600}},
     "0.0s"},
    {"another id of a domain whose process is not known is a new start",
     "cpu",
     TOP_COLUMN_VIEW_VMS,
     {{1, 0, DOMSTATS_HEALTH_OK, {{"cpu.time", 0, NULL}}, 0, 7},
      {2, 0, DOMSTATS_HEALTH_OK, {{"cpu.time", 300000000, NULL}}, 0, 8}},
     "-"},
    {"the same id is the same run",
     "cpu",
     TOP_COLUMN_VIEW_VMS,
     {{1, 0, DOMSTATS_HEALTH_OK, {{"cpu.time", 0, NULL}}, 0, 7},
      {2, 0, DOMSTATS_HEALTH_OK, {{"cpu.time", 300000000, NULL}}, 0, 7}},
     "30.0"},
    {"a stuck domain has no state",
     "state",
     TOP_COLUMN_VIEW_VMS,
     {{1, 0, DOMSTATS_HEALTH_OK, {{"state.state", 1, NULL}}},
      {2, 0, DOMSTATS_HEALTH_STOPPED, {{NULL}}}},
     "?"},
    {"its age is that of its answer",
     "age",
     TOP_COLUMN_VIEW_VMS,
     {{1, 0, DOMSTATS_HEALTH_OK, {{"state.state", 1, NULL}}},
      {21, 0, DOMSTATS_HEALTH_STOPPED, {{NULL}}}},
     "20s"},
    {"one that never answered has no age",
     "age",
     TOP_COLUMN_VIEW_VMS,
     {{1, 0, DOMSTATS_HEALTH_STOPPED, {{"cpu.time", 1, NULL}}}},
     "-"},
    {"latency is time by requests, of all disks",
     "rlat",
     TOP_COLUMN_VIEW_VMS,
     {{1, 0, DOMSTATS_HEALTH_OK, {DISK(0, "vda", 10, 0), DISK(1, "vdb", 0, 0)}},
      {2, 0, DOMSTATS_HEALTH_OK, {DISK(0, "vda", 20, 10000000), DISK(1, "vdb", 10, 30000000)}}},
     "2.00"},
    {"and of each",
     "rlat",
     TOP_COLUMN_VIEW_DISKS,
     {{1, 0, DOMSTATS_HEALTH_OK, {DISK(0, "vda", 10, 0), DISK(1, "vdb", 0, 0)}},
      {2, 0, DOMSTATS_HEALTH_OK, {DISK(0, "vda", 20, 10000000), DISK(1, "vdb", 10, 30000000)}}},
     "1.00 3.00"},
    {"without requests there is no latency",
     "rlat",
     TOP_COLUMN_VIEW_VMS,
     {{1, 0, DOMSTATS_HEALTH_OK, {DISK(0, "vda", 10, 5)}},
      {2, 0, DOMSTATS_HEALTH_OK, {DISK(0, "vda", 10, 5)}}},
     "-"},
    {"a disk that moved up is known by its name",
     "rlat",
     TOP_COLUMN_VIEW_DISKS,
     {{1, 0, DOMSTATS_HEALTH_OK, {DISK(0, "vda", 10, 0), DISK(1, "vdb", 0, 0)}},
      {2, 0, DOMSTATS_HEALTH_OK, {DISK(0, "vdb", 10, 30000000)}}},
     "3.00"},
    {"a disk that is new has no rate yet, the sum has that of the others",
     "rlat",
     TOP_COLUMN_VIEW_VMS,
     {{1, 0, DOMSTATS_HEALTH_OK, {DISK(0, "vda", 10, 0)}},
      {2, 0, DOMSTATS_HEALTH_OK, {DISK(0, "vda", 11, 5000000), DISK(1, "vdb", 99, 30000000)}}},
     "5.00"},
    {"ready time is the mean over the vCPUs",
     "rdy",
     TOP_COLUMN_VIEW_VMS,
     {{1, 0, DOMSTATS_HEALTH_OK, {{"vcpu.0.delay", 0, NULL}, {"vcpu.1.delay", 0, NULL}}},
      {2,
       0,
       DOMSTATS_HEALTH_OK,
       {{"vcpu.0.delay", 100000000, NULL}, {"vcpu.1.delay", 300000000, NULL}}}},
     "20.0"},
    {"the busiest vCPU",
     "max",
     TOP_COLUMN_VIEW_CPU,
     {{1, 0, DOMSTATS_HEALTH_OK, {{"vcpu.0.time", 0, NULL}, {"vcpu.1.time", 0, NULL}}},
      {2,
       0,
       DOMSTATS_HEALTH_OK,
       {{"vcpu.0.time", 100000000, NULL}, {"vcpu.1.time", 300000000, NULL}}}},
     "30.0"},
    {"memory in use is what the guest says",
     "mem",
     TOP_COLUMN_VIEW_VMS,
     {{1,
       0,
       DOMSTATS_HEALTH_OK,
       {{"balloon.available", 4096, NULL},
        {"balloon.usable", 1024, NULL},
        {"balloon.rss", 9, NULL}}}},
     "3.0M"},
    {"else an estimate",
     "mem",
     TOP_COLUMN_VIEW_VMS,
     {{1, 0, DOMSTATS_HEALTH_OK, {{"balloon.rss", 2048, NULL}}}},
     "~2.0M"},
    {"a balloon that never told anything is no use of 0",
     "mem",
     TOP_COLUMN_VIEW_VMS,
     {{1,
       0,
       DOMSTATS_HEALTH_OK,
       {{"balloon.available", 0, NULL}, {"balloon.usable", 0, NULL}, {"balloon.rss", 2048, NULL}}}},
     "~2.0M"},
    {"memory of which nothing is known", "mem", TOP_COLUMN_VIEW_VMS, {CPU(1, 5)}, "-"},
    {"drops both ways",
     "drop",
     TOP_COLUMN_VIEW_VMS,
     {{1, 0, DOMSTATS_HEALTH_OK, {{"net.0.rx.drop", 5, NULL}, {"net.0.tx.drop", 1, NULL}}},
      {3, 0, DOMSTATS_HEALTH_OK, {{"net.0.rx.drop", 8, NULL}, {"net.0.tx.drop", 2, NULL}}}},
     "2.0"},
    {"an interface that is made anew is a new start",
     "rx",
     TOP_COLUMN_VIEW_NICS,
     {{1, 0, DOMSTATS_HEALTH_OK, {{"net.0.name", 0, "tap0"}, {"net.0.rx.bytes", 5000, NULL}}},
      {3, 0, DOMSTATS_HEALTH_OK, {{"net.0.name", 0, "tap0"}, {"net.0.rx.bytes", 10, NULL}}}},
     "-"},
    {"99 in 100 reads stayed below the end of a bin",
     "r99",
     TOP_COLUMN_VIEW_DISKS,
     {{1, 0, DOMSTATS_HEALTH_OK, {BIN(0, 0, 5), BIN(1, 1000000, 5), BIN(2, 8000000, 5)}},
      {2,
       0,
       DOMSTATS_HEALTH_OK,
       {BIN(0, 0, 5 + 90), BIN(1, 1000000, 5 + 9), BIN(2, 8000000, 5 + 1)}}},
     "8.00"},
    {"half of them stayed below an earlier one",
     "r50",
     TOP_COLUMN_VIEW_DISKS,
     {{1, 0, DOMSTATS_HEALTH_OK, {BIN(0, 0, 5), BIN(1, 1000000, 5), BIN(2, 8000000, 5)}},
      {2,
       0,
       DOMSTATS_HEALTH_OK,
       {BIN(0, 0, 5 + 90), BIN(1, 1000000, 5 + 9), BIN(2, 8000000, 5 + 1)}}},
     "1.00"},
    {"a histogram that was set anew",
     "r50",
     TOP_COLUMN_VIEW_DISKS,
     {{1, 0, DOMSTATS_HEALTH_OK, {BIN(0, 0, 5), BIN(1, 1000000, 5)}},
      {2, 0, DOMSTATS_HEALTH_OK, {BIN(0, 0, 9), BIN(1, 2000000, 9)}}},
     "-"},
    {"a disk without a histogram",
     "w99",
     TOP_COLUMN_VIEW_DISKS,
     {{1, 0, DOMSTATS_HEALTH_OK, {DISK(0, "vda", 10, 0)}},
      {2, 0, DOMSTATS_HEALTH_OK, {DISK(0, "vda", 20, 0)}}},
     "-"},
    {"the disks of a stuck domain stay",
     "disk",
     TOP_COLUMN_VIEW_DISKS,
     {{1, 0, DOMSTATS_HEALTH_OK, {{"block.0.name", 0, "vda"}}},
      {2, 0, DOMSTATS_HEALTH_STOPPED, {{NULL}}}},
     "vda"},
};

/* A record of @round; strings and params are borrowed from @params. */
static TopSample *
make_sample(const Round *round)
{
    virTypedParameter params[MAX_FIELDS] = {0};
    DomstatsRecord record = {
        .name = (char *)(uintptr_t) "vm",
        .uuid = "c7a5fdbd-edaf-9455-926a-d65c16db1809",
        .id = round->id != 0 ? round->id : 1,
        .pid = round->id != 0    ? 0
               : round->pid != 0 ? round->pid
                                 : FIRST_PID,
        .start_ticks = round->pid != 0 ? 2 : 1,
        .params = params,
        .health = round->health,
        .taken_us = WALL_US + (round->seconds - round->earlier_s) * SECOND,
        .answered_by = round->health == DOMSTATS_HEALTH_OK ? DOMSTATS_ANSWERED_BY_MONITOR
                                                           : DOMSTATS_ANSWERED_BY_HOST,
    };
    DomstatsRecord *const records[] = {&record, NULL};
    /* The wall clock and the monotonic clock are far apart, and the round ended a second later. */
    const TopSampleTimes times = {
        .began_us = round->seconds * SECOND,
        .ended_us = round->seconds * SECOND,
        .wall_us = WALL_US + round->seconds * SECOND,
    };
    const TopHost host = {.n_processors = {4, true}};

    if (round->pid == FAILED)
        return top_sample_new_failed(&times, &host, "it failed");
    for (size_t i = 0; i < MAX_FIELDS && round->values[i].field != NULL; i++) {
        virTypedParameter *param = &params[record.n_params++];

        g_strlcpy(param->field, round->values[i].field, sizeof(param->field));
        param->type = VIR_TYPED_PARAM_ULLONG;
        param->value.ul = round->values[i].value;
        if (round->values[i].text != NULL) {
            param->type = VIR_TYPED_PARAM_STRING;
            param->value.s = (char *)(uintptr_t)round->values[i].text;
        }
    }
    return top_sample_new(records, 1, &times, &host, NULL);
}

static TopModel *
run_rounds(const Row *row)
{
    g_autoptr(TopModel) model = NULL;

    for (size_t i = 0; i < MAX_ROUNDS && row->rounds[i].seconds != 0; i++) {
        g_autoptr(TopSample) sample = make_sample(&row->rounds[i]);
        TopModel *next = top_model_next(model, sample);

        top_model_unref(model);
        model = next;
    }
    return g_steal_pointer(&model);
}

static void
shows(const void *data)
{
    const Row *row = data;
    g_autoptr(TopModel) model = run_rounds(row);
    const TopColumn *column = top_column_find(row->key, row->view);
    const TopRowsWish wish = {
        .view = row->view,
        .order = top_column_find("name", row->view),
    };
    const TopColumnMode mode = {row->is_of_host, model->sample->host.n_processors};
    g_autoptr(TopRows) list = top_rows_new(model, &wish);
    g_autoptr(GString) got = g_string_new(NULL);

    assert_non_null(column);
    for (size_t i = 0; i < list->n; i++) {
        TopColumnCell cell = top_column_cell(column, list->all[i].entry, list->all[i].unit, &mode);

        g_string_append(got, i > 0 ? " " : "");
        g_string_append(got, cell.is_old ? "=" : "");
        top_format_append(got, column, &cell, TOP_FORMAT_BYTES_AUTOMATIC);
    }
    assert_string_equal(got->str, row->expected);
}

int
main(void)
{
    return TESTING_RUN_TABLE("top_rates", rows, shows);
}
