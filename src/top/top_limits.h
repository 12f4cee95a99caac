/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_limits: every bound on what `domstats top` keeps and reads. A guest, a QEMU or the file of a
 * series decides how much that would be. docs/internals.md has this table too.
 */
#pragma once

/* X(name, number, unit, what it bounds, and why that much) */
#define TOP_LIMITS(X)                                                                              \
    X(TOP_MAX_DOMAINS, 4096, "domains", "of one round that top shows; hosts have hundreds")        \
    X(TOP_MAX_UNITS, 1024, "devices",                                                              \
      "vCPUs, disks, interfaces or NUMA nodes of one domain, each kind, that top keeps; QEMU "     \
      "runs up to some hundred")                                                                   \
    X(TOP_MAX_BINS, 64, "bins",                                                                    \
      "of a histogram of latencies; one that has more has no quantiles. QEMU has as many as it "   \
      "was told, some ten as a rule")                                                              \
    X(TOP_MAX_NAME, 1024, "bytes",                                                                 \
      "of a name that top keeps, of a domain or a slice; libvirt's are far shorter")               \
    X(TOP_MAX_REASON, 4096, "bytes", "of a sentence that top keeps; the library's are shorter")    \
    X(TOP_MAX_FILTER, 256, "bytes", "of a filter or of a text searched for; a line of a terminal") \
    X(TOP_MAX_FILTER_WORDS, 16, "words", "of a filter; each is compared with each row")            \
    X(TOP_MAX_ROUNDS, 1000000, "rounds", "of a series; three weeks of a round every two seconds")  \
    X(TOP_MAX_ROUND_BYTES, 16777216, "bytes",                                                      \
      "line of a round in the file of a series; one of a hundred domains has a hundredth of that") \
    X(TOP_MAX_KEPT, 600, "rounds", "to step back in while top runs; ten minutes of seconds")       \
    X(TOP_MAX_SETTINGS, 65536, "bytes",                                                            \
      "of the file with the settings of the screen; what W writes is below 4 KiB")                 \
    X(TOP_MAX_SAMPLE_BYTES, 67108864, "bytes",                                                     \
      "that the domains of one round take; a domain takes some KiB, one with all the devices and " \
      "histograms that top keeps 5 MB. Those beyond are left out")                                 \
    X(TOP_MAX_KEPT_BYTES, 268435456, "bytes",                                                      \
      "that the rounds to step back in take; ten minutes of seconds with a hundred domains take "  \
      "less")

/* Each number as an enumerator, which a #if, an array bound and a debugger all know. */
enum {
#define TOP_LIMITS_CONSTANT(name, value, unit, reason) name = (value),
    TOP_LIMITS(TOP_LIMITS_CONSTANT)
#undef TOP_LIMITS_CONSTANT
};
