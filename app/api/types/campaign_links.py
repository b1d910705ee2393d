"""From an id to the campaign or contact that is meant, for types that campaigns themselves know."""

from typing import TYPE_CHECKING

from app.api.context import Info

if TYPE_CHECKING:
    from app.api.types.campaigns import Campaign
    from app.api.types.contacts import Contact


async def find_campaign(info: Info, campaign_id: str | None) -> "Campaign | None":
    """The campaign as it is now."""
    from app.api.types.campaigns import Campaign  # it knows calls, and calls know it

    if campaign_id is None:
        return None
    found = await info.context.loaders.campaign.load(campaign_id)
    return None if found is None else Campaign.of(found, info.context.sight)


async def find_contact(info: Info, contact_id: str | None) -> "Contact | None":
    """The contact as it is now; None once it was removed."""
    from app.api.types.contacts import Contact  # likewise

    if contact_id is None:
        return None
    found = await info.context.loaders.contact.load(contact_id)
    return None if found is None else Contact.of(found, info.context.sight)
