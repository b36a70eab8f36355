from . import credit_limits_xlsx
