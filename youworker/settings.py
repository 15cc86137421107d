"""Django's settings, derived from `youworker.core.config`; importing starts nothing."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import django_stubs_ext
import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static

from youworker.core.config import BASE_DIR, config
from youworker.core.redis import CONNECTIONS
from youworker.encryption.keyfile import KeyFile

if TYPE_CHECKING:
    from collections.abc import Sequence

django_stubs_ext.monkeypatch()

DATA_DIR = config.data_dir
# Without servers (mypy, `spectacular`) nothing is signed or stored, so nothing needs a secret.
DETACHED = not config.database.url
SHORTEST_SECRET = 32
PLACEHOLDERS = ("change", "secret", "placeholder", "example", "insecure")


def required_secret(name: str, value: str) -> str:
    """`value`, unless it is missing or obviously a placeholder."""
    if DETACHED:
        return value or secrets.token_urlsafe(64)
    if len(value) < SHORTEST_SECRET or value.lower().startswith(PLACEHOLDERS):
        raise ImproperlyConfigured(
            f"{name} is missing, too short or a placeholder: set {name} or {name}_FILE."
        )
    return value


# A network that swallows everything is noticed within half a minute, not within the quarter of an
# hour or the two hours of the system; `tcp_user_timeout` counts milliseconds.
LOST_CONNECTIONS = {
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


def database(url: str) -> dict[str, object]:
    """The connection parameters of `url`; the host may be an encoded socket directory."""
    parsed = environ.Env.db_url_config(url or "postgres://localhost/detached")
    options = {
        "connect_timeout": config.database.connect_timeout,
        **LOST_CONNECTIONS,
        **parsed.get("OPTIONS", {}),
    }
    return {
        **parsed,
        "ENGINE": "youworker.core.postgres",
        "HOST": unquote(parsed["HOST"]),
        "OPTIONS": options,
        "CONN_MAX_AGE": 0,
    }


SECRET_KEY = required_secret("SECRET_KEY", config.security.secret_key)
MESSAGE_ENCRYPTION_KEYS: Sequence[str] = [
    required_secret("MESSAGE_ENCRYPTION_KEYS", key)
    for key in config.security.message_encryption_keys or ("",)
]
if (path := os.environ.get("MESSAGE_ENCRYPTION_KEYS_FILE")) and not DETACHED:
    # Followed while the process runs, so that a new key needs no restart.
    MESSAGE_ENCRYPTION_KEYS = KeyFile(Path(path), MESSAGE_ENCRYPTION_KEYS)

DEBUG = config.security.debug
ALLOWED_HOSTS = list(config.security.allowed_hosts)
CSRF_TRUSTED_ORIGINS = list(config.security.trusted_origins)

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "accounts.apps.StaffPagesConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "auditlog",
    "channels",
    "corsheaders",
    "csp",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "rest_framework",
    "youworker.core",
    "accounts",
    "groups",
    "quotas",
    "documents",
    "ingestion",
    "mcp",
    "chat",
    "youworker.data_protection",
    "youworker.analytics",
    "youworker.webhooks",
    "youworker.handbook",
    "youworker.sso",
    "youworker",
]

MIDDLEWARE = [
    "youworker.server.request_lines.RequestLinesMiddleware",
    "youworker.core.request_context.CorrelationMiddleware",
    "youworker.core.request_context.OriginMiddleware",
    "youworker.core.api.formats.FormEncodingMiddleware",
    "youworker.server.content_policies.PolicyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "youworker.server.static_files.StaticFilesMiddleware",
    "youworker.server.packing.PackedPages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.PageUserMiddleware",
    "accounts.middleware.AccountMiddleware",
    "youworker.core.api.error_views.RefusalMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "youworker.urls"
ASGI_APPLICATION = "youworker.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Before those of the apps: the console's frame stands around that of its library.
        "DIRS": [BASE_DIR / "youworker" / "console" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "youworker.core.pages.context.page_context",
            ]
        },
    }
]

# The web process turns the pool on (`youworker.asgi`); forked workers must not share one.
DATABASES = {"default": database(config.database.url)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = config.database.redis_url or "redis://localhost:6379/0"
# Redis answers within milliseconds, or it is in trouble that nobody should have to wait for.
REDIS_SECONDS = 1.0
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "yw",
        # The pool of `youworker.core.redis`: who finds no connection free waits for one.
        "OPTIONS": {
            "pool_class": "redis.BlockingConnectionPool",
            "max_connections": CONNECTIONS,
            "timeout": 10,
            "socket_timeout": REDIS_SECONDS,
            "socket_connect_timeout": REDIS_SECONDS,
        },
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            # The layer blocks for five seconds, which is also how long the client would wait.
            # Its pool cannot wait, and raises when its connections are all in use.
            "hosts": [{"address": REDIS_URL, "socket_timeout": 30, "max_connections": 5000}],
            "prefix": "yw:asgi",
        },
    }
}

CELERY_BROKER_URL = REDIS_URL
if REDIS_URL.startswith("unix://"):
    # Celery has words of its own for a socket and for the number of a database on it.
    CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace(
        "?db=", "?virtual_host="
    )
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": "yw:celery:",
    "visibility_timeout": 900,
    "socket_connect_timeout": 5,
    "socket_timeout": 30,
}
# Of the web process (`youworker.asgi`), where somebody waits: one try, and sweepers do the rest.
IMPATIENT_BROKER_OPTIONS = {
    "socket_connect_timeout": REDIS_SECONDS,
    "socket_timeout": REDIS_SECONDS,
    "max_retries": 0,
}

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "sign-in"
SESSION_COOKIE_AGE = config.security.session_hours * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = config.security.https
# Browsers take such names only from this very host over TLS: no subdomain can plant a cookie.
COOKIE_PREFIX = "__Host-" if config.security.https else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
CSRF_FAILURE_VIEW = "youworker.core.api.error_views.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if config.security.https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = config.security.https
# Without a proxy that is believed nothing would ever look like TLS, and redirects would loop.
SECURE_SSL_REDIRECT = config.security.https and bool(config.security.trusted_proxies)
# Probes and Prometheus reach the processes themselves, inside, where nobody speaks TLS.
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]
X_FRAME_OPTIONS = "DENY"
# Exceptions for pages of packages are in `youworker.server.content_policies`.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}

CORS_ALLOWED_ORIGINS = list(config.security.cors_origins)
CORS_URLS_REGEX = r"^/(v1|mcp)(/|$)"
# Pages of other origins call with a key; a session is only for our own.
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_METHODS = ["DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"]
CORS_ALLOW_HEADERS = [
    "authorization",
    "content-type",
    "idempotency-key",
    "last-event-id",
    "x-api-key",
    "x-correlation-id",
]
CORS_EXPOSE_HEADERS = ["Retry-After", "X-Correlation-ID", "X-Run-ID", "X-Session-ID"]
CORS_PREFLIGHT_MAX_AGE = 600

LANGUAGE_CODE = config.api.language
LANGUAGES = [("en", "English"), ("it", "Italiano")]
# Before those of other packages, whose words for the same acts differ from ours.
OURS = ("accounts", "groups", "quotas", "documents", "ingestion", "mcp", "chat", "youworker")
LOCALE_PATHS = [BASE_DIR / app / "locale" for app in OURS]
FORMAT_MODULE_PATH = "youworker.core.formats"
TIME_ZONE = config.api.time_zone
USE_TZ = True

STATIC_URL = "/static/"
# Packages' files are served where they lie, so that no collecting step precedes a start.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_ALLOW_ALL_ORIGINS = False
MEDIA_ROOT = DATA_DIR / "files"
STORAGES = {
    "default": {
        "BACKEND": "documents.object_storage.ObjectStorage"
        if config.storage.url
        else "documents.storage.ContentStorage"
    },
    "staticfiles": {"BACKEND": "youworker.server.static_files.DigestStorage"},
}
EXPORTS_ROOT = DATA_DIR / "exports"
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = config.api.max_body_bytes
DATA_UPLOAD_MAX_NUMBER_FILES = config.ingestion.max_upload_files
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.ApiKeyAuthentication",
        "accounts.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.authentication.SignedInWithScope"],
    "DEFAULT_THROTTLE_CLASSES": ["youworker.core.api.rate_limits.WriteThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["youworker.core.api.formats.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["youworker.core.api.formats.Utf8JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "youworker.core.api.pagination.StrictLimitOffsetPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_standardized_errors.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
ERROR_CODES = ["400", "401", "403", "404", "409", "413", "415", "416", "422", "429", "503"]
DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_HANDLER_CLASS": "youworker.core.api.base.DomainExceptionHandler",
    "ALLOWED_ERROR_STATUS_CODES": ERROR_CODES,
    "ERROR_SCHEMAS": dict.fromkeys(ERROR_CODES, "youworker.core.api.schema.ErrorsSerializer"),
}
SPECTACULAR_SETTINGS = {
    "TITLE": "YouWorker",
    "DESCRIPTION": "The AI workplace a company runs on its own machines.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "ExportStatusEnum": "accounts.enums.ExportStatus",
        "ErasureStatusEnum": "accounts.enums.ErasureStatus",
        "ScopesEnum": "accounts.enums.Scope",
        "ServiceScopesEnum": "groups.enums.SERVICE_SCOPES",
        "GroupRoleEnum": "groups.enums.Role",
        "MessageRoleEnum": "chat.enums.MessageRole",
        "RunStatusEnum": "chat.enums.RunStatus",
        "ToolRunStatusEnum": "chat.enums.ToolRunStatus",
        "DocumentStatusEnum": "documents.enums.DocumentStatus",
        "IngestionRunKindEnum": "ingestion.enums.RunKind",
        "SourceKindEnum": "ingestion.enums.SourceKind",
        "WebhookStateEnum": "youworker.webhooks.enums.EndpointState",
        "AnalyticsScopeEnum": "youworker.analytics.serializers.SCOPES",
        "IngestionRunStatusEnum": "ingestion.enums.IngestionStatus",
        "PolicyEnum": "mcp.enums.Policy",
        "ServerStatusEnum": "mcp.enums.ServerStatus",
        "ConnectionStatusEnum": "mcp.enums.ConnectionStatus",
    },
}

RATELIMIT_ENABLE = config.security.rate_limits_enabled

UNFOLD = {
    "SITE_TITLE": "YouWorker",
    "SITE_HEADER": "YouWorker",
    "SITE_SYMBOL": "smart_toy",
    # The way back is in the account's menu and in the sidebar, by its name.
    "SITE_URL": None,
    "ACCOUNT": {"navigation": "youworker.console.sections.account_links"},
    "SIDEBAR": {
        "show_search": True,
        "navigation": "youworker.console.sections.navigation",
    },
    "DASHBOARD_CALLBACK": "youworker.console.overview.overview",
    "STYLES": [lambda request: static("youworker/css/staff.css")],
}

LOGGING_CONFIG = "youworker.core.logs.configure"
LOGGING = {"level": config.api.log_level, "format": config.api.log_format}

SILENCED_SYSTEM_CHECKS: list[str] = []
