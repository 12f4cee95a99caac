/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_facts: what one call has found out about one domain, as plain structs.
 *
 * Decoders (qemu_reply_*) and host readers (qemu_host) fill the facts, emitters (qemu_emit_*) read
 * them. The facts own their arrays; strings are borrowed from the replies, which must live longer.
 * What neither QEMU nor the host gave stays absent: a UtilCount not present, a pointer NULL, a
 * length 0.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/host_links.h"
#include "host/host_netdev.h"
#include "host/host_qdisc.h"
#include "host/host_vf.h"
#include "host/process/host_group.h"
#include "host/process/host_ksm.h"
#include "host/process/host_passed.h"
#include "host/process/host_process.h"
#include "qemu_definition.h"
#include "util/util_count.h"
#include "util/util_json.h"

/* The kind of a statistic, by query-stats-schemas or the kernel's own description. */
typedef enum {
    QEMU_FACTS_STAT_CUMULATIVE, /* emitted as .sum */
    QEMU_FACTS_STAT_INSTANT,    /* emitted as .cur */
    QEMU_FACTS_STAT_PEAK,       /* emitted as .max */
    QEMU_FACTS_STAT_HISTOGRAM,  /* linear or log2: not emitted */
} QemuFactsStatKind;

/* What query-stats-schemas says of one statistic. */

typedef struct {
    const char *name;
    QemuFactsStatKind kind;
    bool is_boolean; /* the schema's unit */
} QemuFactsSchema;

/* One value of query-stats, or of the kernel's own statistics block. */
typedef struct {
    const char *name;
    QemuFactsStatKind kind;
    bool is_boolean;
    uint64_t value;
} QemuFactsStat;

typedef struct {
    int index;                  /* vCPU id: cpu-index */
    pid_t thread_id;            /* as QEMU numbers it; 0 unknown */
    pid_t host_thread;          /* the same thread as this host numbers it; 0 unknown */
    const char *qom_path;       /* matches query-stats */
    bool has_halted, is_halted; /* s390x only, not TCG */
    GArray *stats;              /* QemuFactsStat, or NULL */
    bool has_host;              /* the thread's stat was read: the four below are set */
    char run_state;             /* of the thread: R, S, D, T ... */
    UtilCount time_ns;          /* CPU time */
    UtilCount wait_ns;          /* waited for a CPU: wait_sum of /proc/PID/task/TID/sched */
    UtilCount delay_ns;         /* waited for a CPU: schedstat */
} QemuFactsVcpu;

/* query-blockstats, one latency histogram. */
typedef struct {
    GArray *boundaries; /* uint64_t ns; NULL: no such histogram */
    GArray *bins;       /* uint64_t, one more than boundaries */
} QemuFactsHistogram;

enum {
    QEMU_FACTS_HISTOGRAM_READ,
    QEMU_FACTS_HISTOGRAM_WRITE,
    QEMU_FACTS_HISTOGRAM_ZONE_APPEND,
    QEMU_FACTS_HISTOGRAM_FLUSH,
    QEMU_FACTS_N_HISTOGRAMS
};

/* One entry of timed_stats. What QEMU leaves out stays 0, since libvirt shows 0 too. */
typedef struct {
    uint64_t interval_s;
    uint64_t rd_min_ns, rd_max_ns, rd_avg_ns;
    uint64_t wr_min_ns, wr_max_ns, wr_avg_ns;
    uint64_t zap_min_ns, zap_max_ns, zap_avg_ns;
    double rd_queue_depth, wr_queue_depth, zap_queue_depth;
} QemuFactsTimedGroup;

/* One image of a disk's chain in query-blockstats. A chain is listed from the top and without
 * filters. */
typedef struct {
    const char *node_name;       /* the layer's format node (or only node) */
    const char *storage_name;    /* its protocol node; NULL: it has none of its own */
    const char *data_name;       /* node of its external data file; NULL: none */
    UtilCount wr_highest_offset; /* of the node that holds the data, which QEMU calls "parent" */
} QemuFactsLayer;

typedef struct {
    const char *device; /* -drive id; "" with -blockdev */
    const char *qdev;   /* qdev id or QOM path of the guest's device */
    UtilCount rd_reqs, rd_bytes, rd_times_ns;
    UtilCount wr_reqs, wr_bytes, wr_times_ns;
    UtilCount fl_reqs, fl_times_ns;
    UtilCount failed_rd, failed_wr, failed_fl, invalid_rd, invalid_wr, invalid_fl;
    UtilCount idle_ns;
    QemuFactsHistogram histograms[QEMU_FACTS_N_HISTOGRAMS];
    GArray *timed_groups;  /* QemuFactsTimedGroup, or NULL */
    const UtilJson *entry; /* its part of the reply; qemu_reply_finish_block() reads layers of it */
    GArray *layers;        /* QemuFactsLayer; NULL: no medium, or not made yet */
} QemuFactsDisk;

