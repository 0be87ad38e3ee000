// The work of the benchmarks as open arrivals of k6: a JSON body built for each, status and body of the answer checked.
import http from 'k6/http';
import exec from 'k6/execution';
import { Counter } from 'k6/metrics';

const begun = new Counter('begun');
const wrong = new Counter('wrong');
const headers = { 'Content-Type': 'application/json', 'X-Tenant': 'acme' };
const prompt = 'explain the weather of tomorrow in a short poem for my team please';
const vus = Number(__ENV.VUS);

export const options = {
  scenarios: {
    arrivals: {
      executor: 'constant-arrival-rate', rate: Number(__ENV.RATE), timeUnit: '1s', duration: `${__ENV.SECONDS}s`,
      preAllocatedVUs: vus, maxVUs: vus, gracefulStop: __ENV.GRACEFUL_STOP,
    },
  },
};

export default function () {
  const number = exec.scenario.iterationInTest;
  const body = JSON.stringify({ id: number, model: 'small', prompt: prompt, max_tokens: 16 + (number % 241) });
  if (__ENV.COUNT_BEGUN) begun.add(1);
  const answer = http.post(__ENV.URL, body, { headers: headers });
  if (answer.status !== 200 || answer.json('ok') !== true) wrong.add(1);
}
