#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls every route of two running agents and holds each answer against the description.

    openapi.py SCRATCH TARGET PORT

State directories are SCRATCH/source and SCRATCH/target; PORT is where source is managed, with
vera, an administrator, and otto, an observer, who have the password in SCRATCH/password.

An object in a schema is taken as closed unless it says additionalProperties: what an answer
has and the description does not name is as wrong as what it lacks. At the end every status
that an operation names, but for `default`, must have been seen.
"""
import base64
import copy
import http.client
import json
import pathlib
import re
import ssl
import sys
import time
import traceback

import jsonschema

from local import Socket

V1 = "/api/pairgate/v1"
SESSIONS = "/api/SessionService/Sessions"
APPLICATION = "/api/ApplicationService"
ACTIONS = f"{APPLICATION}/Actions/ApplicationService"
SUBJECT = {"DistinguishedName": "source.example.com", "DepartmentName": "Migration",
           "BusinessName": "Example", "Locality": "Round Rock", "State": "Texas",
           "Country": "US", "Email": "migration@example.com", "San": "source.example.com"}
SCRATCH = pathlib.Path(sys.argv[1])
TARGET = sys.argv[2]
PORT = http.client.HTTPSConnection(
    sys.argv[3], timeout=120,
    context=ssl.create_default_context(cafile=str(SCRATCH / "source.pem")))
MOST = 4 * 1024 * 1024  # of a body
wrong = []
seen = set()


def raw(name, method, path, body=None, headers=None):
    """`name` is an agent, on whose socket it is asked, or "port"."""
    connection = PORT if name == "port" else Socket(SCRATCH / name / "manage.sock")
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read()
    if connection is not PORT:
        connection.close()
    return found


DOC = json.loads(raw("source", "GET", V1 + "/openapi.json")[2])
OPERATIONS = {f"{method.upper()} {path}": operation
              for path, item in DOC["paths"].items() for method, operation in item.items()}


def closed(schema):
    """The same, with objects that have nothing but what they name."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: closed(value) for key, value in schema.items()}
    if "properties" in out and "type" in out:
        out.setdefault("additionalProperties", False)
    return out


CLOSED = {"components": {"schemas": closed(copy.deepcopy(DOC["components"]["schemas"]))}}


def judge(key, operation, status, headers, body):
    responses = operation["responses"]
    response = responses.get(str(status), responses["default"])
    kind = headers.get("Content-Type", "")
    if status == 204:
        if body:
            wrong.append(f"{key}: 204 with a body")
        return None
    if kind not in response.get("content", {}):
        wrong.append(f"{key}: {status} as {kind}, which is not named: {body[:200]}")
        return None
    if kind != "application/json":
        return body
    value = json.loads(body)
    schema = dict(closed(response["content"][kind]["schema"]), **CLOSED)
    for error in jsonschema.Draft202012Validator(schema).iter_errors(value):
        wrong.append(f"{key}: {status}: {error.json_path}: {error.message[:300]}")
    return value


def exchange(key, want, at="source", body=None, query="", headers=None, bytes_=None, **names):
    """One request; the answer, its headers first, must have the status `want` and fit its
    schema."""
    operation = OPERATIONS[key]
    method, path = key.split(" ", 1)
    path = re.sub(r"\{(\w+)\}", lambda m: str(names[m.group(1)]), path)
    headers = dict(headers or {})
    if body is not None:
        bytes_ = json.dumps(body).encode()
    if bytes_ is not None:
        headers.setdefault("Content-Type", "application/json")
    status, got, answer = raw(at, method, path + query, bytes_, headers)
    seen.add((key, status))
    if status != want:
        wrong.append(f"{key}: {status}, not {want}: {answer[:300]}")
    return got, judge(key, operation, status, got, answer)


def call(*given, **more):
    return exchange(*given, **more)[1]


def ask(method, path, want=200, **more):
    """The same for a route of ours."""
    return call(f"{method} {V1}{path}", want, **more)


def text(name):
    return (SCRATCH / name).read_text()


