"""Builds the asset bundles of the pages that our tests open. Read by `odoo shell`, which has `env`."""

# Those of Odoo's own unit tests and of its dark pages take half of the time of all.
NOT_OURS = ("unit_tests", "qunit", "tests_assets", "test_tours", "_dark")

qweb = env["ir.qweb"]  # noqa: F821
scripts, styles = qweb._get_bundles_to_pregenarate()
for bundle in sorted(scripts | styles):
    if not any(word in bundle for word in NOT_OURS):
        if bundle in scripts:
            qweb._get_asset_bundle(bundle, css=False, js=True).js()
        if bundle in styles:
            qweb._get_asset_bundle(bundle, css=True, js=False).css()
env.cr.commit()  # noqa: F821
