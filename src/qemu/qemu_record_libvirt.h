/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_record_libvirt: the parameters of a record of which libvirt was asked. Does no I/O.
 */
#pragma once

#include "qemu/params/qemu_emit.h"
#include "qemu/plan/qemu_job.h"

/* For a job that has libvirt's answer: adds libvirt's parameters of the wanted groups, then what
 * only this library has. Gives the mask of the groups that are missing. */
unsigned int qemu_record_libvirt_write(const QemuJob *job, const QemuEmitInput *input,
                                       UtilParams *params);

/* Sets the run state in @facts to the one that the answer tells, if it does. */
void qemu_record_libvirt_take_state(const QemuJob *job, QemuFacts *facts);
