import test from 'ava'
import type { Plot } from '../../../bench/harness/bench-case.js'
import { svg } from '../../../bench/harness/svg.js'

const plot: Plot = {
  title: 'One lease a message',
  axis: 'renewals/s',
  groups: [
    { name: '1 stream', bars: { leasehold: 50_000, 'etcd 3.4.23': 25_000 } },
    { name: '100 streams', bars: { leasehold: 100_000 } },
  ],
}

interface Bar {
  readonly fill: string
  readonly height: number
  readonly bottom: number
}

/** Rectangles above the line at the bottom: neither the background nor the legend's. */
const bars = (text: string): Bar[] =>
  [...text.matchAll(/<rect x="\S+" y="(\S+)" width="\S+" height="(\S+)" fill="(\S+)"\/>/g)]
    .map(([, y, height, fill = '']) => ({ fill, height: Number(height), bottom: Number(y) + Number(height) }))
    .filter(({ bottom }) => bottom > 100)

const words = (text: string): string[] => [...text.matchAll(/<text [^>]*>([^<]*)</g)].map(([, word = '']) => word)

test('a bar is as high as its value, from zero on', t => {
  const [one, other, third] = bars(svg(plot))
  t.is(bars(svg(plot)).length, 3)
  t.is(one?.height, (third?.height ?? 0) / 2)
  t.is(other?.height, (third?.height ?? 0) / 4)
  t.is(new Set(bars(svg(plot)).map(({ bottom }) => bottom)).size, 1)
})

test('a subject has one colour in every group, and no other subject has it', t => {
  const [one, other, third] = bars(svg(plot))
  t.is(one?.fill, third?.fill)
  t.not(one?.fill, other?.fill)
})

test('title, axis, subjects, groups and values can be read', t => {
  const read = words(svg(plot))
  for (const word of [plot.title, plot.axis, 'leasehold', 'etcd 3.4.23', '1 stream', '100 streams', '50k', '100k']) {
    t.true(read.includes(word), word)
  }
})

test('on a logarithmic axis a factor is a distance, and the least value has a height', t => {
  const values = { a: 1, b: 1_000, c: 1_000_000 }
  const [a, b, c] = bars(svg({ ...plot, isLogarithmic: true, groups: [{ name: 'all', bars: values }] }))
  t.true((a?.height ?? 0) > 0)
  t.true(Math.abs((b?.height ?? 0) - (a?.height ?? 0) - ((c?.height ?? 0) - (b?.height ?? 0))) < 0.3)
})

test('it is a picture on its own: a white ground, and nothing from elsewhere', t => {
  const text = svg(plot)
  t.regex(text, /<rect width="760" height="360" fill="#ffffff"\/>/)
  t.notRegex(text.replace('xmlns="http://www.w3.org/2000/svg"', ''), /http|<script|<style|font-face|href/)
})

test('what has a meaning in XML is written out', t => {
  t.true(words(svg({ ...plot, title: 'a < b & "c"' })).includes('a &lt; b &amp; &quot;c&quot;'))
})

test('without a value there is a picture without a bar', t => {
  t.deepEqual(bars(svg({ ...plot, groups: [] })), [])
  t.notRegex(svg({ ...plot, groups: [{ name: 'none', bars: { leasehold: 0 } }] }), /NaN|Infinity/)
})
