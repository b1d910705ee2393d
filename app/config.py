"""Settings: every ``OFFHOOK_*`` variable, validated once at start.

``.env.example`` lists them all with their defaults; a test keeps the two equal.
"""

import os
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.errors import ConfigurationError
from app.flows.announcement import is_context
from app.ids import is_node_name, is_variable_name

ROLES: Final = ("api", "controller", "worker")

#: Standard Webhooks' recommended schedule, in seconds from the attempt before.
WEBHOOK_SCHEDULE: Final = (0.0, 5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0, 72000.0, 86400.0)


def default_data_dir() -> Path:
    """Where an embedded database and recordings live by default: root's under /var/lib, others' in their home."""
    if os.geteuid() == 0:
        return Path("/var/lib/offhook")
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "offhook"


class Settings(BaseSettings):
    """All settings. Durations are seconds."""

    model_config = SettingsConfigDict(env_prefix="OFFHOOK_", env_file=".env", extra="ignore", frozen=True)

    data_dir: Path = Field(default_factory=default_data_dir, description="Embedded database, recordings, secrets.")
    node: str = Field(default="n1", description="This node's name; part of every name it gives in Asterisk.")
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    public_url: str | None = Field(default=None, description="How clients reach the service; for signed addresses.")
    trusted_proxies: Annotated[list[IPv4Network | IPv6Network], NoDecode] = Field(
        default_factory=list,
        description="Proxies whose X-Forwarded-For is believed, comma-separated CIDR. Nobody else's is.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level logged.")
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto", description="Log lines as JSON or for people; auto is console on a terminal."
    )
    secret_key: SecretStr | None = Field(
        default=None, description="Signs keys, cursors and addresses; at least 32 characters. Unset: kept in data_dir."
    )

    traces_url: str | None = Field(
        default=None,
        pattern=r"^https?://[!-~]+$",
        description="Where OpenTelemetry traces are sent (OTLP over HTTP), such as http://collector:4318; needs "
        "pip install 'offhook[traces]'. Unset: nothing is traced.",
    )

    api_points_per_minute: int = Field(
        default=1_000_000,
        gt=0,
        description="What one key may spend on GraphQL in this process: docs/reference/api-limits.md.",
    )
    introspection: Literal["anyone", "scope", "nobody"] = Field(
        default="anyone", description="Who may read the schema: anyone, keys with the scope schema, or nobody."
    )

    database_url: SecretStr | None = Field(default=None, description="postgresql://… Unset: an embedded PostgreSQL.")
    database_pool_size: int = Field(
        default=10, ge=2, le=200, description="Connections in the pool; some five more are held beside it."
    )
    database_timeout_seconds: float = Field(default=10.0, gt=0, description="Longest wait for one statement.")

    nats_url: SecretStr | None = Field(
        default=None,
        description="nats://host:4222 or tls://…, over which several processes tell each other that there are events; "
        "needs pip install 'offhook[nats]'. Unset: over PostgreSQL.",
    )
    nats_subject: str = Field(
        default="offhook.news",
        pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$",
        max_length=100,
        description="The subject of these news: one of its own for each Offhook at the same NATS.",
    )

    ari_url: str | None = Field(
        default=None, description="http://host:8088 of your own Asterisk. Unset: an embedded one with the sandbox."
    )
    ari_username: str = Field(default="offhook", description="ARI user.")
    ari_password: SecretStr | None = Field(default=None, description="ARI password.")
    ari_application: str = Field(default="offhook", description="Name of the Stasis application.")
    stir_shaken_key: Path | None = Field(
        default=None, description="PEM file of the key that the embedded Asterisk signs caller ids with (STIR/SHAKEN)."
    )
    stir_shaken_certificate_url: str | None = Field(
        default=None, description="Where those who are called find the certificate of OFFHOOK_STIR_SHAKEN_KEY."
    )
    stir_shaken_level: Literal["A", "B", "C"] = Field(
        default="A",
        description="What the signature vouches for: A, the caller has the number; B, it is known; C, neither.",
    )
    ari_timeout_seconds: float = Field(default=5.0, gt=0, description="Longest wait for one ARI request.")

    agent_ring_seconds: float = Field(default=30.0, gt=0, le=600, description="How long an agent rings by default.")
    customer_ring_seconds: float = Field(
        default=45.0, gt=0, le=600, description="How long a customer rings by default."
    )
    max_duration_seconds: float = Field(
        default=4 * 3600.0, gt=0, le=86400, description="Longest talk of a call that names no limit."
    )
    channel_variables: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Channel variables that originateCall may set, comma-separated names."
    )
    dialplan_contexts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Contexts of your own dialplan that calls may be handed to, comma-separated names."
    )
    callback_grace_seconds: float = Field(
        default=900.0,
        ge=0,
        le=86400,
        description="How long after its time a callback is still placed; then it has failed.",
    )
    otp_number_limit: int = Field(
        default=5,
        gt=0,
        description="One-time passwords for one number within OFFHOOK_OTP_NUMBER_SECONDS; more are refused.",
    )
    otp_number_seconds: float = Field(default=600.0, gt=0, le=86400, description="See OFFHOOK_OTP_NUMBER_LIMIT.")
    otp_account_limit: int = Field(
        default=300,
        gt=0,
        description="One-time passwords for one account within OFFHOOK_OTP_ACCOUNT_SECONDS; more are refused.",
    )
    otp_account_seconds: float = Field(default=60.0, gt=0, le=86400, description="See OFFHOOK_OTP_ACCOUNT_LIMIT.")
    queue_misses_allowed: int = Field(
        default=3, gt=0, le=100, description="An agent that lets so many queue calls in a row ring is paused."
    )
    queue_rest_seconds: float = Field(
        default=5.0, ge=0.1, le=600, description="How long an agent is left alone after a queue call it let ring."
    )
    max_live_calls: int = Field(default=2000, gt=0, description="Calls alive at once on this node; more are refused.")
    call_traces: Literal["on", "off"] = Field(
        default="on", description="Whether each call's inputs and requests are kept for diagnostics: on or off."
    )
    trace_retention_days: float = Field(
        default=14.0, gt=0, le=3650, description="How many days a call's trace is kept after its end."
    )
    spool_megabytes: int = Field(
        default=64, gt=0, description="Room in data_dir/spool for what live calls do while the database is away."
    )

    lease_seconds: float = Field(
        default=6.0, ge=1, le=60, description="How long a service that vanished keeps its Asterisk from the next."
    )

    recordings_url: str | None = Field(
        default=None, description="Store for recordings (file:///…, s3://…, gs://…). Unset: data_dir/recordings."
    )
    store_keys: SecretStr | None = Field(
        default=None,
        description="Encrypts files in that store: <id>:<base64 of 32 bytes>, comma-separated, the first for new ones; "
        "see docs/reference/recordings.md.",
    )
    store_keys_file: Path | None = Field(
        default=None, description="The same in a file, one key a line, that nobody else may read."
    )
    recording_retention_days: float = Field(
        default=0.0, ge=0, description="Recordings are deleted so many days after they were saved; 0 keeps them."
    )
    job_retention_days: float = Field(
        default=30.0, ge=0, description="Jobs go so many days after they ended, with their reports; 0 keeps them."
    )
    recording_url_seconds: float = Field(default=900.0, gt=0, description="How long a signed recording address lives.")

    transcription_url: str | None = Field(
        default=None,
        pattern=r"^https?://[!-~]+$",
        description="An OpenAI-compatible service for transcripts, such as https://api.openai.com/v1. Unset: "
        "pocketsphinx on this machine, if it is installed (pip install 'offhook[transcription]').",
    )
    transcription_key: SecretStr | None = Field(default=None, description="Its API key.")
    transcription_model: str = Field(default="whisper-1", description="Its model.")
    transcription_timeout_seconds: float = Field(
        default=180.0, gt=0, le=3600, description="How long it may take over one piece of a recording."
    )
    transcription_piece_seconds: float = Field(
        default=600.0, ge=10, le=1200, description="Longest piece that it is sent; 600 s at 16 kHz are 19 MB."
    )
    transcription_allow_networks: Annotated[list[IPv4Network | IPv6Network], NoDecode] = Field(
        default_factory=list,
        description="Networks it may be in though they are not public, comma-separated CIDR; http goes only there.",
    )
    transcription_language: str = Field(
        default="en-US", pattern=r"^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$", description="Of transcripts, if none is given."
    )
    transcriptions_at_once: int = Field(default=1, gt=0, le=64, description="Transcriptions at once in one worker.")

    espeak: str | None = Field(
        default=None, description="The program espeak-ng. Unset: on the PATH, or fetched with the embedded Asterisk."
    )
    polly_region: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9-]{5,32}$",
        description="AWS region, such as eu-central-1: texts are then spoken by Amazon Polly.",
    )
    polly_access_key_id: str | None = Field(
        default=None, description="Amazon Polly's access key. Unset: AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN."
    )
    polly_secret_access_key: SecretStr | None = Field(
        default=None, description="The key's secret. Unset: AWS_SECRET_ACCESS_KEY."
    )
    polly_url: str | None = Field(default=None, description="Another address of Amazon Polly, such as a VPC endpoint.")
    speech_cache_megabytes: int = Field(
        default=512, ge=1, description="Room in data_dir/media for texts that were spoken; the longest unused go."
    )
    media_url: str | None = Field(
        default=None,
        pattern=r"^https?://[!-~]+$",
        description="How Asterisk reaches this very process, to fetch sounds. Unset: this machine for the embedded "
        "Asterisk, else public_url.",
    )
    sound_sample_rate: Literal["8000", "16000"] = Field(
        default="8000", description="Samples per second of what Asterisk is given to play; 16000 for wideband phones."
    )

    webhook_allow_networks: Annotated[list[IPv4Network | IPv6Network], NoDecode] = Field(
        default_factory=list,
        description="Networks that webhooks may reach though they are not public, comma-separated CIDR.",
    )
    webhook_timeout_seconds: float = Field(default=15.0, gt=0, description="How long an endpoint may take to answer.")
    webhook_schedule_seconds: Annotated[tuple[float, ...], NoDecode] = Field(
        default=WEBHOOK_SCHEDULE, min_length=1, description="Waits before each attempt, comma-separated."
    )
    webhook_disable_seconds: float = Field(
        default=5 * 86400.0,
        gt=0,
        description="An endpoint without success for this long is disabled; its events are kept.",
    )
    webhook_concurrency: int = Field(default=64, gt=0, description="Deliveries on their way at once.")

    media_allow_networks: Annotated[list[IPv4Network | IPv6Network], NoDecode] = Field(
        default_factory=list,
        description="Networks that media streams may reach though they are not public, comma-separated CIDR.",
    )
    media_connect_seconds: float = Field(
        default=5.0, gt=0, le=20, description="How long a media stream's program may take to answer."
    )
    max_media_streams: int = Field(default=200, gt=0, description="Media streams at once on this node.")

    reputation_window_days: int = Field(
        default=7, ge=1, le=90, description="Days of calls that an outbound number's answer rate is judged by."
    )
    reputation_least_calls: int = Field(
        default=50, ge=1, description="Calls in the window from which on a number is judged by them."
    )
    reputation_least_answer_rate: float = Field(
        default=0.05, ge=0, le=1, description="Share of answered calls below which a number is flagged; 0 never flags."
    )
    reputation_most_unwanted_rate: float = Field(
        default=0.02, ge=0, le=1, description="Share of calls refused as unwanted (SIP 607, 608) above which it is."
    )
    reputation_complaints: int = Field(
        default=3, ge=0, description="Complaints that flag an outbound number; 0 never flags."
    )
    reputation_complaint_days: int = Field(default=30, ge=1, le=3650, description="Days that a complaint counts for.")
    reputation_review_seconds: float = Field(
        default=60.0, ge=0.1, le=86400, description="How often each outbound number is judged anew."
    )
    reputation_url: str | None = Field(
        default=None,
        pattern=r"^https?://[!-~]+$",
        description="A provider that is asked about numbers: docs/reference/provisioning.md. Unset: nobody is asked.",
    )
    reputation_secret: SecretStr | None = Field(
        default=None, description="Signs the questions to the provider (Standard Webhooks): whsec_… or text."
    )
    reputation_timeout_seconds: float = Field(
        default=2.0, gt=0, le=10, description="How long the provider may take to answer."
    )
    reputation_verdict_seconds: float = Field(
        default=86400.0, ge=60, description="How long an answer is good that does not say so itself."
    )
    reputation_allow_networks: Annotated[list[IPv4Network | IPv6Network], NoDecode] = Field(
        default_factory=list,
        description="Networks that the provider may be in though they are not public, comma-separated CIDR.",
    )

    subscriber_queue_size: int = Field(default=1000, gt=0, description="Events a slow subscriber may lag behind.")

    @property
    def recording_retention(self) -> timedelta | None:
        """How long recordings are kept; None, for ever."""
        return timedelta(days=self.recording_retention_days) if self.recording_retention_days else None

    @field_validator("node")
    @classmethod
    def _node_is_a_name(cls, value: str) -> str:
        if not is_node_name(value):
            raise ValueError("use lower-case letters, digits and hyphens, at most 31")
        return value

    @field_validator(
        "trusted_proxies",
        "webhook_allow_networks",
        "webhook_schedule_seconds",
        "media_allow_networks",
        "transcription_allow_networks",
        "reputation_allow_networks",
        "channel_variables",
        "dialplan_contexts",
        mode="before",
    )
    @classmethod
    def _split_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("traces_url")
    @classmethod
    def _traces_have_a_host(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "http://none")
        if not parts.hostname or parts.port == 0 or parts.query or parts.fragment:
            raise ValueError("use http(s)://host[:port][/path]; what is secret goes into OTEL_EXPORTER_OTLP_HEADERS")
        return value

    @field_validator("channel_variables")
    @classmethod
    def _variables_are_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        bad = [name for name in value if not is_variable_name(name)]
        if bad:
            raise ValueError(f"use letters, digits and underscores, and none of Offhook's own: not {', '.join(bad)}")
        return value

    @field_validator("dialplan_contexts")
    @classmethod
    def _contexts_are_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        bad = [name for name in value if not is_context(name)]
        if bad:
            names = ", ".join(bad)
            raise ValueError(f"use letters, digits, '_', '.' and '-', and no context of Offhook's: not {names}")
        return value

    @field_validator("traces_url", "nats_url", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        """Compose hands on what is not said as an empty text."""
        return None if value == "" else value

    @field_validator("nats_url")
    @classmethod
    def _nats_is_an_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parts = urlsplit(value.get_secret_value())
            # ``port`` raises ValueError for what is none.
            if parts.scheme not in {"nats", "tls"} or not parts.hostname or parts.port == 0:
                raise ValueError("use nats://host:4222 or tls://host:4222")
        return value

    @field_validator("secret_key")
    @classmethod
    def _secret_is_long(cls, value: SecretStr | None) -> SecretStr | None:
        least = 32
        if value is not None and len(value.get_secret_value()) < least:
            raise ValueError(f"use at least {least} characters")
        return value

    @model_validator(mode="after")
    def _reputation_provider_has_a_secret(self) -> Self:
        if self.reputation_url is not None and self.reputation_secret is None:
            raise ValueError("OFFHOOK_REPUTATION_URL is set, so OFFHOOK_REPUTATION_SECRET must be too")
        return self

    @model_validator(mode="after")
    def _own_asterisk_has_a_password(self) -> Self:
        if self.ari_url is not None and self.ari_password is None:
            raise ValueError("OFFHOOK_ARI_URL is set, so OFFHOOK_ARI_PASSWORD must be too")
        return self


def load_settings(**overrides: object) -> Settings:
    """The settings from the environment and ``.env``, with overrides from the command line.

    Raises:
        ConfigurationError: a variable is missing or wrong; the message has a line for each.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # pydantic validates what mypy cannot see
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = "OFFHOOK_" + "_".join(str(part) for part in problem["loc"]).upper() if problem["loc"] else "settings"
            lines.append(f"{name}: {problem['msg']}")
        raise ConfigurationError("\n".join(lines)) from error
