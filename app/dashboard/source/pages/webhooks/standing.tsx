import { Badge } from "../../components/badge";
import type { RecordEndpointFragment } from "../../generated/operations";
import { standingOf } from "./asking";

const TONES = { ENABLED: "green", FAILING: "red", DISABLED: "grey" } as const;
const WORDS = { ENABLED: "Enabled", FAILING: "Failing", DISABLED: "Disabled" } as const;

export function StandingBadge({ endpoint }: { endpoint: RecordEndpointFragment }) {
  const standing = standingOf(endpoint);
  return <Badge tone={TONES[standing]}>{WORDS[standing]}</Badge>;
}
