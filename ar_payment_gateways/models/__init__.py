from . import res_company
from . import ar_payment_link
from . import account_move
from . import res_config_settings
