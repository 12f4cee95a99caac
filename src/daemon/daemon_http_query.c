/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_http_query: see daemon_http_query.h.
 */
#include "daemon_http_query.h"

#include <string.h>

#include "daemon_limits.h"
#include "domstats_group.h"

enum { MS_PER_SECOND = 1000, SECONDS_DIGITS = 6, MS_DIGITS = 3 };

static bool
refuse(GError **error, const char *what, const char *word)
{
    g_autofree char *shown = g_utf8_make_valid(word, -1);

    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s '%s'", what, shown);
    return false;
}

/* The text that @length bytes of a URL stand for; NULL if they break its rules, or have a zero. */
static char *
decode(const char *bytes, size_t length)
{
    GString *text = g_string_sized_new(length);
    bool is_good = true;

    for (size_t i = 0; i < length && is_good; i++) {
        char c = bytes[i] == '+' ? ' ' : bytes[i];

        if (c == '%') {
            is_good =
                i + 2 < length && g_ascii_isxdigit(bytes[i + 1]) && g_ascii_isxdigit(bytes[i + 2]);
            if (is_good)
                c = (char)(g_ascii_xdigit_value(bytes[i + 1]) * 16 +
                           g_ascii_xdigit_value(bytes[i + 2]));
            i += 2;
        }
        if (c == '\0')
            is_good = false;
        g_string_append_c(text, c);
    }
    return g_string_free(text, !is_good);
}

static bool
add_domain(DaemonHttpQuery *self, const char *value, GError **error)
{
    if (*value == '\0')
        return refuse(error, "no name of a domain:", value);
    for (guint i = 0; i < self->domains->len; i++)
        if (strcmp(g_ptr_array_index(self->domains, i), value) == 0)
            return true;
    if (self->domains->len == DAEMON_LIMIT_HTTP_DOMAINS)
        return refuse(error, "too many domains at", value);
    g_ptr_array_add(self->domains, g_strdup(value));
    return true;
}

static bool
add_group(DaemonHttpQuery *self, const char *value, GError **error)
{
    unsigned int bit = domstats_group_of_name(value);

    self->stats |= bit;
    return bit != 0 || refuse(error, "no group of statistics is called", value);
}

static bool
set_yes(bool *member, const char *value, GError **error)
{
    *member = strcmp(value, "1") == 0;
    return *member || strcmp(value, "0") == 0 || refuse(error, "neither 0 nor 1:", value);
}

static bool
set_ext(DaemonHttpQuery *self, const char *value, GError **error)
{
    return set_yes(&self->with_ext, value, error);
}

static bool
set_pss(DaemonHttpQuery *self, const char *value, GError **error)
{
    return set_yes(&self->with_pss, value, error);
}

static bool
set_kvm(DaemonHttpQuery *self, const char *value, GError **error)
{
    return set_yes(&self->with_kvm, value, error);
}

typedef struct {
    const char *name;
    bool (*apply)(DaemonHttpQuery *self, const char *value, GError **error);
} Parameter;

static const Parameter parameters[] = {
    {"domain", add_domain}, {"group", add_group}, {"ext", set_ext},
    {"pss", set_pss},       {"kvm", set_kvm},
};

/* "name=value", or "name", which is "name=". */
static bool
apply_pair(DaemonHttpQuery *self, const char *pair, GError **error)
{
    size_t n_name = strcspn(pair, "=");
    const char *rest = pair[n_name] == '=' ? pair + n_name + 1 : pair + n_name;
    g_autofree char *name = decode(pair, n_name);
    g_autofree char *value = decode(rest, strlen(rest));

    if (name == NULL || value == NULL)
        return refuse(error, "not as in a URL:", pair);
    for (size_t i = 0; i < G_N_ELEMENTS(parameters); i++)
        if (strcmp(parameters[i].name, name) == 0)
            return parameters[i].apply(self, value, error);
    return refuse(error, "no parameter is called", name);
}

bool
daemon_http_query_parse(const char *query, DaemonHttpQuery *ret_query, GError **error)
{
    g_auto(GStrv) pairs = g_strsplit(query ? query : "", "&", -1);
    DaemonHttpQuery made = {.domains = g_ptr_array_new_with_free_func(g_free)};

    for (size_t i = 0; pairs[i] != NULL; i++)
        if (*pairs[i] != '\0' && !apply_pair(&made, pairs[i], error)) {
            daemon_http_query_clear(&made);
            return false;
        }
    g_ptr_array_add(made.domains, NULL);
    made.with_kvm = made.with_kvm || (made.stats & domstats_groups_of_kvm) != 0;
    *ret_query = made;
    return true;
}

void
daemon_http_query_clear(DaemonHttpQuery *self)
{
    g_clear_pointer(&self->domains, g_ptr_array_unref);
}

/* "10", "9.5": gives false for any other text. */
static bool
parse_seconds(const char *text, unsigned int *ret_ms)
{
    unsigned int ms = 0;
    size_t n = strspn(text, "0123456789");
    const char *decimals = text + n;

    if (n == 0 || n > SECONDS_DIGITS)
        return false;
    for (size_t i = 0; i < n; i++)
        ms = ms * 10 + (unsigned int)(text[i] - '0');
    ms *= MS_PER_SECOND;
    if (*decimals == '.') {
        unsigned int worth = MS_PER_SECOND;

        n = strspn(++decimals, "0123456789");
        for (size_t i = 0; i < MIN(n, MS_DIGITS); i++) {
            worth /= 10;
            ms += (unsigned int)(decimals[i] - '0') * worth;
        }
        decimals += n;
    }
    *ret_ms = ms;
    return *decimals == '\0';
}

unsigned int
daemon_http_query_timeout_ms(const char *scrape_timeout, unsigned int most_ms)
{
    unsigned int waits_ms = 0;
    unsigned int least_ms = MIN(DAEMON_LIMIT_HTTP_LEAST_MS, most_ms);

    if (scrape_timeout == NULL || !parse_seconds(scrape_timeout, &waits_ms))
        return most_ms;
    if (waits_ms < DAEMON_LIMIT_HTTP_MARGIN_MS + least_ms)
        return least_ms;
    return MIN(waits_ms - DAEMON_LIMIT_HTTP_MARGIN_MS, most_ms);
}
