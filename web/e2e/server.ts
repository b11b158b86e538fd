// A real faxun server with a data directory of its own, and a network in front of it that can be cut.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server as NetServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PASSWORD = 'correct horse battery';
const START_MS = 30_000;

function program(): string {
  const bin = process.env['FAXUN_BIN'];
  if (!bin) throw new Error('FAXUN_BIN must name the faxun program (make test sets it)');
  return bin;
}

export interface Staff {
  name: string;
  password: string;
}

export class Server {
  private readonly data = join(mkdtempSync(join(tmpdir(), 'faxun-e2e-')), 'data');
  private child: ChildProcess | undefined;
  address = '127.0.0.1:0';

  constructor(private readonly env: Record<string, string> = {}) {}

  get url(): string {
    return `http://${this.address}`;
  }

  addStaff(name: string, role: string): Staff {
    const licence = role === 'lawyer' ? ['--licence', '11101202610000000'] : [];
    const args = ['staff', 'add', name, '--role', role, ...licence, '--password-stdin', '--data', this.data];
    const done = spawnSync(program(), args, { input: `${PASSWORD}\n`, encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`faxun ${args.join(' ')}: ${done.stderr}`);
    return { name, password: PASSWORD };
  }

  /** Starts, the second time at the same address. */
  async start(): Promise<void> {
    const args = ['serve', '--listen', this.address, '--data', this.data];
    const child = spawn(program(), args, { env: { ...process.env, ...this.env } });
    this.child = child;
    let output = '';
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`${why}\n${output}`));
      const timer = setTimeout(() => fail('the server did not say where it listens'), START_MS);
      child.once('exit', (code) => fail(`the server ended with ${code}`));
      child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.stdout?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        const found = /listening on http:\/\/(\S+)/.exec(output);
        if (!found?.[1]) return;
        this.address = found[1];
        clearTimeout(timer);
        resolve();
      });
    });
    child.removeAllListeners('exit');
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  async remove(): Promise<void> {
    await this.end('SIGKILL');
    rmSync(join(this.data, '..'), { recursive: true, force: true });
  }
}

/** A TCP relay to the server: `cut` is a lost network, `mute` one that only carries what the browser sends. */
export class Network {
  private readonly pairs = new Set<[Socket, Socket]>();
  private readonly listener: NetServer;
  private up = true;
  private muted = false;
  url = '';

  constructor(private readonly server: Server) {
    this.listener = createServer((browser) => this.relay(browser));
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.listener.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.listener.address() as AddressInfo).port}`;
  }

  cut(): void {
    this.up = false;
    for (const [a, b] of this.pairs) {
      a.destroy();
      b.destroy();
    }
  }

  mute(): void {
    this.muted = true;
  }

  restore(): void {
    this.up = true;
    this.muted = false;
  }

  stop(): void {
    this.cut();
    this.listener.close();
  }

  private relay(browser: Socket): void {
    if (!this.up) {
      browser.destroy();
      return;
    }
    const [host, port] = this.server.address.split(':');
    const server = connect(Number(port), host);
    const pair: [Socket, Socket] = [browser, server];
    this.pairs.add(pair);
    browser.pipe(server);
    server.on('data', (chunk: Buffer) => {
      if (!this.muted) browser.write(chunk);
    });
    for (const socket of pair) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.pairs.delete(pair);
        browser.destroy();
        server.destroy();
      });
    }
  }
}
