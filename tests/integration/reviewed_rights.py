"""The reviewed state of rights, which test_security compares with the real one."""

OURS = ("ar_credit_control", "ar_payment_gateways", "ar_collections")
OPERATIONS = {"c": "create", "r": "read", "w": "write", "u": "unlink"}

# Kinds of user, each with its groups. Nobody here has more than the rights named.
PERSONAS = {
    **{
        f"{addon.removeprefix('ar_').split('_')[0]} {role}": f"base.group_user,{addon}.group_{role}"
        for addon in OURS
        for role in ("auditor", "user", "manager")
    },
    "internal": "base.group_user",
    "salesman": "sales_team.group_sale_salesman",
    "accountant": "account.group_account_invoice",
    "portal": "base.group_portal",
    "public": "base.group_public",
}
CREDIT, GATEWAYS, COLLECTIONS = ("credit", "payment", "collections")


def _area(area, auditor="r", user="r", manager="r", **others):
    """Return the rights of the three roles of an area, and those of others ("crwu" in any order)."""
    return {f"{area} auditor": auditor, f"{area} user": user, f"{area} manager": manager, **others}


# Model -> kind of user -> rights; a kind not named has none.
ACCESS = {
    # Approvals. The log, requests and their steps are written by decisions only.
    "ar.approval.decision": _area(CREDIT),
    "ar.approval.request": _area(CREDIT),
    "ar.approval.request.step": _area(CREDIT),
    # Who may approve is set by administrators, not by those who approve.
    "ar.approval.rule": _area(CREDIT),
    "ar.approval.step": _area(CREDIT),
    # Everybody's own; whose it is is checked on top.
    "ar.approval.delegation": {
        name: "crw"
        for name, groups in PERSONAS.items()
        if groups not in ("base.group_portal", "base.group_public")
    },
    # Accounts and groups are a manager's to make; their limits move by limit changes only, whoever writes.
    "ar.credit.account": _area(CREDIT, manager="crw"),
    "ar.credit.group": _area(CREDIT, manager="crw"),
    # Written once a day by a scheduled action.
    "ar.credit.history": _area(CREDIT),
    # Drafts are everybody's to write; from submission on the document moves by its own steps.
    "ar.credit.limit.change": _area(CREDIT, user="crw", manager="crw"),
    "ar.credit.cover": _area(CREDIT, user="cruw", manager="cruw"),
    "ar.risk.class": _area(CREDIT, manager="cruw", salesman="r"),
    "ar.credit.limit.mass": _area(CREDIT, auditor="", user="crw", manager="crw"),
    "ar.credit.limit.mass.line": _area(CREDIT, auditor="", user="cruw", manager="cruw"),
    # Written by the credit check and by decisions only, which run past access rights.
    "ar.credit.hold": _area(CREDIT, salesman="r"),
    # Any approver may open it; the documents check who decides.
    "ar.approval.decide": _area(CREDIT, auditor="", user="crw", manager="crw"),
    "ar.credit.desk": _area(CREDIT),
    "ar.credit.hold.force": _area(CREDIT, auditor="", user="crw", manager="crw"),
    "ar.credit.hold.ask": _area(CREDIT, auditor="", user="crw", manager="crw", salesman="crw"),
    "ar.credit.hold.more": _area(CREDIT, auditor="", user="", manager="", salesman="crw"),
    "ar.credit.hold.reason": _area(CREDIT, salesman="r"),
    "ar.credit.reason.code": _area(CREDIT, manager="crw", salesman="r"),
    "ar.credit.rule": _area(CREDIT, manager="crw", salesman="r"),
    "ar.credit.rule.condition": _area(CREDIT, manager="cruw"),
    "ar.credit.what.if": _area(CREDIT, auditor="crw", user="crw", manager="crw"),
    "ar.credit.what.if.line": _area(CREDIT, auditor="cruw", user="cruw", manager="cruw"),
    "ar.payment.link": _area(GATEWAYS, user="crw", manager="crw"),
    "ar.payment.link.scan": _area(GATEWAYS),
    "ar.payment.link.make": _area(GATEWAYS, auditor="", user="crw", manager="crw"),
    "ar.payment.link.make.line": _area(GATEWAYS, auditor="", user="cruw", manager="cruw"),
    # Written by the machinery only.
    "ar.gateway.order": _area(GATEWAYS),
    "ar.gateway.refund": _area(GATEWAYS),
    "ar.gateway.bill": _area(GATEWAYS),
    "ar.gateway.bill.line": _area(GATEWAYS),
    "ar.gateway.difference": _area(GATEWAYS),
    "ar.gateway.settlement.report": _area(GATEWAYS),
    # Uploads: the bill is read, checked and written by the machinery.
    "ar.gateway.bill.import": _area(GATEWAYS, auditor="", user="crw", manager="crw"),
    # Decisions about money: managers only, and the differences check that again.
    "ar.gateway.difference.resolve": _area(GATEWAYS, auditor="", user="", manager="crw"),
    # What was said to gateways is for those who configure them.
    "ar.gateway.message": _area(GATEWAYS, user=""),
    "ar.dunning.policy": _area(COLLECTIONS, manager="cruw"),
    "ar.dunning.level": _area(COLLECTIONS, manager="cruw"),
    "ar.dunning.run": _area(COLLECTIONS, user="cruw", manager="cruw"),
    # What was sent to whom: made by the run only, never edited.
    "ar.dunning.notice": _area(COLLECTIONS),
    "ar.dunning.notice.line": _area(COLLECTIONS),
    # What a person asked for on the screen; its lines are computed.
    "ar.receivable.report": _area(COLLECTIONS, auditor="crw", user="crw", manager="crw"),
    "ar.receivable.report.line": _area(COLLECTIONS),
    "ar.match.wizard": _area(COLLECTIONS, auditor="", user="cruw", manager="cruw"),
    "ar.match.wizard.line": _area(COLLECTIONS, auditor="", user="cruw", manager="cruw"),
}

