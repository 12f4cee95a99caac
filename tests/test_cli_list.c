/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_cli_list: the table of 'domstats list'.
 */
#include "cli/cli_list.h"

#include "testing.h"

#define MAX_RECORDS 4

typedef struct {
    const char *sentence;
    DomstatsRecord records[MAX_RECORDS]; /* up to the first without a name */
    const char *expected;
    int64_t now_us; /* 0: not verbose */
} Row;

static virTypedParameter running[] = {
    {.field = "state.state", .type = VIR_TYPED_PARAM_INT, .value.i = VIR_DOMAIN_RUNNING},
};

static virTypedParameter shut_off[] = {
    {.field = "state.state", .type = VIR_TYPED_PARAM_INT, .value.i = VIR_DOMAIN_SHUTOFF},
};

/* clang-format off */
static const Row rows[] = {
    {"no domains, the head alone",
     {{NULL}},
     " Id   Name   State   Health   Reason\n"
     "--------------------------------------\n"},
    {"columns are as wide as what stands in them, without spaces at the end",
     {{.name = (char *)"vm1", .id = 12, .params = running, .n_params = 1},
      {.name = (char *)"a-long-name", .id = -1, .params = shut_off, .n_params = 1}},
     " Id   Name          State      Health   Reason\n"
     "------------------------------------------------\n"
     " 12   vm1           running    ok\n"
     " -    a-long-name   shut off   ok\n"},
    {"why, for those that are not well; the line is no longer than the titles",
     {{.name = (char *)"vm1", .id = 1, .params = running, .n_params = 1},
      {.name = (char *)"vm2", .id = 2, .health = DOMSTATS_HEALTH_STOPPED,
       .reason = (char *)"a\x1b reason"}},
     " Id   Name   State     Health    Reason\n"
     "-----------------------------------------\n"
     " 1    vm1    running   ok\n"
     " 2    vm2    -         stopped   a\\x1b reason\n"},
    {"two of one name without ids have their UUIDs beside it",
     {{.name = (char *)"vm1", .id = -1, .uuid = "a", .params = shut_off, .n_params = 1},
      {.name = (char *)"vm1", .id = 2, .uuid = "b", .params = running, .n_params = 1}},
     " Id   Name      State      Health   Reason\n"
     "--------------------------------------------\n"
     " -    vm1 (a)   shut off   ok\n"
     " 2    vm1       running    ok\n"},
    {"who answered and how long ago; a clock that was set back makes no age negative",
     {{.name = (char *)"vm1", .id = 1, .params = running, .n_params = 1, .taken_us = 5000000,
       .answered_by = DOMSTATS_ANSWERED_BY_LIBVIRT},
      {.name = (char *)"vm2", .id = 2, .params = running, .n_params = 1, .taken_us = 9000000,
       .answered_by = DOMSTATS_ANSWERED_BY_MONITOR},
      {.name = (char *)"vm3", .id = -1, .health = DOMSTATS_HEALTH_GONE, .reason = (char *)"it ended"}},
     " Id   Name   State     Health   Answered by   Age     Reason\n"
     "--------------------------------------------------------------\n"
     " 1    vm1    running   ok       libvirt       2.500\n"
     " 2    vm2    running   ok       monitor       0.000\n"
     " -    vm3    -         gone     none          -       it ended\n",
     7500000},
    {"wide and composed characters are measured as they are shown",
     {{.name = (char *)"\xe6\x97\xa5\xe6\x9c\xac", .id = 1, .params = running, .n_params = 1},
      {.name = (char *)"e\xcc\x81\xc3\xa9", .id = 2, .params = running, .n_params = 1}},
     " Id   Name   State     Health   Reason\n"
     "----------------------------------------\n"
     " 1    \xe6\x97\xa5\xe6\x9c\xac   running   ok\n"
     " 2    e\xcc\x81\xc3\xa9     running   ok\n"},
};
/* clang-format on */

static void
prints_table(const void *data)
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
    cli_list_print(&output, records, n_records, row->now_us);
    testing_assert_same_text(output.text->str, row->expected);
}

int
main(void)
{
    g_setenv("TZ", "UTC", TRUE);
    return TESTING_RUN_TABLE("cli_list", rows, prints_table);
}
