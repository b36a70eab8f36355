from . import ar_payment_link_make
from . import ar_payment_link_make_line
