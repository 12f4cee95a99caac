/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_wish: see daemon_wish.h.
 *
 * How it works
 *
 * Groups and extras are masks, so the wider serves the narrower. Filters are left to daemon_narrow
 * where the requests of a round differ in them; what it needs to filter is then asked for too.
 * Backing chains give block records other numbers, and ENFORCE makes errors: those that differ in
 * these share no round. A call that the library refuses shares one with its like only.
 */
#include "daemon_wish.h"

#include <string.h>

#include "daemon_limits.h"
#include "domstats_filter.h"
#include "domstats_group.h"

#define FLAG(name) ((unsigned int)VIR_CONNECT_GET_ALL_DOMAINS_STATS_##name)

/* Groups that have some of KVM's own statistics. */
static const unsigned int partly_of_kvm = VIR_DOMAIN_STATS_CPU_TOTAL | VIR_DOMAIN_STATS_VCPU;

/* The bits of @call that select domains. */
static unsigned int
filters_of(const DomstatsCall *call)
{
    return call->flags & domstats_filter_all();
}

unsigned int
daemon_wish_groups(const DomstatsCall *call)
{
    unsigned int all = 0;

    for (size_t i = 0; i < domstats_n_groups; i++)
        all |= domstats_groups[i].bit;
    if (call->stats != 0)
        all &= call->stats;
    return (call->extras & DOMSTATS_CALL_WITHOUT_KVM) != 0 ? all & ~domstats_groups_of_kvm : all;
}

/* Of these the more the wider: the extra that leaves something out is turned round, and counts as
 * set where there is nothing that it could leave out. */
static unsigned int
extras_of(const DomstatsCall *call)
{
    unsigned int extras = call->extras;

    if ((daemon_wish_groups(call) & (domstats_groups_of_kvm | partly_of_kvm)) == 0)
        extras |= DOMSTATS_CALL_WITHOUT_KVM;
    return extras ^ DOMSTATS_CALL_WITHOUT_KVM;
}

unsigned int
daemon_wish_unwanted(const DomstatsCall *round, const DomstatsCall *wanted)
{
    return extras_of(round) & ~extras_of(wanted);
}

static bool
has(const DomstatsCall *call, unsigned int flag)
{
    return (call->flags & flag) != 0;
}

static char **
copy_words(const char *const *words)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (; *words != NULL; words++)
        g_strv_builder_add(builder, *words);
    return g_strv_builder_end(builder);
}

DomstatsCall *
daemon_wish_copy(const DomstatsCall *call)
{
    DomstatsCall *copy = g_memdup2(call, sizeof(*call));

    if (call->domains != NULL)
        copy->domains = (const char *const *)copy_words(call->domains);
    return copy;
}

static void
clear_words(DomstatsCall *self)
{
    char **words = NULL;

    memcpy(&words, &self->domains, sizeof(words)); /* the copy's words are its own */
    g_strfreev(words);
    self->domains = NULL;
}

void
daemon_wish_free(DomstatsCall *self)
{
    if (self == NULL)
        return;
    clear_words(self);
    g_free(self);
}

size_t
daemon_wish_words_size(const DomstatsCall *call)
{
    enum { WORD_COST = 32 }; /* of the pointer and the allocation */
    size_t size = 0;

    for (const char *const *word = call->domains; word != NULL && *word != NULL; word++)
        size += strlen(*word) + WORD_COST;
    return size;
}

static bool
same_words(const char *const *left, const char *const *right)
{
    if (left == NULL || right == NULL)
        return left == right;
    return g_strv_equal(left, right);
}

bool
daemon_wish_equals(const DomstatsCall *left, const DomstatsCall *right)
{
    return left->stats == right->stats && left->flags == right->flags &&
           left->extras == right->extras && same_words(left->domains, right->domains) &&
           memcmp(left->reserved, right->reserved, sizeof(left->reserved)) == 0;
}

bool
daemon_wish_is_shareable(const DomstatsCall *call)
{
    static const DomstatsCall none = {0};
    unsigned int flags = domstats_filter_all() | FLAG(NOWAIT) | FLAG(BACKING);
    unsigned int extras = DOMSTATS_CALL_EXT | DOMSTATS_CALL_LAST | DOMSTATS_CALL_ABOUT |
                          DOMSTATS_CALL_WITHOUT_KVM | DOMSTATS_CALL_PSS;
    bool is_refused = (call->stats & domstats_groups_of_kvm) != 0 &&
                      (call->extras & DOMSTATS_CALL_WITHOUT_KVM) != 0;

    return !is_refused && (call->flags & ~flags) == 0 && (call->extras & ~extras) == 0 &&
           (call->domains == NULL || call->domains[0] != NULL) &&
           memcmp(call->reserved, none.reserved, sizeof(none.reserved)) == 0;
}

/* Whether the block records of both are numbered alike, as far as @wanted has any. */
static bool
same_backing(const DomstatsCall *round, const DomstatsCall *wanted)
{
    return (daemon_wish_groups(wanted) & VIR_DOMAIN_STATS_BLOCK) == 0 ||
           has(round, FLAG(BACKING)) == has(wanted, FLAG(BACKING));
}

/* What must be asked for, so that the filters of @wanted can be applied to the answer. Also
 * about.state.persistent comes with the group "state" only. */
