import { EventEmitter, once } from 'node:events';
import type { Duplex } from 'node:stream';
import { Client, credentials, Metadata, Server, ServerCredentials, status, type ChannelOptions, type ServiceDefinition, type ServiceError } from '@grpc/grpc-js';

const whole = (text: string): Buffer => Buffer.from(text);
const read = (bytes: Buffer): string => bytes.toString();
const method = (path: string, responseStream: boolean, requestStream = false) => ({ path, requestStream, responseStream, requestSerialize: whole, requestDeserialize: read, responseSerialize: whole, responseDeserialize: read });

/** A service whose messages are texts, without a schema. */
const GREETER: ServiceDefinition = { greet: method('/Greeter/Greet', false), count: method('/Greeter/Count', true), talk: method('/Greeter/Talk', true, true), wait: method('/Greeter/Wait', false) };

/** A server of `Greeter` on a free port of loopback, in the clear or with TLS. */
export async function greeterServer(version: string, secure = ServerCredentials.createInsecure()): Promise<{ port: number; waiting: EventEmitter; close(): void }> {
  const server = new Server();
  /** Tells of calls that wait without end: `begun`, `cancelled`. */
  const waiting = new EventEmitter();
  server.addService(GREETER, {
    greet: ({ request, metadata }: { request: string; metadata: Metadata }, callback: (error: Partial<ServiceError> | null, answer?: string, trailer?: Metadata) => void) => {
      if (request === 'fail') callback({ code: status.FAILED_PRECONDITION, details: 'as asked' });
      else callback(null, `${version} greets ${request}, ${String(metadata.get('x-from')[0] ?? 'nobody')}`);
    },
    count: (call: { request: string; write(answer: string): void; end(): void }) => {
      for (let i = 1; i <= Number(call.request); i++) call.write(`${version} ${i}`);
      call.end();
    },
    talk: (call: Duplex) => {
      call.on('data', (text: string) => call.write(`${version} ${text}`)).on('end', () => call.end());
    },
    wait: (call: EventEmitter) => {
      waiting.emit('begun');
      call.on('cancelled', () => waiting.emit('cancelled'));
    },
  } as never);
  const port = await new Promise<number>((resolve, reject) => server.bindAsync('127.0.0.1:0', secure, (error, port) => (error === null ? resolve(port) : reject(error))));
  return { port, waiting, close: () => server.forceShutdown() };
}

/** A client of `Greeter`. */
export function greeter(address: string, options: ChannelOptions = {}, secure = credentials.createInsecure()) {
  const client = new Client(address, secure, options);
  return {
    greet: (name: string, headers: Record<string, string> = {}) =>
      new Promise<string>((resolve, reject) => {
        const metadata = new Metadata();
        for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
        client.makeUnaryRequest('/Greeter/Greet', whole, read, name, metadata, { deadline: Date.now() + 5000 }, (error, answer) => (error === null ? resolve(answer!) : reject(error)));
      }),
    async count(to: number): Promise<string[]> {
      const answers: string[] = [];
      for await (const answer of client.makeServerStreamRequest('/Greeter/Count', whole, read, String(to))) answers.push(answer as string);
      return answers;
    },
    /** Says all of it, and gives what is said back. */
    async talk(texts: readonly string[]): Promise<string[]> {
      const call = client.makeBidiStreamRequest('/Greeter/Talk', whole, read);
      const answers: string[] = [];
      void (async () => {
        for (const text of texts) if (!call.write(text)) await once(call, 'drain');
        call.end();
      })();
      for await (const answer of call) answers.push(answer as string);
      return answers;
    },
    /** A call that is never answered, and the way to give it up. */
    wait: (options: { deadline?: number } = {}) => {
      const { promise, resolve } = Promise.withResolvers<ServiceError | null>();
      const call = client.makeUnaryRequest('/Greeter/Wait', whole, read, 'please', options, (error) => resolve(error));
      return { failure: promise, cancel: () => call.cancel() };
    },
    close: () => client.close(),
  };
}
