/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_events: see libvirt_events.h.
 *
 * Owns the set of the domains that changed. Shares it with the callbacks, which run on the thread
 * of the application's event loop, and with the connection that they are registered on.
 *
 * How it works
 *
 * That an event loop is registered does not mean that anyone runs it, and then no event ever
 * comes. So a timer is put into the loop: when it has gone off, the loop ran, and since a loop
 * serves what came before the timer first, all events up to then are in. A loop on another
 * thread does so at once, and is waited for. Where the loop's own thread is the one that calls
 * us it cannot; then the timer of the previous call stands for it, and an event that has come
 * but was not handed on yet is met by the next call.
 *
 * The callbacks are registered on one connection of the pool, and unregistered when that closes,
 * since libvirt's library keeps a connection open as long as callbacks are registered on it. Until
 * they are registered on another one, any domain may have changed.
 */
#include "libvirt_events.h"

#include <pthread.h>

#include "libvirt_limits.h"
#include "util/util_refcount.h"

enum { SETTLE_MS = 50 };

/* Shared with the callbacks and the connection. */
typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t pinged;
    GHashTable *changed;           /* char * UUID; a set */
    bool is_any;                   /* any domain may have changed */
    LibvirtConnection *registered; /* that tells of events; NULL: none */
    int timer;                     /* in the loop; -1: none */
    UtilRefcount ref_count;
} Inbox;

struct LibvirtEvents {
    Inbox *inbox;
    bool waits; /* false once the loop did not run while we waited for it */
};

/* What is registered on a connection, until that closes. */
typedef struct {
    LibvirtConnection *connection; /* borrowed */
    Inbox *inbox;                  /* a reference */
    GArray *numbers;               /* int: of the callbacks */
} Registration;

static void
unref_inbox(void *data)
{
    Inbox *inbox = data;

    if (!util_refcount_dec(&inbox->ref_count))
        return;
    g_hash_table_unref(inbox->changed);
    pthread_cond_destroy(&inbox->pinged);
    pthread_mutex_destroy(&inbox->lock);
    g_free(inbox);
}

static void
note_change(Inbox *inbox, virDomainPtr domain)
{
    char uuid[VIR_UUID_STRING_BUFLEN] = "";

    if (virDomainGetUUIDString(domain, uuid) < 0)
        return;
    pthread_mutex_lock(&inbox->lock);
    if (g_hash_table_size(inbox->changed) < LIBVIRT_LIMIT_CHANGED_DOMAINS)
        g_hash_table_add(inbox->changed, g_strdup(uuid));
    else
        inbox->is_any = true;
    pthread_mutex_unlock(&inbox->lock);
}

static void
on_lifecycle(virConnectPtr conn, virDomainPtr domain, int event, int detail, void *inbox)
{
    (void)conn;
    (void)event;
    (void)detail;
    note_change(inbox, domain);
}

static void
on_device(virConnectPtr conn, virDomainPtr domain, const char *alias, void *inbox)
{
    (void)conn;
    (void)alias;
    note_change(inbox, domain);
}

static void
on_tray(virConnectPtr conn, virDomainPtr domain, const char *alias, int reason, void *inbox)
{
    (void)conn;
    (void)alias;
    (void)reason;
    note_change(inbox, domain);
}

static void
on_disk(virConnectPtr conn, virDomainPtr domain, const char *old_path, const char *new_path,
        const char *alias, int reason, void *inbox)
{
    (void)conn;
    (void)old_path;
    (void)new_path;
    (void)alias;
    (void)reason;
    note_change(inbox, domain);
}

static void
on_block_job(virConnectPtr conn, virDomainPtr domain, const char *disk, int type, int status,
             void *inbox)
{
    (void)conn;
    (void)disk;
    (void)type;
    (void)status;
    note_change(inbox, domain);
}

static void
on_balloon(virConnectPtr conn, virDomainPtr domain, unsigned long long actual, void *inbox)
{
    (void)conn;
    (void)actual;
    note_change(inbox, domain);
}

static void
on_metadata(virConnectPtr conn, virDomainPtr domain, int type, const char *uri, void *inbox)
{
    (void)conn;
    (void)type;
    (void)uri;
    note_change(inbox, domain);
}

/* Compilers warn of a cast from one type of function to another, but not of two casts through this
 * type. */
typedef void AnyCallback(void);

static const struct {
    int id;
    AnyCallback *callback;
} kinds[] = {
    {VIR_DOMAIN_EVENT_ID_LIFECYCLE, (AnyCallback *)on_lifecycle},
    {VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, (AnyCallback *)on_device},
    {VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, (AnyCallback *)on_device},
    {VIR_DOMAIN_EVENT_ID_TRAY_CHANGE, (AnyCallback *)on_tray},
    {VIR_DOMAIN_EVENT_ID_DISK_CHANGE, (AnyCallback *)on_disk},
    {VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2, (AnyCallback *)on_block_job},
    {VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE, (AnyCallback *)on_balloon},
    {VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, (AnyCallback *)on_metadata},
};

static void
on_timer(int timer, void *data)
{
    Inbox *inbox = data;

    virEventRemoveTimeout(timer);
    pthread_mutex_lock(&inbox->lock);
    inbox->timer = -1;
    pthread_cond_broadcast(&inbox->pinged);
    pthread_mutex_unlock(&inbox->lock);
}

/* Adds a timer to the loop that expires at once; false if there is no loop. The caller holds the
 * lock, so that the timer's callback waits until its number is set. */
static bool
start_timer(Inbox *inbox)
{
    util_refcount_inc(&inbox->ref_count);
    inbox->timer = virEventAddTimeout(0, on_timer, inbox, unref_inbox);
    if (inbox->timer >= 0)
        return true;
    inbox->timer = -1;
    unref_inbox(inbox);
    return false;
}

