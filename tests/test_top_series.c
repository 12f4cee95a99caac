/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_top_series: rounds as lines of JSON and back, whatever the lines hold; series in a folder,
 * damaged ones included; and the steps of a replay.
 */
#include "top/top_series.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "testing.h"
#include "top/top_column.h"
#include "top/top_limits.h"
#include "top/top_rounds.h"
#include "top/top_series_text.h"

#define HEAD  "{\"began_us\":1000,\"ended_us\":2000,\"wall_us\":3000,\"left_out\":0"
#define FIRST "{\"domstats_top\":1}\n"

typedef struct {
    const char *sentence;
    const char *text;
    const char *expected; /* the line that is written again; NULL: it is no round */
} Row;

/* A domain as it is written, with @values. */
#define DOMAIN(values)                                                                             \
    "{\"name\":\"vm\",\"uuid\":\"u\",\"id\":7,\"pid\":9,\"start_ticks\":11,\"health\":"            \
    "\"stopped\","                                                                                 \
    "\"reason_code\":\"signal\",\"reason\":\"why\",\"answered_by\":\"host\",\"missing\":3,"        \
    "\"at_us\":1500,\"values\":{" values "}}"
/* One of which nothing is known. */
#define BARE(name)                                                                                 \
    "{\"name\":\"" name "\",\"uuid\":\"\",\"id\":-1,\"pid\":0,\"start_ticks\":0,\"health\":"       \
    "\"slow\",\"reason_code\":\"other\",\"answered_by\":\"none\",\"missing\":0,\"at_us\":0,"       \
    "\"values\":{}}"
#define ROUND(domains) HEAD ",\"domains\":[" domains "]}\n"

static const Row rows[] = {
    {"a round without domains", ROUND(""), ROUND("")},
    {"everything of a domain",
     ROUND(DOMAIN("\"state.state\":1,\"cpu.time\":18446744073709551615,\"vcpu.0.time\":5,"
                  "\"block.0.name\":\"vda\",\"block.0.rd.reqs\":1,\"block.3.rd.bytes\":2,"
                  "\"ext.block.3.rd.failed\":0,\"net.1.name\":\"tap0\",\"net.1.rx.bytes\":4")),
     ROUND(DOMAIN("\"state.state\":1,\"cpu.time\":18446744073709551615,\"vcpu.0.time\":5,"
                  "\"block.0.name\":\"vda\",\"block.0.rd.reqs\":1,\"block.3.rd.bytes\":2,"
                  "\"ext.block.3.rd.failed\":0,\"net.1.name\":\"tap0\",\"net.1.rx.bytes\":4"))},
    {"the host and what was hidden",
     HEAD ",\"busy_ticks\":1,\"all_ticks\":2,\"processors\":4,\"memory_kib\":5,"
          "\"memory_available_kib\":6,\"blind_spot\":\"b\",\"domains\":[]}\n",
     HEAD ",\"busy_ticks\":1,\"all_ticks\":2,\"processors\":4,\"memory_kib\":5,"
          "\"memory_available_kib\":6,\"blind_spot\":\"b\",\"domains\":[]}\n"},
    {"a round that failed", HEAD ",\"error\":\"no host\",\"domains\":[]}\n",
     HEAD ",\"error\":\"no host\",\"domains\":[]}\n"},
    {"the slice, and the memory on NUMA nodes",
     ROUND("{\"name\":\"a\",\"slice\":\"machine.slice\",\"values\":{\"ext.balloon.numa.1.anon\":7,"
           "\"ext.balloon.numa.count\":2}}"),
     ROUND(
         "{\"name\":\"a\",\"uuid\":\"\",\"id\":-1,\"pid\":0,\"start_ticks\":0,\"health\":\"slow\","
         "\"reason_code\":\"other\",\"slice\":\"machine.slice\",\"answered_by\":\"none\","
         "\"missing\":0,\"at_us\":0,\"values\":{\"ext.balloon.numa.1.anon\":7}}")},
    {"units come by their numbers", ROUND(DOMAIN("\"net.2.rx.bytes\":1,\"net.0.rx.bytes\":2")),
     ROUND(DOMAIN("\"net.0.rx.bytes\":2,\"net.2.rx.bytes\":1"))},
    {"a histogram",
     ROUND(DOMAIN("\"block.2.latency_histogram.write.bin.0.start\":0,"
                  "\"block.2.latency_histogram.write.bin.0.value\":7")),
     ROUND(DOMAIN("\"block.2.latency_histogram.write.bin.0.start\":0,"
                  "\"block.2.latency_histogram.write.bin.0.value\":7"))},
    {"a histogram with too many bins",
     ROUND(DOMAIN("\"block.2.latency_histogram.write.bin.0.start\":0,"
                  "\"block.2.latency_histogram.write.bin.64.value\":7")),
     ROUND(DOMAIN(""))},
    {"fields that top does not know, and values of another type",
     ROUND(DOMAIN("\"cpu.time\":\"5\",\"cpu.user\":-5,\"cpu.system\":1.5,\"nosuch\":1,"
                  "\"block.0.nosuch\":1,\"block.x.rd.reqs\":1,\"block.1234567890.rd.reqs\":1,"
                  "\"vcpu.0.name\":\"x\",\"block..rd.reqs\":3,\"state.state\":[]")),
     ROUND(DOMAIN(""))},
    {"a domain that is none", ROUND("5,{},{\"name\":7}"),
     ROUND(BARE("") "," BARE("") "," BARE(""))},
    {"words and numbers that are none",
     ROUND("{\"name\":\"a\",\"uuid\":\"0123456789012345678901234567890123456789\",\"id\":-7,"
           "\"pid\":4294967296,\"health\":\"well\",\"reason_code\":1,\"answered_by\":\"\","
           "\"at_us\":-5}"),
     ROUND(BARE("a"))},
    {"an answer after the end of the round",
     ROUND("{\"name\":\"a\",\"at_us\":9223372036854775807}"), ROUND(BARE("a"))},
    {"times that are none", "{\"began_us\":5,\"ended_us\":1,\"wall_us\":3000,\"domains\":[]}",
     NULL},
    {"no times", "{\"domains\":[]}", NULL},
    {"times past all bounds", "{\"began_us\":1,\"ended_us\":9223372036854775807,\"domains\":[]}",
     NULL},
    {"no domains", HEAD "}", NULL},
    {"no JSON", "round", NULL},
    {"a round that was cut off", HEAD ",\"domains\":[{\"name\":\"a", NULL},
    {"too deep", HEAD ",\"domains\":[{\"values\":{\"a\":{\"b\":{\"c\":[]}}}}]}", NULL},
    {"nothing", "", NULL},
};

