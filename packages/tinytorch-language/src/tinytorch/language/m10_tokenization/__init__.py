"""Text to numbers and back: characters, byte pairs, word pieces."""

from .bpe import BPETokenizer as BPETokenizer
from .char import CharTokenizer as CharTokenizer
from .encoding import Encoding as Encoding
