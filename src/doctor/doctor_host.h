/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor_host: looks at the files of a host that decide what can be read of it.
 *
 * Only reads, and only files that no process can hold up.
 */
#pragma once

#include "doctor_facts.h"
#include "host/host_root.h"

/* Sets @ret_host; the caller clears it. What the host @root does not tell is false. */
void doctor_host_look(HostRoot *root, DoctorFactsHost *ret_host);

void doctor_host_clear(DoctorFactsHost *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DoctorFactsHost, doctor_host_clear)
