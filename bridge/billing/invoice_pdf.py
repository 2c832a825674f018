"""Issued invoices and credit notes as PDF."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fpdf import FPDF
from fpdf.bidi import BidiParagraph
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace

from bridge.billing.exports import with_names
from bridge.billing.invoice_draft import PersonShare
from bridge.billing.invoice_events import LifeEvent, events_of
from bridge.billing.issued_credit_notes import IssuedCreditNote, credit_note_people, read_credit_note
from bridge.billing.issued_invoices import IssuedInvoice, invoice_people, read_invoice
from bridge.billing.money import format_minor
from bridge.database.sessions import TenantSession
from config.settings import settings

#: DejaVu Sans, carried beside this module with its licence: Latin, Greek, Cyrillic, Hebrew, Arabic and more.
#: What it cannot write, such as Chinese, is written with the fonts that the operator names.
FONTS = Path(__file__).parent / "fonts"
FONT = "DejaVu"
MARGIN_MM = 18
LINE_MM = 4.6
INK = (33, 37, 41)
FAINT = (108, 117, 125)
SHADE = (241, 243, 245)
INVOICE_SUMS = {"subtotal": "Subtotal", "tax": "Tax", "total": "Total", "credit_used": "Credit", "due": "Due"}
CREDIT_NOTE_SUMS = {"subtotal": "Subtotal", "tax": "Tax", "amount": "Given back"}

#: It tells of each table of a font that it takes along.
logging.getLogger("fontTools").setLevel(logging.WARNING)

Rows = Iterable[Sequence[str]]


@dataclass(frozen=True, slots=True)
class PrintedPerson:
    """A person's line: the first of ``names`` that the fonts can write is printed."""

    names: tuple[str, ...]
    plan: str
    department: str
    days: str
    amount: str


def export_pdf(session: TenantSession, invoice_id: str) -> bytes:
    """Return an invoice as PDF: the same bytes each time, unless it is void by now or people's names changed.

    More people than ``invoice_pdf_people`` are left to the other exports. Raises ``NotFound``.
    """
    invoice = read_invoice(session, invoice_id)
    most = settings().invoice_pdf_people
    shares = invoice_people(session, invoice.id)
    people = list(_people(session, shares, invoice.currency)) if _count(invoice) <= most else []
    void = [event for event in events_of(session, invoice.id) if event.kind == "void"]
    return draw_invoice(
        invoice, people, void=void[0] if void else None, more_fonts=settings().pdf_fonts.split(",")
    )


def export_credit_note_pdf(session: TenantSession, number: str) -> bytes:
    """Return a credit note as PDF, by the rules of ``export_pdf``. Raises ``NotFound``."""
    note = read_credit_note(session, number)
    shares = credit_note_people(session, note.id)
    few = _count(note) <= settings().invoice_pdf_people
    people = list(_people(session, shares, note.currency)) if few else []
    return draw_credit_note(note, people, more_fonts=settings().pdf_fonts.split(","))


def draw_invoice(
    invoice: IssuedInvoice,
    people: Sequence[PrintedPerson],
    *,
    void: LifeEvent | None,
    more_fonts: Sequence[str],
) -> bytes:
    """Return the pages of an invoice."""
    title = f"Invoice {invoice.number}"
    sheet = _Sheet(title, invoice.closed_at, [name for name in more_fonts if name])
    document = invoice.document
    sheet.parties(document["seller"], document["buyer"])
    sheet.head(
        title, f"{invoice.period_start} to {invoice.period_end} (exclusive), dated {invoice.issued_on}", void
    )
    sheet.lines(document)
    sheet.sums(document, INVOICE_SUMS)
    sheet.payment(document["seller"])
    return sheet.finished(invoice, people)


def draw_credit_note(
    note: IssuedCreditNote, people: Sequence[PrintedPerson], *, more_fonts: Sequence[str]
) -> bytes:
    """Return the pages of a credit note."""
    title = f"Credit note {note.number}"
    sheet = _Sheet(title, note.created_at, [name for name in more_fonts if name])
    document = note.document
    sheet.parties(document["seller"], document["buyer"])
    sheet.head(title, f"for invoice {document['invoice']}, dated {note.issued_on}: {document['reason']}")
    sheet.lines(document)
    sheet.sums(document, CREDIT_NOTE_SUMS)
    return sheet.finished(note, people)


