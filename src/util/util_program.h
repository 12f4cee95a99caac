/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_program: what each program does to its process before all else.
 */
#pragma once

/* Opens the standard descriptors that are closed, makes SIGPIPE and SIGXFSZ errors of write(),
 * raises the soft limit of descriptors to the hard one, and keeps libvirt from printing its errors.
 * To be called before there are threads. */
void util_program_prepare(void);
