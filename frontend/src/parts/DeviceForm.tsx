import { useState } from "preact/hooks";
import { t } from "../lib/words/login";
import { asError } from "../state/admitted";
import { shown, startDevice } from "../state/logins";
import { Icon } from "./Icon";
import { Marked } from "./Marked";

/** With whom to log in, and under which name it is kept. */
export function DeviceForm() {
  const [isOrganisation, setOrganisation] = useState(false);
  const [startUrl, setStartUrl] = useState("");
  const [region, setRegion] = useState("us-east-1");
  const [name, setName] = useState(shown.value?.name ?? "default");
  const [fault, setFault] = useState({ field: "", message: "" });
  const [busy, setBusy] = useState(false);
  const begin = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setFault({ field: "", message: "" });
    try {
      await startDevice({
        name: name.trim(),
        start_url: isOrganisation ? startUrl.trim() : "",
        region: isOrganisation ? region.trim() : "",
      });
    } catch (error) {
      const { param, message } = asError(error);
      setFault({ field: param, message: message || t("failed") });
      setBusy(false);
    }
  };
  const field = (key: string, label: string, value: string, set: (value: string) => void, hint = "") => (
    <label class="labelled">
      <span>{label}</span>
      <input
        class="field"
        autocomplete="off"
        spellcheck={false}
        required={key === "start_url"}
        aria-invalid={fault.field === key}
        value={value}
        onInput={(event) => set(event.currentTarget.value)}
      />
      {hint && <small>{hint}</small>}
      {fault.field === key && (
        <span class="setting-fault" role="alert">
          <Marked text={fault.message} />
        </span>
      )}
    </label>
  );
  return (
    <form class="device-form" onSubmit={begin}>
      <label class="labelled">
        <span>{t("deviceAs")}</span>
        <select
          class="field"
          value={isOrganisation ? "organisation" : "builder"}
          onChange={(event) => setOrganisation(event.currentTarget.value === "organisation")}
        >
          <option value="builder">{t("builderId")}</option>
          <option value="organisation">{t("organisation")}</option>
        </select>
      </label>
      {isOrganisation && field("start_url", t("startUrl"), startUrl, setStartUrl, t("startHint"))}
      {isOrganisation && field("region", t("region"), region, setRegion)}
      {field("name", t("name"), name, setName, t("nameHint"))}
      {fault.message && !["start_url", "region", "name"].includes(fault.field) && (
        <p class="setting-fault row" role="alert">
          <Icon name="alert" size={18} />
          <span>
            <Marked text={fault.message} />
          </span>
        </p>
      )}
      <div>
        <button type="submit" class="primary" disabled={busy}>
          {t("begin")}
        </button>
      </div>
    </form>
  );
}
