from . import ar_gateway_bill_import
from . import ar_gateway_difference_resolve
from . import ar_payment_link_make
from . import ar_payment_link_make_line
