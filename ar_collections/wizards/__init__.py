from . import ar_match_wizard, ar_match_wizard_line, ar_receivable_report, ar_receivable_report_line
