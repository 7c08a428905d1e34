/** A few values of which one holds, side by side. */
interface Props<T extends string> {
  label: string;
  values: readonly T[];
  word: (value: T) => string;
  value: T;
  choose: (value: T) => void;
}

export function Choice<T extends string>({ label, values, word, value, choose }: Props<T>) {
  return (
    <div class="choice" role="group" aria-label={label}>
      {values.map((each) => (
        <button key={each} type="button" aria-pressed={each === value} onClick={() => choose(each)}>
          {word(each)}
        </button>
      ))}
    </div>
  );
}
