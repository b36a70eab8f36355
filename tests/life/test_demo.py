"""The demo data, loaded as `./ar demo` does on plain Odoo with the Chinese chart, and by an ordinary first install.

The second way also has Odoo's own demo data and, without l10n_cn, the generic chart. Both need a database of
their own, so these tests look from outside: at the log and, by SQL, at the books.
"""

import re

import pytest

from odoo.addons.ar_payment_gateways import const

COMPANY = "(select res_id from ir_model_data where module = 'ar_credit_control' and name = 'demo_company')"
RECEIVABLE = f"""
    from account_move_line l
    join account_account a on a.id = l.account_id and a.account_type = 'asset_receivable'
    where l.company_id = {COMPANY} and l.parent_state = 'posted'
"""


@pytest.fixture(params=["prepared_demo", "installed_demo"], ids=["ar_demo", "first_install"], scope="module")
def demo(request):
    return request.getfixturevalue(request.param)


def test_log_has_no_warning(demo):
    """Plain Odoo with our demo data loads without a warning; beside Odoo's own demo data nothing of ours may fail."""
    # py.warnings are the deprecations of the libraries Odoo uses.
    problems = re.findall(r"^.* (?:WARNING|ERROR|CRITICAL) (?!.*py\.warnings).*$", demo.log, re.MULTILINE)
    if not demo.database.endswith("_prepare"):
        problems = [
            line
            for line in problems
            if " ERROR " in line or re.search(r"\bar[._](credit|pay|coll|dun)", line)
        ]
    assert not problems
    without = (
        "select name from ir_module_module where name like 'ar\\_%' and state = 'installed' and not demo"
    )
    assert not demo.rows(without)


def test_company_counts_in_cny_with_the_chart_at_hand(demo):
    chart, currency, tax = demo.rows(f"""
        select company.chart_template, currency.name, tax.amount
          from res_company company
          join res_currency currency on currency.id = company.currency_id
          join account_tax tax on tax.id = company.account_sale_tax_id
         where company.id = {COMPANY}""")[0]
    assert chart == ("cn" if demo.database.endswith("_prepare") else "generic_coa")
    assert (currency, float(tax)) == ("CNY", 13.0)


def test_open_items_tie_to_the_ledger(demo):
    """Every receipt is matched, so what is open on the receivable accounts is their balance."""
    balance, residual = demo.rows(f"select sum(l.balance), sum(l.amount_residual) {RECEIVABLE}")[0]
    assert balance == residual > 0
    assert not demo.value(f"select count(*) {RECEIVABLE} and l.amount_residual < 0"), (
        "a receipt paid too much"
    )


def test_every_aging_bucket_has_something(demo):
    query = f"""
        select width_bucket(current_date - l.date_maturity, array[1, 31, 61, 91]), sum(l.amount_residual)
        {RECEIVABLE} and l.amount_residual <> 0 group by 1 order by 1"""
    buckets = demo.rows(query)
    assert [bucket for bucket, _amount in buckets] == [0, 1, 2, 3, 4]
    assert all(amount > 10000 for _bucket, amount in buckets)


def test_documents(demo):
    kinds = dict(
        demo.rows(f"""
        select move_type || ' ' || payment_state, count(*) from account_move
         where company_id = {COMPANY} and state = 'posted' and move_type like 'out%' group by 1""")
    )
    assert kinds == {
        "out_invoice paid": 40,
        "out_invoice partial": 9,
        "out_invoice not_paid": 24,
        "out_refund paid": 3,
    }
    currencies = demo.rows(f"""
        select distinct c.name from account_move m join res_currency c on c.id = m.currency_id
         where m.company_id = {COMPANY} and m.move_type = 'out_invoice' order by 1""")
    assert [name for (name,) in currencies] == ["CNY", "EUR", "HKD", "USD"]
    assert (
        demo.value(f"select count(distinct partner_id) from account_move where company_id = {COMPANY}") >= 15
    )
    oldest, newest = demo.rows(f"""
        select current_date - min(invoice_date), current_date - max(invoice_date) from account_move
         where company_id = {COMPANY} and move_type = 'out_invoice'""")[0]
    assert oldest - newest == 352
    assert 2 <= newest <= 4  # today is another day in the time zone of who installs, or by now


