"""Names of the outside world: routes, hosts, codes. Sources beside them."""

from dataclasses import dataclass

from .core.credentials import Credential, Kind

# Alipay open platform, "网关地址".
ALIPAY_GATEWAY = "https://openapi.alipay.com/gateway.do"
ALIPAY_SANDBOX = "https://openapi-sandbox.dl.alipaydev.com/gateway.do"

TEST_GATEWAY_PARAMETER = "ar_payment_gateways.alipay_test_url"

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Gateway:
    """What the machinery has to know of a gateway without calling it."""

    method_xmlid: str
    """Its payment.method."""
    credentials: tuple[Credential, ...]
    """What is entered about the merchant."""
    test_parameter: str
    """System parameter with the address of a simulator. Obeyed in test mode only, and on this very machine only."""
    query_seconds: tuple[int, ...]
    """When to ask about an order that nobody has told us of, after it was made; a page that waits asks more often."""
    currencies: tuple[str, ...] = ("CNY",)
    """Domestic gateways settle in renminbi only."""
    method_codes: tuple[str, ...] = ()

    @property
    def credential_fields(self) -> tuple[str, ...]:
        """Fields of payment.provider that are emptied when the provider is reset."""
        return tuple(each.field for each in self.credentials)


AR_GATEWAYS = {
    "alipay": Gateway(
        method_xmlid="payment.payment_method_alipay",
        credentials=(
            Credential("alipay_app_id"),
            Credential("alipay_seller_id"),
            Credential("alipay_private_key", Kind.OUR_KEY, is_secret=True),
            Credential("alipay_public_key", Kind.THEIR_KEY),
            Credential("alipay_app_certificate"),
            Credential("alipay_certificate"),
            Credential("alipay_root_certificate"),
        ),
        test_parameter=TEST_GATEWAY_PARAMETER,
        # Alipay names none for orders that live longer than a buyer stands at a till: every five seconds there.
        query_seconds=(60, 120, 240, 420, 720, 1320, 1920),
        method_codes=("alipay",),
    ),
    "wechatpay": Gateway(
        method_xmlid="payment.payment_method_wechat_pay",
        credentials=(
            Credential("wechatpay_mchid"),
            Credential("wechatpay_appid"),
            Credential("wechatpay_private_key", Kind.OUR_KEY, is_secret=True),
            Credential("wechatpay_certificate_serial"),
            Credential("wechatpay_apiv3_key", is_secret=True),
            Credential("wechatpay_public_key_id"),
            Credential("wechatpay_public_key", Kind.THEIR_KEY),
            Credential("wechatpay_platform_certificates", Kind.THEIR_CERTIFICATES),
            Credential("wechatpay_app_secret", is_secret=True),
        ),
        test_parameter="ar_payment_gateways.wechatpay_test_url",
        # "查询订单": 5 s, 30 s, 1, 3, 5, 10 and 30 minutes after ordering, then close.
        query_seconds=(5, 30, 60, 180, 300, 600, 1800),
        method_codes=("wechat_pay",),
    ),
    "unionpay": Gateway(
        # Core's `unionpay` is a brand of card.
        method_xmlid="ar_payment_gateways.payment_method_unionpay_online",
        credentials=(
            Credential("unionpay_mer_id"),
            Credential("unionpay_private_key", Kind.OUR_KEY, is_secret=True),
            Credential("unionpay_certificate"),
            Credential("unionpay_root_certificate"),
            Credential("unionpay_middle_certificate"),
        ),
        test_parameter="ar_payment_gateways.unionpay_test_url",
        # 5, 10, 30, 60 and 120 minutes after ordering: of memory, to be confirmed in UnionPay's manual.
        query_seconds=(300, 600, 1800, 3600, 7200),
        method_codes=("unionpay_online",),
    ),
}
"""Our gateways by provider code."""

NOTIFY_ROUTE = "/payment/%s/notify"
"""With the provider's code; followed by its id."""
CHECKOUT_ROUTE = "/payment/%s/checkout"
PAY_ROUTE = "/pay"
ORDER_ROUTE = "/pay/order"

WECHATPAY_AUTHORIZE_ROUTE = "/payment/wechatpay/authorize"
"""Followed by the token of an order: leads through WeChat, which comes back to the other one."""
WECHATPAY_OPENID_ROUTE = "/payment/wechatpay/openid"
CERTIFICATES_MINUTES = 10
"""A gateway's certificates are not asked for more often than that, whatever messages come."""
WECHATPAY_H5_MINUTES = 4
"""An H5 order's address is good for five minutes ("H5下单"); an older one is not shown again."""

ALIPAY_RETURN_ROUTE = "/payment/alipay/return"
"""Followed by the token of an order: where Alipay's cashier sends the browser back to."""

UNIONPAY_RETURN_ROUTE = "/payment/unionpay/return"
"""Followed by the token of an order: where UnionPay's cashier sends the browser back to, by POST."""

NOTIFICATION_MAX_BYTES = 65536

ORDER_MINUTES = 30
"""How long a gateway order can be paid. Short: an open order is money that may still come for an old amount."""

REUSE_MARGIN_MINUTES = 3
"""An order that ends sooner than this is not shown again to somebody who has just opened the page."""

CLOSE_GRACE_MINUTES = 5
"""After an order's end we wait this long for payments under way before closing it."""

