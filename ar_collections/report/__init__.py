from . import aged_receivables_xlsx, customer_statement
