# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program in a real terminal: keys in, screen out, a picture of it.

The terminal is tmux, with a socket of its own in the folder that the test gives. Its server is a child of the test and
ends with it, also when the test is killed, and with the server all that runs in the terminal. A picture is what xterm
draws of that terminal on a display of its own (Xvfb), so it shows what a person would see.
"""

import os
import re
import secrets
import select
import shlex
import shutil
import signal
import struct
import subprocess
import time
import zlib

PATIENCE_S = 30
CONFIG = """set -g status off
set -g remain-on-exit on
set -g remain-on-exit-format ''
set -g default-terminal tmux-256color
set -g escape-time 0
set -g history-limit 0
set -g exit-empty off
"""
# Ends with its parent, whatever ends that.
WITH_US = ["setpriv", "--pdeathsig", "TERM"]
INSIDE = re.compile("\x1b\\[[0-9;]*m")


class Terminal:
    """Runs @command at once; @environment is added to that of the test, a value of None takes a name away."""

    def __init__(self, folder, *command, width=100, height=30, environment=None):
        self.folder = folder
        self.socket = os.path.join(folder, f"tmux-{secrets.token_hex(4)}")
        config = self.socket + ".conf"
        with open(config, "w", encoding="ascii") as file:
            file.write(CONFIG)
        settings = {"LC_ALL": "C.UTF-8", "TMUX": None, "NO_COLOR": None, **(environment or {})}
        given = {name: value for name, value in os.environ.items() if name not in settings}
        given |= {name: value for name, value in settings.items() if value is not None and name != "TERM"}
        # Without -D the server would leave us; with a locale of its own it can show any character.
        self.server = subprocess.Popen([*WITH_US, "tmux", "-u", "-D", "-S", self.socket, "-f", config],
                                       env={**given, "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"},
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
        try:
            wait(lambda: os.path.exists(self.socket), "tmux does not listen")
            wanted = [f"{name}={value}" for name, value in settings.items() if value is not None]
            without = [word for name, value in settings.items() if value is None for word in ("-u", name)]
            line = shlex.join(["env", *without, *wanted, *command])
            self.tmux("new-session", "-d", "-x", str(width), "-y", str(height), "exec " + line)
            self.resize(width, height)  # from now on no client's size counts
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.close()

    def close(self):
        pid = self.pid() if self.server.poll() is None else None
        self.server.terminate()
        self.server.wait()
        # tmux hangs up on what runs in it; what does not end by that is ended here.
        if pid:
            end(pid)
        for path in (self.socket, self.socket + ".conf"):
            if os.path.exists(path):
                os.unlink(path)

    def tmux(self, *words, check=True):
        done = subprocess.run(["tmux", "-u", "-S", self.socket, *words], capture_output=True, text=True,
                              check=False, timeout=PATIENCE_S)
        if check and done.returncode != 0:
            raise RuntimeError(f"tmux {words}: {done.stderr}")
        return done.stdout

    def tell(self, what):
        return self.tmux("display-message", "-p", "#{%s}" % what).rstrip("\n")

    def pid(self):
        """Of the program; 0 when it has ended."""
        text = self.tmux("display-message", "-p", "#{pane_pid}", check=False).strip()
        return int(text) if text.isdigit() and not self.has_ended() else 0

    def has_ended(self):
        return self.tell("pane_dead") == "1"

    def status(self):
        """The exit status, once the program has ended; of one that a signal ended, -N."""
        ended = ["", ""]

        def look():
            ended[:] = self.tell("pane_dead_signal"), self.tell("pane_dead_status")
            if not any(ended) and self.has_ended():
                self.tmux("run-shell", "true")  # tmux 3.3 now and then waits for a child only when the next one ends
            return any(ended)
        wait(look, lambda: f"the program does not end:\n{self.text()}")
        return -int(ended[0]) if ended[0] else int(ended[1])

    def keys(self, *names):
        """Keys by tmux's names: "q", "Enter", "F1", "Left", "C-c"."""
        self.tmux("send-keys", *names)

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def resize(self, width, height):
        self.tmux("resize-window", "-x", str(width), "-y", str(height))

    def signal(self, number):
        os.kill(self.pid(), number)

    def lines(self, attributes=False):
        """What is on the screen, line by line; with @attributes as SGR sequences before what they change."""
        text = self.tmux("capture-pane", "-p", *(["-e"] if attributes else []))
        return text.split("\n")[:-1]

    def text(self):
        return "\n".join(self.lines())

    def line(self, word):
        """The first line that has @word; None without."""
        return next((line for line in self.lines() if word in line), None)

    def wait(self, wanted, why=""):
        """Until the screen has @wanted: a regular expression, or a function of the screen's text. Gives what
        matches."""
        found = []

        def look():
            text = self.text()
            found[:] = [wanted(text) if callable(wanted) else re.search(wanted, text, re.M)]
            return found[0]
        wait(look, lambda: f"{why or 'the screen lacks'} {wanted}:\n{self.text()}")
        return found[0]

    def style(self, word):
        """The SGR numbers that hold where @word begins; None if it is not on the screen."""
        for line in self.lines(attributes=True):
            at = INSIDE.sub("", line).find(word)
            if at >= 0:
                return style_at(line, at)
        return None

    def picture(self, path, font_size=10):
        """Writes a PNG of the screen. xterm shows it as one more client of tmux."""
        Picture(self).write(path, font_size)


