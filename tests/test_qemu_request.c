/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What may be asked, and which domains the filter bits select.
 */
#include "qemu/plan/qemu_request.h"

#include "qemu/plan/qemu_group.h"
#include "testing.h"
#include "util/util_error.h"

#define FLAG(name) VIR_CONNECT_GET_ALL_DOMAINS_STATS_##name

static const char *const nobody[] = {NULL};
static const char *const somebody[] = {"web", NULL};

typedef struct {
    const char *sentence;
    QemuRequest request;
    int error;           /* UtilError, or -1 */
    const char *text;    /* of the error */
    unsigned int groups; /* wanted, where there is no error */
} CheckRow;

static const CheckRow check_rows[] = {
    {"nothing named means all groups", {.stats = 0}, -1, NULL, 0x7ff},
    {"without KVM's statistics all have one group less",
     {.extras = DOMSTATS_CALL_WITHOUT_KVM},
     -1,
     NULL,
     0x7ff & ~VIR_DOMAIN_STATS_VM},
    {"a group that is made of them is refused then",
     {.stats = 0x401, .extras = DOMSTATS_CALL_WITHOUT_KVM},
     UTIL_ERROR_INVALID,
     "the group 'vm' is wanted, but no statistics of KVM, of which it is made",
     0x1},
    {"what is named is what is wanted", {.stats = 0x21}, -1, NULL, 0x21},
    {"unknown groups are ignored", {.stats = 0x81000001}, -1, NULL, 0x1},
    {"only unknown groups leave none", {.stats = 0x1000000}, -1, NULL, 0},
    {"unknown groups are refused where enforced",
     {.stats = 0x81000001, .flags = FLAG(ENFORCE_STATS)},
     UTIL_ERROR_UNSUPPORTED,
     "unknown groups of statistics 0x81000000",
     0},
    {"known groups may be enforced",
     {.stats = 0x7ff, .flags = FLAG(ENFORCE_STATS)},
     -1,
     NULL,
     0x7ff},
    {"all may be enforced", {.stats = 0, .flags = FLAG(ENFORCE_STATS)}, -1, NULL, 0x7ff},
    {"every filter and switch is known",
     {.flags = 0xff | FLAG(NOWAIT) | FLAG(BACKING) | FLAG(ENFORCE_STATS),
      .extras = DOMSTATS_CALL_EXT | DOMSTATS_CALL_LAST},
     -1,
     NULL,
     0x7ff},
    {"a bit that libvirt may yet take is none of ours",
     {.flags = 1u << 16},
     UTIL_ERROR_INVALID,
     "unknown flags 0x10000",
     0},
    {"an extra that nobody knows is refused",
     {.extras = DOMSTATS_CALL_EXT | 1u << 7},
     UTIL_ERROR_INVALID,
     "unknown extras 0x80",
     0},
    {"a list filter of another call is no flag of this",
     {.flags = 1u << 8},
     UTIL_ERROR_INVALID,
     "unknown flags 0x100",
     0},
    {"a flag beside known ones is found",
     {.flags = 0x3 | 1u << 28},
     UTIL_ERROR_INVALID,
     "unknown flags 0x10000000",
     0},
    {"unknown flags come before unknown groups",
     {.stats = 0x1000000, .flags = FLAG(ENFORCE_STATS) | 1u << 9},
     UTIL_ERROR_INVALID,
     "unknown flags 0x200",
     0},
    {"an empty list of domains is refused",
     {.domains = nobody},
     UTIL_ERROR_INVALID,
     "the list of domains is empty",
     0},
    {"a list with a domain is not", {.domains = somebody}, -1, NULL, 0x7ff},
};

static void
check_request(const void *data)
{
    const CheckRow *row = data;
    g_autoptr(GError) error = NULL;

    assert_int_equal(qemu_request_check(&row->request, &error), row->error < 0);
    if (row->error >= 0) {
        assert_true(g_error_matches(error, UTIL_ERROR, row->error));
        assert_string_equal(error->message, row->text);
        return;
    }
    assert_null(error);
    assert_int_equal(qemu_request_groups(&row->request), row->groups);
    assert_int_equal(qemu_request_is_all(&row->request), row->request.stats == 0);
}

