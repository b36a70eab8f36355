"""Certificates of the Alipay simulator: a root file with decoys, the authority below, the app's and Alipay's own."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from .alipay_keys import new_key
from .alipay_trades import RefusalError

DOWNLOAD_METHOD = "alipay.open.app.alipaycert.download"
COMPANY = "支付宝(中国)网络技术有限公司"
AUTHORITY = (
    "CN",
    "Ant Simulator",
    "Certification Authority",
    "Ant Simulator Certification Authority Class 2 R1",
)
ROOT = ("CN", "Ant Simulator", "Certification Authority", "Ant Simulator Certification Authority R1")
PARTS = (
    NameOID.COUNTRY_NAME,
    NameOID.ORGANIZATION_NAME,
    NameOID.ORGANIZATIONAL_UNIT_NAME,
    NameOID.COMMON_NAME,
)


def issue(subject, key, issuer, issuer_key, ca=False, days=1000):
    """Return a certificate that began yesterday; names are (country, organisation, unit, common name)."""
    start = datetime.now(UTC) - timedelta(days=1 - min(0, days))

    def name(values):
        return x509.Name([x509.NameAttribute(*each) for each in zip(PARTS, values, strict=True)])

    builder = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer))
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(start).not_valid_after(datetime.now(UTC) + timedelta(days=days))
    if ca:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


def pem(*certificates):
    return "".join(each.public_bytes(serialization.Encoding.PEM).decode() for each in certificates)


def name_of(certificate, issuer):
    """Return what messages call a certificate, put together by hand: MD5 of CN=..,OU=..,O=..,C=.. and the number."""
    text = ",".join(f"{part}={value}" for part, value in zip(("C", "O", "OU", "CN"), issuer, strict=True))
    text = ",".join(reversed(text.split(",")))
    return hashlib.md5(f"{text}{certificate.serial_number}".encode(), usedforsecurity=False).hexdigest()


class Certificates:
    """A merchant's three files, and what Alipay can do with its own."""

    def __init__(self, merchant):
        self.merchant = merchant
        self.keys = {"root": new_key(), "authority": new_key()}
        decoy = ec.generate_private_key(ec.SECP384R1())
        self.root = issue(ROOT, self.keys["root"], ROOT, self.keys["root"], ca=True)
        self.decoy = issue((*ROOT[:3], "Simulator E1"), decoy, (*ROOT[:3], "Simulator E1"), decoy, ca=True)
        self.authority = issue(AUTHORITY, self.keys["authority"], ROOT, self.keys["root"], ca=True)
        self.app = self.issue(f"{merchant.seller_id}-{merchant.app_id}", merchant.merchant_key)
        self.company = f"{COMPANY}-{merchant.seller_id}"
        self.signer = self.issue(self.company, merchant.alipay_key)
        self.first_key = merchant.alipay_key
        self.offered = {}  # name: what the download gives out
        self.offer(self.signer)

    def issue(self, common_name, key, days=1000):
        """Return a certificate of the authority's."""
        subject = ("CN", "simulator@example.com", "Alipay", common_name)
        return issue(subject, key, AUTHORITY, self.keys["authority"], days=days)

    def offer(self, certificate, *others):
        self.offered[name_of(certificate, AUTHORITY)] = pem(certificate, *(others or (self.authority,)))

    def rotate(self, certificate=None, key=None, others=()):
        """Alipay signs with another key from now on; return what messages call its certificate."""
        self.merchant.alipay_key = key or new_key()
        self.signer = certificate or self.issue(self.company, self.merchant.alipay_key)
        self.offer(self.signer, *others)
        return self.signer_name

    def reset(self):
        """Alipay signs with its first key again."""
        self.merchant.alipay_key = self.first_key

    @property
    def app_name(self):
        return name_of(self.app, AUTHORITY)

    @property
    def signer_name(self):
        return name_of(self.signer, AUTHORITY)

    @property
    def root_name(self):
        return name_of(self.root, ROOT)

    @property
    def files(self):
        """What the console offers for download: the app's, Alipay's, the roots (also one that does not count)."""
        return pem(self.app), pem(self.signer, self.authority), pem(self.decoy, self.root)

    def download(self, content):
        """Answer alipay.open.app.alipaycert.download."""
        found = self.offered.get(content.get("alipay_cert_sn"))
        if not found:
            raise RefusalError("isv.invalid-arguments", "证书不存在")
        return {"alipay_cert_content": base64.b64encode(found.encode()).decode()}
