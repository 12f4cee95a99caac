/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_hidden: tables of mounts, and whether /proc hides the processes of others.
 */
#include "host/process/host_hidden.h"
#include "testing.h"

#define ROOT      "20 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
#define PROC(how) "21 20 0:5 / /proc rw,nosuid shared:2 - proc proc rw" how "\n"

typedef struct {
    const char *sentence;
    const char *mountinfo;
    bool is_hidden; /* from a user in the groups 1000 and 27 */
} HiddenRow;

static const HiddenRow hidden_rows[] = {
    {"nothing is hidden", ROOT PROC(""), false},
    {"without access", ROOT PROC(",hidepid=1"), true},
    {"invisible", ROOT PROC(",hidepid=2"), true},
    {"in words", ROOT PROC(",hidepid=invisible"), true},
    {"but what may be traced", ROOT PROC(",hidepid=ptraceable"), true},
    {"off", ROOT PROC(",hidepid=off"), false},
    {"zero", ROOT PROC(",hidepid=0"), false},
    {"not from our group", ROOT PROC(",gid=27,hidepid=invisible"), false},
    {"from our group, unless it may trace", ROOT PROC(",gid=27,hidepid=4"), true},
    {"not from another group", ROOT PROC(",gid=28,hidepid=2"), true},
    {"in another folder", "21 20 0:5 / /srv/proc rw - proc proc rw,hidepid=2\n" PROC(""), false},
    {"what is mounted over it counts", PROC(",hidepid=2") PROC(""), false},
    {"no such mount", ROOT, false},
    {"nothing", "", false},
    {"half a line", "21 20 0:5 / - proc ", false},
    {"no words at all", " - proc ", false},
};

static void
knows_what_is_hidden(const void *data)
{
    const HiddenRow *row = data;
    const gid_t groups[] = {1000, 27};

    assert_int_equal(host_hidden_by_mounts(row->mountinfo, groups, G_N_ELEMENTS(groups)),
                     row->is_hidden);
}

int
main(void)
{
    return TESTING_RUN_TABLE("hidden", hidden_rows, knows_what_is_hidden);
}
