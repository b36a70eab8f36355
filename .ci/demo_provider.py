"""Run by `./ar demo` in `odoo shell`: the demo company is paid through the simulators and Odoo's Demo provider.

Expects ALIPAY_KEYS, WECHAT_KEYS and UNIONPAY_KEYS in the environment: the folders where the simulators keep their keys.
Doing it again changes nothing.
"""

import base64
import json
import os
from pathlib import Path

keys = Path(os.environ["ALIPAY_KEYS"])
merchant = json.loads((keys / "merchant.json").read_text())
company = env.ref("ar_credit_control.demo_company")  # noqa: F821 the shell's
env = env(context={"allowed_company_ids": company.ids})  # noqa: F821


def provider_of(code):
    """The company's own provider with that code; a company's providers are copies of the first company's."""
    providers = env["payment.provider"].search([("code", "=", code)])
    own = providers.filtered(lambda provider: provider.company_id == company)
    return own[:1] or providers.sudo().search([("code", "=", code)], limit=1).copy({"company_id": company.id})


def journal_of(code, name, chinese):
    """The journal where the money of a provider arrives."""
    journal = env["account.journal"].search([("code", "=", code), ("company_id", "=", company.id)])
    if not journal:
        journal = env["account.journal"].create(
            {"name": name, "code": code, "type": "bank", "company_id": company.id}
        )
        journal.with_context(lang="zh_CN").name = chinese
    return journal


alipay = provider_of("alipay")
alipay.write(
    {
        "alipay_app_id": merchant["app_id"],
        "alipay_seller_id": merchant["seller_id"],
        "alipay_private_key": (keys / "merchant_private.pem").read_text(),
        "alipay_public_key": (keys / "alipay_public.pem").read_text(),
        "alipay_page_pay": True,
        "alipay_wap_pay": True,
        "state": "test",
        "is_published": True,
    }
)
alipay.journal_id = journal_of("ALI", "Alipay", "支付宝")

keys = Path(os.environ["WECHAT_KEYS"])
merchant = json.loads((keys / "wechat_merchant.json").read_text())
wechatpay = provider_of("wechatpay")
wechatpay.write(
    {
        "wechatpay_mchid": merchant["mchid"],
        "wechatpay_appid": merchant["appid"],
        "wechatpay_private_key": (keys / "wechat_merchant_private.pem").read_text(),
        "wechatpay_certificate_serial": merchant["merchant_serial"],
        "wechatpay_apiv3_key": merchant["apiv3_key"],
        "wechatpay_public_key_id": merchant["key_id"],
        "wechatpay_public_key": (keys / "wechat_platform_public.pem").read_text(),
        "wechatpay_h5": True,
        "wechatpay_app_secret": merchant["appsecret"],
        "state": "test",
        "is_published": True,
    }
)
wechatpay.journal_id = journal_of("WXP", "WeChat Pay", "微信支付")

keys = Path(os.environ["UNIONPAY_KEYS"])
merchant = json.loads((keys / "unionpay_merchant.json").read_text())
unionpay = provider_of("unionpay")
unionpay.write(
    {
        "unionpay_mer_id": merchant["mer_id"],
        "unionpay_pfx": base64.b64encode((keys / "unionpay_merchant.pfx").read_bytes()),
        "unionpay_pfx_password": merchant["password"],
        "unionpay_root_certificate": (keys / "unionpay_root.pem").read_text(),
        "unionpay_middle_certificate": (keys / "unionpay_middle.pem").read_text(),
        "state": "test",
        "is_published": True,
    }
)
unionpay.journal_id = journal_of("UPY", "UnionPay", "银联")

if env["ir.module.module"]._get("payment_demo").state == "installed":
    card = provider_of("demo")
    card.write({"state": "test", "is_published": True})
    card.journal_id = env.ref("ar_credit_control.demo_journal_usd")
env["payment.method"].search(
    [("code", "in", ("alipay", "wechat_pay", "unionpay_online", "demo"))]
).active = True
env.cr.commit()
