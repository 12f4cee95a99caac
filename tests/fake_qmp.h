/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_qmp: a monitor that follows a script, over one end of a socketpair or a listening
 * socket.
 *
 * A script is a table of lines: what the fake waits for, what it then says. It greets and
 * takes the negotiation by itself, unless the script is bare. A command that the script does
 * not expect fails the test with both texts.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct FakeQmp FakeQmp;

typedef enum {
    FAKE_QMP_GOES_ON,
    FAKE_QMP_WAITS,   /* here, until fake_qmp_let_go(), reading nothing */
    FAKE_QMP_ANSWERS, /* from here on every command, as a QEMU that is well */
    FAKE_QMP_IGNORES, /* from here on reads and says nothing */
    FAKE_QMP_IS_DEAF, /* from here on does not even read */
    FAKE_QMP_CLOSES,
    FAKE_QMP_LEAVES, /* closes, and listens no more */
} FakeQmpThen;

/* One line: waits for @expects, says @says, and then does what @then tells. */
typedef struct {
    const char *expects; /* a command's name, "oob:" before it if out of band; NULL: nothing */
    const char *says;    /* "@id" in it: the id of the last command; NULL: nothing */
    FakeQmpThen then;
    size_t n_times; /* how often it is said; 0: once */
    size_t n_bytes; /* of @says, if there is NUL in it or it is to be said as it stands */
} FakeQmpLine;

typedef struct {
    const char *command;
    const char *reply; /* the value of "return"; NULL: this command is never answered */
} FakeQmpReply;

typedef struct {
    const FakeQmpLine *lines;    /* up to one that is all zero; NULL: FAKE_QMP_ANSWERS at once */
    const FakeQmpReply *replies; /* for FAKE_QMP_ANSWERS, before its own; up to one all zero */
    bool is_bare;                /* greeting and negotiation are lines as well */
    bool has_oob;
    bool goes_on;       /* a new connection begins where the last one was left */
    size_t slice_bytes; /* says no more in one step; 0: as much as the kernel takes */
    size_t max_bytes;   /* of one connection: then it is closed; 0: no limit */
} FakeQmpScript;

/* The greeting's and the negotiation's texts, for bare scripts. */
#define FAKE_QMP_GREETING                                                                          \
    "{\"QMP\":{\"version\":{\"qemu\":{\"micro\":0,\"minor\":2,\"major\":7},\"package\":\"\"},"     \
    "\"capabilities\":[]}}\r\n"
#define FAKE_QMP_RETURN(value) "{\"return\":" value ",\"id\":@id}\r\n"

/* Borrows @script. Gives the other end of the pair, which the caller owns. */
FakeQmp *fake_qmp_new_pair(const FakeQmpScript *script, int *ret_fd);
/* Listens at @path, a file's or "tcp:127.0.0.1:0"; a new connection starts the script anew. */
FakeQmp *fake_qmp_new_listening(const FakeQmpScript *script, const char *path);
void fake_qmp_free(FakeQmp *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeQmp, fake_qmp_free)

/* Where it listens, as qemu_channel_dial() takes it; borrowed. */
const char *fake_qmp_path(const FakeQmp *self);

/* Takes and says what it can now, without waiting; false if there was nothing. */
bool fake_qmp_step(FakeQmp *self);
/* Steps until there is nothing more. */
void fake_qmp_settle(FakeQmp *self);
/* Goes on past FAKE_QMP_WAITS; a running thread must have been stopped. */
void fake_qmp_let_go(FakeQmp *self);
/* Ends the connection; listens on. */
void fake_qmp_drop(FakeQmp *self);
/* Listens no more; the connection stays. */
void fake_qmp_retire(FakeQmp *self);

bool fake_qmp_is_connected(const FakeQmp *self);
unsigned int fake_qmp_n_connections(const FakeQmp *self);
/* The names of all commands that came, each once for each time, separated by blanks. */
const char *fake_qmp_heard(const FakeQmp *self);
/* Fails the test if an unexpected command came. */
void fake_qmp_check(const FakeQmp *self);

/* A thread that steps all of @fakes as they have something to do. Both are borrowed until
 * fake_qmp_stop(); nothing else may be done with them until then. */
typedef struct FakeQmpThread FakeQmpThread;
FakeQmpThread *fake_qmp_start(FakeQmp *const *fakes, size_t n_fakes);
void fake_qmp_stop(FakeQmpThread *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeQmpThread, fake_qmp_stop)
