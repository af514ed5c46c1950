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
import json
import re
import sys

from local import Socket

V1 = "/api/pairgate/v1"
wrong = []
counts = {}


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
    return {"string": "x", "integer": 1, "boolean": False, "array": ["x"]}[schema["type"]]


def bodies(operation):
    """(label, body) of a JSON request."""
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    fields = schema["properties"]
    least = {name: plain(fields[name]) for name in schema["required"]}
    for i, body in enumerate(BODIES):
        yield f"body {i}", body
    yield "unknown", json.dumps(dict(least, no_such_property=1)).encode()
    for name in least:
        yield f"without {name}", json.dumps({k: v for k, v in least.items() if k != name}).encode()
    for name, field in fields.items():
        for i, value in enumerate(OTHERS):
            if not fits(field, value):
                yield f"{name} other {i}", json.dumps(dict(least, **{name: value})).encode()
        if field["type"] == "integer":
            for big in ("18446744073709551616", "9223372036854775807", "1e400", "-0"):
                yield f"{name} {big}", json.dumps(dict(least, **{name: "@"})).replace(
                    '"@"', big).encode()
        texts = TEXTS if field["type"] == "string" else []
        for i, text in enumerate(texts):
            yield f"{name} text {i}", json.dumps(dict(least, **{name: text})).encode()
        if field["type"] == "array":
            yield f"{name} many", json.dumps(dict(least, **{name: ["x"] * 1000})).encode()


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
