/** A component that is rendered anew only when one of its props is another value. (`preact/compat` has it, with much else.) */
import { Component, type ComponentChild, type FunctionComponent, h } from "preact";

export function memo<P extends object>(of: FunctionComponent<P>): FunctionComponent<P> {
  class Memo extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      const names = Object.keys({ ...this.props, ...next }) as (keyof P)[];
      return names.some((name) => this.props[name] !== next[name]);
    }

    override render(): ComponentChild {
      return h(of, this.props as P & { children?: never });
    }
  }
  return Memo as unknown as FunctionComponent<P>;
}
