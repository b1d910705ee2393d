"""What deliveries are looked for by, for whoever reads or replays them."""

from app.db.conditions import Conditions
from app.webhooks.model import DeliveryFilter


def add_conditions(to: Conditions, where: DeliveryFilter) -> None:
    """Add a filter's conditions over ``webhook_delivery delivery``; the account is the caller's to add."""
    to.add_given("delivery.endpoint_id = {}", where.endpoint_id)
    if where.states:
        # Written out: the index of the undelivered is only used by a statement that names them.
        names = ", ".join(f"'{state.value}'" for state in where.states)
        to.add(f"delivery.state IN ({names})")
    # The log has an index over subjects; here each would be one more to write for every delivery.
    to.add_given(
        "delivery.event_sequence IN (SELECT event.sequence FROM event WHERE event.subject_id = {})", where.subject_id
    )
    to.add_any_of("delivery.event_type", where.event_types)
    to.add_given("delivery.created_at >= {}", where.created_from)
    to.add_given("delivery.created_at < {}", where.created_to)
