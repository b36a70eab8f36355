"""QR images of a payment address.

The symbol follows ISO/IEC 18004. Level M (15 % of the codewords may be lost) is the least a code printed on an
invoice may have: paper is folded, stamped and photographed under bad light.
"""

import re
from io import BytesIO

import qrcode
from qrcode.image.svg import SvgPathFillImage

BORDER_MODULES = 4
"""Quiet zone that ISO/IEC 18004 asks for; without it scanners fail on a busy page."""

_FIXED_SIZE = re.compile(r' (?:width|height)="[0-9.]+mm"')

PNG_MODULE_PIXELS = 10
"""33 modules and the quiet zone make 410 pixels: over 400 dpi when printed 25 mm wide."""


def svg(text: str) -> str:
    """Return inline SVG markup (no XML declaration) of the symbol for `text`; it scales to its container."""
    image = _code(text).make_image(image_factory=SvgPathFillImage)
    return _FIXED_SIZE.sub("", str(image.to_string(encoding="unicode")), count=2)


def png(text: str) -> bytes:
    """Return a PNG of the symbol for `text`, PNG_MODULE_PIXELS pixels a module, quiet zone included."""
    stream = BytesIO()
    _code(text).make_image().save(stream)
    return stream.getvalue()


def _code(text: str) -> qrcode.QRCode:
    code = qrcode.QRCode(
        error_correction=qrcode.constants.ERROR_CORRECT_M, box_size=PNG_MODULE_PIXELS, border=BORDER_MODULES
    )
    code.add_data(text)
    code.make(fit=True)
    return code
