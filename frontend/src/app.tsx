/**
 * The pages and their addresses. A new page is a default export in `pages/`, a line in `lazy` below, one in
 * `parts/Shell.tsx`, and its address in `site.py`, so that it can be reloaded.
 */

import { useEffect, useState } from "preact/hooks";
import { ErrorBoundary, LocationProvider, lazy, Route, Router } from "preact-iso";
import { t } from "./lib/words/shell";
import Chat from "./pages/Chat";
import { Shell } from "./parts/Shell";
import { occasion } from "./state/admitted";
import { loadModels } from "./state/models";
import { look, watch } from "./state/server";

const Agent = lazy(() => import("./pages/Agent"));
const Monitor = lazy(() => import("./pages/Monitor"));
const Settings = lazy(() => import("./pages/Settings"));
const Login = lazy(() => import("./pages/Login"));

export function App() {
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    void look();
    void loadModels();
  }, [occasion.value]);
  useEffect(watch, []);
  return (
    <LocationProvider>
      <Shell>
        <ErrorBoundary onError={() => setFailed(true)}>
          {failed ? (
            <Broken />
          ) : (
            <Router>
              <Route path="/" component={Chat} />
              <Route path="/agent" component={Agent} />
              <Route path="/monitor" component={Monitor} />
              <Route path="/settings" component={Settings} />
              <Route path="/login" component={Login} />
              <Route default component={NotFound} />
            </Router>
          )}
        </ErrorBoundary>
      </Shell>
    </LocationProvider>
  );
}

function NotFound() {
  return (
    <main id="content" class="page">
      <h1>{t("notFound")}</h1>
      <p>
        <a href="/">{t("toChat")}</a>
      </p>
    </main>
  );
}

/** Most often the server was updated, and the parts that this page asks for are no longer there. */
function Broken() {
  return (
    <main id="content" class="page">
      <h1>{t("pageFailed")}</h1>
      <p>
        <button type="button" class="primary" onClick={() => location.reload()}>
          {t("reload")}
        </button>
      </p>
    </main>
  );
}
