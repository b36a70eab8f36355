from . import ar_approval_decide
from . import ar_credit_limit_mass
from . import ar_credit_limit_mass_line
from . import ar_credit_hold_force
from . import ar_credit_hold_more
from . import ar_credit_what_if
from . import ar_credit_what_if_line
from . import validate_account_move
