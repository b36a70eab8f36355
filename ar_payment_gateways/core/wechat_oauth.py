"""Who pays: the `openid` of a visitor in WeChat's browser, which JSAPI payments need.

Source: developers.weixin.qq.com, official accounts, "网页授权" (snsapi_base: no question to the visitor, only his
openid). The way: authorize_url -> WeChat sends the browser back to us with `code` and `state` -> our server exchanges
the code once (GET exchange_url) -> openid. The answer carries no signature: it is fetched over TLS from WeChat itself,
and an openid is no secret and no proof of anything; it only says whose WeChat opens for the payment.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

AUTHORIZE_HOST = "https://open.weixin.qq.com"
EXCHANGE_HOST = "https://api.weixin.qq.com"
AUTHORIZE_PATH = "/connect/oauth2/authorize"
EXCHANGE_PATH = "/sns/oauth2/access_token"

_STATE = re.compile(r"[0-9A-Za-z]{1,128}")
_CODE = re.compile(r"[0-9A-Za-z_\-]{1,128}")
_OPENID = re.compile(r"[0-9A-Za-z_\-]{20,64}")


class OpenidError(ValueError):
    """No openid came of it; the text is WeChat's `errcode`, or what was wrong with the answer."""


def authorize_url(*, appid: str, back_url: str, state: str, host: str = AUTHORIZE_HOST) -> str:
    """Return where to send the visitor.

    WeChat compares the text of this address: parameters in this order, the fragment at the end.

    :param back_url: on the domain that is registered for the account.
    :param state: comes back as it is, at most 128 letters and digits; to be bound to the visitor's session.
    :raise ValueError: if the state has another shape.
    """
    if not _STATE.fullmatch(state):
        raise ValueError("state has 1 to 128 letters and digits")
    query = urlencode(
        {
            "appid": appid,
            "redirect_uri": back_url,
            "response_type": "code",
            "scope": "snsapi_base",
            "state": state,
        }
    )
    return f"{host}{AUTHORIZE_PATH}?{query}#wechat_redirect"


def exchange_url(*, appid: str, secret: str, code: str, host: str = EXCHANGE_HOST) -> str:
    """Return what our server fetches. It holds the secret of the account: never log it, never redirect to it.

    :param code: from the address that the visitor came back to; good once, for five minutes.
    :raise OpenidError: if it is no code.
    """
    if not _CODE.fullmatch(code):
        raise OpenidError("code")
    query = {"appid": appid, "secret": secret, "code": code, "grant_type": "authorization_code"}
    return f"{host}{EXCHANGE_PATH}?{urlencode(query)}"


def read_openid(answer: Mapping[str, Any]) -> str:
    """Return the openid of the answer.

    :raise OpenidError: if WeChat refused (40029: code used or made up; 40163: code used before) or says nonsense.
    """
    if answer.get("errcode"):
        raise OpenidError(str(answer["errcode"]))
    openid = answer.get("openid")
    if not isinstance(openid, str) or not _OPENID.fullmatch(openid):
        raise OpenidError("openid")
    return openid
