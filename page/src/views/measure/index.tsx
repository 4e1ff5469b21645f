export function Measure() {
  return (
    <section class="narrow">
      <h1>Measure</h1>
    </section>
  );
}
