import type { MeshSettings } from './config/snapshot.ts';
import { AccessLogOutput, isLogOutput } from './engine/access-log-output.ts';
import type { LoggedCall } from './engine/call-info.ts';
import type { LoggedConnection } from './engine/connection-info.ts';
import { lineFormat, type LineFormat } from './telemetry/access-log-format.ts';

/** Takes lines; `false`: none are made. */
export type AccessLogOption = ((line: string) => void) | false;

/** Where the lines of a mesh's access log go: to the caller's function, else to where MeshConfig says, if that is the process's output. */
export class AccessLog {
  readonly #option: AccessLogOption | undefined;
  /** Opened when they are first written to. */
  readonly #outputs = new Map<string, AccessLogOutput>();
  /** Of the settings that were in force when it last wrote. */
  #settings: MeshSettings | undefined;
  #format: LineFormat = lineFormat({ encoding: 'TEXT', format: '' });

  constructor(option: AccessLogOption | undefined) {
    this.#option = option;
  }

  write(entry: LoggedCall | LoggedConnection, settings: MeshSettings): void {
    const { accessLogFile, accessLogEncoding: encoding, accessLogFormat: format } = settings;
    const option = this.#option ?? (isLogOutput(accessLogFile) && ((line: string) => this.#output(accessLogFile).write(line)));
    if (option === false) return;
    if (settings !== this.#settings) {
      this.#settings = settings;
      this.#format = lineFormat({ encoding, format });
    }
    option(this.#format(entry.accessRecord()));
  }

  /** Resolves when everything is written. */
  async flush(): Promise<void> {
    await Promise.all([...this.#outputs.values()].map((output) => output.flush()));
  }

  #output(file: string): AccessLogOutput {
    let output = this.#outputs.get(file);
    if (output === undefined) this.#outputs.set(file, (output = new AccessLogOutput(file)));
    return output;
  }
}
