/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_log: see daemon_log.h. Only the thread of the loop logs, so a line that stderr does not
 * take at once, since nobody reads a pipe or the journal hangs, is left out and counted.
 */
#include "daemon_log.h"

#include <poll.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "daemon_limits.h"
#include "util/util_deadline.h"

enum { MINUTE_US = 60 * 1000 * 1000 };

/* The program has one stderr, so there is one log. */
static struct {
    bool is_verbose;
    int64_t minute_us; /* when the minute of the refusals began */
    unsigned int n_refusals;
    unsigned int n_left_out; /* lines that stderr did not take */
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

/* Whether stderr takes LOGGED_BYTES at once. */
static bool
is_writable(void)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};

    return poll(&out, 1, 0) == 1 && (out.revents & POLLOUT) != 0;
}

/* Cuts @line after a whole character, so that it has room for "\n". */
static void
end_line(GString *line)
{
    const char *end = line->str + line->len;

    if (line->len >= DAEMON_LIMIT_LOGGED_BYTES)
        (void)g_utf8_validate_len(line->str, DAEMON_LIMIT_LOGGED_BYTES - 1, &end);
    g_string_truncate(line, (gsize)(end - line->str));
    g_string_append_c(line, '\n');
}

/* @text is UTF-8 without control characters. */
static void
write_line(DaemonLogLevel level, const char *text)
{
    g_autoptr(GString) line = g_string_new(priority_of(level));

    g_string_append(line, text);
    end_line(line);
    if (!is_writable())
        the_log.n_left_out++;
    else
        (void)!write(STDERR_FILENO, line->str, line->len);
}

static void
tell_left_out(void)
{
    g_autofree char *text = NULL;

    if (the_log.n_left_out == 0 || !is_writable())
        return;
    text = g_strdup_printf("%u lines were left out, as nobody read them", the_log.n_left_out);
    the_log.n_left_out = 0;
    write_line(DAEMON_LOG_WARNING, text);
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
    tell_left_out();
    write_line(level, valid);
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
