"""Push configuration: PJSIP's objects, read and written without a file.

Everything of PJSIP's is under the configuration class ``res_pjsip``, whichever module reads it. Where an object is kept
is Asterisk's ``sorcery.conf``; what is in its files can be read and never written (403).
"""

from collections.abc import Mapping

import msgspec

from app.ari.safety import safe_text, safe_word
from app.ari.transport import AriTransport


class ConfigTuple(msgspec.Struct, frozen=True):
    """One attribute of an object, always as text."""

    attribute: str
    value: str


class ConfigurationOperations(AriTransport):
    async def get_object(self, object_type: str, object_id: str) -> dict[str, str]:
        """All attributes of an object, as Asterisk writes them (which is seldom as they were given).

        Raises:
            AriNotFound: there is none.
        """
        operation = "GET /asterisk/config/dynamic/{}/{}/{}"
        answer = await self._fetch(
            list[ConfigTuple],
            operation,
            "res_pjsip",
            safe_word(object_type, "object type", operation=operation),
            safe_word(object_id, "object id", operation=operation),
        )
        return {one.attribute: one.value for one in answer}

    async def put_object(self, object_type: str, object_id: str, fields: Mapping[str, str]) -> None:
        """Make an object, or set these attributes of one that is there; the others stay as they are.

        Raises:
            AriInvalid: a value is none that Asterisk takes.
        """
        operation = "PUT /asterisk/config/dynamic/{}/{}/{}"
        await self._send(
            operation,
            "res_pjsip",
            safe_word(object_type, "object type", operation=operation),
            safe_word(object_id, "object id", operation=operation),
            body={
                "fields": [
                    {
                        "attribute": safe_word(name, "attribute", operation=operation),
                        "value": safe_text(value, "attribute's value", operation=operation),
                    }
                    for name, value in fields.items()
                ]
            },
        )

    async def delete_object(self, object_type: str, object_id: str) -> None:
        """Forget an object. Raises AriNotFound: there is none."""
        operation = "DELETE /asterisk/config/dynamic/{}/{}/{}"
        await self._send(
            operation,
            "res_pjsip",
            safe_word(object_type, "object type", operation=operation),
            safe_word(object_id, "object id", operation=operation),
        )