static unsigned int
groups_to_filter(const DomstatsCall *wanted)
{
    return has(wanted, domstats_filter_all()) ? VIR_DOMAIN_STATS_STATE : 0;
}

static unsigned int
extras_to_filter(const DomstatsCall *wanted)
{
    return has(wanted, domstats_filter_persistent) ? DOMSTATS_CALL_ABOUT : 0;
}

static bool
covers_groups(const DomstatsCall *round, unsigned int groups)
{
    return (groups & ~daemon_wish_groups(round)) == 0;
}

static bool
covers_filters(const DomstatsCall *round, const DomstatsCall *wanted)
{
    /* A word that names a domain which the filter left out cannot be told from one that names
     * none. */
    if (filters_of(round) != 0)
        return filters_of(round) == filters_of(wanted) && round->domains == NULL &&
               wanted->domains == NULL;
    return covers_groups(round, groups_to_filter(wanted)) &&
           (extras_to_filter(wanted) & ~round->extras) == 0;
}

/* Whether so many are named that words are not compared one by one: a client may name 65,536. */
static bool
has_many_words(const char *const *words)
{
    size_t n = 0;

    while (n <= DAEMON_LIMIT_ROUND_WORDS && words[n] != NULL)
        n++;
    return n > DAEMON_LIMIT_ROUND_WORDS;
}

static bool
covers_words(const DomstatsCall *round, const DomstatsCall *wanted)
{
    if (round->domains == NULL)
        return true;
    if (has_many_words(round->domains))
        return false;
    for (const char *const *word = wanted->domains; word != NULL && *word != NULL; word++)
        if (!g_strv_contains(round->domains, *word))
            return false;
    return wanted->domains != NULL;
}

bool
daemon_wish_covers(const DomstatsCall *round, const DomstatsCall *wanted)
{
    if (daemon_wish_equals(round, wanted))
        return true;
    if (!daemon_wish_is_shareable(round) || !daemon_wish_is_shareable(wanted))
        return false;
    if (wanted->stats == 0 && round->stats != 0)
        return false; /* what is not supported would be missing */
    return covers_groups(round, daemon_wish_groups(wanted)) && same_backing(round, wanted) &&
           (!has(round, FLAG(NOWAIT)) || has(wanted, FLAG(NOWAIT))) &&
           daemon_wish_unwanted(wanted, round) == 0 && covers_filters(round, wanted) &&
           covers_words(round, wanted);
}

/* The words of @round and those of @wanted that are not among them; NULL if these are too many. */
static char **
join_words(const char *const *round, const char *const *wanted)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

    for (; *round != NULL; round++)
        g_ptr_array_add(words, g_strdup(*round));
    for (; *wanted != NULL; wanted++) {
        if (g_ptr_array_find_with_equal_func(words, *wanted, g_str_equal, NULL))
            continue;
        if (words->len >= DAEMON_LIMIT_ROUND_WORDS)
            return NULL;
        g_ptr_array_add(words, g_strdup(*wanted));
    }
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_steal(words, NULL);
}

/* All domains if the words are many, or one of the two asks for all. */
static void
unite_words(DomstatsCall *round, const DomstatsCall *wanted)
{
    char **united = NULL;

    if (round->domains != NULL && wanted->domains != NULL && !has_many_words(round->domains))
        united = join_words(round->domains, wanted->domains);
    clear_words(round);
    round->domains = (const char *const *)united;
}

static void
unite_filters(DomstatsCall *round, const DomstatsCall *wanted)
{
    bool is_same = filters_of(round) == filters_of(wanted);

    if (is_same && (filters_of(round) == 0 || (round->domains == NULL && wanted->domains == NULL)))
        return;
    if (round->stats != 0)
        round->stats |= groups_to_filter(round) | groups_to_filter(wanted);
    round->extras |= extras_to_filter(round) | extras_to_filter(wanted);
    round->flags &= ~domstats_filter_all();
}

static void
unite_extras(DomstatsCall *round, const DomstatsCall *wanted)
{
    bool with_kvm = ((extras_of(round) | extras_of(wanted)) & DOMSTATS_CALL_WITHOUT_KVM) != 0;

    round->extras |= wanted->extras;
    if (with_kvm)
        round->extras &= ~(unsigned int)DOMSTATS_CALL_WITHOUT_KVM;
}

bool
daemon_wish_unite(DomstatsCall *round, const DomstatsCall *wanted)
{
    bool is_block_new = (daemon_wish_groups(round) & VIR_DOMAIN_STATS_BLOCK) == 0;

    if (daemon_wish_covers(round, wanted))
        return true;
    if (!daemon_wish_is_shareable(round) || !daemon_wish_is_shareable(wanted) ||
        (!is_block_new && !same_backing(round, wanted)))
        return false;
    unite_extras(round, wanted);
    unite_filters(round, wanted);
    if (is_block_new && (daemon_wish_groups(wanted) & VIR_DOMAIN_STATS_BLOCK) != 0) {
        round->flags &= ~FLAG(BACKING);
        round->flags |= wanted->flags & FLAG(BACKING);
    }
    if (round->stats != 0)
        round->stats = wanted->stats == 0 ? 0 : round->stats | wanted->stats;
    if (!has(wanted, FLAG(NOWAIT)))
        round->flags &= ~FLAG(NOWAIT);
    unite_words(round, wanted);
    return true;
}