enum {
    QEMU_FACTS_BLOCK_LIMIT_REQUEST_ALIGNMENT,
    QEMU_FACTS_BLOCK_LIMIT_DISCARD_MAX,
    QEMU_FACTS_BLOCK_LIMIT_DISCARD_ALIGNMENT,
    QEMU_FACTS_BLOCK_LIMIT_WRITE_ZEROES_MAX,
    QEMU_FACTS_BLOCK_LIMIT_WRITE_ZEROES_ALIGNMENT,
    QEMU_FACTS_BLOCK_LIMIT_TRANSFER_OPTIMAL,
    QEMU_FACTS_BLOCK_LIMIT_TRANSFER_MAX,
    QEMU_FACTS_BLOCK_LIMIT_TRANSFER_HW_MAX,
    QEMU_FACTS_BLOCK_LIMIT_IOV_MAX,
    QEMU_FACTS_BLOCK_LIMIT_IOV_HW_MAX,
    QEMU_FACTS_BLOCK_LIMIT_MEMORY_ALIGNMENT_MINIMAL,
    QEMU_FACTS_BLOCK_LIMIT_MEMORY_ALIGNMENT_OPTIMAL,
    QEMU_FACTS_N_BLOCK_LIMITS
};

/* query-named-block-nodes, one node. */
typedef struct {
    const char *node_name;
    const char *driver; /* "qcow2", "file", "throttle", ... */
    const char *path; /* local file or device behind it, as QEMU was given it, so perhaps relative;
                         NULL: no local file (network, ...) */
    const char *data_file; /* of a qcow2 image: the name of its external data file, as stored in the
                              image; NULL: none */
    UtilCount virtual_size;
    UtilCount actual_size;
    UtilCount write_threshold;
    UtilCount wr_highest_offset; /* of the node that holds its data; only if the plan asked for the
                                    statistics of all nodes */
    UtilCount limits[QEMU_FACTS_N_BLOCK_LIMITS];
} QemuFactsNode;

/* Sizes in bytes of an image of a domain that does not run, read from the file. */
typedef struct {
    UtilCount allocation; /* blocks that the host's file system has allocated */
    UtilCount capacity;   /* size that the guest would see */
    UtilCount physical;   /* size of the file or device */
} QemuFactsImage;

typedef struct {
    const char *id;
    pid_t thread_id;   /* as QEMU numbers it; 0 unknown */
    pid_t host_thread; /* the same thread as this host numbers it; 0 unknown */
    UtilCount poll_max_ns, poll_grow, poll_shrink;
    UtilCount poll_weight; /* QEMU has it since 11.1 */
} QemuFactsIothread;

typedef struct {
    int index;
    uint64_t rate_mib_s;
} QemuFactsVcpuDirtyRate;

typedef struct {
    const char *status; /* unstarted, measuring, measured; NULL: query-dirty-rate has no reply */
    const char *mode;   /* NULL: QEMU is older than 6.2 */
    bool has_start_time, has_calc_time, has_rate;
    int64_t start_time_s;
    int64_t calc_time_s;
    int64_t rate_mib_s;
    GArray *vcpus; /* QemuFactsVcpuDirtyRate, or NULL */
} QemuFactsDirtyRate;

/* query-block-jobs, one job. Strings are NULL where QEMU gave none. */
typedef struct {
    const char *id;
    const char *type;      /* mirror, commit, backup, stream, ... */
    const char *status;    /* running, ready, paused, concluded, ... */
    const char *io_status; /* ok, failed, nospace */
    const char *error;     /* why it failed */
    UtilCount offset, len; /* how far it is, and how far it has to go */
    UtilCount speed;       /* the limit that was set on it, bytes/s; 0: none */
} QemuFactsJob;

/* query-migrate: the migration under way or, after it, the last one. */
typedef struct {
    const char *status; /* QEMU's word; NULL: there was none, or no reply */
    const char *error;  /* why it failed; NULL: not told */
    bool tells_memory;  /* as only the QEMU does from which the guest leaves */
    UtilCount total_time_ms, setup_time_ms, downtime_ms, expected_downtime_ms;
    UtilCount remaining_bytes; /* of all devices: 11.1 and later */
    UtilCount ram_total, ram_transferred, ram_remaining;
    UtilCount ram_iterations, ram_dirty_pages_rate, ram_page_size, ram_postcopy_requests;
    UtilCount ram_bytes_per_s;
    UtilCount throttle_percent;
} QemuFactsMigration;

