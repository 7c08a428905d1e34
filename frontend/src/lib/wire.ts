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
  profile: string | null;
  token: string;
}

/** GET /api/login, POST /api/login/refresh */
export interface LoginShown {
  places: LoginPlace[];
  names: string[];
  name: string;
  login: LoginInUse | null;
  error?: string;
  next: string;
}

/** POST /api/login/device, GET /api/login/device/{id} */
export interface DeviceLogin {
  id: string;
  name: string;
  address: string;
  user_code: string;
  expires_at: number;
  state: "waiting" | "done" | "denied" | "expired" | "failed";
  message: string;
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
  account: string;
  overage: boolean;
  allowances: Allowance[];
}

export interface DoctorStep {
  name: string;
  ok: boolean;
  milliseconds: number;
  told: string;
}

/** POST /api/doctor */
export interface Examined {
  ok: boolean;
  steps: DoctorStep[];
}

export interface SettingNext {
  value: string;
  source: string;
}

export interface SettingShown {
  value: string;
  source: string;
  variable: string;
  secret: boolean;
  editable: boolean;
  next: SettingNext | null;
}

export interface SettingItems {
  type: string;
  enum?: string[];
  pattern?: string;
}

/** What a setting can be. */
export interface SettingSchema {
  type: "string" | "integer" | "number" | "boolean" | "array";
  title: string;
  description: string;
  group: string;
  shown?: string;
  default?: unknown;
  writeOnly?: boolean;
  enum?: string[];
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  items?: SettingItems;
  minItems?: number;
}

export interface SettingsSchema {
  type: string;
  additionalProperties: boolean;
  properties: Record<string, SettingSchema>;
}

/** GET /api/settings */
export interface SettingsShown {
  schema: SettingsSchema;
  settings: Record<string, SettingShown>;
  file: string;
  problem: string | null;
}

export interface SettingDiff {
  from: string;
  to: string;
}

/** PUT /api/settings */
export interface SettingsSaved {
  diff: Record<string, SettingDiff>;
  restart: boolean;
}

export interface KeyShown {
  id: string;
  name: string;
  created_at: number;
  expires_at: number | null;
  models: string[];
  requests_per_minute: number | null;
  tokens_per_day: number | null;
  credits_per_month: number | null;
  login: string;
  metrics: boolean;
}

export interface KeyUsed {
  tokens_today: number;
  credits_this_month: number;
}

export interface KeyListed {
  id: string;
  name: string;
  created_at: number;
  expires_at: number | null;
  models: string[];
  requests_per_minute: number | null;
  tokens_per_day: number | null;
  credits_per_month: number | null;
  login: string;
  metrics: boolean;
  used: KeyUsed;
}

/** GET /api/keys */
export interface KeyList {
  keys: KeyListed[];
}

/** POST /api/keys */
export interface KeyMade {
  key: KeyShown;
  secret: string;
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
  groups: Record<string, StatsTotal>;
}

export interface Stats {
  range: string;
  by: string;
  step: number;
  from: number;
  to: number;
  total: StatsTotal;
  groups: StatsGroup[];
  series: StatsPoint[];
}
