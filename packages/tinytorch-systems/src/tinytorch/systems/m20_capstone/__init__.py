"""TinyGPT: everything together, from text to a page in the browser."""

from .command import tinytorch_gpt as tinytorch_gpt
from .errors import TinyGPTError as TinyGPTError
from .learning import TinyGPTTraining as TinyGPTTraining
from .options import TinyGPTOptions as TinyGPTOptions
from .serving import ServerLimits as ServerLimits, TinyGPTServer as TinyGPTServer
from .tinygpt import TinyGPT as TinyGPT