static void
reads_lines(const void *data)
{
    const Row *row = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(TopSample) sample = top_series_text_parse(row->text, strlen(row->text), &error);
    g_autoptr(GString) again = g_string_new(NULL);

    if (row->expected == NULL) {
        assert_null(sample);
        assert_non_null(error);
        return;
    }
    assert_non_null(sample);
    top_series_text_append(again, sample);
    testing_assert_same_text(again->str, row->expected);
}

/* A round with one domain, whose CPU time is @seconds: a tenth of a processor for each second. */
static TopSample *
make_round(int seconds)
{
    const TopSampleTimes times = {
        .began_us = (int64_t)seconds * G_USEC_PER_SEC,
        .ended_us = (int64_t)seconds * G_USEC_PER_SEC,
        .wall_us = (int64_t)seconds * G_USEC_PER_SEC,
    };
    const TopHost host = {0};
    TopSample *sample = top_sample_new_empty(&times, &host, NULL);
    TopSampleDomain *domain = top_sample_domain_new("vm", NULL);

    domain->at_us = times.ended_us;
    domain->answered_by = DOMSTATS_ANSWERED_BY_MONITOR;
    top_sample_domain_set(domain, TOP_FIELD_DOMAIN_CPU_TIME, 0, (uint64_t)seconds * 100000000);
    top_sample_add(sample, domain);
    return sample;
}

static void
write_rounds(const char *dir, int first, int n)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TopSeriesWriter) writer = top_series_writer_new(dir, &error);

    assert_non_null(writer);
    for (int i = first; i < first + n; i++) {
        g_autoptr(TopSample) sample = make_round(i);

        assert_true(top_series_writer_add(writer, sample, &error));
    }
}

/* "ENDED_S" of each round, "!" for one that cannot be read. */
static char *
list_rounds(const char *dir)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TopSeriesReader) reader = top_series_reader_new(dir, &error);
    GString *out = g_string_new(NULL);

    if (reader == NULL) {
        g_string_append(out, "none");
        return g_string_free(out, FALSE);
    }
    for (size_t i = 0; i < top_series_reader_count(reader); i++) {
        g_autoptr(TopSample) sample = top_series_reader_load(reader, i, NULL);

        if (sample == NULL)
            g_string_append(out, "!");
        else
            g_string_append_printf(out, "%d", (int)(sample->ended_us / G_USEC_PER_SEC));
        g_string_append_c(out, ' ');
    }
    return g_string_free(out, FALSE);
}

