import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './workers.js'

/** The sources, compiled into a temporary folder: what runs for minutes runs faster than through tsx. */
export class Compiled {
  readonly root = mkdtempSync(join(tmpdir(), 'leasehold-simulation-'))

  /** @throws where the compiler makes nothing of them. */
  constructor() {
    const flags = ['--noEmit', 'false', '--declaration', 'false', '--sourceMap', 'false', '--noCheck']
    execFileSync(join(root, 'node_modules/.bin/tsc'), [...flags, '--outDir', this.root], {
      cwd: root,
      stdio: 'inherit',
    })
    cpSync(join(root, 'package.json'), join(this.root, 'package.json'))
    for (const name of ['node_modules', 'protos/leasehold']) {
      if (!existsSync(join(this.root, name))) symlinkSync(join(root, name), join(this.root, name))
    }
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}
