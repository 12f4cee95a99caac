/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_limits: every limit on what is taken from a libvirt and asked of it, with its reason.
 * libvirt's library bounds one message to 32 MiB. docs/internals.md shows this table.
 *
 * LIMIT(name, value, unit, what it bounds and why that much)
 */
#pragma once

#define LIBVIRT_LIMITS(LIMIT)                                                                      \
    LIMIT(LISTED_DOMAINS, 65536, "domains",                                                        \
          "domains of one libvirt that are taken; its daemon lists 16,384 at most")                \
    LIMIT(CHANGED_DOMAINS, 65536, "domains",                                                       \
          "domains noted as changed between two calls; past that, any may have changed")           \
    LIMIT(DEFINITION_BYTES, 4194304, "bytes",                                                      \
          "one domain's definition; libvirt's own limit for one string")                           \
    LIMIT(MESSAGE_BYTES, 1024, "bytes", "one error message of libvirt; what is beyond is cut off") \
    LIMIT(WAITING_REQUESTS, 131072, "requests",                                                    \
          "requests that wait to be sent to one libvirt: two calls for all its domains")

enum {
#define LIMIT(name, value, unit, reason) LIBVIRT_LIMIT_##name = (value),
    LIBVIRT_LIMITS(LIMIT)
#undef LIMIT
};
