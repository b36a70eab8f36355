from . import ar_gateway_settlement_report
