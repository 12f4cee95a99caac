/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_processors: how many processors there are for us.
 */
#pragma once

/* Those that the caller's thread may run on. GLib's count may be that of the machine. */
unsigned int util_processors_count(void);
