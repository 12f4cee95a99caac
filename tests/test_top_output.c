/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_top_output: the same two rounds as a table, as comma-separated values, as virt-top's and as
 * JSON.
 */
#include <string.h>

#include "testing.h"
#include "top/top_csv.h"
#include "top/top_json.h"
#include "top/top_plain.h"
#include "top/top_series_text.h"
#include "top/top_summary.h"
#include "top/top_virttop.h"

#define ROUND(began, ended, cpu, second)                                                           \
    "{\"began_us\":" began ",\"ended_us\":" ended ",\"wall_us\":1700000000500000,"                 \
    "\"busy_ticks\":" cpu "00,\"all_ticks\":" cpu "000,\"processors\":4,\"memory_kib\":8388608,"   \
    "\"memory_available_kib\":6291456,\"domains\":["                                               \
    "{\"name\":\"web,\\u001b[31m\\\"1\\\"\",\"uuid\":\"1a\",\"id\":7,\"pid\":70,\"at_us\":" ended  \
    ","                                                                                            \
    "\"health\":\"ok\",\"reason_code\":\"none\",\"answered_by\":\"monitor\",\"values\":{"          \
    "\"state.state\":1,\"cpu.time\":" cpu "00000000,\"balloon.current\":1048576,"                  \
    "\"balloon.rss\":524288,\"block.0.rd.reqs\":" cpu "0,\"net.0.rx.bytes\":" cpu "000}}," second  \
    "]}"
#define WELL                                                                                       \
    "{\"name\":\"db\",\"uuid\":\"2b\",\"id\":5,\"pid\":50,\"at_us\":1000000,\"health\":\"ok\","    \
    "\"reason_code\":\"none\",\"answered_by\":\"monitor\",\"values\":{\"state.state\":3,"          \
    "\"balloon.current\":1024,\"balloon.available\":1024,\"balloon.usable\":512}}"
#define STUCK                                                                                      \
    "{\"name\":\"db\",\"uuid\":\"2b\",\"id\":5,\"pid\":50,\"at_us\":3000000,"                      \
    "\"health\":\"stopped\",\"reason_code\":\"signal\",\"reason\":\"it sleeps\","                  \
    "\"answered_by\":\"host\",\"values\":{}}"
#define BUSY                                                                                       \
    "{\"name\":\"wiki\",\"uuid\":\"3c\",\"id\":6,\"pid\":60,\"at_us\":3000000,"                    \
    "\"health\":\"busy\",\"reason_code\":\"held\",\"answered_by\":\"host\",\"values\":{}}"

static TopModel *
make_model_of(const char *const *rounds, size_t n_rounds)
{
    g_autoptr(TopModel) model = NULL;

    for (size_t i = 0; i < n_rounds; i++) {
        g_autoptr(TopSample) sample = top_series_text_parse(rounds[i], strlen(rounds[i]), NULL);
        TopModel *next = top_model_next(model, sample);

        top_model_unref(model);
        model = next;
    }
    return g_steal_pointer(&model);
}

static TopModel *
make_model(void)
{
    static const char *const rounds[] = {ROUND("900000", "1000000", "1", WELL),
                                         ROUND("2987600", "3000000", "5", STUCK)};

    return make_model_of(rounds, G_N_ELEMENTS(rounds));
}

/* All but the first line, which has a time of day. */
static const char *
skip_line(const char *text)
{
    return strchr(text, '\n') + 1;
}

static void
as_a_table(void **state)
{
    g_autoptr(TopModel) model = make_model();
    g_autoptr(GError) error = NULL;
    g_auto(TopOptions) options = {.columns = top_column_parse_list("name,state,cpu,mem,alloc,age",
                                                                   TOP_COLUMN_VIEW_VMS, &error)};
    g_autoptr(GString) out = g_string_new(NULL);

    (void)state;
    top_plain_append(out, model, &options);
    testing_assert_same_text(skip_line(out->str),
                             "2 domains: 1 running, 1 in no known state\n"
                             "host: 4 CPUs 10.0%, memory 2.0G of 8.0G\n"
                             "\n"
                             "NAME            S %CPU   MEM ALLOC  AGE\n"
                             "web,\\x1b[31m\"1\" r 20.0 ~512M  1.0G 0.0s\n"
                             "db              ?    -  512K  1.0M 2.0s\n"
                             "db: stopped: it sleeps; its last answer is 2.0s old\n"
                             "\n");
    assert_non_null(strstr(out->str, "1 of 2 answered in 12.4 ms\n"));
}

