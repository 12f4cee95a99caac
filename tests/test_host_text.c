/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_text: numbers as /proc writes them, and texts that only look like numbers.
 */
#include "host/host_text.h"

#include "testing.h"

typedef struct {
    const char *sentence;
    const char *text;
    uint64_t expected;
} Row;

static const Row socket_rows[] = {
    {"a socket", "socket:[12345]", 12345},
    {"the largest inode of 32 bits", "socket:[4294967295]", 4294967295},
    {"another kind of descriptor", "pipe:[12345]", 0},
    {"a file of that name", "/tmp/socket:[12345]", 0},
    {"no number", "socket:[]", 0},
    {"a sign", "socket:[-1]", 0},
    {"a blank", "socket:[ 1]", 0},
    {"no end", "socket:[12345", 0},
    {"something behind", "socket:[12345] (deleted)", 0},
};

static const Row pid_rows[] = {
    {"a process", "1", 1},
    {"the largest", "2147483647", 2147483647},
    {"one more", "2147483648", 0},
    {"none has this number", "0", 0},
    {"a name", "self", 0},
    {"a sign", "+1", 0},
    {"a blank before", " 1", 0},
    {"letters behind", "1x", 0},
    {"nothing", "", 0},
};

static void
reads_socket(const void *data)
{
    const Row *row = data;

    assert_int_equal(host_text_socket_inode(row->text), row->expected);
}

static void
reads_pid(const void *data)
{
    const Row *row = data;

    assert_int_equal(host_text_pid(row->text), row->expected);
}

int
main(void)
{
    int n_failed = TESTING_RUN_TABLE("host_text: sockets", socket_rows, reads_socket);

    return n_failed + TESTING_RUN_TABLE("host_text: processes", pid_rows, reads_pid);
}
