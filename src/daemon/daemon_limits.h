/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_limits: every limit on what clients may cost the service, with its reason.
 * docs/internals.md shows this table.
 *
 * LIMIT(name, value, unit, what it bounds and why that much)
 */
#pragma once

/* clang-format off */
#define DAEMON_LIMITS(LIMIT)                                                                       \
    LIMIT(SERVED_CLIENTS, 2048, "clients",                                                         \
          "clients of both message protocols at once, each with one descriptor")                   \
    LIMIT(SERVED_CLIENTS_PER_USER, 1536, "clients",                                                \
          "those of one user: so no single user keeps all others, root say, from connecting")      \
    LIMIT(ACCEPTED_PER_TURN, 32, "connections",                                                    \
          "accepted of one socket before the loop serves others")                                  \
    LIMIT(ACCEPT_PAUSE_MS, 100, "ms",                                                              \
          "no connection is accepted for so long after descriptors or memory ran out")             \
    LIMIT(READ_PER_TURN_BYTES, 65536, "bytes",                                                     \
          "read of one client before the loop serves others")                                      \
    LIMIT(MESSAGES_PER_TURN, 16, "messages",                                                       \
          "handed over of one client before the loop serves others")                               \
    LIMIT(TURN_MS, 1, "ms",                                                                        \
          "after so long no further message of one client is handed over before the loop serves "  \
          "others; one that tells of the host reads files")                                        \
    LIMIT(PARKED_BYTES, 262144, "bytes",                                                           \
          "messages of a client that has as many calls under way as it may; then it is not read")  \
    LIMIT(RECEIVED_BYTES_OF_ALL, 268435456, "bytes",                                               \
          "messages of all clients that are not whole or not answered; past that who sends large " \
          "ones is hung up on")                                                                    \
    LIMIT(UNREAD_BYTES, 4194304, "bytes",                                                          \
          "answers that a client has not read; past that its messages and further answers wait")   \
    LIMIT(QUEUED_BYTES, 67108864, "bytes",                                                         \
          "answers that a client has not read; two of the largest that libvirt's protocol allows") \
    LIMIT(QUEUED_BYTES_OF_ALL, 536870912, "bytes",                                                 \
          "the same of all clients together; past that the slowest reader is hung up on")           \
    LIMIT(BRAKE_BYTES, 268435456, "bytes",                                                         \
          "the same; past that only clients that have read all get a further answer")              \
    LIMIT(ANSWERS_PER_TURN, 8, "answers",                                                          \
          "made of one round before the loop serves others")                                       \
    LIMIT(REQUEST_MS, 10000, "ms",                                                                 \
          "time to send a message once its first byte is here, or the rest of an HTTP request "    \
          "behind its URL; one that drips is hung up on")                                          \
    LIMIT(STALL_MS, 30000, "ms",                                                                   \
          "time in which a client that is sent an answer must take some of it")                    \
    LIMIT(FAREWELL_MS, 1000, "ms",                                                                 \
          "time in which a client takes what is queued when its connection is being closed")       \
    LIMIT(LISTENERS, 64, "sockets",                                                                \
          "addresses that are served, those that systemd hands over included")                     \
    LIMIT(ROUNDS_AT_ONCE, 2, "rounds",                                                             \
          "calls of the library under way: a second one begins while the first is held up")        \
    LIMIT(ROUND_START_MS, 10, "ms",                                                                \
          "how long a round waits for others who want it, while clients keep the loop busy")       \
    LIMIT(ROUNDS_KEPT, 8, "rounds",                                                                \
          "that have ended and are kept for clients which have to read first; their requests of "  \
          "older ones get an error")                                                               \
    LIMIT(ROUND_WAIT_MS, 250, "ms",                                                                \
          "how long a request waits for a round that does not cover it and is held up")            \
    LIMIT(ROUND_SHARED_MS, 1000, "ms",                                                             \
          "a round with less time is shared by requests with as little only: a hasty client "      \
          "spoils no other's answer")                                                              \
    LIMIT(ROUND_WORDS, 16, "words",                                                                \
          "names in a round for named domains; with more of them all domains are asked")           \
    LIMIT(ROUND_GRACE_MS, 200, "ms",                                                               \
          "how long after its deadline a request waits for its round before it gets an error")     \
    LIMIT(ROUND_REQUESTS, 16384, "requests",                                                       \
          "requests of all clients that wait for rounds; more get an error at once")               \
    LIMIT(ROUND_WORDS_BYTES, 67108864, "bytes",                                                    \
          "names in requests of all clients that wait for rounds; more get an error at once")      \
    LIMIT(ROUNDS_ALONE, 256, "rounds",                                                             \
          "that wait and can be shared by equal requests only; further such requests get an error") \
    LIMIT(RPC_CALLS, 64, "calls",                                                                  \
          "calls of one client of libvirt's RPC under way; programs in Go send some 60 at once")   \
    LIMIT(RPC_EVENTS, 256, "callbacks",                                                            \
          "events for which one client of libvirt's RPC waits; libvirt has some 30 kinds")         \
    LIMIT(WATCH_PAUSE_MS, 100, "ms",                                                               \
          "between two looks for events: a guest can make its QEMU send them without end")         \
    LIMIT(REFUSALS_LOGGED, 10, "lines",                                                            \
          "lines a minute about what clients cause, refusals and failed calls; further ones are counted")    \
    LIMIT(LOGGED_BYTES, 4096, "bytes",                                                             \
          "one line of the log: as much as a pipe takes without waiting")                          \
    LIMIT(HTTP_CONNECTIONS, 512, "connections",                                                    \
          "clients of one address at which metrics are served")                                    \
    LIMIT(HTTP_CONNECTIONS_PER_PEER, 256, "connections",                                           \
          "those of one IP address, so that others can connect; all of this host have one")        \
    LIMIT(HTTP_SCRAPES, 128, "requests",                                                           \
          "scrapes that wait for a round or are being sent; more get 503")                         \
    LIMIT(HTTP_HEAD_BYTES, 32768, "bytes",                                                         \
          "memory for one HTTP connection: the head of a request, the buffer for sending")         \
    LIMIT(HTTP_UPLOAD_BYTES, 65536, "bytes",                                                       \
          "body of an HTTP request, which is thrown away; past it the connection ends")            \
    LIMIT(HTTP_IDLE_MS, 75000, "ms",                                                               \
          "time for a request on one connection, from the response before; a scraper comes every " \
          "minute or less")                                                                        \
    LIMIT(HTTP_SEND_MS, 30000, "ms",                                                            \
          "time in which a client takes its response; else the connection ends")                   \
    LIMIT(HTTP_DOMAINS, 256, "names",                                                              \
          "domains that one scrape names; the memory of a connection has room for about so many")  \
    LIMIT(HTTP_MARGIN_MS, 500, "ms",                                                               \
          "of the time that a scraper waits, for all but the round: writing, sending, the way")    \
    LIMIT(HTTP_LEAST_MS, 100, "ms",                                                                \
          "deadline of a round, however short a scraper says that it waits")                       \
    LIMIT(TLS_FILE_BYTES, 1048576, "bytes",                                                        \
          "a file with certificates; those of all public authorities have a fifth of that")
/* clang-format on */

enum {
#define LIMIT(name, value, unit, reason) DAEMON_LIMIT_##name = (value),
    DAEMON_LIMITS(LIMIT)
#undef LIMIT
};
