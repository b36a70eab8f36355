from . import credit_limits
from . import dataset
from . import portal
