/** A thin bar: how much of something is used, or left. */
interface Props {
  label: string;
  /** 0 to 1 */
  share: number;
  text: string;
  tone?: "plain" | "warn" | "bad";
}

export function Meter({ label, share, text, tone = "plain" }: Props) {
  return (
    <div
      class={`meter ${tone}`}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
      aria-valuetext={text}
    >
      <span style={{ width: `${(share * 100).toFixed(1)}%` }} />
    </div>
  );
}
