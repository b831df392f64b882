// A running mls-driver: calls and fields of the interop service, octets as Buffers.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const program = `${process.env.TIMBRE_BUILD ?? `${root}build`}/mls-driver`;

/** Octets of a field of a response. */
export const bytes = (text) => Buffer.from(text ?? '', 'base64');

/** A request with every Buffer as base64. */
function plain(value) {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'bigint') return value.toString();
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
}

export class Driver {
  #child;
  #waiting = [];

  constructor() {
    this.#child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.on('error', (error) => this.#end(error));
    this.#child.on('exit', (code) => this.#end(new Error(`mls-driver ended with ${code}`)));
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const { resolve, reject, name } = this.#waiting.shift();
      const answer = JSON.parse(line);
      if ('error' in answer) reject(new Error(`${name}: ${answer.error}`));
      else resolve(answer);
    });
  }

  #end(error) {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  /** One call; answers come in the order of the calls. */
  call(name, request = {}) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject, name });
      this.#child.stdin.write(`${JSON.stringify({ ...plain(request), call: name })}\n`);
    });
  }

  /** The driver's exit code once it has read the end of its input. */
  close() {
    return new Promise((resolve) => {
      this.#child.on('close', resolve);
      this.#child.stdin.end();
    });
  }
}
