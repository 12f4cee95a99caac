/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_named: which domains the words of a call name.
 *
 * A word is looked up as virsh does: as an id, else as a UUID, else as a name, else as the name
 * that the source has for the domain. It stands for every domain of the first of these kinds: two
 * domains of one name are both meant, a domain whose name is another's id is not.
 */
#pragma once

#include "plan/qemu_job.h"

typedef struct QemuNamed QemuNamed;

/* Looks for the NULL-terminated @words among the QemuDomain pointers in @domains. */
QemuNamed *qemu_named_find(const char *const *words, const GPtrArray *domains);
void qemu_named_free(QemuNamed *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuNamed, qemu_named_free)

/* True if each word names at least one domain. */
bool qemu_named_has_all(const QemuNamed *self);

/* The domains that are named, each once, in the order of the words. Borrowed. */
const GPtrArray *qemu_named_domains(const QemuNamed *self);

/* The records of @jobs, of the named domains, in the order of the words; those of a word that is
 * there again are copied, and a word that names no domain gives a record that says so. Domains
 * without a job or a record are left out. NULL with the refusal of a job that has one. */
GPtrArray *qemu_named_collect(const QemuNamed *self, const GPtrArray *jobs, GError **error);
