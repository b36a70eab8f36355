{
    "name": "AR Credit Control: Website Shop",
    "summary": "Tells the customer of the shop that an order is under review",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "author": "AR Suite",
    "license": "LGPL-3",
    "depends": ["ar_credit_control", "website_sale"],
    "data": ["views/website_sale_templates.xml"],
    "auto_install": True,
}