def style_at(line, at):
    """The SGR numbers that hold at character @at of what is shown of @line."""
    styles, shown, begin = [], 0, 0
    for match in [*INSIDE.finditer(line), None]:
        end_of = match.start() if match else len(line)
        shown += end_of - begin
        if at < shown or match is None:
            return styles
        for number in match[0][2:-1].split(";"):
            styles = add_style(styles, int(number or 0))
        begin = match.end()
    return styles


def add_style(styles, number):
    """@styles after one more SGR number: a colour replaces the one before it, and some numbers end others."""
    colours, grounds = {*range(30, 40), *range(90, 98)}, {*range(40, 50), *range(100, 108)}
    ended = {0: set(styles), 22: {1, 2}, 24: {4}, 27: {7}}
    ended |= {colour: colours for colour in colours} | {ground: grounds for ground in grounds}
    kept = [style for style in styles if style not in ended.get(number, ())]
    return kept if number in (0, 22, 24, 27, 39, 49) else [*kept, number]


def wait(condition, why):
    """Until @condition gives something true."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        if condition():
            return
        if time.monotonic() > deadline:
            raise AssertionError(why() if callable(why) else why)
        time.sleep(0.02)


def end(pid):
    """A program whose terminal is gone, and which has PATIENCE_S to notice."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        poll = select.poll()
        poll.register(watched)
        if not poll.poll(PATIENCE_S * 1000 / 3):
            signal.pidfd_send_signal(watched, signal.SIGKILL)
    except ProcessLookupError:
        pass
    finally:
        os.close(watched)


def can_draw():
    """What a picture needs and is not here; None if all is."""
    return next((f"{name} is not installed" for name in ("Xvfb", "xterm") if shutil.which(name) is None), None)


