/** One kind of error for whatever goes wrong between the page and a server. */
import type { ErrorBody } from "./wire";

/** `status` 0: no answer came at all. `code` is the server's, or one of "unreachable", "broken", "unreadable". */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
    readonly requestId = "",
    readonly retryAfter = 0,
    /** The field of the request that is wrong, "" where the server names none. */
    readonly param = "",
    /** What was asked for. */
    readonly path = "",
  ) {
    super(message);
  }

  static unreachable(): ApiError {
    return new ApiError("", 0, "unreachable");
  }

  /** The error of a response; proxies answer with pages of their own, so nothing of the body is relied on. */
  static async of(response: Response, path = ""): Promise<ApiError> {
    let body: unknown = null;
    try {
      body = await response.json();
    } catch {
      // no JSON: the status has to do
    }
    const told = inBody(body);
    return new ApiError(
      told?.message ?? `HTTP ${response.status}`,
      response.status,
      told?.code ?? "",
      requestId(response),
      Number(response.headers.get("retry-after")) || 0,
      told?.param ?? "",
      path,
    );
  }
}

export function requestId(response: Response): string {
  return response.headers.get("x-request-id") ?? response.headers.get("request-id") ?? "";
}

/** The error within a body or a stream's event, if that is what it is. */
export function inBody(body: unknown): { message: string; code: string; param: string } | null {
  const error = (body as Partial<ErrorBody> | null)?.error;
  if (typeof error !== "object" || error === null) return null;
  const { message, code, param } = error;
  return { message: String(message ?? ""), code: String(code ?? ""), param: String(param ?? "") };
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
