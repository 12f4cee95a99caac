/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_frame: see daemon_frame.h.
 */
#include "daemon_frame.h"

enum { LENGTH_BYTES = 4 };

DaemonFrame
daemon_frame_look(const uint8_t *bytes, size_t n, size_t least, size_t most, size_t *ret_length)
{
    size_t length = 0;

    if (n == 0)
        return DAEMON_FRAME_NONE;
    if (n < LENGTH_BYTES)
        return DAEMON_FRAME_PART;
    for (size_t i = 0; i < LENGTH_BYTES; i++)
        length = length << 8 | bytes[i];
    if (length < MAX(least, LENGTH_BYTES) || length > most)
        return DAEMON_FRAME_BAD;
    if (n < length)
        return DAEMON_FRAME_PART;
    *ret_length = length;
    return DAEMON_FRAME_WHOLE;
}