# Models without an own company, with the reason why nothing leaks.
NO_COMPANY = {
    "ar.credit.group": "of several companies; seen in any of them (test_credit_limit_attacks)",
    "ar.risk.class": "names shared by all companies",
    "ar.approval.delegation": "an absence holds in all companies; names two colleagues, read by them and managers",
}

# Public methods of ours, callable by any user through RPC on records they can name, with what keeps them safe.
PUBLIC_METHODS = {
    "account.bank.statement.line.action_ar_match": "_ar_check_user: group and rights; opens the wizard",
    "account.bank.statement.line.action_ar_undo": "_ar_check_user: group and rights",
    "account.move.action_view_ar_reminders": "opens a list",
    "ar.dunning.notice.action_exclude": "checks the group and that the run is in preview",
    "ar.dunning.notice.action_include": "checks the group and that the run is in preview",
    "ar.dunning.notice.action_view_payment_link": "opens a form",
    "ar.dunning.run.action_cancel": "_check_user: group and rights; a manager where messages went out",
    "ar.dunning.run.action_draft": "_check_user: group and rights",
    "ar.dunning.run.action_preview": "_check_user: group and rights",
    "ar.dunning.run.action_send": "_check_user: group and rights",
    "ar.dunning.run.action_view_notices": "opens a list",
    "ar.match.wizard.action_book": "the receipt checks group, rights and amounts again in _ar_book",
    "ar.receivable.report.action_export_xlsx": "_check_allowed: group and companies",
    "ar.receivable.report.action_open": "_check_allowed: group and companies",
    "ar.receivable.report.line.action_change_date": "opens a form with the date of a readable report",
    "ar.receivable.report.line.action_export_current": "calls action_export_xlsx of a readable report",
    "ar.receivable.report.line.action_open_move": "opens a form",
    "res.partner.action_view_ar_reminders": "opens a list",
    "account.move.action_ar_gateway_refund": "group and check_access('write'); amount computed, reserved under a lock",
    "account.move.button_draft": "Odoo's own, which checks; then only closes codes that nobody is to pay any more",
    "account.move.action_toggle_block_payment": "Odoo's own, which writes; then only closes codes asking for too much",
    "account.move.action_ar_payment_link": "makes the link, then needs the right to read links, or all is undone",
    "account.move.action_view_ar_payment_links": "opens a list",
    "account.move.action_ar_show_payment_qr": "check_access('read'); opens a page with the link's own address",
    "ar.credit.account.action_open_draft_invoices": "opens a list",
    "ar.credit.account.action_open_open_orders": "opens a list",
    "ar.credit.account.action_open_payments": "opens a list",
    "ar.credit.account.action_open_receivable": "opens a list",
    "ar.credit.limit.change.action_ar_approve": "as action_approve",
    "ar.credit.limit.change.action_ar_reject": "as action_approve",
    "ar.credit.limit.change.action_open_ar_approval_log": "opens a list, which needs the right to read the log",
    "ar.credit.account.action_change_limit": "opens a form",
    "ar.credit.account.action_export_xlsx": "opens the download, which reads with the user's rights",
    "ar.credit.account.action_open_changes": "opens a list",
    "ar.credit.cover.action_end": "check_access('write'); the end is a limit change, approved where it raises",
    "ar.credit.cover.action_submit": "check_access('write'); files a limit change that others approve",
    "ar.credit.group.action_change_limit": "opens a form",
    "ar.credit.group.action_open_accounts": "opens a list",
    "ar.credit.group.action_open_changes": "opens a list",
    "ar.credit.limit.change.action_approve": "_check_ar_approval: his turn, independent, pending, limit not moved",
    "ar.credit.limit.change.action_cancel": "check_access('write'); requester or manager; nothing was applied",
    "ar.credit.limit.change.action_reject": "as action_approve",
    "ar.credit.limit.change.action_end": "check_access('write'); ends what raises only; a manager where not free",
    "ar.credit.limit.change.action_submit": "check_access('write'); applies only what raises nothing",
    "ar.credit.limit.mass.action_apply": "the journal checks rights and accounts again in _create_batch",
    "ar.approval.decision.action_open_document": "opens a form",
    "ar.approval.decision.action_verify": "check_access and group; changes nothing",
    "ar.approval.request.action_open_document": "opens a form",
    "ar.approval.request.action_verify_log": "check_access; changes nothing",
    "ar.credit.account.action_open_holds": "opens a list",
    "ar.credit.hold.action_approve": "_check_ar_approval: his turn, independent, pending, order unchanged",
    "ar.credit.hold.action_ar_approve": "as action_approve",
    "ar.credit.hold.action_ar_reject": "as action_approve",
    "ar.credit.hold.action_open_ar_decision": "opens the window that asks for a comment",
    "ar.credit.limit.change.action_open_ar_decision": "opens the window that asks for a comment",
    "ar.credit.hold.action_open_ar_approval_log": "opens a list, which needs the right to read the log",
    "ar.credit.hold.action_reject": "as action_approve",
    "ar.credit.hold.action_export_xlsx": "opens the download, which reads with the user's rights",
    "ar.credit.desk.action_open": "opens a form",
    "ar.credit.hold.action_open_order": "opens a form",
    # Rules and check points
    "account.move.action_post_or_hold": "calls action_post, which Odoo guards; a refusal files a hold",
    "account.move.action_validate_moves_with_confirmation": "Odoo's own, which guards it; a refusal files a hold",
    "validate.account.move.validate_move": "Odoo's own, which guards it; a refusal files a hold",
    "ar.credit.hold.force.action_hold": "checks the group and that the user may read the orders",
    "ar.credit.hold.ask.action_ask": "check_access('read') on the hold; logs, and takes the user's own step again",
    "ar.credit.hold.more.action_request": "check_access('write') on the order; files a request, decides nothing",
    "ar.credit.rule.action_check_health": "tells the user whether rules are at work",
    "sale.order.action_ar_credit_close": "credit managers who had no part in the order, logged",
    "sale.order.action_ar_credit_what_if": "opens a form of credit users",
    "ar.approval.decide.action_decide": "calls action_ar_approve or action_ar_reject",
    "payment.provider.action_wechatpay_forget_secret": "whoever may write providers; empties one secret",
    "payment.provider.action_reset_credentials": "whoever may write providers; Odoo's own, forgets the secrets too",
    "payment.provider.action_ar_test_connection": "administrators only; asks the gateway, moves no money",
    "ar.gateway.bill.action_book": "_check_importer: group and rights; books what the bill says, each row once",
    "ar.gateway.bill.action_export_xlsx": "only names the address; the download binds rights and companies",
    "ar.gateway.bill.action_fetch": "_check_importer: group and rights; the gateway's own bill, checked as any",
    "ar.gateway.bill.action_view_differences": "opens a list",
    "ar.gateway.bill.action_view_lines": "opens a list",
    "ar.gateway.bill.import.action_check": "_check_importer; own companies in _read; writes the wizard only",
    "ar.gateway.bill.import.action_import": "_check_importer; own companies in _read; the bill's totals checked",
    "ar.gateway.difference.action_accept": "_check_resolver: manager, rights, open and locked; opens the wizard",
    "ar.gateway.difference.action_book_refund": "_check_resolver; no more than what is left of the order, locked",
    "ar.gateway.difference.action_carry": "_check_resolver: manager, rights, open and locked",
    "ar.gateway.difference.action_link": "_check_resolver: manager, rights, open and locked; opens the wizard",
    "ar.gateway.difference.action_query_gateway": "_check_resolver; the gateway's answer is verified",
    "ar.gateway.difference.resolve.action_resolve": "_check_resolver; account and payment are of the same company",
    "ar.gateway.order.action_book_received": "checks both groups; books what the gateway has reported, locked, once",
    "ar.gateway.order.action_query": "checks the group; only asks the gateway, whose answer is verified",
    "ar.payment.link.action_open_page": "opens the page that every customer may open",
    "ar.payment.link.make.action_make": "makes links with the user's rights, which check documents and amounts again",
    "sale.order.action_view_ar_payment_links": "opens a list",
    "sale.order.action_ar_show_payment_qr": "check_access('read'); opens a page with the link's own address",
    "ar.payment.link.action_show_qr": "check_access('read'); opens a page with the link's own address",
    "ar.payment.link.action_revoke": "check_access('write')",
    "res.partner.action_open_ar_credit_account": "opens a form",
    "res.partner.action_open_ar_credit_holds": "opens a list",
    "sale.order.action_confirm_or_hold": "calls action_confirm, which Odoo guards; a refusal files a hold",
    "sale.order.action_open_ar_credit_holds": "opens a list",
}

# Overrides of Odoo's own public methods: guarded where Odoo guards them.
ORM_METHODS = set(
    """
    create write unlink copy copy_data default_get fields_get read search_fetch web_read web_save web_search_read
    name_search name_create action_archive action_unarchive init get_view get_views onchange load export_data
    read_group formatted_read_group message_post
    """.split()
)
