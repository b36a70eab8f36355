"""The openid of a visitor in WeChat's browser, against the simulator's official account."""

import json
import urllib.error
import urllib.parse
import urllib.request

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.ar_payment_gateways.core import wechat_oauth
from odoo.addons.ar_payment_gateways.core.wechat_oauth import OpenidError

from ..simulators.wechat import WechatSimulator
from ..simulators.wechat_keys import Merchant

MERCHANT = Merchant()
BACK = "https://erp.example.com/pay/openid?token=abc"


class Stay(urllib.request.HTTPRedirectHandler):
    """Does not follow."""

    def redirect_request(self, *args):
        return None


def go_back(simulator, state="S1"):
    """Return the parameters that the visitor comes back with."""
    url = wechat_oauth.authorize_url(
        appid=MERCHANT.appid, back_url=BACK, state=state, host=simulator.base_url
    )
    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.build_opener(Stay).open(url)
    location = answer.value.headers["Location"]
    assert location.startswith(BACK)
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))


def exchange(simulator, code, secret=MERCHANT.appsecret):
    url = wechat_oauth.exchange_url(appid=MERCHANT.appid, secret=secret, code=code, host=simulator.base_url)
    return wechat_oauth.read_openid(json.loads(urllib.request.urlopen(url).read()))


def test_a_code_is_good_once():
    with WechatSimulator(MERCHANT) as simulator:
        found = go_back(simulator)
        assert found["state"] == "S1"
        assert exchange(simulator, found["code"]) == "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
        with pytest.raises(OpenidError, match="40029"):
            exchange(simulator, found["code"])
        with pytest.raises(OpenidError, match="40125"):
            exchange(simulator, go_back(simulator)["code"], "wrong")


def test_the_address_is_the_documented_one():
    url = wechat_oauth.authorize_url(appid="wx1", back_url="https://a.b/c?d=e", state="x")
    assert url == (
        "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx1&redirect_uri=https%3A%2F%2Fa.b%2Fc%3Fd%3De"
        "&response_type=code&scope=snsapi_base&state=x#wechat_redirect"
    )


@pytest.mark.parametrize("state", ["", "a b", "a&scope=snsapi_userinfo", "x" * 129, "状"])
def test_states(state):
    with pytest.raises(ValueError, match="state"):
        wechat_oauth.authorize_url(appid="wx1", back_url=BACK, state=state)


@pytest.mark.parametrize("code", ["", "a&secret=b", "a b", "x" * 129])
def test_codes(code):
    with pytest.raises(OpenidError):
        wechat_oauth.exchange_url(appid="wx1", secret="s", code=code)


@given(
    st.dictionaries(
        st.sampled_from(["openid", "errcode", "x"]), st.none() | st.integers() | st.text(max_size=30)
    )
)
def test_nonsense_is_no_openid(answer):
    with pytest.raises(OpenidError):
        wechat_oauth.read_openid({**answer, "openid": answer.get("openid") and f"{answer['openid']}!"})