def test_exports_are_zero_rated(demo):
    taxed = dict(
        demo.rows(f"""
        select c.name, sum(m.amount_tax) from account_move m join res_currency c on c.id = m.currency_id
         where m.company_id = {COMPANY} and m.move_type = 'out_invoice' group by 1""")
    )
    assert taxed.pop("CNY") > 0
    assert set(taxed.values()) == {0}


def test_orders_wait_for_their_users(demo):
    states = dict(
        demo.rows(f"select state, count(*) from sale_order where company_id = {COMPANY} group by 1")
    )
    assert states == {"draft": 5, "sale": 3}
    holds = demo.rows(f"""
        select o.name, h.state from ar_credit_hold h join sale_order o on o.id = h.order_id
         where h.company_id = {COMPANY}""")
    assert [state for _name, state in holds] == ["pending"]
    authors = demo.rows(f"""
        select distinct u.login from sale_order o join res_users u on u.id = o.create_uid
         where o.company_id = {COMPANY}""")
    assert authors == [("sales",)]


def test_receipts_wait_for_their_match(demo):
    receipts = demo.rows(f"""
        select l.payment_ref from account_bank_statement_line l
         where l.company_id = {COMPANY} and not l.is_reconciled""")
    assert len(receipts) == 6


def test_credit_accounts(demo):
    """Every customer has one; near the limit, over it, without credit and on the default are all there."""
    used = dict(
        demo.rows(f"""
        select account.control || case
                   when account.control != 'limited' then ''
                   when exposure.open > account.credit_limit then ' over'
                   when exposure.open > account.credit_limit * 0.9 then ' near'
                   else ' within' end, count(*)
          from ar_credit_account account
          left join (select l.partner_id, sum(l.amount_residual) as open {RECEIVABLE} group by 1) exposure
            using (partner_id)
         where account.company_id = {COMPANY} group by 1""")
    )
    assert used == {"limited within": 9, "limited near": 2, "limited over": 2, "no_credit": 1, "default": 1}


def test_reminders_wait_in_a_preview(demo):
    rounds = demo.rows(f"""
        select run.state, level.sequence, count(*), count(distinct notice.currency_id)
          from ar_dunning_run run
          join ar_dunning_notice notice on notice.run_id = run.id
          join ar_dunning_level level on level.id = notice.level_id
         where run.company_id = {COMPANY} group by 1, 2 order by 1, 2""")
    assert [(state, level) for state, level, _count, _currencies in rounds] == [
        ("preview", 10),
        ("preview", 20),
        ("sent", 10),
    ]
    assert max(currencies for _state, _level, _count, currencies in rounds) == 4
    told = """
        select count(*) from mail_mail join mail_message on mail_message.id = mail_mail.mail_message_id
         where mail_message.model like 'ar.%'"""
    assert not demo.value(told), "the demo's past is told to nobody"


def test_users_work_in_the_company(demo):
    users = dict(
        demo.rows(f"""
        select u.login, p.lang from res_users u join res_partner p on p.id = u.partner_id
         where u.company_id = {COMPANY} and u.active""")
    )
    assert users == {
        "sales": "en_US",
        "credit": "en_US",
        "accountant": "zh_CN",
        "auditor": "en_US",
        "admin": "en_US",
    }
    # Users speak the languages they have.
    assert {code for (code,) in demo.rows("select code from res_lang where active")} >= {"en_US", "zh_CN"}


def test_every_gateway_can_be_switched_on(demo):
    """Each has a provider in the company, or one to copy, and accounting knows how it is paid that way."""
    codes = set(const.AR_GATEWAYS)
    assert codes <= {code for (code,) in demo.rows("select distinct code from payment_provider")}
    assert codes <= {code for (code,) in demo.rows("select code from account_payment_method")}
