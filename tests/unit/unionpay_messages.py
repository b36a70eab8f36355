"""Messages as UnionPay would send them, signed under certificates made for the tests."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from odoo.addons.ar_payment_gateways.core import rsa_signing, unionpay_signing
from odoo.addons.ar_payment_gateways.core.trade import Expected
from odoo.addons.ar_payment_gateways.core.unionpay_certificates import load_trust

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
CN = "041@8310000000083040@中国银联股份有限公司@00000016"
MER_ID = "777290058167151"
NUMBER = "AR20261123080000ABCDEFGHJK"
EXPECTED = Expected(NUMBER, 12345, "", MER_ID, ordered_at=NOW)


def new_key(bits=2048):
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


ROOT_KEY, MIDDLE_KEY, SIGNER_KEY, OTHER_KEY = new_key(), new_key(), new_key(), new_key()


def certificate(
    cn, key, issuer_cn=None, issuer_key=None, ca=False, start=NOW - timedelta(days=30), days=365, digest=None
):
    def name(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    builder = x509.CertificateBuilder().subject_name(name(cn)).issuer_name(name(issuer_cn or cn))
    builder = builder.public_key(key.public_key()).serial_number(69903319369)
    builder = builder.not_valid_before(start).not_valid_after(start + timedelta(days=days))
    if ca:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(issuer_key or key, digest or hashes.SHA256())


def pem(each):
    return each.public_bytes(serialization.Encoding.PEM).decode().strip().replace("\n", "\r\n")


ROOT = certificate("Test Root", ROOT_KEY, ca=True, days=3650)
MIDDLE = certificate("Test OCA1", MIDDLE_KEY, "Test Root", ROOT_KEY, ca=True, days=3650)
SIGNER = certificate(CN, SIGNER_KEY, "Test OCA1", MIDDLE_KEY)
TRUST = load_trust(pem(ROOT), pem(MIDDLE))


def notification(key=SIGNER_KEY, signer=SIGNER, **changes):
    fields = {
        "accNo": "ORRSXWY1kMr8UJNx==",
        "accessType": "0",
        "bizType": "000000",
        "currencyCode": "156",
        "encoding": "UTF-8",
        "exchangeRate": "0",
        "merId": MER_ID,
        "orderId": NUMBER,
        "queryId": "782611231600000674028",
        "respCode": "00",
        "respMsg": "成功[0000000]",
        "settleAmt": "12345",
        "settleCurrencyCode": "156",
        "settleDate": "1123",
        "signMethod": "01",
        "signPubKeyCert": pem(signer),
        "traceNo": "067402",
        "traceTime": "1123160005",
        "txnAmt": "12345",
        "txnSubType": "07",
        "txnTime": "20261123160000",
        "txnType": "01",
        "version": "5.1.0",
        **changes,
    }
    return {**fields, "signature": rsa_signing.sign(unionpay_signing.digest(fields), key)}
