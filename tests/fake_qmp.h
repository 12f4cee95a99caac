/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_qmp: a monitor that follows a script, on one end of a socketpair or on a listening socket.
 *
 * A script is a table of lines: what the fake waits for, and what it then says. It greets and
 * answers the negotiation by itself, unless the script is bare. A command that the script does not
 * expect fails the test with both texts.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct FakeQmp FakeQmp;

typedef enum {
    FAKE_QMP_GOES_ON,
    FAKE_QMP_WAITS,   /* reads nothing until fake_qmp_let_go() */
    FAKE_QMP_ANSWERS, /* answers every further command, as a QEMU that is well does */
    FAKE_QMP_IGNORES, /* reads on, and says nothing more */
    FAKE_QMP_IS_DEAF, /* reads nothing more */
    FAKE_QMP_CLOSES,
    FAKE_QMP_LEAVES, /* closes, and stops listening */
} FakeQmpThen;

/* One line: the fake waits for @expects, says @says, and then does @then. */
typedef struct {
    const char *expects; /* a command's name, "oob:" before it if out of band; NULL: nothing */
    const char *says;    /* "@id" in it: the id of the last command; NULL: nothing */
    FakeQmpThen then;
    size_t n_times; /* how often @says is said; 0: once */
    size_t
        n_bytes; /* of @says, if it has a NUL or its "@id" is meant literally; 0: up to its NUL */
} FakeQmpLine;

typedef struct {
    const char *command;
    const char *reply; /* the value of "return"; NULL: this command is never answered */
} FakeQmpReply;

typedef struct {
    const FakeQmpLine *lines;    /* up to one that is all zero; NULL: FAKE_QMP_ANSWERS at once */
    const FakeQmpReply *replies; /* used by FAKE_QMP_ANSWERS before its own; up to one all zero */
    bool is_bare;                /* greeting and negotiation are lines of the script */
    bool has_oob;
    bool goes_on;       /* a new connection goes on with the line where the last one ended */
    size_t slice_bytes; /* the most that one step sends; 0: as much as the kernel takes */
    size_t max_bytes;   /* a connection is closed after so many; 0: no limit */
} FakeQmpScript;

/* The greeting's and the negotiation's texts, for bare scripts. */
#define FAKE_QMP_GREETING                                                                          \
    "{\"QMP\":{\"version\":{\"qemu\":{\"micro\":0,\"minor\":2,\"major\":7},\"package\":\"\"},"     \
    "\"capabilities\":[]}}\r\n"
#define FAKE_QMP_RETURN(value) "{\"return\":" value ",\"id\":@id}\r\n"

/* Borrows @script. Gives the other end of the pair, which the caller owns. */
FakeQmp *fake_qmp_new_pair(const FakeQmpScript *script, int *ret_fd);
/* Listens at @path, a file's or "tcp:127.0.0.1:0"; each connection starts the script from its first
 * line. */
FakeQmp *fake_qmp_new_listening(const FakeQmpScript *script, const char *path);
void fake_qmp_free(FakeQmp *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeQmp, fake_qmp_free)

/* Where it listens, as qemu_channel_dial() takes it; borrowed. */
const char *fake_qmp_path(const FakeQmp *self);

/* Reads and says what it can now, without waiting; false if there was nothing. */
bool fake_qmp_step(FakeQmp *self);
/* Steps until there is nothing to read or say. */
void fake_qmp_settle(FakeQmp *self);
/* Goes on past FAKE_QMP_WAITS; a running thread must have been stopped. */
void fake_qmp_let_go(FakeQmp *self);
/* Ends the connection; goes on listening. */
void fake_qmp_drop(FakeQmp *self);
/* Stops listening; the connection stays. */
void fake_qmp_retire(FakeQmp *self);

bool fake_qmp_is_connected(const FakeQmp *self);
unsigned int fake_qmp_n_connections(const FakeQmp *self);
/* The names of all commands that came, in their order, separated by blanks. */
const char *fake_qmp_heard(const FakeQmp *self);
/* Fails the test if an unexpected command came. */
void fake_qmp_check(const FakeQmp *self);

/* Starts a thread that steps all of @fakes. It borrows the array and the fakes until
 * fake_qmp_stop(); the test must not use them before that. */
typedef struct FakeQmpThread FakeQmpThread;
FakeQmpThread *fake_qmp_start(FakeQmp *const *fakes, size_t n_fakes);
void fake_qmp_stop(FakeQmpThread *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeQmpThread, fake_qmp_stop)