class _Sheet(FPDF):
    """The pages, with a footer on each."""

    def __init__(self, title: str, created_at: datetime, more_fonts: Sequence[str]) -> None:
        super().__init__(format="A4")
        self.foot = title
        self.set_creation_date(created_at)
        self.set_title(self.foot)
        self.set_margins(MARGIN_MM, MARGIN_MM)
        self.set_auto_page_break(auto=True, margin=MARGIN_MM)
        self.add_font(FONT, "", FONTS / "DejaVuSans.ttf")
        self.add_font(FONT, "B", FONTS / "DejaVuSans-Bold.ttf")
        for number, path in enumerate(more_fonts):
            self.add_font(f"more{number}", "", path.strip())
        self.set_fallback_fonts([f"more{number}" for number in range(len(more_fonts))], exact_match=False)
        known = [self.fonts[key] for key in self.fonts if key == FONT.lower() or key.startswith("more")]
        self.characters = frozenset().union(*(font.cmap for font in known))  # type: ignore[union-attr]  # all of them are TrueType
        self.write_in(9)
        self.add_page()

    def footer(self) -> None:
        self.set_y(-MARGIN_MM + 4)
        self.write_in(7.5, color=FAINT)
        self.cell(0, 4, f"{self.foot} · page {self.page_no()} of {{nb}}", align="R")

    def write_in(self, points: float, *, bold: bool = False, color: tuple[int, int, int] = INK) -> None:
        self.set_font(FONT, "B" if bold else "", points)
        self.set_text_color(*color)

    def line_of(self, text: str, *, height: float = LINE_MM) -> None:
        self.multi_cell(0, height, self.shown(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def shown(self, text: str) -> str:
        """Return text in the order in which it is seen: what runs from right to left is turned around."""
        return "\n".join(BidiParagraph(line).get_reordered_string() for line in text.split("\n"))

    def can_write(self, text: str) -> bool:
        return all(ord(character) in self.characters for character in text)

    def parties(self, seller: Mapping[str, str], buyer: Mapping[str, str]) -> None:
        """Write who issues the invoice, then whom it is made out to."""
        self.write_in(8, color=FAINT)
        for field in ("name", "address", "country", "register", "contact"):
            if field in seller:
                self.line_of(seller[field], height=3.9)
        if "tax_id" in seller:
            self.line_of(f"Tax id {seller['tax_id']}", height=3.9)
        self.ln(7)
        self.write_in(10)
        for field in ("name", "address", "country", "contact"):
            if field in buyer:
                self.line_of(buyer[field], height=5)
        for field, said in (("tax_id", "Tax id"), ("register", "Registered"), ("reference", "Reference")):
            if field in buyer:
                self.line_of(f"{said} {buyer[field]}", height=5)
        self.ln(7)

    def head(self, title: str, about: str, void: LifeEvent | None = None) -> None:
        self.write_in(17, bold=True)
        self.line_of(title, height=9)
        self.write_in(9, color=FAINT)
        self.line_of(about)
        if void is not None:
            self.write_in(11, bold=True)
            self.line_of(f"VOID since {void.happened_on}: {void.reference}", height=7)
        self.ln(4)

    def lines(self, document: Mapping[str, Any]) -> None:
        self.money_table(
            ("Item", "Quantity", f"Amount {document['currency']}"),
            [(line["description"], line["quantity"], line["amount"]) for line in document["lines"]],
            widths=(66, 17, 17),
        )

    def money_table(self, heads: Sequence[str], rows: Rows, *, widths: Sequence[int]) -> None:
        """Draw a table whose last column is money; its heads come again on each page."""
        self.write_in(8.5)
        self.set_draw_color(206, 212, 218)
        align = (*["LEFT"] * (len(heads) - 2), "RIGHT", "RIGHT") if len(heads) > 2 else ("LEFT", "RIGHT")  # noqa: PLR2004 (name and amount)
        with self.table(
            col_widths=tuple(widths), text_align=align, line_height=LINE_MM, padding=(0.9, 1.2),
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=FontFace(emphasis="BOLD", fill_color=SHADE),
        ) as table:  # fmt: skip
            table.row([self.shown(head) for head in heads])
            for row in rows:
                table.row([self.shown(cell) for cell in row])

    def section(
        self, title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], *, widths: Sequence[int]
    ) -> None:
        if not rows:
            return
        self.ln(5)
        self.write_in(11, bold=True)
        self.line_of(title, height=7)
        self.money_table(heads, rows, widths=widths)

    def sums(self, document: Mapping[str, Any], said: Mapping[str, str]) -> None:
        self.ln(2)
        for name, word in said.items():
            self.write_in(9, bold=name in {"total", "due", "amount"})
            self.cell(self.epw * 0.8, 5.4, word, align="R")
            self.cell(0, 5.4, f"{document[name]} {document['currency']}", align="R",
                      new_x=XPos.LMARGIN, new_y=YPos.NEXT)  # fmt: skip

    def payment(self, seller: Mapping[str, str]) -> None:
        payment = seller.get("payment")
        if payment:
            self.ln(2)
            self.write_in(9)
            self.line_of(f"Please pay to {payment}")

    def people(self, people: Sequence[PrintedPerson], *, count: int) -> None:
        if count and not people:
            self.ln(5)
            self.write_in(9)
            self.line_of(f"{count} lines of people: they are in the CSV and JSON exports.")
            return
        rows = [(self._name(each), each.plan, each.department, each.days, each.amount) for each in people]
        self.section(
            "People", ("Person", "Plan", "Department", "Days", "Amount"), rows, widths=(38, 17, 21, 9, 15)
        )

    def _name(self, person: PrintedPerson) -> str:
        return next((name for name in person.names if name and self.can_write(name)), person.names[-1])

    def finished(self, issued: IssuedInvoice | IssuedCreditNote, people: Sequence[PrintedPerson]) -> bytes:
        """Write who bears the money and the hash; return the pages."""
        for title, name in (("Departments", "department"), ("Cost centres", "cost_centre")):
            rows = [(row[name] or "—", row["amount"]) for row in issued.document[f"{name}s"]]
            self.section(title, ("Name", f"Amount {issued.currency}"), rows, widths=(80, 20))
        self.people(people, count=_count(issued))
        self.seal(issued.sha256)
        return bytes(self.output())

    def seal(self, sha256: str) -> None:
        """Write down the hash, by which the printed document can be held against the stored one."""
        self.ln(6)
        self.write_in(7, color=FAINT)
        self.line_of(f"SHA-256 of the canonical document: {sha256}", height=3.6)


def _people(session: TenantSession, people: Iterator[PersonShare], currency: str) -> Iterator[PrintedPerson]:
    for shares, names in with_names(session, people):
        for share in shares:
            user_name, display_name = names.get(share.person_id, ("", ""))
            yield PrintedPerson(
                (display_name, user_name, share.person_id or "(nobody)"),
                share.plan or "",
                share.department or "",
                str(share.billable_days),
                format_minor(share.amount_minor, currency),
            )


def _count(issued: IssuedInvoice | IssuedCreditNote) -> int:
    count: int = issued.document["people"]["count"]
    return count
