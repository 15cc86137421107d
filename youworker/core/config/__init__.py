"""Typed settings, read once from the environment: `config.database.url`."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self, cast

import environ
from django.core.exceptions import ImproperlyConfigured

from youworker.core.config.declare import Section, Setting
from youworker.core.config.sections import (
    AgentConfig,
    ApiConfig,
    BackupConfig,
    CrawlConfig,
    DatabaseConfig,
    IdentityConfig,
    IngestionConfig,
    LlmConfig,
    McpConfig,
    ModelFilesConfig,
    PrivacyConfig,
    QuotaConfig,
    RetryConfig,
    SecurityConfig,
    SpeechConfig,
    StorageConfig,
    TracingConfig,
    VectorConfig,
    WebConfig,
    WebhookConfig,
)

__all__ = ["BASE_DIR", "Config", "Setting", "all_settings", "config", "in_force"]

BASE_DIR = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Config:
    """Every setting, grouped by domain."""

    database: DatabaseConfig
    storage: StorageConfig
    security: SecurityConfig
    identity: IdentityConfig
    quota: QuotaConfig
    privacy: PrivacyConfig
    backup: BackupConfig
    tracing: TracingConfig
    webhook: WebhookConfig
    llm: LlmConfig
    model_files: ModelFilesConfig
    vector: VectorConfig
    ingestion: IngestionConfig
    crawl: CrawlConfig
    agent: AgentConfig
    mcp: McpConfig
    web: WebConfig
    speech: SpeechConfig
    retry: RetryConfig
    api: ApiConfig

    @classmethod
    def from_env(cls) -> Self:
        """Read the environment and `.env` (the environment wins); check every value."""
        env = environ.FileAwareEnv()
        env.read_env(BASE_DIR / ".env")
        try:
            read: Any = {name: section.from_env(env) for name, section in SECTIONS.items()}
            return cls(**read)
        except OSError as error:
            raise ImproperlyConfigured(
                f"A secret file cannot be read: {error.filename} ({error.strerror}); correct the"
                " setting that ends with _FILE and names it, or let this account read it."
            ) from error

    @property
    def data_dir(self) -> Path:
        """The absolute data directory; relative values start at the project."""
        return (BASE_DIR / self.database.data_dir).resolve()


SECTIONS = {field.name: cast("type[Section]", field.type) for field in fields(Config)}


def all_settings() -> list[tuple[Setting, Any]]:
    """Every declared setting with its default, in the order of the sections."""
    declared = []
    for section in SECTIONS.values():
        declared += [(described, field.default) for field, described in section.settings()]
    return declared


class ConfigInForce:
    """Stands for the configuration of this process, which tests replace by another."""

    def __init__(self) -> None:
        self.value: Config | None = None

    def __getattr__(self, name: str) -> Any:
        # Read on first use: the entry points export the embedded servers' URLs before that.
        if self.value is None:
            self.value = Config.from_env()
        return getattr(self.value, name)


in_force = ConfigInForce()
config = cast("Config", in_force)
