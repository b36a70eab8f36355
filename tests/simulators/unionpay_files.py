"""Settlement files of the UnionPay simulator, from its own ledger: ZM of fixed width in GBK, zipped.

Widths as in UnionPay's own demonstration programs (handbook, gateways.md 2.3): fields in bytes, one blank between.
"""

import base64
import io
import zipfile
import zlib

ZM = (3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1, 21, 15, 1, 15, 32, 13,
      13, 8, 32, 13, 13, 12, 2, 1, 32, 98)  # fmt: skip
CODES = {"01": "S22", "04": "S30", "31": "S56"}


def line(values):
    """Return one line; `values` is {place from 1: text}, numbers are filled with zeros by the caller."""
    fields = []
    for place, width in enumerate(ZM, 1):
        raw = str(values.get(place, "")).encode("gbk")
        assert len(raw) <= width, (place, raw)
        fields.append(raw.ljust(width))
    return b" ".join(fields) + b"\r\n"


def settlement_file(gateway, settle_date):
    """Return (name, base64 of the deflated ZIP) of a settlement day (mmdd), or None if nothing happened."""
    knobs, lines = gateway.knobs, []
    for order in gateway.orders.by_key.values():
        if order.status != "00" or f"{order.done:%m%d}" != settle_date or order.number in knobs.bill_without:
            continue
        amount = order.amount + knobs.bill_amount_delta.get(order.number, 0)
        values = {
            1: CODES[order.kind], 2: "00049992", 3: "00049992", 4: order.trace_no, 5: f"{order.done:%m%d%H%M%S}",
            6: "6226 **** 0018".replace(" ", ""), 7: f"{amount:012d}", 8: "0000", 9: "08", 10: order.query_id,
            11: "07", 12: order.number, 14: "000000",
        }  # fmt: skip
        fee = 0 if order.original else amount * 6 // 1000
        net = amount - fee
        values.update({
            16: f"D{fee:012d}", 17: f"{'D' if order.original else 'C'}{net:012d}", 18: "0001", 20: order.kind,
            21: order.fields["txnSubType"], 22: order.fields["bizType"], 28: gateway.merchant.mer_id,
        })  # fmt: skip
        if order.original:
            values.update({27: order.original.query_id, 41: order.original.number})
        lines.append(line(values))
    if not lines:
        return None
    stream = io.BytesIO()
    mer_id, day = gateway.merchant.mer_id, gateway.now()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"INN{day:%y}{settle_date}88ZM_{mer_id}", b"".join(lines))
        archive.writestr(f"INN{day:%y}{settle_date}88ZME_{mer_id}", b"")
    packed = base64.b64encode(zlib.compress(stream.getvalue())).decode()
    return f"{mer_id}_{day:%Y}{settle_date}.zip", packed