/* Columns are those of a terminal: a character may take two, or none. */
static void
wide_names_in_a_table(void **state)
{
    static const char *const rounds[] = {
        "{\"began_us\":1,\"ended_us\":2,\"wall_us\":3,\"domains\":["
        "{\"name\":\"\u4ed5\u4e8b\",\"pid\":1},{\"name\":\"e\u0301\",\"pid\":2},"
        "{\"name\":\"abcde\",\"pid\":3}]}"};
    g_autoptr(TopModel) model = make_model_of(rounds, 1);
    g_auto(TopOptions) options = {.columns =
                                      top_column_parse_list("name,pid", TOP_COLUMN_VIEW_VMS, NULL),
                                  .order = top_column_find("name", TOP_COLUMN_VIEW_VMS)};
    g_autoptr(GString) out = g_string_new(NULL);

    (void)state;
    top_plain_append(out, model, &options);
    assert_non_null(strstr(out->str, "NAME  PID\nabcde   3\ne\u0301       2\n\u4ed5\u4e8b    1\n"));
}

static void
as_values(void **state)
{
    g_autoptr(TopModel) model = make_model();
    g_auto(TopOptions) options = {
        .columns = top_column_parse_list("name,state,cpu,mem,rdrq,age", TOP_COLUMN_VIEW_VMS, NULL),
        .is_of_host = true};
    g_autoptr(GString) out = g_string_new(NULL);

    (void)state;
    top_csv_append_head(out, &options);
    top_csv_append(out, model, &options);
    testing_assert_same_text(
        out->str, "clock,name,state,cpu,mem,rdrq,age\n"
                  "2023-11-14T22:13:20.500Z,\"web,\\x1b[31m\"\"1\"\"\",r,5,536870912,20,0\n"
                  "2023-11-14T22:13:20.500Z,db,?,,524288,,2\n");
}

/* After the time, which is the host's: numbers of the host, sums, and the domains by their ids. */
static void
as_virt_top(void **state)
{
    g_autoptr(TopModel) model = make_model();
    g_auto(TopOptions) options = {0};
    g_autoptr(GString) out = g_string_new(NULL);

    (void)state;
    top_virttop_append(out, model, &options);
    testing_assert_same_text(strstr(out->str, ",4,2,1,0,0,"),
                             ",4,2,1,0,0,0,0,0,2,0,5,8388608,1049600,1049600,400000000,"
                             "5,db,,,1024,0,,,,,"
                             "7,\"web,\\x1b[31m\"\"1\"\"\",400000000,5,1048576,12,40,,4000,\n");
}

/* What all have together stays; of the domains, those that pass, in the order that is wanted. */
static void
as_virt_top_filtered_and_sorted(void **state)
{
    g_autoptr(TopModel) model = make_model();
    g_auto(TopOptions) sorted = {.order = top_column_find("cpu", TOP_COLUMN_VIEW_VMS)};
    g_auto(TopOptions) filtered = {.filter = top_filter_new("name:web", NULL)};
    g_auto(TopOptions) reversed = {.is_reversed = true};
    g_autoptr(GString) out = g_string_new(NULL);

    (void)state;
    top_virttop_append(out, model, &sorted);
    testing_assert_same_text(strstr(out->str, ",400000000,7,"),
                             ",400000000,7,\"web,\\x1b[31m\"\"1\"\"\",400000000,5,1048576,12,40,,"
                             "4000,,5,db,,,1024,0,,,,\n");
    g_string_truncate(out, 0);
    top_virttop_append(out, model, &reversed);
    assert_non_null(strstr(out->str, ",400000000,7,"));
    g_string_truncate(out, 0);
    top_virttop_append(out, model, &filtered);
    testing_assert_same_text(
        strstr(out->str, ",400000000,7,"),
        ",400000000,7,\"web,\\x1b[31m\"\"1\"\"\",400000000,5,1048576,12,40,,4000,\n");
    assert_non_null(strstr(out->str, ",4,2,1,0,0,"));
}

