/** Puts the page together: the shell, and which view an address leads to. */

import { render } from "preact";
import { ErrorBoundary, lazy, LocationProvider, Route, Router } from "preact-iso";

import { Shell } from "./shell";
import { Measure } from "./views/measure";
import "./style/base.css";

// Measure is what most people see first; the others are fetched when they are opened
const Library = lazy(() => import("./views/library").then((view) => view.Library));
const Result = lazy(() => import("./views/result").then((view) => view.Result));
const Compare = lazy(() => import("./views/compare").then((view) => view.Compare));
const Live = lazy(() => import("./views/live").then((view) => view.Live));

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
      <ErrorBoundary>
        <Router>
          <Route path="/" component={Measure} />
          <Route path="/library" component={Library} />
          <Route path="/result/:id" component={Result} />
          <Route path="/compare" component={Compare} />
          <Route path="/live" component={Live} />
          <Route default component={Nowhere} />
        </Router>
      </ErrorBoundary>
    </Shell>
  </LocationProvider>,
  document.getElementById("page")!,
);
