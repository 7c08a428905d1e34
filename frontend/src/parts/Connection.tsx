import { useEffect, useRef, useState } from "preact/hooks";
import { call } from "../lib/api";
import { ApiError, isAbort, requestId } from "../lib/errors";
import { events } from "../lib/events";
import { duration } from "../lib/numbers";
import type { DoctorStep, Examined } from "../lib/wire";
import { spokenHere } from "../lib/words/sentences";
import { stepName, t } from "../lib/words/settings";
import { asError } from "../state/admitted";
import { AdminGate } from "./AdminGate";
import { Icon } from "./Icon";
import { Marked } from "./Marked";

/** Every step from the settings to a whole answer, tried out now. */
export function Connection() {
  const [steps, setSteps] = useState<DoctorStep[]>([]);
  const [ok, setOk] = useState<boolean | null>(null);
  const [failure, setFailure] = useState<ApiError | null>(null);
  const [began, setBegan] = useState(0);
  const [now, setNow] = useState(0);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  useEffect(() => {
    if (!began) return;
    const tick = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(tick);
  }, [began]);
  const run = async () => {
    setBegan(Date.now());
    setNow(Date.now());
    setSteps([]);
    setOk(null);
    setFailure(null);
    running.current = new AbortController();
    try {
      for await (const step of taken(running.current.signal)) {
        if (typeof step === "boolean") setOk(step);
        else setSteps((before) => [...before, step]);
      }
    } catch (error) {
      if (isAbort(error)) return;
      setFailure(asError(error));
    }
    setBegan(0);
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
      {failure && <AdminGate error={failure} onRetry={run} />}
      {steps.length > 0 && (
        <ol class="test-steps">
          {steps.map(({ name, ok, milliseconds, told }) => (
            <li key={name} class={ok ? "good" : "bad"}>
              <Icon name={ok ? "check" : "alert"} size={18} />
              <strong>{stepName(name)}</strong>
              <span class="unseen">{t(ok ? "stepGood" : "stepBad")}</span>
              <span class="test-told">
                <Marked text={told.split("\n").map(spokenHere).join("\n")} />
              </span>
              <span class="test-time">
                {milliseconds < 100 ? `${milliseconds} ms` : duration(milliseconds)}
              </span>
            </li>
          ))}
        </ol>
      )}
      {ok !== null && (
        <p class={ok ? "test-end good" : "test-end bad"} role="status">
          {t(ok ? "testGood" : "testBad")}
        </p>
      )}
    </section>
  );
}

/** Each step as it has been taken, and then whether all went well. */
async function* taken(signal: AbortSignal): AsyncGenerator<DoctorStep | boolean> {
  const headers = { accept: "text/event-stream" };
  const response = await call("/api/doctor", { method: "POST", headers, signal });
  for await (const told of events(response)) {
    for (const { event, data } of told) {
      if (event === "step") yield data as DoctorStep;
      if (event !== "done") continue;
      yield (data as Pick<Examined, "ok">).ok;
      return;
    }
  }
  throw new ApiError("", 0, "broken", requestId(response));
}
