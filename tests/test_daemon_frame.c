/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_daemon_frame: where a message ends in a stream of bytes.
 */
#include "testing.h"

#include "daemon/daemon_frame.h"

enum { LEAST = 8, MOST = 16 };

typedef struct {
    const char *name;
    const char *bytes;
    size_t n;
    DaemonFrame expected;
    size_t length;
} Row;

static const Row rows[] = {
    {"no byte", "", 0, DAEMON_FRAME_NONE, 0},
    {"a part of the length", "\0\0\0", 3, DAEMON_FRAME_PART, 0},
    {"the length alone", "\0\0\0\x08", 4, DAEMON_FRAME_PART, 0},
    {"all but the last byte", "\0\0\0\x08xyz", 7, DAEMON_FRAME_PART, 0},
    {"a message", "\0\0\0\x08xyzw", 8, DAEMON_FRAME_WHOLE, 8},
    {"a message and more", "\0\0\0\x08xyzw\0\0", 10, DAEMON_FRAME_WHOLE, 8},
    {"the longest", "\0\0\0\x10xyzwxyzwxyzw", 16, DAEMON_FRAME_WHOLE, 16},
    {"one byte too long", "\0\0\0\x11", 4, DAEMON_FRAME_BAD, 0},
    {"one byte too short", "\0\0\0\x07", 4, DAEMON_FRAME_BAD, 0},
    {"length 0", "\0\0\0\0", 4, DAEMON_FRAME_BAD, 0},
    {"length 2^32 - 1", "\xff\xff\xff\xff", 4, DAEMON_FRAME_BAD, 0},
    {"length 2^31", "\x80\0\0\0", 4, DAEMON_FRAME_BAD, 0},
    {"bytes in the other order", "\x08\0\0\0xyzw", 8, DAEMON_FRAME_BAD, 0},
};

static void
looks(const void *data)
{
    const Row *row = data;
    size_t length = 0;

    assert_int_equal(daemon_frame_look((const uint8_t *)row->bytes, row->n, LEAST, MOST, &length),
                     row->expected);
    assert_int_equal(length, row->length);
}

int
main(void)
{
    return TESTING_RUN_TABLE("frame", rows, looks);
}
