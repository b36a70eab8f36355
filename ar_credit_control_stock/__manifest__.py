{
    "name": "AR Credit Control: Delivery",
    "summary": "Asks the credit rules when goods leave for the customer",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "author": "AR Suite",
    "license": "LGPL-3",
    "depends": ["ar_credit_control", "sale_stock"],
    "data": ["data/ar_credit_rule_data.xml"],
    "auto_install": True,
}
