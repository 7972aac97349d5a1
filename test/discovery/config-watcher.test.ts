import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfigReader, type ConfigRead, type ConfigScan } from '../../src/discovery/config-reader.ts';
import { ConfigWatcher } from '../../src/discovery/config-watcher.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { until } from '../mesh/http-services.ts';
import { TempFolder } from './temp-folder.ts';

/** The folders that are watched, and what is called when something happens there. */
const watches = vi.hoisted(() => new Map<string, () => void>());

// The system tells nothing here, as on a network file system, unless a test does; looks are taken when the clock says so.
vi.mock('node:fs', async (original) => ({
  ...(await original<object>()),
  watch: (path: string, _options: unknown, listener: (type: string, name: string) => void) => {
    watches.set(path, () => listener('change', 'a.yaml'));
    return { on: () => {}, close: () => watches.delete(path) };
  },
}));

const TIMES = { debounceMs: 100, pollMs: 1000 };
const rule = (name: string): string => `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: ${name}}\nspec: {host: ${name}}\n`;

interface Told {
  readonly files: readonly string[];
  /** Names of the resources in force. */
  readonly names: string;
}

/** A watcher on virtual time, and what it told. */
class Watched {
  readonly told: Told[] = [];
  readonly failures: unknown[] = [];
  readonly clock = new VirtualClock();
  #watcher!: ConfigWatcher;

