"""Who may do what: every model of ours for every kind of user, companies apart, and every method RPC can reach.

The tables below are the reviewed state. A model, method or right that is not in them fails, so nobody widens a
right by accident.
"""

import inspect

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain
from odoo.service.model import get_public_method
from odoo.tests import new_test_user

from ..common import ARCase

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
    "ar.payment.link": _area(GATEWAYS, user="crw", manager="crw"),
}

# Models without an own company, with the reason why nothing leaks.
NO_COMPANY = {}

# Public methods of ours, callable by any user through RPC on records they can name, with what keeps them safe.
PUBLIC_METHODS = {}

# Overrides of Odoo's own public methods: guarded where Odoo guards them.
ORM_METHODS = set(
    """
    create write unlink copy copy_data default_get fields_get read search_fetch web_read web_save web_search_read
    name_search name_create action_archive action_unarchive init get_view get_views onchange load export_data
    read_group formatted_read_group message_post
    """.split()
)


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
            for model in (self.env[name] for name in self.env.registry if not self.env[name]._abstract):
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

    def company_rule(self, model, user):
        """Return the record rules of a user on a model as one domain."""
        return Domain(self.env["ir.rule"].with_user(user)._compute_domain(model._name, "read"))

    def test_records_of_other_companies_are_unseen(self):
        wrong = []
        for model in self.our_models():
            if model._transient or model._name in NO_COMPANY:
                continue
            if "company_id" not in model._fields:
                wrong.append(f"{model._name} has no company_id")
                continue
            readers = [name for name, rights in ACCESS.get(model._name, {}).items() if "r" in rights]
            for name in readers:
                domain = self.company_rule(model, self.users[name])
                seen = [
                    company
                    for company in (self.company, self.other_company)
                    if model.new({"company_id": company.id}).filtered_domain(domain)
                ]
                if self.company not in seen or self.other_company in seen:
                    wrong.append(f"{model._name}: {name} sees {[company.name for company in seen]}")
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
        for model_name in sorted(self.env.registry):
            model = self.env[model_name]
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
                # A method of an abstract model shows in every model that inherits it: name it once.
                yield owner_name(owner, model_name), name, function

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


def owner_name(owner, fallback):
    """Return the model that a class defines or extends."""
    values = vars(owner)
    inherit = values.get("_inherit")
    return values.get("_name") or (inherit if isinstance(inherit, str) else fallback)


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
