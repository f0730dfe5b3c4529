// Shapes of one trait each, written when the engine had been tuned on those of further-shapes.ts.
import type { PayloadShape } from './shapes.ts'

const references: PayloadShape = {
  open: '<objects>\n',
  writeLine: n => `<object title="${'Smith &amp; Sons &lt;sales&gt; &quot;x&quot; '.repeat(12)}" id="${n}"/>\n`,
  close: '</objects>',
}

const otherQuotes: PayloadShape = {
  open: '<notes>\n',
  writeLine: n => `<note said='He said "${n}"&#10;and left' how="it's\tso"/>\n`,
  close: '</notes>',
}

const markupInCdata: PayloadShape = {
  open: '<messages>\n',
  writeLine: n =>
    `<message><subject><![CDATA[R & D <${n}>]]></subject><body><![CDATA[\n` +
    `<html><body><p class="x">Hello &amp; welcome</p>\n<p>line ${n}</p></body></html>\n]]></body></message>\n`,
  close: '</messages>',
}

const angles: PayloadShape = {
  open: '<rules>\n',
  writeLine: n => `<rule>if a > ${n} then b => c; x->y</rule>\n`,
  close: '</rules>',
}

const spacedTags: PayloadShape = {
  open: '<rows>\n',
  writeLine: n => `<row id="${n}" ><value c="EUR" />x</row >\n`,
  close: '</rows>',
}

const tabs: PayloadShape = {
  open: '<list>\n',
  writeLine: n =>
    `\t<item>\n\t\t<key id="${n}">${n}</key>\n\t\t<value>\n\t\t\t<part>a</part>\n\t\t</value>\n\t</item>\n`,
  close: '</list>',
}

export const heldOutShapes = {
  'references in long values': references,
  'apostrophes as quotes, tabs in values': otherQuotes,
  'markup in CDATA': markupInCdata,
  '> in text': angles,
  'spaces before > of tags': spacedTags,
  'indented by tabs': tabs,
} as const satisfies Record<string, PayloadShape>
