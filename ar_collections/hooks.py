def post_init_hook(env):
    """Give the companies that exist already the standard policy; later ones get it by default."""
    policy = env.ref("ar_collections.dunning_policy_standard")
    env["res.company"].search([("ar_dunning_policy_id", "=", False)]).ar_dunning_policy_id = policy
