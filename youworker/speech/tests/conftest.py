"""Fixtures of the tests of speech."""

import pytest

from youworker.tests.support.configuring import override_config
from youworker.tests.support.speech import whisper_folder


@pytest.fixture
def whisper():
    """An installation that hears with a real model."""
    with override_config("speech", stt_model_dir=str(whisper_folder())):
        yield
