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
  error: string;
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
  description_zh: string;
  group: string;
  shown?: string;
  shown_zh?: string;
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
  version: string | null;
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

/** One that is not `readable` opens nothing, and nothing else is known of it; its id revokes it. */
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
  readable: boolean;
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
  readable: boolean;
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
  key_name: string;
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

export interface AgentUsage {
  input_tokens: number;
  output_tokens: number;
  total_tokens: number;
  reasoning_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  credits: number | null;
  estimated: boolean;
  rounds: number;
}

export interface AgentStart {
  type: "start";
  session_id: string | null;
  model: string;
}

export interface AgentText {
  type: "text";
  text: string;
}

export interface AgentReasoning {
  type: "reasoning";
  text: string;
}

export interface AgentToolStart {
  type: "tool_start";
  id: string;
  name: string;
  source: string;
  arguments: Record<string, unknown>;
}

export interface AgentToolEnd {
  type: "tool_end";
  id: string;
  name: string;
  source: string;
  arguments: Record<string, unknown>;
  duration: number;
  result?: string;
  error?: string;
  images?: string[];
}

export interface AgentAsked {
  id: string;
  name: string;
  source: string;
  arguments: Record<string, unknown>;
  touches: string;
}

export interface AgentApproval {
  id: string;
  name: string;
  source: string;
  arguments: Record<string, unknown>;
  touches: string;
  type: "approval";
  session_id: string | null;
}

export interface AgentCounted {
  type: "usage";
  usage: AgentUsage;
}

export interface AgentErrorDetail {
  message: string;
  code: string;
  param: string | null;
  request_id: string | null;
}

export interface AgentFailed {
  type: "error";
  error: AgentErrorDetail;
}

/** The last event of every stream. */
export interface AgentDone {
  type: "done";
  stop_reason: string;
  message: string;
  duration: number;
  usage: AgentUsage;
  session_id: string | null;
}

export interface AgentTextPart {
  type: "text";
  text: string;
}

export interface AgentReasoningPart {
  type: "reasoning";
  text: string;
}

export interface AgentImagePart {
  type: "image";
  url: string;
}

export interface AgentCallPart {
  type: "tool_call";
  id: string;
  name: string;
  arguments: Record<string, unknown>;
}

export interface AgentResultPart {
  type: "tool_result";
  id: string;
  text: string;
  is_error: boolean;
  images?: string[];
}

export interface AgentMessage {
  role: "user" | "assistant";
  parts: (AgentTextPart | AgentReasoningPart | AgentImagePart | AgentCallPart | AgentResultPart)[];
}

/** GET /v1/agent/sessions/{id}. `broken_off`: its last run did not come to an end, or goes on. */
export interface AgentSession {
  id: string;
  title: string;
  model: string;
  created_at: number;
  updated_at: number;
  broken_off: boolean;
  waiting_for: string[];
  approvals: AgentAsked[];
  messages: AgentMessage[];
}

export interface AgentHead {
  id: string;
  title: string;
  model: string;
  created_at: number;
  updated_at: number;
  turns: number;
  paused: boolean;
}

/** GET /v1/agent/sessions */
export interface AgentHeads {
  sessions: AgentHead[];
}

export interface AgentTool {
  name: string;
  description: string;
  schema: Record<string, unknown>;
  source: string;
  approval: "auto" | "ask" | "deny";
  touches: string;
}

export interface AgentServer {
  name: string;
  transport: string | null;
  state: "off" | "starting" | "ready" | "failed";
  error: string | null;
  notes: string[];
  tools: number;
  since: number | null;
  latency: number | null;
  file: string | null;
}

/** GET /v1/agent/tools */
export interface AgentTools {
  tools: AgentTool[];
  servers: AgentServer[];
  problems: string[];
  workspace: string;
}

/** `note` is whether the file can be saved all the same: a member that has no effect. */
export interface McpProblem {
  message: string;
  server: string;
  line: number | null;
  column: number | null;
  member: string;
  note: boolean;
}

/** `text` is null where there is no file, or one that is no JSON: its secrets could not be told. */
export interface McpFile {
  path: string;
  text: string | null;
  version: string;
  problems: McpProblem[];
}

export interface McpPair {
  user: McpFile;
  workspace: McpFile;
}

/** GET /api/mcp */
export interface McpFiles {
  files: McpPair;
  schema: Record<string, unknown>;
}

/** PUT /api/mcp */
export interface McpChecked {
  path: string;
  problems: McpProblem[];
}

/** POST /api/mcp/try */
export interface McpTried {
  servers: AgentServer[];
}
