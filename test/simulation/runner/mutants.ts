import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { root } from './workers.js'

/** A bug that is planted to see whether the simulator finds it. */
export interface Mutant {
  readonly name: string
  /** What the bug is, in a line. */
  readonly plants: string
  /** What it breaks. */
  readonly why: string
  /** The file with the change. */
  readonly patch: string
}

const folder = join(root, 'test/simulation/mutants')

/** Every planted bug, by name. */
export function mutants(): readonly Mutant[] {
  const files = readdirSync(folder).filter(file => file.endsWith('.patch'))
  return files.sort().map(file => {
    const patch = join(folder, file)
    const text = readFileSync(patch, 'utf8')
    const [, plants = ''] = /^Plants: (.*)\.$/m.exec(text) ?? []
    const [, why = ''] = /^Why it matters: (.*)$/m.exec(text) ?? []
    return { name: basename(file, '.patch'), plants, why, patch }
  })
}

/** What of the project is not its sources. */
const notSources = ['node_modules', '.git', 'dist', 'data']

/** A copy of the sources in a temporary folder: a bug is planted there, never here. */
export class Copy {
  readonly root = mkdtempSync(join(tmpdir(), 'leasehold-mutants-'))

  constructor() {
    for (const name of readdirSync(root)) {
      if (!notSources.includes(name)) cpSync(join(root, name), join(this.root, name), { recursive: true })
    }
    symlinkSync(join(root, 'node_modules'), join(this.root, 'node_modules'))
  }

  /** @throws when the patch does not fit the sources any more. */
  plant({ patch }: Mutant): void {
    this.#git('apply', patch)
  }

  mend({ patch }: Mutant): void {
    this.#git('apply', '--reverse', patch)
  }

  /** What the compiler has to say; undefined when it is content. */
  complaint(): string | undefined {
    try {
      const args = ['--incremental', '--tsBuildInfoFile', join(this.root, '.tsbuildinfo')]
      execFileSync(join(root, 'node_modules/.bin/tsc'), args, { cwd: this.root, stdio: 'pipe' })
      return undefined
    } catch (error) {
      if (error instanceof Error && 'stdout' in error) return String(error.stdout).split('\n', 1)[0]
      throw error
    }
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }

  #git(...args: string[]): void {
    // A folder of temporary files may be in somebody's repository: it is none of git's here.
    execFileSync('git', args, {
      cwd: this.root,
      stdio: 'pipe',
      env: { ...process.env, GIT_DIR: join(this.root, '.none') },
    })
  }
}
