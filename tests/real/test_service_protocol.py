# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service's own protocol, spoken by a client that was written from its description: well, badly, and a lot."""

import os
import socket
import struct
import unittest

from host import PATIENCE_S, Host
from services import Service, in_threads, settled, string
from waiting import until

RECORDED = "replay:" + os.path.join(os.environ.get("DOMSTATS_TESTS", "tests"), "qemujsontestdata")
HELLO, CALL, ANSWER, ERROR, PING, PONG = range(1, 7)
INVALID_ARG, TIMEOUT = 8, 68
SIZES = {1: 4, 2: 4, 3: 8, 4: 8, 5: 8, 6: 4}  # of values, by type


def words(*numbers):
    return struct.pack(f">{len(numbers)}I", *numbers)


def message(kind, *parts):
    body = words(kind) + b"".join(parts)
    return words(4 + len(body)) + body


def hello(magic=b"domstats", protocol=1):
    return message(HELLO, magic, words(protocol, 1000, 0, 0, 0, 0, 0))


def call(serial, stats=0, flags=0, extras=0, timeout_ms=0, names=()):
    return message(CALL, words(serial, stats, flags, extras, timeout_ms, len(names)), *map(string, names))


class Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def number(self, size=4):
        self.at += size
        return int.from_bytes(self.data[self.at - size:self.at], "big")

    def text(self):
        size = self.number()
        self.at += size + -size % 4
        return self.data[self.at - size - -size % 4:][:size].decode(errors="surrogateescape")

    def maybe(self):
        return self.text() if self.number() else None

    def body(self, names):
        record = {"name": self.text(), "uuid": self.text(), "id": self.number(), "health": self.number(),
                  "reason": self.maybe()}
        self.at += 4 + 3 * 8 + 4 + 4 + 4 + 8
        record["monitor"] = self.maybe()
        self.at += 4
        record["fields"] = {}
        for _ in range(self.number()):
            name, kind = names[self.number()], self.number()
            record["fields"][name] = self.text() if kind == 7 else self.number(SIZES[kind])
        return record

    def records(self):
        self.maybe()  # the blind spot
        names = [self.text() for _ in range(self.number())]
        found = []
        for _ in range(self.number()):
            found.append(self.body(names))
            if self.number():
                self.body(names)
        return found


class Client:
    def __init__(self, path, greets=True):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.socket.settimeout(PATIENCE_S)
        if greets:
            self.send(hello())
            assert self.receive()[0] == HELLO

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def take(self, count):
        found = bytearray()
        while len(found) < count:
            part = self.socket.recv(count - len(found))
            if not part:
                return None
            found += part
        return bytes(found)

    def receive(self):
        """Kind, number after it, a reader of the rest; None at the end."""
        head = self.take(4)
        if head is None:
            return None
        rest = Reader(self.take(struct.unpack(">I", head)[0] - 4))
        return rest.number(), rest.number(), rest


class Protocol(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host()
        cls.addClassCleanup(cls.host.__exit__)
        cls.service = Service(cls.host, source=RECORDED)
        cls.addClassCleanup(cls.service.__exit__)
        cls.service.ready()
        cls.path = cls.service.service

    def tearDown(self):
        """It lives, and serves who comes next."""
        with Client(self.path) as client:
            client.send(call(1, stats=1))
            self.assertEqual(client.receive()[:2], (ANSWER, 1))

    def test_records_as_the_description_has_them(self):
        with Client(self.path) as client:
            client.send(call(7, names=["running", "stopped"]))
            kind, serial, rest = client.receive()
            self.assertEqual((kind, serial), (ANSWER, 7))
            running, stopped = rest.records()
            self.assertEqual(rest.at, len(rest.data))
            self.assertEqual((running["name"], running["health"], running["fields"]["state.state"]), ("running", 0, 1))
            self.assertEqual((stopped["name"], stopped["health"]), ("stopped", 4))
            self.assertIn("is stopped", stopped["reason"])

    def test_calls_under_way_by_their_serial_numbers(self):
        with Client(self.path) as client:
            for serial in range(40):
                client.send(call(serial, stats=1 << serial % 4))
            self.assertEqual(sorted(client.receive()[1] for _ in range(40)), list(range(40)))

    def test_pings_do_not_wait(self):
        with Client(self.path) as client:
            for serial in range(20):
                client.send(call(serial))
            client.send(message(PING, words(99)))
            answers = [client.receive()[:2] for _ in range(21)]
            self.assertIn((PONG, 99), answers)

    def test_what_the_library_refuses(self):
        for line, text in ((call(1, extras=1 << 31), "extras 0x80000000"), (call(1, flags=1 << 20), "flags 0x100000")):
            with Client(self.path) as client:
                client.send(line)
                kind, serial, rest = client.receive()
                self.assertEqual((kind, serial, rest.number()), (ERROR, 1, INVALID_ARG))
                self.assertIn(text, rest.text())
                client.send(call(2))
                self.assertEqual(client.receive()[:2], (ANSWER, 2))

    def test_another_version_gets_ours_and_an_end(self):
        with Client(self.path, greets=False) as client:
            client.send(hello(protocol=2))
            kind, _, rest = client.receive()
            rest.number()  # the rest of the magic
            self.assertEqual((kind, rest.number()), (HELLO, 1))
            self.assertIsNone(client.receive())

    def test_what_breaks_the_protocol_ends_the_connection(self):
        rows = {
            "no hello": [call(1)],
            "other magic": [hello(magic=b"HTTP/1.1")],
            "two hellos": [hello(), hello()],
            "an answer": [hello(), message(ANSWER, words(1, 0, 0, 0))],
            "no kind": [hello(), message(0, words(1))],
            "a kind of later": [hello(), message(77, words(1))],
            "2^32-1 names": [hello(), message(CALL, words(1, 0, 0, 0, 0, 0xffffffff))],
            "a name of 2^32-1 bytes": [hello(), message(CALL, words(1, 0, 0, 0, 0, 1, 0xffffffff))],
            "a name with NUL": [hello(), message(CALL, words(1, 0, 0, 0, 0, 1, 4), b"a\0bc")],
            "more behind a call": [hello(), call(1)[:3] + b"\x24" + call(1)[4:] + words(0)],
        }
        for what, lines in rows.items():
            with self.subTest(what), Client(self.path, greets=False) as client:
                client.send(b"".join(lines))
                kinds = [answer[:2] for answer in iter(client.receive, None)]
                self.assertEqual(kinds[-1], (ERROR, 0))

    def test_lengths_that_none_may_have(self):
        for length in 0, 3, 4, 11, (4 << 20) + 1, 0xffffffff:
            with self.subTest(length=length), Client(self.path) as client:
                client.send(words(length) + b"\0" * 20)
                try:
                    self.assertIsNone(client.receive())
                except ConnectionResetError:
                    pass  # it closed before it had read all

    def test_who_leaves_in_the_middle(self):
        before = settled(self.service.descriptors)
        for size in 1, 4, 20:
            for _ in range(50):
                with Client(self.path) as client:
                    client.send(call(1)[:size])
        for _ in range(50):
            with Client(self.path) as client:
                client.send(call(1) + call(2))
        until("all have left", lambda: self.service.descriptors() <= before)

    def test_many_at_once(self):
        def ask(number):
            with Client(self.path) as client:
                client.send(call(number))
                return client.receive()[:2], client

        self.assertEqual([answer for answer, _ in in_threads(40, ask)], [(ANSWER, number) for number in range(40)])


if __name__ == "__main__":
    unittest.main(verbosity=2)
