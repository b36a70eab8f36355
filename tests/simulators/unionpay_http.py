"""HTTP of the UnionPay simulator: the gateway's addresses for merchants and browsers, /cashier/<id> for buyers."""

import urllib.parse

from .cashier import form, page
from .gateway import Handler
from .unionpay_orders import RefusalError

FRONT, BACK, QUERY = (f"/gateway/api/{name}.do" for name in ("frontTransReq", "backTransReq", "queryTrans"))
KINDS = {FRONT: {("01", "01")}, BACK: {("01", "07"), ("04", "00"), ("31", "00"), ("00", "00")}, QUERY: {("00", "00")},
         "/": {("76", "01")}}  # fmt: skip


class UnionpayHandler(Handler):
    """Decodes the form strictly, lets the simulator check the signature, answers k=v&k=v."""

    def get(self, path):
        parts = path.split("/")
        if parts[1] in ("cashier", "qr"):
            self._cashier(parts[2])
        else:
            self.send_error(404)

    def post(self, path, body):
        parts = path.split("/")
        if parts[1] in ("cashier", "qr") and parts[-1] == "pay":
            order = self.simulator.by_cashier_id(parts[2])
            if order and self.simulator.orders.pay(order):
                self.simulator.in_background(self.simulator.notify_order, order, True)
            self._cashier(parts[2])
        elif path in KINDS:
            self._merchant(path, body)
        else:
            self.send_error(404)

    def _merchant(self, path, body):
        simulator = self.simulator
        params = {}
        try:
            pairs = urllib.parse.parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict")
            params = dict(pairs)
            if len(params) != len(pairs):
                raise RefusalError("10", "重复字段")
            if not self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
                raise RefusalError("10", "Content-Type")
            simulator.check_signature(params)
            simulator.orders.check(params)
            if (params["txnType"], params["txnSubType"]) not in KINDS[path]:
                raise RefusalError("10", "交易类型")
            code, simulator.knobs.business_error = simulator.knobs.business_error, ""
            if code:
                raise RefusalError(code)
            with simulator.lock:
                simulator.requests.append((params["txnType"] + params["txnSubType"], params))
                answer = simulator.execute(params)
        except (RefusalError, UnicodeDecodeError) as error:
            code, message = getattr(error, "code", "10"), getattr(error, "message", "")
            simulator.refusals.append(code)
            answer = simulator.answer_of(params, code, message)
        if path == FRONT and answer["respCode"] == "00":
            self.send_response(302)
            self.send_header("Location", answer["cashier"])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.answer(200, simulator.sign_answer(answer), "text/html;charset=UTF-8")

    def _cashier(self, cashier_id):
        order = self.simulator.by_cashier_id(cashier_id)
        if not order:
            self.send_error(404)
            return
        extra = ""
        if order.done and "frontUrl" in order.fields:
            fields = self.simulator.notification(order)
            extra = form(order.fields["frontUrl"], fields, "返回商户 · Back to the merchant")
        shown = page(
            title="云闪付模拟器 · UnionPay simulator",
            colour="#d7000f",
            subject=f"商户 {order.fields['merId']}",
            amount_minor=order.amount,
            number=order.number,
            pay_url="" if order.done or order.is_over(self.simulator.now()) else f"/cashier/{cashier_id}/pay",
            paid=bool(order.done),
            extra=extra,
        )
        self.answer(200, shown, droppable=False)
