from . import (
    account_bank_statement_line,
    account_move,
    ar_dunning_gather,
    ar_dunning_level,
    ar_dunning_notice_sending,  # before the model that inherits it
    ar_dunning_notice,
    ar_dunning_notice_line,
    ar_dunning_policy,
    ar_dunning_run,
    ir_actions_report,
    res_company,
    res_config_settings,
    res_partner,
)
