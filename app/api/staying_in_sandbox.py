"""What a test key of an account with live ones may do: act on what is the sandbox's, and nothing else."""

from typing import Any, Final

from strawberry.extensions import FieldExtension
from strawberry.extensions.field_extension import AsyncExtensionResolver

from app.api.context import Info
from app.errors import Problem, RefusedError

#: Mutations that look themselves at whose the call, callback, campaign, key … is, and say SANDBOX_ONLY (the last three
#: change nothing). What is not named here is about the whole account, and not for test keys.
LOOKED_AT: Final = frozenset(
    {
        *("originateCall", "updateCall", "hangupCall", "hangupCalls"),
        *("holdCall", "unholdCall", "muteLeg", "unmuteLeg"),
        *("playAudio", "stopPlayback", "speak", "sendDtmf", "sendSoftphoneMessage", "setVoicePitch"),
        *("startRecording", "stopRecording", "pauseRecording", "resumeRecording"),
        *("startMediaStream", "stopMediaStream"),
        *("transferCall", "completeTransfer", "cancelTransfer", "addParticipant", "removeParticipant"),
        *("startSupervision", "updateSupervision", "stopSupervision"),
        *("scheduleCallback", "updateCallback", "cancelCallback", "announceOtp", "verifyOtp"),
        *("advanceTestClock", "resetTestClock"),
        *("createCampaign", "updateCampaign", "startCampaign", "pauseCampaign", "resumeCampaign", "stopCampaign"),
        *("archiveCampaign", "retryContacts", "joinCampaign", "leaveCampaign"),
        *("takePreviewContact", "dialPreviewContact", "skipPreviewContact"),
        *("createApiKey", "updateApiKey", "rotateApiKey", "revokeApiKey", "setIpAllowList"),
        *("createAccessToken", "revokeAccessToken", "erasePersonalData"),
        *("createDialectCredential", "revokeDialectCredential"),
        *("createExport", "testCallFlow", "triggerEvent"),
    }
)


class StaysInSandbox(FieldExtension):
    """Refuses a test key what is the whole account's. In a sandbox account there is nothing else: all is allowed."""

    async def resolve_async(self, next_: AsyncExtensionResolver, source: Any, info: Info, **kwargs: Any) -> Any:
        caller = info.context.principal
        if caller is not None and caller.is_confined and info.field_name not in LOOKED_AT:
            raise RefusedError(
                Problem("SANDBOX_ONLY", "A test key reaches the sandbox only, and this is the whole account's.")
            )
        return await next_(source, info, **kwargs)
