/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_block: see top_block.h.
 *
 * How it works
 *
 * A timer runs while something is written. Its handler calls nothing but what a handler may call,
 * and leaves ncurses alone: it looks whether a signal waits, sets the modes, and ends the process.
 * Threads of ours block all signals, so the handler runs on the thread of the screen.
 */
#include "top_block.h"

#include <signal.h>
#include <stddef.h>
#include <sys/time.h>
#include <termios.h>
#include <unistd.h>

enum { PATIENCE_S = 1 };

static const int endings[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

/* What the handler needs: a handler has no other way to it. */
static struct termios modes;
static volatile sig_atomic_t has_modes;
static volatile sig_atomic_t wants_end;
static struct sigaction action_before;

static bool
is_wanted(void)
{
    sigset_t waiting;

    if (wants_end)
        return true;
    if (sigpending(&waiting) < 0)
        return false;
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (sigismember(&waiting, endings[i]) == 1)
            return true;
    return false;
}

static void
look(int number)
{
    (void)number;
    if (!is_wanted())
        return;
    if (has_modes)
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &modes);
    _exit(0);
}

void
top_block_init(void)
{
    struct sigaction action = {.sa_handler = look, .sa_flags = SA_RESTART};
    sigset_t set;

    has_modes = tcgetattr(STDIN_FILENO, &modes) == 0;
    wants_end = 0;
    (void)sigaction(SIGALRM, &action, &action_before);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGALRM);
    (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void
top_block_clear(void)
{
    (void)sigaction(SIGALRM, &action_before, NULL);
}

static void
set_timer(time_t seconds)
{
    const struct itimerval timer = {.it_interval = {.tv_sec = seconds},
                                    .it_value = {.tv_sec = seconds}};

    (void)setitimer(ITIMER_REAL, &timer, NULL);
}

void
top_block_begin(bool is_ending)
{
    wants_end = is_ending;
    set_timer(PATIENCE_S);
}

void
top_block_end(void)
{
    set_timer(0);
    wants_end = 0;
}
