from . import ar_credit_edge
from . import ar_credit_gate
from . import ar_credit_hold
from . import ar_credit_rule_health
from . import stock_move
from . import stock_move_line
from . import stock_picking
