/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rpc_limits: every limit of libvirt's RPC, with its reason. The bounds of single lists and strings
 * stand in rpc_protocol.x; a client cannot have more read than its message holds.
 * docs/internals.md shows this table.
 *
 * LIMIT(name, value, unit, what it bounds and why that much)
 */
#pragma once

#define RPC_LIMITS(LIMIT)                                                                          \
    LIMIT(                                                                                         \
        CALL_BYTES, 4194304, "bytes",                                                              \
        "one message of a client of libvirt's RPC; one that names 16,384 domains has some 2 MiB")  \
    LIMIT(SENT_BYTES, 33554436, "bytes",                                                           \
          "one message to a client of libvirt's RPC, with its length; libvirt's library takes no " \
          "more")                                                                                  \
    LIMIT(CALL_DOMAINS, 16384, "domains",                                                          \
          "domains that such a client names in one call, or gets in a reply; libvirt's own limit") \
    LIMIT(RECORD_PARAMS, 262144, "values",                                                         \
          "values of one domain in a reply of libvirt's RPC; its library takes no more")           \
    LIMIT(TEXT_BYTES, 4194304, "bytes", "one string in libvirt's RPC; its library takes no more")  \
    LIMIT(ERROR_BYTES, 1023, "bytes",                                                              \
          "the text of an error in libvirt's RPC; what is beyond is cut off, as libvirt does")     \
    LIMIT(URI_BYTES, 4096, "bytes",                                                                \
          "the URI that a client of libvirt's RPC opens, which is kept while it is connected")     \
    LIMIT(LISTED_VCPUS, 16384, "vCPUs", "vCPUs of one domain in a reply; libvirt's own limit")     \
    LIMIT(MAPS_BYTES, 1048576, "bytes", "the sets of CPUs in one reply; libvirt's own limit")

enum {
#define LIMIT(name, value, unit, reason) RPC_LIMIT_##name = (value),
    RPC_LIMITS(LIMIT)
#undef LIMIT
};
