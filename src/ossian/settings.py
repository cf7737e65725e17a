"""Every setting, with its default written once.

A setting comes from the environment (`OSSIAN_SERVER__PORT=9000`), else from the TOML file that `OSSIAN_CONFIG` names
(`[server]` / `port = 9000`), else from its default here.
"""

import os
from datetime import date
from decimal import Decimal
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

DEMONSTRATION_MODEL = "ossian-nano"
NONE = "none"  # how no value is written where all values are text


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise ValueError(f"{error}") from error


class Section(BaseModel):
    """A group of settings: frozen, unknown names are errors, and infinity is no number."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


HomePath: TypeAlias = Annotated[Path, AfterValidator(_expanded)]  # ~ is the user's home
Days: TypeAlias = Annotated[float, Field(gt=0, le=36_500)]
Origin: TypeAlias = Annotated[str, Field(pattern=r"^(\*|[a-z][a-z0-9+.-]*://[^/\s*]+)$")]  # of web pages
Network: TypeAlias = Annotated[IPv4Network | IPv6Network, BeforeValidator(ip_network)]  # an address is one of itself
AnonymousEndpoint: TypeAlias = Literal["chat.completions", "completions", "models", "responses"]  # what keeps nothing


class ServerSettings(Section):
    """The HTTP server."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    api_keys: tuple[SecretStr, ...] = ()  # besides those in the database, each with objects of its own
    cors_origins: tuple[Origin, ...] = ()  # web pages that may call and read the answers; "*" is all
    max_body_bytes: int = Field(default=10 * 1024 * 1024, ge=1)
    unknown_parameters: Literal["reject", "ignore"] = "reject"
    debug_view: bool = False  # requests may ask for their prompt and the raw turn with the header x-ossian-debug
    keep_alive_seconds: float = Field(default=10.0, gt=0)  # an SSE comment is sent after this much silence
    shutdown_seconds: float = Field(default=30.0, ge=0, le=1e6)  # running requests may finish for this long


class AccessSettings(Section):
    """Who may call without an API key, and who is believed about where a request comes from."""

    anonymous: Literal["local", "anywhere", "never"] = "local"  # local: here, if the server is for here alone
    anonymous_endpoints: tuple[AnonymousEndpoint, ...] = get_args(AnonymousEndpoint)  # from elsewhere
    anonymous_models: tuple[str, ...] | None = None  # from elsewhere, by their ids; None: all
    trusted_proxies: tuple[Network, ...] = ()  # whose X-Forwarded-For counts


class ModelSettings(Section):
    """Which models are served, under which names."""

    model: str | None = None  # a name, a Hugging Face repository or a folder; None is the demonstration profile
    served_name: str | None = None  # None: the checkpoint's own name
    aliases: dict[str, str] = Field(default_factory=dict)  # alias -> served name
    cache_dir: HomePath = Field(default_factory=lambda: Path.home() / ".cache" / "ossian")


Price: TypeAlias = Annotated[Decimal, Field(ge=0, max_digits=16, decimal_places=8)]  # of a million tokens
DeclaredName: TypeAlias = Annotated[str, Field(pattern=r"^[!-~]{1,256}$")]  # it goes into headers and addresses
HostName: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)*$")]
Modality: TypeAlias = Literal["text", "image", "audio", "video", "file"]


class ModelPrices(Section):
    """What a million tokens cost, in `catalog.currency`. Reasoning is output."""

    input: Price = Decimal(0)
    cached_input: Price | None = None  # None: as other input
    output: Price = Decimal(0)

    @property
    def cached_input_price(self) -> Decimal:
        """What a million input tokens cost whose K/V are in the cache."""
        return self.input if self.cached_input is None else self.cached_input


class ModelCapabilities(Section):
    """What a model can do; the defaults are what every gpt-oss model can."""

    input_modalities: tuple[Modality, ...] = ("text",)
    output_modalities: tuple[Modality, ...] = ("text",)
    reasoning: bool = True
    function_calling: bool = True
    structured_outputs: bool = True
    streaming: bool = True


