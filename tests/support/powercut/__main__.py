# SPDX-License-Identifier: GPL-3.0-or-later
"""Every state that a power cut may leave, one after the other, for a script to look at.

    python3 tests/support/powercut LOG compare
        what is lost by nobody is what lies below the roots: the log is complete
    python3 tests/support/powercut LOG states FROM TO CUT[,CUT...] [SEEDS [TAKE]]
        the states between two labels when the machines that have these roots lose power;
        of each prefix: all that was not synced is there; nothing is; names alone;
        contents alone; and SEEDS (2) random choices. TAKE of them, evenly spread, or all (0).
    python3 tests/support/powercut LOG lay OPERATIONS FATE CUT[,CUT...]
        one of them again, to look at

For each state the roots are laid anew, and a line "OPERATIONS FATE LABEL" is printed; a line
read from standard input asks for the next. States that were seen before are left out. The
last line is "end STATES DISTINCT OPERATIONS".
"""
import hashlib
import os
import random
import shutil
import stat
import sys

import disk
import log

SHARED_MEMORY = b"-shm"  # SQLite makes it anew
BOOT_BYTES = 36
OTHER_BOOT = b"00000000-0000-0000-0000-000000000000"


def walk(image, obj, path, cut):
    """(path, object, kind, mode, time, contents or target), directories before what is in them."""
    if obj.kind == log.Kind.MKDIR:
        yield path, obj, None
        for name, child in sorted(image.names(obj).items()):
            if not name.endswith(SHARED_MEMORY):
                yield from walk(image, child, os.path.join(path, name), cut)
    elif obj.kind == log.Kind.SYMLINK:
        yield path, obj, obj.target
    else:
        data = image.content(obj)
        if os.path.basename(path).startswith(b"marks-") and obj.root in cut and \
                len(data) >= BOOT_BYTES:
            data = OTHER_BOOT + data[BOOT_BYTES:]
        yield path, obj, data


def entries(image, cut):
    return [entry for path, root in image.root.items()
            for entry in walk(image, root, path.encode(), cut)]


def fingerprint(image, listed):
    digest = hashlib.blake2b(digest_size=16)
    for path, obj, data in listed:
        digest.update(repr((path, obj.kind, image.mode(obj))).encode())
        digest.update(data if data is not None else b"")
    return digest.digest()


def empty(path):
    for entry in os.scandir(path):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)


def lay_one(path, obj, data, laid):
    if obj.kind == log.Kind.MKDIR:
        if path not in (root.encode() for root in laid["roots"]):
            os.mkdir(path, 0o700)
    elif obj.kind == log.Kind.SYMLINK:
        os.symlink(data, path)
    elif id(obj) in laid:
        os.link(laid[id(obj)], path)
    else:
        with open(path, "wb") as file:
            file.write(data)
    laid[id(obj)] = path


def lay(image, listed):
    """The roots as they are in the image. A staged tree is known by its inode: a new one now."""
    laid = {"roots": list(image.root)}
    for root in image.root:
        empty(root)
    for entry in listed:
        lay_one(*entry, laid)
    inodes = {obj.ino & (1 << 40) - 1: path for path, obj, _ in listed}
    for path, obj, data in listed:
        if obj.kind == log.Kind.CREATE and os.path.basename(path) == b"published" and \
                data.isdigit() and int(data) in inodes:
            with open(path, "wb") as file:
                file.write(b"%d" % os.lstat(inodes[int(data)]).st_ino)
    for path, obj, _ in reversed(listed):
        if obj.kind != log.Kind.SYMLINK:
            os.chmod(path, image.mode(obj))
        if image.time(obj) is not None:
            seconds, ns = image.time(obj)
            os.utime(path, ns=(seconds * 10**9 + ns,) * 2, follow_symlinks=False)


def compare(history):
    """Differences between the whole log and what is really there."""
    image = disk.Image(history, len(history.ops), set(), disk.Fate())
    wanted = {path: (obj, data) for path, obj, data in entries(image, set())}
    there = set()
    for root in history.roots:
        there.add(root.encode())
        for where, folders, files in os.walk(root.encode()):
            paths = {os.path.join(where, name) for name in folders + files}
            there |= {path for path in paths if not path.endswith(SHARED_MEMORY) and
                      not stat.S_ISSOCK(os.lstat(path).st_mode)}
    wrong = [f"only {'there' if path in there else 'in the log'}: {path}"
             for path in there ^ wanted.keys()]
    for path in there & wanted.keys():
        obj, data = wanted[path]
        found = os.lstat(path)
        if stat.S_ISREG(found.st_mode):
            with open(path, "rb") as file:
                same = file.read() == data
        else:
            same = data is None or os.readlink(path) == data
        if not same or (not stat.S_ISLNK(found.st_mode) and
                        stat.S_IMODE(found.st_mode) != image.mode(obj)):
            wrong.append(f"not as in the log: {path}")
    return wrong


def candidates(history, first, last, seeds, take):
    points = [(n, fate) for n in range(first, last + 1) for fate in disk.fate_names(seeds)]
    if 0 < take < len(points):
        points = [points[i * len(points) // take + len(points) // take // 2]
                  for i in range(take)]
    return points


def label_at(history, n):
    """The last label that was passed."""
    return [label for label, at in history.labels.items() if at <= n][-1]


def image_of(history, n, name, cut):
    fate = (disk.FATES[name]() if name in disk.FATES else
            disk.Chance(random.Random(f"{n} {name}")))
    return disk.Image(history, n, cut, fate)


def states(history, first, last, cut, seeds, take):
    seen, points = set(), candidates(history, history.labels[first], history.labels[last],
                                     seeds, take)
    for n, name in points:
        image = image_of(history, n, name, cut)
        listed, label = entries(image, cut), label_at(history, n)
        mark = (label, fingerprint(image, listed))
        if mark in seen:
            continue
        seen.add(mark)
        lay(image, listed)
        print(n, name, label, flush=True)
        if not sys.stdin.readline():
            return
    print("end", len(points), len(seen), history.labels[last] - history.labels[first],
          flush=True)


def main():
    history = disk.History(log.read(sys.argv[1]))
    if sys.argv[2] == "compare":
        wrong = compare(history)
        print("\n".join(wrong))
        sys.exit(bool(wrong))
    first, last, cut = sys.argv[3:6]
    cut = set(cut.split(","))
    if sys.argv[2] == "lay":
        image = image_of(history, int(first), last, cut)
        lay(image, entries(image, cut))
        return
    numbers = [int(text) for text in sys.argv[6:8]]
    seeds, take = (numbers + [2, 0][len(numbers):])
    states(history, first, last, cut, seeds, take)


main()
