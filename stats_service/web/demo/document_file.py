"""A page of text as a PDF file, for the documents of the demo portal."""

from collections.abc import Sequence

#: A4, in points; where the first line stands, and how far the next is below it.
WIDTH, HEIGHT = 595, 842
LEFT, TOP, LEADING = 72, 760, 28
#: What the page shows, and its font, by the numbers of their objects.
CONTENT = "/Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >>"


def pdf_of(lines: Sequence[str]) -> bytes:
    """Return a PDF of one page with these lines, of ASCII alone: the font is every reader's own."""
    shown = " ".join(f"({line}) Tj T*" for line in lines)
    stream = f"BT /F1 18 Tf {LEADING} TL {LEFT} {TOP} Td {shown} ET"
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] {CONTENT} >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    body, places = "%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n"
    entries = "".join(f"{place:010} 00000 n \n" for place in places)
    return (
        f"{body}xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{entries}"
        f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    ).encode("ascii")
