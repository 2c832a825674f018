"""Every setting of the bridge, read from the environment; ``bridge settings`` prints this list."""

from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MEBIBYTE = 1024 * 1024


class Settings(BaseSettings):
    """One value for each ``BRIDGE_…`` variable; units are in the names, limits are inclusive."""

    model_config = SettingsConfigDict(env_prefix="BRIDGE_", env_ignore_empty=True, frozen=True)

    env: Literal["development", "production"] = Field(
        "development", description="In production a secret key is required and the clock cannot be driven."
    )
    var: Path = Field(
        Path("var"), description="Folder of what the embedded default keeps: database, queue, key."
    )
    database_url: str = Field(
        "", description="Default: SQLite in the folder above. Production: postgresql://…"
    )
    database_role: str = Field(
        "bridge_app",
        description="PostgreSQL role that requests and workers run as, created by the migrations. It owns "
        "nothing, so row-level security binds it.",
    )
    database_pool_size: int = Field(10, ge=1, le=1000, description="Connections kept per process.")
    broker_url: str = Field(
        "", description="Default: an embedded queue in files. Production: redis://… or amqp://…"
    )
    broker_poll_milliseconds: int = Field(20, ge=1, le=10_000, description="Polling of the embedded queue.")
    secret_key: str = Field(
        "",
        repr=False,
        description="Keys that seal secrets and digest tokens, newest first, separated by commas; 32 or more "
        "characters each. Development makes one in the folder above.",
    )
    public_url: str = Field("", description="Address by which clients reach the bridge; default: as asked.")
    clock_file: Path | None = Field(
        None,
        description="File with an instant that replaces the wall clock, for demos and tests of whole months.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level logged.")
    log_format: Literal["json", "console"] = Field(
        "json", description="One JSON object a line, or for people."
    )

    body_bytes: int = Field(32 * MEBIBYTE, ge=1024, description="Largest request body.")
    json_depth: int = Field(32, ge=4, le=100, description="Deepest nesting of a JSON body.")
    text_characters: int = Field(4096, ge=256, description="Longest text value of an attribute.")
    attribute_values: int = Field(
        500, ge=10, description="Most values of one multi-valued attribute of a user."
    )
    patch_operations: int = Field(1000, ge=16, description="Most operations in one PATCH.")
    group_members: int = Field(100_000, ge=1000, description="Most members in one group request.")
    group_levels: int = Field(10, ge=1, description="Most groups in a row of which each is in the next.")
    filter_bytes: int = Field(8192, ge=256, description="Longest filter or path.")
    filter_depth: int = Field(50, ge=5, description="Deepest nesting of a filter.")
    filter_conditions: int = Field(200, ge=10, description="Most conditions in a filter.")
    page_default: int = Field(100, ge=1, description="Resources in a page when the client names no count.")
    page_most: int = Field(1000, ge=1, description="Most resources in one page.")
    page_places: int = Field(
        10_000, ge=1, description="Beginnings of pages that a web process remembers, for walks by startIndex."
    )
    cursor_seconds: int = Field(3600, ge=60, description="Seconds for which a page's cursor is good.")
    bulk_operations: int = Field(1000, ge=1, description="Most operations in one bulk request.")
    bulk_bytes: int = Field(
        4 * MEBIBYTE, ge=1024, description="Largest bulk request, within the largest request body."
    )
    overrides: int = Field(1000, ge=1, description="Most overrides of one person, ended ones included.")
    preview_hours: int = Field(
        24, ge=1, description="Hours for which a preview can be looked at, or applied."
    )
    roles: int = Field(200, ge=1, description="Most roles of a tenant's own.")
    rules: int = Field(1000, ge=1, description="Most rules in one rule set.")
    meters: int = Field(100, ge=1, description="Most meters of a tenant.")
    usage_events: int = Field(5_000, ge=1, le=15_000, description="Most events of consumption in one batch.")
    sign_ins: int = Field(5_000, ge=1, le=15_000, description="Most sign-ins in one batch.")
    late_days: int = Field(
        35, ge=1, description="Days after which consumption and sign-ins are no longer taken in."
    )
    identity_events: int = Field(
        2_000, ge=1, le=15_000, description="Most events in one delivery of an identity provider."
    )
    identity_event_bytes: int = Field(
        8 * MEBIBYTE, ge=1024, description="Largest such delivery, within the largest request body."
    )
    identity_event_batch: int = Field(500, ge=1, description="Such events applied in one transaction.")
    identity_event_days: int = Field(
        90, ge=1, description="Days for which they are kept, and after which older ones are not taken in."
    )
    identity_event_ahead_seconds: int = Field(
        300, ge=0, description="How far ahead of ours the clock of an identity provider may be."
    )
    hook_requests_per_second: int = Field(
        100,
        ge=1,
        le=1_000_000,
        description="Events and hooks that identity providers of a tenant may send, sustained.",
    )
    hook_requests_burst: int = Field(2000, ge=1, description="Such requests at once, after a pause.")
    okta_secret_overlap_minutes: int = Field(
        60,
        ge=0,
        description="Minutes for which the secret of Okta's hooks holds beside the one that replaces it.",
    )
    extension_schemas: int = Field(10, ge=0, description="Most schemas that a tenant may define itself.")
    extension_attributes: int = Field(
        100, ge=1, description="Most attributes in one of them, sub-attributes included."
    )

    recent_callers: int = Field(
        10_000, ge=0, description="Credentials whose tenant a web process remembers for a minute."
    )
    joined_accounts: int = Field(16, ge=1, description="Most accounts that are joined to one person.")
    join_proposals: int = Field(
        1000, ge=1, description="Most proposed joins that are listed, or confirmed, at once."
    )

    scim_reads_per_second: int = Field(
        200, ge=1, le=1_000_000, description="SCIM reads a tenant may send, sustained."
    )
    scim_reads_burst: int = Field(4000, ge=1, description="SCIM reads of a tenant at once, after a pause.")
    scim_writes_per_second: int = Field(
        100,
        ge=1,
        le=1_000_000,
        description="SCIM writes a tenant may send, sustained; each operation of a bulk request is one.",
    )
    scim_writes_burst: int = Field(2000, ge=1, description="SCIM writes of a tenant at once, after a pause.")
    deactivations_per_second: int = Field(
        50, ge=1, le=1_000_000, description="Deactivations that pass when a tenant's writes are used up."
    )
    deactivations_burst: int = Field(2000, ge=1, description="Such deactivations at once, after a pause.")
    api_requests_per_second: int = Field(
        100, ge=1, le=1_000_000, description="Requests to the API a tenant may send, sustained."
    )
    api_requests_burst: int = Field(1000, ge=1, description="Requests to the API at once, after a pause.")
    evaluations_per_second: int = Field(
        1000, ge=1, le=1_000_000, description="Decisions on access a tenant may ask for, sustained."
    )
    evaluations_burst: int = Field(10_000, ge=1, description="Such decisions at once, after a pause.")
    evaluations: int = Field(100, ge=1, description="Most decisions asked for in one request.")
    evaluation_bytes: int = Field(
        MEBIBYTE, ge=1024, description="Largest request for decisions, within the largest request body."
    )
    oauth_tokens_per_second: int = Field(
        1, ge=1, le=1_000_000, description="Access tokens a tenant's OAuth clients may ask for, sustained."
    )
    oauth_tokens_burst: int = Field(100, ge=1, description="Access tokens at once, after a pause.")
    oauth_token_minutes: int = Field(
        60, ge=1, le=1440, description="Minutes for which an access token of an OAuth client is valid."
    )
    oauth_form_bytes: int = Field(16_384, ge=1024, description="Largest request for an access token.")
    session_hours: int = Field(
        12, ge=1, le=720, description="Hours after which a session ends, however much it is used."
    )
    session_idle_minutes: int = Field(
        60, ge=5, le=43_200, description="Minutes without use after which a session is over."
    )
    visit_link_minutes: int = Field(
        60, ge=1, le=10_080, description="Minutes in which a link to the pages opens, once."
    )
    visit_hours: int = Field(
        8, ge=1, le=720, description="Hours after which a visit by a link ends, however much it is used."
    )
    session_days: int = Field(
        90, ge=1, description="Days for which it can be looked up that a session was there."
    )
    session_most: int = Field(
        20, ge=1, le=1000, description="Most sessions of a person; the one not used for longest makes room."
    )
    session_refresh_minutes: int = Field(
        60,
        ge=1,
        le=1440,
        description="Longest time until a provider that issues refresh tokens is asked again about a "
        "session; sooner where its access token expires sooner.",
    )
    session_refresh_least_seconds: int = Field(
        60, ge=1, le=3600, description="Least time between two such questions about one session."
    )
    session_refresh_retry_seconds: int = Field(
        60, ge=1, description="First pause after one that failed; doubles up to the longest time."
    )
    session_refresh_batch: int = Field(
        20, ge=1, le=1000, description="Sessions that a worker takes for itself at once to ask about them."
    )
    expiry_warning_days: int = Field(
        30, ge=0, description="Days ahead in which lists of credentials warn of their expiry."
    )

    logins_per_second: int = Field(
        50, ge=1, le=1_000_000, description="Beginnings and ends of sign-ins of a tenant, sustained."
    )
    logins_burst: int = Field(2000, ge=1, description="Beginnings and ends of sign-ins at once.")
    login_minutes: int = Field(
        10, ge=1, le=60, description="Minutes in which whoever was sent to the provider must return."
    )
    claim_groups: int = Field(
        5_000,
        ge=1,
        le=11_000,
        description="Most groups of one person that a token may name; more are unknown.",
    )
    graph_url: str = Field(
        "https://graph.microsoft.com",
        description="Address of Microsoft Graph, asked for groups that a token of Entra has no room for.",
    )
    graph_us_url: str = Field(
        "https://graph.microsoft.us",
        description="The same for directories at login.microsoftonline.us; https://dod-graph.microsoft.us "
        "for those of the Department of Defense.",
    )
    graph_china_url: str = Field(
        "https://microsoftgraph.chinacloudapi.cn",
        description="The same for directories of the cloud in China.",
    )
    graph_batch: int = Field(20, ge=1, description="People whose groups are asked for with one token.")
    graph_attempts: int = Field(
        12, ge=1, le=60, description="Attempts until the question for somebody's groups is given up."
    )
    private_providers: bool = Field(
        default=False,
        description="Whether identity providers may be reached at private addresses, and over plain HTTP.",
    )
    provider_seconds: float = Field(
        5.0, gt=0, le=60, description="Longest wait for an answer of an identity provider."
    )
    provider_bytes: int = Field(
        MEBIBYTE, ge=1024, description="Largest answer that is read of an identity provider."
    )
    provider_keys: int = Field(100, ge=1, description="Most keys that are read of an identity provider.")
    provider_keys_seconds: int = Field(
        3600, ge=1, description="Seconds for which its keys and addresses are kept; keys withdrawn die then."
    )
    provider_refetch_seconds: int = Field(
        30, ge=1, description="Least seconds until an unknown key, or a failure, has them read anew."
    )
    providers_kept: int = Field(
        1000, ge=1, description="Identity providers whose keys and addresses a web process keeps."
    )
    token_bytes: int = Field(
        65_536, ge=1024, description="Longest token of an identity provider that is looked at."
    )
    id_token_bytes: int = Field(
        768 * 1024, ge=1024, description="Longest ID token at a sign-in, which may name thousands of groups."
    )
    token_leeway_seconds: int = Field(
        60, ge=0, le=300, description="How far the clock of an identity provider may be off."
    )

    request_log_milliseconds: int = Field(
        1000,
        ge=1,
        description="Longest wait of a request's log row in memory, lost if the process is killed meanwhile; "
        "the shorter, the more transactions it costs, one for each tenant.",
    )
    request_log_rows: int = Field(
        10_000, ge=100, description="Most rows waiting; past that they are counted."
    )
    request_log_days: int = Field(90, ge=1, description="Days for which the provisioning log is kept.")
    nudge_milliseconds: int = Field(
        50, ge=1, description="Longest wait for the broker when waking the workers."
    )
    sweep_seconds: float = Field(
        5.0, gt=0, description="Pause between two looks for work that nobody announced."
    )
    assignment_batch: int = Field(
        500, ge=1, description="People whose timelines are computed in one transaction."
    )
    assignment_turn_seconds: float = Field(
        2.0,
        gt=0,
        description="Time after which a tenant with much due lets others have a turn.",
    )
    assignment_retry_seconds: int = Field(
        60, ge=1, description="First pause after a failed timeline; doubles."
    )
    fuse_people: int = Field(
        10, ge=0, description="Most people from whom a connection may take their seats within an hour."
    )
    fuse_percent: int = Field(
        5, ge=0, le=100, description="Most percent of a tenant's people likewise; the larger one holds."
    )
    fuse_group_people: int = Field(
        2, ge=1, description="Least people who leave a group that gives a plan, for its emptying to be held."
    )
    seat_limit_most: int = Field(
        1_000_000, ge=0, description="Highest limit of seats that a tenant may set for a plan."
    )
    seat_limit_changes: int = Field(
        1000, ge=1, description="How often a tenant may set limits of seats, all plans together."
    )
    invoice_grace_hours: int = Field(
        24, ge=0, description="Hours after a period's end until it closes by itself."
    )
    seller_name: str = Field("", description="Legal name of who issues the invoices.")
    seller_address: str = Field("", description="Its address on invoices, lines parted by |.")
    seller_country: str = Field("", description="Its country, an ISO 3166-1 code such as DE.")
    seller_tax_id: str = Field("", description="Its tax id, such as a VAT identification number.")
    seller_register: str = Field("", description="Where it is registered, with the number there.")
    seller_contact: str = Field("", description="Address or telephone for questions about invoices.")
    seller_payment: str = Field("", description="Where to pay: a bank account, a link.")
    invoice_pdf_people: int = Field(
        2000, ge=0, description="Most lines of people in a PDF; with more, the other exports have them."
    )
    pdf_fonts: str = Field(
        "",
        description="TrueType fonts for what DejaVu Sans cannot write, such as Chinese; paths, by commas.",
    )
    stripe_api_key: str = Field("", repr=False, description="Secret key of the Stripe account that collects.")
    stripe_webhook_secret: str = Field(
        "", repr=False, description="Signing secret of Stripe's webhook at /stripe/webhook."
    )
    stripe_url: str = Field("", description="Address of Stripe's API; default: Stripe's own. For tests.")
    stripe_seconds: float = Field(20.0, gt=0, description="Longest wait for an answer of Stripe.")
    stripe_tolerance_seconds: int = Field(300, ge=1, description="Greatest age of a webhook's signature.")
    stripe_retry_seconds: int = Field(
        60, ge=1, description="First pause after a failed delivery; doubles up to six hours."
    )
    stripe_attempts: int = Field(12, ge=1, le=60, description="Attempts until a delivery is given up.")
    stripe_lines: int = Field(
        200, ge=1, le=250, description="Most lines of an invoice told to Stripe; the last sums up the rest."
    )
    stripe_credit_notes: Literal["elsewhere", "balance", "refund"] = Field(
        "elsewhere",
        description="How a credit note on an invoice that Stripe collected gives the money back: by whoever "
        "pays it out, as credit on the customer's balance at Stripe, as a refund of the payment.",
    )
    stripe_days_until_due: int = Field(30, ge=0, le=365, description="Days to pay an invoice at Stripe.")
    settle_days: int = Field(
        400,
        ge=31,
        description="Days after which a closed period is settled: backdated facts change it no more.",
    )

    @model_validator(mode="after")
    def _production_is_strict(self) -> Self:
        if self.env == "production" and not self.secret_key:
            raise ValueError(
                "BRIDGE_SECRET_KEY must be set in production: generate one with `openssl rand -hex 32`"
            )
        if self.env == "production" and self.clock_file is not None:
            raise ValueError(
                "BRIDGE_CLOCK_FILE is for demos and tests: remove it, production uses the wall clock"
            )
        short = [key for key in self.secret_key.split(",") if self.secret_key and len(key.strip()) < 32]  # noqa: PLR2004 (the limit is told in the message)
        if short:
            raise ValueError("BRIDGE_SECRET_KEY: each key needs 32 or more characters")
        return self

    @property
    def database(self) -> str:
        """The database's URL in SQLAlchemy's form, with the driver named."""
        url = self.database_url or f"sqlite:///{self.var / 'bridge.db'}"
        for short in ("postgresql://", "postgres://"):
            url = url.replace(short, "postgresql+psycopg://", 1) if url.startswith(short) else url
        return url

    @property
    def broker(self) -> str:
        """The broker's URL in Celery's form."""
        return self.broker_url or "filesystem://"

    def secret_keys(self) -> tuple[str, ...]:
        """Return the keys, newest first; in development one is made and kept when none is set."""
        if self.secret_key:
            return tuple(key.strip() for key in self.secret_key.split(","))
        return (_kept_key(self.var / "secret.key"),)


def _kept_key(path: Path) -> str:
    """Read the development key, or make it; two processes that start at once agree on one."""
    import secrets  # noqa: PLC0415 (only development needs it)

    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(32))
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


@cache
def settings() -> Settings:
    """Return this process's settings, read once."""
    return Settings()
