# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests/support/preload/writelog.c has kept, record by record."""
import dataclasses
import enum
import struct

HEAD_BYTES = 4096
FORM = struct.Struct("<IIQQQqqIIII")  # struct record


class Kind(enum.IntEnum):
    ROOT = 1
    LABEL = 2
    CREATE = 3
    MKDIR = 4
    SYMLINK = 5
    LINK = 6
    UNLINK = 7
    RENAME = 8
    EXCHANGE = 9
    WRITE = 10
    TRUNCATE = 11
    PUNCH = 12
    MODE = 13
    TIME = 14
    FSYNC = 15
    FDATASYNC = 16
    SYNCFS = 17


@dataclasses.dataclass
class Record:
    kind: Kind
    mode: int
    object: int
    dir: int
    other: int
    at: int
    n: int
    name: bytes
    other_name: bytes
    data: bytes


def read(path):
    """All records, in the order in which things were done."""
    with open(path, "rb") as file:
        head = file.read(HEAD_BYTES)
        # struct journal: the lock of 40 bytes, `ready`, `used`
        used = struct.unpack_from("<Q", head, 48)[0]
        text = file.read(used)
    records, at = [], 0
    while at < used:
        kind, mode, obj, dir_, other, where, n, name_n, other_n, data_n, _ = FORM.unpack_from(
            text, at)
        name_at = at + FORM.size
        other_at = name_at + name_n
        data_at = other_at + other_n
        end = data_at + data_n
        records.append(Record(Kind(kind), mode, obj, dir_, other, where, n,
                              text[name_at:other_at], text[other_at:data_at],
                              text[data_at:end]))
        at = (end - at + 7) // 8 * 8 + at
    return records
