/**
 * Predictions JSON as typed columns: what lists, lines and searches can go through ten thousand times a second.
 *
 * One track is what one model says of one person in one file, its rows in order of time (or of place in a text).
 */

import type { FilePredictions, FileType, Measured, Model, Problem, Score, Source, SourceResult } from "../wire";

/** Scores of all rows, row after row; NaN where a row has none. */
export interface Table {
  names: string[];
  values: Float32Array;
}

export interface Track {
  model: Model;
  /** The id of its group: face_0, spk_1, unknown. */
  person: string;
  rows: number;
  /** Seconds in the file; NaN where a row has no time. */
  begin: Float64Array;
  end: Float64Array;
  emotions: Table;
  facs: Table | null;
  descriptions: Table | null;
  sentiment: Table | null;
  toxicity: Table | null;
  /** x, y, w, h of each row, in pixels of the picture. */
  box: Float32Array | null;
  /** What was said or written. */
  text: string[] | null;
  /** Begin and end of each row in the text, in characters. */
  position: Int32Array | null;
  /** How sure the transcript is of a row, 0 to 1; NaN where that is not known. */
  confidence: Float32Array | null;
  /** PERSON, LOCATION and so on; empty in exports of the retired API. */
  entityType: string[] | null;
}

/** A file as it stands in the list of files. */
export interface Head {
  /** Number of its source in the job, and its path within it. */
  source: number;
  file: string;
  type: FileType;
  /** Predictions of each model. */
  counts: Partial<Record<Model, number>>;
  language: string | null;
  errors: Problem[];
  warnings: Problem[];
}

export interface Contents {
  heads: Head[];
  sources: Source[];
  /** What went wrong beside any file that is listed: whole sources, files that could not be read. */
  lost: Problem[];
}

/** The JSON is not what `…/predictions` answers. The message can be shown. */
export class NoPredictions extends Error {}

const MODELS: readonly Model[] = ["face", "prosody", "burst", "language", "ner", "facemesh"];

/** What is in a predictions JSON: the array itself, one source's result, or the body of a callback. */
export function sourcesIn(json: unknown): SourceResult[] {
  const body = json as { predictions?: unknown; results?: unknown } | null;
  const array = Array.isArray(json) ? json : Array.isArray(body?.predictions) ? body.predictions : body?.results ? [json] : null;
  if (!array?.every((one) => typeof one === "object" && one !== null && "source" in one))
    throw new NoPredictions("This is not a predictions JSON: it has to be a list with a “source” in each entry.");
  return array as SourceResult[];
}

/** The files that were measured, with their problems; and the problems of no such file. */
export function contentsOf(results: SourceResult[]): Contents {
  const heads: Head[] = [];
  const lost: Problem[] = [];
  results.forEach((result, source) => {
    if (result.error) lost.push({ file: sourceName(result.source), message: result.error });
    const errors = result.results?.errors ?? [];
    const warnings = result.results?.warnings ?? [];
    const files = result.results?.predictions ?? [];
    const known = new Set(files.map(({ file }) => file));
    for (const one of files)
      heads.push({
        source,
        file: one.file,
        type: typeOf(one),
        counts: countsOf(one),
        language: languageOf(one),
        errors: errors.filter(({ file }) => file === one.file),
        warnings: warnings.filter(({ file }) => file === one.file),
      });
    lost.push(...errors.filter(({ file }) => !known.has(file)));
  });
  return { heads, sources: results.map(({ source }) => source), lost };
}

export function sourceName(source: Source): string {
  if (source.type === "url") return source.url;
  return source.type === "file" ? (source.filename ?? "upload") : "text";
}

/** All tracks of one file: by model, and by person within one. */
export function tracksOf(file: FilePredictions): Track[] {
  const type = typeOf(file);
  return MODELS.flatMap((model) => {
    const groups = (file.models[model] as Measured<Row> | null | undefined)?.grouped_predictions ?? [];
    return groups
      .filter(({ predictions }) => predictions.length)
      .sort((a, b) => byPerson(a.id, b.id))
      .map(({ id, predictions }) => trackOf(model, id, predictions, type));
  });
}

/** face_2 before face_10, and who is unknown last. */
export function byPerson(a: string, b: string): number {
  return Number(a === "unknown") - Number(b === "unknown") || a.localeCompare(b, "en", { numeric: true });
}

/** The highest scores of a row, as places among the names, highest first. */
export function topOf(table: Table, row: number, count: number): number[] {
  const width = table.names.length;
  const from = row * width;
  const top: number[] = [];
  for (let i = 0; i < width; i++) {
    const value = table.values[from + i]!;
    if (!(value > -Infinity) || (top.length === count && value <= table.values[from + top.at(-1)!]!)) continue;
    let at = top.length;
    while (at && table.values[from + top[at - 1]!]! < value) at--;
    top.splice(at, 0, i);
    if (top.length > count) top.pop();
  }
  return top;
}

export const scoreAt = ({ names, values }: Table, row: number, name: number): number => values[row * names.length + name]!;

