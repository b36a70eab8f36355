"""HTTP of the WeChat Pay simulator: /v3/... for merchants, /cashier/<id> for buyers."""

import json
import re
import urllib.parse
from html import escape

from .alipay_keys import verifies
from .cashier import page
from .gateway import Handler
from .wechat_orders import RefusalError

ORDER = re.compile(r"/v3/pay/transactions/(native|jsapi|h5)")
CLOSE = re.compile(r"/v3/pay/transactions/out-trade-no/([^/]+)/close")
QUERY = re.compile(r"/v3/pay/transactions/out-trade-no/([^/]+)")
REFUND = "/v3/refund/domestic/refunds"
FIELDS = ["mchid", "nonce_str", "serial_no", "signature", "timestamp"]


class WechatHandler(Handler):
    """Checks each request's signature, then looks the address up."""

    def get(self, path):
        if path.startswith(("/connect/", "/sns/")):
            self._openid(urllib.parse.urlsplit(path))
        elif path.startswith("/cashier/"):
            self._cashier(urllib.parse.urlsplit(path))
        else:
            self._merchant("GET", path, b"")

    def post(self, path, body):
        address = urllib.parse.urlsplit(path)
        parts = address.path.split("/")
        if parts[1] == "cashier" and parts[-1] == "pay":
            order = self.simulator.by_cashier_id(parts[2])
            if order and self.simulator.orders.pay(order):
                self.simulator.in_background(self.simulator.notify_payment, order, True)
            self._cashier(address)
        else:
            self._merchant("POST", path, body)

    # --- merchants ---

    def date_time_string(self, timestamp=None):
        """The Date header: by the gateway's clock."""
        return super().date_time_string(self.simulator.now().timestamp() if timestamp is None else timestamp)

    def _merchant(self, method, target, body):
        try:
            self._check(method, target, body)
            found = self._execute(method, target, body)
        except RefusalError as error:
            self.simulator.refusals.append(error.code)
            self._refuse(error)
            return
        if isinstance(found, bytes):  # a downloaded bill carries no signature
            self.answer(200, found, "text/plain")
            return
        answer = b"" if found is None else json.dumps(found, ensure_ascii=False).encode()
        headers = self.simulator.sign(answer, self.headers.get("Wechatpay-Serial"))
        if self.simulator.knobs.tamper_answer:
            answer += b" "
        if self.simulator.knobs.take("unsigned"):
            headers = {}
        self.answer(204 if found is None else 200, answer, "application/json; charset=utf-8", headers)

    def _refuse(self, error):
        body = json.dumps({"code": error.code, "message": error.message}, ensure_ascii=False).encode()
        self.answer(error.status, body, "application/json; charset=utf-8", droppable=False)

    def _check(self, method, target, body):
        headers = self.headers
        if not headers.get("User-Agent") or "application/json" not in headers.get("Accept", ""):
            raise RefusalError(400, "PARAM_ERROR", "User-Agent, Accept")
        if body and not headers.get("Content-Type", "").startswith("application/json"):
            raise RefusalError(400, "PARAM_ERROR", "Content-Type")
        scheme, _space, rest = headers.get("Authorization", "").partition(" ")
        found = re.findall(r'([a-z_]+)="([^"]*)"(?:,|$)', rest)
        values = dict(found)
        exact = ",".join(f'{name}="{value}"' for name, value in found) == rest
        if scheme != "WECHATPAY2-SHA256-RSA2048" or not exact or sorted(name for name, _v in found) != FIELDS:
            raise RefusalError(401, "SIGN_ERROR", "Authorization")
        merchant = self.simulator.merchant
        if (values["mchid"], values["serial_no"]) != (merchant.mchid, merchant.merchant_serial):
            raise RefusalError(401, "SIGN_ERROR", "商户号或证书序列号")
        if (
            not values["timestamp"].isdigit()
            or abs(self.simulator.now().timestamp() - int(values["timestamp"])) > 300
        ):
            raise RefusalError(401, "SIGN_ERROR", "Authorization中的timestamp与发起请求的时间不得超过5分钟")
        message = (
            f"{method}\n{target}\n{values['timestamp']}\n{values['nonce_str']}\n".encode() + body + b"\n"
        )
        if not 1 <= len(values["nonce_str"]) <= 32 or not verifies(
            message, values["signature"], merchant.merchant_key
        ):
            raise RefusalError(401, "SIGN_ERROR", "签名错误")

    def _execute(self, method, target, body):
        code, self.simulator.knobs.business_error = self.simulator.knobs.business_error, ""
        if code:
            raise RefusalError(500 if code == "SYSTEM_ERROR" else 400, code)
        parts = urllib.parse.urlsplit(target)
        query = dict(urllib.parse.parse_qsl(parts.query))
        try:
            content = json.loads(body) if body else {}
        except ValueError:
            raise RefusalError(400, "PARAM_ERROR", "JSON") from None
        with self.simulator.lock:
            self.simulator.requests.append((f"{method} {parts.path}", content or query))
            act = self._post if method == "POST" else self._read
            return act(parts.path, content or query)

    def _post(self, path, content):
        orders = self.simulator.orders
        if match := ORDER.fullmatch(path):
            return orders.create(match[1], content)
        if match := CLOSE.fullmatch(path):
            return orders.close(urllib.parse.unquote(match[1]), content)
        if path == REFUND:
            answer = orders.refund(content)
            if answer["status"] == "PROCESSING" and not self.simulator.knobs.hold_refunds:
                self.simulator.in_background(self.simulator.finish_refund, content["out_refund_no"])
            return answer
        raise RefusalError(404, "RESOURCE_NOT_EXISTS")

    def _read(self, path, query):
        simulator = self.simulator
        if match := QUERY.fullmatch(path):
            if query.get("mchid") != simulator.merchant.mchid:
                raise RefusalError(400, "PARAM_ERROR", "mchid")
            return simulator.orders.query(urllib.parse.unquote(match[1]))
        if path.startswith(f"{REFUND}/"):
            found = simulator.orders.find_refund(urllib.parse.unquote(path.removeprefix(f"{REFUND}/")))
            return simulator.orders.refund_answer(*found)
        if path == "/v3/certificates":
            return simulator.certificates()
        if path in ("/v3/bill/tradebill", "/v3/bill/fundflowbill"):
            return simulator.bills.ask(path, query)
        if path == "/v3/billdownload/file":
            return simulator.bills.download(query)
        raise RefusalError(404, "RESOURCE_NOT_EXISTS")

    # --- buyers ---

    def _openid(self, parts):
        """The official account: send the visitor back with a code, exchange the code once."""
        query = dict(urllib.parse.parse_qsl(parts.query))
        merchant = self.simulator.merchant
        if parts.path == "/connect/oauth2/authorize":
            expected = ["appid", "redirect_uri", "response_type", "scope", "state"]
            if list(query) != expected or (query["appid"], query["scope"]) != (merchant.appid, "snsapi_base"):
                self.send_error(400)
                return
            back = urllib.parse.urlsplit(query["redirect_uri"])
            added = urllib.parse.urlencode({"code": self.simulator.new_code(), "state": query["state"]})
            target = back._replace(query="&".join(filter(None, (back.query, added)))).geturl()
            self.answer(302, headers={"Location": target})
            return
        right = (query.get("appid"), query.get("secret")) == (merchant.appid, merchant.appsecret)
        openid = right and self.simulator.codes.pop(query.get("code"), None)
        found = (
            {"openid": openid, "scope": "snsapi_base"} if openid else {"errcode": 40029 if right else 40125}
        )
        self.answer(200, json.dumps(found).encode(), "text/plain")

    def _cashier(self, address):
        cashier_id = address.path.split("/")[2]
        order = self.simulator.by_cashier_id(cashier_id)
        if not order:
            self.send_error(404)
            return
        query = dict(urllib.parse.parse_qsl(address.query))
        if "h5" in query and not self.headers.get("Referer"):
            # "H5支付常见问题": without it WeChat says 商家参数格式有误
            self.send_error(400, "Referer")
            return
        back = query.get("redirect_url")
        payable = order.state == "NOTPAY" and not order.is_over(self.simulator.now())
        shown = page(
            title="微信支付模拟器 · WeChat Pay simulator",
            colour="#07c160",
            subject=order.content["description"],
            amount_minor=order.total,
            number=order.number,
            pay_url=f"/cashier/{cashier_id}/pay?{address.query}" if payable else "",
            paid=bool(order.paid),
            extra=f'<p><a href="{escape(back)}">返回商家 · Back to the shop</a></p>' if back else "",
        )
        self.answer(200, shown, droppable=False)
