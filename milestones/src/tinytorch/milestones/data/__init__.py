"""What to learn from: digits and plays that come with the packages, or files of the user."""

from .cifar import read_cifar10 as read_cifar10
from .digits import digits as digits, digits_by_unknown_hands as digits_by_unknown_hands
from .folders import read_folder as read_folder
from .idx import read_idx as read_idx, read_idx_folder as read_idx_folder
from .images import DataError as DataError, Images as Images
from .json_digits import read_json_digits as read_json_digits
from .texts import Text as Text, plays as plays, read_text as read_text
