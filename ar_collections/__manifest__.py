{
    "name": "AR Collections",
    "summary": "Dunning, aging and cash application: everything after the invoice",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "author": "AR Suite",
    "license": "LGPL-3",
    "depends": ["ar_credit_control", "ar_payment_gateways"],
    "external_dependencies": {"python": ["xlsxwriter"]},
    "data": [
        "security/ar_collections_groups.xml",
    ],
    "demo": [],
}
