export function Result() {
  return (
    <section class="narrow">
      <h1>Result</h1>
    </section>
  );
}