typedef struct {
    const char *sentence;
    const char *file;     /* NULL: there is none */
    int n_written;        /* rounds that are then added */
    const char *expected; /* list_rounds() */
} Folder;

#define LINE(seconds) "{\"began_us\":1,\"ended_us\":" #seconds "000000,\"domains\":[]}\n"

static const Folder folders[] = {
    {"a folder that is not there is made", NULL, 2, "100 101 "},
    {"a series is continued", FIRST LINE(1) LINE(2), 1, "1 2 100 "},
    {"a line that was cut off costs its round only", FIRST LINE(1) "{\"began_us\":1,\"en", 2,
     "1 ! 100 101 "},
    {"a line that was cut off is no round", FIRST LINE(1) "{\"began_us\":1,\"en", 0, "1 "},
    {"a damaged line among others", FIRST LINE(1) "damage\n" LINE(3), 0, "1 ! 3 "},
    {"an empty line", FIRST LINE(1) "\n" LINE(3), 0, "1 ! 3 "},
    {"a series without rounds", FIRST, 0, "none"},
    {"an empty file is begun", "", 1, "100 "},
    {"a file of another program", "[1,2]\n" LINE(1), 0, "none"},
    {"no file", NULL, 0, "none"},
};

static void
keeps_rounds(const void *data)
{
    const Folder *row = data;
    char *folder = testing_make_folder();
    g_autofree char *dir = g_build_filename(folder, "series", NULL);
    g_autofree char *got = NULL;

    if (row->file != NULL)
        testing_write_file(folder, "series/rounds.json", row->file);
    if (row->n_written > 0)
        write_rounds(dir, 100, row->n_written);
    got = list_rounds(dir);
    assert_string_equal(got, row->expected);
    testing_remove_folder(folder);
}

static void
others_are_left_alone(void **state)
{
    char *folder = testing_make_folder();
    g_autofree char *dir = g_build_filename(folder, "series", NULL);
    g_autofree char *link = g_build_filename(folder, "link/rounds.json", NULL);
    g_autofree char *there = g_build_filename(folder, "link", NULL);
    g_autofree char *text = NULL;
    g_autoptr(TopSeriesWriter) writer = NULL;
    g_autoptr(GError) error = NULL;

    (void)state;
    writer = top_series_writer_new(dir, &error);
    assert_non_null(writer);
    /* Two programs that record into one folder. */
    assert_null(top_series_writer_new(dir, NULL));
    /* A file that is not ours, and a link to one. */
    testing_write_file(folder, "other/rounds.json", "precious\n");
    testing_write_file(folder, "link/x", "");
    g_free(g_steal_pointer(&text));
    text = g_build_filename(folder, "other/rounds.json", NULL);
    assert_int_equal(symlink(text, link), 0);
    assert_null(top_series_writer_new(there, NULL));
    *strrchr(text, '/') = '\0';
    assert_null(top_series_writer_new(text, NULL));
    g_free(g_steal_pointer(&text));
    g_free(g_steal_pointer(&link));
    link = g_build_filename(folder, "other/rounds.json", NULL);
    assert_true(g_file_get_contents(link, &text, NULL, NULL));
    assert_string_equal(text, "precious\n");
    testing_remove_folder(folder);
}

/* A domain with all the devices and histograms that top keeps. */
static TopSampleDomain *
make_largest(void)
{
    TopSampleDomain *domain = top_sample_domain_new("vm", NULL);

    for (unsigned int i = 0; i < TOP_MAX_UNITS + 1; i++) {
        const TopBinsPlace reads = {i, TOP_BINS_KIND_READ, 0, true};
        const TopBinsPlace writes = {i, TOP_BINS_KIND_WRITE, 0, true};

        top_sample_domain_set_bin(domain, &reads, 1);
        top_sample_domain_set_bin(domain, &writes, 1);
        top_sample_domain_set_name(domain, TOP_FIELD_KIND_NIC, i, "tap");
        top_sample_domain_set(domain, TOP_FIELD_VCPU_TIME, i, 1);
    }
    return domain;
}