static bool
is_loop_registered(Inbox *inbox)
{
    bool is_registered = false;

    pthread_mutex_lock(&inbox->lock);
    is_registered = start_timer(inbox);
    pthread_mutex_unlock(&inbox->lock);
    return is_registered;
}

static Inbox *
new_inbox(void)
{
    Inbox *inbox = g_new0(Inbox, 1);

    pthread_mutex_init(&inbox->lock, NULL);
    util_deadline_init_cond(&inbox->pinged);
    inbox->changed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    inbox->timer = -1;
    util_refcount_init(&inbox->ref_count);
    return inbox;
}

static void
register_for(Registration *self, size_t kind)
{
    int number = -1;

    util_refcount_inc(&self->inbox->ref_count);
    number = virConnectDomainEventRegisterAny(
        libvirt_connection_get(self->connection), NULL, kinds[kind].id,
        (virConnectDomainEventGenericCallback)kinds[kind].callback, self->inbox, unref_inbox);
    if (number < 0)
        unref_inbox(self->inbox);
    else
        g_array_append_val(self->numbers, number);
}

/* Notes @connection, or NULL, as the one that tells of events. Those of before are lost, or may
 * be. */
static void
set_registered(Inbox *inbox, LibvirtConnection *connection)
{
    pthread_mutex_lock(&inbox->lock);
    inbox->registered = connection;
    inbox->is_any = true;
    pthread_mutex_unlock(&inbox->lock);
}

/* True if the callbacks are registered on a connection that lives. One that is closed is not looked
 * at: unregister() waits for the lock. */
static bool
is_registered(Inbox *inbox)
{
    bool lives = false;

    pthread_mutex_lock(&inbox->lock);
    lives = inbox->registered != NULL && libvirt_connection_is_alive(inbox->registered);
    pthread_mutex_unlock(&inbox->lock);
    return lives;
}

/* Called when the connection closes. */
static void
unregister(void *data)
{
    Registration *self = data;
    virConnectPtr conn = libvirt_connection_get(self->connection);

    pthread_mutex_lock(&self->inbox->lock);
    if (self->inbox->registered == self->connection) {
        self->inbox->registered = NULL;
        self->inbox->is_any = true;
    }
    pthread_mutex_unlock(&self->inbox->lock);
    for (guint i = 0; i < self->numbers->len; i++)
        virConnectDomainEventDeregisterAny(conn, g_array_index(self->numbers, int, i));
    g_array_unref(self->numbers);
    unref_inbox(self->inbox);
    g_free(self);
}

static void
run_register(LibvirtConnection *connection, void *data, LibvirtOutcome *ret_outcome)
{
    Inbox *inbox = data;
    Registration *registration = NULL;

    if (is_registered(inbox))
        return;
    registration = g_new0(Registration, 1);
    registration->connection = connection;
    util_refcount_inc(&inbox->ref_count);
    registration->inbox = inbox;
    registration->numbers = g_array_new(FALSE, FALSE, sizeof(int));
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        register_for(registration, i);
    if (registration->numbers->len > 0)
        set_registered(inbox, connection);
    else
        libvirt_outcome_take_last(ret_outcome);
    libvirt_connection_at_close(connection, unregister, registration);
}

LibvirtEvents *
libvirt_events_new(void)
{
    Inbox *inbox = new_inbox();
    LibvirtEvents *self = NULL;

    if (!is_loop_registered(inbox)) {
        unref_inbox(inbox);
        return NULL;
    }
    self = g_new0(LibvirtEvents, 1);
    self->inbox = inbox;
    self->waits = true;
    return self;
}

LibvirtPoolRequest *
libvirt_events_ask(LibvirtEvents *self, LibvirtPool *pool, LibvirtPoolInbox *inbox)
{
    util_refcount_inc(&self->inbox->ref_count);
    return libvirt_pool_ask_daemon(pool, run_register, self->inbox, unref_inbox, inbox);
}

void
libvirt_events_free(LibvirtEvents *self)
{
    int timer = -1;

    if (self == NULL)
        return;
    pthread_mutex_lock(&self->inbox->lock);
    timer = self->inbox->timer;
    self->inbox->timer = -1;
    pthread_mutex_unlock(&self->inbox->lock);
    if (timer >= 0)
        virEventRemoveTimeout(timer);
    unref_inbox(self->inbox);
    g_free(self);
}

bool
libvirt_events_settle(LibvirtEvents *self, UtilDeadline deadline)
{
    Inbox *inbox = self->inbox;
    UtilDeadline until = util_deadline_at_most(deadline, SETTLE_MS);
    bool has_run = false;

    pthread_mutex_lock(&inbox->lock);
    has_run = inbox->timer < 0;
    if (has_run && start_timer(inbox)) {
        while (self->waits && inbox->timer >= 0 &&
               util_deadline_wait_cond(until, &inbox->pinged, &inbox->lock))
            ;
        self->waits = self->waits && inbox->timer < 0;
    }
    pthread_mutex_unlock(&inbox->lock);
    return has_run;
}

GHashTable *
libvirt_events_take(LibvirtEvents *self)
{
    Inbox *inbox = self->inbox;
    GHashTable *changed = NULL;
    bool is_any = false;

    pthread_mutex_lock(&inbox->lock);
    changed = inbox->changed;
    is_any = inbox->is_any || inbox->registered == NULL;
    inbox->changed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    inbox->is_any = false;
    pthread_mutex_unlock(&inbox->lock);
    if (is_any)
        g_clear_pointer(&changed, g_hash_table_unref);
    return changed;
}
