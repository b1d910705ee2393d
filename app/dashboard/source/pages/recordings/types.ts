import type { RecordingToPlayQuery } from "../../generated/operations";

export type RecordingToPlay = NonNullable<RecordingToPlayQuery["recording"]>;
export type SegmentKind = NonNullable<RecordingToPlay["segments"]>[number]["kind"];
export type TranscriptSegment = NonNullable<NonNullable<RecordingToPlay["transcript"]>["segments"]>[number];
