"""Names of the outside world: routes, hosts, codes. Sources beside them."""

SUPPORTED_CURRENCIES = ("CNY",)
"""Domestic Alipay settles in renminbi only."""

DEFAULT_PAYMENT_METHOD_CODES = {"alipay"}

# Alipay open platform, "网关地址".
ALIPAY_GATEWAY = "https://openapi.alipay.com/gateway.do"
ALIPAY_SANDBOX = "https://openapi-sandbox.dl.alipaydev.com/gateway.do"

TEST_GATEWAY_PARAMETER = "ar_payment_gateways.alipay_test_url"
"""System parameter with the address of a simulator. Obeyed in test mode only, and on this very machine only."""

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")

NOTIFY_ROUTE = "/payment/alipay/notify"
CHECKOUT_ROUTE = "/payment/alipay/checkout"
PAY_ROUTE = "/pay"
ORDER_ROUTE = "/pay/order"

NOTIFICATION_MAX_BYTES = 65536

ORDER_MINUTES = 30
"""How long a gateway order can be paid. Short: an open order is money that may still come for an old amount."""

REUSE_MARGIN_MINUTES = 3
"""An order that ends sooner than this is not shown again to somebody who has just opened the page."""

CLOSE_GRACE_MINUTES = 5
"""After an order's end we wait this long for payments under way before closing it."""

QUERY_SECONDS = 4
"""A page that waits asks the gateway at most this often; Alipay's guide to 订单码支付 says every 5 seconds."""

ORDERS_PER_WINDOW = 10
ORDER_WINDOW_MINUTES = 10
"""So many gateway orders a link may make in so many minutes; a person needs one."""

# Codes of the gateway, "公共错误码" and "alipay.trade.* 业务错误码".
CODE_SUCCESS = "10000"
TRADE_NOT_EXIST = "ACQ.TRADE_NOT_EXIST"
NEEDS_NEW_NUMBER = ("ACQ.CONTEXT_INCONSISTENT", "ACQ.TRADE_HAS_CLOSE")
