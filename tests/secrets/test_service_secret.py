"""The service's secret: made once, closed to others, a different key for each purpose."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.config import Settings
from app.errors import ConfigurationError
from app.secrets.service_secret import SECRET_FILE, Purpose, ServiceSecret


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "data"


def test_given_no_secret_when_loaded_then_one_is_made_that_only_its_owner_can_read(data_dir: Path) -> None:
    first = ServiceSecret.load(Settings(data_dir=data_dir))
    second = ServiceSecret.load(Settings(data_dir=data_dir))

    path = data_dir / SECRET_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert first.derive(Purpose.URLS) == second.derive(Purpose.URLS)
    assert [entry.name for entry in data_dir.iterdir()] == [SECRET_FILE]


def test_given_many_starts_at_once_when_the_first_secret_is_made_then_all_hold_the_same(data_dir: Path) -> None:
    settings = Settings(data_dir=data_dir)
    with ThreadPoolExecutor(8) as pool:
        derived = list(pool.map(lambda _: ServiceSecret.load(settings).derive(Purpose.API_KEYS), range(16)))

    assert len(set(derived)) == 1


def test_given_one_secret_when_keys_are_derived_then_each_purpose_has_its_own(tmp_path: Path) -> None:
    secret = ServiceSecret("s" * 32)

    keys = {purpose: secret.derive(purpose) for purpose in Purpose}

    assert len(set(keys.values())) == len(Purpose)
    assert all(len(key) == 32 for key in keys.values())
    assert "s" * 32 not in repr(secret)


def test_given_the_derivation_when_compared_with_rfc_5869_then_it_is_hkdf() -> None:
    # Worked out with an independent HKDF-SHA256: ikm "s" * 32, salt "offhook/1", info "offhook/api-keys", 32 bytes.
    import hashlib
    import hmac

    root = hmac.new(b"offhook/1", b"s" * 32, hashlib.sha256).digest()
    expected = hmac.new(root, b"offhook/api-keys\x01", hashlib.sha256).digest()

    assert ServiceSecret("s" * 32).derive(Purpose.API_KEYS) == expected


def test_given_a_secret_in_the_settings_when_loaded_then_no_file_is_made(data_dir: Path) -> None:
    secret = ServiceSecret.load(Settings(data_dir=data_dir, secret_key=SecretStr("s" * 40)))

    assert secret.derive(Purpose.URLS) == ServiceSecret("s" * 40).derive(Purpose.URLS)
    assert not data_dir.exists()


def test_given_a_secret_that_others_may_read_when_loaded_then_the_mend_is_told(data_dir: Path) -> None:
    settings = Settings(data_dir=data_dir)
    ServiceSecret.load(settings)
    (data_dir / SECRET_FILE).chmod(0o644)

    with pytest.raises(ConfigurationError, match="chmod 600"):
        ServiceSecret.load(settings)


def test_given_an_emptied_secret_when_loaded_then_no_new_one_is_made_behind_the_operators_back(data_dir: Path) -> None:
    settings = Settings(data_dir=data_dir)
    ServiceSecret.load(settings)
    (data_dir / SECRET_FILE).write_text("")

    with pytest.raises(ConfigurationError, match="backup"):
        ServiceSecret.load(settings)


def test_given_a_data_directory_that_is_a_file_when_loaded_then_it_is_a_configuration_error(tmp_path: Path) -> None:
    blocked = tmp_path / "data"
    blocked.write_text("")

    with pytest.raises(ConfigurationError, match="OFFHOOK_DATA_DIR"):
        ServiceSecret.load(Settings(data_dir=blocked))
