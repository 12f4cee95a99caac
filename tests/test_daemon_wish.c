/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_daemon_wish: which calls may share a round, and what that round asks for.
 */
#include "testing.h"

#include <string.h>

#include "daemon/daemon_limits.h"
#include "daemon/daemon_wish.h"

#define FLAG(name) VIR_CONNECT_GET_ALL_DOMAINS_STATS_##name

enum {
    STATE = VIR_DOMAIN_STATS_STATE,
    BLOCK = VIR_DOMAIN_STATS_BLOCK,
    VCPU = VIR_DOMAIN_STATS_VCPU,
    EXT = DOMSTATS_CALL_EXT,
    LAST = DOMSTATS_CALL_LAST,
    NO_KVM = DOMSTATS_CALL_WITHOUT_KVM,
};

static const char *const a[] = {"a", NULL};
static const char *const b[] = {"b", NULL};
static const char *const ab[] = {"a", "b", NULL};
static const char *const ba[] = {"b", "a", NULL};
static const char *const none[] = {NULL};

typedef struct {
    const char *name;
    DomstatsCall round;
    DomstatsCall wanted;
    bool is_covered;
    const char *united; /* what both need; NULL: they cannot share a round */
} Row;

/* clang-format off */
static const Row rows[] = {
    {"the same", {.stats = STATE}, {.stats = STATE}, true, "stats=1"},
    {"timeouts do not count", {.timeout_ms = 1}, {.timeout_ms = 2}, true, "stats=0"},
    {"all groups serve some", {0}, {.stats = STATE | BLOCK}, true, "stats=0"},
    {"some groups do not serve all", {.stats = STATE}, {0}, false, "stats=0"},
    {"each group by name is not all: what is not supported would be missing", {.stats = 0x7ff}, {0}, false, "stats=0"},
    {"more groups serve fewer", {.stats = STATE | VCPU}, {.stats = VCPU}, true, "stats=9"},
    {"fewer do not serve more", {.stats = VCPU}, {.stats = STATE | VCPU}, false, "stats=9"},
    {"other groups", {.stats = STATE}, {.stats = VCPU}, false, "stats=9"},
    {"bits that are no group do not count", {.stats = STATE}, {.stats = STATE | 1U << 30}, true, "stats=1"},
    {"only bits that are no group: who there is", {0}, {.stats = 1U << 30}, true, "stats=0"},
    {"who there is, and a group", {.stats = 1U << 30}, {.stats = VCPU}, false, "stats=40000008"},
    {"who runs, of nothing else", {.stats = 1U << 30}, {.stats = 1U << 30, .flags = FLAG(ACTIVE)}, false, "stats=40000001"},
    {"more extras serve fewer", {.extras = EXT | LAST}, {.extras = LAST}, true, "stats=0 extras=3"},
    {"fewer do not serve more", {.extras = EXT}, {.extras = LAST}, false, "stats=0 extras=3"},
    {"with KVM's statistics serves without", {0}, {.extras = NO_KVM}, true, "stats=0"},
    {"without does not serve with", {.extras = NO_KVM}, {0}, false, "stats=0"},
    {"both without", {.stats = STATE, .extras = NO_KVM}, {.stats = VCPU, .extras = NO_KVM}, false, "stats=9 extras=8"},
    {"a group that has none of KVM's", {.stats = STATE | VCPU, .extras = NO_KVM}, {.stats = STATE}, true, "stats=9 extras=8"},
    {"asked together with one that has", {.stats = STATE}, {.stats = VCPU, .extras = NO_KVM}, false, "stats=9 extras=8"},
    {"KVM's own group without KVM's is refused", {0}, {.stats = VIR_DOMAIN_STATS_VM, .extras = NO_KVM}, false, NULL},

    {"backing chains give block records other numbers", {.flags = FLAG(BACKING)}, {0}, false, NULL},
    {"and the other way round", {0}, {.flags = FLAG(BACKING)}, false, NULL},
    {"that is nothing to who wants no block records", {.flags = FLAG(BACKING)}, {.stats = STATE}, true, "stats=0 flags=40000000"},
    {"nor to a round that has none", {.stats = STATE}, {.stats = BLOCK, .flags = FLAG(BACKING)}, false,
     "stats=21 flags=40000000"},
    {"backing without block records", {.stats = BLOCK}, {.stats = STATE, .flags = FLAG(BACKING)}, false, "stats=21"},

    {"who waits is not served by who does not", {.flags = FLAG(NOWAIT)}, {0}, false, "stats=0"},
    {"who does not wait is served by who waits", {0}, {.flags = FLAG(NOWAIT)}, true, "stats=0"},
    {"neither waits", {.stats = STATE, .flags = FLAG(NOWAIT)}, {.stats = VCPU, .flags = FLAG(NOWAIT)}, false,
     "stats=9 flags=20000000"},

    {"enforcing shares with its like", {.stats = STATE, .flags = FLAG(ENFORCE_STATS)},
     {.stats = STATE, .flags = FLAG(ENFORCE_STATS)}, true, "stats=1 flags=80000000"},
    {"and with nothing else", {.stats = STATE, .flags = FLAG(ENFORCE_STATS)}, {.stats = STATE}, false, NULL},
    {"in neither direction", {0}, {.stats = STATE, .flags = FLAG(ENFORCE_STATS)}, false, NULL},

    {"a filter is applied to what has no filter", {0}, {.flags = FLAG(ACTIVE)}, true, "stats=0"},
    {"the same filter", {.stats = VCPU, .flags = FLAG(ACTIVE)}, {.stats = VCPU, .flags = FLAG(ACTIVE)}, true,
     "stats=8 flags=1"},
    {"the same filter, other groups", {.stats = VCPU, .flags = FLAG(ACTIVE)}, {.stats = STATE, .flags = FLAG(ACTIVE)}, false,
     "stats=9 flags=1"},
    {"another filter", {.flags = FLAG(ACTIVE)}, {.flags = FLAG(INACTIVE)}, false, "stats=0"},
    {"a filter needs the state", {.stats = VCPU}, {.stats = VCPU, .flags = FLAG(RUNNING)}, false, "stats=9"},
    {"whose filter it ever was", {.stats = VCPU, .flags = FLAG(PAUSED)}, {.stats = VCPU}, false, "stats=9"},
    {"persistence is told by what a domain is made of", {0}, {.flags = FLAG(PERSISTENT)}, false, "stats=0 extras=4"},
    {"which comes with the state", {.stats = VCPU}, {.stats = VCPU, .flags = FLAG(PERSISTENT)}, false, "stats=9 extras=4"},
    {"without it nothing tells it", {.stats = VCPU, .extras = 4}, {.stats = VCPU, .flags = FLAG(TRANSIENT)}, false,
     "stats=9 extras=4"},
    {"which then serves", {.extras = 4}, {.flags = FLAG(TRANSIENT)}, true, "stats=0 extras=4"},

    {"all domains serve one", {0}, {.domains = a}, true, "stats=0"},
    {"one does not serve all", {.domains = a}, {0}, false, "stats=0"},
    {"two serve one", {.domains = ab}, {.domains = b}, true, "stats=0 a b"},
    {"in another order", {.domains = ab}, {.domains = ba}, true, "stats=0 a b"},
    {"one does not serve two", {.domains = b}, {.domains = ab}, false, "stats=0 b a"},
    {"two that are different", {.domains = a}, {.domains = b}, false, "stats=0 a b"},
    {"a name and a filter: is it filtered, or is there none?", {.flags = FLAG(ACTIVE)},
     {.domains = a, .flags = FLAG(ACTIVE)}, false, "stats=0"},
    {"the same name and filter", {.domains = a, .flags = FLAG(ACTIVE)}, {.domains = a, .flags = FLAG(ACTIVE)}, true,
     "stats=0 flags=1 a"},

    {"a flag that the library refuses", {0}, {.flags = 1U << 16}, false, NULL},
    {"an extra that it refuses", {0}, {.extras = 1U << 16}, false, NULL},
    {"an empty list", {0}, {.domains = none}, false, NULL},
    {"a member of a later version", {0}, {.reserved = {1}}, false, NULL},
};
/* clang-format on */

