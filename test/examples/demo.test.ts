import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { Checklist } from '../../examples/demo/checklist.ts';
import { fortio } from '../../examples/demo/fortio.ts';
import { readManifest } from '../../examples/demo/manifest.ts';
import { summarize } from '../../examples/demo/report.ts';
import { play, type Scenario } from '../../examples/demo/scenario.ts';
import { Seeds } from '../../examples/demo/seeds.ts';

const context = { seeds: new Seeds(10), note: () => undefined };

function scenario(overrides: Partial<Scenario>): Scenario {
  return {
    id: 'X1',
    source: '',
    title: 'a scenario',
    configured: [],
    expected: '',
    run: async () => 1,
    check: () => ({ pass: true, figures: { calls: 3 }, failures: [] }),
    ...overrides,
  };
}

describe('Checklist', () => {
  it('passes when everything holds', () => {
    const verdict = new Checklist().equal('a', { b: [1] }, { b: [1] }).between('c', 3, 1, 3).matches('d', 'v1', /^v\d$/).verdict({ a: 1 });

    expect(verdict).toEqual({ pass: true, figures: { a: 1 }, failures: [] });
  });

  it('names both sides of each difference', () => {
    const { pass, failures } = new Checklist()
      .equal('version', 'v2', 'v1')
      .between('waits', 0.04, 1, 2)
      .matches('id', undefined, /x/)
      .holds('marked', false, ['-'])
      .verdict({});

    expect(pass).toBe(false);
    expect(failures).toEqual([
      'version: expected "v1", observed "v2"',
      'waits: expected 1 to 2, observed 0',
      'id: expected /x/, observed undefined',
      "marked: expected it to hold, observed [ '-' ]",
    ]);
  });

  it.each([
    { observed: 65, pass: true },
    { observed: 64, pass: false },
    { observed: 135, pass: true },
    { observed: 136, pass: false },
  ])('$observed of 200 is within five deviations of one half: $pass', ({ observed, pass }) => {
    expect(new Checklist().share('v1', observed, 200, 0.5).verdict({}).pass).toBe(pass);
  });

  it('does not take calls that went past the mesh, nor none at all', () => {
    const call = { url: 'http://a/', status: 200, flags: '-', cluster: undefined };

    expect(new Checklist().lean([{ ...call, lane: 'lean' }]).verdict({}).pass).toBe(true);
    expect(new Checklist().lean([{ ...call, lane: 'passthrough' }]).verdict({}).failures).toEqual([
      "calls that went past the mesh: expected [], observed [ 'http://a/ (passthrough)' ]",
    ]);
    expect(new Checklist().lean([]).verdict({}).pass).toBe(false);
  });
});

describe('play', () => {
  it('makes a FAIL of an error', async () => {
    const { verdict } = await play(scenario({ run: () => Promise.reject(new Error('no port')) }), context);

    expect(verdict).toEqual({ pass: false, figures: {}, failures: ['the run broke off: no port'] });
  });

  it('makes a FAIL of a hang', async () => {
    vi.useFakeTimers();
    try {
      const outcome = play(scenario({ run: () => new Promise(() => undefined) }), context);
      await vi.advanceTimersByTimeAsync(60_000);

      expect((await outcome).verdict.failures).toEqual(['the run broke off: no end after 60 s']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is summed up in a table, failures first named', async () => {
    const failing = scenario({ id: 'X2', check: () => ({ pass: false, figures: {}, failures: ['status: expected 200, observed 503'] }) });
    const outcomes = [await play(scenario({}), context), await play(failing, context)];

    const table = stripVTControlCharacters(summarize(outcomes, 1234));

    expect(table).toMatch(/^X1 .*PASS.*a scenario.*calls 3\nX2 .*FAIL.*status: expected 200, observed 503\n/);
    expect(table).toMatch(/1 passed, 1 failed in 1\.2 s\n$/);
  });
});

describe('Seeds', () => {
  it('divides delays and timeouts, and nothing else', async () => {
    const { text } = await new Seeds(10).read('seeds/kim/vs-cheng-delay.yaml');
    expect(text).toContain('fixedDelay: 700ms');
    expect((await new Seeds(10).read('seeds/kim/vs-timeout.yaml')).text).toContain('timeout: 50ms');
    expect((await new Seeds(10).read('seeds/kim/circuit-breaking.yaml')).text).toMatch(/interval: 1s[^]*baseEjectionTime: 3m/);
    expect((await new Seeds(1).read('seeds/kim/vs-timeout.yaml')).text).toContain('timeout: 500ms');
  });

  it('says what it did', () => {
    expect(new Seeds(10).describe(7000)).toBe('7 s ÷ 10 = 0.7 s');
    expect(new Seeds(1).describe(500)).toBe('0.5 s');
  });
});

describe('fortio', () => {
  it('gives each caller its share, one call after the other', async () => {
    let running = 0;
    let widest = 0;
    const report = await fortio({ connections: 3, calls: 10 }, async () => {
      widest = Math.max(widest, ++running);
      await Promise.resolve();
      running--;
      return 200;
    });

    expect(report).toMatchObject({ calls: 10, codes: { 200: 10 } });
    expect(widest).toBe(3);
  });

  it('counts calls that throw as 0', async () => {
    expect((await fortio({ connections: 1, calls: 2 }, () => Promise.reject(new Error('refused')))).codes).toEqual({ 0: 2 });
  });
});

describe('readManifest', () => {
  it('finds the pods of a Service by its selector', async () => {
    const { deployments, services } = readManifest((await new Seeds(1).read('kim-shop/kim-shop.yaml')).text);
    const payment = services.find(({ host }) => host === 'kim-payment-service.default');

    expect(deployments.filter((deployment) => payment?.selects(deployment)).map(({ name }) => name)).toEqual(['kim-payment-service-v1', 'kim-payment-service-v2']);
    expect(deployments).toHaveLength(5);
  });
});
