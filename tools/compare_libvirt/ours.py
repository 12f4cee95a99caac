# SPDX-License-Identifier: LGPL-2.1-or-later
"""Both sides' calls by ctypes, since the Python binding drops the types of parameters."""
import ctypes as c

import libvirt

TYPES = {1: ("int", "i"), 2: ("uint", "ui"), 3: ("llong", "l"), 4: ("ullong", "ul"),
         5: ("double", "d"), 6: ("boolean", "b"), 7: ("string", "s")}
HEALTH = ("ok", "slow", "busy", "wedged", "stopped", "gone", "denied", "broken", "no-monitor",
          "no-domain")


class Value(c.Union):
    _fields_ = [("i", c.c_int), ("ui", c.c_uint), ("l", c.c_longlong), ("ul", c.c_ulonglong),
                ("d", c.c_double), ("b", c.c_char), ("s", c.c_char_p)]


class Param(c.Structure):
    _fields_ = [("field", c.c_char * 80), ("type", c.c_int), ("value", Value)]


class LibvirtRecord(c.Structure):
    _fields_ = [("dom", c.c_void_p), ("params", c.POINTER(Param)), ("n_params", c.c_int)]


class OurRecord(c.Structure):
    _fields_ = [("name", c.c_char_p), ("uuid", c.c_char * 37), ("id", c.c_int),
                ("params", c.POINTER(Param)), ("n_params", c.c_int), ("health", c.c_int),
                ("reason", c.c_char_p), ("since_us", c.c_int64), ("taken_us", c.c_int64),
                ("monitor_us", c.c_int64), ("missing", c.c_uint), ("last", c.c_void_p)]


class Error(c.Structure):
    _fields_ = [("domain", c.c_uint32), ("code", c.c_int), ("message", c.c_char_p)]


class Failure(Exception):
    def __init__(self, code, message):
        super().__init__(f"{message} ({code})")
        self.code = code


class Record:
    """One domain's parameters: (name, type, value) in their order."""

    def __init__(self, name, identity, params, n_params, health="ok", reason=None, missing=0):
        self.name = name
        self.id = identity
        self.health = health
        self.reason = reason
        self.missing = missing
        self.params = [self.read(params[i]) for i in range(n_params)]
        self.by_name = {name: (kind, value) for name, kind, value in self.params}

    @staticmethod
    def read(param):
        kind, member = TYPES[param.type]
        value = getattr(param.value, member)
        if kind == "boolean":
            value = value != b"\0"
        elif kind == "string":
            value = value.decode()
        return param.field.decode(), kind, value


def address(capsule):
    """The C pointer that an object of the Python binding holds."""
    name = c.pythonapi.PyCapsule_GetName
    name.restype, name.argtypes = c.c_char_p, [c.py_object]
    pointer = c.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = c.c_void_p, [c.py_object, c.c_char_p]
    return pointer(capsule, name(capsule))


class Libvirt:
    """libvirt's own bulk call."""

    def __init__(self, conn):
        self.conn = conn
        self.lib = c.CDLL("libvirt.so.0")
        self.lib.virDomainGetName.restype = c.c_char_p
        self.lib.virDomainGetName.argtypes = [c.c_void_p]
        self.lib.virDomainGetID.argtypes = [c.c_void_p]
        self.lib.virDomainStatsRecordListFree.argtypes = [c.c_void_p]

    def _collect(self, n, records):
        if n < 0:
            error = libvirt.virGetLastError()
            raise Failure(error[0], error[2])
        result = []
        for i in range(n):
            record = records[i].contents
            result.append(Record(self.lib.virDomainGetName(record.dom).decode(),
                                 self.lib.virDomainGetID(record.dom), record.params,
                                 record.n_params))
        self.lib.virDomainStatsRecordListFree(records)
        return result

    def get_all(self, stats, flags):
        records = c.POINTER(c.POINTER(LibvirtRecord))()
        return self._collect(self.lib.virConnectGetAllDomainStats(
            c.c_void_p(address(self.conn._o)), c.c_uint(stats), c.byref(records),
            c.c_uint(flags)), records)

    def get_some(self, names, stats, flags):
        domains = [self.conn.lookupByName(name) for name in names]
        array = (c.c_void_p * (len(domains) + 1))(*[address(each._o) for each in domains], None)
        records = c.POINTER(c.POINTER(LibvirtRecord))()
        return self._collect(self.lib.virDomainListGetStats(
            array, c.c_uint(stats), c.byref(records), c.c_uint(flags)), records)


class Ours:
    """The same calls by libdomstats."""

    def __init__(self, library, source):
        self.lib = c.CDLL(library)
        self.glib = c.CDLL("libglib-2.0.so.0")
        self.glib.g_error_free.argtypes = [c.c_void_p]
        self.lib.domstats_open.restype = c.c_void_p
        self.lib.domstats_open.argtypes = [c.c_char_p, c.c_void_p, c.c_void_p]
        self.lib.domstats_close.argtypes = [c.c_void_p]
        self.lib.domstats_record_list_free.argtypes = [c.c_void_p]
        error = c.POINTER(Error)()
        self.conn = self.lib.domstats_open(source.encode(), None, c.byref(error))
        if not self.conn:
            self._fail(error)

    def close(self):
        self.lib.domstats_close(self.conn)

    def _fail(self, error):
        code, message = error.contents.code, error.contents.message.decode()
        self.glib.g_error_free(error)
        raise Failure(code, message)

    def _call(self, function, *arguments):
        records = c.POINTER(c.POINTER(OurRecord))()
        error = c.POINTER(Error)()
        n = function(c.c_void_p(self.conn), *arguments, c.c_uint(20000), c.byref(records),
                     c.byref(error))
        if n < 0:
            self._fail(error)
        result = []
        for i in range(n):
            record = records[i].contents
            result.append(Record(record.name.decode(), record.id, record.params, record.n_params,
                                 HEALTH[record.health], (record.reason or b"").decode(),
                                 record.missing))
        self.lib.domstats_record_list_free(records)
        return result

    def get_all(self, stats, flags):
        return self._call(self.lib.domstats_get_all_domain_stats, c.c_uint(stats),
                          c.c_uint(flags))

    def get_some(self, names, stats, flags):
        array = (c.c_char_p * (len(names) + 1))(*[name.encode() for name in names], None)
        return self._call(self.lib.domstats_domain_list_get_stats, array, c.c_uint(stats),
                          c.c_uint(flags))
