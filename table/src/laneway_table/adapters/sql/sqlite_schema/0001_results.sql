-- serves: 1
CREATE TABLE laneway_results (
  pool TEXT NOT NULL,
  id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  status TEXT NOT NULL,
  lane TEXT NOT NULL,
  code TEXT,
  cause TEXT,
  message TEXT,
  model TEXT NOT NULL,
  model_digest TEXT,
  finish_reason TEXT,
  attempts_failed INTEGER NOT NULL,
  submitted_at TEXT NOT NULL,
  started_at TEXT,
  first_token_at TEXT,
  finished_at TEXT NOT NULL,
  queued_seconds REAL NOT NULL,
  run_seconds REAL NOT NULL,
  prompt_tokens INTEGER,
  completion_tokens INTEGER,
  gpu_seconds REAL,
  usd REAL,
  labels TEXT NOT NULL,
  url TEXT NOT NULL,
  etag TEXT NOT NULL,
  output_url TEXT,
  text TEXT,
  parsed TEXT,
  written_at TEXT NOT NULL,
  PRIMARY KEY (pool, id)
);
CREATE INDEX laneway_results_ended ON laneway_results (pool, finished_at, id);
CREATE INDEX laneway_results_lane ON laneway_results (pool, lane, finished_at, id);
CREATE INDEX laneway_results_lane_status ON laneway_results (pool, lane, status, finished_at, id);
CREATE INDEX laneway_results_status ON laneway_results (pool, status, finished_at, id);
CREATE INDEX laneway_results_code ON laneway_results (pool, code, finished_at, id) WHERE code IS NOT NULL;
CREATE INDEX laneway_results_written ON laneway_results (pool, written_at);
