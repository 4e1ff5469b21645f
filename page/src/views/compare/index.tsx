export function Compare() {
  return (
    <section class="narrow">
      <h1>Compare</h1>
    </section>
  );
}
