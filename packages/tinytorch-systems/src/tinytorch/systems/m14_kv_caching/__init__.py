"""KV caching: what attention has computed once is kept, and writing costs the new token alone."""

from .batching import ContinuousBatcher as ContinuousBatcher
from .beam import BeamResult as BeamResult, beam_search as beam_search
from .cache import KVCache as KVCache
from .costs import StepCost as StepCost, step_costs as step_costs
from .layer import LayerMemory as LayerMemory
from .request import GenerationRequest as GenerationRequest
from .speculative import Speculation as Speculation, speculative_generate as speculative_generate
