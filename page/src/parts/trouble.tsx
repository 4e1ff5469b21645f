/** What went wrong where something should be, and the way to try again. */

export function Trouble({ text, again }: { text: string; again: () => void }) {
  return (
    <p class="row" role="alert">
      <span class="error">{text}</span>
      <button onClick={again}>Try again</button>
    </p>
  );
}
