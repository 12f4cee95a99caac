/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_libvirt_domain: one domain of a libvirt, from scan to scan: its definition and its
 * endpoint.
 */
#pragma once

#include "libvirt/libvirt_list.h"
#include "qemu/facts/qemu_endpoint.h"

typedef struct QemuSourceLibvirtDomain QemuSourceLibvirtDomain;

QemuSourceLibvirtDomain *qemu_source_libvirt_domain_new(void);
/* Takes NULL. */
void qemu_source_libvirt_domain_free(QemuSourceLibvirtDomain *self);

/* What is known of a domain in one scan. Borrowed. */
typedef struct {
    const LibvirtListDomain *listed;
    int state, reason;   /* virDomainState and its reason; -1: not told */
    unsigned int n_lost; /* how often the connection to libvirt was lost: a domain whose process is
                            not known may have been restarted since */
    QemuEndpoint *process;       /* the endpoint of its process, with places; NULL: not known */
    bool needs_definition;       /* the endpoint gets libvirt's definition, not that of @process */
    UtilCount autostart;         /* 0 or 1; absent: not told in this scan */
    LibvirtPool *libvirt;        /* that is asked for its statistics; NULL: none */
    const char *libvirt_trouble; /* why libvirt tells no more of it than the list; NULL: it does */
    const char *no_process; /* why an active domain without a process has no monitor; NULL: that is
                               no trouble */
} QemuSourceLibvirtDomainFacts;

/* True if the definition is to be asked for: unless a request for it is under way, or @has_changed
 * is false and the last one is not old. */
bool qemu_source_libvirt_domain_is_due(QemuSourceLibvirtDomain *self,
                                       const LibvirtListDomain *listed, bool has_changed);
/* The same for a definition that only says what the domain is made of, which is read once a run. It
 * is read anew if an event tells of a change (@has_changed), if it was doubted
 * (qemu_definition_doubt()), or if it is old and @may_renew. */
bool qemu_source_libvirt_domain_is_due_about(QemuSourceLibvirtDomain *self,
                                             const LibvirtListDomain *listed, bool has_changed,
                                             bool may_renew);
/* Asks libvirt for the definition that is due. True if the one before is old, or there is none. */
bool qemu_source_libvirt_domain_ask(QemuSourceLibvirtDomain *self, LibvirtPool *pool,
                                    const LibvirtListDomain *listed);
/* It has changed: the next one that asks gets a new definition. */
void qemu_source_libvirt_domain_expire(QemuSourceLibvirtDomain *self);
/* True if that was asked by an earlier scan, and libvirt had not answered it when this one began.
 */
bool qemu_source_libvirt_domain_is_late(const QemuSourceLibvirtDomain *self);

/* The request for the definition, which may have ended; NULL: there is none. Borrowed. */
LibvirtPoolRequest *qemu_source_libvirt_domain_request(const QemuSourceLibvirtDomain *self);

/* Takes in the definition, if it has come, and gives a reference to the endpoint: the same one as
 * before if nothing has changed. NULL: libvirt says that the domain has gone. */
QemuEndpoint *qemu_source_libvirt_domain_update(QemuSourceLibvirtDomain *self,
                                                const QemuSourceLibvirtDomainFacts *facts);

/* The pid of its process in the last scan; 0: not known. */
pid_t qemu_source_libvirt_domain_pid(const QemuSourceLibvirtDomain *self);
