import { liveness } from "../live/socket";
import { Icon } from "./icon";
import { clockTime } from "./time";

/** Whoever looks at figures that stand still must be told so; also by each dialog, since it covers the page. */
export function NotLive() {
  const now = liveness.value;
  return (
    <div role="status" aria-live="assertive">
      {now.state === "lost" && (
        <div class="not-live">
          <Icon name="alert" size={16} />
          <span>
            Not live since <strong class="number">{clockTime(now.since)}</strong>. What you see is from then; trying to
            connect again.
          </span>
        </div>
      )}
    </div>
  );
}
