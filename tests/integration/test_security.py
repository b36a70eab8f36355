"""Who may do what: every model of ours for every kind of user, companies apart, and every method RPC can reach.

reviewed_rights.py is the reviewed state. A model, method or right that is not in them fails, so nobody widens a
right by accident.
"""

import inspect

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain
from odoo.service.model import get_public_method
from odoo.tests import new_test_user

from ..common import ARCase
from .reviewed_rights import ACCESS, NO_COMPANY, OPERATIONS, ORM_METHODS, OURS, PERSONAS, PUBLIC_METHODS


class SecurityCase(ARCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.users = {
            name: new_test_user(cls.env, login=f"security {name}", groups=groups, company_id=cls.company.id)
            for name, groups in PERSONAS.items()
        }

    def our_models(self):
        """Return the classes of the stored and transient models that our addons define."""
        return [
            self.env[name]
            for name in sorted(self.env.registry)
            if self.env[name]._original_module in OURS and not self.env[name]._abstract
        ]

    def assert_none(self, offenders, rule):
        offenders = sorted(offenders)
        self.assertFalse(offenders, f"{rule}:\n  " + "\n  ".join(offenders))


class TestAccessRights(SecurityCase):
    def test_the_tables_name_every_model(self):
        names = {model._name for model in self.our_models()}
        self.assertGreater(len(names), 0)
        self.assert_none(names - set(ACCESS), "models without a row in ACCESS")
        self.assert_none(set(ACCESS) - names, "rows in ACCESS without a model")

    def test_every_kind_of_user_has_exactly_these_rights(self):
        wrong = []
        for model in self.our_models():
            for name, user in self.users.items():
                granted = {k for k, op in OPERATIONS.items() if model.with_user(user).has_access(op)}
                expected = set(ACCESS.get(model._name, {}).get(name, ""))
                if granted != expected:
                    wrong.append(
                        f"{model._name}: {name} has '{''.join(sorted(granted))}', "
                        f"the table says '{''.join(sorted(expected))}'"
                    )
        self.assert_none(wrong, "rights differ")

    def test_auditors_change_nothing_anywhere(self):
        """Whatever an auditor may write, create or delete, in any model, any employee may."""
        wrong = []
        for name, user in self.users.items():
            if not name.endswith("auditor"):
                continue
            # Wizards are everybody's own and change nothing by themselves.
            lasting = (self.env[name] for name in self.env.registry)
            for model in (model for model in lasting if not model._abstract and not model._transient):
                wrong += [
                    f"{name} may {operation} {model._name}"
                    for operation in ("create", "write", "unlink")
                    if model.with_user(user).has_access(operation)
                    and not model.with_user(self.users["internal"]).has_access(operation)
                ]
        self.assert_none(wrong, "auditors")

    def test_managers_can_do_what_users_can(self):
        for addon in OURS:
            manager = self.env.ref(f"{addon}.group_manager")
            self.assertIn(self.env.ref(f"{addon}.group_user"), manager.all_implied_ids)


class TestCompanies(SecurityCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company = cls.env["res.company"].create({"name": "Somebody else"})

    def companies_seen(self, model):
        """Return (kind of user, company) for each of the two companies whose records a reader would see."""
        seen = []
        for name in (name for name, rights in ACCESS.get(model._name, {}).items() if "r" in rights):
            rules = Domain(
                self.env["ir.rule"].with_user(self.users[name])._compute_domain(model._name, "read")
            )
            for company in (self.company, self.other_company):
                if model.new({"company_id": company.id}).filtered_domain(rules):
                    seen.append((name, company))
        return seen

    def test_records_of_other_companies_are_unseen(self):
        wrong = []
        for model in self.our_models():
            if model._transient or model._name in NO_COMPANY:
                continue
            if "company_id" not in model._fields:
                wrong.append(f"{model._name} has no company_id")
                continue
            seen = self.companies_seen(model)
            wrong += [
                f"{model._name}: {name} sees the other company"
                for name, other in seen
                if other != self.company
            ]
            if self.company not in [company for _name, company in seen]:
                wrong.append(f"{model._name}: nobody sees the own company")
        self.assert_none(wrong, "company rules")

    def test_company_of_a_document_is_checked(self):
        """check_company on relations needs the model's flag, without which Odoo ignores it."""
        self.assert_none(
            (
                model._name
                for model in self.our_models()
                if any(getattr(field, "check_company", False) for field in model._fields.values())
                and not model._check_company_auto
            ),
            "check_company=True without _check_company_auto",
        )


class TestPublicMethods(SecurityCase):
    def methods(self):
        """Yield (model, name, function) of every method of ours that RPC can call."""
        for model in (self.env[name] for name in sorted(self.env.registry) if not self.env[name]._abstract):
            for name in dir(type(model)):
                if name.startswith("_") or name in ORM_METHODS:
                    continue
                owner = next((c for c in type(model).mro() if name in vars(c)), None)
                function = inspect.unwrap(getattr(owner, name, None)) if owner else None
                if not inspect.isroutine(function) or not self.is_ours(function):
                    continue
                try:
                    get_public_method(model, name)
                except (AccessError, AttributeError):  # RPC does not get through
                    continue
                yield model._name, name, function

    def is_ours(self, function):
        return (
            getattr(function, "__module__", "").split(".")[2:3] and function.__module__.split(".")[2] in OURS
        )

    def test_every_public_method_is_reviewed(self):
        found = {f"{model}.{name}" for model, name, _function in self.methods()}
        self.assert_none(
            found - set(PUBLIC_METHODS), "public, so any user can call it; rename with _ or review it"
        )
        self.assert_none(set(PUBLIC_METHODS) - found, "reviewed, but gone")

    def test_a_public_method_with_sudo_checks_first(self):
        """sudo() in a method that any user can call must come after a check of rights."""
        checks = ("check_access", "has_access", "has_group", "_check_", "env.su")
        wrong = []
        for model, name, function in self.methods():
            source = inspect.getsource(function)
            if ".sudo(" in source and not any(check in source.split(".sudo(")[0] for check in checks):
                wrong.append(f"{model}.{name}")
        self.assert_none(wrong, "sudo() without a check before it")


class TestGroups(SecurityCase):
    def test_roles_belong_to_a_privilege_and_admin_is_manager(self):
        admin = self.env.ref("base.user_admin")
        for addon in OURS:
            for role in ("auditor", "user", "manager"):
                group = self.env.ref(f"{addon}.group_{role}")
                self.assertTrue(group.privilege_id, group.display_name)
                self.assertIn(self.env.ref("base.group_user"), group.all_implied_ids)
            self.assertIn(self.env.ref(f"{addon}.group_manager"), admin.all_group_ids)

    def test_roles_of_one_area_give_nothing_in_another(self):
        """A credit manager is nobody in payment gateways, unless Collections builds on both."""
        for addon in ("ar_credit_control", "ar_payment_gateways"):
            other = ({"ar_credit_control", "ar_payment_gateways"} - {addon}).pop()
            manager = self.env.ref(f"{addon}.group_manager")
            external = manager.all_implied_ids._get_external_ids()
            names = [xmlid for xmlids in external.values() for xmlid in xmlids]
            self.assert_none(
                (n for n in names if n.startswith(f"{other}.")), f"{addon}.group_manager implies"
            )

    def test_portal_and_public_users_cannot_be_given_our_groups(self):
        for addon in OURS:
            group = self.env.ref(f"{addon}.group_user")
            with self.assertRaises(ValidationError), self.cr.savepoint():
                self.users["portal"].write({"group_ids": [Command.link(group.id)]})


class TestMenus(SecurityCase):
    """A screen that a role may use hangs where the role can get at it."""

    def reachable(self, user):
        """Return the external ids of the menus a user gets at from an app."""
        menus = self.env["ir.ui.menu"].with_user(user).load_menus(False)
        waiting, found = list(menus["root"]["children"]), set()
        while waiting:
            menu = menus[waiting.pop()]
            waiting += menu["children"]
            found.add(menu["xmlid"])
        return found

    def test_every_role_reaches_the_menus_of_its_area(self):
        wrong = []
        for addon in OURS:
            for persona, user in self.users.items():
                if f"{addon}." not in PERSONAS[persona]:
                    continue
                reachable = self.reachable(user)
                for xmlid, menu in self.menus_of(addon):
                    model = menu.action.sudo().res_model
                    allowed = not menu.group_ids or menu.group_ids & user.all_group_ids
                    if (
                        allowed
                        and self.env[model].with_user(user).has_access("read")
                        and xmlid not in reachable
                    ):
                        wrong.append(f"{persona}: {xmlid}")
        self.assert_none(wrong, "may read the model, but no way leads to the menu")

    def menus_of(self, addon):
        """Yield (external id, menu) of the menus of an addon that open a window."""
        data = self.env["ir.model.data"].search([("module", "=", addon), ("model", "=", "ir.ui.menu")])
        self.assertTrue(data)
        for record in data:
            menu = self.env["ir.ui.menu"].browse(record.res_id)
            if menu.action and menu.action._name == "ir.actions.act_window":
                yield record.complete_name, menu
