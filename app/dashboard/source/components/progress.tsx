import type { Tone } from "./toast";

export interface Share {
  readonly value: number;
  readonly tone: Tone;
  readonly label: string;
}

export function Progress(props: { value: number; max: number; label: string; tone?: Tone }) {
  const part = { value: props.value, tone: props.tone ?? "violet", label: props.label };
  return <Shares max={props.max} label={props.label} shares={[part]} />;
}

/** A bar of several parts, from the left. */
export function Shares({ shares, max, label }: { shares: ReadonlyArray<Share>; max: number; label: string }) {
  const sum = shares.reduce((total, share) => total + share.value, 0);
  const whole = Math.max(max, sum, 1);
  const percent = Math.round((Math.min(sum, whole) / whole) * 100);
  return (
    <div class="progress" role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent}>
      {shares.map((share) => (
        <span key={share.label} class={`progress-part ${share.tone}`} style={{ width: `${(share.value / whole) * 100}%` }} />
      ))}
    </div>
  );
}
