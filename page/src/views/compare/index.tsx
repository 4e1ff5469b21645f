/** Two results on one axis of time: two runs, two people, or an old export and a new measurement. */

import { useSignal, type Signal } from "@preact/signals";
import { useLocation } from "preact-iso";
import { useEffect } from "preact/hooks";

import { job as jobOf, jobs as jobsOf } from "../../api";
import type { Head } from "../../measured/columns";
import { fileName, resultOf, type Result } from "../../measured/result";
import type { Told } from "../../measured/worker";
import { Drop } from "../../parts/measured/drop";
import { nameOf } from "../../parts/job";
import type { ListedJob } from "../../wire";
import { Beside } from "./beside";
import "../../parts/measured/layout.css";
import "./compare.css";

/** One of the two: a file of a result. */
export interface Side {
  letter: "A" | "B";
  result: Result;
  head: Head;
  told: Told;
}

export function Compare() {
  const { query } = useLocation();
  const a = useSignal<Side | null>(null);
  const b = useSignal<Side | null>(null);
  const recent = useSignal<ListedJob[]>([]);
  const trouble = useSignal("");
  useEffect(() => {
    jobsOf({ status: ["COMPLETED"], limit: 100 }).then(
      (found) => (recent.value = found),
      (error: Error) => (trouble.value = error.message),
    );
  }, []);
  return (
    <section class="result compare">
      <h1>Compare</h1>
      {trouble.value && <p class="error">{trouble.value}</p>}
      <div class="sides">
        <Choice letter="A" side={a} recent={recent.value} first={query.a} />
        <Choice letter="B" side={b} recent={recent.value} first={query.b} />
      </div>
      {a.value && b.value ? (
        <Beside key={`${keyOf(a.value)} ${keyOf(b.value)}`} a={a.value} b={b.value} />
      ) : (
        <p class="quiet">
          Choose a result for each side: two runs of one video, two takes, or an export of the retired API and what this server says of the same.{" "}
          <a href="/result/export">Open one export alone.</a>
        </p>
      )}
    </section>
  );
}

let opened = 0;
const keys = new WeakMap<Told, number>();

/** Tells one opened file from another. */
function keyOf({ told }: Side): number {
  if (!keys.has(told)) keys.set(told, ++opened);
  return keys.get(told)!;
}

interface ChoiceProps {
  letter: Side["letter"];
  side: Signal<Side | null>;
  recent: ListedJob[];
  /** The job of the address. */
  first: string | undefined;
}

/** What a side shows: a job of this server, or a file that is dropped. */
function Choice({ letter, side, recent, first }: ChoiceProps) {
  const result = useSignal<Result | null>(null);
  const trouble = useSignal("");
  const opening = useSignal(false);

  const show = async (from: Promise<Result>, head = 0) => {
    trouble.value = "";
    opening.value = true;
    try {
      const found = await from;
      if (result.value && result.value !== found) result.value.opened.close();
      result.value = found;
      const chosen = found.opened.contents.heads[head];
      if (!chosen) throw new Error("Nothing was measured in it.");
      side.value = { letter, result: found, head: chosen, told: await found.opened.file(head) };
    } catch (error) {
      side.value = null;
      trouble.value = (error as Error).message;
    } finally {
      opening.value = false;
    }
  };
  useEffect(() => {
    if (first) void show(jobOf(first).then(resultOf));
    return () => result.value?.opened.close();
  }, [first]);

  const found = result.value;
  const heads = found?.opened.contents.heads ?? [];
  return (
    <section class="panel side" aria-label={`Side ${letter}`}>
      <h2>
        <span class={`letter ${letter}`}>{letter}</span>
        <span class="clip">{found ? found.name : "Nothing yet"}</span>
      </h2>
      <div>
        <select aria-label={`Result of side ${letter}`} value="" onChange={(event) => event.currentTarget.value && void show(jobOf(event.currentTarget.value).then(resultOf))}>
          <option value="">{found ? "Another result…" : "A result of this server…"}</option>
          {recent.map((one) => (
            <option key={one.job_id} value={one.job_id}>
              {nameOf(one)}, {new Date(one.state.created_timestamp_ms).toLocaleString()}
            </option>
          ))}
        </select>
      </div>
      {heads.length > 1 && found && (
        <div>
          <select aria-label={`File of side ${letter}`} value={heads.indexOf(side.value?.head ?? heads[0]!)} onChange={(event) => void show(Promise.resolve(found), Number(event.currentTarget.value))}>
            {heads.map((head, i) => (
              <option key={i} value={i}>
                {fileName(found, head)}
              </option>
            ))}
          </select>
        </div>
      )}
      <details open={!found}>
        <summary>or a predictions JSON</summary>
        <Drop label={`Drop a predictions JSON for ${letter}`} opened={(dropped) => void show(Promise.resolve(dropped))} />
      </details>
      {opening.value && <p role="status">Opening…</p>}
      {trouble.value && (
        <p class="error" role="alert">
          {trouble.value}
        </p>
      )}
    </section>
  );
}
