/** What goes between the page and the server. Written by scripts/wire.py from kiro2chat_functions/wire.py. */

/** GET /health */
export interface Health {
  status: string;
  version: string;
  demo: boolean;
}

export interface ErrorDetail {
  message: string;
  type: string;
  param: string | null;
  code: string | null;
}

/** Every error, as a response and within a stream. */
export interface ErrorBody {
  error: ErrorDetail;
}

export interface Model {
  id: string;
  object: string;
  created: number;
  owned_by: string;
  name?: string;
  description?: string;
  context_window?: number;
  max_output_tokens?: number;
  rate?: number;
  alias_of?: string;
  input_modalities: string[];
}

/** GET /v1/models */
export interface ModelList {
  object: string;
  data: Model[];
}

export interface ImageAddress {
  url: string;
}

export interface ImagePart {
  type: "image_url";
  image_url: ImageAddress;
}

export interface TextPart {
  type: "text";
  text: string;
}

export interface ChatMessage {
  role: "system" | "user" | "assistant";
  content: string | (TextPart | ImagePart)[];
}

export interface StreamOptions {
  include_usage: boolean;
}

/** POST /v1/chat/completions, as far as the page asks for things. */
export interface ChatRequest {
  model: string;
  messages: ChatMessage[];
  stream: boolean;
  stream_options: StreamOptions;
  reasoning_effort?: string;
  max_tokens?: number;
}

export interface FunctionDelta {
  name?: string;
  arguments?: string;
}

export interface CallDelta {
  index: number;
  id?: string;
  type?: string;
  function?: FunctionDelta;
}

export interface Delta {
  role?: string;
  content?: string;
  reasoning_content?: string;
  reasoning_details?: unknown[];
  tool_calls?: CallDelta[];
}

export interface ChunkChoice {
  index: number;
  delta: Delta;
  logprobs: null;
  finish_reason: string | null;
}

export interface PromptDetails {
  cached_tokens: number;
  audio_tokens: number;
}

export interface CompletionDetails {
  reasoning_tokens: number;
  audio_tokens: number;
  accepted_prediction_tokens: number;
  rejected_prediction_tokens: number;
}

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  prompt_tokens_details: PromptDetails;
  completion_tokens_details: CompletionDetails;
  estimated: boolean;
}

/** An event of a streamed chat completion. */
export interface ChatChunk {
  id: string;
  object: string;
  created: number;
  model: string;
  system_fingerprint: null;
  choices: ChunkChoice[];
  usage?: Usage | null;
}

/** POST /api/session */
export interface SessionOpened {
  token: string;
}

export interface LoginPlace {
  place: string;
  found: boolean;
  why: string;
}

export interface LoginInUse {
  source: string;
  kind: string;
  expires_at: number | null;
  renewable: boolean;
  region: string | null;
  has_profile: boolean;
}

/** GET /api/login */
export interface LoginShown {
  places: LoginPlace[];
  names: string[];
  name: string;
  login: LoginInUse | null;
  error?: string;
}

export interface SettingShown {
  value: string;
  source: string;
  variable: string;
  secret: boolean;
  editable: boolean;
}

/** GET /api/settings */
export interface SettingsShown {
  schema: Record<string, unknown>;
  settings: Record<string, SettingShown>;
  file: string;
}

export interface TokenTotals {
  in: number;
  out: number;
  cache_read: number;
  cache_write: number;
}

export interface Percentiles {
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

export interface StatsTotal {
  count: number;
  errors: number;
  tokens: TokenTotals;
  estimated: number;
  credits: number;
  seconds: Percentiles;
  first_token: Percentiles;
}

export interface StatsGroup {
  count: number;
  errors: number;
  tokens: TokenTotals;
  estimated: number;
  credits: number;
  seconds: Percentiles;
  first_token: Percentiles;
  name: string;
}

export interface StatsPoint {
  at: number;
  total: StatsTotal;
  groups: Record<string, StatsTotal>;
}

export interface Stats {
  range: string;
  by: string;
  step: number;
  from: number;
  to: number;
  total: StatsTotal;
  before: StatsTotal;
  groups: StatsGroup[];
  series: StatsPoint[];
}

export interface RecordTokens {
  in: number;
  out: number;
  reasoning: number;
  cache_read: number;
  cache_write: number;
  exact: boolean;
}

/** A request that has ended; an event of GET /api/requests/live. */
export interface RequestRecord {
  id: string;
  at: number;
  path: string;
  dialect: string;
  model: string;
  asked: string;
  key: string;
  status: number;
  result: string;
  error: string | null;
  outcome: string;
  stream: boolean;
  tokens: RecordTokens | null;
  credits: number | null;
  first_token: number | null;
  seconds: number;
  received: number;
  sent: number;
  attempts: number;
  repairs: string[];
  ignored: string[];
  dropped: string[];
  backend_id: string;
}

/** GET /api/requests */
export interface RequestsFound {
  requests: RequestRecord[];
  next: string | null;
}

export interface Allowance {
  name: string;
  used: number;
  limit: number;
  left: number;
  resets_at: number | null;
  overage_used: number;
  free_trial_left: number;
}

/** GET /api/usage */
export interface PlanShown {
  plan: string;
  overage: boolean;
  allowances: Allowance[];
}
