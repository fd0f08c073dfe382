// The program with a small archive of real DICOM files, on a port that stays the same when it is started again.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

function setting(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`expected ${name} in the environment; ctest -R web.browser sets it`)
  return value
}

const mi2 = setting('MI2_BIN')
const starter = setting('MI2_STARTER_MODEL')
const quiet = { stdio: ['ignore', 'ignore', 'inherit'] as ['ignore', 'ignore', 'inherit'] }

export const KEY = 'page-test-key-0123456789'

/// The images that are no part of the repository, or null where they are not: MI2_SHARED_DATA has them.
export function sharedData(): string | null {
  const folder = process.env['MI2_SHARED_DATA'] ?? ''
  return existsSync(join(folder, 'starter', 'images')) && existsSync(join(folder, 'dicom-series', 'ct-head-ge')) ? folder : null
}

/// A folder for an archive, which is there until remove().
export class Place {
  readonly folder = mkdtempSync(join(tmpdir(), 'mi2-page-'))
  readonly archive = join(this.folder, 'archive')

  add(source: string, site: string): void {
    execFileSync(mi2, ['index', 'add', '--model', starter, '--site', site, this.archive, source], {
      stdio: ['ignore', 'ignore', 'ignore'],
    })
  }

  map(by: 'image' | 'series'): void {
    execFileSync(mi2, ['index', 'map', this.archive, '--by', by], { stdio: 'ignore' })
  }

  /// What the program prints.
  told(...command: readonly string[]): string {
    return execFileSync(mi2, command, { stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' })
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/// An archive of studies that are made for the tests.
export class Site extends Place {
  readonly studies = join(this.folder, 'studies')

  constructor() {
    super()
    execFileSync(setting('MI2_PYTHON'), [fileURLToPath(new URL('make_studies.py', import.meta.url)), this.studies], quiet)
    this.add(join(this.studies, 'hospital'), 'north')
    this.add(join(this.studies, 'hostile'), "<b onclick=1>'site'</b>")
    writeFileSync(join(this.folder, 'keys'), `${KEY}\n`)
  }
}

/// All that run: a test that fails leaves its own to whoever ends them.
const running = new Set<Server>()
export const stopAll = (): Promise<unknown> => Promise.all([...running].map((server) => server.stop()))

export class Server {
  private process: ChildProcess | null = null
  private port = '0'

  constructor(
    private readonly site: Place,
    private readonly more: readonly string[] = [],
  ) {}

  get address(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async start(): Promise<void> {
    const { archive } = this.site
    const started = spawn(mi2, ['serve', '--port', this.port, '--model', starter, '--archive', `clinic=${archive}`, ...this.more], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    this.process = started
    running.add(this)
    for await (const line of createInterface({ input: started.stdout! })) {
      const found = /^listening on http:\/\/[^:]+:(\d+)$/.exec(line)
      if (found === null) continue
      this.port = found[1]!
      break
    }
    for (;;) {
      const ready = await fetch(`${this.address}/health/ready`).catch(() => null)
      if (ready?.ok) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  async stop(): Promise<void> {
    const ended = this.process
    this.process = null
    running.delete(this)
    if (ended === null || ended.exitCode !== null) return
    const gone = new Promise((resolve) => ended.once('exit', resolve))
    ended.kill('SIGKILL')
    await gone
  }
}
