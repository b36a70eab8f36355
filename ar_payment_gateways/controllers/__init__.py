from . import gateway
from . import pay
from . import wechatpay
