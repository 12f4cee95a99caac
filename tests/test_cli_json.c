/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_cli_json: records as JSON, byte by byte.
 */
#include "cli/cli_json.h"

#include <math.h>

#include "testing.h"

#define MAX_RECORDS 2

typedef void (*Print)(CliOutput *output, DomstatsRecord *const *records, size_t n_records,
                      const char *blind_spot);

typedef struct {
    const char *sentence;
    DomstatsRecord records[MAX_RECORDS]; /* up to the first without a name */
    Print print;
    const char *expected;
    const char *blind_spot;
} Row;

static virTypedParameter every_type[] = {
    {.field = "int", .type = VIR_TYPED_PARAM_INT, .value.i = -5},
    {.field = "uint", .type = VIR_TYPED_PARAM_UINT, .value.ui = 4294967295U},
    {.field = "llong", .type = VIR_TYPED_PARAM_LLONG, .value.l = INT64_MIN},
    {.field = "ullong", .type = VIR_TYPED_PARAM_ULLONG, .value.ul = UINT64_MAX},
    {.field = "tenth", .type = VIR_TYPED_PARAM_DOUBLE, .value.d = 0.1},
    {.field = "third", .type = VIR_TYPED_PARAM_DOUBLE, .value.d = 1.0 / 3},
    {.field = "two", .type = VIR_TYPED_PARAM_DOUBLE, .value.d = 2},
    {.field = "large", .type = VIR_TYPED_PARAM_DOUBLE, .value.d = 1e300},
    {.field = "nan", .type = VIR_TYPED_PARAM_DOUBLE, .value.d = (double)NAN},
    {.field = "infinite", .type = VIR_TYPED_PARAM_DOUBLE, .value.d = (double)INFINITY},
    {.field = "yes", .type = VIR_TYPED_PARAM_BOOLEAN, .value.b = 1},
    {.field = "no", .type = VIR_TYPED_PARAM_BOOLEAN, .value.b = 0},
    {.field = "string",
     .type = VIR_TYPED_PARAM_STRING,
     .value.s = (char *)"a\"b\\c/d\n\x1b\xc3\xa9"},
};

static virTypedParameter state[] = {
    {.field = "state.state", .type = VIR_TYPED_PARAM_INT, .value.i = VIR_DOMAIN_PAUSED},
};

static virTypedParameter odd_state[] = {
    {.field = "state.state", .type = VIR_TYPED_PARAM_INT, .value.i = 99},
};

static DomstatsRecord last = {
    .name = (char *)"vm1", .uuid = "u", .id = 7, .params = state, .n_params = 1, .taken_us = 4};

