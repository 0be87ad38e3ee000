// Websocket clients of k6: VUS virtual users with PER_VU connections each. Each connection sends a message every second
// and checks its echo. Connections open evenly over CONNECT_S; all close SECONDS after the last of them opened.
import { WebSocket } from 'k6/experimental/websockets';
import exec from 'k6/execution';
import { Counter, Trend } from 'k6/metrics';

const sent = new Counter('sent');
const echoed = new Counter('echoed');
const wrong = new Counter('wrong');
const unfinished = new Counter('unfinished');
const echo = new Trend('echo', true);
const vus = Number(__ENV.VUS);
const perVu = Number(__ENV.PER_VU);
const connectMs = Number(__ENV.CONNECT_S) * 1000;
const holdMs = Number(__ENV.SECONDS) * 1000;

export const options = {
  scenarios: {
    clients: { executor: 'per-vu-iterations', vus: vus, iterations: 1, maxDuration: '10m' },
  },
};

export default function () {
  for (let at = 0; at < perVu; at++) {
    const dueMs = (((exec.vu.idInTest - 1) * perVu + at) * connectMs) / (vus * perVu);
    setTimeout(() => client(connectMs - dueMs + holdMs), dueMs);
  }
}

function client(lifeMs) {
  const socket = new WebSocket(__ENV.URL);
  const open = new Map();
  let number = 0;
  socket.onopen = () => {
    const sending = setInterval(() => {
      number += 1;
      open.set(number, Date.now());
      socket.send(JSON.stringify({ type: 'message', seq: number }));
      sent.add(1);
    }, 1000);
    setTimeout(() => clearInterval(sending), lifeMs - 500);
    setTimeout(() => {
      unfinished.add(open.has(number) ? 1 : 0); // echoes come in order: one that is missing before the last is lost
      socket.onmessage = () => {};
      socket.close();
    }, lifeMs);
  };
  socket.onmessage = (event) => {
    const seq = JSON.parse(event.data).seq;
    if (open.has(seq)) {
      echo.add(Date.now() - open.get(seq));
      echoed.add(1);
      open.delete(seq);
    } else {
      wrong.add(1);
    }
  };
  socket.onerror = () => wrong.add(1);
}
