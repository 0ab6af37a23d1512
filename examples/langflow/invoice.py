"""What both flows ask: two invoices that were read, and one that is not yet."""

from __future__ import annotations

GATEWAY = "http://127.0.0.1:11435"
"""Where `laneway up` serves; `LANEWAY_GATEWAY_URL` names another."""
MODEL = "gemma3:270m"
TEMPLATE = """\
Invoice: Invoice no. 2041 of Contoso Ltd. Amount due: 1,250.00 EUR.
JSON: {{"number": "2041", "supplier": "Contoso Ltd", "total": 1250.0, "currency": "EUR"}}

Invoice: Fabrikam GmbH, bill F-77, total 89.90 CHF, payable in 14 days.
JSON: {{"number": "F-77", "supplier": "Fabrikam GmbH", "total": 89.9, "currency": "CHF"}}

Invoice: {invoice}
JSON:"""
"""The base model completes, so that it is shown what to do. A larger one is told."""
FIELDS = (
    {"name": "number", "description": "its number", "type": "str", "multiple": "False"},
    {"name": "supplier", "description": "who sent it", "type": "str", "multiple": "False"},
    {"name": "total", "description": "the amount", "type": "float", "multiple": "False"},
    {"name": "currency", "description": "three letters", "type": "str", "multiple": "False"},
)
"""Rows of the table Format, as LangFlow's editor makes them."""
