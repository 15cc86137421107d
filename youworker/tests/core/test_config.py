"""Settings from the environment."""

import re
from dataclasses import FrozenInstanceError
from functools import lru_cache

import environ
import pytest
import redis
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping

from youworker.core.api.rate_limits import PRESETS
from youworker.core.config import BASE_DIR, SECTIONS, Config, all_settings, config
from youworker.core.config.server_urls import with_password
from youworker.tests.support.configuring import override_config


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch):
    # It remembers what it read from files, for whoever asks later in this process.
    monkeypatch.setattr(environ.FileAwareEnv, "ENVIRON", FileAwareMapping())
    for described, _default in all_settings():
        monkeypatch.delenv(described.name, raising=False)
        monkeypatch.delenv(f"{described.name}_FILE", raising=False)


def test_defaults_are_valid():
    read = Config.from_env()

    assert read.api.port == 8000
    assert read.llm.base_url == ""
    assert read.data_dir == BASE_DIR / "var"


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("PORT", "0", "between 1 and 65535"),
        ("PORT", "70000", "between 1 and 65535"),
        ("PORT", "http", "between 1 and 65535"),
        ("LLM_TEMPERATURE", "3", "between 0 and 2"),
        ("LLM_TEMPERATURE", "warm", "between 0 and 2"),
        ("RUN_LOG_SECONDS", "1", "at least 10"),
        ("LANGUAGE", "de", "one of en, it"),
        ("LOG_LEVEL", "loud", "one of DEBUG, INFO, WARNING, ERROR"),
    ],
)
def test_a_bad_value_names_the_variable_and_the_range(monkeypatch, name, value, allowed):
    monkeypatch.setenv(name, value)

    with pytest.raises(ImproperlyConfigured) as refusal:
        Config.from_env()

    assert name in str(refusal.value)
    assert allowed in str(refusal.value)


def test_values_are_read_by_type(monkeypatch):
    monkeypatch.setenv("PORT", "9000")
    monkeypatch.setenv("LLM_TEMPERATURE", "0.7")
    monkeypatch.setenv("DEBUG", "yes")
    monkeypatch.setenv("EGRESS_ALLOW", "10.0.0.0/8, wiki.example,")
    monkeypatch.setenv("CHAT_MODEL", "")

    read = Config.from_env()

    assert read.api.port == 9000
    assert read.llm.temperature == 0.7
    assert read.security.debug is True
    assert read.security.egress_allow == ("10.0.0.0/8", "wiki.example")
    assert read.llm.chat_model == ""


def test_secrets_may_come_from_files(monkeypatch, tmp_path):
    (tmp_path / "key").write_text("from the file\n")
    monkeypatch.setenv("LLM_API_KEY_FILE", str(tmp_path / "key"))

    assert Config.from_env().llm.api_key.strip() == "from the file"


# One value of each kind that is not what any setting has by itself.
OTHERS = {"str": "else", "int": "17", "float": "17.5", "tuple[str, ...]": "10.0.0.0/8"}
ADDRESSES = {"DATABASE_URL": "postgres://ada@db/x", "REDIS_URL": "rediss://cache:6380/2"}


@pytest.mark.parametrize("described", [one for one, _ in all_settings()], ids=lambda one: one.name)
def test_every_setting_may_come_from_a_file(monkeypatch, tmp_path, described):
    (field,) = [
        (section, field)
        for section in SECTIONS.values()
        for field, each in section.settings()
        if each.name == described.name
    ]
    usual = getattr(Config.from_env(), section_name(field[0]))
    before = getattr(usual, field[1].name)
    usual_value = OTHERS.get(str(field[1].type)) or str(not before)
    value = ADDRESSES.get(described.name, usual_value)
    if described.choices:
        value = next(one for one in described.choices if one != before)
    elif described.low is not None and not float(described.low) <= 17:
        value = str(int(described.low))
    elif described.high is not None and described.high < 17:
        value = str(described.high).removesuffix(".0")
    (tmp_path / "value").write_text(f"{value}\n")
    monkeypatch.setenv(f"{described.name}_FILE", str(tmp_path / "value"))

    read = getattr(getattr(Config.from_env(), section_name(field[0])), field[1].name)

    assert str(read) in {value, f"{value}.0", str(tuple(value.split(",")))}


def section_name(section):
    return next(name for name, each in SECTIONS.items() if each is section)


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("postgres://ada@db:5432/x", "postgres://ada:p%40%2F%3A%25%20s@db:5432/x"),
        (
            "postgres://ada@[::1]/x?sslmode=require",
            "postgres://ada:p%40%2F%3A%25%20s@[::1]/x?sslmode=require",
        ),
        ("redis://redis:6379/0", "redis://:p%40%2F%3A%25%20s@redis:6379/0"),
        ("redis://ada@redis", "redis://ada:p%40%2F%3A%25%20s@redis"),
        # Their own wins, and there are no passwords at sockets.
        ("postgres://ada:own@db/x", "postgres://ada:own@db/x"),
        ("redis://:own@redis", "redis://:own@redis"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock"),
        ("", ""),
    ],
)
def test_a_password_of_its_own_is_put_into_the_address(url, whole):
    assert with_password(url, "p@/:% s") == whole
    assert with_password(url, "") == url


