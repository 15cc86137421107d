"""The groups of settings; each field names its environment variable."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from youworker.core.config.declare import Section, setting
from youworker.core.config.server_urls import require_database_url, require_redis_url, with_password

if TYPE_CHECKING:
    import environ


@dataclass(frozen=True)
class DatabaseConfig(Section):
    """PostgreSQL, Redis and the files beside them."""

    url: str = setting("DATABASE_URL", "", "PostgreSQL with pgvector; empty = embedded server")
    password: str = setting("DATABASE_PASSWORD", "", "its password, when DATABASE_URL has none")
    redis_url: str = setting("REDIS_URL", "", "Redis 6.2 or newer; empty = embedded server")
    redis_password: str = setting("REDIS_PASSWORD", "", "its password, when REDIS_URL has none")
    data_dir: str = setting("DATA_DIR", "var", "where files, secrets and embedded servers live")
    pool_size: int = setting(
        "DATABASE_POOL_SIZE", 20, "connections of one web process", low=8, high=200
    )
    connect_timeout: int = setting(
        "DATABASE_CONNECT_TIMEOUT", 10, "seconds to wait for a connection", low=1, high=120
    )

    @classmethod
    def from_env(cls, env: environ.Env) -> Self:
        """Read the section; the passwords are put into the addresses, which have to be some."""
        read = super().from_env(env)
        require_database_url(read.url)
        require_redis_url(read.redis_url)
        return replace(
            read,
            url=with_password(read.url, read.password),
            redis_url=with_password(read.redis_url, read.redis_password),
        )


@dataclass(frozen=True)
class StorageConfig(Section):
    """Where originals are kept."""

    url: str = setting(
        "STORAGE_URL", "", "bucket of an S3-compatible server, s3://BUCKET/PREFIX; empty = DATA_DIR"
    )
    endpoint_url: str = setting("STORAGE_ENDPOINT_URL", "", "the server; empty = Amazon's")
    region: str = setting("STORAGE_REGION", "", "its region, where it has some")
    access_key: str = setting("STORAGE_ACCESS_KEY", "", "a key of it; empty = the machine's role")
    secret_key: str = setting("STORAGE_SECRET_KEY", "", "the secret of that key")


@dataclass(frozen=True)
class SecurityConfig(Section):
    """Secrets, hosts and what browsers are told."""

    secret_key: str = setting("SECRET_KEY", "", "signs sessions; created in embedded mode")
    message_encryption_keys: tuple[str, ...] = setting(
        "MESSAGE_ENCRYPTION_KEYS", (), "Fernet keys, the first encrypts; created in embedded mode"
    )
    debug: bool = setting("DEBUG", False, "detailed error pages; never in production")
    allowed_hosts: tuple[str, ...] = setting(
        "ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]"), "host names answered for"
    )
    trusted_origins: tuple[str, ...] = setting(
        "TRUSTED_ORIGINS", (), "further origins (https://name) for CSRF and WebSockets"
    )
    https: bool = setting("HTTPS", False, "served over TLS: secure cookies, HSTS")
    cors_origins: tuple[str, ...] = setting(
        "CORS_ORIGINS", (), "origins (https://name) whose pages may call the API with a key"
    )
    trusted_proxies: tuple[str, ...] = setting(
        "TRUSTED_PROXIES",
        (),
        "proxies (addresses, CIDR) whose X-Forwarded-* and sign-in headers are believed",
        networks=True,
    )
    allowed_networks: tuple[str, ...] = setting(
        "ALLOWED_NETWORKS",
        (),
        "clients (addresses, CIDR) that are served; empty = everybody",
        networks=True,
    )
    egress_allow: tuple[str, ...] = setting(
        "EGRESS_ALLOW", (), "private networks (CIDR) or hosts the fetcher may reach"
    )
    rate_limits_enabled: bool = setting("RATE_LIMITS_ENABLED", True, "enforce rate limits")
    session_hours: int = setting("SESSION_HOURS", 336, "hours a sign-in lasts", low=1, high=8760)
    admin_username: str = setting("ADMIN_USERNAME", "", "first superuser; empty = admin")
    admin_password: str = setting("ADMIN_PASSWORD", "", "its password; empty = random, shown once")
    metrics_token: str = setting("METRICS_TOKEN", "", "bearer token for /metrics; empty = loopback")


@dataclass(frozen=True)
class IdentityConfig(Section):
    """How people are recognised."""

    password_sign_in: bool = setting(
        "PASSWORD_SIGN_IN", True, "passwords are accepted; superusers may always use theirs"
    )
    recent_seconds: int = setting(
        "RECENT_SIGN_IN_SECONDS",
        300,
        "age of a sign-in that stands for the password: erasing, exporting, a new second factor",
        low=30,
        high=3600,
    )
    sso_user_header: str = setting(
        "SSO_USER_HEADER",
        "X-Authentik-Username",
        "header in which a trusted proxy names who signed in; the proxy must drop it from "
        "clients; none = no forward-auth",
    )
    sso_email_header: str = setting("SSO_EMAIL_HEADER", "X-Authentik-Email", "with the address")
    sso_name_header: str = setting("SSO_NAME_HEADER", "X-Authentik-Name", "with the shown name")
    sso_groups_header: str = setting(
        "SSO_GROUPS_HEADER", "X-Authentik-Groups", "with the groups, separated by |"
    )
    oidc_issuer: str = setting(
        "OIDC_ISSUER", "", "identity provider, as https://id.example/application/o/youworker"
    )
    oidc_client_id: str = setting("OIDC_CLIENT_ID", "", "our name at the provider")
    oidc_client_secret: str = setting("OIDC_CLIENT_SECRET", "", "our secret at the provider")
    oidc_name: str = setting("OIDC_NAME", "Single sign-on", "what its button says")
    oidc_scopes: tuple[str, ...] = setting(
        "OIDC_SCOPES", ("openid", "profile", "email"), "scopes that are asked for"
    )
    groups_claim: str = setting("OIDC_GROUPS_CLAIM", "groups", "claim that lists groups")
    missing_groups: str = setting(
        "OIDC_MISSING_GROUPS",
        "keep",
        "what a sign-in without that claim does to mapped memberships: keep them, or remove them "
        "(Keycloak, Okta and Entra ID leave it out when somebody is in no group)",
        choices=("keep", "remove"),
    )
    group_map: tuple[str, ...] = setting(
        "SSO_GROUP_MAP",
        (),
        "provider's group = our group, as it-staff=IT:admin,sales=Sales; empty = no change",
    )
    create_users: bool = setting(
        "SSO_CREATE_USERS", True, "somebody new is made a user when the provider knows them"
    )


@dataclass(frozen=True)
class QuotaConfig(Section):
    """What one person may use; rows in the admin set others for users, groups and keys."""

    tokens_per_day: int = setting("QUOTA_TOKENS_PER_DAY", 0, "model tokens; 0 = unlimited", low=0)
    tokens_per_month: int = setting(
        "QUOTA_TOKENS_PER_MONTH", 0, "model tokens; 0 = unlimited", low=0
    )
    stored_bytes: int = setting("QUOTA_STORED_BYTES", 0, "originals; 0 = unlimited", low=0)
    documents: int = setting("QUOTA_DOCUMENTS", 0, "documents; 0 = unlimited", low=0)
    runs_at_once: int = setting("QUOTA_RUNS_AT_ONCE", 0, "answers at once; 0 = unlimited", low=0)


@dataclass(frozen=True)
class PrivacyConfig(Section):
    """How long personal data is kept."""

    retention_days: int = setting(
        "RETENTION_DAYS",
        0,
        "days without activity until a conversation is deleted; 0 = never",
        low=0,
        high=36500,
    )
    usage_retention_days: int = setting(
        "USAGE_RETENTION_DAYS",
        400,
        "days until it is forgotten who used what and when; 0 = never",
        low=0,
        high=36500,
    )
    export_hours: int = setting(
        "EXPORT_HOURS", 24, "hours an export can be downloaded", low=1, high=720
    )


@dataclass(frozen=True)
class BackupConfig(Section):
    """Where backups go by themselves, and for how long."""

    directory: str = setting(
        "BACKUP_DIR", "", "where scheduled backups go: folder or s3://BUCKET/PREFIX; empty = none"
    )
    hours: int = setting("BACKUP_HOURS", 24, "hours between two of them", low=1, high=8760)
    keep: int = setting("BACKUP_KEEP", 14, "how many of them are kept", low=1, high=10_000)
    recipient: str = setting("BACKUP_RECIPIENT", "", "age recipient they are encrypted for")
    passphrase: str = setting("BACKUP_PASSPHRASE", "", "or a passphrase; empty = not encrypted")
    bucket_originals: bool = setting(
        "BACKUP_BUCKET_ORIGINALS",
        True,
        "copy originals of a bucket (STORAGE_URL), too",
    )
    database_url: str = setting(
        "BACKUP_DATABASE_URL",
        "",
        "the same database past a pooler, for backups and restores; empty = DATABASE_URL",
    )
    programs: str = setting(
        "PG_BIN_DIR",
        "",
        "folder of the pg_dump and pg_restore of backups; empty = the embedded server's",
    )


@dataclass(frozen=True)
class TracingConfig(Section):
    """Spans for an OpenTelemetry collector; the library's other OTEL_ variables count as well."""

    endpoint: str = setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT", "", "collector, as http://host:4318; empty = no spans"
    )
    headers: str = setting(
        "OTEL_EXPORTER_OTLP_HEADERS", "", "headers it wants, as name=value,name=value"
    )
    certificate: str = setting(
        "OTEL_EXPORTER_OTLP_CERTIFICATE", "", "file with the certificates it is verified by"
    )
    service_name: str = setting("OTEL_SERVICE_NAME", "youworker", "what spans say they are of")
    propagate_to: tuple[str, ...] = setting(
        "OTEL_PROPAGATE_TO", (), "hosts of model and tool servers that are told the trace"
    )


