/** `make evidence`: writes docs/EVIDENCE.md from the results in test/simulation/results, or in the folder that is named. */
import { writeFileSync } from 'node:fs'
import { evidencePath, readEvidence, resultsFolder } from './evidence.js'
import { evidenceText } from './evidence-text.js'

const [folder = resultsFolder] = process.argv.slice(2)
writeFileSync(evidencePath, evidenceText(readEvidence(folder)))
