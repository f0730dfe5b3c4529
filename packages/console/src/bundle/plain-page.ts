// A page of text alone, for when the console cannot be shown: no script, no style, nothing to load.

export type ConsoleAnswer = {
  readonly status: number
  readonly type: string
  readonly body: Buffer | string
  readonly fields: Readonly<Record<string, string>>
}

type PlainPage = {
  readonly title: string
  readonly paragraphs: readonly string[]
  /** What to type, below the first paragraph. */
  readonly command?: string
  readonly links?: readonly { readonly href: string; readonly text: string }[]
  readonly fields?: Readonly<Record<string, string>>
}

export function writePlainAnswer(status: number, { title, paragraphs, command, links = [], fields }: PlainPage) {
  const [first, ...others] = paragraphs.map(text => `<p>${escapeHtml(text)}</p>`)
  const body = [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${escapeHtml(title)}</title>`,
    '</head>',
    `<body><main><h1>${escapeHtml(title)}</h1>`,
    first,
    ...(command === undefined ? [] : [`<p><code>${escapeHtml(command)}</code></p>`]),
    ...others,
    ...links.map(({ href, text }) => `<p><a href="${escapeHtml(href)}">${escapeHtml(text)}</a></p>`),
    '</main></body>',
    '</html>',
    '',
  ].join('\n')
  return { status, type: 'text/html; charset=utf-8', body, fields: fields ?? {} } satisfies ConsoleAnswer
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, character => entities[character]!)
}
