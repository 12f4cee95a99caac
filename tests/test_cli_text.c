/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_cli_text: records printed as 'virsh domstats' prints them.
 */
#include "cli/cli_text.h"

#include <string.h>

#include "testing.h"

#define MAX_RECORDS 3

typedef struct {
    const char *sentence;
    DomstatsRecord records[MAX_RECORDS]; /* up to the first without a name */
    bool show_health;
    const char *expected;
} Row;

static virTypedParameter every_type[] = {
    {.field = "a.int", .type = VIR_TYPED_PARAM_INT, .value.i = -2147483647 - 1},
    {.field = "a.uint", .type = VIR_TYPED_PARAM_UINT, .value.ui = 4294967295U},
    {.field = "a.llong", .type = VIR_TYPED_PARAM_LLONG, .value.l = INT64_MIN},
    {.field = "a.ullong", .type = VIR_TYPED_PARAM_ULLONG, .value.ul = UINT64_MAX},
    {.field = "a.zero", .type = VIR_TYPED_PARAM_ULLONG, .value.ul = 0},
    {.field = "a.double", .type = VIR_TYPED_PARAM_DOUBLE, .value.d = 0.5},
    {.field = "a.yes", .type = VIR_TYPED_PARAM_BOOLEAN, .value.b = 1},
    {.field = "a.no", .type = VIR_TYPED_PARAM_BOOLEAN, .value.b = 0},
    {.field = "a.string", .type = VIR_TYPED_PARAM_STRING, .value.s = (char *)"/a b\\c=\"d\""},
};

static virTypedParameter state[] = {
    {.field = "state.state", .type = VIR_TYPED_PARAM_INT, .value.i = 1},
};

static virTypedParameter hostile[] = {
    {.field = "a\x1b[2J.b",
     .type = VIR_TYPED_PARAM_STRING,
     .value.s = (char *)"\n\x7f\x80\xc2\x9b"},
};

static DomstatsRecord last = {
    .name = (char *)"vm1", .params = state, .n_params = 1, .taken_us = 17};

