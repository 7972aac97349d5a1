import type { Page } from './productpage.ts';
import type { Rating } from './reviews.ts';

/** The page as HTML: little more than the walk-through's screenshots show. */
export function renderPage({ user, details, reviews }: Page): string {
  const detailsHtml =
    'data' in details
      ? `<dl>${Object.entries(details.data).map(([name, value]) => `<dt>${escape(name)}</dt><dd>${escape(String(value))}</dd>`).join('')}</dl>`
      : `<p>${details.error}</p>`;
  const reviewsHtml =
    'data' in reviews
      ? reviews.data.reviews
          .map(({ reviewer, text, rating }) => `<blockquote><p>${escape(text)}</p><cite>${escape(reviewer)}</cite>${stars(rating)}</blockquote>`)
          .join('\n')
      : `<p>${reviews.error}</p>`;
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Simple Bookstore App</title></head>
<body>
<p>${user === undefined ? '<form method="post" action="/login"><input name="username" placeholder="User Name"> <button>Sign in</button></form>' : `Signed in as ${escape(user)}`}</p>
<h1>The Comedy of Errors</h1>
<h2>Book Details</h2>
${detailsHtml}
<h2>Book Reviews</h2>
${reviewsHtml}
</body>
</html>
`;
}

function stars(rating: Rating | undefined): string {
  if (rating === undefined) return '';
  if ('error' in rating) return `<p>${rating.error}</p>`;
  return `<span style="color: ${rating.color}">${'★'.repeat(rating.stars)}${'☆'.repeat(5 - rating.stars)}</span>`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
