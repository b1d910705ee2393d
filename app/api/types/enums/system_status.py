"""What the processes of a service do."""

from enum import StrEnum

from app.api.types.enums.describing import OPEN, describe


class ServiceRole(StrEnum):
    """The roles, as ``app.config.ROLES`` names them."""

    API = "api"
    CONTROLLER = "controller"
    WORKER = "worker"


describe(
    ServiceRole,
    "What a process of Offhook does. " + OPEN,
    {
        "API": "It answers GraphQL and HTTP.",
        "CONTROLLER": "It drives an Asterisk, or stands by to.",
        "WORKER": "It delivers webhooks and does jobs.",
    },
)
