from . import alipay
from . import pay