@dataclass(frozen=True)
class WebhookConfig(Section):
    """How other programs are told what happens here."""

    timeout_seconds: int = setting(
        "WEBHOOK_TIMEOUT_SECONDS", 10, "seconds one attempt may take in all", low=1, high=60
    )
    pause_after: int = setting(
        "WEBHOOK_PAUSE_AFTER",
        20,
        "failures in a row after which a webhook is paused; 20 take about a day",
        low=3,
        high=1000,
    )
    retention_days: int = setting(
        "WEBHOOK_RETENTION_DAYS",
        14,
        "days events and their deliveries are kept, arrived or not",
        low=1,
        high=365,
    )


@dataclass(frozen=True)
class LlmConfig(Section):
    """The language models and how long they may take."""

    base_url: str = setting("LLM_BASE_URL", "", "OpenAI-compatible server, as http://host:11434/v1")
    api_key: str = setting("LLM_API_KEY", "", "its key, when it wants one")
    chat_model: str = setting("CHAT_MODEL", "", "default model; empty = first of the server")
    context_tokens: int = setting(
        "LLM_CONTEXT_TOKENS", 8192, "window the history is trimmed to", low=512, high=2_000_000
    )
    max_output_tokens: int = setting(
        "LLM_MAX_OUTPUT_TOKENS", 2048, "longest answer", low=16, high=200_000
    )
    temperature: float = setting("LLM_TEMPERATURE", 0.2, "sampling temperature", low=0, high=2)
    connect_timeout: float = setting(
        "LLM_CONNECT_TIMEOUT", 5.0, "seconds to connect", low=0.1, high=120
    )
    first_token_timeout: float = setting(
        "LLM_FIRST_TOKEN_TIMEOUT", 120.0, "seconds to the first token", low=0.1, high=3600
    )
    idle_timeout: float = setting(
        "LLM_IDLE_TIMEOUT", 60.0, "seconds between two tokens", low=0.1, high=3600
    )
    total_timeout: float = setting(
        "LLM_TOTAL_TIMEOUT", 900.0, "seconds for one model turn", low=1, high=86400
    )
    max_answer_bytes: int = setting(
        "LLM_MAX_ANSWER_BYTES", 134_217_728, "bytes of one model turn as it is sent", low=65_536
    )
    max_line_bytes: int = setting(
        "LLM_MAX_LINE_BYTES",
        1_048_576,
        "bytes of one event, or of an answer that is not streamed",
        low=4096,
        high=67_108_864,
    )
    max_tool_calls: int = setting(
        "LLM_MAX_TOOL_CALLS", 64, "tool calls of one model turn", low=1, high=1000
    )
    max_runs: int = setting(
        "LLM_MAX_RUNS",
        -1,
        "answers one model server makes at a time, further ones wait; 0 = no limit,"
        " -1 = what the server tells (llama.cpp), else no limit",
        low=-1,
        high=100_000,
    )
    max_queued: int = setting(
        "LLM_MAX_QUEUED",
        200,
        "answers that may wait for one model server with a limit; further ones are refused with "
        "a time, those of people who wait for nothing yet only at twice as many; 0 = no bound",
        low=0,
        high=1_000_000,
    )
    max_argument_chars: int = setting(
        "LLM_MAX_ARGUMENT_CHARS",
        262_144,
        "characters of all arguments of one model turn",
        low=1000,
        high=16_777_216,
    )
    vision_models: tuple[str, ...] = setting(
        "LLM_VISION_MODELS",
        (),
        "words in the names of further models that see images; * = all, none = no model",
    )


