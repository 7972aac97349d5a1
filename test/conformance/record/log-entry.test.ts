import { describe, expect, it } from 'vitest';
import { readLogEntry } from './log-entry.ts';

describe('readLogEntry', () => {
  it.each([
    [
      '[2026-01-01T00:00:00.000Z] "GET /a b HTTP/1.1" 200 - via_upstream - "-" 0 7 3 2 "10.0.0.1" "curl/8" "id" "a.example.com" "127.0.1.41:9080" outbound|9080||details 127.0.0.1:1 127.0.0.1:2 127.0.0.1:3 a.example.com -',
      { status: 200, flags: '-', details: 'via_upstream', cluster: 'outbound|9080||details', route: null, endpoint: '127.0.1.41:9080', sni: 'a.example.com' },
    ],
    [
      '[2026-01-01T00:00:00.000Z] "- - -" 0 NR filter_chain_not_found - "-" 0 0 0 - "-" "-" "-" "-" "-" - - 127.0.0.1:2 127.0.0.1:3 - -',
      { status: 0, flags: 'NR', details: 'filter_chain_not_found', cluster: null, route: null, endpoint: null },
    ],
  ])('%s', (line, entry) => expect(readLogEntry(line)).toEqual(entry));
});
