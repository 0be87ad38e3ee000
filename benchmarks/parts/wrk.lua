-- The work of the benchmarks for wrk: a JSON body built for each request, status and body of the answer checked.
local threads = {}
local headers = { ["Content-Type"] = "application/json", ["X-Tenant"] = "acme" }
local body = '{"id": %d, "model": "small", "prompt": "explain the weather of tomorrow in a short poem for my team please", "max_tokens": %d}'

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  begun, wrong = 0, 0
end

function request()
  begun = begun + 1
  return wrk.format("POST", "/work", headers, string.format(body, begun, 16 + begun % 241))
end

function response(status, headers, text)
  if status ~= 200 or not text:find('"ok": true', 1, true) then wrong = wrong + 1 end
end

function done(summary, latency, requests)
  local all_begun, all_wrong, errors = 0, 0, summary.errors
  for _, thread in ipairs(threads) do
    all_begun, all_wrong = all_begun + thread:get("begun"), all_wrong + thread:get("wrong")
  end
  io.write(string.format('\n{"begun": %d, "answered": %d, "wrong": %d, "errors": %d, "p50_us": %d, "p95_us": %d, "p99_us": %d}\n',
    all_begun, summary.requests, all_wrong, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(95), latency:percentile(99)))
end