static void
as_json(void **state)
{
    g_autoptr(TopModel) model = make_model();
    g_auto(TopOptions) options = {
        .columns = top_column_parse_list("name,cpu,mem,age", TOP_COLUMN_VIEW_VMS, NULL)};
    g_autoptr(GString) out = g_string_new(NULL);

    (void)state;
    top_json_append(out, model, &options);
    testing_assert_same_text(
        out->str, "{\"clock\":\"2023-11-14T22:13:20.500Z\",\"view\":\"vms\",\"error\":null,\"blind_"
                  "spot\":null,"
                  "\"domains\":2,\"answered\":1,\"round_ms\":12.4,\"host_cpus\":4,\"host_cpu\":10,"
                  "\"host_memory_kib\":8388608,\"host_memory_used_kib\":2097152,\"rows\":["
                  "{\"uuid\":\"1a\",\"health\":\"ok\",\"reason_code\":\"none\",\"reason\":null,"
                  "\"name\":\"web,\\u001b[31m\\\"1\\\"\",\"cpu\":20,\"mem\":536870912,\"age\":0,"
                  "\"old\":[],\"estimates\":[\"mem\"]},"
                  "{\"uuid\":\"2b\",\"health\":\"stopped\",\"reason_code\":\"signal\",\"reason\":"
                  "\"it sleeps\","
                  "\"name\":\"db\",\"cpu\":null,\"mem\":524288,\"age\":2,\"old\":[\"mem\"],"
                  "\"estimates\":[]}]}\n");
}

/* In one line, of which as many names are left out as it takes. */
static void
names_of_those_that_do_not_answer(void **state)
{
    static const char *const round[] = {ROUND("2987600", "3000000", "5", STUCK "," BUSY)};
    static const char *const texts[] = {
        "not answering: 2 domains",
        "not answering: db (stopped) and 1 more",
        "not answering: db (stopped), wiki (busy)",
        "not answering: db (stopped), wiki (busy)",
    };
    g_autoptr(TopModel) model = make_model_of(round, 1);
    g_autoptr(GString) out = g_string_new(NULL);

    (void)state;
    assert_int_equal(top_summary_count_silent(model), 2);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_string_truncate(out, 0);
        top_summary_append_silent(out, model, i);
        assert_string_equal(out->str, texts[i]);
    }
}

/* A round that failed two seconds after the first one. */
static void
a_round_that_failed(void **state)
{
    static const char *const rounds[] = {
        ROUND("900000", "1000000", "1", WELL),
        "{\"began_us\":2000000,\"ended_us\":3000000,\"wall_us\":1700000000500000,"
        "\"error\":\"no\\u001b[31m such host\",\"domains\":[]}"};
    g_autoptr(TopModel) model = make_model_of(rounds, 2);
    g_auto(TopOptions) options = {
        .columns = top_column_parse_list("name,state,mem,age", TOP_COLUMN_VIEW_VMS, NULL)};
    g_autoptr(GString) out = g_string_new(NULL);

    (void)state;
    top_csv_append(out, model, &options);
    top_virttop_append(out, model, &options);
    assert_string_equal(out->str, "");
    top_plain_append(out, model, &options);
    testing_assert_same_text(strstr(out->str, "the"),
                             "the round failed: no\\x1b[31m such host\n\n");
    g_string_truncate(out, 0);
    top_json_append(out, model, &options);
    assert_non_null(strstr(out->str, "\"error\":\"no\\u001b[31m such host\""));
    assert_non_null(strstr(out->str, "\"domains\":2,\"answered\":0,"));
    assert_non_null(strstr(out->str,
                           "\"name\":\"db\",\"state\":\"?\",\"mem\":524288,\"age\":2,\"old\":["
                           "\"mem\"]"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_a_table),
        cmocka_unit_test(wide_names_in_a_table),
        cmocka_unit_test(as_values),
        cmocka_unit_test(as_virt_top),
        cmocka_unit_test(as_virt_top_filtered_and_sorted),
        cmocka_unit_test(as_json),
        cmocka_unit_test(a_round_that_failed),
        cmocka_unit_test(names_of_those_that_do_not_answer),
    };

    return cmocka_run_group_tests_name("top_output", tests, NULL, NULL);
}