FIRST_QUERY_SECONDS = 60
"""No cron asks earlier: an order is numbered first and sent then, and the page that shows it asks by itself."""

QUERY_SECONDS = 4
"""A page that waits asks the gateway at most this often; Alipay's guide to 订单码支付 says every 5 seconds."""

BOOK_MINUTES = 60
"""So long after a payment it has to be in the books; one that is not is tried again as often, and somebody is told."""

ORDERS_PER_WINDOW = 10
ORDER_WINDOW_MINUTES = 10
"""So many gateway orders a link may make in so many minutes; a person needs one."""

VISIT_LIMITS = {"opened": (1, 60), "started": (10, 60), "unknown": (10, 30)}
"""So many visits in so many minutes (minutes, visits): openings noted per link, beginnings of payments per address
of a visitor, unknown links per address. Generous, since whole towns share an address with mobile operators."""

POLLS_PER_MINUTE = 120
"""So often a page that waits may ask per token and address; ours ask every three seconds."""

PAGES_PER_MINUTE = 120
"""So often a page may be opened per token and address, in each process: people do it a few times, a shop all day."""

SCAN_DAYS_PARAMETER = "ar_payment_gateways.scan_days"
SCAN_DAYS = 180
"""How long scans are kept unless the parameter says otherwise."""
VACUUM_ROWS = 10000
"""So many old scans are deleted at a time."""

REFERENCE_DOCUMENTS = 5
"""A transaction for more documents than this is named after the first of them."""

REFUND_REPEAT_SECONDS = 60
"""The same amount of the same payment asked back again within this time is the same refund: a double click, a second
tab. (WeChat Pay wants a minute between two refunds of one order anyway.)"""

REFUND_RETRY_MINUTES = (1, 5, 10, 30, 60)
"""Waits between two questions about a refund whose outcome is unknown."""

MESSAGE_DAYS_PARAMETER = "ar_payment_gateways.message_days"
MESSAGE_DAYS = 180
"""How long messages are kept unless the parameter says otherwise."""

# Codes of Alipay, "公共错误码" and "alipay.trade.* 业务错误码".
CODE_SUCCESS = "10000"
TRADE_NOT_EXIST = "ACQ.TRADE_NOT_EXIST"
INVALID_TIMESTAMP = "isv.invalid-timestamp"
TRADE_STATUS_ERROR = "ACQ.TRADE_STATUS_ERROR"
ALIPAY_CERTIFICATE_METHOD = "alipay.open.app.alipaycert.download"
NEEDS_NEW_NUMBER = ("ACQ.CONTEXT_INCONSISTENT", "ACQ.TRADE_HAS_CLOSE")

BILL_CURRENCY = "CNY"
"""Of all bills that core/settlement_read.py reads."""

BILL_DAY_SHIFT_HOURS = {"unionpay": 1}
"""How long before midnight (China) a gateway's settlement day begins; midnight for all others."""

BILL_HOUR = 10
"""When (China) the bill of the day before is asked for: Alipay has it at about 9:00, WeChat Pay at 10:00."""

BILL_RETRY_MINUTES = (30, 30, 60, 120, 240)
"""Waits between two questions about a bill that is not there yet."""

BILL_EMPTY_DAYS = 7
"""For so long it is not believed that there is no bill of a day on which our books have payments."""

BILL_DAYS_MAX = 90
"""No gateway gives out bills that are older."""

BILL_ROWS_PER_COMMIT = 200
"""So many rows of a bill are booked in one transaction."""

BILL_SUM_FROM = 500
"""Bills of so many rows are booked in sums where a row is a payment of ours, and so many rows in one transaction."""

FLOW_DAYS = 7
"""How many days a trade and the movement of the account by it may lie apart."""

FLOW_GAPS_MAX = 100
"""More payments of a day by which the account moved otherwise are one difference."""

PAYOUT_DAYS = 7
"""How long a payout may be on its way to the bank."""

PAYOUT_WORDS = {
    "alipay": ("支付宝", "alipay"),
    "wechatpay": ("财付通", "微信", "tenpay", "wechat"),
    "unionpay": ("银联", "unionpay"),
}
"""What bank statements call the sender of a payout."""

PAYOUT_PAYERS = {
    "alipay": (
        "支付宝(中国)网络技术",
        "支付宝支付科技",
        "支付宝备付金",
        "支付宝-备付金",
        "备付金-支付宝",
    ),
    "wechatpay": (
        "财付通支付科技",
        "财付通科技",
        "财付通备付金",
        "财付通-备付金",
        "备付金-财付通",
        "tenpaypayment",
    ),
    "unionpay": ("中国银联股份", "银联商务", "银联电子支付", "银联网络支付", "chinaunionpay"),
}
"""The companies that pay out, as payers of a line: by the licences that the People's Bank has given them."""

BILL_NOT_EXIST = "BILL_NOT_EXIST"
ALIPAY_BILL_HOSTS = (".alipay.com", ".alipaydev.com")
"""Where Alipay's bills are downloaded from (dwbillcenter.alipay.com)."""

WECHATPAY_BILL_HOSTS = (".mch.weixin.qq.com",)

DOWNLOAD_SECONDS = 30
DOWNLOAD_MAX_BYTES = 50 * 1024 * 1024

EXPORT_MAX = 500
"""So many ids fit into an address."""
