"""The words of a sentence, its quantities, and what is said about a mistake in it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from pyscl.errors import InputError, suggestion
from pyscl.protocol.limits import AMOUNTS, read_rate
from pyscl.text import pointed
from pyscl.units import parse

KEYWORDS = ("at", "for", "from", "or", "to", "until")
"""Words that begin a part of a sentence."""

FALLS = ("falls", "drops", "is")
"""Words that may stand between an interface and "below"."""

_WORD = re.compile(r'(?:"(?:[^"]|"")*"|\S)+')
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_MOST_WORDS = 6  # of one quantity: "1 A / m ^ 2"


class SentenceError(InputError):
    """A sentence that is not understood.

    Attributes:
        text: the sentence.
        position: character of it where the mistake is.
        message: "what is wrong; what was understood and what is allowed", without the text.
    """

    def __init__(self, text: str, position: int, message: str) -> None:
        """Compose the text for the user."""
        super().__init__(pointed(message, text, position))
        self.text, self.position, self.message = text, position, message


@dataclass(frozen=True)
class Wanted:
    """What a number with a unit may be: units by field name, and how to ask for it."""

    noun: str
    examples: str
    units: Mapping[str, str]


VOLTAGE = Wanted("voltage", "a voltage ('4.3 V')", {"voltage": "V"})
CURRENT = Wanted(
    "current", "a current ('0.1 mA/cm^2', '2 uA', '1 uA/m') or C-rate ('C/10')", AMOUNTS
)
TIME = Wanted("time", "a time ('10 ms')", {"duration": "s"})
SWEEP_RATE = Wanted("sweep rate", "a sweep rate ('10 mV/s')", {"rate": "V/s"})
SITE_FRACTION = Wanted("site fraction", "a number ('0.01')", {"below": "1"})
LIMIT = Wanted(
    "limit",
    "a voltage ('4.3 V'), a current ('1 uA/cm^2') or C-rate ('C/50'), 'steady', or "
    "'<carrier> at <region|region> falls below <number>'",
    {**VOLTAGE.units, **AMOUNTS},
)


@dataclass(frozen=True)
class Word:
    """One word, or one text in quotes.

    Attributes:
        text: the word as it was written.
        start: its first character in the sentence.
        end: the character behind its last one.
    """

    text: str
    start: int
    end: int

    @property
    def name(self) -> str:
        """The word as a name, without the quotes around it or its parts."""
        return _QUOTED.sub(lambda match: match[1].replace('""', '"'), self.text)


@dataclass(frozen=True)
class Value:
    """A number that was read: which field it is for, its value in SI, where it begins."""

    field: str
    number: float
    word: Word


class Words:
    """The words of one sentence, taken from left to right."""

    def __init__(self, text: str) -> None:
        """Split a sentence; a full stop at its end is ignored."""
        spoken = text.rstrip().removesuffix(".")
        self.text = text
        self.example = ""
        self._words = [Word(m[0], m.start(), m.end()) for m in _WORD.finditer(spoken)]
        self._next = 0

    @property
    def done(self) -> bool:
        """Whether all words are taken."""
        return self._next == len(self._words)

    def peek(self, ahead: int = 0) -> str:
        """Return a coming word in lower case, or "" behind the last one."""
        place = self._next + ahead
        return self._words[place].text.lower() if place < len(self._words) else ""

    def take(self) -> Word:
        """Return the next word and go on to the one after it."""
        self._next += 1
        return self._words[self._next - 1]

    def take_joined(self, joint: str, stops: Sequence[str]) -> Word:
        """Take "a|b", "a | b" or the like as one word, but none of `stops`.

        Args:
            joint: the sign in the middle.
            stops: words that do not belong to it.
        """
        begin = self.take()
        last = begin
        while last.text.endswith(joint) or self.peek().startswith(joint):
            if self.done or self.peek() in stops:
                break
            last = self.take()
        return Word(self.text[begin.start : last.end], begin.start, last.end)

    def refuse(self, problem: str, advice: str, at: Word) -> NoReturn:
        """Refuse what is understood but makes no sense."""
        raise SentenceError(self.text, at.start, f"{problem}; {advice}")

    def fail(
        self,
        allowed: str,
        *,
        known: Iterable[str] = (),
        problem: str = "",
        position: int | None = None,
    ) -> NoReturn:
        """Refuse the next word, or the end of the sentence.

        Args:
            allowed: what may stand there.
            known: words it may be a misspelling of.
            problem: what is wrong, if it is not just a word that is not understood.
            position: where it is, if not at the next word.
        """
        hint = ""
        if self.done:
            here = self._words[-1].end if self._words else 0
            problem = problem or "the sentence is not complete"
        else:
            word = self._words[self._next]
            here = word.start
            key = word.text.lower()
            hint = "" if key in KEYWORDS else suggestion(key, known)
            problem = problem or f"'{word.text}' is not understood"
        here = here if position is None else position
        before = self.text[:here].strip()
        parts = [f"understood: '{before}'"] if before else []
        parts.append(f"allowed here: {allowed}{'.' + hint if hint else ''}")
        example = f"\n  e.g. '{self.example}'" if self.example else ""
        raise SentenceError(self.text, here, f"{problem}; {'; '.join(parts)}{example}")

    def starts_number(self) -> bool:
        """Whether the next word begins a number or is a C-rate."""
        if self.done:
            return False
        text = self._words[self._next].text
        if _NUMBER.match(text):
            return True
        return self.peek(1) != "at" and _is_rate(text)

    def value(self, wanted: Wanted) -> Value:
        """Read a number with its unit, as many words as make sense together."""
        begin = self._next
        if self.done or self.peek() in KEYWORDS:
            self.fail(wanted.examples, problem=f"a {wanted.noun} is missing")
        stop = begin + 1
        while stop < len(self._words) and self._words[stop].text.lower() not in KEYWORDS:
            stop += 1
        stop = min(stop, begin + _MOST_WORDS)
        word = self._words[begin]
        for last in range(stop, begin, -1):
            if last < stop and self._belongs(last):
                continue
            text = self.text[word.start : self._words[last - 1].end]
            for field, unit in wanted.units.items():
                number = _read(text, unit)
                if number is not None:
                    self._next = last
                    return Value(field, number, Word(text, word.start, self._words[last - 1].end))
        self._explain(self._words[begin:stop], wanted)

    def _belongs(self, place: int) -> bool:
        """Whether a word is part of the unit before it, as "/" and "cm2" of "mA / cm2"."""
        before, word = self._words[place - 1].text, self._words[place].text
        return before[-1] in "/*^(" or not word[0].isalpha()

    def _explain(self, words: Sequence[Word], wanted: Wanted) -> NoReturn:
        """Refuse what is no value: say whether the number or the unit is wrong, and where."""
        first = words[0]
        number = _NUMBER.match(first.text)
        if number is None:
            self.fail(wanted.examples, problem=f"'{first.text}' is not a {wanted.noun}")
        position, count = first.start + number.end(), 1
        if position == first.end and len(words) > 1:
            position, count = words[1].start, 2
        while count < len(words) and self._belongs(self._next + count):
            count += 1
        text = self.text[first.start : words[count - 1].end]
        unit = next(iter(wanted.units.values()))
        try:
            parse(text, unit, require_units=True)
        except InputError as error:
            problem = str(error).partition("; ")[0]
        else:
            problem = f"'{text}' is not a {wanted.noun}"
        if not problem.startswith(("wrong unit", "unknown unit")):
            position = first.start
        self.fail(wanted.examples, problem=problem, position=position)


def _is_rate(text: str) -> bool:
    try:
        return read_rate(text) is not None
    except InputError:
        return True


def _read(text: str, unit: str) -> float | None:
    """Return the value of a text in a unit ("1/h" for C-rates), or None."""
    try:
        if unit == "1/h":
            return read_rate(text)
        return parse(text, unit, require_units=True)
    except InputError:
        pass
    # Minutes and VOLTS are words, but MS and ms are different units
    if re.search(r"[A-Za-z]{3,}$", text) and text != text.lower():
        return _read(text.lower(), unit)
    return None
