# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hostile monitors: many sockets in one folder, each with one bad behaviour.

usage: hostile_peer.py FOLDER

Serves until the end of its stdin; a line there lets the peers go on that wait for one. BEHAVIOURS
has the verdict that the test expects of each.
"""

import json
import os
import socket
import sys
import threading
import time

GREETING = (b'{"QMP": {"version": {"qemu": {"micro": 0, "minor": 2, "major": 7}, "package": ""}, '
            b'"capabilities": ["oob"]}}\r\n')
ANSWERS = {
    "query-uuid": {"UUID": "00000000-0000-0000-0000-000000000000"},
    "query-status": {"status": "running", "singlestep": False, "running": True},
    "query-balloon": {"actual": 16777216},
    "query-blockstats": [],
    "query-cpus-fast": [],
    "query-named-block-nodes": [],
    "query-yank": [],
    "qmp_capabilities": {},
}
MANY = 1 << 20
go_on = threading.Event()


class Closed(Exception):
    pass


def with_id(request, answer):
    """The line that answers @request: with its id, if it has one."""
    if "id" in request:
        answer = dict(answer, id=request["id"])
    return json.dumps(answer) + "\r\n"


class Peer:
    """One connection of one client."""

    def __init__(self, connection, name):
        self.connection = connection
        self.name = name
        self.heard = ""
        self.answers = dict(ANSWERS, **{"query-name": {"name": name}})
        self.answers["query-commands"] = [{"name": command} for command in self.answers]

    def say(self, text):
        self.connection.sendall(text if isinstance(text, bytes) else text.encode())

    def hear(self):
        """The next command."""
        while True:
            try:
                request, end = json.JSONDecoder().raw_decode(self.heard)
                self.heard = self.heard[end:].lstrip()
                return request
            except ValueError:
                pass
            more = self.connection.recv(65536)
            if not more:
                raise Closed
            self.heard += more.decode()

    def reply(self, request, value=None):
        """The line that answers @request as a QEMU that is well does."""
        command = request.get("execute") or request.get("exec-oob")
        return with_id(request, {"return": self.answers[command] if value is None else value})

    def greet(self):
        self.say(GREETING)
        self.say(self.reply(self.hear()))

    def hear_id(self):
        """The next request that has an id; those before it are answered."""
        request = self.hear()
        while "id" not in request:
            self.say(self.reply(request))
            request = self.hear()
        return request

    def serve(self, **values):
        """Answers as a QEMU that is well does, but with @values for some commands."""
        while True:
            request = self.hear()
            self.say(self.reply(request, values.get(request.get("execute"))))

    def flood(self, piece):
        """Sends @piece without end, as fast as the client reads."""
        while True:
            self.say(piece)


def is_well(peer):
    peer.greet()
    peer.serve()


def says_nothing(peer):
    while peer.connection.recv(65536):
        pass


def hears_nothing(peer):
    peer.say(GREETING)
    go_on.wait()


def slices(peer):
    text = GREETING
    while True:
        for i in range(len(text)):
            peer.say(text[i:i + 1])
        text = peer.reply(peer.hear()).encode()


def drips(text):
    def behaviour(peer):
        for byte in text:
            peer.say(bytes([byte]))
            time.sleep(0.05)
    return behaviour


def drips_answers(peer):
    peer.greet()
    text = peer.reply(peer.hear())
    while True:
        for byte in text.encode()[:-3] + b" " * 100000:
            peer.say(bytes([byte]))
            time.sleep(0.05)


def says(*pieces):
    """Greets, hears a command, and says @pieces. If they have a "@", it hears a command with an id,
    which takes the place of the "@"."""
    def behaviour(peer):
        peer.greet()
        has_place = any(b"@" in piece for piece in pieces)
        request = peer.hear_id() if has_place else peer.hear()
        number = str(request.get("id", "")).encode()
        for piece in pieces:
            peer.say(piece.replace(b"@", number))
        go_on.wait()
    return behaviour


def begins_with(text):
    def behaviour(peer):
        peer.say(text)
        go_on.wait()
    return behaviour


def floods(first, piece):
    def behaviour(peer):
        peer.greet()
        peer.say(first)
        peer.flood(piece)
    return behaviour


def answers_twice(peer):
    peer.greet()
    while True:
        peer.say(peer.reply(peer.hear()) * 2)


def answers_another(peer):
    peer.greet()
    request = peer.hear_id()
    peer.say(peer.reply(dict(request, id=(request["id"] + 5) % 10)))
    peer.serve()


def refuses_negotiation(peer):
    peer.say(GREETING)
    peer.say(with_id(peer.hear(), {"error": {"class": "GenericError", "desc": "no" * 500}}))
    peer.serve()


def refuses_all(peer):
    peer.greet()
    while True:
        peer.say(with_id(peer.hear(), {"error": {"class": "GenericError", "desc": "no"}}))


def gives(**values):
    def behaviour(peer):
        peer.greet()
        peer.serve(**{name.replace("_", "-"): value for name, value in values.items()})
    return behaviour


def is_late(peer):
    peer.greet()
    request = peer.hear()
    go_on.wait()
    peer.say(peer.reply(request))
    peer.serve()


def closes_after(n_bytes):
    """Closes the connection after so many bytes."""
    def behaviour(peer):
        left = n_bytes
        text = GREETING
        while len(text) < left:
            peer.say(text)
            left -= len(text)
            text = peer.reply(peer.hear()).encode()
        peer.say(text[:left])
        raise Closed
    return behaviour


def conversation_bytes():
    """The least bytes of the conversation in a first call: greeting, negotiation, name, UUID,
    commands."""
    peer = Peer(None, "closes-0000")
    commands = ("qmp_capabilities", "query-name", "query-uuid", "query-commands")
    return len(GREETING) + sum(len(peer.reply({"execute": command})) for command in commands)


def node(i):
    return {"node-name": f"n{i}", "drv": "qcow2", "file": f"/images/{i}",
            "image": {"filename": f"/images/{i}", "format": "qcow2", "virtual-size": i,
                      "actual-size": i}}


def disk(i):
    return {"device": f"d{i}", "node-name": f"n{i}", "qdev": f"disk{i}",
            "stats": {"rd_bytes": i, "wr_bytes": i, "rd_operations": i, "wr_operations": i}}


def chain(depth):
    top = disk(0)
    for i in range(1, depth):
        top = dict(disk(depth - i), backing=top)
    return top


def cpu(i):
    return {"cpu-index": i, "thread-id": i + 1, "qom-path": f"/machine/unattached/device[{i}]",
            "props": {}}


# name: behaviour, verdict, what its reason says; a verdict of "ok" has none
BEHAVIOURS = {
    "well": (is_well, "ok", None),
    "slices": (slices, "ok", None),
    "says-nothing": (says_nothing, "wedged", "QEMU does not greet"),
    "hears-nothing": (hears_nothing, "wedged", "greets and takes no command"),
    "drips-greeting": (drips(GREETING[:20] + b" " * MANY), "slow", "a part of one came"),
    "drips-answers": (drips_answers, "slow", "a part of one came"),
    "no-qmp": (begins_with(b"220 mail.example ESMTP\r\n"), "broken", "bad JSON object"),
    "telnet": (begins_with(b"\xff\xfb\x01\xff\xfb\x03"), "broken", "telnet"),
    "no-greeting": (begins_with(b'{"hello": 1}'), "broken", "no greeting"),
    "early-reply": (begins_with(b'{"return": {}, "id": 0}'), "broken", "no greeting"),
    "reply-unasked": (begins_with(GREETING + b'{"return": {}, "id": 0}'), "broken",
                      "had not been asked"),
    "greets-twice": (begins_with(GREETING * 2), "broken", "greeted twice"),
    "no-message": (says(b'{"re": {}, "id": @}'), "broken", "no QMP message"),
    "an-array": (says(b'[{"return": {}, "id": @}]'), "broken", "does not begin with a brace"),
    "two-values": (says(b'{"return": {} {}, "id": @}'), "broken", "bad JSON object"),
    "wrong-id": (answers_another, "broken", "had not been asked"),
    "id-of-text": (says(b'{"return": {}, "id": "@"}'), "broken", "had not been asked|no QMP"),
    "id-twice": (answers_twice, "broken", "had not been asked"),
    "refuses-negotiation": (refuses_negotiation, "broken", "refused the negotiation"),
    "refuses-all": (refuses_all, "broken", "none of the commands"),
    "no-end": (says(b'{"return": {"a": "', b"x" * 65536), "slow", "a part of one came"),
    "gigabyte": (floods(b'{"return": "', b"x" * MANY), "broken", "too many bytes"),
    "blanks": (floods(b"", b" " * MANY), "broken", "bytes in one call"),
    "deep": (says(b'{"return": ' + b"[" * 100000), "broken", "nested|deep|levels"),
    "deep-objects": (says(b'{"return": ' + b'{"a":' * 100000), "broken", "nested|deep|levels"),
    "million": (says(b'{"return": [' + b"0," * 1000000 + b"0]}"), "broken", "entries"),
    "million-keys": (floods(b'{"return": {', b"".join(b'"%d":{},' % i for i in range(20000))),
                     "broken", "entries|bytes"),
    "events": (floods(b"", b'{"event": "STOP", "timestamp": {"seconds": 1}}\r\n' * 1000),
               "broken", "events that were not read before|bytes in one call"),
    "long-events": (floods(b"", b'{"event": "' + b"A" * MANY + b'"}\r\n'), "broken",
                    "bytes in one call"),
    "utf-8": (says(b'{"return": {"a": "\xc3\x28"}, "id": @}'), "broken", "bad JSON object"),
    "utf-8-long": (says(b'{"return": {"a": "\xc0\x80"}, "id": @}'), "broken",
                   "bad JSON object"),
    "nul": (says(b'{"return": {}, \0"id": @}'), "broken", "bad JSON object"),
    "nul-in-text": (gives(query_name={"name": "a\0b"}), "ok", None),
    "control-byte": (says(b'{"return": "\x01", "id": @}'), "broken", "bad JSON object"),
    "past-64-bits": (says(b'{"return": {"a": 99999999999999999999999999}, "id": @}'), "broken",
                     "bad JSON object"),
    "infinity": (says(b'{"return": {"a": Infinity}, "id": @}'), "broken", "bad JSON object"),
    "huge-exponent": (gives(query_balloon={"actual": 1e308}), "broken", "reply to query-balloon"),
    "negative": (gives(query_balloon={"actual": -5}), "broken", "reply to query-balloon"),
    "most": (gives(query_balloon={"actual": 18446744073709551615}), "ok", None),
    "name-is-long": (gives(query_name={"name": "n" * 1000000}), "ok", None),
    # As much as the limits allow, in the forms that cost most.
    "many-nodes": (gives(query_named_block_nodes=[node(i) for i in range(16384)]), "ok", None),
    "one-node": (gives(query_named_block_nodes=[node(0)] * 16384), "ok", None),
    "many-disks": (gives(query_blockstats=[disk(i) for i in range(4096)],
                         query_named_block_nodes=[node(i) for i in range(16384)]), "ok", None),
    "one-disk": (gives(query_blockstats=[disk(0)] * 4096), "ok", None),
    "too-many-disks": (gives(query_blockstats=[disk(i) for i in range(5000)]), "broken",
                       "reply to query-blockstats"),
    "long-chain": (gives(query_blockstats=[chain(120)],
                         query_named_block_nodes=[node(i) for i in range(200)]), "ok", None),
    "many-cpus": (gives(query_cpus_fast=[cpu(i) for i in range(4096)]), "ok", None),
    "one-cpu": (gives(query_cpus_fast=[cpu(0)] * 4096), "broken", "reply to query-cpus-fast"),
    "late": (is_late, "wedged", "answers nothing"),
}


# These make both ends work hard: beside many others, some may not end in time.
HARD = {"gigabyte", "blanks", "million", "million-keys", "events", "long-events", "name-is-long",
        "many-nodes", "one-node", "many-disks", "one-disk", "too-many-disks", "many-cpus",
        "one-cpu", "slices"}


def listen(folder, name, backlog=16):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.path.join(folder, name + ".sock"))
    listener.listen(backlog)
    return listener


def converse(connection, name, behaviour):
    try:
        behaviour(Peer(connection, name))
    except (Closed, OSError):
        pass
    connection.close()


def accept_all(listener, name, behaviour):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=converse, args=(connection, name, behaviour),
                         daemon=True).start()


def serve(folder, name, behaviour):
    threading.Thread(target=accept_all, args=(listen(folder, name), name, behaviour),
                     daemon=True).start()


def fill_backlog(folder):
    """A listener that accepts nobody, with as many clients as the kernel lets wait."""
    kept = [listen(folder, "full", 0)]
    while True:
        client = socket.socket(socket.AF_UNIX)
        client.setblocking(False)
        kept.append(client)
        try:
            client.connect(os.path.join(folder, "full.sock"))
        except BlockingIOError:
            return kept


def main(folder):
    threading.stack_size(256 << 10)
    for name, (behaviour, _, _) in BEHAVIOURS.items():
        serve(folder, name, behaviour)
    for i in range(conversation_bytes()):
        serve(folder, f"closes-{i:04}", closes_after(i))
    kept = fill_backlog(folder)
    print("ready", flush=True)
    for _ in sys.stdin:
        go_on.set()
    return len(kept) == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
