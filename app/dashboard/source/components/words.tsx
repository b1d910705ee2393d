import type { Tone } from "./toast";

const SPECIAL: Readonly<Record<string, string>> = {
  DNC: "Do not call",
  OTP: "One-time password",
  UP: "Up",
  CLICK_TO_CALL: "Click to call",
  WAITING_IN_QUEUE: "In queue",
  API_HANGUP: "Hung up over the API",
};

/** `NO_ANSWER` as people say it: "No answer". */
export function inWords(value: string): string {
  const words = SPECIAL[value] ?? value.toLowerCase().replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const TONES: Readonly<Record<string, Tone>> = {
  CONNECTED: "green",
  ANSWERED: "green",
  AVAILABLE: "green",
  RUNNING: "green",
  SAVED: "green",
  UP: "green",
  DELIVERED: "green",
  SUCCEEDED: "green",
  ACTIVE: "green",
  ENABLED: "green",
  OK: "green",
  RINGING: "blue",
  DIALING: "blue",
  SCHEDULED: "blue",
  COLLECTING: "blue",
  PENDING: "blue",
  RECORDING: "red",
  WAITING_IN_QUEUE: "violet",
  BUSY: "violet",
  VOICEMAIL: "violet",
  MACHINE: "violet",
  PAUSED: "amber",
  WRAP_UP: "amber",
  ABANDONED: "amber",
  NO_ANSWER: "amber",
  CONGESTION: "amber",
  RETRYING: "amber",
  FAILED: "red",
  REJECTED: "red",
  BLOCKED: "red",
  DNC: "red",
  DISABLED: "red",
  EXHAUSTED: "red",
  INVALID_NUMBER: "red",
  UNREACHABLE: "red",
};

/** The colour of a state, a disposition, an outcome; grey for those it does not know. */
export function toneOf(value: string): Tone {
  return TONES[value] ?? "grey";
}
