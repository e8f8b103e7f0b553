"""TinyGPT: everything together, from text to a page in the browser."""

from .chat_command import Conversation as Conversation
from .command import tinytorch_gpt as tinytorch_gpt
from .errors import TinyGPTError as TinyGPTError
from .learning import TinyGPTTraining as TinyGPTTraining
from .olympics import Contestant as Contestant, olympics as olympics
from .options import TinyGPTOptions as TinyGPTOptions
from .serving import ServerLimits as ServerLimits, TinyGPTServer as TinyGPTServer
from .texts import Corpus as Corpus, read_corpus as read_corpus
from .tinygpt import TinyGPT as TinyGPT
