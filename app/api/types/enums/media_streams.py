"""Programs that talk to legs."""

from app.api.types.enums.describing import OPEN, describe
from app.facts.vocabulary import MediaStreamEnd, MediaStreamState

describe(
    MediaStreamState,
    "Where a media stream stands. " + OPEN,
    {
        "CONNECTING": "The program is being connected to; the leg is where it was.",
        "ACTIVE": "The leg and the program hear each other, and nobody else.",
    },
)
describe(
    MediaStreamEnd,
    "Why a media stream ended, or did not come about. " + OPEN,
    {
        "STOPPED": "By request.",
        "BOT_CLOSED": "The program was done: it said `stop`, or closed the websocket properly.",
        "BOT_LOST": "The connection to the program broke, or nobody answered on it for 20 seconds.",
        "BOT_UNREACHABLE": "The program could not be connected to.",
        "BOT_REFUSED": "The program's server answered, and not as a websocket.",
        "BOT_PROTOCOL": "The program said what cannot be understood.",
        "BOT_FLOODED": "The program sent far more than can be played.",
        "URL_NOT_ALLOWED": "The URL leads, by now, where media streams may not go.",
        "LEG_ENDED": "The leg hung up.",
        "LEG_MOVED": "The leg was put elsewhere meanwhile: on hold, into the talk, or transferred.",
        "CALL_ENDED": "The call ended.",
        "MEDIA_LOST": "Asterisk ended the stream's channel, or did not give one.",
        "OVERLOADED": "The server has as many media streams as it may.",
        "FAILED": "It did not come about in time, or for a fault in Offhook.",
        "SERVICE_RESTARTED": "The process that relayed it is gone. The call goes on with the next; the stream does "
        "not.",
    },
)
