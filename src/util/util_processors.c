/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_processors: see util_processors.h.
 */
#include "util_processors.h"

#include <glib.h>
#include <sched.h>

unsigned int
util_processors_count(void)
{
    cpu_set_t processors;

    if (sched_getaffinity(0, sizeof(processors), &processors) < 0)
        return g_get_num_processors(); /* there are more than the set holds */
    return (unsigned int)MAX(1, CPU_COUNT(&processors));
}
