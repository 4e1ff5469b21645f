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
  Admiration: ["#a60279", "#ed62ba", 1],
  Adoration: ["#811151", "#c3598c", 1],
  "Aesthetic Appreciation": ["#255929", "#639565", 3],
  Amusement: ["#734200", "#b27f4d", 0],
  Anger: ["#ad0c44", "#f56582", 0],
  Annoyance: ["#780002", "#b84e42", 0],
  Anxiety: ["#7b609b", "#bea3e0", 0],
  Awe: ["#043f6c", "#4778a7", 2],
  Awkwardness: ["#4e0391", "#8454cf", 1],
  Boredom: ["#04458a", "#4b82c8", 0],
  Calmness: ["#639865", "#ace1ad", 0],
  Concentration: ["#005d81", "#569cc1", 0],
  Confusion: ["#681dbb", "#a36cfe", 0],
  Contemplation: ["#1f85b6", "#75ccfe", 1],
  Contempt: ["#b14551", "#fa8b93", 0],
  Contentment: ["#00a53e", "#77ef8b", 1],
  Craving: ["#950137", "#da5972", 0],
  Desire: ["#763e66", "#b67ca4", 1],
  Determination: ["#24856e", "#75cab1", 0],
  Disappointment: ["#6952b8", "#a896fd", 0],
  Disapproval: ["#700544", "#af4e7c", 0],
  Disgust: ["#587805", "#99bb5f", 1],
  Distress: ["#8973b6", "#cfbafe", 0],
  Doubt: ["#4c2c62", "#84659c", 0],
  Ecstasy: ["#b06353", "#f9a998", 1],
  Embarrassment: ["#ae2ab0", "#f67bf6", 2],
  "Empathic Pain": ["#a32cb8", "#ea7cfe", 1],
  Enthusiasm: ["#9e430c", "#e3865b", 2],
  Entrancement: ["#0599b5", "#77e2fe", 3],
  Envy: ["#7d8216", "#c1c86c", 1],
  Excitement: ["#976110", "#dca563", 0],
  Fear: ["#5f0079", "#9a4fb5", 0],
  Gratitude: ["#66242a", "#a35e61", 2],
  Guilt: ["#830098", "#c45dd9", 0],
  Horror: ["#3221ba", "#626dfb", 1],
  Interest: ["#1b9c9c", "#7de5e4", 0],
  Joy: ["#b47d03", "#fec66d", 0],
  Love: ["#b5607c", "#ffa7c2", 0],
  Nostalgia: ["#877922", "#ccbe70", 2],
  Pain: ["#8e4b62", "#d28ca2", 0],
  Pride: ["#3c5513", "#769154", 1],
  Realization: ["#02708d", "#61b2cf", 1],
  Relief: ["#066a4c", "#5ca98a", 1],
  Romance: ["#b47192", "#ffb9da", 1],
  Sadness: ["#3601a9", "#645be8", 0],
  Sarcasm: ["#7e9512", "#c5de72", 2],
  Satisfaction: ["#2c4602", "#637f44", 1],
  Shame: ["#6a0658", "#a84e92", 1],
  "Surprise (negative)": ["#6e35a2", "#ac78e4", 1],
  "Surprise (positive)": ["#606100", "#9ea155", 1],
  Sympathy: ["#a376ad", "#ecbef6", 2],
  Tiredness: ["#1363b9", "#61a7fe", 2],
  Triumph: ["#673002", "#a46a46", 3],
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
