/** The form by which models and their options are chosen, for new jobs and for measuring again. */

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

import { MODEL_NAMES } from "../parts/names";
import type { FaceOptions, LanguageOptions, Models, ProsodyOptions } from "../wire";
import { KINDS, LANGUAGES, defaultsOf, isHeard, isServed, withModel, type Choice, type Kind } from "./choice";
import "./form.css";

interface Editing {
  choice: Choice;
  change: (choice: Choice) => void;
  /** Which engine plays each role of this server. */
  engines: Readonly<Record<string, string>>;
}

export function ModelsForm({ choice, change, engines }: Editing) {
  const offered = KINDS.filter((kind) => kind.name in choice.models || isServed(kind, engines));
  const missing = KINDS.filter((kind) => !offered.includes(kind));
  return (
    <div class="models">
      <fieldset class="kinds">
        <legend class="unseen">Models</legend>
        {offered.map((kind) => (
          <ModelChoice key={kind.name} kind={kind} choice={choice} change={change} engines={engines} />
        ))}
      </fieldset>
      {Object.keys(choice.models).some((name) => isHeard(name as never)) && (
        <TranscriptionChoice choice={choice} change={change} engines={engines} />
      )}
      {missing.length > 0 && (
        <p class="quiet small">
          Without an engine on this server: {missing.map((kind) => MODEL_NAMES[kind.name].toLowerCase()).join(", ")}.
        </p>
      )}
    </div>
  );
}

function ModelChoice({ kind, choice, change, engines }: Editing & { kind: Kind }) {
  const chosen = kind.name in choice.models;
  const id = useId();
  return (
    <div class={chosen ? "kind chosen" : "kind"}>
      <label class="kind-head">
        <input
          type="checkbox"
          checked={chosen}
          aria-describedby={id}
          onChange={() => change(withModel(choice, kind.name, chosen ? null : defaultsOf(kind, engines)))}
        />
        <span class="kind-title">{MODEL_NAMES[kind.name]}</span>
      </label>
      <p class="quiet small" id={id}>
        {kind.says}
      </p>
      {chosen && kind.name in OPTIONS && (
        <details>
          <summary class="small">
            Options<span class="unseen"> of {MODEL_NAMES[kind.name]}</span>
          </summary>
          <div class="options">{OPTIONS[kind.name]!({ choice, change, engines })}</div>
        </details>
      )}
    </div>
  );
}

const OPTIONS: { [name in string]?: (editing: Editing) => ComponentChildren } = {
  face: FaceChoices,
  prosody: ProsodyChoices,
  language: LanguageChoices,
  ner: NerChoices,
};

/** The options of a chosen model, and how to change one. */
function optionsOf<M extends keyof Models>(name: M, { choice, change }: Editing) {
  const options = choice.models[name] as NonNullable<Models[M]>;
  const set = (changed: Partial<NonNullable<Models[M]>>) =>
    change(withModel(choice, name, { ...options, ...changed }));
  return [options, set] as const;
}

function FaceChoices(editing: Editing) {
  const [options, set] = optionsOf("face", editing) as [FaceOptions, (changed: FaceOptions) => void];
  return (
    <>
      <Select
        label="Frames per second"
        hint="More frames catch short expressions, and take longer."
        value={String(options.fps_pred ?? 3)}
        choices={[
          ["1", "1"],
          ["3", "3"],
          ["10", "10"],
          ["0", "Every frame"],
        ]}
        onChange={(value) => set({ fps_pred: Number(value) })}
      />
      <Check
        label="Tell people apart"
        hint={editing.engines.face_identity ? "Each face keeps its id throughout the video." : "No engine here can do so."}
        checked={options.identify_faces ?? false}
        disabled={!editing.engines.face_identity}
        onChange={(on) => set({ identify_faces: on })}
      />
      <Check
        label="Facial actions (FACS)"
        hint="Which muscles move: brows raised, lips pressed."
        checked={Boolean(options.facs)}
        onChange={(on) => set({ facs: on ? {} : null })}
      />
      <Check
        label="Descriptions"
        hint="How people would put it: smile, frown, squint."
        checked={Boolean(options.descriptions)}
        onChange={(on) => set({ descriptions: on ? {} : null })}
      />
      <Check
        label="Save an image of each face"
        hint="In the artifacts archive."
        checked={options.save_faces ?? false}
        onChange={(on) => set({ save_faces: on })}
      />
      <Numeric
        label="Lowest probability that it is a face"
        value={options.prob_threshold ?? 0.99}
        min={0}
        max={1}
        step={0.01}
        onChange={(value) => set({ prob_threshold: value })}
      />
      <Numeric
        label="Smallest face (pixels)"
        value={options.min_face_size ?? 60}
        min={0}
        max={2000}
        step={1}
        onChange={(value) => set({ min_face_size: value })}
      />
    </>
  );
}

const PIECES: [string, string][] = [
  ["word", "Each word"],
  ["sentence", "Each sentence"],
  ["utterance", "Each utterance (to a pause)"],
  ["conversational_turn", "Each turn of a speaker"],
];