static char *
describe(const DomstatsCall *call)
{
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "stats=%x", call->stats);
    if (call->flags != 0)
        g_string_append_printf(text, " flags=%x", call->flags);
    if (call->extras != 0)
        g_string_append_printf(text, " extras=%x", call->extras);
    for (const char *const *word = call->domains; word != NULL && *word != NULL; word++)
        g_string_append_printf(text, " %s", *word);
    return g_string_free(text, FALSE);
}

static void
shares(const void *data)
{
    const Row *row = data;
    g_autoptr(DomstatsCall) round = daemon_wish_copy(&row->round);
    g_autofree char *before = describe(round);
    bool is_united = false;
    g_autofree char *after = NULL;

    assert_int_equal(daemon_wish_covers(round, &row->wanted), row->is_covered);
    is_united = daemon_wish_unite(round, &row->wanted);
    after = describe(round);
    assert_int_equal(is_united, row->united != NULL);
    assert_string_equal(after, row->united ? row->united : before);
    if (!is_united)
        return;
    assert_true(daemon_wish_covers(round, &row->wanted));
    assert_true(daemon_wish_covers(round, &row->round));
}

static void
many_names_are_all(void **state)
{
    g_autoptr(DomstatsCall) round = daemon_wish_copy(&(DomstatsCall){.domains = a});

    (void)state;
    for (unsigned int i = 1; i <= DAEMON_LIMIT_ROUND_WORDS; i++) {
        g_autofree char *word = g_strdup_printf("vm%u", i);
        const char *const words[] = {word, NULL};

        assert_non_null(round->domains);
        assert_true(daemon_wish_unite(round, &(DomstatsCall){.domains = words}));
    }
    assert_null(round->domains);
}

/* Words of a long list are not compared one by one. */
static void
long_lists(void **state)
{
    enum { N_WORDS = 65536 };
    g_autofree const char **words = g_new0(const char *, N_WORDS + 1);
    g_autoptr(DomstatsCall) round = NULL;
    DomstatsCall wanted = {0};

    (void)state;
    for (unsigned int i = 0; i < N_WORDS; i++)
        words[i] = "a";
    words[N_WORDS - 1] = "b";
    wanted.domains = words;
    round = daemon_wish_copy(&wanted);
    assert_true(daemon_wish_covers(round, &wanted));
    assert_false(daemon_wish_covers(round, &(DomstatsCall){.domains = a}));
    assert_true(daemon_wish_unite(round, &(DomstatsCall){.domains = b}));
    assert_null(round->domains);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"a round for many names asks for all domains", many_names_are_all, NULL, NULL, NULL},
        {"a list of 65,536 names is shared with its like, or becomes all", long_lists, NULL, NULL,
         NULL},
    };

    return TESTING_RUN_TABLE("wish", rows, shares) +
           cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
