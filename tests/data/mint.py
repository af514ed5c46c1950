# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and certificates for make-chains, all made by the openssl command.

What openssl refuses to make is got by editing the TBS bytes of a certificate it made and
having `openssl dgst -sign` sign them again; tlv, items and Cert.edited serve only that.
"""
import atexit
import base64
import hashlib
import os
import shutil
import subprocess
import tempfile

work = tempfile.mkdtemp(prefix="make-chains.")
atexit.register(shutil.rmtree, work)
FROM, UNTIL = "20260101000000Z", "20360101000000Z"

CA_CONFIG = """
[ca]
default_ca = c
[c]
database = {d}/index
serial = {d}/serial
new_certs_dir = {d}
default_md = {md}
policy = p
unique_subject = no
[p]
[req]
prompt = no
utf8 = yes
string_mask = {strings}
distinguished_name = dn
[dn]
{dn}
[ext]
{ext}
{more}
"""


def openssl(*args, data=None):
    done = subprocess.run(("openssl",) + args, input=data, capture_output=True)
    if done.returncode:
        raise SystemExit("openssl %s\n%s" % (" ".join(args), done.stderr.decode()))
    return done.stdout


def key(name, kind="P-256"):
    """The path of the named key of this run; the same name and kind is the same key."""
    path = "%s/%s.%s.key" % (work, name, kind.replace("/", "."))
    if not os.path.exists(path):
        if kind.startswith("rsa"):
            how = ("RSA", "-pkeyopt", "rsa_keygen_bits:" + kind[3:])
        elif kind == "ed25519":
            how = ("ED25519",)
        else:
            curve, _, form = kind.partition("/")
            how = ("EC", "-pkeyopt", "ec_paramgen_curve:" + curve,
                   "-pkeyopt", "ec_param_enc:" + (form or "named_curve"))
        openssl("genpkey", "-out", path, "-algorithm", *how)
    return path


# DER: just enough to take a TBS apart and put it together again.

def tlv(tag, content):
    n = len(content)
    size = bytes([n]) if n < 128 else b"\x82" + n.to_bytes(2, "big")
    if 128 <= n < 256:
        size = b"\x81" + bytes([n])
    return bytes([tag]) + size + content


def items(content):
    """The (tag, content) pairs in a constructed value."""
    out = []
    while content:
        at, n = 2, content[1]
        if n >= 128:
            at, n = 2 + n - 128, int.from_bytes(content[2:2 + n - 128], "big")
        out.append((content[0], content[at:at + n]))
        content = content[at + n:]
    return out


def joined(pairs):
    return b"".join(tlv(tag, content) for tag, content in pairs)


def block(label, der):
    text = base64.encodebytes(der).decode().replace("\n", "")
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    return ("-----BEGIN %s-----\n%s\n-----END %s-----\n" % (label, "\n".join(lines), label)).encode()


class Cert:
    def __init__(self, der, key, issuer_key, digest, subject):
        self.der, self.key, self.issuer_key = der, key, issuer_key
        self.digest, self.subject = digest, subject

    @property
    def pem(self):
        return block("CERTIFICATE", self.der)

    def with_der(self, der):
        return Cert(der, self.key, self.issuer_key, self.digest, self.subject)

    def edited(self, edit):
        """The same certificate with its TBS items changed by edit, signed again."""
        tbs, alg, _ = items(items(self.der)[0][1])
        fields = items(tbs[1])
        edit(fields)
        body = tlv(0x30, joined(fields))
        path = work + "/tbs"
        with open(path, "wb") as f:
            f.write(body)
        signature = openssl("dgst", "-" + self.digest, "-sign", self.issuer_key, path)
        return self.with_der(tlv(0x30, body + tlv(*alg) + tlv(0x03, b"\0" + signature)))

    def replaced(self, old, new):
        """Edited: the one place of bytes old in subject, key or extensions becomes new (same length)."""
        def edit(fields):
            where = [i for i in range(5, len(fields)) if old in fields[i][1]]
            assert len(where) == 1 and len(old) == len(new)
            tag, content = fields[where[0]]
            assert content.count(old) == 1
            fields[where[0]] = (tag, content.replace(old, new))
        return self.edited(edit)

    def with_time(self, end, tag, text):
        """Edited: notBefore (end 0) or notAfter (end 1) becomes these bytes."""
        def edit(fields):
            times = items(fields[4][1])
            times[end] = (tag, text.encode())
            fields[4] = (0x30, joined(times))
        return self.edited(edit)

    def with_extensions(self, change):
        """Edited: the list of extensions is changed by change."""
        def edit(fields):
            extensions = items(items(fields[-1][1])[0][1])
            change(extensions)
            fields[-1] = (0xA3, tlv(0x30, joined(extensions)))
        return self.edited(edit)

    def with_broken_signature(self):
        return self.with_der(self.der[:-1] + bytes([self.der[-1] ^ 1]))


def config(folder, dn, ext=None, more="", md="sha256", strings="utf8only"):
    path = folder + "/config"
    count = {}
    lines = []
    for kind, value in dn:
        lines.append("%d.%s = %s" % (count.setdefault(kind, 0), kind, value))
        count[kind] += 1
    with open(path, "w", encoding="utf-8") as f:
        f.write(CA_CONFIG.format(d=folder, md=md, strings=strings, dn="\n".join(lines), more=more,
                                 ext="\n".join("%s = %s" % e for e in (ext or {}).items())))
    return path


def request(dn, key, strings="utf8only"):
    folder = tempfile.mkdtemp(dir=work)
    path = config(folder, dn, strings=strings)
    none = () if dn else ("-subj", "/")
    return openssl("req", "-new", "-config", path, "-key", key, *none)


def mint(dn, key, issuer=None, ext=None, start=FROM, end=UNTIL, md="sha256", sign=(), more="",
         strings="utf8only"):
    """A certificate for key, by issuer or self-signed; ext None makes version 1."""
    folder = tempfile.mkdtemp(dir=work)
    path = config(folder, dn, ext, more, md, strings)
    files = {"index": b"", "request": request(dn, key, strings)}
    unique = repr((dn, issuer and issuer.subject, ext, start, end, md, key.rpartition("/")[2]))
    files["serial"] = b"7" + hashlib.sha256(unique.encode()).hexdigest()[:15].encode() + b"\n"
    if issuer:
        files["issuer"] = issuer.pem
    for name, content in files.items():
        with open(folder + "/" + name, "wb") as f:
            f.write(content)
    by = ("-cert", folder + "/issuer", "-keyfile", issuer.key) if issuer else ("-selfsign", "-keyfile", key)
    exts = ("-extfile", path, "-extensions", "ext") if ext is not None else ()
    sigopts = sum((("-sigopt", s) for s in sign), ())
    openssl("ca", "-batch", "-notext", "-preserveDN", "-config", path, "-in", folder + "/request",
            "-out", folder + "/cert", "-startdate", start, "-enddate", end, *by, *exts, *sigopts)
    pem = open(folder + "/cert").read().split("-----")[2]
    return Cert(base64.b64decode(pem), key, issuer.key if issuer else key, md, dn)
