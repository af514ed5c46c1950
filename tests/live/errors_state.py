# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals that hang on the state of an appliance: what a sequence of requests leads to.

Each function takes ask(METHOD, PATH, BODY, HEADERS): the answer, its path below the API of ours
unless it begins with /api/ or is /healthz.
"""
import json
import os
import pathlib
import socket
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "data"))
from mint import block, key, mint, openssl, tlv, work  # noqa: E402

SESSIONS = "/api/SessionService/Sessions"
PASSWORD = "correct horse battery"
CA_EXT = {"basicConstraints": "critical,CA:TRUE", "keyUsage": "critical,keyCertSign,cRLSign"}
LEAF_EXT = {"keyUsage": "critical,digitalSignature", "extendedKeyUsage": "serverAuth,clientAuth",
            "subjectAltName": "DNS:leaf.example.com"}


def pem(cert):
    return cert.pem.decode()


def root(name, ext=None, **more):
    return mint([("CN", name)], key(name), ext=ext or CA_EXT, **more)


def leaf(issuer, name="leaf.example.com", ext=None, **more):
    return mint([("CN", name)], key(name), issuer, ext or LEAF_EXT, **more)


def csr(name, *extensions):
    added = sum((["-addext", e] for e in extensions), [])
    return openssl("req", "-new", "-key", key(name), "-subj", f"/CN={name}", *added).decode()


def forms(ask):
    """Files that are not what they say."""
    good = leaf(root("Forms CA"))
    negative = good.edited(lambda fields: fields.__setitem__(1, (0x02, b"\x80\x01")))
    chains = [b"", block("CERTIFICATE", b"\x30\x03\x02\x01"), block("PKCS7", b"\x30\x80"),
              block("CERTIFICATE", tlv(0x30, b"\0" * 65000)), negative.pem,
              good.pem.replace(b"MII", b"M\x01I", 1)]
    for chain in chains:
        ask("POST", "/chain/check", {"chain": [chain.decode("latin-1")]})
    ask("POST", "/chain/check", {"chain": ["\u0080\u0001\u0002" * 40]})
    folder = tempfile.mkdtemp(dir=work)
    path = folder + "/p12"
    with open(folder + "/pem", "wb") as file:
        file.write(good.pem)
    openssl("pkcs12", "-export", "-in", folder + "/pem", "-inkey", good.key, "-out", path,
            "-passout", "pass:right")
    p12 = openssl("base64", "-A", "-in", path).decode()
    ask("POST", "/identity/import", {"p12": p12, "passphrase": "wrong"})
    ask("POST", "/identity/import", {"p12": p12, "passphrase": "right"})
    ask("POST", "/identity/import", {"p12": "!!", "passphrase": "x"})
    ask("POST", "/identity/import", {"certificates": [pem(good)], "keys":
                                     [pathlib.Path(key("other")).read_text()]})


def requests(ask):
    ask("POST", "/requests", {"purpose": "CallManager", "key": "ed25519"})
    ask("POST", "/requests", {"purpose": "migration", "multi_server": True})
    asked = csr("leaf.example.com", "subjectAltName=DNS:leaf.example.com,DNS:b.example.com",
                "extendedKeyUsage=serverAuth,clientAuth,codeSigning", "keyUsage=digitalSignature,keyAgreement")
    issued = leaf(root("Diff CA"), ext={"basicConstraints": "CA:TRUE", "keyUsage": "nonRepudiation",
                                        "extendedKeyUsage": "emailProtection"})
    ask("POST", "/requests/diff", {"request": asked, "certificate": pem(issued)})
    broken = openssl("base64", "-d", "-A", data="".join(asked.split("-----")[2].split()).encode())
    broken = block("CERTIFICATE REQUEST", broken[:-1] + bytes([broken[-1] ^ 1])).decode()
    ask("POST", "/requests/diff", {"request": broken, "certificate": pem(issued)})


def ca(ask):
    ask("POST", "/ca", {"name": "Example CA"})
    ask("POST", "/ca", {"name": "Example CA"})
    for asked in (csr("*.example.com"), csr("ca.example.com", "basicConstraints=CA:TRUE"),
                  csr("one.example.com", "subjectAltName=DNS:a.example.com,DNS:b.example.org")):
        ask("POST", "/ca/issued", {"request": asked})
        ask("POST", "/ca/issued", {"request": asked, "multi_server": True, "days": 99999})
    ask("POST", "/ca/issued/ffff/revoke", {})
    other = root("Another CA", end="20260201000000Z")
    other_key = pathlib.Path(other.key).read_text()
    ask("POST", "/ca/renew", {"same_key": True, "root_key": other_key})
    for certificate in (pem(leaf(other)), pem(other), pem(root("Third CA"))):
        ask("POST", "/ca/import", {"certificates": certificate, "key": other_key, "replace": True})
        ask("POST", "/ca/import", {"certificates": certificate, "key": other_key})


def trust(ask):
    first = root("Trusted CA")
    ends = root("Trusted CA", end="20260201000000Z")
    bodies = ({"certificate": pem(leaf(first))}, {"certificate": pem(ends)},
              {"certificate": pem(first)}, {"certificate": pem(root("B CA")) + pem(root("C CA"))},
              {"certificate": pem(first), "store": "TRUSTED_CRLS"},
              {"certificate": pem(root("D CA")), "alias": "same"},
              {"certificate": pem(root("E CA")), "alias": "same"},
              {"certificate": pem(mint([("CN", "Trusted CA")], key("twin"), ext=CA_EXT))})
    for body in bodies:
        ask("POST", "/trust/certificates", dict(body, confirm=True))
    # While none is published: the listener takes away what no list has any longer, the last too.
    held = json.loads(ask("GET", "/trust/certificates"))
    for anchor in sorted(held["anchors"], key=lambda a: a["not_after"]):  # the last is in date
        for query in ("", "?confirmed=true"):
            ask("DELETE", f"/trust/certificates/{anchor['sha256']}{query}")
    for body in bodies:
        ask("POST", "/trust/certificates", dict(body, confirm=True))
        ask("POST", "/trust/published", body)
    for entry in json.loads(ask("GET", "/trust/published"))["lists"][0]["entries"]:
        ask("DELETE", f"/trust/published/{entry['sha256']}")
    ask("DELETE", "/trust/published/abcdef")
    ask("DELETE", "/trust/published/abcdef?everywhere=true&confirmed=true")
    ask("GET", "/trust/match?id=00")


def identity(ask):
    made = json.loads(ask("POST", "/requests", {"cn": "office.example.com",
                                                "san": ["DNS:office.example.com"]}))
    issued = json.loads(ask("POST", "/ca/issued", {"request": made["request"]}))
    ask("POST", "/chain", {"chain": [issued["pem"]]})
    serial = json.loads(ask("GET", "/ca/issued"))["issued"][0]["serial"]
    for _ in range(2):
        ask("POST", f"/ca/issued/{serial}/revoke", {})
    ask("POST", "/identity/self-sign", {})
    ask("POST", "/identity/self-sign", {"keep_key": True, "replace_chain": True, "confirm_within": "1d"})
    ask("POST", "/identity/self-sign", {"replace_chain": True, "confirm_within": "1d"})
    ask("POST", "/identity/prune", {"keep": 1})
    ask("POST", "/chain/undo", {})
    stranger = leaf(root("Stranger CA"), ext=dict(LEAF_EXT, extendedKeyUsage="serverAuth"))
    ask("POST", "/identity/import", {"certificates": [pem(stranger)],
                                     "keys": [pathlib.Path(stranger.key).read_text()]})
    for policy in ("default", "strict"):
        ask("GET", f"/doctor?within=9000d&policy={policy}")


def sessions(ask):
    for body in ({"name": "vera", "password": PASSWORD}, {"name": "vera", "password": PASSWORD},
                 {"name": "otto", "password": PASSWORD, "role": "observer"}):
        ask("POST", "/administrators", body)
    ask("POST", SESSIONS, {"UserName": "vera", "Password": "wrong"})
    ask("DELETE", SESSIONS + "('none')")
    ask("GET", "/healthz", headers={"Origin": "https://example.com"})
    headers = {}
    ask("POST", SESSIONS, {"UserName": "otto", "Password": PASSWORD}, answered=headers)
    token = {"X-Auth-Token": headers["X-Auth-Token"]}
    ask("POST", "/requests", {}, headers=token)
    ask("GET", "/audit", headers={"X-Auth-Token": "0" * 48})
    for _ in range(100):
        ask("POST", SESSIONS, {"UserName": "vera", "Password": PASSWORD})


def begun(ask, body):
    """The place of the job; None when it was refused."""
    answered = {}
    ask("POST", "/migrations", body, answered=answered)
    return answered.get("Location")


def wait(ask, place):
    """Until the job is over: it tells why."""
    for _ in range(600):
        if json.loads(ask("GET", place))["state"] != "running":
            return
        time.sleep(0.05)


def jobs(ask):
    tree = tempfile.mkdtemp(dir=work)
    os.mkfifo(tree + "/fifo")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        plain = {"host": f"127.0.0.1:{silent.getsockname()[1]}", "directory": tree, "wait": True}
        for more in ({"code": "x", "wait": False}, {"map_owner": ["x"]}, {"name": "../x"},
                     {"directory": tree + "/none"}, {"directory": tree + "/fifo"}, {"host": "127.0.0.1:1"}):
            wait(ask, begun(ask, dict(plain, **more)))
        places = [begun(ask, plain) for _ in range(5)]
        for place in filter(None, places):
            ask("DELETE", place)
            wait(ask, place)


ALL = (forms, requests, ca, trust, identity, sessions, jobs)
