from . import ar_open_item
