/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_reader: see host_reader.h.
 *
 * Owns helpers: threads that each read one file after the other. Does not know what is in the
 * files.
 *
 * How it works
 *
 * The caller gives a path, or a look, to a helper and waits for its answer until the deadline. A
 * helper that answers is used again. If it does not answer, the caller notes the process in the
 * root's list of blocked ones and gives the helper up: it sleeps in the kernel until the read comes
 * back, and then ends. It has a copy of everything it needs, so the reader and the root may be
 * freed before. As no process in that list is read again, a process that blocks costs one thread,
 * and not one for each call. Storage that blocks is counted apart from the files of /proc.
 */
#include "host_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>

#include "host_file.h"
#include "util/util_fd.h"
#include "util/util_refcount.h"
#include "util/util_thread.h"

/* Shared by the reader and its thread. The lock guards the members below it. */
typedef struct {
    UtilRefcount ref_count;
    HostReaderRead read;
    HostBlocked *blocked;
    GThread *thread; /* joined or unreferenced by the reader */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char *path;          /* the file to read; NULL: there is none */
    HostReaderLook look; /* reads it; all zero: it is a file of /proc */
    size_t max_bytes;
    pid_t pid;
    char *bytes; /* what was read; NULL with @error */
    size_t size;
    int error;
    bool has_answered;
    bool is_left;  /* the caller no longer waits for the answer */
    bool must_end; /* once no file is to be read */
} Helper;

struct HostReader {
    HostRoot *root;
    HostReaderRead read;
    pthread_mutex_t lock;
    GPtrArray *idle; /* Helper */
};

static char *
read_live(const char *path, size_t max_bytes, size_t *ret_size)
{
    g_autofree char *whole = g_strconcat("/", path, NULL);
    g_auto(UtilFd) fd = open(whole, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    return fd < 0 ? NULL : host_file_read_whole(fd, max_bytes, ret_size);
}

static void
clear_look(HostReaderLook *look)
{
    if (look->free_data != NULL)
        look->free_data(look->data);
    *look = (HostReaderLook){0};
}

static void
unref_helper(Helper *self)
{
    if (!util_refcount_dec(&self->ref_count))
        return;
    host_blocked_unref(self->blocked);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    clear_look(&self->look);
    g_free(self->path);
    g_free(self->bytes);
    g_free(self);
}

/* A test reads in place of both others. */
static char *
read_one(const Helper *self, size_t *ret_size)
{
    if (self->read != NULL)
        return self->read(self->path, self->max_bytes, ret_size);
    if (self->look.read != NULL)
        return self->look.read(self->look.data, self->max_bytes, ret_size);
    return read_live(self->path, self->max_bytes, ret_size);
}

/* Reads the file at @path. The lock is held before and after, but not during the read. */
static void
answer(Helper *self)
{
    char *bytes = NULL;
    size_t size = 0;
    int error = 0;

    pthread_mutex_unlock(&self->lock);
    bytes = read_one(self, &size);
    error = errno;
    pthread_mutex_lock(&self->lock);
    self->bytes = bytes;
    self->size = size;
    self->error = error;
    self->has_answered = true;
    g_clear_pointer(&self->path, g_free);
    clear_look(&self->look);
    pthread_cond_broadcast(&self->changed);
}

static gpointer
run_helper(gpointer data)
{
    Helper *self = data;

    pthread_mutex_lock(&self->lock);
    while (!self->is_left && (self->path != NULL || !self->must_end)) {
        if (self->path != NULL)
            answer(self);
        else
            pthread_cond_wait(&self->changed, &self->lock);
    }
    if (self->is_left)
        host_blocked_remove(self->blocked, self->pid);
    pthread_mutex_unlock(&self->lock);
    unref_helper(self);
    return NULL;
}

/* NULL if the system gives no thread. */
static Helper *
start_helper(const HostReader *reader)
{
    Helper *self = g_new0(Helper, 1);

    util_refcount_init(&self->ref_count);
    util_refcount_inc(&self->ref_count);
    self->read = reader->read;
    pthread_mutex_init(&self->lock, NULL);
    util_deadline_init_cond(&self->changed);
    self->thread = util_thread_start("domstats-read", run_helper, self);
    if (self->thread != NULL)
        return self;
    unref_helper(self);
    unref_helper(self);
    return NULL;
}

static void
end_helper(gpointer data)
{
    Helper *self = data;

    pthread_mutex_lock(&self->lock);
    self->must_end = true;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    g_thread_join(self->thread);
    unref_helper(self);
}

HostReader *
host_reader_new_with(HostRoot *root, HostReaderRead read)
{
    HostReader *self = g_new0(HostReader, 1);

    self->root = root;
    self->read = read;
    pthread_mutex_init(&self->lock, NULL);
    self->idle = g_ptr_array_new_with_free_func(end_helper);
    return self;
}

HostReader *
host_reader_new(HostRoot *root)
{
    return host_reader_new_with(root, NULL);
}

void
host_reader_free(HostReader *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->idle);
    pthread_mutex_destroy(&self->lock);
    g_free(self);
}

