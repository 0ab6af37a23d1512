from __future__ import annotations

from pathlib import Path

from laneway.local.ollama.find import server_environment


def test_an_ollama_inherits_neither_the_users_accounts_nor_his_settings_of_ollama() -> None:
    users = {
        "PATH": "/bin",
        "AWS_ACCESS_KEY_ID": "AKIA",
        "AWS_SESSION_TOKEN": "token",
        "AWS_PROFILE": "production",
        "OLLAMA_ORIGINS": "*",
        "OLLAMA_DEBUG": "2",
        "LLAMA_ARG_CTX_SIZE": "9",
        "LLAMA_ARG_CACHE_RAM": "-1",
    }
    given = server_environment(users, port=1, models=Path("/m"), home=Path("/h"), parallel=2, context=512)
    assert given["PATH"] == "/bin"
    assert not [name for name in given if name.startswith("AWS_")]
    assert not {"OLLAMA_ORIGINS", "OLLAMA_DEBUG", "LLAMA_ARG_CTX_SIZE"} & given.keys()


def test_an_ollama_goes_by_no_settings_that_are_for_a_users_own_programs_in_go() -> None:
    """gin ends at once by a mode that it does not know, and Go by a bound that it can't read: seen with 0.11.4."""
    users = {"GIN_MODE": "production", "GOMEMLIMIT": "500Mi", "GOGC": "often", "CUDA_VISIBLE_DEVICES": "1"}
    given = server_environment(users, port=1, models=Path("/m"), home=Path("/h"), parallel=2, context=512)
    assert users.keys() & given.keys() == {"CUDA_VISIBLE_DEVICES"}


def test_an_ollama_keeps_no_gigabytes_of_prompts_in_the_users_memory() -> None:
    given = server_environment({}, port=1, models=Path("/m"), home=Path("/h"), parallel=2, context=512)
    assert given["LLAMA_ARG_CACHE_RAM"] == "512"
