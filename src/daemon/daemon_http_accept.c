/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_http_accept: see daemon_http_accept.h.
 *
 * Both headers are lists: "NAME;PARAMETER=VALUE;q=0.5, NAME, ...". What breaks the rules of a list
 * is passed over as far as the next comma.
 */
#include "daemon_http_accept.h"

#include <glib.h>
#include <string.h>

enum { Q_ONE = 1000 };

#define BLANKS " \t"

/* A part of a header, not terminated. */
typedef struct {
    const char *at;
    size_t length;
} Span;

/* One element of a list. */
typedef struct {
    Span name;
    Span version;   /* the value of that parameter; length 0: none */
    unsigned int q; /* thousandths */
} Element;

static const DaemonHttpAcceptFormat text = {OPENMETRICS_OUTPUT_TEXT,
                                            "text/plain; version=0.0.4; charset=utf-8"};
static const DaemonHttpAcceptFormat openmetrics = {
    OPENMETRICS_OUTPUT_OPENMETRICS, "application/openmetrics-text; version=1.0.0; charset=utf-8"};
static const DaemonHttpAcceptFormat openmetrics_draft = {
    OPENMETRICS_OUTPUT_OPENMETRICS, "application/openmetrics-text; version=0.0.1; charset=utf-8"};

typedef struct {
    const char *name;
    const char *version; /* "": none is asked for; NULL: whatever is asked for */
    const DaemonHttpAcceptFormat *format;
} Served;

static const Served served[] = {
    {"application/openmetrics-text", "1.0.0", &openmetrics},
    {"application/openmetrics-text", "0.0.1", &openmetrics_draft},
    {"application/openmetrics-text", "", &openmetrics},
    {"text/plain", "0.0.4", &text},
    {"text/plain", "", &text},
    {"text/*", NULL, &text},
    {"*/*", NULL, &text},
};

static bool
is_word(Span span, const char *word)
{
    return span.length == strlen(word) &&
           (span.length == 0 || g_ascii_strncasecmp(span.at, word, span.length) == 0);
}

static Span
trim(Span span)
{
    size_t blank = 0;

    while (blank < span.length && strchr(BLANKS, span.at[blank]) != NULL)
        blank++;
    span.at += blank;
    span.length -= blank;
    while (span.length > 0 && strchr(BLANKS, span.at[span.length - 1]) != NULL)
        span.length--;
    return span;
}

/* Cuts off what stands before the first @separator outside of quotes, or all of it. */
static Span
take(Span *rest, char separator)
{
    Span taken = {.at = rest->at};
    bool is_quoted = false;

    while (taken.length < rest->length) {
        char c = taken.at[taken.length];

        if (c == separator && !is_quoted)
            break;
        if (c == '"')
            is_quoted = !is_quoted;
        if (c == '\\' && is_quoted && taken.length + 1 < rest->length)
            taken.length++;
        taken.length++;
    }
    rest->at += taken.length;
    rest->length -= taken.length;
    if (rest->length > 0) {
        rest->at++;
        rest->length--;
    }
    return trim(taken);
}

/* "0", "1", "0.25": at most three decimals. 0 for anything else: it is not wanted. */
static unsigned int
parse_q(Span span)
{
    unsigned int q = 0;
    unsigned int worth = Q_ONE;

    if (span.length == 0 || span.length > strlen("0.000") ||
        (span.at[0] != '0' && span.at[0] != '1') || (span.length > 1 && span.at[1] != '.'))
        return 0;
    q = (unsigned int)(span.at[0] - '0') * Q_ONE;
    for (size_t i = 2; i < span.length; i++) {
        if (!g_ascii_isdigit(span.at[i]))
            return 0;
        worth /= 10;
        q += (unsigned int)(span.at[i] - '0') * worth;
    }
    return q <= Q_ONE ? q : 0;
}

static Span
unquote(Span span)
{
    if (span.length >= 2 && span.at[0] == '"' && span.at[span.length - 1] == '"')
        return (Span){span.at + 1, span.length - 2};
    return span;
}

static Element
parse_element(Span rest)
{
    Element element = {.q = Q_ONE};

    element.name = take(&rest, ';');
    while (rest.length > 0) {
        Span value = take(&rest, ';');
        Span name = take(&value, '=');

        value = unquote(trim(value));
        if (is_word(name, "q"))
            element.q = parse_q(value);
        else if (is_word(name, "version"))
            element.version = value;
    }
    return element;
}

static const DaemonHttpAcceptFormat *
find_format(const Element *element)
{
    for (size_t i = 0; i < G_N_ELEMENTS(served); i++)
        if (is_word(element->name, served[i].name) &&
            (served[i].version == NULL || is_word(element->version, served[i].version)))
            return served[i].format;
    return NULL;
}

const DaemonHttpAcceptFormat *
daemon_http_accept_format(const char *accept)
{
    Span rest = {accept, accept ? strlen(accept) : 0};
    const DaemonHttpAcceptFormat *best = &text;
    unsigned int q = 0;

    while (rest.length > 0) {
        Element element = parse_element(take(&rest, ','));
        const DaemonHttpAcceptFormat *format = find_format(&element);

        if (format != NULL && element.q > q) {
            best = format;
            q = element.q;
        }
    }
    return best;
}

bool
daemon_http_accept_gzip(const char *accept_encoding)
{
    Span rest = {accept_encoding, accept_encoding ? strlen(accept_encoding) : 0};

    while (rest.length > 0) {
        Element element = parse_element(take(&rest, ','));

        if (is_word(element.name, "gzip") || is_word(element.name, "x-gzip"))
            return element.q > 0;
    }
    return false;
}
