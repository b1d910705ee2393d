"""Announcement templates: made, changed, deleted, and turned into speech."""

from collections.abc import Mapping
from typing import Final, TypedDict

from app.accounts.principal import Principal
from app.db.engine import PooledConnection
from app.errors import Problem, RefusedError
from app.ids import Kind, new_id
from app.resources.field_checks import check_name
from app.resources.resource import Office, Resource
from app.resources.shelf import raise_all
from app.routing.in_use import refuse_if_target
from app.speech import texts
from app.speech.model import AnnouncementTemplate, Speech, VoiceSettings
from app.speech.rows import TEMPLATES, settings_columns
from app.speech.speaker import Speaker

MOST_TEMPLATES: Final = 1000


class TemplateChanges(TypedDict, total=False):
    """What is there is set."""

    name: str
    text: str
    voice: VoiceSettings


class AnnouncementTemplates(Resource[AnnouncementTemplate]):
    """The account's templates. A voice is looked up before it is stored: besides what ``Resource`` says, making and
    changing raise what ``Speaker.check`` does.
    """

    shelf = TEMPLATES
    noun = "announcement_template"

    def __init__(self, office: Office, speaker: Speaker) -> None:
        super().__init__(office)
        self._speaker = speaker

    async def create(self, by: Principal, values: TemplateChanges) -> AnnouncementTemplate:
        """``name`` and ``text`` must be given."""
        raise_all(_check(values))
        settings = values.get("voice", VoiceSettings())
        await self._speaker.check(settings)
        async with self._writing() as connection:
            await check_room(connection, "announcement_template", by.account_id, MOST_TEMPLATES)
            with self.shelf.unique("name", "There is a template of this name already."):
                made = await self.shelf.insert(
                    connection,
                    {
                        "id": new_id(Kind.ANNOUNCEMENT_TEMPLATE),
                        "account_id": by.account_id,
                        "name": values["name"],
                        "text": values["text"],
                        **settings_columns(settings),
                    },
                )
        self._note(by, "create", made.id)
        return made

    async def update(self, by: Principal, template_id: str, changes: TemplateChanges) -> AnnouncementTemplate:
        """Change what is given; a voice is replaced as a whole."""
        raise_all(_check(changes))
        columns: dict[str, object] = {name: changes[name] for name in ("name", "text") if name in changes}
        settings = changes.get("voice")
        if settings is not None:
            await self._speaker.check(settings)
            columns |= settings_columns(settings)
        async with self._writing() as connection:
            if columns:
                columns["updated_at"] = await connection.fetchval("SELECT now()")
            with self.shelf.unique("name", "There is a template of this name already."):
                changed = await self.shelf.change(connection, by.account_id, template_id, columns)
        self._note(by, "update", template_id)
        return changed

    async def delete(self, by: Principal, template_id: str) -> None:
        """Delete it, unless calls are sent to it. What is being spoken goes on."""
        async with self._writing() as connection:
            await refuse_if_target(connection, by.account_id, template_id, noun="template")
            await self.shelf.delete(connection, by.account_id, template_id)
        self._note(by, "delete", template_id)

    async def fill(
        self,
        account_id: str,
        template_id: str,
        values: Mapping[str, str],
        *,
        settings: VoiceSettings | None = None,
        under: tuple[str, ...] = (),
    ) -> Speech:
        """The template with these values, in its own voice unless another is given; ``under`` is where in an input.

        Raises:
            RefusedError: NOT_FOUND; FIELD_MISSING; INVALID_INPUT, for a value, or for one without a field.
        """
        template = await self.get(account_id, template_id)
        if template is None:
            raise RefusedError(Problem("NOT_FOUND", "There is no such announcement template.", (*under, "id")))
        unknown = [name for name in values if name not in template.fields]
        if unknown:
            raise RefusedError(
                [
                    Problem("INVALID_INPUT", "The template has no such field.", (*under, "fields", name))
                    for name in unknown
                ]
            )
        text = texts.fill_template(template.text, values, *under, "fields")
        return Speech(text=text, settings=template.settings if settings is None else settings)


def _check(values: TemplateChanges) -> list[Problem]:
    problems = []
    if "name" in values:
        problems += check_name(values["name"])
    if "text" in values:
        problems += texts.check_template(values["text"], "text")
    if "voice" in values:
        problems += texts.check_settings(values["voice"])
    return problems


async def check_room(connection: PooledConnection, table: str, account_id: str, most: int) -> None:
    """Raises RefusedError: INVALID_STATE, when the account has so many already."""
    count = await connection.fetchval(
        f"SELECT count(*) FROM {table} WHERE account_id = $1 AND deleted_at IS NULL",  # noqa: S608  # our own tables
        account_id,
    )
    if count >= most:
        message = f"The account has {most} of them, which is the most. Delete some first."
        raise RefusedError(Problem("INVALID_STATE", message, (), current_state="FULL"))