/* What a round takes is bounded, whatever a line of a series or a QEMU has. */
static void
what_is_too_much_is_left_out(void **state)
{
    const TopSampleTimes times = {1, 2, 3};
    const TopHost host = {0};
    g_autoptr(TopSample) sample = top_sample_new_empty(&times, &host, NULL);
    g_autoptr(TopModel) model = NULL;
    size_t n_one = 0, n = 0;

    (void)state;
    while (sample->n_left_out == 0) {
        TopSampleDomain *domain = make_largest();

        n_one = domain->n_bytes;
        top_sample_add(sample, domain);
    }
    n = sample->domains->len;
    assert_true(n_one > TOP_MAX_UNITS * 2 * sizeof(TopBins));
    assert_int_equal(sample->n_bytes, n * n_one);
    assert_true(sample->n_bytes <= TOP_MAX_SAMPLE_BYTES);
    assert_true(sample->n_bytes + n_one > TOP_MAX_SAMPLE_BYTES);
    model = top_model_next(NULL, sample);
    assert_true(top_model_count_bytes(model) > n * n_one);
    top_sample_add(sample, top_sample_domain_new("small", NULL));
    assert_int_equal(sample->domains->len, n + 1);
}

/* A round whose line would be too long to be read again. */
static void
a_round_that_is_too_large_is_recorded_as_failed(void **state)
{
    char *folder = testing_make_folder();
    g_autoptr(TopSample) sample = make_round(5);
    g_autoptr(TopSeriesWriter) writer = top_series_writer_new(folder, NULL);
    g_autoptr(TopSeriesReader) reader = NULL;
    g_autoptr(TopSample) again = NULL;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        TopSampleDomain *domain = make_largest();

        for (unsigned int disk = 0; disk < TOP_MAX_UNITS; disk++)
            for (unsigned int j = 0; j < TOP_MAX_BINS * 4; j++) {
                const TopBinsPlace place = {disk, j % 2, j / 4, j / 2 % 2};

                top_sample_domain_set_bin(domain, &place, j);
            }
        top_sample_add(sample, domain);
    }
    assert_true(top_series_writer_add(writer, sample, NULL));
    reader = top_series_reader_new(folder, NULL);
    again = top_series_reader_load(reader, 0, NULL);
    assert_non_null(again);
    assert_string_equal(again->error, "the round was too large to be recorded");
    assert_int_equal(again->ended_us, sample->ended_us);
    testing_remove_folder(folder);
}

/* The CPU column of the round that is shown, in tenths of percent; -1: not known; -2: an error. */
static int
show(const TopRounds *rounds)
{
    const TopModel *model = top_rounds_model(rounds);
    const TopColumnMode mode = {0};
    TopColumnCell cell = {0};

    if (model->error != NULL)
        return -2;
    cell = top_column_cell(top_column_find("cpu", TOP_COLUMN_VIEW_VMS), &model->entries[0], NULL,
                           &mode);
    return cell.is_known ? (int)(cell.number * 10 + 0.5) : -1;
}

static void
a_replay_steps_both_ways(void **state)
{
    char *folder = testing_make_folder();
    g_autofree char *dir = g_build_filename(folder, "series", NULL);
    TopSeriesReader *series = NULL;
    g_autoptr(TopRounds) rounds = NULL;

    (void)state;
    write_rounds(dir, 1, 50);
    series = top_series_reader_new(dir, NULL);
    rounds = top_rounds_new_replay(series, NULL);
    assert_int_equal(show(rounds), -1);
    assert_false(top_rounds_step(rounds, -1));
    assert_true(top_rounds_step(rounds, 1));
    assert_int_equal(show(rounds), 100);
    assert_true(top_rounds_step(rounds, 100));
    assert_int_equal(top_rounds_place(rounds), 49);
    assert_int_equal(show(rounds), 100);
    assert_false(top_rounds_step(rounds, 1));
    assert_true(top_rounds_step(rounds, -1));
    assert_int_equal(top_rounds_place(rounds), 48);
    assert_int_equal(show(rounds), 100);
    assert_true(top_rounds_step(rounds, -1000));
    assert_int_equal(show(rounds), -1);
    assert_int_equal(top_rounds_count(rounds), 50);
    assert_int_equal(top_rounds_fd(rounds), -1);
    testing_remove_folder(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_too_much_is_left_out),
        cmocka_unit_test(a_round_that_is_too_large_is_recorded_as_failed),
        cmocka_unit_test(others_are_left_alone),
        cmocka_unit_test(a_replay_steps_both_ways),
    };

    return TESTING_RUN_TABLE("top_series_text", rows, reads_lines) +
           TESTING_RUN_TABLE("top_series", folders, keeps_rounds) +
           cmocka_run_group_tests_name("top_series", tests, NULL, NULL);
}
