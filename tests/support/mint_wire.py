#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""mint_wire.py DATA OUT: chains with their keys that wolfSSL lets through and our rules must not.

One folder for each: key.pem, leaf.pem, chain.pem, and `rule` with what the verdict must name;
`-` when the handshake itself ends it, as our reader takes no such certificate.
"""
import os
import shutil
import sys

sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import mint  # noqa: E402
from mint import key, tlv  # noqa: E402

CA = {"basicConstraints": "critical,CA:TRUE", "keyUsage": "critical,keyCertSign,cRLSign"}
LEAF = {"keyUsage": "critical,digitalSignature", "extendedKeyUsage": "serverAuth,clientAuth",
        "subjectAltName": "DNS:peer.example.com"}
UNKNOWN = (0x30, tlv(0x06, bytes.fromhex("2a864886f70d010977")) + tlv(0x04, b"\x05\x00"))

root = mint.mint([("CN", "Wire Root")], key("root"), ext=CA)
between = mint.mint([("CN", "Wire CA")], key("between"), root, CA)


def leaf(kind="P-256", issuer=between, without=(), with_=None, **how):
    ext = {k: v for k, v in {**LEAF, **(with_ or {})}.items() if k not in without}
    return mint.mint([("CN", "peer.example.com")], key("leaf", kind), issuer, ext, **how)


def serial(cert, content):
    def edit(fields):
        fields[1] = (0x02, content)
    return cert.edited(edit)


RSA = {"keyUsage": "critical,digitalSignature,keyEncipherment"}
sha1_between = mint.mint([("CN", "Wire CA")], key("between"), root, CA, md="sha1")
rsa_between = mint.mint([("CN", "Small CA")], key("small", "rsa1024"), root, CA)
code_between = mint.mint([("CN", "Wire CA")], key("between"), root,
                         {**CA, "extendedKeyUsage": "codeSigning"})
narrow = mint.mint([("CN", "Wire CA")], key("between"), root,
                   {**CA, "policyConstraints": "critical,requireExplicitPolicy:0"})
v1 = mint.mint([("CN", "peer.example.com")], key("leaf"), between, None)

own = mint.mint([("CN", "self.example.com")], key("self"), between,
                {**LEAF, "subjectAltName": "DNS:self.example.com"})

cases = {
    "self": ("", [own, between, root]),
    "good": ("", [leaf(), between, root]),
    "eku-absent": ("leaf-eku", [leaf(without=["extendedKeyUsage"]), between, root]),
    "eku-any-only": ("leaf-eku", [leaf(with_={"extendedKeyUsage": "anyExtendedKeyUsage"}), between, root]),
    "ku-absent": ("key-usage", [leaf(without=["keyUsage"]), between, root]),
    "leaf-is-ca": ("issuer-ca", [leaf(with_={"basicConstraints": "critical,CA:TRUE"}), between, root]),
    "sha1-leaf": ("algorithm", [leaf(md="sha1"), between, root]),
    "sha1-intermediate": ("algorithm", [leaf(), sha1_between, root]),
    "rsa1024-leaf": ("algorithm", [leaf("rsa1024", with_=RSA), between, root]),
    "rsa2040-leaf": ("algorithm", [leaf("rsa2040", with_=RSA), between, root]),
    "rsa1024-intermediate": ("algorithm", [leaf(issuer=rsa_between), rsa_between, root]),
    "v1-leaf": ("key-usage", [v1, between, root]),
    "month-13": ("time-format", [leaf().with_time(1, 0x17, "301301000000Z"), between, root]),
    "30-february": ("time-format", [leaf().with_time(1, 0x17, "300230000000Z"), between, root]),
    "hour-25": ("time-format", [leaf().with_time(1, 0x17, "300101250000Z"), between, root]),
    "issuer-eku-other": ("issuer-ca", [leaf(), code_between, root]),
    "policy-constraints": ("critical-extension", [leaf(), narrow, root]),
    "signature-of-leaf": ("signature", [leaf().with_broken_signature(), between, root]),
    "signature-of-intermediate": ("signature", [leaf(), between.with_broken_signature(), root]),
    "without-intermediate": ("complete", [leaf(), root]),
    "leaf-only": ("complete", [leaf()]),
    "expired": ("validity", [leaf(end="20260201000000Z"), between, root]),
    "duplicate-unknown-extension": ("-", [leaf().with_extensions(lambda e: e.extend([UNKNOWN, UNKNOWN])),
                                          between, root]),
    "serial-negative": ("-", [serial(leaf(), b"\x80\x01"), between, root]),
    "serial-21-bytes": ("-", [serial(leaf(), b"\x11" * 21), between, root]),
}

# A ladder of any depth under one root, for what is too long.
for n in (10, 11, 20, 100):
    chain = [root]
    while len(chain) < n - 1:
        chain.insert(0, mint.mint([("CN", "Wire CA %d" % len(chain))], key("between"), chain[0], CA))
    chain.insert(0, leaf(issuer=chain[0]))
    cases["depth-%d" % n] = ("ladder-depth" if n == 10 else "depth", chain)

for name, (rule, chain) in cases.items():
    folder = os.path.join(sys.argv[2], name)
    os.makedirs(folder)
    shutil.copy(chain[0].key, folder + "/key.pem")
    for file, certs in (("leaf.pem", chain[:1]), ("rest.pem", chain[1:] or chain[:1]), ("chain.pem", chain)):
        with open(os.path.join(folder, file), "wb") as f:
            f.write(b"".join(c.pem for c in certs))
    with open(folder + "/rule", "w") as f:
        f.write(rule)