@dataclass(frozen=True)
class ModelFilesConfig(Section):
    """Model files (GGUF) that llama.cpp serves on this machine."""

    chat: str = setting("LLM_GGUF", "", "model file (GGUF) that answers; empty = none")
    folder: str = setting(
        "LLM_GGUF_DIR", "", "folder of further ones; those below it are served as well"
    )
    template: str = setting(
        "LLM_GGUF_TEMPLATE", "", "file with the chat template (Jinja); empty = the model's own"
    )
    embedding: str = setting(
        "EMBEDDING_GGUF", "", "model file of embeddings; EMBEDDING_BASE_URL has precedence"
    )
    context_tokens: int = setting(
        "GGUF_CONTEXT_TOKENS",
        0,
        "window of one conversation; 0 = LLM_CONTEXT_TOKENS, at most what the model was made for",
        low=0,
        high=2_000_000,
    )
    parallel: int = setting(
        "GGUF_PARALLEL", 2, "answers of one model at a time; each has a window", low=1, high=64
    )
    threads: int = setting(
        "GGUF_THREADS", 0, "threads that compute; 0 = all cores but one", low=0, high=512
    )
    gpu_layers: int = setting(
        "GGUF_GPU_LAYERS",
        -1,
        "layers on the graphics card; -1 = as many as it has room for, 0 = none",
        low=-1,
        high=10_000,
    )
    idle_seconds: int = setting(
        "GGUF_IDLE_SECONDS",
        900,
        "seconds without a question until a model of the folder gives its memory back; 0 = never",
        low=0,
        high=604_800,
    )