def described():
    """The document itself: its schemas are schemas, its references lead somewhere."""
    for schema in DOC["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    for ref in set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(DOC))):
        if ref not in DOC["components"]["schemas"]:
            wrong.append(f"there is no schema {ref}")
    ids = [operation["operationId"] for operation in OPERATIONS.values()]
    if len(set(ids)) != len(ids):
        wrong.append("an operationId is there twice")


def example(schema):
    """The least that a value of this schema can be."""
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") == "password":
        return "long enough by far"
    kinds = {"string": "none", "integer": 1, "boolean": True, "array": ["none"]}
    return kinds[schema["type"]]


def least_body(operation):
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return {name: example(schema["properties"][name]) for name in schema["required"]}


def unknown_names(operation):
    """Words for the path that name nothing."""
    return {p["name"]: 9999 if p["schema"]["type"] == "integer" else "abcdef0123"
            for p in operation["parameters"] if p["in"] == "path"}


def roles(token):
    """Every route at the port: to nobody, and with the observer's token."""
    for key, operation in OPERATIONS.items():
        names = unknown_names(operation)
        if "401" in operation["responses"]:
            call(key, 401, at="port", **names)
        if "403" in operation["responses"]:
            call(key, 403, at="port", headers=token, **names)


def refusals():
    """What every route refuses in the same way."""
    for key, operation in OPERATIONS.items():
        named = operation["responses"]
        names = unknown_names(operation)
        if "404" in named:
            body = least_body(operation) if "requestBody" in operation else None
            call(key, 404, body=body, query=QUERIES.get(key, ""), **names)
        if "/api/pairgate/" not in key:
            if "400" in named:
                call(key, 400, query="?%24top=x", **names)
            if "requestBody" in operation:
                call(key, 400, bytes_=b" " * (MOST + 1), **names)
            continue
        if "413" in named:
            call(key, 413, bytes_=b" " * (MOST + 1), **names)
        if "415" in named:
            call(key, 415, bytes_=b"{}", headers={"Content-Type": "text/plain"}, **names)
        if "400" in named:
            call(key, 400, query="?no-such-name=1", **names)
        if "requestBody" in operation:
            call(key, 400, body={"no_such_name": 1}, **names)
            call(key, 400, bytes_=b"{", **names)


# Without it these do not look for what is named.
QUERIES = {
    f"DELETE {V1}/trust/certificates/{{which}}": "?confirmed=true",
    f"DELETE {V1}/trust/published/{{id}}": "?confirmed=true",
}


def requests_and_chains():
    pem = text("source.pem")
    made = ask("POST", "/requests", 201, body={"cn": "source.example.com", "key": "ec"})
    ask("GET", "/requests")
    ask("GET", "/requests/profiles")
    ask("GET", "/requests/{id}", id=made["id"])
    ask("POST", "/requests/diff", body={"request": made["request"], "certificate": pem})
    ask("DELETE", "/requests/{id}", id=made["id"])
    ask("GET", "/chain")
    ask("POST", "/chain/check", body={"chain": [pem], "policy": "strict"})
    ask("POST", "/chain/verify", body={"trust": [text("ca/office/chain.pem")], "leaf": pem})
    ask("POST", "/chain/lint", body={"chain": pem})
    ask("POST", "/chain", body={"chain": [pem]})
    ask("POST", "/chain", 400, body={"chain": [text("target.pem")]})


def identities():
    pem = text("source.pem")
    before = ask("GET", "/identity")["identity"]
    ask("GET", "/identity/backups")
    ask("GET", "/identity/services")
    ask("POST", "/identity/services", body={})
    ask("POST", "/identity/self-sign", body={"replace_chain": True, "confirm_within": "1h"})
    ask("POST", "/identity/confirm")
    ask("POST", "/chain/undo", body={})
    key = text("source/identity/current/key.pem")
    ask("POST", "/identity/import", body={"certificates": [pem], "keys": [key]})
    leaf = pem.split("-----END", 1)[0] + "-----END CERTIFICATE-----\n"
    ask("POST", "/certificate", body={"certificate": leaf})
    ask("POST", "/identity/backups/{number}/restore", body={}, number=before)
    ask("POST", "/identity/decrypt-keys")


def built_in_ca():
    ask("POST", "/ca", 201, body={"name": "Another CA"})
    ask("GET", "/ca")
    made = ask("POST", "/requests", 201, body={"cn": "machine.example.com"})
    issued = ask("POST", "/ca/issued", 201, body={"request": made["request"]})
    ask("DELETE", "/requests/{id}", id=made["id"])
    serial = ask("GET", "/ca/issued")["issued"][0]["serial"]
    ask("POST", "/ca/issued/{serial}/revoke", body={"reason": "superseded"}, serial=serial)
    crl = ask("POST", "/ca/crl", body={"days": 7}).decode()
    ask("POST", "/ca/renew", body={"same_key": True})
    root = "-----BEGIN" + issued["pem"].split("-----BEGIN")[-1]
    ask("POST", "/ca/import", body={"certificates": text("ca/office/chain.pem"),
                                    "key": text("ca/office/key.pem"), "replace": True})
    return root, crl


def trust(root, crl):
    ask("POST", "/trust/certificates", 201, body={"certificate": root, "alias": "two"})
    ask("POST", "/trust/crls", 204, body={"crl": crl})
    ask("GET", "/trust/certificates")
    ask("GET", "/trust/certificates/{which}", which="two")
    ask("DELETE", "/trust/certificates/{which}", which="two",
        query="?confirmed=true&force=true")
    ask("GET", "/trust/removed")
    ask("POST", "/trust/certificates/{which}/undo", which="two")
    ask("POST", "/trust/prune", body={"unused": True, "dry_run": True})
    ask("GET", "/stores")
    ask("POST", "/stores", 204, body={"name": "OTHERS"})
    ask("DELETE", "/stores/{name}", 204, name="OTHERS")


def published(root):
    ask("POST", "/trust/published", 201, body={"certificate": root})
    ask("GET", "/trust/published")
    ask("GET", "/trust/match")
    document = ask("POST", "/trust/export", body={"days": 5})
    ask("POST", "/trust/adopt", at="target", body={"document": json.dumps(document)})
    holding = ask("POST", "/trust/holding", at="target")
    ask("POST", "/trust/holdings", 204, body={"document": json.dumps(holding)})
    ask("GET", "/trust/status")
    ask("POST", "/trust/refresh", body={})
    entry = ask("GET", "/trust/published")["lists"][0]["entries"][0]["id"]
    ask("DELETE", "/trust/published/{id}", id=entry,
        query="?confirmed=true&force=true")


def agent():
    call("GET /healthz", 200)
    call("GET /metrics", 200)
    ask("GET", "/openapi.json")
    ask("GET", "/doctor", query="?within=400d")
    ask("POST", "/doctor/backed-up")
    ask("GET", "/audit", query="?kind=trust")
    ask("GET", "/audit/verify")
    ask("POST", "/administrators", 201, body={"name": "mary", "password": "correct horse",
                                         "role": "observer"})
    ask("PUT", "/administrators/{name}/password", name="mary",
        body={"password": "battery staple"})
    ask("GET", "/administrators")
    ask("DELETE", "/administrators/{name}", name="mary")


def pairing():
    ask("POST", "/preflight", body={"source": text("source.pem"), "target": text("target.pem")})
    ask("POST", "/preflight", body={"source": text("source.pem"), "target": text("ca/office/chain.pem")})
    ask("POST", "/pair", body={"host": TARGET})
    ask("GET", "/pairings/attempts", at="target")
    ask("POST", "/identity/prune", body={"keep": 3})
    ask("GET", "/invitations", at="target")


def ended(path):
    """The job, once it has ended."""
    while True:
        job = json.loads(raw("source", "GET", path)[2])
        if job["state"] != "running":
            return job
        time.sleep(0.1)


def start(name, **more):
    body = dict({"host": TARGET, "directory": str(SCRATCH / "estate"), "name": name}, **more)
    return ask("POST", "/migrations", 202, body=body)["id"]


def code():
    return ask("POST", "/invitations", 201, at="target", body={"expires": "5m"})["code"]


def waiting():
    """The pairing that waits at the target."""
    while True:
        for item in ask("GET", "/pairings", at="target")["items"]:
            if item["state"] == "pending":
                return item["id"]
        time.sleep(0.1)


def receiving():
    """The migration that the target receives, once its source has written it down as well."""
    while True:
        ours = [item["id"] for item in ask("GET", "/migrations")["items"]]
        for item in ask("GET", "/migrations", at="target")["items"]:
            if item["state"] == "receiving" and item["id"] in ours:
                return item["id"]
        time.sleep(0.1)


def migrations():
    job = start("estate", code=code())
    ask("GET", "/jobs/{id}/events", id=job)
    migration = ask("GET", "/jobs/{id}", id=job)["migration"]
    ask("GET", "/jobs")
    ask("GET", "/migrations")
    ask("GET", "/migrations/{id}", id=migration)
    ask("GET", "/migrations/{id}/events", id=migration)
    receipt = ask("GET", "/migrations/{id}/receipt", id=migration)
    ask("POST", "/receipts/verify", body={"receipts": [json.dumps(receipt)],
                                          "target": text("target.pem")})
    ask("POST", "/migrations/{id}/resume", 202, id=migration, body={})
    ask("POST", "/migrations/{id}/takeover", 202, at="target", id=migration,
        body={"confirmed": True})
    ask("POST", "/migrations/{id}/reclaim", id=migration, body={"confirmed": True})
    openmanage_jobs(job)


def openmanage_jobs(job):
    jobs = "/api/JobService/Jobs"
    call(f"GET {jobs}", 200)
    call(f"GET {jobs}({{id}})", 200, id=job)
    call(f"GET {jobs}({{id}})/LastExecutionDetail", 200, id=job)
    call(f"GET {jobs}({{id}})/ExecutionHistories", 200, id=job)
    call(f"GET {jobs}({{id}})/ExecutionHistories({{history}})/ExecutionHistoryDetails", 200,
         id=job, history=job)


def log_in(name):
    """The header that a request of theirs carries then, and the id of the session."""
    body = {"UserName": name, "Password": text("password").strip(), "SessionType": "API"}
    headers, session = exchange(f"POST {SESSIONS}", 201, at="port", body=body)
    return {"X-Auth-Token": headers["X-Auth-Token"]}, session["Id"]


def basic(name):
    pair = f"{name}:{text('password').strip()}"
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def openmanage():
    """At the port: roles, sessions, certificates."""
    token, session = log_in("otto")
    roles(token)
    call(f"GET {APPLICATION}/Info", 200, at="port", headers=token)
    call(f"GET {APPLICATION}/Certificate", 200, at="port", headers=token)
    call(f"GET {SESSIONS}", 200, at="port", headers=basic("otto"))
    call(f"GET {SESSIONS}('{{id}}')", 200, at="port", headers=token, id=session)
    call(f"DELETE {SESSIONS}('{{id}}')", 204, at="port", headers=token, id=session)
    token, _ = log_in("vera")
    pem = text("source.pem").encode()
    leaf = pem.split(b"-----END", 1)[0] + b"-----END CERTIFICATE-----\n"
    call(f"POST {ACTIONS}.UploadCertChain", 200, at="port", headers=token, bytes_=pem)
    call(f"POST {ACTIONS}.UploadCertificate", 200, at="port", headers=token, bytes_=leaf)
    call(f"POST {ACTIONS}.GenerateCSR", 200, at="port", headers=token, body=SUBJECT)


def decisions():
    job = start("denied", wait=True)
    pairing = waiting()
    ask("POST", "/pairings/{id}/deny", at="target", id=pairing)
    ended(f"{V1}/jobs/{job}")
    job = start("slow", wait=True, limit="100k", streams=1)
    ask("POST", "/pairings/{id}/approve", at="target", id=waiting())
    migration = receiving()
    ask("DELETE", "/jobs/{id}", id=job)
    ended(f"{V1}/jobs/{job}")
    ask("POST", "/pairings/{id}/revoke", at="target", id=migration)
    ask("POST", "/migrations/{id}/give-up", id=migration, body={"confirmed": True})
    ask("POST", "/migrations/{id}/abort", 202, at="target", id=migration)
    ask("POST", "/prune", at="target")


def unseen():
    """What the description promises and nobody has met."""
    for key, operation in OPERATIONS.items():
        for status in operation["responses"]:
            if status != "default" and (key, int(status)) not in seen:
                wrong.append(f"{key}: {status} was never seen")


def part(function, *given):
    try:
        return function(*given)
    except Exception:  # the next part may still say something
        wrong.append(traceback.format_exc(limit=-3))
        return "", ""


part(described)
part(openmanage)
part(requests_and_chains)
part(identities)
authority = part(built_in_ca)
part(trust, *authority)
part(published, authority[0])
part(agent)
part(pairing)
part(migrations)
part(decisions)
part(refusals)
part(unseen)
print("\n".join(wrong))
print(f"routes: {len(OPERATIONS)}, answers judged: {len(seen)} kinds, wrong: {len(wrong)}")
sys.exit(bool(wrong))
