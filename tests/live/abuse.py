#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong requests, made from the description of the API itself.

    abuse.py SOCKET

For every operation: each value of a wrong type, too long, missing, unknown, out of its list;
bodies that are no objects, nested deep, with a name twice; queries and paths that are not
encoded. Every answer must be a 4xx with a finding, or a success that the description allows;
never 5xx, never a closed connection. The order is fixed: a run can be repeated.
"""
import http.client
import itertools
import json
import re
import sys

from local import Socket

V1 = "/api/pairgate/v1"
wrong = []
counts = {}
number = itertools.count()


connection = Socket(sys.argv[1])


def raw(method, path, body=None, kind="application/json"):
    connection.request(method, path, body, {"Content-Type": kind})
    answer = connection.getresponse()
    return answer.status, answer.read()


DOC = json.loads(raw("GET", V1 + "/openapi.json")[1])
OTHERS = [None, 0, -1, 1.5, 1e300, True, "", "x", "\u0000", "\ud83d\ude00", "../" * 50,
          "-----BEGIN CERTIFICATE-----\n", [], [[]], [None], {}, {"a": 1}]
TEXTS = ["", "--help", "-", "--", "%s%n", "a\nb", "\u202egnp", "x" * 5000, "x" * 300000]
BODIES = [b"", b"[]", b"null", b"0", b'"x"', b"{", b'{"a":', b'{"a":1,"a":2}', b"\xff\xfe",
          b"[" * 3000, b'{"a":' * 2500 + b"1" + b"}" * 2500, b"{}{}", b'{"\\u0000":1}']
QUERIES = ["?", "?&&&", "?=", "?%", "?%zz=1", "?a=%00", "?a=1&a=2", "?" + "a" * 900,
           "?within=" + "9" * 400 + "d", "?kind=%ff"]
NAMES = ["%00", "%2e%2e%2f%2e%2e", "..", "--help", "%ff", "'", "a" * 255, "%0a",
         "99999999999999999999"]


def tell(label, status, body):
    counts[status // 100] = counts.get(status // 100, 0) + 1
    if status >= 500 or status < 200:
        wrong.append(f"{label}: {status} {body[:200]}")
    elif status >= 400:
        try:
            value = json.loads(body)
            if not (value.get("findings") or value.get("error")):
                wrong.append(f"{label}: {status} without a finding: {body[:200]}")
        except (ValueError, AttributeError):
            wrong.append(f"{label}: {status} without JSON: {body[:200]}")


def send(label, method, path, body=None, kind="application/json"):
    try:
        tell(label, *raw(method, path, body, kind))
    except (http.client.HTTPException, OSError) as end:
        wrong.append(f"{label}: {type(end).__name__} {end}")
        connection.close()


def fits(schema, value):
    """A value of the right kind is no abuse: it may be done."""
    kinds = {"string": str, "integer": int, "boolean": bool, "array": list}
    return type(value) is kinds[schema["type"]]


def plain(schema):
    if "enum" in schema:
        return schema["enum"][0]
    # Each text another one: a name that is guessed at again and again is made to wait.
    return {"string": f"x{next(number)}", "integer": 1, "boolean": False,
            "array": ["x"]}[schema["type"]]


def bodies(operation):
    """(label, body) of a JSON request."""
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    fields = schema["properties"]

    def least(without=None, **other):
        all_of_it = {name: plain(fields[name]) for name in schema["required"] if name != without}
        return json.dumps(dict(all_of_it, **other)).encode()

    for i, body in enumerate(BODIES):
        yield f"body {i}", body
    yield "unknown", least(no_such_property=1)
    for name in schema["required"]:
        yield f"without {name}", least(name)
    for name, field in fields.items():
        for i, value in enumerate(OTHERS):
            if not fits(field, value):
                yield f"{name} other {i}", least(**{name: value})
        if field["type"] == "integer":
            for big in ("18446744073709551616", "9223372036854775807", "1e400", "-0"):
                yield f"{name} {big}", least(**{name: "@"}).replace(b'"@"', big.encode())
        texts = TEXTS if field["type"] == "string" else []
        for i, text in enumerate(texts):
            yield f"{name} text {i}", least(**{name: text})
        if field["type"] == "array":
            yield f"{name} many", least(**{name: ["x"] * 1000})


# What takes long or ends something by being done rather than refused.
SPARED = re.compile(r"/(decrypt-keys|prune|pair)$|^/api/pairgate/v1/pair$")


def abuse(path, method, operation):
    here = re.sub(r"\{\w+\}", "9999", path)
    label = f"{method} {path}"
    reads = method == "get"
    if reads and "text/event-stream" in str(operation["responses"]["200"]):
        return
    for query in QUERIES:
        if reads or query not in ("?", "?&&&"):
            send(label + query[:30], method.upper(), here + query)
    if "{" in path:
        for name in NAMES:
            send(f"{label} name {name[:20]}", method.upper(), re.sub(r"\{\w+\}", name, path))
    if "requestBody" not in operation or SPARED.search(path):
        return
    if "application/json" not in operation["requestBody"]["content"]:
        for i, body in enumerate(BODIES):
            send(f"{label} raw {i}", method.upper(), here, body, "application/octet-stream")
        return
    for what, body in bodies(operation):
        send(f"{label} {what}", method.upper(), here, body)


for where, item in DOC["paths"].items():
    for how, what in item.items():
        abuse(where, how, what)
print("\n".join(wrong[:60]))
print(f"requests: {sum(counts.values())}, refused: {counts.get(4, 0)}, wrong: {len(wrong)}")
sys.exit(bool(wrong))
