import { describe, expect, it } from 'vitest';
import { renderPage } from '../../examples/bookinfo/page.ts';
import { readToken, signToken } from '../../examples/kim-shop/tokens.ts';

describe('renderPage', () => {
  const details = { status: 200, data: { author: 'William <Shakespeare>' } };

  it('shows stars in their colour', () => {
    const reviews = [{ reviewer: 'Reviewer1', text: 'Fun', rating: { stars: 4, color: 'red' as const } }];

    const html = renderPage({ user: 'jason', details, reviews: { status: 200, data: { id: 0, version: 'v3', reviews } } });

    expect(html).toContain('<span style="color: red">★★★★☆</span>');
    expect(html).toContain('Signed in as jason');
    expect(html).toContain('William &lt;Shakespeare&gt;');
  });

  it('says that ratings are unavailable', () => {
    const reviews = [{ reviewer: 'Reviewer1', text: 'Fun', rating: { error: 'Ratings service is currently unavailable' } }];

    expect(renderPage({ user: undefined, details, reviews: { status: 200, data: { id: 0, version: 'v2', reviews } } })).toContain(
      '<p>Ratings service is currently unavailable</p>',
    );
  });

  it('says that reviews are unavailable', () => {
    const error = 'Sorry, product reviews are currently unavailable';

    expect(renderPage({ user: undefined, details, reviews: { status: 503, error } })).toContain(`<p>${error}</p>`);
  });
});

describe('the tokens of the shop', () => {
  const key = Buffer.from('a key');
  const token = signToken({ user_name: 'cheng', userId: 1 }, key);

  it('carry the claims of the walk-through', () => {
    expect(readToken(`Bearer ${token}`, key)).toMatchObject({ user_name: 'cheng', userId: 1, license: 'made by kim' });
  });

  it.each([
    ['nothing', undefined],
    ['another scheme', `Basic ${token}`],
    ['another signature', `Bearer ${token.replace(/[^.]+$/, 'AAAA')}`],
    ['another payload', `Bearer ${token.replace(/\.[^.]+\./, '.e30.')}`],
  ])('are refused when there is %s', (_what, authorization) => {
    expect(readToken(authorization, key)).toBeUndefined();
  });

  it('are refused with another key', () => {
    expect(readToken(`Bearer ${token}`, Buffer.from('another key'))).toBeUndefined();
  });
});