class Picture:
    """One display with one xterm on it."""

    def __init__(self, terminal):
        self.terminal = terminal
        self.folder = terminal.socket + ".display"
        self.processes = []

    def write(self, path, font_size):
        os.mkdir(self.folder)
        try:
            number = self.start_display()
            self.start_xterm(number, font_size)
            write_png(path, *self.wait_for_pixels())
        finally:
            for process in reversed(self.processes):
                process.terminate()
                process.wait()
            shutil.rmtree(self.folder)

    def start(self, words, **more):
        self.processes.append(subprocess.Popen([*WITH_US, *words], stdin=subprocess.DEVNULL,
                                               stderr=subprocess.DEVNULL, **more))
        return self.processes[-1]

    def start_display(self):
        """Gives its number. Only who has the cookie may use it."""
        authority = os.path.join(self.folder, "authority")
        cookie, name = secrets.token_bytes(16), b"MIT-MAGIC-COOKIE-1"
        with open(authority, "wb") as file:
            file.write(struct.pack(">HHHH", 65535, 0, 0, len(name)) + name + struct.pack(">H", 16) + cookie)
        ours, theirs = os.pipe()
        self.start(["Xvfb", "-screen", "0", "1600x1000x24", "-br", "-nolisten", "tcp", "-auth", authority,
                    "-fbdir", self.folder, "-displayfd", str(theirs)], pass_fds=[theirs], stdout=subprocess.DEVNULL)
        os.close(theirs)
        with os.fdopen(ours) as pipe:
            return pipe.readline().strip()

    def start_xterm(self, number, font_size):
        width, height = self.terminal.tell("window_width"), self.terminal.tell("window_height")
        environment = {**os.environ, "DISPLAY": ":" + number, "LC_ALL": "C.UTF-8",
                       "XAUTHORITY": os.path.join(self.folder, "authority")}
        environment.pop("TMUX", None)
        self.start(["xterm", "-fa", "DejaVu Sans Mono", "-fs", str(font_size), "-geometry", f"{width}x{height}+0+0",
                    "-b", "6", "-bg", "#14161a", "-fg", "#d8dce2", "-uc", "+bc", "-xrm", "*cursorColor: #14161a",
                    "-xrm", "*allowBoldFonts: true", "-xrm", "*highlightSelection: false",
                    "-e", "tmux", "-u", "-S", self.terminal.socket, "attach-session", "-r"],
                   env=environment, stdout=subprocess.DEVNULL)
        wait(lambda: self.terminal.tmux("list-clients"), "xterm does not show the terminal")

    def wait_for_pixels(self):
        """Until xterm has drawn: it shows something, and the same several times in a row."""
        seen = []

        def look():
            with open(os.path.join(self.folder, "Xvfb_screen0"), "rb") as file:
                seen.append(file.read())
            del seen[:-5]
            return len(seen) == 5 and len(set(seen)) == 1 and any(seen[-1][200:])
        wait(look, "xterm does not draw")
        return crop(seen[-1])


def crop(dump):
    """Width, height and pixels (3 bytes each) of the part of an XWD dump that is not black."""
    header = struct.unpack(">25I", dump[:100])
    size, width, height, order, line_size, n_colours = (header[i] for i in (0, 4, 5, 7, 12, 19))
    begin = size + n_colours * 12
    rows = [dump[begin + y * line_size:begin + y * line_size + width * 4] for y in range(height)]
    # Least significant byte first: blue, green, red, nothing.
    red, blue = (2, 0) if order == 0 else (1, 3)
    green = 1 if order == 0 else 2
    rows = [row for row in rows if any(row[red::4]) or any(row[blue::4])]
    right = max(len(row[green::4].rstrip(b"\0")) for row in rows)
    pixels = []
    for row in rows:
        line = bytearray(right * 3)
        line[0::3], line[1::3], line[2::3] = (row[i::4][:right] for i in (red, green, blue))
        pixels.append(bytes(line))
    return right, len(pixels), pixels


def write_png(path, width, height, rows):
    """A PNG of at most 256 colours: of finer shades the last bits are dropped until they are so few."""
    for drop in range(7):
        table = bytes(value >> drop << drop | (value >> drop << drop) >> (8 - drop) for value in range(256))
        lines = [row.translate(table) for row in rows]
        colours = {line[i:i + 3] for line in lines for i in range(0, len(line), 3)}
        if len(colours) <= 256:
            break
    palette = sorted(colours)
    place = {colour: number for number, colour in enumerate(palette)}
    data = b"".join(b"\0" + bytes(place[line[i:i + 3]] for i in range(0, len(line), 3)) for line in lines)

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)) +
                   chunk(b"PLTE", b"".join(palette)) + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b""))
