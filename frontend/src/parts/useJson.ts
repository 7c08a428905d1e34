import { useEffect, useState } from "preact/hooks";
import { getJson } from "../lib/api";
import { ApiError } from "../lib/errors";

/** What a path of the server answers: undefined as long as nobody knows. */
export function useJson<T>(path: string): T | ApiError | undefined {
  const [value, setValue] = useState<T | ApiError>();
  useEffect(() => {
    let current = true;
    getJson<T>(path).then(
      (found) => current && setValue(found),
      (error) =>
        current && setValue(error instanceof ApiError ? error : new ApiError(String(error), 0, "page")),
    );
    return () => {
      current = false;
    };
  }, [path]);
  return value;
}
