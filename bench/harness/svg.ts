import type { Plot } from './bench-case.js'

/** Of the subjects in the order in which they come; those who cannot tell red from green can tell these. */
const colours = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00']

const [width, height] = [760, 360]
const area = { left: 70, right: 16, top: 64, bottom: 40 }
const [plotWidth, plotHeight] = [width - area.left - area.right, height - area.top - area.bottom]

/** The share of its group that the bars fill; the rest keeps groups apart. */
const filled = 0.8
const widestBar = 90

/** Such marks are what one counts with: 1, 2 and 5 times a power of ten. */
const steps = [1, 2, 5, 10]
const mostMarks = 6

/** Draws bars with their values as a picture of its own: on white, with no font or script from elsewhere. */
export function svg(plot: Plot): string {
  const subjects = [...new Set(plot.groups.flatMap(({ bars }) => Object.keys(bars)))]
  const scale = scaleOf(plot)
  const groupWidth = plotWidth / Math.max(1, plot.groups.length)
  const barWidth = Math.min(widestBar, (groupWidth * filled) / Math.max(1, subjects.length))
  const baseline = area.top + plotHeight
  const label = plot.title.concat(', ', plot.axis)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
      `role="img" aria-label="${escaped(label)}" font-family="sans-serif" font-size="12" fill="#333333">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(16, 24, plot.title, 'font-size="15" font-weight="bold"'),
    text(16, 46, plot.axis),
    ...legend(subjects),
    ...scale.marks.flatMap(mark => {
      const y = baseline - scale.height(mark)
      return [
        `<path d="M${area.left} ${at(y)}H${width - area.right}" stroke="${mark === scale.marks[0] ? '#333333' : '#dddddd'}"/>`,
        text(area.left - 8, y + 4, short(mark), 'text-anchor="end"'),
      ]
    }),
    ...plot.groups.flatMap(({ name, bars }, group) => {
      const middle = area.left + groupWidth * (group + 0.5)
      const present = subjects.filter(subject => bars[subject] !== undefined)
      return [
        ...present.flatMap((subject, i) => {
          const value = bars[subject] ?? 0
          const x = middle + (i - present.length / 2) * barWidth
          const y = baseline - scale.height(value)
          return [
            `<rect x="${at(x + 1)}" y="${at(y)}" width="${at(barWidth - 2)}" height="${at(baseline - y)}" fill="${colourOf(subjects, subject)}"/>`,
            text(x + barWidth / 2, y - 5, short(value), 'text-anchor="middle" font-size="11"'),
          ]
        }),
        text(middle, baseline + 20, name, 'text-anchor="middle"'),
      ]
    }),
    '</svg>\n',
  ].join('\n')
}

interface Scale {
  /** Values with a line of their own, the one at the bottom first. */
  readonly marks: readonly number[]
  /** How high a value is, in pixels. */
  height(value: number): number
}

function scaleOf({ groups, isLogarithmic = false }: Plot): Scale {
  const values = groups.flatMap(({ bars }) => Object.values(bars)).filter(value => value > 0)
  const most = values.length === 0 ? 1 : Math.max(...values)
  return isLogarithmic ? logarithmic(values.length === 0 ? 1 : Math.min(...values), most) : linear(most)
}

function linear(most: number): Scale {
  const power = 10 ** Math.floor(Math.log10(most / mostMarks))
  const step = power * (steps.find(step => most / (power * step) <= mostMarks) ?? 10)
  const count = Math.ceil(most / step)
  return {
    marks: Array.from({ length: count + 1 }, (_, i) => i * step),
    height: value => (plotHeight * Math.max(0, value)) / (count * step),
  }
}

/** From a power of ten below the least, so that no bar is without height. */
function logarithmic(least: number, most: number): Scale {
  const first = Math.ceil(Math.log10(least)) - 1
  const last = Math.max(first + 1, Math.ceil(Math.log10(most)))
  return {
    marks: Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i)),
    height: value => (value > 0 ? Math.max(0, (plotHeight * (Math.log10(value) - first)) / (last - first)) : 0),
  }
}

/** In one line at the right end; letters are taken to be 7 pixels wide. */
function legend(subjects: readonly string[]): string[] {
  const widths = subjects.map(subject => 30 + subject.length * 7)
  let x = width - area.right - widths.reduce((sum, width) => sum + width, 0)
  return subjects.flatMap((subject, i) => {
    const from = x
    x += widths[i] ?? 0
    return [
      `<rect x="${at(from)}" y="36" width="11" height="11" fill="${colourOf(subjects, subject)}"/>`,
      text(from + 16, 46, subject),
    ]
  })
}

const colourOf = (subjects: readonly string[], subject: string): string =>
  colours[subjects.indexOf(subject) % colours.length] ?? '#333333'

const text = (x: number, y: number, words: string, attributes = ''): string =>
  `<text x="${at(x)}" y="${at(y)}"${attributes && ` ${attributes}`}>${escaped(words)}</text>`

const at = (pixels: number): string => String(Math.round(pixels * 10) / 10)

/** Three digits: 1.2M, 58.3k, 0.125. */
function short(value: number): string {
  const [divisor, unit] = value >= 999_500 ? [1e6, 'M'] : value >= 10_000 ? [1e3, 'k'] : [1, '']
  const scaled = value / divisor
  return unit === '' && scaled >= 100
    ? Math.round(scaled).toLocaleString('en')
    : `${Number(scaled.toPrecision(3))}${unit}`
}

const escaped = (words: string): string =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
