import { Badge } from "../../components/badge";
import { Instant } from "../../components/time";
import { latencyOf } from "../../format/duration";
import type { RecordAttemptFragment } from "../../generated/operations";

/** What was sent when, and what came back; the latest first. */
export function Attempts({ attempts }: { attempts: ReadonlyArray<RecordAttemptFragment> }) {
  return (
    <ol class="webhook-attempts" reversed aria-label="Attempts">
      {[...attempts].reverse().map((one) => (
        <li key={one.id} class="webhook-attempt">
          <div class="webhook-attempt-head">
            <strong>Attempt {one.number}</strong>
            <Badge tone={one.failure === null ? "green" : "red"}>{one.status ?? "No answer"}</Badge>
            <Instant at={one.startedAt} withDate />
            <span class="soft number">took {latencyOf(one.latencySeconds)}</span>
          </div>
          {one.failure && <div>{one.failure}</div>}
          {one.responseExcerpt && (
            // What scrolls must be reached by the keyboard as well.
            <pre class="webhook-answer" tabIndex={0} role="region" aria-label={`Answer to attempt ${one.number}`}>
              {one.responseExcerpt}
            </pre>
          )}
        </li>
      ))}
    </ol>
  );
}
