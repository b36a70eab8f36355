from . import ar_gateway_bill_import
from . import ar_gateway_difference_resolve
