"""A worker in a process of its own, to be killed: ``python -m tests.webhooks.worker DSN LEASE_SECONDS``.

It kills itself where ``OFFHOOK_FAILPOINT`` says.
"""

import asyncio
import sys

from app.clock import SystemClock
from app.db.engine import Database
from app.egress.requests import Egress
from app.events.log import EventLog
from app.secrets.sealing import Sealer
from app.webhooks.deliver import Deliverer
from app.webhooks.enqueue import Enqueuer
from app.webhooks.schedule import Schedule
from tests.webhooks.rig import LOOPBACK, SEALING_KEY, WAITS


async def work(dsn: str, lease_seconds: float) -> None:
    database = await Database.connect(dsn)
    clock = SystemClock()
    schedule = Schedule(WAITS)
    log = EventLog(database, hooks=[Enqueuer(clock, schedule).enqueue])
    egress = Egress(allow_networks=LOOPBACK, timeout_seconds=60.0)
    await Deliverer(database, log, egress, Sealer(SEALING_KEY), clock, schedule, lease_seconds=lease_seconds).run()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], float(sys.argv[2])))
