import { useEffect, useRef, useState } from "preact/hooks";
import { sendJson } from "../lib/api";
import { ApiError, isAbort } from "../lib/errors";
import { duration } from "../lib/numbers";
import type { Examined } from "../lib/wire";
import { t } from "../lib/words/settings";
import { asError } from "../state/admitted";
import { AdminGate } from "./AdminGate";
import { Icon } from "./Icon";
import { Marked } from "./Marked";

/** Every step from the settings to a whole answer, tried out now. */
export function Connection() {
  const [result, setResult] = useState<Examined | ApiError | null>(null);
  const [began, setBegan] = useState(0);
  const [now, setNow] = useState(0);
  const here = useRef(true);
  useEffect(
    () => () => {
      here.current = false;
    },
    [],
  );
  useEffect(() => {
    if (!began) return;
    const tick = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(tick);
  }, [began]);
  const run = async () => {
    setBegan(Date.now());
    setNow(Date.now());
    setResult(null);
    try {
      const told = await sendJson<Examined>("/api/doctor", "POST", {});
      if (here.current) setResult(told);
    } catch (error) {
      if (here.current && !isAbort(error)) setResult(asError(error));
    }
    if (here.current) setBegan(0);
  };
  return (
    <section aria-label={t("connection")}>
      <h2>{t("connection")}</h2>
      <p class="setting-note">{t("testHint")}</p>
      <p class="test-run">
        <button type="button" class="primary" disabled={began > 0} onClick={run}>
          {began ? t("testing", { seconds: Math.round((now - began) / 1000) }) : t("testRun")}
        </button>
      </p>
      {result instanceof ApiError && <AdminGate error={result} onRetry={run} />}
      {result && !(result instanceof ApiError) && (
        <>
          <ol class="test-steps">
            {result.steps.map(({ name, ok, milliseconds, told }) => (
              <li key={name} class={ok ? "good" : "bad"}>
                <Icon name={ok ? "check" : "alert"} size={18} />
                <strong>{name}</strong>
                <span class="unseen">{t(ok ? "stepGood" : "stepBad")}</span>
                <span class="test-told">
                  <Marked text={told} />
                </span>
                <span class="test-time">
                  {milliseconds < 100 ? `${milliseconds} ms` : duration(milliseconds)}
                </span>
              </li>
            ))}
          </ol>
          <p class={result.ok ? "test-end good" : "test-end bad"} role="status">
            {t(result.ok ? "testGood" : "testBad")}
          </p>
        </>
      )}
    </section>
  );
}
