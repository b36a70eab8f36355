from . import aged_receivables_xlsx
