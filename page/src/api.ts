/** The server's API, typed. Whatever goes wrong is an `ApiError` whose message can be shown as it is. */

import { signal } from "@preact/signals";

import { askForKey, key } from "./key";
import type { Job, ListedJob, Request, SourceResult, Status } from "./wire";

export class ApiError extends Error {
  /** `status` is the answer's, or 0 where there was none. */
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

// ── jobs

export interface Search {
  limit?: number;
  status?: Status[];
  /** In names of files, addresses, texts and options. */
  search?: string;
}

/** Jobs, the newest first, with the beginning of their texts alone. */
export function jobs({ limit = 50, status = [], search = "" }: Search = {}): Promise<ListedJob[]> {
  const query = new URLSearchParams({ limit: String(limit), search });
  for (const one of status) query.append("status", one);
  return json(`/mien/jobs?${query}`);
}

export const job = (id: string): Promise<Job> => json(`/v0/batch/jobs/${encodeURIComponent(id)}`);

export const predictions = (id: string): Promise<SourceResult[]> =>
  json(`/v0/batch/jobs/${encodeURIComponent(id)}/predictions`);

/** The archive of CSV tables and saved faces. */
export async function artifacts(id: string): Promise<Blob> {
  return (await fetched(`/v0/batch/jobs/${encodeURIComponent(id)}/artifacts`)).blob();
}

export const cancel = (id: string) => fetched(`/mien/jobs/${encodeURIComponent(id)}/cancel`, { method: "POST" });

export const remove = (id: string) => fetched(`/mien/jobs/${encodeURIComponent(id)}`, { method: "DELETE" });

/** Measure the sources of a job once more, with other models. Tells the id of the new job. */
export async function again(id: string, changed: Pick<Request, "models" | "transcription">): Promise<string> {
  const answer = await json<{ job_id: string }>(`/mien/jobs/${encodeURIComponent(id)}/again`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(changed),
  });
  return answer.job_id;
}

// ── the media of a job

/** A file that was measured, as long as it is kept: of which source, its name in the predictions, its address. */
export interface Media {
  source: number;
  file: string;
  /** For `<video>`, `<audio>` and `<img>`, once `openMedia` has been called. */
  path: string;
}

export const media = (id: string): Promise<Media[]> => json(`/mien/jobs/${encodeURIComponent(id)}/media`);

/** Let this browser fetch media for an hour: elements fetch by themselves, and without a key. */
export const openMedia = () => fetched("/mien/ticket", { method: "POST" });

/** A waveform: fifty pairs a second of lowest and highest sample, -127 to 127. */
export async function peaks(path: string): Promise<Int8Array> {
  return new Int8Array(await (await fetched(`${path}/peaks`)).arrayBuffer());
}

export interface Upload {
  file: Blob;
  name: string;
}

/** Start a job; `progress` is told how much of the upload is done, 0 to 1. */
export async function start(
  request: Request,
  uploads: Upload[] = [],
  progress: (done: number) => void = () => {},
  signal?: AbortSignal,
): Promise<string> {
  const form = new FormData();
  form.set("json", JSON.stringify(request));
  for (const { file, name } of uploads) form.append("file", file, name);
  const answer = await sent("POST", "/v0/batch/jobs", form, progress, signal);
  return (JSON.parse(answer) as { job_id: string }).job_id;
}

// ── the server

export interface Health {
  status: string;
  version: string;
  /** Which engine plays each role that has one. */
  engines: Record<string, string>;
  queue_length: number;
  jobs_in_progress: number;
  workers_busy: number;
}

/** What one request may hold. */
export interface Limits {
  max_upload_mb: number;
  max_files: number;
  max_urls: number;
  max_texts: number;
  max_text_mb: number;
  max_media_hours: number;
}

export const limits = (): Promise<Limits> => json("/mien/limits");

export const health = (): Promise<Health> => json("/healthz");

// ── how

export async function json<T>(path: string, options: Asking = {}): Promise<T> {
  return (await fetched(path, options)).json() as Promise<T>;
}

export interface Asking extends RequestInit {
  /** Fail at once when the server cannot be reached. Otherwise what only looks waits until it answers; what changes
      something is never sent twice. */
  impatient?: boolean;
}

/** Fetch; when the server asks for a key, ask the person for it and try again. */
export async function fetched(path: string, { impatient = false, ...options }: Asking = {}): Promise<Response> {
  for (;;) {
    const headers = new Headers(options.headers);
    const known = key();
    if (known) headers.set("X-Hume-Api-Key", known);
    let response: Response;
    try {
      response = await fetch(path, { ...options, headers });
    } catch (error) {
      if ((error as Error).name === "AbortError") throw error;
      const back = answering();
      if (impatient || options.method) throw new ApiError("The server cannot be reached.", 0);
      await back;
      continue;
    }
    if (response.ok) return response;
    if (response.status === 401 && (await askForKey())) continue;
    throw new ApiError(said(await response.text(), response.status), response.status);
  }
}

/** Whether the server cannot be reached just now. */
export const away = signal(false);

const AGAIN_MS = 1000;
let returning: Promise<void> | null = null;

/** Done when the server answers again. It is asked by one for all who wait. */
function answering(): Promise<void> {
  returning ??= (async () => {
    for (;;) {
      await new Promise((rested) => setTimeout(rested, AGAIN_MS));
      try {
        await fetch("/healthz");
        break;
      } catch {
        away.value = true;
      }
    }
    away.value = false;
    returning = null;
  })();
  return returning;
}

/** As `fetched`, but tells how an upload goes, which `fetch` cannot. */
async function sent(
  method: string,
  path: string,
  body: FormData,
  progress: (done: number) => void,
  signal?: AbortSignal,
): Promise<string> {
  for (;;) {
    const { status, text } = await upload(method, path, body, progress, signal);
    if (status >= 200 && status < 300) return text;
    if (status === 401 && (await askForKey())) continue;
    throw new ApiError(said(text, status), status);
  }
}

function upload(
  method: string,
  path: string,
  body: FormData,
  progress: (done: number) => void,
  signal?: AbortSignal,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open(method, path);
    const known = key();
    if (known) call.setRequestHeader("X-Hume-Api-Key", known);
    call.upload.onprogress = (event) => progress(event.total ? event.loaded / event.total : 0);
    call.onload = () => resolve({ status: call.status, text: call.responseText });
    call.onerror = () => {
      void answering();
      reject(new ApiError("The server cannot be reached, or it ended the upload.", 0));
    };
    call.onabort = () => reject(new DOMException("The upload was stopped.", "AbortError"));
    signal?.addEventListener("abort", () => call.abort());
    call.send(body);
  });
}

/** What an answer says went wrong. */
function said(body: string, status: number): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    if (typeof message === "string" && message) return message;
  } catch {
    // no JSON: said below
  }
  return `The server answered with ${status}.`;
}
