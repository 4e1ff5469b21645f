export function Library() {
  return (
    <section class="narrow">
      <h1>Library</h1>
    </section>
  );
}