@dataclass(frozen=True)
class VectorConfig(Section):
    """Embeddings and search."""

    embedding_base_url: str = setting(
        "EMBEDDING_BASE_URL", "", "OpenAI-compatible /v1/embeddings; empty = local model"
    )
    embedding_api_key: str = setting("EMBEDDING_API_KEY", "", "its key, when it wants one")
    embedding_model: str = setting(
        "EMBEDDING_MODEL", "", "its model; without a server one of the local ones"
    )
    embedding_dimensions: int = setting(
        "EMBEDDING_DIMENSIONS", 384, "numbers in one vector", low=8, high=4000
    )
    embedding_query_prompt: str = setting(
        "EMBEDDING_QUERY_PROMPT",
        "",
        "before each question; empty = what the model is known to want, none = nothing",
    )
    embedding_passage_prompt: str = setting(
        "EMBEDDING_PASSAGE_PROMPT", "", "before each passage, likewise; holds for new models"
    )
    rerank_base_url: str = setting(
        "RERANK_BASE_URL",
        "",
        "server that orders the best passages anew (/v1/rerank or /rerank); empty = none",
    )
    rerank_api_key: str = setting("RERANK_API_KEY", "", "its key, when it wants one")
    rerank_model: str = setting("RERANK_MODEL", "", "its model, when it has several")
    rerank_seconds: float = setting(
        "RERANK_SECONDS",
        2.0,
        "seconds it may take; then search goes on without it",
        low=0.05,
        high=60,
    )
    candidates: int = setting(
        "SEARCH_CANDIDATES", 60, "passages each search leg brings", low=10, high=1000
    )
    language: str = setting(
        "SEARCH_LANGUAGE", "english", "PostgreSQL text search configuration used by default"
    )


