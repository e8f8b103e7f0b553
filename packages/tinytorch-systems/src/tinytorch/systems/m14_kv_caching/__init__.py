"""KV caching: what attention has computed once is kept, and writing costs the new token alone."""

from .batching import ContinuousBatcher as ContinuousBatcher, GenerationRequest as GenerationRequest
from .beam import BeamResult as BeamResult, beam_search as beam_search
from .cache import KVCache as KVCache
from .speculative import Speculation as Speculation, speculative_generate as speculative_generate
