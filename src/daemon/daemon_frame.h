/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_frame: cuts a stream of bytes into messages. A message begins with its length, four bytes,
 * most significant first, which counts itself. Pure.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef enum {
    DAEMON_FRAME_WHOLE, /* a message is there */
    DAEMON_FRAME_PART,  /* its beginning is */
    DAEMON_FRAME_NONE,  /* nothing is */
    DAEMON_FRAME_BAD,   /* its length is out of bounds */
} DaemonFrame;

/* What the @n bytes begin with; sets @ret_length to the length of a message that is whole. */
DaemonFrame daemon_frame_look(const uint8_t *bytes, size_t n, size_t least, size_t most,
                              size_t *ret_length);
