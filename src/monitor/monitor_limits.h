/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_limits: what bounds the size of what libvirt sends to domstats-monitor.
 */
#pragma once

/* clang-format off */
#define MONITOR_LIMITS(LIMIT)                                                                      \
    LIMIT(EDITED_XML_BYTES, 4194304, "bytes",                                                      \
          "a definition that domstats-monitor changes; libvirt's own limit for one string")         \
    LIMIT(EDITED_XML_DEPTH, 256, "levels",                                                         \
          "nesting of such a definition; libxml2's own bound, libvirt's go some 15 deep")           \
    LIMIT(EDITED_XML_CHANGES, 64, "lines",                                                         \
          "lines that the difference shown before a change may have; a monitor has seven")          \
    LIMIT(MONITOR_REPLY_BYTES, 4194304, "bytes",                                                   \
          "a reply of QEMU that libvirt hands to domstats-monitor; libvirt's own limit, as above")
/* clang-format on */

enum {
#define MONITOR_LIMITS_ROW(name, value, unit, reason) MONITOR_LIMITS_##name = (value),
    MONITOR_LIMITS(MONITOR_LIMITS_ROW)
#undef MONITOR_LIMITS_ROW
};
