from . import ar_credit_hold_decide
from . import ar_credit_limit_decide
from . import ar_credit_limit_mass
from . import ar_credit_limit_mass_line
