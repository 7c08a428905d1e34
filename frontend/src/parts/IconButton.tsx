/** A button that shows a drawing and says its name to whoever hovers or listens. */
import type { JSX } from "preact";
import { Icon, type IconName } from "./Icon";

type Props = Omit<JSX.IntrinsicElements["button"], "icon" | "label" | "size"> & {
  icon: IconName;
  label: string;
  size?: number;
};

export function IconButton({ icon, label, size, class: extra, ...rest }: Props) {
  return (
    <button type="button" class={`icon-button ${extra ?? ""}`} aria-label={label} title={label} {...rest}>
      <Icon name={icon} {...(size ? { size } : {})} />
    </button>
  );
}
