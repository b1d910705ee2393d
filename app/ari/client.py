"""The typed client of Asterisk's REST interface."""

from app.ari.bridges import BridgeOperations
from app.ari.channels import ChannelOperations
from app.ari.configuration import ConfigurationOperations
from app.ari.endpoints import EndpointOperations
from app.ari.playbacks import PlaybackOperations
from app.ari.recordings import RecordingOperations
from app.ari.system import SystemOperations


class AriClient(
    ChannelOperations,
    BridgeOperations,
    PlaybackOperations,
    RecordingOperations,
    SystemOperations,
    EndpointOperations,
    ConfigurationOperations,
):
    """One method per ARI operation in use, each noun in its own module.

        async with AriClient("http://127.0.0.1:8088", "offhook", password, app="offhook") as ari:
            await ari.create_channel("PJSIP/2001", "ofh-a-1")

    Every method raises one of `app.ari.errors`: AriUnsafeArgument before anything is sent, AriUnavailable when there is
    no answer within `timeout_seconds`, a subclass of AriRefused when Asterisk says no.
    """
