/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_log: see daemon_log.h. Only the thread of the loop logs.
 */
#include "daemon_log.h"

#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "daemon_limits.h"
#include "util/util_deadline.h"

enum { MINUTE_US = 60 * 1000 * 1000 };

/* The program has one stderr, so there is one log. */
static struct {
    bool is_verbose;
    int64_t minute_us; /* when the minute of the refusals began */
    unsigned int n_refusals;
} the_log;

void
daemon_log_set_verbose(bool is_verbose)
{
    the_log.is_verbose = is_verbose;
}

static const char *
priority_of(DaemonLogLevel level)
{
    static const char *const priorities[] = {
        [DAEMON_LOG_ERROR] = SD_ERR,
        [DAEMON_LOG_WARNING] = SD_WARNING,
        [DAEMON_LOG_INFO] = SD_INFO,
        [DAEMON_LOG_DEBUG] = SD_DEBUG,
    };

    return g_getenv("JOURNAL_STREAM") ? priorities[level] : "domstatsd: ";
}

static void
log_text(DaemonLogLevel level, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    for (char *at = valid, *next = NULL; *at != '\0'; at = next) {
        next = g_utf8_next_char(at);
        if (g_unichar_iscntrl(g_utf8_get_char(at)))
            memset(at, '?', (size_t)(next - at));
    }
    (void)fprintf(stderr, "%s%s\n", priority_of(level), valid);
}

void
daemon_log(DaemonLogLevel level, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list arguments;

    if (level == DAEMON_LOG_DEBUG && !the_log.is_verbose)
        return;
    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    log_text(level, text);
}

/* Counts a refusal; true if it is to be logged. */
static bool
count_refusal(void)
{
    int64_t now_us = util_deadline_now_us();

    if (the_log.minute_us == 0 || now_us - the_log.minute_us > MINUTE_US) {
        if (the_log.n_refusals > DAEMON_LIMIT_REFUSALS_LOGGED)
            daemon_log(DAEMON_LOG_WARNING, "%u more lines like these are left out",
                       the_log.n_refusals - (unsigned int)DAEMON_LIMIT_REFUSALS_LOGGED);
        the_log.minute_us = now_us;
        the_log.n_refusals = 0;
    }
    return the_log.n_refusals++ < DAEMON_LIMIT_REFUSALS_LOGGED;
}

void
daemon_log_refusal(const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list arguments;

    if (!count_refusal())
        return;
    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    log_text(DAEMON_LOG_WARNING, text);
}
