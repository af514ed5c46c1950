# SPDX-License-Identifier: GPL-3.0-or-later
"""What a disk may hold after a power cut.

The model promises what POSIX does, and one thing more, that a rename is one step:

- fsync of a file makes its data, length, mode and times durable, and nothing else's: not
  the name under which it was made. fdatasync leaves out mode and times.
- fsync of a directory makes the names in it durable, its own mode and times too. A rename
  between two directories is durable when either of them has been synced.
- syncfs makes durable whatever was done to its file system.
- Anything else is there or not, in any combination: later writes without earlier ones,
  parts of a write, lengths without contents, names without files' contents. Only a removed
  directory implies that what was in it has left it.
"""
import dataclasses
import functools

from log import Kind

NAMING = {Kind.CREATE, Kind.MKDIR, Kind.SYMLINK, Kind.LINK, Kind.UNLINK, Kind.RENAME,
          Kind.EXCHANGE}
CONTENT = {Kind.WRITE, Kind.TRUNCATE, Kind.PUNCH}
META = {Kind.MODE, Kind.TIME}
SYNC = {Kind.FSYNC, Kind.FDATASYNC, Kind.SYNCFS}
BLOCK = 512


@dataclasses.dataclass(eq=False)
class Object:
    """A file, a directory or a link, as long as it lives; inode numbers come again."""
    ino: int
    kind: Kind
    mode: int
    root: str
    target: bytes = b""
    pending: list = dataclasses.field(default_factory=list)  # operations on itself
    names: list = dataclasses.field(default_factory=list)  # … on the names in it
    live: dict = dataclasses.field(default_factory=dict)  # name -> object, with nothing lost


@dataclasses.dataclass(eq=False)
class Op:
    index: int
    kind: Kind
    record: object
    root: str = ""
    object: Object = None
    dir: Object = None
    other: Object = None
    durable: int = None  # the index of the sync that made it so


class History:
    """A log as operations on objects below the roots; everything else is left out."""

    def __init__(self, records):
        self.ops, self.roots, self.labels = [], {}, {}
        self._by_ino = {}
        self._unsynced = {}
        for record in records:
            self._take(record)

    def _take(self, record):
        op = Op(len(self.ops), record.kind, record)
        if record.kind == Kind.ROOT:
            root = record.name.decode()
            self.roots[root] = Object(record.object, Kind.MKDIR, 0o700, root)
            self._by_ino[record.object] = self.roots[root]
            self._unsynced[root] = []
        elif record.kind == Kind.LABEL:
            self.labels[record.name.decode()] = len(self.ops)
        elif record.kind in NAMING:
            self._take_name(op)
        elif record.kind in SYNC:
            self._take_sync(op)
        else:
            self._take_change(op)

    def _keep(self, op):
        self.ops.append(op)
        if op.kind not in SYNC:
            self._unsynced[op.root].append(op)

    def _take_change(self, op):
        op.object = self._by_ino.get(op.record.object)
        if op.object is None:
            return
        op.root = op.object.root
        op.object.pending.append(op)
        self._keep(op)

    def _take_name(self, op):
        record = op.record
        op.dir = self._by_ino.get(record.dir)
        op.other = self._by_ino.get(record.other)
        if op.dir is None:
            # The inode, if it was one of ours, is another file now.
            if record.kind in (Kind.CREATE, Kind.MKDIR, Kind.SYMLINK):
                self._by_ino.pop(record.object, None)
            assert op.other is None, f"moved in from outside: {record}"
            return
        op.root = op.dir.root
        if record.kind in (Kind.CREATE, Kind.MKDIR, Kind.SYMLINK):
            op.object = Object(record.object, record.kind, record.mode, op.root, record.data)
            self._by_ino[record.object] = op.object
        elif record.kind == Kind.LINK:
            op.object = self._by_ino[record.object]
        else:
            op.object = op.dir.live.get(record.name)
            if op.object is None:
                return  # a socket: no file, and bound anew by the next one
        name_it(op, op.dir.live, op.other.live if op.other else None)
        for directory in {id(d): d for d in (op.dir, op.other) if d is not None}.values():
            directory.names.append(op)
        self._keep(op)

    def _take_sync(self, op):
        op.object = self._by_ino.get(op.record.object)
        if op.object is None:
            return
        op.root = op.object.root
        self._keep(op)
        if op.kind == Kind.SYNCFS:
            done, self._unsynced[op.root] = self._unsynced[op.root], []
        else:
            done = [*op.object.pending, *op.object.names]
        for other in done:
            if other.durable is None and not (op.kind == Kind.FDATASYNC and other.kind in META):
                other.durable = op.index
        op.object.pending = [o for o in op.object.pending if o.durable is None]
        op.object.names = [o for o in op.object.names if o.durable is None]


