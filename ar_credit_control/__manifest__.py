{
    "name": "AR Credit Control",
    "summary": "Credit limits, exposure, holds and approvals before a sale becomes a risk",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "author": "AR Suite",
    "license": "LGPL-3",
    "depends": ["account", "sale"],
    "data": [
        "security/ar_credit_control_groups.xml",
    ],
    "demo": [
        "demo/company.xml",
        "demo/journals.xml",
        "demo/users.xml",
        "demo/products.xml",
        "demo/customers.xml",
        "demo/documents.xml",
    ],
}
