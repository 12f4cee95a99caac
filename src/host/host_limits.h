/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_limits: every limit on what is read of this host, with its reason. Limits are needed because
 * the processes of guests and of other users have a part in how much there is to read.
 * docs/internals.md shows this table.
 *
 * LIMIT(name, value, unit, what it bounds and why that much)
 */
#pragma once

#define HOST_LIMITS(LIMIT)                                                                         \
    LIMIT(FILE_BYTES, 16777216, "bytes", "one file of /proc; 100,000 interfaces give some 12 MB")  \
    LIMIT(PROCESSES, 4194304, "processes",                                                         \
          "processes looked at in one pass: the kernel's PID_MAX_LIMIT")                           \
    LIMIT(THREADS, 65536, "threads", "threads of one process")                                     \
    LIMIT(DESCRIPTORS, 65536, "descriptors", "open files of one process that are looked at")       \
    LIMIT(KEPT, 65536, "descriptors",                                                              \
          "files of /proc kept open between calls; also at most a quarter of all we may open")     \
    LIMIT(                                                                                         \
        BLOCKED_READS, 8, "threads",                                                               \
        "reads of one kind (files of /proc, files on storage) that block at once; then no other "  \
        "is started")                                                                              \
    LIMIT(PERF_COUNTERS, 8192, "descriptors",                                                      \
          "perf events of one process: 64 vCPUs and 300 other threads, all 22 events")             \
    LIMIT(INTERFACES, 100000, "interfaces", "network interfaces of one namespace")                 \
    LIMIT(TAPS, 1024, "devices", "network devices that one process holds open: its interfaces")    \
    LIMIT(SOCKETS, 1000000, "sockets",                                                             \
          "unix sockets, and TCP listeners, of this host; each costs us some 200 bytes")           \
    LIMIT(CLIENTS, 64, "connections", "clients of one listener; a monitor serves one")             \
    LIMIT(NAMESPACES, 4096, "namespaces",                                                          \
          "network namespaces of this host whose sockets are listed: several a container")         \
    LIMIT(KVM_BLOCK_BYTES, 262144, "bytes",                                                        \
          "the kernel's statistics of one vCPU; Linux 6.18 gives 4 KB")                            \
    LIMIT(KVM_STATS, 1024, "values", "statistics of one vCPU; Linux 6.18 has 45")                  \
    LIMIT(KVM_VCPUS, 4096, "vCPUs", "vCPUs of one process: the kernel's own limit (x86-64)")       \
    LIMIT(KVM_MACHINES, 65536, "machines", "machines that the kernel lists in debugfs")            \
    LIMIT(KVM_ENTRIES, 8192, "entries", "statistics and vCPUs of one machine in debugfs")          \
    LIMIT(CGROUP_LEVELS, 64, "levels",                                                             \
          "control groups, one above the other, that are asked whether they are frozen")           \
    LIMIT(VFS, 1024, "functions",                                                                  \
          "virtual functions of one network device; SR-IOV devices have 256 at most")              \
    LIMIT(PASSED_DEVICES, 64, "devices",                                                           \
          "network devices of this host that one process has been given; guests have some 8")      \
    LIMIT(MEMBERS, 256, "processes",                                                               \
          "processes of a machine's control group; with helpers and workers it has some 20")       \
    LIMIT(INNER_GROUPS, 4352, "groups",                                                            \
          "control groups inside of a machine's; libvirt makes one for each of 4,096 vCPUs")       \
    LIMIT(NUMA_NODES, 256, "nodes",                                                                \
          "NUMA nodes of this host by which memory is told; large machines have 32")               \
    LIMIT(RESCTRL_FOLDERS, 4096, "folders", "caches and sockets of one resctrl monitor")

enum {
#define LIMIT(name, value, unit, reason) HOST_LIMIT_##name = (value),
    HOST_LIMITS(LIMIT)
#undef LIMIT
};
