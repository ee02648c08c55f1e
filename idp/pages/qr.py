"""An address as a picture that a phone's camera reads (ISO/IEC 18004). The one home of segno."""

from io import BytesIO

import segno


def qr_svg(text: str) -> bytes:
    """SVG, black on white with its quiet zone, as large as its place; correction level M, for screens in sunlight."""
    out = BytesIO()
    segno.make_qr(text, error="m").save(out, kind="svg", omitsize=True, light="#fff", svgclass=None, lineclass=None)
    return out.getvalue()