def name_it(op, names, others):
    """The operation on the names of its directories."""
    record = op.record
    if op.kind == Kind.UNLINK:
        names.pop(record.name, None)
    elif op.kind == Kind.RENAME:
        if names.get(record.name) is op.object:
            del names[record.name]
        others[record.other_name] = op.object
    elif op.kind == Kind.EXCHANGE:
        names[record.name], others[record.other_name] = (others.get(record.other_name),
                                                         op.object)
        if names[record.name] is None:
            del names[record.name]
    else:
        names[record.name] = op.object


class Fate:
    """What becomes of an operation that was not synced; here: it is there."""

    def of(self, _op):
        return "kept"


class AllLost(Fate):
    def of(self, _op):
        return "lost"


class NamesAlone(Fate):
    def of(self, op):
        return "kept" if op.kind in NAMING else "lost"


class ContentsAlone(Fate):
    def of(self, op):
        return "lost" if op.kind in NAMING else "kept"


class Chance(Fate):
    """Each object has luck of its own: all, nothing, or each operation for itself."""

    def __init__(self, random):
        self._random = random
        self._luck = {}

    def of(self, op):
        key = id(op.dir) if op.kind in NAMING else id(op.object)
        luck = self._luck.setdefault((key, op.kind in NAMING),
                                     self._random.choice(["kept", "lost", "mixed", "mixed"]))
        if luck != "mixed":
            return luck
        fates = ["kept", "lost"]
        if op.kind == Kind.WRITE:
            fates += ["torn", "zero"]
        return self._random.choice(fates)

    def part(self, n):
        return self._random.randrange(0, n + BLOCK, BLOCK)


class Image:
    """The disk after the first `n` operations, when the machines of `cut` lose power."""

    def __init__(self, history, n, cut, fate):
        self._names, self._changes, self.root = {}, {}, history.roots
        for op, how in self._chosen(history.ops[:n], n, cut, fate):
            if op.kind in NAMING:
                other = self.names(op.other) if op.other is not None else None
                name_it(op, self.names(op.dir), other)
            else:
                self._changes.setdefault(id(op.object), []).append((op, how))
        self._fate = fate

    @staticmethod
    def _chosen(ops, n, cut, fate):
        chosen, emptied = [], set()
        for op in reversed(ops):
            if op.kind in SYNC:
                continue
            sure = op.root not in cut or (op.durable is not None and op.durable < n)
            sure = sure or (op.kind in NAMING and (id(op.dir) in emptied or
                                                   id(op.other) in emptied))
            how = "kept" if sure else fate.of(op)
            if how == "lost":
                continue
            if op.kind == Kind.UNLINK and op.object.kind == Kind.MKDIR:
                emptied.add(id(op.object))
            chosen.append((op, how))
        return reversed(chosen)

    def names(self, directory):
        return self._names.setdefault(id(directory), {})

    def content(self, obj):
        out = bytearray()
        for op, how in self._changes.get(id(obj), []):
            record = op.record
            if op.kind == Kind.TRUNCATE:
                out = out[:record.n].ljust(record.n, b"\0")
            elif op.kind == Kind.PUNCH:
                end = min(record.at + record.n, len(out))
                out[record.at:end] = bytes(max(0, end - record.at))
            elif op.kind == Kind.WRITE:
                self._write(out, record, how)
        return bytes(out)

    def _write(self, out, record, how):
        data = record.data
        if how == "zero":
            data = bytes(len(data))
        elif how == "torn":
            data = data[:self._fate.part(len(data))]
        if len(out) < record.at:
            out.extend(bytes(record.at - len(out)))
        out[record.at:record.at + len(data)] = data

    def mode(self, obj):
        modes = [op.record.mode for op, _ in self._changes.get(id(obj), [])
                 if op.kind == Kind.MODE]
        return modes[-1] if modes else obj.mode

    def time(self, obj):
        """(seconds, nanoseconds), or None: nobody has set it."""
        times = [op.record for op, _ in self._changes.get(id(obj), [])
                 if op.kind == Kind.TIME]
        return (times[-1].at, times[-1].n) if times else None


FATES = {"all": Fate, "none": AllLost, "names": NamesAlone, "contents": ContentsAlone}


@functools.cache
def fate_names(seeds):
    return [*FATES, *(f"seed{i}" for i in range(seeds))]
