from odoo import api, models

from ..core.rule import CheckPoint, Fact, Outcome, Scope

# What rules ask of customers who, being new, rarely have a credit account.
NEW_CUSTOMER = {Fact.PAID_INVOICES, Fact.CUSTOMER_DAYS}


class ArCreditRuleHealth(models.AbstractModel):
    """The part of `ar.credit.rule` that tells whether the configuration can hold anything at all.

    A check that never says no looks like one that works.
    """

    _name = "ar.credit.rule.health"
    _description = "Health of credit rules"

    @api.model
    def _get_health(self, company):
        """Return what keeps the credit rules of a company from working: sentences, none where all is well."""
        rules = self.env["ar.credit.rule"]._get_rules(company.id)
        stopping = [rule for rule in rules if rule.outcome in (Outcome.HOLD, Outcome.BLOCK)]
        findings = []
        if not stopping:
            findings.append(self.env._("No active rule holds or blocks anything."))
        else:
            asked = {point for rule in stopping for point in rule.check_points}
            findings += [told for point, told in self._get_unasked().items() if point not in asked]
        if any(rule.outcome is Outcome.EXCLUDE and not rule.groups and rule.scope == 0 for rule in rules):
            findings.append(self.env._("A rule without conditions lets every customer pass."))
        if not self._is_anybody_controlled(company):
            findings.append(
                self.env._(
                    "No customer is under credit control: there is no credit account with a limit, and the"
                    " settings control nobody by default."
                )
            )
        findings += self._get_without_effect(company, rules)
        if not self._get_approvers(company):
            findings.append(self.env._("Nobody may approve: no credit manager has access to this company."))
        return findings

    @api.model
    def _get_unasked(self):
        """Return what to say where no rule is asked at a check point that takes a customer past the limit."""
        return {
            CheckPoint.CONFIRM: self.env._("No active rule is asked when an order is confirmed."),
            CheckPoint.AMEND: self.env._("No active rule is asked when a confirmed order becomes dearer."),
            CheckPoint.INVOICE: self.env._(
                "No active rule is asked when something is invoiced without an order."
            ),
        }

    @api.model
    def _get_without_effect(self, company, rules):
        """Return sentences about what looks like a control of customers and never stops any.

        :param rules: the active core Rules of the company.
        """
        findings = []
        # sudo: only whether there is one
        accounts = self.env["ar.credit.account"].sudo()
        blocked = [("company_id", "=", company.id), ("status", "=", "blocked")]
        looked_at = any(Fact.ACCOUNT_BLOCKED in rule.facts for rule in rules)
        if not looked_at and accounts.search_count(blocked, limit=1):
            findings.append(self.env._("Customers are blocked, but no active rule looks at that."))
        if (company.ar_credit_default_control or "none") == "none" and any(
            rule.scope is Scope.ALL and rule.facts & NEW_CUSTOMER for rule in rules
        ):
            findings.append(
                self.env._(
                    "A rule is about new customers, who are not under credit control by default, so it never stops"
                    " them. Choose a default limit in the settings to have them asked about."
                )
            )
        return findings

    @api.model
    def _is_anybody_controlled(self, company):
        """Whether any customer of the company has a limit, of his own or with his group."""
        if company.ar_credit_default_control in ("limited", "no_credit"):
            return True
        # sudo: only whether there is one
        accounts = self.env["ar.credit.account"].sudo()
        return bool(
            accounts.search_count(
                [
                    ("company_id", "=", company.id),
                    "|",
                    ("control", "in", ("limited", "no_credit")),
                    ("group_id.control", "in", ("limited", "no_credit")),
                ],
                limit=1,
            )
        )

    @api.model
    def _get_approvers(self, company):
        """Return the users who may decide on holds of the company."""
        # sudo: who they are is no secret of the user list
        return (
            self.env["res.users"]
            .sudo()
            .search(
                [
                    ("all_group_ids", "in", self.env.ref("ar_credit_control.group_manager").ids),
                    ("company_ids", "in", company.ids),
                    ("share", "=", False),
                ]
            )
        )

    @api.model
    def action_check_health(self):
        """Tell the user whether the rules of the current company can hold anything."""
        company = self.env.company
        findings = self._get_health(company)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "danger" if findings else "success",
                "sticky": bool(findings),
                "title": self.env._("Credit control of %(company)s", company=company.name),
                "message": "\n".join(findings)
                or self.env._("The rules are at work: whatever raises a debt can be held and approved."),
            },
        }
