/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_terminal: the terminal of the screen.
 *
 * How it works
 *
 * The signals that concern the screen are blocked and read from a descriptor, so that they are
 * events like keys, and no handler runs while ncurses writes. Control-Z is one of them: the
 * terminal is given back, the process stops itself, and when it goes on the screen is drawn anew.
 * When the terminal goes away (its window is closed, the connection breaks), the kernel says so by
 * SIGHUP and by the descriptor of the terminal, whichever is seen first. Where it stays and takes
 * no output, top_block ends the process if a signal wants that.
 */
#include "top_terminal.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <term.h>
#include <unistd.h>

#include "top_block.h"
#include "top_keys.h"
#include "util/util_fd.h"

enum {
    /* The rest of a key's escape sequence follows at once. */
    ESCAPE_DELAY_MS = 25,
};

/* What a terminal puts around a text that is pasted. terminfo calls the strings that switch this on
 * and off BE and BD. */
static const struct {
    const char *sequence;
    int code;
} marks[] = {
    {"\033[200~", -TOP_KEYS_PASTE_BEGIN},
    {"\033[201~", -TOP_KEYS_PASTE_END},
};

struct TopTerminal {
    SCREEN *screen;
    UtilFd signals;
    sigset_t before; /* the signals that were blocked */
    bool is_utf8;
    bool has_colours;
};

static const int watched[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH};

/* The colours of TopTerminalLook; -1: the terminal's own. */
static const short colours[TOP_TERMINAL_N_LOOKS] = {
    [TOP_TERMINAL_LOOK_PLAIN] = -1,
    [TOP_TERMINAL_LOOK_TITLE] = COLOR_CYAN,
    [TOP_TERMINAL_LOOK_HEADINGS] = COLOR_CYAN,
    [TOP_TERMINAL_LOOK_ORDER] = -1,
    [TOP_TERMINAL_LOOK_DIM] = -1,
    [TOP_TERMINAL_LOOK_WARNING] = COLOR_YELLOW,
    [TOP_TERMINAL_LOOK_BAD] = COLOR_RED,
};

/* What the text is beside its colour; without colours, what tells it from other text. */
static const attr_t with_colours[TOP_TERMINAL_N_LOOKS] = {
    [TOP_TERMINAL_LOOK_TITLE] = A_BOLD,
    [TOP_TERMINAL_LOOK_ORDER] = A_BOLD,
    [TOP_TERMINAL_LOOK_DIM] = A_DIM,
    [TOP_TERMINAL_LOOK_BAD] = A_BOLD,
};
static const attr_t without_colours[TOP_TERMINAL_N_LOOKS] = {
    [TOP_TERMINAL_LOOK_TITLE] = A_BOLD,
    [TOP_TERMINAL_LOOK_ORDER] = A_BOLD | A_UNDERLINE,
    [TOP_TERMINAL_LOOK_WARNING] = A_BOLD,
    [TOP_TERMINAL_LOOK_BAD] = A_BOLD | A_UNDERLINE,
};

/* An error of the terminal that a user can do something about. */
static void
set_error(GError **error, const char *what)
{
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                "%s: the screen needs a terminal that can place text, 'domstats top -b' needs none",
                what);
}

/* The locale is set here as this is called before there is a thread, which might read it. ncurses
 * would write without order on a terminal that cannot place text. */
bool
top_terminal_check(GError **error)
{
    const char *name = g_getenv("TERM");
    g_autofree char *what = NULL;
    int outcome = 0;

    (void)setlocale(LC_ALL, "");
    (void)setlocale(LC_NUMERIC, "C");
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        set_error(error, isatty(STDIN_FILENO) ? "stdout is no terminal" : "stdin is no terminal");
        return false;
    }
    if (name == NULL || *name == '\0') {
        set_error(error, "TERM is not set");
        return false;
    }
    if (setupterm(name, STDOUT_FILENO, &outcome) == OK && cursor_address != NULL &&
        clear_screen != NULL) {
        del_curterm(cur_term);
        return true;
    }
    what = g_strdup_printf("TERM is '%s'", name);
    set_error(error, what);
    return false;
}

static bool
wants_colours(void)
{
    const char *text = g_getenv("NO_COLOR");

    return text == NULL || *text == '\0';
}

static bool
start_colours(void)
{
    if (!wants_colours() || !has_colors() || start_color() != OK)
        return false;
    (void)use_default_colors();
    for (short look = 0; look < TOP_TERMINAL_N_LOOKS; look++)
        (void)init_pair((short)(look + 1), colours[look], -1);
    return true;
}

static bool
watch_signals(TopTerminal *self, GError **error)
{
    sigset_t set;

    (void)sigemptyset(&set);
    for (size_t i = 0; i < G_N_ELEMENTS(watched); i++)
        (void)sigaddset(&set, watched[i]);
    (void)pthread_sigmask(SIG_BLOCK, &set, &self->before);
    self->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (self->signals >= 0)
        return true;
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "cannot wait for signals: %s",
                g_strerror(errno));
    return false;
}

/* Wants the marks, or wants them no longer, if the terminal has them. Stands between
 * top_block_begin() and top_block_end(). */
static void
mark_pastes(bool is_wanted)
{
    const char *text = tigetstr((char *)(uintptr_t)(is_wanted ? "BE" : "BD"));

    if (text != NULL && text != (const char *)(intptr_t)-1)
        (void)putp(text);
    (void)fflush(stdout);
}

