"""Images to learn from: handwritten digits that come with the package, or IDX files of the user."""

from .digits import digits as digits, digits_by_unknown_hands as digits_by_unknown_hands
from .idx import read_idx as read_idx, read_idx_folder as read_idx_folder
from .images import DataError as DataError, Images as Images
