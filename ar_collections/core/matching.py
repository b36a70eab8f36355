"""Cash application: which open items a bank receipt may be for, and the evidence for it.

Nothing here scores or guesses: every proposal carries what was found where (handbook reconciliation.md 4.1:
a lattice of evidence a person can check, not one confidence number). A number in a text counts only between
boundaries, so that INV/2026/0001 is never found in INV/2026/00010 (the trap of Invoice Ninja, ERPNext and
OCA, handbook 2 and 1.4).
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

#: Shortest reference that is looked for, counted in letters and digits.
MIN_REFERENCE_LENGTH = 4
#: What people and banks put between the parts of a number, or leave out.
_SEPARATORS = frozenset(" \t\u00a0/\\-_.:#*`'\u2010\u2011\u2012\u2013\u2014\u3000\u3001\u30fb|")
_MAX_SEPARATORS = 3


class AmountFit(Enum):
    """How the receipt compares with what is open on an item."""

    EXACT = "exact"
    PARTIAL = "partial"  # the receipt is less
    OVER = "over"  # the receipt is more
    OTHER_CURRENCY = "other_currency"  # not comparable without a rate


class PartnerFit(Enum):
    """How the payer compares with the customer of an item."""

    AGREES = "agrees"
    UNKNOWN = "unknown"
    CONFLICTS = "conflicts"


@dataclass(frozen=True)
class Reference:
    """A number by which an item may be named; `field` says which one it is."""

    field: str
    value: str


@dataclass(frozen=True)
class OpenItem:
    """An open item; `amount` > 0 is what is open, in `currency`, in the direction of the receipt."""

    key: int
    references: tuple[Reference, ...]
    currency: str
    amount: Decimal
    partner: int | None = None
    partner_name: str = ""


@dataclass(frozen=True)
class Receipt:
    """A bank line; `texts` are (field, text) pairs, `amount` > 0 in `currency`; `partner` is the commercial
    partner.
    """

    texts: tuple[tuple[str, str], ...]
    currency: str
    amount: Decimal
    partner: int | None = None
    payer_name: str = ""


@dataclass(frozen=True)
class Found:
    """A reference found in a text: `text_field[start:end]` names the item; `verbatim` if it was spelled
    alike.
    """

    reference: Reference
    text_field: str
    start: int
    end: int
    verbatim: bool


@dataclass(frozen=True)
class Proposal:
    """An item the receipt may be for, with the evidence; `found` is empty when only payer and amount
    agree.
    """

    item: OpenItem
    found: tuple[Found, ...]
    amount: AmountFit
    partner: PartnerFit

    @property
    def rank(self) -> tuple[int, int, int]:
        """Sort key, best first: a number in the text, then the payer, then the amount."""
        reference = 2 if not self.found else 0 if any(found.verbatim for found in self.found) else 1
        partner = {PartnerFit.AGREES: 0, PartnerFit.UNKNOWN: 1, PartnerFit.CONFLICTS: 2}[self.partner]
        amount = {AmountFit.EXACT: 0, AmountFit.PARTIAL: 1, AmountFit.OTHER_CURRENCY: 1, AmountFit.OVER: 2}
        return reference, partner, amount[self.amount]


# --- text ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Compact:
    """A text reduced to upper-case Latin letters and digits; `origin[i]` is where character i came from."""

    source: str
    chars: str
    origin: tuple[int, ...]

    def gap(self, index: int) -> str:
        """Return what stood between the characters `index - 1` and `index`."""
        return self.source[self.origin[index - 1] + 1 : self.origin[index]]


def _is_word(char: str) -> bool:
    """Letters of scripts with upper and lower case, and digits: what may continue a number. Not Chinese."""
    return unicodedata.category(char) in ("Lu", "Ll", "Lt", "Nd")


def _compact(text: str) -> _Compact:
    """Fold width, case and compatibility forms (NFKC) and drop all but letters and digits, keeping
    positions.
    """
    chars: list[str] = []
    origin: list[int] = []
    for position, char in enumerate(text):
        for folded in unicodedata.normalize("NFKC", char).upper():
            if _is_word(folded):
                chars.append(folded)
                origin.append(position)
    return _Compact(text, "".join(chars), tuple(origin))


def is_usable_reference(value: str) -> bool:
    """Tell whether a value is telling enough to be looked for in free text.

    At least four letters and digits, one digit among them, and not just a year: "2026" stands in every other
    memo.
    """
    chars = _compact(value).chars
    if len(chars) < MIN_REFERENCE_LENGTH or not any(char.isdigit() for char in chars):
        return False
    return not (len(chars) == 4 and chars.isdigit() and chars[:2] in ("19", "20"))


def _is_separator(gap: str) -> bool:
    folded = unicodedata.normalize("NFKC", gap)
    return len(folded) <= _MAX_SEPARATORS and all(char in _SEPARATORS for char in folded)


def _joints(reference: _Compact) -> set[int]:
    """Return the positions of a reference where its own spelling has a separator."""
    return {index for index in range(1, len(reference.chars)) if reference.gap(index)}


def _spans(text: _Compact, reference: _Compact) -> Iterator[tuple[int, int]]:
    """Yield (start, end) in `text.chars` of each occurrence of the reference between boundaries."""
    length, joints = len(reference.chars), _joints(reference)
    start = text.chars.find(reference.chars)
    while start >= 0:
        end = start + length
        free_left = start == 0 or text.origin[start] - text.origin[start - 1] > 1
        free_right = end == len(text.chars) or text.origin[end] - text.origin[end - 1] > 1
        if free_left and free_right and _inside_fits(text, start, end, joints):
            yield start, end
        start = text.chars.find(reference.chars, start + 1)


def _inside_fits(text: _Compact, start: int, end: int, joints: set[int]) -> bool:
    """Tell whether an occurrence is only broken where the reference is, and only by separators."""
    for index in range(start + 1, end):
        gap = text.gap(index)
        if gap and (index - start not in joints or not _is_separator(gap)):
            return False
    return True


def find_reference(text_field: str, text: str, reference: Reference) -> Found | None:
    """Look for a reference in a text, indifferent to case, character width and separators.

    Between the parts of the reference the text may have other separators or none; within a part it may have
    none. Neither end may touch another letter or digit.
    """
    if not is_usable_reference(reference.value):
        return None
    compact, wanted = _compact(text), _compact(reference.value)
    for start, end in _spans(compact, wanted):
        first, last = compact.origin[start], compact.origin[end - 1] + 1
        verbatim = _fold(text[first:last]) == _fold(reference.value)
        return Found(reference, text_field, first, last, verbatim)
    return None


def _fold(value: str) -> str:
    return unicodedata.normalize("NFKC", value).upper().strip()


def fold_name(name: str) -> str:
    """Reduce a company name to what must agree: no width, case, spaces or punctuation; Chinese is kept."""
    folded = unicodedata.normalize("NFKC", name).upper()
    return "".join(char for char in folded if char.isalnum())


# --- proposals -----------------------------------------------------------------------------------


def amount_fit(receipt: Receipt, item: OpenItem) -> AmountFit:
    """Compare the receipt with what is open on an item."""
    if receipt.currency != item.currency:
        return AmountFit.OTHER_CURRENCY
    if receipt.amount == item.amount:
        return AmountFit.EXACT
    return AmountFit.PARTIAL if receipt.amount < item.amount else AmountFit.OVER


def partner_fit(receipt: Receipt, item: OpenItem) -> PartnerFit:
    """Compare the payer with the customer: by record where the bank line has one, else by name."""
    if receipt.partner is not None:
        return PartnerFit.AGREES if receipt.partner == item.partner else PartnerFit.CONFLICTS
    if not receipt.payer_name or not item.partner_name:
        return PartnerFit.UNKNOWN
    same = fold_name(receipt.payer_name) == fold_name(item.partner_name)
    return PartnerFit.AGREES if same else PartnerFit.CONFLICTS


def propose(receipt: Receipt, items: Iterable[OpenItem]) -> list[Proposal]:
    """Return the items the receipt may be for, best evidence first.

    An item is proposed when one of its numbers is in a text of the receipt, or, without any number, when the
    payer agrees and the amount is exactly what is open.
    """
    proposals = []
    for item in items:
        found = tuple(
            hit
            for reference in item.references
            for field, text in receipt.texts
            if (hit := find_reference(field, text, reference))
        )
        amount, partner = amount_fit(receipt, item), partner_fit(receipt, item)
        if found or (partner is PartnerFit.AGREES and amount is AmountFit.EXACT):
            proposals.append(Proposal(item, found, amount, partner))
    return sorted(proposals, key=lambda proposal: (*proposal.rank, proposal.item.key))


def suggest_selection(receipt: Receipt, proposals: Sequence[Proposal]) -> dict[int, Decimal]:
    """Return what may be ticked for the user to confirm: item key -> amount in the receipt's currency.

    Only items named in the text whose payer does not conflict; in their order until the receipt is used up.
    Without a number, one item and only if it is the only one. An item in another currency is suggested alone
    or not at all: it takes the whole receipt.
    """
    named = [proposal for proposal in proposals if proposal.found]
    chosen = named or (list(proposals) if len(proposals) == 1 else [])
    chosen = [proposal for proposal in chosen if proposal.partner is not PartnerFit.CONFLICTS]
    if any(proposal.amount is AmountFit.OTHER_CURRENCY for proposal in chosen):
        return {chosen[0].item.key: receipt.amount} if len(chosen) == 1 else {}
    left, selection = receipt.amount, dict[int, Decimal]()
    for proposal in chosen:
        if left > 0:
            selection[proposal.item.key] = min(left, proposal.item.amount)
            left -= selection[proposal.item.key]
    return selection
