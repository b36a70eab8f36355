"""Which requests the Alipay simulator looks into at all: complete, signed byte for byte, of this moment in China."""

import json
import urllib.parse
from datetime import datetime, timedelta

from . import alipay_keys as keys
from .alipay_trades import CHINA, TIME_FORMAT, now

COMMON = {"app_id", "method", "format", "charset", "sign_type", "sign", "timestamp", "version", "biz_content"}
CERTIFICATE_NAMES = {"app_cert_sn", "alipay_root_cert_sn"}
OPTIONAL = {"notify_url", "return_url", "app_auth_token"}
MAX_SKEW = timedelta(minutes=15)


class BadRequestError(Exception):
    """A request the gateway does not even look into: code 4000x with this sub_code."""


def check(simulator, params):
    """Return the content of a genuine request, or raise BadRequestError."""
    if simulator.certificates and CERTIFICATE_NAMES - params.keys():
        raise BadRequestError("isv.missing-signature-config")
    if COMMON - params.keys() or params.keys() - COMMON - OPTIONAL - CERTIFICATE_NAMES:
        raise BadRequestError("isv.invalid-parameter")
    if (params["format"], params["version"]) != ("JSON", "1.0") or params["charset"].lower() != "utf-8":
        raise BadRequestError("isv.invalid-parameter")
    if params["sign_type"] != "RSA2":
        raise BadRequestError("isv.invalid-signature-type")
    if params["app_id"] != simulator.merchant.app_id:
        raise BadRequestError("isv.invalid-app-id")
    known = simulator.certificates and (simulator.certificates.app_name, simulator.certificates.root_name)
    if known and (params["app_cert_sn"], params["alipay_root_cert_sn"]) != known:
        raise BadRequestError("isv.missing-signature-config")
    text = "&".join(f"{k}={v}" for k, v in sorted(params.items()) if k != "sign" and v != "")
    if not keys.verifies(text.encode(), params["sign"], simulator.merchant.merchant_key):
        raise BadRequestError("isv.invalid-signature")
    try:
        sent = datetime.strptime(params["timestamp"], TIME_FORMAT).replace(tzinfo=CHINA)
        content = json.loads(params["biz_content"])
    except ValueError:
        raise BadRequestError("isv.invalid-parameter") from None
    if abs(now() + timedelta(seconds=simulator.knobs.clock_skew) - sent) > MAX_SKEW:
        raise BadRequestError("isv.invalid-timestamp")
    return content


def check_notify_url(params):
    """Refuse an address that no notification is sent to."""
    notify = urllib.parse.urlsplit(params.get("notify_url", ""))
    if notify.scheme not in ("http", "https") or notify.query or notify.fragment:
        raise BadRequestError("isv.invalid-notify-url")