@dataclass(frozen=True)
class IngestionConfig(Section):
    """Documents on their way in."""

    roots: tuple[str, ...] = setting("INGESTION_ROOTS", (), "server folders that may be ingested")
    max_file_bytes: int = setting(
        "INGESTION_MAX_FILE_BYTES", 104_857_600, "largest file, in bytes", low=1024
    )
    max_upload_bytes: int = setting(
        "INGESTION_MAX_UPLOAD_BYTES", 1_073_741_824, "largest request, in bytes", low=1024
    )
    max_upload_files: int = setting(
        "INGESTION_MAX_UPLOAD_FILES", 2000, "files in one request", low=1, high=100_000
    )
    max_members: int = setting(
        "INGESTION_MAX_MEMBERS", 10_000, "files in one archive or mailbox", low=1, high=100_000
    )
    max_unpacked_bytes: int = setting(
        "INGESTION_MAX_UNPACKED_BYTES",
        2_147_483_648,
        "what an archive unpacks to, in bytes",
        low=1024,
    )
    max_depth: int = setting(
        "INGESTION_MAX_DEPTH", 4, "archives within archives that are unpacked", low=0, high=20
    )
    parse_timeout: int = setting(
        "INGESTION_PARSE_TIMEOUT",
        120,
        "seconds a large file may be parsed; small ones get 20",
        low=1,
        high=7200,
    )
    parse_memory_mb: int = setting(
        "INGESTION_PARSE_MEMORY_MB", 2048, "memory of the parser, in MiB", low=256
    )
    max_attempts: int = setting(
        "INGESTION_MAX_ATTEMPTS", 3, "tries before an item is given up", low=1, high=20
    )
    ocr_enabled: bool = setting("OCR_ENABLED", True, "read the text of scans and images")
    ocr_languages: str = setting(
        "OCR_LANGUAGES", "deu+ita+eng", "models, joined by +; fra and spa are there as well"
    )
    ocr_models: str = setting(
        "OCR_MODELS", "", "folder of other Tesseract models; empty = the ones that come along"
    )
    ocr_max_pages: int = setting(
        "OCR_MAX_PAGES", 500, "scanned pages of one file that are read", low=1, high=100_000
    )
    ocr_max_seconds: int = setting(
        "OCR_MAX_SECONDS", 1800, "seconds the scans of one file may take", low=1, high=86_400
    )
    lease_seconds: int = setting(
        "INGESTION_LEASE_SECONDS", 60, "silence after which an item is taken over", low=5, high=3600
    )
    versions_kept: int = setting(
        "DOCUMENT_VERSIONS_KEPT",
        10,
        "older versions kept of each document; 0 keeps none",
        low=0,
        high=1000,
    )
    worker_processes: int = setting(
        "WORKER_PROCESSES", 2, "children of the Celery worker", low=1, high=256
    )


@dataclass(frozen=True)
class CrawlConfig(Section):
    """Web pages on their way in."""

    max_pages: int = setting(
        "CRAWL_MAX_PAGES", 1000, "most pages of one crawl", low=1, high=100_000
    )
    max_seconds: int = setting(
        "CRAWL_MAX_SECONDS", 3600, "seconds after which a crawl takes no more pages", low=10
    )
    max_bytes: int = setting(
        "CRAWL_MAX_BYTES", 1_073_741_824, "bytes after which it takes no more", low=1024
    )
    fetch_seconds: int = setting(
        "CRAWL_FETCH_SECONDS", 30, "seconds one page may take", low=1, high=600
    )
    max_delay: int = setting(
        "CRAWL_MAX_DELAY",
        30,
        "most seconds between two pages that a robots.txt may ask for",
        low=0,
        high=3600,
    )