  static async of(reader: ConfigReader, strip = ''): Promise<Watched> {
    const watched = new Watched();
    const scan = await reader.scan();
    watched.#watcher = new ConfigWatcher(reader, scan, await reader.read(scan), watched.clock, TIMES, {
      changed: async ({ reads, issues }, files) => {
        const names = [...reads.flatMap(({ resources }) => resources.map(({ name }) => name)), ...issues.map(({ code }) => code)];
        watched.told.push({ files: files.map((file) => file.slice(strip.length)), names: names.join(' ') });
      },
      failed: (error) => watched.failures.push(error),
    });
    await watched.pass(0);
    return watched;
  }

  close(): void {
    this.#watcher.close();
  }

  /** Lets virtual time pass; looks at files take real time, and are over when the next one is set. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; ; left -= 10) {
      await this.clock.advance(Math.min(left, 10));
      await until(() => this.clock.pending > 0, 'the look is over');
      if (left <= 0) return;
    }
  }
}

describe('a watcher of files', () => {
  let folder: TempFolder;
  let watched: Watched;
  beforeEach(async () => {
    folder = await TempFolder.with({ 'a.yaml': rule('a'), 'b.yaml': rule('b') });
    watched = await Watched.of(new ConfigReader([{ path: folder.path }], {}), `${folder.path}/`);
    // The next look is a second from now.
    await watched.pass(3000);
  });
  afterEach(async () => {
    watched.close();
    await folder[Symbol.asyncDispose]();
  });

  it('finds an edit at the next look, and reads it when it has rested', async () => {
    await folder.write('a.yaml', rule('x'));
    await watched.pass(1200);

    expect(watched.told).toEqual([{ files: ['a.yaml'], names: 'x b' }]);
    await watched.pass(5000);
    expect(watched.told).toHaveLength(1);
  });

  it('tells of several edits at once, whatever they are', async () => {
    await folder.write('a.yaml', rule('x'));
    await folder.remove('b.yaml');
    await folder.write('sub/c.yaml', rule('c'));
    await watched.pass(1200);

    expect(watched.told).toEqual([{ files: ['a.yaml', 'b.yaml', 'sub/c.yaml'], names: 'x c' }]);
  });

  it('tells nothing of a file that was only touched, or replaced by its equal', async () => {
    await folder.write('a.yaml', rule('a'));
    await folder.replace('b.yaml', rule('b'));
    await watched.pass(5000);

    expect(watched.told).toEqual([]);
  });

  it('reads no file that is being written, though its parts would pass for a whole', async () => {
    const parts = [rule('a'), '---\n', rule('b2'), '---\n', rule('b3'), '---\n', rule('b4')];
    for (let i = 1; i <= parts.length; i++) {
      await folder.write('a.yaml', parts.slice(0, i).join(''));
      await watched.pass(i === 1 ? 1000 : 70);
    }
    expect(watched.told).toEqual([]);
    await watched.pass(150);

    expect(watched.told).toEqual([{ files: ['a.yaml'], names: 'a b2 b3 b4 b' }]);
  });

  it('waits longer for a file that was emptied to be filled', async () => {
    await folder.write('a.yaml', '');
    await watched.pass(1900);
    expect(watched.told).toEqual([]);
    await folder.write('a.yaml', rule('full'));
    await watched.pass(250);

    expect(watched.told).toEqual([{ files: ['a.yaml'], names: 'full b' }]);
  });

  it('believes in the end that a file is empty', async () => {
    await folder.write('a.yaml', '');
    await watched.pass(2200);

    expect(watched.told).toEqual([{ files: ['a.yaml'], names: 'b' }]);
  });

  it('does not see a file missing that is replaced in two steps', async () => {
    await folder.rename('a.yaml', 'a.yaml~');
    await watched.pass(1050);
    await folder.write('a.yaml', rule('new'));
    await watched.pass(150);

    expect(watched.told).toEqual([{ files: ['a.yaml'], names: 'new b' }]);
  });

  it('reads files that never rest all the same, after a long time', async () => {
    for (let i = 0; i < 160; i++) {
      await folder.write('a.yaml', `${rule('a')}# ${i}\n`);
      if (i === 3) await folder.write('b.yaml', rule('edited'));
      await watched.pass(80);
    }

    expect(watched.told).toMatchObject([{ files: ['a.yaml', 'b.yaml'], names: 'a edited' }]);
  });

  it('tells once that the folder is gone, and what it holds when it is back', async () => {
    await folder.remove();
    await watched.pass(5000);
    expect(watched.told).toEqual([{ files: ['a.yaml', 'b.yaml'], names: 'ERR_UNREADABLE' }]);
    await folder.write('a.yaml', rule('a'));
    await watched.pass(2000);

    expect(watched.told.slice(1)).toEqual([{ files: ['a.yaml'], names: 'a' }]);
  });

  it('tells nothing after it was closed, also of a look under way', async () => {
    await folder.write('a.yaml', rule('x'));
    await watched.pass(1000);
    await watched.clock.advance(100);
    watched.close();
    await new Promise((resolve) => setTimeout(resolve, 50));

    expect(watched.told).toEqual([]);
    expect(watched.clock.pending).toBe(0);
  });
});

describe('a watcher and its reader', () => {
  const scan = (fingerprint: string, folders = ['/mesh']): ConfigScan => ({ paths: [], fingerprint, empty: new Set(), folders: folders.map((path) => ({ path, id: '1' })) });
  const read = (content: string): ConfigRead => ({ reads: [], issues: [], hashes: new Map([['a.yaml', content]]) });

  /** A reader of files that look and are as said. */
  function scripted(start: string): { state: { seen: string; content: string; doubt: boolean; folders: string[]; onRead: () => void; onScan: () => void }; reader: ConfigReader } {
    const state = { seen: start, content: start, doubt: false, folders: ['/mesh'], onRead: () => {}, onScan: () => {} };
    const reader = {
      get isDoubtful() {
        return state.doubt;
      },
      scan: async () => {
        const { seen, folders } = state;
        state.onScan();
        return scan(seen, folders);
      },
      read: async () => {
        const { content } = state;
        state.onRead();
        return read(content);
      },
    };
    return { state, reader: reader as unknown as ConfigReader };
  }

  it('looks soon after the system told of a change', async () => {
    const { state, reader } = scripted('1');
    const watched = await Watched.of(reader);
    state.seen = state.content = '2';
    watches.get('/mesh')!();
    await watched.pass(150);
    watched.close();

    expect(watched.told).toHaveLength(1);
    expect(watches.size).toBe(0);
  });

  it('looks again when it was told of a change that the look under way may have missed', async () => {
    const { state, reader } = scripted('1');
    const watched = await Watched.of(reader);
    state.onScan = () => {
      state.onScan = () => {};
      state.seen = state.content = '2';
      watches.get('/mesh')!();
    };
    watches.get('/mesh')!();
    await watched.pass(200);
    watched.close();

    expect(watched.told).toHaveLength(1);
  });

  it('watches the folders that a look finds, and no longer those that it does not', async () => {
    const { state, reader } = scripted('1');
    const watched = await Watched.of(reader);
    state.folders = ['/mesh', '/mesh/sub'];
    await watched.pass(1100);
    expect([...watches.keys()]).toEqual(['/mesh', '/mesh/sub']);
    state.folders = ['/mesh'];
    await watched.pass(1100);
    expect([...watches.keys()]).toEqual(['/mesh']);
    watched.close();
  });

  it('puts nothing together that was changed while it was read', async () => {
    const { state, reader } = scripted('1');
    const watched = await Watched.of(reader);
    state.seen = state.content = '2';
    // A new state appears during each of the first three readings.
    let readings = 0;
    state.onRead = () => {
      if (++readings <= 3) state.seen = state.content = `${2 + readings}`;
    };
    await watched.pass(2000);
    watched.close();

    expect(readings).toBe(4);
    expect(watched.told).toHaveLength(1);
  });

  it('sees by reading what stamps do not show, for as long as that may be', async () => {
    const { state, reader } = scripted('1');
    const watched = await Watched.of(reader);
    state.doubt = true;
    await watched.pass(1100);
    state.content = '2';
    await watched.pass(2200);
    expect(watched.told).toHaveLength(1);

    state.doubt = false;
    await watched.pass(2200);
    state.content = '3';
    await watched.pass(9000);
    watched.close();
    expect(watched.told).toHaveLength(1);
  });

  it('goes on after a failure, and then tells what there is', async () => {
    const { state, reader } = scripted('1');
    const watched = await Watched.of(reader);
    state.seen = '2';
    state.onRead = () => {
      throw new Error('disk on fire');
    };
    await watched.pass(1200);
    expect(watched.failures.map(String)).toContain('Error: disk on fire');
    expect(watched.told).toEqual([]);

    // Nothing has changed since, but the failure is over.
    state.onRead = () => {};
    await watched.pass(1200);
    watched.close();
    expect(watched.told).toHaveLength(1);
  });
});
