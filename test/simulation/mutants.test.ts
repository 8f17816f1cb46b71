import test from 'ava'
import { Copy, mutants } from './runner/mutants.js'

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