HostRoot *
host_reader_root(HostReader *self)
{
    return self->root;
}

static Helper *
take_helper(HostReader *self)
{
    Helper *helper = NULL;

    pthread_mutex_lock(&self->lock);
    if (self->idle->len > 0)
        helper = g_ptr_array_steal_index_fast(self->idle, self->idle->len - 1);
    pthread_mutex_unlock(&self->lock);
    return helper ? helper : start_helper(self);
}

static void
put_helper(HostReader *self, Helper *helper)
{
    pthread_mutex_lock(&self->lock);
    g_ptr_array_add(self->idle, helper);
    pthread_mutex_unlock(&self->lock);
}

/* What one read is to give. */
typedef struct {
    pid_t pid;
    const char *path;
    HostReaderLook look;
    size_t max_bytes;
} Wish;

/* True if the helper answered by @deadline, with the file or an error; else it is given up. */
static bool
ask(Helper *self, HostBlocked *blocked, const Wish *wish, UtilDeadline deadline)
{
    bool has_answered = false;

    pthread_mutex_lock(&self->lock);
    host_blocked_unref(self->blocked);
    self->blocked = host_blocked_ref(blocked);
    self->path = g_strdup(wish->path);
    self->look = wish->look;
    self->max_bytes = wish->max_bytes;
    self->pid = wish->pid;
    self->has_answered = false;
    pthread_cond_broadcast(&self->changed);
    while (!self->has_answered && util_deadline_wait_cond(deadline, &self->changed, &self->lock))
        ;
    has_answered = self->has_answered;
    if (!has_answered) {
        self->is_left = true;
        host_blocked_add(self->blocked, wish->pid);
    }
    pthread_mutex_unlock(&self->lock);
    if (!has_answered)
        g_thread_unref(self->thread);
    return has_answered;
}

/* As host_reader_read(). Takes the data of the look, also when it fails. */
static char *
fulfil(HostReader *self, HostBlocked *blocked, Wish *wish, UtilDeadline deadline, size_t *ret_size)
{
    Helper *helper = NULL;
    char *bytes = NULL;
    size_t size = 0;
    int error = ETIMEDOUT;

    if (!util_deadline_has_passed(deadline)) {
        error = EBUSY;
        if (host_blocked_may_read(blocked, wish->pid)) {
            error = EAGAIN;
            helper = take_helper(self);
        }
    }
    if (helper == NULL) {
        clear_look(&wish->look);
        errno = error;
        return NULL;
    }
    if (!ask(helper, blocked, wish, deadline)) {
        unref_helper(helper);
        errno = ETIMEDOUT;
        return NULL;
    }
    bytes = g_steal_pointer(&helper->bytes);
    size = helper->size;
    error = helper->error;
    put_helper(self, helper);
    if (bytes != NULL)
        host_root_keep_copy(self->root, wish->path, bytes, size);
    if (bytes != NULL && ret_size != NULL)
        *ret_size = size;
    errno = error;
    return bytes;
}

char *
host_reader_read(HostReader *self, pid_t pid, const char *path, size_t max_bytes,
                 UtilDeadline deadline, size_t *ret_size)
{
    Wish wish = {.pid = pid, .path = path, .max_bytes = max_bytes};

    if (!host_root_is_live(self->root))
        return host_root_read_all(self->root, path, max_bytes, ret_size);
    return fulfil(self, host_root_blocked(self->root), &wish, deadline, ret_size);
}

char *
host_reader_look(HostReader *self, pid_t pid, const char *path, HostReaderLook take_look,
                 size_t max_bytes, UtilDeadline deadline)
{
    Wish wish = {.pid = pid, .path = path, .look = take_look, .max_bytes = max_bytes};

    if (!host_root_is_live(self->root)) {
        clear_look(&wish.look);
        return host_root_read_all(self->root, path, max_bytes, NULL);
    }
    return fulfil(self, host_root_blocked_storage(self->root), &wish, deadline, NULL);
}