function ProsodyChoices(editing: Editing) {
  const [options, set] = optionsOf("prosody", editing) as [ProsodyOptions, (changed: ProsodyOptions) => void];
  return (
    <>
      <Select
        label="One answer for"
        value={options.window ? "window" : (options.granularity ?? "utterance")}
        choices={[...PIECES, ["window", "A window that slides over the audio"]]}
        onChange={(value) =>
          set(value === "window" ? { window: { length: 4, step: 1 } } : { granularity: value as never, window: null })
        }
      />
      {options.window && (
        <>
          <Numeric
            label="Window (seconds)"
            value={options.window.length ?? 4}
            min={0.5}
            max={60}
            step={0.5}
            onChange={(length) => set({ window: { ...options.window, length } })}
          />
          <Numeric
            label="A window every (seconds)"
            value={options.window.step ?? 1}
            min={0.5}
            max={60}
            step={0.5}
            onChange={(step) => set({ window: { ...options.window, step } })}
          />
        </>
      )}
      <Speakers editing={editing} options={options} set={set} />
    </>
  );
}

function LanguageChoices(editing: Editing) {
  const [options, set] = optionsOf("language", editing) as [LanguageOptions, (changed: LanguageOptions) => void];
  return (
    <>
      <Select
        label="One answer for"
        value={options.granularity ?? "word"}
        choices={PIECES}
        onChange={(value) => set({ granularity: value as never })}
      />
      <Check
        label="Sentiment"
        hint="From most negative (1) to most positive (9)."
        checked={Boolean(options.sentiment)}
        onChange={(on) => set({ sentiment: on ? {} : null })}
      />
      <Check
        label="Toxicity"
        hint="Insults, threats, obscenities."
        checked={Boolean(options.toxicity)}
        onChange={(on) => set({ toxicity: on ? {} : null })}
      />
      <Speakers editing={editing} options={options} set={set} />
    </>
  );
}

function NerChoices(editing: Editing) {
  const [options, set] = optionsOf("ner", editing);
  return <Speakers editing={editing} options={options} set={set} />;
}

function Speakers({
  editing,
  options,
  set,
}: {
  editing: Editing;
  options: { identify_speakers?: boolean };
  set: (changed: { identify_speakers: boolean }) => void;
}) {
  const { diarizer } = editing.engines;
  return (
    <Check
      label="Tell speakers apart"
      hint={diarizer ? "Who says what, by their voices." : "No engine here can do so."}
      checked={options.identify_speakers ?? false}
      disabled={!diarizer}
      onChange={(on) => set({ identify_speakers: on })}
    />
  );
}

function TranscriptionChoice({ choice, change, engines }: Editing) {
  const { transcription } = choice;
  return (
    <div class="transcription">
      <Select
        label="Speech is in"
        hint={
          transcription
            ? engines.transcriber === "sphinx"
              ? "Transcribed by sphinx, which knows English only; a whisper model knows all of these."
              : "Speech is transcribed first, and split into words and sentences."
            : "Tone of voice is measured in windows, and there are no words to measure."
        }
        value={transcription ? (transcription.language ?? "") : "off"}
        choices={[["", "Detect the language"], ...LANGUAGES.map(([tag, name]) => [tag, name] as [string, string]), ["off", "No transcription"]]}
        onChange={(value) =>
          change({
            ...choice,
            transcription: value === "off" ? null : { ...transcription, language: value || null },
          })
        }
      />
    </div>
  );
}

// ── fields

interface Field<T> {
  label: string;
  hint?: string;
  onChange: (value: T) => void;
}

function Check({ label, hint, checked, disabled = false, onChange }: Field<boolean> & { checked: boolean; disabled?: boolean }) {
  const id = useId();
  return (
    <div class="field">
      <label class="check">
        <input
          type="checkbox"
          checked={checked}
          disabled={disabled}
          aria-describedby={hint ? id : undefined}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
        {label}
      </label>
      {hint && (
        <span class="quiet small hint" id={id}>
          {hint}
        </span>
      )}
    </div>
  );
}

function Select({ label, hint, value, choices, onChange }: Field<string> & { value: string; choices: readonly (readonly [string, string])[] }) {
  const id = useId();
  return (
    <div class="field">
      <label>
        {label}
        <select value={value} aria-describedby={hint ? id : undefined} onChange={(event) => onChange(event.currentTarget.value)}>
          {choices.map(([key, name]) => (
            <option key={key} value={key} selected={key === value}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {hint && (
        <span class="quiet small hint" id={id}>
          {hint}
        </span>
      )}
    </div>
  );
}

function Numeric({
  label,
  value,
  min,
  max,
  step,
  onChange,
}: Field<number> & { value: number; min: number; max: number; step: number }) {
  return (
    <div class="field">
      <label>
        {label}
        <input
          type="number"
          value={value}
          min={min}
          max={max}
          step={step}
          onChange={(event) => {
            if (event.currentTarget.checkValidity()) onChange(event.currentTarget.valueAsNumber);
            else event.currentTarget.reportValidity();
          }}
        />
      </label>
    </div>
  );
}
