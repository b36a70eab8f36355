from . import ar_gateway_settlement_report
from . import settlement_xlsx
