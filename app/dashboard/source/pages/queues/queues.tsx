import "./queues.css";

import { Badge } from "../../components/badge";
import { Card, Empty, Loading, Page, Problem } from "../../components/page";
import { PartyName } from "../../components/party";
import { lasting, Ticking } from "../../components/time";
import { inWords, toneOf } from "../../components/words";
import { LiveQueues, nameOf, type LiveQueue } from "../../live/queues";
import { useLive } from "../../live/socket";
import { address } from "../../router";

/** So many callers are shown of each queue; of the others only how many they are. */
const MOST_SHOWN = 12;

export default function QueuesPage() {
  const live = useLive(() => new LiveQueues());
  const queues = live.queues.value;
  return (
    <Page title="Queues" lead="Who waits, for how long, and who is there to answer.">
      <Problem error={live.problem.value ? new Error(live.problem.value) : null} />
      {queues === null && <Loading />}
      {queues?.length === 0 && (
        <Card>
          <Empty icon="queue" title="There are no queues yet.">
            Make one with <code>createQueue</code>.
          </Empty>
        </Card>
      )}
      <div class="queues">{queues?.map((queue) => <QueueCard key={queue.id} queue={queue} />)}</div>
    </Page>
  );
}

function QueueCard({ queue }: { queue: LiveQueue }) {
  const first = queue.waiting[0];
  const most = queue.queue?.maxWaitSeconds ?? null;
  const rest = queue.waitingCount - Math.min(queue.waiting.length, MOST_SHOWN);
  const agents = queue.agents.filter((one) => one.agents > 0);
  return (
    <Card title={nameOf(queue)} actions={queue.queue && <span class="faint">{inWords(queue.queue.strategy)}</span>}>
      <dl class="queue-figures">
        <div>
          <dt>Waiting</dt>
          <dd>{queue.waitingCount}</dd>
        </div>
        <div>
          <dt>Longest wait</dt>
          <dd>{first ? <Ticking since={earliest(queue)} /> : "–"}</dd>
        </div>
        {most !== null && (
          <div>
            <dt>At most</dt>
            <dd class="soft">{lasting(most)}</dd>
          </div>
        )}
      </dl>
      <div class="queue-agents">
        {agents.length === 0 && <Badge tone="amber">No agents</Badge>}
        {agents.map((one) => (
          <Badge key={one.state} tone={toneOf(one.state)}>
            {one.agents} {inWords(one.state).toLowerCase()}
          </Badge>
        ))}
      </div>
      {queue.waiting.length === 0 ? (
        <p class="queue-none">Nobody waits.</p>
      ) : (
        <ol class="queue-waiting" aria-label={`Waiting in ${nameOf(queue)}`}>
          {queue.waiting.slice(0, MOST_SHOWN).map((caller) => (
            <li key={caller.callId}>
              <span class="faint number">{caller.position}</span>
              <a href={address("/calls", { call: caller.callId })}>
                <PartyName party={caller.call?.customerParty} />
              </a>
              {caller.offeredAgentIds.length > 0 ? (
                <Badge tone="blue" isLive>
                  Ringing
                </Badge>
              ) : (
                <span />
              )}
              <Ticking since={caller.joinedAt} />
            </li>
          ))}
          {rest > 0 && <li class="faint">and {rest} more</li>}
        </ol>
      )}
    </Card>
  );
}

function earliest(queue: LiveQueue): string | null {
  return queue.waiting.reduce<string | null>((least, one) => (least && least < one.joinedAt ? least : one.joinedAt), null);
}