static const Row rows[] = {
    {"no domains, an empty array",
     {{NULL}},
     cli_json_print,
     "{\"domains\":[],\"blind_spot\":null}\n"},
    {"what the source could not see",
     {{NULL}},
     cli_json_print_list,
     "{\"domains\":[],\"blind_spot\":\"processes of \\\"others\\\"\"}\n",
     "processes of \"others\""},
    {"every type, exact",
     {{.name = (char *)"vm1",
       .uuid = "u",
       .id = 7,
       .since_us = 1,
       .taken_us = 2,
       .monitor_us = 3,
       .params = every_type,
       .n_params = G_N_ELEMENTS(every_type)}},
     cli_json_print,
     "{\"domains\":[\n"
     "{\"name\":\"vm1\",\"uuid\":\"u\",\"id\":7,\"health\":\"ok\",\"reason\":null,\"reason_code\":"
     "\"none\",\"since_us\":1,"
     "\"taken_us\":2,\"monitor_us\":3,\"missing\":[],\"answered_by\":\"none\",\"pid\":null,"
     "\"monitor\":null,\"holder_pid\":null,\"stats\":{\"int\":-5,\"uint\":4294967295,"
     "\"llong\":-9223372036854775808,\"ullong\":18446744073709551615,\"tenth\":0.1,"
     "\"third\":0.33333333333333331,\"two\":2.0,\"large\":1e+300,\"nan\":null,\"infinite\":null,"
     "\"yes\":true,\"no\":false,\"string\":\"a\\\"b\\\\c/d\\u000a\\u001b\xc3\xa9\"},"
     "\"last\":null}\n"
     "],\"blind_spot\":null}\n"},
    {"what is not known is null, and the last complete record is whole",
     {{.name = (char *)"vm1",
       .uuid = "u",
       .id = -1,
       .health = DOMSTATS_HEALTH_STOPPED,
       .reason = (char *)"why",
       .reason_code = DOMSTATS_REASON_SIGNAL,
       .since_us = 1,
       .taken_us = 2,
       .monitor_us = -1,
       .missing = VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_VM,
       .answered_by = DOMSTATS_ANSWERED_BY_HOST,
       .pid = 12,
       .monitor = (char *)"/run/a b",
       .holder_pid = 13,
       .last = &last}},
     cli_json_print,
     "{\"domains\":[\n"
     "{\"name\":\"vm1\",\"uuid\":\"u\",\"id\":null,\"health\":\"stopped\",\"reason\":\"why\","
     "\"reason_code\":\"signal\","
     "\"since_us\":1,\"taken_us\":2,\"monitor_us\":null,\"missing\":[\"state\",\"vm\"],\"answered_"
     "by\":\"host\",\"pid\":12,\"monitor\":\"/run/a b\",\"holder_pid\":13,"
     "\"stats\":{},\"last\":{\"name\":\"vm1\",\"uuid\":\"u\",\"id\":7,\"health\":\"ok\","
     "\"reason\":null,\"reason_code\":\"none\",\"since_us\":0,\"taken_us\":4,\"monitor_us\":0,"
     "\"missing\":[],\"answered_"
     "by\":\"none\",\"pid\":null,\"monitor\":null,\"holder_pid\":null,"
     "\"stats\":{\"state.state\":3}}}\n"
     "],\"blind_spot\":null}\n"},
    {"the list has words for states, null for one without, and names that are not UTF-8",
     {{.name = (char *)"\xf0\x9f\x92\xa5\xff\xe2\x80\xae", .params = state, .n_params = 1},
      {.name = (char *)"\xf0\x90\x80", .params = odd_state, .n_params = 1}},
     cli_json_print_list,
     "{\"domains\":[\n"
     "{\"name\":\"\xf0\x9f\x92\xa5\\ufffd\\u202e\",\"uuid\":\"\",\"id\":0,\"health\":\"ok\","
     "\"reason\":null,\"reason_code\":\"none\",\"since_us\":0,\"taken_us\":0,\"monitor_us\":0,"
     "\"missing\":[],\"answered_"
     "by\":\"none\",\"pid\":null,\"monitor\":null,\"holder_pid\":null,"
     "\"state\":\"paused\"},\n"
     "{\"name\":\"\\ufffd\\ufffd\\ufffd\",\"uuid\":\"\",\"id\":0,\"health\":\"ok\","
     "\"reason\":null,\"reason_code\":\"none\",\"since_us\":0,\"taken_us\":0,\"monitor_us\":0,"
     "\"missing\":[],\"answered_"
     "by\":\"none\",\"pid\":null,\"monitor\":null,\"holder_pid\":null,"
     "\"state\":null}\n"
     "],\"blind_spot\":null}\n"},
    {"a character beyond sixteen bits that cannot be printed",
     {{.name = (char *)"\xf3\xa0\x80\x81", .uuid = ""}},
     cli_json_print_list,
     "{\"domains\":[\n"
     "{\"name\":\"\\udb40\\udc01\",\"uuid\":\"\",\"id\":0,\"health\":\"ok\",\"reason\":null,"
     "\"reason_code\":\"none\","
     "\"since_us\":0,\"taken_us\":0,\"monitor_us\":0,\"missing\":[],\"answered_by\":\"none\","
     "\"pid\":null,\"monitor\":null,\"holder_pid\":null,\"state\":null}\n"
     "],\"blind_spot\":null}\n"},
};

static void
prints_records(const void *data)
{
    const Row *row = data;
    DomstatsRecord *records[MAX_RECORDS] = {NULL};
    size_t n_records = 0;
    g_auto(CliOutput) output = {0};

    while (n_records < MAX_RECORDS && row->records[n_records].name != NULL) {
        records[n_records] = (DomstatsRecord *)&row->records[n_records];
        n_records++;
    }
    cli_output_init(&output, -1);
    row->print(&output, records, n_records, row->blind_spot);
    testing_assert_same_text(output.text->str, row->expected);
}

int
main(void)
{
    return TESTING_RUN_TABLE("cli_json", rows, prints_records);
}
