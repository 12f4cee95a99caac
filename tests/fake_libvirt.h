/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_libvirt: a libvirt daemon that goes wrong as a test wants. It speaks libvirt's protocol over
 * a unix socket, on a thread of its own, with up to 64 clients.
 *
 * It gives the list of domains, their definitions and their statistics. All functions may be called
 * while it serves.
 */
#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>
#include <stdbool.h>
#include <stdint.h>

/* Procedures of libvirt's protocol, of which calls are counted and may go wrong. */
enum {
    FAKE_LIBVIRT_ANY,
    FAKE_LIBVIRT_OPEN = 1,
    FAKE_LIBVIRT_CLOSE = 2,
    FAKE_LIBVIRT_XML = 14,
    FAKE_LIBVIRT_LOOKUP = 24, /* by UUID */
    FAKE_LIBVIRT_AUTH_LIST = 66,
    FAKE_LIBVIRT_VERSION = 157, /* of the library, whose question waits for no domain */
    FAKE_LIBVIRT_LIST = 273,
    FAKE_LIBVIRT_REGISTER = 316, /* for an event */
    FAKE_LIBVIRT_STATS = 344,
};

typedef enum {
    FAKE_LIBVIRT_END,          /* of the lines */
    FAKE_LIBVIRT_ANSWERS,      /* after @delay_ms */
    FAKE_LIBVIRT_IGNORES,      /* answers once fake_libvirt_let_go() is called */
    FAKE_LIBVIRT_FAILS,        /* with @code, @code_domain and @message */
    FAKE_LIBVIRT_DISCONNECTS,  /* instead of the answer */
    FAKE_LIBVIRT_CUTS,         /* disconnects after half of the answer */
    FAKE_LIBVIRT_SHORT,        /* an answer whose payload ends too early */
    FAKE_LIBVIRT_GARBAGE,      /* bytes that are no message, and no more than that */
    FAKE_LIBVIRT_HUGE,         /* the head of a message of 33 MiB */
    FAKE_LIBVIRT_WRONG_SERIAL, /* the answer to a call that was not made, and nothing more */
    FAKE_LIBVIRT_EMPTY,        /* statistics: no record */
    FAKE_LIBVIRT_TWICE,        /* statistics: the record of the domain, and that again */
    FAKE_LIBVIRT_OTHER,        /* statistics: the record of another domain */
    FAKE_LIBVIRT_LACKS,        /* statistics: no record of @domain */
    FAKE_LIBVIRT_MANY,         /* claims to hold 4,294,967,295 of them, and holds none */
} FakeLibvirtThen;

/* What goes wrong. Of several lines the first one that fits a call is used. */
typedef struct {
    int procedure;      /* FAKE_LIBVIRT_ANY: each but OPEN, CLOSE and AUTH_LIST */
    const char *domain; /* the name of one that the call is about; NULL: any or none */
    FakeLibvirtThen then;
    bool is_of_many;      /* only a call about several domains */
    unsigned int n_times; /* how often it is used; 0: always */
    unsigned int delay_ms;
    int code, code_domain; /* virErrorNumber, virErrorDomain */
    const char *message;
} FakeLibvirtFault;

/* One value. */
typedef struct {
    const char *field; /* NULL: the end */
    int type;          /* virTypedParameterType, or another number: then 4 bytes */
    uint64_t number;   /* not of a string or a double */
    const char *text;  /* of a string, or of a double */
} FakeLibvirtParam;

typedef struct {
    const char *name; /* NULL: the end */
    int id;           /* 0: it does not run */
    bool is_transient;
    bool is_autostart;
    const char *xml;                /* NULL: a short one */
    const FakeLibvirtParam *params; /* NULL: state.state and state.reason */
} FakeLibvirtDomain;

typedef struct FakeLibvirt FakeLibvirt;

/* Serves at a socket in a new folder. @domains and @faults (NULL: none) are borrowed. */
FakeLibvirt *fake_libvirt_new(const FakeLibvirtDomain *domains, const FakeLibvirtFault *faults);
void fake_libvirt_free(FakeLibvirt *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeLibvirt, fake_libvirt_free)

const char *fake_libvirt_uri(const FakeLibvirt *self);
/* The text of the UUID of the domain with that index; never freed. */
const char *fake_libvirt_uuid(unsigned int index);

/* Both take effect with the next call that it reads. */
void fake_libvirt_set_domains(FakeLibvirt *self, const FakeLibvirtDomain *domains);
void fake_libvirt_set_faults(FakeLibvirt *self, const FakeLibvirtFault *faults);
/* Answers all calls that it ignored. */
void fake_libvirt_let_go(FakeLibvirt *self);
/* While false it accepts no client, like a daemon that is stopped or has too many clients. */
void fake_libvirt_set_accepts(FakeLibvirt *self, bool accepts);
/* True if a client waits to be accepted. */
bool fake_libvirt_is_waited_for(FakeLibvirt *self);
/* Disconnects all clients, and stops listening; listens again. */
void fake_libvirt_stop(FakeLibvirt *self);
void fake_libvirt_start(FakeLibvirt *self);
/* Both in one step: no client finds it without a listener. */
void fake_libvirt_restart(FakeLibvirt *self);

/* Calls of @procedure up to now. */
unsigned int fake_libvirt_n_calls(FakeLibvirt *self, int procedure);
/* Domains that calls for statistics were about up to now; the most of one call. */
unsigned int fake_libvirt_n_asked(FakeLibvirt *self);
unsigned int fake_libvirt_most_asked(FakeLibvirt *self);
/* Clients that it has accepted up to now, and clients that are connected now. */
unsigned int fake_libvirt_n_accepted(FakeLibvirt *self);
unsigned int fake_libvirt_n_connected(FakeLibvirt *self);
/* The highest number of calls that waited for their answers at one time: of one client, of all. */
unsigned int fake_libvirt_most_of_one(FakeLibvirt *self);
unsigned int fake_libvirt_most(FakeLibvirt *self);
