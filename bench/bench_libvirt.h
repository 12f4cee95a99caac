/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench_libvirt: asks libvirt for the same statistics: in bulk, one by one, by classic calls.
 *
 * The connection may be libvirt's embedded driver in this process, or a daemon. The domains
 * are those that were started by bench_libvirt_start().
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct BenchLibvirt BenchLibvirt;

/* Also runs libvirt's event loop, on a thread, as its drivers ask for. */
BenchLibvirt *bench_libvirt_open(const char *uri, GError **error);

/* Destroys the domains that were started, and closes. */
void bench_libvirt_free(BenchLibvirt *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BenchLibvirt, bench_libvirt_free)

/* Starts the domains of the XML files at @paths. */
bool bench_libvirt_start(BenchLibvirt *self, const GPtrArray *paths, bool are_paused,
                         GError **error);
/* Takes the domains that run already, which stay when this ends. For a connection that started
 * none. */
bool bench_libvirt_adopt(BenchLibvirt *self, GError **error);
/* Lets all guests run that were started paused. */
bool bench_libvirt_resume(BenchLibvirt *self, GError **error);

/* virConnectGetAllDomainStats(), the groups @stats. */
bool bench_libvirt_bulk(BenchLibvirt *self, unsigned int stats, size_t *ret_n_values,
                        GError **error);
/* virDomainListGetStats() for each domain. */
bool bench_libvirt_one_by_one(BenchLibvirt *self, unsigned int stats, size_t *ret_n_values,
                              GError **error);
/* For each domain: info, memory statistics, vCPUs, and for each disk and interface its
 * statistics, and the disks' sizes. */
bool bench_libvirt_classic(BenchLibvirt *self, size_t *ret_n_values, GError **error);

/* As "9.0.0". The caller frees. */
char *bench_libvirt_version(void);
