{
    "name": "AR Payment Gateways",
    "summary": "One QR code on the invoice, paid with Alipay or any other provider",
    "version": "19.0.1.0.0",
    "category": "Accounting/Payment Providers",
    "author": "AR Suite",
    "license": "LGPL-3",
    "depends": ["account_payment", "sale"],
    "external_dependencies": {"python": ["qrcode"]},
    "data": [
        "security/ar_payment_gateways_groups.xml",
    ],
    "demo": [],
}
