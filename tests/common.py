"""Base classes of our tests.

Odoo gives its test tags only to classes that live in `odoo.addons`; without the tag `standard` the guard that
blocks outgoing HTTP is off (odoo/tests/common.py). So every class here sets them itself. Classes derived from
Odoo's own commons (AccountTestInvoicingCommon, PaymentCommon, ...) inherit theirs.
"""

from odoo.tests import HttpCase, TransactionCase

from odoo.addons.account.tests.common import AccountTestInvoicingCommon


class ARCase(TransactionCase):
    test_tags = {"standard", "post_install"}
    test_module = "ar_collections"


class ARHttpCase(HttpCase):
    test_tags = {"standard", "post_install"}
    test_module = "ar_collections"


class ARAccountingCase(AccountTestInvoicingCommon):
    """A company with a chart of accounts, taxes and products (AccountTestInvoicingCommon)."""
