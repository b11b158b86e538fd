// A website of somebody else that embeds the widget, with as strict a policy as a site may have.

import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export class Site {
  private readonly listener: HttpServer;
  url = '';

  /** `server`: origin of faxun; `attributes`: those of the tag, besides `server`. */
  constructor(
    private readonly server: () => string,
    private readonly attributes = '',
  ) {
    this.listener = createServer((request, response) => {
      const from = this.server();
      response.setHeader('content-type', 'text/html; charset=utf-8');
      // No inline script, no inline style, nothing from anywhere but the one script and its socket.
      const socket = from.replace(/^http/, 'ws');
      response.setHeader(
        'content-security-policy',
        `default-src 'none'; script-src ${from}; connect-src ${from} ${socket}; require-trusted-types-for 'script'; trusted-types lit-html`,
      );
      const extra = new URL(request.url ?? '/', from).searchParams.get('attributes') ?? this.attributes;
      response.end(`<!doctype html><html lang="zh-CN"><title>某县司法局</title><main><h1>某县司法局</h1>
        <p>办事指南、通知公告。<a href="/news">新闻</a></p></main>
        <script type="module" src="${from}/widget.js"></script>
        <faxun-chat server="${from}" ${extra}></faxun-chat></html>`);
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.listener.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.listener.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.listener.close();
  }

  /** The address of a page whose tag has these attributes. */
  with(attributes: string): string {
    return `${this.url}/?attributes=${encodeURIComponent(attributes)}`;
  }
}
