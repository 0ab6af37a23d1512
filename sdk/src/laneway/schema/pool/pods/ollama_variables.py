"""Environment variables that a pool may give its Ollama: a closed list, and why some that look useful are not in it.

A list of what is allowed and not of what isn't: Ollama, llama.cpp, CUDA and the container's runtime read hundreds, of
which new ones come with each version, and one that logs prompts or takes another's device must not get in unnoticed.
https://github.com/ollama/ollama/blob/v0.32.15/envconfig/config.go
"""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from laneway.schema.pool.pods.reserved import one_of, refusal
from laneway.schema.shared.base import KubernetesModel, Pattern, cel

FLASH_ATTENTION = "OLLAMA_FLASH_ATTENTION"
CACHE_TYPE = "OLLAMA_KV_CACHE_TYPE"
PROMPT_CACHE = "LLAMA_ARG_CACHE_RAM"
"""MiB of memory in which llama-server, below Ollama from 0.30 on, keeps prompts of ended answers."""
PROXY = "HTTPS_PROXY"
ALLOWED = (
    FLASH_ATTENTION,
    CACHE_TYPE,
    "OLLAMA_GPU_OVERHEAD",
    "OLLAMA_LLM_LIBRARY",
    "OLLAMA_SCHED_SPREAD",
    "OLLAMA_VULKAN",
    "HSA_OVERRIDE_GFX_VERSION",
    PROXY,
    "NO_PROXY",
)
REFUSED = {
    "set contextLength of the model instead": ("OLLAMA_CONTEXT_LENGTH",),
    "set parallel of the lane instead": ("OLLAMA_NUM_PARALLEL",),
    "it is an eighth of Ollama's memory limit; set resources.limits.memory of the lane instead": (PROMPT_CACHE,),
    "Laneway sets this variable, and serving depends on it; leave it out": (
        "HOME",
        "OLLAMA_HOST",
        "OLLAMA_KEEP_ALIVE",
        "OLLAMA_LOAD_TIMEOUT",
        "OLLAMA_MAX_LOADED_MODELS",
        "OLLAMA_MODELS",
        "OLLAMA_NOPRUNE",
        "OLLAMA_NO_CLOUD",
    ),
    "prompts would get into logs or files; leave it out": ("OLLAMA_DEBUG", "OLLAMA_DEBUG_LOG_REQUESTS"),
    "nobody but the worker talks to Ollama, and prompts stay in the pod; leave it out": (
        "OLLAMA_ORIGINS",
        "OLLAMA_REMOTES",
    ),
    "the placement profile's accelerator decides which devices Ollama has; leave it out": (
        "CUDA_VISIBLE_DEVICES",
        "GGML_VK_VISIBLE_DEVICES",
        "GPU_DEVICE_ORDINAL",
        "HIP_VISIBLE_DEVICES",
        "ROCR_VISIBLE_DEVICES",
        "NVIDIA_",
    ),
    "Ollama has no rights on AWS or in the cluster; leave it out": ("AWS_", "KUBERNETES_"),
    "Ollama pulls models by HTTPS alone; set HTTPS_PROXY": ("HTTP_PROXY",),
}
"""Why not, and what instead → the variables, or how they begin."""

CACHE_TYPES = ("f16", "q8_0", "q4_0")  # Ollama passes another one over
NOT_ALLOWED = f"env takes {', '.join(ALLOWED)} and nothing else"
BAD_CACHE_TYPE = f"{CACHE_TYPE} should be {', '.join(CACHE_TYPES[:-1])} or {CACHE_TYPES[-1]}"
PROXY_URL = r"^(https?|socks5h?)://[^@\s]+$"  # those of Go's net/http, which Ollama pulls by
BAD_PROXY = (
    f"{PROXY} should be a URL without a password, such as http://proxy.example:3128: env is no place for secrets"
)


class Variable(KubernetesModel):
    """An environment variable of Ollama."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            *((f"!({one_of('self.name', names)})", why) for why, names in REFUSED.items()),
            (one_of("self.name", ALLOWED), NOT_ALLOWED),
            (f"self.name != '{CACHE_TYPE}' || self.value in {list(CACHE_TYPES)}", BAD_CACHE_TYPE),
            (f"self.name != '{PROXY}' || self.value.matches(r'{PROXY_URL}')", BAD_PROXY),
        )
    )

    name: Annotated[
        str,
        Field(max_length=63),
        Pattern(
            r"^[A-Za-z_][A-Za-z0-9_]*$",
            "should be a variable's name: letters, digits and underscores, no digit first, such as NO_PROXY",
        ),
    ]
    """One of those that the how-to on declaring a pool lists."""
    value: Annotated[
        str,
        Field(max_length=1024),
        Pattern(r"^[ -~]+$", "should be one line of ASCII, such as 1; a variable without a value is left out"),
    ]
    """Its value, which everybody who may read the pool can read; never a secret."""

    @model_validator(mode="after")
    def _check_name(self) -> Self:
        why = refusal([self.name], REFUSED)
        if why is not None or self.name not in ALLOWED:
            raise ValueError(why or f"{self.name}: {NOT_ALLOWED}")
        return self

    @model_validator(mode="after")
    def _check_value(self) -> Self:
        if self.name == CACHE_TYPE and self.value not in CACHE_TYPES:
            raise ValueError(BAD_CACHE_TYPE)
        if self.name == PROXY and not re.fullmatch(PROXY_URL, self.value):
            raise ValueError(BAD_PROXY)
        return self
