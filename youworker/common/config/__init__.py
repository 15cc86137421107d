"""Typed settings, read once: `config.database.url`, or flat `config.database_url`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import environ
from django.core.exceptions import ImproperlyConfigured

from youworker.common.config.declare import Setting, read_section, settings_of
from youworker.common.config.sections import (
    AgentConfig,
    ApiConfig,
    DatabaseConfig,
    IdentityConfig,
    IngestionConfig,
    LlmConfig,
    McpConfig,
    PrivacyConfig,
    QuotaConfig,
    RetryConfig,
    SecurityConfig,
    VectorConfig,
)

__all__ = ["BASE_DIR", "Config", "Setting", "all_settings", "config", "load_config"]

BASE_DIR = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Config:
    """Every setting, grouped by domain."""

    database: DatabaseConfig
    security: SecurityConfig
    identity: IdentityConfig
    quota: QuotaConfig
    privacy: PrivacyConfig
    llm: LlmConfig
    vector: VectorConfig
    ingestion: IngestionConfig
    agent: AgentConfig
    mcp: McpConfig
    retry: RetryConfig
    api: ApiConfig

    def __getattr__(self, alias: str) -> Any:
        """Resolve the flat alias `section_field`."""
        section, _, name = alias.partition("_")
        if section in SECTIONS and name in {field.name for field in fields(SECTIONS[section])}:
            return getattr(getattr(self, section), name)
        raise AttributeError(alias)

    @property
    def data_dir(self) -> Path:
        """The absolute data directory; relative values start at the project."""
        return (BASE_DIR / self.database.data_dir).resolve()


SECTIONS: dict[str, type] = {
    "database": DatabaseConfig,
    "security": SecurityConfig,
    "identity": IdentityConfig,
    "quota": QuotaConfig,
    "privacy": PrivacyConfig,
    "llm": LlmConfig,
    "vector": VectorConfig,
    "ingestion": IngestionConfig,
    "agent": AgentConfig,
    "mcp": McpConfig,
    "retry": RetryConfig,
    "api": ApiConfig,
}


def load_config() -> Config:
    """Read the environment and `.env` (the environment wins); check every value."""
    env = environ.FileAwareEnv()
    env.read_env(BASE_DIR / ".env")
    try:
        return Config(**{name: read_section(section, env) for name, section in SECTIONS.items()})
    except OSError as error:
        raise ImproperlyConfigured(f"A secret file cannot be read: {error}") from error


def all_settings() -> list[tuple[Setting, Any]]:
    """Every declared setting with its default, in the order of the sections."""
    declared = []
    for section in SECTIONS.values():
        declared += [(described, field.default) for field, described in settings_of(section)]
    return declared


@cache
def current_config() -> Config:
    """The configuration of this process."""
    return load_config()


if TYPE_CHECKING:
    config: Config
else:

    def __getattr__(name: str) -> Any:
        # Read on first use: the entry points export the embedded servers' URLs before that.
        if name == "config":
            return current_config()
        raise AttributeError(name)
