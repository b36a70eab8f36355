from . import alipay
from . import gateway
from . import other
from . import pay
from . import polls
from . import unionpay
from . import wechatpay
from . import settlement
