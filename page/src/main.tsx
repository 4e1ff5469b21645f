/** Puts the page together: the shell, and which view an address leads to. */

import { render } from "preact";
import { LocationProvider, Route, Router } from "preact-iso";

import "./style/base.css";
import { Shell } from "./shell";
import { Compare } from "./views/compare";
import { Library } from "./views/library";
import { Live } from "./views/live";
import { Measure } from "./views/measure";
import { Result } from "./views/result";

function Nowhere() {
  return (
    <section class="narrow">
      <h1>There is nothing here</h1>
      <p>
        The address leads nowhere on this page. <a href="/">Measure something</a>, or look into the{" "}
        <a href="/library">library</a>.
      </p>
    </section>
  );
}

render(
  <LocationProvider>
    <Shell>
      <Router>
        <Route path="/" component={Measure} />
        <Route path="/library" component={Library} />
        <Route path="/result/:id" component={Result} />
        <Route path="/compare" component={Compare} />
        <Route path="/live" component={Live} />
        <Route default component={Nowhere} />
      </Router>
    </Shell>
  </LocationProvider>,
  document.getElementById("page")!,
);
