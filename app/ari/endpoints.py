"""Operations on endpoints: who is registered, and messages to them."""

from collections.abc import Mapping

from app.ari.resources import Endpoint
from app.ari.safety import safe_text, safe_variables, safe_word
from app.ari.transport import AriTransport


class EndpointOperations(AriTransport):
    async def list_endpoints(self, *, technology: str | None = None) -> list[Endpoint]:
        """Every endpoint, or those of one technology (`PJSIP`)."""
        if technology is None:
            return await self._fetch(list[Endpoint], "GET /endpoints")
        operation = "GET /endpoints/{}"
        return await self._fetch(list[Endpoint], operation, safe_word(technology, "technology", operation=operation))

    async def send_message(
        self,
        technology: str,
        resource: str,
        *,
        sender: str,
        body: str,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Send a text (SIP MESSAGE) to an endpoint's device. `sender` is a URI (`pjsip:…` or `sip:…`).

        Success means accepted (202), not delivered.
        """
        operation = "PUT /endpoints/{}/{}/sendMessage"
        content: dict[str, object] = {
            "from": safe_text(sender, "sender", operation=operation),
            # Line breaks are fine here: the text is a SIP body, not a header.
            "body": body,
        }
        checked = safe_variables(variables, operation=operation)
        if checked:
            content["variables"] = checked
        await self._send(
            operation,
            safe_word(technology, "technology", operation=operation),
            safe_word(resource, "endpoint", operation=operation),
            body=content,
        )