typedef struct {
    const char *sentence;
    unsigned int flags;
    bool is_active, is_persistent;
    int state;
    bool is_selected;
    bool may_be_persistent;
} FilterRow;

static const FilterRow filter_rows[] = {
    {"no filter selects a running domain", 0, true, false, VIR_DOMAIN_RUNNING, true},
    {"no filter selects a domain that is off", 0, false, true, VIR_DOMAIN_SHUTOFF, true},
    {"active leaves out what is off", FLAG(ACTIVE), false, true, VIR_DOMAIN_SHUTOFF, false},
    {"active keeps a paused one", FLAG(ACTIVE), true, true, VIR_DOMAIN_PAUSED, true},
    {"inactive leaves out what runs", FLAG(INACTIVE), true, true, VIR_DOMAIN_RUNNING, false},
    {"both of a pair filter nothing", FLAG(ACTIVE) | FLAG(INACTIVE), true, true, VIR_DOMAIN_RUNNING,
     true},
    {"persistent leaves out a transient one", FLAG(PERSISTENT), true, false, VIR_DOMAIN_RUNNING,
     false},
    {"transient keeps it", FLAG(TRANSIENT), true, false, VIR_DOMAIN_RUNNING, true},
    {"families are joined by and", FLAG(ACTIVE) | FLAG(PERSISTENT), true, false, VIR_DOMAIN_RUNNING,
     false},
    {"states are joined by or", FLAG(RUNNING) | FLAG(PAUSED), true, false, VIR_DOMAIN_PAUSED, true},
    {"running leaves out a paused one", FLAG(RUNNING), true, false, VIR_DOMAIN_PAUSED, false},
    {"shutoff is a state of its own", FLAG(SHUTOFF), false, true, VIR_DOMAIN_SHUTOFF, true},
    {"other is none of the three", FLAG(OTHER), true, true, VIR_DOMAIN_PAUSED, false},
    {"nor is one that its guest suspended paused", FLAG(PAUSED), true, true, VIR_DOMAIN_PMSUSPENDED,
     false},
    {"it is another", FLAG(OTHER), true, true, VIR_DOMAIN_PMSUSPENDED, true},
    {"a crashed one is another", FLAG(OTHER), true, true, VIR_DOMAIN_CRASHED, true},
    {"active and shutoff are legal and select nothing", FLAG(ACTIVE) | FLAG(SHUTOFF), true, true,
     VIR_DOMAIN_RUNNING, false},
    {"nor do they what is off", FLAG(ACTIVE) | FLAG(SHUTOFF), false, true, VIR_DOMAIN_SHUTOFF,
     false},
    {"a state not known passes a filter of states", FLAG(PAUSED), true, true, -1, true},
    {"but not the other families", FLAG(PAUSED) | FLAG(INACTIVE), true, true, -1, false},
    {"one that may be persistent is taken for it", FLAG(PERSISTENT), true, false, -1, true, true},
    {"and for a transient one", FLAG(TRANSIENT), true, false, -1, true, true},
    {"its state counts all the same", FLAG(PERSISTENT) | FLAG(PAUSED), true, false,
     VIR_DOMAIN_RUNNING, false, true},
};

static void
check_filter(const void *data)
{
    const FilterRow *row = data;
    const QemuRequest request = {.flags = row->flags};
    const QemuEndpoint endpoint = {.is_active = row->is_active,
                                   .is_persistent = row->is_persistent,
                                   .may_be_persistent = row->may_be_persistent};
    const unsigned int states = FLAG(RUNNING) | FLAG(PAUSED) | FLAG(SHUTOFF) | FLAG(OTHER);

    assert_int_equal(qemu_request_selects_endpoint(&request, &endpoint, row->state),
                     row->is_selected);
    assert_int_equal(qemu_request_filters_state(&request), (row->flags & states) != 0);
}

int
main(void)
{
    int n_failed = TESTING_RUN_TABLE("check", check_rows, check_request);

    return n_failed + TESTING_RUN_TABLE("filter", filter_rows, check_filter);
}
