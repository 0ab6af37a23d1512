-- serves: 1
CREATE TABLE laneway_results (
  pool text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  revision bigint NOT NULL,
  status text COLLATE "C" NOT NULL,
  lane text COLLATE "C" NOT NULL,
  code text COLLATE "C",
  cause text,
  message text,
  model text NOT NULL,
  model_digest text,
  finish_reason text,
  attempts_failed integer NOT NULL,
  submitted_at timestamptz NOT NULL,
  started_at timestamptz,
  first_token_at timestamptz,
  finished_at timestamptz NOT NULL,
  queued_seconds double precision NOT NULL,
  run_seconds double precision NOT NULL,
  prompt_tokens bigint,
  completion_tokens bigint,
  gpu_seconds double precision,
  usd double precision,
  labels jsonb NOT NULL,
  url text NOT NULL,
  etag text NOT NULL,
  output_url text,
  text text,
  parsed jsonb,
  written_at timestamptz NOT NULL,
  PRIMARY KEY (pool, id)
);
CREATE INDEX laneway_results_ended ON laneway_results (pool, finished_at, id);
CREATE INDEX laneway_results_lane ON laneway_results (pool, lane, finished_at, id);
CREATE INDEX laneway_results_status ON laneway_results (pool, status, finished_at, id) WHERE status <> 'succeeded';
CREATE INDEX laneway_results_lane_status ON laneway_results (pool, lane, status, finished_at, id)
  WHERE status <> 'succeeded';
CREATE INDEX laneway_results_code ON laneway_results (pool, code, finished_at, id) WHERE code IS NOT NULL;
CREATE INDEX laneway_results_written ON laneway_results (pool, written_at);
CREATE INDEX laneway_results_labels ON laneway_results USING gin (labels jsonb_path_ops);