// ── how

/** All that a prediction of any model may have. */
interface Row {
  frame?: number;
  time?: number | { begin: number; end: number } | null;
  box?: { x: number; y: number; w: number; h: number };
  emotions?: Score[];
  facs?: Score[] | null;
  descriptions?: Score[] | null;
  sentiment?: Score[] | null;
  toxicity?: Score[] | null;
  text?: string | null;
  entity?: string;
  entity_type?: string;
  position?: { begin: number; end: number };
  confidence?: number | null;
}

function trackOf(model: Model, person: string, predictions: Row[], type: FileType): Track {
  const timed = model !== "facemesh" && type !== "image" && type !== "text";
  const order = (row: Row) => (timed ? beginOf(row) : (row.position?.begin ?? 0));
  const rows = [...predictions].sort((a, b) => order(a) - order(b) || 0);
  const begin = Float64Array.from(rows, (row) => (timed ? beginOf(row) : NaN));
  const step = model === "face" ? stepOf(begin) : 0;
  return {
    model,
    person,
    rows: rows.length,
    begin,
    // what is seen in a frame holds until the next one that is looked at
    end: Float64Array.from(rows, (row, i) => (typeof row.time === "object" && timed ? (row.time?.end ?? NaN) : begin[i]! + step)),
    emotions: tableOf(rows, "emotions") ?? { names: [], values: new Float32Array() },
    facs: tableOf(rows, "facs"),
    descriptions: tableOf(rows, "descriptions"),
    sentiment: tableOf(rows, "sentiment"),
    toxicity: tableOf(rows, "toxicity"),
    box: rows[0]?.box ? Float32Array.from(rows.flatMap(({ box }) => (box ? [box.x, box.y, box.w, box.h] : [NaN, NaN, NaN, NaN]))) : null,
    text: rows.some((row) => (row.entity ?? row.text) != null) ? rows.map((row) => row.entity ?? row.text ?? "") : null,
    position: rows[0]?.position ? Int32Array.from(rows.flatMap(({ position }) => [position?.begin ?? 0, position?.end ?? 0])) : null,
    confidence: rows.some(({ confidence }) => confidence != null) ? Float32Array.from(rows, ({ confidence }) => confidence ?? NaN) : null,
    entityType: model === "ner" ? rows.map((row) => row.entity_type ?? "") : null,
  };
}

function beginOf({ time }: Row): number {
  return typeof time === "number" ? time : (time?.begin ?? NaN);
}

/** Seconds between two looks at a face: the middle one of all differences. */
function stepOf(begin: Float64Array): number {
  const steps = Float64Array.from(begin.subarray(1), (time, i) => time - begin[i]!)
    .filter((step) => step > 1e-6)
    .sort();
  return steps[steps.length >> 1] ?? 1 / 3;
}

function tableOf(rows: Row[], field: "emotions" | "facs" | "descriptions" | "sentiment" | "toxicity"): Table | null {
  const names = namesOf(rows.map((row) => row[field]));
  if (!names.length) return null;
  const places = new Map(names.map((name, i) => [name, i]));
  const values = new Float32Array(rows.length * names.length).fill(NaN);
  rows.forEach((row, at) => {
    row[field]?.forEach(({ name, score }, i) => {
      const place = names[i] === name ? i : places.get(name)!;
      values[at * names.length + place] = score;
    });
  });
  return { names, values };
}

/** The names of all rows, in the order of the first row that has any: mostly there are no others. */
function namesOf(scores: (Score[] | null | undefined)[]): string[] {
  const names: string[] = scores.find((one) => one?.length)?.map(({ name }) => name) ?? [];
  const known = new Set(names);
  for (const one of scores)
    one?.forEach(({ name }, i) => {
      if (names[i] !== name && !known.has(name)) {
        known.add(name);
        names.push(name);
      }
    });
  return names;
}

function countsOf({ models }: FilePredictions): Head["counts"] {
  return Object.fromEntries(
    MODELS.flatMap((model) => {
      const measured = models[model];
      return measured ? [[model, measured.grouped_predictions.reduce((sum, group) => sum + group.predictions.length, 0)]] : [];
    }),
  );
}

function languageOf({ models }: FilePredictions): string | null {
  const told = [models.language, models.prosody, models.ner].map((measured) => measured?.metadata?.detected_language);
  return told.find((language) => language != null) ?? null;
}

/** What kind of file it is; told by what was found in it where an old export does not say so. */
function typeOf({ file_type, models }: FilePredictions): FileType {
  if (file_type) return file_type;
  const rows = MODELS.flatMap((model) => (models[model]?.grouped_predictions ?? []).flatMap((group) => group.predictions as Row[]));
  const sounds = Boolean(models.prosody || models.burst) || rows.some(({ position, time }) => position && time);
  if (rows.some(({ box }) => box)) return rows.some(({ time }) => time) ? "video" : sounds ? "video" : "image";
  if (sounds) return "audio";
  return rows.some(({ position }) => position) ? "text" : models.facemesh ? "facemesh" : "image";
}
