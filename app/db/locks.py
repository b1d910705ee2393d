"""The numbers of PostgreSQL's advisory locks. They mean nothing: each only has to be nobody else's in the database.

Those of one number and those of two (a class, and an object in it) never meet.
"""

from typing import Final

#: One number. Appending to the event log, until the commit.
EVENT_LOG: Final = 65296
#: A class; the object is a worker's number. Held by its session for as long as the worker lives.
WEBHOOK_WORKER: Final = 65297
#: One number. Held shared by whoever relies on knowing which accounts have webhook endpoints.
WEBHOOK_LISTENERS: Final = 65298
#: A class; the object is a node's hash. Held by the session that may write a node's calls.
NODE_WRITER: Final = 0x0FF_7E4
#: A class; the object is an account's hash. Changing what the account's agents do, until the commit.
AGENT_STATES: Final = 65299
#: A class; the object is a trunk's hash. Taking one of the trunk's channels, until the commit.
TRUNK_CHANNELS: Final = 65300
#: A class; the object is an account's hash. Counting its one-time passwords against the caps, until the commit.
OTP_CAPS: Final = 65303
#: A class; the object is a campaign's hash. Held shared while phones of it are being dialled, and alone by whoever
#: takes the campaign out of running: what is dialled is dialled before that is answered.
CAMPAIGN_DIALING: Final = 65301
#: A class; the object is a campaign's hash. Held shared by whoever settles attempts, and alone by whoever lets go of
#: the contacts that wait at the campaign's end: none begins to wait unseen.
CAMPAIGN_SETTLING: Final = 65305
#: One number. Claiming jobs, until the commit: how many run of an account is counted by one worker at a time.
JOB_CLAIM: Final = 65304
#: A class; the object is an account's hash. Held by whoever decides how often a number may be called, until the commit.
NUMBER_ATTEMPTS: Final = 65302
#: One number. Migrating, of several services that start at the same moment.
MIGRATIONS: Final = 0x0FF_400C
#: One number. Seeding the sandbox's account.
SANDBOX_SEED: Final = 0x0FF_5A4D
