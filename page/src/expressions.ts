/**
 * The names of expressions, each with the colour and the dash that it has everywhere.
 *
 * Hue goes by kinship of meaning. Lightness, chroma and hue (within 26°) were searched so that the sixteen
 * names that come first most often differ for everybody, also under simulated protanopia, deuteranopia and
 * tritanopia (Machado, Oliveira and Fernandes 2009), and all have 3:1 to both backgrounds. No colour stands
 * without its name, and kin have unlike dashes.
 */


import { dark } from "./theme";

/** [colour on light, colour on dark, number of its dash] */
const LOOKS = {
  Admiration: ["#a046c6", "#e190ff", 2],
  Adoration: ["#681252", "#a05287", 1],
  "Aesthetic Appreciation": ["#6b681c", "#a8a665", 1],
  Amusement: ["#682500", "#a05e42", 0],
  Anger: ["#e74e0b", "#ff9f71", 0],
  Annoyance: ["#a0222d", "#df6b6b", 0],
  Anxiety: ["#ac62d9", "#f0adff", 0],
  Awe: ["#405c72", "#7c97ac", 1],
  Awkwardness: ["#880286", "#c45cc0", 0],
  Boredom: ["#045a9f", "#5897da", 0],
  Calmness: ["#28a072", "#85e5b8", 0],
  Concentration: ["#2e3d58", "#63728d", 0],
  Confusion: ["#616eac", "#a1afec", 0],
  Contemplation: ["#1a96c1", "#7edcff", 2],
  Contempt: ["#720738", "#ab4e6c", 1],
  Contentment: ["#7a9545", "#bfda91", 0],
  Craving: ["#aa7f5c", "#eec5a3", 1],
  Desire: ["#b34b97", "#f693d8", 2],
  Determination: ["#1e5b4c", "#609485", 0],
  Disappointment: ["#1e86fe", "#7acfff", 1],
  Disapproval: ["#ae2b78", "#f077b6", 0],
  Disgust: ["#2aa516", "#85eb77", 1],
  Distress: ["#6a43cc", "#a48aff", 0],
  Doubt: ["#5f0079", "#954faf", 0],
  Ecstasy: ["#b97562", "#febba9", 3],
  Embarrassment: ["#4f266b", "#845fa0", 1],
  "Empathic Pain": ["#b96c98", "#feb3dc", 2],
  Enthusiasm: ["#b87102", "#fcb76d", 2],
  Entrancement: ["#207277", "#6db0b4", 3],
  Envy: ["#7e7e4d", "#bfc092", 0],
  Excitement: ["#ca2908", "#ff7d62", 0],
  Fear: ["#906af5", "#d2b5ff", 3],
  Gratitude: ["#830314", "#be5350", 1],
  Guilt: ["#854b82", "#c38abf", 2],
  Horror: ["#a772b6", "#ebb9fa", 3],
  Interest: ["#6e8ea5", "#b4d3e9", 0],
  Joy: ["#866b52", "#c6ab93", 0],
  Love: ["#dc4a8d", "#ff9ad1", 1],
  Nostalgia: ["#8a5e22", "#c89d6a", 3],
  Pain: ["#8b093e", "#c85876", 2],
  Pride: ["#4f610e", "#899c59", 2],
  Realization: ["#358780", "#82c8c1", 0],
  Relief: ["#416a60", "#80a69c", 2],
  Romance: ["#7f4153", "#bb7e8d", 1],
  Sadness: ["#1522a3", "#4366d9", 0],
  Sarcasm: ["#614e18", "#9a8859", 1],
  Satisfaction: ["#1d4912", "#567e4d", 1],
  Shame: ["#5d3776", "#9571ae", 1],
  "Surprise (negative)": ["#435ede", "#81a4ff", 1],
  "Surprise (positive)": ["#888110", "#c9c46e", 1],
  Sympathy: ["#9c29a0", "#db75dd", 1],
  Tiredness: ["#1f37b6", "#547aee", 0],
  Triumph: ["#403f1f", "#747456", 2],
} as const satisfies Record<string, readonly [string, string, 0 | 1 | 2 | 3]>;

export type ExpressionName = keyof typeof LOOKS;

/** Canvas dashes, as lengths of line and gap. */
const DASHES: readonly (readonly number[])[] = [[], [9, 4], [2, 3], [12, 3, 2, 3]];

/** All 53, in the order of the alphabet, which is the API's too. */
export const EXPRESSIONS = Object.keys(LOOKS) as ExpressionName[];

/** What only words express. */
const SPOKEN = new Set<string>(["Annoyance", "Disapproval", "Enthusiasm", "Gratitude", "Sarcasm"]);

/** The 48 of faces and voices. */
export const UNSPOKEN = EXPRESSIONS.filter((name) => !SPOKEN.has(name));

/** The colour of a name, for the scheme that is shown now. Names that are none of the 53 are grey. */
export function colorOf(name: string): string {
  const look = lookOf(name);
  return look ? look[dark.value ? 1 : 0] : dark.value ? "#9ca4ad" : "#5d6066";
}

/** The dash of a name's line. */
export function dashOf(name: string): number[] {
  return [...DASHES[lookOf(name)?.[2] ?? 0]!];
}

export function lookOf(name: string): readonly [string, string, number] | undefined {
  return (LOOKS as Record<string, readonly [string, string, number]>)[name];
}