class ModelLifecycle(Section):
    """When a model is on its way out, and what comes after it. The days are in UTC and begin at midnight."""

    deprecated: date | None = None  # from then on its answers carry a warning
    retired: date | None = None  # from then on it answers no more
    successor: DeclaredName | None = None
    when_retired: Literal["redirect", "refuse"] = "refuse"  # the successor answers, or 404
    redirect_delay_seconds: float = Field(default=0.0, ge=0, le=60)  # before the successor answers: it is noticed

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if self.deprecated and self.retired and self.retired < self.deprecated:
            raise ValueError("a model is deprecated before it is retired")
        if self.when_retired == "redirect" and self.successor is None:
            raise ValueError("when_retired = 'redirect' needs a successor")
        return self


class DeclaredModel(Section):
    """What is known of a model besides what its engine says."""

    id: DeclaredName
    aliases: tuple[DeclaredName, ...] = ()
    checkpoint: str | None = None  # as models.model, for an embedded engine of its own
    name: str | None = None  # to be read by people; None: the id
    description: str = ""
    series: str | None = None
    publisher: str | None = None
    tags: tuple[str, ...] = ()  # what it is good for: code_chat, summarization …
    licence: str | None = None
    published: date | None = None  # by its publisher
    offered: date | None = None  # by this server; None: since the checkpoint is on this machine
    params: int | None = Field(default=None, ge=1)
    max_model_len: int | None = Field(default=None, ge=1)  # None: the engine's
    max_output_tokens: int | None = Field(default=None, ge=1)  # None: as far as the context goes
    capabilities: ModelCapabilities = ModelCapabilities()
    prices: ModelPrices = ModelPrices()
    lifecycle: ModelLifecycle = ModelLifecycle()


class CatalogSettings(Section):
    """What the catalog says of models."""

    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")  # of all prices
    models: tuple[DeclaredModel, ...] = ()


class EngineSettings(Section):
    """The embedded engine."""

    precision: Literal["default", "exact"] = "default"  # int8 or bf16 activations
    dense_format: Literal["int8", "bf16"] = "int8"  # attention and lm_head weights
    kv_cache_dtype: Literal["int16", "int8"] = "int16"  # with a scale for each token and head; in exact mode bf16
    weight_cache: bool = True  # keep repacked weights in models.cache_dir: later starts take a second or two
    num_threads: int = Field(default=0, ge=0, le=1024)  # 0: the CPU quota
    max_model_len: int | None = Field(default=None, ge=1)  # None: the model's, as far as the KV cache goes
    max_num_seqs: int = Field(default=32, ge=1)
    max_num_batched_tokens: int = Field(default=512, ge=16)
    target_tpot_seconds: float = Field(default=0.5, gt=0)  # what prefills leave running answers, TPOT
    max_num_waiting: int = Field(default=256, ge=1)
    block_size: int = Field(default=32, ge=16, multiple_of=16)
    kv_cache_bytes: int | None = Field(default=None, ge=1)  # None: from the memory that is free after loading
    enable_prefix_cache: bool = True
    speculation: Literal["ngram", "off"] = "ngram"  # ngram: drafts of what followed the last tokens before
    max_num_draft_tokens: int = Field(default=16, ge=1, le=256)  # in a step, of all its sequences


class ReasoningMemorySettings(Section):
    """What the model thought before a tool call, kept for clients that do not send it back."""

    enabled: bool = True
    max_bytes: int = Field(default=64 * 1024 * 1024, ge=0)  # of reasoning, in all
    ttl_seconds: float = Field(default=3600.0, gt=0)


class ResponsesSettings(Section):
    """The Responses API and what it keeps."""

    store_by_default: bool = True  # what `store` is in a request that does not say
    retention_days: Days = 30.0  # a stored response is erased when it is older
    reasoning_events: Literal["openai", "open-responses", "summary"] = "openai"  # a request's header may choose another
    lease_seconds: float = Field(default=10.0, ge=1)  # without a sign of its server for so long, a run counts as lost
    websocket_minutes: float = Field(default=60.0, gt=0, le=1e6)  # a connection is closed after that
    max_background: int = Field(default=256, ge=0, le=10_000)  # background responses, queued and in progress
    max_background_per_project: int = Field(default=64, ge=0)  # of them of one project
    max_background_running: int = Field(default=16, ge=1)  # of them in progress; the others wait


