import test from 'ava'
import { Copy, type Mutant, mutants } from './runner/mutants.js'

test('there are planted bugs, each with what it plants and why that matters', t => {
  t.true(mutants().length >= 20)
  for (const { name, plants, why } of mutants()) {
    t.true(plants.length > 10, name)
    t.true(why.length > 10, name)
  }
})

test('every planted bug fits the sources as they are', t => {
  const copy = new Copy()
  try {
    for (const mutant of mutants()) {
      t.notThrows(() => {
        copy.plant(mutant)
        copy.mend(mutant)
      }, mutant.name)
    }
  } finally {
    copy.remove()
  }
})

test('every planted bug compiles', t => {
  t.timeout(180_000)
  const copy = new Copy()
  try {
    // As many at a time as do not touch each other: the compiler is what takes long.
    let rest = mutants()
    while (rest.length > 0) {
      const planted = rest.filter(mutant => fits(copy, mutant))
      if (planted.length === 0) return t.fail(`these do not fit any more: ${rest.map(({ name }) => name).join(', ')}`)
      t.is(copy.complaint(), undefined)
      for (const mutant of planted.toReversed()) copy.mend(mutant)
      rest = rest.filter(mutant => !planted.includes(mutant))
    }
  } finally {
    copy.remove()
  }
})

function fits(copy: Copy, mutant: Mutant): boolean {
  try {
    copy.plant(mutant)
    return true
  } catch {
    return false
  }
}