/* The events that are counted. */
typedef enum {
    QEMU_FACTS_EVENT_IO_ERROR,
    QEMU_FACTS_EVENT_PANIC,
    QEMU_FACTS_EVENT_CRASHLOADED,
    QEMU_FACTS_EVENT_WATCHDOG,
    QEMU_FACTS_EVENT_RESET,
    QEMU_FACTS_EVENT_BALLOON_CHANGE,
    QEMU_FACTS_EVENT_MEMORY_FAILURE,
    QEMU_FACTS_EVENT_SHUTDOWN,
    QEMU_FACTS_EVENT_POWERDOWN,
    QEMU_FACTS_N_EVENTS
} QemuFactsEventKind;

/* I/O errors of one device, by the names that the events gave. */
typedef struct {
    char *device;    /* -drive id; NULL: none */
    char *node_name; /* NULL: none */
    char *qom_path;  /* 9.2 and later; else NULL */
    uint64_t n_errors;
} QemuFactsEventsDevice;

/* The events of one connection. */
typedef struct {
    int64_t since_s; /* wall clock; 0: nothing is counted yet */
    uint64_t counts[QEMU_FACTS_N_EVENTS];
    GArray *devices; /* QemuFactsEventsDevice; NULL: there was no I/O error */
} QemuFactsEvents;

typedef struct {
    UtilCount actual_bytes;              /* query-balloon; absent: no balloon device, or no reply */
    UtilCount base_bytes, plugged_bytes; /* query-memory-size-summary */
    /* Sums over query-memory-devices: all present sizes; the same with each virtio-mem at its
     * maximum; the present sizes of virtio-mem alone, which no balloon counts. */
    UtilCount devices_bytes, devices_full_bytes, virtio_mem_bytes;
    /* guest-stats, in QEMU's bytes or counts; absent where QEMU gave 2^64-1 */
    UtilCount swap_in, swap_out, major_faults, minor_faults, free_memory, total_memory;
    UtilCount available_memory, disk_caches, htlb_pgalloc, htlb_pgfail, last_update_s;
    UtilCount polling_interval_s;
} QemuFactsMemory;

/* The devices of QEMU that are network interfaces, by the container that lists them. Elements are
 * const char *, the last part of the device's QOM path, in no order. NULL: no reply to that
 * qom-list. */
typedef struct {
    GArray *with_id;    /* /machine/peripheral: "-device" or device_add with an id */
    GArray *without_id; /* /machine/peripheral-anon: "device[7]", numbered in order of creation */
    GArray *on_board;   /* /machine/unattached: the machine's own */
} QemuFactsNicDevices;

/* One interface of the guest. */
typedef struct {
    const char *ifname; /* host device; NULL: it has none (user, hostdev, ...), or is not known */
    bool is_host_view;  /* counters are shown as the host has them, not swapped */
    const HostNetdevCounters *counters; /* NULL: not known; borrowed for the call */
    const QemuDefinitionNic *told; /* what the definition says of it; NULL: it was plugged later */
    const char *net_namespace;     /* that @ifname is in; NULL: not known */
    const HostLink *link;   /* how the host has set it up; NULL: not known, or the call does not ask
                               for about.* */
    const HostQdisc *qdisc; /* ext: the host's queues for it; NULL: none, or not known */
} QemuFactsNic;

/* ext: a network device of the host that the guest has been given. Borrowed for the call. */
typedef struct {
    const HostPassed *device;
    const HostVfCounters *vf;              /* NULL: not known */
    const HostNetdevCounters *representor; /* likewise */
} QemuFactsHostdev;

/* Sums over the threads of one class; absent: none was seen. */
typedef struct {
    UtilCount run_ns;   /* CPU time */
    UtilCount delay_ns; /* ready to run, without a CPU */
} QemuFactsThreads;

typedef struct {
    bool has_process;  /* /proc/<pid>/stat was read */
    UtilCount n_vcpus; /* by the names of QEMU's threads; only without a reply to query-cpus-fast */
    HostProcessStat process;
    HostProcessCgroup cgroup;
    QemuFactsThreads vcpus, iothreads, vhost, emulator; /* ext; the last: all others */
    UtilCount run_delay_ns;                             /* ext: sum over all threads */
    HostProcessMemory memory;                           /* ext */
    HostKsm ksm;                                        /* ext */
    HostGroupValues group;                              /* ext: of its control group */
} QemuFactsHost;

typedef struct {
    const char *event; /* as libvirt names it: "cpu_cycles" */
    uint64_t value;
} QemuFactsPerf;

