import { useEffect, useRef, useState } from "preact/hooks";

import { ask, describe } from "../../api";
import { Button } from "../../components/button";
import { clockTime, lasting } from "../../components/time";
import { RecordingAddressDocument } from "../../generated/operations";
import { isStale, pathOf } from "./address";
import { downloadRecording } from "./download";
import { lineAt, movedBy, saidAt, silencesOf, stretchesOf } from "./tape";
import type { RecordingToPlay, TranscriptSegment } from "./types";
import "./player.css";

const SPEEDS = [1, 1.25, 1.5, 2, 0.75] as const;

interface Address {
  readonly url: string;
  readonly expiresAt: string;
}

/** Plays a recording from its signed address, by pointer and by keyboard: space plays and pauses, arrows go 5 s, j and l
 * 10 s. An address that has expired is replaced, and the playing goes on where it was. */
export function Player({ recording }: { recording: RecordingToPlay }) {
  const audio = useRef<HTMLAudioElement>(null);
  const [address, setAddress] = useState<Address | null>(recording.url);
  const [isPlaying, setPlaying] = useState(false);
  const [seconds, setSeconds] = useState(0);
  const [speed, setSpeed] = useState<number>(1);
  const [problem, setProblem] = useState<string | null>(null);
  /** What was asked for last, whatever the element can do about it just now. */
  const wantsPlay = useRef(false);
  /** Another address is being asked for, or was; `place` is where it is to go on. */
  const recovery = useRef<"none" | "asking" | "tried">("none");
  const place = useRef(0);
  const length = recording.durationSeconds ?? 0;
  const segments = recording.segments ?? [];
  const lines = recording.transcript?.segments ?? [];
  const silences = silencesOf(segments, lasting);
  const at = saidAt(segments, seconds);

  // Between the events that the element sends, some four a second, the place is followed frame by frame.
  useEffect(() => {
    if (!isPlaying) return;
    let frame = requestAnimationFrame(function follow() {
      setSeconds(audio.current?.currentTime ?? 0);
      frame = requestAnimationFrame(follow);
    });
    return () => cancelAnimationFrame(frame);
  }, [isPlaying]);

  const recover = async () => {
    recovery.current = "asking";
    place.current = audio.current?.currentTime ?? 0;
    let why = "There is no file of this recording.";
    try {
      const { recording: now } = await ask(RecordingAddressDocument, { id: recording.id });
      if (now?.url) {
        recovery.current = "tried";
        setAddress(now.url);
        // Within a second the service signs the same address again, which is no change that would load it.
        if (now.url.url === address?.url) audio.current?.load();
        return;
      }
      if (now?.state === "DELETED") why = "This recording was deleted.";
    } catch (error) {
      why = describe(error);
    }
    recovery.current = "none";
    setProblem(why);
  };
  const play = async () => {
    const element = audio.current;
    wantsPlay.current = true;
    setProblem(null);
    if (!element || !address || recovery.current === "asking") return;
    const isOver = element.readyState === 0 && isStale(address.expiresAt, Date.now());
    if (element.error || isOver) return recover();
    try {
      await element.play();
    } catch (error) {
      // What the element itself could not do it tells by its own event.
      if (error instanceof DOMException && error.name === "NotAllowedError")
        setProblem("The browser does not let it play.");
    }
  };
  const pause = () => {
    wantsPlay.current = false;
    audio.current?.pause();
  };
  const fail = () => {
    if (recovery.current === "none") void recover();
    if (recovery.current !== "tried") return;
    recovery.current = "none";
    setProblem("The recording cannot be played. The file may be gone, or the service cannot be reached.");
  };
  const begin = (element: HTMLAudioElement) => {
    element.playbackRate = speed;
    if (recovery.current !== "tried") return;
    element.currentTime = place.current;
    if (wantsPlay.current) void play();
  };
  const move = (to: number) => {
    if (!audio.current) return;
    audio.current.currentTime = to;
    setSeconds(to);
  };
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isOnButton = event.target instanceof HTMLButtonElement;
    if ((event.key === " " && !isOnButton) || event.key === "k") {
      event.preventDefault();
      if (isPlaying) pause();
      else void play();
      return;
    }
    const to = movedBy(event.key, audio.current?.currentTime ?? 0, length);
    if (to === null) return;
    event.preventDefault();
    move(to);
  };
  const nextSpeed = () => {
    const next = SPEEDS[(SPEEDS.indexOf(speed as (typeof SPEEDS)[number]) + 1) % SPEEDS.length] ?? 1;
    setSpeed(next);
    if (audio.current) audio.current.playbackRate = next;
  };

  return (
    <div class="player" role="group" aria-label="Player" onKeyDown={press}>
      <audio
        ref={audio}
        src={address ? pathOf(address.url) : undefined}
        preload="metadata"
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onEnded={() => setPlaying(false)}
        onTimeUpdate={(event) => setSeconds(event.currentTarget.currentTime)}
        onError={fail}
        onLoadedMetadata={(event) => begin(event.currentTarget)}
        onPlaying={() => (recovery.current = "none")}
      />
      <div class="player-row">
        <button
          type="button"
          class="player-play"
          aria-label={isPlaying ? "Pause" : "Play"}
          onClick={() => (isPlaying ? pause() : play())}
        >
          <PlayIcon isPlaying={isPlaying} />
        </button>
        <div class="player-track">
          <Tape recording={recording} seconds={seconds} />
          <input
            type="range"
            class="player-seek"
            aria-label="Place in the recording"
            aria-valuetext={`${lasting(seconds)} of ${lasting(length)}`}
            min={0}
            max={length}
            step={0.05}
            value={Math.min(seconds, length)}
            onInput={(event) => move(Number(event.currentTarget.value))}
          />
        </div>
      </div>
      <div class="player-row player-foot">
        <span class="number player-time">
          {lasting(seconds)} <span class="faint">/ {lasting(length)}</span>
        </span>
        {at && <span class="faint number">said at {clockTime(at)}</span>}
        <span class="player-space" />
        <Button small kind="quiet" label="10 seconds back" onClick={() => move(Math.max(0, seconds - 10))}>
          −10 s
        </Button>
        <Button small kind="quiet" label="10 seconds on" onClick={() => move(Math.min(length, seconds + 10))}>
          +10 s
        </Button>
        <Button small kind="quiet" label={`Speed: ${speed} times`} onClick={nextSpeed}>
          {speed}×
        </Button>
        <Button small icon="download" onClick={() => downloadRecording(recording.id)}>
          Download
        </Button>
      </div>
      {silences.length > 0 && <p class="player-silences">Silent: {silences.join("; ")}.</p>}
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {lines.length > 0 && <Transcript lines={lines} now={lineAt(lines, seconds)} onGo={(to) => (move(to), void play())} />}
    </div>
  );
}