class VendorSettings(Section):
    """The addresses and the error bodies that clients of hosted services know."""

    v1_dialect: Literal["openai", "ovhcloud", "aimlapi", "azion", "e2e"] = "openai"  # of addresses that say nothing
    ovhcloud: bool = True
    aimlapi: bool = True
    azion: bool = True
    e2e: bool = True
    hosts: tuple[HostName, ...] = ()  # with models.example, gpt-oss-20b.models.example is that model's own host
    project_aliases: dict[str, str] = Field(default_factory=dict)  # what /project/p-… may say -> a project's id or name

    @cached_property
    def offered(self) -> frozenset[str]:
        """The services whose addresses are there."""
        return frozenset(name for name in ("ovhcloud", "aimlapi", "azion", "e2e") if getattr(self, name))


Figure: TypeAlias = Annotated[int, Field(ge=0, le=10**12)] | None  # None: without a limit; 0: nothing


class LimitFigures(Section):
    """What is set goes over the profile's figures."""

    requests_per_minute: Figure = None
    tokens_per_minute: Figure = None
    concurrent_requests: Figure = None


class LimitSettings(Section):
    """Limits of those who have none of their own."""

    profile: Literal["unlimited", "hosted"] = "unlimited"
    project: LimitFigures = LimitFigures()  # of a project and model
    key: LimitFigures = LimitFigures()  # of an API key, all models together
    anonymous: LimitFigures = LimitFigures()  # of a client address and model, without a key
    counters_url: SecretStr | None = None  # redis://host:port/number, for several servers; None: in this process


class UsageSettings(Section):
    """The records of what requests used."""

    max_waiting: int = Field(default=100_000, ge=1)  # records in memory while the database is away
    retention_days: Days | None = None  # None: they are kept for ever


class FileSettings(Section):
    """Files that clients upload."""

    max_file_bytes: int = Field(default=512 * 1024 * 1024, ge=1)
    max_project_bytes: int = Field(default=100 * 1024**3, ge=0)  # all files of a project together


class BatchSettings(Section):
    """Batches: many requests in a file, made when there is time."""

    max_running: int = Field(default=8, ge=0)  # requests of all batches at once, for each model; 0: none here
    max_lines: int = Field(default=50_000, ge=1)  # requests in a batch
    max_unfinished: int = Field(default=100, ge=0)  # batches of a project
    default_hours: int = Field(default=48, ge=1, le=168)  # the completion window of a batch that names none
    input_days: Days = 30.0  # an input file is erased when it is older, unless it says otherwise
    output_days: Days = 15.0  # likewise the files that a batch writes
    lease_seconds: float = Field(default=10.0, ge=1)  # without a sign of its server for so long, another takes over


class LogSettings(Section):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "text", "json"] = "auto"  # auto: text on a terminal, JSON elsewhere


class Settings(BaseSettings):
    """All settings of one process."""

    model_config = SettingsConfigDict(
        env_prefix="OSSIAN_", env_nested_delimiter="__", env_parse_none_str=NONE, frozen=True, extra="forbid"
    )

    server: ServerSettings = ServerSettings()
    access: AccessSettings = AccessSettings()
    models: ModelSettings = Field(default_factory=ModelSettings)
    catalog: CatalogSettings = CatalogSettings()
    engine: EngineSettings = EngineSettings()
    reasoning_memory: ReasoningMemorySettings = ReasoningMemorySettings()
    responses: ResponsesSettings = ResponsesSettings()
    limits: LimitSettings = LimitSettings()
    usage: UsageSettings = UsageSettings()
    files: FileSettings = FileSettings()
    batches: BatchSettings = BatchSettings()
    vendors: VendorSettings = Field(default_factory=VendorSettings)
    log: LogSettings = LogSettings()
    database_url: SecretStr | None = None  # as SQLAlchemy writes it; None: an SQLite file in data_dir
    data_dir: HomePath = Field(default_factory=lambda: Path.home() / ".local" / "share" / "ossian")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (the base class passes it; no .env file is read)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (likewise)
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the environment before the TOML file."""
        toml = TomlConfigSettingsSource(settings_cls, os.environ.get("OSSIAN_CONFIG") or None)
        return init_settings, env_settings, toml
