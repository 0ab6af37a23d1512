"""What a model has said so far, and how far somebody has heard it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from laneway.translate.pieces import Piece

if TYPE_CHECKING:
    from collections.abc import Sequence

    from laneway.translate.pieces import Call


class Position(NamedTuple):
    """How far; texts in bytes of UTF-8."""

    text: int = 0
    thinking: int = 0
    calls: int = 0

    def further(self, other: Position) -> Position:
        """The further one of each."""
        return Position(*map(max, self, other))


START = Position()


class Said:
    """Text, thinking and calls, each in order. As UTF-8 a character of a long answer takes one byte, where single
    pieces would take sixty.
    """

    def __init__(self, *pieces: Piece) -> None:
        """Nothing yet, or these."""
        self.text = bytearray()
        self.thinking = bytearray()
        self.calls: list[Call] = []
        self._calls_size = 0
        for each in pieces:
            self.add(each)

    def add(self, piece: Piece) -> None:
        """Somebody goes on."""
        self.text += _bytes(piece.text)
        self.thinking += _bytes(piece.thinking)
        self.calls += piece.calls
        self._calls_size += _size(piece.calls)

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        return len(self.text) + len(self.thinking) + self._calls_size

    @property
    def position(self) -> Position:
        """Its end."""
        return Position(len(self.text), len(self.thinking), len(self.calls))

    def after(self, position: Position) -> Piece:
        """What comes after a position between two pieces; nothing where it is not reached yet."""
        text, thinking, calls = position
        return Piece(_text(self.text[text:]), _text(self.thinking[thinking:]), tuple(self.calls[calls:]))

    def until(self, position: Position) -> Said:
        """What comes before it."""
        cut = Said()
        cut.text, cut.thinking = self.text[: position.text], self.thinking[: position.thinking]
        cut.calls = self.calls[: position.calls]
        cut._calls_size = _size(cut.calls)
        return cut

    def agrees(self, other: Said, start: Position = START) -> bool:
        """Whether both say the same from there on, as far as both go."""
        return all(map(_same, self._parts(), other._parts(), start))

    def or_longer(self, other: Said) -> Said:
        """The longer one of each part."""
        longer = Said()
        longer.text = max(self.text, other.text, key=len)
        longer.thinking = max(self.thinking, other.thinking, key=len)
        longer.calls = max(self.calls, other.calls, key=len)
        return longer

    def _parts(self) -> tuple[Sequence[Any], ...]:
        return self.text, self.thinking, self.calls


def _same(one: Sequence[Any], other: Sequence[Any], start: int) -> bool:
    end = min(len(one), len(other))
    return one[start:end] == other[start:end]


def _size(calls: Sequence[Call]) -> int:
    return sum(len(repr(each)) for each in calls)


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")  # JSON can hold half a pair


def _text(part: bytearray) -> str:
    return part.decode(errors="surrogatepass")


def record_of(piece: Piece, *, chat: bool) -> dict[str, Any]:
    """A piece in Ollama's words: a record of a chat, or of a completion."""
    thinking = {"thinking": piece.thinking} if piece.thinking else {}
    if not chat:
        return {"response": piece.text, **thinking}
    message: dict[str, Any] = {"role": "assistant", "content": piece.text, **thinking}
    if piece.calls:
        message["tool_calls"] = [
            {**({"id": each.id} if each.id else {}), "function": {"name": each.name, "arguments": each.arguments}}
            for each in piece.calls
        ]
    return {"message": message}
