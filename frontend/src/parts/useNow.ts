import { useEffect, useState } from "preact/hooks";

/** The time in seconds since 1970, anew every so many milliseconds. */
export function useNow(every: number): number {
  const [now, setNow] = useState(() => Date.now() / 1000);
  useEffect(() => {
    const tick = setInterval(() => setNow(Date.now() / 1000), every);
    return () => clearInterval(tick);
  }, [every]);
  return now;
}
