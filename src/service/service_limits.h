/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * service_limits: every limit on what a service and its clients take from each other, with its
 * reason. docs/internals.md shows this table.
 *
 * LIMIT(name, value, unit, what it bounds and why that much)
 */
#pragma once

#define SERVICE_LIMITS(LIMIT)                                                                      \
    LIMIT(ANSWER_BYTES, 33554432, "bytes",                                                         \
          "one answer of a service; 6,000 domains with 300 fields each take about so much")        \
    LIMIT(REQUEST_BYTES, 4194304, "bytes", "one message to a service; 65,536 names of 56 bytes")   \
    LIMIT(REQUEST_WORDS, 65536, "words", "domains that one request to a service names")            \
    LIMIT(ANSWER_RECORDS, 131072, "records",                                                       \
          "one answer of a service: twice the domains of a connection, as a word may mean two")    \
    LIMIT(ANSWER_NAMES, 262144, "names",                                                           \
          "names of fields in one answer, each once: as many as one record may have parameters")   \
    LIMIT(ANSWER_PARAMS, 262144, "parameters", "one record of a service's answer, as `PARAMS`")    \
    LIMIT(ANSWER_TEXT_BYTES, 262144, "bytes",                                                      \
          "one string of a message: four times the longest value, as a reason may quote one")      \
    LIMIT(PLACES, 16, "places",                                                                    \
          "by which a service and its client find out whether they see one host")                  \
    LIMIT(CALLS_AT_ONCE, 16, "calls", "of one client of the service that are under way")           \
    LIMIT(IDLE_CONNECTIONS, 4, "connections",                                                      \
          "kept open to a service between calls: as many as threads that usually call at once")    \
    LIMIT(BLIND_SPOTS, 64, "sentences",                                                            \
          "different blind spots that one connection keeps for ever, as the interface promises")

enum {
#define LIMIT(name, value, unit, reason) SERVICE_LIMIT_##name = (value),
    SERVICE_LIMITS(LIMIT)
#undef LIMIT
};