@dataclass(frozen=True)
class AgentConfig(Section):
    """Limits of one answer."""

    max_iterations: int = setting("AGENT_MAX_ITERATIONS", 8, "model turns", low=1, high=100)
    system_prompt: str = setting(
        "SYSTEM_PROMPT", "", "told to every model before all questions; the admin can set another"
    )
    titles: bool = setting(
        "AGENT_TITLES", True, "conversations are named by the model after their first answer"
    )
    max_calls: int = setting(
        "AGENT_MAX_CALLS", 100, "tool calls of a whole run; 0 = unlimited", low=0, high=10_000
    )
    calls_at_once: int = setting(
        "AGENT_CALLS_AT_ONCE",
        4,
        "calls of one turn made side by side, as far as they only read",
        low=1,
        high=32,
    )
    max_tokens: int = setting(
        "AGENT_MAX_TOKENS",
        2_000_000,
        "tokens a whole run may read and write; 0 = unlimited",
        low=0,
        high=1_000_000_000,
    )
    summary_seconds: float = setting(
        "AGENT_SUMMARY_SECONDS",
        60.0,
        "seconds a summary of older messages may take; then the model reads only the latest",
        low=1,
        high=3600,
    )
    max_seconds: float = setting(
        "AGENT_MAX_SECONDS", 1200.0, "seconds for a whole run", low=1, high=86400
    )
    max_answer_chars: int = setting(
        "AGENT_MAX_ANSWER_CHARS",
        500_000,
        "characters of text and reasoning of a whole run",
        low=1000,
        high=50_000_000,
    )
    tool_result_chars: int = setting(
        "AGENT_TOOL_RESULT_CHARS", 12_000, "characters of a tool result shown to the model", low=500
    )
    lease_seconds: int = setting(
        "RUN_LEASE_SECONDS", 20, "silence after which a run counts as interrupted", low=3, high=300
    )
    flush_ms: int = setting(
        "RUN_FLUSH_MS", 25, "milliseconds token texts are gathered", low=1, high=1000
    )
    save_seconds: float = setting(
        "RUN_SAVE_SECONDS", 0.8, "seconds between saves of a partial answer", low=0.1, high=60
    )
    runs_per_process: int = setting(
        "RUNS_PER_PROCESS",
        500,
        "answers one web process makes at a time; further ones wait",
        low=1,
        high=10_000,
    )
    approval_seconds: int = setting(
        "APPROVAL_SECONDS",
        86400,
        "seconds a tool call waits to be allowed; then it counts as denied",
        low=5,
        high=2_592_000,
    )
    attachment_seconds: float = setting(
        "ATTACHMENT_WAIT_SECONDS",
        60.0,
        "seconds an answer waits for files beside its question to be read",
        low=0,
        high=3600,
    )
    grant_days: int = setting(
        "APPROVAL_GRANT_DAYS",
        30,
        "days for which an allowance of a tool beyond one call holds",
        low=1,
        high=365,
    )
    log_seconds: int = setting(
        "RUN_LOG_SECONDS", 3600, "seconds an event log is kept after the end", low=10
    )


@dataclass(frozen=True)
class McpConfig(Section):
    """Tool servers."""

    call_timeout: float = setting(
        "MCP_CALL_TIMEOUT", 50.0, "seconds one tool call may take", low=0.1, high=3600
    )
    result_bytes: int = setting(
        "MCP_RESULT_BYTES", 262_144, "largest tool result, in bytes", low=1024
    )
    breaker_failures: int = setting(
        "MCP_BREAKER_FAILURES", 5, "failures in a row that rest a server", low=1, high=1000
    )
    breaker_seconds: float = setting(
        "MCP_BREAKER_SECONDS", 30.0, "seconds it rests", low=0.1, high=3600
    )


@dataclass(frozen=True)
class WebConfig(Section):
    """The web for the agent's tools."""

    searxng_url: str = setting(
        "SEARXNG_URL", "", "SearXNG server that answers in JSON, as http://searxng:8080"
    )
    search: str = setting(
        "WEB_SEARCH",
        "none",
        "search without such a server: ddgs asks public search engines (pip install ddgs)",
        choices=("none", "ddgs"),
    )
    max_bytes: int = setting(
        "WEB_FETCH_MAX_BYTES", 10_485_760, "largest page or file a tool reads, in bytes", low=1024
    )
    crawl_seconds: float = setting(
        "WEB_CRAWL_SECONDS", 45.0, "seconds the tool that follows links may take", low=6, high=3600
    )