/* One folder of a resctrl monitor's mon_data: a cache, a memory controller or a package. */
typedef struct {
    unsigned int id;
    UtilCount bytes;                    /* cache monitors */
    UtilCount local_bytes, total_bytes; /* bandwidth monitors */
    bool has_core_energy, has_activity; /* energy monitors; of the two values below */
    double core_energy_j, activity_f;   /* joules, farads */
    bool is_swapped; /* the host lists total before local, or activity before core energy */
} QemuFactsResctrlBank;

typedef struct {
    QemuDefinitionResctrlKind kind;
    const char *name;
    const char *vcpus; /* "0-3,5" */
    GArray *banks;     /* QemuFactsResctrlBank, by ascending id */
} QemuFactsResctrl;

typedef struct {
    const char *status; /* query-status; NULL unknown */
    bool is_running;    /* likewise */
    int libvirt_state;  /* virDomainState and its reason by libvirt; -1: not from libvirt */
    int libvirt_reason;

    QemuFactsMigration migration;
    bool tells_migrations;         /* an event comes whenever the state of a migration changes */
    const QemuFactsEvents *events; /* borrowed of the connection; NULL: it was not held from an
                                      earlier call on */
    UtilCount halt_success_ns, halt_fail_ns; /* sums over all vCPUs; query-stats or debugfs */
    QemuFactsMemory memory;
    GArray *schemas_vcpu;  /* QemuFactsSchema of statistics of a vCPU, by name; NULL: no reply */
    GArray *schemas_vm;    /* likewise of the VM */
    GArray *vcpus;         /* QemuFactsVcpu, by ascending index; NULL: not known */
    UtilCount n_vcpus_max; /* query-hotpluggable-cpus: sum of vcpus-count */
    GArray *vm_stats;      /* QemuFactsStat, or NULL */
    GArray *disks;         /* QemuFactsDisk, QEMU's order; NULL: no reply */
    GArray *nodes;         /* QemuFactsNode; NULL: no reply */
    unsigned int n_backed_nodes; /* how many of @nodes have a backing image */
    GHashTable *node_by_name;    /* const char * -> QemuFactsNode * in @nodes */
    GArray *jobs;                /* QemuFactsJob, QEMU's order; NULL: no reply */
    GHashTable *images;     /* char * path -> QemuFactsImage *; NULL: it runs, or none was read */
    GPtrArray *owned_texts; /* char *: paths decoded from "json:" file names; NULL: none */
    GArray *iothreads;      /* QemuFactsIothread */
    QemuFactsDirtyRate dirty_rate;
    QemuFactsNicDevices nic_devices;
    GArray *nics;     /* QemuFactsNic, the definition's in its order, then those plugged later;
                         NULL: not known */
    GArray *hostdevs; /* QemuFactsHostdev; NULL: not known, or the call does not ask for ext */
    UtilCount n_nics; /* interfaces of the guest; absent: @nics may have too many or too few */
    GArray *perf;     /* QemuFactsPerf; NULL: no event was asked for */
    bool lacks_perf;  /* an event that was asked for, and that this host has, could not be read */
    GArray *resctrl;  /* QemuFactsResctrl, in the definition's order; NULL none */
    QemuFactsHost host;
    UtilCount monitor_us; /* ext: time from the first command to the last reply */
    char *qemu_version;   /* about: by its greeting; owned; NULL: not asked for, or not told */
} QemuFacts;

/* Sets everything to absent. */
void qemu_facts_init(QemuFacts *self);
/* Frees all that @self owns, nested arrays included, and leaves it as after init. */
void qemu_facts_clear(QemuFacts *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(QemuFacts, qemu_facts_clear)

/* Empty arrays with room for @n_expected elements; freed elements free the arrays that they own. */
GArray *qemu_facts_new_vcpus(size_t n_expected);
GArray *qemu_facts_new_disks(size_t n_expected);
GArray *qemu_facts_new_resctrl(void);

/* The node named @name, or NULL. */
const QemuFactsNode *qemu_facts_node(const QemuFacts *self, const char *name);

/* True for a block driver (file, host_device, ...) whose file name is always a path of the host,
 * even if it looks like "protocol:...". */
bool qemu_facts_is_local_driver(const char *driver);

/* Looks nodes up by their path, which a format node and the storage node below it share. Borrows
 * nodes and paths, which must neither move nor change. */
typedef struct QemuFactsPaths QemuFactsPaths;

QemuFactsPaths *qemu_facts_paths_new(const QemuFacts *facts);
void qemu_facts_paths_free(QemuFactsPaths *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuFactsPaths, qemu_facts_paths_free)
/* The first node with that path whose driver opens files (storage), or whose driver does not
 * (format); NULL if there is none. */
const QemuFactsNode *qemu_facts_paths_storage(const QemuFactsPaths *self, const char *path);
const QemuFactsNode *qemu_facts_paths_format(const QemuFactsPaths *self, const char *path);
