/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_limits: each limit on what a peer can make this program do, with its reason.
 * docs/internals.md shows this table, followed by that of host_limits.h; test_limits compares them.
 *
 * LIMIT(name, value, unit, what it bounds and why that much)
 */
#pragma once

#define QEMU_LIMITS(LIMIT)                                                                         \
    LIMIT(REPLY_BYTES, 16777216, "bytes",                                                          \
          "one message from QEMU; 1,000 disks give some 6 MB of block statistics")                 \
    LIMIT(REPLY_ENTRIES, 500000, "entries",                                                        \
          "members and elements of one message; each costs us 24 bytes, beside its text")          \
    LIMIT(REPLY_DEPTH, 1024, "levels",                                                             \
          "nesting of one message; block statistics take one an image of a chain, and five")       \
    LIMIT(PARAMS, 262144, "parameters", "one record; libvirt's own bound on its wire")             \
    LIMIT(STRING_BYTES, 65536, "bytes",                                                            \
          "one string that is used; a json: file name holds a whole chain")                        \
    LIMIT(EVENTS_PER_CALL, 100000, "events",                                                       \
          "events of one monitor in one call; QEMU limits the frequent ones to one a second")      \
    LIMIT(BYTES_PER_CALL, 67108864, "bytes", "all that one monitor sends in one call")             \
    LIMIT(IN_FLIGHT, 7, "commands",                                                                \
          "unanswered commands of one monitor; with eight queued QEMU reads no out-of-band probe") \
    LIMIT(DISKS, 4096, "disks", "guest disks of one domain")                                       \
    LIMIT(CHAIN_LAYERS, 200, "layers",                                                             \
          "backing chain of one disk in libvirt's XML; libvirt itself takes no longer one")        \
    LIMIT(RELATIVE_NAMES, 64, "names",                                                             \
          "relative image names of one domain that are tried to find the folder they start from")  \
    LIMIT(NODES, 16384, "nodes", "named block nodes of one domain")                                \
    LIMIT(VCPUS, 4096, "vCPUs", "QEMU's own limit is 4096 (x86-64, 10.0)")                         \
    LIMIT(STATS_PER_OBJECT, 1024, "values",                                                        \
          "hypervisor statistics of one vCPU or VM; Linux 6.18 has 45")                            \
    LIMIT(MEMORY_DEVICES, 4096, "devices",                                                         \
          "memory devices of one domain; QEMU has 256 slots for them, and buses without slots")    \
    LIMIT(IOTHREADS, 4096, "IOThreads", "IOThreads of one domain")                                 \
    LIMIT(JOBS, 4096, "jobs", "block jobs of one domain: several for each disk")                   \
    LIMIT(EVENT_DEVICES, 64, "devices",                                                            \
          "devices whose I/O errors are counted one by one; those of others are in the sum")       \
    LIMIT(EVENT_NAME_BYTES, 256, "bytes",                                                          \
          "one name of a device in an event of an I/O error; QEMU's nodes have 31")                \
    LIMIT(NICS, 1024, "interfaces", "network interfaces of one domain")                            \
    LIMIT(MONITORS, 16, "monitors", "QMP monitors that are taken from one command line")           \
    LIMIT(CHARDEVS, 1024, "devices",                                                               \
          "character devices of one command line; a machine has some 30 serial ports at most")     \
    LIMIT(LISTENS, 256, "words",                                                                   \
          "words of one command line that listen on TCP beside its monitors")                      \
    LIMIT(CMDLINE_BYTES, 1048576, "bytes",                                                         \
          "command line of one process; 1,000 disks give some 300 KB")                             \
    LIMIT(OPTION_FILES, 16, "files",                                                               \
          "files of options of one process that are read (-readconfig)")                           \
    LIMIT(ABOUT_BYTES, 4096, "bytes",                                                              \
          "one text that describes a domain (about.*); Linux's limit for a path")                  \
    LIMIT(XML_BYTES, 4194304, "bytes",                                                             \
          "one domain's definition from libvirt; its own limit for one string")                    \
    LIMIT(SEARCHED_THREADS, 1024, "threads",                                                       \
          "threads of a silent process that are searched for a blocked one; 512 vCPUs have some "  \
          "600")                                                                                   \
    LIMIT(BLOCKED_LOOKS, 4, "threads",                                                             \
          "threads blocked by the storage of an image; past that no image is read")                \
    LIMIT(DAEMONS, 64, "daemons", "libvirt daemons of this host that are asked in one call")       \
    LIMIT(PROGRAM_BYTES, 1073741824, "bytes",                                                      \
          "a QEMU's program file that is searched for a type; with all targets some 40 MB")        \
    LIMIT(DOMAINS, 65536, "domains", "domains of one connection")                                  \
    LIMIT(RECORDING_FILE_BYTES, 67108864, "bytes", "one file of a recording")

enum {
#define LIMIT(name, value, unit, reason) QEMU_LIMIT_##name = (value),
    QEMU_LIMITS(LIMIT)
#undef LIMIT
};
