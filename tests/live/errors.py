#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which messages of the catalogue come back over HTTP, and why the others do not.

    errors.py SOCKET ROOT

Sends every chain and pair of tests/data, and wrong requests; those messages must come back that
errors.told has, and no others. All others are in errors.elsewhere: scripts/check-messages looks.
"""
import json
import pathlib
import re
import sys

import errors_state
from local import Socket

V1 = "/api/pairgate/v1"
ROOT = pathlib.Path(sys.argv[2])
DATA = ROOT / "tests/data"
told = set()


connection = Socket(sys.argv[1])


def ask(method, path, body=None, kind="application/json", headers=None, answered=None):
    """The body of the answer; its headers go to `answered`."""
    if isinstance(body, dict):
        body = json.dumps(body).encode()
    place = path if path.startswith("/api/") or path == "/healthz" else V1 + path
    connection.request(method, place, body, dict(headers or {}, **{"Content-Type": kind}))
    response = connection.getresponse()
    if answered is not None:
        answered.update(response.headers)
    answer = response.read().decode("utf-8", "replace")
    told.update(re.findall(r'"id":"(PG[A-Z][0-9]{4})"', answer))
    return answer


def text(path):
    return path.read_bytes().decode("latin-1")


def chains():
    for case in sorted((DATA / "chains").iterdir()):
        at = text(case / "at").strip() if (case / "at").exists() else "2027-06-15T12:00:00Z"
        chain = text(case / "chain.pem")
        body = {"chain": [chain], "at": at}
        ask("POST", "/certificate", {"certificate": chain, "policy": "ome", "at": at})
        ask("POST", "/chain/lint", {"chain": chain})
        if (case / "request.pem").exists():
            body["request"] = text(case / "request.pem")
            ask("POST", "/requests/diff", {"request": body["request"], "certificate": chain})
        for policy in ("ome", "strict", "fips"):
            ask("POST", "/chain/check", dict(body, policy=policy))
        ask("POST", "/chain/verify", {"trust": [chain], "leaf": chain, "at": at,
                                      "peer_name": "a.example.org", "purpose": "server"})
    for case in sorted((DATA / "pairs").iterdir()):
        ask("POST", "/preflight", {"source": text(case / "source.pem"),
                                   "target": text(case / "target.pem"), "policy": "strict",
                                   "at": "2027-06-15T12:00:00Z", "duration": "400d",
                                   "pin": ["00" * 32], "require_revocation": True})


def revocation():
    crls = DATA / "crls"
    whole = text(crls / "chain.pem")
    for crl in sorted(crls.glob("*.pem")):
        for policy in ("trust/crls", "chain/verify"):
            ask("POST", f"/{policy}",
                {"crl": text(crl)} if policy == "trust/crls" else
                {"trust": [whole], "untrusted": [whole], "leaf": whole, "crl": [text(crl)],
                 "peer_name": "other.example.com", "purpose": "client"})


NAMES = ("requests/none", "identity/none", "trust/certificates/none", "trust/certificates/abcdef0123",
         "migrations/m-none", "migrations/m-none/receipt", "jobs/99999", "ca", "ca/issued",
         "audit?kind=none", "audit?since=yesterday", "doctor?within=x", "doctor?policy=x",
         "trust/certificates?store=NONE", "trust/certificates?filter=x", "trust/match?id=x")
POSTS = {
    "chain": [{"chain": ["x"]}, {"chain": []}, {}, {"chain": [], "server": True, "client": True}],
    "identity/self-sign": [{"key": "ec", "keep_key": True}, {"confirm_within": "99d"},
                           {"name": "*"}, {"name": "a b"}],
    "identity/import": [{}, {"certificates": ["x"], "keys": ["x"]}, {"p12": "eA=="},
                        {"p12": "eA==", "passphrase": "x"}],
    "identity/confirm": [None], "chain/undo": [{}], "identity/prune": [{"keep": 0}],
    "identity/backups/77/restore": [{}], "identity/backups/1/restore": [{}],
    "requests": [{"purpose": "none"}, {"cn": "*"}, {"c": "Germany"}, {"san": ["x"]},
                 {"email": "x"}, {"multi_server": True}, {"key": "ed25519"},
                 {"san": ["DNS:a.example.com"] * 101}, {"cn": "x" * 200}],
    "requests/diff": [{"request": "x", "certificate": "x"}],
    "certificate": [{"certificate": "x"}], "chain/lint": [{"chain": "x"}],
    "stores": [{"name": "TRUSTED_ROOTS"}, {"name": "../x"}],
    "trust/certificates": [{"certificate": "x"}, {"certificate": "x", "store": "NONE"}],
    "trust/published": [{"certificate": "x"}, {"certificate": "x", "store": "NONE"}],
    "trust/adopt": [{"document": "x"}, {"document": "{}"}],
    "trust/holdings": [{"document": "x"}], "trust/prune": [{}, {"expired": True}],
    "trust/export": [{"days": 9999}, {}],
    "ca/renew": [{}], "ca/crl": [{}], "ca/issued/01/revoke": [{}],
    "ca/import": [{"certificates": "x", "key": "x"}], "ca/issued": [{"request": "x"}],
    "invitations": [{"expires": "x"}, {"for": "x" * 500}, {"expires": "999d"}],
    "pairings/none/approve": [None], "pairings/none/revoke": [None],
    "migrations": [{"host": "x", "directory": "/nowhere"}],
    "migrations/m-none/give-up": [{}], "pair": [{"host": "127.0.0.1:1"}, {"host": "[x"}],
    "receipts/verify": [{"receipts": ["x"]}, {"receipts": ["{}"], "target": "x"}],
    "administrators": [{"name": "mary", "password": "short"}, {"name": "a:b", "password": "long enough"}],
    "nowhere": [None],
}


def wrong_requests():
    for path in NAMES:
        ask("GET", f"/{path}")
    for path, bodies in POSTS.items():
        for body in bodies:
            ask("POST", f"/{path}", body)
    ask("POST", "/chain/check", b"{}", "text/plain")
    ask("POST", "/chain/check", b" " * (5 << 20))
    ask("POST", "/chain/check", b"{")
    ask("PUT", "/chain/check")
    ask("GET", "/requests?none=1")
    ask("PUT", "/administrators/none/password", {"password": "long enough by far"})
    ask("DELETE", "/stores/NONE")


def catalogue():
    source = (ROOT / "base/messages.def").read_text()
    return set(re.findall(r'MSG\(E_\w+, "(PG[A-Z]\d{4})"', source))


def listed(name):
    lines = (ROOT / "tests/live" / name).read_text()
    return set(re.findall(r"\bPG[A-Z]\d{4}\b", re.sub("(?m)^#.*", "", lines)))


chains()
revocation()
wrong_requests()
for flow in errors_state.ALL:
    flow(ask)
ids = catalogue()
wanted = listed("errors.told")
wrong = [f"{i} was told, and errors.told does not have it" for i in sorted((told & ids) - wanted)]
wrong += [f"{i} was not told" for i in sorted(wanted - told)]
print("\n".join(wrong))
print(f"messages: {len(ids)}, told over HTTP: {len(ids & told)}, wrong: {len(wrong)}")
sys.exit(bool(wrong))
