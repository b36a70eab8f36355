from . import ar_match_wizard, ar_match_wizard_line