static const Row rows[] = {
    {"no domains, nothing", {{NULL}}, false, ""},
    {"every type as virsh writes it",
     {{.name = (char *)"vm1", .params = every_type, .n_params = G_N_ELEMENTS(every_type)}},
     false,
     "Domain: 'vm1'\n"
     "  a.int=-2147483648\n"
     "  a.uint=4294967295\n"
     "  a.llong=-9223372036854775808\n"
     "  a.ullong=18446744073709551615\n"
     "  a.zero=0\n"
     "  a.double=0.500000\n"
     "  a.yes=yes\n"
     "  a.no=no\n"
     "  a.string=/a b\\x5cc=\"d\"\n"},
    {"what is escaped is told from what looks like it",
     {{.name = (char *)"a\tb\\x09c", .params = state, .n_params = 1}},
     false,
     "Domain: 'a\\x09b\\x5cx09c'\n  state.state=1\n"},
    {"an empty line between two domains",
     {{.name = (char *)"vm1", .params = state, .n_params = 1},
      {.name = (char *)"vm2", .params = state, .n_params = 1}},
     false,
     "Domain: 'vm1'\n  state.state=1\n\nDomain: 'vm2'\n  state.state=1\n"},
    {"a name that would drive the terminal",
     {{.name = (char *)"\x1b]0;x\a\xe2\x80\xae\xe2\x80\xa8", .params = state, .n_params = 1}},
     false,
     "Domain: '\\x1b]0;x\\x07\\xe2\\x80\\xae\\xe2\\x80\\xa8'\n  state.state=1\n"},
    {"a name in another script stays",
     {{.name = (char *)"m\xc3\xa9t\xc3\xa9o \xe6\x97\xa5", .params = state, .n_params = 1}},
     false,
     "Domain: 'm\xc3\xa9t\xc3\xa9o \xe6\x97\xa5'\n  state.state=1\n"},
    {"a name cut inside a character",
     {{.name = (char *)"a\xe6\x97", .params = state, .n_params = 1}},
     false,
     "Domain: 'a\\xe6\\x97'\n  state.state=1\n"},
    {"fields and values that would drive the terminal",
     {{.name = (char *)"vm1", .params = hostile, .n_params = 1}},
     false,
     "Domain: 'vm1'\n  a\\x1b[2J.b=\\x0a\\x7f\\x80\\xc2\\x9b\n"},
    {"a domain of which nothing is known stands there",
     {{.name = (char *)"vm1", .health = DOMSTATS_HEALTH_DENIED}},
     false,
     "Domain: 'vm1'\n"},
    {"what does not exist leaves no trace, no empty line either",
     {{.name = (char *)"no", .health = DOMSTATS_HEALTH_NO_DOMAIN},
      {.name = (char *)"vm1", .params = state, .n_params = 1},
      {.name = (char *)"no", .health = DOMSTATS_HEALTH_NO_DOMAIN}},
     false,
     "Domain: 'vm1'\n  state.state=1\n"},
    {"health stays out unless asked for",
     {{.name = (char *)"vm1", .health = DOMSTATS_HEALTH_STOPPED, .reason = (char *)"why"}},
     false,
     "Domain: 'vm1'\n"},
    {"health of a domain that is well",
     {{.name = (char *)"vm1", .since_us = 1, .taken_us = 2, .monitor_us = 3}},
     true,
     "Domain: 'vm1'\n"
     "  health=ok\n"
     "  health.since_us=1\n"
     "  health.taken_us=2\n"
     "  health.monitor_us=3\n"
     "  health.missing=\n"
     "  health.answered_by=none\n"},
    {"health of a domain that is not",
     {{.name = (char *)"vm1",
       .health = DOMSTATS_HEALTH_WEDGED,
       .reason = (char *)"main\nloop",
       .reason_code = DOMSTATS_REASON_MAIN_LOOP,
       .since_us = 1,
       .monitor_us = -1,
       .answered_by = DOMSTATS_ANSWERED_BY_HOST,
       .pid = 12,
       .monitor = (char *)"/run/\n",
       .holder_pid = 13,
       .missing = VIR_DOMAIN_STATS_BLOCK | VIR_DOMAIN_STATS_CPU_TOTAL}},
     true,
     "Domain: 'vm1'\n"
     "  health=wedged\n"
     "  health.reason=main\\x0aloop\n"
     "  health.reason_code=main-loop\n"
     "  health.since_us=1\n"
     "  health.taken_us=0\n"
     "  health.missing=cpu-total,block\n"
     "  health.answered_by=host\n"
     "  health.pid=12\n"
     "  health.monitor=/run/\\x0a\n"
     "  health.holder_pid=13\n"},
    {"two of one name have their identity as fields",
     {{.name = (char *)"vm1", .id = 7, .uuid = "a", .params = state, .n_params = 1},
      {.name = (char *)"vm2", .id = 8, .uuid = "b", .params = state, .n_params = 1},
      {.name = (char *)"vm1", .id = -1, .uuid = "c", .params = state, .n_params = 1}},
     false,
     "Domain: 'vm1'\n  domain.id=7\n  domain.uuid=a\n  state.state=1\n\n"
     "Domain: 'vm2'\n  state.state=1\n\n"
     "Domain: 'vm1'\n  domain.uuid=c\n  state.state=1\n"},
    {"the last complete values cannot be taken for new ones",
     {{.name = (char *)"vm1", .health = DOMSTATS_HEALTH_STOPPED, .last = &last}},
     false,
     "Domain: 'vm1'\n  last.taken_us=17\n  last.state.state=1\n"},
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
    cli_text_print(&output, records, n_records, row->show_health);
    testing_assert_same_text(output.text->str, row->expected);
}

int
main(void)
{
    return TESTING_RUN_TABLE("cli_text", rows, prints_records);
}
