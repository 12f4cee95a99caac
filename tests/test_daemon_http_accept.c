/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_daemon_http_accept: which format and compression a client gets.
 */
#include "daemon/daemon_http_accept.h"

#include "testing.h"

#define TEXT        "text/plain; version=0.0.4; charset=utf-8"
#define OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define DRAFT       "application/openmetrics-text; version=0.0.1; charset=utf-8"

typedef struct {
    const char *sentence;
    const char *accept;
    const char *expected;
} FormatRow;

static const FormatRow formats[] = {
    {"nothing is asked for", NULL, TEXT},
    {"an empty header", "", TEXT},
    {"anything", "*/*", TEXT},
    {"Prometheus 3",
     "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
     "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-"
     "8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
     OPENMETRICS},
    {"Prometheus 2.42",
     "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
     "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
     OPENMETRICS},
    {"older Prometheus", "application/openmetrics-text; version=0.0.1,text/plain;q=0.5", DRAFT},
    {"protobuf first, which is not served",
     "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;"
     "q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.4",
     OPENMETRICS},
    {"no version is the newest", "application/openmetrics-text", OPENMETRICS},
    {"a version in quotes", "application/openmetrics-text;version=\"1.0.0\"", OPENMETRICS},
    {"names are written as one likes", "Application/OpenMetrics-Text ; VERSION=1.0.0", OPENMETRICS},
    {"a version that is not served", "application/openmetrics-text;version=2.0.0", TEXT},
    {"text of another version is not text", "text/plain;version=1.0.0;q=1, */*;q=0.1", TEXT},
    {"the higher q wins", "application/openmetrics-text;q=0.5, text/plain;q=0.6", TEXT},
    {"the first of those that are alike", "text/plain, application/openmetrics-text", TEXT},
    {"q of 0 is refused", "application/openmetrics-text;q=0", TEXT},
    {"q of 0.000 too", "application/openmetrics-text;q=0.000, text/*", TEXT},
    {"q that is no number is refused", "application/openmetrics-text;q=x, text/plain;q=0.1", TEXT},
    {"q above 1 is refused", "application/openmetrics-text;q=1.001, text/plain;q=0.1", TEXT},
    {"q of four decimals is refused", "application/openmetrics-text;q=0.9999", TEXT},
    {"a comma in quotes parts nothing", "text/plain;a=\",\";q=0.1, application/openmetrics-text",
     OPENMETRICS},
    {"an open quote", "text/plain;a=\", application/openmetrics-text", TEXT},
    {"a browser", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", TEXT},
    {"only commas and semicolons", ",;,;=,=;q=,,", TEXT},
};

typedef struct {
    const char *sentence;
    const char *accept_encoding;
    bool expected;
} EncodingRow;

static const EncodingRow encodings[] = {
    {"nothing is asked for", NULL, false},
    {"an empty header", "", false},
    {"gzip alone", "gzip", true},
    {"among others", "deflate, gzip;q=0.5, br", true},
    {"in capitals", "GZIP", true},
    {"its old name", "x-gzip", true},
    {"refused", "gzip;q=0", false},
    {"refused, with blanks", "gzip ; q=0.0 , identity", false},
    {"anything is not gzip", "*", false},
    {"a longer word", "gzipped", false},
    {"others", "zstd, br, identity", false},
};

static void
chooses_a_format(const void *data)
{
    const FormatRow *row = data;
    const DaemonHttpAcceptFormat *format = daemon_http_accept_format(row->accept);

    assert_string_equal(format->content_type, row->expected);
    assert_int_equal(format->dialect == OPENMETRICS_OUTPUT_TEXT, *row->expected == 't');
}

static void
chooses_a_compression(const void *data)
{
    const EncodingRow *row = data;

    assert_int_equal(daemon_http_accept_gzip(row->accept_encoding), row->expected);
}

int
main(void)
{
    return TESTING_RUN_TABLE("formats", formats, chooses_a_format) +
           TESTING_RUN_TABLE("encodings", encodings, chooses_a_compression);
}
