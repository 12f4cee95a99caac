/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor_domain: what a record, and a few files of the domain's process, say about what can be read
 * of the domain.
 */
#pragma once

#include "doctor_facts.h"
#include "host/host_root.h"

/* The facts of one record. @root: of the host on which its process is; NULL: no file is looked at.
 * The caller frees. */
DoctorFactsDomain *doctor_domain_new(const DomstatsRecord *record, HostRoot *root);

/* Looks for vhost-net among the descriptors of its process. */
void doctor_domain_look_for_vhost(DoctorFactsDomain *self, HostRoot *root);

void doctor_domain_free(DoctorFactsDomain *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DoctorFactsDomain, doctor_domain_free)
