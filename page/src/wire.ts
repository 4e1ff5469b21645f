/** The API's JSON, as types: jobs, predictions, messages of the stream. Names are the API's own. */

export type Model = "face" | "burst" | "prosody" | "language" | "ner" | "facemesh";
export type Granularity = "word" | "sentence" | "utterance" | "conversational_turn";
export type FileType = "video" | "video_no_audio" | "image" | "audio" | "text" | "facemesh";
export type Status = "QUEUED" | "IN_PROGRESS" | "COMPLETED" | "FAILED";

// ── what is asked for

export interface FaceOptions {
  fps_pred?: number;
  prob_threshold?: number;
  identify_faces?: boolean;
  min_face_size?: number;
  facs?: object | null;
  descriptions?: object | null;
  save_faces?: boolean;
}

export interface ProsodyOptions {
  granularity?: Granularity;
  window?: { length?: number; step?: number } | null;
  identify_speakers?: boolean;
}

export interface LanguageOptions {
  granularity?: Granularity;
  sentiment?: object | null;
  toxicity?: object | null;
  identify_speakers?: boolean;
}

export interface Models {
  face?: FaceOptions;
  burst?: object;
  prosody?: ProsodyOptions;
  language?: LanguageOptions;
  ner?: { identify_speakers?: boolean };
  facemesh?: object;
}

export interface Transcription {
  language?: string | null;
  identify_speakers?: boolean;
  confidence_threshold?: number;
}

export interface Request {
  models?: Models | null;
  /** `null` switches transcription off. */
  transcription?: Transcription | null;
  urls?: string[];
  text?: string[];
  callback_url?: string | null;
  notify?: boolean;
}

// ── jobs

export interface FileSource {
  type: "file";
  filename: string | null;
  content_type: string | null;
  md5sum: string;
}

export type Source = { type: "url"; url: string } | FileSource | { type: "text" };

export interface State {
  status: Status;
  created_timestamp_ms: number;
  started_timestamp_ms?: number;
  ended_timestamp_ms?: number;
  /** While it is in progress. */
  files_done?: number;
  files_total?: number;
  /** 0 to 1. */
  progress?: number;
  /** Once it is completed. */
  num_predictions?: number;
  num_errors?: number;
  /** Length of its sounds and films, where it has any, and what measuring these took. */
  media_seconds?: number;
  work_seconds?: number;
  /** Once it has failed. */
  message?: string;
}

export interface Job {
  type: string;
  job_id: string;
  request: Request & { models: Models; files: Omit<FileSource, "type">[]; urls: string[]; text: string[] };
  state: State;
}

/** A job in a list: of its texts, the first three, and of these the beginning. */
export type ListedJob = Job & { num_texts: number };

// ── predictions

export interface Score {
  name: string;
  score: number;
}

export interface Interval {
  begin: number;
  end: number;
}

export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface FacePrediction {
  frame: number;
  time: number;
  prob: number;
  box: Box;
  emotions: Score[];
  facs: Score[] | null;
  descriptions: Score[] | null;
}

export interface BurstPrediction {
  time: Interval;
  emotions: Score[];
  descriptions: Score[];
}

export interface ProsodyPrediction {
  text: string | null;
  time: Interval;
  confidence: number | null;
  speaker_confidence: number | null;
  emotions: Score[];
}

export interface LanguagePrediction {
  text: string;
  position: Interval;
  time: Interval | null;
  confidence: number | null;
  speaker_confidence: number | null;
  emotions: Score[];
  sentiment: Score[] | null;
  toxicity: Score[] | null;
}

export interface NerPrediction {
  entity: string;
  /** PERSON, LOCATION and so on; absent in exports of the retired API. */
  entity_type?: string;
  position: Interval;
  entity_confidence: number;
  support: number;
  uri: string;
  link_word: string;
  time: Interval | null;
  confidence: number | null;
  speaker_confidence: number | null;
  emotions: Score[];
}

export interface FacemeshPrediction {
  emotions: Score[];
}

export interface PredictionOf {
  face: FacePrediction;
  burst: BurstPrediction;
  prosody: ProsodyPrediction;
  language: LanguagePrediction;
  ner: NerPrediction;
  facemesh: FacemeshPrediction;
}

export interface Measured<P> {
  metadata: { confidence: number; detected_language: string | null } | null;
  grouped_predictions: { id: string; predictions: P[] }[];
}

export type Measurements = { [M in Model]?: Measured<PredictionOf[M]> | null };

/** What was found in one file of a source. */
export interface FilePredictions {
  file: string;
  /** Absent in exports of the retired API's first years. */
  file_type?: FileType;
  models: Measurements;
}

export interface Problem {
  file: string;
  model?: Model | null;
  message: string;
}

export interface SourceResult {
  source: Source;
  results?: { predictions: FilePredictions[]; errors: Problem[]; warnings?: Problem[] } | null;
  error?: string | null;
}