static void
prepare_screen(TopTerminal *self)
{
    G_STATIC_ASSERT(-TOP_KEYS_PASTE_BEGIN > KEY_MAX && -TOP_KEYS_PASTE_END > KEY_MAX);
    (void)cbreak();
    (void)noecho();
    (void)nonl();
    (void)intrflush(stdscr, FALSE);
    (void)keypad(stdscr, TRUE);
    (void)nodelay(stdscr, TRUE);
    (void)set_escdelay(ESCAPE_DELAY_MS);
    (void)curs_set(0);
    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++)
        (void)define_key(marks[i].sequence, marks[i].code);
    top_block_begin(false);
    mark_pastes(true);
    top_block_end();
    self->has_colours = start_colours();
}

TopTerminal *
top_terminal_open(GError **error)
{
    g_autoptr(TopTerminal) self = g_new0(TopTerminal, 1);

    self->signals = -1;
    self->is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    if (!watch_signals(self, error))
        return NULL;
    top_block_init();
    self->screen =
        newterm(NULL, stdout, stdin); /* by TERM, which top_terminal_check() has looked at */
    if (self->screen == NULL) {
        top_block_clear();
        set_error(error, "ncurses cannot use the terminal");
        return NULL;
    }
    prepare_screen(self);
    return g_steal_pointer(&self);
}

void
top_terminal_close(TopTerminal *self)
{
    if (self == NULL)
        return;
    if (self->screen != NULL) {
        top_block_begin(true);
        mark_pastes(false);
        (void)endwin();
        top_block_end();
        delscreen(self->screen);
        top_block_clear();
    }
    util_fd_clear(&self->signals);
    (void)pthread_sigmask(SIG_SETMASK, &self->before, NULL);
    g_free(self);
}

void
top_terminal_show(void)
{
    top_block_begin(false);
    (void)refresh();
    top_block_end();
}

/* Takes the size that the terminal has now. */
static void
take_size(void)
{
    struct winsize size = {0};

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
        (void)resizeterm(size.ws_row, size.ws_col);
    (void)clearok(curscr, TRUE);
}

/* Gives the terminal back until somebody wants the process to go on. */
static void
stop(void)
{
    top_block_begin(false);
    mark_pastes(false);
    (void)endwin();
    top_block_end();
    (void)raise(SIGSTOP);
    top_block_begin(false);
    mark_pastes(true);
    top_block_end();
    top_terminal_show();
    take_size();
}

/* Takes the signals that have come; of all, what matters most counts. */
static TopTerminalEvent
take_signals(TopTerminal *self)
{
    TopTerminalEvent event = TOP_TERMINAL_EVENT_TIME;
    struct signalfd_siginfo info;

    while (read(self->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGWINCH)
            take_size();
        else if (info.ssi_signo == SIGTSTP)
            stop();
        else
            return TOP_TERMINAL_EVENT_END;
        event = TOP_TERMINAL_EVENT_RESIZED;
    }
    return event;
}

/* True if there is a key. ncurses gives KEY_RESIZE by itself after resizeterm(). */
static bool
take_key(int *ret_key)
{
    wint_t code = 0;
    int kind = get_wch(&code);

    if (kind == ERR || (kind == KEY_CODE_YES && code == KEY_RESIZE))
        return false;
    *ret_key = kind == KEY_CODE_YES ? -(int)code : (int)code;
    if (kind == KEY_CODE_YES && code == KEY_BACKSPACE)
        *ret_key = 127;
    return true;
}

/* Says what the descriptors have; @other_fd last, as it may always have something. */
static TopTerminalEvent
look(TopTerminal *self, const struct pollfd fds[3], int *ret_key)
{
    TopTerminalEvent event = TOP_TERMINAL_EVENT_TIME;

    if (fds[0].revents != 0)
        event = take_signals(self);
    if (event != TOP_TERMINAL_EVENT_TIME)
        return event;
    if ((fds[1].revents & POLLIN) != 0 && take_key(ret_key))
        return TOP_TERMINAL_EVENT_KEY;
    if ((fds[1].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
        return TOP_TERMINAL_EVENT_END;
    return fds[2].revents != 0 ? TOP_TERMINAL_EVENT_OTHER : TOP_TERMINAL_EVENT_TIME;
}

TopTerminalEvent
top_terminal_wait(TopTerminal *self, int other_fd, int timeout_ms, int *ret_key)
{
    struct pollfd fds[] = {
        {.fd = self->signals, .events = POLLIN},
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = other_fd, .events = POLLIN},
    };

    TopTerminalEvent event = take_signals(self);

    /* A long paste does not hold the end up. */
    if (event != TOP_TERMINAL_EVENT_TIME)
        return event;
    /* ncurses may hold keys that it has read together with one before. */
    if (take_key(ret_key))
        return TOP_TERMINAL_EVENT_KEY;
    if (poll(fds, G_N_ELEMENTS(fds), timeout_ms) <= 0)
        return TOP_TERMINAL_EVENT_TIME;
    return look(self, fds, ret_key);
}

bool
top_terminal_is_utf8(const TopTerminal *self)
{
    return self->is_utf8;
}

unsigned int
top_terminal_attributes(const TopTerminal *self, TopTerminalLook look)
{
    if (!self->has_colours)
        return without_colours[look];
    return with_colours[look] | (unsigned int)COLOR_PAIR((int)look + 1);
}

void
top_terminal_redraw(TopTerminal *self)
{
    (void)self;
    (void)clearok(curscr, TRUE);
}
