from . import credit_limits_xlsx
from . import credit_holds_xlsx
