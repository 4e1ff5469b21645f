export function Live() {
  return (
    <section class="narrow">
      <h1>Live</h1>
    </section>
  );
}