@dataclass(frozen=True)
class SpeechConfig(Section):
    """Speech to text and text to speech."""

    stt_base_url: str = setting(
        "STT_BASE_URL", "", "OpenAI-compatible /v1/audio/transcriptions, as http://host:8000/v1"
    )
    stt_api_key: str = setting("STT_API_KEY", "", "its key, when it wants one")
    stt_model: str = setting("STT_MODEL", "whisper-1", "its model")
    stt_model_dir: str = setting(
        "STT_MODEL_DIR",
        "",
        "folder of a Whisper model in CTranslate2 form, heard with by faster-whisper (an extra); "
        "empty = speech is not understood, unless STT_BASE_URL is set",
    )
    tts_enabled: bool = setting("TTS_ENABLED", True, "answers can be spoken")
    tts_base_url: str = setting(
        "TTS_BASE_URL", "", "OpenAI-compatible /v1/audio/speech; empty = spoken on this machine"
    )
    tts_api_key: str = setting("TTS_API_KEY", "", "its key, when it wants one")
    tts_model: str = setting("TTS_MODEL", "tts-1", "its model")
    tts_voice: str = setting(
        "TTS_VOICE", "", "voice of that server or of Piper; empty = alloy, or by language"
    )
    tts_voices_dir: str = setting(
        "TTS_VOICES_DIR", "", "folder of voices of Piper (an extra); empty = eSpeak NG speaks"
    )
    max_bytes: int = setting(
        "SPEECH_MAX_BYTES", 26_214_400, "largest sound that is sent to be heard", low=1024
    )
    max_seconds: int = setting(
        "SPEECH_MAX_SECONDS", 900, "longest sound that is sent to be heard", low=1, high=86_400
    )
    max_chars: int = setting(
        "SPEECH_MAX_CHARS", 20_000, "characters that are spoken of one text", low=100, high=200_000
    )
    recording_seconds: int = setting(
        "INGESTION_MAX_SOUND_SECONDS", 28_800, "longest recording that becomes a document", low=1
    )
    work_seconds: int = setting(
        "SPEECH_TIMEOUT", 300, "seconds a minute of speech may take to be heard", low=5, high=7200
    )
    memory_mb: int = setting(
        "SPEECH_MEMORY_MB", 3072, "memory of the process that hears and speaks, in MiB", low=512
    )


@dataclass(frozen=True)
class RetryConfig(Section):
    """How often and how patiently something is tried again."""

    attempts: int = setting("RETRY_ATTEMPTS", 3, "tries of an upstream request", low=1, high=20)
    base_seconds: float = setting(
        "RETRY_BASE_SECONDS", 0.5, "first pause, doubled each time", low=0, high=60
    )
    max_seconds: float = setting("RETRY_MAX_SECONDS", 10.0, "longest pause", low=0, high=600)


@dataclass(frozen=True)
class ApiConfig(Section):
    """The web server and its answers."""

    host: str = setting("HOST", "127.0.0.1", "address the web process listens on")
    port: int = setting("PORT", 8000, "its port", low=1, high=65535)
    page_size: int = setting("API_PAGE_SIZE", 50, "rows of a list", low=1, high=200)
    max_page_size: int = setting("API_MAX_PAGE_SIZE", 200, "most rows of a list", low=1, high=1000)
    max_body_bytes: int = setting(
        "API_MAX_BODY_BYTES", 16_777_216, "largest JSON body, in bytes", low=1024
    )
    body_seconds: int = setting(
        "API_BODY_SECONDS", 600, "seconds a request may take to arrive", low=5, high=86400
    )
    idle_seconds: int = setting(
        "API_IDLE_SECONDS", 30, "seconds a request may pause while it arrives", low=2, high=3600
    )
    time_zone: str = setting("TIME_ZONE", "UTC", "time zone of the admin and of new users")
    language: str = setting("LANGUAGE", "en", "language of new users", choices=("en", "it"))
    log_format: str = setting(
        "LOG_FORMAT",
        "auto",
        "how logs look; auto = for people in a terminal, JSON elsewhere",
        choices=("auto", "json", "console"),
    )
    log_level: str = setting(
        "LOG_LEVEL", "INFO", "least severe line", choices=("DEBUG", "INFO", "WARNING", "ERROR")
    )
    log_slow_query_ms: int = setting(
        "LOG_SLOW_QUERY_MS",
        1000,
        "milliseconds after which a database statement is logged, without its values; 0 = none",
        low=0,
        high=600_000,
    )
    drain_seconds: int = setting(
        "DRAIN_SECONDS",
        0,
        "seconds a web process that is to end lets its answers finish; 0 = they are cut off",
        low=0,
        high=3600,
    )
    disk_warning_mb: int = setting(
        "DISK_WARNING_MB", 1024, "MB of free disk below which health warns", low=24
    )
    soft_delete_days: int = setting(
        "SOFT_DELETE_DAYS", 30, "days a deleted row can be restored", low=0, high=3650
    )
