"""Text to numbers and back: characters, byte pairs, word pieces."""

from .bert import BertNormalizer as BertNormalizer
from .bpe import BPETokenizer as BPETokenizer
from .char import CharTokenizer as CharTokenizer
from .encoding import Encoding as Encoding
from .plays import plays as plays
from .wordpiece import WordPieceTokenizer as WordPieceTokenizer
