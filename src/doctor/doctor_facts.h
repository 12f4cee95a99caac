/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor_facts: what is known of a host and of its domains, as far as it decides what can be read.
 *
 * Plain data: doctor_host and doctor_domain set it, doctor_findings judges it.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "domstats/domstats.h"
#include "util/util_count.h"

/* The host and this process. All false or absent, with @is_known false, if the domains are not of
 * this host. */
typedef struct {
    bool is_known;
    bool is_root;           /* our effective user */
    gid_t group;            /* our effective group */
    bool may_trace;         /* CAP_SYS_PTRACE: descriptors and program files of other users */
    bool may_count;         /* CAP_PERFMON or CAP_SYS_ADMIN: perf events of other users */
    bool hides_processes;   /* /proc hides processes of others from us */
    bool sees_kernel;       /* the kernel's threads: our pid namespace is the host's */
    bool has_schedstats;    /* the kernel can keep wait_sum of threads */
    bool keeps_schedstats;  /* and does */
    bool counts_delay;      /* the kernel counts how long threads wait for a CPU */
    bool has_delayacct;     /* a switch of the kernel's decides about that (before 5.14) */
    bool has_pressure;      /* the kernel tells pressure */
    bool has_psi;           /* it is built to, as its configuration says */
    bool lacks_psi;         /* it is not; neither: not known */
    bool has_cgroup2;       /* cgroup v2 is where the controllers are */
    bool has_ksm;           /* the kernel can merge pages */
    bool merges_pages;      /* and does, or did */
    bool tells_ksm;         /* and tells it of a process (6.1 and later) */
    bool has_vhost_threads; /* vhost workers are threads of QEMU (6.4 and later) */
    bool has_kvm;
    bool is_amd;      /* its processor has AMD's virtualization, and may use it */
    bool is_intel;    /* or Intel's */
    bool has_resctrl; /* the kernel and the processor have it */
    bool has_resctrl_mounted;
    bool has_perf;
    int perf_paranoid;   /* kernel.perf_event_paranoid */
    bool runs_service;   /* a domstatsd is seen to run */
    bool runs_libvirt;   /* so is a libvirtd or virtqemud */
    const char *libvirt; /* the unit of systemd that would start it; NULL: there is none of its
                            sockets. Static */
    char *blind_spot;    /* domstats_get_blind_spot() */
    bool has_no_domains; /* the answer has none */
} DoctorFactsHost;

/* Values that a record has, or has not. */
typedef enum {
    DOCTOR_FACTS_BALLOON = 1 << 0,   /* a balloon device */
    DOCTOR_FACTS_GUEST = 1 << 1,     /* what the guest reports to it */
    DOCTOR_FACTS_POLLING = 1 << 2,   /* QEMU asks the guest for it */
    DOCTOR_FACTS_KVM = 1 << 3,       /* KVM's own statistics */
    DOCTOR_FACTS_PRESSURE = 1 << 4,  /* pressure of the control group */
    DOCTOR_FACTS_MEMORY = 1 << 5,    /* memory events of the control group */
    DOCTOR_FACTS_THROTTLED = 1 << 6, /* limits of CPU time of the control group */
    DOCTOR_FACTS_PERF = 1 << 7,      /* a perf event */
    DOCTOR_FACTS_VCPU = 1 << 8,      /* a vCPU with a thread of its own */
    DOCTOR_FACTS_VHOST = 1 << 9,     /* a vhost worker */
} DoctorFactsValue;

typedef struct {
    char *name;
    char *uuid;
    char *why; /* the reason of the record; NULL: it is OK */
    DomstatsHealth health;
    DomstatsReason reason;
    DomstatsAnsweredBy answered_by;
    unsigned int missing; /* VIR_DOMAIN_STATS_* */
    unsigned int values;  /* DoctorFactsValue */
    bool is_running;
    int pid;              /* 0: not known */
    const char *manager;  /* of its monitor, as qemu_manager calls it; NULL: not known. Static */
    bool is_its_managers; /* it has no monitor that another than its manager may use */
    bool is_session;      /* libvirt's, and of a user's libvirt */
    char *pid_namespace;  /* another than that of this process, a link of /proc; NULL: the same */
    bool is_confined;     /* by an AppArmor profile of libvirt's */
    bool may_add_socket;  /* which lets it make the socket of a second monitor */
    bool uses_vhost;      /* has /dev/vhost-net open */
    char *freezer;        /* the file that thaws it; NULL: not frozen, or not seen */
    char *unit;           /* of systemd, in which its process is; NULL: none, or not looked up */
} DoctorFactsDomain;
