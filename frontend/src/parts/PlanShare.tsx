import { share } from "../lib/keys";
import { language } from "../lib/t";
import type { Allowance } from "../lib/wire";
import { t } from "../lib/words/login";
import { plan, planFailed } from "../state/logins";
import { Meter } from "./Meter";

/** The plan, and what is left of it. */
export function PlanShare() {
  const found = plan.value;
  return (
    <div class="passport-bar" aria-live="polite">
      <p>
        <strong>{found?.plan ?? t("plan")}</strong>
        {found?.overage && <span class="passport-small"> {t("overage")}</span>}
      </p>
      {planFailed.value ? (
        <p class="passport-small">{t("planFailed", { message: planFailed.value })}</p>
      ) : !found ? (
        <p class="passport-small">{t("planAsking")}</p>
      ) : found.allowances.length === 0 ? (
        <p class="passport-small">{t("planNothing")}</p>
      ) : (
        found.allowances.map((each) => <Left key={each.name} value={each} />)
      )}
    </div>
  );
}

function Left({ value }: { value: Allowance }) {
  const { name, left, limit, used, resets_at: resets, overage_used: over, free_trial_left: trial } = value;
  const count = (number: number) =>
    new Intl.NumberFormat(language.value, { maximumFractionDigits: 2 }).format(number);
  const date = (at: number) =>
    new Intl.DateTimeFormat(language.value, { dateStyle: "medium" }).format(at * 1000);
  const text = [
    t("left", { left: count(left), limit: count(limit), name }),
    ...(resets && resets * 1000 > Date.now() ? [t("resets", { date: date(resets) })] : []),
    ...(over ? [t("overageUsed", { count: count(over) })] : []),
    ...(trial ? [t("trial", { count: count(trial) })] : []),
  ].join(" · ");
  const part = share(left, limit);
  return (
    <div>
      <p>{text}</p>
      <Meter
        label={name}
        share={part}
        text={text}
        tone={used >= limit ? "bad" : part < 0.15 ? "warn" : "plain"}
      />
    </div>
  );
}