def test_passwords_come_from_files_of_their_own(monkeypatch, tmp_path):
    (tmp_path / "password").write_text("a b+c\n")
    for name, url in (("DATABASE", "postgres://ada@db/x"), ("REDIS", "redis://r:6379/0")):
        monkeypatch.setenv(f"{name}_URL", url)
        monkeypatch.setenv(f"{name}_PASSWORD_FILE", str(tmp_path / "password"))

    read = Config.from_env().database

    assert environ.Env.db_url_config(read.url)["PASSWORD"] == "a b+c"
    assert redis.ConnectionPool.from_url(read.redis_url).connection_kwargs["password"] == "a b+c"


def test_a_secret_file_that_is_missing_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("METRICS_TOKEN_FILE", str(tmp_path / "nothing"))

    with pytest.raises(ImproperlyConfigured, match=r"nothing \(No such file.*_FILE") as refusal:
        Config.from_env()

    assert "Errno" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "postgres://"),
        ("DATABASE_URL", "postgres://ada:s3cret@db"),
        ("DATABASE_URL", "postgres://ada:s3cret@db:port/x"),
        ("DATABASE_URL", "postgres://ada:s3cret/y@db/x"),
        ("DATABASE_URL", "postgres://ada:s3cret@[::1/x"),
        ("DATABASE_URL", "mysql://ada:s3cret@db/x"),
        ("DATABASE_URL", "sqlite:////tmp/s3cret"),
        ("REDIS_URL", "nonsense"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "redis://:s3cret@cache:port/0"),
        ("REDIS_URL", "redis://:s3cret@[::1/0"),
        ("REDIS_URL", "http://:s3cret@cache"),
    ],
)
def test_an_address_that_is_none_is_refused_without_its_password(monkeypatch, name, given):
    monkeypatch.setenv(name, given)
    monkeypatch.setenv(name.replace("URL", "PASSWORD"), "0ther")

    with pytest.raises(ImproperlyConfigured, match=f"{name} must be like ") as refusal:
        Config.from_env()

    assert "s3cret" not in str(refusal.value)
    assert "0ther" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("DATABASE_URL", "postgres://ada:p%2Fw@%2Frun%2Fpg/x"),
        ("DATABASE_URL", "postgresql://one:1,two:2/x?sslmode=verify-full"),
        ("DATABASE_URL", "postgres:///?service=x"),
        ("REDIS_URL", "unix:///run/redis.sock?db=1"),
        ("REDIS_URL", "rediss://ada:p%2Fw@[::1]:6380/2"),
    ],
)
def test_addresses_of_all_kinds_are_taken(monkeypatch, name, given):
    monkeypatch.setenv(name, given)

    read = Config.from_env().database

    assert given in {read.url, read.redis_url}


def test_a_test_puts_another_configuration_in_force():
    usual = config.llm
    by_section = lru_cache(lambda llm: llm.temperature)

    with override_config("llm", temperature=0.9), override_config("api", port=9999):
        seen = (config.llm.temperature, config.api.port, by_section(config.llm))
        with override_config("llm", temperature=1.1):
            inner = by_section(config.llm)

    assert seen == (0.9, 9999, 0.9)
    assert inner == 1.1
    assert config.llm is usual
    assert by_section(config.llm) == usual.temperature
    with pytest.raises(FrozenInstanceError):
        usual.temperature = 0.9


def test_a_setting_that_does_not_exist_is_not_replaced():
    usual = config.llm

    with pytest.raises(TypeError), override_config("llm", warmth=1):
        pass

    assert config.llm is usual


def test_names_are_unique_and_explained():
    names = [described.name for described, _default in all_settings()]

    assert len(names) == len(set(names))
    assert all(described.help for described, _default in all_settings())


def listed_in_the_example():
    text = (BASE_DIR / ".env.example").read_text()
    return re.findall(r"^#?([A-Z][A-Z0-9_]+)=(.*)$", text, re.MULTILINE)


def test_the_example_lists_every_setting_with_its_default():
    listed = dict(listed_in_the_example())

    for described, default in all_settings():
        shown = ",".join(default) if isinstance(default, tuple) else str(default)
        assert listed[described.name] == shown, described.name


def test_the_example_lists_every_rate_limit():
    listed = dict(listed_in_the_example())

    assert {name: listed.get(f"RATE_{name}") for name in PRESETS} == PRESETS


def test_the_example_lists_nothing_else():
    known = {described.name for described, _default in all_settings()}
    known |= {f"RATE_{name}" for name in PRESETS}

    assert {name for name, _value in listed_in_the_example()} == known