/** What the file holds, to scale: talk, silence in which one of the two was away, pauses. */
function Tape({ recording, seconds }: { recording: RecordingToPlay; seconds: number }) {
  const length = recording.durationSeconds ?? 0;
  const played = length > 0 ? Math.min(1, seconds / length) : 0;
  return (
    <svg class="player-tape" width="100%" height="28" aria-hidden="true">
      <rect class="player-base" y="10" width="100%" height="8" rx="4" />
      {stretchesOf(recording.segments ?? [], length).map((one) => (
        <rect
          key={one.begin}
          class={`player-${one.kind.toLowerCase()}`}
          x={`${one.begin * 100}%`}
          y="10"
          width={`${one.width * 100}%`}
          height="8"
          rx="4"
        />
      ))}
      <rect class="player-played" y="10" width={`${played * 100}%`} height="8" rx="4" />
    </svg>
  );
}

function Transcript(props: { lines: readonly TranscriptSegment[]; now: number; onGo: (seconds: number) => void }) {
  return (
    <ol class="player-lines" aria-label="Transcript">
      {props.lines.map((line, index) => (
        <li key={`${line.channel}-${line.startSeconds}`} aria-current={index === props.now ? "true" : undefined}>
          <button type="button" class="player-line" onClick={() => props.onGo(line.startSeconds)}>
            <span class="number faint">{lasting(line.startSeconds)}</span>
            <span class={`player-role ${line.role.toLowerCase()}`}>{line.role === "AGENT" ? "Agent" : "Customer"}</span>
            <span>{line.text}</span>
          </button>
        </li>
      ))}
    </ol>
  );
}

function PlayIcon({ isPlaying }: { isPlaying: boolean }) {
  return (
    <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={isPlaying ? "M6 4h3v12H6zM11 4h3v12h-3z" : "M6.5 3.8v12.4l10-6.2z"} fill="currentColor" />
    </svg>
  );
}
